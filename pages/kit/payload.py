"""What the stage draws: one function makes it, for the page and for the JSON route alike.

Format (also in docs/api.md): tensors carry their values as base64 of little-endian float32,
so that NaN and infinity survive and nothing is a list of lists.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

import engine
from engine import EngineError, Progress, Rejected, Tensor, Trace, to_plain
from engine.parameters import Parameter
from pages.kit.declare import Bars, Grid, Panel
from pages.kit.labs import Listed
from pages.kit.link import link_text

MOST_FRAME = 64  # padding cells drawn around an axis however small it is
MOST_CELLS = 65_536  # of one tensor on the stage; a larger one is sampled and says so
FEW_CELLS = 1024  # a tensor of fewer is sent whole


def stage_payload(listed: Listed, trace: Trace) -> dict[str, Any]:
    """Everything the stage and the strip of shapes show of a Trace, as plain JSON."""
    lab = listed.lab
    groups = {"stage": lab.panels(trace), "gradients": lab.gradients(trace) if lab.gradients else ()}
    return {
        "lab": listed.slug,
        "link": link_text(listed, trace.parameters),
        **drawn(trace, groups),
        "values": link_texts(listed, trace),
        "facts": [list(fact) for fact in lab.facts(trace)],
        "notes": list(trace.notes),
        "engine": engine_line(trace),
    }


def drawn(trace: Trace, groups: Mapping[str, Sequence[Panel]]) -> dict[str, Any]:
    """Tensors, steps and panels of a Trace; values travel for what is drawn or linked."""
    wanted = {name for panels in groups.values() for panel in panels for name in _drawn(panel)}
    wanted |= {name for step in trace.steps if step.map for name in (*step.reads, step.writes)}
    return {
        "tensors": {name: _tensor(trace, name, name in wanted) for name in trace.tensors},
        "steps": [step.to_json() for step in trace.steps],
        "panels": {group: [_panel(panel) for panel in panels] for group, panels in groups.items()},
    }


def link_texts(listed: Listed, trace: Trace) -> dict[str, str]:
    """Every parameter as link text."""
    return {p.name: p.text(trace.parameters[p.name]) for p in listed.technique.parameters}


def engine_line(trace: Trace) -> dict[str, Any]:
    """Where a Trace was computed, with what, and in how many milliseconds."""
    milliseconds = round(trace.seconds * 1e3, 2)
    return {"device": trace.device, "framework": trace.framework, "milliseconds": milliseconds}


def progress_payload(found: Progress) -> dict[str, Any]:
    """How far what takes long is: `left` in seconds, null while nobody can tell; `place` in the queue or 0."""
    left = None if found.left is None else round(found.left, 1)
    return {"text": found.text, "share": round(found.share, 4), "left": left, "place": found.place}


def error_payload(listed: Listed, error: EngineError, given: Mapping[str, Any]) -> dict[str, Any]:
    """An error as the page and the route show it; `remedy` is link texts that make it right.

    `given` are the refused parameters: where the lab can ask, the framework's own words stand beside ours.
    """
    if not isinstance(error, Rejected):
        return {"message": str(error), "kind": type(error).__name__, "remedy": {}}
    known = listed.technique.parameters
    return {
        "message": str(error),
        "kind": type(error).__name__,
        "parameter": error.parameter,
        "received": error.received,
        "expected": error.expected,
        "fix": error.fix,
        "remedy": {p.name: _text(p, error.remedy[p.name]) for p in known if p.name in error.remedy},
        "framework": _framework(listed, given),
    }


def _framework(listed: Listed, given: Mapping[str, Any]) -> str:
    """What TensorFlow says to refused parameters; a question that fails must not take the error's place."""
    if not listed.lab.asks or not engine.warm():
        return ""
    try:
        return listed.lab.asks(given)
    except EngineError:
        return ""


def _text(parameter: Parameter, value: Any) -> str:
    return "" if value is None else parameter.text(parameter.read(value))


def _panel(panel: Panel) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(asdict(panel))
    return {"kind": type(panel).__name__.lower(), **plain}


def _drawn(panel: Grid | Bars) -> Sequence[str]:
    names = panel.tensors if isinstance(panel, Bars) else (panel.tensor, panel.over)
    return [name for name in (*names, panel.crossed) if name]


def _tensor(trace: Trace, name: str, drawn: bool) -> dict[str, Any]:
    tensor = trace.tensors[name]
    plain: dict[str, Any] = {
        "shape": list(tensor.shape),
        "axes": list(tensor.axes),
        "dtype": tensor.dtype,
        "about": tensor.about,
    }
    if tensor.origin:
        plain["origin"] = list(tensor.origin)
    if drawn:
        every = sampling(tensor.shape)
        cells = tensor.values[tuple(slice(None, None, step) for step in every)]
        box = _not_zero(cells)
        if box is not None:
            cells = cells[tuple(slice(*side) for side in box)]
            plain["box"] = [list(side) for side in box]
        plain |= {"data": _base64(cells), "every": list(every), "pad": _padding(trace, name, tensor)}
    return plain


def _not_zero(cells: np.ndarray[Any, Any]) -> list[tuple[int, int]] | None:
    """The box outside which everything is 0, where that is at most half of a larger tensor.

    A gradient or a receptive field is mostly zeros; a drag sends one many times a second.
    """
    filled = cells != 0
    if cells.size < FEW_CELLS or 2 * np.count_nonzero(filled) > cells.size:
        return None
    box = []
    for axis in range(cells.ndim):
        others = tuple(other for other in range(cells.ndim) if other != axis)
        along = np.flatnonzero(filled.any(axis=others))
        box.append((int(along[0]), int(along[-1]) + 1) if along.size else (0, 0))
    size = np.prod([stop - start for start, stop in box])
    return box if 2 * size <= cells.size else None


def sampling(shape: Sequence[int]) -> tuple[int, ...]:
    """Take every n-th cell of each axis, the longest axes first, until the rest can be drawn."""
    every = [1] * len(shape)
    while np.prod([-(-size // step) for size, step in zip(shape, every, strict=True)]) > MOST_CELLS:
        left = [-(-size // step) for size, step in zip(shape, every, strict=True)]
        every[left.index(max(left))] *= 2
    return tuple(every)


def _base64(values: np.ndarray[Any, Any]) -> str:
    with np.errstate(over="ignore"):
        return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _padding(trace: Trace, name: str, tensor: Tensor) -> list[list[int]]:
    """Padding cells before and after each axis: as far as any step's loops reach outside.

    None on an axis where that is a wide frame around less than it: a whole network's padding.
    """
    sides = [[0, 0] for _ in tensor.shape]
    for step in trace.steps:
        if step.map and name in step.reads and name in step.map.access:
            for side, (before, after) in zip(sides, step.map.overhang(name, tensor.shape), strict=True):
                side[0], side[1] = max(side[0], before), max(side[1], after)
    wide = [sum(side) > max(size, MOST_FRAME) for side, size in zip(sides, tensor.shape, strict=True)]
    return [[0, 0] if too else side for too, side in zip(wide, sides, strict=True)]
