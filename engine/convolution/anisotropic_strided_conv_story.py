"""What narrowing a row tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.convolution.anisotropic_strided_conv_sizes import (
    WAYS,
    across,
    columns_of,
    depth_of,
    kernel_shape,
    strides_of,
)
from engine.convolution.windows import Window
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
IMAGE = ("batch", "height", "width", "channel")
DEEP = ("batch", "height", "width", "depth")
KERNELS = {
    "stride": ("kernel height", "kernel width", "input channel", "filter"),
    "full-width": ("kernel height", "kernel width", "input channel", "filter"),
    "mix": ("column", "output column"),
    "depthwise": ("kernel height", "kernel width", "input channel", "multiplier"),
}
TITLES = {
    "stride": "conv2d",
    "full-width": "conv2d",
    "mix": "einsum",
    "depthwise": "depthwise_conv2d",
}
SHOWN_COLUMNS = 6  # of a list that a note names


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    ways = [_way(parameters, way, results[depends(way)]) for way in WAYS]
    chosen = ways[WAYS.index(parameters["mode"])]
    return Story(
        tensors=_tensors(parameters, results),
        steps=[_pool(parameters), *_dependence(parameters), *_narrowing(parameters)],
        facts={
            **chosen,
            "strides": tuple(strides_of(parameters)),
            "pads": (across(parameters).before, across(parameters).after),
            "difference": float(results["difference"]),
            "without_gradient": [w for w, has in zip(WAYS, results["has_gradient"], strict=True) if not has],
            "ways": ways,
        },
        notes=_notes(parameters),
    )


def depends(way: str) -> str:
    """The tensor that holds what a way's output cells depend on."""
    return "depends_" + way.replace("-", "_")


def _way(parameters: Mapping[str, Any], way: str, matrix: Array) -> dict[str, Any]:
    """One way in numbers: sizes by formula, what is read by gradient."""
    columns, depth, channels = columns_of(parameters, way), depth_of(parameters, way), parameters["channels"]
    pairs = matrix.reshape(columns, depth, parameters["width"], channels) != 0
    shape = kernel_shape(parameters, way)
    other = ~np.eye(depth, channels, dtype=bool)
    return {
        "way": way,
        "output_shape": (1, 1, columns, depth),
        "kernel_shape": shape,
        "weights": prod(shape),
        "pairs": int(pairs.sum()),
        "all_pairs": pairs.size,
        "first_reads": _columns(pairs[0].any(axis=(0, 2))),
        "last_reads": _columns(pairs[-1].any(axis=(0, 2))),
        "unread": _columns(~pairs.any(axis=(0, 1, 3))),
        "cells_read_most": int(pairs.sum(axis=(2, 3)).max()),
        "mixes_channels": bool((pairs.any(axis=(0, 2)) & other).any()),
    }


def _columns(flags: Array) -> list[int]:
    return [int(place) for place in np.flatnonzero(flags)]


def _tensors(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Tensor]:
    mode = parameters["mode"]
    axes = {
        "volume": (IMAGE, "what 2 × 2 pooling reads"),
        "x": (IMAGE, "the row that pooling leaves"),
        "w": (KERNELS[mode], "the kernel"),
        "conv": (DEEP, "one column left: what was width is now depth"),
        "y": (IMAGE, "the narrower row"),
        "gradient": (IMAGE, "d sum of y / d x"),
        "w_gradient": (KERNELS[mode], "d sum of y / d w"),
    }
    tensors = {n: Tensor(results[n], *said) for n, said in axes.items() if n in results}
    cells = "cell = column × channels + channel"
    for way in WAYS:
        about = f"how much each output cell of {way} depends on each input cell; {cells}"
        tensors[depends(way)] = Tensor(results[depends(way)], ("output cell", "input cell"), about)
    return tensors


def _pool(parameters: Mapping[str, Any]) -> Step:
    width, channels = parameters["width"], parameters["channels"]
    loops = {"j": width, "c": channels, "u": 2, "v": 2}
    access = {"x": ("0", "0", "j", "c"), "volume": ("0", "u", "2*j + v", "c")}
    formula = ("height: ⌊(2 − 2)/2⌋ + 1 = 1", f"width: ⌊({2 * width} − 2)/2⌋ + 1 = {width}")
    found = IndexMap(loops, access, "max", exact=False)  # the largest of four decides
    return Step("max_pool2d", ("volume",), "x", "k 2 · s 2 · VALID", formula, found)


def _dependence(parameters: Mapping[str, Any]) -> list[Step]:
    """A cell of the matrix belongs to one output cell and one input cell.

    These steps stand before the operation, so that pointing at the matrix lights that pair only
    and not, through the output cell, its whole window as well.
    """
    mode, channels, depth = (
        parameters["mode"],
        parameters["channels"],
        depth_of(parameters, parameters["mode"]),
    )
    loops = {"o": columns_of(parameters, mode), "f": depth, "i": parameters["width"], "c": channels}
    cell = (f"{depth}*o + f", f"{channels}*i + c")
    places = {"x": ("0", "0", "i", "c"), "y": ("0", "0", "o", "f")}
    return [
        Step(
            "GradientTape",
            (name,),
            depends(mode),
            readout="|d y / d x| of the two cells lit",
            map=IndexMap(loops, {depends(mode): cell, name: places[name]}, exact=False),
            aside=True,
        )
        for name in ("x", "y")
    ]


def _narrowing(parameters: Mapping[str, Any]) -> list[Step]:
    mode, channels = parameters["mode"], parameters["channels"]
    width, columns = parameters["width"], columns_of(parameters, mode)
    weights = f"weights: {' · '.join(map(str, kernel_shape(parameters, mode)))} = {prod(kernel_shape(parameters, mode))}"
    if mode == "mix":
        loops = {"i": width, "o": columns, "c": channels}
        access = {"y": ("0", "0", "o", "c"), "x": ("0", "0", "i", "c"), "w": ("i", "o")}
        formula = (f"width: {width} → {columns}, the matrix's columns", weights)
        return [Step("einsum", ("x", "w"), "y", "nhwc, wv → nhvc", formula, IndexMap(loops, access))]
    if mode == "full-width":
        return _full_width(width, columns, channels, weights)
    along, depthwise = across(parameters), mode == "depthwise"
    loops = {"o": columns, "v": along.kernel, "c": channels}
    access = {
        "y": ("0", "0", "o", "c" if depthwise else "f"),
        "x": ("0", "0", along.at("o", "v"), "c"),
        "w": ("0", "v", "c", "0" if depthwise else "f"),
    }
    loops |= {} if depthwise else {"f": depth_of(parameters, mode)}
    formula = ("width: " + along.formula(width, parameters["padding"]), weights)
    return [Step(TITLES[mode], ("x", "w"), "y", _settings(parameters), formula, IndexMap(loops, access))]


def _full_width(width: int, columns: int, channels: int, weights: str) -> list[Step]:
    deep = columns * channels
    over = {"i": width, "c": channels, "o": deep}
    row = {"conv": ("0", "0", "0", "o"), "x": ("0", "0", "i", "c"), "w": ("0", "i", "c", "o")}
    each = {"y": ("0", "0", "v", "f"), "conv": ("0", "0", "0", f"{channels}*v + f")}
    formula = (f"width: ⌊({width} − {width})/1⌋ + 1 = 1", weights)
    return [
        Step("conv2d", ("x", "w"), "conv", f"k 1×{width} · s 1 · VALID", formula, IndexMap(over, row)),
        Step(
            "reshape",
            ("conv",),
            "y",
            formula=(f"depth: {deep} = {columns} · {channels}",),
            map=IndexMap({"v": columns, "f": channels}, each, "each"),
        ),
    ]


def _settings(parameters: Mapping[str, Any]) -> str:
    along, padding = across(parameters), parameters["padding"]
    strides = ", ".join(map(str, strides_of(parameters)))
    pads = f", pads {along.before} before, {along.after} after" if along.before or along.after else ""
    return f"k 1×{along.kernel} · strides [{strides}] · {padding}{pads}"


def _notes(parameters: Mapping[str, Any]) -> list[str]:
    """What the strided ways do with columns that do not come out even, and typed strides."""
    width, along, mode = parameters["width"], across(parameters), parameters["mode"]
    wide = columns_of(parameters, mode)
    if mode not in ("stride", "depthwise"):
        return [f"{wide} columns out of {width}: this widens the row."] if wide > width else []
    notes = _uneven(width, along)
    if along.stride != parameters["stride"]:
        notes.append(
            f"The typed strides hold: the width moves by {along.stride}, not by {parameters['stride']}."
        )
    return notes


def _uneven(width: int, along: Window) -> list[str]:
    windows = range(along.output(width))
    read = {o * along.stride + v - along.before for o in windows for v in range(along.kernel)}
    missed = [column for column in range(width) if column not in read]
    beyond = len(windows) * along.stride - along.before  # where one more window would begin
    dropped, skipped = [c for c in missed if c >= beyond], [c for c in missed if c < beyond]
    notes = []
    if dropped:
        notes.append(
            f"{_named(dropped)} dropped: no further window of {along.kernel} fits, and TensorFlow says nothing."
        )
    if skipped:
        notes.append(f"{_named(skipped)} skipped: the stride is larger than the kernel.")
    if along.before or along.after:
        zeros = f"{along.before} before and {along.after} after the row"
        notes.append(
            f"SAME adds columns of zeros, {zeros}: windows that read them hold less than the others."
        )
    return notes


def _named(columns: list[int]) -> str:
    listed = ", ".join(map(str, columns[:SHOWN_COLUMNS])) + (" …" if len(columns) > SHOWN_COLUMNS else "")
    return f"Column {listed} of x is" if len(columns) == 1 else f"Columns {listed} of x are"
