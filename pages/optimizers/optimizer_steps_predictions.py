"""Questions about a path that can be asked in any state."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.optimizers.optimizer_steps_words import NAMES, place
from pages.optimizers.rmsprop_update_delta_words import short


def _distinct(*values: float) -> list[str]:
    return list(dict.fromkeys(short(value) for value in values))[:4]


def _delta(trace: Trace) -> Sequence[str]:
    at, rate = trace.facts["at"], trace.parameters["learning_rate"]
    return _distinct(at["delta"], at["sgd"], -at["delta"], -rate, 2 * rate)


def _delta_why(trace: Trace) -> str:
    at = trace.facts["at"]
    if at["g"] and at["delta"] == at["sgd"]:
        return f"Exactly −η · g = {short(at['sgd'])}: there is nothing to remember yet."
    return f"−η · g is {short(at['sgd'])}; what the slots hold makes {short(at['delta'])} of it. See the formula below."


def _fate(trace: Trace) -> Sequence[str]:
    told, (first, last) = trace.facts, trace.facts["losses"]
    kinds = [
        "it becomes infinite or NaN",
        "it is larger than at the start",
        "it is less than a tenth",
        "it is smaller, but more than a tenth",
        "it stays exactly the same",
    ]
    if told["lost_at"] is not None:
        right = 0
    elif last == first:
        right = 4
    else:
        right = 1 if last > first else 2 if last < first - 0.9 * abs(first) else 3
    return [kinds[right], *(kind for place, kind in enumerate(kinds[:4]) if place != right)]


def _fate_why(trace: Trace) -> str:
    told, (first, last) = trace.facts, trace.facts["losses"]
    bound = (
        f" The largest learning rate that descends here is {short(told['largest_rate'])}."
        if told["largest_rate"]
        else ""
    )
    return f"From {short(first)} to {short(last)}; the path ends at {place(told['end'])}.{bound}"


def _slots(trace: Trace) -> Sequence[str]:
    count = sum(name in trace.tensors for name in ("m", "v")) * trace.facts["weights"]
    return list(
        dict.fromkeys(
            str(n)
            for n in (
                count,
                trace.facts["weights"],
                0,
                2 * trace.facts["weights"],
                3 * trace.facts["weights"],
            )
        )
    )[:4]


def _slots_why(trace: Trace) -> str:
    kinds = [name for name in ("m", "v") if name in trace.tensors]
    each = f"slots {' and '.join(kinds)}, one number a weight each" if kinds else "it has no slots"
    return f"{NAMES[trace.parameters['optimizer']]}: {each}. For a real network that is memory: Adam triples that of the weights."


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"{NAMES[t.parameters['optimizer']]}, step {t.parameters['chosen'][1]}: the gradient of weight "
            f"{t.parameters['chosen'][0]} is {short(t.facts['at']['g'])}, the learning rate "
            f"{short(t.parameters['learning_rate'])}. What is added to the weight?"
        ),
        _delta,
        _delta_why,
    ),
    Prediction(lambda t: f"What becomes of the loss in {t.parameters['steps']} steps?", _fate, _fate_why),
    Prediction(
        lambda t: (
            f"How many numbers does {NAMES[t.parameters['optimizer']]} remember from step to step here?"
        ),
        _slots,
        _slots_why,
    ),
)
