"""What a panel of the stage shows of a tensor, as colours: for pictures that are drawn without a browser.

The same axes and the same colours as assets/layout.js and assets/colours.js choose in the light theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import Tensor, Trace
from pages.kit.declare import Grid

Array = np.ndarray[Any, Any]
POSITIVE = ("#ffffff", "#a9c4e2", "#5a8bc4", "#1a5aa6")
NEGATIVE = ("#ffffff", "#e5c5a6", "#cf9560", "#ac5207")
SEQUENTIAL = ("#f4f8f8", "#a6d3d0", "#4d9f9d", "#0b5a5d")
MASK = ("#e6e9ed", "#2f7f8c")
ODD = "#c583cb"  # NaN and infinity
MOST = 64  # cells along one side; more are sampled


@dataclass(frozen=True)
class Plane:
    """One slice: values, colours, and which cells are crossed out; `numbers`: a cell has one number."""

    values: Array  # float[row, column]
    colours: Array  # uint8[row, column, 3]
    crossed: Array  # bool[row, column]
    numbers: bool = True


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _axes(panel: Grid, axes: Sequence[str], shape: Sequence[int]) -> tuple[int, int, int]:
    """The axes shown: row, column and colours; -1 where there is none."""
    planar = panel.scale == "image" and len(axes) > 2 and axes[-1] in ("channel", "channels")
    pixel = len(axes) - 1 if planar and shape[-1] == 3 else -1
    rest = [axis for axis in range(len(axes)) if not (planar and axis == len(axes) - 1)]
    row, column = (axes.index(name) if name in axes else -1 for name in (panel.rows, panel.columns))
    if row < 0 and column < 0:
        sides = [
            next((i for i, name in enumerate(axes) if name.split(" ")[-1] == side), -1)
            for side in ("height", "width")
        ]
        row, column = sides if min(sides) >= 0 else ([-1, -1, *rest][-2], [-1, *rest][-1])
    elif min(row, column) < 0:
        last = [-1, *(axis for axis in rest if axis != max(row, column))][-1]
        row, column = (last, column) if row < 0 else (row, last)
    return row, column, pixel


def plane(trace: Trace, panel: Grid, places: Mapping[str, int] | None = None) -> Plane:
    """The slice a grid begins with; `places` are those of further axes."""
    tensor = trace.tensors[panel.tensor]
    row, column, pixel = _axes(panel, tensor.axes, tensor.shape)
    at = {**panel.at, **(places or {})}
    cut = _Cut(tensor.axes, tensor.shape, row, column, pixel, at)
    values = cut.of(np.asarray(tensor.values, dtype=float))
    if pixel >= 0:
        colours = (np.nan_to_num(values).clip(0, 1) * 255).astype("uint8")
        values = np.full(values.shape[:2], np.nan)
    else:
        colours = _coloured(values, panel.scale, np.asarray(tensor.values, dtype=float))
        if panel.over in trace.tensors:
            colours = _over(colours, values, _under(trace.tensors[panel.over], tensor, cut))
    crossed = np.zeros(values.shape, bool)
    if panel.crossed in trace.tensors:
        found = cut.of(_spread(trace.tensors[panel.crossed], tensor) == 0)
        crossed = (found[..., 0] if pixel >= 0 else found).astype(bool)
    return Plane(values, colours, crossed, pixel < 0)


@dataclass(frozen=True)
class _Cut:
    """How a plane lies in a tensor."""

    axes: Sequence[str]
    shape: Sequence[int]
    row: int
    column: int
    pixel: int
    at: Mapping[str, int]

    @property
    def every(self) -> tuple[int, int]:
        sizes = [self.shape[axis] if axis >= 0 else 1 for axis in (self.row, self.column)]
        return max(1, -(-sizes[0] // MOST)), max(1, -(-sizes[1] // MOST))

    def of(self, values: Array) -> Array:
        """The slice of an array of the tensor's shape: [row, column], and colours where there are any."""
        steps = {self.row: self.every[0], self.column: self.every[1], self.pixel: 1}
        places = (
            slice(None, None, steps[axis])
            if axis in steps
            else min(max(0, self.at.get(name, 0)), max(0, self.shape[axis] - 1))
            for axis, name in enumerate(self.axes)
        )
        kept = [axis for axis in range(len(self.axes)) if axis in steps]
        found = values[tuple(places)] if 0 not in self.shape else np.zeros([0] * len(kept))
        shown = [axis for axis in (self.row, self.column, self.pixel) if axis >= 0]
        found = found.transpose([kept.index(axis) for axis in shown])
        if self.row < 0:
            found = found[None]
        return found if self.column >= 0 else found[:, None]


def _spread(mask: Tensor, tensor: Tensor) -> Array:
    """A mask as it lies on a tensor: by the names of its axes, else from the right."""
    wide = [(name, size) for name, size in zip(mask.axes, mask.shape, strict=True) if size != 1]
    named = all(name in tensor.axes and tensor.shape[tensor.axes.index(name)] == size for name, size in wide)
    values = mask.values
    if named:
        order = sorted(range(len(wide)), key=lambda place: tensor.axes.index(wide[place][0]))
        sizes = [dict(wide).get(name, 1) for name in tensor.axes]
        values = values.reshape([size for _, size in wide]).transpose(order).reshape(sizes)
    try:
        return np.broadcast_to(values, tensor.shape)
    except ValueError:
        return np.ones(tensor.shape)


def _under(over: Tensor, tensor: Tensor, cut: _Cut) -> Array | None:
    """The cells of another tensor of the same height and width, as colours from 0 to 1."""
    sides = [
        over.axes.index(tensor.axes[axis]) if axis >= 0 and tensor.axes[axis] in over.axes else -1
        for axis in (cut.row, cut.column)
    ]
    if min(sides) < 0:
        return None
    colours = len(over.shape) - 1 if over.shape[-1] == 3 and len(over.shape) - 1 not in sides else -1
    found = _Cut(over.axes, over.shape, sides[0], sides[1], colours, {}).of(
        np.asarray(over.values, dtype=float)
    )
    low, high = float(np.nanmin(over.values)), float(np.nanmax(over.values))
    share: Array = found if low >= 0 and high <= 1 else (found - low) / ((high - low) or 1)
    return share if share.ndim == 3 else share[..., None].repeat(3, axis=2)


def _over(colours: Array, values: Array, under: Array | None) -> Array:
    if under is None or under.shape != colours.shape:
        return colours
    largest = np.abs(values[np.isfinite(values)]).max(initial=0) or 1
    share = np.where(values == 0, 0, 0.2 + 0.65 * np.minimum(1, np.abs(np.nan_to_num(values)) / largest))[
        ..., None
    ]
    mixed: Array = np.nan_to_num(under).clip(0, 1) * 255 * (1 - share) + colours * share
    return mixed.astype("uint8")


def _coloured(values: Array, scale: str, whole: Array) -> Array:
    finite = whole[np.isfinite(whole)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if scale == "image":
        colours = (np.nan_to_num(values).clip(0, 1) * 255)[..., None].repeat(3, axis=2)
    elif scale == "mask":
        colours = np.where((np.nan_to_num(values) != 0)[..., None], rgb(MASK[1]), rgb(MASK[0]))
    elif scale == "sequential":
        start = min(0.0, low)
        colours = _ramp((values - start) / ((high - start) or 1), SEQUENTIAL)
    else:
        share = np.abs(values) / (max(abs(low), abs(high)) or 1)
        colours = np.where((values < 0)[..., None], _ramp(share, NEGATIVE), _ramp(share, POSITIVE))
    return np.where(np.isfinite(values)[..., None], colours, rgb(ODD)).round().astype("uint8")


def _ramp(share: Array, stops: Sequence[str]) -> Array:
    """Colours between the given ones, evenly: float[…, 3]."""
    known = np.array([rgb(stop) for stop in stops], dtype=float)
    share = np.nan_to_num(share, posinf=1, neginf=0).clip(0, 1)
    places = np.linspace(0, 1, len(known))
    return np.stack([np.interp(share, places, known[:, part]) for part in range(3)], axis=-1)
