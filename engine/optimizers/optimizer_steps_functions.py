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


@functools.lru_cache(maxsize=64)
def keras_steps(optimizer, momentum, weights):  # type: ignore[no-untyped-def]
    """Keras' own optimizer, each step from a given state, as a compiled loop.

    Its settings are variables, so that new values need no new graph (SGD's momentum must be a float).
    """
    import keras
    import tensorflow as tf

    names = {
        "rmsprop": ("rho", "epsilon"),
        "adam": ("beta_1", "beta_2", "epsilon"),
        "adamw": ("beta_1", "beta_2", "epsilon", "weight_decay"),
    }
    s = {name: tf.Variable(0.0) for name in names.get(optimizer, ())}
    kinds = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
    }
    if optimizer in kinds:
        keras_optimizer = kinds[optimizer](**s)
    else:
        keras_optimizer = keras.optimizers.SGD(momentum=momentum, nesterov=optimizer == "nesterov")
    w = tf.Variable(tf.zeros(weights))
    keras_optimizer.build([w])

    rows = [tf.TensorSpec([None, weights])] * 4  # any number of steps, one graph

    @tf.function(autograph=False, input_signature=[(tf.TensorSpec([None], tf.int32), *rows)])
    def after(states):  # type: ignore[no-untyped-def]
        def step(state):  # type: ignore[no-untyped-def]
            number, before, g, m, v = state
            keras_optimizer.iterations.assign(number)
            w.assign(before)
            for slot in keras_optimizer.variables[2:]:
                slot.assign(v if slot.path.endswith("velocity") else m)
            keras_optimizer.apply_gradients([(g, w)])
            return tf.identity(w)

        return tf.map_fn(step, states, fn_output_signature=tf.float32, parallel_iterations=1)

    def run(states, learning_rate, settings):  # type: ignore[no-untyped-def]
        keras_optimizer.learning_rate.assign(learning_rate)
        for name, variable in s.items():
            variable.assign(settings[name])
        return after(states)

    return run


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


def drawn(surface, across, up, rows, columns, condition, l2):  # type: ignore[no-untyped-def]
    """The surface as a picture from 0.4 (low) to 1 (high), on a logarithmic scale: float32[y, x].

    For one weight the rows are losses, and what lies above the curve is 1.
    """
    import tensorflow as tf

    x = tf.cast(tf.linspace(*across, columns), tf.float32)
    y = tf.cast(tf.linspace(*up[::-1], rows), tf.float32)
    if surface in ("parabola", "absolute", "double-well"):
        return tf.where(y[:, None] > height(surface, x[:, None], condition, l2), 1.0, 0.4)
    points = tf.stack(tf.meshgrid(x, y), axis=-1)
    loss = height(surface, points, condition, l2)
    share = (loss - tf.reduce_min(loss)) / (tf.reduce_max(loss) - tf.reduce_min(loss))
    return 0.4 + 0.6 * tf.math.log1p(999 * share) / np.log(1000)


def trail_of(points, levels, across, up, rows, columns):  # type: ignore[no-untyped-def]
    """Where the path passes: 1 at its first step to 2 at its last, 0.5 on the way between, 0 elsewhere."""
    trail = np.zeros((rows, columns), "float32")
    with np.errstate(all="ignore"):
        column = (points[:, 0] - across[0]) / (across[1] - across[0]) * (columns - 1)
        row = (up[1] - levels) / (up[1] - up[0]) * (rows - 1)
        places = np.stack([row, column], axis=-1).astype("float64")
        between = np.linspace(0, 1, 2 * columns)[:, None, None]
        ways = places[:-1] + between * (places[1:] - places[:-1])
    weights = points.shape[-1]
    drawn = (
        [(ways.reshape(-1, 2), 0.5)] if weights > 1 else []
    )  # one weight walks on the curve, not through it
    drawn.append((places, 1 + np.linspace(0, 1, len(places))))
    for cells, values in drawn:
        seen = np.all((cells > -0.5) & (cells < [rows - 0.5, columns - 0.5]), axis=-1)
        down, right = np.rint(cells[seen]).astype(int).T
        trail[down, right] = values if np.isscalar(values) else values[seen]
    return trail
