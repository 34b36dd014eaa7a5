"""**What you see.** An image that is black below its diagonal, and a convolution that does not know it. **x** is what the
layer is given; crossed cells are black, and the mask says which ones: click its cells to draw your own. **Valid taps**
counts, for each window, how many of its pixels are real.

A 3 × 3 mean of the constant 7 should stay 7. Along the diagonal it reads 4.667 and in the corner 2.333, because black
pixels are added up like any other; and nine black pixels are not black any more.

**What to try.**

- Go through the four modes. Masking the output takes the leak away and leaves the dark edge. *Partial convolution* divides
  by what the window really saw: 7 is 7 again on every valid pixel.
- Add layers: the leak grows by one pixel a layer, and a mask applied only at the end comes too late once a bias has filled
  the black with something.
- Choose the edge **kernel** (the weights of a window): it finds the mask, not the picture.
- Let black be −1, or NaN, or switch the guard off.

**What it means for your code.**

- Zeros are not silent: they leave the sum alone and still count in the mean. Mask *before every layer*, `x * mask`.
- If averages matter use `y = conv(x * mask) * k * k / conv(mask) + b`, with 0 where `conv(mask)` is 0 (Liu et al., 2018).
- If missing pixels hold NaN, `x * mask` keeps them NaN: use `tf.where`.
- Give the mask the image's rank, `[1, height, width, 1]`: a mask `[6, 6]` times an image `[1, 6, 6, 1]` is
  `[1, 6, 6, 6]`, without a word.
- Max pooling needs care too: a masked 0 beats every negative value beside it. And no time is saved: TensorFlow computes
  every window.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.partial_convolution_charts import CHARTS, MODES, TABLE, short
from pages.convolution.partial_convolution_claims import CLAIMS
from pages.convolution.partial_convolution_predictions import PREDICTIONS
from pages.kit.declare import Control, Grid, Lab, Panel, Preset


def panels(trace: Trace) -> Sequence[Panel]:
    """Image, mask, kernel and counts; every layer; what leaked and what is wrong."""
    layers = [f"y{layer}" for layer in range(1, trace.parameters["layers"] + 1)]
    kernels = [f"w{layer}" for layer in range(1, trace.parameters["layers"] + 1)]
    kernels = kernels if trace.parameters["kernel"] == "random" else kernels[:1]
    black = bool(trace.facts["black_pixels"])
    same = trace.parameters["padding"] == "SAME"
    fills = trace.parameters["mode"] == "partial"
    crossed = "mask" if black else ""
    behind = crossed if same else ""  # a smaller output has no cell of its own for each mask cell
    return [
        Grid("x", "image", crossed=crossed),
        Grid("mask", "mask", "mask", paints="cells", sets={"mask": "drawn"}),
        *(Grid(name, "kernel" if len(kernels) == 1 else f"kernel {name[1:]}") for name in kernels),
        Grid("taps1", "valid taps of each window", "sequential"),
        *(Grid(name, f"after layer {name[1:]}", crossed=behind) for name in layers if name in trace.tensors),
        Grid("output", crossed=behind),
        Grid("leak", "filled in, outside the mask" if fills else "leaked into the black"),
        Grid("error", "error on valid pixels", crossed=behind),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """Which pixels, black ones included, the valid outputs pull on."""
    crossed = "mask" if trace.facts["black_pixels"] else ""
    found = [
        Grid("x", "image", crossed=crossed),
        Grid("gradient", "d loss / d x", crossed=crossed),
        Grid("kernel_gradient", "d loss / d first kernel"),
    ]
    return [*found, Grid("mask_gradient", "d loss / d mask")] if "mask_gradient" in trace.tensors else found


def gradient_note(trace: Trace) -> str:
    """What the loss sends to black pixels and to the mask."""
    told = trace.facts
    start = "The loss is the sum of the output at valid pixels. "
    if told["nan_outputs"]:
        start += "NaN in the output makes gradients NaN too, and one step spreads it to every weight. "
    black, reached = told["black_pixels"], told["gradient_at_black"]
    if not black:
        start += "No pixel is black. "
    elif reached:
        start += f"**{reached}** of {black} black pixels have a gradient: the valid outputs depend on them. "
    else:
        start += f"All {black} black pixels have a gradient of exactly **zero, not None**: hidden, not unconnected. "
    if told["mask_gradient"] == "None":
        return (
            start
            + "d loss / d mask is **None**: the mask is only compared or never used, so no path leads to it."
        )
    return start + "d loss / d mask is a tensor, not None: the mask is a factor, and could be learned."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The counts people look for."""
    told = trace.facts
    bound = told["speedup_bound"]
    return (
        ("valid pixels", f"{told['valid_pixels']:,} of {told['pixels']:,}"),
        ("black outputs that are not 0", f"{told['leaks']:,} of {told['black_outputs']:,}"),
        ("largest error on valid pixels", short(told["largest_error"])),
        ("valid taps", f"{short(told['fewest_taps'])} to {short(told['most_taps'])} of {trace.parameters['taps'] ** 2}"),
        ("windows without a valid tap", f"{told['empty_windows']:,}"),
        ("NaN outputs", f"{told['nan_outputs']:,}"),
        ("multiplications", f"{told['multiplications']:,}"),
        ("valid pixels alone would take at best", f"1/{bound:.3g} of the time" if bound else "nothing"),
    )  # fmt: skip


LAB = Lab(
    title="Convolution on a masked image",
    question="Images are black below the diagonal: can a convolution be limited to the valid pixels?",
    technique="partial-convolution",
    controls=(
        Control("mode", "About the black pixels", labels=MODES),
        Control("size", "Image size", "px", low=4, high=32),
        Control("mask", "Valid pixels", labels={"upper": "upper triangle", "lower": "lower triangle"},
                help="Or click cells of the mask"),
        Control("cells", "Drawn mask, row by row", help="1 is valid, 0 is black; clicking cells writes this",
                auto="the upper triangle", when=("mask", ("drawn",))),
        Control("share", "Chance of a pixel to be valid", when=("mask", ("random",))),
        Control("image", "Image"),
        Control("value", "Its brightest value", low=-10, high=10, when=("image", ("constant", "ramp", "checker", "noise"))),
        Control("black", "Black is", low=-10, high=10, when=("black_nan", (False,))),
        Control("black_nan", "Black is NaN"),
        Control("kernel", "Kernel"),
        Control("taps", "Kernel size", low=1, high=7),
        Control("padding", "Padding", help="SAME keeps the size with zeros around; VALID has none"),
        Control("layers", "Layers", low=1, high=5),
        Control("bias", "Bias", low=-2, high=2),
        Control("relu", "ReLU after each layer"),
        Control("min_taps", "Least valid taps", low=1, high=49, help="Windows with fewer give no valid output",
                when=("mode", ("mask-end", "mask-each", "partial"))),
        Control("apply", "Masking by", labels={"multiply": "x · mask", "where": "tf.where"},
                when=("mode", ("mask-end", "mask-each", "partial"))),
        Control("update", "Mask after a layer", labels={"grow": "grows", "keep": "stays"}, when=("mode", ("partial",))),
        Control("guard", "Answer 0 where nothing is valid", help="Without it a window without valid pixels divides 0 by 0", when=("mode", ("partial",))),
        Control("mask_value", "The mask holds", low=0.5, high=255, help="1 is right; a mask read from a PNG holds 255"),
        Control("seed", "Seed", low=0, high=99),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=(TABLE,),
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Partial convolution", {"mode": "partial"},
               "7 is 7 again on every valid pixel: each window is divided by what it really saw."),
        Preset("Masked too late", {"mode": "mask-end", "layers": 3, "bias": 0.3, "relu": True, "value": 1, "size": 8},
               "The popular mistake: the leak is wiped off the output, but inside the network black was 0.3 and more, "
               "and the valid edge has already read it."),
        Preset("The leak spreads", {"size": 16, "layers": 5},
               "One pixel further into the black with each layer of 3 × 3, with nothing but zeros there to begin with."),
        Preset("0 divided by 0", {"mode": "partial", "guard": False, "layers": 3},
               "Six windows hold no valid pixel, and dividing by their count gives six NaNs. NaN · 0 is NaN: "
               "every layer spreads them, and the third has them on the diagonal."),
        Preset("Black is −1", {"black": -1, "value": 1},
               "After normalising to −1 … 1, black is a colour like any other: along the diagonal the mean drops "
               "from 0.667 to 0.333."),
        Preset("Missing data is NaN", {"black_nan": True, "mode": "mask-each"},
               "NaN · 0 is NaN: multiplying by the mask hides nothing. Choose tf.where and it is over."),
        Preset("An edge detector", {"kernel": "edge", "size": 12, "mask": "circle", "image": "constant"},
               "The image is constant and has no edge at all. What lights up is the mask."),
        Preset("Mask from a PNG", {"mode": "mask-each", "layers": 2, "mask_value": 255},
               "The mask holds 0 and 255. Three multiplications later 7 has become a hundred million."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("partial convolution", "masked convolution", "mask", "triangular image", "triangle", "black pixels", "missing data",
           "NaN", "no data", "inpainting", "incompatible shapes", "valid pixels", "ignore", "region of interest",
           "sparse", "leak"),
    card=Grid("output"),
)  # fmt: skip
