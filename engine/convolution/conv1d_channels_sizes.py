"""Sizes of a one-dimensional convolution and of its relatives, known before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

from engine.convolution.windows import Window, window
from engine.errors import Rejected

MODES = ("full", "depthwise", "separable", "grouped")
LAYOUTS = ("conv1d", "conv2d-column", "conv2d-image")


@dataclass(frozen=True)
class Layer:
    """One layer that fits: kernel [tap, input channel, filter or multiplier], window and sizes."""

    mode: str
    kernel_shape: tuple[int, int, int]
    pointwise_shape: tuple[int, int, int] | None
    outputs: int
    along: Window
    length: int

    @property
    def weights(self) -> int:
        """Numbers in the kernels, biases not counted."""
        return prod(self.kernel_shape) + prod(self.pointwise_shape or (0,))

    def chosen(self, output: int, groups: int) -> tuple[int, int, int]:
        """(first channel, how many, place in the kernel's last axis) behind one output channel.

        For a separable layer these are channels of its depthwise part: all of them.
        """
        _, inputs, last = self.kernel_shape
        if self.mode == "depthwise":
            return output // last, 1, output % last
        if self.mode == "separable":
            return 0, inputs * last, output
        group = output // (self.outputs // groups)
        return group * inputs, inputs, output


def layer_of(parameters: Mapping[str, Any]) -> Layer:
    """The layer of these parameters. Raises `Rejected` when the groups or the window do not fit."""
    mode, along, groups = mode_of(parameters), along_of(parameters), groups_of(parameters)
    taps, channels, filters = (parameters[name] for name in ("kernel", "channels", "filters"))
    length = along.output(parameters["steps"])
    if mode == "depthwise":
        many = multiplier_of(parameters)
        return Layer(mode, (taps, channels, many), None, channels * many, along, length)
    if mode == "separable":
        many = multiplier_of(parameters)
        point = (1, channels * many, filters)
        return Layer(mode, (taps, channels, many), point, filters, along, length)
    _divides(groups, channels, filters)
    return Layer(mode, (taps, channels // groups, filters), None, filters, along, length)


def groups_of(parameters: Mapping[str, Any]) -> int:
    """In how many groups the channels are; one unless the layer is grouped."""
    return int(parameters["groups"]) if parameters["mode"] == "grouped" else 1


def mode_of(parameters: Mapping[str, Any]) -> str:
    """A full convolution that stops before the sum over channels is a depthwise one."""
    stopped = parameters["mode"] == "full" and not parameters["sum_channels"]
    return "depthwise" if stopped else str(parameters["mode"])


def multiplier_of(parameters: Mapping[str, Any]) -> int:
    """Kernels a channel: stopping before the sum keeps one for every filter and channel."""
    stopped = parameters["mode"] == "full" and not parameters["sum_channels"]
    return int(parameters["filters"] if stopped else parameters["multiplier"])


def layout_of(parameters: Mapping[str, Any]) -> str:
    """How the layer is written; only a full convolution has a Conv2D that does the same."""
    return str(parameters["layout"]) if mode_of(parameters) == "full" else "conv1d"


def along_of(parameters: Mapping[str, Any]) -> Window:
    """The window along the steps. Raises `Rejected` when not even one fits."""
    steps, taps, padding = parameters["steps"], parameters["kernel"], parameters["padding"]
    stride, dilation = parameters["stride"], parameters["dilation"]
    span = (taps - 1) * dilation + 1
    if padding == "causal":
        return Window(taps, stride, dilation, span - 1, 0)
    along = window(steps, taps, stride, dilation, padding.upper())
    if along.output(steps) == 0:
        spans = f", spanning {span} steps with dilation {dilation}" if dilation > 1 else ""
        fits = max(1, (steps - 1) // dilation + 1)
        fix = (
            f"use a kernel of {fits}, or padding same or causal; Keras answers: Computed output size would be "
            "zero or negative, and tf.nn.conv1d returns uninitialised memory when just one step is missing"
        )
        received = f"{taps}{spans}, for a signal of {steps} steps"
        raise Rejected("kernel", received, f"a span of at most {steps} with valid", fix, {"kernel": fits})
    return along


def _divides(groups: int, channels: int, filters: int) -> None:
    for name, number in (("channels", channels), ("filters", filters)):
        if number % groups:
            what = "number of input channels" if name == "channels" else "number of filters"
            common = gcd(groups, gcd(channels, filters))
            fix = f"use {common}; Keras answers: The {what} must be evenly divisible by the number of groups"
            received = f"{groups} groups for {channels} channels and {filters} filters"
            expected = f"a number that divides both; {groups} does not divide {number} {name}"
            raise Rejected("groups", received, expected, fix, {"groups": common})
