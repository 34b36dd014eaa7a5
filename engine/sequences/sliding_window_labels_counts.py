"""Counting windows without making one: how many, which steps they hold, what they would weigh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import Rejected

MOST_SHOWN, WIDEST = 4, 160  # windows that are really built; more than two only while so many steps hold them
LINE = 600  # points of the whole series that a timeline draws
HEADS = ("GlobalMaxPooling1D", "GlobalAveragePooling1D", "Flatten", "none", "GlobalMaxPooling2D", "Reshape")


@dataclass(frozen=True)
class Layout:
    """Where windows begin: every `stride` steps; `count` of them, `shown` from window `first` on."""

    steps: int
    window: int
    stride: int
    first: int

    @property
    def count(self) -> int:
        """floor((n - w) / s) + 1, or 0 when none fits."""
        return (self.steps - self.window) // self.stride + 1 if self.window <= self.steps else 0

    @property
    def shown(self) -> int:
        fitting = max(2, 1 + (WIDEST - self.window) // self.stride)
        return min(MOST_SHOWN, fitting, self.count - self.first)

    @property
    def begin(self) -> int:
        """The first step of the shown piece of the series."""
        return self.first * self.stride

    @property
    def end(self) -> int:
        """The step after its last."""
        return (self.first + self.shown - 1) * self.stride + self.window

    @property
    def overlap(self) -> int:
        """Steps that two neighbours share."""
        return max(0, self.window - self.stride)

    @property
    def unread(self) -> int:
        """Steps of the series that no window holds."""
        return self.steps - (self.count * min(self.stride, self.window) + self.overlap)


def layout_of(p: Mapping[str, Any]) -> Layout:
    """A reshape cuts where a window ends, whatever the stride says."""
    stride = p["window"] if p["builder"] == "reshape" else p["stride"]
    whole = Layout(p["steps"], p["window"], stride, 0)
    return replace(whole, first=round(p["chosen"] * max(0, whole.count - 1)))


def features_length(window: int, kernel: int, padding: str) -> int:
    """Steps that a convolution leaves of a window: w - k + 1 with valid, else w."""
    return window - kernel + 1 if padding == "valid" else window


def pads_of(kernel: int, padding: str) -> tuple[int, int]:
    """Zeros before and after at stride 1; the odd one of same goes after."""
    total = 0 if padding == "valid" else kernel - 1
    before = total if padding == "causal" else total // 2
    return before, total - before


@dataclass(frozen=True)
class Split:
    """How many windows are trained on, left out between, and tested on."""

    train: int
    dropped: int
    test: int


def split_of(p: Mapping[str, Any], layout: Layout) -> Split:
    """The last windows are the test; one is always left to train on. Raises `Rejected`."""
    count = layout.count
    test = min(max(round(count * p["test_share"]), 1), count - 1)
    if p["split"] == "random":
        return Split(count - test, 0, test)
    enough = (
        -(-layout.window // layout.stride) - 1
    )  # windows that still share a step with the first test window
    gap = min(enough, count - test - 1) if p["gap"] is None else p["gap"]
    if count - test - gap < 1:
        received = f"{gap} of {count} windows, {test} of them for the test"
        fix = "leave fewer out, or test on fewer"
        expected = f"at most {count - test - 1}, so that one window is left to train on"
        raise Rejected("gap", received, expected, fix, {"gap": None})
    return Split(count - test - gap, gap, test)
