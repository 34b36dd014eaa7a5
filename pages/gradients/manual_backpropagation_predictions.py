"""Questions to answer before the reveal, in any state of the backpropagation lab."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.gradients.manual_backpropagation_panels import spelled
from pages.kit.declare import Prediction

EVERYWHERE = "everywhere"


def _layer(trace: Trace) -> int:
    """The layer that is asked about: the last one shown."""
    return int(trace.facts["shown"][-1])


def _given(trace: Trace) -> str:
    number = _layer(trace)
    return f"a{number - 1}" if number > 1 else "x"


def _delta(trace: Trace) -> str:
    number = _layer(trace)
    return f"dz{number}" if f"dz{number}" in trace.tensors else f"da{number}"


def _shapes(trace: Trace) -> Sequence[str]:
    batch, inputs, units = trace.facts["shapes"][_layer(trace) - 1]
    sizes = ((inputs, units), (units, inputs), (batch, units), (batch, inputs), (inputs + 1, units))
    return list(dict.fromkeys(f"[{rows}, {columns}]" for rows, columns in sizes))


def _why_shape(trace: Trace) -> str:
    batch, inputs, units = trace.facts["shapes"][_layer(trace) - 1]
    return (
        f"A gradient has its tensor's shape: {_given(trace)}ᵀ [{inputs}, {batch}] · {spelled(_delta(trace))} "
        f"[{batch}, {units}] sums over the samples."
    )


def _partners(trace: Trace) -> Sequence[str]:
    number = _layer(trace)
    return [
        f"what came in: {_given(trace)}",
        f"what goes out: a{number}",
        f"its weights: w{number}",
        "the loss",
    ]


def _departures(trace: Trace) -> Sequence[str]:
    first = trace.facts["first_difference"]
    right = f"first wrong is {spelled(first)}" if first else EVERYWHERE
    others = [f"first wrong is {spelled(name)}" for name in trace.facts["gradients"][:4]]
    return list(dict.fromkeys([right, EVERYWHERE, *others]))


def _why_departure(trace: Trace) -> str:
    if trace.parameters["mistake"] == "none":
        return "The same products in the same order: what differs is rounding."
    return " ".join(trace.notes[:1])


def _zeros(trace: Trace) -> Sequence[str]:
    number = _layer(trace)
    zero = trace.facts["zero"][number - 1]
    _, inputs, units = trace.facts["shapes"][number - 1]
    return list(
        dict.fromkeys(str(count) for count in (zero, inputs * units - zero, 0, inputs, units, zero + 1))
    )


def _why_zeros(trace: Trace) -> str:
    number = _layer(trace)
    zero = trace.facts["zero"][number - 1]
    if not zero:
        return f"Every input of {_given(trace)} meets a blame that is not 0."
    return f"A weight hears nothing where its input in {_given(trace)} or its unit's {spelled(_delta(trace))} is 0 for every sample."


PREDICTIONS = (
    Prediction(lambda t: f"What shape has dL/dw{_layer(t)}?", _shapes, _why_shape),
    Prediction(
        lambda t: f"What does {spelled(_delta(t))} meet to give dL/dw{_layer(t)}?",
        _partners,
        lambda t: (
            f"The product was {_given(t)} · w{_layer(t)}: how much a weight matters is what it was multiplied with. "
            f"w{_layer(t)} is met on the way to the layer before."
        ),
    ),
    Prediction(lambda t: "Where does the pass by hand agree with GradientTape?", _departures, _why_departure),
    Prediction(
        lambda t: f"How many weights of layer {_layer(t)} get a gradient of exactly 0?", _zeros, _why_zeros
    ),
)
