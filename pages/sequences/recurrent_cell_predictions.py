"""What people can guess about a recurrent cell before they look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Trace
from pages.kit.declare import Prediction
from pages.sequences.recurrent_cell_words import answer, formula, short, sizes, times


def _count_answers(trace: Trace) -> Sequence[str]:
    told, p = trace.facts, trace.parameters
    right = told["formula"]
    others = (
        right // told["gates"],
        right * p["timesteps"],
        right + p["units"],
        right - p["units"],
        right + 1,
    )
    return list(dict.fromkeys(map(str, (right, *others))))[:4]


def _count_why(trace: Trace) -> str:
    return (
        f"gates · units · (features + units + biases) = {formula(trace)}. All timesteps share these numbers."
    )


def _shape_answers(trace: Trace) -> Sequence[str]:
    p = trace.parameters
    right = answer(trace, p["return_sequences"])
    others = (answer(trace, not p["return_sequences"]), (p["batch"], p["units"], p["timesteps"]),
              (p["batch"], p["timesteps"], p["features"]), (p["batch"], p["timesteps"], p["units"] + 1))  # fmt: skip
    return list(dict.fromkeys(map(sizes, (right, *others))))[:4]


def _shape_why(trace: Trace) -> str:
    if trace.parameters["return_sequences"]:
        return "One output of `units` numbers for every timestep of every sequence."
    return (
        "Without return_sequences only the output of the last timestep is handed out: the time axis is gone."
    )


def _moves(trace: Trace) -> bool:
    """Whether the state of the sequence shown changes in the last step."""
    sample = trace.facts["sample"]
    return bool(np.any(trace["h"][sample, -1] != trace["h_before"][sample, -1]))


def _moved_answers(trace: Trace) -> Sequence[str]:
    yes, no = "It changes.", "It is copied, to the last bit."
    return [yes, no] if _moves(trace) else [no, yes]


def _moved_why(trace: Trace) -> str:
    sample = trace.facts["sample"]
    apart = float(np.abs(trace["h"][sample, -1] - trace["h_before"][sample, -1]).max())
    if "mask" in trace.tensors and not trace["mask"][sample, -1]:
        return "The step is masked: tf.where takes the state before."
    if trace.parameters["padding"] != "none" and not trace.parameters["masking"]:
        return f"Zeros are input too: kernels, biases and the state before go on working. It moves by {short(apart)}."
    return f"The step is real, and is computed. It moves by {short(apart)}."


def _reach_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    others = (told["steps"], 1, told["steps"] - 1, told["steps"] + 1)
    return list(dict.fromkeys(map(str, (told["reached"], *others))))[:4]


def _reach_why(trace: Trace) -> str:
    p = trace.parameters
    if p["calls"] == 1:
        return "One call: there is a path from every step to the loss, however little comes through."
    how = (
        "hands on its states as values"
        if p["stateful"]
        else "hands on nothing: the next one starts from the first state"
    )
    return f"The loss is in the last call of {times(p['timesteps'], 'step')}, and an earlier call {how}. The others get None."


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"How many parameters has this {t.parameters['cell']} of {times(t.parameters['units'], 'unit')}?"
        ),
        _count_answers,
        _count_why,
    ),
    Prediction(lambda t: "What shape does one call hand out as its output?", _shape_answers, _shape_why),
    Prediction(
        lambda t: f"What happens to h of sequence {t.facts['sample']} in the last step?",
        _moved_answers,
        _moved_why,
    ),
    Prediction(
        lambda t: f"From how many of the {times(t.facts['steps'], 'step')} does a path lead to the loss?",
        _reach_answers,
        _reach_why,
    ),
)
