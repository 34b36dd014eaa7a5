"""What TensorFlow, Keras and NumPy answer to the ways in which people cut and label windows.

An answer is a shape, some numbers, or the first sentence of an error. A claim asks here instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (Integer("window", 100, 4, 200, "steps of a window"),)


def check(window: int) -> None:
    """Nothing to hold beyond the bounds."""


def cost(window: int) -> Cost:
    """A few small layers on four windows of ten channels."""
    return Cost(memory=40_000 * window, work=1_000_000 * window)


def arguments(window: int) -> dict[str, Any]:
    return {"window": window}


def answer(call):  # type: ignore[no-untyped-def]
    """A shape or number as text, or the error's first line that says something."""
    import re

    try:
        return str(call())
    except Exception as error:
        said = re.sub(r"\x1b\[\d+m", "", str(error))
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return f"{type(error).__name__}: {lines[1] if lines[0].startswith('Exception enc') else lines[0]}"


def window_calls(window):  # type: ignore[no-untyped-def]
    """Each call's answer, string[call]."""
    import keras
    import numpy as np
    import tensorflow as tf

    layers, cut = keras.layers, keras.utils.timeseries_dataset_from_array
    view = np.lib.stride_tricks.sliding_window_view
    x, series = tf.ones([4, window, 10]), np.arange(30.0)
    given = keras.Input((window, 10))
    functional = keras.Model(given, layers.Dense(2)(layers.GlobalAveragePooling1D()(given)))
    stacked = keras.Sequential([keras.Input((window, 10)), layers.GlobalAveragePooling1D(), layers.Dense(2)])
    one_hot = tf.one_hot([0, 1, 0, 1], 2)
    entropy = keras.losses.CategoricalCrossentropy()

    def conv(padding):  # type: ignore[no-untyped-def]
        return layers.Conv1D(8, 3, padding=padding)(x)

    def aligned(targets):  # type: ignore[no-untyped-def]
        pairs = [(a[-1], b) for a, b in cut(series, targets, 10, batch_size=None)]
        ends = [float(value) for pair in (pairs[0], pairs[-1]) for value in pair]
        return " ".join(f"{value:g}" for value in [len(pairs), *ends])

    calls = {
        "slice target": lambda: entropy(one_hot[:, None], one_hot).numpy(),
        "element target": lambda: entropy(one_hot, one_hot).numpy() < 1,
        "valid": lambda: conv("valid").shape[1],
        "same": lambda: conv("same").shape[1],
        "causal": lambda: conv("causal").shape[1],
        "lstm": lambda: layers.LSTM(5)(x[:, :4]).shape,
        "lstm, sequences": lambda: layers.LSTM(5, return_sequences=True)(x[:, :4]).shape,
        "lstm on lstm": lambda: layers.LSTM(5)(layers.LSTM(5)(x[:, :4])).shape,
        "GlobalMaxPooling1D": lambda: layers.GlobalMaxPooling1D()(conv("valid")).shape,
        "GlobalAveragePooling1D": lambda: layers.GlobalAveragePooling1D()(conv("valid")).shape,
        "Flatten": lambda: layers.Flatten()(conv("valid")).shape,
        "Reshape": lambda: layers.Reshape((2,))(conv("valid")).shape,
        "GlobalMaxPooling2D": lambda: layers.GlobalMaxPooling2D()(conv("valid")).shape,
        "no head": lambda: layers.Dense(2)(conv("same")).shape,
        "MaxPooling1D": lambda: [layers.MaxPooling1D(2)(x).shape[1], layers.MaxPooling1D(4)(x).shape[1]],
        "one step, Functional": lambda: functional(x[:, :1]).shape,
        "one step, Sequential": lambda: stacked(x[:, :1]).shape,
        "raw targets": lambda: aligned(series),
        "shifted targets": lambda: aligned(series[9:]),
        "window too long": lambda: len(list(cut(series, None, 31))),
        "window too long, view": lambda: view(series, 31).shape,
        "window 0, view": lambda: view(series, 0).shape,
        "view shares memory": lambda: np.shares_memory(series, view(series, 10)),
        "last label too far": lambda: entropy(one_hot, tf.zeros([4, window, 2])).numpy(),
    }
    return {
        "names": tf.constant(list(calls)),
        "answers": tf.constant([answer(call) for call in calls.values()]),
    }


SHOWN = (answer,)


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back."""
    told = {
        bytes(n).decode(): bytes(a).decode()
        for n, a in zip(results["names"], results["answers"], strict=True)
    }
    return Story({}, (), {"answers": told})
