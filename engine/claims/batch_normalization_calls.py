"""What Keras' and TensorFlow's batch normalisation answer to the ways in which people call them.

A claim asks here instead of remembering: each call ends in numbers or the first line of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (
    Integer("frames", 9, 2, 9, "frames of each clip whose normalisation is timed"),
    Integer("size", 32, 8, 64, "height and width of the largest frames; others have a half and a quarter"),
    Integer("seed", 0, 0, 9999, "of the values"),
)


def check(frames: int, size: int, seed: int) -> None:
    """Nothing between them."""


def cost(frames: int, size: int, seed: int) -> Cost:
    """Two clips of 32 channels in three sizes, normalised a few times in three ways."""
    values = 3 * frames * size * size * 32
    return Cost(memory=4 * 6 * values, work=9 * 12 * values)


def arguments(frames: int, size: int, seed: int) -> dict[str, Any]:
    return {"frames": frames, "size": size, "seed": seed}


def answer(call):  # type: ignore[no-untyped-def]
    """ "accepted", or the first line of the error, without the codes that make terminals bold."""
    import re

    try:
        call()
    except Exception as e:
        said = [line.strip() for line in re.sub(r"\x1b\[\d*m", "", str(e)).splitlines() if line.strip()]
        line = said[1] if len(said) > 1 and said[0].startswith("Exception encountered") else said[0]
        return f"{type(e).__name__}: {line}"
    return "accepted"


def fused(x, layout):  # type: ignore[no-untyped-def]
    """TensorFlow's fused kernel in training: output, mean and variance."""
    import tensorflow as tf

    size, none = x.shape[-1], tf.zeros([0])
    given = {"scale": tf.ones([size]), "offset": tf.zeros([size]), "mean": none, "variance": none}
    found = tf.raw_ops.FusedBatchNormV3(x=x, **given, epsilon=1e-3, data_format=layout, is_training=True)
    return found.y, found.batch_mean, found.batch_variance


def counts():  # type: ignore[no-untyped-def]
    """Weights of layers that Keras really built, of the question's sizes: int32[...] each."""
    import keras
    import tensorflow as tf

    rows = []
    for shape in ((None, 1024), (None, 480, 640, 128), (None, 9, 120, 160, 96)):
        layer = keras.layers.BatchNormalization()
        layer.build(shape)
        trainable = sum(w.shape[0] for w in layer.trainable_weights)
        rows.append((layer.gamma.shape[0], trainable, layer.count_params()))
    kernels = []
    for channels, filters in ((3, 96), (128, 256)):
        conv = keras.layers.Conv3D(filters, 3, use_bias=False)
        conv.build((None, 9, 120, 160, channels))
        kernels.append(conv.count_params())
    after = keras.layers.BatchNormalization()
    after.build(conv.compute_output_shape((None, 9, 120, 160, 128)))
    return {
        "layers": tf.constant(rows),
        "kernels": tf.constant(kernels),
        "after": tf.constant(after.gamma.shape[0]),
    }


def refusals(x):  # type: ignore[no-untyped-def]
    """What each mistake is answered, as text."""
    import keras
    import tensorflow as tf

    layer = keras.layers.BatchNormalization
    one = tf.ones([2, 1, 1])

    def other_batch():  # type: ignore[no-untyped-def]
        one = layer(axis=0)
        one(x, training=True)
        one(x[:1], training=False)

    calls = {
        "axis 7": lambda: layer(axis=7)(x),
        "axis list": lambda: layer(axis=[1, 2])(x),
        "channels None": lambda: layer()(keras.Input((3, None))),
        "momentum 2": lambda: layer(momentum=2.0)(x, training=True),
        "epsilon 0": lambda: layer(epsilon=0.0)(x, training=True),
        "fused argument": lambda: layer(fused=True),
        "tf.compat.v1.layers": lambda: tf.compat.v1.layers.batch_normalization(x),
        "axis 0, other batch": other_batch,
        "masked, one place": lambda: layer(axis=1)(one, training=True, mask=tf.ones([2, 1], bool)),
        "masked, one channel": lambda: layer()(one, training=True, mask=tf.ones([2, 1], bool)),
    }
    for rank in range(2, 7):
        ones = tf.ones([2] * rank)
        calls[f"keras, rank {rank}"] = lambda ones=ones: layer()(ones, training=True)
        data_format = "NDHWC" if rank == 5 else "NHWC"
        calls[f"fused, rank {rank}"] = lambda ones=ones, f=data_format: fused(ones, f)
    return {name: tf.constant(answer(call)) for name, call in calls.items()}


def seconds(call):  # type: ignore[no-untyped-def]
    """The quickest of three calls after one to warm up."""
    import time

    taken = []
    for _ in range(4):
        start = time.perf_counter()
        call().numpy()
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def speeds(x):  # type: ignore[no-untyped-def]
    """Seconds of the fused kernel on two axes made one, on rank 5, and of moments without it."""
    import tensorflow as tf

    flat = tf.reshape(x, [-1, *x.shape[2:]])

    def plain():  # type: ignore[no-untyped-def]
        mean, variance = tf.nn.moments(x, [0, 1, 2, 3])
        return tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3)

    calls = (lambda: fused(flat, "NHWC")[0], lambda: fused(x, "NDHWC")[0], plain)
    return [seconds(call) for call in calls]


SHOWN = (answer, fused, counts, refusals, seconds, speeds)


def batch_normalization_calls(frames, size, seed):  # type: ignore[no-untyped-def]
    """Numbers of each call, and the texts of refusals: see the keys."""
    import keras
    import tensorflow as tf

    x = tf.random.stateless_normal([2, 3, 4, 4, 5], [seed, 1], mean=2.0)
    layer = keras.layers.BatchNormalization(momentum=0.0)  # the moving values are then the batch's
    y = layer(x, training=True)
    fused_y, _, fused_variance = fused(x, "NDHWC")
    flat_y = fused(tf.reshape(x, [6, 4, 4, 5]), "NHWC")[0]
    biased = keras.layers.BatchNormalization()(x + tf.range(5.0), training=True)
    by_hand = tf.math.reduce_variance(x, [0, 1, 2, 3])
    sizes = [size // 4, size // 2, size]
    clips = [tf.random.stateless_normal([2, frames, side, side, 32], [seed, 2]) for side in sizes]
    return {
        "fused_difference": tf.reduce_max(tf.abs(fused_y - y)),
        "flat_difference": tf.reduce_max(tf.abs(tf.reshape(flat_y, x.shape) - y)),
        "bias_difference": tf.reduce_max(tf.abs(biased - y)),
        "keras_ratio": tf.reduce_mean(layer.moving_variance / by_hand),
        "fused_ratio": tf.reduce_mean(fused_variance / by_hand),
        "group": tf.constant(2 * 3 * 4 * 4),
        "sizes": tf.constant(sizes),
        "seconds": tf.constant([speeds(clip) for clip in clips]),
        **counts(),
        **refusals(x),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: each answer as a number, numbers, or text."""
    facts: dict[str, Any] = {}
    for name, value in results.items():
        if value.dtype == object or value.dtype.kind == "S":
            facts[name] = bytes(value.item() if hasattr(value, "item") else value).decode()
        else:
            facts[name] = value.tolist()
    return Story({}, (), facts)
