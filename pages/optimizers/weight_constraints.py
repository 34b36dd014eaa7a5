"""**What you see.** Two weights are pulled towards (−1, 2), but none may be negative. After every update the **constraint**
moves what is below 0 to 0, a *projection*: the way runs into the wall, slides along it, and ends exactly at (0, 2), the
best allowed point.

The bars follow the smallest weight, held and not. *Updated* and *after* show one update from close: the optimizer goes
below 0, the constraint brings it back. All eight methods were trained just now.

**What to try.**

- Step through the updates and watch *updated* become *after*.
- Choose a **penalty**, a term λ · (how negative) in the loss, and drag λ: with a small one the first weight stays negative,
  with a large one it jumps over 0 and back, for ever. The squared penalty stops at −1/(1 + λ) and never arrives.
- Train another number instead, w = softplus(v), and it comes close from above; with relu, start below 0 and nothing moves
  again: the gradient is 0.
- Try other constraints, and momentum.

**What it means for your code.**

- Write `keras.layers.Dense(..., kernel_constraint="non_neg")`, or give a `tf.Variable` a `constraint=`. Keras' optimizers
  apply it after each update, as an exact projection. Nothing else does: `assign` ignores it, and so does the first value.
- A penalty is for preferences, not for rules.

**Why training was 50 times slower.** Not because of clipping. In TensorFlow 1, `assign(clip(...))` written inside the loop
makes seven new nodes in every iteration, and each changed graph is prepared anew. Made once, before the loop, it costs
nothing. Today a `tf.function` is traced once.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset, Table
from pages.optimizers.weight_constraints_charts import CHARTS
from pages.optimizers.weight_constraints_claims import CLAIMS
from pages.optimizers.weight_constraints_predictions import PREDICTIONS
from pages.optimizers.weight_constraints_words import LOOPS, METHODS, non_negative, projects, row, short


def panels(trace: Trace) -> Sequence[Panel]:
    """The course of the smallest weight, where every method ends, and one update in detail."""
    number = trace.facts["shown"] + 1
    free = trace.parameters["method"] == "none"
    named = trace.parameters["constraint"] if projects(trace) else "the update"
    shown: list[Panel] = [
        Bars(("unconstrained",) if free else ("unconstrained", "chosen"), "smallest weight, step by step"),
        Grid("target", "target (type)", types="target"),
    ]
    if "raw" in trace.tensors:
        shown.append(Grid("raw", "variable v"))
    return [
        *shown,
        Grid("weights", f"w before update {number}"),
        Grid("gradient", "gradient"),
        Grid("updated", "updated"),
        Grid("after", f"after {named}"),
        Grid("final", "where all eight methods end (as in the table)", rows="weight", columns="method"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The whole gradient of the shown update, and the penalty's part in it."""
    return [
        Grid("weights", f"w before update {trace.facts['shown'] + 1}"),
        Grid("gradient", "d (loss + penalty)"),
        Grid("penalty_gradient", "the penalty's part"),
        Grid("velocity", "what SGD adds"),
    ]


def gradient_note(trace: Trace) -> str:
    method = trace.parameters["method"]
    part = row(trace["penalty_gradient"].ravel().tolist())
    said = {
        "min-penalty": f"The penalty pulls on the smallest negative weight alone: {part}.",
        "sum-penalty": f"The penalty pulls on every negative weight with the same strength: {part}.",
        "squared-penalty": f"The penalty pulls in proportion to how negative a weight is: {part}.",
        "projection": "A projection has no part in the gradient: it acts after the optimizer, on the weights.",
        "relu": "relu passes no gradient where the variable is negative: such a weight is dead.",
        "square": "The slope of v² is 2 v: at 0 no gradient is left.",
        "softplus": "The slope of softplus is a sigmoid: small where the weight is small, but never 0.",
    }.get(method, "Nothing is added to the loss.")
    return said + " A 0 here was computed; None would mean that there is no path from the loss to the weight."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    inside, once, _ = told["nodes"]
    best = [("smallest possible loss", short(told["best_loss"]))] if non_negative(trace) else []
    return [
        ("weights at the end", row(told["final"])),
        ("smallest weight", f"{short(told['smallest'])}, on the way {short(told['smallest_ever'])}"),
        ("off the constraint", f"{short(told['violation'])}, on the way {short(told['largest_violation'])}"),
        ("exact zeros", f"{told['zeros']} of {told['weights']}"),
        ("loss at the end", short(told["loss"])),
        *best,
        ("nodes, TF 1 loop", f"{inside[0]} → {inside[-1]}, made once {once[-1]}"),
    ]


def _loops(trace: Trace) -> Sequence[Sequence[str]]:
    times = trace.facts["milliseconds"]
    return [
        (name, str(nodes[0]), str(nodes[-1]), f"{sum(t[-5:]) / len(t[-5:]):.2f}" if t else "not timed")
        for name, nodes, t in zip(LOOPS, trace.facts["nodes"], times, strict=True)
    ]


def _methods(trace: Trace) -> Sequence[Sequence[str]]:
    ends = trace["final"].astype(float).tolist()
    losses, off = (trace[name][:, -1].astype(float) for name in ("loss", "violation"))
    return [
        (name, row(end), short(float(off[place])), short(float(losses[place])))
        for place, (name, end) in enumerate(zip(METHODS.values(), ends, strict=True))
    ]


CONTROLS = (
    Control("method", "What keeps weights ≥ 0", labels=METHODS),
    Control(
        "strength",
        "λ, strength of the penalty",
        when=("method", ("min-penalty", "sum-penalty", "squared-penalty")),
    ),
    Control(
        "constraint",
        "Constraint",
        help="NonNeg: at least 0. The norms: of a whole column. clip: between two bounds.",
        when=("method", ("projection",)),
    ),
    Control("low", "Lower bound", low=-3, high=3, when=("constraint", ("MinMaxNorm", "clip"))),
    Control("high", "Upper bound", low=-3, high=3, when=("constraint", ("MaxNorm", "MinMaxNorm", "clip"))),
    Control("rate", "Rate", when=("constraint", ("MinMaxNorm",)), help="How much of the way it goes at once"),
    Control(
        "axis",
        "Axis of the norm",
        low=0,
        high=1,
        when=("constraint", ("MaxNorm", "UnitNorm", "MinMaxNorm")),
        help="0: over the inputs of each unit; 1: over the units of each input",
    ),
    Control("target", "Target", help="Where the loss is smallest: numbers, separated by commas"),
    Control("start", "Start", auto="all 1", help="The first weights"),
    Control("units", "Units", help="Columns that the weights fill"),
    Control("learning_rate", "Learning rate", low=0.005, high=1.2),
    Control("momentum", "Momentum", help="Share of the last step that is repeated"),
    Control("steps", "Steps"),
    Control("at", "Look at the update after step", low=0, high=60),
    Control("iterations", "Iterations of the TensorFlow 1 loop"),
    Control("timed", "Run that loop and time it"),
)

PRESETS = (
    Preset(
        "penalty (the usual mistake)",
        {"method": "min-penalty", "strength": 1},
        "It pulls with λ = 1 against a slope of 2: the weight settles at −0.5, as negative as it likes.",
    ),
    Preset(
        "a stronger penalty",
        {"method": "min-penalty", "strength": 10, "learning_rate": 0.03},
        "Now it jumps over 0 and back, for ever: the slope is −λ or nothing, and never just right.",
    ),
    Preset(
        "squared penalty",
        {"method": "squared-penalty", "strength": 4},
        "It stops at −1/(1 + λ) = −0.2, where loss and penalty balance. More λ comes closer, never there.",
    ),
    Preset(
        "relu dies",
        {"method": "relu", "start": (-0.5, -0.5), "target": (1.0, 2.0), "at": 0},
        "Both weights are 0, both should be positive, and the gradient is 0: nothing ever moves.",
    ),
    Preset(
        "starts outside",
        {"target": (-1.0, 1.0, 3.0), "start": (0.5, -0.5, 2.0), "at": 0},
        "The first weights are not constrained: −0.5 stays until the first update makes it 0.",
    ),
    Preset(
        "unit norm",
        {"constraint": "UnitNorm", "target": (1.5, 1.0), "at": 0},
        "A whole column is scaled at once: the way follows the circle to the point nearest the target.",
    ),
    Preset(
        "wrong axis",
        {"constraint": "UnitNorm", "axis": 1, "target": (1.5, 1.0), "at": 0},
        "Along axis 1 each weight is divided by its own size: only the sign is left, and all become 1 or −1.",
    ),
    Preset(
        "ties: two smallest",
        {
            "method": "min-penalty",
            "target": (0.0,) * 4,
            "start": (0.5, -3.0, -3.0, 2.0),
            "strength": 1,
            "at": 0,
        },
        "Two weights are the smallest. reduce_min halves the gradient between them: −0.5 each.",
    ),
)

LAB = Lab(
    title="Keeping weights non-negative",
    question="What is the best way to keep weights non-negative without slowing training 50 times?",
    technique="weight-constraints",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=(
        Table("Where each method ends", ("method", "weights", "off by", "loss"), _methods),
        Table("One clip, three ways to write it", ("loop", "nodes before", "after", "ms a step"), _loops),
    ),
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "constraint",
        "NonNeg",
        "non-negative weights",
        "projected gradient",
        "kernel_constraint",
        "MaxNorm",
        "UnitNorm",
        "penalty",
        "reparameterisation",
        "softplus",
        "graph growth",
        "slow training loop assign",
        "Could not interpret constraint identifier",
    ),
    card=Grid("final", "where each method ends", rows="weight", columns="method"),
)
