"""**What you see.** A network gave each class a **logit**, any number at all. Softmax turns logits into probabilities; the
loss is −log of the one probability that belongs to the true class, the **label**. For the logits 0, 1, 2 and label 1 that
is −log 0.2447 = 1.4076: a single bar. *Sparse* only says that the label comes as a number; the one-hot vector beside the
softmax, 1 for the label and 0 elsewhere, is what it stands for.

**What to try.**

- Drag a logit and watch all bars move: softmax shares one whole. Drag **shift**: nothing changes, because only
  differences count.
- Go through the ways of computing it. The formula as the textbook prints it breaks at logits of 100; softmax applied twice
  looks harmless and cannot reach 0; yes-or-no terms for every class give 2.596 here.
- Switch to **pixels** for a label map: paint classes, ignore some, and see what the mean divides by.

**What it means for your code.**

- Give the loss logits and say so: `tf.nn.sparse_softmax_cross_entropy_with_logits`, or Keras with `from_logits=True`.
  Keras' default takes what it gets for probabilities.
- If Keras gets a softmax's output, it cuts probabilities at 1e-7 in eager mode (no loss above 16.118, and no gradient
  there), but looks through to the logits inside `tf.function` and `fit`: the same line gives 16.118 or 120.

**Where the gradient goes.** To every logit, as **softmax − one-hot**: down for the label's (so it is raised), up for all
others, and the sum is 0. There is none for the label: it is an integer, and the tape answers None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset, Table
from pages.losses.sparse_softmax_cross_entropy_claims import CLAIMS
from pages.losses.sparse_softmax_cross_entropy_predictions import PREDICTIONS
from pages.losses.sparse_softmax_cross_entropy_words import WAYS, plural, row, short

PARTS = {
    "shifted": "minus the largest",
    "exponentials": "exp",
    "total": "their sum",
    "log_sum_exp": "log of the sum",
    "probabilities": "exp ÷ sum",
    "once": "once",
    "twice": "softmax again",
    "terms": "−log p, −log (1 − p)",
}


def _at(trace: Trace) -> dict[str, int]:
    row, column = trace.parameters["pixel"] if trace.parameters["mode"] == "pixels" else (0, 0)
    return {"height": row, "width": column}


def _bars(trace: Trace) -> list[Panel]:
    where = _at(trace)
    pixel = f" of pixel {where['height']}, {where['width']}" if trace.parameters["mode"] == "pixels" else ""
    return [
        Bars(("softmax", "one_hot"), f"softmax{pixel}, beside its label as one-hot", at=where),
        Bars(("every_loss", "own_loss"), "−log softmax: what each label would cost, and what yours does", at=where),
    ]  # fmt: skip


def _row(tensor: str, title: str, types: str = "") -> Grid:
    return Grid(tensor, title, rows="height", columns="class", types=types)


def panels(trace: Trace) -> Sequence[Panel]:
    """The bars of one pixel and the tensors they come from; for a picture its maps first."""
    if trace.parameters["mode"] == "pixels":
        return [*_maps(trace), *_bars(trace)]
    scaled = [_row("scaled", "÷ temperature + shift")] if "scaled" in trace.tensors else []
    parts = [_row(name, title) for name, title in PARTS.items() if name in trace.tensors]
    return [
        *_bars(trace),
        _row("logits", "logits", types="logits"),
        *scaled,
        *parts,
        Grid("loss", "loss"),
        Bars(("gradient", "difference"), "gradient by the tape, and softmax − one-hot"),
    ]


def _maps(trace: Trace) -> list[Panel]:
    pixel = trace.parameters["pixel"]
    brush = trace.parameters["brush"]
    return [
        Grid(
            "labels",
            "labels",
            "sequential",
            crossed="kept",
            paints="labels",
            types="labels",
            brush=brush,
        ),
        Grid("guess", "guess: the largest logit", "sequential", crossed="kept"),
        Grid("loss", "loss", "sequential", crossed="kept", picks="pixel", mark=pixel),
        Grid("logits", "logits of each class", types="pixel_logits", beside="class"),
        Grid("gradient", "gradient of each class", beside="class"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The tape's gradient beside softmax − one-hot."""
    if trace.parameters["mode"] == "pixels":
        return [
            Bars(("gradient", "difference"), "the chosen pixel: by the tape, and softmax − one-hot", at=_at(trace)),
            Grid("gradient", "d objective / d logits", beside="class"),
            Grid("difference", "softmax − one-hot", beside="class"),
        ]  # fmt: skip
    return [Bars(("gradient", "difference"), "d objective / d logits by the tape, and softmax − one-hot")]


def gradient_note(trace: Trace) -> str:
    """What arrives at the logits and at the label, with this state's numbers."""
    told = trace.facts
    label = "**None**: the label is an integer" if told["label_gradient_is_none"] else "a number"
    start = f"Asked for the slope in the label, the tape answers {label}. The chosen pixel's logits get "
    start += f"**{row(told['gradient'])}**"
    if any(map(math.isnan, told["gradient"])):
        return start + ": NaN, which is not None: one step of training spreads it to every weight."
    if not any(told["gradient"]):
        return start + f": computed zeros, not None. {_why_zero(trace)}"
    off = told["gradient_off"]
    same = "up to rounding" if off < 1e-5 else f"which differ by up to {short(off)}"
    return (
        start
        + f", in all {short(told['gradient_sum'])}. Softmax − one-hot (÷ temperature and the mean's count): {same}."
    )


def _why_zero(trace: Trace) -> str:
    told = trace.facts
    if not told["label_kept"]:
        return "This label is ignored."
    if trace.parameters["way"] in ("keras-probabilities", "keras-raw"):
        return "Keras cut the probabilities at 1e-7, and what is cut does not move."
    return "The label is certain, or there is one class only."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers people look for."""
    told = trace.facts
    ways = told["ways"]
    right = ways["tf"] if ways else None
    own: list[tuple[str, str]] = [
        ("loss", short(told["loss"])),
        ("TensorFlow's operation", short(right)),
        ("softmax of the label", short(told["probability"] if told["label_kept"] else None)),
        ("guessing among the classes", f"log {told['classes']} = {short(told['chance'])}"),
    ]
    if trace.parameters["mode"] == "one":
        return [*own, ("gradient", row(told["gradient"]))]
    return [
        ("objective", short(told["objective"])),
        ("labels kept", f"{told['kept']} of {told['pixels']}"),
        ("pixels right", f"{told['right']} of {told['kept']}"),
        *own,
    ]


WHAT = {
    "tf": "one kernel, stable",
    "steps": "the largest logit subtracted first",
    "naive": "overflows where a logit passes 88",
    "double": "a softmax layer, then a loss that applies it again",
    "binary": "the question's own formula",
    "binary-sigmoid": "for labels that can be true together, by the formula",
    "keras": "the same kernel",
    "keras-probabilities": "cut at 1e-7 in eager mode, not in a graph",
    "keras-raw": "the default from_logits=False, given logits",
}


def _rows(trace: Trace) -> Sequence[Sequence[str]]:
    """Every way's loss of the chosen pixel."""
    eager, graph = trace.facts["ways"], trace.facts["in_graph"]
    same = "the same" if eager else "–"  # operations written out are the same ones there
    return [
        (WAYS[way], short(eager.get(way)), short(graph[way]) if way in graph else same, what)
        for way, what in WHAT.items()
    ]


def _note(trace: Trace) -> str:
    told = trace.facts
    if not told["label_kept"]:
        return f"Label {told['label']} of the chosen pixel is ignored: it has no loss."
    if not told["ways"]:
        return f"Label {told['label']} is no class: on a CPU TensorFlow's and Keras' ways raise outside XLA."
    where = "" if trace.parameters["mode"] == "one" else " of the chosen pixel"
    return f"The loss{where} for label {told['label']} among {plural(told['classes'], 'class').replace('classs', 'classes')}."


PIXELS, ONE = ("mode", ("pixels",)), ("mode", ("one",))
CONTROLS = (
    Control("mode", "Labels", labels={"one": "one example", "pixels": "every pixel"}),
    Control("logits", "Logits", low=-10, high=10, help="One number a class; −inf rules one out", when=ONE, sliders="Logit of class {}"),
    Control("label", "Label", help="The true class, counted from 0", low=0, high=9, when=ONE, sliders="Label"),
    Control("rows", "Rows", when=PIXELS),
    Control("columns", "Columns", when=PIXELS),
    Control("classes", "Classes", low=2, when=PIXELS),
    Control("seed", "Picture", help="The seed it is drawn from", low=0, high=50, when=PIXELS),
    Control("brush", "Label to paint", low=-1, high=9, help="A stroke on the labels writes it", when=PIXELS),
    Control("pixel", "Chosen pixel", when=PIXELS),
    Control("labels", "Labels, row after row", auto="a seeded picture", when=PIXELS),
    Control("pixel_logits", "Logits, pixel after pixel", auto="a seeded picture", when=PIXELS),
    Control("way", "Computed by", labels=WAYS),
    Control("execution", "Executed", labels={"graph": "in a graph", "xla": "XLA"}, help="XLA compiles first: a second for each new shape"),
    Control("shift", "Shift", low=-200, high=200, help="Added to every logit"),
    Control("temperature", "Temperature", help="Logits are divided by it"),
    Control("labels_as", "Labels handed over as", labels={
        "integers": "integers, as they should be", "extra axis": "with a last axis of 1", "fractions": "fractions",
        "one-hot": "one-hot", "swapped": "swapped with the logits"}),
    Control("ignore_class", "Ignored label", low=-1, high=9, auto="none", when=PIXELS),
    Control("reduction", "Losses become one number by", labels={
        "sum": "their sum", "mean": "the mean of all", "mean of kept": "Σ loss · mask ÷ Σ mask", "keras": "Keras' mean"}, when=PIXELS),
    Control("dtype", "Number format"),
)  # fmt: skip

PRESETS = (
    Preset(
        "the question's own formula",
        {"way": "binary"},
        "Asking yes or no of every class adds terms for the classes that are not the label: 2.596. With a one-hot p "
        "only the label's term counts, and that is 1.4076.",
    ),
    Preset(
        "softmax twice (the usual mistake)",
        {"way": "double", "logits": (0.0, 10.0, 0.0)},
        "The right class leads by 10, the loss should be 0.00009, and it says 0.5515: the second softmax only sees "
        "numbers from 0 to 1.",
    ),
    Preset(
        "saturated, eager",
        {"way": "keras-probabilities", "logits": (-60.0, 60.0), "label": (0,)},
        "Wrong by 120, yet Keras' loss of these probabilities is 16.118 and its gradient exactly 0: nothing is learned.",
    ),
    Preset(
        "saturated, in a graph",
        {"way": "keras-probabilities", "logits": (-60.0, 60.0), "label": (0,), "execution": "graph"},
        "The same line inside tf.function: Keras finds the softmax, uses its logits, and answers 120 with gradient −1, 1.",
    ),
    Preset(
        "naive and large",
        {"way": "naive", "logits": (0.0, 100.0), "label": (0,)},
        "exp(100) is infinite in float32: the probability is 0, its logarithm −∞. The answer is 100.",
    ),
    Preset(
        "raw logits, Keras' default",
        {"way": "keras-raw"},
        "from_logits=False takes 0, 1, 2 for probabilities: 0.6931 instead of 1.4076, and the gradient is exactly 0.",
    ),
    Preset(
        "a label that is no class",
        {"label": (3,), "execution": "xla"},
        "Classes are counted from 0, so label 3 of three classes does not exist: XLA and GPUs answer NaN, silently.",
    ),
    Preset(
        "a tie",
        {"logits": (1.0, 1.0, 1.0)},
        "Equal logits cost log 3 = 1.0986 whatever the label; argmax calls it class 0, the first of equals.",
    ),
    Preset(
        "the label ruled out",
        {"logits": (0.0, -math.inf, 2.0)},
        "A logit of −∞ at the label is probability 0: an infinite loss, with a finite gradient.",
    ),
    Preset(
        "shift by 100",
        {"logits": (100.0, 101.0, 102.0)},
        "The same loss, 1.4076: softmax only knows differences.",
    ),
    Preset(
        "a picture with ignored pixels",
        {"mode": "pixels", "labels": (0, 0, 1, 1, -1, 0, 2, 2, 1, -1, 0, 2, 2, 1, 1, -1, -1, 2, 1, 1),
         "ignore_class": -1, "reduction": "keras", "pixel": (1, 3)},
        "One label a pixel, −1 does not count: Keras' mean divides by the 16 that do, reduce_mean would by 20.",
    ),
    Preset(
        "every pixel ignored",
        {"mode": "pixels", "rows": 2, "columns": 2, "labels": (-1, -1, -1, -1), "ignore_class": -1,
         "reduction": "mean of kept"},
        "Σ loss · mask ÷ Σ mask is 0 ÷ 0: NaN, and so is every gradient. Keras' own mean answers 0.",
    ),
)  # fmt: skip

LAB = Lab(
    title="Sparse softmax cross-entropy",
    question="Why does TensorFlow return 1.41 for logits [0, 1, 2] and label 1, when the formula seems to give 1.23?",
    technique="sparse-softmax-cross-entropy",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=(Table("The same label, every way", ("way", "eager", "in a graph", "what it is"), _rows, _note),),
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "sparse_softmax_cross_entropy_with_logits",
        "SparseCategoricalCrossentropy",
        "from_logits",
        "log-sum-exp",
        "one-hot",
        "negative log likelihood",
        "ignore_class",
        "label smoothing",
        "semantic segmentation",
        "loss is nan",
        "labels.shape.rank must equal logits.shape.rank - 1",
        "Received a label value outside the valid range",
        "16.118",
    ),
    card=Bars(("softmax", "one_hot"), "softmax beside the label"),
)
