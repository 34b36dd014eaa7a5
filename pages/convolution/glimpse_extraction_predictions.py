"""What people can guess about a glimpse before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.convolution.glimpse_extraction_tables import number, pair
from pages.kit.declare import Prediction


def _row_answers(trace: Trace) -> Sequence[str]:
    """The first row; then floored, rounded, taken as centre or as corner."""
    raw, start = trace.facts["raw"][0][0], trace.facts["starts"][0][0]
    y, side = trace.parameters["y"], trace.parameters["glimpse"][0]
    guesses = [start, math.floor(raw), round(raw), math.floor(y) - side // 2, math.floor(y), start + 1]
    return list(dict.fromkeys(number(guess) for guess in guesses))[:4]


def _row_why(trace: Trace) -> str:
    told = trace.facts
    return (
        f"The start is {told['formula']} = {number(told['raw'][0][0])}, and it is cut towards zero: "
        f"{told['starts'][0][0]}. Common slips: rounding it, or flooring it below zero."
    )


def _offset_answers(trace: Trace) -> Sequence[str]:
    """The convention's offset; then what people try, where that gives another block."""
    wrong = [guess["offset"] for guess in trace.facts["guesses"] if not guess["right"]]
    return list(dict.fromkeys(pair(offset) for offset in (_needed(trace), *wrong)))[:4]


def _needed(trace: Trace) -> Sequence[float]:
    p = trace.parameters
    now = (p["version"], p["centered"], p["normalized"])
    found: Sequence[float] = next(
        one["offset"]
        for one in trace.facts["conversions"]
        if (one["version"], one["centered"], one["normalized"]) == now
    )
    return found


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"The offset's y is {number(t.parameters['y'])}. At which row of the image does the block begin "
            f"({t.parameters['version']}, centered={t.parameters['centered']}, normalized={t.parameters['normalized']})?"
        ),
        _row_answers,
        _row_why,
    ),
    Prediction(
        lambda t: (
            f"Which offset puts pixel {pair(t.parameters['intended'])} into the middle of a block of "
            f"{t.parameters['glimpse'][0]} × {t.parameters['glimpse'][1]}?"
        ),
        _offset_answers,
        lambda t: (
            f"The block must start at {pair(t.facts['wanted_start'])}; solved for the offset, the start "
            f"{t.facts['formula']} gives {pair(_needed(t))}."
        ),
    ),
)
