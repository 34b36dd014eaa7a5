"""Each neuron of a convolution looks at one window of the image.

The receptive field of a unit is found three ways: by formula from kernels and strides, by
gradient (which pixels change the unit at all), and effectively (how much each pixel can weigh).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from engine.convolution import receptive_field_story
from engine.convolution.receptive_field_layers import layers_of
from engine.errors import Rejected
from engine.parameter_lists import Numbers, Rows
from engine.parameters import Choice, Integer, Pair
from engine.technique import Cost, Made, Story

PADDINGS = ("SAME", "VALID")
REFUSALS = {
    "causal": "causal padding exists for Conv1D only: a picture has no past; choose SAME, VALID or explicit",
    "FULL": "TensorFlow has no FULL: choose explicit padding of kernel - 1 on every side",
}
LAYER = (
    Choice("kind", "conv", ("conv", "max-pool", "avg-pool")),
    Pair("kernel", (2, 2), 1, 32),
    Pair("stride", (1, 1), 1, 32),
    Integer("dilation", 1, 1, 8),
    Choice("padding", "SAME", PADDINGS, refusals=REFUSALS),
    Integer("filters", 8, 1, 64),
)
PARAMETERS = (
    Pair("size", (64, 64), 1, 256, "height and width of the image, in pixels"),
    Integer("channels", 3, 1, 3, "colours of the image"),
    Pair("kernel", (4, 4), 1, 64, "height and width of the window, in taps"),
    Pair("stride", (1, 1), 1, 64, "how far the window moves from unit to unit, in pixels"),
    Pair("dilation", (1, 1), 1, 16, "distance between taps, in pixels"),
    Choice("padding", "SAME", (*PADDINGS, "explicit"), "zeros around the image", REFUSALS),
    Numbers("pads", (1, 1, 1, 1), 4, 4, 0, 64, "explicit zeros: top, bottom, left, right", whole=True),
    Integer("filters", 8, 1, 64, "kernels of the first layer, shared by all positions"),
    Rows("stack", LAYER, 6, "layers after the first"),
    Integer("classes", 0, 0, 1000, "outputs of a dense layer on top; 0 leaves it out"),
    Pair("unit", None, 0, 4095, "row and column of the chosen unit; left out: the centre"),
    Integer("filter", 0, 0, 63, "which filter of the chosen unit"),
    Choice("image", "photo", ("photo", "ramp", "impulse", "checker", "noise", "constant"), "the input"),
    Choice("weights", "random", ("random", "mean", "edge"), "what the first kernels hold"),
    Integer("seed", 0, 0, 9999, "seed of random weights and noise"),
)
PHOTO = Path(__file__).resolve().parents[2] / "assets" / "photo.npy"


def check(unit: tuple[int, int] | None, filter: int, **parameters: Any) -> None:
    """Every layer must have room for one window, and the chosen unit must exist."""
    layers = layers_of(**parameters)
    rows, columns = layers[-1].output
    if unit and not (unit[0] < rows and unit[1] < columns):
        expected = f"row 0 to {rows - 1} and column 0 to {columns - 1}: the last layer is {rows} x {columns}"
        raise Rejected("unit", f"{unit[0]}x{unit[1]}", expected, "choose a unit inside it", {"unit": None})
    if filter >= layers[-1].filters:
        expected = f"0 to {layers[-1].filters - 1}: the last layer has {layers[-1].filters} filters"
        raise Rejected("filter", str(filter), expected, "choose a filter it has", {"filter": 0})


def cost(**parameters: Any) -> Cost:
    """float32 for every tensor, its gradient and both backward passes; two operations a tap.

    A dilated kernel counts with its gaps: they are multiplied as zeros.
    """
    layers = layers_of(**parameters)
    cells = prod(layers[0].input) * layers[0].channels
    dense = prod(layers[-1].output) * layers[-1].filters * parameters["classes"]
    outputs = [prod(layer.output) * layer.filters for layer in layers]
    weights = [prod(layer.weights or (0,)) for layer in layers]
    spans = [prod(along.span for along in layer.windows) for layer in layers]
    work = sum(
        2 * outputs[place] * spans[place] * (layer.channels if layer.weights else 1)
        for place, layer in enumerate(layers)
    )
    return Cost(4 * (4 * cells + 4 * sum(outputs) + 3 * sum(weights) + 2 * dense), 5 * work + 2 * dense)


def picture(pattern: str, height: int, width: int, channels: int, seed: int) -> np.ndarray[Any, Any]:
    """A test image with values from 0 to 1, float32[1, height, width, channels]."""
    rows, columns = np.mgrid[0:height, 0:width]
    plane = {
        "ramp": (rows * width + columns + 1) / (height * width),
        "impulse": (rows == height // 2) & (columns == width // 2),
        "checker": (rows + columns) % 2,
        "noise": np.random.default_rng(seed).random((height, width)),
        "constant": np.ones((height, width)),
    }[pattern]
    image = np.stack([plane * (1 - 0.25 * channel) for channel in range(channels)], axis=-1)
    return image[None].astype("float32")


def photo(height: int, width: int, channels: int) -> np.ndarray[Any, Any]:
    """The photograph in `assets/`, each pixel the mean of its block: uint8[1, height, width, channels]."""
    image = np.load(PHOTO, allow_pickle=False).astype("float64")
    for axis, size in enumerate((height, width)):
        edges = np.linspace(0, image.shape[axis], size + 1).astype(int)
        starts = np.minimum(edges[:-1], image.shape[axis] - 1)
        shape = [-1 if place == axis else 1 for place in range(3)]
        image = np.add.reduceat(image, starts, axis) / np.maximum(np.diff(edges), 1).reshape(shape)
    colours = image.mean(axis=-1, keepdims=True) if channels == 1 else image[..., :channels]
    return np.asarray(colours[None].round().astype("uint8"))


def made_kernels(shapes: Sequence[tuple[int, ...]], weights: str, seed: int) -> list[np.ndarray[Any, Any]]:
    """One kernel a shape [height, width, channels, filters]: the first as asked, others random."""
    generator = np.random.default_rng(seed)
    kernels = [generator.normal(size=s) / np.sqrt(np.prod(s[:-1])) for s in shapes]
    if weights == "mean":
        kernels[0] = np.full(shapes[0], 1 / np.prod(shapes[0][:-1]))
    if weights == "edge":
        ramp = np.linspace(-1, 1, shapes[0][1]) if shapes[0][1] > 1 else np.ones(1)
        kernels[0] = np.broadcast_to(ramp[None, :, None, None], shapes[0]) / shapes[0][0]
    return [kernel.astype("float32") for kernel in kernels]


SHOWN = (picture, made_kernels)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `receptive_field` is called with."""
    layers = layers_of(**parameters)
    height, width = parameters["size"]
    channels, seed = parameters["channels"], parameters["seed"]
    made = {
        "pattern": parameters["image"],
        "height": height,
        "width": width,
        "channels": channels,
        "seed": seed,
    }
    shapes: list[tuple[int, ...]] = [layer.weights for layer in layers if layer.weights]
    if parameters["classes"]:
        rows, columns = layers[-1].output
        shapes.append((rows * columns * layers[-1].filters, parameters["classes"]))
    return {
        "image": photo(height, width, channels) if made["pattern"] == "photo" else Made(picture, made),
        "layers": [layer.call() for layer in layers],
        "kernels": Made(made_kernels, {"shapes": shapes, "weights": parameters["weights"], "seed": seed}),
        "unit": parameters["unit"] or tuple(size // 2 for size in layers[-1].output),
        "filter": parameters["filter"],
    }


def receptive_field(image, layers, kernels, unit, filter):  # type: ignore[no-untyped-def]
    """Run a stack of layers and ask which pixels one unit of the last layer depends on.

    image: float32[1, height, width, channel] (or uint8, taken as 0 to 1); layers: dicts of kind
    ("conv", "max-pool", "avg-pool"), kernel, stride, dilation, padding (SAME, VALID or the zeros
    [(top, bottom), (left, right)]); kernels: one array a conv, and one more for a dense layer on top.
    """
    import tensorflow as tf

    def convolve(x, kernel, layer):  # type: ignore[no-untyped-def]
        # Dilation by hand, zeros between the taps: TensorFlow has no gradient of a
        # dilated convolution on every CPU, and the numbers are the same.
        (height, width), (down, right) = kernel.shape[:2], layer["dilation"]
        gaps = [[0, 0], [0, down - 1], [0, 0], [0, right - 1], [0, 0], [0, 0]]
        spread = tf.pad(kernel[:, None, :, None], gaps)
        spread = tf.reshape(spread, [height * down, width * right, *kernel.shape[2:]])
        spread = spread[: (height - 1) * down + 1, : (width - 1) * right + 1]
        padding = layer["padding"]
        if not isinstance(padding, str):
            x, padding = tf.pad(x, [[0, 0], *padding, [0, 0]]), "VALID"
        stride = layer["stride"]
        if (height, width) == (1, 1):
            # One tap reads every stride-th pixel. TensorFlow 2.21's gradient of a strided 1 x 1
            # convolution corrupts memory on CPUs with oneDNN, so the pixels are taken first.
            x, stride = x[:, :: stride[0], :: stride[1]], 1
        return tf.nn.conv2d(x, spread, strides=stride, padding=padding)

    def pool(x, layer, kind):  # type: ignore[no-untyped-def]
        operation = tf.nn.max_pool2d if kind == "max-pool" else tf.nn.avg_pool2d
        return operation(x, layer["kernel"], layer["stride"], layer["padding"])

    results = {"x": tf.image.convert_image_dtype(image, tf.float32)}
    weights = [tf.convert_to_tensor(kernel) for kernel in kernels]
    remaining = iter(weights)
    with tf.GradientTape() as tape:
        tape.watch(results["x"])
        y = results["x"]
        for number, layer in enumerate(layers, 1):
            name = str(number) if number > 1 else ""
            if layer["kind"] == "conv":
                results["w" + name] = next(remaining)
                y = convolve(y, results["w" + name], layer)
            else:
                y = pool(y, layer, layer["kind"])
            results["y" + name] = y
        chosen = y[0, unit[0], unit[1], filter]
    results["gradient"] = tape.gradient(chosen, results["x"])
    for dense in remaining:
        results["w_dense"] = dense
        results["logits"] = tf.matmul(tf.reshape(y, [1, -1]), dense)

    # Effective: every tap weighs the same and pooling averages, so what arrives at a pixel
    # is the share of all paths from the unit that end there.
    flat = tf.ones_like(results["x"][..., :1])
    with tf.GradientTape() as tape:
        tape.watch(flat)
        y = flat
        for layer in layers:
            even = tf.ones([*layer["kernel"], 1, 1]) / (layer["kernel"][0] * layer["kernel"][1])
            y = convolve(y, even, layer) if layer["kind"] == "conv" else pool(y, layer, "avg-pool")
        chosen = y[0, unit[0], unit[1], 0]
    results["effective"] = tape.gradient(chosen, flat)[0, :, :, 0]
    results["reach"] = tf.cast(tf.reduce_any(results["gradient"][0] != 0, axis=-1), tf.float32)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see receptive_field_story.py."""
    return receptive_field_story.tell(parameters, results)
