"""Training the network of the learned-filters technique, and keeping what was trained.

All functions but the last are shown on the code tab: they are
plain NumPy, TensorFlow and scikit-learn. Only `kept` is for this house: a worker trains a network once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import numpy as np

from engine.progress import say

MOST_KEPT = 32  # trained networks a worker holds, some 100 kB each at most
Array = np.ndarray[Any, Any]


def digits(held_out: str) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The 1,797 scanned digits that come with scikit-learn, 360 of them held out.

    Two pairs, to train and to test: float32[picture, height, width, channel] from 0 to 1 and labels.
    From the optical recognition data of E. Alpaydin and C. Kaynak (UCI, 1998).
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    images, labels = (found.images[..., None] / 16).astype("float32"), found.target
    place = np.arange(len(labels))
    test = place >= 1437 if held_out == "end" else place % 5 == 0
    return (images[~test], labels[~test]), (images[test], labels[test])


def moved(images: Array, down: int, right: int) -> Array:
    """Pictures shifted by whole pixels; blank comes in: float32[picture, height, width, channel]."""
    height, width = images.shape[1:3]
    shifted = np.zeros_like(images)
    kept = images[:, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    top, left = max(0, down), max(0, right)
    shifted[:, top : top + kept.shape[1], left : left + kept.shape[2]] = kept
    return shifted


def picture(held_out: str, digit: int, down: int, right: int) -> Array:
    """One of the digits held out, shifted: float32[1, height, width, channel]."""
    _, (images, _) = digits(held_out)
    return moved(images[digit : digit + 1], down, right)


def forward(x, weights, stride, padding, pool, pooling):  # type: ignore[no-untyped-def]
    """Every tensor between pictures and logits, by name.

    weights: kernel and bias of each convolution, then those of the dense layer.
    """
    import tensorflow as tf

    found = {}
    for number in range(1, len(weights) // 2):
        if not isinstance(padding, str):
            x = tf.pad(x, [[0, 0], *padding, [0, 0]])
        rule = padding if isinstance(padding, str) else "VALID"
        x = found[f"conv{number}"] = tf.nn.conv2d(x, weights[2 * number - 2], stride, rule)
        x = found[f"relu{number}"] = tf.nn.relu(x + weights[2 * number - 1])
    operation = tf.nn.max_pool2d if pooling == "max" else tf.nn.avg_pool2d
    x = found["pooled"] = operation(x, pool, pool, "VALID")
    x = found["flat"] = tf.reshape(x, [-1, x.shape[1] * x.shape[2] * x.shape[3]])
    found["scores"] = tf.matmul(x, weights[-2])
    found["logits"] = found["scores"] + weights[-1]
    return found


def examine(weights, test, network):  # type: ignore[no-untyped-def]
    """How a network does on the digits held out.

    accuracy after a shift: float64[down + 2, right + 2] from -2 to 2 pixels; confusion:
    float64[true class, answer]; active: float64[layer, filter], the share of positions above 0.
    """
    images, labels = test
    wide = [weight.astype("float64") for weight in weights]
    accuracy, confusion = np.zeros((5, 5)), np.zeros((10, 10))
    for down in range(-2, 3):
        for right in range(-2, 3):
            found = forward(moved(images, down, right).astype("float64"), wide, **network)
            answers = np.argmax(found["logits"], axis=1)
            accuracy[down + 2, right + 2] = np.mean(answers == labels)
            if down == right == 0:
                np.add.at(confusion, (labels, answers), 1)
                layers = [np.asarray(value) for name, value in found.items() if name.startswith("relu")]
    active = np.stack([np.mean(layer > 0, axis=(0, 1, 2)) for layer in layers])
    return accuracy, confusion, active


def first_weights(shapes, seed):  # type: ignore[no-untyped-def]
    """Seeded normal kernels of variance 2 / inputs (He et al., 2015) and zero biases, float64 variables."""
    import tensorflow as tf

    weights = []
    for place, shape in enumerate(shapes):
        start = tf.random.stateless_normal(shape, [seed, place], dtype=tf.float64)
        size = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0
        weights.append(tf.Variable(start * size, trainable=False))
    return weights


def adam(learned, rate):  # type: ignore[no-untyped-def]
    """A function of gradients and the step's number that applies Adam (Kingma and Ba, 2015)."""
    import tensorflow as tf

    means = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in learned]
    squares = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in learned]

    def apply(gradients, number):  # type: ignore[no-untyped-def]
        for weight, mean, square, slope in zip(learned, means, squares, gradients, strict=True):
            mean.assign(0.9 * mean + 0.1 * slope)
            square.assign(0.999 * square + 0.001 * slope**2)
            right_mean, right_square = mean / (1 - 0.9**number), square / (1 - 0.999**number)
            weight.assign_sub(rate(number) * right_mean / (tf.sqrt(right_square) + 1e-8))

    return apply


def epoch_of(images, labels, weights, learned, network, apply):  # type: ignore[no-untyped-def]
    """A function that goes through the pictures once, in a given order, and answers the mean loss.

    order: int64[step, picture]; done: how many steps came before. It is one graph: a call for each
    step would take longer than the steps themselves.
    """
    import tensorflow as tf

    def step(batch, number):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            tape.watch(learned)
            logits = forward(tf.gather(images, batch), weights, **network)["logits"]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)
            loss = tf.reduce_mean(losses)
        apply(tape.gradient(loss, learned), number)
        return loss

    @tf.function(autograph=False)
    def epoch(order, done):  # type: ignore[no-untyped-def]
        def following(place, loss):  # type: ignore[no-untyped-def]
            return place + 1, loss + step(order[place], tf.cast(done + place + 1, tf.float64))

        steps, start = order.shape[0], (tf.constant(0), tf.constant(0.0, tf.float64))
        return tf.while_loop(lambda at, _: at < steps, following, start, parallel_iterations=1)[1] / steps

    return epoch


def train(shapes, network, biases, held_out, seed, epochs, report=print):  # type: ignore[no-untyped-def]
    """Train a network from seeded random weights with Adam, 32 pictures a step.

    shapes: of each kernel and bias; network: stride, padding, pool, pooling. All of it is computed in
    float64, so that the order in which a machine adds never shows in the float32 weights. Returns the
    weights, then the loss of each epoch and what `examine` says.
    """
    import tensorflow as tf

    (images, labels), test = digits(held_out)
    weights = first_weights(shapes, seed)
    learned = weights if biases else weights[::2]
    steps = len(labels) // 32
    apply = adam(learned, lambda number: 0.01 * (1 - (number - 1) / (epochs * steps)))
    pictures = tf.constant(images, tf.float64)
    epoch = epoch_of(pictures, tf.constant(labels), weights, learned, network, apply)
    generator, history = np.random.default_rng(seed), []
    for past in range(epochs):
        order = generator.permutation(len(labels))[: steps * 32].reshape(steps, 32)
        history.append(float(epoch(tf.constant(order), tf.constant(past * steps))))
        report(f"epoch {past + 1} of {epochs}: loss {history[-1]:.3f}", (past + 1) / epochs)
    weights = [weight.numpy().astype("float32") for weight in weights]
    return [*weights, np.array(history), *examine(weights, test, network)]


def _keeping(make: Callable[..., list[Array]], most: int) -> Callable[..., list[Array]]:
    """The function with a memory of its last answers; `report` is no part of what is asked."""
    memory: OrderedDict[str, list[Array]] = OrderedDict()

    @wraps(make)
    def remembered(report: Callable[..., object] = say, **asked: Any) -> list[Array]:
        key = repr(sorted(asked.items()))
        if key not in memory:
            memory[key] = make(**asked, report=report)
        memory.move_to_end(key)
        while len(memory) > most:
            memory.popitem(last=False)
        return memory[key]

    return remembered


digits = lru_cache(maxsize=2)(digits)  # the file is read once a process and way of holding out
kept = _keeping(train, MOST_KEPT)
SHOWN = (digits, moved, picture, forward, examine, first_weights, adam, epoch_of, train)
