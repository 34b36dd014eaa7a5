"""The sizes of an encoder-decoder along its way, before TensorFlow is called.

Every stage halves with stride 2: `⌈n/2⌉` with SAME, `⌊(n − k)/2⌋ + 1` with VALID. The decoder mirrors
it with a transposed convolution of the same kernel and padding, whose size Keras defines as
`2·n` for SAME and `2·n + max(k − 2, 0)` for VALID
(keras.layers.Conv2DTranspose without output_padding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.convolution.windows import Window, window
from engine.errors import Rejected

Two = tuple[int, int]
LARGEST = 512  # pixels of a side, as offered
REPAIRS = (
    "none",
    "crop-encoder",
    "crop-decoder",
    "crop-both",
    "pad-smaller",
    "resize-decoder",
    "output-shape",
    "pad-input",
    "another-size",
)


@dataclass(frozen=True)
class Stage:
    """One halving and the doubling that mirrors it."""

    kernel: int
    padding: str

    def window(self, size: int) -> Window:
        return window(size, self.kernel, 2, 1, self.padding)

    def down(self, size: int) -> int:
        """The size after this stage; 0 without room for a window."""
        return self.window(size).output(size)

    def up(self, size: int) -> int:
        """The size its transposed convolution gives by default."""
        return 2 * size + (max(self.kernel - 2, 0) if self.padding == "VALID" else 0)

    @property
    def least(self) -> int:
        """The smallest size it can halve."""
        return max(2, self.kernel) if self.padding == "VALID" else 2

    def down_formula(self, size: int) -> str:
        return self.window(size).formula(size, self.padding)

    def up_formula(self, size: int) -> str:
        more = f" + {self.kernel - 2}" if self.padding == "VALID" and self.kernel > 2 else ""
        return f"2·{size}{more} = {self.up(size)}"


@dataclass(frozen=True)
class Level:
    """One level of the decoder: what arrives, what the encoder kept there, what they are made to be."""

    level: int
    encoder: Two
    below: Two
    decoder: Two
    skip: bool
    met: Two

    @property
    def parts(self) -> bool:
        """Whether a skip meets a map of another size here."""
        return self.skip and self.encoder != self.decoder


@dataclass(frozen=True)
class Plan:
    """The whole way: sizes of the encoder by level, decoder levels from the deepest up.

    `stopped` says that the last level listed is where TensorFlow refuses to add.
    """

    input: Two
    encoder: tuple[Two, ...]
    levels: tuple[Level, ...]
    stopped: bool

    def at(self, level: int) -> Level:
        return next(one for one in self.levels if one.level == level)

    @property
    def parted(self) -> Level | None:
        """The first level, on the decoder's way, where the sizes are not equal."""
        return next((one for one in self.levels if one.parts), None)


def stages_of(stages: int, layers: Sequence[tuple[str, int]]) -> list[Stage]:
    """One stage a halving; the last row of the table goes on for the deeper ones."""
    rows = list(layers) or [("SAME", 3)]
    return [
        Stage(kernel, padding) for padding, kernel in (rows[min(i, len(rows) - 1)] for i in range(stages))
    ]


def skip_levels(stages: int, skips: Sequence[int]) -> tuple[int, ...]:
    """Levels with a skip, out of those the decoder comes to."""
    return tuple(level for level, painted in enumerate(skips[:stages]) if painted)


def along(size: int, stages: Sequence[Stage]) -> list[int]:
    """Sizes of the encoder on one axis, input first; zeros once a window has no room."""
    sizes = [size]
    for stage in stages:
        sizes.append(stage.down(sizes[-1]) if sizes[-1] >= stage.least else 0)
    return sizes


def gap(size: int, stages: Sequence[Stage], skips: Sequence[int]) -> int | None:
    """Encoder minus decoder at the first skip where they part, 0 if nowhere; None for too small a size."""
    sizes = along(size, stages)
    if not sizes[-1]:
        return None
    now = sizes[-1]
    for level in reversed(range(len(stages))):
        now = stages[level].up(now)
        if level in skips and now != sizes[level]:
            return sizes[level] - now
    return 0


def exact(size: int, stages: Sequence[Stage]) -> bool:
    """Whether nothing is rounded: every level of the decoder has its encoder's size."""
    return gap(size, stages, range(len(stages))) == 0


def next_exact(size: int, stages: Sequence[Stage]) -> int:
    """The smallest size, this one or larger, at which nothing is rounded: they are 2^stages apart."""
    return next(n for n in range(size, size + 2 ** len(stages) + 1024) if exact(n, stages))


def nearest_fit(size: int, stages: Sequence[Stage], skips: Sequence[int]) -> int:
    """The nearest size whose skips all meet their equals; of two equally near ones the smaller."""
    for distance in range(2 ** len(stages) + 1024):
        for candidate in (size - distance, size + distance):
            if candidate > 0 and gap(candidate, stages, skips) == 0:
                return candidate
    raise AssertionError("sizes that fit are 2^stages apart")


def meet(encoder: Two, decoder: Two, repair: str) -> Two:
    """The size both have after a repair at one skip."""
    if repair in ("crop-both", "pad-smaller"):
        choose = min if repair == "crop-both" else max
        return choose(encoder[0], decoder[0]), choose(encoder[1], decoder[1])
    return decoder if repair == "crop-encoder" else encoder


def plan(size: Two, stages: Sequence[Stage], skips: Sequence[int], repair: str) -> Plan:
    """Every size on the way. Raises `Rejected` where a stage has too little to halve."""
    if repair == "pad-input":
        size = (next_exact(size[0], stages), next_exact(size[1], stages))
    if repair == "another-size":
        size = (nearest_fit(size[0], stages, skips), nearest_fit(size[1], stages, skips))
    _room(size, stages)
    rows, columns = (along(n, stages) for n in size)
    encoder = tuple(zip(rows, columns, strict=True))
    levels: list[Level] = []
    now = encoder[-1]
    for level in reversed(range(len(stages))):
        kept, stage = encoder[level], stages[level]
        arrives = kept if repair == "output-shape" else (stage.up(now[0]), stage.up(now[1]))
        one = Level(level, kept, now, arrives, level in skips, arrives)
        if one.parts and repair == "none":
            return Plan(size, encoder, (*levels, one), stopped=True)
        if one.skip:
            one = replace(one, met=meet(kept, arrives, repair))
        levels.append(one)
        now = one.met
    return Plan(size, encoder, tuple(levels), stopped=False)


def larger(level: Level, repair: str) -> bool:
    """Whether the side that this repair crops is the larger one, along both axes."""
    sides = zip(level.encoder, level.decoder, strict=True)
    return all(e >= d if repair == "crop-encoder" else d >= e for e, d in sides)


def wrong_crop(found: Plan, repair: str) -> Level | None:
    """The first level where the side to crop is not the larger one."""
    if repair not in ("crop-encoder", "crop-decoder"):
        return None
    return next((one for one in found.levels if one.parts and not larger(one, repair)), None)


def _room(size: Two, stages: Sequence[Stage]) -> None:
    """A VALID window larger than its map returns garbage in TensorFlow; one pixel broadcasts."""
    for axis, side in enumerate(("high", "wide")):
        now = size[axis]
        for number, stage in enumerate(stages, 1):
            if now >= stage.least:
                now = stage.down(now)
                continue
            smallest = _smallest(stages)
            fits = (max(size[0], smallest), max(size[1], smallest))
            expected = (
                f"at least {smallest} on each side: {len(stages)} stages of stride 2 divide by "
                f"{2 ** len(stages)}, and stage {number} is left with a map {now} {side} where it needs {stage.least} "
                "(a map of one pixel would be added to any other by broadcasting, without an error)"
            )
            fix = f"use {fits[0]}x{fits[1]} or fewer stages"
            raise Rejected("size", f"{size[0]}x{size[1]}", expected, fix, {"size": fits})


def _smallest(stages: Sequence[Stage]) -> int:
    return next(n for n in range(1, 2048) if along(n, stages)[-1])
