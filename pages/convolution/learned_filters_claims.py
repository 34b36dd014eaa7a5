"""What people say about the filters of a CNN, each with the measurement that decides."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Trace
from pages.convolution.learned_filters_words import neighbours, number, percent
from pages.kit.declare import Claim, Measured, Run

MANY: dict[str, Any] = {"layers": 2, "filters": 8, "stride": 2}
GLOBAL: dict[str, Any] = {"pool": 8, "kernel": 5, "filters": 8}


def noise(seed: int) -> tuple[float, ...]:
    """A picture without meaning: 64 values between 0 and 1."""
    return tuple(np.random.default_rng(seed).random(64).round(2).tolist())


def _edges(run: Run) -> Measured:
    shares = [share for network in ({}, MANY, GLOBAL) for share in run(**network).facts["edge_share"]]
    edges = sum(share > 0.5 for share in shares)
    value = f"in {edges} of {len(shares)} kernels more than half is a slope; "
    value += f"in {sum(share < 0.1 for share in shares)} less than a tenth"
    return Measured(value, "holds" if edges == len(shares) else "wrong")


def _invariant(run: Run) -> Measured:
    trace = run()
    straight, shifted = trace.facts["accuracy"], neighbours(trace)
    value = f"{percent(straight)} as they are, {percent(shifted)} shifted by one pixel"
    return Measured(value, "holds" if shifted > straight - 0.02 else "wrong")


def _equivariant(run: Run) -> Measured:
    here, there = run(), run(right=1)
    sums = float(np.abs(here["conv1"][:, :, 1:-2] - there["conv1"][:, :, 2:-1]).max())
    still, moved = (there["pooled"][:, :, 1 + by : 3 + by] for by in (0, 1))  # in place, or one unit on
    pooled = min(float(np.abs(here["pooled"][:, :, 1:3] - one).max()) for one in (still, moved))
    value = f"away from the border the sums differ by {number(sums)}, what is pooled by {number(pooled)}"
    return Measured(value, "depends" if sums < 1e-9 < 0.1 < pooled else "wrong")


def _pooling(run: Run) -> Measured:
    told, drops = [], []
    for pool in (2, 4):
        trace = run(pool=pool)
        drops.append(trace.facts["accuracy"] - neighbours(trace))
        told.append(f"window {pool}: {percent(trace.facts['accuracy'])} → {percent(neighbours(trace))}")
    return Measured("; ".join(told), "holds" if max(drops) < 0.02 else "wrong")


def _global(run: Run) -> Measured:
    trace = run(**GLOBAL)
    before, after = trace.facts["accuracy"], neighbours(trace)
    plain = run()
    value = f"{percent(before)} → {percent(after)} after one pixel; windows of 2: "
    value += f"{percent(plain.facts['accuracy'])} → {percent(neighbours(plain))}"
    smaller = before - after < (plain.facts["accuracy"] - neighbours(plain)) / 2
    return Measured(value, "holds" if smaller and before < plain.facts["accuracy"] else "depends")


def _confidence(run: Run) -> Measured:
    sure = [run(source="drawing", drawing=noise(seed)).facts["largest_probability"] for seed in range(20)]
    above = sum(value > 0.9 for value in sure)
    value = f"on 20 pictures of noise the largest probability reaches {percent(max(sure))}, "
    value += f"{percent(float(np.mean(sure)))} on average; {above} are above 90 %"
    return Measured(value, "wrong" if above and np.mean(sure) > 0.5 else "holds")


def _dead(run: Run) -> Measured:
    small, large = run(), run(**MANY)
    dead = len(large.facts["dead_filters"])
    value = f"{len(small.facts['dead_filters'])} of 4 in the plain network; "
    value += f"{dead} of 16 with two layers of 8 and a stride of 2"
    return Measured(value, "depends" if dead and not small.facts["dead_filters"] else "wrong")


def _completeness(run: Run) -> Measured:
    without, with_bias = run(bias=False), run()
    told = [_parts(trace) for trace in (without, with_bias)]
    exact = abs(without.facts["input_part"] - without.facts["logit"]) < 1e-9
    off = abs(with_bias.facts["bias_part"]) > 1e-2
    return Measured(f"without biases {told[0]}; with {told[1]}", "depends" if exact and off else "wrong")


def _parts(trace: Trace) -> str:
    facts = trace.facts
    return f"{number(facts['input_part'])} of {number(facts['logit'])} (biases {number(facts['bias_part'])})"


def _split(run: Run) -> Measured:
    end, fifth = (run(held_out=way).facts["accuracy"] for way in ("end", "fifth"))
    value = (
        f"{percent(end)} on the last 360, {percent(fifth)} on every fifth: neighbours in the file look alike"
    )
    return Measured(value, "wrong" if fifth - end > 0.02 else "holds")


def _max_better(run: Run) -> Measured:
    largest, mean = (run(pooling=way).facts["accuracy"] for way in ("max", "average"))
    value = f"{percent(largest)} with max, {percent(mean)} with average: {round(360 * (largest - mean))} of 360 digits"
    return Measured(value, "holds" if largest - mean > 0.02 else "depends")


CLAIMS = (
    Claim("The first filters of a CNN are always edge detectors.",
          "share of each trained kernel that a slope across the window explains, three networks", "wrong", _edges),
    Claim("A CNN is translation invariant.",
          "accuracy on all digits held out, as they are and one pixel off", "wrong", _invariant),
    Claim("Shift the picture and its feature maps shift with it (equivariance).",
          "a digit and the same digit one pixel to the right: conv1, and after pooling", "depends", _equivariant),
    Claim("Max pooling makes it invariant to small shifts.",
          "the same with pooling windows of 2 and 4", "wrong", _pooling),
    Claim("Pooling over everything buys shifts with accuracy.",
          "one window over the whole map, 8 kernels of 5 × 5", "holds", _global),
    Claim("The softmax probability says how sure one can be.",
          "the largest probability on pictures of random noise", "wrong", _confidence),
    Claim("Some ReLU filters of a trained network are dead.",
          "filters that are 0 at every position of every digit held out", "depends", _dead),
    Claim("Gradient × input, summed over the pixels, is the logit.",
          "both for one digit, from networks trained with and without biases", "depends", _completeness),
    Claim("Held-out accuracy is the same however the data is split.",
          "the last fifth of the file held out, or every fifth digit", "wrong", _split),
    Claim("Max pooling is better than average pooling.",
          "accuracy of both from the same first weights", "depends", _max_better),
)  # fmt: skip
