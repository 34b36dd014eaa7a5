"""What the dense-as-convolution technique tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution.windows import Window
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

Two = tuple[int, int]
IMAGE = ("batch", "height", "width", "channel")
PLACES = ("batch", "down", "across")
ABOUT: dict[str, tuple[tuple[str, ...], str]] = {
    "x": (IMAGE, "the image"),
    "weights": (("tile value", "unit"), "weights of the dense layer"),
    "bias": (("unit",), "biases of both layers"),
    "dense": ((*PLACES, "unit"), "the dense layer on every tile"),
    "kernel": (("kernel height", "kernel width", "channel", "unit"), "the same weights as a kernel"),
    "conv": ((*PLACES, "unit"), "the convolution"),
    "difference": ((*PLACES, "unit"), "convolution minus dense layer"),
    "column": (("tile value",), "the unit's weights in the dense layer: one column"),
    "kernel_unit": (("kernel height", "kernel width", "channel"), "the unit's column as a kernel"),
    "dense_unit": (PLACES, "the unit in the dense layer, tile by tile"),
    "conv_unit": (PLACES, "the unit as a filter of the convolution"),
    "difference_unit": (PLACES, "convolution minus dense layer, this unit"),
    "coverage": (("height", "width"), "how many tiles read each pixel"),
    "image_gradient": (("height", "width"), "d Σ unit / d x, first image, channel 0"),
    "column_gradient": (("tile value",), "d Σ unit / d column, through the convolution"),
    "column_gradient_dense": (("tile value",), "d Σ unit / d column, through the dense layer"),
}


def tell(
    parameters: Mapping[str, Any], results: Mapping[str, Any], windows: tuple[Window, Window], size: Two
) -> Story:
    """The story of one run."""
    tensors = {name: Tensor(values, *ABOUT[name]) for name, values in results.items()}
    tensors["kernel_gradient"] = _laid_out(results["column_gradient"], parameters)
    facts = _facts(parameters, results, windows, size)
    return Story(tensors, _steps(parameters, windows, size), facts, _notes(parameters, facts, windows, size))


def _laid_out(column: Any, parameters: Mapping[str, Any]) -> Tensor:
    """The gradient of a column where its weights stand in a tile."""
    tile, channels = parameters["tile"], parameters["channels"]
    if parameters["flatten"] == "HWC":
        values = column.reshape(*tile, channels)
    else:
        values = column.reshape(channels, *tile).transpose(1, 2, 0)
    axes = ("height", "width", "channel")
    return Tensor(values, axes, "d Σ unit / d weights, each where its pixel is in the tile")


def _flat(order: str, tile: Two, channels: int, u: str = "u", v: str = "v") -> str:
    """The place of a tile's value (u, v, c) in its row."""
    if order == "HWC":
        return f"{tile[1] * channels}*{u} + {channels}*{v} + c"
    return f"{prod(tile)}*c + {tile[1]}*{u} + {v}"


def _steps(parameters: Mapping[str, Any], windows: tuple[Window, Window], size: Two) -> list[Step]:
    tile, channels, padding = parameters["tile"], parameters["channels"], parameters["padding"]
    count = (f"tile {tile[0]}·{tile[1]}·{channels} = {prod(tile) * channels} values",)
    sides = tuple(
        f"{side}: {along.formula(n, padding)}"
        for side, along, n in zip(("down", "across"), windows, size, strict=True)
    )
    steps = parameters["stride"] or tile
    lies = f"k {tile[0]}×{tile[1]} · s {steps[0]}×{steps[1]} · {padding}"
    turned = ", turned by 180°" if parameters["flip"] else ""
    return [
        Step("dense on each tile", ("x", "weights"), "dense", f"flattened {parameters['flatten']}", count),
        Step("reshape", ("weights",), "kernel", f"read as {parameters['reshape']}{turned}"),
        Step("conv2d", ("x", "kernel"), "conv", lies, sides),
        Step("minus dense", ("conv", "dense"), "difference"),
        *_unit_steps(parameters, windows, size),
    ]


def _unit_steps(parameters: Mapping[str, Any], windows: tuple[Window, Window], size: Two) -> list[Step]:
    """The chosen unit by both ways, and how its column becomes a kernel."""
    tile, channels = parameters["tile"], parameters["channels"]
    rows, columns = windows
    loops = {
        "b": parameters["batch"],
        "i": rows.output(size[0]),
        "j": columns.output(size[1]),
        "u": tile[0],
        "v": tile[1],
        "c": channels,
    }
    x = ("b", rows.at("i", "u"), columns.at("j", "v"), "c")
    flat = _flat(parameters["flatten"], tile, channels)
    dense = IndexMap(loops, {"dense_unit": ("b", "i", "j"), "x": x, "column": (flat,)})
    conv = IndexMap(loops, {"conv_unit": ("b", "i", "j"), "x": x, "kernel_unit": ("u", "v", "c")})
    place = (f"{tile[0] - 1} - u", f"{tile[1] - 1} - v", "c") if parameters["flip"] else ("u", "v", "c")
    read = _flat(parameters["reshape"], tile, channels)
    own = {name: loops[name] for name in "uvc"}
    turn = IndexMap(own, {"kernel_unit": place, "column": (read,)}, "each")
    return [
        Step("dense, one unit", ("x", "column"), "dense_unit", "+ bias", map=dense, aside=True),
        Step("reshape", ("column",), "kernel_unit", map=turn, aside=True),
        Step("conv2d, one unit", ("x", "kernel_unit"), "conv_unit", "+ bias", map=conv, aside=True),
        Step(
            "minus", ("conv_unit", "dense_unit"), "difference_unit",
            map=_each({name: loops[name] for name in "bij"}), readout="{conv_unit} − {dense_unit}", aside=True,
        ),
    ]  # fmt: skip


def _each(loops: Mapping[str, int]) -> IndexMap:
    """Both units cell by cell."""
    place = ("b", "i", "j")
    return IndexMap(loops, dict.fromkeys(("difference_unit", "conv_unit", "dense_unit"), place))


def _facts(
    parameters: Mapping[str, Any], results: Mapping[str, Any], windows: tuple[Window, Window], size: Two
) -> dict[str, Any]:
    difference, dense = results["difference"], results["dense"]
    # One unit by itself is summed in another order: its rounding counts too.
    largest = max(float(np.abs(results[name]).max()) for name in ("difference", "difference_unit"))
    scale = float(np.abs(dense).max())
    peak = np.unravel_index(int(results["conv_unit"][0].argmax()), results["conv_unit"].shape[1:])
    rows, columns = (_unread(along, n) for along, n in zip(windows, size, strict=True))
    coverage = results["coverage"]
    return {
        "size": size,
        "features": results["weights"].shape[0],
        "output_shape": tuple(results["conv"].shape),
        "dense_parameters": int(results["weights"].size + results["bias"].size),
        "conv_parameters": int(results["kernel"].size + results["bias"].size),
        "places": prod(results["conv"].shape[1:3]),
        "largest_difference": largest,
        "signed_difference": float(difference.max()),
        "scale": scale,
        "same": largest <= 1e-5 * max(scale, 1.0),
        "unread": (rows, columns),
        "unread_pixels": int((coverage == 0).sum()),
        "padded": tuple((along.before, along.after) for along in windows),
        "most_tiles_on_a_pixel": int(coverage.max()),
        "peak": (int(peak[0]), int(peak[1])),
        "gradient_difference": float(
            np.abs(results["column_gradient"] - results["column_gradient_dense"]).max()
        ),
    }


def _padded(pads: tuple[Two, Two]) -> list[str]:
    """How many zeros SAME adds, and whether they push the tiles away from the first pixel."""
    (top, bottom), (left, right) = pads
    if not sum((top, bottom, left, right)):
        return []
    counts = f"SAME adds zeros, {top} + {bottom} rows and {left} + {right} columns (before + after). "
    if top or left:
        return [counts + "Zeros before the image move every tile: none begins where it did."]
    return [counts + "The tiles stay where they were, the last ones see zeros."]


def _unread(along: Window, size: int) -> int:
    """Pixels along one axis that no tile reads."""
    read = {
        i * along.stride + u - along.before for i in range(along.output(size)) for u in range(along.kernel)
    }
    return size - len(read & set(range(size)))


def _notes(
    parameters: Mapping[str, Any], facts: Mapping[str, Any], windows: Sequence[Window], size: Two
) -> list[str]:
    notes = []
    rows, columns = facts["unread"]
    if rows or columns:
        steps = [along.stride > along.kernel for along in windows]
        why = "A stride beyond the tile skips" if any(steps) else "VALID drops"
        notes.append(
            f"{why} {rows} of {size[0]} rows and {columns} of {size[1]} columns: "
            f"{facts['unread_pixels']:,} pixels are read by no tile."
        )
    notes += _padded(facts["padded"])
    if parameters["flatten"] != parameters["reshape"]:
        notes.append(
            f"The dense layer flattens its tile {parameters['flatten']}, its weights are read as "
            f"{parameters['reshape']}: each weight meets another pixel."
            if not facts["same"]
            else f"Flattened {parameters['flatten']} and read as {parameters['reshape']}, which is the same here."
        )
    if parameters["flip"] and not facts["same"]:
        notes.append(
            f"The kernel is turned by 180°, but tf.nn.conv2d does not turn it back: outputs differ by up to "
            f"{facts['largest_difference']:.3g}, on values up to {facts['scale']:.3g}."
        )
    return notes
