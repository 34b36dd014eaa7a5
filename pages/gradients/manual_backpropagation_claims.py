"""What people say about the backward pass, each with the measurement that decides."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from pages.gradients.manual_backpropagation_charts import power, written
from pages.kit.declare import Claim, Measured, Run

TUTORIAL: dict[str, Any] = {
    "batch": 64,
    "inputs": 1000,
    "layers": "100.relu_10.linear",
    "numbers": "normal",
    "dtype": "float64",
}
KINK: dict[str, Any] = {"x": (1, 1), "y": (0,), "w1": (1, -1, -1, 2)}
RAMPS = {
    "relu": "tf.nn.relu",
    "maximum-z-0": "tf.maximum(z, 0)",
    "maximum-0-z": "tf.maximum(0, z)",
    "clip": "clip_by_value(z, 0, 1)",
    "leaky-relu": "leaky_relu(z, 0.2)",
}


def _tutorial(run: Run) -> Measured:
    known = {dtype: run(**{**TUTORIAL, "dtype": dtype}, steps=0) for dtype in ("float64", "float32")}
    shares = {dtype: trace.facts["worst"] for dtype, trace in known.items()}
    value = ", ".join(f"{power(share)} in {dtype}" for dtype, share in shares.items())
    right = shares["float64"] < 1e-12 and shares["float32"] < 1e-5
    return Measured(f"largest difference ÷ largest gradient is {value}", "holds" if right else "wrong")


def _suspicious(run: Run) -> Measured:
    right, wrong = run(), run(mistake="z-for-a")
    apart = wrong.facts["first_difference"]
    step = next(step for step in right.steps if step.writes == "dw2")
    value = f"{step.operation} {step.formula[0]} differs from the tape by {power(right.facts['worst'])}; with h instead "
    value += f"{apart} differs by {power(wrong.facts['worst'])} of the largest"
    return Measured(value, "wrong" if apart == "dw2" and not right.facts["first_difference"] else "holds")


def _only_dy(run: Run) -> Measured:
    near, far = run(y=(1,)), run(y=(-2,))
    same = np.array_equal(near["a1"], far["a1"])
    values = [written(float(trace["dw2"][0, 0])) for trace in (near, far)]
    value = f"dy/dw2 is h_relu, {written(float(near['a1'][0, 0]))} for both, but grad_w2 is {values[0]} for y = 1 and {values[1]} for y = −2"
    return Measured(value, "wrong" if same and values[0] != values[1] else "holds")


def _paths(run: Run) -> Measured:
    trace = run(inputs=1, layers="2.tanh_1.linear")
    paths = trace["w1"][0] * trace["slope1"][0] * trace["w2"][:, 0] * trace["da2"][0, 0]
    total, tape = float(paths.sum()), float(trace["dx"][0, 0])
    value = f"{' + '.join(written(float(path)) for path in paths)} = {written(total)}; the tape's dL/dx is {written(tape)}"
    return Measured(value.replace("+ −", "− "), "holds" if abs(total - tape) < 1e-4 * abs(tape) else "wrong")


def _mask(run: Run) -> Measured:
    usual, kink = run(mistake="below-zero"), run(**KINK, mistake="below-zero")
    tape, hand = (kink[name].tolist() for name in ("tape_dw1", "dw1"))
    value = f"the same as long as no h is exactly 0; there dL/dw1 is {_matrix(hand)}, by tf.nn.relu {_matrix(tape)}"
    agreed, apart = usual.facts["first_difference"] is None, kink.facts["first_difference"] == "dz1"
    return Measured(value, "depends" if agreed and apart else "holds" if agreed else "wrong")


def _matrix(rows: list[list[float]]) -> str:
    return "[" + ", ".join("[" + ", ".join(written(number) for number in row) + "]" for row in rows) + "]"


def _slopes(run: Run) -> Measured:
    found = {}
    for kind, name in RAMPS.items():
        trace = run(inputs=1, layers=f"1.{kind}", x=(0,), w1=(1,), y=(1,))
        found[name] = float(trace["tape_dz1"][0, 0] / trace["tape_da1"][0, 0])
    value = ", ".join(f"{name} {written(slope)}" for name, slope in found.items())
    return Measured(f"slope at 0: {value}", "wrong" if len(set(found.values())) > 1 else "holds")


def _trains(run: Run) -> Measured:
    known = run(**TUTORIAL, rate=1e-6, steps=500).facts
    value = f"loss {written(known['loss'])} → {written(known['final_loss'])}"
    return Measured(value, "holds" if known["final_loss"] < 1e-3 else "wrong")


def _faster(run: Run) -> Measured:
    known = run(**TUTORIAL, rate=5e-6, steps=50).facts
    broke = known["broke_at"]
    value = f"loss {written(known['loss'])} → {written(known['final_loss'])}, no finite number from step {broke} on"
    return Measured(value, "wrong" if broke is not None else "holds")


def _third(run: Run) -> Measured:
    trace = run(**{**TUTORIAL, "layers": "100.relu_50.relu_10.linear"}, steps=0)
    lines = [step.operation for step in trace.steps if step.writes in ("da1", "dw1")]
    value = f"the lines are {' and '.join(lines)}; all three weights differ from the tape by {power(trace.facts['worst'])} at most"
    return Measured(value, "holds" if trace.facts["worst"] < 1e-12 else "wrong")


def _elementwise(run: Run) -> Measured:
    one = run(mistake="elementwise")
    try:
        two = f"difference {power(run(mistake='elementwise', batch=2).facts['worst'])}"
    except engine.Rejected as refusal:
        two = f"refused, {refusal.received}"
    square = run(mistake="elementwise", batch=2, layers="2.relu_2.linear").facts["worst"]
    value = f"one sample: difference {power(one.facts['worst'])}; two: {two}; two, and two of everything: off by {power(square)} of the largest"
    return Measured(value, "depends" if one.facts["worst"] == 0 < square else "wrong")


def _mean(run: Run) -> Measured:
    trace = run(batch=4, layers="2.relu_3.linear", loss="mean", mistake="sum-for-mean")
    hand, tape = trace["dw1"].astype(float), trace["tape_dw1"].astype(float)
    ratios = (hand[tape != 0] / tape[tape != 0]).round(4)
    value = f"by hand ÷ tape is {written(float(ratios.min()))} to {written(float(ratios.max()))} in every weight: 4 samples × 3 outputs"
    same = len(set(ratios.tolist())) == 1 and ratios[0] == 12
    return Measured(value, "holds" if same else "wrong")


CLAIMS = (
    Claim("The tutorial's backward pass is correct.",
          "64 samples, 1000-100-10, dL/dw1 and dL/dw2 by hand against GradientTape", "holds", _tutorial),
    Claim("h_relu stands between w1 and w2, so its use in grad_w2 is suspicious: the ReLU is used twice.",
          "dL/dw2 with h_relu, what the second product was given, and with h", "wrong", _suspicious),
    Claim("For w2 we only use dy/dw2, also known as grad_w2.",
          "grad_w2 with two targets: it is dL/dw2 = dy/dw2 times dL/dy", "wrong", _only_dy),
    Claim("Backpropagation is the chain rule along every path; scalars are enough to understand it.",
          "one input, two tanh units, one output: the slopes multiplied along both paths, added", "holds", _paths),
    Claim("grad_h[h < 0] = 0 is the gradient of the ReLU.",
          "against tf.nn.relu, on usual numbers and on sums that are exactly 0", "depends", _mask),
    Claim("However a ReLU is written, its gradient is the same.",
          "dL/dz ÷ dL/da by GradientTape at exactly 0", "wrong", _slopes),
    Claim("A learning rate of 1e-6 and 500 steps train it.",
          "the tutorial's network, seed 0, gradients by hand", "holds", _trains),
    Claim("Five times the learning rate is five times as fast.",
          "the same network, 50 steps at 5e-6", "wrong", _faster),
    Claim("A third layer needs the same two lines once more.",
          "1000-100-50-10, float64, against GradientTape", "holds", _third),
    Claim("In dL/dW, a.T * delta does as well as a.T @ delta.",
          "one sample, two samples, and two of everything", "depends", _elementwise),
    Claim("A sum where the loss is a mean changes how long the step is, not where it goes.",
          "every weight's gradient by hand ÷ the tape's", "holds", _mean),
)  # fmt: skip
