"""What people say about RMSprop's deltas, and what the installed versions do."""

from __future__ import annotations

import math

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.optimizers.rmsprop_update_delta_words import short

CONSTANT = {"weights": (0.0,), "grads": (1.0,) * 8}
TINY = {"weights": (0.0,), "grads": (1e-5,)}


def _listed(values: object) -> str:
    return ", ".join(short(float(value)) for value in np.asarray(values).ravel())


def _differ(run: Run) -> Measured:
    trace = run()
    value = f"first deltas {_listed(trace['delta'][0])}; −learning rate · gradient {_listed(trace['sgd'][0])}"
    return Measured(value, "holds" if np.abs(trace["delta"] - trace["sgd"]).max() > 1e-3 else "wrong")


def _same_size(run: Run) -> Measured:
    sizes = np.abs(run()["delta"][0]) / 0.01
    value = f"{_listed(sizes)} learning rates for gradients 0.1, −1, 10; √10 is {short(math.sqrt(10), 6)}"
    return Measured(value, "holds" if np.ptp(sizes) < 1e-3 else "wrong")


def _later(run: Run) -> Measured:
    sizes = np.abs(run(**CONSTANT)["delta"][:, 0]) / 0.01
    closed = [1 / math.sqrt(1 - 0.9**t) for t in range(1, 9)]
    apart = float(np.abs(sizes - closed).max())
    return Measured(
        f"{_listed(sizes)}; from 1 ÷ √(1 − ρᵗ) by {short(apart)}", "wrong" if np.ptp(sizes) > 0.1 else "holds"
    )


def _squared_average(run: Run) -> Measured:
    at = run(grads=(1.0, -1.0), weights=(0.0,), chosen=(1, 0), centered=True).facts["at"]
    said, done = abs(at["average"]), math.sqrt(at["v"])
    value = f"gradients 1, −1: root of the squared average {short(said)}, root of the average square {short(done)}"
    return Measured(value, "holds" if math.isclose(said, done, rel_tol=1e-3) else "wrong")


def _magnitude(run: Run) -> Measured:
    steady = run(**CONSTANT, rho=0.5, compare="mean-magnitude")
    mixed = run(weights=(0.0,), grads=(0.1, 10.0, 0.1), compare="mean-magnitude", chosen=(2, 0))
    end = [abs(float(steady[name][-1, 0])) / 0.01 for name in ("delta", "other_delta")]
    apart = [abs(float(mixed[name][-1, 0])) / 0.01 for name in ("delta", "other_delta")]
    value = (
        f"constant gradient, last of 8 steps: {_listed(end)} learning rates by root mean square and by mean magnitude; "
        f"after gradients 0.1, 10, 0.1: {_listed(apart)}"
    )
    alike = abs(end[0] / end[1] - 1) < 0.01
    same = abs(apart[0] / apart[1] - 1) < 0.01
    return Measured(value, "holds" if alike and same else "depends" if alike else "wrong")


def _slot(run: Run) -> Measured:
    trace = run()
    slots, delta = np.array(trace.facts["slots"]["tf1_momentum"]), trace["other_delta"][-1]
    keras = engine.run("optimizer-calls").facts["answers"]["get_slot"]
    missing = keras != "accepted" and "keras_momentum" not in trace.facts["slots"]
    value = (
        f"TF1: slot + delta is at most {short(float(np.abs(slots + delta).max()))}, so it is minus the delta; "
        f"Keras: {keras}, and with momentum 0 there is no such slot"
    )
    return Measured(value, "outdated" if missing else "holds")


def _subtract(run: Run) -> Measured:
    trace = run(weight_decay=0.1, clipping="clipnorm", momentum=0.9)
    apart = trace.facts["keras_difference"]
    value = f"with decay, clipping and momentum on, Keras' weights after − before differ from the formula by {short(apart)}"
    return Measured(value, "holds" if apart < 1e-6 else "wrong")


def _versions(run: Run) -> Measured:
    trace = run()
    mine, old = float(trace["delta"][0, 0]), float(trace["other_delta"][0, 0])
    value = f"first delta for g = 0.1: Keras {short(mine)}, TF1 {short(old)} (its average begins at 1)"
    return Measured(value, "holds" if math.isclose(mine, old, rel_tol=0.01) else "wrong")


def _epsilon(run: Run) -> Measured:
    inside, outside = (
        abs(float(run(**TINY, epsilon_place=place)["delta"][0, 0])) / 0.01 for place in ("inside", "outside")
    )
    value = f"gradient 1e-5, ε 1e-7: {short(inside)} learning rates inside the root, {short(outside)} outside"
    return Measured(value, "holds" if math.isclose(inside, outside, rel_tol=0.1) else "wrong")


def _clipped(run: Run) -> Measured:
    sizes = [abs(float(run(clipping=kind)["delta"][0, 2])) / 0.01 for kind in ("none", "clipvalue")]
    value = f"g = 10: {short(sizes[0])} learning rates, clipped to 1: {short(sizes[1])}"
    return Measured(value, "holds" if sizes[1] < 0.9 * sizes[0] else "wrong")


def _zero(run: Run) -> Measured:
    last = float(run(epsilon=0, weights=(0.0,), grads=(0.0, 1.0))["w"][-1, 0])
    return Measured(
        f"the weight after gradients 0 and 1 is {short(last)}", "wrong" if math.isnan(last) else "holds"
    )


def _centered(run: Run) -> Measured:
    sizes = {rho: np.abs(run(**CONSTANT, centered=True, rho=rho)["delta"][:, 0]) / 0.01 for rho in (0.9, 0.5)}
    value = "; ".join(f"ρ {rho}: {_listed(found)}" for rho, found in sizes.items()) + " learning rates"
    grows = [bool((np.diff(found) > 0).all()) for found in sizes.values()]
    return Measured(value, "holds" if all(grows) else "depends" if any(grows) else "wrong")


def _none(run: Run) -> Measured:
    state = {"weights": (1.0, 1.0), "grads": (1.0, 1.0, 1.0, 0.0), "momentum": 0.9}
    zero = float(run(**state)["delta"][1, 1])
    none = float(run(**state, connected="10")["delta"][1, 1])
    same = zero == none
    value = f"after one step with momentum 0.9: a gradient of 0 still moves the weight by {short(zero)}, None by {short(none)}"
    return Measured(value, "holds" if same else "wrong")


def _reuse(run: Run) -> Measured:
    answer = engine.run("optimizer-calls").facts["answers"]["new variable"]
    return Measured(answer.partition(": <")[0], "holds" if answer == "accepted" else "wrong")


def _silent(run: Run) -> Measured:
    answers = engine.run("optimizer-calls").facts["answers"]
    asked = ("rho 1.5", "momentum 2", "learning rate −1")
    value = "; ".join(f"{call}: {answers[call]}" for call in asked)
    return Measured(value, "wrong" if all(answers[call] == "accepted" for call in asked) else "holds")


CLAIMS = (
    Claim("The weights do not change by −learning rate × gradient.", "both, for the question's three gradients", "holds", _differ),
    Claim("The first step has the same size whatever the gradient.", "|first delta| ÷ learning rate", "holds", _same_size),
    Claim("A constant gradient gives constant steps.", "eight steps with gradient 1", "wrong", _later),
    Claim("RMSprop divides by the root of the squared average of the gradient.",
          "both roots after gradients 1 and −1", "wrong", _squared_average),
    Claim("It divides the learning rate by a running average of magnitudes.",
          "the same gradients divided by a running mean of |g|, ρ the same", "depends", _magnitude),
    Claim("The delta is get_slot(w, 'momentum').", "TF1's slot beside TF1's delta, and the call in Keras", "outdated", _slot),
    Claim("Fetch the weights before and after, and subtract: that is the delta.",
          "Keras' weights beside the formula", "holds", _subtract),
    Claim("TF1's RMSPropOptimizer and Keras 3's RMSprop give the same deltas.",
          "both optimizers, the same gradients, ρ and ε", "wrong", _versions),
    Claim("It does not matter whether ε stands inside the root.", "one small gradient, ε in both places", "wrong", _epsilon),
    Claim("Clipping a large gradient makes its first step smaller.", "clipvalue 1 on a gradient of 10", "wrong", _clipped),
    Claim("ε only matters for accuracy, it may be 0.", "ε = 0 and one gradient of exactly 0", "wrong", _zero),
    Claim("The centered variant takes ever larger steps while the gradient stays the same.",
          "eight steps with gradient 1; the size is 1 ÷ √(ρᵗ · (1 − ρᵗ)), smallest where ρᵗ is ½", "depends", _centered),
    Claim("A gradient of None is like a gradient of 0.", "one weight, second gradient 0 or None", "wrong", _none),
    Claim("An optimizer can be used again for other variables.", "a used optimizer and a new variable", "wrong", _reuse),
    Claim("Keras refuses settings that make no sense.", "rho 1.5, momentum 2 and a negative rate", "wrong", _silent),
)  # fmt: skip
