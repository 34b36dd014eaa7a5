"""An einsum as the loops it stands for: which axis every loop reads, in which order, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from engine.linear_algebra.einsum_expression import ELLIPSIS, NAMES, Expression, Labels
from engine.linear_algebra.einsum_sizes import Shape, Sizes, dots_of
from engine.links import IndexMap

STRETCHED = "0"  # where a loop does not move along an axis of size 1: broadcasting


@dataclass(frozen=True)
class Nest:
    """Loops, the kept ones first, and the loop that moves along each axis of each tensor.

    "..." has become loops e0, e1, … of their own; an axis of size 1 that is stretched reads at 0.
    """

    loops: Mapping[str, int]
    reads: tuple[Labels, ...]
    writes: Labels

    @property
    def summed(self) -> Labels:
        return tuple(loop for loop in self.loops if loop not in self.writes)

    @property
    def repeats(self) -> bool:
        """Whether a loop moves along two axes of one operand: a diagonal."""
        return any(len(set(axes) - {STRETCHED}) < len(axes) - axes.count(STRETCHED) for axes in self.reads)

    @property
    def stretches(self) -> bool:
        return any(STRETCHED in axes for axes in self.reads)


def nest(expression: Expression, sizes: Sizes) -> Nest:
    """The loops of an expression whose sizes are known."""
    dots = tuple(f"e{place}" for place in range(len(sizes.dots)))

    def axes(labels: Labels, shape: Shape) -> Labels:
        own = dots_of(labels, shape)
        moving = dots[len(dots) - len(own) :]
        full = sizes.dots[len(dots) - len(own) :]
        spread = tuple(
            loop if size == whole else STRETCHED for loop, size, whole in zip(moving, own, full, strict=True)
        )
        return tuple(one for label in labels for one in (spread if label == ELLIPSIS else (label,)))

    writes = tuple(one for label in expression.output for one in (dots if label == ELLIPSIS else (label,)))
    extents = {**dict(zip(dots, sizes.dots, strict=True)), **sizes.letters}
    order = (*writes, *(loop for loop in extents if loop not in writes))
    reads = tuple(axes(*pair) for pair in zip(expression.operands, sizes.shapes, strict=True))
    return Nest({loop: extents[loop] for loop in order}, reads, writes)


def index_map(found: Nest) -> IndexMap:
    """The same as an index map: every operand's factor and the output, named A, B, C, D and Y."""
    access = {**dict(zip(NAMES, found.reads, strict=False)), "Y": found.writes}
    return IndexMap(dict(found.loops), access)


def lines(found: Nest) -> list[str]:
    """The loops as lines of Python, with four no-break spaces a level."""
    indent = "\u00a0" * 4
    text = [
        f"{indent * depth}for {loop} in range({size}):"
        for depth, (loop, size) in enumerate(found.loops.items())
    ]
    product = " * ".join(_cell(name, axes) for name, axes in zip(NAMES, found.reads, strict=False))
    sign = "+=" if found.summed else "="
    return [*text, f"{indent * len(text)}{_cell('Y', found.writes)} {sign} {product}"]


def _cell(name: str, axes: Labels) -> str:
    return f"{name}[{', '.join(axes)}]" if axes else name


def positions(found: Nest) -> dict[str, Any]:
    """What loops written in NumPy need: extents, and the place of each axis' loop (None for 0)."""
    order = list(found.loops)

    def places(axes: Labels) -> list[int | None]:
        return [None if loop == STRETCHED else order.index(loop) for loop in axes]

    return {
        "extents": list(found.loops.values()),
        "reads": [places(axes) for axes in found.reads],
        "writes": places(found.writes),
    }


def flops(operands: int, terms: int, cells: int) -> int:
    """Multiplications and additions of so many products that are summed into so many cells."""
    return terms * (operands - 1) + terms - cells


def pairs(text: str, shapes: Sequence[Shape]) -> list[tuple[str, int]]:
    """The order in which tf.einsum multiplies three or more operands, as (expression, operations).

    TensorFlow asks opt_einsum for a greedy path, here asked the same way.
    """
    import opt_einsum  # type: ignore[import-untyped]

    path = opt_einsum.contract_path(text, *shapes, shapes=True, optimize="greedy", einsum_call=True)[1]
    sizes: dict[str, int] = {}
    for labels, shape in zip(text.partition("->")[0].split(","), shapes, strict=True):
        sizes |= dict(zip(labels, shape, strict=True))
    found = []
    for _, _, equation, *_ in path:
        inputs, _, output = equation.partition("->")
        terms = prod(sizes[letter] for letter in set(inputs) - {","})
        cells = prod(sizes[letter] for letter in output)
        found.append((equation, flops(inputs.count(",") + 1, terms, cells)))
    return found
