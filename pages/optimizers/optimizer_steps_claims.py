"""What people say about optimizers, and what happens on these surfaces today."""

from __future__ import annotations

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.optimizers.rmsprop_update_delta_words import short

FIRST = {"steps": 1, "compare": "none"}
FIXED = {"surface": "bowl", "steps": 60, "compare": "none"}


def _all_keras(run: Run) -> Measured:
    kinds = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
    apart = {kind: run(optimizer=kind, compare="none").facts["keras_difference"] for kind in kinds}
    worst = max(apart, key=apart.__getitem__)
    return Measured(f"40 steps each; the largest difference is {short(apart[worst])} ({worst})",
                    "holds" if apart[worst] < 1e-5 else "wrong")  # fmt: skip


def _first_adam(run: Run) -> Measured:
    steps = np.abs(run(optimizer="adam", condition=100, **FIRST)["delta"][0]) / 0.02
    value = f"gradients −2.5 and 150: {short(float(steps[0]))} and {short(float(steps[1]))} learning rates"
    return Measured(value, "holds" if np.allclose(steps, 1, atol=1e-3) else "wrong")


def _bound(run: Run) -> Measured:
    ends = {}
    for optimizer in ("sgd", "momentum", "nesterov"):
        edge = run(optimizer=optimizer, **FIRST).facts["largest_rate"]
        for share in (0.95, 1.05):
            told = run(optimizer=optimizer, learning_rate=share * edge, **{**FIXED, "steps": 150}).facts
            ends[optimizer, share] = told["losses"][1] / told["losses"][0]
    value = "; ".join(
        f"{name} at {share:g} of its bound: loss × {short(end)}" for (name, share), end in ends.items()
    )
    right = all((end < 1) == (share < 1) for (_, share), end in ends.items())
    return Measured(value, "holds" if right else "wrong")


def _momentum_rate(run: Run) -> Measured:
    edges = [run(optimizer=kind, **FIRST).facts["largest_rate"] for kind in ("sgd", "momentum", "nesterov")]
    value = f"curvature 10: bounds {', '.join(map(short, edges))} for SGD, momentum 0.9, Nesterov 0.9"
    return Measured(value, "holds" if edges[1] < edges[0] else "wrong")


def _nesterov(run: Run) -> Measured:
    ends = [run(optimizer=kind, **FIXED).facts["losses"][1] for kind in ("momentum", "nesterov")]
    slow = [
        run(optimizer=kind, **FIXED, learning_rate=0.15).facts["losses"][1]
        for kind in ("momentum", "nesterov")
    ]
    value = f"bowl, 60 steps: learning rate 0.02 {short(ends[0])} and {short(ends[1])} (Nesterov); 0.15 {short(slow[0])} and {short(slow[1])}"
    better = (ends[1] < ends[0], slow[1] < slow[0])
    return Measured(value, "holds" if all(better) else "depends" if any(better) else "wrong")


def _adam_always(run: Run) -> Measured:
    ends = {
        case: [run(optimizer=kind, **FIXED, **case_of).facts["losses"][1] for kind in ("adam", "momentum")]
        for case, case_of in {
            "κ 10, learning rate 0.02": {"learning_rate": 0.02},
            "κ 100, learning rate 0.1": {"learning_rate": 0.1, "condition": 100},
        }.items()
    }
    value = "; ".join(
        f"{case}: Adam {short(adam)}, momentum {short(other)}" for case, (adam, other) in ends.items()
    )
    better = [not other <= adam for adam, other in ends.values()]  # NaN is worse than any number
    return Measured(value, "holds" if all(better) else "depends" if any(better) else "wrong")


def _decay(run: Run) -> Measured:
    same = {"surface": "bowl", "condition": 100, "steps": 200, "learning_rate": 0.05, "compare": "none"}
    apart = run(optimizer="adamw", weight_decay=0.5, **same)
    loss = run(optimizer="adam", l2=0.5, **same)
    gap = float(np.abs(apart["after"] - loss["after"]).max())
    sgd = run(optimizer="sgd", l2=0.5, surface="bowl", learning_rate=0.05, compare="none")
    shrunk = sgd["w"][0] * (1 - 0.05 * 0.5) - 0.05 * np.array([1, 10]) * sgd["w"][0]
    plain = float(np.abs(sgd["after"][0] - shrunk).max())
    value = f"paths of AdamW and of Adam with L2 come {short(gap)} apart; for plain SGD one step of either differs by {short(plain)}"
    return Measured(value, "holds" if gap < 1e-3 else "wrong")


def _no_stop(run: Run) -> Measured:
    trace = run(surface="absolute", optimizer="rmsprop", learning_rate=0.1, steps=200, compare="none")
    last = np.abs(trace["delta"][-20:, 0])
    value = (
        f"|w|, 200 steps: the last 20 steps are {short(float(last.min()))} to {short(float(last.max()))} long"
    )
    return Measured(value, "wrong" if last.min() > 0.05 else "holds")


def _saddle(run: Run) -> Measured:
    ends = {
        start: run(
            surface="saddle",
            optimizer="sgd",
            start=(-2.5, start),
            learning_rate=0.1,
            steps=100,
            compare="none",
        ).facts["end"]
        for start in (0.0, 0.01)
    }
    value = "; ".join(f"start y = {start}: ends at y = {short(end[1])}" for start, end in ends.items())
    return Measured(value, "depends" if ends[0.0][1] == 0 and abs(ends[0.01][1]) > 1 else "holds")


def _epsilon(run: Run) -> Measured:
    sizes = {
        kind: abs(
            float(run(optimizer=kind, surface="parabola", condition=1, start=(1e-5,), **FIRST)["delta"][0, 0])
        )
        / 0.02
        for kind in ("rmsprop", "adam")
    }
    ideal = {"rmsprop": np.sqrt(10), "adam": 1.0}
    shares = {kind: sizes[kind] / ideal[kind] for kind in sizes}
    value = (
        f"gradient 1e-5, ε 1e-7: RMSprop's first step is {short(100 * shares['rmsprop'])} % of its usual length, "
        f"Adam's {short(100 * shares['adam'])} %"
    )
    return Measured(value, "holds" if abs(shares["rmsprop"] - shares["adam"]) < 0.05 else "wrong")


def _tie(run: Run) -> Measured:
    trace = run(surface="absolute", start=(0.0,), optimizer="sgd", **FIRST)
    value = f"tf.abs has slope {short(float(trace['g'][0, 0]))} at 0, so nothing moves"
    return Measured(value, "holds" if trace["g"][0, 0] == 0 else "wrong")


def _refused(run: Run) -> Measured:
    answers = engine.run("optimizer-calls").facts["answers"]
    value = f"SGD(momentum=2.0): {answers['SGD momentum 2']}; RMSprop(momentum=2.0): {answers['momentum 2']}"
    return Measured(
        value, "depends" if answers["momentum 2"] == "accepted" != answers["SGD momentum 2"] else "holds"
    )


CLAIMS = (
    Claim("These formulas are what Keras computes.", "each step of six optimizers by formula and by Keras, from the same state", "holds", _all_keras),
    Claim("Adam's first step is one learning rate long in every direction.", "the first step on a bowl of curvatures 1 and 100", "holds", _first_adam),
    Claim("Above 2 ÷ curvature gradient descent diverges, with momentum above 2(1 + μ) ÷ curvature.",
          "150 steps at 0.95 and 1.05 of the bound", "holds", _bound),
    Claim("With momentum the learning rate must be smaller.", "the bounds for curvature 10", "wrong", _momentum_rate),
    Claim("Nesterov is faster than momentum.", "the loss after 60 steps, two learning rates", "depends", _nesterov),
    Claim("Adam is always better.", "the loss on two bowls after 60 steps, the same learning rate for both", "depends", _adam_always),
    Claim("Weight decay and L2 in the loss are the same.", "both with Adam, and one step with SGD", "wrong", _decay),
    Claim("Near a minimum the steps become small.", "RMSprop on |w|, whose gradient never shrinks", "wrong", _no_stop),
    Claim("A saddle point stops gradient descent.", "a start on the ridge and one 0.01 beside it", "depends", _saddle),
    Claim("ε does the same in RMSprop and Adam.", "one tiny gradient, the same ε", "wrong", _epsilon),
    Claim("At a kink TensorFlow takes the slope 0.", "|w| at 0", "holds", _tie),
    Claim("Keras refuses a momentum of 2.", "two optimizers asked", "depends", _refused),
)  # fmt: skip
