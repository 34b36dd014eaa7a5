"""Offsets and starts of a glimpse: TensorFlow's own arithmetic, its inverse, and both in words."""

from __future__ import annotations

import numpy as np

VERSIONS = ("V1", "V2")
CONVENTIONS = tuple(
    (version, centered, normalized)
    for version in VERSIONS
    for centered in (False, True)
    for normalized in (False, True)
)
INSIDE = 0.25  # of a pixel: how far a share aims past the edge, so that rounding cannot lose a row


def start_of(offset, size, glimpse, version, centered, normalized):  # type: ignore[no-untyped-def]
    """First row (or column) of the block before truncation, in float32 as TensorFlow computes it."""
    start, size, half = np.float32(offset), np.float32(size), np.float32(glimpse) / np.float32(2)
    if normalized:
        start = start * size
    if centered:
        if version == "V1" or normalized:
            start = start / np.float32(2)
        start = start + size / np.float32(2)
    return start - half if version == "V1" or (centered and normalized) else start


def offset_for(start: int, size: int, glimpse: int, version: str, centered: bool, normalized: bool) -> float:
    """An offset whose block begins at `start`: `start_of` solved for the offset."""
    aim = float(start)
    if normalized:
        aim += INSIDE if start >= 0 else -INSIDE
    if version == "V1" or (centered and normalized):
        aim += glimpse / 2
    if centered:
        aim -= size / 2
        if version == "V1" or normalized:
            aim *= 2
    return aim / size if normalized else aim


def formula(version: str, centered: bool, normalized: bool) -> str:
    """The start before truncation, with D the image's size and s the block's."""
    if centered and normalized:
        return "(offset + 1)·D/2 − s/2"
    if version == "V1":
        begin = "offset/2 + D/2" if centered else "offset·D" if normalized else "offset"
        return f"{begin} − s/2"
    return "offset + D/2" if centered else "offset·D" if normalized else "offset"
