"""What people can guess about masked attention before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.attention.masked_softmax_words import percent, row, short, vanishes
from pages.kit.declare import Prediction


def _sum_answers(trace: Trace) -> Sequence[str]:
    total = trace.facts["sum"]
    right = (
        "NaN" if math.isnan(total) else "0" if total == 0 else "1" if abs(total - 1) < 0.02 else short(total)
    )
    return list(dict.fromkeys([right, "1", "0", "NaN", "less than 1, but not 0"]))


def _sum_why(trace: Trace) -> str:
    weights = row(trace["weights"].astype(float).tolist())
    return f"The weights are {weights}. " + " ".join(trace.notes)


def _mass_answers(trace: Trace) -> Sequence[str]:
    tokens, positions = trace.facts["tokens"], trace.facts["positions"]
    others = [percent(tokens / positions), "100 %", "0 %", "NaN", "50 %"]
    return list(dict.fromkeys([percent(trace.facts["mass"]), *others]))[:4]


def _mass_why(trace: Trace) -> str:
    told = trace.facts
    return (
        f"{told['kept']} of {told['positions']} positions are kept. Without a mask the real tokens "
        f"would hold {percent(told['mass_unmasked'])}: each position counts with exp(score), not with a vote."
    )


def _gradient_answers(trace: Trace) -> Sequence[str]:
    gradient = float(trace["score_gradient"][-1])
    kinds = ["zero (up to rounding)", "a number other than zero", "NaN", "None"]
    place = 2 if math.isnan(gradient) else 0 if vanishes(trace, -1) else 1
    return [kinds[place], *(kind for kind in kinds if kind != kinds[place])]


def _gradient_why(trace: Trace) -> str:
    gradient = float(trace["score_gradient"][-1])
    if math.isnan(gradient):
        return "The weights are NaN, and so is every gradient that passes through them."
    said = f"It is {short(gradient)}: weight · (direction · value − loss) ÷ temperature."
    return said + f" The last weight is {short(float(trace['weights'][-1]))}."


PREDICTIONS = (
    Prediction(
        lambda trace: f"What do the weights of these {trace.facts['positions']} positions add up to?",
        _sum_answers,
        _sum_why,
    ),
    Prediction(
        lambda trace: (
            f"How much of the weight is on real tokens ({trace.facts['tokens']} of "
            f"{trace.facts['positions']} positions)?"
        ),
        _mass_answers,
        _mass_why,
    ),
    Prediction(
        lambda trace: "What does the loss send back to the score of the last position?",
        _gradient_answers,
        _gradient_why,
    ),
)
