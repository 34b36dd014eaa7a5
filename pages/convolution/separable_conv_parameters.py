"""**What you see.** A **separable** convolution, small enough that every number fits: each channel of **x** is filtered alone
(**depthwise**), giving **each**, and a 1 × 1 convolution mixes the channels at every pixel (**pointwise**), giving **y**.
Point at a cell of y, then at one of *each*, to see the two halves. **product** is the full kernel that would do the same
at once.

The counts in the strip are for the real channels you set, from Keras layers that were built a moment ago. Below stand all
layers, and NASNet-A, a network made of such layers, added up cell by cell.

**What to try.**

- Press *The asker's layer*: one layer of 3.0 million parameters in a network of 3.3 million cannot be.
- Press *Squeezed, as NASNet does it*: a 1 × 1 convolution brings 768 channels to 128 first, and the 117,504 become 19,584.
- Make the kernel 1, and a separable convolution costs more than a plain one.
- Choose *built by Keras* under NASNet to hold the ledger against a thousand real layers.

**What it means for your code.**

- Count with C_in as it is *at that layer*: 768 in “NASNet-A (6 @ 768)” is the depth after six outputs of 128 are joined,
  not the filters of an operation.
- A separable layer has k²·C_in·m + C_in·m·C_out weights (m: depth multiplier). The second term is nearly all of it: fewer
  channels make it cheap, not a smaller kernel.
- Against a full convolution it costs 1/C_out + 1/k² (for m = 1), in parameters and in multiplications alike.
- `model.count_params()` also counts what is not trained: batch normalisation's moving mean and variance.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.separable_conv_parameters_charts import CHARTS
from pages.convolution.separable_conv_parameters_claims import CLAIMS, PUBLISHED
from pages.convolution.separable_conv_parameters_predictions import PREDICTIONS
from pages.convolution.separable_conv_parameters_tables import TABLES, share
from pages.kit.declare import Control, Grid, Lab, Panel, Preset


def panels(trace: Trace) -> Sequence[Panel]:
    """The small layer, from input to output, and the full kernel that equals both halves."""
    _, rows, columns, _ = trace["y"].shape
    middle = (
        rows // 2,
        columns // 2,
    )  # the unit the Gradients tab differentiates, and where the cursor begins
    return [
        Grid("x", "input"),
        Grid("depthwise", "depthwise kernel"),
        Grid("each", "each channel filtered"),
        Grid("pointwise", "pointwise kernel", rows="wide channel", columns="filter"),
        Grid("y", "output", mark=middle),
        Grid("product", "the full kernel it equals"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """One output unit by the input and by both kernels."""
    return [
        Grid("x gradient", "d unit / d x"),
        Grid("depthwise gradient", "d unit / d depthwise"),
        Grid("pointwise gradient", "d unit / d pointwise", rows="wide channel", columns="filter"),
    ]


def gradient_note(trace: Trace) -> str:
    """What reaches which kernel."""
    slopes = trace["pointwise gradient"]
    zero = int((slopes == 0).sum())
    return (
        "The gradient of the middle output pixel, filter 0. It reaches both kernels: neither is None. In the pointwise "
        f"kernel {zero} of {slopes.size} entries are **zero, not None**: they belong to other filters, which this unit "
        "does not read but which are on the same path. Ask instead for the gradient by a *number of channels* or of "
        "*parameters*, and TensorFlow answers **None**: they are integers outside the graph."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Counts for the real channels, and the network's total."""
    told, network = trace.facts, trace.facts["network"]
    by = "built by Keras" if network["built"] else "by formula"
    return (
        ("parameters", f"{told['chosen']['total']:,}"),
        ("full convolution", f"{told['full']['total']:,}"),
        ("multiply-adds", f"{sum(told['chosen']['multiplications']):,}"),
        ("one layer, separable ÷ full", share(told["ratio"])),
        ("small layer: largest difference to the full kernel", f"{told['difference']:.1e}"),
        (f"NASNet, {by}", f"{network.get('keras_total', network['total']):,}"),
    )


CONTROLS = (
    Control("kernel", "Kernel", low=1, high=7),
    Control("channels_in", "Input channels C_in", low=1, high=4032),
    Control("channels_out", "Output channels C_out", low=1, high=4032),
    Control("squeeze", "Squeeze to C_out by 1 × 1 before"),
    Control("repeats", "Applied how often", low=1, high=4),
    Control("multiplier", "Depth multiplier", help="Depthwise filters for each channel", low=1, high=4),
    Control("bias", "Bias"),
    Control("stride", "Stride", low=1, high=4, help="Both sides the same: TensorFlow's depthwise kernels on a CPU need it"),
    Control("side", "Input size for multiply-adds", "px", low=1, high=331),
    Control("drawn_in", "Channels of the small layer", low=1, high=6, help="What is drawn; the counts use C_in"),
    Control("drawn_out", "Its output channels", low=1, high=6),
    Control("seed", "Seed", low=0, high=99),
    Control("network", "NASNet", labels={"formula": "by formula", "built": "built by Keras", "filled": "built, with weights"},
            help="Building takes a few seconds. With weights, a network over the memory budget is refused before."),
    Control("penultimate", "Penultimate filters", low=24, high=4032, help="A multiple of 24 · multiplier²"),
    Control("blocks", "Normal cells a group", low=1, high=8),
    Control("filter_multiplier", "Filter multiplier", low=1, high=4),
    Control("stem", "Stem filters", low=1, high=96),
    Control("image", "Image", "px", low=32, high=331),
    Control("classes", "Classes", low=1, high=1000),
    Control("skip_reduction", "Skip the reduction's input"),
)  # fmt: skip

PRESETS = (
    Preset("The asker's layer", {"channels_in": 3840, "channels_out": 768},
           "The mistake: 5 · 768 channels in, 768 out gives 3,045,120, nearly the whole network. NASNet has no such layer."),
    Preset("Squeezed, as NASNet does it", {"squeeze": True, "repeats": 2},
           "768 channels are squeezed to 128 first: each 5 × 5 layer has 19,584 parameters, not 117,504; applied twice, 39,168."),
    Preset("A 1 × 1 kernel", {"kernel": 1},
           "With k = 1 there is nothing to separate: the depthwise half only adds 768 parameters to the 98,304."),
    Preset("One output channel", {"channels_in": 64, "channels_out": 1, "kernel": 3, "drawn_out": 1},
           "The ratio 1/C_out + 1/k² is above 1: the separable layer is larger than the full one."),
    Preset("Depth multiplier 4", {"multiplier": 4},
           "Both halves grow by four: the pointwise kernel must mix four times as many channels."),
    Preset("NASNet-A (6 @ 768), built", {"network": "built", "squeeze": True, "repeats": 2},
           "1,041 Keras layers, built without filling a weight, agree with the ledger cell by cell: 3,375,874 parameters."),
    Preset("NASNetMobile", {"penultimate": 1056, "blocks": 4, "image": 224, "classes": 1000, "skip_reduction": False},
           "5,326,716 parameters, what keras.applications documents; a fifth of them is the dense layer."),
    Preset("NASNetLarge", {"penultimate": 4032, "stem": 96, "image": 331, "classes": 1000},
           "88,949,818 by formula. With weights it is refused before it is built: 356 MB of float32."),
)  # fmt: skip

LAB = Lab(
    title="Separable convolutions, counted",
    question="Why does a hand count of one separable 5 × 5 in NASNet-A (6 @ 768) give 2.9 million when the whole model has 3.3?",
    technique="separable-conv-parameters",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    published=PUBLISHED,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=("separable", "depthwise", "pointwise", "SeparableConv2D", "DepthwiseConv2D", "parameters", "weights",
           "count_params", "NASNet", "NASNetMobile", "NASNetLarge", "MobileNet", "Xception", "channels", "bottleneck",
           "squeeze", "1x1", "MACs", "FLOPs", "penultimate_filters", "trainable"),
    card=Grid("y"),
)  # fmt: skip
