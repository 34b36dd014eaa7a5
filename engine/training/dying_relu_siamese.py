"""A Siamese text model whose accuracy is frozen: dead ReLU units, and floats handed to an Embedding.

120 generated pairs of documents: is the second a duplicate of the first? Both go through one Embedding, their
distance is joined to them, an LSTM reads all of it, and a small dense layer decides. Beside the network
that is asked about, the repaired one is trained: integer ids, tanh, no bias shift, rate 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Story
from engine.training import dying_relu_siamese_functions, dying_relu_siamese_story
from engine.training.dying_relu_siamese_functions import (
    FEATURES,
    PAIRS,
    STATE,
    TOKENS,
    VOCABULARY,
    tell,
    train,
)

LANE = "training"
QUICK = {"epochs": 3}
NO_LENS = "The gradients of a training run are those of its steps: the Gradients tab shows the last one's."
NOT_WHOLE = "an Embedding casts ids to integers without a word, 0.7 to 0 and -0.7 to 0: write whole numbers"
PARAMETERS = (
    Choice("handed", "floats", ("ids", "floats"), "what the Embedding gets: word ids, or Doc2Vec floats"),
    Choice(
        "documents",
        "varied",
        ("varied", "nearly identical", "identical"),
        "how much the documents differ from each other",
    ),
    Integer("units", 2, 1, 32, "units of the dense layer after the LSTM"),
    Choice(
        "activation",
        "relu",
        ("relu", "tanh", "leaky relu", "relu after BN"),
        "activation of the dense layer; BN is batch normalisation",
    ),
    Real("bias_shift", 0.0, -5, 5, "added to the first biases of the dense layer (with BN: its beta)"),
    Real("rate", 0.5, 0.001, 50, "learning rate of plain gradient descent"),
    Integer("epochs", 60, 1, 300, "steps, each with all 97 training pairs"),
    Choice("axis", "-1", ("-1", "1"), "axis that the distance of two embedded documents is summed over"),
    Toggle("epsilon", True, "whether the distance is √max(·, 1e-7) instead of √·"),
    Integer("duplicates", 56, 0, PAIRS, "how many of the 120 pairs are duplicates"),
    Numbers(
        "ids",
        None,
        TOKENS,
        TOKENS,
        -VOCABULARY,
        10**6,
        "your own first document of the first pair held out: 8 word ids",
        whole=True,
        refusals={"not whole": NOT_WHOLE, "not a number": NOT_WHOLE},
    ),
    Integer("seed", 0, 0, 9999, "seed of the documents and of the first weights"),
)


def check(axis: str, duplicates: int, ids: tuple[int, ...] | None, **others: Any) -> None:
    """What TensorFlow refuses late, or takes without a word."""
    if axis == "1":
        raise Rejected(
            "axis",
            f"axis 1: the distance is [batch, 1, {FEATURES}]",
            f"[batch, {TOKENS}, …], to be joined with [batch, {TOKENS}, {FEATURES}] on the last axis",
            "sum over the features, axis -1: [batch, 8, 1]",
            {"axis": "-1"},
        )
    if duplicates in (0, PAIRS):
        raise Rejected(
            "duplicates",
            f"{duplicates} of {PAIRS}: every label is {int(duplicates > 0)}",
            "pairs of both kinds",
            f"choose 1 to {PAIRS - 1}: with one class the constant answer is always right, and nothing is learned",
            {"duplicates": 56},
        )
    for place, one in enumerate(ids or (), 1):
        _check_id(place, one)


def _check_id(place: int, one: int) -> None:
    expected = f"word ids in [0, {VOCABULARY})"
    if one < 0:
        wraps = (
            f"entry {place}: keras' Embedding takes {one} for row {VOCABULARY + one}, counted from the end"
        )
        raise Rejected("ids", f"{one} as entry {place}", expected, f"{wraps}; write that", {"ids": None})
    if one >= VOCABULARY:
        fix = f"TensorFlow says {one} is not in [0, {VOCABULARY}): change entry {place} or enlarge the vocabulary"
        raise Rejected("ids", f"{one} as entry {place}", expected, fix, {"ids": None})


def cost(units: int, epochs: int, **others: Any) -> Cost:
    """Two networks, forward and twice as much backward for each epoch, in float64."""
    inputs = 2 * FEATURES + 1
    row = TOKENS * (inputs + STATE) * 4 * STATE + STATE * units
    embedding = VOCABULARY * FEATURES
    work = 2 * (epochs + 1) * (6 * PAIRS * row + 4 * embedding)
    return Cost(memory=8 * (6 * embedding + 4 * PAIRS * TOKENS * (inputs + 10 * STATE)), work=work)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What the function is called with: the network asked about, and the repaired one."""
    network = {name: parameters[name] for name in ("activation", "bias_shift", "epsilon", "rate")}
    network |= {"handed": parameters["handed"], "units": parameters["units"], "axis": int(parameters["axis"])}
    return {
        "network": network,
        "repaired": network | REPAIRED,
        "documents": parameters["documents"],
        "duplicates": parameters["duplicates"],
        "ids": None if parameters["ids"] is None else list(parameters["ids"]),
        "epochs": parameters["epochs"],
        "seed": parameters["seed"],
    }


SHOWN = dying_relu_siamese_functions.SHOWN
REPAIRED = {"handed": "ids", "activation": "tanh", "bias_shift": 0.0, "epsilon": True, "rate": 0.5}


def dying_relu_siamese(network, repaired, documents, duplicates, ids, epochs, seed, report=tell):  # type: ignore[no-untyped-def]
    """Train the repaired network, then the one asked about, from the same seed and on the same pairs.

    network, repaired: handed, units, activation, bias_shift, axis, epsilon, rate. Curves are
    float64[epoch], tensors of the 23 pairs held out float64[pair, ...].
    """
    found, beside, names = {}, {}, ("loss", "accuracy", "dead", "p")
    runs = [("repaired network", repaired), ("network", network)][network == repaired :]
    for place, (title, settings) in enumerate(runs):
        handed, rest = settings["handed"], {name: settings[name] for name in settings if name != "handed"}
        data = {"documents": documents, "handed": handed, "duplicates": duplicates, "seed": seed}

        def heard(epoch, so_far, title=title, place=place, before=beside):  # type: ignore[no-untyped-def]
            said = f"{title}, epoch {epoch} of {epochs}: loss {so_far['loss'][-1]:.4f}"
            other = before or {f"repaired_{name}": so_far[name] for name in names}
            last = place + 1 == len(runs)
            report(said, (place + epoch / epochs) / len(runs), {**so_far, **other} if last else None)

        found = train(data=data, ids=ids, **rest, epochs=epochs, heard=heard)
        beside = beside or {f"repaired_{name}": found[name] for name in names}
    return {**found, **beside}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see dying_relu_siamese_story.py."""
    return dying_relu_siamese_story.tell(parameters, results)
