"""SGD, momentum, Nesterov, RMSprop, Adam and AdamW walking down a surface: slots, deltas and the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.optimizers import optimizer_steps_story
from engine.optimizers.optimizer_steps_functions import (
    all_slots,
    by_keras,
    central_differences,
    delta_of,
    descent,
    height,
    keras_optimizer,
    keras_steps,
    root_of,
    slope,
    slots_after,
    through_assign,
)
from engine.optimizers.optimizer_steps_pictures import drawn, pictures, trail_of
from engine.optimizers.optimizer_steps_surfaces import COLUMNS, ROWS, SURFACES, start_of, top_of
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Pair, Real, number_text
from engine.technique import Cost, Story

OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
MOST_STEPS = 200

PARAMETERS = (
    Choice("optimizer", "momentum", OPTIMIZERS, "what turns gradients into steps"),
    Choice("surface", "bowl", tuple(SURFACES), "the loss of two weights, or of one"),
    Real("condition", 10.0, 0.01, 1000, "κ, the curvature along y (bowl) or of the parabola", 0.5),
    Numbers("start", None, 1, 2, -1e3, 1e3, "where the path begins; left out: the clicked cell"),
    Pair("cell", None, 0, COLUMNS - 1, "the clicked cell of the picture, row and column"),
    Integer("steps", 40, 1, MOST_STEPS, "steps taken"),
    Real("learning_rate", 0.02, -1, 10, "learning rate", 0.005),
    Real("momentum", 0.9, -1, 2, "how much of the last step is repeated (momentum, Nesterov)", 0.01),
    Real("rho", 0.9, -1, 2, "how much of its running average RMSprop keeps", 0.01),
    Real("beta_1", 0.9, -1, 2, "how much of the mean gradient Adam keeps", 0.01),
    Real("beta_2", 0.999, -1, 2, "how much of the mean squared gradient Adam keeps", 0.001),
    Real("epsilon", 1e-7, -1, 1, "inside RMSprop's root, added to Adam's", 1e-3),
    Real("weight_decay", 0.1, 0, 10, "AdamW takes learning rate · this · weight off", 0.01),
    Real("l2", 0.0, 0, 10, "adds l2 / 2 · |w|² to the loss, and so to the gradient", 0.05),
    Choice("compare", "none", ("none", *OPTIMIZERS), "a second optimizer from the same start"),
    Pair("chosen", (0, 0), 0, MOST_STEPS - 1, "weight and step looked at"),
)


def check(**p: Any) -> None:
    """A start of the surface's weights, a step that is taken, and settings that make sense."""
    known = SURFACES[p["surface"]]
    if p["start"] is not None and len(p["start"]) != known.weights:
        count = f"{known.weights} number{'s' * (known.weights > 1)}"
        received, fix = f"{len(p['start'])} numbers", f"write {count}, or clear it"
        raise Rejected(
            "start", received, f"{count}: {p['surface']} has {known.weights}", fix, {"start": None}
        )
    if p["cell"] is not None and not (p["cell"][0] < ROWS and p["cell"][1] < COLUMNS):
        expected = f"a row below {ROWS} and a column below {COLUMNS}"
        raise Rejected(
            "cell", "{}, {}".format(*p["cell"]), expected, "click inside the picture", {"cell": None}
        )
    weight, step = p["chosen"]
    if not (weight < known.weights and step < p["steps"]):
        expected = f"a weight below {known.weights} and a step below {p['steps']}"
        fix = "click a cell of the deltas"
        raise Rejected("chosen", f"weight {weight}, step {step}", expected, fix, {"chosen": (0, 0)})
    if p["learning_rate"] <= 0:
        fix = "choose a positive one: a negative rate climbs, and Keras takes it without a word"
        raise Rejected(
            "learning_rate", number_text(p["learning_rate"]), "above 0", fix, {"learning_rate": 0.02}
        )
    for name in ("momentum", "rho", "beta_1", "beta_2"):
        if not 0 <= p[name] < 1:
            fix = "choose less than 1: nothing would ever fade"
            usual = next(one.default for one in PARAMETERS if one.name == name)
            raise Rejected(name, number_text(p[name]), "at least 0 and below 1", fix, {name: usual})
    if p["epsilon"] < 0:
        fix = "choose 0 or more: the root of a negative number is NaN"
        raise Rejected("epsilon", number_text(p["epsilon"]), "0 or more", fix, {"epsilon": 1e-7})


def cost(steps: int, **_: Any) -> Cost:
    """Three loops of a few dozen operations a step, and the picture."""
    return Cost(memory=4 * (40 * steps + 12 * ROWS * COLUMNS), work=600 * steps + 60 * ROWS * COLUMNS)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    up = top_of(p["surface"], p["condition"])
    names = (
        "learning_rate",
        "momentum",
        "rho",
        "beta_1",
        "beta_2",
        "epsilon",
        "weight_decay",
        "condition",
        "l2",
    )
    return {
        "start": np.array(start_of(p["surface"], p["start"], p["cell"]), "float32"),
        **{name: p[name] for name in ("optimizer", "surface", "steps", "compare")},
        "settings": {name: p[name] for name in names},
        "window": [
            [float(end) for end in SURFACES[p["surface"]].across],
            list(map(float, up)),
            [ROWS, COLUMNS],
        ],
        "chosen": p["chosen"],
    }


SHOWN = (
    height,
    slope,
    slots_after,
    all_slots,
    root_of,
    delta_of,
    descent,
    keras_optimizer,
    keras_steps,
    by_keras,
    central_differences,
    through_assign,
    drawn,
    trail_of,
    pictures,
)


def optimizer_steps(start, optimizer, surface, steps, compare, settings, window, chosen):  # type: ignore[no-untyped-def]
    """Walk down a surface and say what every step was made of.

    start: float32[weight]; window: the ends drawn across and upwards, rows and columns of the picture;
    chosen: weight and step. Slots and deltas are float32[step, weight], slots as they are after the gradient.
    """
    import tensorflow as tf

    s = {name: tf.constant(value, tf.float32) for name, value in settings.items()}
    start, count = tf.convert_to_tensor(start), tf.constant(steps)
    still = tf.stop_gradient(start)  # the path is looked at here, not differentiated
    path = descent(surface, optimizer)(still, count, s)
    w = tf.concat([start[tf.newaxis], path[:-1]], axis=0)
    g = slope(surface, w, s["condition"], s["l2"])
    m, v = all_slots(optimizer, g, s)
    found = {"w": w, "loss": height(surface, w, s["condition"], s["l2"]), "g": g}
    t = tf.range(1.0, steps + 1)[:, tf.newaxis]
    root = root_of(optimizer, v, s)
    found["delta"] = delta_of(optimizer, w, g, m, root, t, s)
    found["after"] = w + found["delta"]
    found["sgd"] = -s["learning_rate"] * g
    moves, divides = optimizer not in ("sgd", "rmsprop"), optimizer in ("rmsprop", "adam", "adamw")
    found |= {"m": m} if moves else {}
    found |= {"v": v, "root": root} if divides else {}
    found["sgd_step"], found["step"] = found["sgd"][chosen[1]], found["delta"][chosen[1]]
    found["end"] = height(surface, path[-1], s["condition"], s["l2"])

    found["keras_after"] = by_keras(optimizer, w, g, m, v, settings)
    found["numeric"] = central_differences(surface, w, settings["condition"], settings["l2"])
    found |= pictures(surface, w, found["loss"], window, s)
    found["assign_is_none"] = tf.constant(through_assign(surface, start, found["delta"][0], s) is None)
    if compare != "none":
        other = descent(surface, compare)(still, count, s)
        found["other_w"] = tf.concat([still[tf.newaxis], other], axis=0)
        found["other_loss"] = height(surface, found["other_w"], s["condition"], s["l2"])
    return found


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see optimizer_steps_story.py."""
    return optimizer_steps_story.tell(parameters, results)
