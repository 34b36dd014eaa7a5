"""Questions about a Siamese network that can be asked after any run."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.training.dying_relu_siamese_words import moved, percent, right


def _answers(trace: Trace) -> Sequence[str]:
    yes, no = "yes, the same for all", "no, they differ"
    return [yes, no] if trace.facts["constant"] else [no, yes]


def _rights(trace: Trace) -> Sequence[str]:
    known = trace.facts
    mine = round(known["accuracy"] * known["held_out"])
    guesses = (mine, known["majority"], known["held_out"], known["held_out"] // 2, 0)
    return [f"{guess} of {known['held_out']}" for guess in list(dict.fromkeys(guesses))[:4]]


def _dead(trace: Trace) -> Sequence[str]:
    units, dead = trace.parameters["units"], trace.facts["dead"]
    return [str(guess) for guess in dict.fromkeys((dead, units, 0, units // 2, dead + 1))][:4]


def _documents(trace: Trace) -> Sequence[str]:
    seen, all_of = trace.facts["different_documents"], trace.facts["held_out"]
    return [str(guess) for guess in dict.fromkeys((seen, all_of, 1, all_of // 2))]


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"After {t.facts['epochs_done']} steps: does the network give every pair the same probability?"
        ),
        _answers,
        lambda t: f"The largest and the smallest of 120 differ by {t.facts['spread']:.3g}.",
    ),
    Prediction(
        lambda t: f"How many of the {t.facts['held_out']} pairs held out does it answer rightly?",
        _rights,
        lambda t: (
            f"{right(t)}; accuracy was {moved(t)}. Always giving the commoner answer is right in "
            f"{t.facts['majority']} of {t.facts['held_out']} ({percent(t.facts['constant_accuracy'])})."
        ),
    ),
    Prediction(
        lambda t: f"How many of the {t.parameters['units']} units are dead now?",
        _dead,
        lambda t: f"{t.facts['dead']}: their slope is 0 for each of the 97 training pairs.",
    ),
    Prediction(
        lambda t: (
            f"As how many different documents do the {t.facts['held_out']} first ones leave the Embedding?"
        ),
        _documents,
        lambda t: (
            f"{t.facts['different_documents']}: {percent(t.facts['index_zero'])} of what was handed in became index 0."
        ),
    ),
)
