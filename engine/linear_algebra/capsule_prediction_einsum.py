"""Capsule predictions: every input capsule times a matrix for every output capsule, û_ij = W_ij u_i."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.linear_algebra import capsule_prediction_einsum_sizes as sizes_of
from engine.linear_algebra import capsule_prediction_einsum_story
from engine.parameters import Choice, Integer, Text
from engine.technique import Cost, Made, Story

METHODS = ("einsum", "matvec", "matmul", "tile", "elementwise")
PARAMETERS = (
    Integer("batch", 1, 1, 64, "b: samples"),
    Integer("inputs", 2, 1, 1152, "i: input capsules"),
    Integer("outputs", 3, 1, 16, "j: output capsules"),
    Integer("out_size", 2, 1, 16, "k: numbers of an output capsule"),
    Integer("in_size", 2, 1, 16, "l: numbers of an input capsule"),
    Choice("method", "einsum", METHODS, "how the products are computed"),
    Text("expression", sizes_of.RIGHT, 40, "of W[i, j, k, l] and u[b, i, l]"),
    Choice("meets", "columns", ("columns", "rows"), "what of W_ij an entry of u_i is multiplied with"),
    Choice("total", "columns", ("columns", "rows"), "what is added up then"),
    Choice("values", "whole", ("whole", "normal", "zeros"), "what W and u hold"),
    Integer("shown", 0, 0, sizes_of.PIECE["inputs"] - 1, "the input capsule looked at, or the last one"),
    Integer("seed", 1, 0, 9999, "of W and u"),
)


def check(**parameters: Any) -> None:
    """An expression of four and three letters that fits; rows that can meet an input capsule."""
    sizes_of.check(**parameters)


def cost(**parameters: Any) -> Cost:
    """W, u and the result; what a method writes out in between; copies that einsum brings in order."""
    found = sizes_of.fitted(**parameters)
    whole = sum(map(prod, (*found.shapes, found.output)))
    return Cost(
        memory=4 * (2 * whole + sizes_of.between(**parameters)),
        work=2 * found.terms + 40 * sum(map(prod, found.shapes)),
    )


def arguments(**parameters: Any) -> dict[str, Any]:
    """W and u from the seed, the method, and how much of the result is shown."""
    weights, capsules = sizes_of.shapes(**parameters)
    given = {"shape": list(weights), "kind": parameters["values"], "seed": parameters["seed"]}
    return {
        "w": Made(numbers, given),
        "u": Made(numbers, given | {"shape": list(capsules), "seed": parameters["seed"] + 1}),
        "method": parameters["method"],
        "expression": parameters["expression"],
        "meets": parameters["meets"],
        "total": parameters["total"],
        "piece": list(sizes_of.piece(**parameters)),
        "kept": sizes_of.kept(**parameters),
    }


def numbers(shape, kind, seed):  # type: ignore[no-untyped-def]
    """Whole numbers from -3 to 3, normally distributed ones, or zeros; float32."""
    generator = np.random.default_rng(seed)
    if kind == "zeros":
        return np.zeros(shape, "float32")
    made = generator.integers(-3, 4, shape) if kind == "whole" else generator.normal(size=shape)
    return made.astype("float32")


def predict(w, u, method, expression, meets, total):  # type: ignore[no-untyped-def]
    """Predictions float32[b, i, j, k] of w float32[i, j, k, l] and u float32[b, i, l], in one of five ways."""
    import tensorflow as tf

    (inputs, outputs, rows, columns), batch = w.shape, u.shape[0]
    if method == "einsum":
        return tf.einsum(expression, w, u)
    if method == "matvec":  # W is broadcast over the batch, u over the output capsules
        return tf.linalg.matvec(w, u[:, :, None, :])
    if method == "matmul":  # one product [b, l] x [l, j*k] for each input capsule
        flat = tf.reshape(w, [inputs, outputs * rows, columns])
        found = tf.matmul(tf.transpose(u, [1, 0, 2]), flat, transpose_b=True)
        return tf.transpose(tf.reshape(found, [inputs, batch, outputs, rows]), [1, 0, 2, 3])
    if method == "tile":  # W copied for every sample, u for every output capsule
        tiled = tf.tile(w[None], [batch, 1, 1, 1, 1])
        columns_of_u = tf.tile(u[:, :, None, :, None], [1, 1, outputs, 1, 1])
        return tf.squeeze(tf.matmul(tiled, columns_of_u), -1)
    spread = u[:, :, None, None, :] if meets == "columns" else u[:, :, None, :, None]
    return tf.reduce_sum(w * spread, axis=-1 if total == "columns" else -2)


SHOWN = (numbers, predict)


def capsule_prediction_einsum(  # type: ignore[no-untyped-def]
    w, u, method, expression, meets, total, piece, kept
):
    """Predictions of capsules, beside W_ij @ u_i computed one by one, and the gradient of their sum.

    Of large tensors a piece is answered: `piece` samples and input capsules, `kept` of each result axis.
    """
    import tensorflow as tf

    w, u = tf.convert_to_tensor(w), tf.convert_to_tensor(u)
    samples, inputs = piece
    if samples < u.shape[0] or inputs < u.shape[1]:
        u_hat = predict(w, u, method, expression, meets, total)
        results = {"shape": tf.shape(u_hat), "u_hat": u_hat[tuple(slice(size) for size in kept)]}
        w, u = w[:inputs], u[:samples, :inputs]
    else:
        with tf.GradientTape() as tape:
            tape.watch([w, u])
            u_hat = predict(w, u, method, expression, meets, total)
            loss = tf.reduce_sum(u_hat)
        results = {"shape": tf.shape(u_hat), "u_hat": u_hat}
        results["gradient_W"], results["gradient_u"] = tape.gradient(loss, [w, u])
    matrices, vectors = np.asarray(w), np.asarray(u)
    reference = np.zeros((samples, inputs, *w.shape[1:3]), "float32")
    for b, i, j in np.ndindex(samples, inputs, w.shape[1]):
        reference[b, i, j] = matrices[i, j] @ vectors[b, i]
    return {"W": w, "u": u, "reference": reference, **results}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, the step with its map, facts and notes; see capsule_prediction_einsum_story.py."""
    return capsule_prediction_einsum_story.tell(parameters, results)
