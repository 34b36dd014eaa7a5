"""Convolution arithmetic: sizes and values of convolution, transposed convolution and pooling.

One, two or three spatial axes; kernel, stride, dilation, groups and every padding. The default is
the example of Dumoulin & Visin's guide, figure 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution import convolution_arithmetic_checks, convolution_arithmetic_story
from engine.convolution.convolution_arithmetic_axes import Axis, axes_of
from engine.convolution.convolution_arithmetic_checks import POOLING
from engine.convolution.convolution_arithmetic_functions import (
    convolve,
    fit,
    make_input,
    make_kernel,
    often,
    operate,
    pool,
    spread,
    transpose,
    windows,
)
from engine.parameter_lists import Numbers, Rows
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

NO_FULL = "TensorFlow has no full padding: choose symmetric with a pad of kernel − 1"
NO_HALF = "half padding is what the guide calls a pad of ⌊kernel / 2⌋: choose symmetric with that pad"
ZEROS = "only zeros are padded here: pad with tf.pad(mode='REFLECT') yourself, then use VALID"
REFUSALS = {"full": NO_FULL, "FULL": NO_FULL, "half": NO_HALF, "HALF": NO_HALF} | dict.fromkeys(
    ("reflect", "REFLECT", "replicate", "circular"), ZEROS
)
DEPTH = (
    Integer("size", 5, 1, 128),
    Integer("kernel", 3, 1, 16),
    Integer("stride", 1, 1, 16),
    Integer("dilation", 1, 1, 8),
    Integer("before", 0, 0, 16),
    Integer("after", 0, 0, 16),
    Integer("output_padding", 0, 0, 15),
)
PARAMETERS = (
    Choice("dimensions", "2-D", ("1-D", "2-D", "3-D"), "how many axes the window slides along"),
    Choice("operation", "convolution", ("convolution", "transposed", "depthwise", *POOLING), "what is done"),
    Pair("size", (5, 5), 1, 128, "height and width of the input; 1-D takes the width of every pair"),
    Pair("kernel", (3, 3), 1, 16, "height and width of the window, in taps"),
    Pair("stride", (1, 1), 1, 16, "how far the window moves from output to output"),
    Pair("dilation", (1, 1), 1, 8, "distance between taps"),
    Choice(
        "padding", "VALID", ("VALID", "SAME", "causal", "symmetric", "explicit"), "around the input", REFUSALS
    ),
    Pair("pad", (1, 1), 0, 16, "symmetric padding: cells on every side, above and below, left and right"),
    Numbers("pads", (0, 1, 0, 1), 4, 4, 0, 16, "explicit padding: top, bottom, left, right", whole=True),
    Pair("output_padding", None, 0, 15, "transposed: cells added after; left out: what Keras adds"),
    Rows("depth", DEPTH, 1, "the depth axis of 3-D; left out: like the height"),
    Integer("channels", 1, 1, 16, "channels of the input"),
    Integer("filters", 1, 1, 16, "channels of the output"),
    Integer("groups", 1, 1, 16, "channels and filters fall into so many separate groups"),
    Integer("multiplier", 1, 1, 8, "depthwise: outputs for each channel"),
    Toggle("count_padding", False, "average pooling: padding counts as cells, as in PyTorch"),
    Choice("compare", "nothing", ("nothing", "SAME", "symmetric"), "the same input with other padding"),
    Choice("image", "guide", ("guide", "ramp", "ones", "impulse", "checker", "noise"), "the input"),
    Numbers("values", None, 1, 256, about="the input cell by cell, repeated until it is full"),
    Choice("weights", "guide", ("guide", "ones", "mean", "random"), "the kernel"),
    Numbers("taps", None, 1, 256, about="the kernel tap by tap, repeated until it is full"),
    Integer("seed", 0, 0, 9999, "seed of noise and random weights"),
)


def check(**parameters: Any) -> None:
    """Everything that must fit together; see convolution_arithmetic_checks.py."""
    convolution_arithmetic_checks.check(**parameters)


def cost(**parameters: Any) -> Cost:
    """float32 of every tensor, windows written out for pooling, both gradients; gaps count as taps."""
    axes = axes_of(**parameters)
    channels = parameters["channels"]
    outputs = prod(axis.output for axis in axes) * _channels_out(parameters)
    inputs = prod(axis.size for axis in axes) * channels
    stretched = prod(axis.stretched + 2 * axis.window.span for axis in axes if axis.transposed) * channels
    taps, span = prod(axis.window.kernel for axis in axes), prod(axis.window.span for axis in axes)
    pooling = parameters["operation"] in POOLING
    kernel = 0 if pooling else 3 * span * channels * _channels_out(parameters)
    windows = 6 * outputs * taps if pooling else 0
    passes = 3 if parameters["compare"] == "nothing" else 5  # forward, and back to x and to w
    work = 2 * outputs * (taps if pooling else span * channels)
    return Cost(4 * (6 * inputs + 6 * outputs + 4 * stretched + kernel + windows), passes * work)


def _channels_out(parameters: Mapping[str, Any]) -> int:
    if parameters["operation"] in POOLING:
        return int(parameters["channels"])
    if parameters["operation"] == "depthwise":
        return int(parameters["channels"] * parameters["multiplier"])
    return int(parameters["filters"])


def _pads(axes: Sequence[Axis]) -> list[tuple[int, int]]:
    return [(axis.window.before, axis.window.after) for axis in axes]


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `convolution_arithmetic` is called with."""
    axes, operation, channels = axes_of(**parameters), parameters["operation"], parameters["channels"]
    seed, groups = (
        parameters["seed"],
        parameters["groups"] if operation in ("convolution", "transposed") else 1,
    )
    kernel, filters = tuple(axis.window.kernel for axis in axes), parameters["filters"]
    last = {
        "convolution": (channels // groups, filters),
        "transposed": (filters // groups, channels),
        "depthwise": (channels, parameters["multiplier"]),
    }
    given = {"pattern": parameters["image"], "shape": (1, *(axis.size for axis in axes), channels)}
    taps = {"pattern": parameters["weights"], "shape": (*kernel, *last.get(operation, ()))}
    shape = (1, *(axis.output for axis in axes), _channels_out(parameters))
    ones = {"pattern": "ones", "shape": shape, "values": None, "seed": seed}
    compare = parameters["compare"]
    other = axes_of(**{**parameters, "padding": compare}) if compare != "nothing" else None
    return {
        "x": Made(make_input, given | {"values": parameters["values"], "seed": seed}),
        "w": Made(make_kernel, taps | {"taps": parameters["taps"], "seed": seed})
        if operation in last
        else None,
        "y_gradient": Made(make_input, ones),
        "operation": operation,
        "kernel": kernel,
        "stride": tuple(axis.window.stride for axis in axes),
        "dilation": tuple(axis.window.dilation for axis in axes),
        "pads": _pads(axes),
        "output_padding": tuple(axis.extra for axis in axes),
        "groups": groups,
        "count_padding": parameters["count_padding"],
        "others": None if other is None else (_pads(other), tuple(axis.extra for axis in other)),
    }


SHOWN = (make_input, make_kernel, fit, spread, convolve, windows, transpose, pool, operate, often)


def convolution_arithmetic(  # type: ignore[no-untyped-def]
    x, w, y_gradient, operation, kernel, stride, dilation, pads, output_padding, groups, count_padding, others
):
    """Convolution, transposed convolution or pooling, and the gradient of a loss on its output.

    x: float32[batch, *space, channel]; w: float32[*space, channel / groups, filter], for depthwise
    [*space, channel, multiplier], for transposed [*space, filter / groups, channel], None for pooling;
    pads: cells (before, after) each axis: zeros, cut off again when transposed, left out by pooling;
    y_gradient: d loss / d y, all ones where the loss is the sum; others: pads and output padding to
    compare with, or None.
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    w = w if w is None else tf.convert_to_tensor(w)
    inputs = {"x": x} if w is None else {"x": x, "w": w}
    shared = {"kernel": kernel, "stride": stride, "dilation": dilation}
    shared |= {"operation": operation, "groups": groups, "count_padding": count_padding}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        results = inputs | operate(x, w, pads=pads, added=output_padding, **shared)
    results["y_gradient"] = tf.convert_to_tensor(y_gradient)
    slopes = tape.gradient(results["y"], inputs, output_gradients=results["y_gradient"])
    results |= {name + "_gradient": slope for name, slope in slopes.items()}

    space, outputs = x.shape[1:-1], results["y"].shape[1:-1]
    window = list(zip(kernel, stride, dilation, [before for before, _ in pads], strict=True))
    if operation == "transposed":
        results["overlap"] = often(outputs, space, window)
    else:
        results["reads"] = often(space, outputs, window)
    if operation == "max-pool":
        winners = np.ravel(results["argmax"])
        results["wins"] = np.bincount(winners, minlength=tf.size(x)).reshape(x.shape)
    if others is not None:
        results["other"] = other = operate(x, w, pads=others[0], added=others[1], **shared)["y"]
        common = (slice(None), *(slice(min(pair)) for pair in zip(outputs, other.shape[1:-1], strict=True)))
        results["difference"] = results["y"][common] - other[common]
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see convolution_arithmetic_story.py."""
    return convolution_arithmetic_story.tell(parameters, results)
