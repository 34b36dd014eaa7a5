"""**What you see.** The photograph on the left is the input. Each cell of **y** is one **unit** (neuron): one position of one
filter. Point at a unit and the pixels it reads light up, with the **kernel taps**, the weights of the filter, they are
multiplied by. Hatched cells are zeros that padding adds; they are read like any other pixel.

The three small pictures ask which pixels count. *By formula*: kernels, strides and dilations add up to a window.
*By gradient*: TensorFlow differentiates one unit by every pixel, and what is not zero was seen. *Effective*: when every
tap weighs the same, how much each pixel weighs.

**What to try.**

- Drag the kernel from 3 to 4 with SAME padding and point at the last unit: an even kernel needs an odd number of zeros,
  and TensorFlow puts the extra one *after*.
- Make the stride, the step of the window, larger than the kernel and watch columns that no unit reads.
- Add a pooling layer and a second convolution: the window grows by (kernel − 1) times the *jump*, the pixels from
  one unit of the layer before to the next.
- With several layers the effective picture is bright in the middle and fades long before the window ends.

**What it means for your code.**

- Units are positions times filters; weights are only kernel height × width × channels × filters: all positions share
  them.
- Output size is ⌈n / stride⌉ with SAME and ⌊(n − span) / stride⌋ + 1 with VALID, span = (kernel − 1)·dilation + 1.
- Porting weights from a framework that pads symmetrically? Pad by hand and use VALID: with an even kernel or a stride
  TensorFlow's SAME is not symmetric.
- If a detector must see a whole object, trust the receptive field less than its formula says.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.receptive_field_charts import CHARTS, layer_steps
from pages.convolution.receptive_field_claims import CLAIMS, NETWORK
from pages.kit.declare import Control, Grid, Lab, Panel, Prediction, Preset, Published


def panels(trace: Trace) -> Sequence[Panel]:
    """The image, the first kernels, every layer's output, and the three receptive fields."""
    steps = layer_steps(trace)
    # With several layers the chosen filter is one of the last layer's, not of the first.
    at = {} if trace.parameters["stack"] else {"filter": trace.parameters["filter"]}
    dense = [Grid("logits", "dense layer")] if "logits" in trace.tensors else []
    return [
        Grid("x", "input image", "image"),
        Grid("w", "kernels", at=at),
        *(_output(trace, step.writes, step.operation, step is steps[-1]) for step in steps),
        *dense,
        Grid("window", "seen, by formula", "mask", over="x"),
        Grid("reach", "seen, by gradient", "mask", over="x"),
        Grid("effective", "weighs how much", "sequential"),
    ]


def _output(trace: Trace, name: str, operation: str, last: bool) -> Grid:
    if not last:
        return Grid(name, f"after {operation}")
    at = {"channel": trace.parameters["filter"]}
    return Grid(name, f"units after {operation}", at=at, picks="unit", mark=trace.facts["unit"])


def gradients(trace: Trace) -> Sequence[Panel]:
    """d unit / d pixel, signed, beside the image and the effective field."""
    return [
        Grid("gradient", "d unit / d x"),
        Grid("reach", "where it is not zero", "mask", over="x"),
        Grid("effective", "share of paths", "sequential"),
    ]


def gradient_note(trace: Trace) -> str:
    """What the gradient says about this unit."""
    seen, could = trace.facts["gradient_pixels"], trace.facts["formula_pixels"]
    row, column = trace.facts["unit"]
    return (
        f"The gradient of unit ({row}, {column}), filter {trace.parameters['filter']}, by every pixel. It exists "
        f"everywhere and is **zero, not None**, outside the window: the path is there, its weight is 0. "
        f"It is not zero at **{seen}** of the **{could}** pixels inside the window."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The counts people look for."""
    known = trace.facts
    rows, columns = known["receptive_field"]
    return (
        ("output", " × ".join(map(str, known["output_shape"][1:]))),
        ("units", f"{known['units']:,}"),
        ("weights", f"{known['parameters_total']:,}"),
        ("a dense layer would need", f"{known['dense_equivalent']:,}"),
        ("receptive field", f"{rows} × {columns} px"),
        ("jump", f"{known['jump'][0]} × {known['jump'][1]} px"),
        (
            "pixels holding 95 % of the weight",
            f"{known['effective_pixels_95']:,} of {known['formula_pixels']:,}",
        ),
        ("FLOPs", f"{known['flops']:,}"),
    )


def _size_answers(trace: Trace) -> Sequence[str]:
    rows, columns = trace.facts["output_shape"][1:3]
    height, width = trace.parameters["size"]
    guesses = [
        (rows, columns),
        (rows + 1, columns + 1),
        (max(1, rows - 1), max(1, columns - 1)),
        (height, width),
    ]
    return [f"{a} × {b}" for a, b in guesses]


def _seen_answers(trace: Trace) -> Sequence[str]:
    field = trace.facts["receptive_field"][0]
    kernels = sum(trace.facts["kernel_heights"])
    return [str(n) for n in (field, kernels, field + trace.facts["jump"][0], max(1, field - 1))]


PREDICTIONS = (
    Prediction(
        lambda t: f"How large is the output after {len(layer_steps(t))} layer(s)?",
        _size_answers,
        lambda t: "; ".join(line for step in layer_steps(t) for line in step.formula) + ".",
    ),
    Prediction(
        lambda _: "How many rows of the image can one unit of the last layer see?",
        _seen_answers,
        lambda t: next(s.formula[0] for s in t.steps if s.writes == "window") + ".",
    ),
    Prediction(
        lambda t: f"How many weights do all layers hold ({t.parameters['filters']} filters in the first)?",
        lambda t: [
            f"{n:,}"
            for n in (
                t.facts["parameters_total"],
                t.facts["parameters_total"] * t.facts["positions"],
                t.facts["units"],
                t.facts["parameters_total"] + 1,
            )
        ],
        lambda t: f"Positions share kernels: {' + '.join(map(str, t.facts['parameters']))}.",
        lambda t: {
            f"{t.facts['parameters_total'] * t.facts['positions']:,}": "You counted the weights anew at every position.",
            f"{t.facts['units']:,}": "You counted the units, not the weights that they share.",
        },
    ),
)

PUBLISHED = (
    Published("Zeros that SAME puts before and after a side of 224, kernel 7, stride 2",
              "padding of ResNet's first convolution as TensorFlow's models publish it", (2, 3),
              {"size": 224, "kernel": 7, "stride": 2, "padding": "SAME"}, lambda trace: tuple(trace.facts["pads"][0][0])),
)  # fmt: skip

LAB = Lab(
    title="What one neuron sees",
    question="How does an input image map to neurons in the first convolution layers, and which pixels does each see?",
    technique="receptive-field",
    controls=(
        Control("size", "Input size", "px", low=4, high=128),
        Control("kernel", "Kernel size", low=1, high=11, help="Height and width of the window; separate them for a rectangle"),
        Control("stride", "Stride", "px", help="How far the window moves from unit to unit", low=1, high=8),
        Control("dilation", "Dilation", low=1, high=4, help="Distance between the taps of a kernel"),
        Control("padding", "Padding", help="Zeros around the image. SAME keeps ⌈n / stride⌉ units, VALID has none."),
        Control("pads", "Zeros: top, bottom, left, right", when=("padding", ("explicit",))),
        Control("filters", "Filters", help="Kernels of the first layer; each makes one channel of y", low=1, high=32),
        Control("image", "Input image"),
        Control("channels", "Colours", low=1, high=3),
        Control("weights", "First kernels"),
        Control("stack", "Layers after the first"),
        Control("classes", "Dense layer on top", "outputs", low=0, high=20),
        Control("unit", "Chosen unit (row × column)", low=0, high=127, auto="centre",
                help="Or click a unit of the last layer"),
        Control("filter", "Filter of the chosen unit", low=0, high=31),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("The last unit", {"unit": "63x63"},
               "With SAME and an even kernel the last unit sees two zeros, not one: the odd zero goes after."),
        Preset("Symmetric padding", {"padding": "explicit", "pads": "1,1,1,1", "unit": "62x62"},
               "The popular mistake: one zero on every side gives 63 × 63, SAME without its last row and column."),
        Preset("Stride beyond the kernel", {"size": 16, "kernel": 2, "stride": 3, "padding": "VALID", "filters": 4},
               "Every third row and column is read by no unit at all."),
        Preset("Four cheap layers", {"stack": NETWORK, "classes": 6},
               "1,286 parameters, and a unit's window is 43 pixels wide. By gradient far less: pooling passes on winners only."),
        Preset("Effective is smaller", {"size": 33, "kernel": 3, "image": "noise", "channels": 1, "filters": 2,
                                        "stack": "conv.3.1.1.SAME.2_conv.3.1.1.SAME.2_conv.3.1.1.SAME.2_conv.3.1.1.SAME.2"},
               "Five 3 × 3 layers can see 11 × 11 pixels, but most of the weight lies in the middle."),
        Preset("Dilation leaves gaps", {"size": 24, "kernel": 3, "dilation": 4, "filters": 2, "channels": 1},
               "The window spans 9 pixels a side, yet only 9 pixels in all are read."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    published=PUBLISHED,
    words=("convolution", "conv2d", "shape", "mismatch", "shapes", "stride", "padding", "same", "valid", "dilation",
           "kernel", "filter", "neuron", "receptive field", "output size", "image", "pixels", "pooling"),
    card=Grid("x", scale="image"),
)  # fmt: skip
