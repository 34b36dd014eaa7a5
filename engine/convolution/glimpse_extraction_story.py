"""What glimpse-extraction says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.convolution.glimpse_extraction_starts import CONVENTIONS, formula, offset_for, start_of
from engine.links import IndexMap
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

IMAGE = ("batch", "height", "width", "channel")
PLANE = ("height", "width")
STAIRS = 121  # offsets of the staircase


def tell(p: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one state."""
    starts = tuple(tuple(int(at) for at in np.trunc(pair)) for pair in results["starts"])
    wanted = tuple(at - side // 2 for at, side in zip(p["intended"], p["glimpse"], strict=True))
    blocks = results["glimpses"]
    difference = blocks[0, :, :, 0] - results["wanted"]
    tensors = {
        "x": Tensor(results["x"], IMAGE, "the image"),
        "window": Tensor(_window(p, starts[0]), PLANE, "1 where the first block reads"),
        "blocks": Tensor(blocks, ("offset", *PLANE, "channel"), "what the operation returns for each offset"),
        "sliced": Tensor(
            results["sliced"], PLANE, "zeros around the image, then a slice from the same start"
        ),
        "wanted": Tensor(results["wanted"], PLANE, "the block around the intended pixel"),
        "difference": Tensor(difference, PLANE, "first block − wanted block"),
        "resized": Tensor(results["resized"], PLANE, "interpolated from the start before truncation"),
        "slice gradient": Tensor(results["slice gradient"], IMAGE, "d Σ sliced / d image"),
        "resize gradient": Tensor(results["resize gradient"], IMAGE, "d Σ resized / d image"),
        "start gradient": Tensor(results["start gradient"], ("axis",), "d Σ resized / d start"),
    }
    facts = _facts(p, results, starts, wanted, difference)
    return Story(tensors, _steps(p, starts, wanted), facts, _notes(p, facts))


def _window(p: Mapping[str, Any], start: Sequence[int]) -> np.ndarray[Any, Any]:
    inside = [
        (at >= first) & (at < first + side)
        for at, first, side in zip(map(np.arange, p["size"]), start, p["glimpse"], strict=True)
    ]
    return np.asarray(np.outer(*inside).astype("int32"))


def _place(loop: str, start: int) -> str:
    return f"{loop} {'-' if start < 0 else '+'} {abs(start)}"


def _between(loop: str, first: int, second: int) -> str:
    """Where the two blocks read: the first start, and the way to the second for loop k = 1."""
    apart = second - first
    return f"{_place(loop, first)} {'-' if apart < 0 else '+'} {abs(apart)}*k"


def _steps(p: Mapping[str, Any], starts: Sequence[Sequence[int]], wanted: Sequence[int]) -> list[Step]:
    (height, width), first = p["glimpse"], starts[0]
    loops = {"i": height, "j": width}
    differ = IndexMap(
        loops,
        {"difference": ("i", "j"), "blocks": ("0", "i", "j", "0"), "wanted": ("i", "j")},
        "each",
        exact=False,
    )
    name = "tf.image.extract_glimpse" if p["version"] == "V2" else "tf.compat.v1.image.extract_glimpse"
    settings = f"{_listed(p['glimpse'])} at {_pair((p['y'], p['x']))}"
    lines = tuple(
        f"{axis}: {_filled(p, place)} → {first[place]}" for place, axis in enumerate(("row", "column"))
    )
    return [
        Step(name, ("x",), "blocks", settings, lines, _reading(p, starts)),
        Step(
            "tf.pad, slice",
            ("x",),
            "sliced",
            f"from {_pair(first)}",
            map=_slice("sliced", first, loops),
            aside=True,
        ),
        Step(
            "tf.pad, slice",
            ("x",),
            "wanted",
            f"from {_pair(wanted)}",
            map=_slice("wanted", wanted, loops),
            aside=True,
        ),
        Step("−", ("blocks", "wanted"), "difference", map=differ, readout="{blocks} − {wanted}", aside=True),
    ]


def _reading(p: Mapping[str, Any], starts: Sequence[Sequence[int]]) -> IndexMap | None:
    """Where each block reads the image. A block beside the image reads none of it and is left out."""
    touching = tuple(place for place, start in enumerate(starts) if _inside(p, start).any())
    if not touching:
        return None
    places = [_between(loop, *pair) for loop, pair in zip("ij", zip(*starts, strict=True), strict=True)]
    return IndexMap(
        {"k": touching, "i": p["glimpse"][0], "j": p["glimpse"][1]},
        {"blocks": ("k", "i", "j", "0"), "x": ("0", *places, "0")},
        "each",
        exact=False,  # the operation has no gradient: tests hold it against the values
        padding="left out",
    )


def _slice(name: str, start: Sequence[int], loops: Mapping[str, int]) -> IndexMap:
    access = {name: ("i", "j"), "x": ("0", _place("i", start[0]), _place("j", start[1]), "0")}
    return IndexMap(loops, access, "each")


def _filled(p: Mapping[str, Any], place: int) -> str:
    """The start's formula with its numbers."""
    how = (p["version"], p["centered"], p["normalized"])
    size, side, offset = p["size"][place], p["glimpse"][place], (p["y"], p["x"])[place]
    raw = float(start_of(offset, size, side, *how))
    text = formula(*how).replace("offset", signed(offset)).replace("D", str(size)).replace("s/", f"{side}/")
    return text if text == signed(raw) else f"{text} = {signed(raw)}"


def signed(value: float) -> str:
    """A number with a real minus sign, at most four digits after the point."""
    return number_text(round(float(value), 4) + 0.0).replace("-", "−")


def _pair(values: Sequence[float]) -> str:
    return f"({', '.join(signed(value) for value in values)})"


def _listed(shape: Sequence[int]) -> str:
    return f"{shape[0]} × {shape[1]}"


def _facts(
    p: Mapping[str, Any],
    results: Mapping[str, Any],
    starts: Sequence[tuple[int, ...]],
    wanted: tuple[int, ...],
    difference: np.ndarray[Any, Any],
) -> dict[str, Any]:
    how = (p["version"], p["centered"], p["normalized"])
    inside = _inside(p, starts[0])
    apart = np.abs(results["glimpses"][0, :, :, 0] - results["sliced"])[inside]
    return {
        "raw": tuple(tuple(float(at) for at in pair) for pair in results["starts"]),
        "starts": starts,
        "wanted_start": wanted,
        "right": starts[0] == wanted,
        "same": starts[0] == starts[1],
        "cells_outside": int((~inside).sum()),
        "cells_inside": int(inside.sum()),
        "op_and_slice_apart": float(apart.max()) if apart.size else 0.0,
        "difference": float(np.abs(difference).max()),
        "formula": formula(*how),
        "tape": str(results["tape"]),
        "guesses": [_guess(p, wanted, offset) for offset in _guesses(p, wanted)],
        "start_gradient": tuple(float(slope) for slope in results["start gradient"]),
        "conversions": [_conversion(p, wanted, one) for one in CONVENTIONS],
        "stairs": _stairs(p),
    }


def _inside(p: Mapping[str, Any], start: Sequence[int]) -> np.ndarray[Any, Any]:
    """Which cells of a block lie on the image, bool[height, width]."""
    along = [
        (np.arange(side) + first >= 0) & (np.arange(side) + first < size)
        for side, first, size in zip(p["glimpse"], start, p["size"], strict=True)
    ]
    return np.outer(*along)


def _conversion(p: Mapping[str, Any], wanted: Sequence[int], how: tuple[str, bool, bool]) -> dict[str, Any]:
    """One convention: the offset that gives the wanted block, and where today's offset would start."""
    axes = list(zip(wanted, p["size"], p["glimpse"], (p["y"], p["x"]), strict=True))
    return {
        "version": how[0],
        "centered": how[1],
        "normalized": how[2],
        "formula": formula(*how),
        "offset": tuple(offset_for(at, size, side, *how) for at, size, side, _ in axes),
        "start": tuple(int(np.trunc(start_of(now, size, side, *how))) for _, size, side, now in axes),
    }


def _guesses(p: Mapping[str, Any], wanted: Sequence[int]) -> list[tuple[float, float]]:
    """Offsets people try for the wanted block: the pixel, its middle, the corner; the last is too far by any."""
    row, column = p["intended"]
    return [(row, column), (row + 0.5, column + 0.5), (wanted[0], wanted[1]), (row + 4, column + 4)]


def _guess(p: Mapping[str, Any], wanted: Sequence[int], offset: Sequence[float]) -> dict[str, Any]:
    """Whether an offset gives the wanted block by the convention that is chosen."""
    how = (p["version"], p["centered"], p["normalized"])
    axes = zip(offset, p["size"], p["glimpse"], wanted, strict=True)
    right = all(int(np.trunc(start_of(at, n, k, *how))) == aim for at, n, k, aim in axes)
    return {"offset": tuple(offset), "right": right}


def _stairs(p: Mapping[str, Any]) -> dict[str, list[float]]:
    """First rows for offsets across the image: before and after truncation."""
    how = (p["version"], p["centered"], p["normalized"])
    size, side = p["size"][0], p["glimpse"][0]
    ends = [offset_for(at, size, side, *how) for at in (-side, size)]
    offsets = np.linspace(ends[0], ends[1], STAIRS)
    raw = start_of(offsets, size, side, *how)
    columns = {"offset": offsets, "raw": raw, "start": np.trunc(raw) + 0.0}
    return {name: [float(value) for value in column] for name, column in columns.items()}


def _notes(p: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    notes = []
    differ = (p["y"], p["x"]) != (p["y2"], p["x2"])
    if told["same"] and differ:
        (first, second), start = told["raw"], told["starts"][0]
        notes.append(
            f"Both offsets give the block that starts at {_pair(start)}: {_pair(first)} and {_pair(second)} are cut "
            "towards zero."
        )
    if p["version"] == "V2" and p["centered"] and not p["normalized"]:
        notes.append(
            "centered=True without normalized=True only moves the origin to the middle of the image: the offset is "
            "still the block's top-left corner, not its centre."
        )
    if told["cells_outside"]:
        filled = {"zero": "zeros", "uniform": "uniform random numbers", "gaussian": "Gaussian random numbers"}
        again = (
            ""
            if p["noise"] == "zero"
            else " of the image's range, others in every call, the same for the whole batch"
        )
        notes.append(f"{told['cells_outside']} cells lie outside the image: {filled[p['noise']]}{again}.")
    return notes
