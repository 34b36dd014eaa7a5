"""Charts of the batch normalisation lab: values before and after, and the moving statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart
from pages.normalization.batchnorm_nd_words import row, short

BEFORE, AFTER, QUIET = "#8a94a6", "#2b8cbe", "#d97706"
COLOURS = ("#2b8cbe", "#d97706", "#5b8c3a")
BINS = 40


def _layout(across: str, up: str) -> dict[str, Any]:
    return {
        "height": 300,
        "margin": {"l": 55, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, "gridcolor": "rgba(138,148,166,0.25)"},
        "yaxis": {"title": {"text": up}, "gridcolor": "rgba(138,148,166,0.25)"},
        "legend": {"orientation": "h", "y": 1.15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "bargap": 0,
    }


def _shares(values: Any, edges: Any) -> list[float]:
    counted, _ = np.histogram(values, edges)
    return [float(count) / values.size for count in counted]


def _histograms(trace: Trace) -> dict[str, Any]:
    shown = (("x", "x", BEFORE), ("out", "out", AFTER), ("other_out", _other(trace), QUIET))
    both = np.concatenate([trace[name].ravel() for name, _, _ in shown]).astype("float64")
    low, high = float(both.min()), float(both.max())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    middles = [float(middle) for middle in (edges[:-1] + edges[1:]) / 2]
    bars = [
        {
            "type": "scatter",
            "mode": "lines",
            "line": {
                "shape": "hvh",
                "color": colour,
                "width": 2,
                "dash": "dot" if name == "other_out" else "solid",
            },
            "name": words,
            "x": middles,
            "y": _shares(trace[name].astype("float64"), edges),
        }
        for name, words, colour in shown
    ]
    return {"data": bars, "layout": _layout("value", "share of the values")}


def _other(trace: Trace) -> str:
    return "out, in inference" if trace.facts["uses"] == "batch" else "out, in training"


def _histograms_alt(trace: Trace) -> str:
    x, told = trace["x"].astype("float64"), trace.facts
    return (
        f"Distribution of x, mean {short(float(x.mean()))} and variance {short(float(x.var()))}, and of the output, "
        f"mean {short(told['out_mean'])} and variance {short(told['out_variance'])}, {told['zeros']:.0%} of it zeros."
    )


def _path(trace: Trace, place: int) -> list[dict[str, Any]]:
    """The moving mean of one place of the axis, and dotted the batches' means that it follows."""
    name, colour = f"{trace.facts['axis_name']} {place}", COLOURS[place]
    line = {"type": "scatter", "mode": "lines", "legendgroup": name}
    moving, seen = trace["mean_path"][:, place], trace["batch_mean"][:, place]
    return [
        {**line, "x": list(range(len(moving))), "y": moving.tolist(), "name": name, "line": {"color": colour}},
        {**line, "x": list(range(1, len(moving))), "y": seen.tolist(), "name": f"{name}, the batches",
         "showlegend": False, "line": {"color": colour, "dash": "dot"}},
    ]  # fmt: skip


def _moving(trace: Trace) -> dict[str, Any]:
    places = min(len(COLOURS), trace.facts["gamma_shape"][0])
    lines = [line for place in range(places) for line in _path(trace, place)]
    return {"data": lines, "layout": _layout("training steps", "mean (dotted: each batch's)")}


def _moving_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"After {trace.parameters['steps']} steps the moving mean is {row(told['moving_mean'])}; this batch's is "
        f"{row(told['mean'])}. A moving value has come {told['reached']:.0%} of the way from its start."
    )


CHARTS = (
    Chart("Values before and after", _histograms, _histograms_alt),
    Chart("The moving mean follows the batches' means", _moving, _moving_alt),
)
