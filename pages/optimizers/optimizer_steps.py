"""**What you see.** A surface, the loss over two weights (dark is low), and the cells an **optimizer** visits on its way down,
later steps in stronger colour. Below it, for every step and weight: the gradient **g**, the **slots** that the optimizer
remembers, and the **delta** that it adds.

The bars compare one step with what plain gradient descent would do, −learning rate · gradient. Click the surface to start
there, and a delta to see its formula with numbers.

**What to try.**

- Drag the learning rate until the path swings wider than before: it diverges, and the page says after which step it is
  lost. Change the optimizer on the same surface.
- Raise κ, the curvature along y: the bowl becomes a narrow valley, in which gradient descent zigzags and Adam does not
  care.
- Start on the ridge of the saddle, or at the kink of |w|, where the slope is 0 and nothing moves at all.

**What it means for your code.**

- Gradient descent's learning rate is limited by the steepest direction: below 2 ÷ curvature. Momentum, which repeats a
  share μ of the last step, *raises* that limit, to 2(1 + μ) ÷ curvature.
- RMSprop and Adam divide by the gradient's own size: their learning rate is a length, about one for each weight and step,
  and near a minimum they keep jumping by it until a schedule lowers it.
- AdamW's decay is no L2 in the loss: it is not divided by the root.
- When the loss becomes NaN, look for the step at which it left, not at the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset
from pages.optimizers.optimizer_steps_charts import CHARTS, TABLES
from pages.optimizers.optimizer_steps_claims import CLAIMS
from pages.optimizers.optimizer_steps_predictions import PREDICTIONS
from pages.optimizers.optimizer_steps_words import NAMES, SURFACES, place
from pages.optimizers.rmsprop_update_delta_words import short


def _strip(tensor: str, title: str, **more: str) -> Grid:
    """A tensor [step, weight] lying down: a row a weight, a column a step."""
    return Grid(tensor, title, rows="weight", columns="step", **more)  # type: ignore[arg-type]


def panels(trace: Trace) -> Sequence[Panel]:
    """The path, the chosen step beside gradient descent's, and everything step by step."""
    weight, step = trace.parameters["chosen"]
    found: list[Panel] = [
        Grid("trail", "the path on the surface", over="relief", picks="cell", sets={"start": ""}),
        Bars(("sgd_step", "step"), f"step {step}: −learning rate · gradient, and the step taken"),
        Grid("delta", "deltas", rows="weight", columns="step", picks="chosen", mark=(weight, step)),
        _strip("g", "gradients"),
    ]
    slots = {"m": "slot m", "v": "slot v"}
    return [
        *found,
        *(_strip(name, title) for name, title in slots.items() if name in trace.tensors),
        _strip("w", "weights"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The surface's slope along the path, by the tape and by differences."""
    return [_strip("g", "d loss / d w, GradientTape"), _strip("numeric", "central differences")]


def gradient_note(trace: Trace) -> str:
    """Agreement, and where a gradient ends: at the assignment."""
    told = trace.facts
    found = "**None**" if told["assign_is_none"] else "a number, not None"
    return (
        "What an optimizer gets is the slope of the loss at every point of the path. From central differences in float64 it "
        f"differs by at most {short(told['gradient_difference'])} (relative where it is above 1). Asked how the loss *after* a "
        f"step follows the weights *before* it, GradientTape answers {found}: an optimizer assigns to a variable, and no "
        "gradient passes an assignment. To learn through steps, write them as plain formulas, as the code tab does. A "
        "slope of 0, at a saddle or a kink, is a computed zero."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Where it goes, what it lost, and how far it is from Keras."""
    told, (first, last) = trace.facts, trace.facts["losses"]
    lost = [("lost after step", str(told["lost_at"]))] if told["lost_at"] is not None else []
    bound = (
        [("largest learning rate that descends", short(told["largest_rate"]))] if told["largest_rate"] else []
    )
    near = [("distance to a minimum", short(told["distance"]))] if told["distance"] is not None else []
    return (
        ("loss", f"{short(first)} → {short(last)}"),
        ("from", place(told["start"])),
        ("to", place(told["end"])),
        *near,
        *lost,
        ("delta at the chosen step", short(told["at"]["delta"])),
        ("−learning rate · g", short(told["at"]["sgd"])),
        *bound,
        ("formula − Keras, largest", short(told["keras_difference"])),
    )


ADAPTS = ("adam", "adamw")
LAB = Lab(
    title="How optimizers walk",
    question="What do SGD, momentum, Nesterov, RMSprop, Adam and AdamW do with the same gradient, and when do they diverge?",
    technique="optimizer-steps",
    controls=(
        Control("optimizer", "Optimizer", labels=NAMES),
        Control("learning_rate", "Learning rate", help="What the gradient is multiplied by", low=0.001, high=1),
        Control("surface", "Surface", labels=SURFACES),
        Control("condition", "κ, steepness", help="Curvature along y, or of the parabola", low=0.5, high=100, when=("surface", ("bowl", "parabola"))),
        Control("momentum", "Momentum μ", help="Share of the last step that is repeated", low=0, high=0.99, when=("optimizer", ("momentum", "nesterov"))),
        Control("rho", "ρ (rho)", help="Share of its running average that each step keeps", low=0, high=0.999, when=("optimizer", ("rmsprop",))),
        Control("beta_1", "β₁ (beta_1)", help="Share of the mean gradient that each step keeps", low=0, high=0.999, when=("optimizer", ADAPTS)),
        Control("beta_2", "β₂ (beta_2)", help="Share of the mean squared gradient that each step keeps", low=0, high=0.999, when=("optimizer", ADAPTS)),
        Control("epsilon", "ε (epsilon)", help="Keeps the division from 0", low=0, high=1, when=("optimizer", ("rmsprop", *ADAPTS))),
        Control("weight_decay", "Weight decay", help="Each step takes learning rate · this · weight off", low=0, high=2, when=("optimizer", ("adamw",))),
        Control("l2", "L2 in the loss", low=0, high=2, help="Adds l2 / 2 · |w|² to the loss"),
        Control("steps", "Steps", low=1, high=200),
        Control("start", "Start", auto="the clicked cell", help="x, y; for one weight one number. Or click the picture."),
        Control("compare", "Compare with", labels=NAMES),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Too fast by a hair", {"optimizer": "sgd", "learning_rate": 0.205, "compare": "momentum"},
               "The popular mistake: 0.2 = 2 ÷ κ is the largest rate, 0.205 is above it. Every swing along y is wider; momentum still descends."),
        Preset("Lost", {"optimizer": "sgd", "surface": "rosenbrock", "learning_rate": 0.01, "compare": "none"},
               "In Rosenbrock's valley a rate of 0.01 is far too large: the weights are infinite, then NaN, after a few steps."),
        Preset("A narrow valley", {"condition": 100, "optimizer": "adam", "learning_rate": 0.1, "compare": "momentum"},
               "A hundred times steeper along y: Adam walks both directions alike; momentum at the same rate is lost (its bound is 0.038)."),
        Preset("One learning rate a step", {"optimizer": "adam", "surface": "parabola", "learning_rate": 0.1},
               "Adam's first steps are one learning rate each, whatever the gradient: 25 here, 2.5 or 250 with another κ."),
        Preset("It never arrives", {"optimizer": "rmsprop", "surface": "absolute", "learning_rate": 0.1, "steps": 80},
               "The slope of |w| is ±1 everywhere: RMSprop jumps over the minimum by 0.1 for ever. Only a schedule ends it."),
        Preset("On the ridge", {"surface": "saddle", "start": (-2.5, 0.0), "learning_rate": 0.1, "optimizer": "adam"},
               "Exactly on the ridge the slope across it is 0: every optimizer walks into the saddle and stays. Click one cell beside it."),
        Preset("The kink", {"surface": "absolute", "start": (0.0,), "optimizer": "adam"},
               "At the tie of |w| TensorFlow says slope 0, and 0 ÷ (√0 + ε) is 0: nothing moves. With ε = 0 it would be NaN."),
        Preset("ε = 0", {"surface": "absolute", "start": (0.0,), "optimizer": "rmsprop", "epsilon": 0.0},
               "The same start without ε: 0 ÷ √0 is NaN at the very first step."),
        Preset("Over the hill", {"surface": "double-well", "learning_rate": 0.1, "steps": 80},
               "Momentum carries the weight out of the first valley into the second; gradient descent stays in the first."),
        Preset("Rosenbrock", {"surface": "rosenbrock", "optimizer": "adam", "learning_rate": 0.1, "steps": 200, "compare": "rmsprop"},
               "The classic: a valley that is easy to find and hard to follow."),
        Preset("Decay is not L2", {"optimizer": "adamw", "condition": 100, "weight_decay": 1.0, "steps": 120, "compare": "adam"},
               "AdamW shrinks every weight at the same rate; set L2 and Adam instead, and the steep direction hides it."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("optimizer", "SGD", "gradient descent", "momentum", "Nesterov", "RMSprop", "Adam", "AdamW", "learning rate", "diverge", "NaN loss",
           "Rosenbrock", "saddle point", "Beale", "Himmelblau", "contour", "weight decay", "L2", "epsilon", "beta_1", "beta_2", "slots",
           "condition number", "bias correction", "stuck", "local minimum"),
    card=Grid("relief"),
)  # fmt: skip
