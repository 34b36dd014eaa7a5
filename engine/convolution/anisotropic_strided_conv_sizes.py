"""Sizes of the four ways to narrow a row, known before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.convolution.windows import Window, window
from engine.errors import Rejected

WAYS = ("stride", "full-width", "mix", "depthwise")


def strides_of(parameters: Mapping[str, Any]) -> list[int]:
    """The strides [batch, height, width, depth] of the strided ways. Raises `Rejected`.

    The depthwise convolution gets equal strides: with one row they do the same, and TensorFlow
    has no unequal ones on every CPU.
    """
    across, given = parameters["stride"], parameters["strides"]
    if given is None:
        return [1, across if parameters["mode"] == "depthwise" else 1, across, 1]
    text = ",".join(map(str, given))
    if len(given) not in (1, 2, 4):
        fix = "write [batch, height, width, depth], such as 1,1,2,1; TensorFlow answers: strides should be of length 1, 2 or 4"
        raise Rejected(
            "strides", f"{len(given)} numbers, {text}", "1, 2 or 4 whole numbers", fix, {"strides": None}
        )
    four = {1: [1, *given, *given, 1], 2: [1, *given, 1], 4: list(given)}[len(given)]
    if min(four) < 1:
        fix = "a window that does not move never ends; use 1 or more"
        raise Rejected("strides", text, "1 or more in every place", fix, {"strides": None})
    _only_height_and_width(four, text, across)
    _equal_for_depthwise(four, text, parameters["mode"])
    return four


def _only_height_and_width(four: list[int], text: str, across: int) -> None:
    moved = [axis for axis, stride in (("batch", four[0]), ("depth", four[3])) if stride != 1]
    if moved:
        fix = (
            f"the width is the third of four, as in 1,1,{across},1; TensorFlow answers: Current implementation "
            "does not yet support strides in the batch and depth dimensions"
        )
        expected = "1 in the first and last place, [batch, height, width, depth]"
        received = f"{text}, which strides over the {' and the '.join(moved)}"
        raise Rejected("strides", received, expected, fix, {"strides": (1, 1, across, 1)})


def _equal_for_depthwise(four: list[int], text: str, mode: str) -> None:
    if mode == "depthwise" and four[1] != four[2]:
        fix = (
            f"use 1,{four[2]},{four[2]},1: one row has no second position, so the height's stride changes nothing. "
            "Unequal ones run on some CPUs only, others answer: Current implementation only supports equal length strides"
        )
        expected = "equal strides for height and width in a depthwise convolution"
        raise Rejected("strides", text, expected, fix, {"strides": (1, four[2], four[2], 1)})


def across(parameters: Mapping[str, Any]) -> Window:
    """The strided window along the width."""
    stride = strides_of(parameters)[2]
    return window(parameters["width"], parameters["kernel"], stride, 1, parameters["padding"])


def fits(parameters: Mapping[str, Any]) -> None:
    """Refuse a kernel without one window: one column too wide, and TensorFlow returns garbage."""
    width, kernel = parameters["width"], parameters["kernel"]
    if across(parameters).output(width) == 0:
        fix = (
            f"use {width} or less, or SAME padding; for W + 1 TensorFlow on oneDNN answers uninitialised memory "
            "instead of an error"
        )
        received = f"{kernel} for a row of {width} columns"
        raise Rejected("kernel", received, f"at most {width} with VALID", fix, {"kernel": width})


def columns_of(parameters: Mapping[str, Any], way: str) -> int:
    """How many columns a way leaves."""
    if way in ("stride", "depthwise"):
        return across(parameters).output(parameters["width"])
    return int(parameters["out_width"])


def depth_of(parameters: Mapping[str, Any], way: str) -> int:
    """How deep a way's output is."""
    return int((way == "stride" and parameters["filters"]) or parameters["channels"])


def kernel_shape(parameters: Mapping[str, Any], way: str) -> tuple[int, ...]:
    """The kernel's shape; width mixing has a matrix [column, output column]."""
    width, depth = parameters["width"], parameters["channels"]
    return {
        "stride": (1, parameters["kernel"], depth, depth_of(parameters, way)),
        "full-width": (1, width, depth, parameters["out_width"] * depth),
        "mix": (width, parameters["out_width"]),
        "depthwise": (1, parameters["kernel"], depth, 1),
    }[way]
