"""What Keras' attention layers answer to the ways in which people call them.

A claim asks here instead of remembering: each call ends in a number or the first line of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (
    Integer("words", 4, 2, 8, "words of each of two sentences"),
    Integer("seed", 0, 0, 9999, "of words and kernels"),
)


def check(words: int, seed: int) -> None:
    """Nothing between the two."""


def cost(words: int, seed: int) -> Cost:
    """A dozen calls on two sentences of eight features."""
    return Cost(memory=12 * 4 * 2 * words * (64 + 4 * words), work=12 * 2 * words * (1024 + 64 * words))


def arguments(words: int, seed: int) -> dict[str, Any]:
    return {"words": words, "seed": seed}


def attention_calls(words, seed):  # type: ignore[no-untyped-def]
    """Numbers of each call, and the texts of refusals: see the keys."""
    import keras
    import numpy as np
    import tensorflow as tf

    x = tf.random.stateless_normal([2, words, 8], [seed, 1])
    layer = keras.layers.MultiHeadAttention(
        2, key_dim=4, kernel_initializer=keras.initializers.GlorotUniform(seed)
    )
    causal = tf.linalg.band_part(tf.ones([words, words], tf.bool), -1, 0)
    length = tf.constant([words, words - 1])
    padding = tf.sequence_mask(length, words)

    def weights(**given):  # type: ignore[no-untyped-def]
        return layer(x, x, return_attention_scores=True, **given)[1]

    def apart(left, right):  # type: ignore[no-untyped-def]
        return tf.reduce_max(tf.abs(left - right))

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            call()
            return "accepted"
        except Exception as e:
            said = [line.strip() for line in str(e).splitlines() if line.strip()]
            line = said[1] if len(said) > 1 else said[0]
            return f"{type(e).__name__}: {line.removeprefix(chr(27) + '[1m').removesuffix(chr(27) + '[0m')}"

    query = x[:, :, :4]
    plain = keras.layers.Attention()
    unscaled = plain([query, query], return_attention_scores=True)[1]
    dots = tf.matmul(query, query, transpose_b=True)
    heads = query[:, :, None]
    fused = keras.ops.dot_product_attention(heads, heads, heads)[:, :, 0]
    additive = tf.where(causal, 0.0, -1e9)
    crossed = weights(attention_mask=tf.ones([2, 1, 1, words], tf.bool), value_mask=padding)
    return {
        "causal": apart(layer(x, x, use_causal_mask=True), layer(x, x, attention_mask=causal)),
        "causal_weights": apart(weights(use_causal_mask=True), weights(attention_mask=causal)),
        "additive_future": tf.reduce_sum(weights(attention_mask=additive)[:, :, 0, 1:], axis=-1)[0, 0],
        "additive_past": tf.reduce_sum(weights(attention_mask=additive)[:, :, -1], axis=-1)[0, 0],
        "value_mask": crossed[:, :, 0, -1],
        "unscaled_attention": apart(unscaled, tf.nn.softmax(dots)),
        "scaled_attention": apart(unscaled, tf.nn.softmax(dots / 2.0)),
        "scaled_ops": apart(fused, tf.matmul(tf.nn.softmax(dots / 2.0), query)),
        "flash": tf.constant(
            answer(lambda: keras.layers.MultiHeadAttention(2, 4, flash_attention=True)(x, x))
        ),
        "flash_default": tf.constant(str(keras.config.is_flash_attention_enabled())),
        "three_heads": tf.constant(
            answer(
                lambda: keras.layers.MultiHeadAttention(3, 4)(
                    x,
                    x,
                    attention_mask=np.ones([2, 1, 1, words], bool),
                    value_mask=padding,
                    return_attention_scores=True,
                )
            )
        ),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: each answer as a number, numbers, or text."""
    facts: dict[str, Any] = {}
    for name, value in results.items():
        if value.dtype == object or value.dtype.kind == "S":
            facts[name] = bytes(value.item() if hasattr(value, "item") else value).decode()
        else:
            facts[name] = value.tolist()
    return Story({}, (), facts)
