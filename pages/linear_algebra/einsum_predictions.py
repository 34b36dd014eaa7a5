"""Questions about an einsum, in any state."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from engine import Trace
from pages.kit.declare import Prediction


def _shape(trace: Trace) -> Sequence[str]:
    """The right shape, then the shapes of usual slips."""
    told = trace.facts
    right = list(told["shape"])
    shapes = [right, right[::-1], sorted(right), [*right, told["products"]], right[:-1], [*right, 1]]
    return list(dict.fromkeys(str(shape) if shape else "a single number, []" for shape in shapes))[:4]


def _products(trace: Trace) -> Sequence[str]:
    told = trace.facts
    candidates = [told["products"], told["terms"], max(prod(told["shape"]), 1), told["products"] + 1]
    return list(dict.fromkeys(f"{count:,}" for count in candidates))


def _why_products(trace: Trace) -> str:
    told = trace.facts
    sizes = [f"{letter} = {size}" for letter, size, _, _ in told["letters"] if letter in told["summed"]]
    if not sizes:
        return "No letter is summed: every cell of Y is one product."
    return f"Every summed letter takes all its values: {', '.join(sizes)}."


def _summed(trace: Trace) -> Sequence[str]:
    told = trace.facts
    summed, kept = told["summed"], [row[0] for row in told["letters"] if row[0] not in told["summed"]]

    def said(letters: Sequence[str]) -> str:
        return ", ".join(letters) or "none"

    shared = [row[0] for row in told["letters"] if ", " in row[2]]
    return list(dict.fromkeys([said(summed), said(kept), said(shared), "every letter", "none"]))[:4]


def _why_summed(trace: Trace) -> str:
    written = "stands after the arrow" if trace.facts["written"] else "would stand after the arrow"
    return f"A letter is summed unless it {written}, in however many operands it is: {trace.facts['text']}."


PREDICTIONS = (
    Prediction(
        lambda trace: "Which shape does Y have?",
        _shape,
        lambda trace: "The letters after the arrow, each with its size, in that order.",
    ),
    Prediction(
        lambda trace: "How many products are added up in one cell of Y?",
        _products,
        _why_products,
    ),
    Prediction(lambda trace: "Which letters are summed?", _summed, _why_summed),
)
