"""Numbers and names of the cross-entropy lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

WAYS = {
    "tf": "TensorFlow's operation",
    "steps": "log-sum-exp, step by step",
    "naive": "−log(exp ÷ sum), naive",
    "double": "softmax twice",
    "binary": "yes or no of each softmax",
    "binary-sigmoid": "yes or no of each sigmoid",
    "keras": "Keras, from_logits=True",
    "keras-probabilities": "Keras, given softmax",
    "keras-raw": "Keras, given raw logits",
}


def short(value: float | None) -> str:
    """Four digits after the point at most, NaN and infinity as such, a dash for what does not exist."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    return f"{value:.5g}".replace("-", "−")


def row(values: Sequence[float]) -> str:
    """A few numbers as a row."""
    return f"({', '.join(short(value) for value in values)})"


def plural(number: int, thing: str) -> str:
    """`1 label`, `2 labels`"""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
