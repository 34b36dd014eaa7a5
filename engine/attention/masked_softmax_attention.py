"""Attention weights over padded sequences: six ways to mask a softmax, and their gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.attention import masked_softmax_story
from engine.errors import Rejected
from engine.parameter_lists import Cells, Matrix, Numbers
from engine.parameters import Choice, Integer, Real, Toggle, number_text
from engine.technique import Cost, Story

METHODS = ("none", "multiply", "add-1e4", "add-1e9", "add-inf", "where")
MOST = 50  # real tokens, and padded steps
LARGEST_HALF = 65504.0  # the largest finite float16

PARAMETERS = (
    Numbers("scores", default=(0.1, 0.2), fewest=1, most=MOST, about="one score a real token"),
    Integer("padding", default=3, low=0, high=MOST, about="padded steps after the real tokens"),
    Real("padding_score", default=0.0, low=-1e4, high=1e4, about="the score each padded step gets"),
    Toggle("masked", default=True, about="apply the mask at all"),
    Choice("method", default="multiply", options=METHODS, about="how the mask meets the softmax"),
    Cells("mask", most=2 * MOST, about="1 keeps a position, 0 masks it; auto keeps the real tokens"),
    Toggle("all_masked", default=False, about="mask every position"),
    Choice("dtype", default="float32", options=("float32", "float16", "float64"), about="number format"),
    Real("temperature", default=1.0, low=0.05, high=20.0, about="scores are divided by it", step=0.05),
    Matrix("values", MOST, MOST, about="one row a real token; auto is one-hot"),
    Choice("padded_value", default="zero", options=("zero", "last"), about="the value of padded steps"),
    Numbers(
        "direction", default=None, fewest=1, most=MOST, about="loss = direction · context; auto 1, -2, 1, …"
    ),
)


def check(
    scores: Sequence[float],
    padding: int,
    mask: Sequence[int] | None,
    values: Sequence[Sequence[float]] | None,
    direction: Sequence[float] | None,
    **rest: Any,
) -> None:
    """Lengths must agree, and float16 must hold the numbers."""
    tokens, positions = len(scores), len(scores) + padding
    if mask is not None and len(mask) != positions:
        expected = f"{positions} cells, one for each of {tokens} scores and {padding} padded steps"
        fix = f"paint {positions} cells, or clear the mask to keep the real tokens"
        raise Rejected("mask", "a mask of " + _count(len(mask), "cell"), expected, fix, {"mask": None})
    if values is not None and len(values) != tokens:
        expected = f"{_count(tokens, 'row')}, one for each score"
        fix = f"write {_count(tokens, 'row')}, or clear the values for one-hot rows"
        raise Rejected("values", _count(len(values), "row"), expected, fix, {"values": None})
    width = _width(scores, values)
    if direction is not None and len(direction) != width:
        expected = f"{_count(width, 'number')}, one for each feature of the values"
        fix = f"write {_count(width, 'number')}, or clear it for 1, -2, 1, …"
        raise Rejected("direction", _count(len(direction), "number"), expected, fix, {"direction": None})
    if rest["dtype"] == "float16":
        _fits_half(scores, values, direction, **rest)


def _fits_half(
    scores: Sequence[float],
    values: Sequence[Sequence[float]] | None,
    direction: Sequence[float] | None,
    padding_score: float,
    temperature: float,
    **_: Any,
) -> None:
    given = {
        "scores": [max(abs(s), abs(s / temperature)) for s in (*scores, padding_score)],
        "values": [abs(number) for row in values or () for number in row],
        "direction": [abs(number) for number in direction or ()],
    }
    for name, sizes in given.items():
        if max(sizes, default=0.0) > LARGEST_HALF:
            received = f"a number of size {number_text(max(sizes))}"
            if name == "scores":
                received += f" (after dividing by temperature {number_text(temperature)})"
            fix = "choose float32, or smaller numbers"
            raise Rejected(name, received, "at most 65504 in float16", fix, {"dtype": "float32"})


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _width(scores: Sequence[float], values: Sequence[Sequence[float]] | None) -> int:
    return len(values[0]) if values else len(scores)


def cost(
    scores: Sequence[float], padding: int, values: Sequence[Sequence[float]] | None, dtype: str, **_: Any
) -> Cost:
    """Two tables of positions × features, a dozen rows, and the curve over padding lengths."""
    positions, width = len(scores) + padding, _width(scores, values)
    curve = (MOST + 1) * (len(scores) + MOST)
    numbers = positions * (3 * width + 40) + 12 * curve
    return Cost(memory=numbers * np.dtype(dtype).itemsize, work=positions * (6 * width + 120) + 20 * curve)


def arguments(
    scores: Sequence[float],
    padding: int,
    mask: Sequence[int] | None,
    values: Sequence[Sequence[float]] | None,
    direction: Sequence[float] | None,
    **rest: Any,
) -> dict[str, Any]:
    """What the function is called with: padded scores and values, and the method that applies."""
    tokens, width, dtype = len(scores), _width(scores, values), rest["dtype"]
    kept = [0] * (tokens + padding) if rest["all_masked"] else mask or [1] * tokens + [0] * padding
    rows = np.array(values if values else np.eye(tokens), dtype)
    last = rows[-1:] if rest["padded_value"] == "last" else np.zeros((1, width), dtype)
    turns = direction or [(1.0, -2.0)[place % 2] for place in range(width)]
    return {
        "scores": np.array([*scores, *[rest["padding_score"]] * padding], dtype),
        "mask": np.array(kept, "int32"),
        "values": np.concatenate([rows, np.repeat(last, padding, axis=0)]),
        "direction": np.array(turns, dtype),
        "method": rest["method"] if rest["masked"] else "none",
        "temperature": rest["temperature"],
        "tokens": tokens,
        "padding_score": rest["padding_score"],
        "methods": list(METHODS),
        "longest": MOST,
    }


def mask_scores(scores, kept, method: str):  # type: ignore[no-untyped-def]
    """What the softmax is given. scores: float[..., position]; kept: bool, same shape."""
    import tensorflow as tf

    shut = tf.constant(-np.inf, scores.dtype)
    if method == "where":
        return tf.where(kept, scores, shut)
    if method == "add-inf":  # chosen, not multiplied: 0 * inf would be NaN
        return scores + tf.where(kept, tf.zeros_like(scores), shut)
    if method in ("add-1e4", "add-1e9"):
        much = -1e4 if method == "add-1e4" else -1e9
        return scores + (1 - tf.cast(kept, scores.dtype)) * much
    return scores


def share_out(masked_scores, kept, method: str):  # type: ignore[no-untyped-def]
    """What softmax gives (exp, for "where"), and the weights: float[..., position] each."""
    import tensorflow as tf

    if method == "where":
        # Subtracting the largest kept score changes no weight and keeps exp from overflowing.
        lowest = tf.constant(masked_scores.dtype.min, masked_scores.dtype)
        largest = tf.reduce_max(tf.where(kept, masked_scores, lowest), axis=-1, keepdims=True)
        exponentials = tf.exp(masked_scores - tf.stop_gradient(largest))
        total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
        return exponentials, tf.math.divide_no_nan(exponentials, total)
    softmax = tf.nn.softmax(masked_scores)
    if method != "multiply":
        return softmax, softmax
    left = softmax * tf.cast(kept, softmax.dtype)
    return softmax, left / tf.reduce_sum(left, axis=-1, keepdims=True)


def mass_on_tokens(scores, padding_score: float, longest: int, methods):  # type: ignore[no-untyped-def]
    """Weight kept by the real tokens. scores: float[token]; gives float[method, padding length]."""
    import tensorflow as tf

    tokens = scores.shape[0]
    place, length = tf.range(tokens + longest), tf.range(longest + 1)[:, None]
    row = tf.concat([scores, tf.fill([longest], tf.cast(padding_score, scores.dtype))], axis=0)
    padded = tf.where(place < tokens + length, row, tf.constant(-np.inf, scores.dtype))
    real = tf.broadcast_to(place < tokens, padded.shape)
    weights = [share_out(mask_scores(padded, real, way), real, way)[1] for way in methods]
    return tf.reduce_sum(tf.stack(weights)[..., :tokens], axis=-1)


SHOWN = (mask_scores, share_out, mass_on_tokens)


def masked_softmax_attention(  # type: ignore[no-untyped-def]
    scores, mask, values, direction, method, temperature, tokens, padding_score, methods, longest
):
    """Attention of one query over a padded sequence, and what a loss on the context sends back.

    scores: float[position], the first `tokens` real; mask: int32[position], 1 keeps;
    values: float[position, feature]; direction: float[feature], the loss is direction · context.
    """
    import tensorflow as tf

    scores, values, direction = map(tf.convert_to_tensor, (scores, values, direction))
    kept = tf.cast(mask, tf.bool)
    with tf.GradientTape() as tape:
        tape.watch([scores, values])
        scaled = scores / temperature
        masked_scores = mask_scores(scaled, kept, method)
        before, weights = share_out(masked_scores, kept, method)
        context = tf.linalg.matvec(values, weights, transpose_a=True)
        loss = tf.tensordot(direction, context, 1)
    score_gradient, value_gradient = tape.gradient(loss, [scores, values])
    results = {
        "scores": scores,
        "mask": tf.constant(mask),
        "masked_scores": masked_scores,
        "weights": weights,
        "values": values,
        "context": context,
        "direction": direction,
        "loss": loss,
        "score_gradient": score_gradient,
        "value_gradient": value_gradient,
    }
    if method == "multiply":
        results["softmax"] = before
    every = [share_out(mask_scores(scaled, kept, way), kept, way)[1] for way in methods]
    results["methods"] = tf.stack(every)
    results["methods_mask"] = tf.stack([tf.ones_like(mask) if way == "none" else mask for way in methods])
    results["unmasked"] = tf.nn.softmax(scaled)
    compared = ["none", "multiply" if method == "none" else method]
    results["mass"] = mass_on_tokens(scaled[:tokens], padding_score / temperature, longest, compared)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see masked_softmax_story.py."""
    return masked_softmax_story.tell(parameters, results, METHODS)
