"""What the separable-convolution technique tells: the small layer's maps, counts, NASNet's ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.convolution.separable_conv_parameters_layers import Layer, ways
from engine.convolution.separable_conv_parameters_nasnet import Network, ledger, trainable
from engine.convolution.windows import window
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

IMAGE = ("batch", "height", "width", "channel")
KNOWN = {
    "NASNetMobile": Network(1056, 4, 2, 32, 224, 1000, False),
    "NASNetLarge": Network(4032, 6, 2, 96, 331, 1000, True),
}
ASKED = (5, 3840, 768)  # the question's own count: 5x5 on 5 · 768 channels, to 768


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any], network: Network) -> Story:
    """The story of one run."""
    facts = _facts(parameters, results, network)
    return Story(_tensors(results), _steps(parameters, results), facts, _notes(parameters, facts))


def _tensors(results: Mapping[str, Any]) -> dict[str, Tensor]:
    depthwise = ("kernel height", "kernel width", "channel", "multiplier")
    pointwise = ("height", "width", "wide channel", "filter")
    each = ("batch", "height", "width", "wide channel")
    full = ("kernel height", "kernel width", "channel", "filter")
    told = {
        "x": (IMAGE, "the small input"),
        "depthwise": (depthwise, "one filter (or more) for each channel"),
        "each": (each, "each channel filtered alone"),
        "pointwise": (pointwise, "how the channels are mixed at every pixel"),
        "y": (IMAGE, "the separable convolution"),
        "product": (full, "the full kernel that does the same"),
        "x gradient": (IMAGE, "d unit / d x"),
        "depthwise gradient": (depthwise, "d unit / d depthwise kernel"),
        "pointwise gradient": (pointwise, "d unit / d pointwise kernel"),
        "chosen": (("layer", "part"), "parameters Keras built, layer by layer"),
    }
    return {name: Tensor(results[name], *about) for name, about in told.items()}


def _steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    chosen = next(layer for layer in ways(**parameters)["chosen"] if layer.separable)
    real = f"really {chosen.before} → {chosen.before * chosen.multiplier} → {chosen.after} channels"
    return [_depthwise_step(parameters, results, real), _pointwise_step(results), _product_step(results)]


def _depthwise_step(parameters: Mapping[str, Any], results: Mapping[str, Any], real: str) -> Step:
    _, height, _, channels = results["x"].shape
    _, rows, columns, wide = results["each"].shape
    kernel, multiplier = results["depthwise"].shape[0], results["depthwise"].shape[3]
    along = window(height, kernel, parameters["stride"][0], 1, "SAME")
    access = {
        "each": ("b", "i", "j", f"{multiplier}*c + m"),
        "x": ("b", along.at("i", "u"), along.at("j", "v"), "c"),
        "depthwise": ("u", "v", "c", "m"),
    }
    loops = {"b": 1, "i": rows, "j": columns, "c": channels, "m": multiplier, "u": kernel, "v": kernel}
    formula = (
        f"{along.formula(height, 'SAME')} a side",
        f"{channels} · {multiplier} = {wide} channels; {real}",
    )
    settings = f"k {kernel} · s {along.stride} · SAME · {kernel}²·{channels * multiplier} weights"
    return Step("depthwise_conv2d", ("x", "depthwise"), "each", settings, formula, IndexMap(loops, access))


def _pointwise_step(results: Mapping[str, Any]) -> Step:
    _, rows, columns, wide = results["each"].shape
    filters = results["pointwise"].shape[3]
    access = {
        "y": ("b", "i", "j", "o"),
        "each": ("b", "i", "j", "c"),
        "pointwise": ("0", "0", "c", "o"),
    }
    loops = {"b": 1, "i": rows, "j": columns, "c": wide, "o": filters}
    formula = (f"{wide} channels → {filters} at every pixel",)
    settings = f"1×1 · {wide}·{filters} weights"
    return Step("conv2d 1×1", ("each", "pointwise"), "y", settings, formula, IndexMap(loops, access))


def _product_step(results: Mapping[str, Any]) -> Step:
    kernel, _, channels, multiplier = results["depthwise"].shape
    filters = results["pointwise"].shape[3]
    access = {
        "product": ("u", "v", "c", "o"),
        "depthwise": ("u", "v", "c", "m"),
        "pointwise": ("0", "0", f"{multiplier}*c + m", "o"),
    }
    loops = {"u": kernel, "v": kernel, "c": channels, "m": multiplier, "o": filters}
    formula = (f"rank {multiplier} for each channel and filter",)
    reads = ("depthwise", "pointwise")
    return Step("einsum uvcm,cmo->uvco", reads, "product", "", formula, IndexMap(loops, access))


def _facts(parameters: Mapping[str, Any], results: Mapping[str, Any], network: Network) -> dict[str, Any]:
    told = {
        name: _way(layers, results[name], results[name + " outputs"])
        for name, layers in ways(**parameters).items()
    }
    layer = next(one for one in ways(**parameters)["chosen"] if one.separable)
    same = Layer(False, *(getattr(layer, name) for name in _SAME))
    difference = float(np.abs(results["y"] - results["full y"]).max())
    return {
        **told,
        "formula_agrees": all(way["keras"] == way["formula"] for way in told.values()),
        "one_formula": layer.formula,
        "ratio": sum(layer.parts[:3]) / sum(same.parts[:3]),
        "ratio_formula": layer.multiplier * (1 / layer.after + 1 / layer.kernel**2),
        "difference": difference,
        "scale": float(np.abs(results["full y"]).max()),
        "asked": asked(),
        "network": _network(network, results),
    }


_SAME = ("before", "after", "kernel", "stride", "multiplier", "bias", "side")


def _way(layers: Sequence[Layer], counted: Any, outputs: Any) -> dict[str, Any]:
    """One way to do it: what Keras built beside what the formula says."""
    rows = counted.tolist()
    return {
        "names": [layer.name for layer in layers],
        "formulas": [layer.formula for layer in layers],
        "keras": [tuple(row) for row in rows],
        "formula": [layer.parts for layer in layers],
        "totals": [sum(row) for row in rows],
        "total": int(counted.sum()),
        "outputs": [tuple(row) for row in outputs.tolist()],
        "multiplications": [
            sum(row[:3]) * height * width
            for row, (height, width, _) in zip(rows, outputs.tolist(), strict=True)
        ],
        "multiplications_formula": [layer.multiplications for layer in layers],
    }


def asked() -> dict[str, int]:
    """The question's own arithmetic: one separable 5x5 from 3840 to 768 channels, without bias."""
    kernel, before, after = ASKED
    depthwise, pointwise, _, _ = Layer(True, before, after, kernel, 1, 1, False, 1).parts
    return {"depthwise": depthwise, "pointwise": pointwise, "sum": depthwise + pointwise}


def _network(network: Network, results: Mapping[str, Any]) -> dict[str, Any]:
    cells = ledger(network)
    built = results.get("network")
    last = next(cell for cell in reversed(cells) if cell.kind == "normal")
    told = {
        "cells": [asdict(cell) | {"parameters": cell.parameters} for cell in cells],
        "filters": [network.filters * network.multiplier**group for group in range(3)],
        "depths": [cell.depth for cell in cells if cell.kind == "normal"][:: network.blocks],
        "total": sum(cell.parameters for cell in cells),
        "trainable": trainable(cells),
        "separable": sum(cell.separable for cell in cells),
        "known": {name: sum(cell.parameters for cell in ledger(one)) for name, one in KNOWN.items()},
        "largest_cell": max(cell.parameters for cell in cells),
        "last_separable": 25 * last.filters + last.filters**2,
        "built": built is not None,
    }
    if built is None:
        return told
    total, trained, layers, weights = (int(n) for n in built)
    per_cell = [int(n) for n in results["network cells"]]
    return told | {
        "keras_total": total,
        "keras_trainable": trained,
        "layers": layers,
        "weight_bytes": weights,
        "keras_cells": per_cell,
        "agrees": per_cell == [cell.parameters for cell in cells] and trained == told["trainable"],
    }


def _notes(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    notes = []
    if not facts["formula_agrees"]:
        notes.append("Keras built layers that the formulas do not give: the installed version differs.")
    if facts["network"]["built"] and not facts["network"]["agrees"]:
        notes.append("Keras built a NASNet that the ledger does not give: the installed version differs.")
    if facts["chosen"]["total"] > facts["full"]["total"]:
        notes.append(
            "Here the separable way needs more parameters than full convolutions: with few output channels "
            "or a small kernel, 1/C_out + 1/k² is no saving."
        )
    return notes
