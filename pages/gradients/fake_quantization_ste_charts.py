"""The fake-quantisation lab's charts: the staircase with every value on it, and the gradients counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Trace
from pages.gradients.fake_quantization_ste_words import short, span, tally, tied, whole
from pages.kit.declare import Chart

BLUE, ORANGE, RED, QUIET = "#2b8cbe", "#d97706", "#c0392b", "#8a94a6"
MOST_STEPS = 256  # a finer staircase is a straight line to the eye
MOST_BARS = 16


def _layout(across: str, up: str) -> dict[str, Any]:
    axis = {"gridcolor": "rgba(138,148,166,0.25)", "zeroline": False}
    return {
        "height": 320,
        "margin": {"l": 50, "r": 10, "t": 26, "b": 45},
        "xaxis": {"title": {"text": across}, **axis},
        "yaxis": {"title": {"text": up}, **axis},
        "legend": {"orientation": "h", "y": 1.16, "x": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _first(trace: Trace, name: str) -> np.ndarray[Any, Any]:
    """The values that share the first range: all of them, or channel 0."""
    values = trace[name].astype(float)
    return values.ravel() if whole(trace) else values[:, 0]


def _steps(trace: Trace) -> tuple[list[float], list[float]]:
    """The corners of the staircase, wider than the values on both sides."""
    (low, high), scale = trace.facts["nudged"][0], trace.facts["scale"][0]
    x = _first(trace, "x")
    ends = min(low - scale, float(x.min())), max(high + scale, float(x.max()))
    last = round((high - low) / scale)
    if last >= MOST_STEPS:
        return [ends[0], low, high, ends[1]], [low, low, high, high]
    across, up = [ends[0]], [low]
    for level in range(last):
        edge = low + (level + 0.5) * scale
        across += [edge, edge]
        up += [low + level * scale, low + (level + 1) * scale]
    return [*across, ends[1]], [*up, high]


def _points(trace: Trace) -> list[dict[str, Any]]:
    x, y = _first(trace, "x"), _first(trace, "y")
    own, straight = _first(trace, "gradient"), _first(trace, "upstream")
    kept = np.isclose(own, straight)
    lost = ~kept & (own == 0)
    groups = (
        ("its own gradient", kept, BLUE, "circle", 7),
        ("gradient 0", lost, ORANGE, "x", 10),
        ("another gradient", ~kept & ~lost, RED, "diamond", 12),
    )
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": x[which].tolist(),
            "y": y[which].tolist(),
            "text": [f"gradient {short(value)}" for value in own[which]],
            "marker": {"color": colour, "symbol": symbol, "size": size},
        }
        for name, which, colour, symbol, size in groups
        if which.any()
    ]


def _limits(trace: Trace) -> list[dict[str, Any]]:
    """Where the range was meant to end (dotted) and where it ends (solid)."""
    lines: list[tuple[float, str]] = [(at, "dot") for at in trace.facts["range"][0]] + [
        (at, "solid") for at in trace.facts["nudged"][0]
    ]
    return [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": QUIET, "width": 1.5, "dash": dash},
        }
        for at, dash in lines
    ]


def _arrows(trace: Trace) -> list[dict[str, Any]]:
    """From each value that lost its gradient to the extreme one that received it."""
    if not (tied(trace) and whole(trace)):
        return []
    x, y, outside = trace["x"].astype(float), trace["y"].astype(float), trace["outside"]
    found = []
    for side, name in enumerate(("argmin", "argmax")):
        end = trace.facts[name]
        for cell in np.argwhere(outside[side] > 0)[:12]:
            at = tuple(cell)
            if at != end:
                heads: dict[str, Any] = {"x": x[end], "y": y[end], "ax": x[at], "ay": y[at]}
                look: dict[str, Any] = {
                    "showarrow": True,
                    "arrowhead": 2,
                    "arrowcolor": RED,
                    "arrowwidth": 1.5,
                    "text": "",
                }
                found.append({**heads, **look, "xref": "x", "yref": "y", "axref": "x", "ayref": "y"})
    return found


def _staircase(trace: Trace) -> dict[str, Any]:
    across, up = _steps(trace)
    stairs: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": across, "y": up, "hoverinfo": "skip"}
    stairs |= {"showlegend": False, "line": {"color": QUIET, "width": 1.5}}
    layout = _layout("x" if whole(trace) else "x, channel 0", "y")
    layout |= {"shapes": _limits(trace), "annotations": _arrows(trace)}
    return {"data": [stairs, *_points(trace)], "layout": layout}


def _staircase_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"The staircase from x to y. The range {span(told['range'][0])} was nudged to "
        f"{span(told['nudged'][0])}; {told['below']} values lie below it and {told['above']} above."
    )


def _histogram(trace: Trace) -> dict[str, Any]:
    often = sorted(trace.facts["histogram"], key=lambda pair: -pair[1])[:MOST_BARS]
    values, counts = zip(*sorted(often), strict=True)
    bars = {
        "type": "bar",
        "x": [short(value) for value in values],
        "y": list(counts),
        "text": [str(count) for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [ORANGE if v == 0 else BLUE if v == 1 else RED for v in values]},
    }
    layout = _layout("gradient", "how many values")
    layout["xaxis"]["type"] = "category"
    layout["bargap"] = 0.5
    return {"data": [bars], "layout": layout}


def _histogram_alt(trace: Trace) -> str:
    return f"How often each gradient occurs: {tally(trace)}. They add up to {short(trace.facts['total'])}."


CHARTS = (
    Chart("Every value on the staircase", _staircase, _staircase_alt),
    Chart("The gradients, counted", _histogram, _histogram_alt),
)
