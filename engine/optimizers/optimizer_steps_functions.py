"""The parts of optimizer-steps in plain TensorFlow; the code tab shows them too."""

from __future__ import annotations

import functools

import numpy as np


def height(surface, w, condition, l2):  # type: ignore[no-untyped-def]
    """The loss: float[...] of weights float[..., weight]."""
    import tensorflow as tf

    x, y = w[..., 0], w[..., -1]
    if surface == "bowl":
        loss = (x**2 + condition * y**2) / 2
    elif surface == "rosenbrock":
        loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    elif surface == "saddle":
        loss = (x**2 - y**2) / 2
    elif surface == "beale":
        loss = (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
    elif surface == "himmelblau":
        loss = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    elif surface == "parabola":
        loss = condition * x**2 / 2
    elif surface == "absolute":
        loss = tf.abs(x)
    else:  # double-well
        loss = (x**2 - 1) ** 2 / 4
    return loss + l2 / 2 * tf.reduce_sum(w**2, axis=-1)


def slope(surface, w, condition, l2):  # type: ignore[no-untyped-def]
    """The gradient of the loss at every point: float[..., weight]."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(w)
        loss = height(surface, w, condition, l2)
    return tape.gradient(loss, w)


def slots_after(optimizer, g, m, v, s):  # type: ignore[no-untyped-def]
    """The slots after a gradient: m (momentum, or mean gradient), v (mean squared gradient)."""
    if optimizer in ("momentum", "nesterov"):
        return s["momentum"] * m - s["learning_rate"] * g, v
    if optimizer == "rmsprop":
        return m, s["rho"] * v + (1 - s["rho"]) * g**2
    if optimizer in ("adam", "adamw"):
        return m + (1 - s["beta_1"]) * (g - m), v + (1 - s["beta_2"]) * (g**2 - v)
    return m, v


def all_slots(optimizer, g, s):  # type: ignore[no-untyped-def]
    """The slots after each of the gradients float[step, weight], from zeros."""
    import tensorflow as tf

    m = v = tf.zeros_like(g[0])
    found = []
    for row in tf.unstack(g):
        m, v = slots_after(optimizer, row, m, v, s)
        found.append((m, v))
    return [tf.stack(slot) for slot in zip(*found, strict=True)]


def root_of(optimizer, v, s):  # type: ignore[no-untyped-def]
    """What the step is divided by; RMSprop's epsilon stands inside the root, Adam's outside."""
    import tensorflow as tf

    return tf.sqrt(v + s["epsilon"]) if optimizer == "rmsprop" else tf.sqrt(v) + s["epsilon"]


def delta_of(optimizer, w, g, m, v_root, t, s):  # type: ignore[no-untyped-def]
    """What is added to the weights at step t = 1, 2, …, from the slots after the gradient."""
    import tensorflow as tf

    rate = s["learning_rate"]
    if optimizer == "sgd":
        return -rate * g
    if optimizer == "momentum":
        return tf.identity(m)
    if optimizer == "nesterov":  # one more step of momentum ahead
        return s["momentum"] * m - rate * g
    if optimizer == "rmsprop":
        return -rate * g / v_root
    corrected = rate * tf.sqrt(1 - s["beta_2"] ** t) / (1 - s["beta_1"] ** t)
    delta = -corrected * m / v_root
    return delta - rate * s["weight_decay"] * w if optimizer == "adamw" else delta


@functools.lru_cache(maxsize=64)
def descent(surface, optimizer):  # type: ignore[no-untyped-def]
    """The whole path as one compiled loop, traced once for every start, length and setting."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def path(start, steps, s):  # type: ignore[no-untyped-def]
        def step(number, w, m, v, after):  # type: ignore[no-untyped-def]
            g = slope(surface, w, s["condition"], s["l2"])
            m, v = slots_after(optimizer, g, m, v, s)
            t = tf.cast(number + 1, tf.float32)
            w += delta_of(optimizer, w, g, m, root_of(optimizer, v, s), t, s)
            return number + 1, w, m, v, after.write(number, w)

        zero, rows = tf.zeros_like(start), tf.TensorArray(tf.float32, steps, element_shape=start.shape)
        begin = (0, start, zero, zero, rows)
        return tf.while_loop(lambda number, *_: number < steps, step, begin)[-1].stack()

    return path


def keras_optimizer(optimizer, momentum):  # type: ignore[no-untyped-def]
    """Keras' own optimizer and its settings, which are variables: new values need no new graph."""
    import keras
    import tensorflow as tf

    kinds = {
        "rmsprop": (keras.optimizers.RMSprop, ("rho", "epsilon")),
        "adam": (keras.optimizers.Adam, ("beta_1", "beta_2", "epsilon")),
        "adamw": (keras.optimizers.AdamW, ("beta_1", "beta_2", "epsilon", "weight_decay")),
    }
    if optimizer not in kinds:  # SGD's momentum must be a float
        return keras.optimizers.SGD(momentum=momentum, nesterov=optimizer == "nesterov"), {}
    kind, names = kinds[optimizer]
    s = {name: tf.Variable(0.0) for name in names}
    return kind(**s), s


@functools.lru_cache(maxsize=64)
def keras_steps(optimizer, momentum, weights):  # type: ignore[no-untyped-def]
    """Keras' own steps, each from a given state, as a compiled loop; and the settings to fill in."""
    import tensorflow as tf

    own, s = keras_optimizer(optimizer, momentum)
    w = tf.Variable(tf.zeros(weights))
    own.build([w])
    rows = [tf.TensorSpec([None, weights])] * 4  # any number of steps, one graph

    @tf.function(autograph=False, input_signature=[(tf.TensorSpec([None], tf.int32), *rows)])
    def after(states):  # type: ignore[no-untyped-def]
        def step(state):  # type: ignore[no-untyped-def]
            number, before, g, m, v = state
            own.iterations.assign(number)
            w.assign(before)
            for slot in own.variables[2:]:  # after iterations and learning rate
                slot.assign(v if slot.path.endswith("velocity") else m)
            own.apply_gradients([(g, w)])
            return tf.identity(w)

        return tf.map_fn(step, states, fn_output_signature=tf.float32, parallel_iterations=1)

    return own, s, after


def by_keras(optimizer, w, g, m, v, settings):  # type: ignore[no-untyped-def]
    """The weights after each step by Keras, from the weights, gradient and slots before it."""
    import tensorflow as tf

    momentum = settings["momentum"] if optimizer in ("momentum", "nesterov") else 0.0
    own, s, after = keras_steps(optimizer, momentum, w.shape[-1])
    own.learning_rate.assign(settings["learning_rate"])
    for name, variable in s.items():
        variable.assign(settings[name])
    before = [tf.concat([tf.zeros_like(slot[:1]), slot[:-1]], axis=0) for slot in (m, v)]
    return after(tuple(map(tf.stop_gradient, (tf.range(w.shape[0]), w, g, *before))))


def central_differences(surface, w, condition, l2):  # type: ignore[no-untyped-def]
    """The gradient at every point of the path, by moving each weight a little both ways, in float64."""
    import tensorflow as tf

    w = tf.cast(w, tf.float64)
    columns = []
    for axis in np.eye(w.shape[-1]):
        little = 1e-5 * tf.maximum(tf.abs(w), 1e-2) * axis
        change = height(surface, w + little, condition, l2) - height(surface, w - little, condition, l2)
        columns.append(change / (2 * tf.reduce_sum(little, axis=-1)))
    return tf.stack(columns, axis=-1)


def through_assign(surface, start, delta, s):  # type: ignore[no-untyped-def]
    """d loss after a step / d weights before it, where an optimizer assigned to a variable."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(start)
        variable = tf.Variable(start)
        variable.assign_add(delta)
        after = height(surface, variable, s["condition"], s["l2"])
    return tape.gradient(after, start)
