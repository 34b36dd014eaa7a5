"""What is worth saying about one state of convolution arithmetic: dropped cells, odd zeros, gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.convolution.convolution_arithmetic_axes import Axis

CELLS = {"depth": "plane", "height": "row", "width": "column"}


def notes(p: Mapping[str, Any], axes: Sequence[Axis], results: Mapping[str, Any]) -> list[str]:
    """Sentences that are true of this state."""
    every = [*_dropped(axes), *_odd(p, axes), *_empty(axes), *_other_means(p, axes)]
    return [*every, *_transposed(axes, p), *_compared(p, results)]


def _dropped(axes: Sequence[Axis]) -> list[str]:
    """Which cells no window reads, and whether flooring or the gaps between windows are why."""
    floored, between, padding = {}, {}, []
    for axis in axes:
        last = axis.size + axis.window.after - axis.left_over
        floored[axis] = [cell for cell in axis.unread if cell >= last]
        between[axis] = [cell for cell in axis.unread if cell < last]
        if axis.left_over and not floored[axis]:
            padding.append(axis.name)
    found = []
    if any(floored.values()):
        found.append(f"Dropped: {_named(floored)} of the input. {_why(floored)}: the size is floored.")
    if any(between.values()):
        found.append(f"No window reads {_named(between)}: they lie between windows or taps.")
    if padding:
        found.append(f"Along {' and '.join(padding)} the size is floored, but only padding is dropped.")
    return found


def _named(cells: Mapping[Axis, Sequence[int]]) -> str:
    """`row 6 and columns 5, 6`."""
    parts = []
    for axis, places in cells.items():
        if places:
            listed = ", ".join(str(at + 1) for at in places[:6]) + (" …" if len(places) > 6 else "")
            parts.append(f"{CELLS[axis.name]}{'s' * (len(places) != 1)} {listed}")
    return " and ".join(parts)


def _why(floored: Mapping[Axis, Sequence[int]]) -> str:
    """How many cells are left after the last window, once where all axes are alike."""
    told = dict.fromkeys(
        f"after the last window {axis.left_over} of {axis.size + axis.window.before + axis.window.after} cells "
        f"are left, too few for a stride of {axis.window.stride}"
        for axis, places in floored.items()
        if places
    )
    text = "; ".join(told)
    return text[0].upper() + text[1:]


def _odd(p: Mapping[str, Any], axes: Sequence[Axis]) -> list[str]:
    if p["padding"] != "SAME":
        return []
    found = dict.fromkeys((axis.window.before, axis.window.after) for axis in axes)
    uneven = [f"{before} before and {after} after" for before, after in found if before != after]
    word = "cuts off" if axes[0].transposed else "pads"
    return [f"SAME {word} {', '.join(uneven)}: the odd cell is after."] if uneven else []


def _empty(axes: Sequence[Axis]) -> list[str]:
    if axes[0].transposed or all(all(axis.taps) for axis in axes):
        return []
    return ["Some windows see only padding: their output is 0 whatever the input is."]


def _other_means(p: Mapping[str, Any], axes: Sequence[Axis]) -> list[str]:
    """What is computed here although a library refuses it."""
    dilated = any(axis.window.dilation > 1 for axis in axes)
    strided = any(axis.window.stride > 1 for axis in axes)
    operation, found = p["operation"], []
    if operation in ("convolution", "transposed") and dilated and strided:
        found.append(
            "Keras refuses a stride and a dilation above 1 together; with zeros between the taps, as here, "
            "they go together, and tf.nn.conv2d and PyTorch agree."
        )
    if operation == "transposed" and p["groups"] > 1:
        found.append("Keras has no groups for transposed convolution: here each group is one of its own.")
    if operation == "depthwise" and len(axes) == 3:
        found.append("Keras has no depthwise convolution in 3-D: here each channel is convolved by itself.")
    if operation == "max-pool" and any(axis.window.before or axis.window.after for axis in axes):
        found.append("Max pooling pads with −∞, not with zeros: padding never wins.")
    if len(axes) == 1 and any(p[name][0] != p[name][1] for name in ("size", "kernel", "stride", "dilation")):
        found.append("1-D takes the second number of each pair, the width.")
    return found


def _transposed(axes: Sequence[Axis], p: Mapping[str, Any]) -> list[str]:
    if p["operation"] != "transposed":
        return []
    found = []
    if p["padding"] == "VALID" and p["output_padding"] is None and any(axis.extra for axis in axes):
        found.append(
            "The stride is larger than the kernel: Keras adds output padding so that the output has "
            "stride × size cells; PyTorch adds none unless asked."
        )
    uneven = [
        axis.name for axis in axes if axis.window.stride > 1 and axis.window.kernel % axis.window.stride
    ]
    if uneven and all(axis.window.dilation == 1 for axis in axes):
        found.append(
            f"Along the {' and '.join(uneven)} the kernel is no multiple of the stride: output cells are sums of "
            "unequally many products, which shows as a checkerboard."
        )
    return found


def _compared(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    if p["compare"] == "nothing":
        return []
    gap = np.abs(results["difference"])
    shapes = " against ".join(str(list(results[name].shape[1:-1])) for name in ("y", "other"))
    same = results["y"].shape == results["other"].shape
    sizes = "" if same else f" The sizes differ: {shapes}."
    if not gap.max():
        return [f"{p['padding']} and {p['compare']} padding agree in every cell both have." + sizes]
    return [
        f"{p['padding']} and {p['compare']} padding differ in {int((gap > 0).sum())} of {gap.size} cells."
        + sizes
    ]
