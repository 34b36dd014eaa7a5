"""What the network technique tells about its results: axes, the map onto the image, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.convolution.network_receptive_field_gradient import nonzero_box
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

QUANTITIES = (
    "height", "width", "channels", "parameters", "FLOPs", "field height", "field width", "stride down",
    "stride across", "padding top", "padding left", "centre row", "centre column", "sees everything",
)  # fmt: skip
SIDES = {
    "top": ("height", "first row of the image that each row of units sees"),
    "bottom": ("height", "last row of the image that each row of units sees"),
    "left": ("width", "first column of the image that each column of units sees"),
    "right": ("width", "last column of the image that each column of units sees"),
}
Units = list[dict[str, Any]]


def tell(
    parameters: Mapping[str, Any],
    given: Mapping[str, Any],
    results: Mapping[str, Any],
    graph: list[dict[str, Any]],
    at_build: Units,
    local: Units,
    through: Units,
) -> Story:
    """The story of one run. `local` leaves out what gates show, `through` counts it."""
    place, size = int(results["place"]), given["size"]
    axes = (through if given["gates"] else local)[place]["axes"]
    exact = [_agreement(axis, extent) for axis, extent in zip(axes, size, strict=True)]
    facts = {
        "network": given["network"],
        "size": size,
        "names": tuple(layer["name"] for layer in graph),
        "types": tuple(layer["type"] for layer in graph),
        "reads": tuple(tuple(layer["from"]) for layer in graph),
        "settings": tuple(_settings(layer) for layer in graph),
        "misaligned": tuple((n, unit["misaligned"]) for n, unit in enumerate(local) if unit["misaligned"]),
        "differs_from_keras": _differences(graph, at_build),
        "last": max(n for n, unit in enumerate(local) if unit["axes"][0]["stride"] > 0),
        "gated": _gated(local, through),
        "place": place,
        **_chosen(results, axes),
        **_checked(results, axes),
        "parameters": sum(unit["parameters"] for unit in local),
        "flops": sum(unit["flops"] for unit in local),
    }
    steps = _steps(facts, graph, local, axes, size, "none" not in exact, exact == ["exact"] * 2)
    return Story(_tensors(results), steps, facts, _notes(parameters, facts, exact))


def _agreement(axis: dict[str, Any], extent: int) -> str:
    """Whether the closed form, cut at the border, is what each unit sees: exact, covers, none."""
    at = np.arange(axis["size"]) * axis["stride"]
    low, high = np.maximum(axis["first"] + at, 0), np.minimum(axis["last"] + at, extent - 1)
    empty = axis["low"] > axis["high"]
    same = (low == axis["low"]) & (high == axis["high"]) | empty & (low > high)
    if same.all():
        return "exact"
    return "covers" if (empty | (low <= axis["low"]) & (high >= axis["high"])).all() else "none"


def _two(pair: Sequence[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _settings(layer: dict[str, Any]) -> str:
    """`3×3, stride 2, same` of a window, `1+1 rows, 1+1 columns` of added zeros."""
    if "sides" in layer:
        (top, bottom), (left, right) = layer["sides"]
        return f"{top}+{bottom} rows, {left}+{right} columns"
    if "kernel" not in layer:
        return ""
    dilation = layer.get("dilation", (1, 1))
    parts = [f"{layer['kernel'][0]}×{layer['kernel'][1]}"]
    parts += [f"stride {_two(layer['stride'])}"] if max(layer["stride"]) > 1 else []
    parts += [f"dilation {_two(dilation)}"] if max(dilation) > 1 else []
    return ", ".join([*parts, layer["padding"]])


def _differences(graph: list[dict[str, Any]], at_build: Units) -> tuple[str, ...]:
    """Layers whose shape or parameters Keras counts otherwise than the formulas: none, tests say."""
    return tuple(
        layer["name"]
        for layer, unit in zip(graph, at_build, strict=True)
        if tuple(layer["shape"]) != unit["shape"] or layer["parameters"] != unit["parameters"]
    )


def _gated(local: Units, through: Units) -> int | None:
    """The first layer with positions whose units see everything through a gate; None without gates."""
    both = zip(local, through, strict=True)
    found = (n for n, (a, b) in enumerate(both) if a["axes"][0]["stride"] and not b["axes"][0]["stride"])
    return next(found, None)


def seen_box(axes: Sequence[dict[str, Any]], unit: Sequence[int]) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the image that a unit sees; (0, -1, 0, -1) for none."""
    top, bottom, left, right = (
        int(axis[end][at]) for axis, at in zip(axes, unit, strict=True) for end in ("low", "high")
    )
    return (top, bottom, left, right) if top <= bottom and left <= right else (0, -1, 0, -1)


def _chosen(results: Mapping[str, Any], axes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The chosen unit and what it sees; `window` may reach outside the image, `seen` does not."""
    row, column = (int(at) for at in results["unit"])
    down, across = axes
    height, width, _ = results["x"].shape
    all_rows = int(np.sum(results["bottom"] - results["top"] + 1 == height))
    all_columns = int(np.sum(results["right"] - results["left"] + 1 == width))
    return {
        "unit": (row, column),
        "window_rows": (down["first"] + row * down["stride"], down["last"] + row * down["stride"]),
        "window_columns": (
            across["first"] + column * across["stride"],
            across["last"] + column * across["stride"],
        ),
        "seen": seen_box(axes, (row, column)),
        "units": int(results["y"].size),
        "units_that_see_all": all_rows * all_columns,
    }


def _checked(results: Mapping[str, Any], axes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the gradient found, beside the formula."""
    if "gradient" not in results:
        return {"checked": False}
    found = {"checked": True, "gradient_box": nonzero_box(results["gradient"])}
    found["gradient_pixels"] = int(results["reach"].sum())
    if "tall" in results:
        height, unit, first, last = (int(number) for number in results["tall"])
        start = axes[0]["first"] + unit * axes[0]["stride"]
        by_formula = (start, axes[0]["last"] + unit * axes[0]["stride"])
        found |= {"tall": {"height": height, "unit": unit, "gradient": (first, last), "formula": by_formula}}
    return found


def _tensors(results: Mapping[str, Any]) -> dict[str, Tensor]:
    tensors = {
        "x": Tensor(results["x"], ("height", "width", "channel"), "the photograph, as large as the input"),
        "y": Tensor(results["y"], ("height", "width"), "the mean of the photograph in each unit's window"),
        "layers": Tensor(results["layers"], ("layer", "quantity"), ", ".join(QUANTITIES)),
    }
    for name, (axis, about) in SIDES.items():
        tensors[name] = Tensor(results[name], (axis,), about)
    if "gradient" in results:
        tensors["gradient"] = Tensor(
            results["gradient"], ("height", "width"), "d unit / d pixel, thin and linear"
        )
        tensors["reach"] = Tensor(
            results["reach"], ("height", "width"), "1 where the unit's gradient is not zero"
        )
    return tensors


def _steps(
    facts: Mapping[str, Any],
    graph: list[dict[str, Any]],
    local: Units,
    axes: Any,
    size: Any,
    mapped: bool,
    exact: bool,
) -> list[Step]:
    place = facts["place"]
    operation = f"{facts['network']}, layer {place}: {facts['names'][place]}"
    formula = (*_sizes(graph, local, place), *_window_formula(axes))
    sees = IndexMap(
        {"i": axes[0]["size"], "j": axes[1]["size"], "u": _extent(axes[0]), "v": _extent(axes[1]), "c": 3},
        {"y": ("i", "j"), "x": (_at(axes[0], "i", "u"), _at(axes[1], "j", "v"), "c")},
        "mean",
        exact,
    )
    ends = {"y": ("i", "j"), "top": ("i",), "bottom": ("i",), "left": ("j",), "right": ("j",)}
    read_out = IndexMap({"i": axes[0]["size"], "j": axes[1]["size"]}, ends, "each", exact=False)
    sentence = "mean of the photograph's rows {top} to {bottom} and columns {left} to {right}"
    return [
        Step(operation, ("x",), "y", facts["settings"][place], formula, sees if mapped else None),
        Step("windows", tuple(SIDES), "y", map=read_out, readout=sentence, aside=True),
    ]


def _extent(axis: dict[str, Any]) -> int:
    return int(axis["last"] - axis["first"] + 1)


def _at(axis: dict[str, Any], loop: str, tap: str) -> str:
    """The place a unit's window reads, as an index map writes it: `32*i - 241 + u`."""
    start = f"{'-' if axis['first'] < 0 else '+'} {abs(axis['first'])}"
    return f"{tap}" if axis["stride"] == 0 else f"{axis['stride']}*{loop} {start} + {tap}"


def _sizes(graph: list[dict[str, Any]], local: Units, place: int) -> tuple[str, ...]:
    """Where the number of rows changed on the way to a layer, each with its formula and numbers."""
    lines: list[str] = []
    while graph[place]["from"]:
        layer, before = graph[place], graph[place]["from"][0]
        rows, was = local[place]["axes"][0]["size"], local[before]["axes"][0]["size"]
        if rows != was:
            lines.append(f"{layer['name']}: {_size(layer, was)} = {rows}")
        place = before
    return tuple(reversed(lines))


def _size(layer: dict[str, Any], was: int) -> str:
    if "sides" in layer:
        sign = "+" if layer["type"] == "ZeroPadding2D" else "−"
        return f"{was} {sign} {layer['sides'][0][0]} {sign} {layer['sides'][0][1]}"
    if "kernel" not in layer:
        return "all rows into one" if layer["type"] != "Multiply" else "the larger path"
    span = (layer["kernel"][0] - 1) * layer.get("dilation", (1, 1))[0] + 1
    stride = layer["stride"][0]
    return f"⌈{was}/{stride}⌉" if layer["padding"] == "same" else f"⌊({was} − {span})/{stride}⌋ + 1"


def _window_formula(axes: Any) -> tuple[str, ...]:
    lines = []
    for axis, side, loop in zip(axes, ("row", "column"), "ij", strict=True):
        if axis["stride"] == 0:
            lines.append(f"{side} {loop} of units sees every {side} of the image")
            continue
        ends = [
            f"{axis['stride']}·{loop} {'−' if end < 0 else '+'} {abs(end)}"
            for end in (axis["first"], axis["last"])
        ]
        lines.append(f"{side} {loop} of units sees {side}s {ends[0]} to {ends[1]}")
    return tuple(lines)


def _notes(parameters: Mapping[str, Any], facts: Mapping[str, Any], exact: Sequence[str]) -> list[str]:
    notes = []
    wanted, unit = parameters["unit"], facts["unit"]
    if wanted and tuple(wanted) != unit:
        notes.append(
            f"This layer has no unit {wanted[0]}, {wanted[1]}: the nearest, {unit[0]}, {unit[1]}, is shown."
        )
    if facts["differs_from_keras"]:
        notes.append(f"Keras counts otherwise at {', '.join(facts['differs_from_keras'][:5])}: tell us.")
    if "none" in exact:
        notes.append(
            "Paths with different strides meet here: no one formula gives the window, so only its ends are shown."
        )
    elif "covers" in exact:
        notes.append(
            "Some units at the border see less than the formula's window: their outer taps meet only padding."
        )
    if facts["seen"][1] < 0:
        notes.append("The chosen unit sees nothing but padding.")
    if facts["checked"]:
        notes.append(_verdict(facts))
    return notes


def _verdict(facts: Mapping[str, Any]) -> str:
    top, bottom, left, right = facts["gradient_box"]
    agree = facts["gradient_box"] == facts["seen"]
    text = f"By gradient the unit sees rows {top} to {bottom} and columns {left} to {right}: "
    text += "what the formula says." if agree else f"the formula says {facts['seen']}, which is wrong."
    if "tall" in facts:
        tall = facts["tall"]
        first, last = tall["gradient"]
        same = "as" if tall["gradient"] == tall["formula"] else "not as"
        text += f" On an image {tall['height']} pixels tall, where nothing is cut off, {last - first + 1} rows, {same} the formula says."
    return text
