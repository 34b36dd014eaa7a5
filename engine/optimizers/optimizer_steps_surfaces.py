"""Surfaces an optimizer walks down: where each is drawn, where one starts, and where its minima are."""

from __future__ import annotations

from dataclasses import dataclass

ROWS, COLUMNS = 37, 49  # cells of the picture


@dataclass(frozen=True)
class Surface:
    """`across` and `up` are the ends of what is drawn; for one weight `up` is the loss."""

    formula: str
    across: tuple[float, float]
    up: tuple[float, float]
    start: tuple[float, ...]
    minima: tuple[tuple[float, ...], ...]

    @property
    def weights(self) -> int:
        return len(self.start)


SURFACES = {
    "bowl": Surface("½ (x² + κ y²)", (-3, 3), (-2.25, 2.25), (-2.5, 1.5), ((0, 0),)),
    "rosenbrock": Surface("(1 − x)² + 100 (y − x²)²", (-2, 2), (-1, 2.5), (-1.5, 1.0), ((1, 1),)),
    "saddle": Surface("½ (x² − y²)", (-3, 3), (-2.25, 2.25), (-2.5, 0.01), ()),
    "beale": Surface(
        "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        (-1, 4.5),
        (-2, 2),
        (1.0, 1.5),
        ((3, 0.5),),
    ),
    "himmelblau": Surface(
        "(x² + y − 11)² + (x + y² − 7)²",
        (-6, 6),
        (-5, 5),
        (0.0, -1.0),
        ((3, 2), (-2.805118, 3.131313), (-3.77931, -3.283186), (3.584428, -1.848127)),
    ),
    "parabola": Surface("½ κ w²", (-3, 3), (0, 5), (2.5,), ((0,),)),
    "absolute": Surface("|w|", (-3, 3), (0, 3), (2.5,), ((0,),)),
    "double-well": Surface("¼ (w² − 1)²", (-2, 2), (0, 2.25), (-1.9,), ((-1,), (1,))),
}


def top_of(surface: str, condition: float) -> tuple[float, float]:
    """The ends drawn upwards; a parabola's height follows its curvature."""
    if surface == "parabola":
        return 0.0, 4.5 * condition
    return SURFACES[surface].up


def start_of(
    surface: str, start: tuple[float, ...] | None, cell: tuple[int, int] | None
) -> tuple[float, ...]:
    """Where the path begins: as typed, else the middle of the clicked cell, else the surface's own."""
    known = SURFACES[surface]
    if start is not None:
        return start
    if cell is None:
        return known.start
    (left, right), (bottom, top) = known.across, known.up
    x = left + cell[1] * (right - left) / (COLUMNS - 1)
    y = top - cell[0] * (top - bottom) / (ROWS - 1)
    return tuple(round(value, 4) for value in (x, y)[: known.weights])
