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
    """The convention's offset; then the pixel itself, its middle, the corner."""
    p, told = trace.parameters, trace.facts
    (row, column), (height, width) = p["intended"], p["glimpse"]
    guesses = [
        _needed(trace),
        (row, column),
        (row + 0.5, column + 0.5),
        told["wanted_start"],
        (row + height, column + width),
    ]
    # Guesses that give the wanted block too are right as well: they are no wrong answer.
    right = [guesses[0], *(guess for guess in guesses[1:] if not _gives(trace, guess))]
    return list(dict.fromkeys(pair(guess) for guess in right))[:4]


def _needed(trace: Trace) -> tuple[float, float]:
    found: tuple[float, float] = _convention(trace)["offset"]
    return found


def _convention(trace: Trace) -> dict[str, object]:
    p = trace.parameters
    now = (p["version"], p["centered"], p["normalized"])
    conversions: list[dict[str, object]] = trace.facts["conversions"]
    return next(one for one in conversions if (one["version"], one["centered"], one["normalized"]) == now)


def _gives(trace: Trace, offset: Sequence[float]) -> bool:
    """Whether an offset gives the wanted block: the start is linear in the offset, through two known points."""
    told, needed = trace.facts, _needed(trace)
    stairs = told["stairs"]
    slope = (stairs["raw"][-1] - stairs["raw"][0]) / (stairs["offset"][-1] - stairs["offset"][0])
    aims = [told["wanted_start"][0], told["wanted_start"][1]]
    if not trace.parameters["normalized"]:
        return all(
            math.trunc(aim + slope * (at - there)) == aim
            for at, there, aim in zip(offset, needed, aims, strict=True)
        )
    return all(abs(at - there) < 1e-9 for at, there in zip(offset, needed, strict=True))


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
