"""What sliding-window-labels says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.sequences.sliding_window_labels_counts import (
    HEADS,
    Layout,
    features_length,
    layout_of,
    pads_of,
    split_of,
)
from engine.technique import Story
from engine.trace import Step, Tensor

FLOAT64 = 8  # bytes: what NumPy makes unless told otherwise
POOL = {"GlobalMaxPooling1D": "max", "GlobalAveragePooling1D": "mean"}
PER_STEP = ("window", "step")


def tell(p: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    layout = layout_of(p)
    known = facts(p, results, layout)
    return Story(_tensors(results, layout), _steps(p, results, layout), known, notes(p, known, layout))


def _tensors(results: Mapping[str, Any], layout: Layout) -> dict[str, Tensor]:
    at, first = layout.begin, layout.first
    logits = ("window", *PER_STEP[1:], "class") if results["logits"].ndim == 3 else ("window", "class")
    pooled = ("window", "step", "filter") if results["pooled"].ndim == 3 else ("window", "feature")
    labels = PER_STEP[: results["labels"].ndim]
    cells: dict[str, tuple[tuple[str, ...], str, tuple[int, ...]]] = {
        "x": (("step", "channel"), "the series, as far as the windows shown reach", (at, 0)),
        "y": (("step",), "the label of every step", (at,)),
        "holds": (PER_STEP, "1 where the window holds the step", (first, at)),
        "windows": (("window", "step", "channel"), "what the builder cut out", (first, 0, 0)),
        "labels": (labels, "the label that goes with each window", (first, 0)[: len(labels)]),
        "w": (("tap", "channel", "filter"), "kernels of the convolution", ()),
        "features": (("window", "step", "filter"), "what the convolution gives", (first, 0, 0)),
        "pooled": (pooled, "what the head leaves", (first, 0, 0)[: len(pooled)]),
        "dense": (("feature", "class"), "weights of the last layer", ()),
        "logits": (logits, "the model's outputs", (first, 0, 0)[: len(logits)]),
        "part": (("window",), "0 trained on, 1 tested on, −1 left out", (first,)),
        "seen": (("step",), "1 where a training window holds the step", (at,)),
        "share": (("window",), "share of the window's steps that training has seen", (first,)),
        "windows_gradient": (("window", "step", "channel"), "d output / d windows", (first, 0, 0)),
        "x_gradient": (("step", "channel"), "d output / d series", (at, 0)),
        "line": (("point",), "channel 0 of the whole series, some of its steps", ()),
    }
    return {name: Tensor(results[name], *said) for name, said in cells.items() if name in results}


def _steps(p: Mapping[str, Any], results: Mapping[str, Any], layout: Layout) -> list[Step]:
    loops = {"n": layout.shown, "t": layout.window, "c": p["channels"]}
    place = f"{layout.stride}*n + t"
    taped = p["builder"] in ("reshape", "loop")  # NumPy and tf.data cut where no tape looks
    cut = IndexMap(loops, {"windows": ("n", "t", "c"), "x": (place, "c")}, "each", taped)
    held = IndexMap(
        {"n": layout.shown, "t": layout.window}, {"holds": ("n", place), "y": (place,)}, "each", False
    )
    names = {"reshape": "reshape", "loop": "slice in a loop", "view": "sliding_window_view",
             "tf.data": "timeseries_dataset_from_array"}  # fmt: skip
    settings = f"w {layout.window} · s {layout.stride}"
    formula = (count_formula(p, layout), f"of these {layout.shown} are built here")
    return [
        Step(names[p["builder"]], ("x",), "windows", settings, formula, cut, "{x}"),
        _label_step(p, layout),
        *_network_steps(p, results, layout, taped),
        Step("held by", ("y",), "holds", map=held, readout="1 if the window holds this step", aside=True),
    ]


def count_formula(p: Mapping[str, Any], layout: Layout) -> str:
    """How many windows the whole series has, with the numbers put in."""
    if p["builder"] == "reshape":
        return f"{layout.steps}/{layout.window} = {layout.count} windows"
    return f"⌊({layout.steps} − {layout.window})/{layout.stride}⌋ + 1 = {layout.count} windows"


def _label_step(p: Mapping[str, Any], layout: Layout) -> Step:
    raw = raw_targets(p)
    rule = "first" if raw else p["rule"]
    last, each = layout.window - 1, {"n": layout.shown}
    begin = f"{layout.stride}*n"
    if rule == "per step":
        access = {"labels": ("n", "t"), "y": (f"{begin} + t",)}
        found = IndexMap(each | {"t": layout.window}, access, "each", False)
        said, readout = f"[{layout.count}, {layout.window}]", "{y}"
    elif rule == "majority":
        access = {"labels": ("n",), "y": (f"{begin} + t",)}
        found = IndexMap(each | {"t": layout.window}, access, "max", False)
        said, readout = f"[{layout.count}]", "the most frequent label of its steps"
    else:
        at = begin if rule == "first" else f"{begin} + {last}"
        found = IndexMap(each, {"labels": ("n",), "y": (at,)}, "each", False)
        said, readout = f"[{layout.count}]", "{y}"
    name = {
        "last": f"y[start + {last}]",
        "first": "y[start]",
        "majority": "most frequent",
        "per step": "windows of y",
    }
    name["first"] = "targets[start]" if raw else "y[start]"
    return Step(name[rule], ("y",), "labels", "" if not raw else "y as it is", (said,), found, readout)


def raw_targets(p: Mapping[str, Any]) -> bool:
    """Whether y goes to timeseries_dataset_from_array unshifted."""
    return bool(p["raw_targets"] and p["builder"] == "tf.data")


def _network_steps(
    p: Mapping[str, Any], results: Mapping[str, Any], layout: Layout, taped: bool
) -> list[Step]:
    before, length = (
        pads_of(p["kernel"], p["padding"])[0],
        features_length(p["window"], p["kernel"], p["padding"]),
    )
    filters, count = p["filters"], layout.count
    loops = {"n": layout.shown, "t": length, "f": filters}
    access = {"features": ("n", "t", "f"), "windows": ("n", f"t + u - {before}", "c"), "w": ("u", "c", "f")}
    conv = IndexMap(loops | {"u": p["kernel"], "c": p["channels"]}, access, exact=taped)
    lost = (
        f"{layout.window} − {p['kernel']} + 1 = {length} steps"
        if p["padding"] == "valid"
        else f"{length} steps stay"
    )
    settings = f"k {p['kernel']} · {p['padding']}"
    steps = [Step("Conv1D", ("windows", "w"), "features", settings, (lost,), conv)]
    pool = {"pooled": ("n", "f"), "features": ("n", "t", "f")}
    if p["head"] in POOL:
        how = POOL[p["head"]]
        found = IndexMap(loops, pool, how, how == "mean")
        formula = f"[{count}, {length}, {filters}] → [{count}, {filters}]"
    elif p["head"] == "none":
        found = IndexMap(loops, {"pooled": ("n", "t", "f"), "features": ("n", "t", "f")}, "each")
        formula = "every step keeps its features"
    else:
        found = IndexMap(loops, {"pooled": ("n", f"{filters}*t + f"), "features": ("n", "t", "f")}, "each")
        formula = f"{length} · {filters} = {length * filters} numbers a window"
    operation = "no head" if p["head"] == "none" else p["head"]
    steps.append(Step(operation, ("features",), "pooled", "", (formula,), found, aside=p["head"] == "none"))
    return [*steps, _dense_step(p, results, layout)]


def _dense_step(p: Mapping[str, Any], results: Mapping[str, Any], layout: Layout) -> Step:
    inputs = results["dense"].shape[0]
    if results["logits"].ndim == 3:
        loops = {"n": layout.shown, "t": results["logits"].shape[1], "o": 2, "f": inputs}
        access = {"logits": ("n", "t", "o"), "pooled": ("n", "t", "f"), "dense": ("f", "o")}
    else:
        loops = {"n": layout.shown, "o": 2, "f": inputs}
        access = {"logits": ("n", "o"), "pooled": ("n", "f"), "dense": ("f", "o")}
    shape = [layout.count, *results["logits"].shape[1:]]
    return Step("Dense(2)", ("pooled", "dense"), "logits", "", (f"output {shape}",), IndexMap(loops, access))


def facts(p: Mapping[str, Any], results: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """Plain numbers of the whole series; `builders` says what each builder would make of it."""
    part, share, labels = results["all_parts"], results["all_shares"], results["all_labels"]
    tested = share[part == 1]
    starts = [layout.begin + n * layout.stride for n in range(layout.shown)]
    split = split_of(p, layout)
    return {
        "count": layout.count,
        "stride": layout.stride,
        "ranges": [(at, at + layout.window - 1) for at in starts],
        "overlap": layout.overlap,
        "unread": layout.unread,
        "bytes": layout.count * layout.window * p["channels"] * FLOAT64,
        "source_bytes": p["steps"] * p["channels"] * FLOAT64,
        "train": split.train,
        "dropped": split.dropped,
        "test": split.test,
        "gap_needed": -(-layout.window // layout.stride) - 1,
        "seen_share": float(tested.mean()),
        "touched": int((tested > 0).sum()),
        "raw_targets": raw_targets(p),
        "wrong_labels": int(results["all_wrong"]),
        "ones": float((labels == 1).mean()) if p["pattern"] == "states" else None,
        "label_shape": (layout.count, *results["labels"].shape[1:]),
        "output_shape": (layout.count, *results["logits"].shape[1:]),
        "series_has_gradient": "x_gradient" in results,
        "builders": builders(p),
        "heads": heads(p),
        "blocks": blocks(part, layout) if p["split"] == "chronological" else [],
    }


def builders(p: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Count, first two ranges and bytes of each builder; a reshape where the window divides the series."""
    found = {}
    for name in ("reshape", "loop", "view", "tf.data"):
        layout = layout_of({**p, "builder": name, "chosen": 0})
        divides = name != "reshape" or p["steps"] % p["window"] == 0
        ranges = [
            (n * layout.stride, n * layout.stride + layout.window - 1) for n in range(min(2, layout.count))
        ]
        size = layout.count * layout.window * p["channels"] * FLOAT64
        # A reshape and a view are the series' own memory; tf.data holds the series and a batch of windows.
        extra = {
            "reshape": 0,
            "view": 0,
            "loop": size,
            "tf.data": min(32, layout.count) * size // max(1, layout.count),
        }
        found[name] = {"count": layout.count, "ranges": ranges, "extra": extra[name]} if divides else {}
    return found


def heads(p: Mapping[str, Any]) -> dict[str, tuple[int, ...] | None]:
    """The output's shape without the batch axis under each head, with Dense(2); None where Keras refuses."""
    length = features_length(p["window"], p["kernel"], p["padding"])
    shapes: dict[str, tuple[int, ...] | None] = dict.fromkeys(HEADS, (2,))
    fits = length * p["filters"] == 2
    return shapes | {"none": (length, 2), "GlobalMaxPooling2D": None, "Reshape": (2,) if fits else None}


def blocks(part: np.ndarray[Any, Any], layout: Layout) -> list[tuple[int, int, int]]:
    """Runs of windows of one part, as (part, first step, last step)."""
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(part)]
    return [
        (int(part[a]), a * layout.stride, (b - 1) * layout.stride + layout.window - 1)
        for a, b in pairwise(edges)
    ]


def notes(p: Mapping[str, Any], known: Mapping[str, Any], layout: Layout) -> list[str]:
    """What goes wrong without a word."""
    said = []
    if known["raw_targets"] and p["rule"] != "first":
        early = f"{layout.window - 1} steps too early" if p["rule"] == "last" else "that of its first step"
        said.append(
            f"targets[i] goes to the window that starts at i: its label is {early}. It is another one than the {p['rule']} "
            f"rule's for {known['wrong_labels']:,} of {known['count']:,} windows."
        )
    if known["unread"]:
        where = "between and after the windows" if layout.stride > layout.window else "at the end"
        said.append(f"{known['unread']:,} of {layout.steps:,} steps are in no window ({where}).")
    if p["split"] == "random" and known["seen_share"] > 0.5:
        said.append(
            f"Of the steps in a test window {known['seen_share']:.1%} were in training windows too: the test measures memory."
        )
    elif p["split"] == "chronological" and known["dropped"] < known["gap_needed"]:
        said.append(
            f"The gap is {known['dropped']} windows; {known['gap_needed']} still share steps with the test."
        )
    if p["rule"] == "majority" and p["pattern"] == "step numbers":
        said.append("No step number is more frequent than another: of equal ones the first met is taken.")
    return said
