"""The steps from a batch to its normalised values, each with its index map.

Links are derivatives: while the batch's own statistics are used, a normalised value depends on every
value that shares them; in inference on its own place alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from engine.links import IndexMap
from engine.normalization.batchnorm_nd_layouts import axis_names, masked_axis
from engine.trace import Step

_OWN, _OTHER = "bpqrsc", "ijklmn"


class Layout:
    """Loops and index texts for one shape, axis and mask."""

    def __init__(self, p: Mapping[str, Any], shape: tuple[int, ...]) -> None:
        rank = len(shape)
        self.shape, self.axis, self.mask = shape, p["axis"] % rank, p["mask"]
        self.names = axis_names(p["case"], rank)
        self.own = (*_OWN[: rank - 1], _OWN[-1])
        self.channel = (self.own[self.axis],)
        self.other = tuple(_OTHER[:rank])
        self.kept = self._kept(rank)
        self.group = prod(
            n if isinstance(n, int) else len(n) for at, n in self.kept.items() if at != self.axis
        )

    def _kept(self, rank: int) -> dict[int, int | tuple[int, ...]]:
        """The places of each axis that count for mean and variance."""
        kept: dict[int, int | tuple[int, ...]] = dict(enumerate(self.shape))
        if self.mask is not None and not all(self.mask):
            kept[masked_axis(rank)] = tuple(place for place, flag in enumerate(self.mask) if flag)
        return kept

    @property
    def masked(self) -> bool:
        return self.mask is not None and not all(self.mask)

    @property
    def size(self) -> int:
        return int(self.shape[self.axis])

    def counted(self) -> str:
        """`2 × 9 × 3 × 3 = 162 values for each channel`."""
        sizes = [n if isinstance(n, int) else len(n) for at, n in self.kept.items() if at != self.axis]
        product = f"{' × '.join(map(str, sizes))} = " if len(sizes) > 1 else ""
        return f"{product}{self.group} value{'s' * (self.group != 1)} for each {self.names[self.axis]}"

    def each(self, written: str, *read: str, vectors: tuple[str, ...] = (), exact: bool = True) -> IndexMap:
        """One to one between tensors of the batch's shape; `vectors` have one cell for each place of the axis."""
        loops = dict(zip(self.own, self.shape, strict=True))
        access = dict.fromkeys((written, *read), self.own) | dict.fromkeys(vectors, self.channel)
        return IndexMap(loops, access, "each", exact)

    def average(self, written: str, read: str, exact: bool = True) -> IndexMap:
        """All kept values of a group into one cell."""
        loops = {self.own[at]: kept for at, kept in self.kept.items()}
        return IndexMap(loops, {written: self.channel, read: self.own}, "mean", exact)

    def whole(self, written: str, read: str, vectors: tuple[str, ...], exact: bool) -> IndexMap:
        """Each cell from all kept values that share its statistics."""
        loops: dict[str, Any] = dict(zip(self.own, self.shape, strict=True))
        loops |= {self.other[at]: kept for at, kept in self.kept.items() if at != self.axis}
        shared = tuple(self.own[at] if at == self.axis else self.other[at] for at in range(len(self.shape)))
        access = {written: self.own, read: shared} | dict.fromkeys(vectors, self.channel)
        return IndexMap(loops, access, "share", exact)


def steps(p: Mapping[str, Any], layout: Layout) -> list[Step]:
    """From x to out; the moving values aside while the batch's own are used."""
    found, source = [], "x"
    if p["order"] == "relu-bn":
        found.append(_relu("x", "rectified", layout))
        source = "rectified"
    by_batch = p["mode"] == "training" and p["trainable"]
    found += _statistics(source, layout, aside=not by_batch)
    found += _moving(p, layout, aside=by_batch)
    if p["fused"] and by_batch:
        found.append(_fused(source, layout))
    found += [_normalise(source, layout, by_batch), _scale(layout)]
    if p["order"] == "bn-relu":
        found.append(_relu("y", "out", layout))
    return found


def _relu(read: str, written: str, layout: Layout) -> Step:
    each = layout.each(written, read, exact=False)  # what is below 0 has no slope
    return Step("ReLU", (read,), written, "", (), each, f"max({{{read}}}, 0)")


def _statistics(source: str, layout: Layout, aside: bool) -> list[Step]:
    over = ", ".join(name for at, name in enumerate(layout.names) if at != layout.axis)
    formula = (layout.counted(),)
    mean, variance = layout.average("mean", source), layout.average("variance", source, layout.group > 2)
    return [
        Step("mean", (source,), "mean", f"over {over}", formula, mean, aside=aside),
        Step("variance", (source,), "variance", f"over {over}", formula, variance,
             f"mean of ({{{source}}} − its mean)²", aside=aside),
    ]  # fmt: skip


def _moving(p: Mapping[str, Any], layout: Layout, aside: bool) -> list[Step]:
    steps, momentum = p["steps"], p["momentum"]
    if not steps:
        return []
    # With momentum 0 only the last batch counts; otherwise the oldest batches' weights may underflow.
    seen: int | tuple[int, ...] = steps if momentum else (steps - 1,)
    exact = not momentum or (1 - momentum) * momentum ** (steps - 1) > 1e-30
    loops = {"t": seen, "c": layout.size}
    share = IndexMap(loops, {"batch_mean": ("t", "c"), "moving_mean": ("c",)}, "sum", exact)
    readout = f"Σ {1 - momentum:.3g} · {momentum:g}^age · {{batch_mean}}"
    weights = f"momentum {momentum:g}"
    return [
        Step("moving mean", ("batch_mean",), "moving_mean", weights, (f"{steps} steps → 1",), share, readout, aside)
    ]  # fmt: skip


def _fused(source: str, layout: Layout) -> Step:
    over = layout.average("fused_variance", source, exact=False)  # TensorFlow registers no gradient for it
    readout = f"Σ ({{{source}}} − its mean)² ÷ {max(1, layout.group - 1)}"
    return Step("fused kernel", (source,), "fused_variance", "÷ (n − 1)", (), over, readout, aside=True)


def _normalise(source: str, layout: Layout, by_batch: bool) -> Step:
    mean, variance = ("mean", "variance") if by_batch else ("moving_mean", "moving_variance")
    reads, readout = (source, mean, variance), f"(own {source} − {{{mean}}}) ÷ √({{{variance}}} + ε)"
    if by_batch:
        exact = layout.group > 2 and not layout.masked  # a masked place is its own, and outside its group
        found = layout.whole("normalised", source, (mean, variance), exact)
    else:
        found = layout.each("normalised", source, vectors=(mean, variance))
    return Step("normalise", reads, "normalised", "", (), found, readout)


def _scale(layout: Layout) -> Step:
    found = layout.each("y", "normalised", vectors=("gamma", "beta"))
    readout = "{gamma} × {normalised} + {beta}"
    formula = (f"γ, β: {layout.size} {layout.names[layout.axis]}{'s' * (layout.size != 1)}",)
    return Step("γ · + β", ("normalised", "gamma", "beta"), "y", "", formula, found, readout)
