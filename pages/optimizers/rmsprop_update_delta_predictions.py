"""Questions about RMSprop's delta that can be asked in any state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Trace
from pages.kit.declare import Prediction
from pages.optimizers.rmsprop_update_delta_words import multiple, short


def _distinct(*values: float) -> list[str]:
    return list(dict.fromkeys(short(value) for value in values))[:4]


def _delta(trace: Trace) -> Sequence[str]:
    at, rate = trace.facts["at"], trace.parameters["learning_rate"]
    return _distinct(at["delta"], at["sgd"], -at["delta"], -rate, rate, 2 * rate)


def _delta_why(trace: Trace) -> str:
    at = trace.facts["at"]
    if at["g"] == 0:
        return f"The gradient is 0, and the delta {short(at['delta'])}: only momentum and decay move such a weight."
    return (
        f"−learning rate · g would be {short(at['sgd'])}. RMSprop divides g by {short(at['root'])}, the root of the running "
        f"average of its square, which makes {multiple(trace)} learning rates of it."
    )


def _farthest(trace: Trace) -> Sequence[str]:
    step = trace.parameters["chosen"][0]
    sizes = np.nan_to_num(np.abs(trace["delta"][step].astype(float)), nan=-1.0)
    if len(sizes) > 1 and np.ptp(sizes) <= 1e-3 * sizes.max():
        right = "all the same, to three digits"
    else:
        right = f"weight {int(sizes.argmax())}"
    others = [f"weight {place}" for place in range(len(sizes))]
    return list(dict.fromkeys([right, *others, "all the same, to three digits"]))[:4]


def _farthest_why(trace: Trace) -> str:
    step = trace.parameters["chosen"][0]
    given, moved = (", ".join(short(float(v)) for v in trace[name][step]) for name in ("g", "delta"))
    return f"Gradients {given} became deltas {moved}: each weight is divided by its own root."


def _stored(trace: Trace) -> Sequence[str]:
    answers = ["yes, in momentum, with the sign turned", "yes, in velocity", "no, in none"]
    has = trace.parameters["momentum"] > 0 and trace.parameters["weight_decay"] == 0
    return answers if has else [answers[2], *answers[:2]]


def _stored_why(trace: Trace) -> str:
    if trace.parameters["momentum"] == 0:
        return "With momentum 0 Keras makes no momentum slot; velocity holds the average of g²."
    if trace.parameters["weight_decay"]:
        return "The momentum slot is minus the delta without the weight decay, which is taken off separately."
    return "w −= m: the momentum slot is minus the delta. It exists only because momentum is above 0."


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"Step {t.parameters['chosen'][0]}: gradient {short(t.facts['at']['g'])}, learning rate "
            f"{short(t.parameters['learning_rate'])}. By how much does weight {t.parameters['chosen'][1]} change?"
        ),
        _delta,
        _delta_why,
    ),
    Prediction(
        lambda t: f"Which weight moves farthest at step {t.parameters['chosen'][0]}?",
        _farthest,
        _farthest_why,
    ),
    Prediction(lambda _: "Is the delta kept in one of Keras' slots?", _stored, _stored_why),
)
