"""**What you see.** 2 × 2 pooling, which keeps one number of every 2 × 2 block, leaves one row, **x**: W columns, each C
channels deep (one line of the strip for each channel). The **kernel** w, a small window of weights that slides along,
makes a narrower row **y** of it. Point at a cell of y and its window in x lights up.

The large matrix says what y depends on, found by GradientTape: one line for each output cell, one column for each input
cell, channels side by side. White means that the one cannot change the other.

**What to try.**

- Go through the ways to halve the width and watch that matrix. *Strided*: the window moves by 2, blocks on the diagonal,
  each output column reads its own two columns. *Full width*: everything reaches everything. *Width mixing*: dense over
  the width, but each channel keeps to itself.
- Count: 18, 288 and 32 weights for the question's row of 8 columns and 3 channels.
- Make the width 9, and see what VALID drops and SAME adds.
- Type over a value of x or w to follow one number through.

**What it means for your code.**

- To shrink one axis write `tf.nn.conv2d(x, w, strides=[1, 1, 2, 1], padding="VALID")`; strides are [batch, height, width,
  depth], and only the middle two may differ from 1.
- If the width is not a multiple of the stride, VALID loses columns without a word and SAME adds zeros: decide which.
- A kernel as wide as the row is a dense layer in disguise.
- To recombine columns without touching the channels no convolution is needed: `tf.einsum("nhwc,wv->nhvc", x, m)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.anisotropic_strided_conv_claims import CLAIMS, shape
from pages.convolution.anisotropic_strided_conv_predictions import PREDICTIONS
from pages.kit.declare import Control, Grid, Lab, Panel, Preset, Table

NAMES = {
    "stride": "Strided kernel",
    "full-width": "Full-width kernel, reshaped",
    "mix": "Width mixing",
    "depthwise": "Strided, depthwise",
}
OPERATIONS = {
    "stride": "tf.nn.conv2d",
    "full-width": "tf.nn.conv2d + tf.reshape",
    "mix": "tf.einsum",
    "depthwise": "tf.nn.depthwise_conv2d",
}
AGAIN = {
    "stride": "matrix products of windows differ by",
    "full-width": "a dense layer on the flat row differs by",
    "mix": "a 1 × 1 conv with channels as batch differs by",
    "depthwise": "sums over windows differ by",
}
STRIDED = ("mode", ("stride", "depthwise"))


def _depends(way: str, title: str = "") -> Grid:
    title = title or "what y depends on"
    return Grid("depends_" + way.replace("-", "_"), title, "sequential")


def _kernel(trace: Trace, tensor: str, title: str, types: str = "") -> Grid:
    if trace.parameters["mode"] == "mix":
        return Grid(tensor, title, rows="column", columns="output column", types=types)
    return Grid(tensor, title, rows="input channel", columns="kernel width", types=types)


def panels(trace: Trace) -> Sequence[Panel]:
    """The volume, the pooled row, the kernel, the dependency matrix, and the narrower row."""
    conv = (
        [Grid("conv", "one column, all depth", rows="height", columns="depth")]
        if "conv" in trace.tensors
        else []
    )
    return [
        Grid("volume", "before pooling", rows="height", columns="width"),
        Grid("x", "pooled row", rows="channel", columns="width", types="row"),
        _kernel(trace, "w", "kernel", types="taps"),
        *conv,
        _depends(trace.parameters["mode"]),
        Grid("y", "narrower row", rows="channel", columns="width"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """All four dependency matrices, and the gradient of the sum of y."""
    return [
        *(_depends(way, name) for way, name in NAMES.items()),
        Grid("gradient", "d sum of y / d x", rows="channel", columns="width"),
        _kernel(trace, "w_gradient", "d sum of y / d w"),
    ]


def gradient_note(trace: Trace) -> str:
    """Zero inside the matrices, None for the kernels that take no part."""
    known = trace.facts
    others = ", ".join(NAMES[way].lower() for way in known["without_gradient"])
    unread = f" Columns {known['unread']} of x get **zero**: y reads none of them." if known["unread"] else ""
    return (
        "The matrices hold |d output / d input| for all four ways, from one GradientTape pass each: the output "
        f"is linear in x, so they do not depend on its values. {known['pairs']} of {known['all_pairs']} entries are "
        f"not zero here.{unread} For the kernels of the other ways ({others}) tape.gradient answers **None**, "
        "not zero: y was not computed from them at all."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Sizes, weights, and what one output cell depends on."""
    known = trace.facts
    return (
        ("output", shape(known["output_shape"])),
        ("weights", f"{known['weights']:,}"),
        ("one output cell reads at most", f"{known['cells_read_most']} of {trace['x'].size} cells"),
        ("mixes channels", "yes" if known["mixes_channels"] else "no"),
        (AGAIN[trace.parameters["mode"]], f"{known['difference']:.2g}"),
    )


def _list(columns: Sequence[int]) -> str:
    if len(columns) > 4 and list(columns) == list(range(columns[0], columns[-1] + 1)):
        return f"{columns[0]} … {columns[-1]}"
    return ", ".join(map(str, columns)) or "none"


def _rows(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (
            NAMES[way["way"]],
            OPERATIONS[way["way"]],
            shape(way["kernel_shape"]),
            f"{way['weights']:,}",
            shape(way["output_shape"]),
            _list(way["first_reads"]),
            "yes" if way["mixes_channels"] else "no",
            _list(way["unread"]),
        )
        for way in trace.facts["ways"]
    ]


TABLES = (
    Table(
        "The four ways, with these settings",
        (
            "way",
            "operation",
            "kernel",
            "weights",
            "output",
            "column 0 reads",
            "mixes channels",
            "unread columns",
        ),
        _rows,
    ),
)

LAB = Lab(
    title="Narrowing one axis",
    question="After 2 × 2 pooling leaves a row [1, W, C], can a convolution shrink only the width?",
    technique="anisotropic-strided-conv",
    controls=(
        Control("mode", "Way to narrow the row", labels=NAMES),
        Control("width", "Width W of the row", "columns", low=2, high=32),
        Control("channels", "Channels C", low=1, high=8),
        Control("kernel", "Kernel width", "columns", low=1, high=32),
        Control("stride", "Stride along the width", "columns", low=1, high=32),
        Control("padding", "Padding", help="VALID: whole windows only. SAME: zeros are added beside the row."),
        Control("filters", "Filters", help="Each kernel (filter) makes one output channel", low=1, high=8, auto="C", when=("mode", ("stride",))),
        Control("out_width", "Output width W2", "columns", low=1, high=32,
                help="For the full-width kernel and for width mixing"),
        Control("pattern", "The volume holds"),
        Control("weights", "The kernels hold"),
        Control("strides", "strides argument, typed", auto="from the number above", when=STRIDED,
                help="[batch, height, width, depth] as tf.nn.conv2d takes it"),
        Control("kernel_channels", "Kernel's input channels", low=1, high=16, auto="C", when=STRIDED),
        Control("row", "x, number by number", auto="from the pattern", help="Or type over a value of x"),
        Control("taps", "w, number by number", auto="from the choice above", help="Or type over a value of w"),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Full width, then reshape", {"mode": "full-width"},
               "The same output shape costs 288 weights instead of 18: a dense layer in disguise, and it mixes channels too."),
        Preset("Mix the width only", {"mode": "mix"},
               "All 8 columns reach each output, channels stay apart: one line of einsum with 32 weights."),
        Preset("Nine columns, VALID", {"width": 9},
               "The popular mistake: nothing complains, and column 8 is never read."),
        Preset("Nine columns, SAME", {"width": 9, "padding": "SAME", "pattern": "ones", "weights": "ones"},
               "SAME keeps column 8 but pairs it with a zero: on ones the last output is 3, the others are 6."),
        Preset("Divisible, and padding matters", {"kernel": 3},
               "8 is divisible by the stride, yet VALID leaves 3 columns and SAME 4: the kernel must equal the stride too."),
        Preset("Each channel by itself", {"mode": "depthwise"},
               "6 weights: blocks on the diagonal and no mixing. The height's stride may be anything, since there is one row."),
        Preset("Where one impulse goes", {"mode": "full-width", "pattern": "impulse"},
               "One pixel of one channel reaches every column and every channel of the output."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("convolution", "conv2d", "stride", "strides", "width", "height", "down-sampling", "downsample", "reduce",
           "axis", "reshape", "full width", "einsum", "depthwise", "1x1", "padding", "same", "valid", "shape"),
    card=Grid("depends_stride", scale="sequential"),
)  # fmt: skip
