"""Multi-head attention step by step, with masks of every rank, beside Keras' own layer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.attention import multi_head_attention_checks as checks
from engine.attention import multi_head_attention_story
from engine.attention.multi_head_attention_masks import LAYOUTS
from engine.parameter_lists import Cells
from engine.parameters import Choice, Integer, Pair, Text, Toggle
from engine.technique import Cost, Made, Story

PARAMETERS = (
    Integer("heads", 2, 1, checks.MOST_HEADS, "heads, each with projections of its own"),
    Integer("head_size", 4, 1, 8, "features of a query, a key and a value: Keras' key_dim"),
    Integer("features", 8, 2, 16, "features of a word, and of the output"),
    Text("sentences", "the cat sat on the mat / it slept", 200, "a batch; / between sentences"),
    Choice("projections", "patterned", ("patterned", "random"), "what the heads look for"),
    Toggle("positions", True, "add where a word stands to what it is"),
    Choice("scale", "head", ("head", "features", "none"), "scores are divided by the root of its size"),
    Choice("mask", "padding", ("none", "padding", "causal", "both"), "what is hidden from whom"),
    Choice("layout", "fitting", ("fitting", *LAYOUTS), "the axes of the mask that is handed over"),
    Choice("broadcast", "keras", ("keras", "right"), "where a mask of lower rank gets its missing axes"),
    Cells("painted", checks.MOST_CELLS, "1 may be attended to, 0 not; auto is made from the words"),
    Choice("fill", "zeroed", ("zeroed", "large", "infinity"), "what becomes of masked scores"),
    Integer("sentence", 0, 0, checks.MOST_SENTENCES - 1, "the sentence looked at, or the last one"),
    Pair("chosen", (5, 4), 0, checks.MOST_WORDS - 1, "query and key looked at, or the last ones"),
    Integer("seed", 1, 0, 9999, "of words and projections"),
)

check = checks.check


def cost(heads: int, head_size: int, features: int, sentences: str, mask: str, **_: Any) -> Cost:
    """Projections, scores and their gradients, three times: ours and Keras' two ways."""
    words = checks.words_of(sentences)
    batch, longest = len(words), max(map(len, words))
    tokens = batch * longest
    numbers = tokens * (3 * features + 5 * heads * head_size + 4 * heads * longest)
    weights = 4 * features * heads * head_size
    work = tokens * heads * head_size * (8 * features + 4 * longest)
    return Cost(memory=4 * 3 * (numbers + weights), work=9 * work)


def arguments(
    heads: int,
    head_size: int,
    features: int,
    positions: bool,
    projections: str,
    seed: int,
    **rest: Any,
) -> dict[str, Any]:
    """Words as vectors, seeded projections, and the mask as it is handed over."""
    words = checks.words_of(rest["sentences"])
    mask = checks.mask_of(heads=heads, **rest)
    sentence, query, _ = checks.looked_at(**rest)
    divisor = {"head": head_size, "features": features, "none": 1}[rest["scale"]]
    return {
        "x": Made(embed, {"words": words, "features": features, "positions": positions, "seed": seed}),
        "projections": Made(
            project,
            {"kind": projections, "features": features, "heads": heads, "size": head_size, "seed": seed},
        ),
        "mask": mask,
        "broadcast": rest["broadcast"],
        "fill": rest["fill"],
        "divisor": divisor,
        "sentence": sentence,
        "query": query,
        "keras_accepts": checks.keras_accepts(heads=heads, **rest),
    }


def embed(words, features, positions, seed):  # type: ignore[no-untyped-def]
    """Vectors of words: the first half of the features says where, the second what, equal for equal words.

    words: lists of str; gives float32[batch, token, feature], short sentences padded with "".
    "Where" are the waves of "Attention Is All You Need", 3.5, slower by 16 instead of 10000.
    """
    longest, half = max(len(sentence) for sentence in words), features // 2
    x = np.zeros((len(words), longest, features), "float32")
    for row, sentence in enumerate(words):
        for place in range(longest):
            spelled = sentence[place].lower() if place < len(sentence) else ""
            x[row, place, half:] = np.random.default_rng([seed, *spelled.encode()]).normal(
                size=features - half
            )
    if positions:
        angles = np.arange(longest)[:, None] / 16.0 ** (np.arange(half) // 2 * 2 / half)
        x[:, :, :half] = np.where(np.arange(half) % 2, np.cos(angles), np.sin(angles))
    return x


def project(kind, features, heads, size, seed):  # type: ignore[no-untyped-def]
    """Kernels of query, key and value, float32[feature, head, size], and of the output, [head, size, feature].

    "random" is what a layer starts from. "patterned" looks as if it had learned: heads that look for
    the word before, the same word, the word after; then random. Turning a wave moves it along, so a
    query that is turned by one step asks for its neighbour.
    """
    generator, half = np.random.default_rng(seed), features // 2
    query, key, value = generator.normal(0, features**-0.5, (3, features, heads, size))
    output = generator.normal(0, (heads * size) ** -0.5, (heads, size, features))
    for head in range(min(heads, 3) if kind == "patterned" else 0):
        query[:, head] = key[:, head] = np.eye(features, size, -half) * 1.5  # what: the second half
        if head != 1:  # where: the first half, turned back or forth
            query[:, head], key[:, head] = 0, np.eye(features, size) * 3
            for wave in range(0, half - 1, 2):
                step = (1 - head) / 16.0 ** (wave / half)
                turn = [[np.cos(step), np.sin(step)], [-np.sin(step), np.cos(step)]]
                query[wave : wave + 2, head] = 3 * np.array(turn) @ np.eye(2, size, wave)
    return [kernel.astype("float32") for kernel in (query, key, value, output)]


def masked_softmax(scores, kept, fill):  # type: ignore[no-untyped-def]
    """Attention weights over the last axis. scores: float32[..., key]; kept: bool, same shape."""
    import tensorflow as tf

    if fill == "infinity":
        return tf.nn.softmax(tf.where(kept, scores, -np.inf))
    if fill == "large":  # as keras.ops.dot_product_attention
        return tf.nn.softmax(tf.where(kept, scores, -0.7 * 3.38953e38))
    weights = tf.nn.softmax(tf.where(kept, scores, -1e9))  # as keras.layers.Softmax
    return tf.where(kept, weights, 0.0)


@functools.cache
def keras_layer(heads, size, features):  # type: ignore[no-untyped-def]
    """Keras' own layer, built once for each size."""
    import keras

    layer = keras.layers.MultiHeadAttention(heads, key_dim=size, use_bias=False)
    layer.build((None, None, features), (None, None, features))
    return layer


SHOWN = (embed, project, masked_softmax, keras_layer)


def multi_head_attention(  # type: ignore[no-untyped-def]
    x, projections, mask, broadcast, fill, divisor, sentence, query, keras_accepts
):
    """Self-attention of a batch of sentences, and what one output word depends on.

    x: float32[batch, token, feature]; mask: int32 of rank 2 to 4, 1 keeps, or None.
    `broadcast` says where a mask of lower rank gets axes of 1: "keras" where the heads are, "right" in front.
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    wq, wk, wv, wo = map(tf.convert_to_tensor, projections)
    with tf.GradientTape() as tape:
        tape.watch(x)
        q = tf.einsum("btf,fhd->bthd", x, wq)
        k = tf.einsum("btf,fhd->bthd", x, wk)
        v = tf.einsum("btf,fhd->bthd", x, wv)
        dots = tf.einsum("bqhd,bkhd->bhqk", q, k)
        scores = dots / divisor**0.5
        aligned = tf.ones([1, 1, 1, 1], tf.bool) if mask is None else tf.cast(mask, tf.bool)
        while len(aligned.shape) < 4:
            aligned = tf.expand_dims(aligned, -3 if broadcast == "keras" else 0)
        kept = tf.broadcast_to(aligned, scores.shape)
        weights = masked_softmax(scores, kept, fill)
        context = tf.einsum("bhqk,bkhd->bqhd", weights, v)
        output = tf.einsum("bqhd,hdf->bqf", context, wo)
        loss = tf.reduce_sum(output[sentence, query])
    gradient = tape.gradient(loss, x)
    results = {
        "x": x, "wq": wq, "wk": wk, "wv": wv, "wo": wo, "q": q, "k": k, "v": v, "dots": dots,
        "scores": scores, "kept": tf.cast(kept, tf.int32), "weights": weights, "context": context, "output": output,
        "gradient": gradient, "influence": tf.norm(gradient[sentence], axis=-1),
    }  # fmt: skip
    if mask is not None:
        results["mask"] = tf.constant(mask)
    if keras_accepts:
        layer = keras_layer(*wq.shape[1:], x.shape[-1])
        layer.set_weights([kernel.numpy() for kernel in (wq, wk, wv, wo)])
        given = None if mask is None else tf.cast(mask, tf.bool)
        found = layer(x, x, attention_mask=given, return_attention_scores=True)
        results["keras_output"], results["keras_weights"] = found
        results["keras_fused"] = layer(x, x, attention_mask=given)  # without scores it takes another path
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see multi_head_attention_story.py."""
    return multi_head_attention_story.tell(parameters, results)
