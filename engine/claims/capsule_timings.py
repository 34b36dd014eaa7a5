"""How long each way to compute capsule predictions takes here, and that all of them agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.linear_algebra.capsule_prediction_einsum import METHODS, numbers, predict
from engine.linear_algebra.capsule_prediction_einsum_sizes import RIGHT, shapes, tiled
from engine.parameters import Integer
from engine.technique import Cost, Made, Story

MOST_WRITTEN = 4_194_304  # numbers that a way may write out in between; a larger one is not timed
PARAMETERS = (
    Integer("batch", 1, 1, 64, "samples"),
    Integer("inputs", 2, 1, 1152, "input capsules"),
    Integer("outputs", 3, 1, 16, "output capsules"),
    Integer("out_size", 2, 1, 16, "numbers of an output capsule"),
    Integer("in_size", 2, 1, 16, "numbers of an input capsule"),
)


def check(**sizes: int) -> None:
    """Nothing between the sizes."""


def cost(**sizes: int) -> Cost:
    """Five ways, three times each."""
    products = tiled(**sizes)
    result = products // sizes["in_size"]
    return Cost(memory=4 * (4 * result + 2 * min(products, MOST_WRITTEN)), work=15 * 2 * products)


def arguments(**sizes: int) -> dict[str, Any]:
    weights, capsules = shapes(**sizes)
    return {
        "w": Made(numbers, {"shape": list(weights), "kind": "normal", "seed": 1}),
        "u": Made(numbers, {"shape": list(capsules), "kind": "normal", "seed": 2}),
        "methods": [m for m in METHODS if m not in ("tile", "elementwise") or tiled(**sizes) <= MOST_WRITTEN],
    }


def capsule_timings(w, u, methods):  # type: ignore[no-untyped-def]
    """The fastest of two calls after a first one, in milliseconds, and the difference to the first method."""
    import time

    import tensorflow as tf

    w, u = tf.constant(w), tf.constant(u)
    results, first = {}, None
    for method in methods:
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            found = predict(w, u, method, RIGHT, "columns", "columns")
            found[-1, -1, -1, -1].numpy()  # until it is there
            taken.append(1e3 * (time.perf_counter() - began))
        first = found if first is None else first
        results[method] = [min(taken[1:]), float(tf.reduce_max(tf.abs(found - first)))]
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Nothing is drawn: by method, milliseconds and difference."""
    return Story({}, (), {name: tuple(map(float, value)) for name, value in results.items()})
