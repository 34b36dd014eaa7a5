"""The separable lab's charts: where the parameters of each way are, and of each NASNet cell."""

from __future__ import annotations

from typing import Any

from engine import Trace
from pages.convolution.separable_conv_parameters_tables import WAYS, way_name
from pages.kit.declare import Chart

PARTS = (
    ("depthwise", "#2b8cbe", 0),
    ("pointwise", "#d97706", 1),
    ("full or 1 × 1", "#7a8793", 2),
    ("bias", "#7a1fa2", 3),
)
CELL_PARTS = (
    ("separable", "#d97706", "separable"),
    ("squeeze, stem, dense", "#7a8793", "squeeze"),
    ("adjust", "#2b8cbe", "adjust"),
    ("normalization", "#7a1fa2", "norm"),
)
LAYOUT = {
    "barmode": "stack",
    "height": 300,
    "margin": {"l": 60, "r": 10, "t": 20, "b": 60},
    "legend": {"orientation": "h", "y": 1.18},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
}


def _parts(trace: Trace) -> dict[str, Any]:
    names = [way_name(trace, way) for way in WAYS]
    bars = [
        {
            "type": "bar",
            "x": names,
            "y": [sum(row[place] for row in trace.facts[way]["keras"]) for way in WAYS],
            "name": part,
            "marker": {"color": colour},
        }
        for part, colour, place in PARTS
    ]
    return {"data": bars, "layout": LAYOUT | {"yaxis": {"title": {"text": "parameters"}}}}


def _cells(trace: Trace) -> dict[str, Any]:
    cells = trace.facts["network"]["cells"]
    names = [f"{cell['name']}" for cell in cells]
    bars = [
        {
            "type": "bar",
            "x": names,
            "y": [cell[key] for cell in cells],
            "name": part,
            "marker": {"color": colour},
        }
        for part, colour, key in CELL_PARTS
    ]
    axis = {"type": "category", "title": {"text": "cell"}, "tickangle": -60}
    return {"data": bars, "layout": LAYOUT | {"xaxis": axis, "yaxis": {"title": {"text": "parameters"}}}}


CHARTS = (
    Chart(
        "Where the parameters are",
        _parts,
        lambda t: (
            "Parameters as stacked bars: "
            + ", ".join(f"{way_name(t, way)} {t.facts[way]['total']:,}" for way in WAYS)
        ),
    ),
    Chart(
        "NASNet, cell by cell",
        _cells,
        lambda t: (
            f"Parameters of {len(t.facts['network']['cells'])} parts of NASNet as stacked bars, "
            f"{t.facts['network']['total']:,} in all, at most {t.facts['network']['largest_cell']:,} in one"
        ),
    ),
)
