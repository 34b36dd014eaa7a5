"""Shapes aligned from the right, before TensorFlow is called; and what repairs make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]
REPAIRS = ("none", "new axis at the end", "squeeze", "crop")


@dataclass(frozen=True)
class Axis:
    """One axis, counted from the right: the size of each tensor there, None where it has no such axis."""

    place: int  # -1 is the last
    sizes: tuple[int | None, ...]

    @property
    def different(self) -> tuple[int, ...]:
        """Sizes other than 1, each once."""
        return tuple(dict.fromkeys(size for size in self.sizes if size not in (None, 1)))  # type: ignore[misc]

    @property
    def clashes(self) -> bool:
        return len(self.different) > 1

    @property
    def size(self) -> int | None:
        """The size of the result; None where sizes clash."""
        return None if self.clashes else (self.different or (1,))[0]

    @property
    def stretched(self) -> tuple[int, ...]:
        """Which tensors are repeated along it (by place): those of size 1 or without it."""
        if self.size in (None, 1):
            return ()
        return tuple(place for place, size in enumerate(self.sizes) if size != self.size)


def cells(shape: Sequence[int]) -> int:
    """How many numbers a shape holds."""
    return prod(shape)


def aligned(shapes: Sequence[Shape]) -> list[Axis]:
    """The axes of all shapes together, the first one first."""
    rank = max(map(len, shapes))
    padded = [(*[None] * (rank - len(shape)), *shape) for shape in shapes]
    return [Axis(place - rank, sizes) for place, sizes in enumerate(zip(*padded, strict=True))]


def together(shapes: Sequence[Shape]) -> Shape | None:
    """The shape that comes out; None where sizes clash."""
    sizes = [axis.size for axis in aligned(shapes)]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def repaired(shapes: Sequence[Shape], repair: str) -> list[Shape]:
    """The shapes after a repair."""
    rank = max(map(len, shapes))
    if repair == "new axis at the end":
        return [(*shape, *[1] * (rank - len(shape))) for shape in shapes]
    if repair == "squeeze":
        return [tuple(size for size in shape if size != 1) for shape in shapes]
    if repair == "crop":
        least = [min(axis.different, default=1) for axis in aligned(shapes)]
        return [
            tuple(
                min(size, n) if size > 1 else size for size, n in zip(shape, _last(least, shape), strict=True)
            )
            for shape in shapes
        ]
    return list(shapes)


def _last(sizes: Sequence[int], shape: Shape) -> Sequence[int]:
    return sizes[len(sizes) - len(shape) :]
