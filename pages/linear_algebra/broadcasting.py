"""**What you see.** The question's own case: a column of 47 numbers, [47, 1], and a row of 47, [47]. The small grid writes the
sizes under each other, **aligned from the right**; a tensor with fewer axes gets axes of size 1 in front, and where one
has a 1 it is repeated along the other's size: **broadcasting**. Both are repeated here, and the result is [47, 47]. Point
at a cell of **out** and the cells of **a** and **b** that it was made from light up.

**What to try.**

- Open *A perfect model, loss 368*: predictions and labels are equal, yet the mean of their squared differences is 368,
  because every prediction was compared with every label. Choose the repair *new axis at the end* and it is 0.
- Drag a size: when two sizes differ and neither is 1, the axis is crossed out and TensorFlow's own words stand below.
- Switch *repeat first* on to see the copies that `+` saves you.

**What it means for your code.**

- No error and no warning comes with a wrong alignment, only a number. Print shapes before a loss.
- Write `y[:, tf.newaxis]` or `tf.squeeze(p, -1)` so that both have one shape, and say what you expect with
  `tf.ensure_shape`.
- A missing axis is always added **in front**: a bias for each channel fits, a weight for each example does not, until you
  give it its axes of size 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.linear_algebra.broadcasting_claims import CLAIMS
from pages.linear_algebra.broadcasting_predictions import PREDICTIONS
from pages.linear_algebra.broadcasting_tables import TABLES, listed


def panels(trace: Trace) -> Sequence[Panel]:
    """The sizes under each other, each tensor as it meets the others, and the result."""
    return [*_alignment(trace), *(_operand(trace, name) for name in _operands(trace)), *_result(trace)]


def _alignment(trace: Trace) -> list[Panel]:
    if "aligned" not in trace.tensors:
        return []
    shapes, axes = trace.facts["shapes"], trace.facts["axes"]
    rows = [_row(name, len(shape), len(axes)) for name, shape in zip("abc", shapes, strict=False)]
    labels = {"tensor": [*rows, "result"], "axis": [f"−{-axis['place']}" for axis in axes]}
    title = "Sizes, aligned from the right" + (": clash" if trace.facts["clashes"] else "")
    return [
        Grid("aligned", title, "sequential", rows="tensor", columns="axis", crossed="fits", labels=labels)
    ]


def _row(name: str, rank: int, most: int) -> str:
    """A tensor's letter, and how many axes of size 1 it gets in front."""
    return f"{name}, {most - rank} added" if rank < most else name


def _operands(trace: Trace) -> list[str]:
    """Each tensor as given, and what it became by the repair and by being repeated."""
    letters = "abc"[: len(trace.facts["given"])]
    kinds = ("{}", "{} repaired", "{} stretched")
    return [kind.format(name) for kind in kinds for name in letters if kind.format(name) in trace.tensors]


def _operand(trace: Trace, name: str) -> Grid:
    return Grid(name, f"{name} {listed(trace.tensors[name].shape)}")


def _result(trace: Trace) -> list[Panel]:
    if "out" not in trace.tensors:
        return []
    return [Grid("out", f"{trace.facts['formula']} {listed(trace.facts['output_shape'])}")]


def gradients(trace: Trace) -> Sequence[Panel]:
    """d Σ out by each tensor, in that tensor's own shape."""
    names = [f"gradient of {name}" for name in "abc"]
    return [Grid(name, f"d Σ out / d {name[-1]}") for name in names if name in trace.tensors]


def gradient_note(trace: Trace) -> str:
    """What repeating does to a gradient."""
    if trace.facts["clashes"]:
        return (
            "Sizes clash, so there is no result and nothing to differentiate: a gradient would be **None**."
        )
    reads = trace.facts["reads"]
    said = ", ".join(f"each cell of {name} is read {count:,} times" for name, count in reads.items())
    return (
        f"A gradient has its tensor's own shape: what comes back is **summed over every axis that was repeated**. Here "
        f"{said}. That is how a bias learns from all positions, and how an accident mixes all examples. Every tensor "
        "is connected to the result, so none is **None**; a 0 is a slope that really is 0."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """What came out, or where it clashes."""
    told = trace.facts
    given = tuple((name, listed(shape)) for name, shape in zip("abc", told["given"], strict=False))
    if told["clashes"]:
        where = ", ".join(f"−{-place}" for place in told["clashes"])
        return (*given, ("result", "none: sizes clash"), ("clash on axis", where))
    stretched = [
        f"{name} along {', '.join(f'−{-place}' for place in places)}"
        for name, places in told["stretched"].items()
        if places
    ]
    return (
        *given,
        ("result", listed(told["output_shape"])),
        ("numbers", f"{told['cells']:,}"),
        ("repeated", "; ".join(stretched) or "none"),
        ("mean", f"{told['mean']:.6g}".replace("-", "−")),
    )


CONTROLS = (
    Control("a", "Shape of a", low=0, high=64, sliders="a, size {}", help="Such as 47,1; nothing for a single number"),
    Control("b", "Shape of b", low=0, high=64, sliders="b, size {}", help="Such as 47"),
    Control("c", "Shape of c", low=0, high=64, sliders="c, size {}", auto="no third tensor"),
    Control("operation", "Operation", help="What meets cell by cell", labels={"squared difference": "(a − b)²", "add": "a + b", "subtract": "a − b",
                                              "multiply": "a × b"}),
    Control("repair", "Repair", help="New axis at the end: lower ranks get axes of size 1. Squeeze: "
            "axes of size 1 go. Crop: each axis is cut to the smallest size that is not 1."),
    Control("values", "Values", labels={"counted": "a in tens, b in ones", "same": "all the same", "random": "random"}),
    Control("explicit", "Repeat first, with tf.broadcast_to"),
    Control("seed", "Seed", low=0, high=99, when=("values", ("random",))),
)  # fmt: skip

PERFECT = {"operation": "squared difference", "values": "same"}
PRESETS = (
    Preset("A perfect model, loss 368", PERFECT,
           "The mistake: predictions [47,1] equal the labels [47], and the mean squared difference is 368. Each is compared with all."),
    Preset("Repaired, loss 0", {**PERFECT, "repair": "new axis at the end"},
           "One axis more on the labels, y[:, tf.newaxis]: 47 differences instead of 2,209, and all are 0."),
    Preset("Same first axis, and a clash", {"a": "2,3", "b": "2"},
           "Both have 2 in front, but alignment starts at the right: 3 meets 2. One new axis at the end repairs it."),
    Preset("A mask on the wrong axes", {"a": "2,5,5,5", "b": "5,5", "operation": "multiply"},
           "[batch, height, width, channel] times a mask [height, width]: all sizes are 5, so it lands on width and channel, silently."),
    Preset("A skip connection", {"a": "1,47,47,4", "b": "1,46,46,4"},
           "Two axes clash: no axis of size 1 can help, one of the maps must be cropped, padded or resized."),
    Preset("A bias for each channel", {"a": "2,4,4,3", "b": "3"},
           "What broadcasting is for: the missing axes come in front, so [channel] fits without a word."),
    Preset("Three shapes, none of them the result", {"a": "4,1,1", "b": "3,1", "c": "2", "explicit": "on"},
           "[4,1,1], [3,1] and [2] give [4,3,2]: every tensor is repeated along two axes."),
    Preset("4 is no multiple of 1", {"a": "4", "b": "2"},
           "Only 1 is repeated. 2 fits into 4 twice, and still clashes: tf.tile must be asked for."),
)  # fmt: skip

LAB = Lab(
    title="Which axes broadcasting repeats",
    question="Why do [47, 1] and [47] add up to [47, 47], without an error?",
    technique="broadcasting",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=("broadcast", "shape", "align", "stretch", "repeat", "newaxis", "expand_dims", "squeeze", "clash", "rank",
           "Incompatible shapes", "operands could not be broadcast together", "Dimensions must be equal", "mse",
           "loss too large", "silent", "InvalidArgumentError", "broadcast_to", "mask", "bias"),
    card=Grid("out"),
)  # fmt: skip
