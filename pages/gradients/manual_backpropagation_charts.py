"""Charts and the table of the backpropagation lab: loss, size of gradients by layer, tape beside hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.gradients.manual_backpropagation_panels import spelled
from pages.kit.declare import Chart, Table

HAND, TAPE, LIMIT, SPREAD = "#2b8cbe", "#d97706", 1e-300, 30


def written(value: float) -> str:
    """Four digits; NaN and infinity as such."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    digits = ",.0f" if 1000 <= abs(value) < 1e7 else ".4g"
    return f"{value + 0.0:{digits}}".replace("-", "−")


def power(share: float) -> str:
    """A share as 0 or to one digit: 3e−07."""
    if share == 0 or not math.isfinite(share):
        return written(share)
    return f"{share:.2g}".replace("-", "−")


def _drawn(values: Any) -> list[float | None]:
    """What a logarithmic axis can draw; a gap elsewhere."""
    return [float(value) if math.isfinite(value) and value > LIMIT else None for value in values]


def _layout(across: str, up: str, values: Sequence[Any]) -> dict[str, Any]:
    """Logarithmic where the values differ much: a loss that falls, gradients that vanish."""
    drawn = [value for value in values if value is not None]
    wide = bool(drawn) and max(drawn) > SPREAD * min(drawn)
    axis = {"type": "log", "exponentformat": "power", "nticks": 7} if wide else {"rangemode": "tozero"}
    faint = "rgba(138,148,166,0.25)"
    return {
        "height": 290,
        "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, "gridcolor": faint},
        "yaxis": {"title": {"text": up}, "gridcolor": faint, **axis},
        "legend": {"orientation": "h", "y": 1.15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _descent(trace: Trace) -> dict[str, Any]:
    wrong = trace.facts["first_difference"] is not None
    names = [("losses", "with this mistake" if wrong else "by hand", HAND, "solid")]
    if "right_losses" in trace.tensors and wrong:
        names.append(("right_losses", "with the right gradient", TAPE, "dot"))
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(trace[tensor]) <= 60 else "lines",
            "x": list(range(len(trace[tensor]))),
            "y": _drawn(trace[tensor]),
            "name": name,
            "showlegend": len(names) > 1,
            "line": {"color": colour, "dash": dash, "width": 2},
        }
        for tensor, name, colour, dash in names
    ]
    heights = [height for tensor, *_ in names for height in _drawn(trace[tensor])]
    return {"data": lines, "layout": _layout("step of gradient descent", "loss", heights)}


def _descent_alt(trace: Trace) -> str:
    said = f"The loss goes from {written(trace.facts['loss'])} to {written(trace.facts['final_loss'])} in {trace.parameters['steps']} steps"
    if trace.facts["broke_at"] is not None:
        said += f"; it is no finite number from step {trace.facts['broke_at']} on"
    if trace.facts["first_difference"] and "right_losses" in trace.tensors:
        said += f"; with the right gradient to {written(float(trace['right_losses'][-1]))}"
    return f"{said}."


def _sizes(trace: Trace) -> dict[str, Any]:
    known = trace.facts
    layers = [f"dL/dw{number}" for number in range(1, len(known["shapes"]) + 1)]
    bars = [
        {"type": "bar", "x": layers, "y": _drawn(known[fact]), "name": name, "marker": {"color": colour}}
        for fact, name, colour in (("size_by_hand", "by hand", HAND), ("size_by_tape", "GradientTape", TAPE))
    ]
    heights = _drawn([*known["size_by_hand"], *known["size_by_tape"]])
    return {"data": bars, "layout": _layout("", "root mean square", heights)}


def _sizes_alt(trace: Trace) -> str:
    pairs = zip(trace.facts["size_by_hand"], trace.facts["size_by_tape"], strict=True)
    told = (
        f"dL/dw{number} {written(hand)} by hand and {written(tape)} by GradientTape"
        for number, (hand, tape) in enumerate(pairs, 1)
    )
    return f"Root mean square of the gradients: {'; '.join(told)}."


def _shape(sizes: Sequence[int]) -> str:
    return f"[{', '.join(map(str, sizes))}]"


def _rows(trace: Trace) -> Sequence[Sequence[str]]:
    known = trace.facts
    made = {step.writes: step for step in trace.steps if step.writes in known["gradients"]}
    rows = []
    for place, name in enumerate(known["gradients"]):
        step, wrong = made[name], name in known["wrong"]
        verdict = "first wrong" if name == known["first_difference"] else "wrong" if wrong else "the same"
        how = " ".join([step.operation, *step.formula])
        numbers = (known["largest"][place], known["differences"][place])
        shape = _shape(trace.tensors[name].shape)
        rows.append(
            [spelled(name), shape, how, *map(written, numbers), power(known["relative"][place]), verdict]
        )
    return rows


CHARTS = (
    Chart("Gradient descent with these gradients", _descent, _descent_alt),
    Chart("How large the gradients are, layer by layer", _sizes, _sizes_alt),
)
TABLES = (
    Table(
        "Every gradient, in the order it is computed, beside GradientTape's",
        ("gradient", "shape", "by hand", "largest of the tape's", "largest difference", "share", "verdict"),
        _rows,
        lambda t: (
            f"The same means: no difference above {'1e−9' if t.parameters['dtype'] == 'float64' else '1e−4'} of the largest value, rounding in {t.parameters['dtype']}."
        ),
    ),
)
