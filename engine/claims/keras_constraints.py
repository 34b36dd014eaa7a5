"""What Keras' own layers and optimizers make of a constraint: when it applies, and when not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.technique import Cost, Story
from engine.trace import Tensor

PARAMETERS = ()


def check() -> None:
    """Nothing can be chosen."""


def cost() -> Cost:
    return Cost(memory=2**20, work=10**7)


def arguments() -> dict[str, Any]:
    images = np.random.RandomState(0).normal(size=(4, 6, 6, 3)).astype("float32")
    return {
        "start": [0.5, -0.5, 2.0],
        "target": [-1.0, 1.0, 3.0],
        "theta": [0.5, -1.0, -3.0, 2.0],
        "images": images,
    }


def keras_constraints(start, target, theta, images):  # type: ignore[no-untyped-def]
    """A variable with a constraint, a convolution trained for one step, and a penalty by tf.where.

    kept: float32[moment, weight]: made, after assign, after assign_sub, after SGD(0.1) once, twice, thrice.
    """
    import tensorflow as tf

    keras = tf.keras
    w = tf.Variable(start, constraint=keras.constraints.NonNeg())
    kept = [tf.identity(w)]
    w.assign([-2.0, 1.0, 1.0])
    kept.append(tf.identity(w))
    w.assign_sub([1.0, 0.0, 0.0])
    kept.append(tf.identity(w))
    w.assign(start)
    optimizer = keras.optimizers.SGD(0.1)
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(w - tf.constant(target)))
        optimizer.apply([tape.gradient(loss, w)], [w])
        kept.append(tf.identity(w))

    seeded = keras.initializers.GlorotUniform(0)
    layer = keras.layers.Conv2D(4, 3, kernel_initializer=seeded, kernel_constraint=keras.constraints.NonNeg())
    layer.build(images.shape)
    before = tf.identity(layer.kernel)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(layer(images) - 1))
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)

    theta = tf.constant(theta)
    with tf.GradientTape() as tape:
        tape.watch(theta)
        loss = -2 * tf.reduce_sum(tf.gather_nd(theta, tf.where(theta < 0)))
    by_where = tf.convert_to_tensor(tape.gradient(loss, theta))
    nan = keras.constraints.NonNeg()(tf.constant([np.nan, -1.0, 1.0]))
    zero = keras.constraints.UnitNorm(axis=0)(tf.zeros([2, 1]))
    try:
        keras.constraints.get("nonnegative")
        said = ""
    except ValueError as problem:
        said = str(problem)
    return {
        "kept": tf.stack(kept),
        "kernel_before": before,
        "kernel_after": tf.identity(layer.kernel),
        "by_where": by_where,
        "nan": nan,
        "zero": zero,
        "reversed_clip": tf.clip_by_value(theta, 5.0, 1.0),
        "said": tf.constant(said),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: the numbers that claims read, as plain values."""
    kernel = results["kernel_after"]
    facts = {
        "kept": tuple(map(tuple, results["kept"].tolist())),
        "kernel_before": float(results["kernel_before"].min()),
        "kernel_smallest": float(kernel.min()),
        "kernel_zeros": float((kernel == 0).mean()),
        "by_where": tuple(results["by_where"].tolist()),
        "nan": tuple(results["nan"].tolist()),
        "zero": tuple(results["zero"].ravel().tolist()),
        "reversed_clip": tuple(results["reversed_clip"].tolist()),
        "said": bytes(
            results["said"].item() if hasattr(results["said"], "item") else results["said"]
        ).decode(),
    }
    return Story({"kept": Tensor(results["kept"], ("moment", "weight"))}, (), facts)
