"""Convolution on an image that is black outside a mask: leaks, masking and partial convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

import numpy as np

from engine.convolution import partial_convolution_story
from engine.convolution.receptive_field import photo
from engine.errors import Rejected
from engine.parameter_lists import Cells
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Made, Story

MODES = ("plain", "mask-end", "mask-each", "partial")
LARGEST = 64  # pixels of a side
REFUSALS = {"causal": "causal padding exists for Conv1D only: a picture has no past; choose SAME or VALID"}

PARAMETERS = (
    Integer("size", 6, 4, LARGEST, "height and width of the image, in pixels"),
    Choice("mask", "upper", ("upper", "lower", "circle", "random", "drawn"), "which pixels are valid"),
    Cells("cells", LARGEST**2, "the drawn mask row by row: 1 is valid, 0 is black"),
    Real("share", 0.7, 0, 1, "chance of a pixel to be valid in a random mask", 0.05),
    Real("mask_value", 1, 0.01, 255, "what the mask holds at valid pixels; anything but 1 is a mistake"),
    Choice("image", "constant", ("constant", "ramp", "checker", "noise", "photo"), "what the camera saw"),
    Real("value", 7, -20, 20, "of the constant image, and the brightest one of the others"),
    Real("black", 0, -20, 20, "what invalid pixels hold"),
    Toggle("black_nan", False, "invalid pixels hold NaN, as in a file with missing data"),
    Choice("kernel", "mean", ("mean", "edge", "random"), "what the kernels hold"),
    Integer("taps", 3, 1, 7, "height and width of the kernel"),
    Choice("padding", "SAME", ("SAME", "VALID"), "zeros around the image", REFUSALS),
    Real("bias", 0, -5, 5, "added to every output"),
    Toggle("relu", False, "a ReLU after each layer"),
    Integer("layers", 1, 1, 5, "layers, one kernel each"),
    Choice("mode", "plain", MODES, "what is done about the black pixels"),
    Choice("apply", "multiply", ("multiply", "where"), "how values are masked: x * mask or tf.where"),
    Integer("min_taps", 1, 1, 49, "windows with fewer valid taps are dropped"),
    Choice("update", "grow", ("grow", "keep"), "the mask after a partial convolution"),
    Toggle("guard", True, "partial convolution answers 0 where no tap is valid, instead of 0 / 0"),
    Integer("seed", 0, 0, 9999, "seed of random masks, kernels and noise"),
)


def check(size: int, taps: int, layers: int, padding: str, min_taps: int, **rest: Any) -> None:
    """Every layer must have room for a window, and a drawn mask must have the image's shape."""
    room = size - (layers - 1) * (taps - 1)
    if padding == "VALID" and taps > room:
        # TensorFlow must never see this: a kernel one larger than its input returns garbage.
        fits = (size + layers - 1) // layers
        expected = f"at most {room} x {room}: what layer {layers} gets with VALID padding"
        fix = f"use {fits} x {fits}, fewer layers, a larger image or SAME padding"
        raise Rejected("taps", f"{taps} x {taps}", expected, fix, {"taps": fits})
    if min_taps > taps**2:
        expected = f"at most {taps**2}: the taps of a {taps} x {taps} kernel"
        raise Rejected("min_taps", str(min_taps), expected, f"use {taps**2} or fewer", {"min_taps": taps**2})
    if rest["mask"] == "drawn" and rest["cells"] is not None and len(rest["cells"]) != size**2:
        raise _other_shape(rest["cells"], size)


def _other_shape(cells: Sequence[int], size: int) -> Rejected:
    """TensorFlow says "Incompatible shapes" for such a mask, or broadcasts it without a word."""
    side = isqrt(len(cells))
    square = side**2 == len(cells)
    received = f"a mask of {len(cells)} cells" + (f" ({side} x {side})" if square else "")
    expected = f"{size**2} cells: one for each pixel of the {size} x {size} image"
    fitted = np.ones((size, size), int)
    if square:
        both = min(side, size)
        fitted[:both, :both] = np.array(cells).reshape(side, side)[:both, :both]
    fix = "cut or fill up the mask to the image's size" if square else f"paint {size**2} cells"
    return Rejected("cells", received, expected, fix, {"cells": tuple(fitted.ravel().tolist())})


def cost(size: int, taps: int, layers: int, **_: Any) -> Cost:
    """Four ways of as many layers, each with a count of taps, and the gradient of one."""
    canvas = (size + layers * (taps - 1)) ** 2
    return Cost(memory=4 * canvas * (30 * layers + 20), work=canvas * layers * (24 * taps**2 + 60))


def pictured(pattern: str, side: int, value: float, seed: int) -> np.ndarray[Any, Any]:
    """What the camera saw before anything was blacked out: float32[1, side, side, 1]."""
    rows, columns = np.mgrid[0:side, 0:side]
    plane = {
        "constant": np.full((side, side), value),
        "ramp": value * columns / (side - 1),
        "checker": value * ((rows // 2 + columns // 2) % 2),
        "noise": value * np.random.default_rng(seed).random((side, side)),
    }[pattern]
    return np.asarray(plane[None, :, :, None], "float32")


def masked_shape(shape: str, size: int, share: float, value: float, seed: int) -> np.ndarray[Any, Any]:
    """`value` where a pixel is valid, else 0: float32[1, size, size, 1]."""
    rows, columns = np.mgrid[0:size, 0:size]
    middle = (size - 1) / 2
    valid = {
        "upper": columns >= rows,
        "lower": columns <= rows,
        "circle": (rows - middle) ** 2 + (columns - middle) ** 2 <= (size / 2) ** 2,
        "random": np.random.default_rng(seed).random((size, size)) < share,
    }[shape]
    return np.asarray((value * valid)[None, :, :, None], "float32")


def made_kernels(kind: str, taps: int, layers: int, seed: int) -> list[np.ndarray[Any, Any]]:
    """One kernel a layer, float32[taps, taps, 1, 1] each; only random ones differ."""
    generator = np.random.default_rng(seed)
    ramp = np.linspace(-1, 1, taps) if taps > 1 else np.ones(1)
    planes = {
        "mean": np.full((layers, taps, taps), 1 / taps**2),
        "edge": np.tile(ramp / taps, (layers, taps, 1)),
        "random": generator.normal(size=(layers, taps, taps)) / taps,
    }[kind]
    return [plane[:, :, None, None].astype("float32") for plane in planes]


SHOWN = (pictured, masked_shape, made_kernels)


def arguments(size: int, taps: int, layers: int, seed: int, **rest: Any) -> dict[str, Any]:
    """What `partial_convolution` is called with; the scene goes on beyond the image's edge."""
    side = size + layers * (taps - 1)
    shape, value = rest["mask"], rest["mask_value"]
    seen = {"pattern": rest["image"], "side": side, "value": rest["value"], "seed": seed}
    kept = {"shape": shape, "size": size, "share": rest["share"], "value": value, "seed": seed}
    if shape == "drawn":  # nothing drawn yet: the triangle, ready to be painted over
        drawn = rest["cells"] or np.triu(np.ones((size, size))).ravel().tolist()
        mask: Any = value * np.array(drawn, "float32").reshape(1, size, size, 1)
    else:
        mask = Made(masked_shape, kept)
    same = ("bias", "padding", "mode", "relu", "apply", "min_taps", "update", "guard")
    return {
        "scene": photo(side, side, 1) if rest["image"] == "photo" else Made(pictured, seen),
        "mask": mask,
        "kernels": Made(made_kernels, {"kind": rest["kernel"], "taps": taps, "layers": layers, "seed": seed}),
        "black": "NaN" if rest["black_nan"] else rest["black"],
        **{name: rest[name] for name in same},
    }


def partial_convolution(  # type: ignore[no-untyped-def]
    scene, mask, kernels, black, bias, padding, mode, relu, apply, min_taps, update, guard
):
    """One convolution a layer over an image that is black where the mask is 0.

    scene: float32[1, height, width, 1], the image and what lies around it; mask: float32[1, height,
    width, 1]; kernels: float32[taps, taps, 1, 1] for each layer. Partial convolution is Liu et al., 2018, "Image
    Inpainting for Irregular Holes Using Partial Convolutions": y = conv(x * m) * taps^2 / sum(m) + b,
    and 0 where the window holds no valid pixel.
    """
    import tensorflow as tf

    scene = tf.image.convert_image_dtype(scene, tf.float32)
    mask, kernels = tf.convert_to_tensor(mask), [tf.convert_to_tensor(kernel) for kernel in kernels]
    layers, taps, size = len(kernels), kernels[0].shape[0], mask.shape[1]
    before, whole = (taps - 1) // 2, float(taps**2)

    def centred(plane, layer):  # type: ignore[no-untyped-def]
        """The part of the image whose windows are in a layer's output: all of it with SAME."""
        first, left = layer * before, size - layer * (taps - 1)
        return plane if padding == "SAME" else plane[:, first : first + left, first : first + left]

    def hide(values, kept):  # type: ignore[no-untyped-def]
        return values * kept if apply == "multiply" else tf.where(kept != 0, values, 0.0)

    def run(how):  # type: ignore[no-untyped-def]
        """Every tensor on the way from x to the output, by name."""
        found, y, kept = {}, x, mask
        for layer, kernel in enumerate(kernels, 1):
            if how == "mask-each" or (how == "partial" and (layer == 1 or not guard)):
                found[f"masked{layer - 1}"] = y = hide(y, kept)
            count = tf.nn.conv2d(kept, tf.ones_like(kernel), 1, padding)
            y = tf.nn.conv2d(y, kernel, 1, padding)
            if how == "partial" or bias or relu:
                found[f"sum{layer}"] = y
            inside, enough = centred(mask, layer), count >= min_taps
            if how == "partial":
                enough = enough & (inside != 0) if update == "keep" else enough
                kept = tf.cast(enough, tf.float32)
            elif how == "mask-each" or (how == "mask-end" and layer == layers):
                kept = inside * tf.cast(enough, tf.float32)
            else:
                kept = inside
            if how == "partial" and guard:
                # The inner where keeps 0 / 0 out of the gradient too.
                y = tf.where(enough, y * whole / tf.where(count > 0, count, 1.0) + bias, 0.0)
            elif how == "partial":
                y = y * whole / count + bias
            elif bias:
                y = y + bias
            y = tf.nn.relu(y) if relu else y
            ends = layer == layers and how in ("plain", "partial")
            found |= {f"taps{layer}": count, f"mask{layer}": kept, "output" if ends else f"y{layer}": y}
        return found if ends else found | {"output": hide(y, kept)}

    with tf.GradientTape() as tape:
        tape.watch([scene, mask, *kernels])
        middle = slice(layers * before, layers * before + size)
        x = tf.where(mask != 0, scene[:, middle, middle], float(black))
        found = run(mode)
        valid = centred(mask, layers) != 0
        loss = tf.reduce_sum(tf.where(valid, found["output"], 0.0))
    gradients = tape.gradient(loss, [x, kernels[0], mask])
    ideal = scene
    for kernel in kernels:
        ideal = tf.nn.conv2d(ideal, kernel, 1, "VALID") + bias
        ideal = tf.nn.relu(ideal) if relu else ideal
    ideal = centred(ideal, layers)
    error = tf.where(valid, found["output"] - ideal, 0.0)
    rounding = 1e-5 * tf.reduce_max(tf.abs(ideal))
    others = [found if way == mode else run(way) for way in ("plain", "mask-end", "mask-each", "partial")]
    return {
        "x": x,
        "mask": mask,
        **{f"w{layer}": kernel for layer, kernel in enumerate(kernels, 1)},
        **found,
        "ideal": ideal,
        "error": tf.where(tf.abs(error) <= rounding, 0.0, error),
        "leak": tf.where(valid, 0.0, found["output"]),
        "modes": tf.concat([way["output"][..., 0] for way in others], axis=0),
        "loss": loss,
        **dict(zip(("gradient", "kernel_gradient", "mask_gradient"), gradients, strict=True)),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see partial_convolution_story.py."""
    return partial_convolution_story.tell(parameters, results, MODES)
