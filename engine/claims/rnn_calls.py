"""What Keras' recurrent layers answer to the ways in which people hand a long table over.

A claim asks here instead of remembering: each call ends in numbers or the first line of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.parameters import Integer
from engine.technique import Cost, Story

PARAMETERS = (
    Integer("rows", 550_000, 1000, 550_000, "rows of the table"),
    Integer("window", 50, 2, 500, "rows of a window"),
    Integer("batch", 4096, 1, 8192, "windows of a batch"),
    Integer("steps", 1000, 10, 2000, "of one long sequence, timed"),
)


def check(rows: int, window: int, batch: int, steps: int) -> None:
    """Nothing between them: the longest window fits the shortest table."""


def cost(rows: int, window: int, batch: int, steps: int) -> Cost:
    """One column of the table, and a hundred small calls; views cost nothing."""
    return Cost(memory=16 * rows + 2**22, work=10**7 + 10**4 * steps)


def arguments(rows: int, window: int, batch: int, steps: int) -> dict[str, Any]:
    return {"rows": rows, "window": window, "batch": batch, "steps": steps}


def first_line(call):  # type: ignore[no-untyped-def]
    """ "accepted", or the kind and first telling line of the error."""
    try:
        call()
        return "accepted"
    except Exception as e:
        lines = [line.strip() for line in str(e).splitlines() if line.strip()]
        # Keras' layers begin with a line of their own: "Exception encountered when calling ...".
        said = lines[1] if len(lines) > 1 and lines[0].startswith(chr(27)) else lines[0]
        return f"{type(e).__name__}: {said}"


def stateful_calls():  # type: ignore[no-untyped-def]
    """A stateful layer on chunks against one pass: largest differences; and what it refuses."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    x = tf.random.stateless_normal([1, 12, 3], [1, 2])
    inputs = keras.Input(batch_shape=(1, 4, 3))
    layer = keras.layers.LSTM(2, stateful=True, return_sequences=True)
    model = keras.Model(inputs, layer(inputs))
    whole = keras.layers.LSTM(2, return_sequences=True)
    whole.build((1, 12, 3))
    whole.set_weights(layer.get_weights())
    full = whole(x)
    pieces = [model(x[:, at : at + 4]) for at in (0, 4, 8)]
    model.layers[-1].reset_state()
    again = model(x[:, 4:8])
    return {
        "chunks_off": tf.reduce_max(tf.abs(tf.concat(pieces, axis=1) - full)),
        "reset_off": tf.reduce_max(tf.abs(again - full[:, 4:8])),
        "undivided": first_line(lambda: model(x)),
        "other_batch": first_line(lambda: layer(tf.zeros([2, 4, 3]))),
        "no_batch": first_line(
            lambda: keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(2, stateful=True)])
        ),
    }


def long_table(rows, window, batch):  # type: ignore[no-untyped-def]
    """Windows of a table of the real size: a view of it, and Keras' pipeline over one column."""
    import keras

    table = np.zeros((rows, 28), "float32")  # never touched: the system hands out pages when written
    view = np.lib.stride_tricks.sliding_window_view(table[:, :27], window, axis=0)
    column = table[:, :1]
    made = keras.utils.timeseries_dataset_from_array(
        column, table[window - 1 :, 27], window, batch_size=batch
    )
    return {
        "view_windows": len(view),
        "view_bytes": view.nbytes,
        "shares": int(np.shares_memory(view, table)),
        "labels": len(table[window - 1 :, 27]),
        "batches": len(made),
    }


SHOWN = (first_line, stateful_calls, long_table)


def rnn_calls(rows, window, batch, steps):  # type: ignore[no-untyped-def]
    """Numbers of each call, and the texts of refusals: see the keys."""
    import time

    import keras
    import tensorflow as tf

    results = {**stateful_calls(), **long_table(rows, window, batch)}
    results["rank_2"] = first_line(lambda: keras.layers.LSTM(2)(tf.zeros([4, 3])))
    results["batch_input_shape"] = first_line(lambda: keras.layers.LSTM(1, batch_input_shape=(1, 4, 3)))
    one = keras.layers.LSTM(1, return_sequences=True)
    results["largest_output"] = tf.reduce_max(
        tf.abs(one(1000 * tf.random.stateless_normal([1, 60, 3], [3, 4])))
    )
    mean_squared = keras.losses.MeanSquaredError()
    target, output = tf.reshape(tf.range(6.0), [1, 6]), tf.reshape(tf.range(6.0), [1, 6, 1])
    results["loss_fitting"] = mean_squared(target, output)
    results["loss_broadcast"] = mean_squared(target[:, :1], output)
    long = tf.zeros([1, steps, 3])
    forward = tf.function(lambda x: one(x))
    forward(long)
    began = time.perf_counter()
    forward(long)
    results["seconds_a_step"] = (time.perf_counter() - began) / steps
    return {name: tf.constant(value) for name, value in results.items()}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: every number and text as a plain value."""
    facts = {}
    for name, value in results.items():
        item = value.item() if hasattr(value, "item") else value
        facts[name] = item.decode() if isinstance(item, bytes) else item
    return Story({}, (), facts)
