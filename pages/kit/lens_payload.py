"""What the gradient lens draws: one function makes it, for the page and for the JSON route alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import engine
from engine import Trace
from engine.lens import AT, OF, WHOLE, Asked
from pages.kit.declare import Grid
from pages.kit.labs import Listed
from pages.kit.link import link_text
from pages.kit.payload import drawn, engine_line, link_texts

MOST_DRAWN = 4  # inputs drawn with their gradients; the table has them all


def lens_payload(listed: Listed, trace: Trace) -> dict[str, Any]:
    """Everything a page or a script is told of one answer of the lens, as plain JSON."""
    asked = Asked(trace.facts[OF], trace.facts[AT])
    return {
        "lab": f"{listed.slug}/lens",
        "link": link_text(listed, trace.parameters, asked),
        **drawn(trace, {"lens": panels(listed, trace)}),
        "values": link_texts(listed, trace) | {name: asked.text(name) for name in (OF, AT)},
        "lens": dict(trace.facts),
        "facts": [],
        "notes": list(trace.notes),
        "engine": engine_line(trace),
    }


def panels(listed: Listed, trace: Trace) -> Sequence[Grid]:
    """The output, then each input beside its gradient and its finite differences, at the steepest cell.

    Tensors that the lab draws are drawn the same way round.
    """
    usual = _usual(listed, trace)
    found = [_output(trace, usual.get(trace.facts[OF]))]
    rows = sorted(with_gradient(trace), key=lambda row: row["name"] not in usual)
    for row in rows[:MOST_DRAWN]:
        gradient = trace[row["gradient"]]
        steepest = int(np.argmax(np.abs(np.nan_to_num(gradient)))) if gradient.size else 0
        cell = np.unravel_index(steepest, gradient.shape) if gradient.size else ()
        axes = trace.tensors[row["gradient"]].axes
        at = {axis: int(place) for axis, place in zip(axes, cell, strict=False)}
        known = usual.get(row["name"]) or _flat(trace, row["name"])
        usually = Grid(
            row["name"], known.title, rows=known.rows, columns=known.columns, at=at, labels=known.labels
        )
        title = f"d {trace.facts['number']} / d {row['name']}"
        found += [replace(usually, scale=known.scale), replace(usually, tensor=row["gradient"], title=title)]
        if (moved := f"differences of {row['name']}") in trace.tensors:
            found.append(replace(usually, tensor=moved, title="the same by finite differences"))
    return found


def _flat(trace: Trace, name: str) -> Grid:
    """A tensor that the lab does not draw: its last two axes with more than one place."""
    axes, shape = trace.tensors[name].axes, trace.tensors[name].shape
    long = [axis for axis, size in zip(axes, shape, strict=True) if size > 1]
    if len(long) < 2 or any(axis.endswith("height") for axis in axes):
        return Grid(name)
    return Grid(name, rows=long[-2], columns=long[-1])


def _usual(listed: Listed, trace: Trace) -> dict[str, Grid]:
    """How the lab itself draws a tensor."""
    lab = listed.lab
    whole = engine.run(lab.technique, **trace.parameters)
    grids = [*lab.panels(whole), *(lab.gradients(whole) if lab.gradients else ())]
    return {panel.tensor: panel for panel in reversed(grids) if isinstance(panel, Grid)}


def with_gradient(trace: Trace) -> list[Mapping[str, Any]]:
    return [row for row in trace.facts["inputs"] if row.get("gradient") in trace.tensors]


def _output(trace: Trace, known: Grid | None) -> Grid:
    """The result that is asked about; a click chooses another cell of it."""
    of, at = trace.facts[OF], trace.facts[AT]
    axes = trace.tensors[of].axes
    title = known.title if known else ""
    rows, columns = (known.rows, known.columns) if known and known.rows and known.columns else _sides(axes)
    if at in WHOLE:
        return Grid(of, title, rows=rows, columns=columns, at=known.at if known else {}, chooses=AT)
    cell = dict(zip(axes, map(int, filter(None, at.split(","))), strict=True))
    mark = (cell.get(rows, 0), cell.get(columns, 0)) if axes else None
    return Grid(of, title, rows=rows, columns=columns, at=cell, mark=mark, chooses=AT)


def _sides(axes: Sequence[str]) -> tuple[str, str]:
    """The axes down and across a grid, as the stage chooses them."""
    down = next((axis for axis in axes if axis == "height" or axis.endswith(" height")), "")
    across = next((axis for axis in axes if axis == "width" or axis.endswith(" width")), "")
    if down and across:
        return down, across
    return (axes[-2] if len(axes) > 1 else ""), (axes[-1] if axes else "")
