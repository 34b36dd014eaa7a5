"""**What you see.** Three weights, their gradients step after step, and what RMSprop really adds to each weight (**delta**)
beside what plain gradient descent would add, −learning rate · gradient. RMSprop keeps a running average **v** of the
squared gradient, and divides the gradient by its **root**. Point at a cell to see what it was made of; click a delta to
see its formula filled with numbers below.

**What to try.**

- Look at the first step: gradients of 0.1, −1 and 10 give steps of one size, √10 learning rates.
- Type other gradients into **g**. Let a gradient stay the same and watch its steps shrink towards one learning rate.
- Begin the average at 1, as TensorFlow 1 did, and the first steps are those of gradient descent.
- Put ε, which keeps the division from 0, outside the root, or make gradients so small that ε decides.
- Paint a weight's gradient None.

**What it means for your code.**

- To know the delta, subtract the weights before from the weights after: it is exact, and includes clipping and weight
  decay. Keras 3 has no `get_slot`; its momentum slot exists only for momentum > 0 and holds *minus* the delta.
- Do not carry a learning rate from SGD (plain gradient descent) to RMSprop: it is the length of a step now.
- An ε of 1e-7 stands *inside* Keras' root, where it works like 0.0003: gradients below that are slowed down.
- Clipping hardly changes a first step, because a clipped gradient is divided by its own clipped size.
- A gradient of None is not 0: the optimizer leaves such a weight alone altogether.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset
from pages.optimizers.rmsprop_update_delta_charts import CHARTS, TABLES
from pages.optimizers.rmsprop_update_delta_claims import CLAIMS
from pages.optimizers.rmsprop_update_delta_predictions import PREDICTIONS
from pages.optimizers.rmsprop_update_delta_words import OTHERS, multiple, short


def panels(trace: Trace) -> Sequence[Panel]:
    """Deltas of the chosen step as bars, then the way from gradient to delta, and another rule's."""
    step, crossed, momentum = trace.parameters["chosen"][0], "connected", "m" in trace.tensors
    found: list[Panel] = [
        Bars(
            ("sgd_step", "rmsprop_step"),
            f"step {step}: −learning rate · gradient, and what RMSprop adds",
            crossed,
        ),
        Grid("g", "gradients", crossed=crossed, types="grads"),
    ]
    if "used" in trace.tensors:
        found.append(Grid("used", "unscaled, clipped", crossed=crossed))
    found.append(Grid("v", "running average of g²", "sequential", crossed=crossed))
    if "average" in trace.tensors:
        found.append(Grid("average", "running average of g", crossed=crossed))
    found += [
        Grid("root", "root", "sequential", crossed=crossed),
        *([Grid("increment", crossed=crossed), Grid("m", "momentum", crossed=crossed)] if momentum else []),
        Grid("delta", "deltas", crossed=crossed, picks="chosen", mark=trace.parameters["chosen"]),
        Grid("w", "weights after each step", crossed=crossed),
        Grid("other_delta", f"deltas by {OTHERS[trace.parameters['compare']]}", crossed=crossed),
        Grid("connected", "has a gradient (paint: None)", "mask", paints="connected"),
    ]
    return found


def gradients(trace: Trace) -> Sequence[Panel]:
    """How the chosen delta follows each gradient, by the tape and by differences."""
    return [
        Grid("gradient", "d delta / d g, GradientTape", crossed="connected"),
        Grid("numeric", "central differences", crossed="connected"),
        Grid("gradient_w0", "d delta / d first weights"),
    ]


def gradient_note(trace: Trace) -> str:
    """How little the delta follows its own gradient, and why a slope is None."""
    (step, weight), told = trace.parameters["chosen"], trace.facts
    own = float(trace["gradient"][step, weight])
    start = (
        f"The delta of weight {weight} at step {step} follows its own gradient with a slope of **{short(own)}**; for plain "
        f"gradient descent it is −learning rate, {short(-trace.parameters['learning_rate'])}. "
    )
    if step == 0 and trace.parameters["v0"] == "0" and trace.parameters["clipping"] == "none":
        start += "At the first step g stands above and, squared, below the line: its size cancels, only the sign is left. "
    none = "**None** (without weight decay no path leads from a weight to its delta; drawn as 0)"
    with_decay = "a number: weight decay reads the weight, and nothing here is None"
    return (
        f"{start}In the first weights GradientTape answers {none if told['w0_is_none'] else with_decay}. Later gradients get "
        f"0, a computed one: a step cannot see them. From central differences in float64 the tape differs by at most "
        f"{short(told['gradient_difference'])}."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The chosen delta in several units, and how well everything agrees."""
    told, at = trace.facts, trace.facts["at"]
    ratio = f"{short(at['delta'] / at['sgd'])} times" if at["sgd"] else "no comparison: g is 0"
    agrees = "" if told["keras_has_it"] else " (Keras' ε is inside)"
    return (
        ("chosen", "step {}, weight {}".format(*trace.parameters["chosen"])),
        ("delta", short(at["delta"])),
        ("−learning rate · g", short(at["sgd"])),
        ("delta is", ratio),
        ("in learning rates", multiple(trace)),
        ("formula − Keras, largest", short(told["keras_difference"]) + agrees),
        (f"apart from {OTHERS[trace.parameters['compare']]}", short(told["other_difference"])),
    )


STEADY = {"weights": (0.0,), "grads": (1.0,) * 10}
LAB = Lab(
    title="The step RMSprop really takes",
    question="Why do the gradients of compute_gradients differ from the change that apply_gradients makes with RMSprop?",
    technique="rmsprop-update-delta",
    controls=(
        Control("learning_rate", "Learning rate", low=0.001, high=1),
        Control("rho", "ρ (rho)", low=0, high=0.999, help="How much of the running average each step keeps"),
        Control("momentum", "Momentum", help="Share of the last step that is repeated", low=0, high=0.99),
        Control("epsilon", "ε (epsilon)", help="Keeps the division from 0", low=0, high=0.01),
        Control("epsilon_place", "ε stands", labels={"inside": "inside √ (Keras)", "outside": "outside (PyTorch)"}),
        Control("v0", "Average begins at", labels={"0": "0 (Keras)", "1": "1 (TF1)"}),
        Control("centered", "Centered", help="Subtracts the square of the mean gradient from the average"),
        Control("weight_decay", "Weight decay", help="Each step takes learning rate · this · weight off a weight", low=0, high=1),
        Control("clipping", "Clipping", help="Cuts each gradient, or shortens the vector of one or of all variables"),
        Control("clip", "Clip at", low=0.1, high=10, when=("clipping", ("clipvalue", "clipnorm", "global_clipnorm"))),
        Control("loss_scale", "Loss scale", low=1, high=128, help="loss_scale_factor: gradients are divided by it"),
        Control("compare", "Compare with", labels=OTHERS),
        Control("weights", "First weights", help="1 to 8 numbers"),
        Control("grads", "Gradients", help="One a weight, step after step; or type into the cells of g"),
        Control("connected", "Has a gradient", auto="all of them", help="0 where it is None; or paint the last grid"),
        Control("variables", "Variables", labels={"one": "one for all", "each": "one each", "new": "a new one after step 0"}),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("A constant gradient", STEADY,
               "Gradient 1 ten times: the steps shrink from 3.16 learning rates towards 1, though nothing changed."),
        Preset("The slot is not the delta", {"momentum": 0.9},
               "The popular answer: read the momentum slot. It is minus the delta, and exists only with momentum. See the slots below."),
        Preset("As in TensorFlow 1", {"v0": "1", "epsilon": 1e-10},
               "The average begins at 1: the first steps are close to −learning rate · gradient, 30 times smaller than Keras'."),
        Preset("ε inside the root", {"weights": (0.0, 0.0, 0.0), "grads": (1e-3, 1e-4, 1e-5), "compare": "pytorch-rmsprop"},
               "ε = 1e-7 inside the root acts like 0.0003: small gradients are slowed down 3 to 100 times. Outside, they are not."),
        Preset("0 ÷ 0", {"epsilon": 0.0, "grads": (0.1, -1, 0, 0.2, 0.5, 10, 0.1, -1, 10)},
               "Without ε one gradient of exactly 0 makes a weight NaN, and it stays NaN."),
        Preset("Clipped, and as fast as before", {"clipping": "clipvalue"},
               "The gradient 10 is clipped to 1 and its first step is as long as before: it is divided by its own size."),
        Preset("Centered", {**STEADY, "centered": True, "rho": 0.5},
               "Subtracting the squared mean leaves the variance. For a constant gradient it vanishes, and steps grow without end."),
        Preset("None is not 0", {"momentum": 0.9, "connected": "110"},
               "The third gradient is None: weight and slots stay where they are. A gradient of 0 would let momentum go on."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("RMSprop", "RMSPropOptimizer", "compute_gradients", "apply_gradients", "get_slot", "momentum", "velocity", "rho", "epsilon",
           "learning rate", "optimizer", "update", "delta", "clipnorm", "clipvalue", "global_clipnorm", "weight decay", "centered",
           "loss_scale_factor", "No gradients provided for any variable", "Unknown variable"),
    card=Bars(("sgd_step", "rmsprop_step"), "−lr · g and the delta"),
)  # fmt: skip
