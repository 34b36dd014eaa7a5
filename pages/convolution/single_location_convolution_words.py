"""Numbers of the single-location lab in words."""

from __future__ import annotations

from collections.abc import Sequence


def exact(value: float | None) -> str:
    """Ten significant digits, as the question gives them; a dash for what does not exist."""
    return "–" if value is None or value != value else f"{value:.10g}".replace("-", "−")


def amount(count: int) -> str:
    """A count with separators; a dash for none."""
    return f"{count:,}" if count else "–"


def place(index: Sequence[int] | None) -> str:
    """`(10, 37)`, with a real minus sign."""
    return "–" if index is None else f"({', '.join(str(at).replace('-', '−') for at in index)})"


def size(count: int) -> str:
    """Bytes as people say them, in powers of ten: 0.8 GB."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= one // 2:
            return f"{count / one:.3g} {unit}"
    return f"{count} B"


def cells(many: int) -> str:
    """`1 row`, `2 rows`."""
    return f"{many} row{'' if many == 1 else 's'}"
