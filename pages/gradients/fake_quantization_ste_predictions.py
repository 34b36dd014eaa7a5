"""What people can guess about fake quantisation before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.gradients.fake_quantization_ste_words import counted, short, span, tally, tied
from pages.kit.declare import Prediction


def _total_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    others = [told["total_upstream"], told["inside"], told["inside"] - 1, 0.0, told["total"] + 1]
    return list(dict.fromkeys([short(told["total"]), *map(short, others)]))[:4]


def _total_why(trace: Trace) -> str:
    told = trace.facts
    if tied(trace):
        return (
            f"Shift all values by the same amount and range, levels and outputs shift along: so the sum is the "
            f"sum of the upstream gradients, {short(told['total_upstream'])}. The gradients: {tally(trace)}."
        )
    lost = told["values"] - told["inside"]
    return f"{counted(lost, 'value')} outside {span(told['nudged'][0])} lost their gradient. {tally(trace)}."


def _end_answers(trace: Trace) -> Sequence[str]:
    (low, high), (nudged, _) = trace.facts["range"][0], trace.facts["nudged"][0]
    scale = trace.facts["scale"][0]
    others = [low, nudged - scale / 2, nudged + scale, -high]
    return list(dict.fromkeys([short(nudged), *map(short, others)]))[:4]


def _end_why(trace: Trace) -> str:
    told = trace.facts
    return (
        f"0 must be a level. Its place would be {told['exact_zero_point'][0]:.6g}; it becomes "
        f"{told['zero_point'][0]}, and the lowest level lies so many steps of {short(told['scale'][0])} below 0."
    )


def _lost_answers(trace: Trace) -> Sequence[str]:
    lost = trace.facts["values"] - trace.facts["inside"]
    return list(dict.fromkeys(str(n) for n in (lost, 0, 1, 2, lost + 2, trace.facts["values"])))[:4]


def _lost_why(trace: Trace) -> str:
    told = trace.facts
    return (
        f"{told['below']} lie below and {told['above']} above. The range {span(told['range'][0])} was moved to "
        f"{span(told['nudged'][0])}, so one side gained what the other lost."
    )


def _first(trace: Trace) -> str:
    return " of channel 0" if trace.parameters["per_channel"] else ""


PREDICTIONS = (
    Prediction(
        lambda trace: (
            f"The upstream gradients of {counted(trace.facts['values'], 'value')} add up to "
            f"{short(trace.facts['total_upstream'])}. What do the gradients of x add up to?"
        ),
        _total_answers,
        _total_why,
    ),
    Prediction(
        lambda trace: (
            f"The range{_first(trace)} is {span(trace.facts['range'][0])}. What is the smallest possible output?"
        ),
        _end_answers,
        _end_why,
    ),
    Prediction(lambda trace: "How many values are clipped?", _lost_answers, _lost_why),
)
