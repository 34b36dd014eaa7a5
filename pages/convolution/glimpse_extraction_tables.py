"""The glimpse lab's table of conventions and its staircase of starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Table


def number(value: float) -> str:
    """A number with a real minus sign, at most four digits after the point."""
    return f"{round(value, 4) + 0.0:.10g}".replace("-", "−")


def pair(values: Sequence[float]) -> str:
    """`(1, −0.5)`."""
    return f"({', '.join(number(float(value)) for value in values)})"


def _conversions(trace: Trace) -> Sequence[Sequence[str]]:
    p = trace.parameters
    now = (p["version"], p["centered"], p["normalized"])
    return [
        (
            f"{one['version']}{' (now)' if now == (one['version'], one['centered'], one['normalized']) else ''}",
            "yes" if one["centered"] else "no",
            "yes" if one["normalized"] else "no",
            one["formula"],
            pair(one["start"]),
            pair(one["offset"]),
        )
        for one in trace.facts["conversions"]
    ]


TABLES = (
    Table(
        "One offset, eight conventions",
        (
            "version",
            "centered",
            "normalized",
            "start, before truncation",
            "today's start",
            "offset for the wanted block",
        ),
        _conversions,
        lambda t: (
            f"D is the image's size, s the block's; starts are cut towards zero. Today's offset is "
            f"{pair((t.parameters['y'], t.parameters['x']))}; the wanted block starts at {pair(t.facts['wanted_start'])}. "
            "Normalised offsets aim a quarter of a pixel inside, so that rounding loses no row."
        ),
    ),
)


def _staircase(trace: Trace) -> dict[str, Any]:
    stairs, told = trace.facts["stairs"], trace.facts
    line = {"type": "scatter", "mode": "lines", "x": stairs["offset"]}
    here = {"type": "scatter", "mode": "markers", "marker": {"size": 12, "color": "#d97706"}}
    return {
        "data": [
            {**line, "y": stairs["raw"], "name": "before truncation", "line": {"color": "#888", "dash": "dot"}},
            {**line, "y": stairs["start"], "name": "first row of the block", "line": {"color": "#2b8cbe", "shape": "hvh"}},
            {**here, "x": [trace.parameters["y"]], "y": [told["starts"][0][0]], "name": "y now"},
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 50, "r": 10, "t": 20, "b": 45},
            "xaxis": {"title": {"text": "offset y"}},
            "yaxis": {"title": {"text": "row"}},
            "legend": {"orientation": "h", "y": 1.15},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }  # fmt: skip


CHARTS = (
    Chart(
        "From offset to first row",
        _staircase,
        lambda t: (
            f"First row of the block against the offset y: a staircase under the line {t.facts['formula']}, with one "
            f"step twice as wide around 0. At y = {number(t.parameters['y'])} the start {number(t.facts['raw'][0][0])} "
            f"is cut to row {t.facts['starts'][0][0]}."
        ),
    ),
)
