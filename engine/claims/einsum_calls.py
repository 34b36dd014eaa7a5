"""What tf.einsum and np.einsum themselves answer to an expression, right or wrong.

An answer is "accepted [shape]" or the first line of the error. Claims, the table of mistakes and the
page's error box ask here instead of remembering.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import Text, shown
from engine.technique import Cost, Story

MOST_AXES, MOST_OPERANDS, MOST_CELLS = 8, 5, 1_048_576
PARAMETERS = (
    Text("expression", "ij,jk->ik", 60, "handed over as it is"),
    Text("shapes", "3x4, 4x2", 120, "of the operands; a scalar is 1 number: ()"),
)


def _shapes(text: str) -> list[tuple[int, ...]]:
    """`3x4, 4x2` as shapes; `()` is a single number."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part == "()" or re.fullmatch(r"[0-9]{1,4}(x[0-9]{1,4})*", part) for part in parts):
        raise Rejected("shapes", shown(text), "shapes such as 3x4, 4x2", "correct them")
    return [() if part == "()" else tuple(map(int, part.split("x"))) for part in parts]


def check(expression: str, shapes: str) -> None:
    """Any expression: output axes are letters of the operands, so their product bounds what can come."""
    read = _shapes(shapes)
    if len(read) > MOST_OPERANDS or max(map(len, read)) > MOST_AXES:
        expected = f"at most {MOST_OPERANDS} shapes of at most {MOST_AXES} axes"
        raise Rejected("shapes", shown(shapes), expected, "leave some out")
    if prod(map(prod, read)) > MOST_CELLS:
        expected = f"sizes whose product is at most {MOST_CELLS:,}"
        raise Rejected("shapes", shown(shapes), expected, "choose smaller sizes")


def cost(expression: str, shapes: str) -> Cost:
    """At worst the outer product of all operands, computed twice."""
    cells = prod(map(prod, _shapes(shapes)))
    return Cost(memory=16 * cells, work=8 * cells)


def arguments(expression: str, shapes: str) -> dict[str, Any]:
    return {"expression": expression, "shapes": [list(shape) for shape in _shapes(shapes)]}


def einsum_calls(expression, shapes):  # type: ignore[no-untyped-def]
    """Each library's answer as text, of operands that count 0, 1, 2, …"""
    import tensorflow as tf

    arrays = [np.arange(np.prod(shape), dtype="float32").reshape(shape) for shape in shapes]

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            return f"accepted {list(call(expression, *arrays).shape)}"
        except Exception as e:
            said = (str(getattr(e, "message", "") or e).strip() or type(e).__name__).splitlines()[0]
            return f"{type(e).__name__}: " + re.sub(r"^\{\{.*?\}\} |\s*\[Op:.*", "", said)

    return {"tensorflow": tf.constant(answer(tf.einsum)), "numpy": tf.constant(answer(np.einsum))}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Nothing is drawn: the answers are facts."""
    return Story({}, (), {name: _text(value) for name, value in results.items()})


def _text(value: Any) -> str:
    return bytes(value.item()).decode("utf-8", "replace")[:300]
