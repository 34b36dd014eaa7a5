"""**What you see.** An image made of tiles. A **dense layer**, in which every output weighs every input, sees one tile at a
time, flattened to a row of numbers. A **convolution** slides a kernel as large as a tile, by a stride as large as a tile.
The kernel in the middle is one column of the dense layer's weights, folded back into the shape of a tile. Point at an
output: the tile it was made from lights up. Both outputs and their difference stand beside each other.

**What to try.**

- Turn the kernel by 180 degrees: textbooks and Theano do that in a convolution, TensorFlow does not, and the outputs part.
- Let the dense layer flatten channels first and read the weights channels last: the shapes agree and every number is
  wrong.
- Make the stride smaller than the tile: the same weights answer at every place, and neighbours share their work.

**What it means for your code.**

- `Conv2D(units, tile, strides=tile)` with `kernel = W.reshape(height, width, channels, units)` *is* the dense layer on
  every tile, with the same number of weights. Do not flip.
- Weights from a channels-first model need `W.reshape(channels, height, width, units).transpose(1, 2, 0, 3)` instead.
- A size that is no multiple of the tile loses its last pixels with VALID; with SAME, zeros come in, before the image too
  when more than one is needed.
- This is how a classifier trained on crops becomes a detector for whole images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.convolution.dense_as_convolution_claims import CLAIMS
from pages.kit.declare import Chart, Control, Grid, Lab, Panel, Prediction, Preset

MOST_COLUMN = 48  # weights of a column that are worth a panel of their own


def panels(trace: Trace) -> Sequence[Panel]:
    """The image, the unit's weights in both shapes, both outputs and their difference."""
    uneven = bool((trace["coverage"] != 1).any())
    column = [Grid("column", "weights, one column")] if len(trace["column"]) <= MOST_COLUMN else []
    tiles = [Grid("coverage", "tiles that read a pixel", "sequential")] if uneven else []
    unit = trace.parameters["unit"]
    return [
        Grid("x", "image", crossed="coverage" if trace.facts["unread_pixels"] else ""),
        *column,
        Grid("kernel_unit", f"kernel of unit {unit}"),
        Grid("dense_unit", "dense on each tile", rows="down", columns="across"),
        Grid("conv_unit", "convolution", rows="down", columns="across"),
        Grid("difference_unit", "difference", rows="down", columns="across"),
        *tiles,
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The kernel stamped on the image, and the sum of all tiles."""
    return [
        Grid("image_gradient", "d Σ unit / d image, channel 0"),
        Grid("kernel_gradient", "d Σ unit / d weights"),
        Grid("kernel_unit", "the kernel"),
    ]


def gradient_note(trace: Trace) -> str:
    """What one unit's outputs, summed, send back."""
    known = trace.facts
    apart = known["gradient_difference"]
    unread = known["unread_pixels"]
    zero = (
        f"The {unread:,} pixels that no tile reads get **0, not None**"
        if unread
        else "No pixel gets None or is left out"
    )
    return (
        "By the image, the gradient of the summed outputs is the kernel, stamped once on each tile and added where "
        f"tiles overlap. {zero}. By the weights it is the sum of all tiles; through the convolution and through the "
        f"dense layer it differs by at most {apart:.2g}{'' if known['same'] else ', since these are not the same layers'}."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Sizes, parameters and the difference."""
    known = trace.facts
    return (
        ("outputs", " × ".join(map(str, known["output_shape"]))),
        ("tile values", f"{known['features']:,}"),
        ("parameters, dense", f"{known['dense_parameters']:,}"),
        ("parameters, convolution", f"{known['conv_parameters']:,}"),
        ("largest difference", f"{known['largest_difference']:.3g}"),
        ("largest output", f"{known['scale']:.3g}"),
        ("pixels no tile reads", f"{known['unread_pixels']:,}"),
        ("strongest answer at", f"{known['peak'][0]}, {known['peak'][1]}"),
    )


def _differences(trace: Trace) -> dict[str, Any]:
    difference = abs(trace["difference"]).max(axis=(0, 1, 2)).astype(float)
    here = trace.parameters["unit"]
    colours = ["#d97706" if unit == here else "#2b8cbe" for unit in range(len(difference))]
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    top = max(float(difference.max()), 1e-6)
    return {
        "data": [{"type": "bar", "y": difference.tolist(), "marker": {"color": colours}}],
        "layout": {
            "height": 260,
            "margin": {"l": 60, "r": 10, "t": 20, "b": 40},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": {"title": {"text": "unit"}, "dtick": max(1, len(difference) // 8), **grid},
            "yaxis": {
                "title": {"text": "largest |difference|"},
                "range": [0, top * 1.1],
                "exponentformat": "e",
                **grid,
            },
        },
    }


def _differences_alt(trace: Trace) -> str:
    return (
        f"Largest difference of convolution and dense layer for each of {trace.parameters['units']} units; "
        f"the largest is {trace.facts['largest_difference']:.3g}, outputs reach {trace.facts['scale']:.3g}."
    )


def _parameter_answers(trace: Trace) -> Sequence[str]:
    known = trace.facts
    dense, places = known["dense_parameters"], known["places"]
    guesses = [
        dense,
        dense * places if places > 1 else 2 * dense,
        dense - trace.parameters["units"],
        known["features"],
    ]
    return [f"{number:,}" for number in dict.fromkeys(guesses)]


def _shape_answers(trace: Trace) -> Sequence[str]:
    rows, columns = trace.facts["output_shape"][1:3]
    return [f"{a} × {b}" for a, b in ((rows, columns), (rows + 1, columns + 1), trace.facts["size"])]


def _shape_why(trace: Trace) -> str:
    step = next(step for step in trace.steps if step.writes == "conv")
    return "; ".join(step.formula) + "."


def _same_answers(trace: Trace) -> Sequence[str]:
    names = ["the same, but for rounding", "different numbers of the same shape", "different shapes"]
    right = 0 if trace.facts["same"] else 1
    return [names[right], *(name for name in names if name != names[right])]


def _same_why(trace: Trace) -> str:
    known, how = trace.facts, trace.parameters
    turned = "turned by 180°" if how["flip"] else "not turned"
    return (
        f"The weights were flattened {how['flatten']}, read as {how['reshape']}, and {turned}. The outputs differ by up to "
        f"{known['largest_difference']:.3g} on values up to {known['scale']:.3g}."
    )


LAB = Lab(
    title="A dense layer is a strided convolution",
    question="Is a dense layer on each 20 × 20 × 10 tile the same as a 20 × 20 convolution with stride 20?",
    technique="dense-as-convolution",
    controls=(
        Control("tile", "Tile", "px", help="Height and width; 20 is the question's, 3 is easy to follow"),
        Control("tiles", "Image in tiles", low=1, high=8, help="Whole tiles down and across"),
        Control("extra", "Pixels beyond whole tiles", "px", low=-5, high=19),
        Control("stride", "Stride", "px", low=1, high=20, auto="the tile's size"),
        Control("padding", "Padding", help="VALID: whole windows only. SAME: zeros around the image."),
        Control("flip", "Turn the kernel by 180°"),
        Control("flatten", "The dense layer flattens", labels={"HWC": "channels last", "CHW": "channels first"}),
        Control("reshape", "Its weights are read as", labels={"HWC": "channels last", "CHW": "channels first"}),
        Control("channels", "Channels"),
        Control("units", "Units", help="Outputs of the dense layer, filters of the convolution"),
        Control("unit", "Unit looked at", low=0, high=63),
        Control("values", "Values"),
        Control("features", "Rows of the weights", low=1, high=6400, auto="automatic"),
        Control("batch", "Images"),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    charts=(Chart("By how much convolution and dense layer differ, unit by unit", _differences, _differences_alt),),
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Small enough to check", {"tile": 3, "tiles": "2x3", "extra": "0x1", "channels": 1, "units": 2, "values": "arange"},
               "Nine weights in a column, folded into 3 × 3: six tiles, six sums, and a difference of exactly 0. The last column fills no tile."),
        Preset("Flip it (popular mistake)", {"flip": True},
               "Theano turns the kernel, tf.nn.conv2d slides it as it is. Turned by 180° the output has the right shape and the wrong numbers."),
        Preset("Weights from channels first", {"tile": 4, "tiles": "4x4", "channels": 3, "units": 8, "flatten": "CHW"},
               "A second trap beside the flip: flattened channels first, read channels last, every weight meets another pixel."),
        Preset("A response map for free", {"tile": 6, "tiles": "5x6", "channels": 3, "units": 30, "stride": 1,
                                           "values": "template", "unit": 14},
               "Unit 14 was cut from tile 14 (row 2, column 2). With stride 1 it answers at all 775 places, most at 12, 12."),
        Preset("Seven rows too many", {"tile": 8, "tiles": "3x4", "channels": 1, "units": 4, "extra": "7x0"},
               "VALID drops the last 7 of 31 rows without a word; no weight ever sees them."),
        Preset("SAME moves the tiles", {"tile": 8, "tiles": "3x4", "channels": 1, "units": 4, "extra": "3x0",
                                        "padding": "SAME"},
               "5 rows of zeros are needed: 2 go before the image, so that even the first tile is no longer the one it was."),
    ),
    claims=CLAIMS,
    predictions=(
        Prediction(
            lambda t: f"The dense layer has {t.facts['features']:,} inputs and {t.parameters['units']} units. How many parameters has the convolution?",
            _parameter_answers,
            lambda t: f"{t.facts['features']:,} · {t.parameters['units']} weights and {t.parameters['units']} biases: every place shares them.",
        ),
        Prediction(
            lambda t: f"An image of {t.facts['size'][0]} × {t.facts['size'][1]} px: how many outputs, down and across?",
            _shape_answers,
            _shape_why,
        ),
        Prediction(
            lambda t: "Dense layer on each tile and convolution: are the outputs equal?",
            _same_answers,
            _same_why,
        ),
    ),
    words=("dense", "fully connected", "convolution", "tile", "patch", "patches", "reshape", "flatten", "kernel flip",
           "cross-correlation", "Theano", "strides", "sliding window", "fully convolutional", "1x1", "channels first",
           "channels last", "weights", "extract_patches"),
    card=Grid("kernel_unit", "kernel"),
)  # fmt: skip
