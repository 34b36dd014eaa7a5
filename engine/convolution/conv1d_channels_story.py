"""What a one-dimensional convolution tells about its results: axes, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.convolution.conv1d_channels_maps import steps
from engine.convolution.conv1d_channels_sizes import (
    Layer,
    groups_of,
    layer_of,
    layout_of,
    mode_of,
    multiplier_of,
)
from engine.errors import Rejected
from engine.technique import Story
from engine.trace import Tensor

SIGNAL = ("batch", "step", "channel")
LARGE = 65_536  # cells a stage draws without leaving some out
COMPARED: dict[str, dict[str, Any]] = {
    "full": {"mode": "full", "sum_channels": True},
    "stopped": {"mode": "full", "sum_channels": False},
    "depthwise": {"mode": "depthwise"},
    "separable": {"mode": "separable"},
    "grouped": {"mode": "grouped"},
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    layer = layer_of(parameters)
    return Story(
        tensors=_tensors(parameters, results, layer),
        steps=steps(parameters, layer),
        facts=_facts(parameters, results, layer),
        notes=_notes(parameters, layer),
    )


def _tensors(parameters: Mapping[str, Any], results: Mapping[str, Any], layer: Layer) -> dict[str, Tensor]:
    output = parameters["unit"][0]
    last = "filter" if layer.mode in ("full", "grouped") else "multiplier"
    summed = "depthwise channel" if layer.mode == "separable" else "input channel"
    column = layout_of(parameters) == "conv2d-column"
    plane = ("batch", "height", "width", "channel")
    kernel, point = ("tap", "input channel", last), ("tap", "depthwise channel", "filter")
    named = {
        "x": (SIGNAL, "the signal"),
        "w": (kernel, "the kernels: every tap of every input channel they span"),
        "image": (plane, "T × 1 pixels of C colours" if column else "a grey picture of T × C pixels"),
        "kernel": (("kernel height", "kernel width", "input channel", "filter"), "w with one more axis"),
        "maps": (plane, "what conv2d returns, a picture one pixel wide"),
        "depthwise": (("batch", "step", "depthwise channel"), "each channel convolved by itself"),
        "p": (point, "1 × 1 kernels that mix the channels"),
        "b": (("channel",), "one bias for each output channel"),
        "partial": (("step", summed), f"what each channel adds to output channel {output}"),
        "total": (("step",), f"the sum over channels, output channel {output} without its bias"),
        "y": (SIGNAL, "the output"),
        "x_gradient": (SIGNAL, "d unit / d x"),
        "w_gradient": (kernel, "d unit / d w"),
        "p_gradient": (point, "d unit / d p"),
        "b_gradient": (("channel",), "d unit / d b"),
    }
    return {name: Tensor(results[name], *said) for name, said in named.items() if name in results}


def _facts(parameters: Mapping[str, Any], results: Mapping[str, Any], layer: Layer) -> dict[str, Any]:
    along, (output, step) = layer.along, parameters["unit"]
    starts = [t * along.stride - along.before for t in range(layer.length)]
    inside = [start >= 0 and start + along.span <= parameters["steps"] for start in starts]
    first, count, _ = layer.chosen(output, groups_of(parameters))
    channels = range(parameters["channels"]) if layer.mode == "separable" else range(first, first + count)
    apart = {n.removeprefix("apart_"): float(v) for n, v in results.items() if n.startswith("apart_")}
    return {
        "layer": layer.mode,
        "output_shape": (1, layer.length, layer.outputs),
        "kernel_shape": layer.kernel_shape,
        "weights": layer.weights,
        "parameters": layer.weights + layer.outputs * parameters["bias"],
        "keras_parameters": int(results["keras_parameters"]),
        "span": along.span,
        "pads": (along.before, along.after),
        "padded_outputs": inside.count(False),
        "unit": (output, step),
        "unit_value": float(results["y"][0, step, output]),
        "unit_steps": [starts[step] + tap * along.dilation for tap in range(along.kernel)],
        "unit_channels": list(channels),
        "reads": along.kernel * len(channels),
        "seen_by_gradient": int((results["x_gradient"] != 0).sum()),
        "without_gradient": [
            n for n in ("x", "w", "p", "b") if n in results and f"{n}_gradient" not in results
        ],
        "apart": apart,
        "layers": {name: _compared({**parameters, **change}) for name, change in COMPARED.items()},
    }


def _compared(parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """What another layer would need; None where its groups do not divide the channels."""
    try:
        layer = layer_of(parameters)
    except Rejected:
        return None
    return {
        "mode": layer.mode,
        "kernel_shape": layer.kernel_shape,
        "pointwise_shape": layer.pointwise_shape,
        "output_shape": (1, layer.length, layer.outputs),
        "parameters": layer.weights + layer.outputs * parameters["bias"],
    }


def _notes(parameters: Mapping[str, Any], layer: Layer) -> list[str]:
    notes, along = [], layer.along
    read = {t * along.stride + tap * along.dilation - along.before
            for t in range(layer.length) for tap in range(along.kernel)}  # fmt: skip
    missed = [step for step in range(parameters["steps"]) if step not in read]
    if missed:
        named = ", ".join(map(str, missed[:6])) + (" …" if len(missed) > 6 else "")
        notes.append(
            f"Step {named} of the signal is read by no output ({len(missed)} of {parameters['steps']})."
        )
    if parameters["padding"] == "causal" and layer.mode in ("depthwise", "separable"):
        notes.append(
            "Keras refuses causal for DepthwiseConv1D and SeparableConv1D; here the zeros are added by hand before."
        )
    if mode_of(parameters) == "depthwise":
        many, outputs = multiplier_of(parameters), layer.outputs
        order = "c" if many == 1 else f"c · {many} + m"
        notes.append(
            f"Nothing is added up over channels: {outputs} output channels, number {order} comes from channel c alone."
        )
    return notes
