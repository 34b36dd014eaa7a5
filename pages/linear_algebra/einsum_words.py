"""Numbers and calls of einsum in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CALLS = {
    "by_matmul": "as a matrix product",
    "by_matvec": "as matrix times vector",
    "by_tensordot": "as a tensordot",
    "by_batched": "folded into a matmul",
    "by_product": "multiplied, then summed",
    "by_reduce_sum": "as a sum",
    "by_transpose": "as a transpose",
    "by_trace": "as a trace",
    "by_diag_part": "as a diagonal",
}


def call(name: str) -> str:
    return CALLS[name]


def gigaflops(operations: int) -> str:
    """A count of operations, short where it is long."""
    return f"{operations:,}" if operations < 10_000_000 else f"{operations / 1e9:,.2f} · 10⁹"


def difference(value: float) -> str:
    """A relative difference: 0, or a power of ten."""
    return "0" if value == 0 else f"{value:.0e}"


def apart_words(value: float) -> str:
    return "equal" if value == 0 else f"differs by {difference(value)}"


def largest(told: Mapping[str, Any]) -> str:
    """The largest difference of all other calls and of the loops."""
    found = [apart for _, apart in told["ways"].values()]
    found += [told["loops_off"]] if told["loops_off"] is not None else []
    return difference(max(found)) if found else "nothing to compare at this size"
