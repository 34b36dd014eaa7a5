"""**What you see.** A network forwards, from x to the loss, and under it backwards (**backpropagation**): by hand, one product
a tensor, then GradientTape's own gradients. In each layer a product with weights W gives the sums **z**, and an activation
such as ReLU makes **a** of them.

Two lines do all of it. What a layer is blamed for, dL/dz, meets *what came in* to give the gradient of its weights,
`dL/dW = aᵀ · dL/dz`; and it meets *the weights* to blame the layer before, `dL/da = dL/dz · Wᵀ`. An activation only
multiplies by its slope on the way.

**What to try.**

- Point at a cell: the cells it was made of light up. Type over a cell of x, y or W.
- Write the pass wrong, under *Mistake*: the first tensor that departs from the tape is named, and what is still right
  stays right. Some mistakes hide: in a batch of one, a square shape, a loss without a mean.
- Add a third layer: the same two lines, once more.

**What it means for your code.**

- h_relu belongs to the gradient of w2 because it is what the second product was given: no ReLU is used twice.
- The transposes need not be remembered, the shapes force them: a gradient has its tensor's shape, and [100, 64] · [64, 10]
  is the only way to get [100, 10].
- Check a gradient by hand with unequal sizes, more than one sample, in float64: it must agree to 1e-12, not almost.
- Where a sum is exactly 0 the ReLU has no slope: TensorFlow takes 0, the tutorial's `grad[h < 0] = 0` takes 1, a finite
  difference takes the half.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.gradients.manual_backpropagation_charts import CHARTS, TABLES, power, written
from pages.gradients.manual_backpropagation_claims import CLAIMS, TUTORIAL
from pages.gradients.manual_backpropagation_panels import gradients, panels
from pages.gradients.manual_backpropagation_predictions import PREDICTIONS
from pages.kit.declare import Control, Grid, Lab, Preset

MISTAKES = {
    "no-derivative": "forget the activation's slope",
    "derivative-at-output": "slope at a instead of z",
    "below-zero": "relu passes at exactly 0 (h < 0)",
    "z-for-a": "z instead of a in dL/dW",
    "no-transpose": "a · dL/dz, not aᵀ",
    "w-not-transposed": "dL/dz · W, not Wᵀ",
    "elementwise": "* instead of a product",
    "sum-for-mean": "sum instead of mean",
}
LOSSES = {"sum": "sum of squares", "mean": "mean of squares"}


def gradient_note(trace: Trace) -> str:
    """The tape beside finite differences, and what None would mean."""
    known = trace.facts
    agreed = "too many weights are shown to nudge each one"
    if known["nudged"] is not None:
        share = power(known["nudged"])
        agreed = f"every weight shown was nudged by 1e-5 up and down in float64: the largest difference is {share} of the largest gradient"
    if known["nudged"] is not None and known["at_a_kink"]:
        number = known["at_a_kink"]
        agreed += f" ({number} sum{'s stand' if number > 1 else ' stands'} on an activation's kink: there a difference takes the mean of both slopes)"
    weights = [(zero, number) for number, zero in enumerate(known["zero"], 1) if zero]
    zeros = " and ".join(f"{zero} weight{'s' * (zero > 1)} of layer {number}" for zero, number in weights)
    said = (
        f"A gradient of exactly **0** belongs to {zeros}"
        if zeros
        else "No weight's gradient is exactly **0**"
    )
    return (
        f"GradientTape's gradients beside finite differences; {agreed}. {said}: 0 means connected, but multiplied by a 0 on the way, such as a ReLU's slope. "
        f"A tensor that the loss does not use at all was watched too: it gets **{known['unused_gradient']}**."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers people look for."""
    known, first = trace.facts, trace.facts["first_difference"]
    return (
        ("loss", written(known["loss"])),
        (f"after {trace.parameters['steps']} steps", written(known["final_loss"])),
        ("weights", f"{known['weights']:,}"),
        (
            "multiplications forwards, backwards",
            f"{known['forward_products']:,}, {known['backward_products']:,}",
        ),
        ("largest difference to the tape", power(known["worst"])),
        ("first wrong", first or "nothing"),
    )


LAB = Lab(
    title="Backpropagation by hand",
    question="Why is grad_w2 = h_relu.T · grad_y_pred: is the ReLU used twice? And what would a third layer look like?",
    technique="manual-backpropagation",
    controls=(
        Control("mistake", "Mistake in the pass by hand", help="Written into the pass by hand only; the tape stays right", labels=MISTAKES),
        Control("layers", "Layers", help="Up to five: how many units, and the activation of each"),
        Control("layer", "Layer shown", low=1, high=5, auto="all, while small"),
        Control("batch", "Samples", low=1, high=8),
        Control("inputs", "Inputs", low=1, high=8, help="A link may ask for up to 1,024"),
        Control("loss", "Loss", labels=LOSSES),
        Control("bias", "Bias"),
        Control("numbers", "Numbers", labels={"normal": "standard normal", "scaled": "normal, W ÷ √inputs"},
                help="Seeded; the example's stand in the first cells. Type over any cell of x, y and W."),
        Control("seed", "Seed", low=0, high=99),
        Control("rate", "Learning rate", help="How far a step goes along the gradient", low=1e-7, high=1, log=True),
        Control("steps", "Steps of descent", low=0, high=200),
        Control("dtype", "Number format"),
        *(Control(f"w{number}", f"w{number}, row by row", auto="as chosen above", when=("layer", (number,)))
          for number in range(1, 6)),
    ),
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=(
        Preset("Forget the mask", {"mistake": "no-derivative"},
               "The popular mistake: dL/dw2 is still right, so h_relu was no second use of the ReLU. What breaks is dL/dz1, "
               "and all before it: w1's second column, whose unit is off, now gets a gradient."),
        Preset("Exactly zero", {"x": "1,1", "y": "0", "w1": "1,-1,-1,2", "mistake": "below-zero"},
               "The first unit's sum is exactly 0. The tutorial's grad[h < 0] = 0 lets −12 through, tf.nn.relu nothing, "
               "and a finite difference says −6. None of them is wrong: there is no slope at a kink."),
        Preset("Square hides the transpose", {"batch": 3, "inputs": 3, "layers": "3.tanh_3.linear", "mistake": "no-transpose"},
               "Three samples, three inputs, three units: a · dL/dz fits without a transpose, and no error says that it is wrong. "
               "Change the number of samples."),
        Preset("The tutorial's size", {**TUTORIAL, "rate": 1e-6, "steps": 50},
               "64 samples, 1000-100-10. Gradients up to 705,557, and by hand they differ from the tape by rounding at most: not “almost”."),
        Preset("A step too long", {**TUTORIAL, "rate": 5e-6, "steps": 50},
               "Five times the learning rate of the tutorial: the gradient is right, and the loss is infinite after a few steps."),
        Preset("Five sigmoid layers",
               {"batch": 3, "inputs": 3, "layers": "4.sigmoid_4.sigmoid_4.sigmoid_4.sigmoid_2.linear", "loss": "cross-entropy"},
               "The same two lines five times. A sigmoid's slope is 0.25 at most, so every layer shrinks what is passed back: "
               "the first layer hears almost nothing."),
    ),
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("backpropagation", "backprop", "backward pass", "chain rule", "gradient", "GradientTape", "numpy", "relu", "grad_w1", "grad_w2",
           "h_relu", "grad_y_pred", "two-layer network", "neural network from scratch", "transpose", "matmul", "delta", "derivative",
           "finite differences", "gradient check", "vanishing gradient", "diverging loss", "nan loss", "Matrix size-incompatible"),
    card=Grid("dw1"),
)  # fmt: skip
