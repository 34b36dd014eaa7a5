"""Shapes of capsule predictions: which einsum a method amounts to, what it writes out, what is shown of it."""

from __future__ import annotations

from math import prod
from typing import Any

from engine.errors import Rejected
from engine.linear_algebra.einsum_expression import Expression, read
from engine.linear_algebra.einsum_sizes import Shape, Sizes, fit

RIGHT = "ijkl,bil->bijk"
PIECE = {"batch": 2, "inputs": 6}  # shown of a large state
MOST_SHOWN = 16_384  # cells of W or of the result; a larger state is shown in part


def shapes(
    batch: int, inputs: int, outputs: int, out_size: int, in_size: int, **_: Any
) -> tuple[Shape, Shape]:
    """Of W[i, j, k, l] and u[b, i, l]."""
    return (inputs, outputs, out_size, in_size), (batch, inputs, in_size)


def amounts_to(method: str, expression: str, meets: str, total: str, **_: Any) -> str:
    """The einsum that a method computes; for an element-wise product it depends on axes."""
    if method == "einsum":
        return expression
    if method != "elementwise":
        return RIGHT
    return f"ijkl,bi{'l' if meets == 'columns' else 'k'}->bij{'k' if total == 'columns' else 'l'}"


def expressed(**parameters: Any) -> Expression:
    return read(amounts_to(**parameters))


def fitted(**parameters: Any) -> Sizes:
    """The sizes of the einsum that a method amounts to."""
    return fit(expressed(**parameters), shapes(**parameters))


def check(method: str, meets: str, in_size: int, out_size: int, expression: str, **rest: Any) -> None:
    """What einsum would refuse, said with W and u; and rows that do not fit."""
    given = {
        "method": method,
        "meets": meets,
        "in_size": in_size,
        "out_size": out_size,
        "expression": expression,
    }
    try:
        read(expression)  # also while another method is chosen: it stays in the link
        if method == "elementwise" and meets == "rows" and in_size != out_size:
            raise Rejected(
                "meets", f"rows of W_ij ({out_size}) and an input capsule of {in_size} numbers",
                "as many rows as numbers, for W * u[..., None]",
                "let it meet the columns: W * u[..., None, :] fits any W", {"meets": "columns"},
            )  # fmt: skip
        fitted(**given, **rest)
    except Rejected as refusal:
        if refusal.parameter in ("meets", "expression"):
            raise
        w, u = (list(shape) for shape in shapes(in_size=in_size, out_size=out_size, **rest))
        received = f"{refusal.received}, where A is W {w} and B is u {u}"
        remedy = {"expression": RIGHT}
        raise Rejected("expression", received, refusal.expected, refusal.fix, remedy) from None


def tiled(batch: int, inputs: int, outputs: int, out_size: int, in_size: int, **_: Any) -> int:
    """Numbers in W copied for every sample."""
    return batch * inputs * outputs * out_size * in_size


def between(method: str, **parameters: Any) -> int:
    """Numbers a method writes out between its input and its result."""
    if method in ("tile", "elementwise"):
        return tiled(**parameters)
    return 0


def piece(**parameters: Any) -> tuple[int, int]:
    """How many samples and input capsules are shown: all, unless that is much."""
    sizes = fitted(**parameters)
    batch, inputs = parameters["batch"], parameters["inputs"]
    if max(map(prod, (*sizes.shapes, sizes.output))) <= MOST_SHOWN and batch * inputs <= 256:
        return batch, inputs
    return min(batch, PIECE["batch"]), min(inputs, PIECE["inputs"])


def cut(**parameters: Any) -> dict[str, int]:
    """How many places of a letter are shown, for the letters of samples and input capsules."""
    weights, capsules = expressed(**parameters).operands[:2]
    samples, inputs = piece(**parameters)
    if "..." in weights or "..." in capsules:  # no letter says which axis it is
        return {}
    return {capsules[0]: samples, capsules[1]: inputs, weights[0]: inputs}


def kept(**parameters: Any) -> list[int]:
    """How much of each axis of the result is shown."""
    sizes, few = fitted(**parameters), cut(**parameters)
    output = expressed(**parameters).output
    if len(output) != len(sizes.output) or not few:
        return list(sizes.output)
    return [min(size, few.get(label, size)) for label, size in zip(output, sizes.output, strict=True)]
