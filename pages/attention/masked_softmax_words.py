"""Numbers of the attention lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST_NAMED = 6  # numbers of one row that are written out
NOISE = 1e-6  # a gradient below this is rounding: the others are around 0.1


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
    """A share of 1 as a percentage with up to one decimal."""
    return "NaN" if math.isnan(share) else f"{100 * share:.1f}".removesuffix(".0") + " %"


def zeroish(value: float) -> bool:
    """Zero, or so small that only rounding made it."""
    return abs(value) < NOISE
