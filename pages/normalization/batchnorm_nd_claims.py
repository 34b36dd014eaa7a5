"""What people say about batch normalisation, each with a measurement made now."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.normalization.batchnorm_nd_words import plural, row, short


def _calls() -> dict[str, Any]:
    return dict(engine.run("batch-normalization-calls").facts)


def _installed(*names: str) -> dict[str, Any]:
    return dict(engine.run("installed-names", names=",".join(names)).facts)


def _pair(run: Run) -> Measured:
    called, sizes = _calls(), [layer[0] for layer in _calls()["layers"]]
    apart = run(order="bn").facts["keras_difference"]
    value = (
        f"γ has {', '.join(map(str, sizes))} entries for Dense(1024), 128 and 96 feature maps, and "
        f"{called['after']} after a 3 × 3 × 3 kernel of 128 → 256; averaging axes 0–3 by hand differs from Keras by "
        f"{short(apart)}"
    )
    right = sizes == [1024, 128, 96] and called["after"] == 256 and apart < 1e-5
    return Measured(value, "holds" if right else "wrong")


def _ranks(_: Run) -> Measured:
    called = _calls()
    taken = [rank for rank in range(2, 7) if called[f"keras, rank {rank}"] == "accepted"]
    value = f"Keras' layer accepts rank {', '.join(map(str, taken))}"
    return Measured(value, "holds" if taken == [2, 3, 4, 5, 6] else "wrong")


def _bias(run: Run) -> Measured:
    apart, slope = _calls()["bias_difference"], run().facts["bias_slope"]
    wrong_axis = run(axis=1).facts["bias_slope"]
    value = (
        f"a bias of 0 to 4 added to the channels changes the output by {short(apart)}; its slope is {short(slope)}, "
        f"rounding (with axis=1 it is {short(wrong_axis)})"
    )
    return Measured(value, "holds" if apart < 1e-5 and slope < 1e-4 < wrong_axis else "wrong")


def _format(run: Run) -> Measured:
    last, first = run(axis=-1).facts["gamma_shape"], run(axis=1).facts["gamma_shape"]
    value = (
        f"channels last (NDHWC): axis=−1, γ {row(last)}; with axis=1, which NCDHW would need, γ {row(first)}: one "
        "for each frame. Today the axis says it, not data_format"
    )
    return Measured(value, "holds" if last == (3,) and first == (9,) else "wrong")


def _contrib(_: Run) -> Measured:
    name = "tf.contrib.layers.batch_norm"
    absent, old = _installed(name)["absent"], _calls()["tf.compat.v1.layers"]
    value = f"absent: {', '.join(absent) or 'none'}; tf.compat.v1.layers.batch_normalization: {old}"
    return Measured(value, "outdated" if absent == (name,) and "Error" in old else "holds")


def _fused(_: Run) -> Measured:
    called = _calls()
    taken = [rank for rank in range(2, 7) if called[f"fused, rank {rank}"] == "accepted"]
    flat, five, plain = (1e3 * taken_s for taken_s in called["seconds"][-1])
    value = (
        f"the fused kernel accepts rank {' and '.join(map(str, taken))} and differs from Keras by "
        f"{short(called['fused_difference'])}; Keras: {called['fused argument']}. Now, for [2, 9, 32, 32, 32]: two axes "
        f"made one {short(flat)} ms, rank 5 {short(five)} ms, without the kernel {short(plain)} ms"
    )
    outdated = taken == [4, 5] and "Error" in called["fused argument"]
    return Measured(value, "outdated" if outdated else "holds")


def _faster(_: Run) -> Measured:
    called = _calls()
    gains = [plain / flat - 1 for flat, _, plain in called["seconds"]]
    each = ", ".join(
        f"{gain * 100:+.0f} % at {size} × {size}" for gain, size in zip(gains, called["sizes"], strict=True)
    )
    value = f"now, on this machine: {each.replace('-', '−')}; with other sizes or a GPU something else"
    return Measured(value, "holds" if all(0.12 <= gain <= 0.3 for gain in gains) else "depends")


def _collapse(_: Run) -> Measured:
    apart = _calls()["flat_difference"]
    return Measured(f"largest difference {short(apart)}", "holds" if apart < 1e-5 else "wrong")


def _order(run: Run) -> Measured:
    after, before = run(order="bn-relu").facts, run(order="relu-bn").facts
    value = (
        f"BN → ReLU: mean {short(after['out_mean'])}, {after['zeros'] * 100:.0f} % zeros; ReLU → BN: mean "
        f"{short(before['out_mean'])}, variance {short(before['out_variance'])}, {before['negative'] * 100:.0f} % below 0"
    )
    centred = abs(before["out_mean"]) < 1e-4 and before["negative"] > 0.3
    return Measured(value, "depends" if centred and after["out_mean"] > 0.2 < after["zeros"] else "holds")


def _alternatives(_: Run) -> Measured:
    kinds = ("Layer", "Group", "RMS", "Unit", "Spectral", "Weight")
    found = _installed(*(f"keras.layers.{kind}Normalization" for kind in kinds))
    value = f"{len(found['present'])} of these exist; absent: {', '.join(found['absent']) or 'none'}"
    expected = found["absent"] == ("keras.layers.WeightNormalization",)
    return Measured(value, "depends" if expected else "holds" if not found["absent"] else "wrong")


def _population(_: Run) -> Measured:
    called = _calls()
    n = called["group"]
    value = (
        f"variance ÷ the population's: Keras {called['keras_ratio']:.5f}, fused kernel {called['fused_ratio']:.5f}; "
        f"n ÷ (n − 1) is {n / (n - 1):.5f} for n = {n}"
    )
    bessel = abs(called["fused_ratio"] - n / (n - 1)) < 1e-4 and abs(called["keras_ratio"] - 1) < 1e-4
    return Measured(value, "wrong" if bessel else "holds")


def _converged(run: Run) -> Measured:
    one = run(steps=1)
    share = float(np.mean(one["moving_mean"] / one["mean"]))
    reached = {steps: run(steps=steps).facts["reached"] for steps in (100, 298, 299)}
    value = (
        f"after one step the moving mean is {short(share)} of the data's mean; after 100 steps it has come "
        f"{reached[100] * 100:.1f} % of the way, 95 % after 299"
    )
    slow = reached[298] < 0.95 <= reached[299] and abs(share - 0.01) < 1e-4
    return Measured(value, "wrong" if slow else "holds")


def _frozen(run: Run) -> Measured:
    frozen, inferring = run(trainable=False), run(mode="inference")
    apart = float(np.abs(frozen["y"] - inferring["y"]).max())
    keras = frozen.facts["keras_difference"]
    value = f"training=True with trainable=False differs from inference by {short(apart)}, from Keras by {short(keras)}"
    return Measured(value, "holds" if apart == 0 and keras < 1e-4 else "wrong")


def _single(run: Run) -> Measured:
    alone, two = run(case="fc", batch=1, order="bn"), run(case="fc", batch=2, order="bn")
    value = (
        f"batch of 1: largest output {short(float(np.abs(alone['y']).max()))}; of 2: sizes from "
        f"{short(float(np.abs(two['y']).min()))} to {short(float(np.abs(two['y']).max()))}, a sign and little else"
    )
    return Measured(value, "wrong" if not alone["y"].any() and two["y"].any() else "holds")


def _constant(run: Run) -> Measured:
    found = run(data="constant", order="bn")
    value = f"{plural(found['y'].size, 'output')}, the largest {short(float(np.abs(found['y']).max()))}"
    return Measured(value, "wrong" if np.isfinite(found["y"]).all() and not found["y"].any() else "holds")


def _mask(run: Run) -> Measured:
    mask = (1, 1, 1, 1, 1, 1, 0, 0, 0)
    found = run(mask=mask)
    by_hand = found["x"][:, :6].mean(axis=(0, 1, 2, 3))
    apart = float(np.abs(found["mean"] - by_hand).max())
    value = (
        f"mean of 6 of 9 frames: {row(found.facts['mean'])}, off by {short(apart)}; of all: {row(run().facts['mean'])}; "
        f"Keras' layer differs by {short(found.facts['keras_difference'])}"
    )
    return Measured(value, "holds" if apart < 1e-5 and found.facts["keras_difference"] < 1e-4 else "wrong")


def _momentum(_: Run) -> Measured:
    said = _calls()["momentum 2"]
    return Measured(f"momentum=2.0: {said}; here it is refused", "wrong" if said == "accepted" else "holds")


CLAIMS = (
    Claim("There is one pair (β, γ) for each feature map, and all positions are normalised together.",
          "layers of the question's sizes, built by Keras; rank 5 by hand beside Keras", "holds", _pair),
    Claim("The same call works for every rank above 1.", "Keras' layer on ranks 2 to 6", "holds", _ranks),
    Claim("A layer before batch normalisation needs no bias.",
          "output with and without a bias; its slope", "holds", _bias),
    Claim("For a 5-D tensor the data format decides what has its own γ.",
          "γ for the last axis and for axis 1", "holds", _format),
    Claim("tf.contrib.layers.batch_norm is right as it stands.",
          "names looked up; the compatibility call, called", "outdated", _contrib),
    Claim("2-D is faster, because only rank 4 has a fused kernel; and Keras uses it.",
          "the kernel on ranks 2 to 6, the argument fused=, and the time of three ways", "outdated", _fused),
    Claim("Make two axes one and it becomes 12 to 30 % faster.",
          "time of the fused kernel on 18 images of 32 channels, beside tf.nn.moments on 2 clips of 9", "depends", _faster),
    Claim("Making depth and batch one axis changes nothing in the result.",
          "the fused kernel on rank 4 beside Keras on rank 5", "holds", _collapse),
    Claim("Batch normalisation goes before the ReLU, as in the paper.",
          "the same batch both ways", "depends", _order),
    Claim("Layer, group, RMS, unit, spectral and weight normalisation are layers of Keras too.",
          "names looked up in the installed Keras", "depends", _alternatives),
    Claim("Keras and the fused kernel return the same variance.",
          "both on one batch, divided by tf.math.reduce_variance", "wrong", _population),
    Claim("After a few dozen steps the moving values are good.",
          "momentum 0.99, one level of data", "wrong", _converged),
    Claim("trainable=False makes the layer infer, even when it is called with training=True.",
          "frozen in training beside inference", "holds", _frozen),
    Claim("A dense layer can be trained with batch normalisation one sample at a time.",
          "a batch of 1, and of 2", "wrong", _single),
    Claim("A channel that never changes becomes NaN.", "constant channels", "wrong", _constant),
    Claim("A mask keeps padded frames out of the statistics.",
          "three of nine frames masked, beside NumPy and Keras", "holds", _mask),
    Claim("Keras refuses a momentum that makes no sense.", "momentum=2.0, called", "wrong", _momentum),
)  # fmt: skip
