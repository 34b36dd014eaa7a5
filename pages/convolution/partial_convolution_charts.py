"""Four ways with black pixels side by side: a table, a row of the image, and the leak by layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Table

MODES = {
    "plain": "nothing",
    "mask-end": "mask the output",
    "mask-each": "mask every layer",
    "partial": "partial convolution",
}
COLOURS = ("#2b8cbe", "#7a6bb5", "#3f9b6c", "#d97706")  # blue, purple, green, orange: on white and black


def short(value: float) -> str:
    """Four digits; NaN as such; rounding noise as what it is."""
    if math.isnan(value):
        return "NaN"
    if 0 < abs(value) < 1e-5:
        return "0 (rounding)"
    return f"{value:.4g}".replace("-", "−")


def _rows(trace: Trace) -> Sequence[Sequence[str]]:
    chosen = trace.parameters["mode"]
    return [
        (
            MODES[mode] + (" (shown)" if mode == chosen else ""),
            f"{leaks} of {trace.facts['black_outputs']}",
            short(largest),
            short(mean),
        )
        for mode, leaks, largest, mean in trace.facts["modes"]
    ]


def _note(trace: Trace) -> str:
    return (
        "The error is the distance to the same layers on the whole scene, with nothing black and no edge, "
        f"at the {trace.facts['valid_outputs']} valid pixels of the output."
    )


TABLE = Table(
    "Four ways on this image",
    ("about the black pixels", "black outputs not 0", "largest error", "mean error"),
    _rows,
    _note,
)


def _layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    clear = "rgba(0,0,0,0)"
    return {
        "height": 300,
        "margin": {"l": 56, "r": 16, "t": 24, "b": 48},
        "xaxis": {"title": {"text": x}, **grid},
        "yaxis": {"title": {"text": y}, **grid},
        "legend": {"orientation": "h", "y": 1.15},
        "paper_bgcolor": clear,
        "plot_bgcolor": clear,
        **more,
    }


def _plain(values: Any) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 6) for value in values]


def _profile(trace: Trace) -> dict[str, Any]:
    row = trace.facts["row"]
    places = list(range(trace["ideal"].shape[2]))
    lines: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "ideal",
            "x": places,
            "y": _plain(trace["ideal"][0, row, :, 0]),
            "line": {"color": "#888888", "width": 6},
            "opacity": 0.5,
        }
    ]
    for place, (mode, name) in enumerate(MODES.items()):
        shown = mode == trace.parameters["mode"]
        line = {"color": COLOURS[place], "width": 3 if shown else 1.5, "dash": "solid" if shown else "dot"}
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": places,
                "y": _plain(trace["modes"][place, row]),
                "line": line,
                "marker": {"size": 6 if shown else 3},
            }
        )
    return {"data": lines, "layout": _layout("column", f"output in row {row}")}


def _profile_alt(trace: Trace) -> str:
    row = trace.facts["row"]
    ends = [
        f"{name} goes from {short(float(trace['modes'][place, row, 0]))} to "
        f"{short(float(trace['modes'][place, row, -1]))}"
        for place, name in enumerate(MODES.values())
    ]
    return f"The output along row {row} for the four ways: " + "; ".join(ends) + "."


def _leaks(trace: Trace) -> dict[str, Any]:
    counts, reach = trace.facts["leaks_by_layer"], trace.facts["leak_reach"]
    names = [f"layer {layer}" for layer in range(1, len(counts) + 1)]
    text = [f"{far} px deep" if far else "" for far in reach]
    bars = {"type": "bar", "x": names, "y": list(counts), "text": text, "marker": {"color": "#2b8cbe"}}
    limit = trace.facts["black_pixels"]
    layout = _layout("", "black pixels that are not 0")
    layout["yaxis"] |= {"range": [0, max(1, limit) * 1.05]}
    return {"data": [bars], "layout": layout}


def _leaks_alt(trace: Trace) -> str:
    counts, reach = trace.facts["leaks_by_layer"], trace.facts["leak_reach"]
    told = ", ".join(
        f"{count} after layer {layer}, {far} pixels deep"
        for layer, (count, far) in enumerate(zip(counts, reach, strict=True), 1)
    )
    return f"Black pixels that are not 0, of {trace.facts['black_pixels']}: {told}."


CHARTS = (
    Chart("One row of the image, four ways", _profile, _profile_alt),
    Chart("How far the leak has come", _leaks, _leaks_alt),
)
