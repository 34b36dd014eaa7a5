"""What rnn-input-windows says about its results: axes, steps with index maps, facts and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.sequences.rnn_input_windows_sizes import Chunks, lstm_parameters, readable, sizes
from engine.technique import Story
from engine.trace import Step, Tensor

Values = Mapping[str, Any]
_INSIDE = ("keras_parameters", "shares", "view", "piped", "piped_labels")  # compared, not shown


def tell(p: Mapping[str, Any], results: Values, part: tuple[int, int, int]) -> Story:
    """The whole story of one result; `part` is the first row shown, how many, and of how many pieces."""
    first, _, count = part
    told = facts(p, results, part)
    shown = {name: value for name, value in results.items() if name not in _INSIDE}
    if "windows" in results:
        window = first // p["stride"]  # number of the first window shown
        shown["used"] = _used(p, count, len(results["table"]))
        tensors = _windowed(shown, first, window)
        steps = _windowed_steps(p, results, told)
    else:
        tensors, steps = _chunked(shown), _chunked_steps(p, results)
    return Story(tensors, steps, told, notes(p, results, told))


def _used(p: Mapping[str, Any], count: int, rows: int) -> Any:
    """For each window shown and each row: 1 if it is input, 2 if its target is predicted."""
    used = np.zeros((count, rows), "int32")
    for place in range(count):
        start = place * p["stride"]
        used[place, start : start + p["window"]] = 1
        used[place, start + p["window"] - 1 + p["horizon"]] = 2
    return used


def _windowed(values: Values, row: int, window: int) -> dict[str, Tensor]:
    about = {
        "table": (("row", "column"), "the part of the table that is shown; the last column is the target", (row, 0)),
        "used": (("window", "row"), "1 a row that is input, 2 the row whose target is predicted", (window, row)),
        "windows": (("window", "step", "feature"), "what the cell is given", (window, 0, 0)),
        "labels": (("window",), "what it should predict", (window,)),
        "states": (("window", "step", "unit"), "its state after each step", (window, 0, 0)),
        "last": (("window", "unit"), "its state after the last step", (window, 0)),
        "dense": (("unit", "output"), "kernel of Dense(1)", ()),
        "prediction": (("window", "output"), "what it predicts, before any training", (window, 0)),
        "gradient": (("window", "step", "feature"), "d prediction / d window", (window, 0, 0)),
        "flow": (("window", "step"), "length of that gradient at each step", (window, 0)),
        "batch_sizes": (("batch",), "windows in each batch that tf.data handed out", ()),
    }  # fmt: skip
    return {name: Tensor(value, *about[name]) for name, value in values.items()}


def _chunked(values: Values) -> dict[str, Tensor]:
    piece = ("chunk", "step", "feature")
    about = {
        "table": (("row", "column"), "the first rows of the table; the last column is the target"),
        "pieces": (piece, "what the cell is given, call after call"),
        "labels": (("row",), "what it should predict at each step"),
        "states": (("chunk", "step", "unit"), "its state after each step"),
        "one_pass": (("chunk", "step", "unit"), "its state in one pass over all rows"),
        "dense": (("unit", "output"), "kernel of Dense(1)"),
        "prediction": (("chunk", "step", "output"), "what it predicts, before any training"),
        "gradient": (piece, "d last prediction / d input"),
        "flow": (("chunk", "step"), "length of that gradient at each step"),
        "reached": (("chunk",), "1 where a path leads to the last prediction, 0 where the gradient is None"),
    }
    return {name: Tensor(value, *about[name]) for name, value in values.items()}


def _windowed_steps(p: Mapping[str, Any], values: Values, told: Mapping[str, Any]) -> list[Step]:
    count, window, features = values["windows"].shape
    stride, units = p["stride"], values["last"].shape[1]
    cut = IndexMap(
        {"i": count, "t": window, "f": features},
        {"windows": ("i", "t", "f"), "table": (f"{stride}*i + t", "f")},
        "each",
    )
    offset = window - 1 + p["horizon"]
    label = IndexMap(
        {"i": count}, {"labels": ("i",), "table": (f"{stride}*i + {offset}", f"{features}")}, "each"
    )
    walked = IndexMap(
        {"i": count, "t": window, "f": features, "u": units},
        {"last": ("i", "u"), "windows": ("i", "t", "f")},
        exact=False,
    )
    formula = f"⌊({p['rows']:,} − {window} − {p['horizon']})/{stride}⌋ + 1 = {told['windows']:,} windows"
    answer = f"[{told['windows']:,}, {window}, {features}] of which {count} are shown"
    how = {"view": "strided view", "materialise": "copied", "tf.data": "tf.data"}[p["mode"]]
    last = f"the state after {window} steps through {window} × {features} numbers"
    return [
        Step("windows", ("table",), "windows", how, (formula, answer), cut, "{table}"),
        Step("target", ("table",), "labels", f"row i·{stride} + {offset}", (), label, "{table}", aside=True),
        Step(p["cell"], ("windows",), "last", f"{window} steps", (f"{units} units",), walked, last),
        _answered(p, values, "last", ("i",)),
    ]


def _answered(p: Mapping[str, Any], values: Values, state: str, places: tuple[str, ...]) -> Step:
    """Dense(1) on every state, or nothing where the cell is the last layer."""
    loops = dict(zip((*places, "u"), values[state].shape, strict=True))
    if p["head"] == "cell":
        here = (*places, "u")
        links = IndexMap(loops, {"prediction": here, state: here}, "each")
        return Step("is", (state,), "prediction", "the state itself", (), links, f"{{{state}}}")
    access = {"prediction": (*places, "o"), state: (*places, "u"), "dense": ("u", "o")}
    units = values[state].shape[-1]
    return Step(
        "Dense(1)",
        (state, "dense"),
        "prediction",
        "",
        (f"{units} units → 1",),
        IndexMap(loops | {"o": 1}, access),
    )


def _chunked_steps(p: Mapping[str, Any], values: Values) -> list[Step]:
    count, chunk, features = values["pieces"].shape
    units = values["states"].shape[2]
    cut = IndexMap(
        {"k": count, "t": chunk, "f": features},
        {"pieces": ("k", "t", "f"), "table": (f"{chunk}*k + t", "f")},
        "each",
    )
    label = IndexMap(
        {"r": count * chunk}, {"labels": ("r",), "table": (f"r + {p['horizon']}", f"{features}")}, "each"
    )
    now = IndexMap(
        {"k": count, "t": chunk, "f": features, "u": units},
        {"states": ("k", "t", "u"), "pieces": ("k", "t", "f")},
        exact=False,
    )
    if p["mode"] == "stateful":
        found = Chunks(p["rows"], p["streams"], chunk)
        text = f"⌊{found.stream:,}/{chunk}⌋ = {found.calls:,} calls of [{p['streams']}, {chunk}, {features}]"
    else:
        text = f"[1, {p['rows']:,}, {features}]: {p['rows']:,} steps for one update"
    how = "one sequence" if p["mode"] == "one sequence" else "reset each time" if p["reset"] else "stateful"
    before = "the step's own input, and the state before: all rows since the last reset"
    return [
        Step("pieces", ("table",), "pieces", how, (text, f"{count} shown"), cut, "{table}"),
        Step("target", ("table",), "labels", f"row + {p['horizon']}", (), label, "{table}", aside=True),
        Step(p["cell"], ("pieces",), "states", "step by step", (f"{units} units",), now, before),
        _answered(p, values, "states", ("k", "t")),
    ]


def facts(p: Mapping[str, Any], values: Values, part: tuple[int, int, int]) -> dict[str, Any]:
    """Plain numbers: counts and memory at real size, and how the ways to cut compare on the part shown."""
    found, chunks = sizes(p), Chunks(p["rows"], p["streams"], p["chunk"])
    units = values["dense"].shape[0]
    told = {
        "windows": found.windows,
        "batches": found.batches,
        "source": found.source,
        "materialised": found.materialised,
        "factor": found.materialised / found.source,
        "one_batch": found.one_batch,
        "chunk_bytes": p["streams"] * p["chunk"] * p["features"] * found.itemsize,
        "stream": chunks.stream,
        "calls": chunks.calls,
        "dropped": chunks.dropped,
        "first_row": part[0],
        "count": part[2],
        "first_window": part[0] // p["stride"] if "windows" in values else 0,
        "label_offset": p["window"] - 1 + p["horizon"],
        "units": units,
        "cell_parameters": lstm_parameters(p["cell"], p["features"], units),
        "keras_parameters": int(values["keras_parameters"]),
        "dense_parameters": units + 1 if p["head"] == "dense" else 0,
        "target_most": float(np.abs(values["labels"].astype("float64")).max()),
        "predicted_most": float(np.abs(values["prediction"]).max()),
    }
    if "windows" in values:
        told |= _compared(p, values)
    if "one_pass" in values:
        told["one_pass_off"] = float(np.abs(values["states"] - values["one_pass"]).max())
    return told


def _compared(p: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """The view, and what tf.data really handed out, against the windows."""

    def apart(left: Any, right: Any) -> float:
        return float(np.abs(np.asarray(left, "float64") - np.asarray(right, "float64")).max())

    told: dict[str, Any] = {
        "view_off": apart(values["view"], values["windows"]),
        "shares": bool(values["shares"]),
    }
    if "piped" in values:
        told |= {
            "piped_off": apart(values["piped"], values["windows"]),
            "piped_labels_off": apart(values["piped_labels"], values["labels"]),
            "batch_sizes": tuple(values["batch_sizes"].tolist()),
        }
    return told


def notes(p: Mapping[str, Any], values: Values, told: Mapping[str, Any]) -> list[str]:
    """True, but worth saying."""
    found = []
    if p["head"] == "cell" and told["target_most"] > 1:
        found.append(
            f"The target reaches {told['target_most']:.3g}, and a {p['cell']}'s output stays between −1 and 1: "
            "no training can fit it. End with Dense(1)."
        )
    if p["mode"] == "one sequence":
        found.append(
            f"{p['rows']:,} steps one after the other for a single update: cut it into chunks or windows."
        )
    if p["mode"] == "stateful" and told["dropped"]:
        found.append(f"{told['dropped']:,} rows at the end fill no chunk and are left out.")
    if "windows" in values and p["stride"] > p["window"]:
        found.append(
            f"Between windows {p['stride'] - p['window']} rows are never seen: the stride is longer."
        )
    if p["mode"] == "materialise":
        found.append(
            f"At real size this copies {readable(told['materialised'])}; here only the {told['count']} windows shown."
        )
    return found
