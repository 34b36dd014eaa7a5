"""The parts of batchnorm-nd in plain TensorFlow; the code tab shows them too."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np


def batch_of(shape: tuple[int, ...], data: str, seed: int, moved: float) -> Any:
    """A batch: random (each channel and frame on a level of its own), counting, or constant channels."""
    values: Any
    if data == "counting":
        values = np.arange(np.prod(shape)).reshape(shape)
    elif data == "constant":
        values = np.ones(shape) * (np.arange(shape[-1]) + 1)
    else:
        generator = np.random.default_rng(seed)
        levels = 2.0 * (np.arange(shape[-1]) % 4) - 1
        spreads = 0.5 + np.arange(shape[-1]) % 3
        values = levels + spreads * generator.normal(size=shape)
        if len(shape) > 2:
            values = values + 0.3 * np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2))
    return (values + moved).astype("float32")


def moments(values, axis, rank, mask):  # type: ignore[no-untyped-def]
    """Mean and population variance of the last `rank` axes without `axis`: float32[..., size of axis] each."""
    import tensorflow as tf

    others = [at - rank for at in range(rank) if at != axis % rank]
    aligned = [values.shape[at - rank] if at == axis % rank else 1 for at in range(rank)]

    def average(values):  # type: ignore[no-untyped-def]
        if mask is None:
            return tf.reduce_mean(values, others)
        kept = tf.cast(tf.broadcast_to(mask, values.shape), values.dtype)
        return tf.reduce_sum(values * kept, others) / tf.reduce_sum(kept, others)

    mean = average(values)
    return mean, average(tf.square(values - tf.reshape(mean, [*mean.shape[:-1], *aligned])))


def normalise(x, mean, variance, axis, epsilon):  # type: ignore[no-untyped-def]
    """(x − mean) ÷ √(variance + ε), with one mean and variance for each place of `axis`."""
    import tensorflow as tf

    aligned = [-1 if at == axis % len(x.shape) else 1 for at in range(len(x.shape))]
    return (x - tf.reshape(mean, aligned)) / tf.sqrt(tf.reshape(variance, aligned) + epsilon)


def scale(normalised, gamma, beta, axis):  # type: ignore[no-untyped-def]
    """γ · normalised + β, with one γ and β for each place of `axis`."""
    import tensorflow as tf

    aligned = [-1 if at == axis % len(normalised.shape) else 1 for at in range(len(normalised.shape))]
    return tf.reshape(gamma, aligned) * normalised + tf.reshape(beta, aligned)


def moving_statistics(first, axis, mask, momentum, steps, shift, before):  # type: ignore[no-untyped-def]
    """The moving mean and variance at the start and after each step: float32[step + 1, size of axis].

    Each step does moving = momentum · moving + (1 − momentum) · the batch's, from mean 0 and
    variance 1. Written out, that is a weighted sum over all batches so far: the first, and then
    the same moved by `shift` for each step.
    """
    import tensorflow as tf

    rank = len(first.shape)
    different = steps if shift else min(steps, 1)  # without a shift all batches are alike
    moved = shift * tf.range(different, dtype=first.dtype)
    earlier = before(first + tf.reshape(moved, [-1] + [1] * rank))
    seen = [tf.broadcast_to(m, [steps, m.shape[-1]]) for m in moments(earlier, axis, rank, mask)]
    ago = np.arange(steps + 1)[:, None] - np.arange(steps) - 1
    share = np.where(ago < 0, 0, (1 - momentum) * momentum ** np.maximum(ago, 0)).astype("float32")
    start = momentum ** np.arange(steps + 1, dtype="float32")[:, None]
    mean_path, variance_path = tf.matmul(share, seen[0]), tf.matmul(share, seen[1]) + start
    return {
        "batch_mean": seen[0],
        "mean_path": mean_path,
        "variance_path": variance_path,
        "moving_mean": mean_path[-1],
        "moving_variance": variance_path[-1],
    }


@functools.lru_cache(maxsize=64)
def keras_layer(axis, shape):  # type: ignore[no-untyped-def]
    """A built keras.layers.BatchNormalization, kept: making its weights takes longer than using them."""
    import tensorflow as tf

    layer = tf.keras.layers.BatchNormalization(axis=axis)
    layer.build(shape)
    return layer


def by_keras(x, weights, mask, axis, epsilon, momentum, training, trainable):  # type: ignore[no-untyped-def]
    """Keras' own layer with these weights (gamma, beta, moving mean, moving variance), and their count."""
    import tensorflow as tf

    layer = keras_layer(axis, tuple(x.shape))
    layer.epsilon, layer.momentum, layer.trainable = epsilon, momentum, trainable
    variables = layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance
    for variable, value in zip(variables, weights, strict=True):
        variable.assign(value)
    if mask is not None:  # Keras' has no channel axis
        mask = tf.broadcast_to(mask[..., 0], x.shape[:-1])
    return {
        "keras_y": layer(x, training=training, mask=mask),
        "keras_parameters": tf.constant([w.shape.num_elements() for w in layer.weights]),
        "keras_trainable": tf.constant([w.shape.num_elements() for w in layer.trainable_weights], tf.int32),
    }


def by_fused(x, weights, epsilon, training):  # type: ignore[no-untyped-def]
    """TensorFlow's fused kernel on NHWC or NDHWC: its output, and the variance that it hands on."""
    import tensorflow as tf

    gamma, beta, *moving = weights
    mean, variance = ([], []) if training else moving
    found = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=gamma,
        offset=beta,
        mean=tf.convert_to_tensor(mean, x.dtype),
        variance=tf.convert_to_tensor(variance, x.dtype),
        epsilon=epsilon,
        data_format="NHWC" if len(x.shape) == 4 else "NDHWC",
        is_training=training,
    )
    return {"fused_y": found.y, "fused_variance": found.batch_variance}
