"""The layers of the learned-filters network with their sizes, before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from engine.convolution.windows import Window, window
from engine.errors import Rejected

Two = tuple[int, int]
SIDE = 8  # pixels of a digit, each way
CLASSES = 10


@dataclass(frozen=True)
class Layer:
    """A convolution or a pooling that fits; `input` and `output` are (height, width)."""

    windows: tuple[Window, Window]
    channels: int
    filters: int
    input: Two
    output: Two


@dataclass(frozen=True)
class Network:
    """One or two convolutions, each followed by bias and ReLU, then pooling and a dense layer."""

    convolutions: tuple[Layer, ...]
    pool: Layer

    @property
    def flat(self) -> int:
        """Entries of the flattened vector."""
        return prod(self.pool.output) * self.pool.filters

    @property
    def counts(self) -> tuple[int, ...]:
        """Weights and biases of each layer, the dense one last."""
        taps = [prod(along.kernel for along in layer.windows) for layer in self.convolutions]
        found = [
            (count * layer.channels + 1) * layer.filters
            for count, layer in zip(taps, self.convolutions, strict=True)
        ]
        return (*found, (self.flat + 1) * CLASSES)

    @property
    def multiplications(self) -> int:
        """Products of one picture on its way to the logits."""
        taps = [prod(along.kernel for along in layer.windows) for layer in self.convolutions]
        convolved = sum(
            prod(layer.output) * layer.filters * count * layer.channels
            for count, layer in zip(taps, self.convolutions, strict=True)
        )
        return convolved + self.flat * CLASSES

    @property
    def units(self) -> int:
        """Cells of every activation of one picture."""
        return sum(prod(layer.output) * layer.filters for layer in (*self.convolutions, self.pool))


def network_of(
    kernel: Two,
    stride: Two,
    padding: str,
    pads: Sequence[int],
    layers: int,
    filters: int,
    pool: int,
    **_: Any,
) -> Network:
    """Every layer with its sizes. Raises `Rejected` for the first without room for a window."""
    explicit = ((int(pads[0]), int(pads[1])), (int(pads[2]), int(pads[3])))
    size, channels, found = (SIDE, SIDE), 1, []
    for number in range(1, layers + 1):
        windows = (
            window(size[0], kernel[0], stride[0], 1, padding, explicit[0]),
            window(size[1], kernel[1], stride[1], 1, padding, explicit[1]),
        )
        output = (windows[0].output(size[0]), windows[1].output(size[1]))
        if 0 in output:
            raise _too_large(number, kernel, windows, size, padding)
        found.append(Layer(windows, channels, filters, size, output))
        size, channels = output, filters
    return Network(tuple(found), _pool(size, pool, filters))


def _pool(size: Two, pool: int, filters: int) -> Layer:
    """The pooling layer. A pooling window one larger than its input would end the process (SIGFPE)."""
    if pool > min(size):
        most = min(size)
        expected = f"at most {most}: the last convolution leaves {size[0]} x {size[1]}"
        fix = f"use {most}" + (", which leaves pooling out" if most == 1 else " or a smaller stride")
        raise Rejected("pool", f"{pool}", expected, fix, {"pool": most})
    windows = (Window(pool, pool, 1, 0, 0), Window(pool, pool, 1, 0, 0))
    return Layer(windows, filters, filters, size, (windows[0].output(size[0]), windows[1].output(size[1])))


def _too_large(number: int, kernel: Two, windows: tuple[Window, Window], size: Two, padding: str) -> Rejected:
    """TensorFlow must never see this: a window one larger than its input returns garbage."""
    room = [s + along.before + along.after for s, along in zip(size, windows, strict=True)]
    fits = tuple(min(taps, space) for taps, space in zip(kernel, room, strict=True))
    remedy: dict[str, Any] = {"kernel": fits} if number == 1 else {"padding": "SAME"}
    fix = f"use {fits[0]}x{fits[1]} or SAME padding" if number == 1 else "use SAME padding or one layer"
    expected = f"at most {room[0]}x{room[1]}: what convolution {number} gets with {padding} padding"
    return Rejected("kernel", f"{kernel[0]}x{kernel[1]}", expected, fix, remedy)
