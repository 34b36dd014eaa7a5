"""**What you see.** A hundred normal values are rounded to eight levels (**quantised**, as for a small chip), and yet they get
a gradient. The slope of a staircase is 0 almost everywhere, so `fake_quant_with_min_max_vars` cheats on purpose: it hands
the gradient that comes from the loss **straight through** inside its range and stops it outside (a *straight-through
estimator*, STE). Nearly every gradient is 1. One is 0 and one is 2: the red diamond received what the orange cross lost.

**Why 0 and 2.** Here min and max are `reduce_min(x)` and `reduce_max(x)`, so nothing should be clipped. But 0 must be one
of the levels, and the range is **nudged** until it is. That pushes k extreme values out on one side. They lose their own
gradient; max (or min) collects all k and hands them to the one value it was taken from. So k − 1 gradients are 0, one is
k, and the sum is still the number of values.

**What to try.**

- Take min and max behind `stop_gradient`: the diamond is gone, both clipped values have 0.
- Give a fixed range and watch *d loss / d max* count what lies above it. Drag max below 0, or min above it.
- Type two equal largest values: they share what max hands on.
- Switch *a range for each column* on for ten small staircases.

**What it means for your code.**

- Take a range from a moving average or stop its gradient, unless you want the extremes to be trained by others.
- Do not expect [−1, 1] back: with 3 bits it becomes [−0.857, 1.143], and which side loses is decided by float32 rounding.
  `narrow_range=True` keeps a symmetric range exact.
- Rounding by hand with `tf.round` gives None, not 0: write `x + tf.stop_gradient(tf.round(x) - x)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.gradients.fake_quantization_ste_charts import CHARTS
from pages.gradients.fake_quantization_ste_claims import CLAIMS, TIES, VALUES
from pages.gradients.fake_quantization_ste_predictions import PREDICTIONS
from pages.gradients.fake_quantization_ste_words import RANGES, counted, short, span, tally, tied, whole
from pages.kit.declare import Control, Grid, Lab, Panel, Preset, Table


def _receiver(trace: Trace) -> tuple[int, int] | None:
    """The value to which max or min handed on the most."""
    if not (tied(trace) and whole(trace)):
        return None
    low, high = trace.facts["collected"][0]
    if low == high == 0:
        return None
    row, column = trace.facts["argmax" if abs(high) >= abs(low) else "argmin"]
    return row, column


def panels(trace: Trace) -> Sequence[Panel]:
    """Values beside their gradients, the range with what its ends collected, and the outputs."""
    return [
        Grid("x", "x (type your own)", types="x"),
        Grid("gradient", "d loss / d x", mark=_receiver(trace)),
        Grid("range", "min, max"),
        Grid("nudged", "nudged"),
        Grid("collected", "d min, d max"),
        Grid("y", "y, quantised"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The way back, part by part, and GradientTape's own answer."""
    shown: list[Panel] = [
        Grid("upstream", "upstream: d loss / d y"),
        Grid("inside", "1 inside the range", "mask"),
        Grid("direct", "straight through"),
        Grid("collected", "d loss / d min, d max"),
    ]
    if tied(trace):
        shown += [
            Grid("extreme", "d min / d x beside d max / d x", beside="side"),
            Grid("handed_on", "handed on by min and max"),
        ]
    return [*shown, Grid("gradient", "their sum"), Grid("by_tape", "GradientTape")]


def gradient_note(trace: Trace) -> str:
    told = trace.facts
    apart = short(told["difference_to_tape"])
    start = f"By hand and by GradientTape they differ by {apart} at most. "
    low, high = told["collected"][0]
    if tied(trace) and whole(trace):
        start += (
            f"{counted(told['below'] + told['above'], 'clipped value')} gave {short(low)} to min and "
            f"{short(high)} to max, which hand it on to x{list(told['argmin'])} and x{list(told['argmax'])}. "
        )
    return start + (
        "A clipped value gets a true 0: the operation computed it. tf.round and tf.floor would answer None, "
        "because no gradient is defined for them, and the optimizer would skip the weight."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out; of channel 0 where each has its own range."""
    told = trace.facts
    first = "" if whole(trace) else ", channel 0"
    return [
        ("gradients", tally(trace)),
        ("sum of gradients", f"{short(told['total'])}, upstream {short(told['total_upstream'])}"),
        ("clipped", f"{told['below']} below, {told['above']} above, of {told['values']}"),
        ("range" + first, f"{span(told['range'][0])}, nudged {span(told['nudged'][0])}"),
        ("zero point" + first, f"{told['exact_zero_point'][0]:.8g} → {told['zero_point'][0]}"),
        ("levels used", f"{told['levels_used']}"),
        ("root mean square error", short(told["error"])),
    ]


def _ways(trace: Trace) -> Sequence[Sequence[str]]:
    names = (
        "tf.round(x)",
        "tf.floor(x)",
        "tf.sign(x)",
        "x + tf.stop_gradient(tf.round(x) - x)",
        "tf.grad_pass_through(tf.round)(x)",
    )
    told = trace.facts
    rows = [
        (name, short(slope) if connected else "None")
        for name, connected, slope in zip(names, told["connected"], told["slopes"], strict=True)
    ]
    clipped = told["values"] - told["inside"]
    return [*rows, ("fake_quant_with_min_max_vars, range held", "1, and 0 where clipped" if clipped else "1")]


def _ways_note(trace: Trace) -> str:
    even = trace.facts["rounded_otherwise"]
    said = f"{counted(even, 'value')} would round to another level" if even else "Here it rounds alike"
    return f"tf.round takes ties to the even number, fake quantisation up. {said}."


CONTROLS = (
    Control("bits", "Bits", help="2 to the power of bits is the number of levels"),
    Control("mode", "Range", labels=RANGES, help="Where min and max come from"),
    Control(
        "min",
        "min",
        help="Lower end of the range, before it is nudged",
        low=-4,
        high=4,
        when=("mode", ("fixed", "moving-average")),
    ),
    Control(
        "max",
        "max",
        help="Upper end of the range, before it is nudged",
        low=-4,
        high=4,
        when=("mode", ("fixed", "moving-average")),
    ),
    Control("decay", "Decay", help="Share the average keeps", when=("mode", ("moving-average",))),
    Control("narrow_range", "narrow_range", help="Leave out the lowest level"),
    Control("per_channel", "A range for each column", help="Each column has a min and a max of its own"),
    Control("mins", "min of each column", auto="min for all", when=("per_channel", (True,))),
    Control("maxs", "max of each column", auto="max for all", when=("per_channel", (True,))),
    Control("x", "Values x", help="Numbers, separated by commas", auto="normal samples"),
    Control("size", "Samples", when=("x", (None,)), help="Rows and columns"),
    Control("seed", "Seed of the samples", low=0, high=400, when=("x", (None,))),
    Control("upstream", "Upstream gradient", help="d loss / d y, repeated over the values: 1 for a sum"),
    Control("dtype", "Number format", help="TensorFlow has this operation for float32 alone"),
)

PRESETS = (
    Preset(
        "stop_gradient on min and max",
        {"mode": "tied-stopped"},
        "The plain straight-through estimator: the two clipped values get 0, and nobody gets 2.",
    ),
    Preset(
        "a gradient of 6",
        {"seed": 53},
        "Six values fall off one end: five gradients are 0, one is 6, and the sum is still 100.",
    ),
    Preset(
        "fixed range (the usual mistake)",
        {"x": VALUES, "mode": "fixed"},
        "min is −1, yet −1 itself is clipped to −0.857, while 1.1 passes: 0 had to become a level.",
    ),
    Preset(
        "a = 3 tips the other way",
        {"x": VALUES, "mode": "fixed", "min": -3, "max": 3},
        "[−a, a] puts the zero point on 3.5. In float32 that is 3.4999998 for a = 1 and 3.5 for a = 3.",
    ),
    Preset(
        "range without 0",
        {"mode": "fixed", "min": 0.5, "max": 2},
        "0.5 to 2 silently becomes 0 to 1.5, and whatever is negative loses its gradient.",
    ),
    Preset(
        "narrow_range",
        {"x": VALUES, "mode": "fixed", "narrow_range": True},
        "Seven levels instead of eight: 0 is in the middle, and −1 to 1 is kept exactly.",
    ),
    Preset(
        "ties of rounding",
        {"x": TIES, "mode": "fixed", "min": -4, "max": 3},
        "Halves go up: −2.5 becomes −2 and 0.5 becomes 1. tf.round, half to even, would answer −2 and 0.",
    ),
    Preset(
        "two equal extremes",
        {"x": (-1.0, -0.4, 0.2, 1.4, 1.5, 1.5)},
        "reduce_max has two winners, so they share what max collected. Nothing is lost.",
    ),
)

LAB = Lab(
    title="Why a quantised value gets gradient 0, 1 or 2",
    question="Is fake_quant_with_min_max_vars differentiable, and why do some gradients come out as 0, 2, 3, 4?",
    technique="fake-quantization-ste",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=(Table("Other ways to round, and their gradient", ("written as", "gradient"), _ways, _ways_note),),
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "straight-through estimator",
        "STE",
        "fake quantization",
        "fake_quant_with_min_max_vars",
        "quantization aware training",
        "tf.round gradient None",
        "zero point",
        "nudged",
        "int8",
        "bankers rounding",
        "was expected to be a float tensor",
        "num_bits must be between 2 and 16",
    ),
    card=Grid("gradient", "d loss / d x"),
)
