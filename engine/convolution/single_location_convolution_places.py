"""Where the window of one location lies: index conventions, borders, and what is refused.

A kernel of M x M taps over an image of N x N cells. A window is named by its corner, the row and
column of its first cell; the corner may lie outside the image, down to -(M - 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Rejected

Two = tuple[int, int]
CONVENTIONS = ("top-left", "centre", "full")
BORDERS = ("zero", "clip", "rescale", "reflect", "error", "slice")
AROUND = 3  # positions of the map drawn on each side of the chosen one


def shift(convention: str, taps: int) -> int:
    """From the corner of a window to its index: 0 (valid), M // 2 (same) or M - 1 (full)."""
    return {"top-left": 0, "centre": taps // 2, "full": taps - 1}[convention]


def corner_of(index: Sequence[int], convention: str, taps: int) -> Two:
    """The first row and column of the window that an index names."""
    back = shift(convention, taps)
    return index[0] - back, index[1] - back


def sliced(first: int, taps: int, size: int) -> range:
    """The rows that `data[first : first + taps]` picks; a negative end counts from the end."""
    return range(size)[first : first + taps]


def inside(first: int, taps: int, size: int) -> range:
    """The rows of a window that lie in the image."""
    return range(max(first, 0), min(first + taps, size))


def cells(first: int, taps: int, size: int, border: str) -> range:
    """The rows (or columns) along one axis that a window reads, where it is clipped or sliced."""
    if border == "slice":
        return sliced(first, taps, size)
    return inside(first, taps, size) if border in ("clip", "rescale") else range(first, first + taps)


def check_convention(convention: str, taps: int) -> None:
    """An even kernel has no middle tap."""
    if convention == "centre" and taps % 2 == 0:
        raise Rejected(
            "convention",
            f"centre with a {taps} x {taps} kernel",
            "an odd kernel",
            f"an even kernel has two centres, taps {taps // 2 - 1} and {taps // 2}: "
            "choose top-left or full, or an odd kernel",
            {"convention": "top-left"},
        )


def check_place(name: str, index: Two, size: int, taps: int, convention: str, border: str) -> None:
    """Whether the window an index names can be read with this border. Raises `Rejected`."""
    corner = corner_of(index, convention, taps)
    if border == "slice":
        _check_slice(name, index, corner, size, taps, shift(convention, taps))
        return
    if border in ("error", "reflect") and taps > size:
        why = "no window fits inside" if border == "error" else f"a mirror has only {size - 1} cells to give"
        raise Rejected(
            "border",
            f"{border} with a {taps} x {taps} kernel on a {size} x {size} image",
            "a kernel no larger than the image",
            f"{why}: choose zero, clip, a larger image or a smaller kernel",
            {"border": "zero"},
        )
    low, high = (0, size - taps) if border == "error" else (1 - taps, size - 1)
    if all(low <= first <= high for first in corner):
        return
    move = shift(convention, taps)
    must = "lie inside" if border == "error" else "meet"
    nearest = _nearest(corner, low, high, move)
    raise Rejected(
        name,
        f"{index[0]}x{index[1]}",
        f"row and column {low + move} to {high + move}: with {convention} indices and border {border} "
        f"the {taps} x {taps} window must {must} the {size} x {size} image",
        f"the nearest such index is {nearest[0]}x{nearest[1]}",
        {"index": nearest} if name == "index" else None,
    )


def _nearest(corner: Two, low: int, high: int, move: int) -> Two:
    """The index of the nearest window whose corner is from `low` to `high`."""
    row, column = (min(max(first, low), high) + move for first in corner)
    return row, column


def _check_slice(name: str, index: Two, corner: Two, size: int, taps: int, move: int) -> None:
    """A plain slice that NumPy would refuse; one that silently broadcasts or wraps is let through."""
    shape = tuple(len(sliced(first, taps, size)) for first in corner)
    if all(length in (1, taps) for length in shape):
        return
    says = (
        "the slice is empty, and the sum of nothing is 0 without any error"
        if taps == 1
        else f"NumPy says: operands could not be broadcast together with shapes "
        f"({shape[0]},{shape[1]}) ({taps},{taps})"
    )
    raise Rejected(
        name,
        f"{index[0]}x{index[1]}",
        f"a slice of {taps} x {taps} cells (or 1, which broadcasts)",
        f"{says}: choose border zero or clip, or an index at which the window fits",
        {"border": "zero", "index": _nearest(corner, 1 - taps, size - 1, move)} if name == "index" else None,
    )


@dataclass(frozen=True)
class Drawn:
    """Along one axis: the part `first` to `last` of the image that is drawn, and of the map around.

    `pads` are the zeros that the map reads before and after the part. `corners` are the windows
    whose values are drawn; empty where the map has none.
    """

    first: int
    last: int
    pads: Two
    corners: range


def drawn(first: int, taps: int, size: int, border: str) -> Drawn:
    """What to draw along one axis around the window that begins at `first`."""
    read = cells(first, taps, size, border)
    low, high = (0, size - taps) if border in ("error", "slice") else (1 - taps, size - 1)
    middle = min(max(read.start if border == "slice" else first, low), high)
    corners = range(max(low, middle - AROUND), min(high, middle + AROUND) + 1) if low <= high else range(0)
    span = range(corners.start, corners[-1] + taps) if corners else read
    start, stop = min(span.start, read.start), max(span.stop, read.stop)
    if border == "reflect":
        return Drawn(start, stop, (0, 0), corners)
    start, stop = max(0, start), min(size, stop)
    if not corners:
        return Drawn(start, stop, (0, 0), corners)
    return Drawn(start, stop, (max(0, -span.start), max(0, span.stop - size)), corners)


def costs(size: int, taps: int) -> dict[str, Any]:
    """Multiply-adds and bytes of float64, by formula, of every way to one value of the map."""
    valid, full = max(0, size - taps + 1), size + taps - 1
    pads = {"M": taps, "M - 1": taps - 1, "M // 2": taps // 2}
    return {
        "one": taps**2,
        "valid": taps**2 * valid**2,
        "full": taps**2 * full**2,
        "image_bytes": 8 * size**2,
        "padded_bytes": {name: 8 * (size + 2 * pad) ** 2 for name, pad in pads.items()},
    }
