"""What Keras answers to the calls of a Siamese text model, and what a layer of two ReLUs does when it dies.

The dead layer has kernel [[-1, -2], [-0.5, -1]] and biases -0.1, -0.2: every input below gives negative sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.technique import Cost, Story

PARAMETERS = ()
CALLS = ("concatenate axis 1", "concatenate axis -1", "MaxPooling1D(z)", "MaxPooling1D()(z)", "id too large")


def check() -> None:
    """Nothing can be chosen."""


def cost() -> Cost:
    """Twelve networks of two units on 97 rows, and a few layers."""
    return Cost(memory=2**23, work=10**8)


def arguments() -> dict[str, Any]:
    """The dead layer's input and labels."""
    return {"x": np.array([[1, 2], [0.5, 0.1], [3, 0]], "float32"), "y": np.array([1, 0, 1], "float32")}


def siamese_calls(x, y):  # type: ignore[no-untyped-def]
    """Answers, string[call]; the dead layer's loss and gradients; how many networks died of large steps."""
    import keras
    import tensorflow as tf

    layers, difference = keras.layers, tf.zeros([2, 38, 200, 8])
    z = keras.Input([6, 3])

    def joined(axis):  # type: ignore[no-untyped-def]
        distance = tf.reduce_sum(difference**2, axis=axis, keepdims=True)
        return distance.shape[1:], layers.Concatenate()([difference, distance]).shape

    embed = layers.Embedding(4117, 8)
    calls = (
        lambda: joined(1),
        lambda: joined(-1),
        lambda: layers.MaxPooling1D(z),
        lambda: layers.MaxPooling1D()(z).shape,
        lambda: embed(tf.constant([4117])),
    )

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            return str(call())
        except Exception as e:
            lines = str(getattr(e, "message", "") or e).splitlines()
            said = next((line for line in lines if "is not in" in line), lines[0]).rpartition("}} ")[2]
            return f"{type(e).__name__}: {said.partition(' [Op:')[0][:160]}"

    floats = tf.constant(np.random.default_rng(0).normal(0, 0.295, (2, 2000)), tf.float32)
    embedded = embed(tf.clip_by_value(floats, -0.999, 0.999))
    far = tf.constant(np.random.default_rng(1).normal(-50, 3, (256, 32)), tf.float32)
    low = layers.BatchNormalization(beta_initializer=keras.initializers.Constant(-10.0))
    above = [(layers.BatchNormalization(), True), (low, True), (layers.BatchNormalization(), False)]
    return {
        "answers": tf.constant([answer(call) for call in calls]),
        "shapes": tf.constant([tf.reduce_sum(difference, a, keepdims=True).shape[1:] for a in (1, -1)]),
        "index_zero": tf.reduce_mean(tf.cast(tf.cast(floats, tf.int32) == 0, tf.float64)),
        "documents_apart": tf.reduce_max(tf.abs(embedded[0] - embedded[1])),
        "wraps": tf.reduce_max(tf.abs(embed(tf.constant([-1])) - embed(tf.constant([4116])))),
        "above": [tf.reduce_mean(tf.cast(bn(far, training=mode) > 0, tf.float64)) for bn, mode in above],
        **dead_layer(x, y),
        **large_steps(97, 6, 60, (0.1, 10.0)),
    }


def dead_layer(x, y):  # type: ignore[no-untyped-def]
    """Cross-entropy behind two dead ReLUs, and its gradients by kernel, biases and output weights."""
    import tensorflow as tf

    kernel, bias = tf.constant([[-1.0, -2.0], [-0.5, -1.0]]), tf.constant([-0.1, -0.2])
    out = tf.ones([2, 1])
    found = {}
    for name, act in (("relu", tf.nn.relu), ("tanh", tf.tanh), ("leaky", tf.nn.leaky_relu)):
        with tf.GradientTape() as tape:
            tape.watch([kernel, bias, out])
            logit = (act(x @ kernel + bias) @ out)[:, 0]
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logit))
        slopes = tape.gradient(loss, [kernel, bias, out])
        found |= {f"{name}_loss": loss, f"{name}_p": tf.sigmoid(logit)}
        found |= {f"{name}_gradient_{n}": s for n, s in zip(("kernel", "bias", "out"), slopes, strict=True)}
    return found


def large_steps(rows, nets, steps, rates):  # type: ignore[no-untyped-def]
    """Networks of two hidden ReLUs, trained by gradient descent, all at once.

    The input is 8 numbers from 0 to 1, the label whether they sum to more than 4. Answers, for each rate,
    in how many networks every unit is dead at the end.
    """
    import tensorflow as tf

    generator = np.random.default_rng(0)
    inputs = generator.random((rows, 8)).astype("float32")
    y = (inputs.sum(1) > 4).astype("float32")
    first = [generator.uniform(-1, 1, (nets, *shape)) * np.sqrt(6 / sum(shape)) for shape in ((8, 2), (2, 1))]
    died = []
    for rate in rates:
        weights = [tf.constant(value, tf.float32) for value in first]
        weights += [tf.zeros([nets, 1, 2]), tf.zeros([nets, 1, 1])]
        for _ in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                w, v, b, c = weights
                pre = inputs @ w + b
                logit = (tf.nn.relu(pre) @ v + c)[..., 0]
                losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.tile(y[None], [nets, 1]), logit)
                loss = tf.reduce_sum(tf.reduce_mean(losses, 1))
            slopes = tape.gradient(loss, weights)
            weights = [weight - rate * slope for weight, slope in zip(weights, slopes, strict=True)]
        died.append(tf.reduce_sum(tf.cast(tf.reduce_all(pre <= 0, [1, 2]), tf.int32)))
    return {"died": died}


SHOWN = (dead_layer, large_steps)


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back; every other result as plain numbers."""
    answers = [bytes(text).decode() for text in results["answers"]]
    numbers = {name: np.asarray(value).tolist() for name, value in results.items() if name != "answers"}
    return Story({}, (), {"answers": dict(zip(CALLS, answers, strict=True)), **numbers})
