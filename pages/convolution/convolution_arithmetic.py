"""**What you see.** A window slides over the input **x**; each place it stops at is one cell of **y**. Point at a cell of y:
its window lights up in x, with the weights (*taps*) of the **kernel** w it is multiplied by, and the line below writes
the sum out. Hatched cells are **padding**, added around x. Crossed cells are read by no window: they are dropped.

The default is figure 1.1 of Dumoulin and Visin's *guide to convolution arithmetic*, with its numbers; the presets hold
every other case of the guide.

**What to try.**

- Drag the input size with a **stride** (how far the window moves) of 2: two sizes in a row give the same output, and the
  last row is crossed out.
- Choose SAME and compare it with symmetric padding.
- Switch to *transposed*: the input is spread out with zeros between its cells and the window moves by 1. With kernel 3
  and stride 2, look at how many products each cell sums: a checkerboard.

**What it means for your code.**

- Along an axis ⌊(i + pads − span)/s⌋ + 1 cells come out, span = (k − 1)·d + 1; of a transposed convolution (i − 1)·s +
  span − pads + output padding. SAME chooses the pads so that it is ⌈i/s⌉ (i·s), the odd one *after*.
- A size that does not divide is floored without a word, and the dropped cells get gradient 0.
- SAME is not PyTorch's `padding=1`: with stride 2 and an even input every window is shifted by one cell.
- A transposed convolution restores the size, not the values.
- Average pooling leaves padding out of the mean in TensorFlow and counts it in PyTorch. Max pooling pads with −∞.

**Computed by other means.** Where Keras has no layer, groups are convolved one by one, dilation is zeros between taps,
and pooling picks from the windows.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.convolution_arithmetic_claims import CLAIMS
from pages.convolution.convolution_arithmetic_predictions import PREDICTIONS, shape
from pages.convolution.convolution_arithmetic_presets import PRESETS
from pages.convolution.convolution_arithmetic_published import PUBLISHED
from pages.kit.declare import Control, Grid, Lab, Panel, Table

POOLING = ("max-pool", "avg-pool")
KERNELS = ("convolution", "transposed")
AXES = {"1-D": ("width",), "2-D": ("height", "width"), "3-D": ("depth", "height", "width")}


def _grid(trace: Trace, name: str, title: str, scale: str = "diverging", **more: str) -> Grid:
    """A tensor with its width across: a signal's channels lie one below the other, a volume shows its middle."""
    tensor = trace.tensors[name]
    at = {
        axis: size // 2
        for axis, size in zip(tensor.axes, tensor.shape, strict=True)
        if axis.endswith("depth")
    }
    if trace.parameters["dimensions"] == "1-D" and len(tensor.axes) == 3:
        more |= {"rows": _beside(tensor.axes), "columns": next(a for a in tensor.axes if a.endswith("width"))}
    return Grid(name, title, scale, at=at, **more)  # type: ignore[arg-type]


def _beside(axes: Sequence[str]) -> str:
    return "input channel" if "input channel" in axes else "channel"


def panels(trace: Trace) -> Sequence[Panel]:
    """The input, the kernel, the output, and how often cells are read or summed."""
    operation = trace.parameters["operation"]
    transposed = operation == "transposed"
    counts = {} if transposed else {"crossed": "reads"}
    shown = [_grid(trace, "x", "input", types="values", **counts)]
    if "stretched" in trace.tensors:
        shown.append(_grid(trace, "stretched", "input with zeros between"))
    if operation not in POOLING:
        shown.append(_grid(trace, "w", "kernel", types="taps"))
    shown.append(_grid(trace, "y", f"output, {trace.parameters['padding']}"))
    if operation == "max-pool":
        shown += [
            _grid(trace, "argmax", "which cell won, counted row by row", "sequential"),
            _grid(trace, "wins", "windows each cell won", "sequential"),
        ]
    shown += _compared(trace)
    if transposed:
        return [*shown, _grid(trace, "overlap", "products summed in each cell", "sequential")]
    return [*shown, _grid(trace, "reads", "windows that read each cell", "sequential")]


def _compared(trace: Trace) -> list[Grid]:
    if "other" not in trace.tensors:
        return []
    return [
        _grid(trace, "other", f"output, {trace.parameters['compare']}"),
        _grid(trace, "difference", "where they differ: y − other"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """d loss / d y, and what of it arrives at the input and the kernel."""
    shown = [
        _grid(trace, "y_gradient", "d loss / d y, all ones"),
        _grid(
            trace, "x_gradient", "d loss / d x", **({"crossed": "reads"} if "reads" in trace.tensors else {})
        ),
    ]
    return [*shown, _grid(trace, "w_gradient", "d loss / d w")] if "w" in trace.tensors else shown


def gradient_note(trace: Trace) -> str:
    """What arrives where, in this state."""
    start = "The loss is the sum of y. "
    missing = trace.facts["unread_cells"]
    if missing:
        start += f"The {missing} crossed cells of each channel get **0, not None**: they are in the graph, nothing reads them. "
    if trace.parameters["operation"] == "max-pool":
        return start + (
            "Only winners get a gradient, 1 for each window they won; of equal cells the first. The number of the "
            "winning cell is an integer: asked for its gradient, TensorFlow answers None."
        )
    if trace.parameters["operation"] == "avg-pool":
        return (
            start
            + "Each window hands 1 ÷ (cells in it) to each of its cells. There are no weights, and no gradient is None."
        )
    return start + (
        "A cell of x gets the sum of the taps that met it, a tap the sum of the cells it met: the gradient of a "
        "convolution is a transposed convolution and the other way round. No gradient is None."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The counts people look for."""
    known = trace.facts
    counts = [("output", shape(known["output_shape"][1:]))]
    if "w" in trace.tensors:
        counts.append(("weights", f"{known['weights']:,} (biases if used: {known['biases_if_used']})"))
        counts.append(("multiplications", f"{known['multiplications']:,}"))
    else:
        counts.append(("weights", "none"))
    if trace.parameters["operation"] != "transposed":
        counts.append(("cells never read", f"{known['unread_cells']} of {trace['reads'].size}"))
    if known["differs"]:
        told = known["differs"]
        counts.append(
            (f"differ from {trace.parameters['compare']}", f"{told['cells']} of {told['of']} cells")
        )
    return counts


def _axes(trace: Trace) -> Sequence[Sequence[str]]:
    main = next(step for step in trace.steps if step.writes == "y" and step.formula)
    names, known = AXES[trace.parameters["dimensions"]], trace.facts
    lines = [line.partition(": ")[2] or line for line in main.formula]
    lines = lines if len(lines) == len(names) else lines * len(names)
    left = known["back"] if trace.parameters["operation"] != "transposed" else known["extra"]
    columns = (names, known["sizes"], known["spans"], known["pads"], lines, left)
    return [
        (name, str(size), str(span), f"{before} and {after}", line, str(more))
        for name, size, span, (before, after), line, more in zip(*columns, strict=True)
    ]


def _axes_note(trace: Trace) -> str:
    if trace.parameters["operation"] == "transposed":
        return (
            "Pads are cut off before and after. Output padding adds cells after, not zeros around the result."
        )
    return (
        "The span is (kernel − 1)·dilation + 1. What flooring leaves over is the output padding with which a transposed "
        "convolution finds the way back to this input's size."
    )


def _calls(trace: Trace) -> Sequence[Sequence[str]]:
    return [("Keras", trace.facts["keras"]), ("PyTorch", trace.facts["pytorch"])]


CONTROLS = (
    Control("dimensions", "Dimensions"),
    Control("operation", "Operation", labels={"max-pool": "max pooling", "avg-pool": "average pooling"}),
    Control("size", "Input size i", low=1, high=32, help="Height and width; separate them for a rectangle. 1-D takes the width."),
    Control("kernel", "Kernel k", low=1, high=9),
    Control("stride", "Stride s", help="How far the window moves from output to output", low=1, high=6),
    Control("dilation", "Dilation d", low=1, high=4, help="Distance between taps; the window spans (k − 1)·d + 1"),
    Control("padding", "Padding", help="VALID: none. SAME: as much as TensorFlow's rule asks for. Causal: all before."),
    Control("pad", "Symmetric padding p", low=0, high=8, when=("padding", ("symmetric",)),
            help="As many cells on every side: the guide's p and PyTorch's padding=. Also used where symmetric is compared."),
    Control("pads", "Padding: top, bottom, left, right", when=("padding", ("explicit",))),
    Control("output_padding", "Output padding a", low=0, high=5, when=("operation", ("transposed",)), auto="as Keras",
            help="Cells added after; less than the stride"),
    Control("depth", "Depth axis", when=("dimensions", ("3-D",)), help="Left out, the depth is like the height"),
    Control("compare", "Compare with padding"),
    Control("channels", "Channels", low=1, high=8),
    Control("filters", "Filters", low=1, high=8, when=("operation", KERNELS)),
    Control("groups", "Groups", help="Channels and filters fall into so many parts that never meet", low=1, high=8, when=("operation", KERNELS)),
    Control("multiplier", "Filters for each channel", low=1, high=4, when=("operation", ("depthwise",))),
    Control("count_padding", "Padding counts in the mean", when=("operation", ("avg-pool",)), help="PyTorch's default; TensorFlow leaves it out"),
    Control("image", "Input", labels={"guide": "guide's numbers"}),
    Control("weights", "Kernel's weights", labels={"guide": "guide's numbers"}, when=("operation", (*KERNELS, "depthwise"))),
    Control("values", "Input, cell by cell", auto="from the pattern", help="Repeated until the input is full"),
    Control("taps", "Kernel, tap by tap", auto="from the pattern", when=("operation", (*KERNELS, "depthwise"))),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

LAB = Lab(
    title="Convolution arithmetic",
    question="How large is the output, which cells meet, and what is dropped, for every kind of convolution and pooling?",
    technique="convolution-arithmetic",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    tables=(
        Table(
            "Axis by axis",
            ("axis", "input", "window spans", "pads", "output", "left over, or output padding"),
            _axes,
            _axes_note,
        ),
        Table("The same elsewhere", ("library", "call"), _calls),
    ),
    gradients=gradients,
    gradient_note=gradient_note,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    published=PUBLISHED,
    words=(
        "convolution", "conv1d", "conv2d", "conv3d", "transposed convolution", "deconvolution", "conv2dtranspose",
        "stride", "padding", "same", "valid", "causal", "dilation", "atrous", "groups", "depthwise", "pooling",
        "max pooling", "average pooling", "argmax", "output padding", "output size", "checkerboard", "pytorch",
        "dumoulin", "visin", "guide", "floor", "shape", "upsampling",
    ),
    card=Grid("x"),
)  # fmt: skip
