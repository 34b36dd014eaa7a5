"""An LSTM autoencoder of one-hot events: what the last activation and the loss do to what it learns.

Two models start from the same weights and see the same batches: the pair that was chosen, and softmax
with categorical cross-entropy (or, where that is chosen, relu with mean squared error).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.parameter_lists import Matrix, Numbers
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Made, Story
from engine.training import one_hot_sequence_autoencoder_story as story
from engine.training.one_hot_sequence_autoencoder_checks import (
    check_label,
    check_rows,
    check_sparse,
    check_width,
    width_of,
)
from engine.training.one_hot_sequence_autoencoder_data import (
    event_data,
    event_sequences,
    one_hot,
    with_anomalies,
)
from engine.training.one_hot_sequence_autoencoder_model import (
    activate,
    autoencode,
    every_pair,
    first_weights,
    in_graph,
    lstm,
    row_losses,
)
from engine.training.one_hot_sequence_autoencoder_training import (
    eagerly,
    examine,
    look,
    measured,
    ranked,
    sweep,
    tell,
    train,
    training_step,
)

HIDDEN, SEQUENCES, HELD_OUT, NOISE = 32, 512, 200, 0.1
NO_LENS = (
    "Training is many steps of a random walk; the Gradients tab shows the slope that each output sends back."
)
QUICK = {"part": "one event"}  # what tests of every bound start from, so that not each of them is trained

PARAMETERS = (
    Choice("part", "training", ("training", "one event"), "a whole training, or one row of pre-activations"),
    Choice("activation", "relu", ("softmax", "relu", "sigmoid", "linear"), "of the last layer"),
    Choice("loss", "MSE", ("CCE", "sparse", "MSE", "BCE"), "what is minimised"),
    Choice("labels_as", "integers", ("integers", "one-hot"), "what the sparse loss is given"),
    Numbers(
        "pre",
        (1.0, -0.5, 0.5, -1.0, -1.0, -1.0, -1.0, -1.0),
        1,
        51,
        -1000,
        1000,
        "what the last layer adds up to, before its activation; a missing one is -1",
    ),
    Integer("label", 2, 0, 50, "the true event, counted from 0"),
    Real("height", 1.0, -10, 10, "what the true entry of the target is; 1 for one-hot"),
    Choice("lstm", "tanh", ("tanh", "relu"), "activation of all four LSTM layers"),
    Integer("events", 8, 1, 50, "kinds of event"),
    Integer("timesteps", 10, 2, 50, "events of a sequence"),
    Integer("latent", 4, 1, 32, "numbers of the code between encoder and decoder"),
    Integer("epochs", 25, 1, 200, "how often every sequence is seen"),
    Real("rate", 0.03, 0.0001, 10, "learning rate of Adam at the start; it falls linearly to 0", 0.001),
    Real("no_event", 0.0, 0, 0.9, "share of steps where nothing happens", 0.05),
    Toggle("none_class", False, 'whether "none" is a class of its own'),
    Choice(
        "anomaly",
        "random",
        ("random", "reversed", "stuck", "swapped"),
        "what an abnormal sequence looks like",
    ),
    Real("anomaly_rate", 0.2, 0.01, 0.9, "share of the sequences held out that are abnormal", 0.01),
    Matrix("rows", 50, 51, -10, 10, "a sequence of your own instead, one-hot rows; one row for one event"),
    Integer("seed", 0, 0, 9999, "seed of the data, the first weights and the order of the batches"),
)


def _lane(part: str, **_: Any) -> str:
    """One row of pre-activations is answered while it is dragged."""
    return "training" if part == "training" else "interactive"


LANE = _lane


def check(**p: Any) -> None:
    """Classes, labels and typed rows fit together. Raises `Rejected`."""
    check_width(p)
    check_sparse(p)
    check_label(p)
    check_rows(p)


def counts(events: int, none_class: bool, latent: int, **_: Any) -> tuple[int, ...]:
    """Weights of each layer: Input, LSTM, LSTM, RepeatVector, LSTM, LSTM, TimeDistributed(Dense).

    An LSTM has 4 gates, each with (inputs + units + 1) · units weights.
    """
    width = width_of(events, none_class)

    def gates(inputs: int, units: int) -> int:
        return 4 * (inputs + units + 1) * units

    recurrent = (gates(width, HIDDEN), gates(HIDDEN, latent), 0, gates(latent, latent), gates(latent, HIDDEN))
    return (0, *recurrent, (HIDDEN + 1) * width)


def cost(**p: Any) -> Cost:
    """Two runs, forward and twice as much backward, for each sequence and epoch; states are kept for the way back."""
    width, steps = width_of(**p), p["timesteps"]
    if p["part"] == "one event":
        return Cost(memory=4 * 2000 * width, work=8000 * width)
    seen = (3 * SEQUENCES + HELD_OUT) * p["epochs"]
    states = 2 * (HELD_OUT + 1) * steps * (2 * HIDDEN + 2 * p["latent"]) * 12
    memory = 4 * (states + 10 * sum(counts(**p)) + 6 * (SEQUENCES + HELD_OUT) * steps * width)
    return Cost(memory, work=2 * 2 * sum(counts(**p)) * steps * seen)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    pair = (p["activation"], p["loss"])
    beside = ("relu", "MSE") if pair == ("softmax", "CCE") else ("softmax", "CCE")
    typed = None if p["rows"] is None else np.array(p["rows"], "float32")
    if p["part"] == "one event":
        width = width_of(**p)
        pre = (*p["pre"], *[-1.0] * width)[:width]
        target = np.zeros((1, width), "float32")
        target[0, p["label"]] = p["height"]
        shown = target if typed is None else typed
        return {"runs": (pair, beside), "typed": shown, "pre": np.array([pre], "float32"), "plan": None}
    wanted = ("timesteps", "events", "no_event", "none_class", "seed")
    data = {name: p[name] for name in wanted} | {
        "kind": p["anomaly"],
        "rate": p["anomaly_rate"],
        "noise": NOISE,
    }
    model = {"hidden": HIDDEN, "latent": p["latent"], "lstm": p["lstm"], "seed": p["seed"]}
    plan = {"model": model, "epochs": p["epochs"], "rate": p["rate"]}
    return {
        "runs": (pair, beside),
        "typed": typed,
        "data": Made(event_data, data),
        "plan": plan,
    }


SHOWN = (
    *(tell, event_sequences, with_anomalies, one_hot, event_data),
    *(first_weights, lstm, autoencode, activate, row_losses, in_graph, every_pair),
    *(training_step, ranked, examine, look, sweep, eagerly, measured, train),
)


def one_hot_sequence_autoencoder(runs, typed, plan, data=None, pre=None, report=tell):  # type: ignore[no-untyped-def]
    """Train the autoencoder with two pairs of output activation and loss, or look at one row under both.

    runs: two (activation, loss); typed: a target of one's own, float32[timestep, event], or None; plan:
    model, epochs and rate of a training with `data`, or None to look at `pre`, float32[1, event].
    """
    if plan is not None:
        return train(data, typed, runs, plan["model"], plan["epochs"], plan["rate"], report)
    rows = np.stack([pre, pre])[:, np.newaxis]
    return {**look(rows, typed[np.newaxis], runs), **sweep(pre, typed, runs), **eagerly(pre, typed, runs)}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see one_hot_sequence_autoencoder_story.py."""
    return story.story(parameters, results, counts(**parameters))
