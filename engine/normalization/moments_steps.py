"""The steps from x to the normalised values and their derivatives, each with its index map.

Links are derivatives: a cell is linked with all cells of x that its value depends on, by any path.
So the deviation is linked with its whole group while the mean follows x, and with its own cell
alone when stop_gradient holds the mean. A held mean is linked by value and has no slope, so maps
that read it are not exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from engine.links import IndexMap
from engine.parameters import number_text
from engine.trace import Step

LAYOUT = ("sample", "position", "channel")
_OWN, _OTHER = ("s", "p", "c"), ("t", "q", "d")


class Layout:
    """Loops and index texts for one shape and one choice of averaged axes."""

    def __init__(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
        self.shape, self.axes = shape, axes
        self.size = prod(shape[axis] for axis in axes)
        self.own = _OWN
        self.cells = dict(zip(_OWN, shape, strict=True))
        self.mean = tuple("0" if axis in axes else _OWN[axis] for axis in range(3))
        self.other = tuple(_OTHER[axis] if axis in axes else _OWN[axis] for axis in range(3))
        self.pairs = self.cells | {_OTHER[axis]: shape[axis] for axis in axes}
        self.flat = (f"{shape[1] * shape[2]}*s + {shape[2]}*p + c",)

    def counted(self) -> str:
        """`2 samples × 2 positions = 4 values a group`."""
        parts = [f"{self.shape[axis]} {LAYOUT[axis]}{'s' * (self.shape[axis] != 1)}" for axis in self.axes]
        return f"{' × '.join(parts)} = {self.size} value{'s' * (self.size != 1)} a group"

    def multiplied(self) -> str:
        """`2 × 2 × 1 = 4 values`."""
        return f"{' × '.join(map(str, self.shape))} = {prod(self.shape)} values"

    def each(self, written: str, *read: str, exact: bool = True) -> IndexMap:
        """One to one between tensors of x's shape."""
        return IndexMap(self.cells, dict.fromkeys((written, *read), self.own), "each", exact)

    def groups(self, written: str, *read: str, exact: bool = True) -> IndexMap:
        """One to one between tensors of one cell a group."""
        loops = {name: self.shape[axis] for axis, name in enumerate(_OWN) if axis not in self.axes}
        return IndexMap(loops, dict.fromkeys((written, *read), self.mean), "each", exact)

    def average(self, written: str, *read: str, exact: bool = True) -> IndexMap:
        """A group of cells into one: a mean, or with shares a sum of products."""
        access = {written: self.mean} | dict.fromkeys(read, self.own)
        return IndexMap(self.cells, access, "mean" if len(read) == 1 else "sum", exact)

    def whole(self, written: str, read: str, exact: bool, **beside: tuple[str, ...]) -> IndexMap:
        """Each cell from all cells of its group; `exact` unless in a small group slopes vanish."""
        access = {written: self.own, read: self.other} | beside
        return IndexMap(self.pairs, access, "share", exact)


def steps(p: Mapping[str, Any], results: Mapping[str, Any], axes: tuple[int, ...]) -> list[Step]:
    """The way from x to what is differentiated, then the derivatives that the picture shows."""
    layout = Layout(results["x"].shape, axes)
    held = "held_mean" if p["stop_gradient"] else "mean"
    outputs = (
        _output_steps(p, layout, "keras_normalised" in results) if p["objective"] == "normalised" else []
    )
    slopes = _slope_steps if p["order"] == "first" else _curvature_steps
    return [*_mean_steps(p, layout), *_variance_steps(p, layout, held), *outputs, *slopes(p, layout)]


def _mean_steps(p: Mapping[str, Any], layout: Layout) -> list[Step]:
    found, weighted = [], p["weights"] is not None and p["mean"] == "weighted"
    if p["weights"] is not None:
        shares = layout.whole("share", "weights", layout.size > 1)
        readout = "its own weight ÷ Σ({weights})"
        found.append(
            Step("divide by the sum", ("weights",), "share", "", (layout.counted(),), shares, readout)
        )
    reads = ("x", "share") if weighted else ("x",)
    name = "group_mean" if p["mean"] == "moving" else "mean"
    operation = "weighted mean" if weighted else "reduce_mean"
    counted = (layout.counted(),)
    found.append(Step(operation, reads, name, _axes(layout), counted, layout.average(name, *reads)))
    if p["mean"] == "moving":
        value = number_text(p["moving_mean"])
        readout = f"{value} + ({{group_mean}} − stop_gradient({{group_mean}}))"
        moving = layout.groups("mean", "group_mean")
        found.append(Step("moving mean", ("group_mean",), "mean", f"value {value}", (), moving, readout))
    if p["stop_gradient"]:
        still = layout.groups("held_mean", "mean", exact=False)  # the value is linked, the slope is not
        found.append(
            Step("stop_gradient", ("mean",), "held_mean", "same value, no slope", (), still, "{mean}")
        )
    return found


def _axes(layout: Layout) -> str:
    return "over " + ", ".join(LAYOUT[axis] for axis in layout.axes)


def _variance_steps(p: Mapping[str, Any], layout: Layout, held: str) -> list[Step]:
    reads = ("squared",) if p["weights"] is None else ("squared", "share")
    averaged = "reduce_mean" if p["weights"] is None else "weighted mean"
    counted = (f"{layout.size} → 1",)
    if p["formula"] == "squares":
        mean_square = layout.average("mean_square", *reads)
        minus = layout.groups("variance", "mean_square", held, exact=not p["stop_gradient"])
        readout = f"{{mean_square}} − {{{held}}}²"
        return [
            Step("square", ("x",), "squared", "", (), layout.each("squared", "x"), "{x}²"),
            Step(averaged, reads, "mean_square", _axes(layout), counted, mean_square),
            Step("minus mean²", ("mean_square", held), "variance", "", (), minus, readout),
        ]
    if p["stop_gradient"]:
        loops, access = layout.cells, {"deviation": layout.own, "x": layout.own, held: layout.mean}
        away, readout = IndexMap(loops, access, "each", exact=False), "{x} − {held_mean}"
    else:
        away, readout = (
            layout.whole("deviation", "x", layout.size > 1, mean=layout.mean),
            "its own x − {mean}",
        )
    away_from_mean = layout.size > 1 or p["mean"] == "moving"  # one value is its own mean: always 0
    averaged_squares = layout.average("variance", *reads, exact=away_from_mean or len(reads) == 1)
    return [
        Step("subtract mean", ("x", held), "deviation", "", (), away, readout),
        Step(
            "square",
            ("deviation",),
            "squared",
            "",
            (),
            layout.each("squared", "deviation", exact=away_from_mean),
            "{deviation}²",
        ),
        Step(averaged, reads, "variance", _axes(layout), counted, averaged_squares),
    ]


def negative_variance(p: Mapping[str, Any]) -> bool:
    """Whether E[x²] − m² can fall below 0: when m is not the mean under the variance's weights."""
    own_mean = p["mean"] == "batch" if p["weights"] is None else p["mean"] == "weighted"
    plain_mean = p["weights"] is None and p["mean"] == "weighted"  # without weights the same
    return p["formula"] == "squares" and not (own_mean or plain_mean)


def _output_steps(p: Mapping[str, Any], layout: Layout, keras: bool) -> list[Step]:
    # With two values the outputs are ±1 whatever the values are: slopes vanish but for epsilon.
    general = layout.size > 2
    exact = general and not negative_variance(p)
    shares = layout.whole("normalised", "x", exact, mean=layout.mean, variance=layout.mean)
    epsilon = number_text(p["epsilon"])
    readout = f"(its own x − {{mean}}) ÷ √({{variance}} + {epsilon})"
    reads, settings = ("x", "mean", "variance"), f"ε {epsilon}"
    found = [Step("normalise", reads, "normalised", settings, (), shares, readout)]
    if keras:
        settings, readout = "groups=-1, one group a channel", "its own x normalised over ({x})"
        shares = layout.whole("keras_normalised", "x", general)
        found.append(Step("GroupNormalization", ("x",), "keras_normalised", settings, (), shares, readout))
    return found


def _slope_steps(p: Mapping[str, Any], layout: Layout) -> list[Step]:
    count, through, own = prod(layout.shape), None, None
    if p["objective"] == "variance":  # of a normalised value, curvature vanishes outside its group
        loops, flat = layout.pairs, layout.flat
        through = IndexMap(loops, {"gradient_through": flat, "x": layout.other}, "share", layout.size > 1)
        own = IndexMap(layout.cells, {"gradient_stopped": flat, "x": layout.own}, "each")
    pair = ("gradient_through", "gradient_stopped")
    apart = IndexMap({"i": count}, dict.fromkeys(("difference", *pair), ("i",)), "each")
    without, held = "slope while ({x}) move the mean", "slope in {x}, the mean held still"
    minus, formula = "{gradient_through} − {gradient_stopped}", (layout.multiplied(),)
    return [
        Step("GradientTape", ("x",), pair[0], "without stop_gradient", formula, through, without),
        Step("GradientTape", ("x",), pair[1], "with stop_gradient", formula, own, held),
        Step("subtract", pair, "difference", "", (), apart, minus),
    ]


def _curvature_steps(p: Mapping[str, Any], layout: Layout) -> list[Step]:
    count = prod(layout.shape)
    pair = ("hessian_through", "hessian_stopped")
    cells = dict.fromkeys(("hessian_difference", *pair), ("i", "j"))
    # The Hessian of a variance is the same for every x: a constant, which no tape follows.
    apart = IndexMap({"i": count, "j": count}, cells, "each", exact=p["objective"] == "normalised")
    minus, formula = "{hessian_through} − {hessian_stopped}", (f"{count} slopes × {count} values",)
    return [
        Step("GradientTape twice", ("x",), pair[0], "without stop_gradient", formula),
        Step("GradientTape twice", ("x",), pair[1], "with stop_gradient", formula),
        Step("subtract", pair, "hessian_difference", "", (), apart, minus),
    ]
