"""The separable lab's tables: the layers of each way, NASNet's cells, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Table

WAYS = {"chosen": "as set", "other": "", "full": "full convolution"}


def share(value: float) -> str:
    """A ratio as a percentage with three digits."""
    return f"{100 * value:.3g} %"


def way_name(trace: Trace, way: str) -> str:
    """What a way is called: the other one is with or without the squeeze."""
    return WAYS[way] or ("without the squeeze" if trace.parameters["squeeze"] else "with the squeeze")


def _layers(trace: Trace) -> Sequence[Sequence[str]]:
    rows = []
    for way in WAYS:
        told = trace.facts[way]
        columns = zip(told["names"], told["formulas"], told["totals"], told["multiplications"], strict=True)
        for name, formula, count, work in columns:
            rows.append((way_name(trace, way), name, formula, f"{count:,}", f"{work:,}"))
        if len(told["names"]) > 1:
            rows.append(("", "together", "", f"{told['total']:,}", f"{sum(told['multiplications']):,}"))
    return rows


def _layers_note(trace: Trace) -> str:
    agrees = (
        "The formula gives the same"
        if trace.facts["formula_agrees"]
        else "The formula does NOT give the same"
    )
    ratio = trace.facts["ratio_formula"]
    return (
        f"Keras' counts are those of layers really built. {agrees}. One separable layer against one full layer: "
        f"m · (1/C_out + 1/k²) = {share(ratio)} of the weights, and of the multiply-adds."
    )


def _cells(trace: Trace) -> Sequence[Sequence[str]]:
    network = trace.facts["network"]
    built = network.get("keras_cells")
    return [_cell(cell, f"{built[place]:,}" if built else "–") for place, cell in enumerate(network["cells"])]


def _cell(cell: dict[str, Any], built: str) -> Sequence[str]:
    numbers = [cell[name] for name in ("squeeze", "adjust", "separable", "norm", "parameters")]
    inputs = f"{cell['before']} and {cell['previous']}" if cell["previous"] else str(cell["before"])
    channels = (inputs, str(cell["filters"]), f"{cell['depth']} at {cell['side']} × {cell['side']}")
    written = [f"{number:,}" if number else "–" for number in numbers]
    return (f"{cell['kind']} {cell['name']}", *channels, *written, built)


def _cells_note(trace: Trace) -> str:
    network = trace.facts["network"]
    filters, depths = (" / ".join(map(str, network[name])) for name in ("filters", "depths"))
    says = (
        "Every cell agrees with Keras' own model."
        if network.get("agrees")
        else "Choose “built by Keras” to hold it against the real model."
        if not network["built"]
        else "Some cells do NOT agree."
    )
    return (
        f"Normal cells have {filters} filters and join six outputs to {depths} channels (the first after a "
        f"reduction takes 4 times its filters in). Squeeze: 1 × 1 on the input. Adjust: what brings the input "
        f"of the cell before to the same size. {says}"
    )


def _totals(trace: Trace) -> Sequence[Sequence[str]]:
    told, given = trace.facts["network"], trace.parameters
    name = f"NASNet-A ({given['blocks']} @ {given['penultimate']}), {given['classes']} classes"
    built = (f"{told['keras_total']:,}", f"{told['keras_trainable']:,}") if told["built"] else ("–", "–")
    rows = [(name, f"{told['total']:,}", f"{told['trainable']:,}", *built)]
    rows += [
        (f"keras.applications.{known}", f"{total:,}", "", "see Claims", "")
        for known, total in told["known"].items()
    ]
    return rows


def _totals_note(trace: Trace) -> str:
    told = trace.facts["network"]
    weights = told.get("weight_bytes")
    held = f" Its weights take {weights / 1e6:.1f} MB here." if weights else ""
    layers = f" Keras made {told['layers']:,} layers." if told["built"] else ""
    return (
        f"Separable convolutions hold {told['separable']:,} of the parameters, the largest cell {told['largest_cell']:,}; "
        f"the last 5 × 5 separable layer holds {told['last_separable']:,}.{layers}{held}"
    )


TABLES = (
    Table(
        "The layers, counted",
        ("way", "layer", "formula", "Keras built", "multiply-adds"),
        _layers,
        _layers_note,
    ),
    Table(
        "NASNet in all",
        ("network", "parameters by formula", "trained", "Keras built", "trained, Keras"),
        _totals,
        _totals_note,
    ),
    Table(
        "NASNet, cell by cell",
        (
            "cell",
            "channels in",
            "filters",
            "depth out",
            "squeeze",
            "adjust",
            "separable",
            "norm",
            "sum",
            "Keras built",
        ),
        _cells,
        _cells_note,
    ),
)
