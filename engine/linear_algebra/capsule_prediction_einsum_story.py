"""What capsule predictions say about themselves: axes, the index map, counts, distance to W_ij u_i."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from engine.linear_algebra import capsule_prediction_einsum_sizes as sizes_of
from engine.linear_algebra.einsum_expression import Expression
from engine.linear_algebra.einsum_loops import Nest, nest
from engine.linear_algebra.einsum_sizes import Sizes
from engine.linear_algebra.einsum_story import axis_names, letter_table
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

CALLS = {
    "einsum": "tf.einsum",
    "matvec": "tf.linalg.matvec",
    "matmul": "tf.matmul",
    "tile": "tile, then tf.matmul",
    "elementwise": "multiply, then reduce_sum",
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Everything a page shows besides the values."""
    expression, sizes = sizes_of.expressed(**parameters), sizes_of.fitted(**parameters)
    letters = [
        f"{letter} = {sizes.letters[letter]}" for letter in expression.output if letter in sizes.letters
    ]
    formula = (f"{', '.join(letters)} → {list(sizes.output)}", _summed(expression, sizes))
    found = _map(parameters, nest(expression, sizes), results)
    step = Step(CALLS[parameters["method"]], ("W", "u"), "u_hat", expression.text, formula, found)
    return Story(
        _tensors(expression, sizes, results),
        [step],
        _facts(parameters, expression, sizes, results),
        _notes(parameters, expression, sizes, results),
    )


def _summed(expression: Expression, sizes: Sizes) -> str:
    summed = [f"{letter} = {sizes.letters[letter]}" for letter in expression.summed]
    return f"Σ over {', '.join(summed)}" if summed else "nothing summed"


def _map(parameters: Mapping[str, Any], loops: Nest, results: Mapping[str, Any]) -> IndexMap | None:
    """Which cells meet, of the piece shown; none where a sum reaches outside it."""
    few = {} if _whole(parameters, results) else sizes_of.cut(**parameters)
    if set(few) & set(loops.summed) or (not few and not _whole(parameters, results)):
        return None
    shown = replace(loops, loops={loop: min(size, few.get(loop, size)) for loop, size in loops.loops.items()})
    access = {"W": shown.reads[0], "u": shown.reads[1], "u_hat": shown.writes}
    return IndexMap(dict(shown.loops), access)


def _whole(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> bool:
    return tuple(results["u"].shape[:2]) == (parameters["batch"], parameters["inputs"])


def _tensors(expression: Expression, sizes: Sizes, results: Mapping[str, Any]) -> dict[str, Tensor]:
    dots = [
        len(shape) - len(labels) + 1 for shape, labels in zip(sizes.shapes, expression.operands, strict=True)
    ]
    w, u = (axis_names(labels, many) for labels, many in zip(expression.operands, dots, strict=True))
    found = {
        "W": Tensor(results["W"], w, "a matrix for each input and output capsule"),
        "u": Tensor(results["u"], u, "input capsules"),
        "u_hat": Tensor(
            results["u_hat"], axis_names(expression.output, len(sizes.dots)), "what was computed"
        ),
        "reference": Tensor(results["reference"], ("b", "i", "j", "k"), "W_ij @ u_i, one by one"),
    }
    if "gradient_W" in results:
        found["gradient_W"] = Tensor(results["gradient_W"], w, "dΣû/dW")
        found["gradient_u"] = Tensor(results["gradient_u"], u, "dΣû/du")
    return found


def _facts(
    parameters: Mapping[str, Any], expression: Expression, sizes: Sizes, results: Mapping[str, Any]
) -> dict[str, Any]:
    batch, inputs, outputs = (parameters[name] for name in ("batch", "inputs", "outputs"))
    right = (batch, inputs, outputs, parameters["out_size"])
    return {
        "expression": expression.text,
        "shape": tuple(int(size) for size in results["shape"]),
        "right_shape": right,
        "letters": letter_table(expression, sizes),
        "summed": expression.summed,
        "off": _off(right, results),
        "weights": prod(sizes.shapes[0]),
        "matvecs": batch * inputs * outputs,
        "tiled": sizes_of.tiled(**parameters),
        "between": sizes_of.between(**parameters),
        "whole": _whole(parameters, results),
        "shown": min(parameters["shown"], results["u"].shape[1] - 1),
        "shapes": sizes.shapes,
    }


def _off(right: tuple[int, ...], results: Mapping[str, Any]) -> float | None:
    """The largest difference to W_ij u_i in the piece shown; None where not even the shape is right."""
    if tuple(results["shape"]) != right or results["u_hat"].shape != results["reference"].shape:
        return None
    return float(np.abs(results["u_hat"].astype("float64") - results["reference"]).max())


def _notes(
    parameters: Mapping[str, Any], expression: Expression, sizes: Sizes, results: Mapping[str, Any]
) -> list[str]:
    """What is computed without an error and is no prediction."""
    notes = []
    off = _off(tuple(results["reference"].shape), results) if _whole(parameters, results) else None
    if parameters["values"] == "zeros":
        notes.append(
            "W and u are 0: every method, right or wrong, gives 0. Only shapes can be checked this way."
        )
    elif off:
        notes.append(
            f"The shape is right and the numbers are not: they differ from W_ij u_i by up to {off:g}."
        )
    if not _whole(parameters, results):
        samples, inputs = results["u"].shape[:2]
        notes.append(
            f"All of it was computed; shown are the first {_many(samples, 'sample')} and {_many(inputs, 'input capsule')}."
        )
    return notes


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
