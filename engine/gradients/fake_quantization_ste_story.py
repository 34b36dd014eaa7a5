"""What fake quantisation tells about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

GRID, SIDES = ("row", "column"), ("channel", "side")
OWN = ("i", "j")
ABOUT = {
    "x": (GRID, "the values, in full precision"),
    "upstream": (GRID, "d loss / d y"),
    "range": (SIDES, "min and max, as given to the operation"),
    "nudged": (SIDES, "min and max, moved so that 0 is a level"),
    "scale": (("channel",), "distance between two levels"),
    "exact_zero_point": (("channel",), "the level of 0, before rounding"),
    "zero_point": (("channel",), "the level of 0"),
    "y": (GRID, "the values, quantised and dequantised"),
    "level": (GRID, "the whole number that an integer kernel would store"),
    "half_to_even": (GRID, "the same, had it been rounded by tf.round"),
    "inside": (GRID, "1 where x lies inside the nudged range"),
    "outside": (("side", *GRID), "1 where x lies below the range (side 0) or above it (side 1)"),
    "direct": (GRID, "straight through: the upstream gradient inside the range, 0 outside"),
    "collected": (SIDES, "d loss / d min and d loss / d max: what the clipped values lost"),
    "extreme": (("side", *GRID), "d min / d x and d max / d x"),
    "handed_on": (GRID, "what min and max hand on to the values they were taken from"),
    "gradient": (GRID, "d loss / d x"),
    "by_tape": (GRID, "d loss / d x by GradientTape, in one go"),
    "range_by_tape": (SIDES, "d loss / d min and d loss / d max by GradientTape"),
    "connected": (("way",), "1 where rounding by hand lets a gradient through, 0 for None"),
    "slopes": (("way",), "mean of that gradient"),
}


def tell(p: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    tensors = {name: Tensor(value, *ABOUT[name]) for name, value in results.items()}
    told = _facts(p, results)
    return Story(tensors, _steps(p, results), told, _notes(p, results, told))


def _steps(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    rows, columns = results["x"].shape
    cells = {"i": rows, "j": columns}
    channel = "j" if p["per_channel"] else "0"
    sides: dict[str, int | tuple[int, ...]] = {**cells, "s": 2}
    straight = dict.fromkeys(("direct", "upstream", "inside"), OWN)
    clipped = {"collected": (channel, "s"), "upstream": OWN, "outside": ("s", *OWN)}
    found = [
        _range_step(p, sides, channel),
        _nudge_step(p, results),
        _quantise_step(p, cells),
        Step(
            "y / scale + zero point",
            ("y",),
            "level",
            map=IndexMap(cells, {"level": OWN, "y": OWN}, "each", exact=False),
            readout="{y} ÷ scale + zero point",
            aside=True,
        ),
        Step(
            "straight through",
            ("upstream", "inside"),
            "direct",
            "1 inside, 0 outside",
            map=IndexMap(cells, straight, exact=bool(results["inside"].all())),
        ),
        Step(
            "sum of what was clipped",
            ("upstream", "outside"),
            "collected",
            "below for min, above for max",
            map=IndexMap(sides, clipped, exact=False),  # the values decide who is clipped
        ),
    ]
    return [*found, *_gradient_steps(p, cells, sides, channel)]


def _range_step(p: Mapping[str, Any], sides: Mapping[str, Any], channel: str) -> Step:
    if p["mode"] == "fixed":
        return Step("given", (), "range", "min, max")
    settings = {
        "tied": "of this very x",
        "tied-stopped": "of x, behind stop_gradient",
        "moving-average": f"{number_text(p['decay'])} of the old ones, the rest of this x",
    }[p["mode"]]
    both = IndexMap(sides, {"range": (channel, "s"), "x": OWN}, "max", exact=False)
    readout = "the smallest (side 0) or largest (side 1) of x"
    return Step("reduce_min, reduce_max", ("x",), "range", settings, map=both, readout=readout)


def _nudge_step(p: Mapping[str, Any], results: Mapping[str, Any]) -> Step:
    low, high = (float(value) for value in results["range"][0])
    scale, exact, zero = (float(results[n][0]) for n in ("scale", "exact_zero_point", "zero_point"))
    first, power = int(p["narrow_range"]), f"2^{p['bits']} − {1 + int(p['narrow_range'])}"
    formula: tuple[str, ...] = (
        f"scale ({high:.4g} − {_bracketed(low)}) / ({power}) = {scale:.4g}",
        f"zero point round({first} − {_bracketed(low)} / scale) = round({exact:.8g}) → {zero:g}",
    )
    if p["per_channel"]:
        formula = tuple(f"channel 0: {line}" for line in formula)
    loops = {"c": len(results["range"]), "s": 2, "t": 2}
    both = IndexMap(loops, {"nudged": ("c", "s"), "range": ("c", "t")}, "share", exact=False)
    readout = "(level − zero point) × scale, at the lowest or highest level"
    return Step("nudge", ("range",), "nudged", "so that 0 is a level", formula, both, readout)


def _bracketed(value: float) -> str:
    return f"({value:.4g})" if value < 0 else f"{value:.4g}"


def _quantise_step(p: Mapping[str, Any], cells: Mapping[str, int]) -> Step:
    """Linked with the own value alone: by way of the range, every output would light up all values."""
    levels = 2 ** p["bits"] - int(p["narrow_range"])
    operation = "fake_quant_with_min_max_vars" + ("_per_channel" if p["per_channel"] else "")
    return Step(
        operation,
        ("x", "nudged"),
        "y",
        f"{p['bits']} bits: {levels} levels",
        ("y = (level − zero point) × scale",),
        IndexMap(cells, {"y": OWN, "x": OWN}, "each", exact=False),
        "{x}, clipped to the nudged range and rounded to the nearest level (half up)",
    )


def _gradient_steps(
    p: Mapping[str, Any], cells: Mapping[str, Any], sides: Mapping[str, Any], channel: str
) -> list[Step]:
    if p["mode"] != "tied":
        alone = IndexMap(cells, {"gradient": OWN, "direct": OWN}, "each")
        why = {"fixed": "min and max are no functions of x", "moving-average": "x stops at the average"}
        settings = why.get(p["mode"], "stop_gradient holds min and max")
        return [Step("nothing else", ("direct",), "gradient", settings, map=alone, readout="{direct}")]
    access = {"handed_on": OWN, "collected": (channel, "s"), "extreme": ("s", "i", "j")}
    each = IndexMap(cells, dict.fromkeys(("gradient", "direct", "handed_on"), OWN), "each")
    return [
        Step(
            "back through reduce_min, reduce_max",
            ("collected", "extreme"),
            "handed_on",
            "to the extreme values",
            map=IndexMap(sides, access),
        ),
        Step("add", ("direct", "handed_on"), "gradient", "", (), each, "{direct} + {handed_on}"),
    ]


def _facts(p: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    gradient, upstream = results["gradient"], results["upstream"]
    values, counts = np.unique(np.round(gradient.astype(float), 4) + 0.0, return_counts=True)
    apart = [np.abs(gradient - results["by_tape"]), np.abs(results["collected"] - results["range_by_tape"])]
    below, above = (int(side.sum()) for side in results["outside"])
    extremes = [tuple(map(int, np.argwhere(side > 0)[0])) for side in results["extreme"]]
    return {
        "values": int(gradient.size),
        "inside": int(results["inside"].sum()),
        "below": below,
        "above": above,
        "range": tuple(map(tuple, results["range"].tolist())),
        "nudged": tuple(map(tuple, results["nudged"].tolist())),
        "scale": tuple(results["scale"].tolist()),
        "exact_zero_point": tuple(results["exact_zero_point"].tolist()),
        "zero_point": tuple(map(int, results["zero_point"])),
        "zero_point_float64": _in_float64(p, results),
        "levels_used": len(np.unique(results["level"])),
        "histogram": tuple(zip(values.tolist(), counts.tolist(), strict=True)),
        "collected": tuple(map(tuple, results["collected"].tolist())),
        "argmin": extremes[0],
        "argmax": extremes[1],
        "total": float(gradient.sum(dtype="float64")),
        "total_upstream": float(upstream.sum(dtype="float64")),
        "difference_to_tape": float(max(part.max() for part in apart)),
        "error": float(np.sqrt(np.mean(np.square(results["y"] - results["x"], dtype="float64")))),
        "rounded_otherwise": int((results["level"] != results["half_to_even"]).sum()),
        "connected": tuple(map(int, results["connected"])),
        "slopes": tuple(map(float, results["slopes"])),
    }


def _in_float64(p: Mapping[str, Any], results: Mapping[str, Any]) -> tuple[int, ...]:
    """The zero point had the numbers that were given been nudged in float64."""
    first, last = float(p["narrow_range"]), 2.0 ** p["bits"] - 1
    low, high = results["range"].astype("float64").T
    if p["mode"] == "fixed" and not p["per_channel"]:
        low, high = np.array([p["min"]]), np.array([p["max"]])
    exact = first - low / ((high - low) / (last - first))
    return tuple(map(int, np.clip(np.floor(exact + 0.5), first, last)))


def _notes(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    said = []
    for place, ((low, high), nudged) in enumerate(zip(told["range"], told["nudged"], strict=True)):
        if low > 0 or high < 0:
            where = f" of channel {place}" if p["per_channel"] else ""
            said.append(
                f"0 is not in the range {low:.4g} to {high:.4g}{where}. Zero must be a level, so the range was "
                f"moved to {nudged[0]:.4g} to {nudged[1]:.4g}: {told['values'] - told['inside']} of "
                f"{told['values']} values are clipped."
            )
            break
    if told["zero_point"] != told["zero_point_float64"]:
        at = next(
            k
            for k, pair in enumerate(zip(told["zero_point"], told["zero_point_float64"], strict=True))
            if pair[0] != pair[1]
        )
        said.append(
            f"The zero point sits on a tie: float32 computes {told['exact_zero_point'][at]:.8g} and rounds to "
            f"{told['zero_point'][at]}, float64 would choose {told['zero_point_float64'][at]}."
        )
    if told["rounded_otherwise"]:
        said.append(
            f"{told['rounded_otherwise']} of {told['values']} values lie halfway between two levels: "
            "this operation rounds them up, tf.round goes to the even one."
        )
    shared = [int((side > 0).sum()) for side in results["extreme"]]
    if p["mode"] == "tied" and not p["per_channel"] and max(shared) > 1:
        said.append(f"{max(shared)} values are the same extreme and share what min or max hands on.")
    return said
