"""What people say about fake quantisation, each with a measurement made now."""

from __future__ import annotations

import numpy as np

import engine
from engine import Rejected
from pages.gradients.fake_quantization_ste_words import short, span, tally
from pages.kit.declare import Claim, Measured, Run

VALUES = (-1.5, -1.0, -0.3, 0.0, 0.4, 0.95, 1.1, 1.2)
TIES = (-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5)
SEEDS = range(24)


def _straight_through(run: Run) -> Measured:
    trace = run(x=VALUES, mode="fixed")
    passed = bool((trace["by_tape"] == trace["inside"]).all())
    low, high = trace["range_by_tape"][0]
    value = f"dx is 1 inside {span(trace.facts['nudged'][0])} and 0 outside; "
    value += f"d min = {short(low)}, d max = {short(high)}: the gradients of the {trace.facts['below']} "
    value += f"values below and {trace.facts['above']} above"
    right = passed and (low, high) == (trace.facts["below"], trace.facts["above"])
    return Measured(value, "holds" if right else "wrong")


def _mostly_one(run: Run) -> Measured:
    trace = run()
    ones = dict(trace.facts["histogram"]).get(1.0, 0)
    return Measured(tally(trace), "holds" if ones >= 0.9 * trace.facts["values"] else "wrong")


def _no_reason(run: Run) -> Measured:
    """k values fall outside on one side: k − 1 zeros, and one gradient of k."""
    explained, largest = 0, 0.0
    for seed in SEEDS:
        told = run(seed=seed).facts
        k = max(told["below"], told["above"])
        expected = {1.0: told["values"] - max(k, 1)} | ({0.0: k - 1} if k > 1 else {})
        expected[float(max(k, 1))] = expected.get(float(max(k, 1)), 0) + 1
        explained += dict(told["histogram"]) == expected and abs(told["total"] - told["values"]) < 1e-3
        largest = max(largest, told["histogram"][-1][0])
    value = f"{explained} of {len(SEEDS)} random 10 × 10 arrays: k clipped values on one side, k − 1 zeros, "
    value += f"one gradient of k (up to {short(largest)}), sum 100"
    return Measured(value, "wrong" if explained == len(SEEDS) else "holds")


def _sum(run: Run) -> Measured:
    tied = [run(seed=seed).facts["total"] for seed in SEEDS]
    fixed = run(mode="fixed").facts["total"]
    value = f"{short(min(tied))} to {short(max(tied))} in {len(SEEDS)} arrays of 100 values; "
    value += f"{short(fixed)} with a fixed range"
    return Measured(value, "depends" if abs(fixed - 100) > 1 and np.allclose(tied, 100) else "holds")


def _stopped(run: Run) -> Measured:
    shares = [set(np.unique(run(seed=seed, mode="tied-stopped")["by_tape"])) for seed in SEEDS[:8]]
    value = "gradients found: " + ", ".join(short(float(v)) for v in sorted(set().union(*shares)))
    return Measured(value, "holds" if set().union(*shares) <= {0.0, 1.0} else "wrong")


def _snippet(_: Run) -> Measured:
    names = (
        "tf.fake_quant_with_min_max_vars",
        "tf.Session",
        "tf.quantization.fake_quant_with_min_max_vars",
        "tf.GradientTape",
    )
    told = engine.run("installed-names", names=",".join(names)).facts
    value = f"gone: {', '.join(told['absent'])}; there: {', '.join(told['present'])}"
    gone = set(names[:2]) <= set(told["absent"])
    return Measured(value, "outdated" if gone else "holds")


def _any_range(run: Run) -> Measured:
    given = ((0.5, 2.0), (-2.0, -1.0), (-1.0, 2.5))
    found = [run(mode="fixed", min=low, max=high).facts["nudged"][0] for low, high in given]
    value = "; ".join(f"{span(g)} becomes {span(f)}" for g, f in zip(given, found, strict=True))
    moved = found[0][0] == 0 and found[1][1] == 0
    return Measured(value, "depends" if moved else "holds")


def _ends_kept(run: Run) -> Measured:
    three, eight = (run(mode="fixed", bits=bits).facts["nudged"][0] for bits in (3, 8))
    narrow = run(mode="fixed", narrow_range=True).facts["nudged"][0]
    value = (
        f"−1 to 1 becomes {span(three)} with 3 bits, {short(eight[0], 6)} to {short(eight[1], 6)} with 8; "
    )
    value += f"{span(narrow)} with narrow_range"
    return Measured(value, "wrong" if three != (-1.0, 1.0) and narrow == (-1.0, 1.0) else "holds")


def _same_in_float64(run: Run) -> Measured:
    one, three = (run(mode="fixed", min=-a, max=a).facts for a in (1, 3))
    value = f"−1 to 1: float32 rounds {one['exact_zero_point'][0]:.8g} to {one['zero_point'][0]}, float64 "
    value += f"chooses {one['zero_point_float64'][0]}; −3 to 3: {three['exact_zero_point'][0]:.8g} to "
    value += f"{three['zero_point'][0]} in both"
    return Measured(value, "wrong" if one["zero_point"] != one["zero_point_float64"] else "holds")


def _zero_of_round(run: Run) -> Measured:
    rounded, floored, signed, manual, passed = run().facts["connected"]
    value = f"tf.round: {_said(rounded)}; tf.floor: {_said(floored)}; tf.sign: {_said(signed)}, all zeros; "
    value += f"x + stop_gradient(round(x) − x): {_said(manual)}"
    return Measured(value, "wrong" if (rounded, floored, manual, passed) == (0, 0, 1, 1) else "holds")


def _said(connected: int) -> str:
    return "a gradient" if connected else "None"


def _rounds_to_even(run: Run) -> Measured:
    trace = run(x=TIES, mode="fixed", min=-4, max=3)
    ours, even = (trace[name] - trace["zero_point"][0] for name in ("level", "half_to_even"))
    value = ", ".join(short(float(v)) for v in ours.ravel()) + " against "
    value += ", ".join(short(float(v)) for v in even.ravel()) + " by tf.round, for −3.5, −2.5, … 2.5"
    return Measured(value, "wrong" if trace.facts["rounded_otherwise"] else "holds")


def _checks_range(run: Run) -> Measured:
    fix = ""
    try:
        run(mode="fixed", min=1, max=-1)
    except Rejected as problem:
        fix = problem.fix.partition(":")[0]
    told = engine.run("fake-quant-calls").facts
    value = f"TensorFlow alone: min 1, max −1 gives {told['reversed']}, min = max = 1 gives {told['empty']}, "
    value += f"no error; refused here: “{fix}”"
    return Measured(value, "wrong" if fix else "depends")


CLAIMS = (
    Claim("fake_quant_with_min_max_vars applies a straight-through estimator.",
          "GradientTape with a fixed range −1 to 1, 3 bits", "holds", _straight_through),
    Claim("Almost all gradients are 1.",
          "np.random.seed(0), 10 × 10 normal values, 3 bits, min and max of x itself", "holds", _mostly_one),
    Claim("The few gradients of 0, 2, 3 or 4 have no explanation.",
          "counted against what the clipped values predict", "wrong", _no_reason),
    Claim("The gradients add up to the number of values.",
          "sum of d loss / d x, the range taken from x or fixed", "depends", _sum),
    Claim("stop_gradient on min and max restores gradients of 0 and 1.",
          "the same arrays with the range behind stop_gradient", "holds", _stopped),
    Claim("The posted snippet runs: tf.fake_quant_with_min_max_vars and tf.gradients in a Session.",
          "names looked up in the installed TensorFlow; the snippet also misplaces a parenthesis",
          "outdated", _snippet),
    Claim("The operation represents arbitrary ranges; they need not be symmetric.",
          "nudged range: 0 must be in it", "depends", _any_range),
    Claim("With min −1 and max 1 the outputs end at −1 and 1.",
          "nudged range", "wrong", _ends_kept),
    Claim("The nudged range can be computed in any precision.",
          "zero point of [−a, a], which is always on a tie", "wrong", _same_in_float64),
    Claim("The gradient of tf.round is zero.",
          "GradientTape on rounding by hand", "wrong", _zero_of_round),
    Claim("It rounds like tf.round.",
          "values halfway between two levels, scale 1", "wrong", _rounds_to_even),
    Claim("A range with min above max raises an error.",
          "the operation called directly, and this page", "wrong", _checks_range),
)  # fmt: skip
