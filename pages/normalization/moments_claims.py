"""What people say about stop_gradient in moments, each with a measurement made now."""

from __future__ import annotations

import math

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.normalization.moments_words import row, short

# float16 holds these exactly; their squared deviations are fine one by one, not summed up.
HALF = (850, 890, 900, 910, 920, 960, 1040, 1080, 1090, 1100, 1110, 1150)
AWKWARD = (0.1, 0.7, 1.9, 2.3, 4.4, 7.7)  # no sum of these is exact in float32
WEIGHTS = (1, 1, 1, 3)


def _contains(run: Run) -> Measured:
    found = run(order="second")
    held = float(np.abs(found["hessian_tf"] - found["hessian_stopped"]).max())
    free = float(np.abs(found["hessian_tf"] - found["hessian_through"]).max())
    value = f"its second derivatives differ by {short(held)} from ours with stop_gradient, by {short(free)} without"
    return Measured(value, "holds" if held < 1e-6 < free else "wrong")


def _zero(run: Run) -> Measured:
    single, double = (run(values=AWKWARD, dtype=dtype).facts for dtype in ("float32", "float64"))
    value = (
        f"largest difference {short(single['first_difference'])} in float32, "
        f"{short(double['first_difference'])} in float64; slope in the mean {row(double['dvar_dmean'])}"
    )
    return Measured(value, "holds" if single["first_same"] and double["first_same"] else "wrong")


def _optimisation(run: Run) -> Measured:
    known, output = run(order="second").facts, run(order="second", objective="normalised").facts
    value = (
        f"first derivatives differ by {short(known['first_difference'])}, second by "
        f"{short(known['second_difference'])} on a scale of {short(known['second_scale'])} (a normalised output: "
        f"{short(output['second_difference'])} of {short(output['second_scale'])}); "
        f"tf.math.reduce_variance confirms the one {' and '.join(known['right'])}"
    )
    if known["first_same"] and known["second_same"]:
        return Measured(value, "holds")
    return Measured(value, "depends" if known["first_same"] else "wrong")


def _useless(run: Run) -> Measured:
    found = run(formula="squares", steps=200, learning_rate=0.5)
    whole, cut = found["gradient_through"].tolist(), found["gradient_stopped"].tolist()
    ends, ends_whole = found.facts["final"], found.facts["other_final"]
    value = (
        f"without that term the gradient is {row(cut)} instead of {row(whole)}; after 200 steps the values are "
        f"all within {short(max(map(abs, ends)))} of 0, with it within {short(found.facts['other_spread'])} "
        f"of each other at {short(ends_whole[0])}"
    )
    return Measured(value, "holds" if found.facts["first_same"] else "wrong")


def _sgd(run: Run) -> Measured:
    exact, moving, weighted = (run(**state).facts for state in ({}, {"mean": "moving"}, {"weights": WEIGHTS}))
    value = (
        f"the two gradients differ by {short(exact['first_difference'])} at the exact mean, so no optimiser can "
        f"tell them apart; by {short(moving['first_difference'])} around a moving mean and by "
        f"{short(weighted['first_difference'])} with weights the mean does not share, so plain SGD can"
    )
    because_sgd = not exact["first_same"] or (moving["first_same"] and weighted["first_same"])
    return Measured(value, "holds" if because_sgd else "wrong")


def _upcast(run: Run) -> Measured:
    known = run(values=HALF, samples=1, dtype="float16").facts
    true = run(values=HALF, samples=1, dtype="float64").facts["variance"][0]
    ours, theirs = known["variance"][0], known["tf_variance"][0]
    value = f"tf.nn.moments {short(theirs)}, computed in float16 {short(ours)}, true {short(true)}"
    close = abs(theirs - true) < 0.001 * true
    return Measured(value, "holds" if close and not math.isfinite(ours) else "wrong")


def _keep_dims(_: Run) -> Measured:
    takes = engine.run("installed-names", names="tf.nn.moments").facts["arguments"]["tf.nn.moments"]
    value = f"tf.nn.moments takes {', '.join(takes)}"
    return Measured(value, "outdated" if "keep_dims" not in takes and "keepdims" in takes else "holds")


def _contrib(run: Run) -> Measured:
    names = ("tf.contrib.layers.instance_norm", "keras.layers.GroupNormalization")
    known = engine.run("installed-names", names=",".join(names)).facts
    apart = run(moments="instance").facts["keras_difference"]
    value = (
        f"absent: {', '.join(known['absent']) or 'none'}; keras.layers.GroupNormalization(groups=-1) differs "
        f"from instance normalisation by hand by {short(apart)}"
    )
    replaced = known["absent"] == names[:1] and known["present"] == names[1:] and apart < 1e-5
    return Measured(value, "outdated" if replaced else "holds")


def _matters(run: Run) -> Measured:
    moving, weighted = run(mean="moving").facts, run(weights=WEIGHTS).facts
    shared = run(weights=WEIGHTS, mean="weighted").facts
    value = (
        f"slope in the mean {row(moving['dvar_dmean'])} at a moving mean of 2.5; {row(weighted['dvar_dmean'])} with "
        f"weights around the plain mean, {row(shared['dvar_dmean'])} around the weighted one"
    )
    matters = not moving["first_same"] and not weighted["first_same"] and shared["first_same"]
    return Measured(value, "holds" if matters else "wrong")


def _weighted_too(run: Run) -> Measured:
    found = run(weights=WEIGHTS, mean="weighted", order="second")
    held = float(np.abs(found["hessian_tf"] - found["hessian_stopped"]).max())
    free = float(np.abs(found["hessian_tf"] - found["hessian_through"]).max())
    value = f"its second derivatives differ by {short(held)} from ours with stop_gradient, by {short(free)} without"
    return Measured(value, "holds" if held < 1e-6 < free else "wrong")


CLAIMS = (
    Claim("tf.nn.moments has a stop_gradient around the mean.",
          "Hessian of its variance beside ours, with and without", "holds", _contains),
    Claim("The gradient through the mean is zero, so stop_gradient does not change the result.",
          f"first derivatives for {row(AWKWARD)}", "holds", _zero),
    Claim("It is just a sort of optimisation.",
          "first and second derivatives for 1, 2, 3, 6", "depends", _optimisation),
    Claim("When minimising a variance nothing should flow through E[x]: in E[x²] − E[x]² that term is useless.",
          "gradients of that form, then 200 steps of descent at rate 0.5", "wrong", _useless),
    Claim("This gradient would not affect the variance, at least with plain SGD.",
          "difference of the gradients at an exact mean, a moving mean, and under weights", "wrong", _sgd),
    Claim("tf.nn.moments computes float16 input in float32.",
          "12 values around 1000 with a spread of 100, in float16", "holds", _upcast),
    Claim("Pass keep_dims=True to keep the averaged axes.",
          "argument names in the installed TensorFlow", "outdated", _keep_dims),
    Claim("Use tf.contrib's instance_norm.",
          "names looked up, and Keras' replacement beside ours", "outdated", _contrib),
    Claim("The gradient through the mean matters once the mean is not the exact mean under the same weights.",
          "slope of the variance in the mean for 1, 2, 3, 6", "holds", _matters),
    Claim("tf.nn.weighted_moments stops the gradient as well.",
          "Hessian of its variance beside ours, weights 1, 1, 1, 3", "wrong", _weighted_too),
)  # fmt: skip
