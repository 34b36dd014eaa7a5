"""How the learned-filters lab writes numbers."""

from __future__ import annotations

from engine import Trace


def percent(share: float | None) -> str:
    """0.8778 as 87.8 %; what is not quite 0 or 1 never reads as if it were."""
    if share is None:
        return "unknown"
    if 0 < share < 0.0005:
        return "under 0.1 %"
    return "over 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def number(value: float) -> str:
    """Three significant digits, with a real minus."""
    text = f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def parts(trace: Trace) -> str:
    """What pixels and biases gave to the logit: `6.17 − 0.26`."""
    pixels, biases = trace.facts["input_part"], trace.facts["bias_part"]
    return f"{number(pixels)} {'−' if biases < 0 else '+'} {number(abs(biases))}"


def neighbours(trace: Trace) -> float:
    """Accuracy on the digits held out, shifted by one pixel: the mean of the four directions."""
    table = trace["accuracy"]
    return float((table[1, 2] + table[3, 2] + table[2, 1] + table[2, 3]) / 4)


def last(trace: Trace) -> str:
    """The name of the last ReLU's output."""
    return f"relu{trace.parameters['layers']}"
