"""Convolution with a filter that another branch made: one for each sample, or one for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution import dynamic_filter_convolution_story
from engine.errors import Rejected
from engine.parameter_lists import Cells
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

MODES = ("depthwise", "sum", "sample-0")
WAYS = ("map_fn", "vectorized_map", "extract_patches and einsum", "functional model")
REFUSALS = {"causal": "causal padding exists for Conv1D only: a picture has no past; choose SAME or VALID"}

PARAMETERS = (
    Pair("size", (16, 16), 1, 64, "height and width of the features"),
    Integer("channels", 4, 1, 128, "channels of the features"),
    Integer("taps", 5, 1, 7, "height and width of the filter"),
    Integer("batch", 2, 1, 4, "samples"),
    Choice("features", "blobs", ("blobs", "noise", "ramp"), "what the features hold"),
    Choice("source", "pool", ("pool", "drawn", "random"), "where the filter comes from"),
    Cells("cells", 4 * 49, "the drawn filter, sample by sample and row by row, for all channels"),
    Integer(
        "filter_channels", None, 1, 128, "channels of the filter; left out: as many as the features have"
    ),
    Choice(
        "filter_shape",
        "k,k,C,1",
        ("k,k,C,1", "k,k,C", "N,k,k,C"),
        "the shape in which the filter is handed to the operation",
    ),
    Choice("mode", "depthwise", MODES, "how the filter meets the features"),
    Choice("padding", "SAME", ("SAME", "VALID"), "zeros around the features", REFUSALS),
    Toggle("normalise", False, "divide each filter by the sum of its absolute values"),
    Toggle("compare", False, "compute the responses of each sample in four more ways"),
    Integer("seed", 0, 0, 9999, "seed of features and random filters"),
)


def check(size: tuple[int, int], channels: int, taps: int, padding: str, **rest: Any) -> None:
    """The filter must have the operation's rank, the features' channels, and room."""
    least = min(size)
    if padding == "VALID" and taps > least:
        # TensorFlow must never see this: a filter one larger than its input returns garbage.
        expected = f"at most {least} x {least}: no window fits into {size[0]} x {size[1]} with VALID padding"
        fix = f"use {least} x {least}, larger features or SAME padding"
        raise Rejected("taps", f"{taps} x {taps}", expected, fix, {"taps": least})
    if rest["source"] == "pool" and taps > least:
        expected = f"at most {least}: adaptive pooling cannot make {taps} bins from {least} cells"
        fix = "make the filter smaller than the features"
        raise Rejected("taps", f"{taps} x {taps} bins", expected, fix, {"taps": least})
    wanted = rest["filter_channels"]
    if wanted is not None and wanted != channels:
        # TensorFlow would say "input depth must be evenly divisible by filter depth", or broadcast groups.
        expected = f"{channels}: one {taps} x {taps} slice for each channel of the features"
        fix = "let the branch that makes the filter end in as many channels as the features have"
        raise Rejected("filter_channels", str(wanted), expected, fix, {"filter_channels": None})
    _check_shape(rest["filter_shape"], rest["batch"], taps, channels)
    cells, whole = rest["cells"], rest["batch"] * taps**2
    if rest["source"] == "drawn" and cells is not None and len(cells) != whole:
        expected = f"{whole} cells: {rest['batch']} samples of {taps} x {taps}"
        fix = f"paint {whole} cells, or clear them and begin anew"
        raise Rejected("cells", f"a filter of {len(cells)} cells", expected, fix, {"cells": None})


def _check_shape(shape: str, batch: int, taps: int, channels: int) -> None:
    """The two shapes that people try first. TensorFlow reads a filter as [height, width, in, out]."""
    right = f"rank 4, [height, width, channels, 1] = [{taps}, {taps}, {channels}, 1]"
    if shape == "k,k,C":
        fix = 'add an axis, g[..., None]; TensorFlow says "filter must be 4-dimensional"'
        raise Rejected(
            "filter_shape", f"[{taps}, {taps}, {channels}], rank 3", right, fix, {"filter_shape": "k,k,C,1"}
        )
    if shape == "N,k,k,C":
        received = f"[{batch}, {taps}, {taps}, {channels}], the whole batch of filters"
        said = f"TensorFlow would read it as {batch} x {taps} taps on {taps} channels"
        if channels % taps:
            said += (
                f' and refuse: "input depth must be evenly divisible by filter depth: {channels} vs {taps}"'
            )
        else:
            said += f" and, {taps} dividing {channels}, compute without a word"
        fix = f"fold the batch into the channels, or map over samples. {said}"
        raise Rejected(
            "filter_shape", received, right + ", one sample at a time", fix, {"filter_shape": "k,k,C,1"}
        )


def cost(size: tuple[int, int], channels: int, taps: int, batch: int, compare: bool, **_: Any) -> Cost:
    """Responses with each sample's filter and with the first one's, and their gradients."""
    cells = prod(size) * channels * batch
    patches = cells * taps**2 if compare else 0
    return Cost(4 * (16 * cells + 2 * patches), cells * (12 + 10 * compare) * taps**2 + 20 * cells)


def made_features(
    kind: str, batch: int, height: int, width: int, channels: int, seed: int
) -> np.ndarray[Any, Any]:
    """Features as a network might give them: float32[batch, height, width, channels].

    "blobs": three soft spots in each channel, somewhere else in each sample.
    """
    shape = (batch, height, width, channels)
    generator = np.random.default_rng(seed)
    if kind == "ramp":
        return np.arange(np.prod(shape), dtype="float32").reshape(shape)
    if kind == "noise":
        return generator.normal(size=shape).astype("float32")
    rows, columns = np.arange(height)[:, None, None], np.arange(width)[:, None]
    found = np.zeros(shape)
    for _ in range(3):
        down, across = (generator.uniform(0, side, (batch, 1, 1, channels)) for side in (height, width))
        wide = generator.uniform(0.08, 0.2, (batch, 1, 1, channels)) * max(height, width)
        found += np.exp(-((rows - down) ** 2 + (columns - across) ** 2) / (2 * wide**2))
    return found.astype("float32")


def made_filters(batch: int, taps: int, channels: int, seed: int) -> np.ndarray[Any, Any]:
    """Random filters, one a sample: float32[batch, taps, taps, channels]."""
    shape = (batch, taps, taps, channels)
    return np.random.default_rng(seed + 1).normal(size=shape).astype("float32")


def adaptive_average_pool(x, taps):  # type: ignore[no-untyped-def]
    """Means over taps x taps bins of x: float32[batch, taps, taps, channels].

    Bin u holds the cells from floor(u n / taps) to ceil((u + 1) n / taps), as
    keras.layers.AdaptiveAveragePooling2D and PyTorch have it; bins may overlap.
    """
    import tensorflow as tf

    sides = []
    for size in x.shape[1:3]:
        cell, u = np.arange(size), np.arange(taps)[:, None]
        inside = (cell >= u * size // taps) & (cell < -(-(u + 1) * size // taps))
        sides.append((inside / inside.sum(axis=1, keepdims=True)).astype("float32"))
    return tf.einsum("ui,nijc,vj->nuvc", sides[0], x, sides[1])


def each_its_own(f, g, padding):  # type: ignore[no-untyped-def]
    """Convolve each sample with its own filter, channel by channel: the batch folded into channels.

    f: float32[batch, height, width, channels]; g: float32[batch, taps, taps, channels].
    """
    import tensorflow as tf

    (batch, height, width, channels), taps = f.shape, g.shape[1]
    folded = tf.reshape(tf.transpose(f, [1, 2, 0, 3]), [1, height, width, batch * channels])
    filters = tf.reshape(tf.transpose(g, [1, 2, 0, 3]), [taps, taps, batch * channels, 1])
    y = tf.nn.depthwise_conv2d(folded, filters, [1, 1, 1, 1], padding)
    return tf.transpose(tf.reshape(y, [*y.shape[1:3], batch, channels]), [2, 0, 1, 3])


def other_ways(f, g, padding):  # type: ignore[no-untyped-def]
    """The same responses in four more ways: one float32[batch, height, width, channels] each."""
    import keras
    import tensorflow as tf

    def one(pair):  # type: ignore[no-untyped-def]
        return tf.nn.depthwise_conv2d(pair[0][None], pair[1][..., None], [1, 1, 1, 1], padding)[0]

    def each(pair):  # type: ignore[no-untyped-def]
        return tf.map_fn(one, pair, fn_output_signature=tf.float32)

    taps, channels = g.shape[1], f.shape[-1]
    patches = tf.image.extract_patches(f, [1, taps, taps, 1], [1, 1, 1, 1], [1, 1, 1, 1], padding)
    patches = tf.reshape(patches, [*patches.shape[:3], taps, taps, channels])
    inputs = [keras.Input(f.shape[1:]), keras.Input(g.shape[1:])]
    model = keras.Model(inputs, keras.layers.Lambda(each)(inputs))
    return [
        each((f, g)),
        tf.vectorized_map(one, (f, g)),
        tf.einsum("nijuvc,nuvc->nijc", patches, g),
        model([f, g]),
    ]


SHOWN = (made_features, made_filters, adaptive_average_pool, each_its_own, other_ways)


def arguments(size: tuple[int, int], channels: int, taps: int, batch: int, **rest: Any) -> dict[str, Any]:
    """What `dynamic_filter_convolution` is called with."""
    seed = rest["seed"]
    seen = {"kind": rest["features"], "batch": batch, "height": size[0], "width": size[1]}
    made = {"batch": batch, "taps": taps, "channels": channels, "seed": seed}
    filters: Any = Made(made_filters, made) if rest["source"] == "random" else None
    if rest["source"] == "drawn":
        drawn = rest["cells"] or _crosses(batch, taps)
        filters = np.array(drawn, "float32").reshape(batch, taps, taps)
    return {
        "x": Made(made_features, seen | {"channels": channels, "seed": seed}),
        "filters": filters,
        "taps": taps,
        **{name: rest[name] for name in ("mode", "padding", "normalise", "compare")},
    }


def _crosses(batch: int, taps: int) -> Sequence[int]:
    """What a drawing begins with: an upright cross, then a diagonal one, in turn."""
    rows, columns = np.mgrid[0:taps, 0:taps]
    upright = (rows == taps // 2) | (columns == taps // 2)
    slanted = (rows == columns) | (rows + columns == taps - 1)
    found = np.stack([slanted if sample % 2 else upright for sample in range(batch)])
    return [int(cell) for cell in found.ravel()]


def dynamic_filter_convolution(x, filters, taps, mode, padding, normalise, compare):  # type: ignore[no-untyped-def]
    """Convolve features with filters made from the input.

    x: float32[batch, height, width, channels], read by both branches; filters: None to pool them from
    x, float32[batch, taps, taps] for one pattern on all channels, or
    float32[batch, taps, taps, channels]. The responses are float32[batch, height, width, channels],
    or one channel for mode "sum".
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    found = {"x": x}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        f = tf.identity(x)  # the branch that keeps the features
        if filters is None:
            g = adaptive_average_pool(x, taps)  # the branch that makes the filter
        else:
            filters = tf.convert_to_tensor(filters)
            tape.watch(filters)
            g = tf.identity(filters)
            if len(filters.shape) == 3:
                found["pattern"] = filters
                g = tf.repeat(filters[..., None], x.shape[-1], axis=-1)
        found |= {"f": f, "g": g}
        used = g
        if normalise:
            size = tf.reduce_sum(tf.abs(g), axis=(1, 2), keepdims=True)
            found["g_normalised"] = used = tf.math.divide_no_nan(g, size)
        if mode == "sum":  # one conv2d a sample: [taps, taps, channels, 1] gives one map
            samples = range(x.shape[0])
            right = [tf.nn.conv2d(f[n : n + 1], used[n][..., None], 1, padding) for n in samples]
            right = tf.concat(right, axis=0)
            first = tf.nn.conv2d(f, used[0][..., None], 1, padding)
        else:
            right = each_its_own(f, used, padding)
            first = tf.nn.depthwise_conv2d(f, used[0][..., None], [1, 1, 1, 1], padding)
        y = first if mode == "sample-0" else right
        loss = tf.reduce_sum(y**2) / 2
        copied = tf.Variable(used[0][..., None])  # what an initializer does: the values, once
        from_copy = tf.reduce_sum(tf.nn.depthwise_conv2d(f, copied, [1, 1, 1, 1], padding) ** 2) / 2
    found |= {"y": y, "right": right} if mode == "sample-0" else {"y": y, "first": first}
    found |= {"error": first - right, "loss": loss}
    found["filter_gradient"], found["feature_gradient"] = tape.gradient(loss, [g, f])
    if filters is None:
        found["branch_gradient"] = tape.gradient(loss, x) - found["feature_gradient"]
    found["copied_gradient"] = tape.gradient(from_copy, g)
    if compare:
        alone = each_its_own(f, used, padding)
        found["ways"] = tf.stack([tf.reduce_max(tf.abs(way - alone)) for way in other_ways(f, used, padding)])
        grouped = tf.nn.conv2d(f, used[0][:, :, None, :], 1, padding)  # [taps, taps, 1, channels]
        found["grouped"] = tf.reduce_max(
            tf.abs(grouped - tf.nn.depthwise_conv2d(f, copied, [1] * 4, padding))
        )
    return found


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see dynamic_filter_convolution_story.py."""
    return dynamic_filter_convolution_story.tell(parameters, results, WAYS)
