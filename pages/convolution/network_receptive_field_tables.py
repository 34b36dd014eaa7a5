"""The network lab's tables: every layer, and the places where paths do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution import network_receptive_field_published as published
from pages.kit.declare import Table

LAYERS = (
    "#", "layer", "type", "reads", "output", "parameters", "FLOPs", "receptive field", "effective stride",
    "effective padding", "centre of unit 0", "paths that meet",
)  # fmt: skip


def two(rows: float, columns: float) -> str:
    """`7` when both are equal, else `7 × 5`."""
    return f"{rows:,g}" if rows == columns else f"{rows:,g} × {columns:,g}"


def layer_rows(trace: Trace) -> Sequence[Sequence[str]]:
    """One row a layer, the chosen one marked."""
    known, apart = trace.facts, dict(trace.facts["misaligned"])
    found = []
    for place, numbers in enumerate(trace["layers"]):
        mark = "▸" if place == known["place"] else ""
        kind = ", ".join(part for part in (known["types"][place], known["settings"][place]) if part)
        reads = ", ".join(map(str, known["reads"][place])) or "image"
        output = " × ".join(f"{n:g}" for n in numbers[:3])
        counts = [f"{n:,.0f}" if n else "–" for n in numbers[3:5]]
        meet = apart.get(place) or ("aligned" if len(known["reads"][place]) > 1 else "")
        found.append(
            [f"{mark}{place}", known["names"][place], kind, reads, output, *counts, *geometry(numbers), meet]
        )
    return found


def geometry(numbers: Sequence[float]) -> list[str]:
    """Receptive field, stride, padding, centre of one layer's row, in words where all is seen."""
    field, stride, padding, centre = (two(numbers[n], numbers[n + 1]) for n in (5, 7, 9, 11))
    if not numbers[7]:
        return ["everything", "–", "–", "–"]
    return [f"everything ({field} without gates)" if numbers[13] else field, stride, padding, centre]


def misaligned_rows(trace: Trace) -> Sequence[Sequence[str]]:
    """Every addition, concatenation or product whose paths look at different places."""
    names = trace.facts["names"]
    rows = [
        [str(place), names[place], ", ".join(names[n] for n in trace.facts["reads"][place]), reason]
        for place, reason in trace.facts["misaligned"]
    ]
    meets = sum(len(reads) > 1 for reads in trace.facts["reads"])
    return rows or [
        ["–", f"all {meets} places where paths meet are aligned" if meets else "no paths meet", "–", "–"]
    ]


def _layers_note(trace: Trace) -> str:
    return (
        "Shapes and parameters are those of the Keras layers that were built, and the formulas give the same. FLOPs: one "
        "multiplication and one addition for each weight of a convolution or dense layer at each position, one addition "
        "a bias. Unit i sees the pixels stride·i − padding to stride·i − padding + field − 1."
    )


TABLES = (
    Table("All layers", LAYERS, layer_rows, _layers_note),
    Table(
        "Where paths are misaligned",
        ("#", "layer", "joins", "what differs"),
        misaligned_rows,
        lambda _: (
            "Values that are added belong to windows with different centres. Squeeze-excite gates see everything and are left out."
        ),
    ),
    Table("Published figures beside ours", published.COLUMNS, published.rows, published.note),
)
