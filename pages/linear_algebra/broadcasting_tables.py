"""The broadcasting lab's tables: what happens on each axis, and what each repair would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Table

HOW = {
    "none": "a, b",
    "new axis at the end": "x[..., tf.newaxis]",
    "squeeze": "tf.squeeze(x)",
    "crop": "x[:n, :m]",
}


def listed(shape: Sequence[int]) -> str:
    """A shape as TensorFlow writes it: [47, 1]."""
    return f"[{', '.join(map(str, shape))}]"


def _axes(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (
            f"−{-axis['place']}",
            " · ".join("–" if size is None else str(size) for size in axis["sizes"]),
            "none" if axis["size"] is None else str(axis["size"]),
            what_happens(axis),
        )
        for axis in trace.facts["axes"]
    ]


def what_happens(axis: dict[str, Any]) -> str:
    """One axis in words."""
    if axis["size"] is None:
        different = sorted({size for size in axis["sizes"] if size not in (None, 1)})
        return f"clash: {' and '.join(map(str, different))} differ, and neither is 1"
    names = dict(zip("abc", axis["sizes"], strict=False))
    if axis["size"] == 1:
        return "one place"
    said = []
    for name, size in names.items():
        if size != axis["size"]:
            had = "has no such axis, it" if size is None else "has 1, it"
            times = "left out" if axis["size"] == 0 else f"read {axis['size']} times"
            said.append(f"{name} {had} is {times}")
    return "; ".join(said) or "equal: cell meets cell"


def _repairs(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (
            f"{name}{' (now)' if name == trace.parameters['repair'] else ''}",
            HOW[name],
            " and ".join(map(listed, shapes)),
            "clash" if out is None else listed(out),
        )
        for name, (shapes, out) in trace.facts["repairs"].items()
    ]


TABLES = (
    Table(
        "Axis by axis, from the front",
        ("axis", "sizes", "result", "what happens"),
        _axes,
        lambda t: f"Sizes of {', '.join('abc'[: len(t.facts['given'])])}; – where a tensor has no such axis.",
    ),
    Table(
        "What each repair gives",
        ("repair", "how to write it", "shapes", "result"),
        _repairs,
        lambda t: (
            "A repair that fits is not yet the right one: ask which axis of one is which axis of the other."
        ),
    ),
)
