"""The parts of fake-quantization-ste in plain TensorFlow; the code tab shows them too."""

from __future__ import annotations

import numpy as np


def samples(seed, rows, columns):  # type: ignore[no-untyped-def]
    """What np.random.seed(seed); np.random.normal(size=(rows, columns)) gives: float32[row, column]."""
    return np.random.RandomState(seed).normal(size=(rows, columns)).astype("float32")


def limits_of(x, mode, low, high, decay, axis):  # type: ignore[no-untyped-def]
    """The range that fake quantisation is given, and how x reaches it: float32[] or float32[channel]."""
    import tensorflow as tf

    low, high = tf.constant(low, tf.float32), tf.constant(high, tf.float32)
    if mode == "fixed":
        return low, high
    smallest, largest = tf.reduce_min(x, axis), tf.reduce_max(x, axis)
    if mode == "tied":
        return smallest, largest
    smallest, largest = tf.stop_gradient(smallest), tf.stop_gradient(largest)
    if mode == "tied-stopped":
        return smallest, largest
    return decay * low + (1 - decay) * smallest, decay * high + (1 - decay) * largest


def nudge(low, high, bits, narrow_range):  # type: ignore[no-untyped-def]
    """Scale, zero point before and after rounding, and the range moved so that 0 is a level.

    In float32, as TensorFlow's kernel does it: float64 can round to the other side.
    """
    import tensorflow as tf

    first, last = tf.constant(1.0 if narrow_range else 0.0), tf.constant(2.0**bits - 1)
    scale = (high - low) / (last - first)
    exact = first - low / scale
    below = tf.floor(exact)
    rounded = tf.where(exact - below >= 0.5, below + 1, below)
    zero_point = tf.clip_by_value(rounded, first, last)
    return scale, exact, zero_point, (first - zero_point) * scale, (last - zero_point) * scale


def by_other_ways(x, scale):  # type: ignore[no-untyped-def]
    """Ways to round by hand: whether a gradient comes back at all (else None), and its mean.

    connected: int32[way], 1 or 0; slopes: float32[way], 0 where there is None.
    """
    import tensorflow as tf

    def straight_through(values):  # type: ignore[no-untyped-def]
        return values + tf.stop_gradient(tf.round(values) - values)

    ways = [tf.round, tf.floor, tf.sign, straight_through, tf.grad_pass_through(tf.round)]
    connected, slopes = [], []
    for way in ways:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = way(x / scale) * scale
        gradient = tape.gradient(y, x)
        connected.append(int(gradient is not None))
        slopes.append(0.0 if gradient is None else tf.reduce_mean(gradient))
    return tf.constant(connected), tf.stack(slopes)
