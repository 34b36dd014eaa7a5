"""The single-location lab's tables and chart: conventions, further places, what each way costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.convolution.single_location_convolution_words import amount, exact, place, size
from pages.kit.declare import Chart, Table

NAMES = {
    "top-left": "top-left: the “valid” map",
    "centre": "centre: the “same” map",
    "full": "full: the last cell",
}


def _conventions(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (NAMES[one["name"]], place(one["index"]), exact(one["reading"])) for one in trace.facts["conventions"]
    ]


def _locations(trace: Trace) -> Sequence[Sequence[str]]:
    return [(place(index), exact(value)) for index, value in trace.facts["locations"]]


def _locations_note(trace: Trace) -> str:
    told = trace.facts
    many = len(told["locations"])
    enough = -(-told["costs"]["full"] // told["costs"]["one"])
    return (
        f"{many} × {told['costs']['one']} = {many * told['costs']['one']:,} multiply-adds. Computing place by place "
        f"stays cheaper than the map up to {enough:,} places: all of them."
    )


def _costs(trace: Trace) -> Sequence[Sequence[str]]:
    here, large = trace.facts["costs"], trace.facts["costs_large"]
    rows = [
        (f"{name}", amount(here[key]), amount(large[key]))
        for name, key in (("one location", "one"), ("whole valid map", "valid"), ("whole full map", "full"))
    ]
    memory = [("the image itself", size(here["image_bytes"]), size(large["image_bytes"]))]
    memory += [
        (f"a copy padded by {pad}", size(here["padded_bytes"][pad]), size(large["padded_bytes"][pad]))
        for pad in here["padded_bytes"]
    ]
    return [*rows, *memory]


TABLES = (
    Table(
        "One window, three names",
        ("convention", "names this window", "makes of the index as given"),
        _conventions,
        lambda t: f"The index as given is {place(t.parameters['index'])}. An even kernel has no centre.",
    ),
    Table(
        "What each way costs",
        ("multiply-adds, then float64 memory", "here", "N = 10,000, M = 3"),
        _costs,
        lambda t: (
            "By formula: M², M²·(N − M + 1)², M²·(N + M − 1)². Clipping window and kernel copies nothing."
        ),
    ),
    Table("Values at all locations", ("index", "value"), _locations, _locations_note),
)


def _growth(trace: Trace) -> dict[str, Any]:
    taps = trace.facts["taps"]
    sizes = [n for n in (5, 10, 30, 100, 300, 1000, 3000, 10_000) if n >= taps]
    line = {"type": "scatter", "mode": "lines+markers", "x": sizes}
    return {
        "data": [
            {**line, "y": [taps**2] * len(sizes), "name": "one location", "line": {"color": "#2b8cbe"}},
            {
                **line,
                "y": [(taps * (n - taps + 1)) ** 2 for n in sizes],
                "name": "whole valid map",
                "line": {"color": "#d97706", "dash": "dot"},
            },
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
            "xaxis": {"title": {"text": "N, cells along one side"}, "type": "log"},
            "yaxis": {"title": {"text": "multiply-adds"}, "type": "log", "exponentformat": "power"},
            "legend": {"orientation": "h", "y": 1.15},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


CHARTS = (
    Chart(
        "Multiply-adds by image size",
        _growth,
        lambda t: (
            f"Multiply-adds against image size on two logarithmic axes: one location always takes "
            f"{t.facts['costs']['one']}, the whole map grows with the square of N, to "
            f"{(t.facts['taps'] * (10_000 - t.facts['taps'] + 1)) ** 2:,} at N = 10,000."
        ),
    ),
)
