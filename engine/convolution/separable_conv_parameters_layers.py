"""The layers whose parameters are counted: as Keras takes them, and by formula.

Separable: depthwise k²·C_in·m, pointwise C_in·m·C_out, bias C_out. Full: k²·C_in·C_out (+ C_out).
Chollet, 2017, "Xception: Deep Learning with Depthwise Separable Convolutions",
https://arxiv.org/abs/1610.02357.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PARTS = ("depthwise", "pointwise", "full or 1×1", "bias")
WAYS = ("chosen", "other", "full")


@dataclass(frozen=True)
class Layer:
    """One convolution on `side` x `side` pixels of `before` channels; SAME padding."""

    separable: bool
    before: int
    after: int
    kernel: int
    stride: int
    multiplier: int
    bias: bool
    side: int

    @property
    def output(self) -> int:
        """Height and width of the output: ceil(n / s)."""
        return -(-self.side // self.stride)

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """Parameters by formula, in the order of PARTS."""
        bias = self.after * self.bias
        if self.separable:
            wide = self.before * self.multiplier
            return self.kernel**2 * wide, wide * self.after, 0, bias
        return 0, 0, self.kernel**2 * self.before * self.after, bias

    @property
    def multiplications(self) -> int:
        """Multiply-adds: every weight but the bias once for each output pixel."""
        return sum(self.parts[:3]) * self.output**2

    @property
    def name(self) -> str:
        """Such as `separable 5×5, 768 → 128`."""
        kind = "separable" if self.separable else "conv"
        return f"{kind} {self.kernel}×{self.kernel}, {self.before} → {self.after}"

    @property
    def formula(self) -> str:
        """The count with the numbers put in."""
        k, c, o, m = self.kernel, self.before, self.after, self.multiplier
        times = f"·{m}" if m > 1 else ""
        bias = f" + {o}" if self.bias else ""
        if self.separable:
            return f"{k}²·{c}{times} + {c}{times}·{o}{bias} = {sum(self.parts):,}"
        taps = f"{k}²·" if k > 1 else ""
        return f"{taps}{c}·{o}{bias} = {sum(self.parts):,}"

    def call(self) -> dict[str, Any]:
        """The layer as the technique's function builds it in Keras."""
        settings: dict[str, Any] = {
            "filters": self.after,
            "kernel_size": self.kernel,
            "strides": self.stride,
            "padding": "same",
            "use_bias": self.bias,
        }
        if self.separable:
            settings["depth_multiplier"] = self.multiplier
        kind = "SeparableConv2D" if self.separable else "Conv2D"
        return {"kind": kind, "input": [None, self.side, self.side, self.before], "settings": settings}


def ways(
    kernel: int,
    channels_in: int,
    channels_out: int,
    multiplier: int,
    bias: bool,
    repeats: int,
    squeeze: bool,
    stride: tuple[int, int],
    side: int,
    **_: Any,
) -> dict[str, list[Layer]]:
    """The layers as chosen, the same with the squeeze the other way, and full convolutions instead."""

    def stack(separable: bool, before: int) -> list[Layer]:
        layers, size = [], side
        for number in range(repeats):
            step = stride[0] if number == 0 else 1
            layer = Layer(separable, before, channels_out, kernel, step, multiplier, bias, size)
            layers.append(layer)
            before, size = channels_out, layer.output
        return layers

    thin = Layer(False, channels_in, channels_out, 1, 1, 1, bias, side)
    found = {False: stack(True, channels_in), True: [thin, *stack(True, channels_out)]}
    return {"chosen": found[squeeze], "other": found[not squeeze], "full": stack(False, channels_in)}
