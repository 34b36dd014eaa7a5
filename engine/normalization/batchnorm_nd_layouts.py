"""Shapes of the batches that batchnorm-nd normalises, and what must hold between shape and axis."""

from __future__ import annotations

from math import prod
from typing import Any

from engine.errors import Rejected

MOST_VALUES = 20_000
MOST_HISTORY = 3_000_000  # values of all batches of a history together

# The question's layers, without the batch, and the small ones of the same rank that are drawn.
QUESTION = {"fc": (1024,), "conv2d": (480, 640, 128), "conv3d": (9, 120, 160, 96)}
DRAWN = {"fc": (6,), "conv2d": (4, 5, 3), "conv3d": (9, 2, 2, 3)}

_INNER = ("block", "frame", "height", "width")


def shape_of(case: str, batch: int, sizes: tuple[int, ...], **_: Any) -> tuple[int, ...]:
    """The batch's shape, [batch, …, channel]."""
    return (batch, *(sizes if case == "custom" else DRAWN[case]))


def question_shape(case: str, batch: int, **_: Any) -> tuple[int, ...] | None:
    """The shape of the question's own layer; None for a shape of one's own."""
    return None if case == "custom" else (batch, *QUESTION[case])


def axis_names(case: str, rank: int) -> tuple[str, ...]:
    """`batch`, what is between, and `channel` (`unit` for a dense layer)."""
    if rank == 2:
        return ("batch", "unit" if case == "fc" else "channel")
    inner = ("step",) if rank == 3 else _INNER[len(_INNER) - (rank - 2) :]
    return ("batch", *inner, "channel")


def masked_axis(rank: int) -> int:
    """The axis along which places are masked: frames, rows or steps; for a dense layer the samples."""
    return 1 if rank > 2 else 0


def check_size(shape: tuple[int, ...], steps: int, shift: float) -> None:
    """A page draws every value; a history that drifts holds one batch for each step."""
    values = prod(shape)
    shown = " × ".join(map(str, shape))
    if values > MOST_VALUES:
        raise Rejected(
            "batch",
            f"{shown} = {values:,} values",
            f"at most {MOST_VALUES:,} values",
            "choose a smaller batch or smaller sizes: only the axis' own size decides γ and β",
            {"batch": 1, "sizes": DRAWN["conv3d"]},
        )
    if shift and values * steps > MOST_HISTORY:
        most = MOST_HISTORY // values
        raise Rejected(
            "steps",
            f"{steps} steps with batches of {values:,} values",
            f"at most {most} steps while every batch is another",
            f"choose {most} steps, a smaller batch, or no shift",
            {"steps": most},
        )


def check_axis(axis: int, shape: tuple[int, ...]) -> None:
    """Keras' own answer is a bare IndexError."""
    rank = len(shape)
    if not -rank <= axis < rank:
        raise Rejected(
            "axis",
            str(axis),
            f"an axis of a tensor of rank {rank}: {-rank} to {rank - 1}",
            "choose -1, the channels (Keras says only: IndexError: tuple index out of range)",
            {"axis": -1},
        )


def check_mask(mask: tuple[int, ...], axis: int, shape: tuple[int, ...], names: tuple[str, ...]) -> None:
    """One entry for each place, and in every group at least one that is kept."""
    along = masked_axis(len(shape))
    length, name = shape[along], names[along]
    nothing = {"mask": None}
    if len(mask) != length:
        fix = "add or remove entries, or leave the mask out"
        raise Rejected("mask", f"{len(mask)} entries", f"{length}, one for each {name}", fix, nothing)
    if not any(mask):
        expected = f"at least one {name} that is kept"
        fix = "set one to 1: Keras takes mean 0 and variance 0 of nothing, and divides x by √ε"
        raise Rejected("mask", "a mask that keeps nothing", expected, fix, nothing)
    if axis % len(shape) == along and not all(mask):
        expected = f"no masked {name} where each {name} has statistics of its own"
        fix = f"choose another axis, or leave the mask out: a masked {name} would have no values"
        raise Rejected("mask", f"axis {axis} and masked places along it", expected, fix, nothing)


def check_masked_single(axis: int, shape: tuple[int, ...], name: str) -> None:
    """Keras squeezes the masked mean of one place to a scalar, and unless axis is -1 asks for its length."""
    if axis != -1 and shape[axis] == 1:
        expected = f"two or more {name}s, or axis -1, in training with a mask"
        fix = "leave the mask out: Keras makes the one mean a scalar and fails (tuple index out of range)"
        raise Rejected("mask", f"a mask, and one {name} along axis {axis}", expected, fix, {"mask": None})


def check_momentum(momentum: float) -> None:
    """Keras takes any number, 2.0 as well: its moving variance then turns negative or explodes."""
    if not 0 <= momentum < 1:
        raise Rejected(
            "momentum",
            f"{momentum:g}",
            "0 or more and below 1: the share of the old moving value that is kept",
            "choose 0.99, Keras' default; Keras itself would take this one without a word",
            {"momentum": 0.99},
        )


def check_epsilon(epsilon: float) -> None:
    """At 0 a constant channel is 0/0; below it the root may not exist."""
    if epsilon <= 0:
        raise Rejected(
            "epsilon",
            f"{epsilon:g}",
            "a number above 0: it is added to the variance under the root",
            "choose 0.001, Keras' default; with 0 a constant channel becomes 0/0 = NaN",
            {"epsilon": 0.001},
        )


def check_fused(axis: int, shape: tuple[int, ...], mask: tuple[int, ...] | None) -> None:
    """The fused kernel takes images and clips, channels last, and all of their values."""
    rank = len(shape)
    said = "on: the fused kernel"
    off = {"fused": False}
    if rank not in (4, 5):
        values = shape if rank < 4 else (shape[0] * shape[1], *shape[2:])
        flat = (*values[:-1], *[1] * (4 - rank), values[-1])
        fix = (
            f"reshape to {list(flat)} first, or switch it off (TensorFlow says: input must be 4-dimensional)"
        )
        raise Rejected("fused", f"{said}, with rank {rank}", "rank 4 (NHWC) or 5 (NDHWC)", fix, off)
    if axis % rank != rank - 1:
        expected = f"axis -1: it keeps the last axis, {shape[-1]} channels"
        fix = "choose axis -1, transpose the axis to the end first, or switch it off"
        raise Rejected("fused", f"{said}, with axis {axis}", expected, fix, off)
    if mask is not None and not all(mask):
        fix = "leave the mask out, or switch it off"
        raise Rejected("fused", f"{said}, with a mask", "every place kept: it knows no mask", fix, off)
