"""Numbers and names of the weight-constraints lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace

METHODS = {
    "none": "nothing",
    "projection": "projection",
    "min-penalty": "penalty on the smallest",
    "sum-penalty": "penalty on all below 0",
    "squared-penalty": "squared penalty",
    "softplus": "w = softplus(v)",
    "square": "w = v²",
    "relu": "w = relu(v)",
}
LOOPS = ("assign and clip made in the loop", "made once, before it", "one tf.function")


def short(value: float) -> str:
    """Four significant digits with a real minus; NaN and infinity as such."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    text = f"{value:.4g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def row(values: Sequence[float], most: int = 4) -> str:
    """A few numbers as `(0, 2)`."""
    left = f", and {len(values) - most} more" if len(values) > most else ""
    return f"({', '.join(short(value) for value in values[:most])}{left})"


def projects(trace: Trace) -> bool:
    return bool(trace.parameters["method"] == "projection")


def non_negative(trace: Trace) -> bool:
    """Whether what is asked of the weights is that none is below 0."""
    return not projects(trace) or trace.parameters["constraint"] == "NonNeg"
