"""What people can guess about a masked convolution before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.convolution.partial_convolution_charts import MODES, short
from pages.kit.declare import Prediction


def _leak_answers(trace: Trace) -> Sequence[str]:
    right, black = trace.facts["leaks"], trace.facts["black_outputs"]
    return list(dict.fromkeys(str(n) for n in (right, 0, black, right // 2 + 1, black + 1)))[:4]


def _leak_why(trace: Trace) -> str:
    layers, mode = trace.facts["leaks_by_layer"], MODES[trace.parameters["mode"]]
    counted = ", ".join(f"{count} after layer {n}" for n, count in enumerate(layers, 1))
    return f"About the black pixels this does: {mode}. Black pixels that are not 0: {counted}."


def _edge_answers(trace: Trace) -> Sequence[str]:
    place = trace.facts["edge"]
    outputs = trace["modes"][:, place[0], place[1]] if place else trace["modes"][:, 0, 0]
    shown = list(MODES).index(trace.parameters["mode"])
    ideal = float(trace["ideal"][0, place[0], place[1], 0]) if place else 1.0
    values = [float(outputs[shown]), ideal, *map(float, outputs), 0.0, math.nan]
    return list(dict.fromkeys(short(value) for value in values))[:4]


def _edge_question(trace: Trace) -> str:
    place = trace.facts["edge"] or (0, 0)
    return f"What does the output read at row {place[0]}, column {place[1]}, where the window sees least of the image?"


def _edge_why(trace: Trace) -> str:
    place = trace.facts["edge"] or (0, 0)
    ideal = float(trace["ideal"][0, place[0], place[1], 0])
    return (
        f"With nothing black and no edge it would read {short(ideal)}. A window of {trace.parameters['taps'] ** 2} "
        f"taps holds between {short(trace.facts['fewest_taps'])} and {short(trace.facts['most_taps'])} valid ones. "
        + " ".join(trace.notes)
    )


def _gradient_answers(trace: Trace) -> Sequence[str]:
    reached, black = trace.facts["gradient_at_black"], trace.facts["black_pixels"]
    kinds = ["none of them: exactly 0", "some of them", "all of them"]
    place = 0 if not reached else 2 if reached == black else 1
    return [kinds[place], *(kind for kind in kinds if kind != kinds[place])]


PREDICTIONS = (
    Prediction(
        lambda t: f"How many of the {t.facts['black_outputs']} black outputs are not 0 at the end?",
        _leak_answers,
        _leak_why,
    ),
    Prediction(_edge_question, _edge_answers, _edge_why),
    Prediction(
        lambda t: (
            f"Which of the {t.facts['black_pixels']} black input pixels do the valid outputs depend on?"
        ),
        _gradient_answers,
        lambda t: (
            f"The gradient is not 0 at {t.facts['gradient_at_black']} of {t.facts['black_pixels']}: "
            + (
                "black pixels are read like any other."
                if t.facts["gradient_at_black"]
                else "what is hidden before the layer has no say."
            )
        ),
    ),
)
