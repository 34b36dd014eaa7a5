"""Calls and sizes of capsule predictions in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import Trace

NAMES = {
    "einsum": "einsum",
    "matvec": "matvec, broadcast",
    "matmul": "one matmul for each input capsule",
    "tile": "tile, then matmul",
    "elementwise": "multiply, then add",
}


def call(trace: Trace) -> str:
    """The method as people write it."""
    given = trace.parameters
    if given["method"] == "elementwise":
        place = "None, :" if given["meets"] == "columns" else ":, None"
        axis = -1 if given["total"] == "columns" else -2
        return f"Σ W * u[:, :, None, {place}] over axis {axis}"
    return CALLS[given["method"]].format(given["expression"])


CALLS = {
    "einsum": "einsum {}",
    "matvec": "matvec(W, u[:, :, None, :])",
    "matmul": "matmul for each i",
    "tile": "matmul of tiled W and u",
}


def mebibytes(numbers: int) -> str:
    """Bytes of float32 numbers."""
    size = 4 * numbers
    if size < 2**10:
        return f"{size} bytes"
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"


def sizes(given: Mapping[str, Any]) -> dict[str, int]:
    """The five sizes among the parameters."""
    return {name: given[name] for name in ("batch", "inputs", "outputs", "out_size", "in_size")}
