"""**What you see.** A few numbers, their mean and their variance. The bars are the slopes of the variance: how much it changes
when one number moves. They are computed twice, once letting the mean follow the number, once with `tf.stop_gradient`
holding the mean still, which is what `tf.nn.moments` does.

Point at a cell to see what it depends on. The curve below shows why both ways agree: move the mean inside the variance,
and the true mean turns out to be the bottom of a valley, where the slope is 0.

**What to try.**

- Switch *Derivatives* to second: the pictures part, and the version with stop_gradient has lost everything off the
  diagonal.
- Choose E[x²] − E[x]² (E: the mean), the same variance written another way. Now holding the mean changes the first slopes
  too, and gradient descent drags every number to zero instead of to the mean.
- Take a moving mean, or weights that the mean does not share: they leave the bottom of the valley as well.

**What it means for your code.**

- Training with `tf.nn.moments` is safe: first derivatives are exact.
- Anything that differentiates twice (gradient penalties, Hessians, meta-learning) gets wrong numbers without a warning:
  use `tf.math.reduce_variance` there.
- If you write a variance yourself, put stop_gradient only into mean((x − m)²), only around the exact mean, and only under
  the same weights.
- In float16 let TensorFlow do it: it computes in float32, a formula by hand overflows.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Prediction, Preset
from pages.normalization.moments_charts import CHARTS
from pages.normalization.moments_claims import CLAIMS, HALF, WEIGHTS
from pages.normalization.moments_words import group, row, short, who_is_right

NORMALISED = ("objective", ("normalised",))


def _laid_out(trace: Trace, tensor: str, title: str, types: str = "") -> Grid:
    """A grid over the two axes that say most: samples × positions, or positions × channels."""
    samples, _, channels = trace.tensors["x"].shape
    alone = samples == 1 and channels > 1
    rows, columns = ("position", "channel") if alone else ("sample", "position")
    return Grid(tensor, title, rows=rows, columns=columns, types=types)


def _target(trace: Trace) -> str:
    if trace.parameters["objective"] == "variance":
        return "the variance"
    return f"output {trace.parameters['unit']}"


def panels(trace: Trace) -> Sequence[Panel]:
    """x and its moments, both gradients, and for second derivatives both Hessians."""
    # Bars share one scale, so that a difference of rounding looks as small as it is.
    pair = ("gradient_through", "gradient_stopped", "difference")
    slopes: list[Panel] = [Bars(pair, f"slope of {_target(trace)} in each x")]
    curved: list[Panel] = [
        Grid("hessian_through", "without stop_gradient"),
        Grid("hessian_stopped", "with stop_gradient"),
        Grid("hessian_difference", "difference"),
    ]
    output: list[Panel] = []
    if trace.parameters["objective"] == "normalised":
        output = [_laid_out(trace, "normalised", "normalised")]
        if "keras_normalised" in trace.tensors:
            output.append(_laid_out(trace, "keras_normalised", "by Keras"))
    return [
        _laid_out(trace, "x", "x", types="values"),
        _laid_out(trace, "mean", "mean"),
        _laid_out(trace, "variance", "variance"),
        *output,
        *(curved if trace.parameters["order"] == "second" else slopes),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """Both gradients, the two paths of the chain rule, and TensorFlow's own."""
    second: list[Panel] = [
        Grid("hessian_tf", "by TensorFlow's moments"),
        Grid("hessian_reference", "by tf.math.reduce_variance"),
    ]
    return [
        Bars(("gradient_through", "gradient_stopped", "gradient_tf"), "three ways, the last TensorFlow's"),
        Bars(("direct", "through_mean", "chain_rule"), "chain rule: direct + through the mean"),
        _laid_out(trace, "dvar_dmean", "d variance / d mean"),
        *(second if trace.parameters["order"] == "second" else []),
    ]


def gradient_note(trace: Trace) -> str:
    """None told apart from zero, with this state's numbers."""
    known = trace.facts
    slopes = row(known["dvar_dmean"])
    stopped = "a number" if known["reached_stopped"] else "**None** (there is no path)"
    through = f"**{slopes}**" if known["reached_through"] else "None"
    zero = "a zero that was computed, not a missing path" if known["first_same"] else "not zero in this state"
    return (
        f"Asked for the slope of the variance in its mean, GradientTape answers {stopped} with stop_gradient and "
        f"{through} without: {zero}. By the chain rule the gradient is *direct + through the mean*; stop_gradient "
        f"drops the second term, whose largest entry is **{short(float(abs(trace['through_mean']).max()))}**."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers people look for; TensorFlow's variance where it is another one."""
    known, steps = trace.facts, trace.parameters["steps"]
    ours, theirs = row(known["variance"]), row(known["tf_variance"])
    return (
        ("mean", row(known["mean"])),
        ("variance", ours),
        *([("by TensorFlow's moments", theirs)] if theirs != ours else []),
        ("its slope in the mean", row(known["dvar_dmean"])),
        ("first derivatives differ by", short(known["first_difference"])),
        ("second derivatives differ by", short(known["second_difference"])),
        ("reduce_variance confirms", who_is_right(trace)),
        (f"spread after {steps} steps", short(known["final_spread"])),
    )


def _size_answers(trace: Trace) -> Sequence[str]:
    size, count = trace.facts["group_size"], trace["x"].size
    guesses = (size, count, *trace["x"].shape, count // size, size + 1)
    return [str(number) for number in dict.fromkeys(guesses)][:4]


def _yes_no(same: bool) -> Sequence[str]:
    answers = ("No, they agree up to rounding", "Yes, they differ")
    return answers if same else answers[::-1]


def _first_why(trace: Trace) -> str:
    known = trace.facts
    return (
        f"They differ by {short(known['first_difference'])}: what stop_gradient drops is multiplied by the slope "
        f"of the variance in its mean, which is {row(known['dvar_dmean'])} here."
    )


def _second_why(trace: Trace) -> str:
    known = trace.facts
    confirmed = f" tf.math.reduce_variance confirms {who_is_right(trace)}." if known["right"] else ""
    return (
        f"They differ by {short(known['second_difference'])} on a scale of {short(known['second_scale'])}. With the "
        f"mean held still, a slope no longer changes when another value moves the mean.{confirmed}"
    )


def _path_why(trace: Trace) -> str:
    known = trace.facts
    return f"As chosen they end at {row(known['final'])}, the other way at {row(known['other_final'])}."


PREDICTIONS = (
    Prediction(
        lambda _: "How many values does each mean average?",
        _size_answers,
        lambda t: f"{group(t)}; groups: {t.facts['groups']}.",
    ),
    Prediction(
        lambda t: f"Does stop_gradient change the first derivatives of {_target(t)}?",
        lambda t: _yes_no(t.facts["first_same"]),
        _first_why,
    ),
    Prediction(
        lambda t: f"Does stop_gradient change the second derivatives of {_target(t)}?",
        lambda t: _yes_no(t.facts["second_same"]),
        _second_why,
    ),
    Prediction(
        lambda t: f"After {t.parameters['steps']} steps of descent, do the values depend on stop_gradient?",
        lambda t: _yes_no(t.facts["path_same"]),
        _path_why,
    ),
)

LAB = Lab(
    title="What stop_gradient in the mean changes",
    question="Why does tf.nn.moments put stop_gradient around the mean, and does it change any gradient?",
    technique="moments-stop-gradient",
    controls=(
        Control("values", "Values", help="2 to 12 numbers; or type into the cells of x"),
        Control("order", "Derivatives", help="First: slopes. Second: how the slopes change, the Hessian."),
        Control("formula", "Variance as", labels={"centred": "mean (x − m)²", "squares": "E[x²] − E[x]²"}),
        Control("stop_gradient", "stop_gradient on the mean", help="Which way drives the descent; both are shown"),
        Control("mean", "Mean", labels={"batch": "exact"}, help="Exact mean of the group, a moving one, or weighted"),
        Control("moving_mean", "Moving mean", low=-10, high=10, when=("mean", ("moving",))),
        Control("weights", "Weights", auto="equal", help="One for each value; they weight the variance"),
        Control("objective", "Differentiate", labels={"normalised": "one output"}),
        Control("unit", "Which output", low=0, high=11, when=NORMALISED),
        Control("epsilon", "Epsilon", low=0, high=0.1, when=NORMALISED, help="Added to the variance before the root"),
        Control("moments", "Average over", labels={
            "batch": "samples and positions (batch)", "instance": "positions (instance)",
            "layer": "positions and channels (layer)", "custom": "axes of my own"}),
        Control("axes", "Axes", auto="all", when=("moments", ("custom",)), help="0 sample, 1 position, 2 channel"),
        Control("samples", "Samples", low=1, high=4, help="Samples × channels must divide the number of values"),
        Control("channels", "Channels", low=1, high=2),
        Control("dtype", "Number format"),
        Control("steps", "Descent", "steps", low=0, high=60),
        Control("learning_rate", "Learning rate", low=0, high=5),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Second derivatives part", {"order": "second"},
               "The first derivatives agree to the last digit, yet with stop_gradient (and in tf.nn.moments) "
               "everything off the diagonal of the Hessian is gone."),
        Preset("Run to zero", {"formula": "squares", "steps": 30},
               "The popular mistake: in E[x²] − E[x]² the held mean is not harmless. The values run to 0, not to 3."),
        Preset("A moving mean", {"mean": "moving"},
               "Around 2.5 instead of 3 the variance has a slope of −1 in its mean: now the gradients differ."),
        Preset("Weights on one side", {"weights": ",".join(map(str, WEIGHTS))},
               "The variance is weighted, its mean is not: again the bottom of the valley is missed."),
        Preset("Half precision", {"values": ",".join(map(str, HALF)), "samples": 1, "dtype": "float16"},
               "Twelve harmless numbers, and the variance is infinite in float16; tf.nn.moments computes in float32."),
        Preset("Nothing to normalise", {"moments": "instance", "samples": 4},
               "Instance moments of one position: every variance is 0, and so is every gradient, for any values."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("moments", "mean", "variance", "stop_gradient", "batch normalization", "instance normalization",
           "layer normalization", "gradient", "hessian", "second derivative", "chain rule", "float16", "overflow",
           "nan", "reduce_variance", "keepdims", "GroupNormalization", "moving average", "weights"),
    card=Bars(("gradient_through", "gradient_stopped"), "both gradients"),
)  # fmt: skip
