"""What every unit of a network sees, its shapes, parameters and FLOPs: by formula, without TensorFlow.

Along one axis unit i of a layer sees the rows `stride*i + first` to `stride*i + last` of the image; a
window of k taps that moves by s and starts p before turns (stride, first, last) into
(stride*s, first - p*stride, last + (k - 1 - p)*stride): the closed form of Araujo et al., 2019,
"Computing Receptive Fields of Convolutional Neural Networks", https://distill.pub/2019/computing-receptive-fields.
Where paths meet, a unit sees from the first of all to the last of all. Beside the closed form, which
knows nothing of borders, `low` and `high` hold for each unit the first and last row of the image that a
path really reaches: zeros that a later layer pads are dead ends.

These functions are shown in the code tab, so they are free of anything of ours.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from engine.convolution import network_receptive_field_graph as graphs

# Kept in the worker, so that another layer, unit or input size need not build the network again.
network_graph = lru_cache(maxsize=24)(graphs.network_graph)


def window_pads(size: int, kernel: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """Zeros before and after one axis: TensorFlow's SAME puts the odd one after."""
    span = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + span - size, 0) if padding == "same" else 0
    return total // 2, total - total // 2


def through_window(
    along: dict[str, Any], kernel: int, step: int, dilation: int, padding: str
) -> dict[str, Any]:
    """One axis after a convolution or pooling."""
    size, stride = along["size"], along["stride"]
    span = (kernel - 1) * dilation + 1
    before, after = window_pads(size, kernel, step, dilation, padding)
    count = max((size + before + after - span) // step + 1, 0)
    found = {
        "size": count,
        "stride": stride * step,
        "first": along["first"] - before * stride,
        "last": along["last"] + (span - 1 - before) * stride,
    }
    taps = np.arange(count)[:, None] * step - before + np.arange(kernel) * dilation
    inside = (taps >= 0) & (taps < size)
    taps = np.clip(taps, 0, max(size - 1, 0))
    found["low"] = np.where(inside, along["low"][taps], 2**40).min(axis=1)
    found["high"] = np.where(inside, along["high"][taps], -1).max(axis=1)
    return found


def through_sides(along: dict[str, Any], before: int, after: int) -> dict[str, Any]:
    """One axis after zeros were added (or, below zero, cells cut off) before and after it."""
    size, stride = along["size"] + before + after, along["stride"]
    place = np.arange(max(size, 0)) - before
    inside = (place >= 0) & (place < along["size"])
    place = np.clip(place, 0, along["size"] - 1)
    return {
        "size": size,
        "stride": stride,
        "first": along["first"] - before * stride,
        "last": along["last"] - before * stride,
        "low": np.where(inside, along["low"][place], 2**40),
        "high": np.where(inside, along["high"][place], -1),
    }


def through_all(along: dict[str, Any], image: int) -> dict[str, Any]:
    """One axis after global pooling or flattening: one unit that sees everything; its stride is 0."""
    low, high = along["low"].min(keepdims=True), along["high"].max(keepdims=True)
    return {"size": 1, "stride": 0, "first": 0, "last": image - 1, "low": low, "high": high}


def where_paths_meet(paths: list[dict[str, Any]], image: int, gates: bool) -> dict[str, Any]:
    """One axis after an addition, concatenation or product of several paths.

    A path with stride 0 has seen everything (the gate of a squeeze-excite block); `gates` says
    whether that counts for the units it is multiplied with.
    """
    size = max(path["size"] for path in paths)
    local = [path for path in paths if path["stride"] > 0]
    counted = paths if gates or not local else local
    low = np.broadcast_to(np.min([np.broadcast_to(p["low"], size) for p in counted], axis=0), size)
    high = np.broadcast_to(np.max([np.broadcast_to(p["high"], size) for p in counted], axis=0), size)
    if any(path["stride"] == 0 for path in counted):
        return {"size": size, "stride": 0, "first": 0, "last": image - 1, "low": low, "high": high}
    return {
        "size": size,
        "stride": max(path["stride"] for path in counted),
        "first": min(path["first"] for path in counted),
        "last": max(path["last"] for path in counted),
        "low": low,
        "high": high,
    }


def misaligned(paths: list[dict[str, Any]]) -> str:
    """What does not fit where paths meet, in words: their strides, or the centres of what they see."""
    local = [path for path in paths if path["stride"] > 0]
    strides = sorted({path["stride"] for path in local})
    if len(strides) > 1:
        return "effective strides " + " and ".join(map(str, strides))
    centres = sorted({(path["first"] + path["last"]) / 2 for path in local})
    if len(centres) > 1:
        return f"centres {centres[-1] - centres[0]:g} px apart"
    return ""


def counts(
    layer: dict[str, Any], inputs: list[tuple[int, int, int]], output: tuple[Any, ...]
) -> tuple[int, int, int]:
    """Channels, parameters and FLOPs of a layer, by formula.

    FLOPs are those of convolutions and dense layers: one multiplication and one addition a weight
    and position, and one addition a bias.
    """
    kind, channels = layer["type"], inputs[0][2]
    taps = layer["kernel"][0] * layer["kernel"][1] if "kernel" in layer else 0
    bias = int(layer.get("use_bias", False))
    positions = output[0] * output[1]
    if kind == "Conv2D":
        filters = layer["filters"]
        weights = taps * channels // layer["groups"] * filters
    elif kind == "DepthwiseConv2D":
        filters = channels * layer["depth_multiplier"]
        weights = taps * filters
    elif kind == "SeparableConv2D":
        filters, between = layer["filters"], channels * layer["depth_multiplier"]
        weights = taps * between + between * filters
    elif kind == "Dense":
        filters = layer["units"]
        weights = channels * filters
    else:
        return plain_counts(layer, inputs)
    return filters, weights + bias * filters, positions * (2 * weights + bias * filters)


def plain_counts(layer: dict[str, Any], inputs: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Channels, parameters and 0 FLOPs of a layer that is no convolution and not dense."""
    kind, (height, width, channels) = layer["type"], inputs[0]
    if kind == "BatchNormalization":  # mean and variance, and what is learned: scale, centre
        return channels, channels * (2 + layer["scale"] + layer["center"]), 0
    if kind == "Normalization":
        return channels, (2 * channels + 1) * layer["learned"], 0
    if kind == "Concatenate":
        return sum(each[2] for each in inputs), 0, 0
    if kind == "Flatten":
        return height * width * channels, 0, 0
    return channels, 0, 0


def through_layer(
    layer: dict[str, Any], paths: list[dict[str, Any]], axis: int, image: int, gates: bool
) -> dict[str, Any]:
    """One axis (0: rows, 1: columns) after a layer."""
    kind = layer["type"]
    if "kernel" in layer:
        dilation = layer.get("dilation", (1, 1))[axis]
        return through_window(
            paths[0], layer["kernel"][axis], layer["stride"][axis], dilation, layer["padding"]
        )
    if "sides" in layer:
        before, after = layer["sides"][axis]
        sign = 1 if kind == "ZeroPadding2D" else -1
        return through_sides(paths[0], sign * before, sign * after)
    if kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten"):
        return through_all(paths[0], image)
    if len(paths) > 1:
        return where_paths_meet(paths, image, gates)
    return paths[0]


def analyse_layer(
    layer: dict[str, Any], known: list[dict[str, Any]], size: tuple[int, int], gates: bool
) -> dict[str, Any]:
    """What one layer sees along both axes, its shape, parameters and FLOPs, given the layers before it."""
    if not layer["from"]:
        axes = []
        for extent in size:
            cells = np.arange(extent)
            axes.append({"size": extent, "stride": 1, "first": 0, "last": 0, "low": cells, "high": cells})
        return {"axes": axes, "shape": (*size, 3), "parameters": 0, "flops": 0, "misaligned": ""}
    read = [known[place] for place in layer["from"]]
    paths = [[one["axes"][axis] for one in read] for axis in (0, 1)]
    axes = [through_layer(layer, paths[axis], axis, size[axis], gates) for axis in (0, 1)]
    output = tuple(axis["size"] for axis in axes)
    channels, parameters, flops = counts(layer, [one["shape"] for one in read], output)
    apart = (misaligned(paths[0]) or misaligned(paths[1])) if len(read) > 1 else ""
    shape = (*output, channels)
    return {"axes": axes, "shape": shape, "parameters": parameters, "flops": flops, "misaligned": apart}


def analyse(graph: list[dict[str, Any]], size: tuple[int, int], gates: bool = True) -> list[dict[str, Any]]:
    """What every layer sees, in order; see analyse_layer."""
    found: list[dict[str, Any]] = []
    for layer in graph:
        found.append(analyse_layer(layer, found, size, gates))
    return found


def network_units(
    network: str, size: tuple[int, int], built: tuple[int, int], rows: tuple[Any, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The analysis of a network that Keras built for images of `built`, for images of `size`.

    First without what gates show, then with it.
    """
    graph = network_graph(network, built, rows)
    return analyse(graph, size, gates=False), analyse(graph, size, gates=True)
