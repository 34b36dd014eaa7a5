"""The arithmetic of sliding windows along one axis: sizes, padding, receptive fields.

TensorFlow's SAME pads just enough for ceil(n / stride) windows and puts the odd cell after
(https://www.tensorflow.org/api_docs/python/tf/nn, "Notes on padding").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """One layer along one axis: kernel, stride and dilation in cells, padding before and after."""

    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def span(self) -> int:
        """Cells from the first to the last tap: (kernel - 1) * dilation + 1."""
        return (self.kernel - 1) * self.dilation + 1

    def output(self, size: int) -> int:
        """How many windows fit: floor((n + pads - span) / stride) + 1, or 0 when none does."""
        return max(0, (size + self.before + self.after - self.span) // self.stride + 1)

    def at(self, loop: str, tap: str) -> str:
        """The input cell that tap `tap` of window `loop` reads, as an index map writes it."""
        return f"{self.stride}*{loop} + {self.dilation}*{tap} - {self.before}"

    def formula(self, size: int, padding: str) -> str:
        """The output size with the numbers put in."""
        if padding == "SAME":
            return f"⌈{size}/{self.stride}⌉ = {self.output(size)}"
        pads = f" + {self.before} + {self.after}" if padding == "explicit" else ""
        return f"⌊({size}{pads} − {self.span})/{self.stride}⌋ + 1 = {self.output(size)}"


def window(
    size: int, kernel: int, stride: int, dilation: int, padding: str, explicit: tuple[int, int] = (0, 0)
) -> Window:
    """The window TensorFlow slides over `size` cells with SAME, VALID or explicit padding."""
    if padding != "SAME":
        before, after = explicit if padding == "explicit" else (0, 0)
        return Window(kernel, stride, dilation, before, after)
    span = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + span - size, 0)
    return Window(kernel, stride, dilation, total // 2, total - total // 2)


def growth(windows: Sequence[Window]) -> list[tuple[int, int]]:
    """(receptive field, jump) in input cells after each layer.

    r += (span - 1) * j and j *= stride, from r = j = 1 (Araujo et al., 2019, "Computing Receptive
    Fields of Convolutional Neural Networks", https://distill.pub/2019/computing-receptive-fields).
    """
    field, jump, grown = 1, 1, []
    for layer in windows:
        field += (layer.span - 1) * jump
        jump *= layer.stride
        grown.append((field, jump))
    return grown


def seen(windows: Sequence[Window], unit: int) -> tuple[int, int]:
    """First and last input cell of the window one unit sees; outside the input is padding."""
    first = last = unit
    for layer in reversed(windows):
        first = first * layer.stride - layer.before
        last = last * layer.stride - layer.before + layer.span - 1
    return first, last
