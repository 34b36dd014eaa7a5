"""The skip-connection lab's charts: the way down and up, and by how much each size misses."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart

BLUE, ORANGE, GREY = "#2b8cbe", "#d97706", "#7f8c8d"
CLEAR = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
GRID = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}


def _way(trace: Trace) -> dict[str, Any]:
    """Heights against the place in the network: a valley with a dent where a skip does not fit."""
    known = trace.facts
    down = [height for height, _ in known["encoder_sizes"]]
    names = ["input", *(f"stage {n}" for n in range(1, len(down)))]
    levels = known["levels"]
    up = [f"up to /{2 ** one['level']}" for one in levels]
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers+text",
        "textposition": "top center",
        "cliponaxis": False,
    }
    wrong = [one for one in levels if one["parts"]]
    heights = [one["decoder"][0] for one in levels]
    return {
        "data": [
            {**line, "x": names, "y": down, "text": [str(n) for n in down], "name": "encoder", "line": {"color": BLUE}},
            {**line, "x": [names[-1], *up], "y": [down[-1], *heights], "text": ["", *map(str, heights)],
             "name": "decoder, as it arrives", "textposition": "bottom center", "line": {"color": GREY}},
            {"type": "scatter", "mode": "markers", "x": [f"up to /{2 ** one['level']}" for one in wrong],
             "y": [one["encoder"][0] for one in wrong], "name": "the skip has",
             "marker": {"color": ORANGE, "size": 12, "symbol": "x"}},
        ],
        "layout": {"height": 320, "margin": {"l": 40, "r": 20, "t": 40, "b": 60}, **CLEAR,
                   "yaxis": {"title": {"text": "height, px (log)"}, "type": "log", "showticklabels": False, "showgrid": False}, "xaxis": {"showgrid": False},
                   "legend": {"orientation": "h", "y": 1.15}},
    }  # fmt: skip


def _way_alt(trace: Trace) -> str:
    known = trace.facts
    down = ", ".join(str(height) for height, _ in known["encoder_sizes"])
    up = ", ".join(str(one["decoder"][0]) for one in known["levels"])
    return f"Heights going down: {down}; coming up: {up}."


def _misses(trace: Trace) -> dict[str, Any]:
    """Encoder minus decoder at the first skip that parts, for every size."""
    gaps = trace["gaps"].astype(float)
    here = trace.parameters["size"][0]
    known = [n for n in range(1, len(gaps)) if np.isfinite(gaps[n])]
    colours = [ORANGE if n == here else BLUE for n in known]
    top = max((abs(gaps[n]) for n in known), default=1.0) or 1.0
    return {
        "data": [{"type": "bar", "x": known, "y": [int(gaps[n]) for n in known], "marker": {"color": colours,
                  "line": {"width": 0}}, "showlegend": False}],
        "layout": {"height": 300, "margin": {"l": 50, "r": 10, "t": 20, "b": 40}, "bargap": 0, **CLEAR,
                   "xaxis": {"title": {"text": "size of the image, px"}, **GRID,
                             "range": [max(0, here - 80), min(512, here + 80)]},
                   "yaxis": {"title": {"text": "encoder − decoder, px"}, "range": [-top - 0.4, top + 0.4], "dtick": max(1, int(top) // 4), **GRID},
                   "shapes": [{"type": "line", "x0": here, "x1": here, "yref": "paper", "y0": 0, "y1": 1,
                               "line": {"color": ORANGE, "dash": "dot", "width": 1.5}}]},
    }  # fmt: skip


def _misses_alt(trace: Trace) -> str:
    gaps = trace["gaps"].astype(float)
    larger, smaller = int((gaps > 0).sum()), int((gaps < 0).sum())
    return (
        f"For sizes up to {len(gaps) - 1}: {larger} leave the encoder larger, {smaller} the decoder, "
        f"{int((gaps == 0).sum())} fit. A height of {trace.parameters['size'][0]} is marked."
    )


CHARTS = (
    Chart("Down and up again", _way, _way_alt),
    Chart("By how much each size misses, at the first skip that does", _misses, _misses_alt),
)
