"""Four ways to make a row of columns narrower, and what each output cell depends on.

After 2 x 2 pooling a volume [2, 2W, C] is one row [1, W, C]. A strided kernel, a kernel as wide as
the row, a matrix over the width alone, and a strided kernel for each channel by itself all leave
fewer columns. They differ in what they mix and in how many weights they need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution import anisotropic_strided_conv_story
from engine.convolution.anisotropic_strided_conv_sizes import (
    WAYS,
    across,
    columns_of,
    depth_of,
    fits,
    kernel_shape,
    strides_of,
)
from engine.errors import Rejected
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer
from engine.technique import Cost, Made, Story

WIDEST, DEEPEST = 32, 8
REFUSALS = {
    "causal": "causal padding exists for keras.layers.Conv1D only; choose VALID or SAME",
    "FULL": "TensorFlow has no FULL; choose VALID or SAME",
    "EXPLICIT": "for zeros of your own call tf.pad first; choose VALID or SAME",
}
PARAMETERS = (
    Integer("width", 8, 1, WIDEST, "columns of the row, W"),
    Integer("channels", 3, 1, DEEPEST, "depth of the row, C"),
    Choice("mode", "stride", WAYS, "which way is on the stage; all four are compared"),
    Integer("kernel", 2, 1, WIDEST, "columns that one strided window reads"),
    Integer("stride", 2, 1, WIDEST, "columns that the window moves by"),
    Choice("padding", "VALID", ("VALID", "SAME"), "zeros beside the row", REFUSALS),
    Integer("filters", None, 1, DEEPEST, "output depth of the strided kernel; left out: C"),
    Integer("out_width", 4, 1, WIDEST, "columns that the full-width kernel and width mixing leave"),
    Choice("pattern", "ramp", ("ramp", "impulse", "ones", "random"), "what the volume holds"),
    Choice("weights", "random", ("random", "ones"), "what the kernels hold"),
    Numbers("row", None, 1, WIDEST * DEEPEST, about="the row, column by column, in place of a pattern"),
    Numbers("taps", None, 1, 1024, about="the kernel on the stage, last axis fastest"),
    Numbers("strides", None, 1, 8, -99, 99, "the strides argument itself, such as 1,1,2,1", whole=True),
    Integer("kernel_channels", None, 1, 64, "input channels of the kernel; left out: C"),
    Integer("seed", 0, 0, 9999, "seed of random weights and values"),
)


def check(**parameters: Any) -> None:
    """Strides, kernel and typed values must fit; an empty VALID output never reaches TensorFlow."""
    strides_of(parameters)
    fits(parameters)
    width, depth = parameters["width"], parameters["channels"]
    _whole_depth(depth, parameters["kernel_channels"])
    _typed("row", parameters["row"], width * depth, f"{width} columns of {depth}")
    shape = kernel_shape(parameters, parameters["mode"])
    _typed("taps", parameters["taps"], prod(shape), "a kernel of " + " x ".join(map(str, shape)))


def _whole_depth(depth: int, given: int | None) -> None:
    if given is None or given == depth:
        return
    says = "TensorFlow answers: input depth must be evenly divisible by filter depth"
    if depth % given == 0:
        says = f"TensorFlow would not object but run {depth // given} groups of {given}: another layer"
    fix = f"a kernel spans the whole depth; leave this out ({says})"
    received = f"a kernel of {given} input channels on a row of {depth}"
    raise Rejected("kernel_channels", received, str(depth), fix, {"kernel_channels": None})


def _typed(name: str, values: Sequence[float] | None, count: int, what: str) -> None:
    if values is not None and len(values) != count:
        fix = f"write {count} numbers, or clear them"
        raise Rejected(name, f"{len(values)} numbers", f"{count}, for {what}", fix, {name: None})


def cost(**parameters: Any) -> Cost:
    """The dependencies dominate: a copy of the row for every output cell, forwards and backwards."""
    cells = parameters["width"] * parameters["channels"]
    held, work = 16 * cells, 0
    for way in WAYS:
        columns = columns_of(parameters, way)
        outputs, weights = columns * depth_of(parameters, way), prod(kernel_shape(parameters, way))
        uses = {"full-width": 1, "mix": parameters["channels"]}.get(way, columns)
        held += outputs * (4 * cells + 3 * outputs) + 3 * weights
        work += 6 * outputs * uses * weights
    return Cost(4 * held, work)


def made_volume(pattern: str, width: int, channels: int, row: Any, seed: int) -> np.ndarray[Any, Any]:
    """What 2 x 2 pooling reads: float32[1, 2, 2 * width, channels]; `row` is what pooling finds."""
    column, channel = np.mgrid[0:width, 0:channels]
    if row is None and pattern == "random":
        volume = np.random.default_rng(seed).normal(size=(1, 2, 2 * width, channels)).round(2)
        return volume.astype("float32")
    largest = {
        "ramp": column + 1 + width * channel,
        "impulse": (column == width // 2) & (channel == 0),
        "ones": np.ones((width, channels)),
    }.get(pattern)
    if row is not None:
        largest = np.reshape(row, (width, channels))
    volume = np.repeat(np.repeat(np.asarray(largest, "float32")[None, None], 2, axis=1), 2, axis=2)
    if row is not None or pattern == "ramp":  # so that one of four is the largest
        volume -= np.array([[0.75, 0.5], [0.25, 0.0]], "float32")[:, np.arange(2 * width) % 2, None]
    return volume


def made_kernels(shapes: Any, weights: str, taps: Any, typed: int, seed: int) -> list[np.ndarray[Any, Any]]:
    """One kernel a way; the one at place `typed` holds `taps` where they are given."""
    generator = np.random.default_rng(seed)
    kernels = [generator.normal(size=shape) for shape in shapes]
    if weights == "ones":
        kernels = [np.ones(shape) for shape in shapes]
    if taps is not None:
        kernels[typed] = np.reshape(taps, shapes[typed])
    return [kernel.astype("float32") for kernel in kernels]


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `anisotropic_strided_conv` is called with."""
    mode, seed, along = parameters["mode"], parameters["seed"], across(parameters)
    volume = {name: parameters[name] for name in ("pattern", "width", "channels", "row", "seed")}
    shapes = [kernel_shape(parameters, way) for way in WAYS]
    made = {"shapes": shapes, "weights": parameters["weights"], "taps": parameters["taps"]}
    return {
        "volume": Made(made_volume, volume),
        "kernels": Made(made_kernels, {**made, "typed": WAYS.index(mode), "seed": seed}),
        "ways": list(WAYS),
        "mode": mode,
        "strides": strides_of(parameters),
        "padding": parameters["padding"],
        "pads": [along.before, along.after],
        "out_width": parameters["out_width"],
    }


def narrowed(x, w, way, strides, padding):  # type: ignore[no-untyped-def]
    """One way to narrow a row. x: float32[batch, 1, W, C]; gives float32[batch, 1, W2, C2].

    The full-width kernel leaves one column: W2 * C values deep, still to be reshaped.
    """
    import tensorflow as tf

    if way == "stride" and w.shape[1] == 1:  # one column wide: padding adds nothing
        # TensorFlow 2.21's gradient of a strided 1 x 1 convolution corrupts memory on CPUs with
        # oneDNN, so the columns that the windows read are taken first.
        return tf.nn.conv2d(x[:, :, :: strides[2]], w, 1, padding)
    if way == "stride":
        return tf.nn.conv2d(x, w, strides, padding)
    if way == "full-width":
        return tf.nn.conv2d(x, w, 1, "VALID")
    if way == "mix":
        return tf.einsum("nhwc,wv->nhvc", x, w)
    # Unequal strides of depthwise convolutions run on some CPUs only. One row has no second
    # position, so equal ones do the same.
    return tf.nn.depthwise_conv2d(x, w, [1, strides[2], strides[2], 1], padding)


def narrowed_again(x, w, way, strides, pads):  # type: ignore[no-untyped-def]
    """The same numbers without that operation: by matrix products, or for width mixing by conv2d."""
    import tensorflow as tf

    if way == "full-width":
        return tf.reshape(x, [1, -1]) @ tf.reshape(w, [-1, w.shape[3]])  # a dense layer
    if way == "mix":  # channels become the batch, columns the depth of a 1 x 1 convolution
        swapped = tf.nn.conv2d(tf.transpose(x, [3, 0, 1, 2]), w[None, None], 1, "VALID")
        return tf.transpose(swapped, [1, 2, 3, 0])
    padded = tf.pad(x, [[0, 0], [0, 0], pads, [0, 0]])
    windows = tf.signal.frame(padded, w.shape[1], strides[2], axis=2)  # [1, 1, W2, kernel, C]
    if way == "stride":
        return tf.einsum("nhvkc,kcf->nhvf", windows, w[0])
    return tf.einsum("nhvkc,kc->nhvc", windows, w[0, :, :, 0])


def dependencies(x, w, way, strides, padding):  # type: ignore[no-untyped-def]
    """|d output / d input| by GradientTape: float32[output cell, input cell], channels fastest."""
    import tensorflow as tf

    cells = int(tf.size(narrowed(x, w, way, strides, padding)))
    copies = tf.repeat(x, cells, axis=0)  # copy i asks for output cell i: one pass gives all
    with tf.GradientTape() as tape:
        tape.watch(copies)
        y = narrowed(copies, w, way, strides, padding)
        chosen = tf.linalg.trace(tf.reshape(y, [cells, cells]))
    return tf.abs(tf.reshape(tape.gradient(chosen, copies), [cells, -1]))


SHOWN = (made_volume, made_kernels, narrowed, narrowed_again, dependencies)


def anisotropic_strided_conv(  # type: ignore[no-untyped-def]
    volume, kernels, ways, mode, strides, padding, pads, out_width
):
    """Pool a volume to one row, narrow the row, and ask what every output cell depends on.

    volume: float32[1, 2, 2W, C]; kernels: one for each of `ways`, `mode` is the way shown;
    strides: [batch, height, width, depth]; pads: zeros before and after that `padding` means.
    """
    import tensorflow as tf

    volume, kernels = tf.convert_to_tensor(volume), [tf.convert_to_tensor(w) for w in kernels]
    place = ways.index(mode)
    with tf.GradientTape() as tape:
        tape.watch([volume, *kernels])
        x = tf.nn.max_pool2d(volume, 2, 2, "VALID")
        w = kernels[place]
        y = conv = narrowed(x, w, mode, strides, padding)
        if mode == "full-width":
            y = tf.reshape(conv, [1, 1, out_width, -1])
    gradients = tape.gradient(y, [x, *kernels])  # of the sum of y
    again = tf.reshape(narrowed_again(x, w, mode, strides, pads), y.shape)
    results = {
        "volume": volume,
        "x": x,
        "w": w,
        "y": y,
        "difference": tf.reduce_max(tf.abs(y - again)),
        "gradient": gradients[0],
        "w_gradient": gradients[1 + place],
        "has_gradient": tf.constant([gradient is not None for gradient in gradients[1:]]),
    }
    if mode == "full-width":
        results["conv"] = conv
    for way, kernel in zip(ways, kernels, strict=True):
        name = "depends_" + way.replace("-", "_")
        results[name] = dependencies(x, kernel, way, strides, padding)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see anisotropic_strided_conv_story.py."""
    return anisotropic_strided_conv_story.tell(parameters, results)
