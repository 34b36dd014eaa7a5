"""The gallery's picture of a lab: its first panel, drawn as SVG from a Trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from engine import Trace
from pages.kit.declare import Bars, Grid
from pages.kit.labs import Listed

WIDTH, HEIGHT = 320, 180
MOST = 24  # cells along one side
BLUE, ORANGE = (33, 102, 172), (179, 88, 6)


def picture(listed: Listed, trace: Trace) -> str:
    """An SVG of 320 by 180."""
    panel = listed.lab.card or listed.lab.panels(trace)[0]
    if isinstance(panel, Bars):
        shapes = _bars([trace[name].astype(float).ravel() for name in panel.tensors])
    else:
        shapes = _cells(_plane(trace, panel))
    return _svg(listed, "".join(shapes))


def blank(listed: Listed) -> str:
    """The picture of a lab that nobody has opened yet: empty cells."""
    cells = np.full((9, 16, 3), 224, "uint8")
    words = '<text x="160" y="96" text-anchor="middle" font-family="sans-serif" font-size="15" fill="#444">'
    return _svg(listed, f"{''.join(_cells(cells))}{words}computed when you open it</text>")


def _svg(listed: Listed, shapes: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(listed.lab.title)}</title>{shapes}</svg>"
    )


def _plane(trace: Trace, panel: Grid) -> np.ndarray[Any, Any]:
    """The shown slice as colours, uint8[rows, columns, 3]."""
    values = np.asarray(trace[panel.tensor], dtype=float)
    if panel.scale == "image" and values.ndim == 4 and values.shape[-1] == 3:
        return _sampled((values[0].clip(0, 1) * 255).astype("uint8"))
    axes, shown = trace.tensors[panel.tensor].axes, (panel.rows, panel.columns)
    if set(shown) <= set(axes):  # the panel says which axes it shows
        values = values[tuple(slice(None) if axis in shown else panel.at.get(axis, 0) for axis in axes)]
        values = values if axes.index(panel.rows) < axes.index(panel.columns) else values.T
    while values.ndim > 2:
        values = values[0] if values.ndim > 3 else values[..., 0]
    return _coloured(_sampled(np.atleast_2d(values)))


def _sampled(plane: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    steps = [-(-size // MOST) for size in plane.shape[:2]]
    return plane[:: steps[0], :: steps[1]]


def _coloured(plane: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    largest = np.nanmax(np.abs(np.where(np.isfinite(plane), plane, 0)), initial=0) or 1
    share = np.nan_to_num(plane / largest, nan=0, posinf=1, neginf=-1)[..., None]
    ends = np.where(share >= 0, np.array(BLUE), np.array(ORANGE))
    return (255 + (ends - 255) * np.abs(share)).round().astype("uint8")


def _cells(colours: np.ndarray[Any, Any]) -> Iterator[str]:
    rows, columns = colours.shape[:2]
    side = min((WIDTH - 16) / columns, (HEIGHT - 16) / rows)
    left, top = (WIDTH - side * columns) / 2, (HEIGHT - side * rows) / 2
    for row in range(rows):
        for column in range(columns):
            red, green, blue = (int(part) for part in colours[row, column])
            yield (
                f'<rect x="{left + column * side:.1f}" y="{top + row * side:.1f}" '
                f'width="{side * 0.96:.1f}" height="{side * 0.96:.1f}" fill="rgb({red},{green},{blue})"/>'
            )


def _bars(vectors: list[np.ndarray[Any, Any]]) -> Iterator[str]:
    finite = [np.nan_to_num(vector) for vector in vectors]
    largest = max((float(np.abs(vector).max()) for vector in finite if vector.size), default=0) or 1
    low = min(float(vector.min()) for vector in finite if vector.size)
    base = HEIGHT - 20 if low >= 0 else HEIGHT / 2
    slot = (WIDTH - 24) / max(vector.size for vector in finite)
    for place, vector in enumerate(finite):
        colour = (BLUE, ORANGE)[place % 2]
        width = slot * 0.8 / len(finite)
        for index, value in enumerate(vector):
            tall = abs(value) / largest * (base - 14 if low >= 0 else HEIGHT / 2 - 14)
            left = 12 + index * slot + place * width
            top = base - tall if value >= 0 else base
            yield (
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{tall:.1f}" '
                f'rx="1.5" fill="rgb{colour}"/>'
            )
