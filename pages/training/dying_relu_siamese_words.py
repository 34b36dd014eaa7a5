"""How the dying-relu lab writes numbers, and what it calls things."""

from __future__ import annotations

import math

from engine import Trace

LAYERS = ("embedding", "LSTM", "dense layer", "output")
SIZES = (1, 2, 4, 8, 16, 32)  # of the layers whose chance to die is counted


def percent(share: float) -> str:
    """0.6087 as 60.87 %; whole ones without digits."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def number(value: float) -> str:
    """Three significant digits, with a real minus."""
    return f"{value:.3g}".replace("-", "−") if math.isfinite(value) else str(value)


def right(trace: Trace) -> str:
    """`14 of 23 (60.87 %)`."""
    share, all_of = trace.facts["accuracy"], trace.facts["held_out"]
    return f"{round(share * all_of)} of {all_of} ({percent(share)})"


def moved(trace: Trace) -> str:
    """What accuracy did over the epochs, in words."""
    values = trace.facts["accuracies"]
    if len(values) == 1:
        return f"frozen at {percent(values[0])}"
    return f"{percent(values[0])} to {percent(values[-1])}, {len(values)} different values"
