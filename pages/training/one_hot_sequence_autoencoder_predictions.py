"""Questions about the autoencoder that can be asked in any state."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.training.one_hot_sequence_autoencoder_words import named, number, pairs


def _weights(trace: Trace) -> Sequence[str]:
    total, told = trace.facts["parameters_total"], trace.facts
    gates = told["parameters"][1]
    return list(
        dict.fromkeys(
            f"{guess:,}"
            for guess in (total, total - 3 * gates // 4, total * trace.parameters["timesteps"], total // 4)
        )
    )


def _zeros(trace: Trace) -> Sequence[str]:
    zero, entries = trace.facts["zero_slopes"], trace.facts["entries"]
    return list(dict.fromkeys(str(guess) for guess in (zero, entries, 0, entries - zero)))


def _uniform(trace: Trace) -> Sequence[str]:
    told = trace.facts
    guesses = (told["uniform"][0], 1 / told["width"], 1.0, told["uniform"][0] * told["width"])
    return list(dict.fromkeys(number(guess) for guess in guesses))


PREDICTIONS = (
    Prediction(
        lambda t: f"How many of the {t.facts['entries']} pre-activations shown get a slope of exactly 0 from {pairs(t)[0]}?",
        _zeros,
        lambda t: (
            f"{t.facts['zero_slopes']}; with {named(t.facts['beside'])} it is {t.facts['beside_zero_slopes']}. relu passes "
            "nothing back where it is closed; softmax shares its slope among all."
        ),
    ),
    Prediction(
        lambda t: f"What is the {t.facts['pair'][1]} of a model that gives each of {t.facts['width']} events the same share?",
        _uniform,
        lambda t: (
            f"{number(t.facts['uniform'][0])}. For cross-entropy it is ln N = {number(math.log(t.facts['width']))}, for MSE (N − 1) ÷ N² = "
            f"{number(t.facts['uniform_mse'])}. Outputs that are all 0 have an MSE of 1 ÷ N = {number(t.facts['zero_mse'])}."
        ),
    ),
    Prediction(
        lambda _: "How many numbers does the autoencoder learn?",
        _weights,
        lambda t: f"{' + '.join(f'{n:,}' for n in t.facts['parameters'])}: an LSTM has four gates, whatever the number of timesteps.",
    ),
)  # fmt: skip
