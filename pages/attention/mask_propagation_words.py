"""Numbers of the mask lab in words, and its table of layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Table

ENDS = {
    "keras_mask": "Keras' mask",
    "no_mask": "no mask",
    "padding_cut": "padding cut off (the truth)",
    "mask_put_back": "mask put back",
}
ROUNDING = 1e-5  # of float32, in stacks of five layers
REPAIRS = {
    "Conv1D, same": "multiply by the mask before; hand the mask on yourself",
    "Conv1D, valid": "keep windows of real steps: the mask shrinks too",
    "MaxPooling1D": "keep windows of real steps: the mask halves too",
    "AveragePooling1D": "keep windows of real steps: the mask halves too",
    "Flatten": "pool over time instead, or multiply by the mask before",
    "GlobalMaxPooling1D": "put a very negative number where the mask is 0",
    "Softmax": "call it on a tensor without the mask, hand the mask on yourself",
    "Lambda": "a Layer of your own with supports_masking = True",
    "Reshape": "hand the mask on yourself, if the steps stay",
    "x * 2, plain TensorFlow": "a Layer of your own with supports_masking = True",
    "x + MultiHeadAttention": "read the mask before the attention, hand it on after the sum",
    "Masking": "leave it out: the embedding's mask is the right one",
}


def apart(value: float | None) -> str:
    """A difference with three digits; rounding is called 0."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    return "0 (rounding)" if 0 < value < ROUNDING else f"{value:.3g}"


def steps_named(count: int) -> str:
    """A number of timesteps."""
    return "1 step" if count == 1 else f"{count} steps"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _rows(trace: Trace) -> Sequence[Sequence[str]]:
    told = trace.facts
    rows = []
    for place, name in enumerate(told["names"]):
        made = trace.tensors.get(f"y{place + 1}")
        supports = {-1: "no layer", 0: "False", 1: "True"}[told["supports"][place]]
        if made is None and told["error"] and place + 1 != told["failed_at"]:
            supports = "–"
        mends = told["verdicts"][place].startswith(("drops", "fails", "replaces"))
        rows.append(
            (
                f"{place + 1} {name}",
                str(list(made.shape)) if made else "–",
                supports,
                _yes(told["receives"][place]),
                _yes(told["uses"][place]),
                _yes(told["passes"][place]),
                told["verdicts"][place],
                REPAIRS.get(name, "–") if mends else "–",
            )
        )
    return rows


def _note(trace: Trace) -> str:
    told = trace.facts
    carries = "still carries a mask" if told["mask_at_end"] else "carries no mask"
    end = "is never reached" if told["error"] else carries
    return (
        "Measured on layers of the installed Keras: each is called with the mask and without it, and asked for the "
        f"mask of its answer. The end of the stack {end}."
    )


TABLES = (
    Table(
        "Layer by layer",
        (
            "layer",
            "shape",
            "supports_masking",
            "receives",
            "numbers change",
            "passes on",
            "so it …",
            "repair",
        ),
        _rows,
        _note,
    ),
)
