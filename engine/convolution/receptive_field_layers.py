"""The layers of the receptive-field technique with their sizes, before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.convolution.windows import Window, window
from engine.errors import Rejected

Two = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One layer that fits: `input` and `output` are (height, width)."""

    kind: str
    kernel: Two
    windows: tuple[Window, Window]
    padding: str
    channels: int
    filters: int
    input: Two
    output: Two

    @property
    def weights(self) -> tuple[int, int, int, int] | None:
        """The kernel's shape [height, width, channels, filters]; None for pooling."""
        return (*self.kernel, self.channels, self.filters) if self.kind == "conv" else None

    @property
    def stride(self) -> Two:
        return self.windows[0].stride, self.windows[1].stride

    @property
    def dilation(self) -> Two:
        return self.windows[0].dilation, self.windows[1].dilation

    def call(self) -> dict[str, Any]:
        """The layer as the technique's function takes it."""
        pads = [(along.before, along.after) for along in self.windows]
        padding = pads if self.padding == "explicit" else self.padding
        return {
            "kind": self.kind,
            "kernel": self.kernel,
            "stride": self.stride,
            "dilation": self.dilation,
            "padding": padding,
        }


def layers_of(
    size: Two,
    channels: int,
    kernel: Two,
    stride: Two,
    dilation: Two,
    padding: str,
    pads: Sequence[int],
    filters: int,
    stack: Sequence[tuple[Any, ...]],
    **_: Any,
) -> list[Layer]:
    """Every layer with its sizes. Raises `Rejected` for the first without room for a window."""
    explicit = ((int(pads[0]), int(pads[1])), (int(pads[2]), int(pads[3])))
    layers = [_layer(1, "conv", size, kernel, stride, dilation, padding, channels, filters, explicit)]
    for number, (kind, taps, step, gap, zeros, wanted) in enumerate(stack, 2):
        last = layers[-1]
        if kind != "conv" and gap > 1:
            raise Rejected(
                f"stack, row {number - 1}, dilation", str(gap), "1 for pooling", "use 1, or a conv layer"
            )
        wanted = wanted if kind == "conv" else last.filters
        layers.append(_layer(number, kind, last.output, taps, step, (gap, gap), zeros, last.filters, wanted))
    return layers


def _layer(
    number: int,
    kind: str,
    size: Two,
    kernel: Two,
    stride: Two,
    dilation: Two,
    padding: str,
    channels: int,
    filters: int,
    explicit: tuple[Two, Two] = ((0, 0), (0, 0)),
) -> Layer:
    rows, columns = (
        window(size[axis], kernel[axis], stride[axis], dilation[axis], padding, explicit[axis])
        for axis in (0, 1)
    )
    output = (rows.output(size[0]), columns.output(size[1]))
    if 0 in output:
        raise _too_large(number, kernel, (rows, columns), size, padding)
    return Layer(kind, kernel, (rows, columns), padding, channels, filters, size, output)


def _too_large(number: int, kernel: Two, windows: tuple[Window, Window], size: Two, padding: str) -> Rejected:
    """TensorFlow must never see this: a window one larger than the input returns garbage."""
    spans = f"{windows[0].span}x{windows[1].span}"
    room = [s + along.before + along.after for s, along in zip(size, windows, strict=True)]
    name = "kernel" if number == 1 else f"stack, row {number - 1}, kernel"
    fits = tuple(
        max(1, min(taps, (space - 1) // along.dilation + 1))
        for taps, space, along in zip(kernel, room, windows, strict=True)
    )
    remedy = {"kernel": fits} if number == 1 else {}
    received = f"{kernel[0]}x{kernel[1]} (spanning {spans} with its dilation)"
    expected = f"at most {room[0]}x{room[1]}: what layer {number} gets with {padding} padding"
    return Rejected(
        name, received, expected, f"use {fits[0]}x{fits[1]}, a larger image or SAME padding", remedy
    )
