"""What the RMSprop lab says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.optimizers.rmsprop_update_delta_notes import notes
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
TABLE, ROW = ("step", "weight"), ("weight",)

_ABOUT = {
    "w0": (ROW, "the weights before the first step"),
    "g": (TABLE, "the gradients as given"),
    "connected": (ROW, "1 where there is a gradient, 0 where it is None"),
    "used": (TABLE, "gradients after unscaling and clipping"),
    "v": (TABLE, "running average of the squared gradient: Keras' slot velocity"),
    "average": (TABLE, "running average of the gradient: Keras' slot average_gradient"),
    "root": (TABLE, "what the gradient is divided by"),
    "increment": (TABLE, "learning rate · gradient ÷ root"),
    "m": (TABLE, "momentum · what it was + increment: Keras' slot momentum"),
    "w": (TABLE, "the weights after each step"),
    "delta": (TABLE, "what RMSprop adds to each weight"),
    "sgd": (TABLE, "−learning rate · gradient: what plain gradient descent would add"),
    "sgd_step": (ROW, "−learning rate · gradient at the chosen step"),
    "rmsprop_step": (ROW, "what RMSprop adds at the chosen step"),
    "keras_delta": (TABLE, "weights after minus weights before, by Keras' own optimizer"),
    "other_delta": (TABLE, "what the other rule adds to each weight"),
    "gradient": (TABLE, "d chosen delta / d each gradient, by GradientTape"),
    "gradient_w0": (ROW, "d chosen delta / d each first weight"),
    "numeric": (TABLE, "the same by central differences in float64"),
}
_SLOTS = ("keras_velocity", "keras_momentum", "keras_average_gradient", "tf1_rms", "tf1_momentum")


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    prepares = parameters["clipping"] != "none" or parameters["loss_scale"] != 1
    left_out = {"gradient_is_none", *_SLOTS} | (set() if prepares else {"used"})
    tensors = {
        name: Tensor(values, *_ABOUT[name]) for name, values in results.items() if name not in left_out
    }
    told = facts(parameters, results)
    return Story(tensors, _Steps(parameters, results, prepares).all(), told, notes(parameters, results, told))


class _Steps:
    """The steps of one result; a running average reads every row up to its own."""

    def __init__(self, parameters: Mapping[str, Any], results: Mapping[str, Any], prepares: bool) -> None:
        self.p, self.prepares = parameters, prepares
        self.steps, self.weights = results["g"].shape
        self.source = "used" if prepares else "g"
        self.there = tuple(int(i) for i in np.flatnonzero(results["connected"]))
        whole = len(self.there) == self.weights
        self.exact = whole and bool(np.isfinite(results["root"]).all())
        self.shape = (f"[{self.steps}, {self.weights}]",)

    def all(self) -> list[Step]:
        found = [self._prepare()] if self.prepares else []
        found += self._averages()
        found.append(self._increment())
        if self.p["momentum"] > 0:
            found.append(self._momentum())
        return [*found, self._delta(), self._weights(), self._compared()]

    def _each(self, written: str, *reads: str, exact: bool) -> IndexMap:
        cells = {"t": self.steps, "i": self.there}
        return IndexMap(cells, dict.fromkeys((written, *reads), ("t", "i")), "each", exact)

    def _running(self, written: str, read: str, keep: float, exact: bool = True) -> IndexMap:
        """Row k + d of what is written reads row k: d steps later, where anything of it is kept."""
        loops = {"k": self.steps, "d": self.steps if keep else 1, "i": self.there}
        access = {written: ("k + d", "i"), read: ("k", "i")}
        return IndexMap(loops, access, exact=exact and self.exact)

    def _prepare(self) -> Step:
        p = self.p
        words = [f"÷ {number_text(p['loss_scale'])}"] if p["loss_scale"] != 1 else []
        words += [f"{p['clipping']} {number_text(p['clip'])}"] if p["clipping"] != "none" else []
        clips = p["clipping"] != "none"
        if "norm" in p["clipping"] and not (p["variables"] == "each" and p["clipping"] == "clipnorm"):
            loops = {"t": self.steps, "i": self.there, "j": self.there}
            found = IndexMap(loops, {"used": ("t", "i"), "g": ("t", "j")}, "share", exact=False)
            return Step(
                "clip by norm", ("g",), "used", ", ".join(words), self.shape, found, "clipped from {g}"
            )
        found = self._each("used", "g", exact=self.exact and not clips)
        return Step("prepare", ("g",), "used", ", ".join(words), self.shape, found, "{g} prepared")

    def _averages(self) -> list[Step]:
        rho, g = number_text(self.p["rho"]), self.source
        new = number_text(round(1 - self.p["rho"], 12))
        v = Step(
            "average of squares", (g,), "v", f"ρ {rho}, begins at {self.p['v0']}", self.shape,
            self._running("v", g, self.p["rho"]), f"{new} · (each of {{{g}}})² · {rho} to the power of its age",
        )  # fmt: skip
        if not self.p["centered"]:
            return [v, self._root(("v",), "√({v} + ε)", "√{v} + ε")]
        average = Step(
            "average", (g,), "average", f"ρ {rho}", self.shape,
            self._running("average", g, self.p["rho"]), f"{new} · (each of {{{g}}}) · {rho} to the power of its age",
        )  # fmt: skip
        return [
            v,
            average,
            self._root(("v", "average"), "√({v} − {average}² + ε)", "√({v} − {average}²) + ε"),
        ]

    def _root(self, reads: tuple[str, ...], inside: str, outside: str) -> Step:
        words = inside if self.p["epsilon_place"] == "inside" else outside
        settings = f"ε {number_text(self.p['epsilon'])} {self.p['epsilon_place']}"
        return Step(
            "root", reads, "root", settings, self.shape, self._each("root", *reads, exact=self.exact), words
        )

    def _increment(self) -> Step:
        rate, g = number_text(self.p["learning_rate"]), self.source
        found = self._each("increment", g, "root", exact=False)  # the root holds the same gradient too
        return Step(
            "divide", (g, "root"), "increment", f"· {rate}", self.shape, found, f"{rate} · {{{g}}} ÷ {{root}}"
        )

    def _momentum(self) -> Step:
        keep = number_text(self.p["momentum"])
        found = self._running("m", "increment", self.p["momentum"])
        words = f"(each of {{increment}}) · {keep} to the power of its age"
        return Step("momentum", ("increment",), "m", keep, self.shape, found, words)

    @property
    def _last(self) -> str:
        return "m" if self.p["momentum"] > 0 else "increment"

    def _delta(self) -> Step:
        decay, last = self.p["weight_decay"], self._last
        if not decay:
            found = self._each("delta", last, exact=self.exact)
            return Step("subtract", (last,), "delta", "", self.shape, found, f"−{{{last}}}")
        words = f"−{{{last}}} − {number_text(self.p['learning_rate'] * decay)} · (weight before)"
        found = self._each("delta", last, exact=False)  # the weight before came from earlier steps
        return Step(
            "subtract, decay",
            (last,),
            "delta",
            f"weight decay {number_text(decay)}",
            self.shape,
            found,
            words,
        )

    def _weights(self) -> Step:
        keep = 1 - self.p["learning_rate"] * self.p["weight_decay"]
        loops = {"k": self.steps, "d": self.steps if keep else 1, "i": self.there}
        access = {"w": ("k + d", "i"), self._last: ("k", "i"), "w0": ("i",)}
        found = IndexMap(loops, access, exact=self.exact and keep != 0)
        words = f"{{w0}} minus each of {{{self._last}}}" if keep == 1 else ""
        return Step("add to the weights", ("w0", self._last), "w", "", self.shape, found, words)

    def _compared(self) -> Step:
        rate = number_text(-self.p["learning_rate"])
        found = self._each("sgd", "g", exact=self.exact)
        return Step(
            "gradient descent", ("g",), "sgd", f"· {rate}", self.shape, found, f"{rate} · {{g}}", aside=True
        )


def facts(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Plain numbers: the chosen delta and how it comes about, agreement with Keras, slots."""
    step, weight = parameters["chosen"]
    told: dict[str, Any] = {"steps": results["g"].shape[0], "weights": results["g"].shape[1]}
    told["at"] = {
        name: float(results[name][step, weight])
        for name in (
            "g",
            "used",
            "v",
            "average",
            "root",
            "increment",
            "m",
            "delta",
            "sgd",
            "w",
            "keras_delta",
            "other_delta",
        )
        if name in results
    }
    told["before"] = float(results["w"][step - 1, weight] if step else results["w0"][weight])
    told["v_before"] = float(results["v"][step - 1, weight] if step else parameters["v0"])
    told["average_before"] = (
        float(results["average"][step - 1, weight]) if step and "average" in results else 0.0
    )
    told["m_before"] = float(results["m"][step - 1, weight]) if step and "m" in results else 0.0
    told["keras_has_it"] = parameters["epsilon_place"] == "inside"
    told["keras_difference"] = _apart(results["delta"], results["keras_delta"])
    told["other_difference"] = _apart(results["delta"], results["other_delta"])
    told["slots"] = {name: results[name].astype(float).tolist() for name in _SLOTS if name in results}
    told["gradient_difference"] = _apart(results["gradient"], results["numeric"])
    told["w0_is_none"] = bool(results["gradient_is_none"][1])
    return told


def _apart(one: Array, other: Array) -> float:
    """The largest difference; 0 where both are NaN or the same infinity."""
    with np.errstate(all="ignore"):
        apart = np.abs(one.astype(float) - other.astype(float))
    return float(np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0, apart).max())
