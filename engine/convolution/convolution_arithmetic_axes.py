"""Sizes of convolution arithmetic, axis by axis, before TensorFlow is called.

Formulas: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning"
(https://arxiv.org/abs/1603.07285), with SAME and its odd zero as TensorFlow has them
(https://www.tensorflow.org/api_docs/python/tf/nn, "Notes on padding").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.convolution.windows import Window, window
from engine.errors import Rejected

SIDES = ("depth", "height", "width")


@dataclass(frozen=True)
class Axis:
    """One spatial axis: its size and window; a transposed one also has output padding.

    A transposed axis spreads its cells `stride` apart, gives every tap its place, and cuts the
    window's `before` and `after` off; `extra` cells are added after.
    """

    name: str
    size: int
    window: Window
    transposed: bool = False
    extra: int = 0

    @cached_property
    def output(self) -> int:
        """⌊(i + pads − span) / s⌋ + 1, or (i − 1)·s + span − pads + extra when transposed."""
        along = self.window
        if not self.transposed:
            return along.output(self.size)
        return max(0, self.full - along.before - along.after + self.extra)

    @property
    def full(self) -> int:
        """A transposed axis before anything is cut off: (i − 1)·s + span."""
        return (self.size - 1) * self.window.stride + self.window.span

    @property
    def stretched(self) -> int:
        """A transposed axis with stride − 1 zeros between its cells: (i − 1)·s + 1."""
        return (self.size - 1) * self.window.stride + 1

    @property
    def margin(self) -> int:
        """Where the first window on the stretched axis begins: so many cells before it."""
        return self.window.span - 1 - self.window.before

    @property
    def left_over(self) -> int:
        """Cells of the padded axis after the last window: what flooring drops."""
        along = self.window
        return 0 if self.transposed else (self.size + along.before + along.after - along.span) % along.stride

    @cached_property
    def taps(self) -> tuple[tuple[int, ...], ...]:
        """For each window the cells of the input its taps meet, padding left out."""
        along = self.window
        at = range(along.kernel)
        starts = (place * along.stride - along.before for place in range(self.output))
        places = ([start + tap * along.dilation for tap in at] for start in starts)
        return tuple(tuple(cell for cell in cells if 0 <= cell < self.size) for cells in places)

    @cached_property
    def unread(self) -> tuple[int, ...]:
        """Cells of the input that no window reads."""
        if self.transposed:
            return ()
        read = {cell for cells in self.taps for cell in cells}
        return tuple(cell for cell in range(self.size) if cell not in read)

    def formula(self, padding: str) -> str:
        """The output size with the numbers put in."""
        along = self.window
        if not self.transposed:
            return along.formula(self.size, padding if padding in ("SAME", "VALID") else "explicit")
        parts = f"({self.size} − 1)·{along.stride} + {along.span}"
        parts += "".join(f" − {pad}" for pad in (along.before, along.after) if along.before or along.after)
        return parts + (f" + {self.extra}" if self.extra else "") + f" = {self.output}"


def axes_of(
    dimensions: str,
    operation: str,
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: str,
    pad: Sequence[int],
    pads: Sequence[float],
    output_padding: Sequence[int] | None,
    depth: Sequence[Sequence[int]],
    **_: Any,
) -> tuple[Axis, ...]:
    """Every spatial axis with its sizes. Raises `Rejected` where no output padding is possible."""
    rank = int(dimensions[0])
    one = [int(number) for number in pads]
    rows = [
        (size[at], kernel[at], stride[at], dilation[at], pad[at], one[2 * at], one[2 * at + 1])
        for at in (0, 1)
    ]
    added: list[int | None] = [None, None] if output_padding is None else list(output_padding)
    if rank == 3:
        row, extra = rows[0], added[0]
        if depth:
            *first, before, after, own = depth[0]
            row, extra = (first[0], first[1], first[2], first[3], before, before, after), own
        rows, added = [row, *rows], [extra if output_padding is not None else None, *added]
    make = _transposed if operation == "transposed" else _plain
    chosen = zip(SIDES[3 - rank :], rows[-rank:], added[-rank:], strict=True)
    return tuple(make(name, padding, row, extra) for name, row, extra in chosen)


def _zeros(padding: str, span: int, symmetric: int, before: int, after: int) -> tuple[int, int]:
    """Zeros before and after for every padding but SAME."""
    given = {"symmetric": (symmetric, symmetric), "explicit": (before, after), "causal": (span - 1, 0)}
    return given.get(padding, (0, 0))


def _plain(name: str, padding: str, row: Sequence[int], _: int | None) -> Axis:
    size, kernel, stride, dilation, symmetric, before, after = row
    explicit = _zeros(padding, (kernel - 1) * dilation + 1, symmetric, before, after)
    kind = padding if padding in ("SAME", "VALID") else "explicit"
    return Axis(name, size, window(size, kernel, stride, dilation, kind, explicit))


def _transposed(name: str, padding: str, row: Sequence[int], added: int | None) -> Axis:
    """The convolution that is undone has this axis' output as its input; SAME pads as it does there."""
    size, kernel, stride, dilation, symmetric, before, after = row
    span = (kernel - 1) * dilation + 1
    if added is not None and added >= stride:
        expected = f"less than the stride of {stride} along the {name}"
        fix = "leave it automatic: a whole stride more belongs to the next window"
        raise Rejected("output_padding", str(added), expected, fix, {"output_padding": None})
    full = (size - 1) * stride + span
    if padding != "SAME":
        zeros = _zeros(padding, span, symmetric, before, after)
        automatic = max(stride - span, 0) if padding == "VALID" else 0  # as Keras has it
        along = Window(kernel, stride, dilation, *zeros)
        return Axis(name, size, along, True, automatic if added is None else added)
    output = size * stride if added is None else full - 2 * (span // 2) + added
    if -(-output // stride) != size:
        expected = f"1 to {stride - 1} with SAME padding and an even window of {span}"
        fix = f"an output of {output} has {-(-output // stride)} windows, not {size}: leave it automatic"
        raise Rejected("output_padding", str(added), expected, fix, {"output_padding": None})
    total = max(full - output, 0)
    along = Window(kernel, stride, dilation, total // 2, total - total // 2)
    return Axis(name, size, along, True, output - (full - total))
