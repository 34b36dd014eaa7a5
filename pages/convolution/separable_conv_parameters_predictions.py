"""What people can guess about a separable convolution's size before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.separable_conv_parameters_tables import share
from pages.kit.declare import Prediction


def _different(answers: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(answers))[:4]


def _first(trace: Trace) -> tuple[int, int, int, int]:
    """Kernel, input channels, output channels and multiplier of the first separable layer."""
    given = trace.parameters
    before = given["channels_out"] if given["squeeze"] else given["channels_in"]
    return given["kernel"], before, given["channels_out"], given["multiplier"]


def _count_answers(trace: Trace) -> Sequence[str]:
    kernel, before, after, multiplier = _first(trace)
    told = trace.facts["chosen"]
    right = told["totals"][1 if trace.parameters["squeeze"] else 0]
    wrong = [
        kernel**2 * before * after,  # a full convolution
        kernel**2 * before * multiplier,  # the depthwise half alone
        kernel**2 * after + before * after,  # output channels in the depthwise half
        right + before,
    ]
    return _different([f"{count:,}" for count in (right, *wrong)])


def _ratio_answers(trace: Trace) -> Sequence[str]:
    kernel, _, after, _ = _first(trace)
    ratios = [trace.facts["ratio"], 1 / kernel**2, 1 / after, 1 / (after * kernel**2), 2.0]
    return _different([share(ratio) for ratio in ratios])


def _depth_answers(trace: Trace) -> Sequence[str]:
    network = trace.facts["network"]
    filters, depth = network["filters"][2], network["depths"][2]
    return _different([f"{n:,}" for n in (depth, filters, 5 * filters, 5 * depth)])


PREDICTIONS = (
    Prediction(
        lambda t: (
            "How many parameters does the first separable layer have "
            f"({_first(t)[0]} × {_first(t)[0]}, {_first(t)[1]} → {_first(t)[2]} channels)?"
        ),
        _count_answers,
        lambda t: f"{t.facts['one_formula']}.",
    ),
    Prediction(
        lambda t: "What share of a full convolution's multiplications does one separable layer need?",
        _ratio_answers,
        lambda t: (
            f"m · (1/C_out + 1/k²) = {_first(t)[3]} · (1/{_first(t)[2]} + 1/{_first(t)[0] ** 2}) "
            f"= {share(t.facts['ratio_formula'])}."
        ),
    ),
    Prediction(
        lambda t: (
            f"NASNet's last normal cells have {t.facts['network']['filters'][2]} filters in each operation. "
            "How many channels leave them?"
        ),
        _depth_answers,
        lambda t: "Six outputs are joined: the adjusted second input and five sums of two operations each.",
    ),
)
