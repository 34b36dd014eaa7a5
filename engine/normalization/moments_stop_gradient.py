"""Mean and variance with and without stop_gradient on the mean: first and second derivatives, descent.

`tf.nn.moments` holds the mean still inside the variance. The first derivative stays right, because
the variance is flat in the mean at the true mean; the second derivative does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.normalization import moments_story
from engine.normalization.moments_functions import (
    aim,
    both_ways,
    by_tensorflow,
    chain_rule,
    descend,
    descent,
    first_derivative,
    moments,
    second_derivative,
    shifted_mean,
)
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Story

MOST_VALUES = 12
AXES = {"batch": (-3, -2), "instance": (-2,), "layer": (-2, -1)}
TRUNCATES = (
    "integers would be truncated: tf.nn.moments answers mean 2 and variance 1 for [1, 2, 4] "
    "(truly 2.33 and 1.56); cast to a float type first"
)

LENS = "variance"  # what the gradient lens asks about first
PARAMETERS = (
    Numbers("values", (1.0, 2.0, 3.0, 6.0), 2, MOST_VALUES, about="the values, row after row"),
    Integer("samples", 2, 1, MOST_VALUES, about="samples in the batch"),
    Integer("channels", 1, 1, MOST_VALUES, about="channels; the positions are what is left"),
    Choice("moments", "batch", ("batch", "instance", "layer", "custom"), about="which axes are averaged"),
    Numbers(
        "axes",
        None,
        1,
        3,
        low=-9,
        high=9,
        whole=True,
        about="for custom: 0 sample, 1 position, 2 channel; left out: all",
    ),
    Choice("formula", "centred", ("centred", "squares"), about="mean((x-m)^2) or E[x^2]-E[x]^2"),
    Toggle("stop_gradient", True, about="hold the mean still inside the variance, as tf.nn.moments does"),
    Choice("mean", "batch", ("batch", "moving", "weighted"), about="which mean the variance is taken around"),
    Real("moving_mean", 2.5, -1e6, 1e6, about="the moving mean's value"),
    Numbers("weights", None, 2, MOST_VALUES, low=0, about="one per value, for the variance; left out: equal"),
    Choice(
        "dtype",
        "float32",
        ("float16", "float32", "float64"),
        about="number format",
        refusals={"int32": TRUNCATES, "int64": TRUNCATES, "int": TRUNCATES},
    ),
    Choice("order", "first", ("first", "second"), about="which derivatives the picture shows"),
    Choice("objective", "variance", ("variance", "normalised"), about="what is differentiated"),
    Integer("unit", 0, 0, MOST_VALUES - 1, about="for normalised: which output, counted row after row"),
    Real("epsilon", 1e-3, 0, 1, step=0.001, about="added to the variance before the root"),
    Integer("steps", 10, 0, 200, about="steps of gradient descent on the variance"),
    Real("learning_rate", 1.0, 0, 20, about="step size of the descent"),
)


def axes_of(moments: str, axes: tuple[int, ...] | None, **_: Any) -> tuple[int, ...]:
    """The averaged axes, counted from the end: -3 sample, -2 position, -1 channel."""
    if moments != "custom":
        return AXES[moments]
    return tuple(sorted(axis - 3 if axis >= 0 else axis for axis in axes or (0, 1, 2)))


def shape_of(values: tuple[float, ...], samples: int, channels: int, **_: Any) -> tuple[int, int, int]:
    """[sample, position, channel]: positions are what the other two leave."""
    return samples, len(values) // (samples * channels), channels


def check(**p: Any) -> None:
    """Layout, axes, weights and unit fit together. Raises `Rejected`."""
    _check_layout(len(p["values"]), p["samples"], p["channels"])
    if p["moments"] == "custom" and p["axes"] is not None:
        _check_axes(p["axes"])
    if p["weights"] is not None:
        _check_weights(p)
    last = len(p["values"]) - 1
    if p["objective"] == "normalised" and p["unit"] > last:
        raise Rejected(
            "unit", str(p["unit"]), f"0 to {last} for {last + 1} values", f"choose {last}", {"unit": last}
        )


def _check_layout(count: int, samples: int, channels: int) -> None:
    if count % (samples * channels) == 0:
        return
    pairs = [(s, c) for s in range(1, count + 1) for c in range(1, count + 1) if count % (s * c) == 0]
    best = min(pairs, key=lambda pair: (abs(pair[1] - channels), abs(pair[0] - samples)))
    shown = ", ".join(f"{s}×{c}" for s, c in pairs)
    raise Rejected(
        "samples",
        f"{samples} samples × {channels} channels for {count} values",
        f"samples × channels that divide {count}: {shown}",
        f"choose {best[0]} samples and {best[1]} channels, or add or remove values",
        {"samples": best[0], "channels": best[1]},
    )


def _check_axes(axes: tuple[int, ...]) -> None:
    expected, remedy = "axes 0 (sample), 1 (position), 2 (channel) or -3 to -1, each once", {"axes": (0, 1)}
    for axis in axes:
        if not -3 <= axis <= 2:
            fix = f"axis {axis} is out of range for a tensor of 3 axes: remove it"
            raise Rejected("axes", str(axis), expected, fix, remedy)
    places = [axis % 3 for axis in axes]
    if len(set(places)) < len(places):
        listed = ", ".join(map(str, axes))
        raise Rejected(
            "axes", listed, expected, "an axis can be averaged only once: remove the repeat", remedy
        )


def _check_weights(p: Mapping[str, Any]) -> None:
    weights, count = p["weights"], len(p["values"])
    if len(weights) != count:
        expected, fix = f"{count} weights, one for each value", "add or remove weights, or leave them out"
        raise Rejected("weights", f"{len(weights)} weights", expected, fix, {"weights": None})
    table = np.array(weights, p["dtype"])
    sums = table.reshape(shape_of(**p)).sum(axes_of(**p)).reshape(-1)
    for group, total in enumerate(sums):
        if total == 0:
            where = "weights" if sums.size == 1 else f"the weights of group {group}"
            expected = "weights with a sum above 0 in every group (a mean divides by it)"
            fix = "raise at least one weight of the group, or leave the weights out"
            raise Rejected("weights", f"{where} summing to 0", expected, fix, {"weights": None})


def cost(**p: Any) -> Cost:
    """Hessians of copies of x dominate the memory, the descent the work."""
    count = len(p["values"])
    memory = 8 * (60 * count * count + 4 * count * (p["steps"] + 1) + 41 * count)
    return Cost(memory, 20 * count * (12 * count + 4 * p["steps"] + 41))


def _array(values: tuple[float, ...], dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    with np.errstate(over="ignore"):  # beyond float16's range: infinity, and the page says so
        return np.array(values).astype(dtype).reshape(shape)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with; `dtype`, `samples` and `channels` live in x itself."""
    shape, weights = shape_of(**p), p["weights"]
    same = ("formula", "stop_gradient", "mean", "moving_mean", "objective", "unit", "epsilon", "steps")
    return {
        "x": _array(p["values"], p["dtype"], shape),
        "weights": None if weights is None else _array(weights, p["dtype"], shape),
        "axes": axes_of(**p),
        **{name: p[name] for name in same},
        "learning_rate": p["learning_rate"],
    }


SHOWN = (
    moments,
    aim,
    first_derivative,
    second_derivative,
    both_ways,
    chain_rule,
    by_tensorflow,
    shifted_mean,
    descent,
    descend,
)


def moments_stop_gradient(  # type: ignore[no-untyped-def]
    x,
    weights,
    axes,
    formula,
    stop_gradient,
    mean,
    moving_mean,
    objective,
    unit,
    epsilon,
    steps,
    learning_rate,
):
    """Moments of x with and without stop_gradient on the mean, and their derivatives.

    x, weights: float[sample, position, channel]; axes: the averaged ones, counted from the end.
    Gradients are float[value], Hessians float[value, value], trajectories float[step, value].
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    weights = None if weights is None else tf.convert_to_tensor(weights)

    def measure(x, hold):  # type: ignore[no-untyped-def]
        parts = moments(x, weights, axes, formula, mean, moving_mean, hold)
        return aim(x, parts, objective, unit, epsilon)

    def variance(x, hold):  # type: ignore[no-untyped-def]
        return moments(x, weights, axes, formula, mean, moving_mean, hold)["variance"]

    through, stopped, derivatives = both_ways(x, measure)
    results = {"x": x, "weights": weights, **(stopped if stop_gradient else through), **derivatives}
    results |= chain_rule(x, measure)
    results |= by_tensorflow(x, weights, axes, objective, unit, epsilon)
    results |= shifted_mean(x, results["mean"], variance)
    follows, held = descend(x, weights, axes, formula, mean, moving_mean, steps, learning_rate)
    results["trajectory"], results["trajectory_other"] = (held, follows) if stop_gradient else (follows, held)
    return {name: value for name, value in results.items() if value is not None}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see moments_story.py."""
    axes = tuple(axis % 3 for axis in axes_of(**parameters))
    return moments_story.tell(parameters, results, axes)
