"""The optimizer lab's charts and tables: the path on the surface, loss and step lengths, the formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import Trace
from engine.optimizers.optimizer_steps_surfaces import SURFACES
from pages.kit.declare import Chart, Table
from pages.optimizers.optimizer_steps_words import NAMES, formula, place, slots
from pages.optimizers.rmsprop_update_delta_words import short

CHOSEN, OTHER, QUIET = "#d9822b", "#2b8cbe", "#8a94a6"
GRID = {"gridcolor": "rgba(138,148,166,0.25)"}


def plain(values: Any) -> list[float | None]:
    """A curve as plain numbers; where there is no number, a gap."""
    return [float(value) if math.isfinite(value) else None for value in values]


def _layout(across: str, up: str, **more: Any) -> dict[str, Any]:
    return {
        "height": 320,
        "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, **GRID, **more.get("x", {})},
        "yaxis": {"title": {"text": up}, **GRID, **more.get("y", {})},
        "legend": {"orientation": "h", "y": 1.12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def paths(trace: Trace) -> list[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any], str]]:
    """Name, points float[step + 1, weight], losses and colour of each path."""
    w = np.vstack([trace["w"], trace["after"][-1:]]).astype(float)
    losses = np.append(trace["loss"], trace["end"]).astype(float)
    found = [(NAMES[trace.parameters["optimizer"]], w, losses, CHOSEN)]
    if "other_w" in trace.tensors:
        other = NAMES[trace.parameters["compare"]]
        found.append((other, trace["other_w"].astype(float), trace["other_loss"].astype(float), OTHER))
    return found


def _line(name: str, x: Any, y: Any, colour: str, mode: str = "lines+markers") -> dict[str, Any]:
    line = {"type": "scatter", "mode": mode, "name": name, "x": plain(x), "y": plain(y)}
    return {**line, "line": {"color": colour, "width": 2}, "marker": {"size": 5, "color": colour}}


def _inside(trace: Trace) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ends of both axes: what is drawn on the stage too."""
    known = SURFACES[trace.parameters["surface"]]
    up = known.up if known.weights > 1 else (0, float(trace.facts["top"]))
    return {"range": list(known.across)}, {"range": list(up)}


def _path(trace: Trace) -> dict[str, Any]:
    known, (x, y) = SURFACES[trace.parameters["surface"]], _inside(trace)
    rows, columns = trace["relief"].shape
    across = np.linspace(*known.across, columns)
    if known.weights > 1:
        contour = {
            "type": "contour", "z": trace["relief"].astype(float).tolist(), "x": across.tolist(),
            "y": np.linspace(*known.up[::-1], rows).tolist(), "ncontours": 18, "showscale": False,
            "colorscale": [[0, "#1f6fa8"], [1, "#9fb4c4"]], "contours": {"coloring": "lines"}, "hoverinfo": "skip",
            "line": {"width": 1}, "name": "log loss",
        }  # fmt: skip
        lines = [_line(name, w[:, 0], w[:, 1], colour) for name, w, _, colour in paths(trace)]
        least = np.array(known.minima)
        stars = [_line("minimum", least[:, 0], least[:, 1], "#3f9b6c", "markers")] if len(least) else []
        for star in stars:
            star["marker"] = {"symbol": "star", "size": 12, "color": "#3f9b6c"}
        return {
            "data": [contour, *reversed(lines), *stars],
            "layout": _layout("x", "y", x=x, y=y) | {"height": 460},
        }
    height = trace["curve"].astype(float)
    curve = _line("loss", np.linspace(*known.across, len(height)), height, QUIET, "lines")
    lines = [_line(name, w[:, 0], losses, colour) for name, w, losses, colour in paths(trace)]
    return {"data": [curve, *reversed(lines)], "layout": _layout("w", "loss", x=x, y=y) | {"height": 460}}


def _path_alt(trace: Trace) -> str:
    told = trace.facts
    left = f" It leaves the picture after step {told['left_at']}." if told["left_at"] is not None else ""
    return (
        f"The path of {NAMES[trace.parameters['optimizer']]} over the surface, from {place(told['start'])} to "
        f"{place(told['end'])} in {trace.parameters['steps']} steps.{left}"
    )


def _losses(trace: Trace) -> dict[str, Any]:
    lines = [
        _line(name, range(len(losses)), losses, colour, "lines") for name, _, losses, colour in paths(trace)
    ]
    signed = any((losses <= 0).any() for _, _, losses, _ in paths(trace))
    log = {} if signed else {"type": "log", "exponentformat": "power"}
    return {"data": lines, "layout": _layout("steps taken", "loss", y=log)}


def _losses_alt(trace: Trace) -> str:
    first, last = trace.facts["losses"]
    return f"The loss over {trace.parameters['steps']} steps, from {short(first)} to {short(last)}."


def _lengths(trace: Trace) -> dict[str, Any]:
    steps = range(trace.parameters["steps"])
    with np.errstate(over="ignore"):
        sizes = {name: np.linalg.norm(trace[name].astype(float), axis=1) for name in ("delta", "sgd")}
    lines = [
        _line("the step taken", steps, sizes["delta"], CHOSEN, "lines"),
        _line("learning rate · |gradient|", steps, sizes["sgd"], QUIET, "lines"),
    ]
    lines[1]["line"] = {"color": QUIET, "dash": "dot", "width": 2}
    log = {"type": "log", "exponentformat": "power"} if all((s > 0).all() for s in sizes.values()) else {}
    return {"data": lines, "layout": _layout("step", "length", y=log)}


def _lengths_alt(trace: Trace) -> str:
    first = [short(float(np.linalg.norm(trace[name][0].astype(float)))) for name in ("delta", "sgd")]
    return f"The length of each step beside learning rate times gradient: {first[0]} and {first[1]} at the first."


CHARTS = (
    Chart("The path", _path, _path_alt),
    Chart("The loss", _losses, _losses_alt),
    Chart("Step lengths", _lengths, _lengths_alt),
)
TABLES = (
    Table(
        "The chosen step with its numbers",
        ("what", "formula", "with numbers", "value"),
        formula,
        lambda t: (
            f"Weight {t.parameters['chosen'][0]}, step {t.parameters['chosen'][1]} of 0 to {t.parameters['steps'] - 1}; η is the "
            "learning rate. Click another cell of the deltas."
        ),
    ),
    Table("What the optimizer remembers", ("slot", "before", "after"), slots),
)
