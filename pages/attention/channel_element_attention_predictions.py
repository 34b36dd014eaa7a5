"""What people can guess about the two attention modules before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.attention.channel_element_attention_words import between, count, shape, short
from pages.kit.declare import Prediction


def _distinct(answers: Sequence[str]) -> Sequence[str]:
    return list(dict.fromkeys(answers))[:4]


def _weights_answers(trace: Trace) -> Sequence[str]:
    channels, units = trace.parameters["channels"], trace.facts["units"]
    right = trace.facts["gate_weights"]
    guesses = (right, channels * channels, right + channels + units, channels * units, right + 1)
    return _distinct([count(guess) for guess in guesses])


def _weights_why(trace: Trace) -> str:
    channels, units = trace.parameters["channels"], trace.facts["units"]
    return (
        f"int({channels} / {trace.parameters['reduction']}) = {units} hidden units, and two layers without bias: "
        f"{channels} · {units} + {units} · {channels}. How many places there are does not matter."
    )


def _shape_answers(trace: Trace) -> Sequence[str]:
    batch, height, width, classes = trace.facts["score_shape"]
    channels = trace.parameters["channels"]
    guesses = (
        (batch, height, width, classes),
        (batch, classes),
        (batch, height, width, 1),
        (batch, height, width, channels),
        (batch, height, width),
    )
    return _distinct([shape(guess) for guess in guesses])


def _shape_why(trace: Trace) -> str:
    return (
        f"S gives every place {trace.parameters['classes']} scores, A as many weights, and M multiplies them cell "
        "by cell. Only the mean over places makes logits of it."
    )


def _sums_answers(trace: Trace) -> Sequence[str]:
    choices = [
        "at each place, over the classes",
        "for each class, over the places",
        "over all places and classes together",
        "nowhere: there is no softmax",
    ]
    ends = trace.facts["class_sum_ends"]
    if ends is None:
        right = 3
    elif trace.parameters["softmax"] == "classes":
        right = 0
    else:
        right = 1
    return [choices[right], *(choice for choice in choices if choice != choices[right])]


def _sums_why(trace: Trace) -> str:
    told = trace.facts
    if told["class_sum_ends"] is None:
        return "The element-wise attention is off: M is S."
    return (
        f"Over the classes A adds up to {between(*told['class_sum_ends'])}, over the places to "
        f"{between(*told['space_sum_ends'])}. The axis of the softmax decides what competes with what."
    )


def _gradient_answers(trace: Trace) -> Sequence[str]:
    norm = trace.facts["gradient_norms"][0]
    kinds = ["a gradient other than 0", "exactly 0", "None"]
    right = 2 if "reduce" in trace.facts["gradients_none"] else 1 if norm == 0 else 0
    return [kinds[right], *(kind for kind in kinds if kind != kinds[right])]


def _gradient_why(trace: Trace) -> str:
    if "reduce" in trace.facts["gradients_none"]:
        return (
            "The channel attention is off: the loss has no path to its weights, and TensorFlow answers None."
        )
    norm = trace.facts["gradient_norms"][0]
    if norm == 0:
        return (
            "There is a path, but nothing comes through it: a closed ReLU, an open or shut gate, or no slope."
        )
    return f"Its norm is {short(norm)}: through gate and features the loss reaches the squeeze."


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"How many weights has the channel attention, D = {t.parameters['channels']}, "
            f"ratio {t.parameters['reduction']}?"
        ),
        _weights_answers,
        _weights_why,
    ),
    Prediction(lambda t: "Which shape has M, what the logits are the mean of?", _shape_answers, _shape_why),
    Prediction(lambda t: "Where does the attention A add up to 1?", _sums_answers, _sums_why),
    Prediction(
        lambda t: "What do the first weights of the channel attention (reduce) get from the loss?",
        _gradient_answers,
        _gradient_why,
    ),
)
