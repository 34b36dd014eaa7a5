"""What the moments say about themselves: axes and tensors, facts, notes. Steps: moments_steps.py."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.normalization.moments_steps import LAYOUT, steps
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
Results = Mapping[str, Array]

_PLAIN = {
    "x": "the values, row after row",
    "weights": "weight of each value in the variance",
    "share": "each weight divided by its group's sum",
    "group_mean": "the exact mean of each group",
    "mean": "the mean the variance is taken around",
    "held_mean": "the mean behind stop_gradient: the same number, no slope",
    "deviation": "x minus the mean",
    "squared": "what is averaged into the variance",
    "mean_square": "E[x²] of each group",
    "variance": "population variance of each group",
    "normalised": "(x − mean) ÷ √(variance + ε)",
    "dvar_dmean": "slope of the variance when only the mean moves",
    "tf_mean": "mean by TensorFlow's moments",
    "tf_variance": "variance by TensorFlow's moments",
    "keras_normalised": "keras.layers.GroupNormalization(groups=-1)",
}
_FLAT = {
    "gradient_through": (("value",), "d target / dx without stop_gradient"),
    "gradient_stopped": (("value",), "d target / dx with stop_gradient on the mean"),
    "difference": (("value",), "without minus with stop_gradient"),
    "direct": (("value",), "chain rule: the path that holds the mean still"),
    "through_mean": (("value",), "chain rule: the path through the mean"),
    "chain_rule": (("value",), "direct + through the mean"),
    "gradient_tf": (("value",), "d target / dx by TensorFlow's moments"),
    "hessian_through": (("slope", "value"), "d² target / dx² without stop_gradient"),
    "hessian_stopped": (("slope", "value"), "d² target / dx² with stop_gradient on the mean"),
    "hessian_difference": (("slope", "value"), "without minus with stop_gradient"),
    "hessian_tf": (("slope", "value"), "d² target / dx² by TensorFlow's moments"),
    "hessian_reference": (("slope", "value"), "d² target / dx² by tf.math.reduce_variance"),
    "shift": (("shift",), "how far every mean is moved"),
    "variance_at": (("shift",), "sum of variances around the moved means"),
    "trajectory": (("step", "value"), "the values under gradient descent, as chosen"),
    "trajectory_other": (("step", "value"), "the same with stop_gradient the other way"),
}


def tell(parameters: Mapping[str, Any], results: Results, axes: tuple[int, ...]) -> Story:
    """The whole story of one result; `axes` are the averaged ones, 0 to 2."""
    tensors = {
        name: Tensor(results[name], LAYOUT, about) for name, about in _PLAIN.items() if name in results
    }
    tensors |= {name: Tensor(results[name], *said) for name, said in _FLAT.items()}
    if not parameters["stop_gradient"]:
        del tensors["held_mean"]  # it is the mean itself
    if parameters["mean"] != "moving":
        del tensors["group_mean"]
    known = facts(parameters, results, axes)
    found = steps(parameters, results, axes)
    return Story(tensors, found, known, notes(parameters, results, known))


def same(one: Array, two: Array, noise: float = 0.0) -> bool:
    """Equal up to rounding in their own number format; `noise` is the size of terms that cancel.

    NaN and infinity are equal to themselves.
    """
    a, b = one.astype("float64").ravel(), two.astype("float64").ravel()
    both = np.abs(np.concatenate([a, b]))
    size = float(np.max(both[np.isfinite(both)], initial=0.0)) + (noise if np.isfinite(noise) else 0.0)
    return bool(np.allclose(a, b, 0, 16 * float(np.finfo(one.dtype).eps) * size, equal_nan=True))


def largest(values: Array) -> float:
    """The largest absolute value; NaN if any is."""
    return float(np.max(np.abs(values.astype("float64"))))


def spread(path: Array) -> float:
    """Distance between the outermost values at the end of a trajectory."""
    with np.errstate(all="ignore"):
        last = path[-1].astype("float64")
        return float(last.max() - last.min())


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values.ravel())


def facts(parameters: Mapping[str, Any], results: Results, axes: tuple[int, ...]) -> dict[str, Any]:
    """Plain numbers: the moments, how far both ways are apart, who is right, where descent ends."""
    shape = results["x"].shape
    size = prod(shape[axis] for axis in axes)
    with np.errstate(all="ignore"):
        apart = largest(results["chain_rule"] - results["gradient_through"])
    known = {
        "shape": tuple(shape),
        "group_size": size,
        "groups": results["x"].size // size,
        "mean": _numbers(results["mean"]),
        "variance": _numbers(results["variance"]),
        "tf_mean": _numbers(results["tf_mean"]),
        "tf_variance": _numbers(results["tf_variance"]),
        "dvar_dmean": _numbers(results["dvar_dmean"]),
        "reached_through": bool(results["reached_through"]),
        "reached_stopped": bool(results["reached_stopped"]),
        "chain_rule_error": apart,
        "first_difference": largest(results["difference"]),
        "second_difference": largest(results["hessian_difference"]),
        "second_scale": largest(results["hessian_through"]),
        "first_same": same(
            results["gradient_through"], results["gradient_stopped"], _rounding_of_slopes(results)
        ),
        "second_same": same(
            results["hessian_through"],
            results["hessian_stopped"],
            _rounding_of_curvature(parameters, results),
        ),
        "path_same": same(results["trajectory"], results["trajectory_other"]),
        "right": right(parameters, results),
        "final": _numbers(results["trajectory"][-1]),
        "final_spread": spread(results["trajectory"]),
        "other_final": _numbers(results["trajectory_other"][-1]),
        "other_spread": spread(results["trajectory_other"]),
    }
    if "keras_normalised" in results:
        known["keras_difference"] = largest(results["keras_normalised"] - results["normalised"])
    return known


def _rounding_of_slopes(results: Results) -> float:
    """How large the terms of a first derivative are: rounding of x arrives times the curvature."""
    curvature = max(largest(results["hessian_through"]), largest(results["hessian_stopped"]))
    return largest(results["x"]) * curvature


def _rounding_of_curvature(parameters: Mapping[str, Any], results: Results) -> float:
    """The same for a second derivative; that of a variance does not depend on x at all."""
    if parameters["objective"] == "variance":
        return 0.0
    with np.errstate(all="ignore"):
        deviation = np.sqrt(results["variance"].astype("float64") + parameters["epsilon"])
        size = np.float64(largest(results["hessian_through"]) * largest(results["x"]))
        return float(size / np.min(deviation))  # infinite where a group has no variance


def right(parameters: Mapping[str, Any], results: Results) -> tuple[str, ...] | None:
    """Whose Hessian tf.math.reduce_variance confirms; None where it computes something else."""
    if parameters["weights"] is not None or parameters["mean"] == "moving":
        return None
    names = {"without stop_gradient": "through", "with stop_gradient": "stopped", "tf.nn.moments": "tf"}
    truth, noise = results["hessian_reference"], _rounding_of_curvature(parameters, results)
    if not np.isfinite(truth).all():
        return None
    return tuple(name for name, key in names.items() if same(results[f"hessian_{key}"], truth, noise))


def notes(parameters: Mapping[str, Any], results: Results, known: Mapping[str, Any]) -> list[str]:
    """Warnings: true, and worth saying."""
    said = []
    if known["group_size"] < 2:
        said.append(
            "Each group holds one value: its variance is 0 and there is nothing to normalise. "
            "Average over more axes, or give each group at least 2 values."
        )
    if parameters["weights"] is None and parameters["mean"] == "weighted":
        said.append(
            "No weights are given, so the weighted mean is the plain one: try weights such as 1,1,1,3."
        )
    if (results["variance"] < 0).any():
        said.append(
            "A variance is below 0: E[x²] − m² is a variance only where m is the exact mean under the same "
            "weights. Its root, and with it the normalised values, is NaN."
        )
    said += _rounding(parameters, results)
    if not np.isfinite(results["trajectory"]).all():
        said.append(
            "The descent leaves the numbers of this format: choose a smaller learning rate or float64."
        )
    return said


def _rounding(parameters: Mapping[str, Any], results: Results) -> list[str]:
    dtype, given = parameters["dtype"], np.array(parameters["values"])
    held = results["x"].astype("float64").ravel()
    if not np.isfinite(held).all():
        return [
            f"{dtype} ends at {number_text(float(np.finfo(dtype).max))}: a larger value is infinity here."
        ]
    said = []
    wrong = [place for place in range(given.size) if held[place] != given[place]]
    if wrong and dtype == "float16":
        place = wrong[0]
        was, now = number_text(float(given[place])), number_text(float(held[place]))
        said.append(f"float16 has no {was}: it is {now} here.")
    ours, theirs = results["variance"], results["tf_variance"]
    if not np.isfinite(ours).all() and np.isfinite(theirs).all():
        said.append(
            f"Squares left the range of {dtype}, so our variance is not finite. "
            "tf.nn.moments computes in float32 and only then rounds: its answer is finite."
        )
    return said
