"""What the CNN-GRU technique tells about its results: axes, steps with maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution.windows import window
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor
from engine.training.time_distributed_cnn_gru_checks import (
    CHANNELS,
    FILTERS,
    KINDS,
    STACK,
    Layer,
    batch_of,
    batches_of,
    layers_of,
    posted_weights,
)

MAPS = ("sequence", "frame", "height", "width", "channel")
FRAMES = ("sequence", "frame")
KERNEL = ("kernel height", "kernel width", "input channel", "filter")
PARTS = ("CNN", "GRU", "dense layer")
NAMED: dict[str, tuple[tuple[str, ...], str]] = {
    "x": (MAPS, "four sequences held out: wind to the east, wind to the north, cloud"),
    "labels": (FRAMES, "1: the air turns anticlockwise, a storm"),
    "conv1": ((*MAPS[:4], "filter"), "first convolution, after its ReLU"),
    "conv2": ((*MAPS[:4], "filter"), "second convolution, after its ReLU"),
    "features": (("sequence", "frame", "feature"), "what is left of each map"),
    "states": (("sequence", "frame", "unit"), "the GRU's state after each map"),
    "state": (("sequence", "unit"), "the GRU's last state: all that is kept of a sequence"),
    "logits": (FRAMES, "before the activation"),
    "probability": (FRAMES, "what the chosen model answers"),
    "right_probability": (FRAMES, "what the repaired model answers"),
    "losses": (("sequence",), "the loss of each sequence"),
    "kernel1": (KERNEL, "the first convolution's kernels"),
    "bias1": (("filter",), "its biases"),
    "kernel2": (KERNEL, "the second convolution's kernels"),
    "bias2": (("filter",), "its biases"),
    "dense_kernel": (("unit", "output"), "weights of the dense layer"),
    "dense_bias": (("output",), "its biases"),
    "gradient_x": (MAPS, "d mean loss / d x"),
    "gradient_features": (("sequence", "frame", "feature"), "d mean loss / d features"),
    "gradient_logits": (FRAMES, "d mean loss / d logits"),
    "gradient_kernel1": (KERNEL, "d mean loss / d kernel"),
    "loss": (("epoch",), "mean training loss of the chosen model"),
    "right_loss": (("epoch",), "mean training loss of the repaired model"),
    "score": (("epoch", "label"), "shares of calm maps and of storms answered rightly, held out"),
    "right_score": (("epoch", "label"), "the same of the repaired model"),
    "norms": (("epoch", "part"), "size of the gradient of CNN, GRU, dense layer; NaN: None"),
    "right_norms": (("epoch", "part"), "the same of the repaired model"),
    "order": (FRAMES, "which map stands where in the sequences trained on"),
    "right_order": (FRAMES, "the same of the repaired model"),
    "order_labels": (FRAMES, "labels of the sequences trained on"),
    "probe_loss": (("labels", "loss"), "loss at equal outputs"),
    "probe_slope": (("labels", "loss"), "largest slope of a logit there"),
}


def story(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of both models, after any number of epochs."""
    results = dict(results) | {"order_labels": results["map_labels"][results["order"]]}
    facts = _facts(parameters, results)
    return Story(
        tensors={name: Tensor(results[name], *about) for name, about in NAMED.items() if name in results},
        steps=[
            *_cnn(parameters, results),
            *_recurrent(parameters),
            *_answers(parameters),
            *_gradients(results),
        ],
        facts=facts,
        notes=_notes(parameters, facts),
    )


def _cnn(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """TimeDistributed runs the same layers on every map: sequence and frame are loops like any other."""
    size, frames = parameters["size"], parameters["frames"]
    outer = {"s": STACK, "t": frames}
    if parameters["cnn"] == "posted":
        loops = outer | {"i": size, "j": size, "c": CHANNELS}
        largest = IndexMap(
            loops, {"features": ("s", "t", "c"), "x": ("s", "t", "i", "j", "c")}, "max", exact=False
        )
        said = (f"{size} × {size} × {CHANNELS} → {CHANNELS}",)
        return [Step("TimeDistributed(GlobalMaxPool2D)", ("x",), "features", "0 weights", said, largest)]
    steps, read, channels = [], "x", CHANNELS
    for number, filters in ((1, FILTERS), (2, parameters["features"])):
        along = window(size, 3, 2, 1, "SAME", (0, 0))
        formula, size = along.formula(size, "SAME"), along.output(size)
        conv, kernel, bias = f"conv{number}", f"kernel{number}", f"bias{number}"
        access = {
            conv: ("s", "t", "i", "j", "f"),
            read: ("s", "t", along.at("i", "u"), along.at("j", "v"), "c"),
            kernel: ("u", "v", "c", "f"),
            bias: ("f",),
        }
        loops = outer | {"i": size, "j": size, "u": 3, "v": 3, "c": channels, "f": filters}
        words = f"max(0, Σ {{{read}}} · {{{kernel}}} + {{{bias}}})"
        steps.append(
            Step("TimeDistributed(Conv2D)", (read, kernel, bias), conv, "k 3 · s 2 · SAME · ReLU", (formula,),
                 IndexMap(loops, access, exact=False), words)
        )  # fmt: skip
        read, channels = conv, filters
    loops = outer | {"i": size, "j": size, "f": channels}
    mean = IndexMap(loops, {"features": ("s", "t", "f"), read: ("s", "t", "i", "j", "f")}, "mean")
    said = (f"{size} × {size} × {channels} → {channels}",)
    return [*steps, Step("GlobalAveragePooling2D", (read,), "features", "mean of each map", said, mean)]


def _recurrent(parameters: Mapping[str, Any]) -> list[Step]:
    """A state has seen this map and all before it: frame t + d from frame t."""
    frames, units, sequences = (parameters[name] for name in ("frames", "units", "return_sequences"))
    read = _layer(parameters, "GRU").weights // (3 * units) - units - 2
    loops = {"s": STACK, "t": frames, "d": frames, "u": units, "f": read}
    causal = IndexMap(loops, {"states": ("s", "t + d", "u"), "features": ("s", "t", "f")})
    count = f"3 · {units} · ({read} + {units} + 2) = {3 * units * (read + units + 2):,} weights"
    words = "z · state before + (1 − z) · tanh(…), made of the features of this map and of all before it"
    steps = [Step("GRU", ("features",), "states", f"{units} units", (count,), causal, words)]
    if not sequences:
        pair = {"s": STACK, "u": units}
        last = IndexMap(pair, {"state": ("s", "u"), "states": ("s", str(frames - 1), "u")}, "each")
        said = (f"{frames} × {units} → {units}",)
        steps.append(Step("last state", ("states",), "state", "return_sequences=False", said, last))
    return steps


def _answers(parameters: Mapping[str, Any]) -> list[Step]:
    """Dense layer, activation, loss."""
    frames, units, sequences = (parameters[name] for name in ("frames", "units", "return_sequences"))
    read, place = ("states", ("s", "t", "u")) if sequences else ("state", ("s", "u"))
    weight, bias = (("u", "0"), ("0",)) if sequences else (("u", "t"), ("t",))
    pair = {"s": STACK, "t": frames}
    access = {"logits": ("s", "t"), read: place, "dense_kernel": weight, "dense_bias": bias}
    dense = IndexMap(pair | {"u": units}, access)
    outputs = 1 if sequences else frames
    words = f"Σ {{{read}}} · {{dense_kernel}} + {{dense_bias}}"
    said = (f"({units} + 1) · {outputs} = {(units + 1) * outputs} weights",)
    name = f"Dense({outputs})"
    return [
        Step(name, (read, "dense_kernel", "dense_bias"), "logits", "", said, dense, words),
        _activation(parameters["head"], frames),
        Step(parameters["loss"], ("probability", "labels"), "losses", "as inside fit", (), _all_frames(pair),
             "of {probability} and {labels}"),
    ]  # fmt: skip


def _activation(head: str, frames: int) -> Step:
    pair = {"s": STACK, "t": frames}
    each = {"probability": ("s", "t"), "logits": ("s", "t")}
    if head == "sigmoid":
        found = IndexMap(pair, each, "each", exact=False)
        return Step(
            "sigmoid", ("logits",), "probability", "each map by itself", (), found, "1 / (1 + exp(−{logits}))"
        )
    if head == "softmax of one unit":
        found, words = IndexMap(pair, each, "each", exact=False), "exp({logits}) / exp({logits})"
        return Step("softmax", ("logits",), "probability", "over one place: always 1", (), found, words)
    shared = IndexMap(
        pair | {"o": frames}, {"probability": ("s", "t"), "logits": ("s", "o")}, "share", exact=False
    )
    return Step("softmax", ("logits",), "probability", f"over {frames} frames: sum 1", (), shared)


def _all_frames(pair: dict[str, int]) -> IndexMap:
    return IndexMap(pair, {"losses": ("s",), "probability": ("s", "t"), "labels": ("s", "t")}, exact=False)


def _gradients(results: Mapping[str, Any]) -> list[Step]:
    wanted = ("logits", "features", "x", "kernel1")
    return [
        Step("gradient", ("losses", name), f"gradient_{name}", f"d mean loss / d {name}", aside=True)
        for name in wanted
        if f"gradient_{name}" in results
    ]


def _layer(parameters: Mapping[str, Any], name: str) -> Layer:
    return next(layer for layer in layers_of(**parameters)[0] if layer.name == name)


def _facts(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    models = layers_of(**parameters)
    frames, order, labels = parameters["frames"], results["order"], results["order_labels"]
    found: dict[str, Any] = {"epochs": len(results["loss"]), "stopped": str(results["stopped"])}
    for name, key, layers in (("", "chosen", models[0]), ("right_", "right", models[1])):
        calm, storms = (float(share) for share in results[f"{name}score"][-1])
        found |= {
            f"{key}_layers": [(layer.name, layer.output, layer.weights) for layer in layers],
            f"{key}_weights": sum(layer.weights for layer in layers),
            f"{key}_cnn_weights": sum(layer.weights for layer in layers if layer.convolution),
            f"{key}_storms": storms,
            f"{key}_calm": calm,
            f"{key}_score": (calm + storms) / 2,
            f"{key}_moved": float(results[f"{name}moved"]),
            f"{key}_first_loss": float(results[f"{name}loss"][0]),
            f"{key}_last_loss": float(results[f"{name}loss"][-1]),
        }
    each = labels.mean(axis=1) if len(labels) else np.zeros(0)
    maps = batches_of(**parameters) * batch_of(**parameters)
    return found | {
        "maps": maps,
        "sequences": len(order),
        "all_sequences": maps // frames,
        "one_class": int(((each == 0) | (each == 1)).sum()),
        "reached": len(np.unique(order)) / maps,
        "storms_trained_on": float(labels.mean()) if len(labels) else 0.0,
        "storms_in_all": float(results["map_labels"].mean()),
        "kernel_gradient_is_none": bool(results["kernel_gradient_is_none"]),
        "zero_slopes": int((results["gradient_logits"] == 0).sum()),
        "largest_slope": float(np.abs(results["gradient_logits"]).max()),
        "posted": posted_weights(frames, parameters["units"]),
        "stack_bytes": 4 * STACK * frames * parameters["size"] ** 2 * CHANNELS,
        "probe_positive": (0, max(1, frames // 3), frames),
        "probe_kinds": KINDS,
    }


def _notes(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    notes = []
    if facts["stopped"]:
        notes.append(f"Training stopped: {facts['stopped']}. What is shown is the state before.")
    if not facts["chosen_cnn_weights"]:
        notes.append("CNN weights: 0. The function that builds the CNN returns a pooling layer that was never called on "
                     "the CNN's output: no convolution is in this model, and nothing complains.")  # fmt: skip
    if parameters["head"] == "softmax of one unit":
        notes.append("Softmax over one unit is 1 whatever the logit is: no gradient passes it.")
    if facts["sequences"] and facts["sequences"] < STACK:
        notes.append(f"Only {facts['sequences']} sequences are left: they are repeated to a stack of four.")
    return notes
