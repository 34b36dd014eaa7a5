"""A separable convolution filters each channel alone, then mixes channels at each pixel.

Its parameters are counted from Keras layers that were built, and by formula; a small one is
computed with every number shown; and NASNet's cells are added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution import separable_conv_parameters_story as story
from engine.convolution.separable_conv_parameters_layers import ways
from engine.convolution.separable_conv_parameters_nasnet import Network, check_network, ledger
from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

DRAWN = 5  # height and width of the small input whose numbers are shown
LAYER_BYTES = 50_000  # what Keras holds for one layer without its weights, measured on NASNetLarge
NETWORKS = ("formula", "built", "filled")
LENS = "y"  # what the gradient lens asks about first
PARAMETERS = (
    Integer("kernel", 5, 1, 7, "height and width of the kernel"),
    Integer("channels_in", 768, 1, 4032, "C_in: channels of the input"),
    Integer("channels_out", 128, 1, 4032, "C_out: channels of the output"),
    Integer("multiplier", 1, 1, 4, "depth multiplier: depthwise filters for each channel"),
    Toggle("bias", False, "one number an output channel; NASNet has none"),
    Integer("repeats", 1, 1, 4, "how often the separable convolution is applied; NASNet: twice"),
    Toggle("squeeze", False, "a 1x1 convolution to C_out channels before"),
    Pair("stride", (1, 1), 1, 4, "of the first convolution"),
    Integer("side", 32, 1, 331, "height and width of the input, for multiply-adds"),
    Integer("drawn_in", 2, 1, 6, "channels of the small layer whose numbers are shown"),
    Integer("drawn_out", 3, 1, 6, "output channels of the small layer"),
    Integer("seed", 0, 0, 9999, "seed of the small layer's numbers"),
    Choice("network", "formula", NETWORKS, "NASNet by formula, built by Keras, or built with its weights"),
    Integer("penultimate", 768, 24, 4032, "channels NASNet ends with, before the pooling"),
    Integer("blocks", 6, 1, 8, "normal cells in each of the three groups"),
    Integer("filter_multiplier", 2, 1, 4, "filters grow by this at each reduction"),
    Integer("stem", 32, 1, 96, "filters of the first convolution"),
    Integer("image", 32, 32, 331, "height and width of NASNet's input"),
    Integer("classes", 10, 1, 1000, "outputs of the dense layer"),
    Toggle("skip_reduction", True, "keras: the cell after a reduction skips the one before it"),
)


def lane(network: str, **_: Any) -> str:
    """Building a network takes seconds."""
    return "interactive" if network == "formula" else "long"


LANE = lane


def network_of(**given: Any) -> Network:
    """NASNet's settings among the parameters."""
    names = ("penultimate", "blocks", "filter_multiplier", "stem", "image", "classes", "skip_reduction")
    return Network(*(given[name] for name in names))


def check(stride: tuple[int, int], **given: Any) -> None:
    """Equal strides only, and a NASNet whose cells fit together."""
    if stride[0] != stride[1]:
        raise Rejected(
            "stride",
            f"{stride[0]}x{stride[1]}",
            "equal strides: depthwise convolution on a CPU only supports equal length strides",
            f"use {max(stride)}x{max(stride)}, or a full convolution, which takes any",
            {"stride": (max(stride), max(stride))},
        )
    check_network(network_of(**given))


def cost(network: str, **given: Any) -> Cost:
    """The small layer; a network's layers, and its float32 weights where they are filled."""
    found = network_of(**given)
    layers = 60 * (3 * found.blocks + 4) if network != "formula" else 0
    weights = 4 * sum(cell.parameters for cell in ledger(found)) if network == "filled" else 0
    pixels = DRAWN**2 * given["kernel"] ** 2
    work = 8 * pixels * 6 * given["multiplier"] * (6 + 1)
    return Cost(2_000_000 + LAYER_BYTES * layers + weights, work + weights)


def small_layer(
    side: int, kernel: int, channels: int, multiplier: int, filters: int, seed: int
) -> list[np.ndarray[Any, Any]]:
    """A small input and both kernels, seeded: float32, NHWC."""
    generator = np.random.default_rng(seed)
    shapes = [(1, side, side, channels), (kernel, kernel, channels, multiplier)]
    shapes.append((1, 1, channels * multiplier, filters))
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


SHOWN = (small_layer,)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `separable_conv_parameters` is called with."""
    network = network_of(**parameters)
    nasnet = {
        "settings": network.settings(),
        "cells": [cell.name for cell in ledger(network)],
        "filled": parameters["network"] == "filled",
    }
    small = {"side": DRAWN, "kernel": parameters["kernel"], "channels": parameters["drawn_in"]}
    small |= {"multiplier": parameters["multiplier"], "filters": parameters["drawn_out"]}
    return {
        "ways": {name: [layer.call() for layer in layers] for name, layers in ways(**parameters).items()},
        "small": Made(small_layer, small | {"seed": parameters["seed"]}),
        "stride": parameters["stride"][0],
        "nasnet": None if parameters["network"] == "formula" else nasnet,
    }


def separable_conv_parameters(ways, small, stride, nasnet, report=print):  # type: ignore[no-untyped-def]
    """Count parameters of Keras layers that are built, and compute a small separable convolution.

    ways: lists of layers, each a dict of kind, input (its shape) and settings; small: x
    float32[1, height, width, channel] and its depthwise and pointwise kernels; nasnet: None, or
    the settings of a NASNet, the names of its cells, and whether to fill its weights.
    """
    from contextlib import nullcontext

    import keras
    import tensorflow as tf

    results = {}
    # Inside this scope Keras makes a layer's variables, shapes and all, but fills none of them.
    with keras.StatelessScope(initialize_variables=False):
        for name, layers in ways.items():
            counts, outputs = [], []
            for given in layers:
                layer = getattr(keras.layers, given["kind"])(**given["settings"])
                layer.build(given["input"])
                sizes = {weight.name: np.prod(weight.shape) for weight in layer.weights}
                parts = ("depthwise_kernel", "pointwise_kernel", "kernel", "bias")
                counts.append([sizes.get(part, 0) for part in parts])
                assert sum(counts[-1]) == layer.count_params()
                outputs.append(layer.compute_output_shape(given["input"])[1:])
            results[name] = np.array(counts, "int64")
            results[name + " outputs"] = np.array(outputs, "int64")
    keras.utils.clear_session(free_memory=False)  # forget the variables that were not filled

    x, depthwise, pointwise = (tf.convert_to_tensor(array) for array in small)
    steps = [1, stride, stride, 1]
    with tf.GradientTape() as tape:
        tape.watch([x, depthwise, pointwise])
        each = tf.nn.depthwise_conv2d(x, depthwise, steps, "SAME")
        y = tf.nn.conv2d(each, pointwise, 1, "VALID")
        unit = y[0, y.shape[1] // 2, y.shape[2] // 2, 0]
    slopes = tape.gradient(unit, [x, depthwise, pointwise])
    # The same as one full convolution: its kernel is the product of the two.
    mixing = tf.reshape(pointwise, [*depthwise.shape[2:], pointwise.shape[3]])
    product = tf.einsum("uvcm,cmo->uvco", depthwise, mixing)
    results |= {"x": x, "depthwise": depthwise, "each": each, "pointwise": pointwise, "y": y}
    results |= {"product": product, "full y": tf.nn.conv2d(x, product, stride, "SAME")}
    results |= dict(zip(("x gradient", "depthwise gradient", "pointwise gradient"), slopes, strict=True))

    if nasnet:
        from keras.src.applications.nasnet import NASNet  # the public ones have fixed sizes

        report("building NASNet, some thousand Keras objects", 0.1)
        filled = nasnet["filled"]
        with nullcontext() if filled else keras.StatelessScope(initialize_variables=False):
            model = NASNet(weights=None, **nasnet["settings"])
        report(f"counting the parameters of {len(model.layers):,} layers", 0.9)
        cells = dict.fromkeys(nasnet["cells"], 0)
        special = {"stem_conv1": "stem", "stem_bn1": "stem", "predictions": "top"}
        for layer in model.layers:
            if layer.weights:  # a layer's name ends with that of its cell
                ends = [cell for cell in cells if layer.name.endswith("_" + cell)]
                cells[special.get(layer.name) or max(ends, key=len)] += layer.count_params()
        trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        weights = sum(weight.numpy().nbytes for weight in model.weights) if filled else 0
        results["network cells"] = np.array(list(cells.values()), "int64")
        results["network"] = np.array([model.count_params(), trained, len(model.layers), weights], "int64")
        keras.utils.clear_session(free_memory=False)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see separable_conv_parameters_story.py."""
    return story.tell(parameters, results, network_of(**parameters))
