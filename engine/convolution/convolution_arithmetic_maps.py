"""Index maps of convolution, depthwise, grouped and transposed convolution, and pooling.

One loop for each output place and each tap of every axis, and loops over channels. A transposed
convolution has the same map with the roles of input and output exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.convolution.convolution_arithmetic_axes import Axis
from engine.links import IndexMap

PLACES, TAPS = ("h", "i", "j"), ("t", "u", "v")
Loops = dict[str, int | tuple[int, ...]]


class Maps:
    """The maps of one run; tensors may be named as the page names them."""

    def __init__(self, parameters: Mapping[str, Any], axes: Sequence[Axis]) -> None:
        self.p, self.axes, rank = parameters, axes, len(axes)
        self.places, self.taps = PLACES[-rank:], TAPS[-rank:]
        self.transposed = parameters["operation"] == "transposed"
        self.pooling = parameters["operation"] in ("max-pool", "avg-pool")

    def forward(self, writes: str, like: str = "y", reads: Sequence[str] = ("x", "w")) -> IndexMap:
        """`writes` is at the place of `like`: the output's own map, or a gradient's."""
        along = [a.window.at(o, t) for a, o, t in zip(self.axes, self.places, self.taps, strict=True)]
        loops, (x, w, y) = self._channels()
        loops |= {"b": 1}
        counts = [axis.size if self.transposed else axis.output for axis in self.axes]
        loops |= dict(zip(self.places, counts, strict=True))
        loops |= {t: axis.window.kernel for t, axis in zip(self.taps, self.axes, strict=True)}
        strided, plain = ("b", *along), ("b", *self.places)
        access: dict[str, tuple[str, ...]] = {
            "x": (*(plain if self.transposed else strided), x),
            "y": (*(strided if self.transposed else plain), y),
        }
        if not self.pooling:
            access["w"] = (*self.taps, *w)
        access["y_gradient"] = access["y"]
        read = {name: access[name] for name in reads if name in access}
        access = {writes: access[like]} | read
        if not self.pooling:
            return IndexMap(loops, access)
        if self.p["operation"] == "max-pool":
            return IndexMap(loops, access, "max", exact=False, padding="left out")
        return IndexMap(loops, access, "mean", padding="zeros" if self.p["count_padding"] else "left out")

    def winners(self) -> IndexMap:
        """Each window with the place of its largest cell: one of them, and which is up to the values."""
        return replace(self.forward("argmax"), combine="share")

    def _channels(self) -> tuple[Loops, tuple[str, tuple[str, ...], str]]:
        """Loops over channels, and where x, w and y are read by them."""
        p = self.p
        if self.pooling:
            return {"c": p["channels"]}, ("c", (), "c")
        if p["operation"] == "depthwise":
            loops: Loops = {"c": p["channels"], "m": p["multiplier"]}
            return loops, ("c", ("c", "m"), f"{p['multiplier']}*c + m")
        ins, outs = p["channels"] // p["groups"], p["filters"] // p["groups"]
        x, y = f"{ins}*g + c", f"{outs}*g + f"
        loops = {"g": p["groups"], "c": ins, "f": outs}
        return loops, (x, ("f", x) if self.transposed else ("c", y), y)

    def stretching(self) -> IndexMap:
        """From each cell of x to its place among the inserted zeros."""
        loops: Loops = {"b": 1, "c": self.p["channels"]}
        loops |= {o: axis.size for o, axis in zip(self.places, self.axes, strict=True)}
        apart = [f"{axis.window.stride}*{o}" for o, axis in zip(self.places, self.axes, strict=True)]
        return IndexMap(loops, {"stretched": ("b", *apart, "c"), "x": ("b", *self.places, "c")}, "each")

    def sliding(self) -> IndexMap:
        """The window on the stretched input; not exact, since it meets the inserted zeros too."""
        loops: Loops = {"b": 1, "g": self.p["groups"], "f": self.p["filters"] // self.p["groups"]}
        loops |= {"c": self.p["channels"] // self.p["groups"]}
        loops |= {o: axis.output for o, axis in zip(self.places, self.axes, strict=True)}
        loops |= {t: axis.window.kernel for t, axis in zip(self.taps, self.axes, strict=True)}
        along = [
            f"{o} + {axis.window.dilation}*{t} - {axis.margin}" if axis.margin >= 0 else
            f"{o} + {axis.window.dilation}*{t} + {-axis.margin}"
            for o, t, axis in zip(self.places, self.taps, self.axes, strict=True)
        ]  # fmt: skip
        _, (x, _w, y) = self._channels()
        return IndexMap(loops, {"y": ("b", *self.places, y), "stretched": ("b", *along, x)}, exact=False)

    def each(self, others: Sequence[Axis]) -> IndexMap:
        """Cell by cell, where both outputs have one."""
        loops, (_x, _w, y) = self._channels()
        loops |= {"b": 1}
        common = [min(a.output, b.output) for a, b in zip(self.axes, others, strict=True)]
        loops |= dict(zip(self.places, common, strict=True))
        place = ("b", *self.places, y)
        return IndexMap(loops, {"difference": place, "y": place, "other": place}, "each")
