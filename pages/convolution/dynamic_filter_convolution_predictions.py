"""What people can guess about computed filters before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.dynamic_filter_convolution_charts import short
from pages.kit.declare import Prediction


def _distinct(answers: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(answers))[:4]


def _shape_answers(trace: Trace) -> Sequence[str]:
    batch, rows, columns, maps = trace.facts["output_shape"]
    channels = trace.parameters["channels"]
    guesses = [
        (batch, rows, columns, maps),
        (batch, rows, columns, channels if maps == 1 else 1),
        (batch, rows, columns, maps * channels),
        (batch, rows + trace.parameters["taps"] - 1, columns + trace.parameters["taps"] - 1, maps),
        (batch, rows, columns, maps + 1),
    ]
    return _distinct([f"[{', '.join(map(str, guess))}]" for guess in guesses])


def _shape_why(trace: Trace) -> str:
    step = next(step for step in trace.steps if step.writes == "y")
    return f"{step.operation}: {'; '.join(step.formula)}."


def _gradient_answers(trace: Trace) -> Sequence[str]:
    norm = trace.facts["filter_gradient_norms"][-1]
    right = "exactly 0" if norm == 0 else "a number other than 0"
    return _distinct([right, "exactly 0", "a number other than 0", "None"])


def _gradient_why(trace: Trace) -> str:
    last = trace.parameters["batch"] - 1
    if trace.parameters["mode"] == "sample-0" and last:
        return f"The filter of sample {last} was computed and then not used: zero, and not None, since g[0] is a slice of g."
    return f"Its norm is {short(trace.facts['filter_gradient_norms'][-1])}: the operation is differentiable in both inputs."


def _values_answers(trace: Trace) -> Sequence[str]:
    known = trace.facts
    guesses = (
        known["filter_values"],
        known["conv2d_kernel"],
        trace.parameters["taps"] ** 2,
        known["filter_values"] + trace.parameters["channels"],
    )
    return _distinct([f"{n:,}" for n in guesses])


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"Which shape do the responses have (mode {t.parameters['mode']}, {t.parameters['padding']} padding)?"
        ),
        _shape_answers,
        _shape_why,
    ),
    Prediction(
        lambda t: f"What is the gradient of the loss for the filter of sample {t.parameters['batch'] - 1}?",
        _gradient_answers,
        _gradient_why,
    ),
    Prediction(
        lambda t: f"How many values does one sample's filter hold, for {t.parameters['channels']} channels?",
        _values_answers,
        lambda t: (
            f"k · k · C = {t.facts['filter_values']:,}. A Conv2D layer mixes all channels into each of C maps "
            f"and holds {t.facts['conv2d_kernel']:,}."
        ),
    ),
)
