"""Numbers of the moments lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace

MOST_NAMED = 6  # numbers of one row that are written out


def short(value: float) -> str:
    """Four digits, all of them from 1,000 to a million; NaN and infinity as such."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    digits = ",.0f" if 1000 <= abs(value) < 1e6 else ".4g"
    return f"{value + 0.0:{digits}}".replace("-", "−")


def row(values: Sequence[float]) -> str:
    """One number alone, a few as a row; a long row ends in how many more there are."""
    named = [short(value) for value in values[:MOST_NAMED]]
    if len(values) == 1:
        return named[0]
    left = len(values) - MOST_NAMED
    return f"({', '.join(named)}, and {left} more)" if left > 0 else f"({', '.join(named)})"


def group(trace: Trace) -> str:
    """`2 samples × 2 positions = 4 values a group`, as the step of the mean says it."""
    return next(step.formula[0] for step in trace.steps if step.writes in ("mean", "group_mean"))


def who_is_right(trace: Trace) -> str:
    """Whose second derivatives tf.math.reduce_variance confirms; a dash where it computes another thing."""
    found = trace.facts["right"]
    if found is None:
        return "–"
    return " and ".join(found) or "none of them"
