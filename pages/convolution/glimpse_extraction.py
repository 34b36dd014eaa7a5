"""**What you see.** A **glimpse** is a small block cut out of an image, as a network does that looks at one place at a time.
The question's own case: a 5 × 5 image of 0 to 24, and TensorFlow 1's `extract_glimpse` asked for 3 × 3 blocks at the
offsets (1, 1) and (2, 1). Both blocks are the same. Cells outside the first window are crossed out.

An offset becomes a **start**: here offset − 3/2, that is −0.5 and 0.5, and both are cut **towards zero**, to row 0.

**What to try.**

- Drag y from 0.6 to 2.4: the window does not move.
- Choose V2: the same offset is now the block's top-left corner, whatever the documentation says about centres.
- Click the pixel you want in the middle; **difference** shows how far the block is off, and the table which offset each
  convention needs.

**What it means for your code.**

- For a block centred on pixel (r, c) write `(r + 0.5, c + 0.5)` in TensorFlow 1 and `(r − h // 2, c − w // 2)` in
  TensorFlow 2.
- Set `noise="zero"`: by default cells outside the image are random numbers.
- Where a gradient must pass, cut with `tf.pad` and a slice, or with `tf.image.crop_and_resize`, which can even learn
  where to look.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.glimpse_extraction_claims import CLAIMS
from pages.convolution.glimpse_extraction_predictions import PREDICTIONS
from pages.convolution.glimpse_extraction_tables import CHARTS, TABLES, pair
from pages.kit.declare import Control, Grid, Lab, Panel, Preset

HANDED = {
    "as it takes them": "right",
    "image of rank 3": "image [M], no batch",
    "one offset too many": "3 offsets, 2 images",
    "three numbers an offset": "offsets [2, 3]",
}


def panels(trace: Trace) -> Sequence[Panel]:
    """The image with its window, both blocks, and what was wanted instead."""
    p = trace.parameters
    names = [pair((p["y"], p["x"])), pair((p["y2"], p["x2"]))]
    return [
        Grid(
            "x", "image, crossed outside the window", crossed="window", picks="intended", mark=p["intended"]
        ),
        Grid("blocks", f"extract_glimpse at {names[0]} and {names[1]}", beside="offset"),
        Grid("wanted", f"wanted: {pair(p['intended'])} in the middle"),
        Grid("difference", "first block − wanted"),
        Grid("sliced", "pad + slice, same start"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What can be differentiated instead."""
    return [
        Grid("slice gradient", "d Σ sliced / d image"),
        Grid("resized", "crop_and_resize, start not truncated"),
        Grid("resize gradient", "d Σ resized / d image"),
    ]


def gradient_note(trace: Trace) -> str:
    """The operation has no gradient; two others have."""
    told = trace.facts
    answer = "answers **None**" if told["tape"] == "None" else f"raises “{told['tape']}”, not even a **None**"
    down, across = (f"{slope:.4g}".replace("-", "−") for slope in told["start_gradient"])
    return (
        f"`extract_glimpse` has no gradient in either version: asked for one by the image, GradientTape {answer}. "
        "A network behind it cannot train what is in front. Padding and slicing gives each pixel of the window a 1 and "
        "every other a 0, but nothing by the start: an integer, so **None**. `crop_and_resize` interpolates from the "
        f"start before truncation, {pair(told['raw'][0])}, and has a gradient there too: d Σ / d start = ({down}, "
        f"{across}). That is how attention can learn where to look."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """From the offset to the block."""
    told = trace.facts
    return (
        ("start before truncation", pair(told["raw"][0])),
        ("start", pair(told["starts"][0])),
        ("second start", pair(told["starts"][1])),
        ("start for the wanted block", pair(told["wanted_start"])),
        ("largest difference", f"{told['difference']:.4g}"),
        ("cells outside the image", str(told["cells_outside"])),
        ("slice − operation, inside", f"{told['op_and_slice_apart']:g}"),
    )


CONTROLS = (
    Control("y", "Offset y", low=-6, high=8, help="First number: down"),
    Control("x", "Offset x", low=-6, high=8, help="Second number: across"),
    Control("version", "Version", labels={"V1": "V1, tf.compat.v1", "V2": "V2, tf.image"}),
    Control("centered", "centered"),
    Control("normalized", "normalized"),
    Control("noise", "Outside the image", labels={"zero": "zero", "uniform": "uniform", "gaussian": "gaussian"},
            help="V1 has no zero"),
    Control("size", "Image"),
    Control("glimpse", "Glimpse"),
    Control("intended", "Intended centre", help="Or click a pixel of the image", labels={"height": "row", "width": "column"}),
    Control("y2", "Second offset, y", low=-6, high=8),
    Control("x2", "Second offset, x", low=-6, high=8),
    Control("image", "Image holds", labels={"count": "0, 1, 2, …", "random": "random"}),
    Control("handed", "Handed over", labels=HANDED),
    Control("seed", "Seed", low=0, high=99, when=("image", ("random",))),
)  # fmt: skip

ANSWER = {"y": -2, "x": -2, "y2": 0, "x2": -2, "centered": True}
PRESETS = (
    Preset("V2: the corner", {"version": "V2", "noise": "zero"},
           "The mistake: the documentation says centre, but (1, 1) is now the block's top-left corner. (2, 1) is one row lower."),
    Preset("Half a pixel more", {"y": 1.5, "x": 1.5, "y2": 2.5, "x2": 1.5},
           "V1's offsets are centres in continuous coordinates: pixel (r, c) has its middle at (r + 0.5, c + 0.5)."),
    Preset("The answer, in V1", {**ANSWER, "intended": "1x1"},
           "Centred offsets count twice as fast: −2 is one pixel from the middle. The blocks are those around (1, 1) and (2, 1)."),
    Preset("The answer, in V2", {**ANSWER, "version": "V2", "noise": "zero", "intended": "1x1"},
           "The first block is still right, by truncation; the second begins one row too low."),
    Preset("The middle, in shares", {"y": 0, "x": 0, "centered": True, "normalized": True, "version": "V2",
                                      "noise": "zero", "intended": "2x2", "y2": 0.3, "x2": 0},
           "centered and normalized: the only convention that both versions agree on, and (0, 0) is the middle."),
    Preset("Noise beyond the edge", {"y": 5, "x": 5, "intended": "4x4", "y2": 5, "x2": 5},
           "Five cells lie outside. By default they are random numbers from the image's own range, easily taken for pixels."),
    Preset("y first", {"size": "4x9", "version": "V2", "noise": "zero", "y": 1, "x": 5, "y2": 5, "x2": 1, "intended": "2x6"},
           "The order is (y, x). Swapped, the block starts at row 5 of an image that has four rows."),
)  # fmt: skip

LAB = Lab(
    title="Where a glimpse is cut",
    question="Why does extract_glimpse return the same 3 × 3 block for the offsets (1, 1) and (2, 1)?",
    technique="glimpse-extraction",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=("glimpse", "extract_glimpse", "offset", "crop", "patch", "centered", "normalized", "truncate", "noise",
           "attention", "recurrent attention model", "crop_and_resize", "slice", "pad", "LookupError",
           "gradient registry", "input must be 4-dimensional"),
    card=Grid("x", crossed="window"),
)  # fmt: skip
