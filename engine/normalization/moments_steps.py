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

    def reduced(self) -> str:
        after = [1 if axis in self.axes else size for axis, size in enumerate(self.shape)]
        return f"{list(self.shape)} → {after}"

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
    """All steps in order; those of derivatives carry a map where x is all they depend on."""
    layout = Layout(results["x"].shape, axes)
    held = "held_mean" if p["stop_gradient"] else "mean"
    return [
        *_mean_steps(p, layout),
        *_variance_steps(p, layout, held),
        _normalised(p, layout),
        *_library_steps(p, layout, "keras_normalised" in results),
        *_derivative_steps(p, layout, results["x"].size),
    ]


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
    counted = (layout.counted(), layout.reduced())
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
    shape = (f"{list(layout.shape)} → {list(layout.shape)}",)
    counted = (layout.counted(), layout.reduced())
    if p["formula"] == "squares":
        mean_square = layout.average("mean_square", *reads)
        minus = layout.groups("variance", "mean_square", held, exact=not p["stop_gradient"])
        readout = f"{{mean_square}} − {{{held}}}²"
        return [
            Step("square", ("x",), "squared", "", shape, layout.each("squared", "x"), "{x}²"),
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
        Step("subtract mean", ("x", held), "deviation", "", shape, away, readout),
        Step(
            "square",
            ("deviation",),
            "squared",
            "",
            shape,
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


def _normalised(p: Mapping[str, Any], layout: Layout) -> Step:
    # With two values the outputs are ±1 whatever the values are: slopes vanish but for epsilon.
    exact = layout.size > 2 and not negative_variance(p)
    shares = layout.whole("normalised", "x", exact, mean=layout.mean, variance=layout.mean)
    readout = f"(its own x − {{mean}}) ÷ √({{variance}} + {number_text(p['epsilon'])})"
    shape = (f"{list(layout.shape)} → {list(layout.shape)}",)
    settings = f"ε {number_text(p['epsilon'])}"
    return Step("normalise", ("x", "mean", "variance"), "normalised", settings, shape, shares, readout)


def _library_steps(p: Mapping[str, Any], layout: Layout, keras: bool) -> list[Step]:
    reads = ("x",) if p["weights"] is None else ("x", "weights")
    name = "tf.nn.moments" if p["weights"] is None else "tf.nn.weighted_moments"
    exact, counted = layout.size > 1, (layout.counted(), layout.reduced())
    mean = layout.average("tf_mean", *reads, exact=exact or len(reads) == 1)
    variance = layout.average("tf_variance", *reads, exact=exact)
    mean_of = "weighted mean of ({x})"
    readout = "" if p["weights"] is None else mean_of
    found = [
        Step(name, reads, "tf_mean", _axes(layout), counted, mean, readout),
        Step(
            name, reads, "tf_variance", _axes(layout), counted, variance, "mean of (x − tf_mean)² over ({x})"
        ),
    ]
    if keras:
        shape = (f"{list(layout.shape)} → {list(layout.shape)}",)
        shares = layout.whole("keras_normalised", "x", layout.size > 2)
        readout = "its own x normalised over ({x})"
        settings = "groups=-1, one group a channel"
        found.append(Step("GroupNormalization", ("x",), "keras_normalised", settings, shape, shares, readout))
    return found


def _derivative_steps(p: Mapping[str, Any], layout: Layout, count: int) -> list[Step]:
    target = "Σ variance" if p["objective"] == "variance" else f"normalised value {p['unit']}"
    vector, square = (f"d {target} / dx: [{count}]",), (f"d² {target} / dx²: [{count}, {count}]",)
    through = own = None
    if p["objective"] == "variance":  # of a normalised value, curvature vanishes outside its group
        loops, flat = layout.pairs, layout.flat
        through = IndexMap(loops, {"gradient_through": flat, "x": layout.other}, "share", layout.size > 1)
        own = IndexMap(layout.cells, {"gradient_stopped": flat, "x": layout.own}, "each")
    one, two = {"i": count}, {"i": count, "j": count}
    minus = "{gradient_through} − {gradient_stopped}"
    difference = IndexMap(
        one, dict.fromkeys(("difference", "gradient_through", "gradient_stopped"), ("i",)), "each"
    )
    added = IndexMap(one, dict.fromkeys(("chain_rule", "direct", "through_mean"), ("i",)), "each")
    hessians = ("hessian_through", "hessian_stopped")
    cells = dict.fromkeys(("hessian_difference", *hessians), ("i", "j"))
    # The Hessian of a variance is the same for every x: a constant, which no tape follows.
    curved = IndexMap(two, cells, "each", exact=p["objective"] == "normalised")
    steps, rate = p["steps"], number_text(p["learning_rate"])
    path = (f"1 start + {steps} steps = {steps + 1} rows of {count}",)
    slope, still = "slope of {x}", "slope of {x}, the mean held still"
    gradients = ("gradient_through", "gradient_stopped")
    return [
        Step("GradientTape", ("x",), gradients[0], "without stop_gradient", vector, through, slope),
        Step("GradientTape", ("x",), gradients[1], "with stop_gradient", vector, own, still),
        Step("subtract", gradients, "difference", "", (f"[{count}] − [{count}]",), difference, minus),
        Step(
            "chain rule",
            ("direct", "through_mean"),
            "chain_rule",
            "",
            vector,
            added,
            "{direct} + {through_mean}",
        ),
        Step("GradientTape twice", ("x",), hessians[0], "without stop_gradient", square),
        Step("GradientTape twice", ("x",), hessians[1], "with stop_gradient", square),
        Step(
            "subtract",
            hessians,
            "hessian_difference",
            "",
            square,
            curved,
            "{hessian_through} − {hessian_stopped}",
        ),
        Step("gradient descent", ("x",), "trajectory", f"learning rate {rate}", path),
    ]
