"""What Keras' optimizers answer to the calls that people get wrong.

An answer is "accepted" or the first line of the error. A claim asks here instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Choice
from engine.technique import Cost, Story

CALLS = (
    "new variable", "only None", "empty list", "rho 1.5", "momentum 2", "learning rate −1", "get_slot", "SGD momentum 2",
)  # fmt: skip
PARAMETERS = (Choice("optimizer", "RMSprop", ("RMSprop", "Adam"), "which optimizer is called"),)


def check(optimizer: str) -> None:
    """Nothing beyond the choice."""


def cost(optimizer: str) -> Cost:
    return Cost(memory=4096, work=1000)


def arguments(optimizer: str) -> dict[str, Any]:
    return {"optimizer": optimizer}


def optimizer_calls(optimizer):  # type: ignore[no-untyped-def]
    """Each call's answer: string[call]."""
    import keras
    import tensorflow as tf

    make = getattr(keras.optimizers, optimizer)
    w, one = tf.Variable([1.0]), tf.constant([1.0])
    used = make(0.01)
    used.apply_gradients([(one, w)])

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            call()
            return "accepted"
        except Exception as e:
            return f"{type(e).__name__}: {str(e).splitlines()[0]}"

    calls = (
        lambda: used.apply_gradients([(one, tf.Variable([2.0]))]),
        lambda: used.apply_gradients([(None, w)]),
        lambda: used.apply_gradients([]),
        lambda: keras.optimizers.RMSprop(rho=1.5),
        lambda: keras.optimizers.RMSprop(momentum=2.0),
        lambda: make(-1.0),
        lambda: used.get_slot(w, "momentum"),
        lambda: keras.optimizers.SGD(momentum=2.0),
    )
    return {"answers": tf.constant([answer(call) for call in calls])}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back."""
    answers = [bytes(text).decode() for text in results["answers"]]
    return Story({}, (), {"answers": dict(zip(CALLS, answers, strict=True))})
