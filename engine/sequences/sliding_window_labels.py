"""A long series is cut into windows, and every window needs the label of one of its steps.

A reshape cuts it into pieces that lie side by side; sliding windows overlap. Counts are those of the
whole series; of the windows only those shown are built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameters import Choice, Integer, Real, Toggle
from engine.sequences import sliding_window_labels_story
from engine.sequences.sliding_window_labels_counts import (
    HEADS,
    LINE,
    features_length,
    layout_of,
    pads_of,
    split_of,
)
from engine.sequences.sliding_window_labels_functions import (
    all_windows,
    build_windows,
    every_label,
    label_windows,
    made_labels,
    made_series,
    made_weights,
    network,
    seen_in_training,
    split_windows,
)
from engine.technique import Cost, Made, Story

MOST_STEPS = 550_000
LENS = "logits"
PARAMETERS = (
    Choice("builder", "reshape", ("reshape", "loop", "view", "tf.data"), "how the windows are cut"),
    Integer("steps", 30_000, 2, MOST_STEPS, "length of the series, n"),
    Integer("channels", 10, 1, 28, "values measured at each step, C"),
    Integer("window", 100, 1, 500, "steps of a window, w"),
    Integer("stride", 1, 1, 500, "steps from one window's start to the next one's"),
    Real("chosen", 0, 0, 1, "how far into the series the windows shown begin", 0.001),
    Choice("rule", "last", ("last", "first", "majority", "per step"), "which label a window gets"),
    Toggle("raw_targets", False, "hand y over as it is, as targets of timeseries_dataset_from_array"),
    Toggle("slice_label", False, "take the label by y[end-1:end], which keeps an axis"),
    Choice("split", "random", ("random", "chronological"), "how windows are chosen for the test"),
    Real("test_share", 0.2, 0.05, 0.5, "share of the windows that is for the test", 0.05),
    Integer("gap", None, 0, 1000, "windows left out between training and test; left out: as many as overlap"),
    Choice("head", "GlobalMaxPooling1D", HEADS, "what turns the features of all steps into one row"),
    Integer("kernel", 3, 1, 32, "taps of the convolution"),
    Choice("padding", "valid", ("valid", "same", "causal"), "zeros around a window"),
    Integer("filters", 8, 1, 16, "filters of the convolution, F"),
    Choice("pattern", "states", ("states", "step numbers"), "what the series holds"),
    Integer("run", 60, 1, 5000, "steps that a state lasts, on average"),
    Integer("seed", 0, 0, 9999, "seed of the series, the split and the weights"),
)


def check(**p: Any) -> None:
    """What would be an empty data set, garbage from a convolution, or labels beside other windows."""
    _fits(p)
    layout = layout_of(p)
    if layout.count < 2:
        fix = "make the window shorter or the series longer: a test needs a window of its own"
        most = p["steps"] // 2 if p["builder"] == "reshape" else p["steps"] - p["stride"]
        remedy = {"window": max(1, min(p["window"], most)), "kernel": 1, "gap": None}
        received = f"{p['window']}, which fits once into {p['steps']} steps"
        raise Rejected("window", received, "at least two windows", fix, remedy if most >= 1 else None)
    split_of(p, layout)
    _head(p)
    _labels(p)


def _fits(p: Mapping[str, Any]) -> None:
    steps, window = p["steps"], p["window"]
    if window > steps:
        fix = "shorten it: timeseries_dataset_from_array answers an empty data set, without a word"
        half = max(1, min(window, steps // 2))
        remedy = {
            "window": half,
            "kernel": min(p["kernel"], half),
            "builder": "view",
            "gap": None,
        }
        raise Rejected("window", f"{window}, for {steps} steps", f"at most {steps}", fix, remedy)
    if p["builder"] == "reshape" and steps % window:
        left = steps % window
        fix = (
            f"drop the last {left} steps, or slide; NumPy answers: cannot reshape array of size "
            f"{steps * p['channels']} into shape ({window},{p['channels']})"
        )
        remedy = {"steps": steps - left} if steps >= 2 * window else {"builder": "view", "gap": None}
        raise Rejected("steps", f"{steps}, which is {steps // window} · {window} + {left}",
                       f"a multiple of the window, {window}, to reshape", fix, remedy)  # fmt: skip


def _head(p: Mapping[str, Any]) -> None:
    length = features_length(p["window"], p["kernel"], p["padding"])
    if length < 1:
        fix = (
            "use a smaller kernel, or same padding; with a kernel of window + 1 TensorFlow returns uninitialised memory "
            "on some CPUs"
        )
        received = f"{p['kernel']}, for windows of {p['window']} steps"
        raise Rejected("kernel", received, f"at most {p['window']} with valid", fix, {"kernel": p["window"]})
    sizes = f"{length}, {p['filters']}"
    if p["head"] == "GlobalMaxPooling2D":
        fix = f"use GlobalMaxPooling1D; Keras answers: expected ndim=4, found ndim=3. Full shape received: (N, {sizes})"
        _refuse_head(p, f"features of rank 3, [N, {sizes}]", "rank 4, [batch, height, width, channel]", fix)
    if p["head"] == "Reshape" and length * p["filters"] != 2:
        fix = (
            "pool over the steps, or flatten, then Dense(2); Keras answers: The total size of the tensor must be unchanged. "
            f"Received: input_shape=({sizes}), target_shape=(2,)"
        )
        _refuse_head(
            p, f"Reshape((2,)) of {length * p['filters']} features", "as many numbers as before, 2", fix
        )


def _refuse_head(p: Mapping[str, Any], received: str, expected: str, fix: str) -> None:
    remedy = {"head": "GlobalMaxPooling1D"} | ({"rule": "last"} if p["rule"] == "per step" else {})
    raise Rejected("head", received, expected, fix, remedy)


def _labels(p: Mapping[str, Any]) -> None:
    per_step, window = p["rule"] == "per step", p["window"]
    length = features_length(window, p["kernel"], p["padding"])
    target = f"[N, {window}, 2]" if per_step else "[N, 1, 2]" if p["slice_label"] else "[N, 2]"
    output = f"[N, {length}, 2]" if p["head"] == "none" else "[N, 2]"
    received = f"one-hot labels {target} for outputs {output}"
    rank = "Keras answers: Arguments `target` and `output` must have the same rank (ndim)"
    if per_step and p["raw_targets"] and p["builder"] == "tf.data":
        raise Rejected("raw_targets", "y as targets, and a label for every step", "a window of y for each window of x",
                       "cut y into windows as x is: one target is one entry", {"raw_targets": False})  # fmt: skip
    if per_step and p["head"] != "none":
        fix = f"choose one label a window, or no pooling head; {rank}"
        raise Rejected("rule", received, "one label for each output", fix, {"rule": "last"})
    if per_step and length != window:
        fix = "pad the convolution with same or causal, so that every step keeps its output"
        raise Rejected("padding", received, f"{window} outputs for {window} labels", fix, {"padding": "same"})
    if not per_step and p["slice_label"]:
        fix = f"write y[end-1], or Y[{window - 1}:] for all windows at once; {rank}"
        raise Rejected(
            "slice_label", received, "y[end-1], which drops the step axis", fix, {"slice_label": False}
        )
    if not per_step and p["head"] == "none":
        fix = f"pool over the steps, or label every step; {rank}"
        raise Rejected(
            "head", received, "a head that leaves one row a window", fix, {"head": "GlobalMaxPooling1D"}
        )


def cost(**p: Any) -> Cost:
    """A label and a part for every step, however many; of the values only those shown."""
    piece = layout_of(p).shown * p["window"]
    cells = piece * (2 * p["channels"] + 4 * p["filters"])
    through = 4 * piece * p["kernel"] * p["channels"] * p["filters"]
    votes = piece * p["window"] if p["rule"] == "majority" else 0
    return Cost(80 * p["steps"] + 16 * cells + 8 * votes, through + 60 * p["steps"] + 4 * votes)


def arguments(**p: Any) -> dict[str, Any]:
    """What `sliding_window_labels` is called with."""
    layout, split = layout_of(p), split_of(p, layout_of(p))
    length = features_length(p["window"], p["kernel"], p["padding"])
    rows = length * p["filters"] if p["head"] in ("Flatten", "Reshape") else p["filters"]
    labels = {name: p[name] for name in ("steps", "run", "pattern", "seed")}
    piece = {
        "start": layout.begin,
        "stop": layout.end,
        "every": 1,
        "channels": p["channels"],
        "labels": labels,
    }
    line = {"start": 0, "stop": p["steps"], "every": -(-p["steps"] // LINE), "channels": 1, "labels": labels}
    return {
        "x": Made(made_series, piece),
        "y": Made(made_labels, labels),
        "line": Made(made_series, line),
        "w": Made(made_weights, {"shape": (p["kernel"], p["channels"], p["filters"]), "seed": p["seed"]}),
        "dense": Made(made_weights, {"shape": (rows, 2), "seed": p["seed"] + 1}),
        "builder": p["builder"],
        "window": p["window"],
        "stride": layout.stride,
        "begin": layout.begin,
        "shown": layout.shown,
        "rule": p["rule"],
        "raw_targets": p["raw_targets"] and p["builder"] == "tf.data",
        "head": p["head"],
        "pads": list(pads_of(p["kernel"], p["padding"])),
        "parts": {"count": layout.count, "split": p["split"], "train": split.train, "test": split.test, "seed": p["seed"]},
    }  # fmt: skip


SHOWN = (
    made_labels,
    made_series,
    made_weights,
    build_windows,
    label_windows,
    network,
    every_label,
    split_windows,
    seen_in_training,
    all_windows,
)


def sliding_window_labels(  # type: ignore[no-untyped-def]
    x, y, w, dense, line, builder, window, stride, begin, shown, rule, raw_targets, head, pads, parts
):
    """`shown` windows from step `begin` on, their labels, and what a small network makes of them.

    x: float32[step, channel], the series from `begin` on; y: int32[step], all of it; windows:
    float32[window, step, channel]; labels: int32[window], or int32[window, step] for the rule "per step".
    """
    import tensorflow as tf

    whole = all_windows(np.asarray(y), window, stride, rule, parts)
    first, end = begin // stride, begin + (shown - 1) * stride + window
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)[begin:end]
    w, dense = tf.convert_to_tensor(w), tf.convert_to_tensor(dense)
    targets = y if raw_targets else {"last": y[window - 1 :], "first": y}.get(rule)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        windows, beside = build_windows(x, y, builder, window, stride, shown, targets)
        tape.watch(windows)
        labels = beside if beside.shape.rank == 1 else label_windows(beside, rule)
        features, pooled, logits = network(windows, w, dense, head, pads)
        objective = tf.reduce_mean(logits[0, ..., 1])
    starts, step = stride * tf.range(shown)[:, None], tf.range(end - begin)
    found = {"x": x, "y": y, "windows": windows, "labels": labels, "line": line[:, 0]}
    found |= {"w": w, "features": features, "pooled": pooled, "dense": dense, "logits": logits}
    found["holds"] = tf.cast((starts <= step) & (step < starts + window), tf.float32)
    found["part"] = whole["all_parts"][first : first + shown]
    found["seen"] = whole["all_seen"][begin:end]
    found["share"] = whole["all_shares"][first : first + shown]
    found["windows_gradient"] = tape.gradient(objective, windows)
    x_gradient = tape.gradient(objective, x)  # None where NumPy or tf.data cut
    return found | whole | ({} if x_gradient is None else {"x_gradient": x_gradient})


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with index maps, facts and notes."""
    return sliding_window_labels_story.tell(parameters, results)
