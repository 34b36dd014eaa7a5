"""How the one-hot-sequence-autoencoder lab writes numbers and names pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace


def number(value: float) -> str:
    """Three significant digits, with a real minus; NaN and infinity by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞"
    text = f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def percent(share: float) -> str:
    """0.8778 as 87.8 %."""
    return "unknown" if math.isnan(share) else f"{100 * share:.1f} %"


def named(pair: Sequence[str]) -> str:
    """An activation and a loss: relu + MSE."""
    return " + ".join(pair)


def pairs(trace: Trace) -> tuple[str, str]:
    """The chosen pair, and the one beside it."""
    return named(trace.facts["pair"]), named(trace.facts["beside"])


def trained(trace: Trace) -> bool:
    """Whether this is a training, not one row."""
    return bool(trace.parameters["part"] == "training")
