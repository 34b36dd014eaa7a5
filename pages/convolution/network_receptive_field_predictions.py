"""Questions about the network shown, to answer before looking."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction


def _name(trace: Trace) -> str:
    return str(trace.facts["names"][trace.facts["place"]])


def _field(trace: Trace) -> Sequence[str]:
    row = trace["layers"][trace.facts["place"]]
    field, stride = int(row[5]), int(row[7])
    if not stride:
        return ["all of them, however many there are", "7", "the 32 in the middle"]
    return [f"{n:,}" for n in (field, field + 2 * stride, 2 * field + 1, max(1, field - stride))]


def _field_why(trace: Trace) -> str:
    row = trace["layers"][trace.facts["place"]]
    if not row[7]:
        return "Global pooling or flattening came before: one unit for the whole image."
    return f"Every window of k taps adds (k − 1) times the stride before it; here they add up to {row[5]:,.0f}, without gates."


def _parameters(trace: Trace) -> Sequence[str]:
    total, row = trace.facts["parameters"], trace["layers"][:, 3]
    largest = int(row.max())
    return [f"{n:,}" for n in (largest, total + 1, largest + max(1, total // 3), max(0, largest // 2))]


def _parameters_why(trace: Trace) -> str:
    place = int(trace["layers"][:, 3].argmax())
    share = trace["layers"][place, 3] / max(1, trace.facts["parameters"])
    return f"It is layer {place}, {trace.facts['names'][place]}, with {share * 100:.0f} % of all {trace.facts['parameters']:,}."


def _whole(trace: Trace) -> Sequence[str]:
    known = trace.facts
    units, found = known["units"], known["units_that_see_all"]
    return [f"{n:,}" for n in (found, units if found != units else 0, units // 2 + 1)]


PREDICTIONS = (
    Prediction(
        lambda t: f"How many rows of a large image can one unit of {_name(t)} see?", _field, _field_why
    ),
    Prediction(
        lambda t: f"How many of the {t.facts['units']:,} units of {_name(t)} see every pixel of the image?",
        _whole,
        lambda t: (
            f"Unit {t.facts['unit'][0]}, {t.facts['unit'][1]} sees rows {t.facts['seen'][0]} to {t.facts['seen'][1]} of {t.facts['size'][0]}."
        ),
    ),
    Prediction(
        lambda t: f"How many parameters has the largest layer of {t.facts['network']}?",
        _parameters,
        _parameters_why,
    ),
)
