"""A table of half a million rows for an RNN: windows, one long sequence or stateful chunks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected
from engine.parameters import Choice, Integer, Real, Toggle
from engine.sequences import rnn_input_windows_story
from engine.sequences.rnn_input_windows_functions import (
    answers,
    by_pipeline,
    by_view,
    chunked,
    compiled_walk,
    in_chunks,
    in_one_pass,
    keras_parameters,
    start_weights,
    step,
    table_rows,
    walk,
    windowed,
)
from engine.sequences.rnn_input_windows_sizes import BYTES, Chunks, readable, sizes
from engine.technique import Cost, Made, Story

WINDOWED = ("view", "materialise", "tf.data")
MODES = (*WINDOWED, "one sequence", "stateful")
RANK_2 = "windows [windows, time, features], or x[np.newaxis] for one long sequence"
PARAMETERS = (
    Integer("rows", 550_000, 100, 550_000, "rows of the table"),
    Integer("features", 27, 1, 64, "columns that are input; one more is the target"),
    Choice("mode", "view", MODES, "how the rows become [batch, time, features]"),
    Choice("handed", "rank 3", ("rank 3", "rank 2"), "axes of what the layer is given"),
    Integer("window", 50, 1, 500, "past rows the cell looks at"),
    Integer("stride", 1, 1, 50, "rows from one window to the next"),
    Integer("horizon", 0, 0, 24, "rows from a window's last to the one whose target is predicted"),
    Integer("batch_size", 4096, 1, 8192, "windows of one step of training"),
    Integer("first", 0, 0, 549_999, "the first window shown, or the last ones there are"),
    Integer("shown", 4, 1, 8, "windows shown"),
    Integer("chunk", 50, 1, 64, "rows of one call, in one sequence or stateful"),
    Integer("streams", 1, 1, 64, "stateful: parts of the table walked side by side, the batch axis"),
    Integer("built_chunk", None, 1, 64, "stateful: rows of a call that the model was built for"),
    Integer("built_streams", None, 1, 64, "stateful: batch that the model was built for"),
    Toggle("reset", False, "stateful: reset the state between chunks"),
    Choice("cell", "LSTM", ("SimpleRNN", "LSTM", "GRU"), "what walks"),
    Integer("units", 4, 1, 32, "numbers in a state"),
    Choice("head", "dense", ("dense", "cell"), "Dense(1), or a cell with one unit as the last layer"),
    Real("scale", 3.0, 0.1, 100, "what the target is multiplied by"),
    Choice("dtype", "float32", tuple(BYTES), "of the table"),
    Real("memory", 4.0, 0.1, 64, "GB that windows may take when they are copied out", step=0.5),
    Integer("seed", 0, 0, 9999, "of noise and kernels"),
)


def check(**p: Any) -> None:
    """Windows that fit, the rank and batch a layer takes, and no more memory than there is."""
    if p["handed"] == "rank 2":
        received = f"[{p['rows']}, {p['features']}]: a table has two axes"
        expected = "[batch, time, features]; Keras says “expected ndim=3, found ndim=2”"
        raise Rejected("handed", received, expected, f"hand over {RANK_2}", {"handed": "rank 3"})
    if p["mode"] == "stateful":
        _check_chunks(p)
    if p["mode"] in WINDOWED:
        _check_windows(p)


def _check_windows(p: Mapping[str, Any]) -> None:
    found = sizes(p)
    if not found.windows:
        most = max(1, min(500, p["rows"] - p["horizon"]))
        expected = f"at most {p['rows'] - p['horizon']} rows: {p['rows']} less the horizon of {p['horizon']}"
        fix = f"choose {most}; Keras would hand out an empty dataset without a word"
        raise Rejected("window", str(p["window"]), expected, fix, {"window": most})
    if p["mode"] == "materialise" and found.materialised > p["memory"] * 1e9:
        factor = f"{found.materialised / found.source:.3g} times the table"
        received = f"{readable(found.materialised)} of windows, {factor}"
        fix = "look at the same rows through a view, or let tf.data make one batch at a time"
        raise Rejected("mode", received, f"at most {p['memory']:g} GB", fix, {"mode": "view"})


def _check_chunks(p: Mapping[str, Any]) -> None:
    features, batch, chunk = p["features"], p["streams"], p["chunk"]
    built = (p["built_streams"] or batch, p["built_chunk"] or chunk)
    if built[0] != batch:
        expected = f"batches of {built[0]}, as keras.Input(batch_shape=...) says"
        fix = "build the model for this batch; Keras says “If an RNN is stateful, the batch size of the input sequences must be the same as the batch size of the initial state”"
        raise Rejected("streams", f"a batch of {batch}", expected, fix, {"built_streams": None})
    if built[1] != chunk:
        received = f"a chunk [{batch}, {chunk}, {features}]"
        expected = f"[{batch}, {built[1]}, {features}]: nothing is divided on its own"
        fix = f"cut the sequence into pieces of {built[1]}, or build with batch_shape=({batch}, None, {features})"
        raise Rejected("chunk", received, expected, fix, {"built_chunk": None})
    if not Chunks(p["rows"], batch, chunk).calls:
        expected = f"at most {p['rows'] // batch} rows: a stream has no more"
        raise Rejected("chunk", str(chunk), expected, "shorten it, or take fewer streams", {"streams": 1})


def units_of(p: Mapping[str, Any]) -> int:
    """A cell that is the last layer has one unit for the one target."""
    return 1 if p["head"] == "cell" else int(p["units"])


def part(p: Mapping[str, Any]) -> tuple[int, int, int]:
    """First row of the part that is shown, its rows, and how many windows or chunks are cut from it."""
    if p["mode"] in WINDOWED:
        count = min(p["shown"], sizes(p).windows)
        first = min(p["first"], sizes(p).windows - count)
        return first * p["stride"], (count - 1) * p["stride"] + p["window"] + p["horizon"], count
    stream = p["rows"] // (p["streams"] if p["mode"] == "stateful" else 1)
    count = max(1, min(3, stream // p["chunk"], (p["rows"] - p["horizon"]) // p["chunk"]))
    return 0, count * p["chunk"] + p["horizon"], count


def cost(**p: Any) -> Cost:
    """The part that is shown: its windows, and a cell that walks them forwards and backwards."""
    if p["mode"] in WINDOWED and not sizes(p).windows:
        return Cost(memory=0, work=0)
    _, rows, count = part(p)
    units, gates = units_of(p), {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[p["cell"]]
    steps = count * (p["window"] if p["mode"] in WINDOWED else p["chunk"])
    weights = gates * units * (p["features"] + units)
    numbers = rows * (p["features"] + 1) + steps * (4 * p["features"] + 30 * gates * units)
    return Cost(memory=8 * numbers + 2**20, work=20 * steps * weights)


def arguments(**p: Any) -> dict[str, Any]:
    """The rows of the part that is shown, made from their numbers; kernels; what is done with them."""
    first, rows, count = part(p)
    made = {"first": first, "count": rows, "features": p["features"], "scale": p["scale"], "seed": p["seed"]}
    kernels = {"cell": p["cell"], "features": p["features"], "units": units_of(p), "seed": p["seed"]}
    return {
        "table": Made(table_rows, made),
        "weights": Made(start_weights, kernels),
        "count": count,
        **{name: p[name] for name in ("horizon", "mode", "window", "stride", "chunk", "reset", "cell", "head", "batch_size", "dtype")},
    }  # fmt: skip


SHOWN = (
    table_rows,
    start_weights,
    step,
    walk,
    compiled_walk,
    answers,
    windowed,
    in_one_pass,
    in_chunks,
    chunked,
    by_view,
    by_pipeline,
    keras_parameters,
)


def rnn_input_windows(  # type: ignore[no-untyped-def]
    table, weights, count, horizon, mode, window, stride, chunk, reset, cell, head, batch_size, dtype
):
    """Cut the rows shown into what an RNN takes, walk them, and predict their targets.

    table: [row, features + 1], the target last; weights: kernel, recurrent kernel, bias, Dense kernel.
    """
    import tensorflow as tf

    table = tf.cast(tf.convert_to_tensor(table), dtype)
    weights = [tf.convert_to_tensor(weight) for weight in weights]
    features = table.shape[1] - 1
    results = {"table": table, "dense": weights[3]}
    results["keras_parameters"] = tf.constant(keras_parameters(cell, features, weights[1].shape[0]))
    if mode in ("one sequence", "stateful"):
        return results | chunked(table, weights, cell, head, chunk, horizon, count, mode, reset)
    results |= windowed(table, weights, cell, head, window, stride, horizon, count)
    x, y = table[:, :features], table[:, features]
    view, shares = by_view(x, window, stride, count)
    results |= {"shares": tf.constant(int(shares)), "view": tf.constant(view)}
    if mode == "tf.data":
        batches = by_pipeline(x, y, window, stride, window - 1 + horizon, batch_size)
        results["batch_sizes"] = tf.constant([len(labels) for _, labels in batches])
        results["piped"] = tf.concat([inputs for inputs, _ in batches], axis=0)
        results["piped_labels"] = tf.concat([labels for _, labels in batches], axis=0)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see rnn_input_windows_story.py."""
    return rnn_input_windows_story.tell(parameters, results, part(parameters))
