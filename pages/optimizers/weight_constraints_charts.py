"""The weight-constraints lab's charts: the way over the loss, the smallest weight, the growing graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart
from pages.optimizers.weight_constraints_words import LOOPS, METHODS, projects, row, short

BLUE, ORANGE, RED, QUIET = "#2b8cbe", "#d97706", "#c0392b", "#8a94a6"
GREEN = "rgba(58,160,110,0.9)"
NORMS = ("MaxNorm", "UnitNorm", "MinMaxNorm")


def _layout(across: str, up: str) -> dict[str, Any]:
    axis = {"gridcolor": "rgba(138,148,166,0.25)", "zeroline": False}
    return {
        "height": 330,
        "margin": {"l": 50, "r": 10, "t": 26, "b": 45},
        "xaxis": {"title": {"text": across}, **axis},
        "yaxis": {"title": {"text": up}, **axis},
        "legend": {"orientation": "h", "y": 1.18, "x": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _finite(values: Sequence[float]) -> list[float | None]:
    """A curve as plain numbers, with a gap where it ran away."""
    return [float(value) if math.isfinite(value) and abs(value) < 1e6 else None for value in values]


def _line(name: str, x: Sequence[Any], y: Sequence[Any], colour: str, **more: Any) -> dict[str, Any]:
    mode = more.pop("mode", "lines")
    width = more.pop("width", 2.5)
    dash = more.pop("dash", "solid")
    look = {"color": colour, "width": width, "dash": dash}
    return {"type": "scatter", "mode": mode, "name": name, "x": list(x), "y": list(y), "line": look, **more}


def _flat(trace: Trace) -> np.ndarray[Any, Any]:
    """The chosen method's first two weights: float[step, 2]."""
    path = trace["paths"][trace.facts["method"]].astype(float)
    return np.asarray(path.reshape(len(path), -1)[:, :2])


def _allowed(trace: Trace) -> list[dict[str, Any]]:
    """The border of what is allowed, where the first two weights alone decide it."""
    p, first, second = trace.parameters, trace["first"].astype(float), trace["second"].astype(float)
    constraint = p["constraint"] if projects(trace) else "NonNeg"
    line = {"color": GREEN, "width": 2, "dash": "dot"}
    look = {"line": line, "layer": "above", "fillcolor": "rgba(58,160,110,0.10)"}
    if constraint in ("NonNeg", "clip"):
        low, high = (p["low"], p["high"]) if constraint == "clip" else (0.0, 1e9)
        box = {
            "x0": max(low, first[0]),
            "y0": max(low, second[0]),
            "x1": min(high, first[-1]),
            "y1": min(high, second[-1]),
        }
        return [{"type": "rect", **box, **look}] if box["x0"] < box["x1"] and box["y0"] < box["y1"] else []
    along = p["units"] if p["axis"] % 2 == 0 else len(p["target"]) // p["units"]
    together = len(p["target"]) == 2 and along == 1
    radii = {"UnitNorm": (1.0,), "MaxNorm": (p["high"],), "MinMaxNorm": (p["low"], p["high"])}[constraint]
    return [
        {"type": "circle", "x0": -r, "y0": -r, "x1": r, "y1": r, **look} for r in radii if together and r > 0
    ]


def _way(trace: Trace) -> dict[str, Any]:
    first, second = trace["first"].astype(float).tolist(), trace["second"].astype(float).tolist()
    hills = {
        "type": "contour",
        "x": first,
        "y": second,
        "z": trace["surface"].astype(float).tolist(),
        "showscale": False,
        "contours": {"coloring": "lines"},
        "ncontours": 14,
        "colorscale": [[0, QUIET], [1, QUIET]],
        "opacity": 0.6,
        "hoverinfo": "skip",
    }
    path, target = _flat(trace), trace["target"].astype(float).ravel()
    lines = [
        _line(
            "start to end",
            _finite(path[:, 0].tolist()),
            _finite(path[:, 1].tolist()),
            ORANGE,
            mode="lines+markers",
        ),
        {
            "type": "scatter",
            "mode": "markers",
            "name": "target",
            "x": [target[0]],
            "y": [target[1]],
            "marker": {"color": BLUE, "size": 13, "symbol": "star"},
        },
    ]
    layout = _layout("first weight", "second weight")
    layout["xaxis"]["range"], layout["yaxis"]["range"] = [first[0], first[-1]], [second[0], second[-1]]
    layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain"}  # a circle looks like one
    layout["xaxis"]["constrain"] = "domain"
    return {"data": [hills, *lines], "layout": layout | {"shapes": _allowed(trace)}}


def _way_alt(trace: Trace) -> str:
    return (
        f"Contours of the loss over the first two weights. The way goes from {row(_flat(trace)[0])} to "
        f"{row(_flat(trace)[-1])}; the target is {row(trace['target'].ravel()[:2].tolist())}. The dotted green "
        "border is what is allowed."
    )


def _smallest(trace: Trace) -> dict[str, Any]:
    chosen, lines = trace.facts["method"], []
    steps = list(range(trace["smallest"].shape[1]))
    order = sorted(range(len(METHODS)), key=lambda place: place == chosen)
    for place in order:
        name = list(METHODS.values())[place]
        heights = _finite(trace["smallest"][place].astype(float).tolist())
        mine = place == chosen
        look = {"width": 3.0 if mine else 1.2, "showlegend": mine}
        lines.append(_line(name, steps, heights, ORANGE if mine else QUIET, **look))
    layout = _layout("step", "smallest weight")
    zero = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 0, "y1": 0}
    layout["shapes"] = [{**zero, "line": {"color": GREEN, "width": 2, "dash": "dot"}}]
    return {"data": lines, "layout": layout}


def _smallest_alt(trace: Trace) -> str:
    ends = trace["smallest"][:, -1].astype(float)
    said = ", ".join(f"{name} {short(end)}" for name, end in zip(METHODS.values(), ends, strict=True))
    return f"The smallest weight after each step, by method. At the end: {said}."


def _graph(trace: Trace) -> dict[str, Any]:
    colours, dashes = (RED, BLUE, QUIET), ("solid", "solid", "dash")
    lines = [
        _line(name, range(len(nodes)), nodes, colour, dash=dash)
        for name, nodes, colour, dash in zip(LOOPS, trace.facts["nodes"], colours, dashes, strict=True)
    ]
    layout = _layout("iteration", "nodes in the graph")
    layout["yaxis"]["rangemode"] = "tozero"
    layout["legend"] = {"x": 0.02, "y": 0.98, "bgcolor": "rgba(0,0,0,0)"}
    return {"data": lines, "layout": layout}


def _graph_alt(trace: Trace) -> str:
    said = [f"{name}: {n[0]} to {n[-1]} nodes" for name, n in zip(LOOPS, trace.facts["nodes"], strict=True)]
    return "Nodes of the graph during training; " + "; ".join(said) + "."


CHARTS = (
    Chart("The way over the loss", _way, _way_alt),
    Chart("The smallest weight (grey: the other methods)", _smallest, _smallest_alt),
    Chart("The graph of a TensorFlow 1 loop", _graph, _graph_alt),
)
