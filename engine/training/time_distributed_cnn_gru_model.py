"""The network of maps in sequence, its loss, and one step of its training; shown on the code tab."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def first_weights(channels, features, units, outputs, seed):  # type: ignore[no-untyped-def]
    """Seeded weights by name, float64: Glorot's uniform as in Keras, biases 0.

    Two convolutions to `features`, a GRU of `units` that reads `channels` numbers a map, a dense layer.
    """
    shapes = {
        "kernel1": (3, 3, 3, 8),
        "bias1": (8,),
        "kernel2": (3, 3, 8, features),
        "bias2": (features,),
        "gru_kernel": (channels, 3 * units),
        "gru_recurrent": (units, 3 * units),
        "gru_bias": (2, 3 * units),
        "dense_kernel": (units, outputs),
        "dense_bias": (outputs,),
    }
    weights = {}
    for place, (name, shape) in enumerate(shapes.items()):
        generator = np.random.default_rng((seed, place))  # of its own: a shape changes no other weight
        limit = np.sqrt(6 / (np.prod(shape[:-2]) * sum(shape[-2:])))
        weights[name] = np.zeros(shape) if "bias" in name else generator.uniform(-limit, limit, shape)
    return weights


def gru(x, weights):  # type: ignore[no-untyped-def]
    """What keras.layers.GRU computes, all of its states: float64[sequence, frame, unit].

    z and r are its gates: h = z h + (1 - z) tanh(x W + r (h U)), with reset_after as in Keras.
    """
    import tensorflow as tf

    inputs = tf.matmul(x, weights["gru_kernel"]) + weights["gru_bias"][0]
    recurrent, bias = weights["gru_recurrent"], weights["gru_bias"][1]

    def following(state, entering):  # type: ignore[no-untyped-def]
        update, reset, new = tf.split(entering, 3, axis=1)
        by_update, by_reset, by_new = tf.split(tf.matmul(state, recurrent) + bias, 3, axis=1)
        z, r = tf.sigmoid(update + by_update), tf.sigmoid(reset + by_reset)
        return z * state + (1 - z) * tf.tanh(new + r * by_new)

    start = tf.zeros([x.shape[0], recurrent.shape[0]], x.dtype)
    return tf.transpose(tf.scan(following, tf.transpose(inputs, [1, 0, 2]), start), [1, 0, 2])


def forward(x, weights, cnn, sequences, head):  # type: ignore[no-untyped-def]
    """Every tensor between maps and probabilities, by name.

    x: float64[sequence, frame, height, width, channel]. TimeDistributed runs the same CNN on each map: time is
    folded into the batch and back. cnn "posted" is TimeDistributed(GlobalMaxPool2D()): the layer that the
    function returned instead of its output. sequences: one output a frame, or the GRU's last state alone.
    """
    import tensorflow as tf

    found, (count, frames) = {}, x.shape[:2]
    if cnn == "posted":
        found["features"] = tf.reduce_max(x, axis=[2, 3])
    else:
        maps = tf.reshape(x, [count * frames, *x.shape[2:]])
        for number in (1, 2):
            summed = tf.nn.conv2d(maps, weights[f"kernel{number}"], 2, "SAME") + weights[f"bias{number}"]
            maps = tf.nn.relu(summed)
            found[f"conv{number}"] = tf.reshape(maps, [count, frames, *maps.shape[1:]])
        found["features"] = tf.reduce_mean(found["conv2"], axis=[2, 3])
    found["states"] = gru(found["features"], weights)
    read = found["states"]
    if not sequences:
        read = found["state"] = found["states"][:, -1]
    scores = tf.matmul(read, weights["dense_kernel"]) + weights["dense_bias"]
    found["logits"] = tf.reshape(scores, [count, -1])  # one for each frame, either way
    if head == "sigmoid":
        found["probability"] = tf.sigmoid(found["logits"])
    elif head == "softmax over frames":
        found["probability"] = tf.nn.softmax(found["logits"])
    else:  # Dense(1, activation="softmax"): the axis it sums over has one place
        found["probability"] = tf.nn.softmax(found["logits"][..., None])[..., 0]
    return found


def loss_of(labels, found, head, loss):  # type: ignore[no-untyped-def]
    """What Keras computes inside fit, one loss a sequence: there it finds the logits behind an activation."""
    import tensorflow as tf

    logits, probability = found["logits"], found["probability"]
    if loss == "BCE" and head == "sigmoid":
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.reduce_mean(each, axis=1)
    if loss == "CCE" and head == "softmax over frames":
        return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    if loss == "CCE":
        probability = probability / tf.reduce_sum(probability, axis=1, keepdims=True)
    p = tf.clip_by_value(probability, 1e-7, 1 - 1e-7)
    if loss == "CCE":
        return -tf.reduce_sum(labels * tf.math.log(p), axis=1)
    return -tf.reduce_mean(labels * tf.math.log(p) + (1 - labels) * tf.math.log(1 - p), axis=1)


def step_of(cnn, sequences, head, loss, sizes):  # type: ignore[no-untyped-def]
    """A function that trains on one stack of sequences with Adam (Kingma and Ba, 2015), compiled once.

    state: weights and Adam's two moments, a dict each; number: how manieth step. It answers the new state,
    the loss, and the norm of the gradient of CNN, GRU and dense layer: NaN where TensorFlow's is None.
    sizes: what it is compiled for.
    """
    import tensorflow as tf

    def norms(slopes):  # type: ignore[no-untyped-def]
        found = []
        for ending in ("1", "2"), ("gru",), ("dense",):
            part = [slopes[n] for n in slopes if n[-1] in ending or n.partition("_")[0] in ending]
            linked = [slope for slope in part if slope is not None]
            found.append(tf.linalg.global_norm(linked) if linked else tf.constant(np.nan, tf.float64))
        return tf.stack(found)

    @tf.function(autograph=False)
    def step(state, x, y, number, rate):  # type: ignore[no-untyped-def]
        weights, means, squares = (dict(part) for part in state)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = tf.reduce_mean(loss_of(y, forward(x, weights, cnn, sequences, head), head, loss))
        slopes = tape.gradient(value, weights)
        for name, slope in slopes.items():
            if slope is not None:
                means[name] = 0.9 * means[name] + 0.1 * slope
                squares[name] = 0.999 * squares[name] + 0.001 * slope**2
                mean, square = means[name] / (1 - 0.9**number), squares[name] / (1 - 0.999**number)
                weights[name] -= rate * mean / (tf.sqrt(square) + 1e-7)
        return (weights, means, squares), value, norms(slopes)

    return step


step_of = lru_cache(maxsize=32)(step_of)  # a run of the same sizes need not be compiled again
SHOWN = (first_weights, gru, forward, loss_of, step_of)
