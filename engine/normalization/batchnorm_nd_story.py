"""What batch normalisation says about itself: tensors and axes, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.normalization.batchnorm_nd_layouts import question_shape
from engine.normalization.batchnorm_nd_steps import Layout, steps
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
Results = Mapping[str, Array]

_LIKE_X = {
    "x": "the batch: what the layer before gives",
    "rectified": "x after the ReLU",
    "normalised": "(x − mean) ÷ √(variance + ε)",
    "y": "γ · normalised + β",
    "out": "what the next layer gets",
    "other_out": "the same by the other statistics: the moving ones in training, the batch's in inference",
    "keras_y": "the same by keras.layers.BatchNormalization",
    "fused_y": "the same by TensorFlow's fused kernel",
    "x_gradient": "slope of the largest output in each x",
}
_VECTORS = {
    "mean": "mean of all values that share it",
    "variance": "population variance of the same values",
    "moving_mean": "the moving mean before this batch; a new layer has 0",
    "moving_variance": "the moving variance before this batch; a new layer has 1",
    "fused_variance": "what the fused kernel hands on for the moving variance",
    "gamma": "γ: one scale for each place of the axis",
    "beta": "β: one offset for each place of the axis",
    "gamma_gradient": "slope of the largest output in each γ",
    "beta_gradient": "slope of the largest output in each β",
    "moving_gradient": "slope of the largest output in each moving mean",
}
_PATHS = {
    "batch_mean": "mean of each batch before this one",
    "mean_path": "the moving mean at the start and after each step",
    "variance_path": "the moving variance at the start and after each step",
}


def tell(parameters: Mapping[str, Any], results: Results) -> Story:
    """The whole story of one run."""
    layout = Layout(parameters, tuple(results["x"].shape))
    known = facts(parameters, results, layout)
    return Story(
        tensors(results, layout), steps(parameters, layout), known, notes(parameters, results, known, layout)
    )


def tensors(results: Results, layout: Layout) -> dict[str, Tensor]:
    """Every result that has axes."""
    name = layout.names[layout.axis]
    axes = dict.fromkeys(_LIKE_X, layout.names) | dict.fromkeys(_VECTORS, (name,))
    axes |= dict.fromkeys(_PATHS, ("time", name)) | {"bias_gradient": (layout.names[-1],)}
    about = _LIKE_X | _VECTORS | _PATHS
    about["bias_gradient"] = "slope of the largest output in a bias of the layer before"
    return {key: Tensor(results[key], axes[key], about[key]) for key in about if key in results}


def facts(p: Mapping[str, Any], results: Results, layout: Layout) -> dict[str, Any]:
    """Shapes, counts by Keras, moments before and after, and what inference would make of the batch."""
    out, y = results["out"].astype("float64"), results["y"].astype("float64")
    trainable = int(results["keras_trainable"].sum())
    total = int(results["keras_parameters"].sum())
    question = question_shape(**p)
    return {
        "shape": layout.shape,
        "axis": layout.axis,
        "axis_name": layout.names[layout.axis],
        "axes_averaged": tuple(name for at, name in enumerate(layout.names) if at != layout.axis),
        "gamma_shape": (layout.size,),
        "trainable": trainable,
        "non_trainable": total - trainable,
        "total": total,
        "group": layout.group,
        "uses": "batch" if p["mode"] == "training" and p["trainable"] else "moving",
        "mean": _numbers(results["mean"]),
        "variance": _numbers(results["variance"]),
        "moving_mean": _numbers(results["moving_mean"]),
        "moving_variance": _numbers(results["moving_variance"]),
        "reached": 1 - p["momentum"] ** p["steps"],
        "out_mean": float(out.mean()),
        "out_variance": float(out.var()),
        "largest_at": tuple(int(at) for at in np.unravel_index(np.argmax(out), out.shape)),
        "zeros": float((out == 0).mean()),
        "negative": float((out < 0).mean()),
        "gap": float(np.abs(out - results["other_out"]).max()),
        "keras_difference": float(np.abs(y - results["keras_y"]).max()),
        "fused_difference": float(np.abs(y - results["fused_y"]).max()) if p["fused"] else None,
        "bessel": layout.group / max(1, layout.group - 1),
        "bias_slope": float(np.abs(results["bias_gradient"]).max()),
        "moving_is_read": "moving_gradient" in results,
        "question_shape": question,
        "question_gamma": None if question is None else question[layout.axis],
        "question_group": None if question is None else prod(question) // question[layout.axis],
    }


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def notes(p: Mapping[str, Any], results: Results, known: Mapping[str, Any], layout: Layout) -> list[str]:
    """Warnings: true, and worth saying."""
    said = _of_axis(known, layout) + _of_mode(p, known)
    if known["uses"] == "batch":
        said += _of_variance(results, known, layout)
    longest = max(len(p["gamma"]), len(p["beta"]))
    changed = [v for v in p["gamma"][layout.size :] if v != 1] + [
        v for v in p["beta"][layout.size :] if v != 0
    ]
    if changed:
        said.append(f"γ and β have {layout.size} entries here: of the {longest} typed the rest is not used.")
    return said


def _of_axis(known: Mapping[str, Any], layout: Layout) -> list[str]:
    name, rank = known["axis_name"], len(layout.shape)
    if layout.axis == 0:
        return [
            f"Axis 0 is the batch: γ has {layout.size} entries, one for each sample. Such a layer works for batches "
            f"of exactly {layout.size}, and sample 0 is scaled like every sample 0."
        ]
    if layout.axis < rank - 1:
        return [
            f"Axis {layout.axis} is the {name}: γ has {layout.size} entries, one for each {name}, and all channels share "
            "them. One pair for each feature map needs axis −1, the channels."
        ]
    return []


def _of_mode(p: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    said = []
    if not p["trainable"] and p["mode"] == "training":
        said.append(
            "The layer is frozen (trainable=False): it infers with its moving values although training=True."
        )
    if known["uses"] == "moving" and not p["steps"]:
        said.append(
            "Nothing was trained: the moving mean is still 0 and the moving variance 1, so x passes nearly as it is."
        )
    elif known["uses"] == "moving" and known["reached"] < 0.95:
        said.append(
            f"After {p['steps']} steps with momentum {p['momentum']:g} the moving values have come "
            f"{known['reached']:.0%} of the way: inference still differs from training by up to {known['gap']:.3g}."
        )
    return said


def _of_variance(results: Results, known: Mapping[str, Any], layout: Layout) -> list[str]:
    if known["group"] == 1:
        more = "a batch of 2 or more" if len(layout.shape) == 2 else "more values to share them"
        return [
            f"One value for each {known['axis_name']}: it is its own mean, the variance is 0, and the output is β "
            f"whatever x is. Training needs {more}."
        ]
    still = [str(at) for at, value in enumerate(results["variance"]) if value == 0]
    if still:
        which = (
            f"{known['axis_name']} {still[0]} is"
            if len(still) == 1
            else f"{len(still)} {known['axis_name']}s are"
        )
        return [
            f"{which[0].upper()}{which[1:]} constant: variance 0, so only β is left. Without ε it would be 0/0."
        ]
    return []
