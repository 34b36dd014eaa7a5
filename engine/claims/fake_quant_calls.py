"""What tf.quantization.fake_quant_with_min_max_vars answers to ranges that make no sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.technique import Cost, Story
from engine.trace import Tensor

PARAMETERS = ()


def check() -> None:
    """Nothing can be chosen."""


def cost() -> Cost:
    return Cost(memory=4096, work=1000)


def arguments() -> dict[str, Any]:
    return {"x": np.array([-2, 0, 0.5, 2], "float32"), "dtypes": ["float64", "float16", "int32"]}


def fake_quant_calls(x, dtypes):  # type: ignore[no-untyped-def]
    """What 3-bit quantisation answers to a reversed and to an empty range, and the errors of wrong calls.

    y: float32[range, value]; errors: string[call], "" for a call that raised none: one for each
    number format, then vectors for min and max, then 17 bits.
    """
    import tensorflow as tf

    quantise = tf.quantization.fake_quant_with_min_max_vars
    vector = tf.constant([-1.0, -2.0])
    calls = [lambda dtype=dtype: quantise(tf.cast(x, dtype), -1.0, 1.0) for dtype in dtypes]
    calls += [lambda: quantise(x, vector, -vector), lambda: quantise(x, -1.0, 1.0, num_bits=17)]
    errors = []
    for call in calls:
        try:
            call()
            errors.append("")
        except tf.errors.InvalidArgumentError as problem:
            errors.append(problem.message)
    y = tf.stack([quantise(x, low, high, 3) for low, high in ((1.0, -1.0), (1.0, 1.0))])
    return {"y": y, "errors": tf.constant(errors)}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: the different outputs for a reversed and for an empty range, and the errors' texts."""
    said = [", ".join(dict.fromkeys(f"{value:.4g}" for value in row)) for row in results["y"]]
    errors = tuple(bytes(text).decode() for text in results["errors"])
    facts = {"reversed": said[0], "empty": said[1], "errors": errors}
    return Story({"y": Tensor(results["y"], ("range", "value"))}, (), facts)
