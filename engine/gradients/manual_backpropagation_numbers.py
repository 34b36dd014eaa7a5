"""The numbers a network begins with: the example's, or seeded; what was typed takes their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def first_numbers(  # type: ignore[no-untyped-def]
    batch: int,
    sizes: Sequence[int],
    kind: str,
    classes: bool,
    seed: int,
    typed: Mapping[str, Sequence[float]],
    dtype: str,
):
    """x, y and every W: float[sample, input], float[sample, output], float[input, unit] each.

    kind: "normal" draws all of them from the standard normal distribution in that order; "scaled"
    divides each W by the root of its inputs; "example" rounds that to one digit and begins with
    2·relu(x1 + x2/2) - 3·relu(x2/4 - x1). With `classes` y holds one 1 a row, else zeros.
    """
    shapes = [
        (batch, sizes[0]),
        (batch, sizes[-1]),
        *((sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)),
    ]
    generator = np.random.default_rng(seed)
    arrays = [generator.standard_normal(shape) for shape in shapes]
    if kind != "normal":
        for place, shape in enumerate(shapes[2:], 2):
            arrays[place] = arrays[place] / np.sqrt(shape[0])
    if kind == "example":
        example = [[[1.0, 2.0]], [[1.0]], [[1.0, -1.0], [0.5, 0.25]], [[2.0], [-3.0]]]
        arrays = [array.round(1) for array in arrays]
        for array, corner in zip(arrays, example, strict=False):
            known = np.array(corner)[: array.shape[0], : array.shape[1]]
            array[: known.shape[0], : known.shape[1]] = known
    if classes:
        arrays[1] = np.eye(sizes[-1])[arrays[1].argmax(axis=1)]
    for place, array in enumerate(arrays):
        name = ("x", "y")[place] if place < 2 else f"w{place - 1}"
        if name in typed:
            arrays[place] = np.reshape(typed[name], array.shape)
    return [array.astype(dtype) for array in arrays]


def typed_of(parameters: Mapping[str, Any]) -> dict[str, list[float]]:
    """The tensors that were typed, by name."""
    names = ("x", "y", "w1", "w2", "w3", "w4", "w5")
    return {name: list(parameters[name]) for name in names if parameters[name] is not None}
