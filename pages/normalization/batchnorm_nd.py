"""**What you see.** The output of a 3-D convolution, two clips of nine frames, on its way through **batch normalisation**:
every channel (feature map) is brought to mean 0 and variance 1 over the batch, then scaled by γ and shifted by β, which
are learned. Point at a cell of **mean**: every value that shares it lights up, all samples, all frames and all positions
of one channel.

That one number, its variance, and one pair γ, β is all a feature map has, however large it is: 345,600 values for each of
96 maps in the question's network.

**What to try.**

- Set the axis to 1. Nothing fails, but γ is now 9 long, one for each *frame*, and the channels are mixed: the mistake that
  data in the other layout makes by itself.
- Switch to inference: the layer uses its moving values, which after 100 steps with momentum 0.99 are only 63 % there; 299
  steps bring them to 95 %. Let the data shift from batch to batch and they never arrive.
- Take a dense layer and a batch of 1: every output is β, since a value alone is its own mean.

**What it means for your code.**

- `BatchNormalization()` keeps the last axis, for dense, 2-D and 3-D layers alike; only for channels first write `axis=1`.
- Drop the bias of the layer before: the mean takes it away again.
- Call with `training=` explicitly in your own loops, look at the gap between training and inference before you trust a
  small batch or a short run, and lower the momentum for those.
- Normalising before the ReLU leaves half of the output zero, after it half below zero; both are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.normalization.batchnorm_nd_charts import CHARTS
from pages.normalization.batchnorm_nd_claims import CLAIMS
from pages.normalization.batchnorm_nd_predictions import PREDICTIONS
from pages.normalization.batchnorm_nd_words import plural, row, shape, short


def _grid(trace: Trace, tensor: str, title: str, at: Sequence[int] = ()) -> Grid:
    """Height and width of one channel, its frames side by side; the maps of an image side by side."""
    axes = trace.tensors[tensor].axes
    rows, columns, beside = axes[-2], axes[-1], ""
    if "height" in axes:
        rows, columns, beside = "height", "width", "frame" if "frame" in axes else "channel"
    places = {
        axis: place for axis, place in zip(axes, at, strict=False) if axis not in (rows, columns, beside)
    }
    return Grid(tensor, title, rows=rows, columns=columns, beside=beside, at=places)


def panels(trace: Trace) -> Sequence[Panel]:
    """x, the statistics in use with γ and β, and the output on both sides of the ReLU."""
    by_batch, order = trace.facts["uses"] == "batch", trace.parameters["order"]
    mean, variance = ("mean", "variance") if by_batch else ("moving_mean", "moving_variance")
    moving = "" if by_batch else "moving "
    rectified = [_grid(trace, "rectified", "after the ReLU")] if order == "relu-bn" else []
    relu = [_grid(trace, "out", "after the ReLU")] if order == "bn-relu" else []
    fused = [Grid("fused_variance", "variance by the fused kernel")] if trace.parameters["fused"] else []
    return [
        _grid(trace, "x", "x"),
        *rectified,
        Grid(mean, f"{moving}mean"),
        Grid(variance, f"{moving}variance"),
        *fused,
        Grid("gamma", "γ", types="gamma"),
        Grid("beta", "β", types="beta"),
        _grid(trace, "y", "γ · (x − mean) ÷ √(variance + ε) + β"),
        *relu,
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The slopes of the largest output: in every x, in γ and β, and in a bias before."""
    moving = [Grid("moving_gradient", "in the moving mean")] if trace.facts["moving_is_read"] else []
    return [
        _grid(trace, "x_gradient", "slope of the largest output in x", trace.facts["largest_at"]),
        Grid("gamma_gradient", "in γ"),
        Grid("beta_gradient", "in β"),
        Grid("bias_gradient", "in a bias of the layer before"),
        *moving,
    ]


def gradient_note(trace: Trace) -> str:
    """Who moves the largest output, and what the tape says of bias and moving mean."""
    told = trace.facts
    touched = int((trace["x_gradient"] != 0).sum())
    start = f"The largest output depends on **{touched}** of {trace['x'].size} values of x. "
    if told["moving_is_read"]:
        return start + (
            "In inference each output has its own x alone, and the moving mean has a slope; in training it would be "
            f"**None**. A bias of the layer before gets {short(told['bias_slope'])}."
        )
    bias = f"A bias of the layer before gets at most {short(told['bias_slope'])}"
    bias += (
        ": zero up to rounding, computed, not None"
        if told["bias_slope"] < 1e-4
        else ": it is not taken away here"
    )
    return start + (
        f"In training the mean and the variance are part of the path. {bias}. Asked for the moving mean, the tape "
        "answers **None**: training never reads it."
    )


def _fused(told: Mapping[str, Any]) -> str:
    if told["uses"] == "moving":
        return f"y differs by {short(told['fused_difference'])}"
    return f"variance × {told['bessel']:.4g}, y differs by {short(told['fused_difference'])}"


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers people look for."""
    told = trace.facts
    name = told["axis_name"]
    found = [
        ("γ and β", f"{shape(told['gamma_shape'])} each, one pair for each {name}"),
        (
            "parameters by Keras",
            f"{told['total']}: {told['trainable']} trainable, {told['non_trainable']} not",
        ),
        ("sharing one mean", plural(told["group"], "value")),
    ]
    if told["question_shape"]:
        found.append(
            (
                f"in the question, {shape(told['question_shape'])}",
                f"γ [{told['question_gamma']}], {plural(told['question_group'], 'value')} sharing one mean",
            )
        )
    if trace.parameters["fused"]:
        found.append(("fused kernel", _fused(told)))
    return [
        *found,
        (
            "output",
            f"mean {short(told['out_mean'])}, variance {short(told['out_variance'])}, {told['zeros'] * 100:.0f} % zeros",
        ),
        ("moving mean", f"{row(told['moving_mean'])}, {told['reached'] * 100:.0f} % of the way"),
        ("training − inference", f"up to {short(told['gap'])}"),
        ("difference from Keras", short(told["keras_difference"])),
    ]


CASES = {"fc": "dense", "conv2d": "2-D conv", "conv3d": "3-D conv", "custom": "own shape"}
ORDERS = {"bn-relu": "BN → ReLU", "relu-bn": "ReLU → BN", "bn": "no ReLU"}

LAB = Lab(
    title="What shares a mean in batch normalisation",
    question="Is batch_norm applied correctly, one γ and β for each feature map, to dense, 2-D and 3-D layers?",
    technique="batchnorm-nd",
    controls=(
        Control("case", "Output of", labels=CASES),
        Control("sizes", "Sizes after the batch", help="Channels last, such as 9,2,2,3", when=("case", ("custom",))),
        Control("batch", "Batch size"),
        Control("axis", "Axis that is kept", low=-5, high=4, help="−1 is the channels; all others are averaged"),
        Control("mode", "Mode", help="Training: mean and variance of this batch. Inference: the moving ones."),
        Control("trainable", "trainable", help="Off: frozen, as for fine-tuning"),
        Control("order", "Order", labels=ORDERS),
        Control("epsilon", "Epsilon", help="Added to the variance before the root, against 0 ÷ 0", low=1e-5, high=10, log=True),
        Control("momentum", "Momentum", help="Share of the old moving value that each step keeps", low=0, high=0.999),
        Control("steps", "Steps of training before"),
        Control("shift", "Shift per batch", help="How much all data moves from one batch to the next"),
        Control("gamma", "γ", low=-3, high=3, sliders="γ[{}]", help="One for each place of the axis; missing ones are 1"),
        Control("beta", "β", low=-3, high=3, sliders="β[{}]", help="One for each place of the axis; missing ones are 0"),
        Control("fused", "Fused kernel too", help="TensorFlow's own kernel beside: rank 4 or 5, channels last"),
        Control("mask", "Mask", help="1 keeps, 0 leaves out: a frame, row or step; of a dense layer a sample", auto="none"),
        Control("data", "Data"),
        Control("seed", "Seed", when=("data", ("random",))),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("One γ per frame", {"axis": 1},
               "The popular mistake: axis=1 on channels-last data gives γ 9 entries, one for each frame, and mixes the channels. Nothing complains."),
        Preset("Infer too early", {"mode": "inference", "steps": 20},
               "After 20 steps with momentum 0.99 the moving mean has come 18 % of the way: inference is another network."),
        Preset("Data that drifts", {"mode": "inference", "shift": 0.05, "steps": 300, "order": "bn"},
               "The moving mean runs about 100 steps behind, so in inference the drift stays in the output; training never sees it."),
        Preset("A dense layer, one sample", {"case": "fc", "batch": 1},
               "Each unit's mean is its only value: whatever comes in, β comes out."),
        Preset("ReLU first", {"order": "relu-bn"},
               "Normalised after the ReLU, more than half of the output is below zero, though the ReLU's never was."),
        Preset("Padded frames", {"mask": (1, 1, 1, 1, 1, 1, 0, 0, 0)},
               "Three masked frames stay out of mean and variance, but are normalised all the same."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("batch norm", "batchnorm", "BatchNormalization", "conv3d", "moving average", "gamma", "beta", "momentum",
           "fused", "moments", "axis", "training", "inference", "frozen", "internal covariate shift"),
)  # fmt: skip
