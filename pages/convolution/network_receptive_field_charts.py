"""The network lab's charts: the window layer by layer, and where parameters and FLOPs are."""

from __future__ import annotations

from typing import Any

from engine import Trace
from pages.kit.declare import Chart

BLUE, ORANGE, GREY = "#2b8cbe", "#d97706", "#888888"
TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000]
LAYOUT = {
    "height": 300,
    "margin": {"l": 60, "r": 10, "t": 20, "b": 40},
    "legend": {"orientation": "h", "y": 1.15},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
}


def _growth(trace: Trace) -> dict[str, Any]:
    layers, known = trace["layers"], trace.facts
    at = [n for n, row in enumerate(layers) if row[7]]
    line = {"type": "scatter", "mode": "lines", "x": at, "text": [known["names"][n] for n in at]}
    fields = [int(layers[n][5]) for n in at]
    chosen = known["place"]
    image = known["size"][0]
    return {
        "data": [
            {**line, "y": fields, "name": "receptive field", "line": {"color": BLUE}},
            {**line, "y": [int(layers[n][7]) for n in at], "name": "effective stride", "line": {"color": ORANGE, "dash": "dot"}},
            {"type": "scatter", "mode": "lines", "x": [at[0], at[-1]], "y": [image, image], "name": "height of the image", "line": {"color": GREY, "dash": "dash"}},
            {"type": "scatter", "mode": "markers", "x": [chosen], "y": [int(layers[chosen][5])], "name": "chosen layer", "marker": {"color": ORANGE, "size": 11}},
        ],
        "layout": {
            **LAYOUT,
            "xaxis": {"title": {"text": "layer"}},
            "yaxis": {"title": {"text": "pixels of the image, log scale"}, "type": "log", "tickvals": TICKS},
        },
    }  # fmt: skip


def _growth_alt(trace: Trace) -> str:
    row = trace["layers"][trace.facts["last"]]
    return (
        f"Receptive field and effective stride by layer, without gates: they end at {row[5]:g} and {row[7]:g} pixels; "
        f"the image is {trace.facts['size'][0]} pixels high."
    )


def _shares(trace: Trace) -> dict[str, Any]:
    layers, names = trace["layers"], trace.facts["names"]
    data = []
    for column, name, colour in ((3, "parameters", BLUE), (4, "FLOPs", ORANGE)):
        total = float(layers[:, column].sum()) or 1.0
        share = [round(float(value), 6) for value in layers[:, column].cumsum() / total]
        data.append(
            {"type": "scatter", "mode": "lines", "x": list(range(len(share))), "y": share, "name": name}
            | {"text": list(names), "line": {"color": colour, "shape": "hv"}}
        )
    axes = {
        "xaxis": {"title": {"text": "layer"}},
        "yaxis": {"title": {"text": "share up to this layer"}, "tickformat": ".0%"},
    }
    return {"data": data, "layout": {**LAYOUT, **axes}}


def _shares_alt(trace: Trace) -> str:
    layers, names = trace["layers"], trace.facts["names"]
    most, work = int(layers[:, 3].argmax()), int(layers[:, 4].argmax())
    return (
        f"Parameters and FLOPs summed layer by layer. Most parameters are in {names[most]} ({layers[most][3]:,.0f}), "
        f"most FLOPs in {names[work]} ({layers[work][4]:,.0f})."
    )


CHARTS = (
    Chart("How far a unit sees, layer by layer", _growth, _growth_alt),
    Chart("Where the parameters and the work are", _shares, _shares_alt),
)
