"""The whole series as a line with its windows, and tables of builders and heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Table

PARTS = {0: ("training", "#2b8cbe"), 1: ("test", "#d97706"), -1: ("left out", "#888888")}
BUILDERS = {"reshape": "reshape", "loop": "a loop that copies", "view": "sliding_window_view",
            "tf.data": "timeseries_dataset_from_array"}  # fmt: skip


def size(count: int) -> str:
    """Bytes for people, in decimal units."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:,.1f} {unit}"
    return f"{count} B"


def _timeline(trace: Trace) -> dict[str, Any]:
    line, steps = trace["line"], trace.parameters["steps"]
    every = -(-steps // 600)
    values = [round(float(value), 4) for value in line]
    shapes = [_band(first, last, PARTS[part][1], 0.14) for part, first, last in trace.facts["blocks"]]
    first, last = trace.facts["ranges"][0]
    return {
        "data": [{"type": "scatter", "mode": "lines", "name": "channel 0", "line": {"color": "#888888", "width": 1},
                  "x": list(range(0, steps, every)), "y": values}],
        "layout": {
            "height": 240, "margin": {"l": 50, "r": 10, "t": 20, "b": 40}, "shapes": [*shapes, _band(first, last, "#c026d3", 0.45)],
            "xaxis": {"title": {"text": "step"}}, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }  # fmt: skip


def _band(first: int, last: int, color: str, opacity: float) -> dict[str, Any]:
    box = {"type": "rect", "xref": "x", "yref": "paper", "x0": first, "x1": last + 1, "y0": 0, "y1": 1}
    return {**box, "fillcolor": color, "opacity": opacity, "line": {"width": 1, "color": color}}


def _said(trace: Trace) -> str:
    first, last = trace.facts["ranges"][0]
    said = (
        f"Channel 0 of {trace.parameters['steps']:,} steps; the chosen window holds steps {first} to {last}. "
    )
    blocks = [f"{PARTS[part][0]} on steps {a} to {b}" for part, a, b in trace.facts["blocks"]]
    random = (
        f"{trace.facts['test']:,} test windows lie anywhere among {trace.facts['train']:,} training windows"
    )
    return said + ("; ".join(blocks) or random) + "."


def _builders(trace: Trace) -> Sequence[Sequence[str]]:
    return [_builder(name, one) for name, one in trace.facts["builders"].items()]


def _builder(name: str, one: dict[str, Any]) -> Sequence[str]:
    if not one:
        return (BUILDERS[name], "–", "the window does not divide the series", "–")
    ranges = "; ".join(f"{first}–{last}" for first, last in one["ranges"])
    return (
        BUILDERS[name],
        f"{one['count']:,}",
        ranges,
        size(one["extra"]) if one["extra"] else "none: a view",
    )


def _heads(trace: Trace) -> Sequence[Sequence[str]]:
    rows = []
    for name, shape in trace.facts["heads"].items():
        output = "refused" if shape is None else f"[N, {', '.join(map(str, shape))}]"
        label = (
            "one label for every step" if name == "none" else "" if shape is None else "one label a window"
        )
        rows.append(("no pooling" if name == "none" else name, output, label))
    return rows


CHARTS = (Chart("The whole series: the chosen window, training and test", _timeline, _said),)
TABLES = (
    Table(
        "The same series in every builder",
        ("builder", "windows", "steps of the first two", "memory beside the series (float64)"),
        _builders,
        lambda t: (
            f"The series itself is {size(t.facts['source_bytes'])}. tf.data holds one batch of 32 at a time."
        ),
    ),
    Table("Heads after the convolution, then Dense(2)", ("head", "output", "fits"), _heads),
)
