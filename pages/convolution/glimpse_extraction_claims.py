"""What people say about extract_glimpse, each with a measurement made now."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from pages.convolution.glimpse_extraction_tables import number, pair
from pages.kit.declare import Claim, Measured, Run

V2 = {"version": "V2", "noise": "zero"}
ANSWER = {"y": -2, "x": -2, "y2": 0, "x2": -2, "centered": True}


def _calls() -> dict[str, Any]:
    return dict(engine.run("glimpse-calls").facts)


def _rows(block: np.ndarray[Any, Any]) -> str:
    return str([[int(value) for value in row] for row in block[..., 0]])


def _around(row: int, column: int) -> list[list[int]]:
    """The 3 × 3 block of a 5 × 5 image of 0 to 24 around a pixel."""
    return [[5 * r + c for c in range(column - 1, column + 2)] for r in range(row - 1, row + 2)]


def _is_around(block: np.ndarray[Any, Any], row: int, column: int) -> bool:
    return bool(block[..., 0].tolist() == _around(row, column))


def _same(run: Run) -> Measured:
    old, new = run()["blocks"], run(**V2)["blocks"]
    held = [_is_around(blocks[0], 1, 1) and np.array_equal(*blocks) for blocks in (old, new)]
    value = f"V1: both {_rows(old[0])}; V2: {_rows(new[0])} and {_rows(new[1])}"
    return Measured(value, "depends" if held == [True, False] else "holds" if all(held) else "wrong")


def _twice(run: Run) -> Measured:
    def starts(y: float, centered: bool) -> float:
        raw: float = run(y=y, centered=centered).facts["raw"][0][0]
        return raw

    slopes = {centered: starts(2, centered) - starts(1, centered) for centered in (False, True)}
    value = (
        f"V1: one more in the offset moves the start by {slopes[False]:g}, with centered=True by {slopes[True]:g}. In the "
        f"question's call {starts(1, False):g} and {starts(2, False):g} are both cut to 0"
    )
    return Measured(value.replace("-", "−"), "depends" if slopes == {False: 1, True: 0.5} else "wrong")


def _answer(run: Run) -> Measured:
    old, new = run(**ANSWER), run(**ANSWER, **V2)
    right = [[_is_around(t["blocks"][0], 1, 1), _is_around(t["blocks"][1], 2, 1)] for t in (old, new)]
    starts = [" and ".join(map(pair, trace.facts["starts"])) for trace in (old, new)]
    value = f"wanted starts (0, 0) and (1, 0); V1 {starts[0]}, V2 {starts[1]}"
    return Measured(value, "outdated" if right == [[True, True], [True, False]] else "wrong")


def _documented(run: Run) -> Measured:
    trace = run(**V2, y=2, x=2)
    return Measured(
        f"V2 at (2, 2): the block begins at {pair(trace.facts['starts'][0])} and is off the block around (2, 2)",
        "holds" if _is_around(trace["blocks"][0], 2, 2) else "wrong",
    )


def _corner(run: Run) -> Measured:
    new = [run(**V2, y=r - 1, x=c - 1)["blocks"][0] for r in (1, 2, 3) for c in (1, 2, 3)]
    old = [run(y=r + 0.5, x=c + 0.5)["blocks"][0] for r in (1, 2, 3) for c in (1, 2, 3)]
    places = [(r, c) for r in (1, 2, 3) for c in (1, 2, 3)]
    right = [sum(_is_around(b, *at) for b, at in zip(blocks, places, strict=True)) for blocks in (new, old)]
    value = f"of {len(places)} inner pixels right: V2 at (r − 1, c − 1) {right[0]}, V1 at (r + 0.5, c + 0.5) {right[1]}"
    return Measured(value, "holds" if right == [len(places)] * 2 else "wrong")


def _formula(_: Run) -> Measured:
    told = _calls()
    value = f"{told['mismatches']} of {told['trials']:,} random blocks differ from the formulas in the table"
    return Measured(value, "holds" if told["mismatches"] == 0 else "wrong")


def _rank(_: Run) -> Measured:
    said = _calls()["answers"]["image of rank 3"]
    return Measured(said, "wrong" if "4-dimensional" in said else "holds")


def _noise(run: Run) -> Measured:
    said, outside = _calls()["answers"]["default noise, twice"], run(y=5, x=5)
    value = (
        f"the default call twice: results {said}; V1 at (5, 5) filled {outside.facts['cells_outside']} cells with numbers "
        f"from {number(float(outside['blocks'].min()))} to {number(float(outside['blocks'].max()))}"
    )
    return Measured(value, "wrong" if said == "differ" else "holds")


def _careful(_: Run) -> Measured:
    told = _calls()["answers"]
    value = ", ".join(f"{name}: {told[name]}" for name in ("NaN offset", "offset 1e9", "size 0", "size -1"))
    silent = not any("Error" in told[name] for name in ("NaN offset", "offset 1e9", "size 0"))
    return Measured(value.replace("-1", "−1"), "wrong" if silent else "holds")


def _integers(_: Run) -> Measured:
    said = _calls()["answers"]["integer offsets"]
    return Measured(f"an int64 array of offsets: {said}", "wrong" if "Error" not in said else "holds")


def _gradient(run: Run) -> Measured:
    told = [run().facts["tape"], run(**V2).facts["tape"]]
    without = told[0] == "None" and told[1].startswith("LookupError")
    return Measured(f"V1: {told[0]}; V2: {told[1]}", "wrong" if without else "holds")


def _slice(run: Run) -> Measured:
    states = [
        {"y": y, "x": 1.7, "version": version, "centered": centered, "normalized": normalized}
        for y in (-0.9, 0.4)
        for version in ("V1", "V2")
        for centered in (False, True)
        for normalized in (False, True)
    ]
    told = [run(**state).facts for state in states]
    apart = max(one["op_and_slice_apart"] for one in told)
    slopes = [float(abs(run()[f"{name} gradient"]).sum()) for name in ("slice", "resize")]
    value = (
        f"{sum(one['cells_inside'] for one in told)} cells of {len(told)} blocks: largest difference {apart:g}; Σ |gradient| "
        f"{slopes[0]:g} by slicing, {slopes[1]:g} by crop_and_resize"
    )
    return Measured(value, "holds" if apart == 0 and min(slopes) > 0 else "wrong")


CLAIMS = (
    Claim("(1, 1) returns the block centred at (1, 1), and (2, 1) the same.",
          "5 × 5 image of 0 to 24, blocks of 3 × 3, both versions", "depends", _same),
    Claim("Pixel coordinates range over twice the size; that is the bug.",
          "how far the start moves when the offset grows by one", "depends", _twice),
    Claim("Use offsets [−2, −2] and [0, −2] with centered=True.",
          "blocks around (1, 1) and (2, 1), by either version", "outdated", _answer),
    Claim("Offsets are the centres of the windows, as the documentation says.",
          "tf.image.extract_glimpse at (2, 2)", "wrong", _documented),
    Claim("For the block around (r, c) ask V2 for (r − 1, c − 1), V1 for (r + 0.5, c + 0.5).",
          "every inner pixel of 5 × 5, both versions", "holds", _corner),
    Claim("The start is one formula for each convention, cut towards zero.",
          "eight conventions, random sizes and offsets, every block compared", "holds", _formula),
    Claim("The image may be handed over without a batch axis, as [M].", "rank 3 to tf.image.extract_glimpse", "wrong", _rank),
    Claim("Cells outside the image are zeros.", "the default noise, the same call twice", "wrong", _noise),
    Claim("A wrong offset or size raises.", "NaN, 1e9, size 0 and size −1", "wrong", _careful),
    Claim("Offsets must be floats.", "integer offsets to tf.image.extract_glimpse", "wrong", _integers),
    Claim("A network can train through extract_glimpse.", "GradientTape by the image, both versions", "wrong", _gradient),
    Claim("Padding and slicing from the same start gives the same block, with a gradient.",
          "16 blocks by both ways, cells inside the image", "holds", _slice),
)  # fmt: skip
