"""Numbers, names and shapes of the recurrent-cell lab in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine import Trace

GATES = {"SimpleRNN": "h", "LSTM": "ifgo", "GRU": "zrg"}  # in the order of Keras' kernels


def short(value: float | None) -> str:
    """Three digits with a real minus; NaN and infinity as such; a dash for what does not exist."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:.3g}".replace("-", "−")


def times(count: int, thing: str) -> str:
    """`1 step`, `3 steps`"""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def sizes(shape: Sequence[int]) -> str:
    """`[2, 6, 4]`"""
    return f"[{', '.join(map(str, shape))}]"


def columns(trace: Trace) -> Mapping[str, Sequence[str]]:
    """Names of a kernel's columns: gate and unit."""
    units = trace.parameters["units"]
    return {"gate": [f"{gate}{unit}" for gate in GATES[trace.parameters["cell"]] for unit in range(units)]}


def answer(trace: Trace, sequences: bool) -> tuple[int, ...]:
    """The shape one call answers with."""
    p = trace.parameters
    return (p["batch"], *([p["timesteps"]] if sequences else []), p["units"])


def formula(trace: Trace) -> str:
    """`4 · 4 · (3 + 4 + 1) = 128`"""
    p, told = trace.parameters, trace.facts
    biases = (2 if p["cell"] == "GRU" and p["reset_after"] else 1) if p["use_bias"] else 0
    inside = f"{p['features']} + {p['units']}" + (f" + {biases}" if biases else "")
    return f"{told['gates']} · {p['units']} · ({inside}) = {told['formula']}"
