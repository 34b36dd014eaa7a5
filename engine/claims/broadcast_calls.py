"""What TensorFlow and Keras answer where shapes differ: losses, layers, biases and checks.

An answer is the number or shape that came back, or the error with its first line. A claim asks here
instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.parameters import Integer
from engine.technique import Cost, Story
from engine.trace import Tensor

PARAMETERS = (Integer("n", 47, 2, 64, "examples; predictions [n, 1] equal labels [n]"),)
CALLS = (
    "tf mean of squares",
    "keras loss",
    "keras evaluate, own loss",
    "keras loss [1, 1] and [1, 6, 1]",
    "layers.Add",
    "bias_add",
    "ensure_shape",
    "assert_shapes",
    "concat",
    "int32 + float32",
)


def check(n: int) -> None:
    """Nothing to hold beyond the bounds."""


def cost(n: int) -> Cost:
    """A few small tensors and one tiny model."""
    return Cost(memory=4096 + 40 * n * n, work=10_000 + 40 * n * n)


def arguments(n: int) -> dict[str, Any]:
    return {"n": n}


def broadcast_calls(n):  # type: ignore[no-untyped-def]
    """Each call's answer, string[call]."""
    import keras
    import tensorflow as tf

    labels = tf.range(n, dtype=tf.float32)
    predictions = labels[:, None]

    def mean_of_squares(y, p):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(tf.square(p - y))

    def evaluated():  # type: ignore[no-untyped-def]
        model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
        model.compile(loss=mean_of_squares, run_eagerly=True)
        return model.evaluate(predictions, labels, batch_size=n, verbose=0)

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            value = call()
        except Exception as e:
            said = str(getattr(e, "message", "") or e).partition("\n")[0]
            return f"{type(e).__name__}: {said.rpartition('}} ')[2].partition(' [Op:')[0]}"
        return f"{value:.7g}" if isinstance(value, float) or not value.shape.rank else str(list(value.shape))

    calls = (
        lambda: mean_of_squares(labels, predictions),
        lambda: keras.losses.MeanSquaredError()(labels, predictions),
        evaluated,
        lambda: keras.losses.MeanSquaredError()(tf.ones([1, 1]), tf.zeros([1, 6, 1])),
        lambda: keras.layers.Add()([predictions, labels]),
        lambda: tf.nn.bias_add(tf.ones([2, 3]), tf.ones([1])),
        lambda: tf.ensure_shape(predictions, [n]),
        lambda: tf.debugging.assert_shapes([(predictions, ("n",)), (labels, ("n",))]),
        lambda: tf.concat([predictions, labels], axis=0),
        lambda: tf.constant([1]) + tf.constant([1.0]),
    )
    return {"answers": tf.constant([answer(call) for call in calls])}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back."""
    answers = [bytes(text).decode() for text in results["answers"]]
    lengths = np.array([len(text) for text in answers])
    shown = {"answers": Tensor(lengths, ("call",), "characters of each answer")}
    return Story(shown, (), {"answers": dict(zip(CALLS, answers, strict=True))})
