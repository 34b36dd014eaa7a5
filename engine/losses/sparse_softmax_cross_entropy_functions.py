"""The parts of sparse-softmax-cross-entropy in plain TensorFlow; the code tab shows them too."""

from __future__ import annotations

import functools

import numpy as np


def by_hand(z, labels, way):  # type: ignore[no-untyped-def]
    """The loss of each label in small steps. z: float[..., class]; labels: int32[...].

    Gives a dict of every step by name, with the loss itself as "loss".
    """
    import tensorflow as tf

    one_hot = tf.one_hot(labels, tf.shape(z)[-1], dtype=z.dtype)

    def of_label(values):  # type: ignore[no-untyped-def]
        return tf.reduce_sum(tf.where(one_hot > 0, values, tf.zeros_like(values)), axis=-1)

    if way == "steps":  # log Σ exp(z) = m + log Σ exp(z - m) for any m: with the largest nothing overflows
        largest = tf.stop_gradient(tf.reduce_max(z, axis=-1, keepdims=True))
        shifted = z - largest
        exponentials = tf.exp(shifted)
        total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
        log_sum_exp = largest + tf.math.log(total)
        loss = log_sum_exp[..., 0] - of_label(z)
        parts = {"largest": largest, "shifted": shifted, "exponentials": exponentials, "total": total}
        return {**parts, "log_sum_exp": log_sum_exp, "loss": loss}
    if way == "naive":  # the formula of the textbook, as it stands
        exponentials = tf.exp(z)
        total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
        probabilities = exponentials / total
        parts = {"exponentials": exponentials, "total": total, "probabilities": probabilities}
        return {**parts, "loss": -tf.math.log(of_label(probabilities))}
    if way == "double":  # what already went through a softmax, given to a loss that applies it again
        once = tf.nn.softmax(z)
        twice = tf.nn.softmax(once)
        return {"once": once, "twice": twice, "loss": -tf.math.log(of_label(twice))}
    squash = tf.sigmoid if way == "binary-sigmoid" else tf.nn.softmax
    once = squash(z)  # every class asked for itself: yes for the label, no for all others
    terms = -tf.math.log(tf.where(one_hot > 0, once, 1 - once))
    return {"once": once, "terms": terms, "loss": tf.reduce_sum(terms, axis=-1)}


def cross_entropy(z, labels, way, labels_as):  # type: ignore[no-untyped-def]
    """The loss of each label by one way: a dict with "loss" and, where it is made by hand, its steps."""
    import keras
    import tensorflow as tf

    if way in ("steps", "naive", "double", "binary", "binary-sigmoid"):
        return by_hand(z, labels, way)
    if way == "tf":
        return {"loss": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=z)}
    if labels_as == "extra axis":
        labels = labels[..., tf.newaxis]
    if labels_as == "fractions":
        labels = tf.cast(labels, tf.float32) + 0.7
    outputs = tf.nn.softmax(z) if way == "keras-probabilities" else z
    # "keras-raw" hands over logits and does not say so: they are taken for probabilities
    return {"loss": keras.losses.sparse_categorical_crossentropy(labels, outputs, from_logits=way == "keras")}


@functools.cache
def compiled(ways, labels_as, execution, dtype):  # type: ignore[no-untyped-def]
    """The same losses inside tf.function, each as a row: made once, for pictures of any size."""
    import tensorflow as tf

    def losses(z, labels):  # type: ignore[no-untyped-def]
        return tf.stack([cross_entropy(z, labels, way, labels_as)["loss"] for way in ways])

    shapes = [tf.TensorSpec([None] * 4, dtype), tf.TensorSpec([None] * 3, tf.int32)]
    return tf.function(losses, input_signature=shapes, autograph=False, jit_compile=execution == "xla")


def masked(loss, kept, reduction):  # type: ignore[no-untyped-def]
    """The losses without those that do not count, and one number from them. kept: bool[...]."""
    import tensorflow as tf

    mask = tf.cast(kept, loss.dtype)
    if reduction == "mean of kept":  # what people write by hand: 0 / 0 where nothing is kept
        loss = loss * mask
        return loss, tf.reduce_sum(loss) / tf.reduce_sum(mask)
    loss = tf.where(kept, loss, tf.zeros_like(loss))
    if reduction == "mean":  # what does not count is a loss of 0, and is counted
        return loss, tf.reduce_mean(loss)
    if reduction == "keras":  # SparseCategoricalCrossentropy(ignore_class=…): 0 where nothing is kept
        return loss, tf.math.divide_no_nan(tf.reduce_sum(loss), tf.reduce_sum(mask))
    return loss, tf.reduce_sum(loss)


def random_logits(rows, columns, classes, seed):  # type: ignore[no-untyped-def]
    """A picture that a network half understands: float32[1, row, column, class], one decimal."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(0, max(rows, columns), (classes, 2))
    places = np.stack(np.mgrid[0:rows, 0:columns], axis=-1)[:, :, None] + 0.5
    distance = np.sqrt(((places - centres) ** 2).sum(axis=-1))
    logits = 2 - distance + generator.normal(size=(rows, columns, classes))
    return logits[None].round(1).astype("float32")


def random_labels(rows, columns, classes, seed):  # type: ignore[no-untyped-def]
    """The class whose centre is nearest: int32[1, row, column]."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform(0, max(rows, columns), (classes, 2))
    places = np.stack(np.mgrid[0:rows, 0:columns], axis=-1)[:, :, None] + 0.5
    return ((places - centres) ** 2).sum(axis=-1).argmin(axis=-1)[None].astype("int32")
