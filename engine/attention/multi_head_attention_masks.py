"""Attention masks before TensorFlow sees them: their shapes, and the axes of the scores they meet.

Scores are [batch, heads, queries, keys]. A mask of lower rank gets axes of 1: NumPy, TensorFlow and
PyTorch put them in front ("from the right"); Keras' MultiHeadAttention puts them where the heads are,
`expand_dims(mask, -3)` until the rank is 4 (keras/src/layers/attention/multi_head_attention.py,
`_masked_softmax`). Only sizes are compared, so a mask can meet the wrong axis without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
SCORES = ("batch", "heads", "queries", "keys")
NAMES = {"batch": "batch", "heads": "head", "queries": "query", "keys": "key", "1": "one"}
LAYOUTS = (
    "queries,keys",
    "batch,keys",
    "batch,queries,keys",
    "batch,1,keys",
    "batch,keys,1",
    "heads,queries,keys",
    "batch,1,1,keys",
    "batch,1,queries,keys",
    "batch,heads,queries,keys",
)
FITTING = {"padding": "batch,1,1,keys", "causal": "queries,keys", "both": "batch,1,queries,keys"}


@dataclass(frozen=True)
class Sizes:
    """How long the axes of the scores are."""

    batch: int
    heads: int
    words: int

    @property
    def scores(self) -> tuple[int, int, int, int]:
        return (self.batch, self.heads, self.words, self.words)

    def of(self, axis: str) -> int:
        return 1 if axis == "1" else self.scores[SCORES.index(axis)]

    def shape(self, layout: str) -> tuple[int, ...]:
        return tuple(map(self.of, layout.split(",")))


def rank_4(shape: Sequence[int], rule: str) -> tuple[int, ...]:
    """The shape with axes of 1 put in: where the heads are ("keras"), or in front ("right")."""
    found = list(shape)
    while len(found) < 4:
        found.insert(len(found) - 2 if rule == "keras" else 0, 1)
    return tuple(found)


def places(layout: str, rule: str) -> tuple[int, ...]:
    """For each axis of a mask, the axis of the scores it meets: 0 batch, 1 heads, 2 queries, 3 keys."""
    rank = len(layout.split(","))
    if rank == 3:
        return (0, 2, 3) if rule == "keras" else (1, 2, 3)
    return tuple(range(4 - rank, 4))


def misfit(layout: str, rule: str, sizes: Sizes) -> str | None:
    """The first axis whose size fits neither 1 nor the axis it meets, in words; None if all fit."""
    for axis, place in zip(layout.split(","), places(layout, rule), strict=True):
        if sizes.of(axis) not in (1, sizes.scores[place]):
            return f"its {axis} axis ({sizes.of(axis)}) meets {SCORES[place]} ({sizes.scores[place]})"
    return None


def strays(layout: str, rule: str, sizes: Sizes) -> list[tuple[str, str]]:
    """Axes longer than 1 that meet another axis than the one they are named for."""
    met = zip(layout.split(","), places(layout, rule), strict=True)
    return [(axis, SCORES[p]) for axis, p in met if sizes.of(axis) > 1 and SCORES[p] != axis]


def wanted(kind: str, lengths: Sequence[int], sizes: Sizes) -> Array:
    """What a mask should mean: bool[batch, heads, queries, keys], True may be attended to."""
    place = np.arange(sizes.words)
    kept = np.ones(sizes.scores, bool)
    if kind in ("padding", "both"):
        kept &= (place < np.array(lengths)[:, None])[:, None, None, :]
    if kind in ("causal", "both"):
        kept &= place[:, None] >= place
    return kept


def handed_over(meant: Array, layout: str) -> Array:
    """The mask as someone writes it in this layout: an axis it does not have is taken at place 0."""
    axes = layout.split(",")
    taken = meant[tuple(slice(None) if axis in axes else 0 for axis in SCORES)]
    order = [axis for axis in SCORES if axis in axes]
    shape = [meant.shape[SCORES.index(axis)] if axis != "1" else 1 for axis in axes]
    named = [axis for axis in axes if axis != "1"]
    found: Array = taken.transpose([order.index(axis) for axis in named]).reshape(shape)
    return found


def by_name(mask: Array, layout: str, sizes: Sizes) -> Array:
    """What a painted mask means if each axis met its namesake: bool[batch, heads, queries, keys]."""
    named = [axis for axis in layout.split(",") if axis != "1"]
    squeezed = mask.reshape([sizes.of(axis) for axis in named])
    inside = squeezed.transpose(sorted(range(len(named)), key=lambda at: SCORES.index(named[at])))
    shape = [sizes.of(axis) if axis in named else 1 for axis in SCORES]
    return np.broadcast_to(inside.reshape(shape), sizes.scores)


def met(mask: Array, rule: str, sizes: Sizes) -> Array:
    """What a mask does: bool[batch, heads, queries, keys], broadcast by this rule."""
    return np.broadcast_to(mask.reshape(rank_4(mask.shape, rule)), sizes.scores)


def sayable(kind: str, layout: str) -> bool:
    """Whether a mask of this kind can be written in this layout: a causal one needs queries."""
    return kind == "padding" or "queries" in layout.split(",")


def verdict(kind: str, layout: str, rule: str, lengths: Sequence[int], sizes: Sizes) -> tuple[str, int]:
    """How it ends to hand a mask over like this: a word, and how many of the scores are masked wrongly."""
    if not sayable(kind, layout):
        return "cannot say it", 0
    if misfit(layout, rule, sizes):
        return "refused", 0
    meant = wanted(kind, lengths, sizes)
    wrong = int((met(handed_over(meant, layout), rule, sizes) != meant).sum())
    return ("silently wrong" if wrong else "right"), wrong
