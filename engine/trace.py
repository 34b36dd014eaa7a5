"""Tensor, Step, Trace: what happened, in order. The only thing that crosses the door.

Values are NumPy, read-only and never a TensorFlow object; pages draw Traces and know nothing
else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.links import IndexMap


def _frozen(values: Any) -> np.ndarray[Any, Any]:
    array = np.array(values)  # a copy: nobody else can change what a Trace holds
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Tensor:
    """One named tensor: its values, the name of each axis, and what it is in a sentence.

    `origin` is for a piece of something larger: the place of its first cell in the whole, by which
    people see every cell named. Index maps count from the piece's own first cell.
    """

    values: np.ndarray[Any, Any]
    axes: tuple[str, ...]
    about: str = ""
    origin: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen(self.values))
        if self.origin and len(self.origin) != len(self.axes):
            raise ValueError(f"origin {self.origin} is not a place in a tensor of axes {self.axes}")
        if self.values.ndim != len(self.axes):
            raise ValueError(f"axes {self.axes} do not name a tensor of shape {self.values.shape}")

    def __reduce__(self) -> tuple[Any, ...]:  # the read-only flag does not survive pickling
        return Tensor, (self.values, self.axes, self.about, self.origin)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)

    @property
    def dtype(self) -> str:
        return str(self.values.dtype)


@dataclass(frozen=True)
class Step:
    """One operation: what it read and wrote, its settings, and the shape formula with numbers.

    `aside` marks what only asks about the tensors: the strip of shapes leaves it out. `readout` is the arithmetic of one written cell where it is no plain sum of products: text in
    which `{tensor}` stands for the linked values of that tensor.
    """

    operation: str
    reads: tuple[str, ...]
    writes: str
    settings: str = ""
    formula: tuple[str, ...] = ()
    map: IndexMap | None = None
    readout: str = ""
    aside: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "reads": list(self.reads),
            "writes": self.writes,
            "settings": self.settings,
            "formula": list(self.formula),
            "map": self.map.to_json() if self.map else None,
            "readout": self.readout,
            "aside": self.aside,
        }


@dataclass(frozen=True)
class Trace:
    """The whole answer: tensors by name, steps in order, facts (plain scalars and tuples), notes.

    `seconds` is the time the technique took in its worker, `device` where it ran, `framework`
    the TensorFlow version. `notes` are warnings: true, but worth saying.
    """

    technique: str
    parameters: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    steps: tuple[Step, ...]
    facts: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    device: str = ""
    framework: str = ""
    seconds: float = field(default=0.0, compare=False)

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        """The values of a tensor."""
        return self.tensors[name].values

    @property
    def nbytes(self) -> int:
        """What this Trace costs a cache, in bytes (values, and a rough sum for the rest)."""
        return 4096 + sum(512 + tensor.values.nbytes for tensor in self.tensors.values())

    def to_json(self) -> dict[str, Any]:
        """The Trace without the tensors' values, as plain JSON."""
        tensors = {
            name: {"shape": list(t.shape), "dtype": t.dtype, "axes": list(t.axes)}
            for name, t in self.tensors.items()
        }
        return {
            "technique": self.technique,
            "parameters": to_plain(self.parameters),
            "facts": to_plain(self.facts),
            "tensors": tensors,
            "steps": [step.to_json() for step in self.steps],
            "notes": list(self.notes),
            "device": self.device,
            "framework": self.framework,
            "seconds": self.seconds,
        }


def to_plain(value: Any) -> Any:
    """Anything a Trace holds as JSON can carry it; NaN and infinity become their names.

    A NumPy scalar or NaN anywhere in a payload would silently turn all of it into a string.
    """
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no plain JSON form")
