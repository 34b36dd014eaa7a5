"""What TensorFlow and Keras answer to the ways in which people hand over a computed filter.

An answer is "accepted [shape]" or the first line of the error. A claim asks here instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (
    Integer("channels", 128, 1, 128, "channels of features and filter"),
    Integer("taps", 5, 1, 7, "height and width of the filter"),
)
CALLS = (
    "rank 3, eager",
    "rank 3, graph",
    "batch of filters",
    "symbolic initializer",
    "array initializer",
    "array initializer, rank 3",
    "function initializer",
    "string initializer",
    "object initializer",
)


def check(channels: int, taps: int) -> None:
    """Nothing between the two: the features are always large enough for a window."""


def cost(channels: int, taps: int) -> Cost:
    """Five layers with a kernel of taps² · channels² at most, over 8 x 8 outputs."""
    kernel = 4 * taps**2 * channels**2
    return Cost(memory=10 * kernel, work=5 * 2 * 64 * taps**2 * channels**2)


def arguments(channels: int, taps: int) -> dict[str, Any]:
    return {"channels": channels, "taps": taps}


def filter_calls(channels, taps):  # type: ignore[no-untyped-def]
    """Each call's answer: string[call]. Features are [2, taps + 7, taps + 7, channels]."""
    import keras
    import tensorflow as tf

    f = tf.ones([2, taps + 7, taps + 7, channels])
    g = tf.ones([2, taps, taps, channels])
    kernel = tf.ones([taps, taps, channels, channels])

    def convolve(features, filters):  # type: ignore[no-untyped-def]
        return tf.nn.conv2d(features, filters, 1, "VALID")

    def layer(initializer):  # type: ignore[no-untyped-def]
        return keras.layers.Conv2D(channels, taps, kernel_initializer=initializer)(f)

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            return f"accepted {list(call().shape)}"
        except Exception as e:
            text = str(getattr(e, "message", "") or e)
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            said = next((line for line in lines if "hape must be" in line), lines[0])
            said = said.partition("}} ")[2] if said.startswith("{{") else said  # the node it happened in
            said = said.partition(" [Op:")[0].partition(" for '{{node")[0]
            return f"{type(e).__name__}: {said.removeprefix('ValueError: ')}"

    calls = (
        lambda: convolve(f, g[0]),
        lambda: tf.function(convolve)(f, g[0]),
        lambda: convolve(f, g),
        lambda: layer(keras.Input([taps, taps, channels])),
        lambda: layer(kernel),
        lambda: layer(g[0]),
        lambda: layer(lambda shape, dtype=None: tf.ones(shape, dtype)),
        lambda: layer("ones"),
        lambda: layer(keras.initializers.Ones()),
    )
    return {"answers": tf.constant([answer(call) for call in calls])}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back."""
    answers = [bytes(text).decode() for text in results["answers"]]
    return Story({}, (), {"answers": dict(zip(CALLS, answers, strict=True))})
