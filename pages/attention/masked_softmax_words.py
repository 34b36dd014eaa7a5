"""Numbers of the attention lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine import Trace

MOST_NAMED = 6  # numbers of one row that are written out
NOISE = {"float16": 0.01, "float32": 1e-5, "float64": 1e-13}  # rounding, relative to the terms


def short(value: float | None) -> str:
    """Four digits, NaN as such, a dash for what does not exist."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")


def row(values: Sequence[float]) -> str:
    """A few numbers as a row; a long one ends in how many more there are."""
    named = ", ".join(short(value) for value in values[:MOST_NAMED])
    left = len(values) - MOST_NAMED
    return f"({named}, and {left} more)" if left > 0 else f"({named})"


def percent(share: float) -> str:
    """A share of 1 as a percentage with up to one decimal; almost nothing and almost all say so."""
    if math.isnan(share):
        return "NaN"
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 0.9999:
        return "over 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def vanishes(trace: Trace, place: int) -> bool:
    """Whether the score gradient at a position is zero, or only rounding away from it.

    It is weight · (direction · value − loss) ÷ temperature: small beside the size of its terms
    means that they cancelled, not that something came through.
    """
    gradient, weight = (float(trace[name][place]) for name in ("score_gradient", "weights"))
    if weight == 0 or gradient == 0:
        return True
    pulls = trace["values"].astype(float) @ trace["direction"].astype(float)
    size = weight * float(np.abs(pulls).max()) / trace.parameters["temperature"]
    return bool(abs(gradient) <= NOISE[trace.parameters["dtype"]] * size)
