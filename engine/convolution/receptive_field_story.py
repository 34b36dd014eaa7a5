"""What the receptive-field technique tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution.receptive_field_layers import Layer, layers_of
from engine.convolution.windows import Window, growth, seen
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

IMAGE = ("batch", "height", "width", "channel")
KERNEL = ("kernel height", "kernel width", "input channel", "filter")
PLANE = ("height", "width")


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    layers = layers_of(**parameters)
    unit = parameters["unit"] or tuple(size // 2 for size in layers[-1].output)
    windows = [[layer.windows[axis] for layer in layers] for axis in (0, 1)]
    box = [seen(windows[axis], unit[axis]) for axis in (0, 1)]
    tensors = _tensors(results, layers, _inside(box, parameters["size"]))
    return Story(
        tensors=tensors,
        steps=[
            *_layer_steps(layers),
            *_dense_step(layers, parameters["classes"]),
            *_field_steps(layers, windows),
        ],
        facts=_facts(parameters, layers, windows, box, unit, tensors),
        notes=_notes(parameters, layers, windows, results),
    )


def _name(letter: str, number: int) -> str:
    return letter if number == 1 else f"{letter}{number}"


def _inside(box: Sequence[tuple[int, int]], size: Sequence[int]) -> np.ndarray[Any, Any]:
    rows, columns = (
        (np.arange(n) >= first) & (np.arange(n) <= last) for (first, last), n in zip(box, size, strict=True)
    )
    return np.outer(rows, columns).astype("float32")


def _tensors(
    results: Mapping[str, Any], layers: Sequence[Layer], inside: np.ndarray[Any, Any]
) -> dict[str, Tensor]:
    tensors = {"x": Tensor(results["x"], IMAGE, "the input image")}
    for number, layer in enumerate(layers, 1):
        if layer.weights:
            name = _name("w", number)
            tensors[name] = Tensor(results[name], KERNEL, f"the kernels of layer {number}")
        name = _name("y", number)
        tensors[name] = Tensor(results[name], IMAGE, f"the output of layer {number}: {layer.kind}")
    if "logits" in results:
        tensors["w_dense"] = Tensor(results["w_dense"], ("flat", "class"), "weights of the dense layer")
        tensors["logits"] = Tensor(results["logits"], ("batch", "class"), "the dense layer's outputs")
    tensors["window"] = Tensor(inside, PLANE, "1 where the formula says the unit looks")
    tensors["reach"] = Tensor(results["reach"], PLANE, "1 where the unit's gradient is not zero")
    tensors["effective"] = Tensor(
        results["effective"], PLANE, "how much each pixel weighs when all taps weigh the same"
    )
    tensors["gradient"] = Tensor(results["gradient"], IMAGE, "d unit / d x")
    return tensors


def _layer_steps(layers: Sequence[Layer]) -> list[Step]:
    steps = []
    for number, layer in enumerate(layers, 1):
        reads = [_name("y", number - 1) if number > 1 else "x"]
        if layer.weights:
            reads.append(_name("w", number))
        sizes = [
            f"{side}: {along.formula(size, layer.padding)}"
            for side, along, size in zip(PLANE, layer.windows, layer.input, strict=True)
        ]
        steps.append(
            Step(
                operation="conv2d" if layer.weights else layer.kind.replace("-", "_") + "2d",
                reads=tuple(reads),
                writes=_name("y", number),
                settings=_settings(layer),
                formula=tuple(sizes[:1] if _square(layer) else sizes),
                map=_map(layer, reads, _name("y", number)),
            )
        )
    return steps


def _square(layer: Layer) -> bool:
    return layer.windows[0] == layer.windows[1] and layer.input[0] == layer.input[1]


def _two(pair: Sequence[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _settings(layer: Layer) -> str:
    parts = [f"k {_two(layer.kernel)}", f"s {_two(layer.stride)}"]
    if max(layer.dilation) > 1:
        parts.append(f"d {_two(layer.dilation)}")
    before, after = ([getattr(along, side) for along in layer.windows] for side in ("before", "after"))
    pads = f", pads {_two(before)} before, {_two(after)} after" if max(*before, *after) else ""
    return " · ".join(parts) + f" · {layer.padding}{pads}"


def _map(layer: Layer, reads: Sequence[str], writes: str) -> IndexMap:
    rows, columns = layer.windows
    loops = {"b": 1, "i": layer.output[0], "j": layer.output[1], "u": layer.kernel[0], "v": layer.kernel[1]}
    places = ("b", rows.at("i", "u"), columns.at("j", "v"))
    if not layer.weights:
        access = {writes: ("b", "i", "j", "c"), reads[0]: (*places, "c")}
        mean = layer.kind == "avg-pool"
        kind = "mean" if mean else "max"
        return IndexMap(loops | {"c": layer.channels}, access, kind, exact=mean, padding="left out")
    access = {
        writes: ("b", "i", "j", "f"),
        reads[0]: (*places, "c"),
        reads[1]: ("u", "v", "c", "f"),
    }
    return IndexMap(loops | {"c": layer.channels, "f": layer.filters}, access)


def _dense_step(layers: Sequence[Layer], classes: int) -> list[Step]:
    if not classes:
        return []
    (rows, columns), filters = layers[-1].output, layers[-1].filters
    name, flat = _name("y", len(layers)), rows * columns * filters
    access = {
        "logits": ("b", "o"),
        name: ("b", "i", "j", "f"),
        "w_dense": (f"{columns * filters}*i + {filters}*j + f", "o"),
    }
    loops = {"b": 1, "i": rows, "j": columns, "f": filters, "o": classes}
    formula = (f"flatten: {rows} · {columns} · {filters} = {flat}",)
    return [
        Step("dense", (name, "w_dense"), "logits", f"{classes} outputs", formula, IndexMap(loops, access))
    ]


def _field_steps(layers: Sequence[Layer], windows: Sequence[Sequence[Window]]) -> list[Step]:
    last = _name("y", len(layers))
    fields = [growth(along)[-1] for along in windows]
    taps = " + ".join(
        f"({along.span} − 1)·{jump}"
        for along, jump in zip(windows[0], [1, *(j for _, j in growth(windows[0])[:-1])], strict=True)
    )
    formula: tuple[str, ...] = (f"1 + {taps} = {fields[0][0]} rows, jump {fields[0][1]}",)
    if fields[0] != fields[1]:
        formula += (f"{fields[1][0]} columns, jump {fields[1][1]}",)
    return [
        Step("receptive field", (last,), "window", "by formula", formula, aside=True),
        Step("gradient ≠ 0", (last, "x"), "reach", "by gradient", aside=True),
        Step("share of paths", (last, "x"), "effective", "effective", aside=True),
    ]


def _facts(
    parameters: Mapping[str, Any],
    layers: Sequence[Layer],
    windows: Sequence[Sequence[Window]],
    box: Sequence[tuple[int, int]],
    unit: Sequence[int],
    tensors: Mapping[str, Tensor],
) -> dict[str, Any]:
    last, size = layers[-1], parameters["size"]
    outputs = prod(last.output) * last.filters
    counts = [prod(layer.weights) if layer.weights else 0 for layer in layers]
    counts += [(outputs + 1) * parameters["classes"]] if parameters["classes"] else []
    taps = [_reached(layers, axis, unit[axis]) for axis in (0, 1)]
    real = [sorted(cell for cell in taps[axis] if 0 <= cell < size[axis]) for axis in (0, 1)]
    return {
        "unit": tuple(unit),
        "output_shape": (1, *last.output, last.filters),
        "output_shapes": [(1, *layer.output, layer.filters) for layer in layers],
        "kernel_heights": [layer.kernel[0] for layer in layers],
        "pads": [tuple((w.before, w.after) for w in layer.windows) for layer in layers],
        "units": outputs,
        "positions": prod(last.output),
        "parameters": counts,
        "parameters_total": sum(counts),
        "biases_if_used": sum(layer.filters for layer in layers if layer.weights),
        "dense_equivalent": prod(size) * parameters["channels"] * outputs,
        "growth": growth(windows[0]),
        "growth_width": growth(windows[1]),
        "receptive_field": tuple(growth(along)[-1][0] for along in windows),
        "jump": tuple(growth(along)[-1][1] for along in windows),
        "window_rows": box[0],
        "window_columns": box[1],
        "pixels_seen_rows": [row + 1 for row in real[0]],
        "pixels_seen_columns": [column + 1 for column in real[1]],
        "zeros_seen_rows": len(taps[0]) - len(real[0]),
        "zeros_seen_columns": len(taps[1]) - len(real[1]),
        "gradient_box": _box(tensors["reach"].values),
        "gradient_pixels": int(tensors["reach"].values.sum()),
        "formula_pixels": int(tensors["window"].values.sum()),
        "effective_pixels_95": _pixels_for(tensors["effective"].values, 0.95),
        "flops": sum(
            2 * prod(layer.output) * layer.filters * prod(layer.kernel) * layer.channels
            for layer in layers
            if layer.weights
        ),
    }


def _reached(layers: Sequence[Layer], axis: int, unit: int) -> set[int]:
    """Coordinates of the image, padding included, that one unit's taps touch along one axis.

    Padding between layers is a dead end: a zero that a later layer adds was computed from nothing.
    """
    cells = {unit}
    for layer in reversed(layers):
        along, size = layer.windows[axis], layer.output[axis]
        real = [cell for cell in cells if 0 <= cell < size]
        cells = {
            c * along.stride + u * along.dilation - along.before for c in real for u in range(along.kernel)
        }
    return cells


def _box(mask: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """First and last row, first and last column where the mask is set; None when nowhere."""
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return None
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def _pixels_for(weights: np.ndarray[Any, Any], share: float) -> int:
    """The fewest pixels that together hold this share of all weight."""
    ordered = np.sort(weights.ravel())[::-1].cumsum()
    return int(np.searchsorted(ordered, share * ordered[-1]) + 1) if ordered[-1] > 0 else 0


def _notes(
    parameters: Mapping[str, Any],
    layers: Sequence[Layer],
    windows: Sequence[Sequence[Window]],
    results: Mapping[str, Any],
) -> list[str]:
    notes = []
    for number, layer in enumerate(layers, 1):
        for side, along, size in zip(("row", "column"), layer.windows, layer.input, strict=True):
            read = {
                i * along.stride + u * along.dilation - along.before
                for i in range(along.output(size))
                for u in range(along.kernel)
            }
            missed = [cell for cell in range(size) if cell not in read]
            if missed:
                places = ", ".join(str(cell + 1) for cell in missed[:6]) + (" …" if len(missed) > 6 else "")
                notes.append(
                    f"Layer {number} never reads {side} {places} of its input ({len(missed)} of {size})."
                )
    if any(layer.kind == "max-pool" for layer in layers):
        notes.append("Max pooling passes the gradient to the largest cell only: by gradient, less is seen.")
    if not np.any(results["gradient"]):
        notes.append("The gradient is zero everywhere: this unit sees only padding.")
    return notes
