"""The dying-relu lab's curves and charts: accuracy, dead units, gradients, pre-activations, chances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart, Curve
from pages.training.dying_relu_siamese_words import LAYERS, SIZES, percent

CHOSEN, OTHER, QUIET = "#d9822b", "#2b8cbe", "#8a94a6"
GRID = {"gridcolor": "rgba(138,148,166,0.25)"}
BINS = 31


def _curve(name: str, values: Any, axis: str, log: bool = False) -> Curve:
    """Point n is after n steps, so that the first is at 0."""
    return Curve(name, values, axis, along="step", start=0.0, log=log)


def curves(trace: Trace) -> Sequence[Curve]:
    """Accuracy and loss of both networks, dead units, and the gradient of each layer (gaps where it is 0)."""
    norms, accuracy = trace["norms"], "accuracy on 23 held out"
    some = np.where(norms > 0, norms, np.nan)
    return [
        _curve("accuracy", trace["accuracy"], accuracy),
        _curve("repaired network", trace["repaired_accuracy"], accuracy),
        _curve("loss", trace["loss"], "loss"),
        _curve("repaired network", trace["repaired_loss"], "loss"),
        _curve("dead units", trace["dead"], "dead units"),
        *(_curve(layer, some[:, place], "gradient norm", log=True) for place, layer in enumerate(LAYERS)),
    ]


def _layout(across: str, up: str, **more: Any) -> dict[str, Any]:
    return {
        "height": 320,
        "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, **GRID, **more.get("x", {})},
        "yaxis": {"title": {"text": up}, **GRID, **more.get("y", {})},
        "legend": {"orientation": "h", "y": 1.12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "bargap": 0,
        "barmode": "overlay",
    }


def _histogram(trace: Trace) -> dict[str, Any]:
    """What the activation got from the training pairs, before and after training; zero is a line."""
    both = [trace[name][np.isfinite(trace[name])] for name in ("pre_first", "pre_last")]
    far = max(1e-3, *(float(np.abs(values).max(initial=0)) for values in both))
    edges = np.linspace(-1.05 * far, 1.05 * far, BINS + 1)
    middle = ((edges[1:] + edges[:-1]) / 2).tolist()
    bars: list[dict[str, Any]] = []
    for name, values, colour in zip(("before training", "now"), both, (QUIET, CHOSEN), strict=True):
        counts = np.histogram(values, edges)[0].tolist()
        bars.append(
            {
                "type": "bar",
                "name": name,
                "x": middle,
                "y": counts,
                "opacity": 0.65,
                "marker": {"color": colour},
            }
        )
    layout = _layout("pre-activation", "pairs × units")
    line = {
        "type": "line",
        "x0": 0,
        "x1": 0,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": OTHER, "width": 2},
    }
    shade = {"type": "rect", "x0": edges[0], "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0},
             "fillcolor": "rgba(138,148,166,0.14)", "layer": "below"}  # fmt: skip
    return {"data": bars, "layout": layout | {"shapes": [shade, line]}}


def _histogram_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"Of what the activation gets from the training pairs, {percent(told['below_zero_at_first'])} was at or "
        f"below zero before training and {percent(told['below_zero'])} is now."
    )


def _chance(trace: Trace) -> dict[str, Any]:
    sizes = [str(size) for size in SIZES]
    lines = [
        ("one given unit", trace.facts["chance"], QUIET),
        ("all units at once", trace.facts["chance_all"], CHOSEN),
    ]
    data = [
        {"type": "scatter", "mode": "lines+markers", "name": name, "x": sizes, "y": list(values),
         "line": {"color": colour, "width": 2}}
        for name, values, colour in lines
    ]  # fmt: skip
    layout = _layout(
        "units of the layer", "P(dead) before training", x={"type": "category"}, y={"range": [-0.03, 1.05]}
    )
    return {"data": data, "layout": layout}


def _chance_alt(trace: Trace) -> str:
    told = ", ".join(
        f"{size}: {percent(share)}" for size, share in zip(SIZES, trace.facts["chance_all"], strict=True)
    )
    return f"How likely a layer of ReLUs is dead as a whole before training, on these inputs. Units {told}."


CHARTS = (
    Chart(
        "What the activation gets (97 training pairs); left of the line a ReLU is 0",
        _histogram,
        _histogram_alt,
    ),
    Chart("How likely ReLU units are dead from the start, on these inputs", _chance, _chance_alt),
)
