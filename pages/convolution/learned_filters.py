"""**What you see.** A small network, trained a moment ago on 1,437 of scikit-learn's scanned digits, and one picture on its
way through it. Each **kernel**, a small window of weights, slides over the picture and gives a map of sums; **ReLU** adds
a bias and cuts off what is below zero; **pooling** keeps one number of each window. The rest is written as one long
vector, and a dense layer gives each class a score, the **logit**. Softmax makes probabilities of them.

Point at a bar, a unit or a kernel's weight, and everything it was made of lights up, back to the pixels. *What each pixel
gave* is the pixel times the gradient of the chosen class' logit.

**What to try.**

- Draw on the picture: drag over blank cells to ink them, over inked ones to erase.
- Shift a digit by one pixel, which no person would notice, and look at the answer.
- Ask about a class that lost and see which pixels spoke against it.
- Give it noise, and read the probability.
- Drag kernel, stride or filters: a new network is trained in about a second; the same seed gives the same weights.

**What it means for your code.**

- A convolution moves with the picture, but the dense layer behind it gives every place its own weights: a network is as
  invariant to shifts as its training pictures were. Augment them, or pool over all places.
- Do not read softmax as confidence: far from the training data it is sure of anything.
- Hold out what is really new, such as other writers: neighbours in a file look alike.
- With gradient × input remember the biases: this network is piecewise linear, so pixels *and* biases, each times its
  gradient, add up to the logit exactly; the pixels alone do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.learned_filters_charts import CHARTS
from pages.convolution.learned_filters_claims import CLAIMS, GLOBAL, MANY, noise
from pages.convolution.learned_filters_predictions import PREDICTIONS
from pages.convolution.learned_filters_words import number, parts, percent
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset

DRAWN = {"source": "drawing", "down": "0", "right": "0"}
PICTURE = Grid("x", "picture", "sequential", paints="drawing", types="drawing", ink=1.0, sets=DRAWN)


def panels(trace: Trace) -> Sequence[Panel]:
    """Picture, why and answer; then every layer with its filters side by side."""
    asked = trace.facts["asked"]
    shown: list[Panel] = [
        PICTURE,
        Grid("times_input", f"what each pixel gave to the logit of {asked}"),
        Bars(("probability",), "probability of each class"),
        Grid("logits", "logits"),
    ]
    for layer in range(1, trace.parameters["layers"] + 1):
        shown += [
            Grid(f"w{layer}", f"kernels {layer}, trained", beside="filter"),
            Grid(f"conv{layer}", f"convolution {layer}", beside="filter"),
            Grid(f"relu{layer}", f"ReLU {layer}", "sequential", beside="filter"),
        ]
    name = "average" if trace.parameters["pooling"] == "average" else "max"
    return [
        *shown,
        Grid("pooled", f"{name} pooling", "sequential", beside="filter"),
        Grid("flat", "flattened", "sequential"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the chosen logit sends back to pixels, sums, pooled units and kernels."""
    asked, last = trace.facts["asked"], trace.parameters["layers"]
    return [
        Grid("gradient", f"d logit {asked} / d pixel"),
        Grid("times_input", "pixel × gradient"),
        Grid("gradient_pooled", "d logit / d pooled", beside="filter"),
        Grid(f"gradient_conv{last}", f"d logit / d conv{last}", beside="filter"),
        Grid("gradient_w1", "d logit / d kernel", beside="filter"),
    ]


def gradient_note(trace: Trace) -> str:
    """The sum of the parts, and what 0 means here."""
    told, zero = trace.facts, int((trace["gradient"] == 0).sum())
    reasons = "each path from them meets a closed ReLU, a cell that lost in max pooling, or no window at all"
    zeros = f"{zero} of 64 pixels get exactly 0: {reasons}." if zero else "No pixel gets exactly 0 here."
    return (
        f"The logit of class {told['asked']} is **{number(told['logit'])}**: pixels × gradients give "
        f"{number(told['input_part'])}, biases × theirs {number(told['bias_part'])}. Together they are the logit, "
        "because the network is piecewise linear (Euler's theorem for homogeneous functions). No gradient is **None**: "
        f"TensorFlow answers None only where there is no path, and every pixel is connected. {zeros}"
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Answer, accuracy, and where the logit comes from."""
    told = trace.facts
    label = "unknown: it is your drawing" if told["label"] is None else str(told["label"])
    shift = trace.parameters["down"] or trace.parameters["right"]
    moved = [("accuracy, all shifted like this", percent(told["accuracy_here"]))] if shift else []
    return [
        ("answer", f"{told['answer']} ({percent(told['largest_probability'])})"),
        ("true class", label),
        (f"P(class {told['asked']})", percent(told["probability"])),
        (f"logit of {told['asked']}", number(told["logit"])),
        ("from pixels and biases", parts(trace)),
        (f"accuracy on {int(told['held_out'])} held out", percent(told["accuracy"])),
        *moved,
        ("weights learned", f"{told['parameters_total']:,}"),
        ("ReLU units above 0", f"{told['units_above_zero']} of {told['units']}"),
        ("training loss", f"{told['first_loss']:.2f} → {told['last_loss']:.2f}"),
    ]


PRESETS = (
    Preset("One pixel to the left", {"right": -1},
           "The same 3, one column to the left, is a 5 to this network: a CNN with a dense layer is not translation invariant."),
    Preset("Sure of noise", {"source": "drawing", "drawing": noise(15)},
           "Random ink gets a confident answer: softmax compares ten classes, it cannot say none of them."),
    Preset("Draw your own", {"source": "drawing"},
           "A blank sheet: the probabilities are those of the biases alone. Drag over the cells and watch them move."),
    Preset("Wrong and sure", {"digit": 225},
           "A 9 that is taken for a 5 with 99 %: look at the pixels that spoke for it."),
    Preset("Why not another?", {"asked": 8},
           "Asked about 8, the same 3 shows what is missing: the pixels that speak against it are negative."),
    Preset("No biases", {"bias": False},
           "Without biases gradient × input sums to the logit exactly; with them it never quite does."),
    Preset("Stride instead of pooling", {"stride": 2, "pool": 1},
           "A stride of 2 gives maps as small as pooling does, with a quarter of the work and much the same accuracy."),
    Preset("Kernels as large as the picture", {"kernel": 8, "padding": "VALID", "pool": 1, "filters": 8},
           "One position is left: the convolution is a dense layer, and each kernel a template of a whole digit."),
    Preset("One window over everything", GLOBAL,
           "Global pooling forgets where: fewer digits are right, but a shift costs little."),
    Preset("Dead filters", MANY,
           "Two layers, each with a stride of 2: one filter ends at 0 for every digit held out, and gets no gradient any more."),
    Preset("Two layers", {"layers": 2},
           "The second kernels look at four maps at once; point at a unit of convolution 2: its window in the picture is 5 × 5."),
    Preset("Easier exam", {"held_out": "fifth", "digit": 0},
           "Hold out every fifth digit, and accuracy rises by 7 points: its neighbours, written alike, were trained on."),
)  # fmt: skip

CONTROLS = (
    Control("source", "Picture", labels={"digit": "scanned digit", "drawing": "my drawing"}),
    Control("digit", "Which digit (of those held out)", when=("source", ("digit",))),
    Control("drawing", "Drawing, 64 values", help="0 is blank, 1 full ink; easier: drag over the picture",
            auto="blank: drag over the picture", when=("source", ("drawing",))),
    Control("right", "Shift to the right", "px", low=-3, high=3),
    Control("down", "Shift down", "px", low=-3, high=3),
    Control("asked", "Class asked about", auto="the answer", help="Whose logit is traced back to the pixels"),
    Control("kernel", "Kernel size"),
    Control("stride", "Stride", "px", help="How far the window moves", high=4),
    Control("padding", "Padding", help="Zeros around each input. SAME keeps the size, VALID has none."),
    Control("pads", "Zeros: top, bottom, left, right", when=("padding", ("explicit",))),
    Control("filters", "Filters", help="Kernels of every convolution"),
    Control("layers", "Convolutions"),
    Control("pooling", "Pooling", help="What one window of a map hands on: its largest value or its mean"),
    Control("pool", "Pooling window", "px"),
    Control("bias", "Biases"),
    Control("held_out", "Held out", labels={"end": "last 360", "fifth": "every fifth"}),
    Control("seed", "Seed of the training", high=99),
)  # fmt: skip

LAB = Lab(
    title="What the filters of a CNN learn",
    question="What happens to a digit inside a trained convolutional network, and which pixels decide?",
    technique="learned-filters",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "CNN explainer", "digits", "MNIST", "handwriting", "trained filters", "feature maps", "visualize", "saliency",
        "gradient × input", "attribution", "explain prediction", "translation invariance", "shift", "max pooling",
        "average pooling", "flatten", "softmax", "confidence", "dead ReLU", "edge detector", "draw a digit", "kernel",
    ),
    card=PICTURE,
)  # fmt: skip
