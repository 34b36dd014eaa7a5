"""The receptive field's charts: how it grows layer by layer, and where the weight lies."""

from __future__ import annotations

from typing import Any

from engine import Step, Trace
from pages.kit.declare import Chart


def _growth(trace: Trace) -> dict[str, Any]:
    fields = [1, *(field for field, _ in trace.facts["growth"])]
    jumps = [1, *(jump for _, jump in trace.facts["growth"])]
    names = ["input", *(f"{number} {step.operation}" for number, step in enumerate(layer_steps(trace), 1))]
    line = {"type": "scatter", "mode": "lines+markers+text", "x": names, "textposition": "top center"}
    text = [str(field) for field in fields]
    return {
        "data": [
            {**line, "y": fields, "text": text, "name": "receptive field", "line": {"color": "#2b8cbe"}},
            {
                **line,
                "y": jumps,
                "name": "jump",
                "mode": "lines+markers",
                "line": {"color": "#d97706", "dash": "dot"},
            },
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 50, "r": 10, "t": 20, "b": 40},
            "yaxis": {"title": {"text": "input pixels"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.15},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def _profile(trace: Trace) -> dict[str, Any]:
    column = trace["effective"].sum(axis=1)
    total = float(column.sum()) or 1.0
    share = [round(float(value) / total, 6) for value in column]
    first, last = trace.facts["window_rows"]
    return {
        "data": [
            {"type": "bar", "x": list(range(1, len(share) + 1)), "y": share, "marker": {"color": "#2b8cbe"}}
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 50, "r": 10, "t": 20, "b": 40},
            "xaxis": {"title": {"text": "row of the image"}},
            "yaxis": {"title": {"text": "share of the weight"}, "rangemode": "tozero"},
            "shapes": [
                {
                    "type": "rect",
                    "xref": "x",
                    "yref": "paper",
                    "x0": first + 0.5,
                    "x1": last + 1.5,
                    "y0": 0,
                    "y1": 1,
                }
                | {"line": {"color": "#d97706", "dash": "dot"}, "fillcolor": "rgba(217,119,6,0.08)"}
            ],
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def layer_steps(trace: Trace) -> list[Step]:
    """The steps that are layers, in order."""
    return [step for step in trace.steps if step.writes.startswith("y")]


CHARTS = (
    Chart(
        "How the receptive field grows",
        _growth,
        lambda t: (
            "Receptive field after each layer: "
            + ", ".join(f"{field} pixels with jump {jump}" for field, jump in t.facts["growth"])
        ),
    ),
    Chart(
        "Where the weight lies inside the window",
        _profile,
        lambda t: (
            f"Share of the unit's weight by image row; the window is rows {t.facts['window_rows'][0] + 1} "
            f"to {t.facts['window_rows'][1] + 1}, {t.facts['effective_pixels_95']} pixels hold 95 percent."
        ),
    ),
)
