"""The CNN-GRU lab's curves, charts and tables: scores, weights, sample order, what a loss says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart, Curve, Table
from pages.training.time_distributed_cnn_gru_words import is_repaired, number, percent, shape

CLEAR = "rgba(0,0,0,0)"
LINES = "rgba(128,128,128,0.25)"
BLUE, ORANGE, RED = "#2b8cbe", "#d9822b", "#d03b3b"
PARTS = ("CNN", "GRU", "dense")
LOSSES = ("CCE, called", "CCE, inside fit", "BCE, inside fit")


def curves(trace: Trace) -> Sequence[Curve]:
    """Scores of both models in one chart; losses in one only where they are the same; gradient norms."""
    scores = [("chosen", trace["score"]), ("repaired", trace["right_score"])]
    losses = [("chosen", trace.parameters["loss"], "loss"), ("repaired", "BCE", "right_loss")]
    if is_repaired(trace):
        scores, losses = scores[:1], losses[:1]
    found = [
        Curve(f"{name} model", pair.mean(axis=1), "balanced accuracy, held out") for name, pair in scores
    ]
    found += [
        Curve(f"{name} model, {loss}", trace[tensor], f"training loss, {loss}")
        for name, loss, tensor in losses
    ]
    for part, norms in zip(PARTS, trace["norms"].T, strict=True):
        none = ": None" if np.isnan(norms).all() else ""
        found.append(Curve(f"chosen model, {part}{none}", norms, "gradient norm", log=True))
    return found


def _layout(across: str, down: str) -> dict[str, Any]:
    return {
        "height": 320,
        "margin": {"l": 60, "r": 10, "t": 10, "b": 45},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"title": {"text": across}, "gridcolor": LINES, "zeroline": False},
        "yaxis": {"title": {"text": down}, "gridcolor": LINES, "zeroline": False},
    }


def _of_parts(trace: Trace, who: str) -> list[int]:
    """Weights of CNN, GRU and dense layer."""
    layers = trace.facts[f"{who}_layers"]
    return [trace.facts[f"{who}_cnn_weights"], layers[-2][2], layers[-1][2]]


def _weights(trace: Trace) -> dict[str, Any]:
    bars = []
    for who, name, colour in (("chosen", "chosen model", ORANGE), ("right", "repaired model", BLUE)):
        counts = _of_parts(trace, who)
        text = [f"{count:,}" if count else "<b>0</b>" for count in counts]
        ink: list[str | None] = [None if count else RED for count in counts]
        bars.append({
            "type": "bar", "name": name, "x": list(PARTS), "y": counts, "text": text, "textposition": "outside",
            "cliponaxis": False, "marker": {"color": colour},
            "textfont": {"color": [colour or "gray" for colour in ink], "size": 15},
        })  # fmt: skip
    most = max(_of_parts(trace, "chosen") + _of_parts(trace, "right"))
    layout = _layout("", "weights")
    layout["yaxis"]["range"] = [0, 1.15 * most]
    layout["xaxis"]["type"] = "category"
    return {"data": bars, "layout": layout | {"barmode": "group"}}


def _weights_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"CNN weights in the chosen model: {told['chosen_cnn_weights']:,} of {told['chosen_weights']:,}; "
        f"in the repaired one {told['right_cnn_weights']:,} of {told['right_weights']:,}."
    )


def _order(trace: Trace) -> dict[str, Any]:
    place, labels = trace["order"].ravel(), trace["order_labels"].ravel()
    data = []
    for kind, name, colour in ((0, "calm", BLUE), (1, "storm", ORANGE)):
        at = [int(number) for number in (labels == kind).nonzero()[0]]
        data.append({
            "type": "scattergl", "mode": "markers", "name": name, "x": at, "y": [int(place[one]) for one in at],
            "marker": {"color": colour, "size": 5},
        })  # fmt: skip
    layout = _layout("place in an epoch", "when the map was made")
    layout["yaxis"]["range"] = [-0.02 * trace.facts["maps"], 1.02 * trace.facts["maps"]]
    layout["xaxis"]["range"] = [-0.02 * trace.facts["maps"], 1.02 * trace.facts["maps"]]
    return {"data": data, "layout": layout}


def _order_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"{told['sequences']} of {told['all_sequences']} sequences are trained on, {percent(told['reached'])} of all "
        f"maps; {told['one_class']} of them show one class only. {percent(told['storms_trained_on'])} of the maps "
        f"trained on are storms, against {percent(told['storms_in_all'])} of all."
    )


def _layers(trace: Trace) -> list[list[str]]:
    told = trace.facts
    rows = []
    for who, name in (("chosen", "chosen"), ("right", "repaired")):
        for layer, sizes, weights in told[f"{who}_layers"]:
            rows.append([name, layer, shape(sizes), f"{weights:,}"])
        rows.append([name, "all", "", f"{told[f'{who}_weights']:,}"])
    rows += [["as posted", layer, "", f"{weights:,}"] for layer, weights in told["posted"].items()]
    return [*rows, ["as posted", "all", "", f"{sum(told['posted'].values()):,}"]]


def _said(trace: Trace) -> list[list[str]]:
    kinds = [
        f"{kind} ({many} of {trace.parameters['frames']})"
        for kind, many in zip(trace.facts["probe_kinds"], trace.facts["probe_positive"], strict=True)
    ]
    return [
        [kind, *(f"{number(loss)}; slope {number(slope)}" for loss, slope in zip(row, slopes, strict=True))]
        for kind, row, slopes in zip(kinds, trace["probe_loss"], trace["probe_slope"], strict=True)
    ]


CHARTS = (
    Chart("Where the weights are", _weights, _weights_alt),
    Chart("The order in which the chosen model sees the maps", _order, _order_alt),
)
TABLES = (
    Table(
        "What a loss says when all answers are equal, and its largest slope at a logit",
        ("positive labels", *LOSSES),
        _said,
        lambda _: (
            "Categorical cross-entropy sums over the positives: without one it is 0 and teaches nothing when called. "
            "Inside fit Keras hands the logits to TensorFlow, whose slope is softmax − label, right only where the "
            "labels sum to 1: with more positives training can raise the loss."
        ),
    ),
    Table(
        "Layers, shapes and weights",
        ("model", "layer", "output", "weights"),
        _layers,
        lambda t: (
            f"As posted, at 600 × 600 pixels: four sequences are {4 * 4 * t.parameters['frames'] * 600 * 600 * 3 / 1e6:,.1f} MB "
            "of float32, and the DenseNet121 that was built, 7,037,504 weights, is in none of it."
        ),
    ),
)
