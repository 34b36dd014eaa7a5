"""What the learned-filters technique tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.convolution.learned_filters_layers import CLASSES, SIDE, Layer, Network, network_of
from engine.convolution.learned_filters_training import digits
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

IMAGE = ("batch", "height", "width", "channel")
MAPS = ("batch", "height", "width", "filter")
CLASS = ("batch", "class")
SIDES = ("height", "width")
FIXED = {
    "x": (IMAGE, "the picture, ink from 0 to 1"),
    "pooled": (MAPS, "one number for each pooling window"),
    "flat": (("batch", "flat"), "the pooled maps as one vector"),
    "w_dense": (("flat", "class"), "weights of the dense layer"),
    "b_dense": (("class",), "biases of the dense layer"),
    "scores": (CLASS, "flat · w_dense, before the bias"),
    "logits": (CLASS, "the score of each class"),
    "probability": (CLASS, "softmax of the logits"),
    "gradient": (IMAGE, "d logit / d pixel: how one more unit of ink would change the logit"),
    "times_input": (IMAGE, "pixel × its gradient: what each pixel gave to the logit"),
    "gradient_w1": (("kernel height", "kernel width", "input channel", "filter"), "d logit / d kernel"),
    "gradient_pooled": (MAPS, "d logit / d pooled"),
    "bias_part": ((), "what the biases gave to the logit"),
    "losses": (("epoch",), "mean training loss of each epoch"),
    "accuracy": (("down", "right"), "accuracy on the digits held out, shifted by -2 to 2 pixels"),
    "confusion": (("true class", "answer"), "how many digits held out got which answer"),
    "active": (("layer", "filter"), "share of positions of the digits held out where a ReLU is not 0"),
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one picture."""
    network = network_of(**parameters)
    return Story(
        tensors=_tensors(results, network),
        steps=[*_convolutions(parameters, network), *_head(parameters, network), *_gradients()],
        facts=(found := _facts(parameters, network, results)),
        notes=_notes(parameters, network, found),
    )


def _tensors(results: Mapping[str, Any], network: Network) -> dict[str, Tensor]:
    named = dict(FIXED)
    for number in range(1, len(network.convolutions) + 1):
        channel = "input channel" if number == 1 else "input filter"
        named[f"w{number}"] = (
            ("kernel height", "kernel width", channel, "filter"),
            f"trained kernels {number}",
        )
        named[f"b{number}"] = (("filter",), f"trained biases {number}")
        named[f"conv{number}"] = (MAPS, f"sums of convolution {number}, before the bias")
        named[f"relu{number}"] = (MAPS, "bias added, and what is below 0 set to 0")
        named[f"gradient_conv{number}"] = (MAPS, f"d logit / d conv{number}")
    return {name: Tensor(results[name], *named[name]) for name in named if name in results}


def _two(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _sizes(layer: Layer, padding: str) -> tuple[str, ...]:
    """The formula of each output side, once when both are the same."""
    told = [
        f"{side}: {along.formula(size, padding)}"
        for side, along, size in zip(SIDES, layer.windows, layer.input, strict=True)
    ]
    same = layer.windows[0] == layer.windows[1] and layer.input[0] == layer.input[1]
    return tuple(told[:1] if same else told)


def _convolutions(parameters: Mapping[str, Any], network: Network) -> list[Step]:
    """conv2d, then bias and ReLU, for each convolution."""
    settings = f"k {_two(parameters['kernel'])} · s {_two(parameters['stride'])} · {parameters['padding']}"
    steps = []
    for number, layer in enumerate(network.convolutions, 1):
        read = "x" if number == 1 else f"relu{number - 1}"
        conv, relu, weight, bias = f"conv{number}", f"relu{number}", f"w{number}", f"b{number}"
        formula = _sizes(layer, parameters["padding"])
        steps.append(
            Step("conv2d", (read, weight), conv, settings, formula, _convolve(layer, read, weight, conv))
        )
        each = ("b", "i", "j", "f")
        loops = {"b": 1, "i": layer.output[0], "j": layer.output[1], "f": layer.filters}
        found = IndexMap(loops, {relu: each, conv: each, bias: ("f",)}, "each", exact=False)
        words = f"max(0, {{{conv}}} + {{{bias}}})"
        steps.append(Step("bias, relu", (conv, bias), relu, "max(0, · + b)", map=found, readout=words))
    return steps


def _convolve(layer: Layer, read: str, weight: str, writes: str) -> IndexMap:
    rows, columns = layer.windows
    loops = {"b": 1, "i": layer.output[0], "j": layer.output[1], "u": rows.kernel, "v": columns.kernel}
    access = {
        writes: ("b", "i", "j", "f"),
        read: ("b", rows.at("i", "u"), columns.at("j", "v"), "c"),
        weight: ("u", "v", "c", "f"),
    }
    return IndexMap(loops | {"c": layer.channels, "f": layer.filters}, access)


def _head(parameters: Mapping[str, Any], network: Network) -> list[Step]:
    """Pooling, flatten, dense, bias, softmax."""
    pool, last = network.pool, f"relu{len(network.convolutions)}"
    rows, columns = pool.windows
    (height, width), filters = pool.output, pool.filters
    mean = parameters["pooling"] == "average"
    loops = {"b": 1, "i": height, "j": width, "f": filters}
    each = ("b", "i", "j", "f")
    taps = loops | {"u": rows.kernel, "v": columns.kernel}
    reads = ("b", rows.at("i", "u"), columns.at("j", "v"), "f")
    pooled = IndexMap(taps, {"pooled": each, last: reads}, "mean" if mean else "max", exact=mean)
    place = f"{width * filters}*i + {filters}*j + f"
    flat = IndexMap(loops, {"flat": ("b", place), "pooled": each}, "each")
    dense = IndexMap(
        {"b": 1, "n": network.flat, "o": CLASSES},
        {"scores": ("b", "o"), "flat": ("b", "n"), "w_dense": ("n", "o")},
    )
    pair = {"b": 1, "o": CLASSES}
    biased = IndexMap(pair, {"logits": ("b", "o"), "scores": ("b", "o"), "b_dense": ("o",)}, "each")
    shared = IndexMap(
        pair | {"other": CLASSES}, {"probability": ("b", "o"), "logits": ("b", "other")}, "share", exact=False
    )
    name, size = f"{'avg' if mean else 'max'}_pool2d", parameters["pool"]
    product = (f"{height} · {width} · {filters} = {network.flat}",)
    return [
        Step(name, (last,), "pooled", f"{size}×{size}, stride {size}", _sizes(pool, "VALID"), pooled),
        Step("flatten", ("pooled",), "flat", formula=product, map=flat),
        Step("dense", ("flat", "w_dense"), "scores", f"{CLASSES} classes", map=dense),
        Step("add bias", ("scores", "b_dense"), "logits", map=biased, readout="{scores} + {b_dense}"),
        Step("softmax", ("logits",), "probability", "exp(·) / Σ exp", map=shared),
    ]


def _gradients() -> list[Step]:
    """The way back to the pixels; the strip of shapes leaves it out."""
    each = ("b", "i", "j", "c")
    loops = {"b": 1, "i": SIDE, "j": SIDE, "c": 1}
    product = IndexMap(loops, {"times_input": each, "gradient": each, "x": each})
    return [
        Step("gradient", ("logits", "x"), "gradient", "d logit / d x", aside=True),
        Step("gradient × input", ("gradient", "x"), "times_input", map=product, aside=True),
    ]


def _facts(parameters: Mapping[str, Any], network: Network, results: Mapping[str, Any]) -> dict[str, Any]:
    logits, probability = results["logits"][0], results["probability"][0]
    answer = int(logits.argmax())
    asked = answer if parameters["asked"] is None else parameters["asked"]
    confusion, digit = results["confusion"], parameters["digit"]
    counts = confusion.sum(axis=1)
    down, right = parameters["down"], parameters["right"]
    near = max(abs(down), abs(right)) <= 2
    return {
        "label": int(digits(parameters["held_out"])[1][1][digit])
        if parameters["source"] == "digit"
        else None,
        "answer": answer,
        "asked": asked,
        "probability": float(probability[asked]),
        "largest_probability": float(probability.max()),
        "logit": float(logits[asked]),
        "input_part": float(results["times_input"].sum()),
        "bias_part": float(results["bias_part"]),
        "accuracy": float(results["accuracy"][2, 2]),
        "accuracy_here": float(results["accuracy"][down + 2, right + 2]) if near else None,
        "per_class": [float(confusion[c, c] / counts[c]) if counts[c] else None for c in range(CLASSES)],
        "held_out": float(counts.sum()),
        "dead_filters": _dead(results["active"]),
        "silent_filters": [int(f) for f in np.flatnonzero(~(_last(results) > 0).any(axis=(0, 1, 2)))],
        "parameters": network.counts,
        "parameters_total": sum(network.counts)
        if parameters["bias"]
        else sum(network.counts) - _biases(network),
        "output_shapes": [(*layer.output, layer.filters) for layer in (*network.convolutions, network.pool)],
        "flat": network.flat,
        "units_above_zero": int((_last(results) > 0).sum()),
        "units": int(prod(_last(results).shape)),
        "first_loss": float(results["losses"][0]),
        "last_loss": float(results["losses"][-1]),
        "edge_share": [_edge(results["w1"][:, :, 0, f]) for f in range(parameters["filters"])],
    }


def _last(results: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    last: np.ndarray[Any, Any] = results["relu2"] if "relu2" in results else results["relu1"]
    return last


def _biases(network: Network) -> int:
    return sum(layer.filters for layer in network.convolutions) + CLASSES


def _dead(active: np.ndarray[Any, Any]) -> list[str]:
    """Filters whose ReLU is 0 at every position of every digit held out, as `layer.filter`."""
    return [f"{layer + 1}.{f}" for layer, f in np.argwhere(active == 0)]


def _edge(kernel: np.ndarray[Any, Any]) -> float:
    """How much of a kernel is an edge detector: the share of its squared size that a plane through
    its taps with mean 0 explains, a slope across the window (0: none of it, 1: all of it)."""
    rows, columns = (np.arange(size) - (size - 1) / 2 for size in kernel.shape)
    down, right = np.meshgrid(rows, columns, indexing="ij")
    total = float((kernel**2).sum())
    explained = sum(
        float((kernel * slope).sum()) ** 2 / max(float((slope**2).sum()), 1e-9) for slope in (down, right)
    )
    return explained / total if total else 0.0


def _notes(parameters: Mapping[str, Any], network: Network, facts: Mapping[str, Any]) -> list[str]:
    notes = []
    if facts["dead_filters"]:
        many = ", ".join(facts["dead_filters"])
        notes.append(f"Dead ReLU: filter {many} (layer.filter) is 0 everywhere on all digits held out.")
    for number, layer in enumerate((*network.convolutions, network.pool), 1):
        name = "Pooling" if layer is network.pool else f"Convolution {number}"
        missed = [
            size - _reached(along, size) for along, size in zip(layer.windows, layer.input, strict=True)
        ]
        if any(missed):
            notes.append(f"{name} never reads {missed[0]} of its rows and {missed[1]} of its columns.")
    if parameters["source"] == "drawing" and not parameters["drawing"]:
        notes.append("The picture is blank: click and drag over its cells to draw.")
    return notes


def _reached(along: Any, size: int) -> int:
    cells = {
        i * along.stride + u - along.before for i in range(along.output(size)) for u in range(along.kernel)
    }
    return len(cells & set(range(size)))
