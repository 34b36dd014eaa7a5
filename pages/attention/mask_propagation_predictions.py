"""What people can guess about a mask's way before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.attention.mask_propagation_words import ROUNDING, apart
from pages.kit.declare import Prediction


def _lost_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    places = {place: f"layer {place}, {name}" for place, name in enumerate(told["names"], 1)}
    at = told["lost_at"] or told["failed_at"]
    nowhere = "nowhere: each layer passes it on or uses it up"
    right = places[at] if at else nowhere
    return list(dict.fromkeys([right, nowhere, *places.values()]))[:5]


def _lost_why(trace: Trace) -> str:
    told = trace.facts
    said = "; ".join(
        f"{name} {verdict}" for name, verdict in zip(told["names"], told["verdicts"], strict=True)
    )
    return f"{said}."


def _true_answers(trace: Trace) -> Sequence[str]:
    kinds = ["the same numbers", "other numbers", "NaN", "no answer: a layer fails"]
    value = trace.facts["differences"].get("keras_mask")
    if trace.facts["error"]:
        right = 3
    elif value is not None and math.isnan(value):
        right = 2
    else:
        right = 0 if value is None or value < ROUNDING else 1
    return [kinds[right], *(kind for kind in kinds if kind != kinds[right])]


def _true_why(trace: Trace) -> str:
    told = trace.facts
    if told["error"]:
        return str(told["error"])
    truth = "the cut sequence" if told["truth"] == "padding_cut" else "the stack with its mask put back"
    return (
        f"The largest difference to {truth} is {apart(told['differences'].get('keras_mask'))}; without any mask it would be "
        f"{apart(told['differences'].get('no_mask'))}."
    )


def _last_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    kinds = ["yes", "no", "it is not reached"]
    reached = told["failed_at"] is None or told["failed_at"] >= len(told["names"])
    right = 2 if not reached else 0 if told["receives"][-1] else 1
    return [kinds[right], *(kind for kind in kinds if kind != kinds[right])]


PREDICTIONS = (
    Prediction(lambda t: "At which layer does the mask get lost?", _lost_answers, _lost_why),
    Prediction(
        lambda t: (
            f"{t.facts['padding']} of {len(t.parameters['tokens'])} steps are padding. Beside the sentence "
            "without its padding, the stack gives …"
        ),
        _true_answers,
        _true_why,
    ),
    Prediction(
        lambda t: f"Does the last layer, {t.facts['names'][-1]}, receive a mask?", _last_answers, _lost_why
    ),
)
