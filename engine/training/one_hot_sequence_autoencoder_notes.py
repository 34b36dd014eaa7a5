"""Warnings about a pair of output activation and loss, and about what became of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

CROSS = ("CCE", "sparse")
UNFIT = {
    ("relu", "CCE"): "relu and cross-entropy do not fit: Keras divides a row by its sum, and a row of zeros is 0 ÷ 0 = NaN.",
    ("relu", "sparse"): "relu and cross-entropy do not fit: Keras cuts outputs at 1e-7, and what is cut has no slope.",
    ("linear", "CCE"): "Without an activation Keras takes raw scores for probabilities: it divides by their sum, which may "
    "be near 0 or negative, and cuts at 1e-7. Say from_logits=True, or put a softmax.",
    ("linear", "sparse"): "Without an activation Keras takes raw scores for probabilities and cuts them to 1e-7 … 1: where "
    "it cuts, nothing is learned. Say from_logits=True, or put a softmax.",
    ("sigmoid", "CCE"): "Sigmoid with categorical cross-entropy: Keras divides each row by its sum first, so that it works "
    "like a softmax of other scores, and only ratios count: all outputs may sink to 0 together.",
    ("sigmoid", "sparse"): "Sigmoid with sparse cross-entropy: each output answers for itself, and only ratios count.",
    ("relu", "BCE"): "relu goes beyond 1, where binary cross-entropy cuts it: nothing is learned there, nor at 0.",
    ("linear", "BCE"): "Binary cross-entropy cuts raw scores to 0 … 1; outside there is no slope. Say from_logits=True.",
}  # fmt: skip


def notes(p: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, ...]:
    """What is true of this state and worth saying."""
    said = [
        told.get("stopped", ""),
        UNFIT.get(tuple(told["pair"]), ""),
        _dead(told),
        _empty(told),
        _modes(told),
        _height(p),
        _filled(p, told),
    ]
    return tuple(note for note in said if note)


def _dead(told: Mapping[str, Any]) -> str:
    if told["nan_slopes"] or told["zero_slopes"] < told["entries"] or told["empty_rows"] == told["rows"]:
        return ""
    return f"Every slope is exactly 0: {' + '.join(told['pair'])} learns nothing from what is shown here."


def _empty(told: Mapping[str, Any]) -> str:
    if not told["empty_rows"]:
        return ""
    rows = "1 row has" if told["empty_rows"] == 1 else f"{told['empty_rows']} rows have"
    return (
        f"{rows} no event. With categorical cross-entropy such a row costs 0, whatever comes out. Eagerly it sends nothing "
        "back; inside fit TensorFlow's softmax cross-entropy takes for granted that a target sums to 1, and sends back "
        'softmax − 0: it pulls all outputs of the row level. Add a class "none".'
    )


def _modes(told: Mapping[str, Any]) -> str:
    """Keras' two answers for one saturated row."""
    if "eager_loss" not in told:
        return ""
    eager, graph = told["eager_loss"][0], told["loss"]
    if not (math.isfinite(eager) and math.isfinite(graph)) or abs(eager - graph) <= 1e-3 * max(1, abs(graph)):
        return ""
    return (
        f"This loss is {eager:.4g} in eager mode and {graph:.4g} inside fit: eagerly Keras sees probabilities only and "
        "keeps them 1e-7 away from 0 and 1; in a graph it finds the activation and takes its logits."
    )


def _height(p: Mapping[str, Any]) -> str:
    if p["part"] != "one event" or p["height"] == 1 or p["rows"] is not None:
        return ""
    if p["activation"] in ("sigmoid", "softmax") and not 0 <= p["height"] <= 1:
        return f"The target {p['height']:g} is out of reach: {p['activation']} stays between 0 and 1."
    return "The target is not one-hot: this is regression."


def _filled(p: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if p["part"] != "one event" or len(p["pre"]) == told["width"]:
        return ""
    less = len(p["pre"]) < told["width"]
    what = "the missing ones are −1" if less else "the last ones are left out"
    return f"{len(p['pre'])} pre-activations for {told['width']} classes: {what}."
