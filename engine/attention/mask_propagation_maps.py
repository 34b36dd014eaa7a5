"""Which inputs of a layer each of its outputs is made of, where that is a sum over loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.links import IndexMap

EACH = ("dropout", "relu", "lambda", "times-2", "masking", "reshape", "batch-norm")
ACROSS = ("dense", "time-distributed", "layer-norm", "softmax")  # over the features of one timestep
ROWS = ("attention", "multi-head", "multi-head-residual")
WIDTH = {"conv1d-same": 3, "conv1d-valid": 3, "max-pooling": 2, "average-pooling": 2}


def layer_map(
    kind: str, read: str, written: str, shape: Sequence[int], made: Sequence[int], mask: Any
) -> IndexMap | None:
    """The links of one layer; None for a recurrent layer that answers every step.

    There each answer comes from the steps before it, which no product of loops says. `mask` is what the
    layer was given: int[batch, timestep] or None.
    """
    if kind in WIDTH:
        return _windows(kind, read, written, shape, made)
    if kind in EACH:
        loops = {f"i{axis}": size for axis, size in enumerate(shape)}
        every = tuple(loops)
        exact = kind in ("dropout", "lambda", "times-2", "reshape", "batch-norm")
        return IndexMap(loops, {written: every, read: every}, "each", exact)
    if kind in ACROSS:
        return _across(kind, read, written, shape, made)
    steps = tuple(i for i in range(shape[1]) if mask is None or mask.shape[1:] != shape[1:2] or mask[0, i])
    if kind in ROWS and len(shape) == 3:
        loops = {"n": 1, "t": made[1], "s": shape[1], "u": made[2], "f": shape[2]}
        return IndexMap(loops, {written: ("n", "t", "u"), read: ("n", "s", "f")}, exact=False)
    return _gathered(kind, read, written, shape, made, steps)


def _windows(
    kind: str, read: str, written: str, shape: Sequence[int], made: Sequence[int]
) -> IndexMap | None:
    """Convolution mixes the channels, pooling keeps them apart."""
    loops: dict[str, int | tuple[int, ...]] = {"n": 1, "t": made[1], "k": WIDTH[kind], "u": made[2]}
    if kind in ("max-pooling", "average-pooling"):
        access = {written: ("n", "t", "u"), read: ("n", "2*t + k", "u")}
        combine = "max" if kind == "max-pooling" else "mean"
        return IndexMap(loops, access, combine, exact=kind == "average-pooling")
    at = "t + k - 1" if kind == "conv1d-same" else "t + k"
    return IndexMap(loops | {"c": shape[2]}, {written: ("n", "t", "u"), read: ("n", at, "c")})


def _across(kind: str, read: str, written: str, shape: Sequence[int], made: Sequence[int]) -> IndexMap:
    outer = {f"i{axis}": size for axis, size in enumerate(shape[:-1])}
    access = {written: (*outer, "u"), read: (*outer, "c")}
    loops = outer | {"u": made[-1], "c": shape[-1]}
    weighted = kind in ("dense", "time-distributed")
    return IndexMap(loops, access, "sum" if weighted else "share", exact=weighted)


def _gathered(
    kind: str, read: str, written: str, shape: Sequence[int], made: Sequence[int], steps: tuple[int, ...]
) -> IndexMap | None:
    """What makes one row of all timesteps; `steps` are those that a mask keeps."""
    if kind == "flatten" and len(shape) == 3:
        loops = {"n": 1, "t": shape[1], "f": shape[2]}
        return IndexMap(loops, {written: ("n", f"{shape[2]}*t + f"), read: ("n", "t", "f")}, "each")
    if kind == "flatten":
        return IndexMap({"n": 1, "f": shape[1]}, {written: ("n", "f"), read: ("n", "f")}, "each")
    if kind == "global-average" and steps:
        loops_kept: dict[str, int | tuple[int, ...]] = {"n": 1, "t": steps, "f": shape[2]}
        return IndexMap(loops_kept, {written: ("n", "f"), read: ("n", "t", "f")}, "mean")
    if kind == "global-max":
        loops = {"n": 1, "t": shape[1], "f": shape[2]}
        return IndexMap(loops, {written: ("n", "f"), read: ("n", "t", "f")}, "max", exact=False)
    if kind == "lstm-last" and steps:
        recurrent: dict[str, int | tuple[int, ...]] = {"n": 1, "t": steps, "f": shape[2], "u": made[1]}
        return IndexMap(recurrent, {written: ("n", "u"), read: ("n", "t", "f")}, exact=False)
    return None
