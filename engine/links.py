"""Index maps: which cells of one tensor meet which cells of another.

Most techniques are sums over loops in which every tensor is read at an affine place, such as
`y[i, j] = Σ x[2*i - 1 + u, 2*j - 1 + v] · w[u, v]`. A step declares that once:

    IndexMap(loops={"i": 4, "j": 4, "u": 3, "v": 3},
             access={"y": ("i", "j"), "x": ("2*i - 1 + u", "2*j - 1 + v"), "w": ("u", "v")})

and the linked hover, the padding cells and the receptive field follow from it. The browser
evaluates the same declaration (assets/links.js).

How a link is solved: the cells of a region of one tensor that meet cells of another are
`{B(l) : l in loops, A(l) in region}`. Loops that share no axis of A or B never constrain each
other, so they are enumerated group by group; a convolution's height and width fall apart into
two small searches, and so do the regions that come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Literal

Cell = tuple[int, ...]
Terms = tuple[tuple[tuple[str, int], ...], int]  # ((loop, coefficient), ...), constant

_TERM = re.compile(r"([+-]?)\s*(?:(\d+)\s*\*\s*)?([A-Za-z_]\w*|\d+)\s*")


def affine(text: str) -> Terms:
    """`"2*i - 1 + u"` as ((("i", 2), ("u", 1)), -1). Raises ValueError on anything else."""
    coefficients: dict[str, int] = {}
    constant, place = 0, 0
    while place < len(text):
        match = _TERM.match(text, place)
        if not match or (place and not match[1]):
            raise ValueError(f"not an affine index: {text!r}; expected such as '2*i - 1 + u'")
        factor = int(match[2] or 1) * (-1 if match[1] == "-" else 1)
        if match[3].isdigit():
            constant += factor * int(match[3])
        else:
            coefficients[match[3]] = coefficients.get(match[3], 0) + factor
        place = match.end()
    return tuple(coefficients.items()), constant


def _at(terms: Terms, values: Mapping[str, int]) -> int:
    return terms[1] + sum(factor * values[loop] for loop, factor in terms[0])


@dataclass(frozen=True)
class Region:
    """A set of cells as a product: each factor is some axes and the coordinates they take."""

    factors: tuple[tuple[tuple[int, ...], frozenset[Cell]], ...]

    @classmethod
    def cell(cls, cell: Sequence[int]) -> Region:
        return cls(tuple(((axis,), frozenset({(at,)})) for axis, at in enumerate(cell)))

    @property
    def size(self) -> int:
        return prod(len(cells) for _, cells in self.factors)

    def cells(self) -> set[Cell]:
        """Every cell, written out."""
        axes = [axis for names, _ in self.factors for axis in names]
        order = sorted(range(len(axes)), key=axes.__getitem__)
        found = (sum(parts, ()) for parts in product(*(cells for _, cells in self.factors)))
        return {tuple(flat[place] for place in order) for flat in found}

    def axis_range(self, axis: int) -> tuple[int, int]:
        """The first and last coordinate on one axis. ValueError when the region is empty."""
        for names, cells in self.factors:
            if axis in names:
                along = [cell[names.index(axis)] for cell in cells]
                return min(along), max(along)
        raise ValueError(f"axis {axis} is not in this region")


@dataclass(frozen=True)
class IndexMap:
    """Loops and, for each tensor of a step, the affine place where every loop reads it.

    A loop is its extent (0 … n-1), or the values it takes where some are left out, such as the
    positions a mask keeps. `combine` says how the linked values meet in the written cell: `sum`
    of products, `mean`, `max`, `each` (one to one), `share` (softmax: all of the row).
    `exact` is False where the value decides which of the linked cells matter (max pooling).
    Cells outside a tensor are padding: read as zeros, or left out as TensorFlow's pooling does.
    """

    loops: Mapping[str, int | tuple[int, ...]]
    access: Mapping[str, tuple[str, ...]]
    combine: str = "sum"
    exact: bool = True
    padding: Literal["zeros", "left out"] = "zeros"

    @cached_property
    def terms(self) -> dict[str, tuple[Terms, ...]]:
        return {name: tuple(map(affine, axes)) for name, axes in self.access.items()}

    def values(self, loop: str) -> Sequence[int]:
        domain = self.loops[loop]
        return range(domain) if isinstance(domain, int) else domain

    def linked(
        self,
        source: str,
        region: Region | Sequence[int],
        target: str,
        within: Mapping[str, Sequence[int]] | None = None,
    ) -> Region:
        """The cells of `target` that meet `region` of `source`; out-of-range ones are padding.

        `within` gives shapes of tensors that must be read inside: with the input's shape, the
        kernel taps that only meet padding are left out.
        """
        if not isinstance(region, Region):
            region = Region.cell(region)
        inside = [
            (terms, size)
            for name, shape in (within or {}).items()
            for terms, size in zip(self.terms[name], shape, strict=True)
        ]
        factors = []
        for loops, wanted, axes in self._groups(source, region, target, inside):
            bounds = [(terms, size) for terms, size in inside if {loop for loop, _ in terms[0]} <= set(loops)]
            found = frozenset(self._solutions(source, loops, wanted, target, axes, bounds))
            factors.append((axes, found))
        return Region(tuple(factors))

    def _groups(
        self, source: str, region: Region, target: str, inside: Sequence[tuple[Terms, int]]
    ) -> Iterable[tuple[list[str], list[tuple[tuple[int, ...], frozenset[Cell]]], tuple[int, ...]]]:
        """Loops that constrain each other, with the region's factors and target axes they touch."""
        groups: list[set[str]] = []

        def join(names: set[str]) -> None:
            touching = [group for group in groups if group & names]
            for group in touching:
                groups.remove(group)
            groups.append(names.union(*touching))

        source_loops = [self._loops_of(source, axes) for axes, _ in region.factors]
        target_loops = [self._loops_of(target, (axis,)) for axis in range(len(self.terms[target]))]
        bounded = [{loop for loop, _ in terms[0]} for terms, _ in inside]
        for names in [*source_loops, *target_loops, *bounded]:
            if names:
                join(names)
        for group in groups:
            wanted = [f for f, names in zip(region.factors, source_loops, strict=True) if names & group]
            axes = tuple(axis for axis, names in enumerate(target_loops) if names & group)
            yield sorted(group), wanted, axes
        constant = [f for f, names in zip(region.factors, source_loops, strict=True) if not names]
        fixed = tuple(axis for axis, names in enumerate(target_loops) if not names)
        if constant or fixed:
            yield [], constant, fixed

    def _loops_of(self, tensor: str, axes: Sequence[int]) -> set[str]:
        return {loop for axis in axes for loop, _ in self.terms[tensor][axis][0]}

    def _solutions(
        self,
        source: str,
        loops: list[str],
        wanted: list[tuple[tuple[int, ...], frozenset[Cell]]],
        target: str,
        axes: tuple[int, ...],
        inside: Sequence[tuple[Terms, int]],
    ) -> Iterable[Cell]:
        read, write = self.terms[source], self.terms[target]
        for chosen in product(*(self.values(loop) for loop in loops)):
            at = dict(zip(loops, chosen, strict=True))
            if not all(0 <= _at(terms, at) < size for terms, size in inside):
                continue
            if all(tuple(_at(read[axis], at) for axis in names) in cells for names, cells in wanted):
                yield tuple(_at(write[axis], at) for axis in axes)

    def overhang(self, tensor: str, shape: Sequence[int]) -> list[tuple[int, int]]:
        """How far the loops read outside a tensor, per axis: the padding before and after."""
        sides = []
        for (loops, constant), size in zip(self.terms[tensor], shape, strict=True):
            if any(not len(self.values(loop)) for loop, _ in loops):
                sides.append((0, 0))
                continue
            ends = [(f * min(self.values(lo)), f * max(self.values(lo))) for lo, f in loops]
            low = constant + sum(min(end) for end in ends)
            high = constant + sum(max(end) for end in ends)
            sides.append((max(0, -low), max(0, high - size + 1)))
        return sides

    def to_json(self) -> dict[str, Any]:
        loops = {k: v if isinstance(v, int) else list(v) for k, v in self.loops.items()}
        access = {name: list(axes) for name, axes in self.access.items()}
        return {
            "loops": loops,
            "access": access,
            "combine": self.combine,
            "exact": self.exact,
            "padding": self.padding,
        }
