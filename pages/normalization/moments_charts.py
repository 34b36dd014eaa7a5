"""Charts of the moments lab: where descent takes the values, and the variance as the mean moves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart
from pages.normalization.moments_words import row, short

CHOSEN, OTHER, QUIET = "#2b8cbe", "#d97706", "#8a94a6"


def _finite(values: Any) -> list[float | None]:
    """A curve as plain numbers; where there is no number, a gap."""
    return [float(value) if math.isfinite(value) else None for value in values]


def _layout(across: str, up: str) -> dict[str, Any]:
    return {
        "height": 300,
        "margin": {"l": 55, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, "gridcolor": "rgba(138,148,166,0.25)"},
        "yaxis": {"title": {"text": up}, "gridcolor": "rgba(138,148,166,0.25)"},
        "legend": {"orientation": "h", "y": 1.15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _held(trace: Trace) -> tuple[str, str]:
    names = ("with stop_gradient", "without stop_gradient")
    return names if trace.parameters["stop_gradient"] else (names[1], names[0])


def _paths(trace: Trace) -> dict[str, Any]:
    lines = []
    drawn = (("trajectory", CHOSEN, "solid", 2), ("trajectory_other", OTHER, "dot", 1.5))
    for (tensor, colour, dash, width), name in zip(drawn, _held(trace), strict=True):
        for place, path in enumerate(trace[tensor].T):
            lines.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": list(range(len(path))),
                    "y": _finite(path),
                    "name": name,
                    "legendgroup": name,
                    "showlegend": place == 0,
                    "line": {"color": colour, "dash": dash, "width": width},
                }
            )
    return {"data": lines, "layout": _layout("step of gradient descent", "values")}


def _paths_alt(trace: Trace) -> str:
    chosen, other = _held(trace)
    known, steps = trace.facts, trace.parameters["steps"]
    return (
        f"After {steps} steps of descent on the variance the values are {row(known['final'])} {chosen} "
        f"and {row(known['other_final'])} {other}."
    )


def _valley(trace: Trace) -> dict[str, Any]:
    shift, heights = trace["shift"].astype(float), trace["variance_at"].astype(float)
    middle = len(shift) // 2
    slope = float(np.sum(trace.facts["dvar_dmean"]))
    tangent = heights[middle] + slope * shift
    curve = {"type": "scatter", "mode": "lines", "x": _finite(shift), "y": _finite(heights)}
    line = {"type": "scatter", "mode": "lines", "x": _finite(shift), "y": _finite(tangent)}
    point = {"type": "scatter", "mode": "markers", "x": [0], "y": _finite(heights[middle : middle + 1])}
    return {
        "data": [
            {**curve, "name": "variance", "line": {"color": CHOSEN, "width": 2}},
            {
                **line,
                "name": "slope at the mean in use",
                "line": {"color": OTHER, "dash": "dot", "width": 1.5},
            },
            {**point, "name": "the mean in use", "marker": {"color": OTHER, "size": 10}},
        ],
        "layout": _layout("how far the mean is moved", "variance around it"),
    }


def _valley_alt(trace: Trace) -> str:
    return (
        f"The variance as the mean inside it is moved: at the mean in use, {row(trace.facts['mean'])}, "
        f"its slope is {short(float(np.sum(trace.facts['dvar_dmean'])))}."
    )


CHARTS = (
    Chart("The values under gradient descent", _paths, _paths_alt),
    Chart("The variance as its mean moves", _valley, _valley_alt),
)
