"""Building windows, labels and a small network in plain TensorFlow: what the code tab shows."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def made_labels(steps: int, run: int, pattern: str, seed: int) -> Array:
    """A label for every step, int32[step]: a state, 0 or 1, that lasts about `run` steps; or the step's number."""
    if pattern == "step numbers":
        return np.arange(steps, dtype="int32")
    lasts = np.random.default_rng(seed).integers(1, 2 * run + 1, size=steps)
    states = np.searchsorted(np.cumsum(lasts), steps) + 1  # so many are enough
    return np.repeat(np.arange(states, dtype="int32") % 2, lasts[:states])[:steps]


def made_series(start, stop, every, channels, labels):  # type: ignore[no-untyped-def]
    """Steps start to stop, every so many, of a series as long as you like: float32[step, channel].

    Waves and noise, wider in state 1; or the number of the step. A value depends on its step and channel
    alone, so that a piece can be made without the rest.
    """
    step, channel = np.arange(start, stop, every)[:, None], np.arange(channels)
    label = made_labels(**labels)[start:stop:every, None]
    if labels["pattern"] == "step numbers":
        return np.repeat(label, channels, axis=1).astype("float32")
    wave = np.sin(2 * np.pi * step * (channel + 1) / 97 + channel)
    noise = 43758.5453 * np.sin(
        12.9898 * step + 78.233 * channel + labels["seed"]
    )  # its fraction looks random
    return ((0.4 + 0.6 * label) * wave + 0.7 * (noise % 1 - 0.5)).astype("float32")


def made_weights(shape: tuple[int, ...], seed: int) -> Array:
    """Random weights that keep the size of what they are multiplied by."""
    weights = np.random.default_rng(seed).normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
    return np.asarray(weights, "float32")


def build_windows(x, y, builder, window, stride, count, targets):  # type: ignore[no-untyped-def]
    """Cut `count` windows out of x, float32[step, channel], and what stands beside them of y, int32[step].

    float32[window, step, channel], and int32[window, step]; with `targets` of timeseries_dataset_from_array
    int32[window]: targets[i] goes to the window that starts at i.
    """
    import keras
    import tensorflow as tf

    if builder == "reshape":
        return tf.reshape(x, [count, window, -1]), tf.reshape(y, [count, window])
    if builder == "loop":
        starts = range(0, count * stride, stride)
        return tf.stack([x[s : s + window] for s in starts]), tf.stack([y[s : s + window] for s in starts])
    if builder == "view":  # no copy: every window is a view of the same memory
        view = np.lib.stride_tricks.sliding_window_view
        windows = view(np.asarray(x), window, axis=0)[::stride].transpose(0, 2, 1)
        return tf.constant(windows), tf.constant(view(np.asarray(y), window)[::stride])
    cut = keras.utils.timeseries_dataset_from_array
    stride = stride if count > 1 else 1  # Keras refuses a stride as long as the data, even for one window
    pairs = cut(np.asarray(x), targets, window, sequence_stride=stride, batch_size=count)
    if targets is not None:
        return next(iter(pairs))
    beside = cut(np.asarray(y), None, window, sequence_stride=stride, batch_size=count)
    return next(iter(pairs)), next(iter(beside))


def label_windows(beside, rule):  # type: ignore[no-untyped-def]
    """One label for each window, int32[window], from the labels of its steps, int32[window, step]."""
    import tensorflow as tf

    if rule == "last":
        return beside[:, -1]
    if rule == "first":
        return beside[:, 0]
    if rule == "per step":
        return beside
    votes = tf.reduce_sum(tf.cast(beside[:, :, None] == beside[:, None, :], tf.int32), axis=2)
    return tf.gather(beside, tf.argmax(votes, axis=1), batch_dims=1)  # of equal ones the first met


def network(windows, w, dense, head, pads):  # type: ignore[no-untyped-def]
    """Conv1D, a head, Dense(2) without biases: features, float32[window, step, filter], and logits."""
    import tensorflow as tf

    features = tf.nn.conv1d(tf.pad(windows, [[0, 0], pads, [0, 0]]), w, 1, "VALID")
    if head == "GlobalMaxPooling1D":
        pooled = tf.reduce_max(features, axis=1)
    elif head == "GlobalAveragePooling1D":
        pooled = tf.reduce_mean(features, axis=1)
    elif head in ("Flatten", "Reshape"):
        pooled = tf.reshape(features, [features.shape[0], -1])
    else:
        pooled = features
    return features, pooled, tf.tensordot(pooled, dense, 1)


def split_windows(count, split, train, test, seed):  # type: ignore[no-untyped-def]
    """Which windows are trained on (0), tested on (1) or left out (-1): int32[window]."""
    part = np.full(count, -1, "int32")
    order = np.random.default_rng(seed).permutation(count) if split == "random" else np.arange(count)
    part[order[:train]] = 0
    part[order[count - test :]] = 1
    return part


def seen_in_training(part, steps, window, stride):  # type: ignore[no-untyped-def]
    """Whether a training window holds each step, int32[step]; each window's share of such steps."""
    starts = np.arange(len(part)) * stride
    edges = np.zeros(steps + 1, "int32")  # no two windows start at one step
    edges[starts[part == 0]] += 1
    edges[starts[part == 0] + window] -= 1
    seen = (np.cumsum(edges[:-1]) > 0).astype("int32")
    total = np.concatenate([[0], np.cumsum(seen)])
    return seen, (total[starts + window] - total[starts]) / window


def every_label(y, count, window, stride, rule):  # type: ignore[no-untyped-def]
    """The labels of all windows of the series without cutting one: int32[window]."""
    starts = np.arange(count) * stride
    if rule == "last":
        return y[starts + window - 1]
    if rule == "majority" and y.max() <= 1:
        ones = np.concatenate([[0], np.cumsum(y)])
        twice = 2 * (ones[starts + window] - ones[starts])
        return np.where(twice == window, y[starts], twice > window).astype("int32")
    return y[starts]


def all_windows(y, window, stride, rule, parts):  # type: ignore[no-untyped-def]
    """Every window of the series, none of them cut: its part, whether training saw it, its label."""
    part = split_windows(**parts)
    seen, share = seen_in_training(part, len(y), window, stride)
    labels = every_label(y, len(part), window, stride, rule)
    wrong = np.sum(labels != y[: len(part) * stride : stride])
    return {
        "all_parts": part,
        "all_seen": seen,
        "all_shares": share,
        "all_labels": labels,
        "all_wrong": wrong,
    }
