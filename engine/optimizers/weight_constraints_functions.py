"""The parts of weight-constraints in plain TensorFlow; the code tab shows them too."""

from __future__ import annotations

import functools

import numpy as np


def penalty(w, method, strength):  # type: ignore[no-untyped-def]
    """What a method adds to the loss for negative weights: float32[]. w: float32[input, unit]."""
    import tensorflow as tf

    if method == "min-penalty":
        return strength * -tf.minimum(tf.reduce_min(w), 0.0)
    if method == "sum-penalty":
        return strength * tf.reduce_sum(tf.nn.relu(-w))
    if method == "squared-penalty":
        return strength * tf.reduce_sum(tf.square(tf.nn.relu(-w)))
    return tf.zeros([])


def weights_from(raw, method):  # type: ignore[no-untyped-def]
    """The weights that a variable stands for: itself, unless the method reparameterises."""
    import tensorflow as tf

    functions = {"softplus": tf.nn.softplus, "square": tf.square, "relu": tf.nn.relu}
    return functions.get(method, tf.identity)(raw)


def raw_from(w, method):  # type: ignore[no-untyped-def]
    """The variable to start from; a weight that a method cannot express becomes the nearest it can."""
    import tensorflow as tf

    if method == "softplus":
        w = tf.maximum(w, 0.01)
        return w + tf.math.log(-tf.math.expm1(-w))
    return tf.sqrt(tf.nn.relu(w)) if method == "square" else w


def constrained(w, constraint, low, high, rate, axis):  # type: ignore[no-untyped-def]
    """What Keras (or a clip) makes of the weights. w: float32[input, unit]."""
    import tensorflow as tf

    keras = tf.keras.constraints
    if constraint == "NonNeg":
        return keras.NonNeg()(w)
    if constraint == "MaxNorm":
        return keras.MaxNorm(high, axis)(w)
    if constraint == "UnitNorm":
        return keras.UnitNorm(axis)(w)
    if constraint == "MinMaxNorm":
        return keras.MinMaxNorm(low, high, rate, axis)(w)
    return tf.clip_by_value(w, low, high)


def advance(raw, velocity, target, weights_of, added, rates, keep):  # type: ignore[no-untyped-def]
    """One step of SGD with momentum, and what is done after it. rates: (learning rate, momentum).

    raw, velocity: float32[input, unit] of one method, or float32[method, input, unit] of several.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(raw)
        weights = weights_of(raw)
        loss = tf.reduce_sum(tf.square(weights - target)) + added(weights)
    gradient = tape.gradient(loss, raw)
    velocity = rates[1] * velocity - rates[0] * gradient
    updated = raw + velocity
    return {
        "weights": weights,
        "gradient": gradient,
        "velocity": velocity,
        "updated": updated,
        "raw_after": keep(updated),
    }


@functools.cache
def training(methods, constraint, axis):  # type: ignore[no-untyped-def]
    """The whole training of all methods side by side, as one graph: made once for any numbers."""
    import tensorflow as tf

    matrix, number = tf.TensorSpec([None, None]), tf.TensorSpec([])
    signature = [matrix, matrix, tf.TensorSpec([], tf.int32), *[number] * 6]

    def each(values, function):  # type: ignore[no-untyped-def]
        return [function(value, method) for value, method in zip(tf.unstack(values), methods)]  # noqa: B905

    @tf.function(input_signature=signature, autograph=False)
    def train(start, target, steps, strength, learning_rate, momentum, low, high, rate):  # type: ignore[no-untyped-def]
        def weights_of(raws):  # type: ignore[no-untyped-def]
            return tf.stack(each(raws, weights_from))

        def added(weights):  # type: ignore[no-untyped-def]
            return tf.add_n(each(weights, lambda w, method: penalty(w, method, strength)))

        def keep_one(w, method):  # type: ignore[no-untyped-def]
            return constrained(w, constraint, low, high, rate, axis) if method == "projection" else w

        def keep(updated):  # type: ignore[no-untyped-def]
            return tf.stack(each(updated, keep_one))

        def step(done, raws, velocities, seen, seen_velocities):  # type: ignore[no-untyped-def]
            rates = learning_rate, momentum
            moved = advance(raws, velocities, target, weights_of, added, rates, keep)
            raws, velocities, done = moved["raw_after"], moved["velocity"], done + 1
            return done, raws, velocities, seen.write(done, raws), seen_velocities.write(done, velocities)

        raws = tf.stack([raw_from(start, method) for method in methods])
        still = tf.zeros_like(raws)
        arrays = [tf.TensorArray(tf.float32, steps + 1).write(0, first) for first in (raws, still)]
        walked = tf.while_loop(lambda done, *_: done < steps, step, (0, raws, still, *arrays))
        return walked[3].stack(), walked[4].stack()

    return train


def surface(start, target, places):  # type: ignore[no-untyped-def]
    """The loss over the first two weights, the others at their target: float32[place, place].

    Also the places along the first weight and along the second, around start, target and 0.
    """
    import tensorflow as tf

    ends = tf.stack([tf.reshape(start, [-1])[:2], tf.reshape(target, [-1])[:2], tf.zeros([2])])
    room = 0.25 * (tf.reduce_max(ends, axis=0) - tf.reduce_min(ends, axis=0)) + 0.5
    low, high = tf.reduce_min(ends, axis=0) - room, tf.reduce_max(ends, axis=0) + room
    first, second = (tf.linspace(low[axis], high[axis], places) for axis in (0, 1))
    aim = tf.reshape(target, [-1])
    return first, second, tf.square(first - aim[0]) + tf.square(second - aim[1])[:, tf.newaxis]


def clipping_graph(iterations, inside, timed):  # type: ignore[no-untyped-def]
    """A TensorFlow 1 training loop: nodes in its graph, and seconds a step if it is run.

    `inside`: the assign and its clip are made in every iteration, as in the question; else once.
    """
    import time

    import tensorflow as tf

    v1, graph = tf.compat.v1, tf.Graph()
    nodes, seconds = [], []
    with graph.as_default():
        theta = v1.get_variable("theta", initializer=tf.constant([0.5, -0.5, 2.0]), use_resource=True)
        loss = tf.reduce_sum(tf.square(theta - [-1.0, 1.0, 3.0]))
        step = v1.train.GradientDescentOptimizer(0.1).minimize(loss)
        start = v1.global_variables_initializer()
        once = None if inside else theta.assign(tf.clip_by_value(theta, 0, np.inf))
        nodes.append(len(graph.get_operations()))
        session = v1.Session(graph=graph) if timed else None
        if timed:
            session.run(start)
        for _ in range(iterations):
            began = time.perf_counter()
            clip = theta.assign(tf.clip_by_value(theta, 0, np.inf)) if inside else once
            if timed:
                session.run(step)
                session.run(clip)
            seconds.append(time.perf_counter() - began)
            nodes.append(len(graph.get_operations()))
        if timed:
            session.close()
    return nodes, seconds


def clipping_function(iterations):  # type: ignore[no-untyped-def]
    """The same training as one tf.function: nodes after each iteration, seconds a step."""
    import time

    import tensorflow as tf

    theta = tf.Variable([0.5, -0.5, 2.0])

    @tf.function(autograph=False)
    def step():  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(theta - [-1.0, 1.0, 3.0]))
        theta.assign_sub(0.1 * tape.gradient(loss, theta))
        theta.assign(tf.clip_by_value(theta, 0, np.inf))

    nodes, seconds = [len(step.get_concrete_function().graph.get_operations())], []
    for _ in range(iterations):
        began = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - began)
        nodes.append(len(step.get_concrete_function().graph.get_operations()))
    return nodes, seconds


@functools.cache
def counted_graphs(iterations):  # type: ignore[no-untyped-def]
    """Nodes of the three loops: made in the loop, made once, tf.function. Counted once, then known."""
    return tuple(
        tuple(nodes)
        for nodes, _ in (
            clipping_graph(iterations, True, False),
            clipping_graph(iterations, False, False),
            clipping_function(iterations),
        )
    )
