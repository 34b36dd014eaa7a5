"""What people can guess about constrained weights before they look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Trace
from pages.kit.declare import Prediction
from pages.optimizers.weight_constraints_words import METHODS, row, short


def _end_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    target = trace["target"].astype(float)
    others = [float(target.min()), 0.0, told["smallest"] / 2 if told["smallest"] else -0.25, 1.0]
    return list(dict.fromkeys([short(told["smallest"]), *map(short, others)]))[:4]


def _end_why(trace: Trace) -> str:
    method = trace.parameters["method"]
    if trace.facts["diverged"] is not None:
        return "The learning rate is too large: each step lands further away than the one before."
    why = {
        "none": "Nothing holds it: it goes where the loss is smallest.",
        "projection": "After every update the weights are moved to the nearest allowed ones: exactly onto the border.",
        "min-penalty": "Its slope is λ wherever a weight is negative: too weak below a threshold, and a jump above.",
        "sum-penalty": "Its slope is λ wherever a weight is negative: too weak below a threshold, and a jump above.",
        "squared-penalty": "Loss and penalty balance at target ÷ (1 + λ): closer to 0 with λ, and never there.",
        "softplus": "softplus is positive everywhere and reaches 0 only at −∞.",
        "square": "A square is never negative, and its slope vanishes as it comes near 0.",
        "relu": "relu gives 0, and below it no gradient leads back.",
    }[method]
    return f"{why} The weights end at {row(trace.facts['final'])}."


def _push_answers(trace: Trace) -> Sequence[str]:
    changed = int((np.abs(trace["after"] - trace["updated"]) > 0).sum())
    total = trace.facts["weights"]
    return list(dict.fromkeys(map(str, (changed, 0, 1, total, total - 1, total + 1))))[:4]


def _push_why(trace: Trace) -> str:
    updated, after = (trace[name].ravel().tolist() for name in ("updated", "after"))
    return f"The update alone gives {row(updated)}; what comes out is {row(after)}."


def _node_answers(trace: Trace) -> Sequence[str]:
    inside, once, _ = trace.facts["nodes"]
    added, count = inside[-1] - inside[0], trace.parameters["iterations"]
    return list(dict.fromkeys(map(str, (added, 0, count, added // count, once[-1]))))[:4]


def _node_why(trace: Trace) -> str:
    inside, once, _ = trace.facts["nodes"]
    each = (inside[-1] - inside[0]) // trace.parameters["iterations"]
    return (
        f"Each call makes new operations, {each} of them: {inside[0]} → {inside[-1]}. Made once, the graph stays "
        f"at {once[-1]}, and every step runs the same nodes."
    )


PREDICTIONS = (
    Prediction(
        lambda trace: (
            f"What is the smallest weight after {trace.parameters['steps']} steps "
            f"({METHODS[trace.parameters['method']]})?"
        ),
        _end_answers,
        _end_why,
    ),
    Prediction(
        lambda trace: (
            f"In update {trace.facts['shown'] + 1}, how many of the {trace.facts['weights']} numbers are changed "
            "after the optimizer's own step?"
        ),
        _push_answers,
        _push_why,
    ),
    Prediction(
        lambda trace: (
            f"A TensorFlow 1 loop calls assign(clip(…)) {trace.parameters['iterations']} times. How many nodes "
            "are added to its graph?"
        ),
        _node_answers,
        _node_why,
    ),
)
