"""What the two attention modules say about their results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.attention.channel_element_attention_maps import steps
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
_MAP = ("batch", "height", "width")

AXES: dict[str, tuple[tuple[str, ...], str]] = {
    "x": ((*_MAP, "channel"), "the features both modules are put behind"),
    "branch": ((*_MAP, "channel"), "the features, kept for the gate to scale"),
    "squeezed": (("batch", "channel"), "mean of each channel over all locations"),
    "reduced": (("batch", "unit"), "squeezed · reduce, before the ReLU"),
    "units": (("batch", "unit"), "hidden units of the squeeze"),
    "gate_logits": (("batch", "channel"), "units · expand"),
    "gate": (("batch", "channel"), "what each channel is multiplied by"),
    "scaled": ((*_MAP, "channel"), "features after the channel attention"),
    "trunk1": ((*_MAP, "hidden"), "1 x 1 convolution and ReLU"),
    "trunk2": ((*_MAP, "hidden"), "3 x 3 convolution and ReLU"),
    "attention_logits": ((*_MAP, "class"), "1 x 1 convolution without a bias"),
    "attention": ((*_MAP, "class"), "A: softmax of its logits"),
    "scores": ((*_MAP, "class"), "S: what each location says for each class"),
    "modulated": ((*_MAP, "class"), "M = S · A"),
    "class_sums": (_MAP, "A summed over the classes, one number a location"),
    "space_sums": (("batch", "class"), "A summed over the locations, one number a class"),
    "logits": (("batch", "class"), "mean of M over all locations"),
    "plain_logits": (("batch", "class"), "mean of S: the logits without element-wise attention"),
    "probabilities": (("batch", "class"), "softmax of the logits"),
    "loss": ((), "cross-entropy with the true class, not weighted"),
    "w_reduce": (("channel", "unit"), "weights of the squeeze"),
    "w_expand": (("unit", "channel"), "weights of the excitation"),
    "gradient_x": ((*_MAP, "channel"), "d loss / d feature"),
    "gradient_gate": (("batch", "channel"), "d loss / d gate"),
    "gradient_attention": ((*_MAP, "class"), "d loss / d A"),
    "gradient_scores": ((*_MAP, "class"), "d loss / d S, through M"),
    "gradient_modulated": ((*_MAP, "class"), "d loss / d M"),
    "gradient_norms": (("weights",), "norm of d loss / d weights, one number a weight tensor"),
    "connected": (("weights",), "0 where the gradient is None"),
    "layer_weights": (("layer",), "weights that Keras counts"),
    "layer_difference": ((), "largest difference to the Keras layers"),
}
WEIGHTS = ("reduce", "expand", "1×1 W", "1×1 b", "3×3 W", "3×3 b", "attend", "score W", "score b")


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    tensors = {name: Tensor(value, *AXES[name]) for name, value in results.items()}
    told = facts(parameters, results)
    return Story(tensors, steps(parameters, results), told, notes(parameters, results, told))


def facts(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Counts, sums, and how far the attention shrinks the logits."""
    height, width = results["x"].shape[1:3]
    counts = formulas(parameters)
    made = [int(count) for count in results["layer_weights"]]
    found = {
        "feature_shape": tuple(results["x"].shape),
        "score_shape": tuple(results["modulated"].shape),
        "locations": height * width,
        "units": parameters["channels"] // parameters["reduction"],
        "counts": tuple(counts.values()),
        "keras_counts": tuple(made),
        "counts_agree": made == list(counts.values()),
        "gate_weights": sum(made[:2]),
        "element_weights": sum(made[2:]),
        "answer": int(results["logits"].argmax()),
        "loss": float(results["loss"]),
        "logits_std": float(results["logits"].std()),
        "plain_logits_std": float(results["plain_logits"].std()),
        "gradients_none": tuple(
            name for name, one in zip(WEIGHTS, results["connected"], strict=True) if not one
        ),
        "gradient_norms": tuple(float(norm) for norm in results["gradient_norms"]),
    }
    apart = results.get("layer_difference")
    found["layer_difference"] = None if apart is None else float(apart)
    return found | _gate_facts(results) | _attention_facts(results)


def _gate_facts(results: Mapping[str, Any]) -> dict[str, Any]:
    gate = results.get("gate")
    if gate is None:
        return {"gate_mean": None, "gate_least": None, "gate_most": None, "dead_units": None}
    return {
        "gate_mean": float(gate.mean()),
        "gate_least": float(gate.min()),
        "gate_most": float(gate.max()),
        "dead_units": int((results["units"] == 0).sum()),
    }


def _attention_facts(results: Mapping[str, Any]) -> dict[str, Any]:
    attention = results.get("attention")
    if attention is None:
        names = ("class_sum_ends", "space_sum_ends", "attention_most", "focus", "max_logits_apart")
        return dict.fromkeys(names)
    peak = np.unravel_index(int(attention[0, ..., 0].argmax()), attention.shape[1:3])
    highest = results["modulated"].max(axis=(1, 2))
    return {
        "class_sum_ends": _ends(results["class_sums"]),
        "space_sum_ends": _ends(results["space_sums"]),
        "attention_most": float(attention.max()),
        "focus": tuple(int(place) for place in peak),
        "max_logits_apart": float(np.abs(highest - results["logits"]).max()),
    }


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def formulas(parameters: Mapping[str, Any]) -> dict[str, int]:
    """Weights of each layer: D · u, u · D, D · w + w, 9 w² + w, w · C, D · C + C."""
    channels, hidden, classes = (parameters[name] for name in ("channels", "hidden", "classes"))
    units = channels // parameters["reduction"]
    return {
        "reduce": channels * units,
        "expand": units * channels,
        "conv1": channels * hidden + hidden,
        "conv2": 9 * hidden**2 + hidden,
        "attend": hidden * classes,
        "score": channels * classes + classes,
    }


def notes(
    parameters: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[str, ...]:
    """What is true of this state and worth saying."""
    said = []
    channels, ratio, units = parameters["channels"], parameters["reduction"], told["units"]
    if channels % ratio and parameters["channel_attention"]:
        said.append(
            f"{channels} / {ratio} = {number_text(round(channels / ratio, 2))}: int() rounds down to {units} hidden "
            f"{'unit' if units == 1 else 'units'}."
        )
    if told["dead_units"] == units:
        said.append(
            "The ReLU closed every hidden unit: all gates are 0.5, and the gate's weights get gradient 0. Another seed, or a smaller ratio, leaves some open."
        )
    if "attention" in results and told["locations"] == 1:
        said.append(
            "One location is left, as at the end of DenseNet121: attention over space is 1 everywhere and "
            "tells nothing. Tap the network earlier."
            if parameters["softmax"] == "space"
            else "One location is left, as at the end of DenseNet121: there is no 'where' to attend to. "
            "Tap the network earlier."
        )
    return tuple(said)
