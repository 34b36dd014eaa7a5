"""What TensorFlow and Keras answer to the ways in which people hand logits and labels to a loss.

An answer is the loss as numbers, or the error with its first line. A claim asks here instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story
from engine.trace import Tensor

PARAMETERS = (Integer("classes", 3, 2, 10, "logits are 0, 1, 2, …"),)
CALLS = (
    "label too large, eager",
    "label too large, graph",
    "label too large, xla",
    "label too large, keras",
    "label too large, one_hot",
    "label negative, eager",
    "(logits, labels)",
    "labels [n, 1], tf.nn",
    "labels [n, 1], keras",
    "labels 1.7, tf.nn",
    "labels 1.7, keras",
    "integer logits",
    "no class",
    "empty batch",
    "extreme, tf.nn",
    "extreme, -log softmax",
    "all ignored, keras mean",
    "one of two ignored, keras mean",
)


def check(classes: int) -> None:
    """Nothing to hold beyond the bounds."""


def cost(classes: int) -> Cost:
    """Eighteen losses of one row, and one second derivative."""
    return Cost(memory=4096 * classes**2, work=10_000 * classes**2)


def arguments(classes: int) -> dict[str, Any]:
    return {"classes": classes}


def loss_calls(classes):  # type: ignore[no-untyped-def]
    """Each call's answer, string[call], and the Hessian by TensorFlow and by formula, float32[class, class]."""
    import keras
    import tensorflow as tf

    tf_loss = tf.nn.sparse_softmax_cross_entropy_with_logits
    keras_loss = keras.losses.sparse_categorical_crossentropy
    logits, far = tf.range(classes, dtype=tf.float32)[None], tf.constant([[0.0, 1000.0]])

    def by_tf(labels, given=logits):  # type: ignore[no-untyped-def]
        return tf_loss(labels=labels, logits=given)

    def by_keras(labels, given=logits):  # type: ignore[no-untyped-def]
        return keras_loss(labels, given, from_logits=True)

    mean = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            numbers = tf.reshape(call(), [-1]).numpy().tolist()
            return ", ".join(f"{number:.7g}" for number in numbers) or "[]"
        except Exception as e:
            said = str(getattr(e, "message", "") or e)
            lines = [line for line in said.splitlines() if "Received a label" in line] or said.splitlines()
            text = lines[0].rpartition("}} ")[2].partition(" [Op:")[0].partition("  Label values")[0]
            return f"{type(e).__name__}: {text}"

    outside = tf.constant([classes])
    calls = (
        lambda: by_tf(outside),
        lambda: tf.function(by_tf)(outside),
        lambda: tf.function(by_tf, jit_compile=True)(outside),
        lambda: by_keras(outside),
        lambda: tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(outside, classes), logits),
        lambda: by_tf([-1]),
        lambda: tf_loss(logits, tf.constant([1])),
        lambda: by_tf([[1]]),
        lambda: by_keras(tf.constant([[1]])),
        lambda: by_tf(tf.constant([1.7])),
        lambda: by_keras(tf.constant([1.7])),
        lambda: by_tf([1], tf.cast(logits, tf.int32)),
        lambda: by_tf([0], tf.zeros([1, 0])),
        lambda: by_tf(tf.zeros([0], tf.int32), tf.zeros([0, classes])),
        lambda: by_tf([0], far),
        lambda: -tf.math.log(tf.nn.softmax(far)[:, 0]),
        lambda: mean(tf.constant([-1, -1]), tf.repeat(logits, 2, 0)),
        lambda: mean(tf.constant([1, -1]), tf.repeat(logits, 2, 0)),
    )
    with tf.GradientTape(persistent=True) as second:
        second.watch(logits)
        with tf.GradientTape() as first:
            first.watch(logits)
            loss = by_tf([1])
        slope = first.gradient(loss, logits)[0]
    p = tf.nn.softmax(logits)[0]
    return {
        "answers": tf.constant([answer(call) for call in calls]),
        "hessian": second.jacobian(slope, logits, experimental_use_pfor=False)[:, 0],
        "formula": tf.linalg.diag(p) - p[:, None] * p[None],
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back; the Hessian and its formula diag(p) - p pᵀ."""
    answers = [bytes(text).decode() for text in results["answers"]]
    square = {
        name: Tensor(results[name], ("class", "other class"), "second derivatives of the loss")
        for name in ("hessian", "formula")
    }
    apart = float(abs(results["hessian"] - results["formula"]).max())
    return Story(square, (), {"answers": dict(zip(CALLS, answers, strict=True)), "hessian_off": apart})
