"""How the CNN-GRU lab writes numbers, and the settings that repair everything."""

from __future__ import annotations

from typing import Any

from engine import Trace

REPAIRED: dict[str, Any] = {
    "cnn": "features",
    "return_sequences": True,
    "head": "sigmoid",
    "loss": "BCE",
    "ordering": "time",
    "skip_empty": False,
    "posted_range": False,
}


def percent(share: float) -> str:
    """0.947 as 95 %; what is not quite 0 or 1 never reads as if it were."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def number(value: float) -> str:
    """Three significant digits, with a real minus."""
    text = f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def is_repaired(trace: Trace) -> bool:
    """Whether the chosen model is the repaired one."""
    return all(trace.parameters[name] == value for name, value in REPAIRED.items())


def shape(sizes: Any) -> str:
    """A shape with its batch axis left open, as Keras prints it."""
    return "(None, " + ", ".join(str(size) for size in sizes) + ")"
