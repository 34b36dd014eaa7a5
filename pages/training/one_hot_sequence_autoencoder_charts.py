"""What a loss is worth beside trivial guesses, and what anomaly scores or slopes look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart, Table
from pages.training.one_hot_sequence_autoencoder_words import number, pairs, trained

CLEAR = "rgba(0,0,0,0)"
BLUE, ORANGE, GREY = "#2b8cbe", "#d95f0e", "#8c8c8c"
ACTIVATIONS, LOSSES = ("softmax", "relu", "sigmoid", "linear"), ("CCE", "sparse", "MSE", "BCE")


def _layout(across: str, down: str) -> dict[str, Any]:
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    return {
        "height": 300,
        "margin": {"l": 55, "r": 10, "t": 10, "b": 45},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "xaxis": {"title": {"text": across}, **grid},
        "yaxis": {"title": {"text": down}, **grid},
        "legend": {"orientation": "h", "y": 1.12},
    }


def _losses(trace: Trace) -> tuple[float, float]:
    """Of both pairs: over the training sequences of the last epoch, or of the one row."""
    told = trace.facts
    first, second = told["train_loss"] if trained(trace) else (told["loss"], told["beside_loss"])
    return first, second


def _worth(trace: Trace) -> list[tuple[str, float, float]]:
    """Name, loss, and the loss divided by that of the uniform guess."""
    told, (chosen, beside) = trace.facts, pairs(trace)
    own, other = _losses(trace)
    zero = told["zero_mse"]
    return [
        (chosen, own, own / told["uniform"][0]),
        (beside, other, other / told["uniform"][1]),
        ("every event alike", told["uniform"][0], 1.0),
        ("all outputs 0 (MSE)", zero, zero / told["uniform_mse"]),
    ]


def _trivial(trace: Trace) -> dict[str, Any]:
    rows = [(name, loss, share if np.isfinite(share) else 0.0) for name, loss, share in _worth(trace)]
    bars = {
        "type": "bar",
        "x": [name for name, _, _ in rows],
        "y": [share for _, _, share in rows],
        "text": [number(loss) for _, loss, _ in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [BLUE, ORANGE, GREY, GREY]},
    }
    layout = _layout("", "loss ÷ that of the uniform guess")
    layout["yaxis"]["range"] = [0, 1.15 * max(1.2, *(share for _, _, share in rows))]
    return {"data": [bars], "layout": layout}


def _trivial_alt(trace: Trace) -> str:
    told = "; ".join(f"{name}: {number(loss)}" for name, loss, _ in _worth(trace))
    return f"Losses as bars, each divided by what the uniform guess loses. {told}."


def _scores(trace: Trace) -> dict[str, Any]:
    """How many normal and abnormal sequences have which score."""
    scores, abnormal = trace["anomaly_scores"][0], trace["abnormal"]
    finite = np.isfinite(scores)
    low, high = (scores[finite].min(), scores[finite].max()) if finite.any() else (0.0, 1.0)
    edges = np.linspace(low, max(high, low + 1e-6), 25)
    middles = ((edges[1:] + edges[:-1]) / 2).round(5).tolist()
    data = []
    for name, kind, colour in (("normal", 0, BLUE), ("abnormal", 1, ORANGE)):
        counts, _ = np.histogram(scores[finite & (abnormal == kind)], edges)
        data.append(
            {
                "type": "bar",
                "name": name,
                "x": middles,
                "y": counts.tolist(),
                "marker": {"color": colour},
                "opacity": 0.75,
            }
        )
    layout = _layout(f"mean {trace.facts['pair'][1]} of a sequence held out", "sequences")
    return {"data": data, "layout": {**layout, "barmode": "overlay", "bargap": 0.05}}


def _slopes(trace: Trace) -> dict[str, Any]:
    """The slope that pushes the true event up, while its pre-activation moves."""
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": trace["sweep"].tolist(),
            "y": [float(value) if np.isfinite(value) else None for value in slope],
            "line": {"color": colour},
        }
        for name, slope, colour in zip(pairs(trace), trace["sweep_slope"], (BLUE, ORANGE), strict=True)
    ]
    return {"data": data, "layout": _layout("pre-activation of the true event", "slope of the loss")}


def _last(trace: Trace) -> dict[str, Any]:
    return _scores(trace) if trained(trace) else _slopes(trace)


def _last_alt(trace: Trace) -> str:
    chosen, beside = pairs(trace)
    if not trained(trace):
        flat = int((trace["sweep_slope"][0] == 0).sum())
        return (
            f"Slope of the loss at the true event's pre-activation from −6 to 6, for {chosen} and {beside}: "
            f"{chosen} is exactly flat at {flat} of {trace['sweep'].size} places."
        )
    told = trace.facts
    return (
        f"Anomaly scores of {told['held_out']} sequences, {told['abnormal']} of them abnormal. AUC "
        f"{number(told['auc'][0])} with {chosen}, {number(told['auc'][1])} with {beside}."
    )


CHARTS = (
    Chart("What the loss is worth", _trivial, _trivial_alt),
    Chart("Anomaly scores of a training; slope of one event", _last, _last_alt),
)


def _every(trace: Trace) -> Sequence[Sequence[str]]:
    table = trace["every_pair"]
    return [
        (activation, *(f"{number(loss)} · {number(slope)}" for loss, slope in row))
        for activation, row in zip(ACTIVATIONS, table, strict=True)
    ]


TABLES = (
    Table(
        "Every pair on what is shown",
        ("last activation", *LOSSES),
        _every,
        lambda t: (
            "Mean loss · largest slope, as computed inside fit. A slope of 0 teaches nothing."
            + (" To sparse an empty row is event 0." if t.facts["empty_rows"] else "")
        ),
    ),
)
