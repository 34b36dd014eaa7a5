"""What convolution arithmetic tells about its results: axes, steps, facts and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution import convolution_arithmetic_calls as calls
from engine.convolution.convolution_arithmetic_axes import Axis, axes_of
from engine.convolution.convolution_arithmetic_maps import Maps
from engine.convolution.convolution_arithmetic_notes import notes
from engine.technique import Story
from engine.trace import Step, Tensor

OPERATIONS = {"convolution": "conv", "transposed": "conv transpose", "depthwise": "depthwise conv"}
POOLS = {"max-pool": "max pool", "avg-pool": "average pool"}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    axes = axes_of(**parameters)
    return Story(
        tensors=_tensors(parameters, results, axes),
        steps=_steps(parameters, results, axes),
        facts=_facts(parameters, results, axes),
        notes=notes(parameters, axes, results),
    )


def _tensors(p: Mapping[str, Any], results: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Tensor]:
    space = tuple(axis.name for axis in axes)
    image = ("batch", *space, "channel")
    last = {"depthwise": ("channel", "multiplier"), "transposed": ("filter", "input channel")}
    kernel = (*(f"kernel {name}" for name in space), *last.get(p["operation"], ("input channel", "filter")))
    about = {
        "x": "the input",
        "stretched": "the input with stride − 1 zeros between its cells",
        "y": "the output",
        "argmax": "the place of each window's largest cell in the input written out",
        "wins": "how many windows each cell won",
        "other": "the output with the padding compared with",
        "difference": "y less the other output, where both have cells",
        "y_gradient": "d loss / d y: all ones, the loss is the sum of y",
        "x_gradient": "d loss / d x",
    }
    planes = {
        "reads": "how many windows read each cell of the input",
        "overlap": "how many products each cell of the output is the sum of, for each channel",
    }
    kernels = {"w": "the kernel", "w_gradient": "d loss / d w"}
    known = {name: (image, text) for name, text in about.items()}
    known |= {name: (space, text) for name, text in planes.items()}
    known |= {name: (kernel, text) for name, text in kernels.items()}
    kept = [name for name in known if name in results]
    if p["operation"] == "transposed" and max(axis.window.stride for axis in axes) == 1:
        kept.remove("stretched")  # nothing is inserted: it is x
    return {name: Tensor(results[name], *known[name]) for name in kept}


def _steps(p: Mapping[str, Any], results: Mapping[str, Any], axes: Sequence[Axis]) -> list[Step]:
    maps, operation = Maps(p, axes), p["operation"]
    reads = ("x", "w") if "w" in results else ("x",)
    name = (POOLS | OPERATIONS)[operation] + f" {p['dimensions']}"
    before = _stretching(maps, axes) if operation == "transposed" else []
    written = Step(name, reads, "y", settings(p, axes), sizes(p["padding"], axes), maps.forward("y"))
    steps = [*before, written]
    if operation == "max-pool":
        won = Step("place of the largest", ("x",), "argmax", map=maps.winners(), aside=True)
        steps = [won, written]
    if p["compare"] != "nothing":
        steps += _comparing(p, reads, name)
    return [*steps, *_slopes(maps, operation)]


def _stretching(maps: Maps, axes: Sequence[Axis]) -> list[Step]:
    strides = [axis.window.stride for axis in axes]
    if max(strides) == 1:
        return []
    formula = _same_once(
        axes, [f"({axis.size} − 1)·{axis.window.stride} + 1 = {axis.stretched}" for axis in axes]
    )
    between = f"{times([n - 1 for n in strides])} zeros between cells"
    return [
        Step("insert zeros", ("x",), "stretched", between, formula, maps.stretching(), aside=True),
        Step("slide by 1", ("stretched",), "y", "kernel turned round", map=maps.sliding(), aside=True),
    ]


def _comparing(p: Mapping[str, Any], reads: tuple[str, ...], name: str) -> list[Step]:
    other = {**p, "padding": p["compare"]}
    axes = axes_of(**other)
    maps = Maps(other, axes)
    shown = settings(other, axes)
    formula = sizes(other["padding"], axes)
    return [
        Step(name, reads, "other", shown, formula, maps.forward("other"), aside=True),
        Step(
            "difference",
            ("y", "other"),
            "difference",
            map=maps.each(axes_of(**p)),
            readout="{y} − {other}",
            aside=True,
        ),
    ]


def _slopes(maps: Maps, operation: str) -> list[Step]:
    """A kernel's gradient is made of the input, and the input's of the kernel."""
    if operation in POOLS:
        return []
    return [
        _slope(maps, "x", "w"),
        _slope(maps, "w", "x"),
    ]


def _slope(maps: Maps, of: str, other: str) -> Step:
    """The gradient of one factor: d loss / d y times the other, summed over where it was used."""
    reads, writes = ("y_gradient", other), f"{of}_gradient"
    return Step("gradient", reads, writes, map=maps.forward(writes, of, reads), aside=True)


def times(numbers: Sequence[int]) -> str:
    """`3` for equal numbers, else `3×2`."""
    return str(numbers[0]) if len(set(numbers)) == 1 else "×".join(map(str, numbers))


def settings(p: Mapping[str, Any], axes: Sequence[Axis]) -> str:
    """`k 3 · s 2 · SAME, pads 0 before, 1 after`."""
    along = [axis.window for axis in axes]
    parts = [f"k {times([w.kernel for w in along])}", f"s {times([w.stride for w in along])}"]
    if max(w.dilation for w in along) > 1:
        parts.append(f"d {times([w.dilation for w in along])}")
    if p["groups"] > 1 and p["operation"] in ("convolution", "transposed"):
        parts.append(f"{p['groups']} groups")
    pads = ""
    if any(w.before or w.after for w in along):
        word = "cuts" if axes[0].transposed else "pads"
        pads = f", {word} {times([w.before for w in along])} before, {times([w.after for w in along])} after"
    if any(axis.extra for axis in axes):
        pads += f", output padding {times([axis.extra for axis in axes])}"
    return " · ".join(parts) + f" · {p['padding']}{pads}"


def sizes(padding: str, axes: Sequence[Axis]) -> tuple[str, ...]:
    """The output size of every axis, once where all are the same."""
    return _same_once(axes, [axis.formula(padding) for axis in axes])


def _same_once(axes: Sequence[Axis], lines: Sequence[str]) -> tuple[str, ...]:
    if len(set(lines)) == 1:
        return (lines[0],)
    return tuple(f"{axis.name}: {line}" for axis, line in zip(axes, lines, strict=True))


def _facts(p: Mapping[str, Any], results: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Any]:
    kernel = results.get("w")
    outputs = prod(results["y"].shape)
    pooling = p["operation"] in POOLS
    taps = prod(axis.window.kernel for axis in axes)
    return {
        "output_shape": tuple(results["y"].shape),
        "space": tuple(axis.output for axis in axes),
        "sizes": tuple(axis.size for axis in axes),
        "spans": tuple(axis.window.span for axis in axes),
        "pads": tuple((axis.window.before, axis.window.after) for axis in axes),
        "extra": tuple(axis.extra for axis in axes),
        "left_over": tuple(axis.left_over for axis in axes),
        "unread": tuple(axis.unread for axis in axes),
        "unread_cells": int((results["reads"] == 0).sum()) if "reads" in results else 0,
        "kernel_shape": None if kernel is None else tuple(kernel.shape),
        "weights": 0 if kernel is None else int(kernel.size),
        "biases_if_used": 0 if pooling else int(results["y"].shape[-1]),
        "multiplications": 0 if pooling else int(_multiplications(p, results, taps)),
        "cells_compared": outputs * taps if pooling else 0,
        "back": tuple(_back(axis) for axis in axes),
        "keras": calls.keras_text(p, axes),
        "pytorch": calls.pytorch_text(p, axes),
        "differs": _differs(results),
    }


def _multiplications(p: Mapping[str, Any], results: Mapping[str, Any], taps: int) -> int:
    """One for each tap of each window, zeros of padding included."""
    if p["operation"] == "transposed":
        return int(results["x"].size * taps * results["y"].shape[-1] // p["groups"])
    share = 1 if p["operation"] == "depthwise" else p["channels"] // p["groups"]
    return int(results["y"].size) * taps * int(share)


def _back(axis: Axis) -> int:
    """The output padding with which the transposed convolution gives this input's size again."""
    return axis.left_over


def _differs(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many common cells differ, and the largest difference; None when nothing is compared."""
    if "difference" not in results:
        return None
    gap = np.abs(results["difference"])
    scale = max(1.0, float(np.abs(results["y"]).max()))
    return {
        "cells": int((gap > 1e-5 * scale).sum()),
        "of": int(gap.size),
        "largest": float(gap.max()),
        "shape": tuple(results["other"].shape),
    }
