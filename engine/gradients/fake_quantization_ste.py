"""Fake quantisation rounds to a few levels and passes the gradient straight through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.gradients import fake_quantization_ste_story
from engine.gradients.fake_quantization_ste_functions import by_other_ways, limits_of, nudge, samples
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Pair, Real, Toggle, number_text
from engine.technique import Cost, Made, Story

MODES = ("tied", "tied-stopped", "fixed", "moving-average")
DTYPES = {"float32": "float", "float64": "double", "float16": "half", "int32": "int32"}
SMALLEST = 1e-30  # a range narrower than this has no scale in float32
LENS = "y"  # what the gradient lens asks about first
PARAMETERS = (
    Numbers("x", None, 1, 256, about="the values; left out: normal samples"),
    Pair("size", (10, 10), 1, 16, "rows and columns of the samples; a column is a channel"),
    Integer("seed", 0, 0, 9999, "seed of the samples"),
    Integer("bits", 3, 2, 16, "2 to the power of bits is the number of levels"),
    Choice("mode", "tied", MODES, "where min and max come from"),
    Real("min", -1.0, -100, 100, "lower end of the range, before nudging"),
    Real("max", 1.0, -100, 100, "upper end of the range, before nudging"),
    Real("decay", 0.9, 0, 1, "share of min and max that a moving average keeps", step=0.01),
    Toggle("narrow_range", False, "leave out the lowest level"),
    Toggle("per_channel", False, "a range for each column"),
    Numbers("mins", None, 1, 16, -100, 100, "min of each channel; left out: min for all"),
    Numbers("maxs", None, 1, 16, -100, 100, "max of each channel; left out: max for all"),
    Numbers("upstream", (1.0,), 1, 256, -100, 100, "d loss / d y, repeated over the values"),
    Choice("dtype", "float32", tuple(DTYPES), "number format of x"),
)


def values_of(x: tuple[float, ...] | None, size: tuple[int, int], seed: int) -> np.ndarray[Any, Any]:
    """The values as float32[row, column]: a list that does not fill `size` is one row."""
    if x is None:
        return np.asarray(samples(seed, *size))
    shape = size if size[0] * size[1] == len(x) else (1, len(x))
    return np.array(x, "float32").reshape(shape)


def check(dtype: str, per_channel: bool, **p: Any) -> None:
    """TensorFlow answers NaN or nonsense for an empty or reversed range, without a word."""
    if dtype != "float32":
        said = f"TensorFlow: “was expected to be a float tensor but is a {DTYPES[dtype]} tensor”"
        raise Rejected("dtype", dtype, f"float32 ({said})", "cast x to float32 first", {"dtype": "float32"})
    values = values_of(p["x"], p["size"], p["seed"])
    for name in ("mins", "maxs"):
        _check_vector(name, p[name], per_channel, values.shape[1])
    given = _given(p, per_channel, values.shape[1])
    if p["mode"] in ("fixed", "moving-average"):
        _check_given(*given, listed=bool(p["mins"] or p["maxs"]))
    if p["mode"] != "fixed":
        _check_values(values, *given, p, 0 if per_channel else None)


def _check_vector(name: str, ends: tuple[float, ...] | None, per_channel: bool, channels: int) -> None:
    if ends is None:
        return
    count = f"{len(ends)} value{'s' * (len(ends) != 1)}"
    if not per_channel:
        expected = f"one number: TensorFlow says “`{name[:-1]}` must be rank 0 but is rank 1”"
        fix = "switch per_channel on, which calls the operation that takes a vector"
        raise Rejected(name, f"a vector of {count}", expected, fix, {name: None})
    if len(ends) != channels:
        raise Rejected(
            name, count, f"{channels}, one for each channel (column)", "write as many", {name: None}
        )


def _check_given(lows: Any, highs: Any, listed: bool) -> None:
    for low, high in np.broadcast(lows, highs):
        if not np.float32(high) - np.float32(low) > SMALLEST:
            expected = f"more than min, {number_text(float(low))}, in float32"
            fix = "swap the two" if low > high else "widen the range"
            fix += ": TensorFlow returns one value or NaN for such a range, without an error"
            swap = {"min": float(high), "max": float(low)} if low > high else {"min": -1.0, "max": 1.0}
            remedy = {"mins": None, "maxs": None} if listed else swap
            raise Rejected("max", number_text(float(high)), expected, fix, remedy)


def _check_values(values: Any, low: Any, high: Any, p: Mapping[str, Any], axis: int | None) -> None:
    keep = p["decay"] if p["mode"] == "moving-average" else 0.0
    found = (values.min(axis), values.max(axis))
    ends = [
        keep * np.asarray(end) + (1 - keep) * value for end, value in zip((low, high), found, strict=True)
    ]
    if np.any(ends[1].astype("float32") - ends[0].astype("float32") <= SMALLEST):
        where = "in one channel" if axis == 0 else "in x"
        received = f"min and max of x, which are equal {where}"
        fix = "give two different values, or choose a fixed range"
        raise Rejected("mode", received, "max above min: the scale would be 0", fix, {"mode": "fixed"})


def _given(p: Mapping[str, Any], per_channel: bool, channels: int) -> tuple[Any, Any]:
    """min and max as given: numbers, or for each channel a list of them."""
    if not per_channel:
        return p["min"], p["max"]
    return tuple(list(p[name + "s"] or [p[name]] * channels) for name in ("min", "max"))  # type: ignore[return-value]


def cost(**p: Any) -> Cost:
    """Some thirty tensors of the values' shape."""
    cells = len(p["x"]) if p["x"] is not None else p["size"][0] * p["size"][1]
    return Cost(memory=4 * 40 * cells, work=200 * cells)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    rows, columns = values_of(p["x"], p["size"], p["seed"]).shape
    low, high = _given(p, p["per_channel"], columns)
    made = Made(samples, {"seed": p["seed"], "rows": rows, "columns": columns})
    return {
        "x": made if p["x"] is None else values_of(p["x"], p["size"], p["seed"]),
        "upstream": np.resize(np.array(p["upstream"], "float32"), (rows, columns)),
        "bits": p["bits"],
        "mode": p["mode"],
        "low": low,
        "high": high,
        "decay": p["decay"],
        "narrow_range": p["narrow_range"],
        "per_channel": p["per_channel"],
    }


SHOWN = (samples, limits_of, nudge, by_other_ways)


def fake_quantization_ste(  # type: ignore[no-untyped-def]
    x, upstream, bits, mode, low, high, decay, narrow_range, per_channel
):
    """Quantise and dequantise x, and follow upstream · y back to every value.

    x, upstream: float32[row, column]; low, high: the given range, numbers or one a column.
    Results with an axis "side" hold what belongs to min first and to max second.
    """
    import tensorflow as tf

    x, upstream = tf.convert_to_tensor(x), tf.convert_to_tensor(upstream)
    axis = 0 if per_channel else None
    quantise = tf.quantization.fake_quant_with_min_max_vars
    if per_channel:
        quantise = tf.quantization.fake_quant_with_min_max_vars_per_channel
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        smallest, largest = limits_of(x, mode, low, high, decay, axis)
        tape.watch([smallest, largest])
        y = quantise(x, smallest, largest, bits, narrow_range)
        loss = tf.reduce_sum(upstream * y)
    by_tape = tape.gradient(loss, x)
    range_by_tape = tf.stack([tape.gradient(loss, end) for end in (smallest, largest)], axis=-1)

    scale, exact, zero_point, nudged_min, nudged_max = nudge(smallest, largest, bits, narrow_range)
    inside = tf.cast((x >= nudged_min) & (x <= nudged_max), tf.float32)
    outside = tf.cast(tf.stack([x < nudged_min, x > nudged_max]), tf.float32)
    direct = upstream * inside
    collected = tf.transpose(tf.reduce_sum(upstream * outside, axis=(1, 2) if axis is None else 1))
    # What reduce_min and reduce_max would hand on of a gradient of 1: equal extremes share it.
    with tf.GradientTape(persistent=True) as ends:
        ends.watch(x)
        found = tf.reduce_min(x, axis), tf.reduce_max(x, axis)
    extreme = tf.stack([ends.gradient(end, x) for end in found])
    results = {
        "x": x,
        "upstream": upstream,
        "range": tf.reshape(tf.stack([smallest, largest], axis=-1), [-1, 2]),
        "nudged": tf.reshape(tf.stack([nudged_min, nudged_max], axis=-1), [-1, 2]),
        "scale": tf.reshape(scale, [-1]),
        "exact_zero_point": tf.reshape(exact, [-1]),
        "zero_point": tf.reshape(zero_point, [-1]),
        "y": y,
        "level": tf.round(y / scale) + zero_point,
        "half_to_even": tf.round(tf.clip_by_value(x, nudged_min, nudged_max) / scale) + zero_point,
        "inside": tf.cast(inside, tf.int32),
        "outside": tf.cast(outside, tf.int32),
        "direct": direct,
        "collected": tf.reshape(collected, [-1, 2]),
        "extreme": extreme,
        "by_tape": by_tape,
        "range_by_tape": tf.reshape(range_by_tape, [-1, 2]),
    }
    gradient = tf.identity(direct)
    if mode == "tied":
        handed = collected[..., 0] * extreme[0] + collected[..., 1] * extreme[1]
        results["handed_on"], gradient = handed, direct + handed
    results["gradient"] = gradient
    results["connected"], results["slopes"] = by_other_ways(x, tf.reduce_mean(scale))
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see fake_quantization_ste_story.py."""
    return fake_quantization_ste_story.tell(parameters, results)
