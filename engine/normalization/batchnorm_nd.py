"""Batch normalisation of tensors of any rank: which values share a mean, a variance, a γ and a β.

Every axis but one is averaged away; what is left has one γ and one β for each place of that axis
(Ioffe and Szegedy, 2015, "Batch Normalization", https://arxiv.org/abs/1502.03167, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.normalization import batchnorm_nd_story as story
from engine.normalization.batchnorm_nd_functions import (
    batch_of,
    by_fused,
    by_keras,
    keras_layer,
    moments,
    moving_statistics,
    normalise,
    scale,
)
from engine.normalization.batchnorm_nd_layouts import (
    axis_names,
    check_axis,
    check_epsilon,
    check_fused,
    check_mask,
    check_masked_single,
    check_momentum,
    check_size,
    masked_axis,
    shape_of,
)
from engine.parameter_lists import Cells, Numbers
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Made, Story

NONE_SIZE = (
    "write its number: γ and β have one entry for each channel, so Keras must know how many there are "
    '("Shapes used to initialize variables must be fully-defined"); only the batch may be None'
)
SEVERAL = (
    "choose one: BatchNormalization keeps one axis and averages over all others, and Keras answers a list "
    "with TypeError; to keep several, reshape them into one, or use LayerNormalization(axis=[…])"
)
LENS = "y"  # what the gradient lens asks about first
PARAMETERS = (
    Choice("case", "conv3d", ("fc", "conv2d", "conv3d", "custom"), "which layer's output is normalised"),
    Integer("batch", 2, 1, 64, "samples in the batch"),
    Numbers(
        "sizes",
        (9, 2, 2, 3),
        1,
        5,
        low=1,
        high=64,
        whole=True,
        about="for custom: the axes after the batch, the channels last",
        refusals={"entry none": NONE_SIZE},
    ),
    Integer("axis", -1, -9, 9, "the axis that keeps its own statistics", refusals={"several": SEVERAL}),
    Real("epsilon", 1e-3, -1e3, 1e3, "added to the variance under the root", step=0.001),
    Real("momentum", 0.99, -10, 10, "share of the old moving value that each step keeps", step=0.01),
    Numbers("gamma", (1.0, 1.0, 1.0), 1, 16, low=-10, high=10, about="scale; missing entries are 1"),
    Numbers("beta", (0.0, 0.0, 0.0), 1, 16, low=-10, high=10, about="offset; missing entries are 0"),
    Choice("mode", "training", ("training", "inference"), "whose mean and variance: the batch's, the moving"),
    Toggle("trainable", True, "off freezes the layer, which then infers even in training"),
    Integer("steps", 100, 0, 400, "training steps before this batch"),
    Real("shift", 0.0, -1, 1, "how much the data moves from one batch to the next", step=0.01),
    Choice("order", "bn-relu", ("bn-relu", "relu-bn", "bn"), "where the ReLU stands, if there is one"),
    Choice("data", "random", ("random", "counting", "constant"), "what the batch holds"),
    Cells("mask", 64, "1 keeps a place (frame, row, step; sample of a dense layer), 0 leaves it out"),
    Toggle("fused", False, "also ask TensorFlow's fused kernel"),
    Integer("seed", 0, 0, 9999, "seed of the random data"),
)


def check(**p: Any) -> None:
    """Sizes, axis, mask, momentum, epsilon and kernel, before TensorFlow sees them. Raises `Rejected`."""
    shape = shape_of(**p)
    check_axis(p["axis"], shape)
    check_momentum(p["momentum"])
    check_epsilon(p["epsilon"])
    check_size(shape, p["steps"], p["shift"])
    if p["mask"] is not None:
        names = axis_names(p["case"], len(shape))
        check_mask(p["mask"], p["axis"], shape, names)
        if p["mode"] == "training" and p["trainable"]:
            check_masked_single(p["axis"], shape, names[p["axis"]])
    if p["fused"]:
        check_fused(p["axis"], shape, p["mask"])


def cost(**p: Any) -> Cost:
    """A dozen tensors of the batch's shape, the batches of a drifting history, and their weights."""
    shape = shape_of(**p)
    values, size = prod(shape), shape[p["axis"]]
    history = values * (p["steps"] if p["shift"] else 1)
    weights = (p["steps"] + 1) ** 2
    return Cost(4 * (24 * values + 4 * history + 2 * weights), 60 * values + 8 * history + 4 * size * weights)


SHOWN = (batch_of, moments, normalise, scale, moving_statistics, keras_layer, by_keras, by_fused)


def _filled(given: tuple[float, ...], size: int, missing: float) -> np.ndarray[Any, Any]:
    return np.array([*given[:size], *[missing] * (size - len(given))], "float32")


_PASSED = ("axis", "epsilon", "momentum", "trainable", "order", "steps", "shift", "fused")


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    shape = shape_of(**p)
    made = {"shape": shape, "data": p["data"], "seed": p["seed"]}
    size, mask = shape[p["axis"]], None
    if p["mask"] is not None:  # bool, one entry for each place of one axis, ready to broadcast
        along = masked_axis(len(shape))
        mask = np.array(p["mask"], bool).reshape([-1 if at == along else 1 for at in range(len(shape))])
    return {
        "x": Made(batch_of, {**made, "moved": p["shift"] * p["steps"]}),
        "first": Made(batch_of, {**made, "moved": 0.0}),
        "gamma": _filled(p["gamma"], size, 1),
        "beta": _filled(p["beta"], size, 0),
        "mask": mask,
        "training": p["mode"] == "training",
        **{name: p[name] for name in _PASSED},
    }


def batchnorm_nd(  # type: ignore[no-untyped-def]
    x, first, gamma, beta, mask, training, axis, epsilon, momentum, trainable, order, steps, shift, fused
):
    """Batch normalisation by hand, with one mean, variance, gamma and beta for each place of `axis`.

    x: float32[batch, …, channel]; first: the same shape, the first batch of training, which each of
    the `steps` before x moves by `shift`; gamma, beta: float32[size of axis]; mask: bool, ready to
    broadcast, or None.
    """
    import tensorflow as tf

    x, first, gamma, beta = (tf.convert_to_tensor(given) for given in (x, first, gamma, beta))
    before = tf.nn.relu if order == "relu-bn" else tf.identity
    after = tf.nn.relu if order == "bn-relu" else tf.identity
    learns = training and trainable  # a frozen layer infers even in training
    moving = moving_statistics(first, axis, mask, momentum, steps, shift, before)
    by_moving = moving["moving_mean"], moving["moving_variance"]
    bias = tf.zeros([x.shape[-1]])  # of the layer before: one for each channel
    with tf.GradientTape() as tape:
        tape.watch([x, gamma, beta, bias, by_moving[0]])
        inputs = before(x + bias)
        by_batch = moments(inputs, axis, len(x.shape), mask)
        used, unused = (by_batch, by_moving) if learns else (by_moving, by_batch)
        normalised = normalise(inputs, *used, axis, epsilon)
        y = scale(normalised, gamma, beta, axis)
        out = after(y)
        largest = tf.reduce_max(out)
    asked = {"x": x, "gamma": gamma, "beta": beta, "bias": bias, "moving": by_moving[0]}
    slopes = tape.gradient(largest, asked)
    weights = gamma, beta, *by_moving
    return {
        **({"x": x, "rectified": inputs} if order == "relu-bn" else {"x": x}),
        **dict(zip(("mean", "variance"), by_batch, strict=True)),
        **moving,
        **{"normalised": normalised, "gamma": gamma, "beta": beta, "y": y, "out": out},
        "other_out": after(scale(normalise(inputs, *unused, axis, epsilon), gamma, beta, axis)),
        **by_keras(inputs, weights, mask, axis, epsilon, momentum, training, trainable),
        **(by_fused(inputs, weights, epsilon, learns) if fused else {}),
        **{f"{name}_gradient": slope for name, slope in slopes.items() if slope is not None},
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see batchnorm_nd_story.py."""
    return story.tell(parameters, results)
