"""Convolution, transposed convolution and pooling along any number of axes, in plain TensorFlow.

Written so that every CPU has the gradients: groups one by one, dilation as zeros between taps,
pooling from the windows themselves. The code tab shows these functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def make_input(
    pattern: str, shape: Sequence[int], values: Sequence[float] | None, seed: int
) -> np.ndarray[Any, Any]:
    """The input, float32[batch, *space, channel]: the guide's figure 1.1 and other patterns."""
    if values is not None:
        return np.resize(np.array(values, "float32"), shape)
    *places, columns, channel = np.indices(shape)[1:]
    rows = sum(places, 0 * columns)
    guide = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
    middle = [at == size // 2 for at, size in zip([*places, columns], shape[1:-1], strict=True)]
    patterns = {
        "guide": guide[(rows + channel) % 5, columns % 5],
        "ramp": np.arange(np.prod(shape)).reshape(shape) + 1,
        "ones": np.ones(shape),
        "impulse": np.logical_and.reduce(middle),
        "checker": (rows + columns + channel) % 2,
        "noise": np.random.default_rng(seed).normal(size=shape).round(2),
    }
    return np.asarray(patterns[pattern], "float32")


def make_kernel(
    pattern: str, shape: Sequence[int], taps: Sequence[float] | None, seed: int
) -> np.ndarray[Any, Any]:
    """The kernel, float32[*space, channel, channel]: the guide's figure 1.1 and others."""
    if taps is not None:
        return np.resize(np.array(taps, "float32"), shape)
    *places, columns, one, other = np.indices(shape)
    rows = sum(places, 0 * columns)
    guide = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
    patterns = {
        "guide": guide[(rows + one) % 3, (columns + other) % 3],
        "ones": np.ones(shape),
        "mean": np.full(shape, 1 / np.prod(shape[:-1])),
        "random": np.random.default_rng(seed + 1).normal(size=shape).round(2),
    }
    return np.asarray(patterns[pattern], "float32")


def fit(x, pads, value=0.0):  # type: ignore[no-untyped-def]
    """Pad x along its spatial axes, or cut it where a pad is negative: float32[batch, *space, channel]."""
    import tensorflow as tf

    sizes = x.shape[1:-1]
    kept = [slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(pads, sizes, strict=True)]
    zeros = [(max(b, 0), max(a, 0)) for b, a in pads]
    return tf.pad(x[(slice(None), *kept)], [(0, 0), *zeros, (0, 0)], constant_values=value)


def spread(x, steps, first):  # type: ignore[no-untyped-def]
    """Put step - 1 zeros between neighbours along the axes from `first` on: (n - 1)·step + 1 cells."""
    import tensorflow as tf

    for axis, step in enumerate(steps, first):
        size, rest = x.shape[axis], [[0, 0]] * (x.shape.rank - axis - 1)
        gaps = tf.pad(tf.expand_dims(x, axis + 1), [[0, 0]] * (axis + 1) + [[0, step - 1]] + rest)
        x = tf.reshape(gaps, [*x.shape[:axis], size * step, *x.shape[axis + 1 :]])
        x = x[(slice(None),) * axis + (slice((size - 1) * step + 1),)]
    return x


def convolve(x, w, stride, groups):  # type: ignore[no-untyped-def]
    """A VALID convolution, group by group: x float32[batch, *space, channel], w float32[*space, in, out].

    TensorFlow has no gradient of grouped convolution on every CPU, so each group is a convolution.
    """
    import tensorflow as tf

    layout = ("NWC", "NHWC", "NDHWC")[len(stride) - 1]
    parts = zip(tf.split(x, groups, axis=-1), tf.split(w, groups, axis=-1), strict=True)
    done = [tf.nn.convolution(a, b, stride, "VALID", data_format=layout) for a, b in parts]
    return tf.concat(done, axis=-1)


def windows(x, kernel, stride, dilation):  # type: ignore[no-untyped-def]
    """What each window sees: [batch, *output, channel, tap] of x[batch, *space, channel]."""
    import tensorflow as tf

    rank = len(kernel)
    for axis, (taps, step, gap) in enumerate(zip(kernel, stride, dilation, strict=True)):
        place = 1 + 2 * axis
        count = (x.shape[place] - (taps - 1) * gap - 1) // step + 1
        x = tf.gather(x, step * tf.range(count)[:, None] + gap * tf.range(taps), axis=place)
    outputs, taps = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
    x = tf.transpose(x, [0, *outputs, 2 * rank + 1, *taps])
    return tf.reshape(x, [*x.shape[: rank + 2], -1])


def transpose(stretched, w, dilation, pads, added, groups):  # type: ignore[no-untyped-def]
    """A transposed convolution as the guide draws it: stride 1 over the input with zeros inserted.

    stretched: float32[batch, *space, channel]; w: float32[*space, filter / groups, channel], turned
    round and given a margin of span - 1 less what is cut off, so that every product finds its place.
    """
    import tensorflow as tf

    turned = tf.reverse(spread(w, dilation, 0), list(range(len(pads))))
    margins = [
        (n - 1 - b, n - 1 - a + more)
        for n, (b, a), more in zip(turned.shape[: len(pads)], pads, added, strict=True)
    ]
    shares = tf.split(tf.linalg.matrix_transpose(turned), groups, axis=-2)
    return convolve(fit(stretched, margins), tf.concat(shares, axis=-1), [1] * len(pads), groups)


def pool(x, operation, kernel, stride, dilation, pads, count_padding):  # type: ignore[no-untyped-def]
    """The largest or mean cell of every window, and which one won: its place in x written out.

    Padding never wins, and counts in a mean only where `count_padding` says so. Of several largest
    cells the first wins, and alone gets the gradient.
    """
    import tensorflow as tf

    def see(cells, value):  # type: ignore[no-untyped-def]
        return windows(fit(cells, pads, value), kernel, stride, dilation)

    if operation == "avg-pool":
        counted = see(tf.ones_like(x), 1.0 if count_padding else 0.0)
        return {"y": tf.reduce_sum(see(x, 0.0), axis=-1) / tf.reduce_sum(counted, axis=-1)}
    seen = see(x, -np.inf)
    first = tf.argmax(seen, axis=-1)
    places = see(tf.reshape(tf.range(tf.size(x)), x.shape), -1)
    pick = {"indices": first, "batch_dims": len(first.shape)}
    return {"y": tf.gather(seen, **pick), "argmax": tf.gather(places, **pick)}


def operate(  # type: ignore[no-untyped-def]
    x, w, operation, kernel, stride, dilation, pads, added, groups, count_padding
):
    """The output, float32[batch, *space, filter], and what was needed on the way."""
    import tensorflow as tf

    if operation == "transposed":
        stretched = spread(x, stride, 1)
        return {"stretched": stretched, "y": transpose(stretched, w, dilation, pads, added, groups)}
    if w is None:
        return pool(x, operation, kernel, stride, dilation, pads, count_padding)
    if operation == "depthwise":  # every channel is a group of its own
        w, groups = tf.reshape(w, [*kernel, 1, -1]), x.shape[-1]
    return {"y": convolve(fit(x, pads), spread(w, dilation, 0), stride, groups)}


def often(size, other, window):  # type: ignore[no-untyped-def]
    """How often each of `size` cells meets a tap of `other` windows, along every axis: float32[*space]."""
    import tensorflow as tf

    result = tf.ones([])
    for cells, count, (taps, step, gap, before) in zip(size, other, window, strict=True):
        at = step * tf.range(count)[:, None] + gap * tf.range(taps) - before
        times = tf.reduce_sum(tf.one_hot(tf.reshape(at, [-1]), cells), axis=0)  # outside: no cell
        result = result[..., None] * times
    return result
