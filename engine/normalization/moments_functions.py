"""The parts of moments-stop-gradient in plain TensorFlow; the code tab shows them too.

All of them take axes counted from the end (-3 sample, -2 position, -1 channel), so that extra axes
in front (copies of x for a Hessian) need no other code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def moments(
    x: Any, weights: Any, axes: Any, formula: str, mean: str, moving_mean: float, hold: Callable[..., Any]
) -> dict[str, Any]:
    """Mean and variance of each group by hand; `hold` is put around the mean inside the variance.

    x, weights: float[..., sample, position, channel]; the averages keep every axis, with size 1.
    """
    import tensorflow as tf

    share = None if weights is None else weights / tf.reduce_sum(weights, axes, keepdims=True)

    def average(values: Any, weighted: bool) -> Any:
        if weighted and share is not None:
            return tf.reduce_sum(values * share, axes, keepdims=True)
        return tf.reduce_mean(values, axes, keepdims=True)

    group_mean = average(x, weighted=mean == "weighted")
    centre = group_mean
    if mean == "moving":  # the moving value, with the gradient of the group's own mean
        centre = moving_mean + (group_mean - tf.stop_gradient(group_mean))
    held = hold(centre)
    parts = {"share": share, "group_mean": group_mean, "mean": centre, "held_mean": held}
    if formula == "squares":  # E[x^2] - E[x]^2
        squared = tf.square(x)
        mean_square = average(squared, weighted=True)
        variance = mean_square - tf.square(held)
        return parts | {"squared": squared, "mean_square": mean_square, "variance": variance}
    deviation = x - held
    squared = tf.square(deviation)
    variance = average(squared, weighted=True)
    return parts | {"deviation": deviation, "squared": squared, "variance": variance}


def normalise(x: Any, parts: Mapping[str, Any], objective: str, unit: int, epsilon: float) -> dict[str, Any]:
    """The normalised values, and the one number ("target") whose derivatives are taken."""
    import tensorflow as tf

    normalised = (x - parts["mean"]) * tf.math.rsqrt(parts["variance"] + epsilon)
    if objective == "variance":
        target = tf.reduce_sum(parts["variance"])
    else:
        values = x.shape[-3] * x.shape[-2] * x.shape[-1]
        target = tf.reduce_sum(tf.reshape(normalised, [-1, values])[:, unit])
    return {**parts, "normalised": normalised, "target": target}


def first_derivative(x: Any, measure: Callable[..., Any]) -> tuple[dict[str, Any], Any, Any]:
    """What was measured, d target / dx as float[value], and whether the tape reaches the mean."""
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        parts = measure(x)
    gradient = tf.reshape(tape.gradient(parts["target"], x), [-1])
    reached = tape.gradient(parts["variance"], parts["mean"]) is not None  # None: no path at all
    return parts, gradient, tf.constant(reached)


def second_derivative(x: Any, measure: Callable[..., Any]) -> Any:
    """d² target / dx² as float[value, value].

    x is repeated once per value; in copy k only the k-th slope is differentiated again, so one
    sweep gives every row.
    """
    import tensorflow as tf

    values = int(np.prod(x.shape))
    copies = tf.repeat(x[tf.newaxis], values, axis=0)
    with tf.GradientTape() as second:
        second.watch(copies)
        with tf.GradientTape() as first:
            first.watch(copies)
            target = measure(copies)["target"]
        slopes = tf.reshape(first.gradient(target, copies), [values, values])
        own_slopes = tf.linalg.trace(slopes)
    rows = second.gradient(own_slopes, copies, unconnected_gradients="zero")
    return tf.reshape(rows, [values, values])


def chain_rule(x: Any, measure: Callable[..., Any], mean_of: Callable[..., Any]) -> dict[str, Any]:
    """The two paths from x to the target: direct, with the mean held still, and through the mean."""
    import tensorflow as tf

    with tf.GradientTape() as to_mean:
        to_mean.watch(x)
        mean = mean_of(x)
    held = tf.stop_gradient(mean)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, held])
        parts = measure(x, lambda _: held)
    direct, slope = tape.gradient(parts["target"], [x, held])
    through = to_mean.gradient(mean, x, output_gradients=slope)
    direct, through = tf.reshape(direct, [-1]), tf.reshape(through, [-1])
    dvar_dmean = tape.gradient(parts["variance"], held)
    return {"direct": direct, "through_mean": through, "chain_rule": direct + through, "dvar_dmean": dvar_dmean}


def descend(x: Any, variance: Callable[..., Any], steps: int, learning_rate: float) -> Any:
    """Gradient descent of the values on their variance: float[step, value], the start first."""
    import tensorflow as tf

    path = [x]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = variance(x)
        x = x - learning_rate * tape.gradient(height, x)
        path.append(x)
    return tf.reshape(tf.stack(path), [steps + 1, -1])


def instance_norm(x: Any, epsilon: float) -> Any:
    """What Keras offers for instance normalisation today: one group per channel."""
    import tensorflow as tf

    layer = tf.keras.layers.GroupNormalization(
        groups=-1, axis=-1, epsilon=epsilon, center=False, scale=False, dtype=x.dtype.name
    )
    return layer(x)
