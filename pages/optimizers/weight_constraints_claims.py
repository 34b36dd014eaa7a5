"""What people say about constrained weights, each with a measurement made now."""

from __future__ import annotations

import math

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.optimizers.weight_constraints_words import row, short

THETA = (0.5, -1.0, -3.0, 2.0)
ALONE = {"target": (0.0,) * 4, "start": THETA, "strength": 1, "at": 0}  # the penalty itself, at THETA


def _growth(run: Run) -> Measured:
    told = run(iterations=40, timed=True).facts
    inside, once, function = told["nodes"]
    slow, fast = told["milliseconds"][0][-1], told["milliseconds"][1][-1]
    value = f"{inside[0]} → {inside[-1]} nodes in 40 iterations ({(inside[-1] - inside[0]) / 40:g} each), "
    value += f"{slow:.1f} ms a step; made once: {once[-1]} nodes, {fast:.2f} ms; tf.function: "
    value += f"{function[-1]} nodes throughout"
    grows = inside[-1] > inside[0] and once[-1] == once[0] and function[-1] == function[0] and slow > 3 * fast
    return Measured(value, "holds" if grows else "wrong")


def _clipping_slow(run: Run) -> Measured:
    trace = run()
    far = [float(abs(trace["paths"][place, :, 1, 0] - 2)[20]) for place in (0, 1)]
    value = f"distance of the free weight from its target after 20 steps: {short(far[1])} with projection, "
    value += f"{short(far[0])} without; the milliseconds went into the growing graph"
    return Measured(value, "wrong" if far[1] <= far[0] * 1.001 else "holds")


def _names(_: Run) -> Measured:
    names = ("tf.clip", "np.infty", "tf.clip_by_value", "np.inf")
    told = engine.run("installed-names", names=",".join(names)).facts
    value = (
        f"gone: {', '.join(told['absent'])}; there: {', '.join(told['present'])}; the idea holds, see above"
    )
    return Measured(value, "outdated" if set(names[:2]) <= set(told["absent"]) else "holds")


def _applied(_: Run) -> Measured:
    kept = engine.run("keras-constraints").facts["kept"]
    made, assigned, subtracted, *steps = (min(moment) for moment in kept)
    value = f"smallest weight when made {short(made)}, after assign {short(assigned)}, after assign_sub "
    value += f"{short(subtracted)}; after each Keras update {', '.join(short(s) for s in steps)}"
    right = max(made, assigned, subtracted) < 0 and min(steps) == 0
    return Measured(value, "depends" if right else "wrong")


def _soft(run: Run) -> Measured:
    told = run(steps=200).facts
    value = (
        f"smallest weight in 200 steps: {short(told['smallest_ever'])}, at the end {short(told['smallest'])}"
    )
    return Measured(value, "wrong" if told["smallest_ever"] == 0 else "holds")


def _min_penalty(run: Run) -> Measured:
    one, every = (run(**ALONE, method=name) for name in ("min-penalty", "sum-penalty"))
    ends = [
        run(method="min-penalty", strength=lam, learning_rate=0.01, steps=300).facts["smallest"]
        for lam in (1, 2.5, 10)
    ]
    value = f"gradient at {row(THETA)}: {row(one['penalty_gradient'].ravel().tolist())}, "
    value += f"of Σ relu(−θ) {row(every['penalty_gradient'].ravel().tolist())}; smallest weight at the end "
    value += f"{short(ends[0])}, {short(ends[1])}, {short(ends[2])} for λ = 1, 2.5, 10"
    soft = one["penalty_gradient"].ravel().tolist() == [0, 0, -1, 0] and ends[0] < -0.1 and 0 not in ends
    return Measured(value, "wrong" if soft else "holds")


def _by_where(_: Run) -> Measured:
    gradient = engine.run("keras-constraints").facts["by_where"]
    value = f"gradient of −2 Σ θ[θ < 0] at {row(THETA)}: {row(gradient)}; no weight is stopped at 0 by it"
    return Measured(value, "holds" if gradient == (0.0, -2.0, -2.0, 0.0) else "wrong")


def _layers(_: Run) -> Measured:
    told = engine.run("installed-names", names="tf.layers,keras.layers.Conv2D,keras.constraints.NonNeg").facts
    kernel = engine.run("keras-constraints").facts
    value = f"gone: {', '.join(told['absent'])}; keras.layers.Conv2D(kernel_constraint=NonNeg()): smallest "
    value += f"{short(kernel['kernel_before'])} before, {short(kernel['kernel_smallest'])} after one step, "
    value += f"{100 * kernel['kernel_zeros']:.0f} % zeros"
    right = "tf.layers" in told["absent"] and kernel["kernel_smallest"] == 0
    return Measured(value, "outdated" if right else "holds")


def _hard(_: Run) -> Measured:
    names = [f"keras.constraints.{name}" for name in ("NonNeg", "UnitNorm", "MaxNorm", "MinMaxNorm")]
    told = engine.run("installed-names", names=",".join(names)).facts
    value = (
        f"{len(told['present'])} of {len(names)} are there: {', '.join(told['present'])}, and any function"
    )
    return Measured(value, "outdated" if not told["absent"] else "holds")


def _penalty_reaches(run: Run) -> Measured:
    ends = {
        lam: run(method="squared-penalty", strength=lam, learning_rate=0.005, steps=300).facts["final"][0]
        for lam in (1, 10, 100)
    }
    value = "; ".join(
        f"λ = {lam}: {short(end)}, −1/(1 + λ) = {short(-1 / (1 + lam))}" for lam, end in ends.items()
    )
    fits = all(end < 0 and abs(end + 1 / (1 + lam)) < 0.06 for lam, end in ends.items())
    return Measured(value, "wrong" if fits else "holds")


def _cleans(_: Run) -> Measured:
    told = engine.run("keras-constraints").facts
    value = f"NonNeg of (NaN, −1, 1) is {row(told['nan'])}; UnitNorm of a zero column {row(told['zero'])}; "
    value += f"clip_by_value from 5 to 1 answers {row(told['reversed_clip'])} without an error"
    return Measured(value, "wrong" if math.isnan(told["nan"][0]) and told["zero"] == (0.0, 0.0) else "holds")


CLAIMS = (
    Claim("assign in the training loop makes it slow, because it adds nodes.",
          "a TensorFlow 1 graph, its session run for 40 iterations", "holds", _growth),
    Claim("Constraining is slow to converge, like the clipping.",
          "steps to the target with and without projection", "wrong", _clipping_slow),
    Claim("Make the clip once: tf.clip(x, 0, np.infty).",
          "names looked up in the installed versions", "outdated", _names),
    Claim("A variable with constraint= is always within it.",
          "a tf.Variable with NonNeg: Keras' optimizers apply it, nothing else does", "depends", _applied),
    Claim("constraint= is another soft constraint.",
          "projection on the question's problem", "wrong", _soft),
    Claim("The penalty −min(min(θ), 0) keeps all weights non-negative.",
          "its gradient, and where training with it ends", "wrong", _min_penalty),
    Claim("A penalty by tf.where and gather_nd pushes on every negative entry.",
          "GradientTape", "holds", _by_where),
    Claim("tf.layers.conv2d(kernel_constraint=non_neg()) does it.",
          "names, and one step of a Keras convolution", "outdated", _layers),
    Claim("TensorFlow should offer hard constraints.",
          "names looked up in the installed version", "outdated", _hard),
    Claim("A squared penalty reaches 0 if it is strong enough.",
          "the first weight after 300 steps against the exact minimum", "wrong", _penalty_reaches),
    Claim("A constraint also cleans up broken weights.",
          "constraints called on them directly", "wrong", _cleans),
)  # fmt: skip
