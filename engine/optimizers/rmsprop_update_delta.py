"""The weight change RMSprop makes of a gradient, step by step, beside minus learning rate times gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.optimizers import rmsprop_update_delta_story
from engine.optimizers.rmsprop_update_delta_checks import check_settings
from engine.optimizers.rmsprop_update_delta_functions import (
    by_another,
    by_keras,
    central_differences,
    prepared,
    rmsprop,
    running,
)
from engine.parameter_lists import Cells, Numbers
from engine.parameters import Choice, Pair, Real, Toggle
from engine.technique import Cost, Story

MOST_WEIGHTS, MOST_STEPS = 8, 12
OTHERS = ("tf1-rmsprop", "pytorch-rmsprop", "sgd", "adam", "mean-magnitude")

PARAMETERS = (
    Numbers("weights", (1.0, -2.0, 0.5), 1, MOST_WEIGHTS, about="the weights before the first step"),
    Numbers(
        "grads",
        (0.1, -1.0, 10.0, 0.2, 0.5, -10.0, 0.1, -1.0, 0.0),
        0,
        MOST_WEIGHTS * MOST_STEPS,
        about="one gradient a weight, step after step",
    ),
    Cells("connected", MOST_WEIGHTS, "0 where the gradient is None; left out: all have one"),
    Real("learning_rate", 0.01, -10, 10, "learning rate", 0.001),
    Real("rho", 0.9, -1, 2, "how much of the running average is kept each step", 0.01),
    Real("momentum", 0.0, -1, 2, "how much of the last step is repeated", 0.05),
    Real("epsilon", 1e-7, -1, 1, "added to the average before dividing", 1e-4),
    Choice("epsilon_place", "inside", ("inside", "outside"), "inside the root, or added to it"),
    Toggle("centered", False, "subtract the square of the average gradient"),
    Choice("v0", "0", ("0", "1"), "the running average before the first step"),
    Real("weight_decay", 0.0, 0, 10, "each step takes learning rate · this · weight off a weight", 0.01),
    Choice("clipping", "none", ("none", "clipvalue", "clipnorm", "global_clipnorm"), "what limits gradients"),
    Real("clip", 1.0, -10, 1e6, "the largest value or norm that clipping leaves"),
    Real("loss_scale", 1.0, -10, 1e6, "gradients are divided by it first (loss_scale_factor)"),
    Choice("variables", "one", ("one", "each", "new"), "one variable, one each, or a new one after step 0"),
    Choice("compare", "tf1-rmsprop", OTHERS, "which other rule gets the same gradients"),
    Pair("chosen", (0, 0), 0, MOST_WEIGHTS * MOST_STEPS, "step and weight looked at"),
)


def connected_of(weights: Sequence[float], connected: Sequence[int] | None, **_: Any) -> Sequence[int]:
    """1 for each weight that has a gradient."""
    return connected if connected is not None else (1,) * len(weights)


def check(
    weights: Sequence[float],
    grads: Sequence[float],
    connected: Sequence[int] | None,
    chosen: tuple[int, int],
    **rest: Any,
) -> None:
    """Gradients come in rows of one a weight, some exist, and the settings make sense."""
    count = len(weights)
    if not grads:
        expected = f"at least one row of {count} gradients"
        fix = "write some; for an empty list Keras says “not enough values to unpack”, which names nothing"
        raise Rejected("grads", "an empty list", expected, fix, {"grads": (1.0,) * count})
    steps, left = divmod(len(grads), count)
    if left or steps > MOST_STEPS:
        received = f"{len(grads)} gradients for {count} weight{'s' * (count > 1)}"
        expected = f"a multiple of {count}, one gradient a weight and step, for 1 to {MOST_STEPS} steps"
        kept = min(max(steps, 1), MOST_STEPS) * count
        remedy = {"grads": (*grads, *(0.0,) * count)[:kept]}
        raise Rejected("grads", received, expected, f"write {kept} gradients", remedy)
    if connected is not None and len(connected) != count:
        expected = f"{count} cells, one a weight"
        raise Rejected(
            "connected", f"{len(connected)} cells", expected, "paint one a weight", {"connected": None}
        )
    if connected is not None and not any(connected):
        expected = "at least one weight that the loss depends on"
        fix = "connect a weight: Keras says “No gradients provided for any variable”"
        raise Rejected("connected", "None for every gradient", expected, fix, {"connected": None})
    if not (chosen[0] < steps and chosen[1] < count):
        expected = f"a step from 0 to {steps - 1} and a weight from 0 to {count - 1}"
        fix = "click a cell of the deltas"
        raise Rejected("chosen", f"step {chosen[0]}, weight {chosen[1]}", expected, fix, {"chosen": (0, 0)})
    check_settings(**rest)


def cost(weights: Sequence[float], grads: Sequence[float], **_: Any) -> Cost:
    """A dozen tensors of the gradients' size in twice as many copies, for central differences."""
    size = len(grads)
    return Cost(memory=8 * 12 * size * (2 * size + 4), work=40 * size * (2 * size + 4) + 2000 * size)


def arguments(weights: Sequence[float], grads: Sequence[float], **rest: Any) -> dict[str, Any]:
    """What the function is called with: gradients as rows of one a weight."""
    formula = ("learning_rate", "rho", "momentum", "epsilon", "epsilon_place", "centered", "weight_decay")
    return {
        "w0": np.array(weights, "float32"),
        "g": np.array(grads, "float32").reshape(-1, len(weights)),
        "connected": np.array(connected_of(weights, **rest), "int32"),
        **{name: rest[name] for name in formula},
        "v0": float(rest["v0"]),
        **{name: rest[name] for name in ("loss_scale", "clipping", "clip")},
        "apart": rest["variables"] == "each",
        "compare": rest["compare"],
        "chosen": rest["chosen"],
    }


SHOWN = (running, prepared, rmsprop, by_keras, by_another, central_differences)


def rmsprop_update_delta(w0, g, connected, apart, v0, compare, chosen, **settings):  # type: ignore[no-untyped-def]
    """The deltas RMSprop applies for given gradients: by formula, by Keras, and by another rule.

    w0: float32[weight]; g: float32[step, weight]; connected: int32[weight], 0 where the gradient is None;
    chosen: the step and weight whose delta is differentiated.
    """
    import tensorflow as tf

    w0, g = tf.convert_to_tensor(w0), tf.convert_to_tensor(g)
    there = tf.cast(connected, tf.float32)
    formula = {**settings, "v0": v0, "apart": apart}
    with tf.GradientTape() as tape:
        tape.watch([w0, g])
        found = {"w0": w0, "g": g, "connected": tf.constant(connected)}
        found |= rmsprop(w0, g, there, formula)
        delta = found["delta"][chosen[0], chosen[1]]
    slope, in_w0 = tape.gradient(delta, [g, w0])
    found["gradient"] = slope
    found["gradient_is_none"] = tf.constant([slope is None, in_w0 is None])
    found["gradient_w0"] = tf.zeros_like(w0) if in_w0 is None else in_w0  # None: no path, drawn as 0

    wide, wide_there = tf.cast(w0, tf.float64)[:, None], tf.cast(connected, tf.float64)[:, None]
    found["numeric"] = central_differences(
        lambda copies: rmsprop(wide, copies, wide_there, formula)["delta"], g, chosen
    )
    found["sgd"] = -settings["learning_rate"] * g * there
    found["sgd_step"], found["rmsprop_step"] = found["sgd"][chosen[0]], found["delta"][chosen[0]]
    names = ("learning_rate", "rho", "momentum", "epsilon", "centered", "weight_decay")
    options = {name: settings[name] for name in names}
    scale = None if settings["loss_scale"] == 1 else settings["loss_scale"]
    keras_only = {"loss_scale_factor": scale}
    if settings["clipping"] != "none":
        keras_only[settings["clipping"]] = settings["clip"]
    present = np.asarray(connected)
    found |= by_keras(np.asarray(w0), np.asarray(g), present, apart, v0, options | keras_only)
    return found | by_another(compare, w0, g, there, formula, options)


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see rmsprop_update_delta_story.py."""
    return rmsprop_update_delta_story.tell(parameters, results)
