"""Questions about a trained network that can be asked in any state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Trace
from pages.convolution.learned_filters_words import last, neighbours, number, percent
from pages.kit.declare import Prediction


def _likeliest(trace: Trace) -> Sequence[str]:
    order = np.argsort(-trace["logits"][0], kind="stable")
    return [str(int(digit)) for digit in order[:4]]


def _flat(trace: Trace) -> Sequence[str]:
    (*sides, filters), flat = trace.facts["output_shapes"][-1], trace.facts["flat"]
    guesses = (flat, sides[0] * sides[1], 64 * filters, flat + filters)
    return list(dict.fromkeys(str(guess) for guess in guesses))


def _shifted(trace: Trace) -> Sequence[str]:
    right = round(100 * neighbours(trace))
    guesses = (right, round(100 * trace.facts["accuracy"]), right // 3, (right + 100) // 2)
    return [f"about {guess}" for guess in dict.fromkeys(guesses)]


def _weights(trace: Trace) -> Sequence[str]:
    total, known = trace.facts["parameters_total"], trace.facts
    guesses = (total, total - known["flat"] * 10, known["units"] * 9, total * 64)
    return list(dict.fromkeys(f"{guess:,}" for guess in guesses if guess > 0))


def _open(trace: Trace) -> Sequence[str]:
    above, units = trace.facts["units_above_zero"], trace.facts["units"]
    guesses = (above, units, units - above if 2 * above != units else 0, 0, units + 1)
    return [f"{guess:,}" for guess in list(dict.fromkeys(guesses))[:4]]


PREDICTIONS = (
    Prediction(
        lambda t: f"{_subject(t)}: which class will the network name?",
        _likeliest,
        lambda t: (
            f"{t.facts['answer']}, with probability {percent(t.facts['largest_probability'])}. "
            + (f"It is a {t.facts['label']}." if t.facts["label"] is not None else "Nobody knows what it is.")
        ),
    ),
    Prediction(
        lambda _: "Of 100 digits held out, how many are still recognised when all move by one pixel?",
        _shifted,
        lambda t: (
            f"{percent(neighbours(t))} on average over the four directions, against "
            f"{percent(t.facts['accuracy'])} unmoved: the dense layer's weights belong to places."
        ),
    ),
    Prediction(
        lambda t: f"How long is the vector after {t.parameters['pooling']} pooling and flattening?",
        _flat,
        lambda t: f"{' · '.join(map(str, t.facts['output_shapes'][-1]))} = {t.facts['flat']}.",
    ),
    Prediction(
        lambda t: f"How many of the {t.facts['units']} units of {last(t)} are above zero for this picture?",
        _open,
        lambda t: f"{t.facts['units_above_zero']}; the others pass no gradient on.",
    ),
    Prediction(
        lambda _: "How many numbers does the network learn?",
        _weights,
        lambda t: (
            f"{' + '.join(map(str, t.facts['parameters']))} with biases: convolutions share their weights, "
            f"the dense layer has one for each of {t.facts['flat']} entries and 10 classes."
        ),
    ),
    Prediction(
        lambda t: (
            f"Do pixels × gradients add up to the logit of {t.facts['asked']}, {number(t.facts['logit'])}?"
        ),
        lambda t: ["yes", "no"] if abs(t.facts["bias_part"]) < 5e-3 else ["no", "yes"],
        lambda t: (
            f"They add up to {number(t.facts['input_part'])}; the biases give the other "
            f"{number(t.facts['bias_part'])}. Together they are always the logit."
        ),
    ),
)


def _subject(trace: Trace) -> str:
    if trace.parameters["source"] == "drawing":
        return "Your drawing"
    return f"Digit {trace.parameters['digit']} of the part held out"
