"""**What you see.** The photograph on the left is the input. Each cell of **y** is one unit: one
position of one filter. Point at a unit and the pixels it reads light up in the image, together with
the kernel taps they are multiplied by. Hatched cells are zeros that padding adds; they are read like
any other pixel. The three small pictures ask the same question three ways. *By formula*: kernels,
strides and dilations add up to a window. *By gradient*: TensorFlow differentiates one unit by every
pixel, and what is not zero was seen. *Effective*: when every tap weighs the same, how much each pixel
weighs in the unit.

**What to try.** Drag the kernel from 3 to 4 with SAME padding and point at the last unit: an even
kernel needs an odd number of zeros, and TensorFlow puts the extra one *after*. Make the stride larger
than the kernel and watch columns that no unit reads. Add a pooling layer and a second convolution:
the window grows by (kernel − 1) times the jump of everything before it. With several layers the
effective picture is bright in the middle and fades long before the window ends.

**What it means for your code.** A convolution's units are positions times filters, but its weights
are only kernel height × width × channels × filters: all positions share them. Output size is
⌈n / stride⌉ with SAME and ⌊(n − span) / stride⌋ + 1 with VALID, where span = (kernel − 1)·dilation + 1.
If you port weights from a framework that pads symmetrically, pad by hand and use VALID: with an even
kernel or a stride, TensorFlow's SAME is not symmetric. And if a detector must see a whole object,
trust the receptive field less than its formula says: what a unit can see and what it attends to differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine
from engine import Trace
from pages.kit.declare import Chart, Claim, Control, Grid, Lab, Measured, Panel, Prediction, Preset, Run

NETWORK = "max-pool.8.8.1.SAME.1_conv.2.1.1.SAME.16_max-pool.4.4.1.SAME.1"


def _last(trace: Trace) -> str:
    count = len(trace.facts["growth"])
    return "y" if count == 1 else f"y{count}"


def panels(trace: Trace) -> Sequence[Panel]:
    """The image, every layer's kernels and output, and the three receptive fields."""
    first = [
        Grid("x", "input image", "image"),
        Grid("w", "kernels", at={"filter": trace.parameters["filter"]}),
    ]
    if trace.parameters["stack"]:
        first[1] = Grid("w", "kernels")
    layers: list[Panel] = []
    for step in trace.steps:
        if step.writes.startswith("y"):
            last = step.writes == _last(trace)
            layers.append(_output(trace, step.writes, step.operation, last))
    fields = [
        Grid("window", "seen, by formula", "mask", over="x"),
        Grid("reach", "seen, by gradient", "mask", over="x"),
        Grid("effective", "effective: how much each pixel weighs", "sequential"),
    ]
    dense: list[Panel] = [Grid("logits", "dense layer")] if "logits" in trace.tensors else []
    return [*first, *layers, *dense, *fields]


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


def _growth(trace: Trace) -> dict[str, Any]:
    fields = [1, *(field for field, _ in trace.facts["growth"])]
    jumps = [1, *(jump for _, jump in trace.facts["growth"])]
    names = ["input", *(f"{number} {step.operation}" for number, step in enumerate(_layers(trace), 1))]
    line = {"type": "scatter", "mode": "lines+markers+text", "x": names, "textposition": "top center"}
    text = [str(field) for field in fields]
    return {
        "data": [
            {**line, "y": fields, "text": text, "name": "receptive field", "line": {"color": "#2b8cbe"}},
            {
                **line,
                "y": jumps,
                "name": "jump",
                "mode": "lines+markers",
                "line": {"color": "#d97706", "dash": "dot"},
            },
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 50, "r": 10, "t": 20, "b": 40},
            "yaxis": {"title": {"text": "input pixels"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.15},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def _profile(trace: Trace) -> dict[str, Any]:
    column = trace["effective"].sum(axis=1)
    total = float(column.sum()) or 1.0
    share = [round(float(value) / total, 6) for value in column]
    first, last = trace.facts["window_rows"]
    return {
        "data": [
            {"type": "bar", "x": list(range(1, len(share) + 1)), "y": share, "marker": {"color": "#2b8cbe"}}
        ],
        "layout": {
            "height": 280,
            "margin": {"l": 50, "r": 10, "t": 20, "b": 40},
            "xaxis": {"title": {"text": "row of the image"}},
            "yaxis": {"title": {"text": "share of the weight"}, "rangemode": "tozero"},
            "shapes": [
                {
                    "type": "rect",
                    "xref": "x",
                    "yref": "paper",
                    "x0": first + 0.5,
                    "x1": last + 1.5,
                    "y0": 0,
                    "y1": 1,
                }
                | {"line": {"color": "#d97706", "dash": "dot"}, "fillcolor": "rgba(217,119,6,0.08)"}
            ],
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def _layers(trace: Trace) -> list[Any]:
    return [step for step in trace.steps if step.writes.startswith("y")]


CHARTS = (
    Chart(
        "How the receptive field grows",
        _growth,
        lambda t: (
            "Receptive field after each layer: "
            + ", ".join(f"{field} pixels with jump {jump}" for field, jump in t.facts["growth"])
        ),
    ),
    Chart(
        "Where the weight lies inside the window",
        _profile,
        lambda t: (
            f"Share of the unit's weight by image row; the window is rows {t.facts['window_rows'][0] + 1} "
            f"to {t.facts['window_rows'][1] + 1}, {t.facts['effective_pixels_95']} pixels hold 95 percent."
        ),
    ),
)


def _numbers(values: Sequence[int]) -> str:
    return ", ".join(map(str, values)) if len(values) <= 5 else f"{values[0]} to {values[-1]}"


def _valid(run: Run) -> Measured:
    first, last = run(padding="VALID", unit=(0, 0)), run(padding="VALID", unit=(60, 60))
    sees = [first.facts["pixels_seen_rows"], last.facts["pixels_seen_rows"]]
    right = sees == [[1, 2, 3, 4], [61, 62, 63, 64]] and first.facts["output_shape"] == (1, 61, 61, 8)
    shape = list(first.facts["output_shape"])
    return Measured(f"{_numbers(sees[0])} and {_numbers(sees[1])}; {shape}", "holds" if right else "wrong")


def _same_shape(run: Run) -> Measured:
    shape = run().facts["output_shape"]
    return Measured(str(list(shape)), "holds" if shape == (1, 64, 64, 8) else "wrong")


def _same_first(run: Run) -> Measured:
    known = run(unit=(0, 0)).facts
    right = known["pixels_seen_rows"] == [1, 2, 3] and known["zeros_seen_rows"] == 1
    value = f"{known['zeros_seen_rows']} zero, then {_numbers(known['pixels_seen_rows'])}"
    return Measured(value, "holds" if right else "wrong")


def _same_last(run: Run) -> Measured:
    known = run(unit=(63, 63)).facts
    claimed = known["pixels_seen_rows"] == [62, 63, 64] and known["zeros_seen_rows"] == 1
    value = f"{_numbers(known['pixels_seen_rows'])} and **{known['zeros_seen_rows']}** zeros"
    return Measured(value, "holds" if claimed else "wrong")


def _shared(run: Run) -> Measured:
    known = [run(size=size).facts for size in (32, 64)]
    counts = [one["parameters_total"] for one in known]
    value = f"{counts[0]} weights at 32 × 32, {counts[1]} at 64 × 64 (+{known[1]['biases_if_used']} biases if used)"
    return Measured(value, "holds" if counts == [384, 384] else "wrong")


def _unrelated(run: Run) -> Measured:
    eight, sixteen = run(filters=8).facts["units"], run(filters=16).facts["units"]
    value = f"{eight:,} units with 8 filters, {sixteen:,} with 16: proportional"
    return Measured(value, "wrong" if sixteen == 2 * eight else "holds")


def _fewer(run: Run) -> Measured:
    known = run().facts
    value = f"{known['parameters_total']} against {known['dense_equivalent']:,} weights"
    return Measured(
        value, "holds" if known["parameters_total"] * 1000 < known["dense_equivalent"] else "wrong"
    )


def _depends(run: Run) -> Measured:
    changes: dict[str, dict[str, Any]] = {
        "input": {"size": 32},
        "kernel": {"kernel": 5, "padding": "VALID"},
        "padding": {"padding": "VALID"},
        "stride": {"stride": 2},
        "filters": {"filters": 9},
    }
    base = run().facts["units"]
    matter = [name for name, change in changes.items() if run(**change).facts["units"] != base]
    kernel_with_same = run(kernel=5).facts["units"] != base
    value = f"of {base:,} units the number changes with {', '.join(matter)}; "
    value += f"with SAME the kernel {'matters' if kernel_with_same else 'does not'}"
    complete = "filters" not in matter and kernel_with_same
    return Measured(value, "holds" if complete else "depends")


def _symmetric(run: Run) -> Measured:
    same, one = run(), run(padding="explicit", pads=(1, 1, 1, 1))
    exact = run(padding="explicit", pads=(1, 2, 1, 2))
    cut = float(np.abs(same["y"][:, :-1, :-1] - one["y"]).max())
    full = float(np.abs(same["y"] - exact["y"]).max())
    size = one.facts["output_shape"][1]
    value = f"pad 1 gives {size} × {size}: SAME without its last row and column (difference {cut:g}); "
    value += f"pads 1 and 2 give SAME (difference {full:g})"
    return Measured(value, "holds" if size == 64 else "wrong")


def _stride(run: Run) -> Measured:
    notes = run(stride=5, padding="VALID").notes
    missed = next((note for note in notes if "row" in note), "every pixel is read")
    return Measured(f"stride 5, kernel 4: {missed}", "wrong" if "never reads row 5" in missed else "holds")


def _old_names(_: Run) -> Measured:
    names = ("tf.get_variable", "tf.contrib", "tf.Session", "tf.nn.max_pool")
    known = engine.run("installed-names", names=",".join(names)).facts
    value = f"absent: {', '.join(known['absent'])}; present: {', '.join(known['present'])}"
    return Measured(value, "outdated" if set(names[:3]) <= set(known["absent"]) else "holds")


def _network(run: Run) -> Measured:
    known = run(stack=NETWORK, classes=6, padding="SAME").facts
    value = f"{' + '.join(str(n) for n in known['parameters'] if n)} = {known['parameters_total']}; "
    value += "field and jump " + ", ".join(f"{field}/{jump}" for field, jump in known["growth"])
    return Measured(value, "holds" if known["growth"][-1] == (43, 32) else "wrong")


CLAIMS = (
    Claim("With VALID the first unit sees pixels 1–4, the last 61–64, and the output is 61 × 61 × 8.",
          "64 × 64, kernel 4, stride 1: rows read by the first and last unit", "holds", _valid),
    Claim("SAME keeps 64 × 64 × 8.", "the shape TensorFlow returned", "holds", _same_shape),
    Claim("With SAME the first unit sees one zero and pixels 1, 2, 3.",
          "rows read by unit (0, 0)", "holds", _same_first),
    Claim("With SAME the last unit sees 62, 63, 64 and one zero.",
          "rows read by unit (63, 63): an even kernel pads 1 before and 2 after", "wrong", _same_last),
    Claim("There are 8 kernels in all, shared by every position.",
          "weights of the layer for two image sizes", "holds", _shared),
    Claim("Each neuron uses n kernels; the numbers of neurons and kernels are unrelated.",
          "units for 8 and 16 filters: a unit is one position of one filter", "wrong", _unrelated),
    Claim("A convolution needs far fewer parameters than a dense layer.",
          "weights of both between the same input and output", "holds", _fewer),
    Claim("The number of neurons depends on input, kernel, padding and stride.",
          "units after changing one thing at a time", "depends", _depends),
    Claim("Padding 1 on every side with kernel 4 is what SAME does.",
          "explicit padding against SAME on the same image and kernels", "wrong", _symmetric),
    Claim("A unit and its window have the same size, so a stride changes nothing that is seen.",
          "pixels that no unit reads", "wrong", _stride),
    Claim("tf.get_variable, tf.contrib and a Session are how this is written.",
          "names looked up in the installed TensorFlow", "outdated", _old_names),
    Claim("Four cheap layers see 43 pixels with 1,286 parameters.",
          "convolution 4, pooling 8/8, convolution 2, pooling 4/4 and a dense layer of 6", "holds", _network),
)  # fmt: skip


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
    kernels = sum(step.map.loops["u"] for step in _layers(trace) if step.map)
    return [str(n) for n in (field, kernels, field + trace.facts["jump"][0], max(1, field - 1))]


PREDICTIONS = (
    Prediction(
        lambda t: f"How large is the output after {len(_layers(t))} layer(s)?",
        _size_answers,
        lambda t: "; ".join(line for step in _layers(t) for line in step.formula) + ".",
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
    ),
)

LAB = Lab(
    title="What one neuron sees",
    question="How does an input image map to neurons in the first convolution layers, and which pixels does each see?",
    technique="receptive-field",
    controls=(
        Control("size", "Input size", "px", low=4, high=128),
        Control("kernel", "Kernel size", low=1, high=11, help="Height and width of the window; separate them for a rectangle."),
        Control("stride", "Stride", "px", low=1, high=8),
        Control("dilation", "Dilation", low=1, high=4, help="Distance between the taps of a kernel."),
        Control("padding", "Padding"),
        Control("pads", "Zeros: top, bottom, left, right", when=("padding", ("explicit",))),
        Control("filters", "Filters", low=1, high=32),
        Control("image", "Input image"),
        Control("channels", "Colours", low=1, high=3),
        Control("weights", "First kernels"),
        Control("stack", "Layers after the first"),
        Control("classes", "Dense layer on top", "outputs", low=0, high=20),
        Control("unit", "Chosen unit (row × column)", low=0, high=127, auto="centre",
                help="Or click a unit of the last layer."),
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
    words=("convolution", "conv2d", "shape", "mismatch", "shapes", "stride", "padding", "same", "valid", "dilation",
           "kernel", "filter", "neuron", "receptive field", "output size", "image", "pixels", "pooling"),
    card=Grid("x", scale="image"),
)  # fmt: skip
