"""What people can guess about a cross-entropy before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.losses.sparse_softmax_cross_entropy_words import WAYS, short


def _loss_answers(trace: Trace) -> Sequence[str]:
    told, ways = trace.facts, trace.facts["ways"]
    guesses = [ways[way] for way in ("tf", "binary", "double")] if ways else []
    others = [*guesses, told["chance"], 0.0, math.nan, 1.0]
    return list(dict.fromkeys(short(value) for value in (told["loss"], *others)))[:4]


def _loss_why(trace: Trace) -> str:
    told = trace.facts
    if not told["label_kept"]:
        return f"Label {told['label']} is the one that is ignored: its loss is 0."
    if not told["label_is_class"]:
        return " ".join(trace.notes)
    right = f"−log softmax of class {told['label']} is −log {short(told['probability'])}"
    right += f" = {short(told['ways']['tf'])}. "
    return right + " ".join(trace.notes)


def _shift_answers(trace: Trace) -> Sequence[str]:
    return ["nothing", "it grows by 5", "it falls by 5", "it is multiplied by e⁵"]


def _shift_why(trace: Trace) -> str:
    told = trace.facts
    value = short(told["ways"]["tf"]) if told["ways"] else short(told["loss"])
    return f"log Σ exp(z + 5) is 5 more, and so is the label's own logit: their difference stays {value}."


def _sign(trace: Trace) -> float:
    told = trace.facts
    return float(told["gradient"][told["label"]]) if told["label_is_class"] else math.nan


def _sign_answers(trace: Trace) -> Sequence[str]:
    kinds = ["below zero", "zero", "above zero", "NaN"]
    slope = _sign(trace)
    if not trace.facts["label_is_class"]:
        place = 1 if not trace.facts["label_kept"] else 3
    else:
        place = 3 if math.isnan(slope) else 1 if slope == 0 else 0 if slope < 0 else 2
    return [kinds[place], *(kind for kind in kinds if kind != kinds[place])]


def _sign_why(trace: Trace) -> str:
    told = trace.facts
    if not told["label_kept"]:
        return "The label is ignored, so nothing of this pixel counts."
    if not told["label_is_class"]:
        return "There is no such class, and every gradient of the row is NaN."
    way = WAYS[trace.parameters["way"]]
    return (
        f"It is {short(_sign(trace))} by {way}. For the true loss it is softmax − 1, never above 0: descent raises "
        f"this logit. {' '.join(trace.notes)}"
    )


PREDICTIONS = (
    Prediction(
        lambda trace: (
            f"What is the loss of label {trace.facts['label']} by “{WAYS[trace.parameters['way']]}”?"
        ),
        _loss_answers,
        _loss_why,
    ),
    Prediction(
        lambda trace: "Add 5 to every logit. What happens to TensorFlow's loss?",
        _shift_answers,
        _shift_why,
    ),
    Prediction(
        lambda trace: "And the gradient in the label's own logit: which sign has it?",
        _sign_answers,
        _sign_why,
    ),
)
