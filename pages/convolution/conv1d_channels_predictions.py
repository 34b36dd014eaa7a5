"""What people can guess about a one-dimensional convolution before they look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine import Trace
from pages.kit.declare import Prediction

MOST = 4  # answers to choose from


def _few(answers: Iterable[object]) -> Sequence[str]:
    return list(dict.fromkeys(map(str, answers)))[:MOST]


def _shape(trace: Trace) -> Sequence[str]:
    _, steps, outputs = trace.facts["output_shape"]
    channels, length = trace.parameters["channels"], trace.parameters["steps"]
    sizes = (f"{steps} × {outputs}", f"{length} × {outputs}", f"{steps + 1} × {outputs}")
    return _few((*sizes, f"{steps} × {outputs} × {channels}"))


def _shape_why(trace: Trace) -> str:
    lines = [line for step in trace.steps if not step.aside for line in step.formula]
    return "; ".join(lines) + f". The last axis counts output channels: {trace.facts['output_shape'][2]}."


def _parameters(trace: Trace) -> Sequence[str]:
    right, taps = trace.facts["parameters"], trace.parameters["kernel"]
    outputs = trace.facts["output_shape"][2]
    other = [one["parameters"] for one in trace.facts["layers"].values() if one]
    return _few((right, (taps + 1) * outputs, *other, right + 1))


def _parameters_why(trace: Trace) -> str:
    lines = [step.formula[-1] for step in trace.steps if not step.aside and step.formula]
    return f"{'; '.join(lines)}. Keras counts {trace.facts['keras_parameters']}."


def _reads(trace: Trace) -> Sequence[str]:
    right, taps = trace.facts["reads"], trace.parameters["kernel"]
    return _few((right, taps, taps * trace.parameters["channels"], trace.parameters["channels"], right + 1))


def _reads_why(trace: Trace) -> str:
    known = trace.facts
    outside = known["reads"] - known["seen_by_gradient"]
    said = f"{trace.parameters['kernel']} taps on {len(known['unit_channels'])} channels."
    return said + (f" {outside} of them are zeros of padding for this unit." if outside else "")


PREDICTIONS = (
    Prediction(lambda t: "What is the shape of the output, without the batch axis?", _shape, _shape_why),
    Prediction(lambda t: "How many parameters does the layer hold?", _parameters, _parameters_why),
    Prediction(
        lambda t: "How many numbers does one output cell add up, padding included?", _reads, _reads_why
    ),
)
