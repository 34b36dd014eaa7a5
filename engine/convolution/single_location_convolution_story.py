"""What the single-location technique tells: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution.single_location_convolution_places import CONVENTIONS, costs, shift
from engine.convolution.single_location_convolution_scene import Scene
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

PLANE = ("row", "column")
TAPS = ("kernel row", "kernel column")
LARGE = (10_000, 3)  # the question's "N up to 10000", and its kernel


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run."""
    scene = Scene.of(parameters, len(results["kernel"]))
    return Story(
        tensors=_tensors(scene, results),
        steps=_steps(scene, results),
        facts=_facts(scene, parameters, results),
        notes=_notes(scene, parameters),
    )


def _tensors(scene: Scene, results: Mapping[str, Any]) -> dict[str, Tensor]:
    mirrored = ", mirrored beyond its border" if scene.border == "reflect" else ""
    move = shift(scene.convention, scene.taps)
    map_origin = tuple(along.corners.start + move for along in scene.around)
    told: dict[str, tuple[Any, ...]] = {
        "x": (PLANE, f"the image around the window{mirrored}", scene.origin),
        "kernel": (TAPS, "the kernel as given"),
        "flipped": (TAPS, "the kernel with rows and columns reversed"),
        "window": (TAPS, "the cells under the kernel"),
        "products": (TAPS, "window times kernel, cell by cell"),
        "value": ((), "the convolution at this index"),
        "y": (PLANE, f"the map around the value, by {scene.convention} index", map_origin),
        "values": (("location",), "the value at the index, then at every further place"),
        "readings": (("convention",), "the same index under " + ", ".join(CONVENTIONS)),
        "from the map": ((), "the same value, read from the whole map"),
        "image gradient": (PLANE, "d value / d cell of the image", scene.origin),
        "kernel gradient": (TAPS, "d value / d tap of the kernel"),
    }
    return {name: Tensor(results[name], *about) for name, about in told.items() if name in results}


def _plus(loop: str, offset: int) -> str:
    return loop if not offset else f"{loop} {'+' if offset > 0 else '-'} {abs(offset)}"


def _steps(scene: Scene, results: Mapping[str, Any]) -> list[Step]:
    flip = [_flip(scene)] if scene.flip else []
    around = [_map_step(scene, results["y"].shape)] if "y" in results else []
    whole = [_whole_step(scene)] if "from the map" in results else []
    slices = [_slice(scene), _multiply(scene, results), _sum(scene, results["products"].shape)]
    return [*flip, *slices, *around, *whole, *_gradient_steps(scene)]


def _flip(scene: Scene) -> Step:
    taps = scene.taps
    access = {"flipped": ("u", "v"), "kernel": (f"-u + {taps - 1}", f"-v + {taps - 1}")}
    found = IndexMap({"u": taps, "v": taps}, access, "each")
    return Step("flip", ("kernel",), "flipped", "rows and columns reversed", (), found, "{kernel}")


def _spoken(places: range) -> str:
    return f"{places.start} … {places[-1]}" if len(places) > 1 else str(places.start)


def _slice(scene: Scene) -> Step:
    rows, columns = scene.read
    access = {
        "window": ("u", "v"),
        "x": tuple(
            _plus(loop, read.start - first)
            for loop, read, first in zip("uv", scene.read, scene.origin, strict=True)
        ),
    }
    formula = f"rows {_spoken(rows)}, columns {_spoken(columns)} of {scene.size} × {scene.size}"
    found = IndexMap({"u": len(rows), "v": len(columns)}, access, "each")
    return Step("slice", ("x",), "window", f"border: {scene.border}", (formula,), found, "{x}")


def _multiply(scene: Scene, results: Mapping[str, Any]) -> Step:
    shape, window = results["products"].shape, results["window"].shape
    skip = [max(0, -first) if scene.border in ("clip", "rescale") else 0 for first in scene.corner]
    access = {
        "products": ("u", "v"),
        # one row (or column) against many is broadcast: it meets every tap
        "window": tuple(
            loop if many == one else "0" for loop, many, one in zip("uv", shape, window, strict=True)
        ),
        scene.applied: tuple(_plus(loop, at) for loop, at in zip("uv", skip, strict=True)),
    }
    found = IndexMap({"u": shape[0], "v": shape[1]}, access, "each")
    formula = f"{shape[0]} · {shape[1]} = {shape[0] * shape[1]} multiply-adds"
    readout = f"{{window}} · {{{scene.applied}}}"
    return Step("multiply", ("window", scene.applied), "products", "", (formula,), found, readout)


def _sum(scene: Scene, shape: tuple[int, ...]) -> Step:
    found = IndexMap({"u": shape[0], "v": shape[1]}, {"value": (), "products": ("u", "v")})
    count, taps = shape[0] * shape[1], scene.taps**2
    scaled = scene.border == "rescale"
    settings = f"× {taps} ÷ {count} taps counted" if scaled else ""
    readout = f"Σ({{products}}) · {taps} ÷ {count}" if scaled else ""
    formula = (f"[{shape[0]}, {shape[1]}] → one number",)
    return Step("sum", ("products",), "value", settings, formula, found, readout)


def _map_step(scene: Scene, shape: tuple[int, ...]) -> Step:
    applied, taps = scene.applied, scene.taps
    before = [along.pads[0] for along in scene.around]
    places = tuple(_plus(f"{i} + {u}", -pad) for i, u, pad in zip("ij", "uv", before, strict=True))
    access = {"y": ("i", "j"), "x": places, applied: ("u", "v")}
    found = IndexMap({"i": shape[0], "j": shape[1], "u": taps, "v": taps}, access)
    readout = f"Σ({{x}} · {{{applied}}}) · {taps**2} ÷ cells inside" if scene.border == "rescale" else ""
    formula = (
        f"whole map: {_side_formula(scene)} a side",
        f"drawn: {shape[0]} × {shape[1]} around the value",
    )
    return Step("conv2d", ("x", applied), "y", f"k {taps} · s 1", formula, found, readout)


def _side_formula(scene: Scene) -> str:
    if scene.border in ("error", "slice"):
        return f"{scene.size} − {scene.taps} + 1 = {scene.map_side}"
    return f"{scene.size} + {scene.taps} − 1 = {scene.map_side}"


def _whole_step(scene: Scene) -> Step:
    count = f"{scene.taps}² · {scene.map_side}² = {scene.taps**2 * scene.map_side**2:,} multiply-adds"
    return Step("conv2d of the whole image", ("x", scene.applied), "from the map", "", (count,), aside=True)


def _gradient_steps(scene: Scene) -> list[Step]:
    said = f"the {'flipped ' if scene.flip else ''}kernel, where the window lies"
    return [
        Step("GradientTape", ("value", "x"), "image gradient", said, aside=True),
        Step(
            "GradientTape", ("value", "kernel"), "kernel gradient", "the window, seen by each tap", aside=True
        ),
    ]


def _facts(scene: Scene, parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    places = [parameters["index"], *parameters["locations"]]
    whole = results.get("from the map")
    return {
        "value": float(results["value"]),
        "size": scene.size,
        "taps": scene.taps,
        "corner": scene.corner,
        "rows": (scene.read[0].start, scene.read[0].stop),
        "columns": (scene.read[1].start, scene.read[1].stop),
        "window_shape": tuple(results["window"].shape),
        "cells_inside": len(scene.inside[0]) * len(scene.inside[1]),
        "multiply_adds": int(results["products"].size),
        "map_side": scene.map_side,
        "sliced_wrongly": scene.sliced_wrongly,
        "conventions": _conventions(scene, results["readings"]),
        "locations": [
            (tuple(place), float(value)) for place, value in zip(places, results["values"], strict=True)
        ],
        "from_the_map": None if whole is None else float(whole),
        "map_shape": None if whole is None else tuple(int(n) for n in results["map shape"]),
        "difference": None if whole is None else abs(float(whole) - float(results["value"])),
        "costs": costs(scene.size, scene.taps),
        "costs_large": costs(*LARGE),
    }


def _conventions(scene: Scene, readings: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """For each convention: how it names this window, and what it makes of the index as given."""
    found = []
    for name, reading in zip(CONVENTIONS, readings.tolist(), strict=True):
        exists = name != "centre" or scene.taps % 2 == 1
        move = shift(name, scene.taps)
        index = tuple(first + move for first in scene.corner) if exists else None
        value = None if np.isnan(reading) else reading
        found.append({"name": name, "index": index, "reading": value})
    return found


def _notes(scene: Scene, parameters: Mapping[str, Any]) -> list[str]:
    notes = []
    if parameters["kernel"] and parameters["taps"] != scene.taps:
        notes.append(f"The typed kernel has {scene.taps} x {scene.taps} taps, and that is what M is here.")
    rows, columns = (len(along) for along in scene.read)
    if scene.sliced_wrongly and (rows, columns) == (scene.taps, scene.taps):
        notes.append(
            f"Wrong, without any error: the slice starts before 0, and negative places count from the end, so "
            f"rows {_spoken(scene.read[0])} and columns {_spoken(scene.read[1])} were read."
        )
    elif scene.sliced_wrongly:
        notes.append(
            f"Wrong, without any error: the slice has {rows} x {columns} cells, and broadcasting repeats them "
            f"under all {scene.taps} x {scene.taps} taps."
        )
    real = len(scene.inside[0]) * len(scene.inside[1])
    if real < scene.taps**2 and scene.border not in ("slice", "error"):
        notes.append(_outside(scene, real))
    return notes


def _outside(scene: Scene, real: int) -> str:
    says = {
        "zero": "the others are zeros that were never stored",
        "clip": "kernel and window are both clipped, which gives what zeros would",
        "rescale": f"the sum is scaled by {scene.taps**2} ÷ {real}",
        "reflect": "the others repeat cells on the near side of the border",
    }
    return f"{real} of {scene.taps**2} taps meet the image; {says[scene.border]}."
