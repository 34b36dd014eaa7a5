"""**What you see.** The signal **x**: one line for each channel (such as one sensor), time from left to right. The
**kernel** w of the chosen filter, its weights, has the same number of lines and slides along time only. Under it, before
anything is added up, what every channel contributes on its own, then their sum, and **y** with one line for each filter.
Point at a cell of y, or click one to choose its filter: the window in x always spans all lines.

**What to try.**

- Switch off *Add the channels up*: the contributions stay apart and the layer has turned into a **depthwise** convolution,
  with an output channel for each pair of channel and filter. Groups and separable layers lie in between.
- Change the padding: valid loses kernel − 1 steps, same puts 2 zeros before and 3 after a kernel of 6, causal puts all of
  them before, so that no output step knows the future.
- Write the same layer as Conv2D.

**What it means for your code.**

- `Conv1D(filters, kernel_size)` on `[batch, steps, channels]` has a kernel `[kernel_size, channels, filters]` and
  kernel_size · channels · filters + filters parameters.
- The length stays with `padding="same"` or `"causal"`; the default is `"valid"`.
- The number of channels is not in your call: it is read from the first input, and after that another number is an error.
- If every channel is to have filters of its own, you want `DepthwiseConv1D`, or `groups=`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.convolution.conv1d_channels_claims import CLAIMS, shape
from pages.convolution.conv1d_channels_predictions import PREDICTIONS
from pages.kit.declare import Control, Grid, Lab, Panel, Preset, Table

MODES = {"full": "all", "depthwise": "one", "separable": "one, then all", "grouped": "a group"}
LAYOUTS = {"conv1d": "Conv1D", "conv2d-column": "Conv2D on T × 1 × C", "conv2d-image": "Conv2D on T × C × 1"}
LAYERS = {
    "full": "Conv1D",
    "stopped": "… stopped before the sum over channels",
    "depthwise": "DepthwiseConv1D",
    "separable": "SeparableConv1D",
    "grouped": "Conv1D with groups",
}
APART = {
    "keras": "the Keras layer differs by",
    "added_up": "added up, Conv1D differs by",
    "conv2d_column": "Conv2D on T × 1 × C differs by",
    "conv2d_image": "Conv2D on T × C × 1 differs by",
}


def _last_axis(trace: Trace) -> dict[str, int]:
    """The slice of the kernel that makes the chosen output channel."""
    output, last = trace.facts["unit"][0], trace["w"].shape[2]
    if trace.facts["layer"] == "depthwise":
        return {"multiplier": output % last}
    return {"filter": output} if trace.facts["layer"] != "separable" else {"multiplier": 0}


def _kernel(trace: Trace, tensor: str, title: str, types: str = "") -> Grid:
    at = _last_axis(trace)
    return Grid(tensor, title, rows="input channel", columns="tap", at=at, types=types)


def _pointwise(tensor: str, title: str) -> Grid:
    return Grid(tensor, title, rows="filter", columns="depthwise channel")


def panels(trace: Trace) -> Sequence[Panel]:
    """Signal, kernel, what every channel adds to one output channel, their sum, and the output."""
    output, separable = trace.facts["unit"][0], "p" in trace.tensors
    summed = "depthwise channel" if separable else "input channel"
    between = [
        Grid("depthwise", "each channel by itself", rows="depthwise channel", columns="step"),
        _pointwise("p", "1 × 1 kernels"),
    ]
    return [
        Grid("x", "signal", rows="channel", columns="step", types="signal"),
        _kernel(trace, "w", "kernel", "taps"),
        *(between if separable else []),
        Grid("partial", f"each channel's part of output channel {output}", rows=summed, columns="step"),
        Grid("total", f"their sum{', without the bias' if trace.parameters['bias'] else ''}"),
        Grid("y", "output", rows="channel", columns="step", picks="unit", mark=trace.facts["unit"]),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The gradient of the chosen unit: where it is not zero, the unit looked."""
    there = trace.tensors
    return [
        Grid("x_gradient", "d unit / d x", rows="channel", columns="step"),
        _kernel(trace, "w_gradient", "d unit / d w"),
        *([_pointwise("p_gradient", "d unit / d p")] if "p_gradient" in there else []),
        *([Grid("b_gradient", "d unit / d b")] if "b_gradient" in there else []),
    ]


def gradient_note(trace: Trace) -> str:
    """Where the unit looked, and None where there is no path."""
    known, (output, step) = trace.facts, trace.facts["unit"]
    said = (
        f"The gradient of y at output channel {output}, step {step}. It is not zero at **{known['seen_by_gradient']}** "
        f"of {trace['x'].size:,} cells of x: {trace.parameters['kernel']} taps on {len(known['unit_channels'])} of "
        f"{trace.parameters['channels']} channels"
    )
    said += ", less the zeros of padding. " if known["seen_by_gradient"] < known["reads"] else ". "
    if "b" in known["without_gradient"]:
        return (
            said
            + "Without a bias in the layer tape.gradient answers **None** for b: y was not computed from it."
        )
    return said + "Elsewhere it is zero, not None: x, w and b all take part, these cells of them do not."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Sizes, counts, and how far other ways to write the layer are from it."""
    known = trace.facts
    before, after = known["pads"]
    return (
        ("output", shape(known["output_shape"])),
        ("kernel", shape(known["kernel_shape"])),
        ("parameters", f"{known['parameters']:,}"),
        ("Keras counts", f"{known['keras_parameters']:,}"),
        ("one output cell adds up", f"{known['reads']} numbers"),
        ("zeros before and after", f"{before}, {after}"),
        ("output steps that read zeros", f"{known['padded_outputs']} of {known['output_shape'][1]}"),
        *((label, f"{known['apart'][name]:.2g}") for name, label in APART.items() if name in known["apart"]),
    )


def _row(name: str, layer: dict[str, Any] | None) -> Sequence[str]:
    if layer is None:
        return (LAYERS[name], "the groups do not divide channels and filters", "–", "–")
    point = layer["pointwise_shape"]
    kernels = shape(layer["kernel_shape"]) + (f" and {shape(point)}" if point else "")
    return (LAYERS[name], kernels, shape(layer["output_shape"]), f"{layer['parameters']:,}")


TABLES = (
    Table(
        "The same settings in every layer",
        ("layer", "kernel", "output", "parameters"),
        lambda t: [_row(name, layer) for name, layer in t.facts["layers"].items()],
    ),
)

SHORT = {"steps": 40}
BY_HAND = {"steps": 4, "channels": 2, "kernel": 3, "filters": 1, "bias": "off",
           "signal": "1,10,2,20,3,30,4,40", "taps": "1,0.1,2,0.2,3,0.3"}  # fmt: skip

LAB = Lab(
    title="Conv1D kernels span all channels",
    question="Does Conv1D slide over each dimension separately: is its kernel k × 1, or k × channels?",
    technique="conv1d-channels",
    controls=(
        Control("sum_channels", "Add the channels up", when=("mode", ("full",)),
                help="Off: stop before the sum over channels. That is a depthwise convolution."),
        Control("mode", "Channels a kernel spans", help="Which channels meet in one sum", labels=MODES),
        Control("steps", "Steps T", low=6, high=800),
        Control("channels", "Channels C", low=1, high=16),
        Control("kernel", "Kernel size", "taps", low=1, high=25),
        Control("filters", "Filters", help="Each makes one line of y", low=1, high=32, when=("mode", ("full", "separable", "grouped"))),
        Control("multiplier", "Kernels for each channel", low=1, high=16, when=("mode", ("depthwise", "separable"))),
        Control("groups", "Groups", low=1, high=16, when=("mode", ("grouped",))),
        Control("padding", "Padding", help="valid: none. same: the length stays. causal: all zeros come before."),
        Control("stride", "Stride", "steps", help="How far the window moves", low=1, high=8),
        Control("dilation", "Dilation", "steps", help="Distance between the taps of a kernel", low=1, high=8),
        Control("bias", "Bias"),
        Control("layout", "Written as", labels=LAYOUTS, when=("mode", ("full",))),
        Control("unit", "Chosen output (channel × step)", low=0, high=799, help="Or click a cell of y"),
        Control("pattern", "The signal holds", labels={"ones": "all ones"}),
        Control("weights", "The kernels hold"),
        Control("signal", "x, number by number", auto="from the choice above",
                help="Step by step; or type over a value of a short signal"),
        Control("taps", "w, number by number", auto="from the choice above", help="Tap by tap, filters fastest"),
        Control("batch_axis", "The input has a batch axis"),
        Control("built_channels", "The layer was built for", "channels", low=1, high=16, auto="C"),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Stop before the sum", SHORT | {"sum_channels": "off", "filters": 4},
               "The popular mistake is to expect this of Conv1D: 10 channels times 4 filters stay 40 lines. It is DepthwiseConv1D."),
        Preset("The same length", SHORT | {"padding": "same"},
               "A kernel of 6 needs 5 zeros: 2 before and 3 after. Five output steps read some of them."),
        Preset("Causal", SHORT | {"padding": "causal"},
               "All 5 zeros come before: output step 0 sees step 0 of the signal and nothing later."),
        Preset("Three channels, one filter", SHORT | {"channels": 3, "filters": 1},
               "The toy case: a kernel of 6 × 3 is 18 weights, 19 with the bias, and one line comes out."),
        Preset("Four steps by hand", BY_HAND,
               "1·1 + 10·0.1 + 2·2 + 20·0.2 + 3·3 + 30·0.3 = 28: small enough to check with a pencil."),
        Preset("Two groups", SHORT | {"mode": "grouped"},
               "Half the weights: the first 8 filters never see channels 5 to 9."),
        Preset("Separable", SHORT | {"mode": "separable"},
               "Each channel by itself, then a 1 × 1 mix: 236 parameters instead of 976 for the same shape."),
        Preset("It is a Conv2D", SHORT | {"layout": "conv2d-image"},
               "A kernel of 6 × 10 on a grey picture of 40 × 10 fits in one place across, so it slides along time only."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("conv1d", "convolution", "channels", "time series", "sequence", "signal", "kernel", "kernel size", "depth",
           "depthwise", "separable", "groups", "grouped", "causal", "same", "valid", "conv2d", "parameters", "min_ndim",
           "expected axis -1", "incompatible"),
    card=Grid("w"),
)  # fmt: skip
