"""What people can guess about one value of a convolution before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.single_location_convolution_words import place
from pages.kit.declare import Prediction


def _different(answers: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(answers))[:4]


def _start_answers(trace: Trace) -> Sequence[str]:
    (row, column), taps = trace.parameters["index"], trace.facts["taps"]
    guesses = [(row - back, column - back) for back in (0, taps // 2, taps - 1, taps)]
    return _different([place(trace.facts["corner"]), *map(place, guesses)])


def _start_why(trace: Trace) -> str:
    taps = trace.facts["taps"]
    says = {
        "top-left": "The index is the window's first cell.",
        "centre": f"The index is its middle: {taps // 2} cells further on than its first.",
        "full": f"The index is its last cell: {taps - 1} further on than its first.",
    }
    return says[trace.parameters["convention"]]


def _work_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    whole, taps = told["taps"] ** 2 * told["map_side"] ** 2, told["taps"]
    return _different([f"{n:,}" for n in (told["multiply_adds"], whole, taps, 2 * told["size"], taps + 1)])


def _tap_answers(trace: Trace) -> Sequence[str]:
    last = trace.facts["taps"] - 1
    right = (last, last) if trace.parameters["flip"] else (0, 0)
    wrong = [(0, 0), (last, last), (0, last), (last, 0), (last + 1, last + 1)]
    return _different([place(right), *map(place, wrong)])


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"Which row and column of the image does the window of index {place(t.parameters['index'])} start at?"
        ),
        _start_answers,
        _start_why,
    ),
    Prediction(
        lambda t: (
            f"How many multiplications does this one value of a {t.facts['size']:,} × {t.facts['size']:,} image take?"
        ),
        _work_answers,
        lambda t: (
            f"The window meets {t.facts['multiply_adds']} products. The whole map would take "
            f"{t.facts['taps'] ** 2 * t.facts['map_side'] ** 2:,}."
        ),
    ),
    Prediction(
        lambda t: "Which tap of the kernel, as given, is multiplied with the window's first cell (0, 0)?",
        _tap_answers,
        lambda t: (
            "Convolution reverses rows and columns, so the last tap meets the first cell."
            if t.parameters["flip"]
            else "Without the flip every tap stays where it is: that is cross-correlation."
        ),
    ),
)
