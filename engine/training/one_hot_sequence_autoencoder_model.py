"""The LSTM autoencoder, its output activations and its losses, in plain TensorFlow; the code tab shows them.

Two models of the same shape are trained side by side. They share one graph: every weight has a leading
axis `run`, and a matrix product with it works on both at once.
"""

from __future__ import annotations

import functools

import numpy as np


def first_weights(width, hidden, latent, seed):  # type: ignore[no-untyped-def]
    """Keras' own first weights, from a seed: kernel, recurrent kernel and bias of four LSTMs, then a dense layer.

    Glorot uniform kernels, orthogonal recurrent kernels, forget bias 1; float64[run, …], equal in both runs.
    """
    generator = np.random.default_rng(seed)
    weights = []
    for inputs, units in ((width, hidden), (hidden, latent), (latent, latent), (latent, hidden)):
        bound = np.sqrt(6 / (inputs + 4 * units))
        kernel = generator.uniform(-bound, bound, (inputs, 4 * units))
        recurrent = np.linalg.qr(generator.normal(size=(4 * units, units)))[0].T
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1
        weights += [kernel, recurrent, bias]
    bound = np.sqrt(6 / (hidden + width))
    weights += [generator.uniform(-bound, bound, (hidden, width)), np.zeros(width)]
    return [np.stack([weight, weight]) for weight in weights]


def lstm(inputs, weights, activation, steps):  # type: ignore[no-untyped-def]
    """The states h of an LSTM, a list of float64[run, batch, unit]. One input alone is repeated for every step."""
    import tensorflow as tf

    kernel, recurrent, bias = weights
    units = recurrent.shape[1]
    from_inputs = [tf.matmul(x, kernel) + bias[:, tf.newaxis] for x in inputs]
    h = c = tf.zeros_like(from_inputs[0][..., :units])
    states = []
    for step in range(steps):
        z = from_inputs[step if len(inputs) > 1 else 0] + tf.matmul(h, recurrent)
        enter, forget, _, leave = tf.split(tf.sigmoid(z), 4, axis=-1)
        c = forget * c + enter * activation(z[..., 2 * units : 3 * units])
        h = leave * activation(c)
        states.append(h)
    return states


def autoencode(x, weights, lstm_activation):  # type: ignore[no-untyped-def]
    """LSTM, LSTM to the code, RepeatVector, LSTM, LSTM, TimeDistributed(Dense), for both runs.

    x: float64[batch, timestep, event]. Returns code float64[run, batch, latent], hidden float64[run,
    batch, timestep, unit], and pre-activations float64[run, batch, timestep, event].
    """
    import tensorflow as tf

    activation = {"tanh": tf.tanh, "relu": tf.nn.relu}[lstm_activation]
    steps = x.shape[1]
    rows = [tf.stack([row, row]) for row in tf.unstack(x, axis=1)]
    first = lstm(rows, weights[0:3], activation, steps)
    code = lstm(first, weights[3:6], activation, steps)[-1]
    unpacked = lstm([code], weights[6:9], activation, steps)
    hidden = tf.stack(lstm(unpacked, weights[9:12], activation, steps), axis=2)
    pre = tf.einsum("rbtu,rue->rbte", hidden, weights[12]) + weights[13][:, tf.newaxis, tf.newaxis]
    return {"code": code, "hidden": hidden, "pre": pre}


def activate(pre, activation):  # type: ignore[no-untyped-def]
    """What the last layer hands to the loss."""
    import tensorflow as tf

    functions = {"softmax": tf.nn.softmax, "relu": tf.nn.relu, "sigmoid": tf.sigmoid, "linear": tf.identity}
    return functions[activation](pre)


def row_losses(target, output, loss):  # type: ignore[no-untyped-def]
    """Keras' loss of each row, given the output of the last layer: float32[…] of float32[…, event]."""
    import tensorflow as tf

    losses = tf.keras.losses
    if loss == "CCE":
        return losses.categorical_crossentropy(target, output)
    if loss == "sparse":
        return losses.sparse_categorical_crossentropy(tf.argmax(target, axis=-1), output)
    if loss == "BCE":
        return losses.binary_crossentropy(target, output)
    return tf.reduce_mean((output - target) ** 2, axis=-1)


@functools.cache
def in_graph(activation, loss):  # type: ignore[no-untyped-def]
    """Output, losses and gradient of rows of pre-activations, inside tf.function as in fit; made once.

    There Keras recognises a softmax or sigmoid and takes its logits; eagerly it cuts probabilities at 1e-7.
    """
    import tensorflow as tf

    def rows(pre, target):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            tape.watch(pre)
            output = activate(pre, activation)
            found = row_losses(target, output, loss)
            total = tf.reduce_sum(found)
        return {"output": output, "loss": found, "gradient": tape.gradient(total, pre)}

    wide = tf.TensorSpec([None, None], tf.float32)
    return tf.function(rows, input_signature=[wide, wide], autograph=False)


@functools.cache
def every_pair():  # type: ignore[no-untyped-def]
    """Mean loss and largest gradient of every activation with every loss: float32[activation, loss, 2]."""
    import tensorflow as tf

    def pairs(pre, target):  # type: ignore[no-untyped-def]
        table = []
        for activation in ("softmax", "relu", "sigmoid", "linear"):
            for loss in ("CCE", "sparse", "MSE", "BCE"):
                found = in_graph(activation, loss).python_function(pre, target)
                largest = tf.reduce_max(tf.abs(found["gradient"]))
                table.append(tf.stack([tf.reduce_mean(found["loss"]), largest]))
        return tf.reshape(tf.stack(table), [4, 4, 2])

    wide = tf.TensorSpec([None, None], tf.float32)
    return tf.function(pairs, input_signature=[wide, wide], autograph=False)
