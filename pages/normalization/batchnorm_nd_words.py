"""Numbers of the batch normalisation lab in words."""

from __future__ import annotations

import math
from collections.abc import Sequence


def short(value: float) -> str:
    """Four digits, a true minus, NaN and infinity as such."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")


def row(values: Sequence[float], most: int = 4) -> str:
    """The first few numbers of a row."""
    more = ", …" if len(values) > most else ""
    return f"({', '.join(short(value) for value in values[:most])}{more})"


def shape(sizes: Sequence[int]) -> str:
    """`[2, 9, 3, 3, 3]`"""
    return f"[{', '.join(map(str, sizes))}]"


def plural(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`, `2 batches`"""
    ending = "es" if thing.endswith("ch") else "s"
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}{ending}"
