"""**What you see.** The photograph is the input of a whole network. The picture beside it holds the units of one layer: each
cell is one position, drawn as the mean of everything it can see, its **receptive field**. Point at a unit and its window
lights up on the photograph; point at a pixel and all units that see it light up.

The strip says how the size shrank on the way to the layer. The table has every layer with its shape, parameters, FLOPs
(multiplications and additions), receptive field, effective stride (pixels from unit to unit), effective padding and
centre.

**What to try.**

- Drag *depth* from 0 to 100 and watch the window grow until it is larger than the image.
- Pick EfficientNetB0: a squeeze-excite block pools the whole image into a gate and multiplies every unit by it, so from
  there on every unit sees everything. Switch the gates off to see what convolutions alone reach.
- Describe a stack of your own: *from* is the row a layer reads (0 is the image, empty the row above); add, concat and
  multiply join the row above with it.
- Switch the check on: TensorFlow differentiates one unit through Keras' own layers and must reach the same pixels.

**What it means for your code.**

- A receptive field of 483 says what a unit *can* see, and on an image of 224 that is all of it.
- Effective padding depends on the input size wherever SAME meets a stride: the same weights look at slightly different
  places at 224 and at 225.
- When paths are added whose strides were rounded differently, their windows have different centres; pad by hand where
  that matters.

**Counted how.** Keras builds the network without filling a weight; our formulas must give its shapes and parameters.
Published figures differ where the networks do: Keras pads ResNet's first pooling by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.network_receptive_field_charts import CHARTS
from pages.convolution.network_receptive_field_claims import CLAIMS, OWN
from pages.convolution.network_receptive_field_predictions import PREDICTIONS
from pages.convolution.network_receptive_field_published import PUBLISHED, measured_field
from pages.convolution.network_receptive_field_tables import TABLES, geometry, two
from pages.kit.declare import Control, Grid, Lab, Panel, Preset

SYMMETRIC = "_".join(
    (
        "conv.7.2.1.symmetric.16.",
        "conv.3.2.1.symmetric.32.",
        "conv.3.1.1.symmetric.32.",
        "conv.1.2.1.symmetric.32.1",
        "add.1.1.1.SAME.32.3",
    )
)
GATE = "_".join(
    (
        "conv.3.2.1.SAME.16.",
        "global-pool.1.1.1.SAME.16.",
        "conv.1.1.1.SAME.4.",
        "conv.1.1.1.SAME.16.",
        "multiply.1.1.1.SAME.16.1",
    )
)
DILATED = "_".join(("conv.3.1.1.SAME.8.", "conv.3.1.2.SAME.8.0", "conv.3.1.4.SAME.8.0", "concat.1.1.1.SAME.8.1", "concat.1.1.1.SAME.8.2"))  # fmt: skip


def panels(trace: Trace) -> Sequence[Panel]:
    """The photograph, the units of the chosen layer, and what the gradient reaches once it was asked for."""
    known = trace.facts
    units = Grid("y", f"units of {known['names'][known['place']]}", "image", picks="unit", mark=known["unit"])
    checked = (
        (Grid("reach", "seen by the chosen unit, by gradient", "mask", over="x"),) if known["checked"] else ()
    )
    return (Grid("x", "photograph", "image"), units, *checked)


def gradients(trace: Trace) -> Sequence[Panel]:
    """d unit / d pixel of the thin network, once it was computed."""
    if not trace.facts["checked"]:
        return ()
    return (
        Grid("gradient", "d unit / d pixel, thin and linear", "sequential"),
        Grid("reach", "not zero", "mask", over="x"),
    )


def gradient_note(trace: Trace) -> str:
    """What the gradient says, or how to ask for it."""
    if not trace.facts["checked"]:
        return (
            "Switch **Check by gradient** on: one unit is differentiated through Keras' own layers. Where no path leads from a "
            "pixel to the unit the gradient is **zero, not None**: TensorFlow gives None only for an image the unit does not depend on at all."
        )
    row, column = trace.facts["unit"]
    return (
        f"The gradient of unit ({row}, {column}) by every pixel, through Keras' own layers with one filter each and even weights: "
        f"**{trace.facts['gradient_pixels']:,}** pixels have one. Elsewhere it is **zero, not None**: the image is connected, those pixels weigh nothing. "
        "It is bright in the middle: most paths end there, so the window that counts is far smaller than the one that is seen."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The chosen layer's numbers, and the network's."""
    known, row = trace.facts, trace["layers"][trace.facts["place"]]
    field, stride, padding, centre = geometry(row)
    apart = len(known["misaligned"])
    found = [
        ("layer", f"{known['place']} of {len(known['names']) - 1}: {known['names'][known['place']]}"),
        ("output", " × ".join(f"{n:g}" for n in row[:3])),
        ("receptive field", field if field.startswith("every") else f"{field} px"),
        ("effective stride", stride),
        ("effective padding", padding),
        ("centre of unit 0", centre),
        ("units that see the whole image", f"{known['units_that_see_all']:,} of {known['units']:,}"),
        ("field / stride / padding of the last layer", " / ".join(map(str, measured_field(trace)))),
        ("parameters of the network", f"{known['parameters']:,}"),
        ("FLOPs", f"{known['flops'] / 1e9:.4g} billion"),
        ("paths that meet misaligned", str(apart)),
    ]
    return (*found, *_checked(trace))


def _checked(trace: Trace) -> Sequence[tuple[str, str]]:
    if not trace.facts["checked"]:
        return ()
    top, bottom, left, right = trace.facts["gradient_box"]
    size = two(bottom - top + 1, right - left + 1)
    found = [("seen in the image, by gradient", f"{size} px")]
    if "tall" in trace.facts:
        first, last = trace.facts["tall"]["gradient"]
        found.append(("rows seen where nothing is cut off, by gradient", str(last - first + 1)))
    return found


PRESETS = (
    Preset("The last layer", {"depth": 100},
           "483 pixels of receptive field on an image of 224: each of the 7 × 7 units sees the whole photograph."),
    Preset("VGG16's corner", {"network": "VGG16", "depth": 100, "unit": "0x0"},
           "212 pixels, but 90 of them lie outside: the corner unit of the last layer sees 122 × 122 pixels of the photograph."),
    Preset("Added, but misaligned", {"network": OWN, "depth": 100},
           "The popular mistake: strided SAME beside a 1 × 1 shortcut. The shapes agree, the windows' centres are 2 pixels apart."),
    Preset("Aligned by hand", {"network": OWN, "stack": SYMMETRIC, "depth": 100},
           "The same layers with as many zeros before as after: both paths look at the same place."),
    Preset("The gate sees all", {"network": "EfficientNetB0", "layer": 14},
           "After fourteen layers a unit already sees the whole image, through a squeeze-excite gate."),
    Preset("Without the gates", {"network": "EfficientNetB0", "layer": 14, "gates": False},
           "The same layer by its convolutions alone: a unit sees a few pixels, as one would think."),
    Preset("A gate of your own", {"network": OWN, "stack": GATE, "size": 48, "depth": 100},
           "Five rows make a squeeze-excite block: pool, squeeze, excite, multiply. Every unit now depends on every pixel."),
    Preset("Rows nobody sees", {"network": "InceptionV3", "size": 224, "depth": 100, "unit": "4x4"},
           "VALID windows leave rows over: the last three rows of a 224 image reach no unit of the last layer."),
    Preset("Xception's shortcut", {"network": "Xception", "size": 224, "layer": 35},
           "At 224 the main path is pooled with SAME and the shortcut is not: their centres are 8 pixels apart."),
    Preset("Dilated branches", {"network": OWN, "stack": DILATED, "size": 32, "depth": 100, "check": True},
           "Three dilated windows of one image, joined: the widest decides the extent, and the gradient shows the gaps."),
    Preset("Held against the gradient", {"network": "MobileNet", "depth": 60, "check": True},
           "GradientTape reaches exactly the rows and columns that the formula names."),
    Preset("Seven times the image", {"network": "ResNet152", "depth": 100},
           "1,507 pixels of receptive field on an image of 224, and still the middle counts most."),
)  # fmt: skip

LAB = Lab(
    title="What a whole network sees",
    question="How large are the receptive field, stride and padding of ResNet, Inception or my own network, and what does each layer cost?",
    technique="network-receptive-field",
    controls=(
        Control("network", "Network"),
        Control("stack", "Your layers", when=("network", (OWN,)),
                help="from: the row a layer reads, 0 for the image, empty for the row above; add, concat and multiply join it with the row above"),
        Control("depth", "Depth", "%", help="Which layer: how far from the image to the last that has positions"),
        Control("layer", "Or layer number", low=0, high=782, auto="by depth", help="Its number in the table below"),
        Control("size", "Input size", "px", low=32, high=512, auto="its own"),
        Control("unit", "Chosen unit (row × column)", low=0, high=127, auto="centre", help="Or click a unit"),
        Control("gates", "Count squeeze-excite gates", help="What a unit sees through the gates of squeeze-excite blocks"),
        Control("check", "Check by gradient", help="Holds the formula against TensorFlow's gradient; takes a moment"),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    published=PUBLISHED,
    words=("receptive field", "effective stride", "effective padding", "resnet", "vgg", "inception", "mobilenet", "efficientnet",
           "densenet", "xception", "nasnet", "keras.applications", "parameters", "flops", "layers", "model summary", "skip connection", "branches"),
    card=Grid("x", scale="image"),
)  # fmt: skip
