"""**What you see.** The question's own case: an image of 1000 × 1000 random numbers, a **kernel** of 3 × 3 weights, and one
wanted value. **x** is the image around the window. The window is multiplied, cell by cell, with the kernel turned by 180°
(**flipped**), and the nine **products** add up to the value.

**y** is the map around that value as TensorFlow's convolution computes it: point at any of its cells and its own window
lights up in x. Hatched cells are zeros outside the image.

**What to try.**

- Click another cell of x.
- Switch the convention: the same index now names another window, and the table says which index would name the old one.
- Go to the last row, index 999x37, and choose the border *plain slice*: one row is left, *broadcasting* repeats it under all
  three rows of the kernel, and a wrong number comes out without an error.
- Switch *the whole map* on: the value is the same to the last digit, for a million times the work.

**What it means for your code.**

- `(data[i:i+M, j:j+M] * kernel[::-1, ::-1]).sum()` is enough, as long as the window lies inside.
- At the border clip window *and* kernel; do not pad the whole image, which copies it and shifts every index.
- Say which cell of the window your index names: top-left (the *valid* map), the middle (*same*) or bottom-right (*full*).
- `tf.nn.conv2d` does not flip: what it computes is cross-correlation.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.single_location_convolution_claims import CLAIMS
from pages.convolution.single_location_convolution_predictions import PREDICTIONS
from pages.convolution.single_location_convolution_tables import CHARTS, TABLES
from pages.convolution.single_location_convolution_words import amount, exact, place
from pages.kit.declare import Control, Grid, Lab, Panel, Preset

BORDERS = {
    "zero": "zeros",
    "clip": "clip window and kernel",
    "rescale": "clip, scale by the count",
    "reflect": "reflect",
    "error": "refuse",
    "slice": "plain slice (the mistake)",
}


def panels(trace: Trace) -> Sequence[Panel]:
    """The image around the window, the kernel both ways, the products, and the map around the value."""
    flipped = [Grid("flipped", "kernel, flipped")] if "flipped" in trace.tensors else []
    around = (
        [Grid("y", "map around the value", picks="index", mark=_mark(trace, "y"))]
        if "y" in trace.tensors
        else []
    )
    marked = any(panel.mark for panel in around)  # where the cursor begins: the value, if the map has it
    mirrored = ", mirrored outside" if trace.parameters["border"] == "reflect" else ""
    return [
        Grid(
            "x",
            f"image around the window{mirrored}",
            picks="index",
            mark=None if marked else _mark(trace, "x"),
        ),
        Grid("kernel", "kernel"),
        *flipped,
        Grid("window", "window"),
        Grid("products", "products: their sum is the value"),
        *around,
    ]


def _mark(trace: Trace, name: str) -> tuple[int, int] | None:
    """The chosen index on a piece, counted from the piece's first cell; None where it lies elsewhere."""
    if name == "y" and trace.facts["sliced_wrongly"]:
        return None
    tensor = trace.tensors[name]
    row, column = (at - first for at, first in zip(trace.parameters["index"], tensor.origin, strict=True))
    inside = 0 <= row < tensor.shape[0] and 0 <= column < tensor.shape[1]
    return (row, column) if inside else None


def gradients(trace: Trace) -> Sequence[Panel]:
    """d value / d image is the applied kernel, d value / d kernel the window turned."""
    return [Grid("image gradient", "d value / d x"), Grid("kernel gradient", "d value / d kernel")]


def gradient_note(trace: Trace) -> str:
    """Where the gradient of one value goes."""
    taps, size = trace.facts["taps"], trace.facts["size"]
    used = int((trace["image gradient"] != 0).sum())
    return (
        f"One value depends on at most {taps} × {taps} of the {size:,} × {size:,} cells: the gradient is not zero at "
        f"**{used}** of those drawn, and there it is the kernel that was applied. Everywhere else it is **zero, "
        "not None**: the image is the input, only its weight is 0. The gradient by the *index* is **None**: an index is "
        "an integer, so a place cannot be learned this way (that needs interpolation, as in spatial transformers)."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The value, and what it took."""
    told = trace.facts
    whole = [("read from the whole map", exact(told["from_the_map"]))] if told["map_shape"] else []
    return (
        ("value", exact(told["value"])),
        *whole,
        ("window starts at", place(told["corner"])),
        ("taps inside the image", f"{told['cells_inside']} of {told['taps'] ** 2}"),
        ("multiply-adds", amount(told["multiply_adds"])),
        ("for the whole map", amount(told["taps"] ** 2 * told["map_side"] ** 2)),
    )


CONTROLS = (
    Control("index", "Index (row × column)", low=-15, high=1015, help="Or click a cell of x or y. It may lie outside."),
    Control("convention", "The index names", labels={"top-left": "top-left", "centre": "centre", "full": "full"},
            help="top-left: the window's first cell ('valid'). centre: its middle ('same'). full: its last cell."),
    Control("flip", "Flip the kernel", help="On: convolution. Off: cross-correlation, what tf.nn.conv2d computes."),
    Control("border", "Outside the image", labels=BORDERS),
    Control("size", "Image N × N", low=5, high=1000),
    Control("taps", "Kernel M × M", low=1, high=15, when=("kernel", (None,))),
    Control("kernel", "Kernel, typed", auto="random", help="Rows of numbers, such as 3,0,-1;2,0,1;4,4,3"),
    Control("image", "Image", labels={"random": "random", "ramp": "0, 1, 2, …"}),
    Control("seed", "Seed", low=0, high=999),
    Control("locations", "Further locations"),
    Control("whole", "Compute the whole map too"),
)  # fmt: skip

PRESETS = (
    Preset("One row left, no error", {"index": "999x37", "border": "slice"},
           "The mistake: data[999:1002] has one row, and broadcasting uses it three times. A number comes out; it is wrong."),
    Preset("Before the first row", {"index": "-4x37", "border": "slice"},
           "data[-4:-1] counts from the end: the window jumped to rows 996 to 998, and nothing warns you."),
    Preset("Full: the same value at (12, 39)", {"index": "12x39", "convention": "full"},
           "Three conventions, one number: (10, 37) top-left, (11, 38) centre, (12, 39) full."),
    Preset("What conv2d computes", {"flip": False},
           "Without the flip it is cross-correlation: 2.548 instead of 2.454. Deep learning calls this convolution."),
    Preset("The whole map for one value", {"whole": True},
           "The same number to the last digit, for 9,036,036 multiply-adds instead of 9. See the time in the last line."),
    Preset("The flip, by hand", {"size": 7, "index": "2x2", "image": "ramp", "kernel": "3,0,-1;2,0,1;4,4,3"},
           "Rows and columns both reverse: [[3,0,−1],[2,0,1],[4,4,3]] becomes [[3,4,4],[1,0,2],[−1,0,3]]."),
    Preset("In the corner, mirrored", {"size": 7, "index": "6x6", "image": "ramp", "border": "reflect",
                                          "locations": "0.0_6.0_0.6"},
           "One tap of nine is real, the others repeat cells. Switch what is outside: zeros and clipping agree, the count and the mirror do not."),
)  # fmt: skip

LAB = Lab(
    title="Convolution at one location",
    question="How to get the value of a convolution at one index without computing the whole map?",
    technique="single-location-convolution",
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
    words=("convolution", "single value", "one index", "flip", "kernel", "cross-correlation", "convolve2d", "valid",
           "same", "full", "border", "padding", "broadcast", "operands could not be broadcast", "ValueError",
           "slice", "negative index", "submatrix", "efficient"),
    card=Grid("products", "products"),
)  # fmt: skip
