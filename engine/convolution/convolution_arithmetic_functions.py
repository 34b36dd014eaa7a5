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


def fit(x, pads):  # type: ignore[no-untyped-def]
    """Pad x along its spatial axes, or cut it where a pad is negative: float32[batch, *space, channel]."""
    import tensorflow as tf

    sizes = x.shape[1:-1]
    kept = [slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(pads, sizes, strict=True)]
    zeros = [(max(b, 0), max(a, 0)) for b, a in pads]
    return tf.pad(x[(slice(None), *kept)], [(0, 0), *zeros, (0, 0)])


def spread(x, steps, first):  # type: ignore[no-untyped-def]
    """Put step - 1 zeros between neighbours along the axes from `first` on: (n - 1)·step + 1 cells."""
    import tensorflow as tf

    for axis, step in enumerate(steps, first):
        if step == 1:
            continue
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
    # Two traps of oneDNN in TensorFlow 2.21, avoided by taking the cells first. A window that is alone
    # on its axis never moves: with a stride, a 3-D convolution of a single channel answers wrong
    # numbers. A single tap reads every stride-th cell: with a stride, its gradient corrupts memory.
    axes = list(zip(x.shape[1:-1], w.shape, stride, strict=False))
    alone = [k if n - k < s else n for n, k, s in axes]
    x = x[
        (
            slice(None),
            *(slice(0, end, s if k == 1 else 1) for end, (_, k, s) in zip(alone, axes, strict=True)),
        )
    ]
    stride = [1 if k == 1 or n - k < s else s for n, k, s in axes]
    parts = zip(tf.split(x, groups, axis=-1), tf.split(w, groups, axis=-1), strict=True)
    done = [tf.nn.convolution(a, b, stride, "VALID", data_format=layout) for a, b in parts]
    return tf.concat(done, axis=-1)


def windows(shape, kernel, stride, dilation, pads):  # type: ignore[no-untyped-def]
    """The place in x, written out, of each cell a window sees: int[*output, channel, tap], -1 in padding.

    shape: of x, [1, *space, channel].
    """
    rank = len(kernel)
    places = np.arange(np.prod(shape)).reshape(shape[1:])
    places = np.pad(places, [*pads, (0, 0)], constant_values=-1)
    spans = [(taps - 1) * gap + 1 for taps, gap in zip(kernel, dilation, strict=True)]
    every = np.lib.stride_tricks.sliding_window_view(places, spans, axis=tuple(range(rank)))
    taken = [slice(None, None, step) for step in (*stride, 1, *dilation)]
    return every[tuple(taken)].reshape(*every[tuple(taken)].shape[: rank + 1], -1)


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

    places = windows(x.shape, kernel, stride, dilation, pads)
    cells, real = tf.reshape(x, [-1]), places >= 0
    seen = tf.gather(cells, np.maximum(places, 0))
    if operation == "avg-pool":
        counted = places.shape[-1] if count_padding else real.sum(axis=-1).astype("float32")
        return {"y": tf.reduce_sum(tf.where(real, seen, 0.0), axis=-1)[None] / counted}
    first = tf.argmax(tf.where(real, seen, -np.inf), axis=-1)
    winners = tf.gather(places, first, batch_dims=len(kernel) + 1)[None]
    return {"y": tf.gather(cells, winners), "argmax": winners}


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
    """How often each of `size` cells meets a tap of `other` windows, along every axis: int[*space]."""
    result = np.ones((), int)
    for cells, count, (taps, step, gap, before) in zip(size, other, window, strict=True):
        at = step * np.arange(count)[:, None] + gap * np.arange(taps) - before
        times = np.bincount(at[(at >= 0) & (at < cells)], minlength=cells)
        result = result[..., None] * times
    return result
