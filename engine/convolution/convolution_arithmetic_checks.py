"""What convolution arithmetic refuses, each with a sentence and a way out."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

from engine.convolution.convolution_arithmetic_axes import Axis, axes_of
from engine.errors import Rejected

POOLING = ("max-pool", "avg-pool")


def check(**parameters: Any) -> None:
    """Groups must divide the channels, every axis needs room for a window, and pooling a real cell."""
    _groups(**parameters)
    _causal(**parameters)
    axes = axes_of(**parameters)
    _room(axes, **parameters)
    if parameters["compare"] != "nothing":
        _comparable(**parameters)


def _groups(operation: str, channels: int, filters: int, groups: int, **_: Any) -> None:
    if operation not in ("convolution", "transposed"):
        return
    for name, number in (("channels", channels), ("filters", filters)):
        if number % groups:
            most = gcd(channels, filters)
            fits = max(n for n in range(1, groups + 1) if most % n == 0)
            expected = f"a number that divides {channels} channels and {filters} filters"
            fix = f"use {fits}: each group gets equally many {name}"
            raise Rejected("groups", str(groups), expected, fix, {"groups": fits})


def _causal(padding: str, operation: str, dimensions: str, **_: Any) -> None:
    if padding != "causal":
        return
    if dimensions != "1-D":
        fix = "a picture has no past: choose SAME, or explicit zeros on top and on the left"
        remedy = {"padding": "SAME"}
        raise Rejected("padding", f"causal in {dimensions}", "causal padding in 1-D only", fix, remedy)
    if operation == "transposed":
        fix = "choose SAME, or explicit: cut the last cells off and nothing comes before its cause"
        raise Rejected("padding", "causal", "another padding when transposed", fix, {"padding": "SAME"})


def _room(axes: Sequence[Axis], operation: str, padding: str, **given: Any) -> None:
    """TensorFlow must never see a window that does not fit: one larger than the input returns garbage."""
    for axis in axes:
        if axis.transposed and not axis.output:
            raise _nothing_left(axis)
        if not axis.output:
            raise _too_large(axes, padding, given["kernel"], given["depth"])
        if operation in POOLING and not all(axis.taps):
            remedy = _without_padding(operation=operation, padding=padding, **given)
            raise _only_padding(axis, operation, remedy)


def _too_large(
    axes: Sequence[Axis], padding: str, kernel: Sequence[int], depth: Sequence[Sequence[int]]
) -> Rejected:
    spans = "×".join(str(axis.window.span) for axis in axes)
    room = [axis.size + axis.window.before + axis.window.after for axis in axes]
    fits = [
        max(1, min(axis.window.kernel, (space - 1) // axis.window.dilation + 1))
        for axis, space in zip(axes, room, strict=True)
    ]
    remedy: dict[str, Any] = {"kernel": tuple(([kernel[0], kernel[1], *fits])[-2:])}
    if len(axes) == 1:
        remedy = {"kernel": (kernel[0], fits[0])}
    if len(axes) == 3 and depth:
        remedy["depth"] = ((depth[0][0], fits[0], *depth[0][2:]),)
    elif len(axes) == 3:
        remedy["kernel"] = (min(fits[0], fits[1]), fits[2])
    received = f"a window spanning {spans}"
    expected = f"at most {'×'.join(map(str, room))}: the input with {padding} padding"
    fix = f"use a kernel of {'×'.join(map(str, fits))}, a larger input or SAME padding"
    return Rejected("kernel", received, expected, fix, remedy)


def _nothing_left(axis: Axis) -> Rejected:
    cut = axis.window.before + axis.window.after
    expected = f"less than the {axis.full} cells there are along the {axis.name}"
    received = f"{cut} cells cut off"
    return Rejected("padding", received, expected, "choose VALID, or less padding", {"padding": "VALID"})


def _without_padding(**parameters: Any) -> dict[str, Any]:
    """VALID if the window fits there, else a window of one cell."""
    axes = axes_of(**{**parameters, "padding": "VALID"})
    if all(axis.output for axis in axes):
        return {"padding": "VALID"}
    return {"padding": "VALID", "kernel": (1, 1), "depth": ()}


def _only_padding(axis: Axis, operation: str, remedy: dict[str, Any]) -> Rejected:
    """Max pooling would answer −∞ there, average pooling 0/0."""
    answer = "−∞" if operation == "max-pool" else "0/0"
    place = next(number for number, cells in enumerate(axis.taps) if not cells)
    received = f"window {place + 1} along the {axis.name} meets padding only"
    expected = f"a real cell in every pooling window: this one would answer {answer}"
    return Rejected("padding", received, expected, "pad at most half the kernel, or use VALID", remedy)


def _comparable(**parameters: Any) -> None:
    other = {**parameters, "padding": parameters["compare"]}
    try:
        _room(axes_of(**other), **other)
    except Rejected as problem:
        received = f"{parameters['compare']} ({problem.received})"
        raise Rejected(
            "compare", received, problem.expected, "compare with nothing", {"compare": "nothing"}
        ) from None
