"""Eight ways to keep weights non-negative: projection lands on the boundary, penalties beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.optimizers import weight_constraints_story
from engine.optimizers.weight_constraints_functions import (
    advance,
    clipping_function,
    clipping_graph,
    constrained,
    counted_graphs,
    penalty,
    raw_from,
    surface,
    training,
    weights_from,
)
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Real, Toggle, number_text
from engine.technique import Cost, Story

METHODS = (
    "none",
    "projection",
    "min-penalty",
    "sum-penalty",
    "squared-penalty",
    "softplus",
    "square",
    "relu",
)
CONSTRAINTS = ("NonNeg", "MaxNorm", "UnitNorm", "MinMaxNorm", "clip")
SAID = "Keras: “Could not interpret constraint identifier”"
REFUSALS = {
    "non_neg": "write NonNeg: constraints are classes, keras.constraints.NonNeg()",
    "nonneg": "write NonNeg",
    "NonNegative": f"write NonNeg ({SAID}: NonNegative)",
    "max_norm": "write MaxNorm",
    "unit_norm": "write UnitNorm",
}
PARAMETERS = (
    Numbers("target", (-1.0, 2.0), 2, 8, -100, 100, "where the loss |w − target|² is smallest"),
    Numbers("start", None, 2, 8, -100, 100, "the first weights; left out: all 1"),
    Integer("units", 1, 1, 4, "columns of the kernel [input, unit] that the weights fill"),
    Choice("method", "projection", METHODS, "what keeps weights non-negative"),
    Real("strength", 2.5, 0, 100, "lambda, what the penalty is multiplied by"),
    Choice("constraint", "NonNeg", CONSTRAINTS, "what is projected on", REFUSALS),
    Real("low", 0.0, -10, 10, "lower bound of a clip, smallest norm"),
    Real("high", 1.0, -10, 10, "upper bound of a clip, largest norm"),
    Real("rate", 1.0, 0, 1, "how much of the way MinMaxNorm goes in one step", step=0.05),
    Integer("axis", 0, -9, 9, "the axis a norm is taken along"),
    Real("learning_rate", 0.1, 0.001, 2, "what the gradient is multiplied by", step=0.005),
    Real("momentum", 0.0, 0, 0.99, "share of the last step that is kept", step=0.05),
    Integer("steps", 60, 1, 300, "updates"),
    Integer("at", 3, 0, 299, "the update that is shown in detail"),
    Integer("iterations", 10, 1, 60, "of the TensorFlow 1 loop that grows its graph"),
    Toggle("timed", False, "run the TensorFlow 1 loop and time it"),
)


def check(**p: Any) -> None:
    """Shapes must fit, and bounds must be in order: clip_by_value answers the lower one without a word."""
    count = len(p["target"])
    if p["start"] is not None and len(p["start"]) != count:
        expected = f"{count} weights, as many as the target has"
        raise Rejected("start", f"{len(p['start'])} weights", expected, "write as many", {"start": None})
    if count % p["units"]:
        expected = f"units that divide the {count} weights into equal columns"
        raise Rejected("units", str(p["units"]), expected, "change units or the target", {"units": 1})
    if p["axis"] not in (-2, -1, 0, 1):
        expected = "0 (a norm for each unit) or 1 (for each input): the kernel [input, unit] has two axes"
        fix = "choose axis 0; TensorFlow says “Invalid reduction dimension” for others"
        raise Rejected("axis", str(p["axis"]), expected, fix, {"axis": 0})
    _check_bounds(p)


def _check_bounds(p: Mapping[str, Any]) -> None:
    low, high, constraint = p["low"], p["high"], p["constraint"]
    if constraint in ("MinMaxNorm", "clip") and low > high:
        expected = f"at most the upper bound, {number_text(high)}"
        fix = "swap the two: clip_by_value would answer the lower bound for every weight, without an error"
        raise Rejected("low", number_text(low), expected, fix, {"low": high, "high": low})
    if constraint == "MinMaxNorm" and low < 0:
        raise Rejected("low", number_text(low), "a norm, at least 0", "choose 0", {"low": 0.0})
    if constraint == "MaxNorm" and high < 0:
        raise Rejected("high", number_text(high), "a norm, at least 0", "choose 1", {"high": 1.0})


def cost(**p: Any) -> Cost:
    """Eight paths with their velocities; the surface; graphs of a few hundred nodes."""
    numbers = len(METHODS) * (p["steps"] + 1) * len(p["target"])
    return Cost(memory=4 * 8 * numbers + 2**16 + 4096 * p["iterations"], work=60 * numbers + 100_000)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    shape = (-1, p["units"])
    start = p["start"] or (1.0,) * len(p["target"])
    return {
        "start": np.array(start, "float32").reshape(shape),
        "target": np.array(p["target"], "float32").reshape(shape),
        "method": p["method"],
        "constraint": p["constraint"] if p["method"] == "projection" else "NonNeg",
        "bounds": (p["low"], p["high"], p["rate"]),
        "axis": p["axis"] % 2 if p["constraint"].endswith("Norm") else 0,
        "strength": p["strength"],
        "learning_rate": p["learning_rate"],
        "momentum": p["momentum"],
        "steps": p["steps"],
        "at": min(p["at"], p["steps"] - 1),
        "iterations": p["iterations"],
        "timed": p["timed"],
        "methods": METHODS,
    }


SHOWN = (
    penalty,
    weights_from,
    raw_from,
    constrained,
    advance,
    training,
    surface,
    clipping_graph,
    clipping_function,
    counted_graphs,
)


def weight_constraints(  # type: ignore[no-untyped-def]
    start,
    target,
    method,
    constraint,
    bounds,
    axis,
    strength,
    learning_rate,
    momentum,
    steps,
    at,
    iterations,
    timed,
    methods,
):
    """Minimise |w − target|² with every method, and look at one update of one of them.

    start, target: float32[input, unit]; bounds: (low, high, rate) of the constraint.
    Gives paths float32[method, step, input, unit] and the chosen method's update `at` in detail.
    """
    import tensorflow as tf

    start, target = tf.convert_to_tensor(start), tf.convert_to_tensor(target)

    def keep(w):  # type: ignore[no-untyped-def]
        return constrained(w, constraint, *bounds, axis)

    given = [float(number) for number in (strength, learning_rate, momentum, *bounds)]
    still = tf.stop_gradient(start), tf.stop_gradient(target)  # the paths are a record, not a function
    raws, velocities = training(tuple(methods), constraint, axis)(*still, steps, *given)
    place = list(methods).index(method)
    raw, velocity = tf.convert_to_tensor(tf.Variable(raws[at, place])), velocities[at, place]
    one = advance(
        raw,
        velocity,
        target,
        lambda raw: weights_from(raw, method),
        lambda weights: penalty(weights, method, strength),
        (learning_rate, momentum),
        keep if method == "projection" else tf.identity,
    )

    with tf.GradientTape() as tape:
        tape.watch(one["weights"])
        added = penalty(one["weights"], method, strength)
    penalty_gradient = tape.gradient(added, one["weights"], unconnected_gradients="zero")
    paths = tf.stack([weights_from(raws[:, row], name) for row, name in enumerate(methods)])
    shape = tf.shape(paths)
    each = tf.reshape(paths, [-1, shape[2], shape[3]])
    kept = tf.map_fn(keep, each) if constraint in ("MaxNorm", "UnitNorm", "MinMaxNorm") else keep(each)
    smallest = tf.reduce_min(paths, axis=(2, 3))
    first, second, heights = surface(start, target, 41)
    results = {
        "target": target,
        "start": start,
        **({"raw": raw} if method in ("softplus", "square", "relu") else {}),
        "weights": one["weights"],
        "gradient": one["gradient"],
        "velocity": one["velocity"],
        "updated": one["updated"],
        "after": weights_from(one["raw_after"], method),
        "projected_start": keep(start),
        "penalty": added,
        "penalty_gradient": penalty_gradient,
        "paths": paths,
        "final": tf.reshape(paths[:, -1], [len(methods), -1]),
        "smallest": smallest,
        "unconstrained": smallest[0],
        "chosen": smallest[place],
        "violation": tf.reshape(tf.reduce_max(tf.abs(each - kept), axis=(1, 2)), shape[:2]),
        "loss": tf.reduce_sum(tf.square(paths - target), axis=(2, 3)),
        "first": first,
        "second": second,
        "surface": heights,
        "nodes": tf.constant(counted_graphs(iterations), tf.int32),
    }
    if timed:
        runs = [clipping_graph(iterations, inside, True)[1] for inside in (True, False)]
        results["seconds"] = tf.constant([*runs, clipping_function(iterations)[1]])
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see weight_constraints_story.py."""
    return weight_constraints_story.tell(parameters, results, METHODS)
