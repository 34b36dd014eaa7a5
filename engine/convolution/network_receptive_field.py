"""What every layer of a whole network sees, costs and gives: by formula, and held against the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from engine.convolution import network_receptive_field_analysis as analysis
from engine.convolution import network_receptive_field_gradient as thin
from engine.convolution import network_receptive_field_graph as graphs
from engine.convolution import network_receptive_field_story as story
from engine.convolution.network_receptive_field_gradient import nonzero_box, unit_gradient
from engine.convolution.network_receptive_field_networks import NETWORKS, OWN, built_size, input_size
from engine.convolution.network_receptive_field_stack import STACK, keras_rows, planned_units
from engine.convolution.receptive_field import photo
from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Story

LANE = "long"
PARAMETERS = (
    Choice("network", "ResNet50", (*NETWORKS, OWN), "a network of keras.applications, or your own stack"),
    STACK,
    Pair("size", None, 1, 1024, "height and width of the image; left out: the network's own"),
    Integer("depth", 25, 0, 100, "which layer: how far from the image to the last that has positions, in %"),
    Integer("layer", None, 0, 999, "or its number in the table"),
    Pair("unit", None, 0, 1023, "row and column of the chosen unit; left out: the centre"),
    Toggle("gates", True, "count what a unit sees through the gates of squeeze-excite blocks"),
    Toggle("check", False, "hold the formula against the gradient"),
)
TALL = 128 * 2**20  # bytes the second check may take, on an image as tall as the window

# Kept in the worker: another layer, unit or size is answered without building anything again.
network_graph = analysis.network_graph
network_units = lru_cache(maxsize=8)(analysis.network_units)
thin_model = lru_cache(maxsize=4)(thin.thin_model)


def check(network: str, stack: Any, size: Any, layer: int | None, **_: Any) -> None:
    """The image must be large enough for the network, and the chosen layer must exist."""
    extent = input_size(network, size)
    if network == OWN:
        if not stack:
            raise Rejected("stack", "no rows", "1 to 24 rows", "add a layer", {"stack": STACK.default})
        rows = keras_rows(stack)
        planned_units(extent, rows)
        layers = len(rows) + 1
    else:
        known = NETWORKS[network]
        layers = known.layers
        if min(extent) < known.least:
            expected = f"at least {known.least}x{known.least}: Keras builds no smaller {network}"
            remedy = {"size": tuple(max(side, known.least) for side in extent)}
            raise Rejected("size", f"{extent[0]}x{extent[1]}", expected, "choose a larger image", remedy)
    if layer is not None and layer >= layers:
        expected = f"0 to {layers - 1}: {network} has {layers} layers"
        raise Rejected("layer", str(layer), expected, "choose a layer it has", {"layer": layers - 1})


def _positions(network: str, stack: Any, size: tuple[int, int]) -> float:
    """Cells of all layers together for one pixel of the image, channels that stay thin counted."""
    if network in NETWORKS:
        return NETWORKS[network].positions
    units = planned_units(size, keras_rows(stack))
    return float(2 * sum(unit["shape"][0] * unit["shape"][1] for unit in units) / (size[0] * size[1]))


def cost(network: str, stack: Any, size: Any, check: bool, **_: Any) -> Cost:
    """The image and its sums; for the check every layer of the thin network, three times, in float64.

    Weights cost nothing: they are never filled.
    """
    extent = input_size(network, size)
    pixels = extent[0] * extent[1]
    if not check:
        return Cost(48 * pixels, 40 * pixels)
    cells = int(pixels * _positions(network, stack, extent))
    return Cost(48 * pixels + 24 * cells, 40 * pixels + 3 * 2 * 9 * cells)


def arguments(
    network: str, stack: Any, size: Any, depth: int, layer: int | None, unit: Any, gates: bool, check: bool
) -> dict[str, Any]:
    """What `network_receptive_field` is called with."""
    extent = input_size(network, size)
    cells = _positions(network, stack, extent) * extent[1]
    return {
        "network": network,
        "rows": keras_rows(stack) if network == OWN else (),
        "size": extent,
        "built": built_size(network, size),
        "layer": layer,
        "depth": depth,
        "unit": unit,
        "gates": gates,
        "check": check,
        "tallest": int(TALL / (24 * cells)) if check else 0,
        "image": photo(min(extent[0], 128), min(extent[1], 128), 3),
    }


def chosen_layer(units, layer, depth):  # type: ignore[no-untyped-def]
    """The place of the layer: by number, else so many percent of those that keep positions."""
    if layer is not None:
        return min(layer, len(units) - 1)
    local = [place for place, unit in enumerate(units) if unit["axes"][0]["stride"] > 0]
    return local[round(depth / 100 * (len(local) - 1))]


def window_means(x, rows, columns):  # type: ignore[no-untyped-def]
    """The mean of an image over each unit's window, both ends included; 0 for an empty window."""
    import tensorflow as tf

    grey = tf.cast(tf.reduce_mean(x, axis=-1), tf.float64)
    sums = tf.pad(tf.cumsum(tf.cumsum(grey, 0), 1), [[1, 0], [1, 0]])
    (top, bottom), (left, right) = rows, columns
    inside = tf.gather(sums, bottom + 1) - tf.gather(sums, top)
    inside = tf.gather(inside, right + 1, axis=1) - tf.gather(inside, left, axis=1)
    pixels = (bottom - top + 1)[:, None] * (right - left + 1)[None, :]
    return tf.cast(tf.math.divide_no_nan(inside, pixels.astype("float64")), tf.float32)


def tall_image(axis, size, strides, tallest):  # type: ignore[no-untyped-def]
    """An image so tall that one unit's window lies inside it: (height, unit), or None.

    It is taller by a multiple of every stride, so that SAME pads each layer as before.
    """
    if axis["stride"] == 0:
        return None
    unit = max(0, -(axis["first"] // axis["stride"]))
    missing = axis["last"] + unit * axis["stride"] + 1 - size[0]
    step = int(np.lcm.reduce([stride for stride in strides if stride]))
    height = size[0] + max(0, -(-missing // step)) * step
    return (height, unit) if height <= tallest else None


def layer_table(local, everything):  # type: ignore[no-untyped-def]
    """The analysis as numbers: float64[layer, quantity]."""
    table = []
    for unit, all_of_it in zip(local, everything, strict=True):
        down, across = unit["axes"]
        both = [(axis["last"] - axis["first"] + 1, axis["stride"], -axis["first"]) for axis in (down, across)]
        centres = [(axis["first"] + axis["last"]) / 2 for axis in (down, across)]
        sees_all = float(all_of_it["axes"][0]["stride"] == 0)
        numbers = [number for pair in zip(*both, strict=True) for number in pair]
        table.append([*unit["shape"], unit["parameters"], unit["flops"], *numbers, *centres, sees_all])
    return np.array(table, "float64")


def network_receptive_field(  # type: ignore[no-untyped-def]
    network, rows, size, built, layer, depth, unit, gates, check, tallest, image, report=print
):
    """Analyse a network and look at the image through one of its layers.

    image: uint8[1, height, width, 3], made as large as the input; `layers` has a row for each layer:
    height, width, channels, parameters, FLOPs; then rows and columns each of receptive field,
    effective stride, effective padding and centre; and 1 where global pooling shows everything.
    """
    import tensorflow as tf

    report(f"building {network} without its weights", 0.1)
    local, through = network_units(network, size, built, rows)
    place = chosen_layer(local, layer, depth)
    axes = (through if gates else local)[place]["axes"]
    results = {"x": tf.image.resize(tf.image.convert_image_dtype(image, tf.float32), size)[0]}
    windows = []
    for axis, names in zip(axes, (("top", "bottom"), ("left", "right")), strict=True):
        seen = axis["low"] <= axis["high"]  # a unit may see nothing but padding
        windows.append([np.where(seen, axis["low"], 0), np.where(seen, axis["high"], -1)])
        results |= {name: ends.astype("int32") for name, ends in zip(names, windows[-1], strict=True)}
    results["y"] = window_means(results["x"], *windows)
    results |= {"layers": layer_table(local, through), "place": place}
    shape = results["y"].shape
    unit = [min(at, n - 1) for at, n in zip(unit or (n // 2 for n in shape), shape, strict=True)]
    results["unit"] = unit
    if check:
        report("the gradient of one unit, through Keras' own layers", 0.4)
        model = thin_model(network, size, rows, gates)
        results["gradient"] = unit_gradient(model, place, unit)
        results["reach"] = np.asarray(results["gradient"] != 0, "float32")
        tall = tall_image(axes[0], size, [one["axes"][0]["stride"] for one in local[: place + 1]], tallest)
        if tall:
            report(f"the same on an image {tall[0]} pixels tall, where no window is cut off", 0.7)
            model = thin_model(network, (tall[0], size[1]), rows, gates)
            found = nonzero_box(unit_gradient(model, place, (tall[1], unit[1])))
            results["tall"] = [tall[0], tall[1], found[0], found[1]]
    return results


SHOWN = (
    graphs.built_model,
    graphs.layer_facts,
    network_graph,
    analysis.window_pads,
    analysis.through_window,
    analysis.through_sides,
    analysis.through_all,
    analysis.where_paths_meet,
    analysis.misaligned,
    analysis.counts,
    analysis.plain_counts,
    analysis.through_layer,
    analysis.analyse_layer,
    analysis.analyse,
    network_units,
    thin.thin_layer,
    thin_model,
    unit_gradient,
    nonzero_box,
    chosen_layer,
    window_means,
    tall_image,
    layer_table,
)


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, the map from units to the image, facts; see network_receptive_field_story.py."""
    given = arguments(**parameters)
    network, rows, size, built = (given[name] for name in ("network", "rows", "size", "built"))
    graph = network_graph(network, built, rows)
    at_build, _ = network_units(network, built, built, rows)
    local, through = network_units(network, size, built, rows)
    return story.tell(parameters, given, results, graph, at_build, local, through)
