"""A dense layer applied to every tile of an image is a strided convolution with the same weights.

Reshape the dense weights into a kernel and the outputs agree; flip it, or flatten the tile in another
order, and they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.convolution import dense_as_convolution_story
from engine.convolution.windows import Window, window
from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

Two = tuple[int, int]
LENS = "conv"  # what the gradient lens asks about first
PARAMETERS = (
    Pair("tile", (20, 20), 2, 20, "height and width of a tile, in pixels"),
    Pair("tiles", (5, 3), 1, 16, "whole tiles, down and across"),
    Pair("extra", (0, 0), -19, 19, "pixels beyond whole tiles; below 0: missing ones"),
    Integer("channels", 10, 1, 16, "channels of the image"),
    Integer("units", 64, 1, 64, "outputs of the dense layer, filters of the convolution"),
    Integer("batch", 1, 1, 4, "images"),
    Pair("stride", None, 1, 20, "from tile to tile, in pixels; left out: the tile's size"),
    Choice(
        "padding",
        "VALID",
        ("VALID", "SAME"),
        "what is done with pixels that fill no tile",
        {"causal": "causal padding exists for Conv1D only: choose VALID or SAME"},
    ),
    Toggle("flip", False, "turn the kernel by 180 degrees, as Theano's convolution does"),
    Choice("flatten", "HWC", ("HWC", "CHW"), "the order in which the dense layer saw a tile"),
    Choice("reshape", "HWC", ("HWC", "CHW"), "the order in which its weights become a kernel"),
    Integer("features", None, 1, 6400, "rows of the trained weights; left out: as many as a tile has values"),
    Choice("values", "random", ("random", "arange", "template"), "what image and weights hold"),
    Integer("unit", 0, 0, 63, "the unit that is looked at"),
    Integer("seed", 0, 0, 9999, "seed of random values"),
)  # fmt: skip


def check(**parameters: Any) -> None:
    """A tile must fit, the weights must have a row for each of its values, the unit must exist."""
    tile, size, channels = parameters["tile"], size_of(**parameters), parameters["channels"]
    _room(tile, size, parameters)
    rows = prod(tile) * channels
    if parameters["features"] not in (None, rows):
        received = f"weights with {parameters['features']:,} rows"
        expected = f"{rows:,}, one for each value of a tile: {tile[0]} · {tile[1]} · {channels}"
        fix = f"reshaping cannot add or lose weights: use {rows:,} rows, or the tile the layer was trained on"
        raise Rejected("features", received, expected, fix, {"features": None})
    if parameters["unit"] >= parameters["units"]:
        expected = f"0 to {parameters['units'] - 1}: the layer has {parameters['units']} units"
        raise Rejected("unit", str(parameters["unit"]), expected, "choose a unit it has", {"unit": 0})


def _room(tile: Two, size: Two, parameters: Mapping[str, Any]) -> None:
    """TensorFlow must never see a window larger than its image: one pixel too many returns garbage."""
    empty = min(size) < 1
    if not empty and (parameters["padding"] == "SAME" or (size[0] >= tile[0] and size[1] >= tile[1])):
        return
    received = f"an image of {size[0]}x{size[1]} ({parameters['tiles'][0]}x{parameters['tiles'][1]} tiles, {parameters['extra'][0]} and {parameters['extra'][1]} pixels beyond)"
    if empty:
        expected, fix = "at least one pixel along each side", "leave fewer pixels out"
    else:
        expected = f"at least one tile, {tile[0]}x{tile[1]}, with VALID padding: no tile fits inside"
        fix = "add pixels, use smaller tiles, or SAME padding"
    more = (max(0, parameters["extra"][0]), max(0, parameters["extra"][1]))
    raise Rejected("extra", received, expected, fix, {"extra": more})


def size_of(tile: Two, tiles: Two, extra: Two, **_: Any) -> Two:
    """Height and width of the image."""
    return tile[0] * tiles[0] + extra[0], tile[1] * tiles[1] + extra[1]


def windows_of(tile: Two, stride: Two | None, padding: str, **parameters: Any) -> tuple[Window, Window]:
    """How tiles lie along height and width."""
    steps, size = stride or tile, size_of(tile, **parameters)
    rows, columns = (window(size[axis], tile[axis], steps[axis], 1, padding) for axis in (0, 1))
    return rows, columns


def cost(**parameters: Any) -> Cost:
    """The image, one row of a tile's values for each place (three times), weights, both outputs."""
    size, places = size_of(**parameters), _places(parameters) * parameters["batch"]
    values, units = prod(parameters["tile"]) * parameters["channels"], parameters["units"]
    image = prod(size) * parameters["channels"] * parameters["batch"]
    memory = 4 * (4 * image + 3 * places * values + 4 * values * units + 4 * places * units)
    return Cost(memory, work=4 * places * values * (units + 3))


def _places(parameters: Mapping[str, Any]) -> int:
    along = zip(windows_of(**parameters), size_of(**parameters), strict=True)
    return prod(each.output(n) for each, n in along)


def image(
    pattern: str, batch: int, height: int, width: int, channels: int, seed: int
) -> np.ndarray[Any, Any]:
    """Random values, or 1 to 9 over and over: float32[batch, height, width, channels]."""
    shape = (batch, height, width, channels)
    if pattern == "arange":
        return np.asarray(1 + np.arange(np.prod(shape)) % 9, "float32").reshape(shape)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def weights(
    pattern: str,
    shape: tuple[int, int],
    tile: Two,
    tiles: Two,
    channels: int,
    flatten: str,
    pixels: Mapping[str, Any],
) -> np.ndarray[Any, Any]:
    """Weights of the dense layer, float32[tile value, unit].

    Random ones; 1 to 9 over and over; or templates: unit n holds what tile n of the image shows, divided
    by the number of values, so that it answers most where it finds itself.
    """
    if pattern == "arange":
        return np.asarray(1 + np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 9, "float32")
    if pattern == "random":
        generator = np.random.default_rng(pixels["seed"] + 1)
        return np.asarray(generator.normal(size=shape) / np.sqrt(shape[0]), "float32")
    picture, columns = image(**pixels)[0], []
    for unit in range(shape[1]):
        row, column = unit // tiles[1] % tiles[0] * tile[0], unit % tiles[1] * tile[1]
        seen = np.zeros((*tile, channels))
        part = picture[row : row + tile[0], column : column + tile[1]]
        seen[: part.shape[0], : part.shape[1]] = part
        columns.append(seen.transpose(2, 0, 1).ravel() if flatten == "CHW" else seen.ravel())
    return (np.stack(columns, axis=1) / shape[0]).astype("float32")


def arguments(**parameters: Any) -> dict[str, Any]:
    """What the function is called with."""
    tile, (height, width), units = parameters["tile"], size_of(**parameters), parameters["units"]
    pixels = {
        "pattern": parameters["values"],
        "batch": parameters["batch"],
        "height": height,
        "width": width,
        "channels": parameters["channels"],
        "seed": parameters["seed"],
    }
    held = {
        "pattern": parameters["values"],
        "shape": (prod(tile) * parameters["channels"], units),
        "tile": tile,
        "tiles": parameters["tiles"],
        "channels": parameters["channels"],
        "flatten": parameters["flatten"],
        "pixels": pixels,
    }
    bias = np.zeros(units) if parameters["values"] != "random" else np.linspace(-0.5, 0.5, units)
    return {
        "x": Made(image, pixels),
        "weights": Made(weights, held),
        "bias": bias.astype("float32"),
        "tile": tile,
        "stride": parameters["stride"] or tile,
        "padding": parameters["padding"],
        "flip": parameters["flip"],
        "flatten": parameters["flatten"],
        "reshape": parameters["reshape"],
        "unit": parameters["unit"],
    }


def flat_tiles(x, tile, stride, padding, order):  # type: ignore[no-untyped-def]
    """Every tile as one row: float32[batch, down, across, tile value]."""
    import tensorflow as tf

    patches = tf.image.extract_patches(x, [1, *tile, 1], [1, *stride, 1], [1, 1, 1, 1], padding)
    if order == "HWC":
        return patches
    apart = tf.reshape(patches, [*patches.shape[:3], *tile, x.shape[-1]])
    return tf.reshape(tf.transpose(apart, [0, 1, 2, 5, 3, 4]), patches.shape)


def as_kernel(weights, tile, channels, order, flip):  # type: ignore[no-untyped-def]
    """Dense weights [tile value, unit] as a kernel: float32[height, width, channel, unit]."""
    import tensorflow as tf

    if order == "HWC":
        kernel = tf.reshape(weights, [*tile, channels, -1])
    else:
        kernel = tf.transpose(tf.reshape(weights, [channels, *tile, weights.shape[-1]]), [1, 2, 0, 3])
    return tf.reverse(kernel, [0, 1]) if flip else kernel


SHOWN = (image, weights, flat_tiles, as_kernel)


def dense_as_convolution(  # type: ignore[no-untyped-def]
    x, weights, bias, tile, stride, padding, flip, flatten, reshape, unit
):
    """The dense layer on every tile, the convolution of the same weights, and where they differ.

    x: float32[batch, height, width, channel]; weights: float32[tile value, unit]; bias: float32[unit];
    flatten, reshape: "HWC" or "CHW"; unit: the one whose way is followed.
    """
    import tensorflow as tf

    x, weights, bias = map(tf.convert_to_tensor, (x, weights, bias))
    channels, column = x.shape[-1], weights[:, unit]
    kernel = as_kernel(weights, tile, channels, reshape, flip)
    rows = flat_tiles(x, tile, stride, padding, flatten)
    dense = tf.tensordot(rows, weights, 1) + bias
    conv = tf.nn.conv2d(x, kernel, stride, padding) + bias

    # One unit by itself, with the gradient of the sum of its outputs, by both ways.
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, column])
        kernel_unit = as_kernel(column[:, None], tile, channels, reshape, flip)[..., 0]
        dense_unit = tf.tensordot(rows, column, 1) + bias[unit]
        conv_unit = (tf.nn.conv2d(x, kernel_unit[..., None], stride, padding) + bias[unit])[..., 0]
    gradient, conv_column = tape.gradient(conv_unit, [x, column])
    places = tf.ones([1, *conv.shape[1:3], 1])
    coverage = tf.nn.conv2d_transpose(places, tf.ones([*tile, 1, 1]), [1, *x.shape[1:3], 1], stride, padding)
    return {
        "x": x,
        "weights": weights,
        "bias": bias,
        "dense": dense,
        "kernel": kernel,
        "conv": conv,
        "difference": conv - dense,
        "column": column,
        "kernel_unit": kernel_unit,
        "dense_unit": dense_unit,
        "conv_unit": conv_unit,
        "difference_unit": conv_unit - dense_unit,
        "coverage": coverage[0, :, :, 0],
        "image_gradient": gradient[0, :, :, 0],
        "column_gradient": conv_column,
        "column_gradient_dense": tape.gradient(dense_unit, column),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see dense_as_convolution_story.py."""
    return dense_as_convolution_story.tell(
        parameters, results, windows_of(**parameters), size_of(**parameters)
    )
