"""The images and kernels of the skip-connection technique; the code tab shows these functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def picture(pattern: str, height: int, width: int) -> np.ndarray[Any, Any]:
    """Rings around the middle, or each row of one value: float32[1, height, width, 1]."""
    rows, columns = np.mgrid[0:height, 0:width]
    if pattern == "rows":
        plane = (rows + 1) / height
    else:
        distance = np.hypot((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5)
        plane = 0.5 + 0.5 * np.cos(24 * distance)
    return np.asarray(plane[None, :, :, None], "float32")


def kernels(sizes: Sequence[int]) -> list[np.ndarray[Any, Any]]:
    """For each size a mean, to halve, and a triangle, to double: float32[size, size, 1, 1] each.

    The triangle's taps add up to 1 for even and for odd places, so that a flat picture stays flat.
    """
    made = []
    for size in sizes:
        taps = np.maximum(0, 1 - np.abs(np.arange(size) - (size - 1) / 2) / 2)
        for start in (0, 1):
            taps[start::2] /= taps[start::2].sum() or 1
        made += [np.full((size, size), 1 / size**2), np.outer(taps, taps)]
    return [kernel[:, :, None, None].astype("float32") for kernel in made]
