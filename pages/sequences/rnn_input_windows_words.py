"""Numbers, shapes and ways to cut, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace

WAYS = {
    "view": "windows, a view",
    "materialise": "windows, copied out",
    "tf.data": "windows, tf.data",
    "one sequence": "one long sequence",
    "stateful": "stateful chunks",
}


def short(value: float) -> str:
    """Three digits with a real minus; NaN and infinity as such."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:.3g}".replace("-", "−")


def sizes(shape: Sequence[int]) -> str:
    """`[549,951, 50, 27]` as `[549951, 50, 27]`: as Python writes it."""
    return f"[{', '.join(map(str, shape))}]"


def windowed(trace: Trace) -> bool:
    return "windows" in trace.tensors


def handed(trace: Trace, mode: str) -> tuple[str, str, str]:
    """x and y of one call in a mode, and how many calls see every row once."""
    p, told = trace.parameters, trace.facts
    features = p["features"]
    if mode == "one sequence":
        return sizes((1, p["rows"], features)), sizes((1, p["rows"])), "1"
    if mode == "stateful":
        batch = p["streams"]
        return (
            sizes((batch, p["chunk"], features)),
            sizes((batch, p["chunk"])),
            f"{told['calls']:,}",
        )
    batch = min(p["batch_size"], told["windows"])
    return sizes((batch, p["window"], features)), sizes((batch,)), f"{told['batches']:,}"


def parameters(trace: Trace) -> str:
    """`4 · 4 · (27 + 4 + 1) + 5 = 517`"""
    p, told = trace.parameters, trace.facts
    gates, biases = {"SimpleRNN": (1, 1), "LSTM": (4, 1), "GRU": (3, 2)}[p["cell"]]
    dense = f" + {told['dense_parameters']}" if told["dense_parameters"] else ""
    total = told["cell_parameters"] + told["dense_parameters"]
    return f"{gates} · {told['units']} · ({p['features']} + {told['units']} + {biases}){dense} = {total:,}"
