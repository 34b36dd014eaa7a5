"""Output activation, loss and labels that fit each other: a small CNN on open and closed eyes.

One example: what each of Keras' losses says to two logits behind each head. A training run: the posted
CNN on drawn eyes, with the pipeline, head and loss that are chosen, beside the repaired one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import Choice, Integer, Real
from engine.technique import Cost, Story
from engine.training import output_activation_loss_functions, output_activation_loss_story
from engine.training.output_activation_loss_functions import (
    FILES,
    HEADS,
    HIDDEN,
    KERNELS,
    LOSSES,
    TESTS,
    every_loss,
    tell,
    traced,
    train,
)

QUICK = {"epochs": 1}
NO_LENS = "The stage shows the gradient of every head and loss; the rest is a training run."
NOT_BOOLEAN = "shuffle is asked for its truth, and bool('{}') is True: write True or False, without quotes"
PARAMETERS = (
    Choice("view", "training", ("training", "example"), "train the CNN too, or look at two logits alone"),
    Choice("head", "sigmoid", HEADS, "what makes outputs of the logits"),
    Choice("loss", "CCE", LOSSES, "the loss; CCE is categorical, BCE binary cross-entropy"),
    Choice(
        "shuffle",
        "'False'",
        ("True", "False", "'False'", "'no'", "0"),
        "what the pipeline is given as shuffle; with quotes it is text",
        {
            f"'{word}'": NOT_BOOLEAN.format(word)
            for word in ("false", "True", "true", "yes", "0", "off", "None")
        },
    ),
    Choice(
        "source", "CSV", ("folder", "CSV"), "whether a label comes with its picture or from a list of files"
    ),
    Choice("labels", "one-hot", ("one-hot", "class number"), "labels as [n, 2] or [n, 1]"),
    Integer("units", 2, 1, 2, "outputs of the last layer"),
    Real("z0", 2.0, -60, 60, "logit of class 0 (closed)"),
    Real("z1", -1.0, -60, 60, "logit of class 1 (open)"),
    Integer("true", 0, 0, 9, "the true class of the two logits"),
    Choice("mode", "eager", ("eager", "graph"), "whether Keras is called plainly or in a tf.function"),
    Real("rate", 0.02, 0.0001, 1, "learning rate"),
    Integer("epochs", 12, 1, 40, "how often all pictures are seen"),
    Integer("given", FILES, 1, 1000, "labels in the CSV file, for 240 pictures"),
    Integer("seed", 0, 0, 9999, "seed of pictures, weights and order"),
)


def LANE(view: str, **others: Any) -> str:  # noqa: N802
    """Two logits are a matter of a moment."""
    return "training" if view == "training" else "interactive"


def check(head: str, loss: str, labels: str, units: int, true: int, given: int, **others: Any) -> None:
    """What Keras takes without a word, or refuses late."""
    if true > 1:
        says = f"keras.utils.to_categorical({true}, 2) raises IndexError: index {true} is out of bounds"
        raise Rejected("true", str(true), "class 0 or 1", f"{says}; count classes from 0", {"true": 1})
    if given != FILES:
        raise Rejected(
            "given",
            f"{given} labels for {FILES} pictures",
            f"one label for each picture: {FILES}",
            "look for a header row, or for files that were not read: every label after it is another picture's",
            {"given": FILES},
        )
    if units == 1 and (head == "softmax" or loss != "BCE"):
        _refuse_one_unit(head, loss)
    wants = "class number" if units == 1 or loss == "sparse" else "one-hot"
    if labels != wants:
        shape, right = ("[n, 2]", "[n, 1]") if labels == "one-hot" else ("[n, 1]", "[n, 2]")
        fix = f"{loss} with {units} output{'s' * (units > 1)} takes {right}: labels are {wants}"
        raise Rejected("labels", f"{labels}, {shape}", f"{wants}, {right}", fix, {"labels": wants})


def _refuse_one_unit(head: str, loss: str) -> None:
    why = (
        "softmax over one output is 1 for every picture" if head == "softmax" else f"{loss} compares classes"
    )
    raise Rejected(
        "units",
        f"1 output, {head}, {loss}",
        "2 outputs, or 1 with sigmoid and BCE",
        f"{why}: take sigmoid and BCE with one output",
        {"head": "sigmoid", "loss": "BCE", "labels": "class number"},
    )


def cost(view: str, epochs: int, **others: Any) -> Cost:
    """Twelve losses of two logits; two networks, forward and twice as much backward a picture and epoch."""
    if view != "training":
        return Cost(memory=4096, work=10_000)
    picture = 2 * (22 * 22 * 9 * KERNELS + 968 * HIDDEN + HIDDEN * 2)
    maps = 8 * (FILES + TESTS) * (24 * 24 + 3 * 22 * 22 * KERNELS)
    return Cost(memory=maps, work=2 * epochs * picture * (3 * FILES + TESTS))


TRUTH = {"True": True, "False": False, "0": 0}  # with quotes it stays text


def arguments(**parameters: Any) -> dict[str, Any]:
    """What the function is called with: the network asked about, and the repaired one."""
    shuffle = parameters["shuffle"]
    asked = {name: parameters[name] for name in ("head", "loss", "source", "units", "rate")}
    asked["shuffle"] = TRUTH.get(shuffle, shuffle.strip("'"))
    training = parameters["view"] == "training"
    return {
        "z": np.array([[parameters["z0"], parameters["z1"]]], "float32"),
        "true": parameters["true"],
        "mode": parameters["mode"],
        "asked": asked if training else None,
        "repaired": asked | REPAIRED if training else None,
        "epochs": parameters["epochs"],
        "seed": parameters["seed"],
    }


REPAIRED = {"head": "softmax", "loss": "CCE", "shuffle": False, "units": 2, "rate": 0.02}
SHOWN = output_activation_loss_functions.SHOWN


def output_activation_loss(z, true, mode, asked, repaired, epochs, seed, report=tell):  # type: ignore[no-untyped-def]
    """Every head and loss at two logits; with `asked`, a training run and the repaired one beside it.

    z: float32[1, 2]. asked, repaired: head, loss, shuffle, source, units, rate; None trains nothing.
    """
    import tensorflow as tf

    z = tf.convert_to_tensor(z)
    loss, gradient = (traced() if mode == "graph" else every_loss)(z, tf.constant([true]))
    example = {
        "logits": z[0],
        "sigmoid": tf.sigmoid(z)[0],
        "softmax": tf.nn.softmax(z)[0],
        "loss": loss,
        "gradient": gradient,
    }
    if asked is None:
        return example
    found, beside, names = {}, {}, ("losses", "accuracy", "true_accuracy")
    runs = [("repaired network", repaired), ("network", asked)][asked == repaired :]
    for place, (title, settings) in enumerate(runs):

        def heard(epoch, so_far, title=title, place=place, before=beside):  # type: ignore[no-untyped-def]
            said = f"{title}, epoch {epoch} of {epochs}: loss {so_far['losses'][-1]:.4f}"
            other = before or {f"repaired_{name}": so_far[name] for name in names}
            told = {**example, **so_far, **other} if place + 1 == len(runs) else None
            report(said, (place + epoch / epochs) / len(runs), told)

        found = train(**settings, epochs=epochs, seed=seed, heard=heard)
        beside = beside or {f"repaired_{name}": found[name] for name in names}
    return {**example, **found, **beside}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see output_activation_loss_story.py."""
    return output_activation_loss_story.tell(parameters, results)
