"""Warnings about a cross-entropy: NaN, infinity, saturation, labels that are no class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

CLIP = 1e-7  # what Keras keeps probabilities away from 0 and 1 by


def notes(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, ...]:
    """What is true of these losses and worth saying."""
    said = [
        _label(p, results, told),
        _handed(p),
        _empty(p, told),
        _special(p, results, told),
        _saturated(p, told),
        _mistake(p, told),
        _lone(told),
    ]
    return tuple(note for note in said if note)


def _label(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    labels, kept = results["labels"], results["kept"].astype(bool)
    wrong = sorted({int(label) for label in labels[kept] if not 0 <= label < told["classes"]})
    if not wrong:
        return ""
    named = ", ".join(map(str, wrong))
    return (
        f"Label {named} is none of the classes 0 to {told['classes'] - 1}. XLA answers NaN without a word, as GPUs "
        "do; on a CPU, eager and graph mode raise an error."
    )


def _handed(p: Mapping[str, Any]) -> str:
    if p["labels_as"] == "extra axis":
        return "The labels came with a last axis of 1. Keras takes it away without a word; tf.nn raises."
    if p["labels_as"] == "fractions":
        return (
            "The labels came as fractions, 0.7 above each class. Keras cut them off without a word: the losses are "
            "those of the whole numbers. tf.nn raises."
        )
    return ""


def _empty(p: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if told["kept"]:
        return ""
    answer = {
        "mean of kept": "Σ loss · mask ÷ Σ mask is 0 ÷ 0 = NaN, its gradient is NaN too, and one such batch makes "
        "every weight NaN",
        "keras": "Keras divides with divide_no_nan: the loss is 0, and no weight moves",
    }.get(p["reduction"], "every loss is 0, and no weight moves")
    return f"Every label is ignored: {answer}."


def _special(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if not told["label_is_class"] or not told["label_kept"] or math.isfinite(told["loss"]):
        return ""
    row, column = p["pixel"] if p["mode"] == "pixels" else (0, 0)
    z = results["scaled" if "scaled" in results else "logits"][0, row, column]
    if np.isneginf(z).all():
        return "Every class is ruled out: softmax of nothing but −∞ is 0 ÷ 0, so the loss is NaN."
    if np.isneginf(z[told["label"]]):
        return "The label's own logit is −∞: its probability is exactly 0 and the loss infinite."
    if p["way"] == "naive":
        return (
            f"exp overflows: {p['dtype']} ends near exp({88.7 if p['dtype'] == 'float32' else 709.8}), and ∞ ÷ ∞ is "
            "NaN while a number ÷ ∞ is 0, whose logarithm is −∞. Subtract the largest logit first."
        )
    return "A probability was rounded to 0 or 1 before its logarithm was taken."


def _saturated(p: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if p["way"] != "keras-probabilities" or not told["ways"]:
        return ""
    eager, graph = (told[mode]["keras-probabilities"] for mode in ("ways", "in_graph"))
    if not told["label_kept"] or abs(eager - graph) <= 1e-3 * max(1.0, abs(graph)):
        return ""
    return (
        f"The same call gives {eager:.4g} eagerly and {graph:.4g} in a graph. Eagerly Keras sees probabilities only, "
        f"and keeps them {CLIP:g} away from 0 and 1; in a graph it finds the softmax and takes its logits. "
        "from_logits=True gives the second everywhere."
    )


def _mistake(p: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    if not told["ways"] or not told["label_kept"]:
        return ""
    right = told["ways"]["tf"]
    if p["way"] == "double":
        least = math.log(1 + (told["classes"] - 1) / math.e)
        return (
            f"Softmax twice: the second one only sees numbers from 0 to 1, so this loss never falls below "
            f"{least:.4g}, however sure and right the logits are. The loss is {right:.4g}."
        )
    if p["way"] == "keras-raw":
        return (
            "Keras was given logits and told nothing: it takes them for probabilities, cuts them to 0 … 1 and divides "
            f"by their sum. Where it cuts, the gradient is exactly 0. The loss is {right:.4g}."
        )
    return ""


def _lone(told: Mapping[str, Any]) -> str:
    if told["classes"] > 1:
        return ""
    return "With one class softmax is 1 whatever the logit: the loss is 0 and there is nothing to learn."
