"""Numbers of the fake-quantisation lab in words."""

from __future__ import annotations

from engine import Trace

RANGES = {
    "tied": "min and max of x",
    "tied-stopped": "the same, behind stop_gradient",
    "fixed": "fixed",
    "moving-average": "moving average",
}


def short(value: float, digits: int = 4) -> str:
    """A few significant digits, with a real minus."""
    text = f"{value:.{digits}g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def span(ends: tuple[float, float]) -> str:
    """`−0.8571 to 1.143`."""
    return f"{short(ends[0])} to {short(ends[1])}"


def counted(number: int, thing: str) -> str:
    """`1 value`, `2 values`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def tally(trace: Trace, most: int = 5) -> str:
    """`0: once, 1: 98 times, 2: once`: the gradients and how often each came."""
    found = sorted(trace.facts["histogram"], key=lambda pair: -pair[1])[:most]
    said = [f"{short(value)}: {_times(count)}" for value, count in sorted(found)]
    left = len(trace.facts["histogram"]) - len(said)
    return ", ".join(said) + (f", and {left} more" if left else "")


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def tied(trace: Trace) -> bool:
    """Whether min and max are functions of x that the gradient can follow."""
    return bool(trace.parameters["mode"] == "tied")


def whole(trace: Trace) -> bool:
    """Whether one range serves all values."""
    return not trace.parameters["per_channel"]
