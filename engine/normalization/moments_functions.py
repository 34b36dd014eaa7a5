"""The parts of moments-stop-gradient in plain TensorFlow; the code tab shows them too.

All of them take axes counted from the end (-3 sample, -2 position, -1 channel), so that extra axes
in front (copies of x for a Hessian, many means at once) need no other code.
"""

from __future__ import annotations

import functools

import numpy as np


def moments(x, weights, axes, formula, mean, moving_mean, hold):  # type: ignore[no-untyped-def]
    """Mean and variance of each group by hand; `hold` is put around the mean inside the variance.

    x, weights: float[..., sample, position, channel]; averaged axes stay, with size 1.
    """
    import tensorflow as tf

    share = None if weights is None else weights / tf.reduce_sum(weights, axes, keepdims=True)

    def average(values, weighted):  # type: ignore[no-untyped-def]
        if weighted and share is not None:
            return tf.reduce_sum(values * share, axes, keepdims=True)
        return tf.reduce_mean(values, axes, keepdims=True)

    group_mean = average(x, weighted=mean == "weighted")
    centre = group_mean
    if mean == "moving":  # the moving value, with the gradient of the group's own mean
        centre = moving_mean + (group_mean - tf.stop_gradient(group_mean))
    held = hold(centre)
    parts = {"share": share, "group_mean": group_mean, "mean": centre, "held_mean": held}
    if formula == "centred":  # mean((x - m)^2)
        parts["deviation"] = x - held
        parts["squared"] = tf.square(parts["deviation"])
        parts["variance"] = average(parts["squared"], weighted=True)
    else:  # E[x^2] - E[x]^2
        parts["squared"] = tf.square(x)
        parts["mean_square"] = average(parts["squared"], weighted=True)
        parts["variance"] = parts["mean_square"] - tf.square(held)
    return parts


def aim(x, parts, objective, unit, epsilon):  # type: ignore[no-untyped-def]
    """The normalised values, and the one number ("target") whose derivatives are taken."""
    import tensorflow as tf

    normalised = (x - parts["mean"]) * tf.math.rsqrt(parts["variance"] + epsilon)
    target = tf.reduce_sum(parts["variance"])
    if objective == "normalised":
        values = x.shape[-3] * x.shape[-2] * x.shape[-1]
        target = tf.reduce_sum(tf.reshape(normalised, [-1, values])[:, unit])
    return {**parts, "normalised": normalised, "target": target}


def first_derivative(x, measure):  # type: ignore[no-untyped-def]
    """What was measured, d target / dx as float[value], and whether the tape reaches the mean."""
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        parts = measure(x)
    gradient = tf.reshape(tape.gradient(parts["target"], x), [-1])
    reached = tape.gradient(parts["variance"], parts["mean"]) is not None  # None: there is no path
    return parts, gradient, tf.constant(reached)


def second_derivative(x, measure):  # type: ignore[no-untyped-def]
    """d² target / dx² as float[value, value].

    x is repeated once per value, and in copy k only the k-th slope is differentiated again: one
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


def both_ways(x, measure):  # type: ignore[no-untyped-def]
    """What was measured while the mean follows x and while it is held, and all derivatives."""
    import tensorflow as tf

    runs, results = {}, {}
    for name, hold in (("through", tf.identity), ("stopped", tf.stop_gradient)):

        def way(x, hold=hold):  # type: ignore[no-untyped-def]
            return measure(x, hold)

        runs[name], results[f"gradient_{name}"], results[f"reached_{name}"] = first_derivative(x, way)
        results[f"hessian_{name}"] = second_derivative(x, way)
    results["difference"] = results["gradient_through"] - results["gradient_stopped"]
    results["hessian_difference"] = results["hessian_through"] - results["hessian_stopped"]
    return runs["through"], runs["stopped"], results


def chain_rule(x, measure):  # type: ignore[no-untyped-def]
    """The two paths from x to the target: direct, with the mean held still, and through the mean."""
    import tensorflow as tf

    with tf.GradientTape() as to_mean:
        to_mean.watch(x)
        mean = measure(x, tf.identity)["mean"]
    with tf.GradientTape(persistent=True) as tape:  # opened later: to it the mean is a number of its own
        tape.watch([x, mean])
        parts = measure(x, lambda _: mean)
    direct, slope = tape.gradient(parts["target"], [x, mean])
    through = to_mean.gradient(mean, x, output_gradients=slope)
    direct, through = tf.reshape(direct, [-1]), tf.reshape(through, [-1])
    dvar_dmean = tape.gradient(parts["variance"], mean)
    return {
        "direct": direct,
        "through_mean": through,
        "chain_rule": direct + through,
        "dvar_dmean": dvar_dmean,
    }


def by_tensorflow(x, weights, axes, objective, unit, epsilon):  # type: ignore[no-untyped-def]
    """The same numbers by tf.nn.moments, by tf.math.reduce_variance, and by Keras where it has them."""
    import tensorflow as tf

    def library(x):  # type: ignore[no-untyped-def]
        if weights is None:
            mean, variance = tf.nn.moments(x, axes, keepdims=True)
        else:
            mean, variance = tf.nn.weighted_moments(x, axes, weights, keepdims=True)
        return aim(x, {"mean": mean, "variance": variance}, objective, unit, epsilon)

    def plain(x):  # type: ignore[no-untyped-def]
        mean, variance = (
            tf.reduce_mean(x, axes, keepdims=True),
            tf.math.reduce_variance(x, axes, keepdims=True),
        )
        return aim(x, {"mean": mean, "variance": variance}, objective, unit, epsilon)

    parts, gradient_tf, _ = first_derivative(x, library)
    results = {"tf_mean": parts["mean"], "tf_variance": parts["variance"], "gradient_tf": gradient_tf}
    results["hessian_tf"] = second_derivative(x, library)
    results["hessian_reference"] = second_derivative(x, plain)
    if tuple(axes) == (-2,):  # each sample and channel by itself: instance normalisation
        layer = tf.keras.layers.GroupNormalization(
            groups=-1, axis=-1, epsilon=epsilon, center=False, scale=False, dtype=x.dtype.name
        )
        results["keras_normalised"] = layer(x)
    return results


def shifted_mean(x, mean, variance):  # type: ignore[no-untyped-def]
    """The sum of variances with every mean moved by the same shift: float[shift] each."""
    import tensorflow as tf

    span = tf.reduce_max(tf.abs(x - mean)) + 1
    shift = span * tf.constant(np.linspace(-1, 1, 41), x.dtype)
    moved = variance(x, lambda mean: mean + tf.reshape(shift, [-1, 1, 1, 1]))
    return {"shift": shift, "variance_at": tf.reduce_sum(moved, [-3, -2, -1])}


@functools.cache
def descent(formula, mean, axes):  # type: ignore[no-untyped-def]
    """The descent for one kind of variance as a graph: made once, it is ready for any values and steps."""
    import tensorflow as tf

    def hold(mean):  # type: ignore[no-untyped-def]
        return tf.concat([mean[:1], tf.stop_gradient(mean[1:])], axis=0)

    @tf.function(autograph=False)
    def path(x, weights, moving_mean, steps, learning_rate):  # type: ignore[no-untyped-def]
        def step(done, copies, seen):  # type: ignore[no-untyped-def]
            with tf.GradientTape() as tape:
                tape.watch(copies)
                height = moments(copies, weights, axes, formula, mean, moving_mean, hold)["variance"]
            copies = copies - learning_rate * tape.gradient(height, copies)
            return done + 1, copies, seen.write(done + 1, copies)

        start = tf.stack([x, x])
        seen = tf.TensorArray(x.dtype, steps + 1).write(0, start)
        return tf.while_loop(lambda done, *_: done < steps, step, (0, start, seen))[2].stack()

    return path


def descend(x, weights, axes, formula, mean, moving_mean, steps, learning_rate):  # type: ignore[no-untyped-def]
    """Gradient descent of the values on their variance: float[way, step, value], the start first.

    The two ways, the mean following x and the mean held, go side by side as two copies of x.
    """
    import tensorflow as tf

    path = descent(formula, mean, tuple(axes))
    numbers = tf.constant(moving_mean, x.dtype), tf.constant(steps), tf.constant(learning_rate, x.dtype)
    walked = path(x, weights, *numbers)
    return tf.transpose(tf.reshape(walked, [steps + 1, 2, -1]), [1, 0, 2])
