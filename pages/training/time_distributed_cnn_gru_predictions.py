"""Questions about both models that can be asked in any state."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.training.time_distributed_cnn_gru_words import number, percent


def _cnn_weights(trace: Trace) -> Sequence[str]:
    told = trace.facts
    right = told["chosen_cnn_weights"]
    guesses = (right, told["right_cnn_weights"], 0, told["right_cnn_weights"] * trace.parameters["frames"])
    return [f"{guess:,}" for guess in dict.fromkeys(guesses)]


def _shape(trace: Trace) -> Sequence[str]:
    frames, units = trace.parameters["frames"], trace.parameters["units"]
    every, last, wrong = f"(4, {frames}, {units})", f"(4, {units})", f"(4, {units}, {frames})"
    first = [every, last] if trace.parameters["return_sequences"] else [last, every]
    return [*first, wrong, f"({4 * frames}, {units}, 1)"]


def _shuffled(trace: Trace) -> Sequence[str]:
    answers = ["not at all", "they change"]
    return answers if trace.facts["chosen_moved"] == 0 else answers[::-1]


def _found(trace: Trace) -> Sequence[str]:
    share = round(100 * trace.facts["chosen_storms"])
    guesses = (share, 0, 100, 50, round(100 * trace.facts["storms_in_all"]))
    return [f"about {guess}" for guess in list(dict.fromkeys(guesses))[:4]]


def _none(trace: Trace) -> Sequence[str]:
    labels = trace["labels"][0]
    sums = (trace["probability"][0].sum(), labels.sum(), len(labels), 1.0, 0.0)
    return list(dict.fromkeys(f"{value:.2f}" for value in sums))[:4]


PREDICTIONS = (
    Prediction(
        lambda _: "How many weights of a convolution does the chosen model train?",
        _cnn_weights,
        lambda t: (
            "None: TimeDistributed wraps a pooling layer alone, because the function returned the layer."
            if not t.facts["chosen_cnn_weights"]
            else f"{t.facts['chosen_cnn_weights']:,}: every map of the sequence goes through the same two layers, "
            "so their number does not depend on the frames."
        ),
    ),
    Prediction(
        lambda _: "All pixels of each map are shuffled. What happens to the chosen model's answers?",
        _shuffled,
        lambda t: (
            f"They differ by at most {number(t.facts['chosen_moved'])}. "
            + ("The largest value of a channel does not care where it stands, "
               "or nothing that is seen reaches the answer." if t.facts["chosen_moved"] == 0
               else "What makes a storm is where the wind blows which way.")
        ),
    ),
    Prediction(
        lambda t: f"What does the GRU hand to the dense layer for four sequences of {t.parameters['frames']} maps?",
        _shape,
        lambda t: (
            "Every state: return_sequences=True keeps one for each map."
            if t.parameters["return_sequences"]
            else "The last state only: return_sequences=False keeps one for the whole sequence."
        ),
    ),
    Prediction(
        lambda _: "Of 100 storms held out, how many does the chosen model find after training?",
        _found,
        lambda t: (
            f"{percent(t.facts['chosen_storms'])} of the storms, and {percent(t.facts['chosen_calm'])} of the calm maps "
            f"are left alone: a balanced accuracy of {percent(t.facts['chosen_score'])}, where 50 % is guessing."
        ),
    ),
    Prediction(
        lambda t: f"What do the chosen model's {t.parameters['frames']} probabilities of the first sequence add up to?",
        _none,
        lambda t: (
            f"{t['probability'][0].sum():.2f}, with {t['labels'][0].sum():.0f} storms in it. "
            + ("Each sigmoid answers for itself." if t.parameters["head"] == "sigmoid"
               else "Softmax over one place is always 1." if t.parameters["head"] == "softmax of one unit"
               else "Softmax shares one certainty among all frames.")
        ),
    ),
)  # fmt: skip
