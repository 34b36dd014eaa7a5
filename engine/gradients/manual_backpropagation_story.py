"""What a backward pass by hand says about itself: axes, steps, differences to the tape, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.gradients.manual_backpropagation_layers import Layer, layers_of, shown_layers
from engine.gradients.manual_backpropagation_notes import notes
from engine.gradients.manual_backpropagation_steps import Network, each, steps_of
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
NEAR = 1e-6  # of a kink, rounding in float32 included
TOLERANCE = {"float32": 1e-4, "float64": 1e-9}  # of the largest value: more is no rounding


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one run."""
    layers = layers_of(**parameters)
    shown = shown_layers(parameters["batch"], parameters["layer"], layers)
    network = Network(
        parameters["batch"], layers, parameters["loss"], parameters["bias"], parameters["mistake"], shown
    )
    names = gradients_of(layers, parameters["bias"])
    compared = {name: compare(results[name], results[f"tape_{name}"]) for name in names}
    limit = TOLERANCE[parameters["dtype"]]
    first = next((name for name in names if compared[name][2] > limit), None)
    steps, gaps = steps_of(network), [f"d{layers[number - 1].w}" for number in shown]
    if first and first not in gaps:
        gaps.append(first)
        rows, columns = results[first].shape if results[first].ndim == 2 else (1, 0)
        found = each(rows, columns, f"gap_{first}", first, f"tape_{first}") if columns else None
        steps.append(Step("by hand − tape", (first, f"tape_{first}"), f"gap_{first}", map=found, aside=True))
    steps += _nudge_steps(layers, results)
    tensors = _tensors(layers, results)
    tensors |= {f"gap_{name}": _gap(name, results, tensors[name].axes) for name in gaps}
    told = _facts(parameters, network, results, names, compared, first)
    return Story(tensors, steps, told, notes(parameters, layers, results, told))


def gradients_of(layers: Sequence[Layer], bias: bool) -> list[str]:
    """The gradients by hand in the order in which they are computed."""
    names = []
    for layer in reversed(layers):
        names += [f"d{layer.a}"] + ([] if layer.linear else [layer.delta]) + [f"d{layer.w}"]
        names += [f"db{layer.number}"] if bias else []
    return names


def compare(hand: Array, tape: Array) -> tuple[float, float, float]:
    """The largest value of the tape's, the largest difference, and that as a share of the largest value."""
    with np.errstate(all="ignore"):
        largest = float(np.abs(tape.astype("float64")).max())
        gap = float(np.abs(hand.astype("float64") - tape.astype("float64")).max())
        if np.isnan(gap) and np.array_equal(hand, tape, equal_nan=True):
            return largest, 0.0, 0.0
        relative = 0.0 if gap == 0 else gap / largest if largest else float("inf")
    return largest, gap, relative


def _gap(name: str, results: Mapping[str, Any], axes: tuple[str, ...]) -> Tensor:
    with np.errstate(all="ignore"):
        return Tensor(results[name] - results[f"tape_{name}"], axes, f"{name} by hand − GradientTape's")


def _nudge_steps(layers: Sequence[Layer], results: Mapping[str, Any]) -> list[Step]:
    steps = []
    for layer in layers:
        written = f"nudged_d{layer.w}"
        if written in results:
            found = each(layer.inputs, layer.units, written, layer.w)
            told = "(loss at {w} + 1e-5 − loss at {w} − 1e-5) ÷ 2e-5".replace("{w}", f"{{{layer.w}}}")
            steps.append(Step("finite difference", (layer.w,), written, "", (), found, told, aside=True))
    return steps


def _tensors(layers: Sequence[Layer], results: Mapping[str, Any]) -> dict[str, Tensor]:
    known = {"x": "the input", "y": "what the output should be", "loss": "one number to make small"}
    known |= {"p": "softmax of the output", "dx": "dL/dx, by GradientTape"}
    tensors = {
        name: Tensor(results[name], _axes(name, layers), known[name]) for name in known if name in results
    }
    for layer in layers:
        for name, about in _about(layer).items():
            if name in results:
                tensors[name] = Tensor(results[name], _axes(name, layers), about)
    for name in ("losses", "right_losses"):
        if name in results:
            tensors[name] = Tensor(results[name], ("step",), "the loss before every step and after the last")
    return tensors


def _axes(name: str, layers: Sequence[Layer]) -> tuple[str, ...]:
    kind = name.removeprefix("nudged_").removeprefix("tape_").rstrip("0123456789").removeprefix("d")
    if kind == "x":
        return ("sample", "input")
    return {"loss": (), "b": ("unit",), "w": ("input", "unit")}.get(kind, ("sample", "unit"))


def _about(layer: Layer) -> dict[str, str]:
    number, by_tape = layer.number, "by GradientTape"
    product = f"{layer.source} · w{number}"
    about = {
        layer.w: f"weights of layer {number}",
        f"b{number}": f"bias of layer {number}",
        f"aw{number}": f"{product}, before the bias",
        layer.z: f"{product}, before the activation",
        layer.a: f"output of layer {number}",
        f"d{layer.a}": f"dL/da{number}, by hand",
        f"slope{number}": f"da{number}/dz{number}, the slope of {layer.activation}",
        layer.delta: f"dL/d{layer.z}, by hand",
        f"d{layer.w}": f"dL/dw{number}, by hand",
        f"db{number}": f"dL/db{number}, by hand",
        f"nudged_d{layer.w}": f"dL/dw{number}, by finite differences",
    }
    gradients = (f"d{layer.a}", layer.delta, f"d{layer.w}", f"db{number}")
    return about | {f"tape_{name}": about[name].replace("by hand", by_tape) for name in gradients}


def _facts(
    parameters: Mapping[str, Any],
    network: Network,
    results: Mapping[str, Any],
    names: Sequence[str],
    compared: Mapping[str, tuple[float, float, float]],
    first: str | None,
) -> dict[str, Any]:
    layers, losses = network.layers, results["losses"].astype("float64")
    finite = np.isfinite(losses)
    weights = [f"d{layer.w}" for layer in layers]
    products = sum(layer.size for layer in layers) * network.batch
    return {
        "loss": float(results["loss"]),
        "shapes": tuple((network.batch, layer.inputs, layer.units) for layer in layers),
        "weights": sum(layer.size for layer in layers),
        "shown": network.shown,
        "gradients": tuple(names),
        "largest": tuple(compared[name][0] for name in names),
        "differences": tuple(compared[name][1] for name in names),
        "relative": tuple(compared[name][2] for name in names),
        "first_difference": first,
        "wrong": tuple(name for name in names if compared[name][2] > TOLERANCE[parameters["dtype"]]),
        "worst": max(compared[name][2] for name in weights),
        "nudged": _nudged(layers, results),
        "at_a_kink": sum(_at_a_kink(layer, results) for layer in layers),
        "size_by_hand": tuple(_size(results[name]) for name in weights),
        "size_by_tape": tuple(_size(results[f"tape_{name}"]) for name in weights),
        "zero": tuple(int((results[f"tape_{name}"] == 0).sum()) for name in weights),
        "forward_products": products,
        "backward_products": 2 * products - network.batch * layers[0].size,
        "final_loss": float(losses[-1]),
        "broke_at": None if finite.all() else int(np.argmin(finite)),
        "unused_gradient": "None" if results["unused"].dtype == object else "a tensor",
    }


def _nudged(layers: Sequence[Layer], results: Mapping[str, Any]) -> float | None:
    """How far finite differences are from the tape, as a share of its largest; None where not asked."""
    asked = [f"d{layer.w}" for layer in layers if f"nudged_d{layer.w}" in results]
    return max(
        (compare(results[f"nudged_{name}"], results[f"tape_{name}"])[2] for name in asked), default=None
    )


def _at_a_kink(layer: Layer, results: Mapping[str, Any]) -> int:
    """How many sums a nudge takes from one side of the activation's kink to the other."""
    if layer.activation in ("linear", "tanh", "sigmoid"):
        return 0
    sums = results[f"z{layer.number}"].astype("float64")
    kinks = (0.0, 1.0) if layer.activation == "clip" else (0.0,)
    return int(sum((np.abs(sums - kink) < NEAR).sum() for kink in kinks))


def _size(values: Array) -> float:
    """The root of the mean square."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(values.astype("float64")))))
