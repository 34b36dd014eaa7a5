"""Numbers of the channel and element-wise attention lab in words, and its ledger of weights."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.attention.masked_softmax_words import short as short
from pages.kit.declare import Table


def count(number: int) -> str:
    """A whole number with thousands marked."""
    return f"{number:,}"


def shape(sizes: Sequence[int]) -> str:
    """A shape in brackets."""
    return f"[{', '.join(map(str, sizes))}]"


def between(least: float, most: float) -> str:
    """Two ends, or one number where they agree to three digits."""
    ends = [f"{value:.3g}" for value in (least, most)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _ledger(trace: Trace) -> Sequence[Sequence[str]]:
    told, given = trace.facts, trace.parameters
    depth, hidden, classes, units = given["channels"], given["hidden"], given["classes"], told["units"]
    place = "{} × {}".format(*told["feature_shape"][1:3])
    layers = (
        ("gate", "reduce: Dense, no bias", f"{units}", f"{depth} · {units}"),
        ("gate", "expand: Dense, no bias", f"1 × 1 × {depth}", f"{units} · {depth}"),
        ("A", "1 × 1 conv, ReLU", f"{place} × {hidden}", f"{depth} · {hidden} + {hidden}"),
        ("A", "3 × 3 conv, ReLU", f"{place} × {hidden}", f"3 · 3 · {hidden} · {hidden} + {hidden}"),
        ("A", "1 × 1 conv, no bias", f"{place} × {classes}", f"{hidden} · {classes}"),
        ("S", "1 × 1 conv", f"{place} × {classes}", f"{depth} · {classes} + {classes}"),
    )
    rows: list[tuple[str, ...]] = [
        (*layer, count(formula), count(built))
        for layer, formula, built in zip(layers, told["counts"], told["keras_counts"], strict=True)
    ]
    for name, part in (("channel attention", slice(0, 2)), ("element-wise attention", slice(2, 6))):
        sums = (count(sum(told[key][part])) for key in ("counts", "keras_counts"))
        rows.append((name, "together", "", "", *sums))
    return rows


def _ledger_note(trace: Trace) -> str:
    agree = "They agree." if trace.facts["counts_agree"] else "They do NOT agree."
    return f"Keras' counts are those of the plug-in layers, really built. {agree}"


TABLES = (
    Table(
        "Weights, layer by layer",
        ("module", "layer", "output", "formula", "by formula", "by Keras"),
        _ledger,
        _ledger_note,
    ),
)
