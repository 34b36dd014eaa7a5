"""Each x may be paired with several y; a pipeline draws one for every x, anew in every epoch or not.

Whether a draw changes from epoch to epoch depends on where its random state lives, not on how random it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Text, Toggle
from engine.sequences import random_pairing_pipeline_story
from engine.sequences.random_pairing_pipeline_functions import (
    all_epochs,
    draw_by_epoch,
    draw_in_map,
    made_vectors,
    seen_pairs,
    untuned,
)
from engine.sequences.random_pairing_pipeline_lists import SEEDED, lists_of
from engine.technique import Cost, Made, Story

LENS = "loss"
METHODS = (
    "stateless",
    "generator",
    "rerandomize",
    "uniform",
    "op seed",
    "numpy",
    "cache",
    "copies",
    "cyclic",
)
PASSES = ("loop", "repeat after", "repeat before")
PARAMETERS = (
    Choice("method", "stateless", METHODS, "where the random numbers come from"),
    Toggle("global_seed", False, "call tf.random.set_seed first"),
    Choice(
        "passes", "loop", PASSES, "one pass over the data for each epoch, or .repeat() after or before map"
    ),
    Integer("items", 10, 2, 50, "number of x"),
    Integer("candidates", 10, 1, 20, "y that each x may be paired with"),
    Integer("epochs", 30, 1, 100, "epochs"),
    Integer("targets", 20, 1, 50, "number of y"),
    Toggle("duplicates", False, "a y may stand in a list more than once"),
    Text("lists", SEEDED, 2000, "the lists: y of x 0 / y of x 1 / …; or the word seeded"),
    Integer("parallel", 1, 1, 8, "num_parallel_calls of map"),
    Integer("copies", 5, 1, 20, "data sets drawn beforehand and concatenated"),
    Pair("pair", (0, 0), 0, 99, "x and epoch that are looked at"),
    Integer("features", 4, 1, 16, "numbers in an x and in a y"),
    Integer("rows", 1_000_000, 1, 1_000_000_000, "x in the real data set, for the estimate of storage"),
    Integer("seed", 0, 0, 9999, "seed of lists, vectors and draws"),
)


def check(**p: Any) -> None:
    """Lists that TensorFlow could not draw from, and a pair outside the picture."""
    lists_of(p)
    place, epoch = p["pair"]
    if place >= p["items"] or epoch >= p["epochs"]:
        expected = f"x 0 to {p['items'] - 1} and epoch 0 to {p['epochs'] - 1}"
        raise Rejected("pair", f"{place}x{epoch}", expected, "choose a pair inside the picture", {"pair": 0})


def cost(**p: Any) -> Cost:
    """A pass starts an iterator: that is the work here."""
    drawn = p["items"] * p["epochs"]
    vectors = (2 * p["items"] + 2 * p["targets"]) * p["features"]
    return Cost(memory=2**20 + 40 * drawn + 8 * vectors, work=2_000_000 * p["epochs"] + 20_000 * drawn)


def arguments(**p: Any) -> dict[str, Any]:
    """What `random_pairing_pipeline` is called with."""
    lists, epochs = lists_of(p), p["epochs"]
    return {
        "x": Made(made_vectors, {"count": p["items"], "features": p["features"], "seed": p["seed"] + 1}),
        "y": Made(made_vectors, {"count": p["targets"], "features": p["features"], "seed": p["seed"] + 2}),
        "candidates": [list(one) for one in lists],
        "method": p["method"],
        "epochs": epochs,
        "passes": p["passes"],
        "seed": p["seed"],
        "global_seed": p["global_seed"],
        "parallel": p["parallel"],
        "copies": p["copies"],
        "epoch": p["pair"][1],
    }


SHOWN = (made_vectors, untuned, draw_in_map, draw_by_epoch, all_epochs, seen_pairs)


def random_pairing_pipeline(  # type: ignore[no-untyped-def]
    x, y, candidates, method, epochs, passes, seed, global_seed, parallel, copies, epoch
):
    """Draw a partner for every x in every epoch, and compare the pairs of one epoch.

    x: float32[x, feature]; y: float32[y, feature]; candidates: a list of indices of y for each x.
    draws: int32[x, epoch], the y that was drawn; loss: the mean squared difference in `epoch`.
    """
    import tensorflow as tf

    x, y, ragged = tf.convert_to_tensor(x), tf.convert_to_tensor(y), tf.ragged.constant(candidates)
    counts = np.array([len(one) for one in candidates], "int32")
    tf.random.set_seed(seed if global_seed else None)
    places = all_epochs(tf.constant(counts), method, epochs, passes, seed, parallel, copies)
    tf.random.set_seed(None)
    draws = tf.gather(ragged, places, batch_dims=1)
    new, times = seen_pairs(places, draws)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        drawn = tf.gather(y, draws[:, epoch])
        difference = drawn - x
        loss = tf.reduce_mean(difference**2)
    x_gradient, y_gradient = tape.gradient(loss, [x, y])
    different = sum(len(set(one)) for one in candidates)
    return {
        "candidates": ragged.to_tensor(-1),
        "listed": tf.sequence_mask(counts, dtype=tf.float32),
        "places": places,
        "draws": draws,
        "new": new,
        "times": np.pad(times, [[0, 0], [0, max(counts) - times.shape[1]]]),
        "coverage": (np.cumsum(new.sum(axis=0)) / different).astype("float32"),
        "x": x,
        "y": y,
        "drawn": drawn,
        "difference": difference,
        "loss": loss,
        "x_gradient": x_gradient,
        "y_gradient": tf.convert_to_tensor(y_gradient),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with index maps, facts and notes."""
    return random_pairing_pipeline_story.tell(parameters, results)
