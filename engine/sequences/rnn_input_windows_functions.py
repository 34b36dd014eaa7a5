"""The parts of rnn-input-windows in plain NumPy and TensorFlow; the code tab shows them too."""

from __future__ import annotations

import functools

import numpy as np


def table_rows(first, count, features, scale, seed):  # type: ignore[no-untyped-def]
    """Some rows of a table of any length, each from its number alone: float32[row, features + 1].

    Features are waves with noise; the last column is the target, a mix of three of them, `scale` times.
    """
    row = np.arange(first, first + count, dtype="uint64")[:, None]
    column = np.arange(features, dtype="uint64")
    mixed = (row * np.uint64(features) + column + np.uint64(seed + 1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)  # multiply and shift: noise from a number (splitmix64)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    noise = (mixed >> np.uint64(40)).astype("float64") / 2**24 - 0.5
    x = np.sin(2 * np.pi * row / (12.0 + 7 * column)) + 0.4 * noise
    target = scale * (x[:, :1] + 0.5 * x[:, features // 2 : features // 2 + 1] - 0.5 * x[:, -1:])
    return np.concatenate([x, target], axis=1).astype("float32")


def start_weights(cell, features, units, seed):  # type: ignore[no-untyped-def]
    """Kernels as Keras starts them (glorot uniform), and those of a Dense(1): float32 arrays."""
    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[cell]
    generator, made = np.random.default_rng(seed + 7), []
    for shape in ((features, gates * units), (units, gates * units), (units, 1)):
        limit = (6 / sum(shape)) ** 0.5
        made.append(generator.uniform(-limit, limit, shape).astype("float32"))
    bias = np.zeros(gates * units, "float32")
    if cell == "LSTM":
        bias[units : 2 * units] = 1  # unit_forget_bias
    return [*made[:2], bias, made[2]]


def step(cell, from_input, h, c, recurrent):  # type: ignore[no-untyped-def]
    """One step of a cell from x · kernel + bias and the state before: h, c, float32[batch, unit]."""
    import tensorflow as tf

    if cell == "SimpleRNN":
        return tf.tanh(from_input + h @ recurrent), c
    if cell == "LSTM":
        i, f, g, o = tf.split(from_input + h @ recurrent, 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c
    xz, xr, xg = tf.split(from_input, 3, axis=-1)
    hz, hr, hg = tf.split(h @ recurrent, 3, axis=-1)
    z = tf.sigmoid(xz + hz)
    return z * h + (1 - z) * tf.tanh(xg + tf.sigmoid(xr + hr) * hg), c


def walk(cell, x, weights, h, c):  # type: ignore[no-untyped-def]
    """The state after each step, float32[batch, step, unit], and what the last step leaves: h, c.

    x: float32[batch, step, feature]; h, c: float32[batch, unit], the state before.
    """
    import tensorflow as tf

    kernel, recurrent, bias = weights

    def onwards(state, now):  # type: ignore[no-untyped-def]
        return step(cell, now @ kernel + bias, *state, recurrent)

    hs, cs = tf.scan(onwards, tf.transpose(x, [1, 0, 2]), (h, c))
    return tf.transpose(hs, [1, 0, 2]), hs[-1], cs[-1]


@functools.cache
def compiled_walk(cell):  # type: ignore[no-untyped-def]
    """`walk` of this cell as a graph with a loop, made once for every size: long windows would take too long without."""
    import tensorflow as tf

    x, matrix, vector = (tf.TensorSpec([None] * rank, tf.float32) for rank in (3, 2, 1))
    signature = [x, [matrix, matrix, vector], matrix, matrix]
    return tf.function(lambda *given: walk(cell, *given), input_signature=signature)


def answers(h, weights, head):  # type: ignore[no-untyped-def]
    """From states to predictions: a Dense(1), or the state itself where the cell is the last layer."""
    return h @ weights[3] if head == "dense" else h


def windowed(table, weights, cell, head, window, stride, horizon, shown):  # type: ignore[no-untyped-def]
    """Overlapping windows, each walked from a zero state; the last state predicts one target a window."""
    import tensorflow as tf

    features = table.shape[1] - 1
    starts = tf.range(shown) * stride
    windows = tf.gather(table[:, :features], starts[:, tf.newaxis] + tf.range(window))
    labels = tf.gather(table[:, features], starts + (window - 1 + horizon))
    rest = tf.zeros([shown, weights[1].shape[0]])
    with tf.GradientTape() as tape:
        tape.watch(windows)
        states = compiled_walk(cell)(tf.cast(windows, tf.float32), weights[:3], rest, rest)[0]
        last = states[:, -1]
        prediction = answers(last, weights, head)
        total = tf.reduce_sum(prediction)
    gradient = tape.gradient(total, windows)
    found = {"windows": windows, "labels": labels, "states": states, "last": last}
    flow = tf.norm(tf.cast(gradient, tf.float32), axis=-1)
    return found | {"prediction": prediction, "gradient": gradient, "flow": flow}


def in_one_pass(x, weights, cell, head):  # type: ignore[no-untyped-def]
    """x: float32[1, row, feature] in one walk: all states, and the gradient of the last prediction."""
    import tensorflow as tf

    rest = tf.zeros([1, weights[1].shape[0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        states, h, _ = compiled_walk(cell)(x, weights[:3], rest, rest)
        total = tf.reduce_sum(answers(h, weights, head))
    return states, tape.gradient(total, x)


def in_chunks(xs, weights, cell, head, reset):  # type: ignore[no-untyped-def]
    """The same in calls, one for each x: the values of the state go on to the next, or are reset.

    The gradient is a list, with None for a call that no path leads from.
    """
    import tensorflow as tf

    rest = h = c = tf.zeros([1, weights[1].shape[0]])
    walked = []
    with tf.GradientTape() as tape:
        tape.watch(xs)
        for x in xs:
            h, c = (rest, rest) if reset else (tf.stop_gradient(h), tf.stop_gradient(c))
            states, h, c = compiled_walk(cell)(x, weights[:3], h, c)
            walked.append(states)
        total = tf.reduce_sum(answers(h, weights, head))
    return tf.concat(walked, axis=1), tape.gradient(total, xs)


def chunked(table, weights, cell, head, chunk, horizon, count, mode, reset):  # type: ignore[no-untyped-def]
    """The table as one long sequence [1, row, feature], in one pass, or (stateful) in calls of `chunk` rows.

    reached: int32[chunk], 1 where a path leads to the last prediction, 0 where the gradient is None.
    """
    import tensorflow as tf

    features, rows = table.shape[1] - 1, count * chunk
    pieces = tf.reshape(table[:rows, :features], [count, chunk, features])
    x = tf.cast(table[tf.newaxis, :rows, :features], tf.float32)
    states, gradient = in_one_pass(x, weights, cell, head)
    results, reached = {"pieces": pieces, "labels": table[horizon : horizon + rows, features]}, [1] * count
    if mode == "stateful":
        xs = tf.split(x, count, axis=1)
        results["one_pass"] = tf.reshape(states, [count, chunk, -1])
        states, slopes = in_chunks(xs, weights, cell, head, reset)
        reached = [int(slope is not None) for slope in slopes]
        gradient = [tf.zeros_like(x) if slope is None else slope for x, slope in zip(xs, slopes)]  # noqa: B905
    states = tf.reshape(states, [count, chunk, -1])
    gradient = tf.reshape(gradient, [count, chunk, features])
    results |= {"states": states, "prediction": answers(states, weights, head), "gradient": gradient}
    return results | {"flow": tf.norm(gradient, axis=-1), "reached": tf.constant(reached)}


def by_view(x, window, stride, count):  # type: ignore[no-untyped-def]
    """Windows as NumPy sees them without a copy: [window, step, feature], and whether they share memory."""
    x = np.asarray(x)
    view = np.lib.stride_tricks.sliding_window_view(x, window, axis=0)[::stride][:count]
    return view.transpose(0, 2, 1), bool(np.shares_memory(view, x))


def by_pipeline(x, y, window, stride, offset, batch):  # type: ignore[no-untyped-def]
    """What keras.utils.timeseries_dataset_from_array really hands out: lists of x and y, batch after batch.

    Its target number i belongs to the window that begins at row i: hand over y[offset:]. It refuses a
    stride as long as the data, even for a single window: so rows follow that end_index leaves out.
    """
    import keras

    x, y = np.asarray(x), np.asarray(y)
    longer = np.concatenate([x, np.zeros((stride, x.shape[1]), x.dtype)])
    made = keras.utils.timeseries_dataset_from_array(
        longer, y[offset:], window, sequence_stride=stride, batch_size=batch, end_index=len(x)
    )
    return [(a.numpy(), b.numpy()) for a, b in made]


@functools.lru_cache(maxsize=64)
def keras_parameters(cell, features, units):  # type: ignore[no-untyped-def]
    """What Keras counts for a layer that it really builds."""
    import keras

    layer = getattr(keras.layers, cell)(units)
    layer.build((1, 1, features))
    return layer.count_params()
