"""The steps of a one-dimensional convolution and its relatives, each with its index map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.convolution.conv1d_channels_sizes import (
    Layer,
    groups_of,
    layout_of,
)
from engine.links import IndexMap
from engine.trace import Step


def steps(parameters: Mapping[str, Any], layer: Layer) -> list[Step]:
    """First how one output channel comes about, then the layer itself, as it is written."""
    aside = [_partial(parameters, layer), *_adding_up(parameters, layer)]
    if layout_of(parameters) != "conv1d":
        return [*aside, *_as_conv2d(parameters, layer)]
    if layer.mode == "separable":
        return [*aside, _convolution(parameters, layer, "depthwise", False), _pointwise(parameters, layer)]
    return [*aside, _convolution(parameters, layer, "y", parameters["bias"])]


def _at(layer: Layer) -> str:
    return layer.along.at("t", "u")


def _partial(parameters: Mapping[str, Any], layer: Layer) -> Step:
    """One channel's part of one output channel: the sum over taps only."""
    first, count, place = layer.chosen(parameters["unit"][0], groups_of(parameters))
    loops = {"t": layer.length, "c": count}
    if layer.mode == "separable":
        access = {"partial": ("t", "c"), "depthwise": ("0", "t", "c"), "p": ("0", "c", str(place))}
        found = IndexMap(loops, access)
        return Step("times its weight", ("depthwise", "p"), "partial", map=found, aside=True)
    own = f"c + {first}" if layer.mode == "depthwise" else "c"
    access = {
        "partial": ("t", "c"),
        "x": ("0", _at(layer), f"c + {first}"),
        "w": ("u", own, str(place)),
    }
    found = IndexMap(loops | {"u": layer.along.kernel}, access)
    return Step("sum over taps", ("x", "w"), "partial", map=found, aside=True)


def _adding_up(parameters: Mapping[str, Any], layer: Layer) -> list[Step]:
    output = parameters["unit"][0]
    _, count, _ = layer.chosen(output, groups_of(parameters))
    loops = {"t": layer.length, "c": count}
    total = IndexMap(loops, {"total": ("t",), "partial": ("t", "c")})
    # y is computed at once, not from this sum: linked, but no path for a gradient.
    same = IndexMap({"t": layer.length}, {"y": ("0", "t", str(output)), "total": ("t",)}, "each", exact=False)
    return [
        Step("sum over channels", ("partial",), "total", map=total, aside=True),
        Step("is the same", ("total",), "y", map=same, aside=True),
    ]


def _convolution(parameters: Mapping[str, Any], layer: Layer, writes: str, bias: bool) -> Step:
    taps, inputs, last = layer.kernel_shape
    groups = groups_of(parameters)
    loops = {"t": layer.length, "u": taps, "c": inputs, "f": last}
    read, write = "c", "f"
    if layer.mode in ("depthwise", "separable"):
        write = f"{last}*c + f"
    elif groups > 1:
        loops |= {"g": groups, "f": last // groups}
        read, write = f"{inputs}*g + c", f"{last // groups}*g + f"
    # A depthwise kernel's last axis counts the kernels of one channel, a full one's all filters.
    place = "f" if layer.mode in ("depthwise", "separable") else write
    access = {writes: ("0", "t", write), "x": ("0", _at(layer), read), "w": ("u", "c", place)}
    products = taps if layer.mode in ("depthwise", "separable") else taps * inputs
    return Step(
        _operation(layer.mode),
        ("x", "w", *(("b",) if bias else ())),
        writes,
        _settings(parameters, layer),
        (_length(parameters, layer), _count(parameters, layer, writes)),
        IndexMap(loops, access | ({"b": (write,)} if bias else {})),
        f"Σ of {products} products x·w + {{b}}" if bias else "",
    )


def _operation(mode: str) -> str:
    return "conv1d" if mode in ("full", "grouped") else "depthwise conv1d"


def _pointwise(parameters: Mapping[str, Any], layer: Layer) -> Step:
    deep, bias = layer.kernel_shape[1] * layer.kernel_shape[2], parameters["bias"]
    access = {"y": ("0", "t", "f"), "depthwise": ("0", "t", "c"), "p": ("0", "c", "f")}
    loops = {"t": layer.length, "c": deep, "f": layer.outputs}
    return Step(
        "pointwise conv1d",
        ("depthwise", "p", *(("b",) if bias else ())),
        "y",
        "k 1 · mixes the channels",
        (f"1 · {deep} · {layer.outputs} = {deep * layer.outputs} weights{_biases(parameters, layer)}",),
        IndexMap(loops, access | ({"b": ("f",)} if bias else {})),
        f"Σ of {deep} products + {{b}}" if bias else "",
    )


def _as_conv2d(parameters: Mapping[str, Any], layer: Layer) -> list[Step]:
    """The same layer as Conv2D: one more axis, a kernel that slides along the steps only."""
    taps, channels, filters = layer.kernel_shape
    column, bias = layout_of(parameters) == "conv2d-column", parameters["bias"]
    image = ("0", "s", "0", "c") if column else ("0", "s", "c", "0")
    kernel = ("u", "0", "c", "f") if column else ("u", "c", "0", "f")
    window = ("0", _at(layer), "0", "c") if column else ("0", _at(layer), "c", "0")
    maps = ("0", "t", "0", "f")
    loops = {"t": layer.length, "u": taps, "c": channels, "f": filters}
    every = {"s": parameters["steps"], "c": channels}
    spanned = "1" if column else str(channels)
    settings = f"k {taps}×{spanned}{_settings(parameters, layer).removeprefix(f'k {taps}')}"
    height, width = f"height: {_length(parameters, layer)}", f"width: ⌊({spanned} − {spanned})/1⌋ + 1 = 1"
    taken = IndexMap({"t": layer.length, "f": filters}, {"y": ("0", "t", "f"), "maps": maps}, "each")
    if bias:
        taken = IndexMap(taken.loops, {**taken.access, "b": ("f",)})
    return [
        Step("one more axis", ("x",), "image",
             "x[:, :, None]" if column else "x[..., None]",
             map=IndexMap(every, {"image": image, "x": ("0", "s", "c")}, "each")),
        Step("one more axis", ("w",), "kernel", aside=True,
             map=IndexMap({k: loops[k] for k in "ucf"}, {"kernel": kernel, "w": ("u", "c", "f")}, "each")),
        Step("conv2d", ("image", "kernel"), "maps", settings,
             (height, width, _count(parameters, layer, "y")),
             IndexMap(loops, {"maps": maps, "image": window, "kernel": kernel})),
        Step("squeeze" + (" + bias" if bias else ""), ("maps", *(("b",) if bias else ())), "y",
             map=taken, readout="{maps} + {b}" if bias else ""),
    ]  # fmt: skip


def _settings(parameters: Mapping[str, Any], layer: Layer) -> str:
    along = layer.along
    parts = [f"k {along.kernel}", f"s {along.stride}"]
    parts += [f"d {along.dilation}"] if along.dilation > 1 else []
    groups = groups_of(parameters)
    parts += [f"{groups} groups"] if groups > 1 else []
    pads = f", pads {along.before} before, {along.after} after" if along.before or along.after else ""
    return " · ".join(parts) + f" · {parameters['padding']}{pads}"


def _length(parameters: Mapping[str, Any], layer: Layer) -> str:
    padding = {"same": "SAME", "valid": "VALID", "causal": "explicit"}[parameters["padding"]]
    return "steps: " + layer.along.formula(parameters["steps"], padding)


def _count(parameters: Mapping[str, Any], layer: Layer, writes: str) -> str:
    taps, inputs, last = layer.kernel_shape
    biases = _biases(parameters, layer) if writes == "y" else ""
    return f"{taps} · {inputs} · {last} = {taps * inputs * last} weights{biases}"


def _biases(parameters: Mapping[str, Any], layer: Layer) -> str:
    return f" + {layer.outputs} biases" if parameters["bias"] else ""
