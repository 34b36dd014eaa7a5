"""All panels of a stage as shapes: for the picture one takes along, and for the one that unfolds a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine import Trace
from pages.kit import drawing
from pages.kit.declare import Bars, Grid, Panel
from pages.kit.drawing import INK, QUIET, RULE, Box, Line, Shape, Words
from pages.kit.labs import Listed
from pages.kit.planes import NEGATIVE, POSITIVE, Array, Plane, plane, rgb

WIDTH = 1200
MARGIN, GAP, HEAD = 40, 36, 40  # around all, between panels, above a panel's cells
LARGEST, WRITTEN = 38.0, 26.0  # edge of a cell, and the smallest that holds a number
BARS = 150.0  # height of bars
MOST_BESIDE = 8
SMALL = 150.0  # height of grids side by side
CARD = (1200, 630)


@dataclass(frozen=True)
class Drawn:
    """A panel's shapes, from its own top left corner."""

    shapes: list[Shape]
    width: float
    height: float


def whole(listed: Listed, trace: Trace, address: str) -> tuple[list[Shape], int, int]:
    """Title, every panel of the stage, and the link in small print; width and height."""
    panels = _panels(listed, trace)
    placed, bottom = _flow(trace, panels, MARGIN + 64, WIDTH, 1e9, 300.0)
    titles = [
        Words(MARGIN, MARGIN + 10, listed.lab.title, 26, bold=True),
        Words(MARGIN, MARGIN + 36, drawing.cut(listed.lab.question, 15, WIDTH - 2 * MARGIN), 15, QUIET),
    ]
    foot = f"Computed by {trace.framework} · {address}"
    print_small = Words(MARGIN, bottom + 30, drawing.cut(foot, 12, WIDTH - 2 * MARGIN), 12, QUIET)
    return [*titles, *placed, print_small], WIDTH, round(bottom + 50)


def card(listed: Listed, trace: Trace | None) -> list[Shape]:
    """The picture of a link that unfolds in a chat: name, question, and the panels that fit."""
    width, height = CARD
    room = width - 2 * 60
    shapes: list[Shape] = [
        Box(0, 0, 14, height, (11, 110, 153)),
        Words(60, 66, f"Tensorscope · {listed.family}", 24, (11, 110, 153)),
        Words(60, 126, drawing.cut(listed.lab.title, 50, room), 50, bold=True),
    ]
    lines = drawing.wrapped(listed.lab.question, 28, room, 2)
    shapes += [Words(60, 172 + 36 * place, line, 28, QUIET) for place, line in enumerate(lines)]
    top = 172 + 36 * len(lines)
    if trace is None:
        return [*shapes, Words(60, top + 60, "Computed when you open it.", 26, QUIET)]
    first = [listed.lab.card] if listed.lab.card else []
    once = {_names(panel): panel for panel in reversed([*first, *_panels(listed, trace)])}
    chosen = [panel for panel in reversed(once.values()) if set(_names(panel)) <= set(trace.tensors)]
    placed, _ = _flow(trace, chosen, top, width, height - 16, height - top - HEAD - 40, 60)
    return [*shapes, *placed]


def _panels(listed: Listed, trace: Trace) -> list[Panel]:
    """Those that have something to draw in this state, as on the stage."""
    return [panel for panel in listed.lab.panels(trace) if set(_names(panel)) <= set(trace.tensors)]


def _names(panel: Panel) -> tuple[str, ...]:
    return panel.tensors if isinstance(panel, Bars) else (panel.tensor,)


def _flow(
    trace: Trace,
    panels: Sequence[Panel],
    top: float,
    width: int,
    bottom: float,
    tallest: float,
    margin: float = MARGIN,
) -> tuple[list[Shape], float]:
    """Panels from left to right and down; those that would not fit are left out. Shapes, and where they end."""
    found: list[Shape] = []
    x, y, high = margin, top, 0.0
    for panel in panels:
        drawn = _panel(trace, panel, width - 2 * margin, tallest)
        line = panel.line if bottom > 1e6 else ""  # words above a line of panels, where there is room for all
        if (x > margin and x + drawn.width > width - margin) or (line and x > margin):
            if y + high + GAP * 0.6 + drawn.height > bottom:
                continue
            x, y, high = margin, y + high + GAP * 0.6, 0.0
        if y + drawn.height > bottom:
            continue
        if line:
            found.append(Words(margin, y + 18, line, 15, QUIET, bold=True))
            y += 24
        found += _moved(drawn.shapes, x, y)
        x, high = x + drawn.width + GAP, max(high, drawn.height)
    return found, y + high


def _moved(shapes: Sequence[Shape], x: float, y: float) -> Iterator[Shape]:
    for one in shapes:
        if isinstance(one, Line):
            yield replace(one, x=one.x + x, y=one.y + y, to_x=one.to_x + x, to_y=one.to_y + y)
        else:
            yield replace(one, x=one.x + x, y=one.y + y)


def _panel(trace: Trace, panel: Panel, room: float, tallest: float) -> Drawn:
    """A panel with its title and the shape of its tensor."""
    body = (
        _bars(trace, panel, min(room, 560))
        if isinstance(panel, Bars)
        else _grids(trace, panel, room, tallest)
    )
    title = panel.title or ", ".join(_names(panel))
    beside = "" if isinstance(panel, Bars) else f"{panel.tensor} {list(trace.tensors[panel.tensor].shape)}"
    across = body.width
    head = [
        Words(0, 16, drawing.cut(title, 15, max(across, 340)), 15, bold=True),
        Words(0, 33, drawing.cut(beside, 12, max(across, 340)), 12, QUIET),
    ]
    most = max(drawing.wide(words.text, words.size) for words in head)
    return Drawn([*head, *_moved(body.shapes, 0, HEAD)], max(body.width, most), HEAD + body.height)


def _grids(trace: Trace, panel: Grid, room: float, tallest: float) -> Drawn:
    """A grid, or those of the places of an axis side by side."""
    tensor = trace.tensors[panel.tensor]
    if panel.beside not in tensor.axes:
        return _grid(plane(trace, panel), room, tallest)
    shapes: list[Shape] = []
    count = tensor.shape[tensor.axes.index(panel.beside)]
    x = high = 0.0
    for place in range(min(count, MOST_BESIDE)):
        one = _grid(plane(trace, panel, {panel.beside: place}), room, min(tallest - 18, SMALL))
        if place and x + one.width > room:
            break
        shapes.append(Words(x, 12, f"{panel.beside} {place}", 12, QUIET))
        shapes += _moved(one.shapes, x, 18)
        x, high = x + one.width + 14, max(high, one.height + 18)
    return Drawn(shapes, max(0, x - 14), high)


def _grid(shown: Plane, room: float, tallest: float) -> Drawn:
    rows, columns = shown.values.shape
    cell = max(2.0, min(LARGEST, tallest // max(1, rows), room // max(1, columns)))
    shapes: list[Shape] = [Box(0, 0, columns * cell, rows * cell, RULE)] if cell >= 14 else []
    for row in range(rows):
        shapes += _cells(shown, row, cell)
    for row, column in np.argwhere(shown.crossed):
        shapes += _cross(float(column) * cell, float(row) * cell, cell)
    if cell >= WRITTEN and shown.numbers:
        shapes += _numbers(shown, cell)
    return Drawn(shapes, columns * cell, rows * cell)


def _cells(shown: Plane, row: int, cell: float) -> Iterator[Shape]:
    """A row of cells; neighbours of one colour are one box where cells touch."""
    gap = 1.0 if cell >= 14 else 0.0
    colours = [(int(r), int(g), int(b)) for r, g, b in shown.colours[row]]
    start = 0
    for column in range(1, len(colours) + 1):
        if column == len(colours) or gap or colours[column] != colours[start]:
            yield Box(start * cell, row * cell, (column - start) * cell - gap, cell - gap, colours[start])
            start = column


def _cross(x: float, y: float, cell: float) -> Iterator[Shape]:
    inset = max(1.0, cell * 0.14)
    yield Line(x + inset, y + inset, x + cell - inset, y + cell - inset, QUIET)
    yield Line(x + cell - inset, y + inset, x + inset, y + cell - inset, QUIET)


def _numbers(shown: Plane, cell: float) -> Iterator[Shape]:
    write = writer(shown.values)
    texts = {(row, column): write(value) for (row, column), value in np.ndenumerate(shown.values)}
    size = min(13.0, (cell - 5) / (0.56 * max(map(len, texts.values()), default=1)))
    if size < 7:
        return
    for (row, column), text in texts.items():
        red, green, blue = shown.colours[row, column]
        ink = INK if 0.299 * red + 0.587 * green + 0.114 * blue > 125 else (255, 255, 255)
        yield Words((column + 0.5) * cell, (row + 0.5) * cell + size * 0.36, text, size, ink, "middle")


def writer(values: Array) -> Callable[[float], str]:
    """How the cells of a picture write their numbers: as assets/format.js, by their range."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0))
    whole = bool(np.all(finite == np.round(finite)))
    decimals = 0 if whole or largest >= 100 else 1 if largest >= 1 else 2

    def write(value: float) -> str:
        if not np.isfinite(value):
            return "NaN" if np.isnan(value) else "∞" if value > 0 else "-∞"
        if value and (largest < 0.01 or abs(value) >= 1e4):
            return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
        text = "0" if value == 0 else f"{value:.{decimals}f}"
        return text.removeprefix("-") if float(text) == 0 else text  # "0.0" is nearly zero

    return write


def _bars(trace: Trace, panel: Bars, room: float) -> Drawn:
    """Vectors as bars, one below the other, on one scale."""
    vectors = [_vector(trace, name, panel) for name in panel.tensors]
    finite = [vector[np.isfinite(vector)] for vector in vectors]
    low = min([0.0, *(float(one.min()) for one in finite if one.size)])
    high = max([0.0, *(float(one.max()) for one in finite if one.size)]) or (1.0 if low == 0 else 0.0)
    shapes: list[Shape] = []
    slot = max(2.0, min(44.0, room / max(1, *(vector.size for vector in vectors))))
    tall = BARS / (1 if len(vectors) == 1 else 1.6)
    head = 36 if slot >= 24 else 22  # for the name, and the number above the highest bar
    y = 0.0
    for name, vector in zip(panel.tensors, vectors, strict=True):
        shapes.append(Words(0, y + 12, name, 12, QUIET))
        shapes += _moved(list(_vector_bars(vector, low, high, slot, tall)), 0, y + head)
        y += tall + head + (18 if low < 0 else 8)
    return Drawn(shapes, slot * max(vector.size for vector in vectors), y)


def _vector(trace: Trace, name: str, panel: Bars) -> Array:
    tensor = trace.tensors[name]
    if 0 in tensor.shape:
        return np.zeros(0)
    at = tuple(
        min(panel.at.get(axis, 0), size - 1)
        for axis, size in zip(tensor.axes[:-1], tensor.shape, strict=False)
    )
    found: Array = np.atleast_1d(np.asarray(tensor.values[at], dtype=float))[:256]
    return found


def _vector_bars(vector: Array, low: float, high: float, slot: float, tall: float) -> Iterator[Shape]:
    zero, write = tall * high / (high - low), writer(vector)
    for place, value in enumerate(np.nan_to_num(vector, posinf=high, neginf=low)):
        size = abs(float(value)) / (high - low) * tall
        colour = rgb(POSITIVE[2] if value >= 0 else NEGATIVE[2])
        inset = slot * 0.14 if slot >= 12 else 0.0
        yield Box(
            place * slot + inset, zero - (size if value >= 0 else 0), slot - 2 * inset, max(1.0, size), colour
        )
        if slot >= 24:
            yield Words(
                (place + 0.5) * slot,
                (zero - size - 4) if value >= 0 else zero + size + 12,
                write(float(vector[place])),
                11,
                INK,
                "middle",
            )
    yield Line(0, zero, slot * vector.size, zero, QUIET)
