"""What the dynamic-filter technique tells about its results: axes, steps with maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from engine.convolution.windows import Window, window
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
IMAGE = ("batch", "height", "width", "channel")
FILTER = ("batch", "kernel height", "kernel width", "channel")
CELL, TAP = ("n", "i", "j", "c"), ("n", "u", "v", "c")
_ABOUT = {
    "x": (IMAGE, "what both branches read"),
    "f": (IMAGE, "the features that are convolved"),
    "pattern": (FILTER[:3], "the drawn filter, the same for all channels"),
    "g": (FILTER, "one filter a sample"),
    "g_normalised": (FILTER, "each filter divided by the sum of its absolute values"),
    "y": (IMAGE, "the responses"),
    "right": (IMAGE, "each sample convolved with its own filter"),
    "first": (IMAGE, "every sample convolved with the first one's filter"),
    "error": (IMAGE, "the first sample's filter for all, minus each its own"),
    "loss": ((), "half the sum of all squared responses"),
    "filter_gradient": (FILTER, "d loss / d g"),
    "feature_gradient": (IMAGE, "d loss / d f: through the features alone"),
    "branch_gradient": (IMAGE, "d loss / d x through the filter branch alone"),
    "ways": (("way",), "largest difference of each other way to folding the batch"),
    "grouped": ((), "largest difference of conv2d with [taps, taps, 1, channels] to depthwise"),
}


def tell(p: Mapping[str, Any], results: Mapping[str, Any], ways: Sequence[str]) -> Story:
    """The story of one run; a gradient that is None is a fact and no tensor."""
    tensors = {
        name: Tensor(value, *_ABOUT[name])
        for name, value in results.items()
        if np.asarray(value).dtype != object
    }
    told = _facts(p, results, ways)
    return Story(tensors, _steps(p, results), told, _notes(p, results, told))


def _windows(p: Mapping[str, Any]) -> tuple[Window, Window]:
    rows, columns = (window(size, p["taps"], 1, 1, p["padding"]) for size in p["size"])
    return rows, columns


def bins(size: int, taps: int) -> list[tuple[int, int]]:
    """First and last-but-one cell of each bin of adaptive pooling."""
    return [(u * size // taps, -(-(u + 1) * size // taps)) for u in range(taps)]


def _even(found: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """(step, length) where all bins are equally long and far apart; None where they are not."""
    lengths = {stop - start for start, stop in found}
    steps = {b[0] - a[0] for a, b in pairwise(found)}
    return (min(steps, default=1), min(lengths)) if len(lengths) == 1 and len(steps) < 2 else None


def _steps(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    n, height, width, channels = results["f"].shape
    cells = {"n": n, "i": height, "j": width, "c": channels}
    each = IndexMap(cells, {"f": CELL, "x": CELL}, "each")
    steps = [*_filter(p, results), Step("features", ("x",), "f", "unchanged", map=each, aside=True)]
    used = "g_normalised" if p["normalise"] else "g"
    if p["normalise"]:
        steps.append(_normalised(p, n, channels))
    steps.append(_convolution(p, results, used, "y", p["mode"] == "sample-0"))
    other = "right" if p["mode"] == "sample-0" else "first"
    steps.append(_convolution(p, results, used, other, other == "first", aside=True))
    first, right = ("y", "right") if p["mode"] == "sample-0" else ("first", "y")
    loops = dict(zip("nijc", results["error"].shape, strict=True))
    apart = IndexMap(loops, dict.fromkeys(("error", first, right), CELL), "each")
    readout = f"{{{first}}} − {{{right}}}"
    steps.append(Step("difference", (first, right), "error", map=apart, readout=readout, aside=True))
    steps.append(Step("GradientTape", ("loss", "g"), "filter_gradient", aside=True))
    return steps


def _filter(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """How the filter came about; a random one came from nowhere."""
    n, taps, _, channels = results["g"].shape
    loops = {"n": n, "u": taps, "v": taps, "c": channels}
    if "pattern" in results:
        each = IndexMap(loops, {"g": TAP, "pattern": TAP[:3]}, "each")
        return [Step("repeat", ("pattern",), "g", f"for all {channels} channels", map=each)]
    if p["source"] != "pool":
        return []
    found = [bins(size, taps) for size in p["size"]]
    even = [_even(along) for along in found]
    formula = tuple(_bins_text(side, along) for side, along in zip(("rows", "columns"), found, strict=True))
    return [
        Step("adaptive mean", ("x",), "g", f"{taps} × {taps} bins", formula, _pooled(loops, even[0], even[1]))
    ]


def _pooled(
    loops: Mapping[str, int], rows: tuple[int, int] | None, columns: tuple[int, int] | None
) -> IndexMap | None:
    """Bins of unequal length or distance are no affine index, and have no map."""
    if not rows or not columns:
        return None
    places = ("n", f"{rows[0]}*u + a", f"{columns[0]}*v + b", "c")
    return IndexMap({**loops, "a": rows[1], "b": columns[1]}, {"g": TAP, "x": places}, "mean")


def _bins_text(side: str, found: Sequence[tuple[int, int]]) -> str:
    lengths = sorted({stop - start for start, stop in found})
    long = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} or {lengths[-1]}"
    starts = ", ".join(str(start) for start, _ in found)
    return f"{long} {side} each, from {starts}"


def _normalised(p: Mapping[str, Any], n: int, channels: int) -> Step:
    taps = p["taps"]
    loops = {"n": n, "u": taps, "v": taps, "s": taps, "t": taps, "c": channels}
    access = {"g_normalised": TAP, "g": ("n", "s", "t", "c")}
    # A single tap over its own size is its sign, whatever it is.
    found = IndexMap(loops, access, "share", exact=taps > 1)
    return Step("÷ Σ|g|", ("g",), "g_normalised", "each filter", ("Σ|g| = 1",), found, "its own ÷ Σ|{g}|")


def _convolution(
    p: Mapping[str, Any],
    results: Mapping[str, Any],
    used: str,
    written: str,
    first: bool,
    aside: bool = False,
) -> Step:
    """One sliding window for all three modes; `first`: sample 0's filter for every sample."""
    rows, columns = _windows(p)
    n, height, width, maps = results[written].shape
    channels, taps = results["f"].shape[-1], p["taps"]
    loops = {"n": n, "i": height, "j": width, "u": taps, "v": taps, "c": channels, "o": 1}
    access = {
        written: ("n", "i", "j", "o" if p["mode"] == "sum" else "c"),
        "f": ("n", rows.at("i", "u"), columns.at("j", "v"), "c"),
        used: ("0" if first else "n", "u", "v", "c"),
    }
    if p["mode"] != "sum":
        del loops["o"]
    before, after = rows.before, rows.after
    pads = f", pads {before} before, {after} after" if before or after else ""
    operation = "conv2d" if p["mode"] == "sum" else "depthwise_conv2d"
    formula = [
        along.formula(size, p["padding"]) for along, size in zip((rows, columns), p["size"], strict=True)
    ]
    same = formula[:1] if p["size"][0] == p["size"][1] else formula
    summed = (
        f"Σ over {channels} channels → 1 map" if p["mode"] == "sum" else f"{channels} channels → {maps} maps"
    )
    whose = "g[0] for all samples" if first else "each its own g"
    settings = f"{whose} · {p['padding']}{pads}"
    return Step(
        operation, ("f", used), written, settings, (*same, summed), IndexMap(loops, access), aside=aside
    )


def _norms(values: Array) -> tuple[float, ...]:
    flat = values.reshape(values.shape[0], -1).astype("float64")
    return tuple(float(norm) for norm in np.sqrt((flat**2).sum(axis=1)))


def _facts(p: Mapping[str, Any], results: Mapping[str, Any], ways: Sequence[str]) -> dict[str, Any]:
    channels, taps = p["channels"], p["taps"]
    errors = np.abs(results["error"]).reshape(p["batch"], -1).max(axis=1)
    output = results["y"].shape
    return {
        "filter_shape": (taps, taps, channels),
        "output_shape": tuple(output),
        "maps": output[-1],
        "filter_values": taps**2 * channels,
        "conv2d_kernel": taps**2 * channels**2,
        "depthwise_kernel": taps**2 * channels,
        "batch_values": taps**2 * channels * p["batch"],
        "multiplications": prod(output[:3]) * taps**2 * channels,
        "errors": tuple(float(error) for error in errors),
        "largest_error": float(errors.max()),
        "largest_response": float(np.abs(results["y"]).max()),
        "filter_gradient_norms": _norms(results["filter_gradient"]),
        "branch_gradient_norms": _norms(results["branch_gradient"]) if "branch_gradient" in results else None,
        "copied_gradient": "None" if results["copied_gradient"].dtype == object else "a tensor",
        "zero_filters": tuple(int(n) for n in np.flatnonzero(~results["g"].any(axis=(1, 2, 3)))),
        "ways": dict(zip(ways, map(float, results["ways"]), strict=True)) if "ways" in results else None,
        "grouped": float(results["grouped"]) if "grouped" in results else None,
    }


def _notes(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    notes = []
    if p["mode"] == "sample-0" and p["batch"] > 1:
        worst = int(np.argmax(told["errors"]))
        notes.append(
            f"Every sample is convolved with sample 0's filter: sample {worst} is off by up to "
            f"{told['errors'][worst]:.4g}, beside responses of up to {np.abs(results['right']).max():.4g}."
        )
    if p["taps"] % 2 == 0 and p["padding"] == "SAME":
        along = _windows(p)[0]
        notes.append(
            f"A filter of {p['taps']} has no middle: SAME puts {along.before} zeros before and {along.after} after."
        )
    if p["source"] == "pool" and None in (_even(bins(size, p["taps"])) for size in p["size"]):
        notes.append(
            "The bins differ in length or distance, so the filter's cells have no links to the features."
        )
    if told["zero_filters"]:
        which = ", ".join(map(str, told["zero_filters"]))
        left = " Normalising leaves it 0 instead of dividing 0 by 0." if p["normalise"] else ""
        notes.append(f"The filter of sample {which} is 0 everywhere, and so is its response.{left}")
    return notes
