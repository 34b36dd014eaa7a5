"""One request of the single-location technique with its sizes: where its window lies, what is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.convolution.single_location_convolution_places import (
    CONVENTIONS,
    Drawn,
    Two,
    cells,
    check_convention,
    check_place,
    corner_of,
    drawn,
    inside,
)
from engine.errors import Rejected


@dataclass(frozen=True)
class Scene:
    """One request with its sizes: both axes of the chosen window, and what is drawn of them."""

    size: int
    taps: int
    border: str
    convention: str
    flip: bool
    corner: Two
    read: tuple[range, range]
    around: tuple[Drawn, Drawn]

    @classmethod
    def of(cls, parameters: Mapping[str, Any], taps: int) -> Scene:
        size, border = parameters["size"], parameters["border"]
        corner = corner_of(parameters["index"], parameters["convention"], taps)
        rows, columns = (cells(first, taps, size, border) for first in corner)
        around = tuple(drawn(first, taps, size, border) for first in corner)
        return cls(
            size,
            taps,
            border,
            parameters["convention"],
            parameters["flip"],
            corner,
            (rows, columns),
            (around[0], around[1]),
        )

    @property
    def applied(self) -> str:
        """The tensor the window is multiplied by."""
        return "flipped" if self.flip else "kernel"

    @property
    def origin(self) -> Two:
        return self.around[0].first, self.around[1].first

    @property
    def inside(self) -> tuple[range, range]:
        """The rows and columns of the window that lie in the image."""
        rows, columns = (inside(first, self.taps, self.size) for first in self.corner)
        return rows, columns

    @property
    def sliced_wrongly(self) -> bool:
        """A plain slice that gave something else than the window, without an error."""
        rows, columns = (range(first, first + self.taps) for first in self.corner)
        return self.read != (rows, columns) and self.border == "slice"

    @property
    def map_side(self) -> int:
        """Cells along one side of the whole map with this border."""
        edge = 0 if self.border in ("error", "slice") else self.taps - 1
        return max(0, self.size + 2 * edge - self.taps + 1)


def readings_of(index: Two, size: int, taps: int, border: str) -> list[Two | None]:
    """The corner that the same index names under each convention; None where it is refused."""
    found: list[Two | None] = []
    for convention in CONVENTIONS:
        try:
            check_convention(convention, taps)
            check_place("index", index, size, taps, convention, border)
            found.append(corner_of(index, convention, taps))
        except Rejected:
            found.append(None)
    return found
