"""What is true of a backward pass and worth saying: mistakes that hide, units that died, losses that broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.gradients.manual_backpropagation_layers import Layer
from engine.parameters import number_text

HIDDEN = {
    "no-derivative": "every slope is 1",
    "derivative-at-output": "every slope is the same at a as at z",
    "below-zero": "no sum before a relu is exactly 0",
    "z-for-a": "what came in is the same before and after its activation",
    "no-transpose": "these products are the same",
    "w-not-transposed": "no gradient is passed back, or these weights are symmetric",
    "elementwise": "with a batch of one, * is the same as the product of matrices",
    "sum-for-mean": "there is nothing to divide by",
}


def notes(
    parameters: Mapping[str, Any],
    layers: Sequence[Layer],
    results: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> list[str]:
    """Every note on one result."""
    found = []
    mistake, first = parameters["mistake"], facts["first_difference"]
    if mistake != "none" and first is None:
        found.append(f"This mistake does not show here: {HIDDEN[mistake]}.")
    if mistake != "none" and first:
        found.append(_spread(facts))
    found += [sentence for layer in layers if (sentence := _dead(layer, results))]
    if parameters["loss"] == "cross-entropy" and layers[-1].units == 1:
        found.append(
            "A softmax over one unit is always 1: the loss is 0 whatever the weights are, and so is every gradient."
        )
    if facts["broke_at"] is not None:
        value = results["losses"][facts["broke_at"]]
        found.append(
            f"The loss became {'NaN' if np.isnan(value) else 'infinite'} at step {facts['broke_at']} with "
            f"learning rate {number_text(parameters['rate'])}: try a tenth of it."
        )
    return found


def _spread(facts: Mapping[str, Any]) -> str:
    wrong, first = facts["wrong"], facts["first_difference"]
    right = [name for name in facts["gradients"] if name not in wrong]
    said = f"From the loss back, {first} is the first gradient that is not the tape's; {len(wrong)} of {len(facts['gradients'])} are wrong"
    weights = [name for name in right if name.startswith("dw")]
    return f"{said}, {' and '.join(weights)} still right." if weights else f"{said}."


def _dead(layer: Layer, results: Mapping[str, Any]) -> str | None:
    """Units whose slope is 0 for every sample get no gradient."""
    if layer.linear or layer.activation == "leaky-relu":
        return None
    dead = int((results[f"slope{layer.number}"] == 0).all(axis=0).sum())
    if not dead:
        return None
    verb = "has" if dead == 1 else "have"
    return (
        f"{dead} of {layer.units} units of layer {layer.number} {verb} slope 0 for every sample: "
        f"{'its' if dead == 1 else 'their'} weights get gradient 0."
    )
