"""**What you see.** An **encoder** halves the image stage by stage, a **decoder** doubles it again, and at the painted levels
a **skip** adds the encoder's map to the decoder's. The bars are the sizes at each level, level 0 being the image; hatched
bars meet a map of another size, and a bar of 0 was never reached.

The pictures are the level where that happens first: what the encoder kept, its next map, and what comes back from below.
Point at a cell of the decoder's map to see what it was made from; crossed pixels have no partner. The comb at the end is
every size from 0 to 511, 32 in a row: light fits, dark fits without rounding anything.

**What to try.**

- Drag the size and watch the hatched bar come and go: which sizes fit repeats every 2^stages pixels.
- Make every stage SAME and the decoder is the larger one; with VALID and an even **kernel** (window) it is the smaller.
- Choose a repair. Cropping the encoder is what the question's *crop_and_add* does: it runs, the output is smaller than the
  image, and the maps lie half a pixel apart.

**What it means for your code.**

- A halving forgets whether its input was odd; doubling cannot know. SAME gives ⌈n/2⌉, VALID ⌊(n − k)/2⌋ + 1, the
  transposed convolution 2·n (+ k − 2).
- Feed sizes that halve without a remainder (pad the image to a multiple of 2^stages and crop the output), or tell the
  decoder its size: `tf.nn.conv2d_transpose(…, output_shape=tf.shape(skip))`, `Conv2DTranspose(…, output_padding=0 or 1)`,
  or `tf.image.resize`.
- Crop only what is larger: `tf.slice` refuses a negative offset, and slice notation takes one row instead, which then
  broadcasts unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.skip_connection_crop_add_charts import CHARTS
from pages.convolution.skip_connection_crop_add_claims import CLAIMS
from pages.convolution.skip_connection_crop_add_predictions import PREDICTIONS
from pages.convolution.skip_connection_crop_add_tables import TABLES
from pages.convolution.skip_connection_crop_add_words import REPAIRS, sizes, two
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset


def panels(trace: Trace) -> Sequence[Panel]:
    """Sizes by level, the maps where they part, and all sizes that fit."""
    known = trace.facts
    level = known["shown"]
    parts = next(one["parts"] for one in known["levels"] if one["level"] == level)
    square = trace.parameters["size"][0] == trace.parameters["size"][1]
    sides = ("heights",) if square else ("heights", "widths")
    bars = [
        Bars((f"encoder_{side}", f"decoder_{side}"), f"{side} at each level, 0 is the input", crossed="agree")
        for side in sides
    ]
    below = (
        [Grid("below", f"decoder at /{2 ** (level + 1)}", "sequential")] if "below" in trace.tensors else []
    )
    added = [Grid("sum", "added", "sequential")] if "sum" in trace.tensors else []
    row = trace.parameters["size"][0]
    return [
        *bars,
        Grid("skips", "skips, level 0 first", "mask", paints="skips"),
        Grid("encoder", f"encoder at /{2**level}", "sequential", crossed="encoder_kept" if parts else ""),
        Grid("decoder", f"decoder at /{2**level}", "sequential", crossed="decoder_kept" if parts else ""),
        *added,
        Grid("next", f"encoder at /{2 ** (level + 1)}", "sequential"),
        *below,
        Grid("fits", "which heights fit", "sequential", mark=(row // 32, row % 32) if row < 512 else None),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What comes back to both maps of the level shown."""
    shown = [Grid("encoder_gradient", "d Σ output / d encoder map")]
    if trace.facts["output_shape"]:
        shown.append(Grid("decoder_gradient", "d Σ output / d decoder map"))
    return [*shown, Grid("encoder", "the encoder's map", "sequential")]


def gradient_note(trace: Trace) -> str:
    """What there is to differentiate, and where it is zero."""
    known = trace.facts
    unseen, every = known["encoder_without_gradient"], known["encoder_pixels"]
    zero = (
        f"**{unseen:,}** of its {every:,} pixels get exactly 0"
        if unseen
        else f"none of its {every:,} pixels gets 0"
    )
    if known["stopped"]:
        left = ": a computed zero, not None, where halving left rows or columns out" if unseen else ""
        return (
            "There is no output, the addition was refused. So this is the gradient of the decoder's last map "
            f"(summed) by the encoder's: {zero}{left}. The skip itself gets "
            f"**{'a gradient' if known['skip_has_path'] else 'None'}**: nothing that was computed depends on it."
        )
    path = {True: "The skip has a path to the output, so it gets a gradient and not None.",
            False: "The skip gets None: it has no path.",
            None: "There is no skip at this level; its map is reached through the levels below, so nothing is None."}  # fmt: skip
    why = ": computed zeros, not None" if unseen else ""
    return f"The gradient of the summed output by both maps of this level. Of the encoder's, {zero}{why}. {path[known['skip_has_path']]}"


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The answer in numbers."""
    known = trace.facts
    size, output = trace.parameters["size"], known["output_shape"]
    where = "nowhere"
    if known["parted"] is not None:
        kept, came = known["parted_shapes"]
        where = f"/{2 ** known['parted']}: {list(kept)} and {list(came)}"
    return (
        ("sizes part at", where),
        ("output", f"{two(output[1:3])} of {two(size)}" if output else "none: the addition is refused"),
        ("skips at", ", ".join(f"/{2**level}" for level in known["skips"]) or "no level"),
        ("heights and widths that fit", f"n mod {known['period']} in {sizes(known['residues'])}"),
        ("nearest size that fits", two(known["nearest"])),
        ("next size without rounding", two(known["next_exact"])),
        ("fit, of 33 … 256", f"{known['fitting']} of 224"),
    )


LAB = Lab(
    title="Skips that miss by a pixel",
    question="Why does an encoder-decoder fail with [1,47,47,64] against [1,46,46,64], and which sizes fit?",
    technique="skip-connection-crop-add",
    controls=(
        Control("size", "Image size", "px", low=16, high=512),
        Control("stages", "Stages", help="Halvings with stride 2, and as many doublings"),
        Control("repair", "Repair", labels=REPAIRS),
        Control("layers", "Padding and kernel of each stage", help="The last row goes on for deeper stages"),
        Control("skips", "Levels with a skip", help="One digit a level, level 0 (the image) first; or click them on the stage"),
        Control("level", "Level shown", low=0, high=5, auto="where they part"),
        Control("channels", "Channels of the encoder"),
        Control("decoder_channels", "Channels of the decoder", auto="as many"),
        Control("image", "Image"),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("crop_and_add", {"repair": "crop-encoder"},
               "It runs: row and column 47 of the skip are dropped. The output is 184 × 184 for an image of 188 × 188, "
               "and the maps now lie half a pixel apart."),
        Preset("SAME fails the other way", {"layers": "SAME.3"},
               "⌈47/2⌉ = 24 and 2·24 = 48: now the decoder is larger, and cropping the encoder would begin at −1."),
        Preset("A multiple of 16 (popular mistake)", {"size": 208, "layers": "VALID.2"},
               "208 = 13·16, but five stages divide by 32: 13 becomes 6, and 6 comes back as 12."),
        Preset("406 × 256", {"size": "406x256", "layers": "SAME.3"},
               "The question's image never gives 47: at /4 it is 102 × 64. It parts at /8, in its height only."),
        Preset("Tell the decoder the size", {"repair": "output-shape"},
               "With output_shape the transposed convolution gives 47 from 23. VALID windows of 2 reach 46 rows: row 47 stays empty."),
        Preset("A skip at every level", {"layers": "SAME.3", "skips": "11111", "size": 191},
               "191 = 6·32 − 1 passes the skips at /16, /8, /4 and /2; only a multiple of 32 passes the one at full size."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("incompatible shapes", "skip connection", "encoder", "decoder", "u-net", "unet", "autoencoder", "crop",
           "crop_and_add", "pad", "resize", "odd size", "off by one", "conv2d_transpose", "deconvolution", "output_shape",
           "output_padding", "47 46", "concatenate", "add", "shape mismatch", "segmentation", "upsampling"),
    card=Grid("fits", "which sizes fit", "sequential"),
)  # fmt: skip
