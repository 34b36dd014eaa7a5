"""Counts and memory of a table's windows, by formula: nothing of the real size is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BYTES = {"float32": 4, "float64": 8, "float16": 2}


@dataclass(frozen=True)
class Sizes:
    """A table of rows × features and the windows that are cut from it."""

    rows: int
    features: int
    window: int
    stride: int
    horizon: int
    itemsize: int
    batch: int

    @property
    def windows(self) -> int:
        """⌊(rows − window − horizon) / stride⌋ + 1, or 0 when none fits."""
        left = self.rows - self.window - self.horizon
        return left // self.stride + 1 if left >= 0 else 0

    @property
    def source(self) -> int:
        return self.rows * self.features * self.itemsize

    @property
    def materialised(self) -> int:
        """Every window copied out: how often a row is held depends on the stride."""
        return self.windows * self.window * self.features * self.itemsize

    @property
    def batches(self) -> int:
        return -(-self.windows // self.batch)

    @property
    def one_batch(self) -> int:
        """The largest batch that is really in memory at a time."""
        return min(self.batch, self.windows) * self.window * self.features * self.itemsize

    def label_row(self, window: int) -> int:
        """The row whose target window number `window` predicts: `horizon` rows after its last."""
        return window * self.stride + self.window - 1 + self.horizon


def sizes(p: Mapping[str, Any]) -> Sizes:
    """The sizes of these parameters."""
    names = ("rows", "features", "window", "stride", "horizon")
    return Sizes(**{name: p[name] for name in names}, itemsize=BYTES[p["dtype"]], batch=p["batch_size"])


@dataclass(frozen=True)
class Chunks:
    """A table cut into `streams` long sequences, each walked in chunks: the stateful way."""

    rows: int
    streams: int
    chunk: int

    @property
    def stream(self) -> int:
        """Rows of each stream: the batch axis holds distant parts of the table."""
        return self.rows // self.streams

    @property
    def calls(self) -> int:
        return self.stream // self.chunk

    @property
    def dropped(self) -> int:
        """Rows that fill no chunk."""
        return self.rows - self.streams * self.calls * self.chunk


def lstm_parameters(cell: str, features: int, units: int) -> int:
    """gates · units · (features + units + biases), as Keras counts."""
    gates, biases = {"SimpleRNN": (1, 1), "LSTM": (4, 1), "GRU": (3, 2)}[cell]
    return gates * units * (features + units + biases)


def readable(size: float) -> str:
    """`2.97 GB`, `59.4 MB`: powers of 1000, three digits."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:g} B"
