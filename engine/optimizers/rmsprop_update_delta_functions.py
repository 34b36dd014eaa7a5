"""The parts of rmsprop-update-delta in plain TensorFlow; the code tab shows them too.

The formula is that of Tieleman and Hinton (lecture 6.5, 2012) as Keras 3 writes it:
v = ρ·v + (1 − ρ)·g², step = learning rate · g ÷ √(v + ε).
"""

from __future__ import annotations

import numpy as np


def running(rows, keep, add, start):  # type: ignore[no-untyped-def]
    """keep · what was + add · row, row after row: float[step, ...]."""
    import tensorflow as tf

    found = []
    for row in tf.unstack(rows):
        start = keep * start + add * row
        found.append(start)
    return tf.stack(found)


def prepared(g, connected, loss_scale, clipping, clip, apart):  # type: ignore[no-untyped-def]
    """What Keras does to gradients first: unscale, then clip. g: float[step, weight, ...].

    `apart`: every weight is a variable of its own, and clipnorm takes the norm of one variable.
    """
    import tensorflow as tf

    used = g * connected / loss_scale
    if clipping == "clipvalue":
        return tf.clip_by_value(used, -clip, clip)
    if clipping in ("clipnorm", "global_clipnorm"):
        squares = used**2
        if not (apart and clipping == "clipnorm"):
            squares = tf.reduce_sum(squares, axis=1, keepdims=True)
        largest = tf.maximum(squares, clip**2)  # so that no root of 0 is differentiated
        used = used * clip / tf.sqrt(largest)
    return used


def rmsprop(w0, g, connected, s):  # type: ignore[no-untyped-def]
    """RMSprop by its formula. g: float[step, weight, ...]; w0, connected: float[weight, ...]; s: settings.

    Where `connected` is 0 the gradient is None: slot and weight stay as they are.
    """
    import tensorflow as tf

    rate, rho, epsilon = s["learning_rate"], s["rho"], s["epsilon"]
    used = prepared(g, connected, s["loss_scale"], s["clipping"], s["clip"], s["apart"])
    there, rest = connected > 0, tf.ones_like(used[0])
    v = running(used**2, tf.where(there, rho * rest, rest), 1 - rho, s["v0"] * rest)
    found = {"used": used, "v": v}
    if s["centered"]:
        found["average"] = running(used, rho, 1 - rho, 0 * rest)
        v = v - found["average"] ** 2
    found["root"] = tf.sqrt(v + epsilon) if s["epsilon_place"] == "inside" else tf.sqrt(v) + epsilon
    found["increment"] = step = tf.where(there, rate * used / found["root"], 0 * used)
    if s["momentum"] > 0:
        found["m"] = step = running(step, s["momentum"], 1.0, 0 * rest)
    decay = rate * s["weight_decay"] * connected
    found["w"] = running(-step, 1 - decay, 1.0, w0 * rest)
    found["delta"] = -step
    if s["weight_decay"] > 0:
        before = tf.concat([[w0 * rest], found["w"][:-1]], axis=0)
        found["delta"] -= decay * before
    return found


def by_keras(w0, g, connected, apart, v0, settings):  # type: ignore[no-untyped-def]
    """Keras' own RMSprop: weights before and after each step, subtracted, and its last slots."""
    import keras
    import tensorflow as tf

    places = [np.flatnonzero(connected), np.flatnonzero(connected == 0)]
    if apart:
        places = np.arange(len(w0))[:, None]
    places = [place for place in places if len(place)]
    variables = [tf.Variable(w0[place]) for place in places]
    optimizer = keras.optimizers.RMSprop(**settings)
    optimizer.build(variables)
    for slot in optimizer.variables[2:]:  # after iterations and learning rate
        if "velocity" in slot.path:
            slot.assign(v0 * tf.ones_like(slot))
    order = np.argsort(np.concatenate(places))
    weights = [w0]
    for row in g:
        gradients = [row[place] if connected[place[0]] else None for place in places]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        weights.append(tf.gather(tf.concat(variables, axis=0), order))
    found = {"keras_delta": tf.stack(weights)[1:] - tf.stack(weights)[:-1]}
    for name in ("velocity", "momentum", "average_gradient"):
        slots = [slot.value for slot in optimizer.variables if slot.path.endswith(f"_{name}")]
        if slots:
            found[f"keras_{name}"] = tf.gather(tf.concat(slots, axis=0), order)
    return found


def by_another(name, w0, g, connected, formula, settings):  # type: ignore[no-untyped-def]
    """The same gradients given to another rule: float[step, weight], and the slots it has."""
    import keras
    import tensorflow as tf

    if name == "mean-magnitude":  # g divided by a running mean of |g|, a popular description
        mean = running(tf.abs(g * connected), settings["rho"], 1 - settings["rho"], 0 * w0)
        return {"other_delta": -settings["learning_rate"] * g * connected / (mean + settings["epsilon"])}
    if name == "pytorch-rmsprop":
        return {"other_delta": rmsprop(w0, g, connected, formula | {"epsilon_place": "outside"})["delta"]}
    variable, rate = tf.Variable(w0), settings["learning_rate"]
    if name == "tf1-rmsprop":
        optimizer = tf.compat.v1.train.RMSPropOptimizer(
            rate, settings["rho"], settings["momentum"], settings["epsilon"], centered=settings["centered"]
        )
    else:
        optimizer = keras.optimizers.Adam(rate) if name == "adam" else keras.optimizers.SGD(rate)
    weights = [w0]
    for row in g:
        optimizer.apply_gradients([(row * connected, variable)])
        weights.append(tf.identity(variable))
    found = {"other_delta": tf.stack(weights)[1:] - tf.stack(weights)[:-1]}
    if name == "tf1-rmsprop":
        found |= {f"tf1_{slot}": optimizer.get_slot(variable, slot) for slot in ("rms", "momentum")}
    return found


def central_differences(formula, g, place):  # type: ignore[no-untyped-def]
    """d delta[place] / d g by moving each gradient a little both ways, in float64: float64[step, weight].

    `formula` gives the deltas of many copies at once: g float64[step, weight, copy].
    """
    import tensorflow as tf

    g = np.asarray(g, "float64")
    little = 1e-4 * np.maximum(np.abs(g), 1e-3).reshape(-1)
    moves = (little[:, None] * np.eye(g.size)).reshape(*g.shape, g.size)
    ends = [formula(tf.constant(g[..., None] + sign * moves))[place] for sign in (1, -1)]
    return tf.reshape((ends[0] - ends[1]) / (2 * little), g.shape)
