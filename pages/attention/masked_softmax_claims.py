"""What people say about attention over padding, each with a measurement made now."""

from __future__ import annotations

import math
from collections.abc import Sequence

import engine
from engine import Rejected
from pages.attention.masked_softmax_words import percent, row, short
from pages.kit.declare import Claim, Measured, Run, Verdict

CASE = {"scores": (0.1, 0.2), "padding": 3}  # the question's own example
LATE = -10000.0  # what BERT adds to a masked score


def _rounded(values: Sequence[float], stated: Sequence[float]) -> Measured:
    """Holds when every value rounds to what was stated; depends when one is off by one digit."""
    apart = max(abs(round(v, 2) - s) for v, s in zip(values, stated, strict=True))
    digits = ", ".join(f"{value:.5f}" for value in values)
    return Measured(f"({digits})", "holds" if apart < 1e-9 else "depends" if apart < 0.011 else "wrong")


def _unmasked(run: Run) -> Measured:
    return _rounded(run(**CASE, masked=False)["weights"].tolist(), (0.20, 0.23, 0.19, 0.19, 0.19))


def _masked(run: Run) -> Measured:
    return _rounded(run(**CASE)["weights"].tolist(), (0.48, 0.52, 0.0, 0.0, 0.0))


def _dilutes(run: Run) -> Measured:
    mass = run(**CASE, masked=False).facts["mass"]
    return Measured(
        f"the real tokens keep {percent(mass)} of the weight", "holds" if mass < 0.99 else "wrong"
    )


def _no_gradient(run: Run) -> Measured:
    bare = max(map(abs, run(**CASE, masked=False).facts["padded_score_gradient"]))
    masked = max(map(abs, run(**CASE, method="where").facts["padded_score_gradient"]))
    value = f"{short(bare)} at each padded score although its value is zero; {short(masked)} with a mask"
    return Measured(value, "holds" if bare == 0 else "wrong")


def _twice(run: Run) -> Measured:
    factor = run(**CASE).facts["scale_factor"]
    apart = abs(factor - 2)
    verdict: Verdict = "holds" if apart < 0.05 else "depends" if apart < 0.5 else "wrong"
    return Measured(f"{factor:.4f} times here; it is 1 ÷ the unmasked share of the real tokens", verdict)


def _seven_percent(run: Run) -> Measured:
    told = run(**CASE).facts
    change = told["ratio"] / told["ratio_unmasked"] - 1
    with_mask, without = (f"{told[name]:.6f}" for name in ("ratio", "ratio_unmasked"))
    value = f"w₂ ÷ w₁ is {with_mask} with the mask, {without} without: both e to the power 0.1"
    return Measured(value, "holds" if 0.06 < abs(change) < 0.08 else "wrong")


def _negative_score(run: Run) -> Measured:
    scores = engine.run("padded-lstm-states", handling="zero-output").facts["padded_scores"]
    return Measured(
        f"score {short(scores[0])} where the state is zero", "holds" if scores[0] < 0 else "wrong"
    )


def _bert(run: Run) -> Measured:
    trace = run(**CASE, method="add-1e4")
    apart = trace.facts["difference_to_multiply"][2]
    left = float(trace["weights"][2:].max())
    value = f"largest difference {short(apart)}; weight of a padded step {short(left)}"
    return Measured(value, "holds" if apart < 1e-6 and left == 0 else "wrong")


def _four_for_five(run: Run) -> Measured:
    try:
        run(**CASE, mask="1100")
        return Measured("a mask of 4 was accepted for 5 scores", "holds")
    except Rejected as problem:
        refused = f"refused: {problem.received} where {problem.expected.partition(',')[0]} are needed"
    joined = [*(0.1, 0.2, 0.0, 0.0, 0.0), *(0.0, 0.0, LATE, LATE)]  # what += does to two lists
    weights = run(scores=joined, padding=0, masked=False)["weights"]
    value = f"{refused}; as Python lists += joins them, and softmax gives {len(weights)} weights"
    return Measured(value, "wrong")


def _zero_states(run: Run) -> Measured:
    bare, masked, zeros = (
        engine.run("padded-lstm-states", handling=handling).facts
        for handling in ("unmasked", "masked", "zero-output")
    )
    value = (
        f"largest state at a padded step {short(bare['largest_padded_state'])} without a mask; "
        f"with one the last state {'is repeated' if masked['repeats_last_state'] else 'is not repeated'}; "
        f"{short(zeros['largest_padded_state'])} with zero_output_for_mask=True"
    )
    return Measured(value, "holds" if bare["largest_padded_state"] == 0 else "wrong")


def _empty_row(run: Run) -> Measured:
    found = {
        way: run(**CASE, method=way, all_masked=True)["weights"].tolist() for way in ("add-1e4", "add-1e9")
    }
    rest = {
        way: run(**CASE, method=way, all_masked=True).facts["sum"] for way in ("multiply", "add-inf", "where")
    }
    value = (
        f"add −10000: {row(found['add-1e4'])}; add −1e9: {row(found['add-1e9'])}; sums of the others: "
        + ", ".join(f"{way} {short(total)}" for way, total in rest.items())
    )
    alike = found["add-1e4"] == found["add-1e9"] and not any(map(math.isnan, rest.values()))
    return Measured(value, "holds" if alike else "wrong")


def _half(run: Run) -> Measured:
    weights = run(**CASE, method="add-1e9", dtype="float16")["weights"].astype(float).tolist()
    return Measured(row(weights), "wrong" if any(map(math.isnan, weights)) else "holds")


CLAIMS = (
    Claim(
        "Softmax over 0.1, 0.2 and three zeros gives .20, .23, .19, .19, .19.",
        "softmax over the padded scores; the first weight rounds to .21",
        "depends",
        _unmasked,
    ),
    Claim(
        "Masked and renormalised, the weights are .48, .52, 0, 0, 0.",
        "multiply by the mask and divide by the sum",
        "holds",
        _masked,
    ),
    Claim(
        "exp(0) is 1, so padding dilutes the attention.",
        "sum of the unmasked weights of the real tokens",
        "holds",
        _dilutes,
    ),
    Claim(
        "The gradient does not pass through zero padding anyway.",
        "GradientTape: d loss / d score of the padded steps, their values all zero",
        "wrong",
        _no_gradient,
    ),
    Claim(
        "With the mask the weights are two times bigger.",
        "first weight with the mask ÷ without it",
        "depends",
        _twice,
    ),
    Claim(
        "With padding, attention on the second token is just 7 % higher.",
        "second weight ÷ first weight, both ways; the 7 % came from rounded weights",
        "wrong",
        _seven_percent,
    ),
    Claim(
        "A learned score can be negative at padded steps.",
        "score u · tanh(h + b) at a timestep whose state h is zero",
        "holds",
        _negative_score,
    ),
    Claim(
        "BERT adds −10000 to masked scores instead of renormalising; the result is the same.",
        "largest difference to multiply and renormalise in float32, where exp(−10000) is 0",
        "holds",
        _bert,
    ),
    Claim(
        "The mask snippet with four elements works for five scores.",
        "a mask of 4 on 5 scores, and the same addition on Python lists",
        "wrong",
        _four_for_five,
    ),
    Claim(
        "Zero padding of the inputs means zero hidden states.",
        "a seeded LSTM over 2 real and 3 zero timesteps",
        "wrong",
        _zero_states,
    ),
    Claim(
        "When a whole row is padding, all ways of masking do the same.",
        "every position masked, five methods",
        "wrong",
        _empty_row,
    ),
    Claim(
        "(1 − mask) · −1e9 is a safe mask in every number format.",
        "the question's example in float16",
        "wrong",
        _half,
    ),
)
