"""The learned-filters lab's charts: what is confused, each digit's accuracy, and what a shift costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.convolution.learned_filters_words import neighbours, percent
from pages.kit.declare import Chart

CLEAR = "rgba(0,0,0,0)"
BLUE = "#2b8cbe"
SHADES = [  # pale enough for dark numbers up to 0.55, dark enough for white ones above
    [share, f"rgba(36,120,165,{alpha})"] for share, alpha in ((0, 0), (0.55, 0.28), (0.6, 0.8), (1, 1))
]


def _layout(across: str, down: str, labels: Sequence[str]) -> dict[str, Any]:
    axis = {"type": "category", "tickvals": list(labels), "showgrid": False}
    return {
        "height": 320,
        "margin": {"l": 50, "r": 10, "t": 10, "b": 45},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "xaxis": {"title": {"text": across}, **axis},
        "yaxis": {"title": {"text": down}, "autorange": "reversed", **axis},
    }


def _heat(
    rows: Sequence[Sequence[float]], labels: Sequence[str], text: Sequence[Sequence[str]], most: float
) -> list[dict[str, Any]]:
    """Cells with their numbers: white on dark cells, else in the theme's colour, light or dark."""
    heat = {
        "type": "heatmap",
        "x": list(labels),
        "y": list(labels),
        "z": [list(row) for row in rows],
        "zmin": 0,
        "zmax": most,
        "colorscale": SHADES,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    cells = [
        (across, down, word, share > 0.55 * most)
        for down, row, words in zip(labels, rows, text, strict=True)
        for across, share, word in zip(labels, row, words, strict=True)
    ]
    strong, weak = (_numbers([cell for cell in cells if cell[3] == full]) for full in (True, False))
    return [heat, strong | {"textfont": {"color": "#ffffff"}}, weak]


def _numbers(cells: Sequence[tuple[str, str, str, bool]]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [cell[0] for cell in cells],
        "y": [cell[1] for cell in cells],
        "text": [cell[2] for cell in cells],
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _confusion(trace: Trace) -> dict[str, Any]:
    labels = [str(digit) for digit in range(10)]
    rows = trace["confusion"].tolist()
    text = [[str(int(count)) if count else "" for count in row] for row in rows]
    most = float(trace["confusion"].max())
    return {"data": _heat(rows, labels, text, most), "layout": _layout("answer", "true digit", labels)}


def worst(trace: Trace) -> tuple[int, int, int]:
    """The commonest mistake: true digit, answer, how often."""
    table = trace["confusion"].copy()
    for digit in range(10):
        table[digit, digit] = 0
    place = int(table.argmax())
    return place // 10, place % 10, int(table.max())


def _confusion_alt(trace: Trace) -> str:
    true, answer, count = worst(trace)
    total = int(trace.facts["held_out"])
    return (
        f"{int(trace['confusion'].trace())} of {total} digits held out are right. "
        f"The commonest mistake: {true} taken for {answer}, {count} times."
    )


def _shift(trace: Trace) -> dict[str, Any]:
    labels = ["−2", "−1", "0", "1", "2"]
    rows = trace["accuracy"].tolist()
    text = [[f"{100 * share:.0f} %" for share in row] for row in rows]
    return {
        "data": _heat(rows, labels, text, 1.0),
        "layout": _layout("pixels to the right", "pixels down", labels),
    }


def _classes(trace: Trace) -> dict[str, Any]:
    shares = [share or 0.0 for share in trace.facts["per_class"]]
    bars = {
        "type": "bar",
        "x": [str(digit) for digit in range(10)],
        "y": shares,
        "text": [f"{100 * share:.0f} %" for share in shares],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": BLUE},
    }
    layout = _layout("true digit", "", [str(digit) for digit in range(10)])
    layout["yaxis"] = {"range": [0, 1.08], "tickformat": ".0%", "gridcolor": "rgba(128,128,128,0.25)"}
    return {"data": [bars], "layout": layout}


def _classes_alt(trace: Trace) -> str:
    told = ", ".join(f"{digit}: {percent(share)}" for digit, share in enumerate(trace.facts["per_class"]))
    return f"Share of each digit held out that is recognised. {told}."


CHARTS = (
    Chart("What is taken for what (digits held out)", _confusion, _confusion_alt),
    Chart("How many of each digit are right", _classes, _classes_alt),
    Chart(
        "Accuracy when the digits are shifted",
        _shift,
        lambda t: (
            f"Unshifted {percent(t.facts['accuracy'])}; one pixel off, "
            f"{percent(neighbours(t))} on average of the four directions."
        ),
    ),
)
