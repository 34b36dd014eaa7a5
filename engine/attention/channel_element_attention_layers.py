"""The two attention modules: as plain functions that keep every tensor, and as Keras layers to plug in.

Squeeze and excitation: Hu et al., 2018, "Squeeze-and-Excitation Networks", https://arxiv.org/abs/1709.01507.
All of these functions are shown on the code tab; TensorFlow is imported inside them.
"""

from __future__ import annotations

import functools

import numpy as np

GATES = ("sigmoid", "hard-sigmoid")
SOFTMAX = ("classes", "space")


def made_features(height, width, channels, pattern, row, column, seed):  # type: ignore[no-untyped-def]
    """Features such as batch normalisation gives them: float32[1, height, width, channel].

    "lesion": weak noise, and a bright spot that every fourth channel answers to.
    """
    shape = (1, height, width, channels)
    if pattern == "constant":
        return np.ones(shape, "float32")
    noise = np.random.default_rng(seed).standard_normal(shape).astype("float32")
    if pattern == "noise":
        return noise
    down, across = np.arange(height)[:, None] - row, np.arange(width) - column
    spot = 3 * np.exp(-(down**2 + across**2) / 0.8)
    answers = np.arange(channels) % 4 == 0
    return (0.3 * noise + spot[..., None] * answers).astype("float32")


@functools.lru_cache(maxsize=2)
def made_weights(channels, units, hidden, classes, gain, seed):  # type: ignore[no-untyped-def]
    """Untrained weights, Glorot uniform as Keras makes them, and biases of 0.

    `gain` makes the weights before the gate and before the softmax larger, as training would.
    """
    import tensorflow as tf

    def glorot(*shape, number):  # type: ignore[no-untyped-def]
        taps = int(np.prod(shape[:-2]))
        limit = (6 / (taps * (shape[-2] + shape[-1]))) ** 0.5
        return tf.random.stateless_uniform(shape, [seed, number], -limit, limit)

    return {
        "reduce": glorot(channels, units, number=0),
        "expand": gain * glorot(units, channels, number=1),
        "conv1": glorot(1, 1, channels, hidden, number=2),
        "bias1": tf.zeros([hidden]),
        "conv2": glorot(3, 3, hidden, hidden, number=3),
        "bias2": tf.zeros([hidden]),
        "attend": gain * glorot(1, 1, hidden, classes, number=4),
        "score": glorot(1, 1, channels, classes, number=5),
        "score_bias": tf.zeros([classes]),
    }


def channel_attention(x, weights, gate):  # type: ignore[no-untyped-def]
    """Squeeze and excitation of float32[batch, height, width, channel]: one gate for each channel."""
    import tensorflow as tf

    if gate is None:
        return {"scaled": tf.identity(x)}
    branch = tf.identity(x)  # what the gate will scale
    squeezed = tf.reduce_mean(x, axis=(1, 2))
    reduced = tf.matmul(squeezed, weights["reduce"])
    hidden = tf.nn.relu(reduced)
    gate_logits = tf.matmul(hidden, weights["expand"])
    # Keras 3's hard sigmoid: relu6(x + 3) / 6.
    opened = tf.sigmoid(gate_logits) if gate == "sigmoid" else tf.nn.relu6(gate_logits + 3) / 6
    return {
        "branch": branch,
        "squeezed": squeezed,
        "reduced": reduced,
        "units": hidden,
        "gate_logits": gate_logits,
        "gate": opened,
        "scaled": branch * opened[:, None, None, :],
    }


def element_attention(x, weights, softmax):  # type: ignore[no-untyped-def]
    """Scores S of each class at each location, times attention A: float32[batch, height, width, class]."""
    import tensorflow as tf

    scores = tf.nn.conv2d(x, weights["score"], 1, "SAME") + weights["score_bias"]
    if softmax is None:
        return {"scores": scores, "modulated": tf.identity(scores)}
    trunk1 = tf.nn.relu(tf.nn.conv2d(x, weights["conv1"], 1, "SAME") + weights["bias1"])
    trunk2 = tf.nn.relu(tf.nn.conv2d(trunk1, weights["conv2"], 1, "SAME") + weights["bias2"])
    logits = tf.nn.conv2d(trunk2, weights["attend"], 1, "SAME")
    if softmax == "classes":
        attention = tf.nn.softmax(logits)
    else:  # subtracting the largest changes no share and keeps exp from overflowing
        shares = tf.exp(logits - tf.stop_gradient(tf.reduce_max(logits, axis=(1, 2), keepdims=True)))
        attention = shares / tf.reduce_sum(shares, axis=(1, 2), keepdims=True)
    return {
        "trunk1": trunk1,
        "trunk2": trunk2,
        "attention_logits": logits,
        "attention": attention,
        "scores": scores,
        "modulated": scores * attention,
        "class_sums": tf.reduce_sum(attention, axis=-1),
        "space_sums": tf.reduce_sum(attention, axis=(1, 2)),
    }


def squeeze_excitation_layer():  # type: ignore[no-untyped-def]
    """A Keras layer that scales each channel by a gate: [batch, height, width, channel], same shape."""
    import keras

    class SqueezeExcitation(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, units, gate="sigmoid", **options):  # type: ignore[no-untyped-def]
            super().__init__(**options)  # first of all: Keras records what is assigned after it
            self.units, self.gate = units, gate

        def build(self, shape):  # type: ignore[no-untyped-def]
            self.squeeze = keras.layers.GlobalAveragePooling2D(keepdims=True)
            self.reduce = keras.layers.Dense(self.units, "relu", use_bias=False)
            self.expand = keras.layers.Dense(shape[-1], self.gate, use_bias=False)
            self.reduce.build((None, 1, 1, shape[-1]))
            self.expand.build((None, 1, 1, self.units))

        def call(self, x):  # type: ignore[no-untyped-def]
            return x * self.expand(self.reduce(self.squeeze(x)))

    return SqueezeExcitation


def element_attention_layer():  # type: ignore[no-untyped-def]
    """A Keras layer of class scores times their attention: [batch, height, width, class]."""
    import keras

    class ElementAttention(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, classes, hidden=512, axis=-1, **options):  # type: ignore[no-untyped-def]
            super().__init__(**options)
            self.conv1 = keras.layers.Conv2D(hidden, 1, activation="relu")
            self.conv2 = keras.layers.Conv2D(hidden, 3, padding="same", activation="relu")
            self.attend = keras.layers.Conv2D(classes, 1, use_bias=False)
            self.softmax = keras.layers.Softmax(axis)
            self.score = keras.layers.Conv2D(classes, 1)

        def build(self, shape):  # type: ignore[no-untyped-def]
            self.score.build(shape)
            for layer in (self.conv1, self.conv2, self.attend):
                layer.build(shape)
                shape = layer.compute_output_shape(shape)

        def call(self, x):  # type: ignore[no-untyped-def]
            return self.score(x) * self.softmax(self.attend(self.conv2(self.conv1(x))))

    return ElementAttention


@functools.lru_cache(maxsize=2)
def plug_in_layers(channels, units, hidden, classes, gate, softmax):  # type: ignore[no-untyped-def]
    """Both modules as Keras layers, built for features of so many channels."""
    squeeze = squeeze_excitation_layer()(units, (gate or "sigmoid").replace("-", "_"))
    attend = element_attention_layer()(classes, hidden, (1, 2) if softmax == "space" else -1)
    for layer in (squeeze, attend):
        layer.build((None, None, None, channels))
    return squeeze, attend


def compare_layers(found, weights, gate, softmax, compare):  # type: ignore[no-untyped-def]
    """Weights of the Keras layers really built, and how far their answer is from ours.

    layer_weights: int32[6], of reduce, expand, conv1, conv2, attend and score.
    """
    import tensorflow as tf

    channels, units = weights["reduce"].shape
    hidden, classes = weights["attend"].shape[-2:]
    squeeze, attend = plug_in_layers(channels, units, hidden, classes, gate, softmax)
    parts = (squeeze.reduce, squeeze.expand, attend.conv1, attend.conv2, attend.attend, attend.score)
    counts = tf.constant([part.count_params() for part in parts])
    if not compare:
        return {"layer_weights": counts}
    variables = [variable for part in parts for variable in part.weights]
    for variable, value in zip(variables, weights.values(), strict=True):
        variable.assign(value)
    scaled = squeeze(found["x"]) if gate else found["x"]
    modulated = attend(scaled) if softmax else attend.score(scaled)
    apart = tf.reduce_max(tf.abs(modulated - found["modulated"]))
    return {"layer_weights": counts, "layer_difference": apart}
