"""The steps of one update, each with its index map: a row a step, so slots read every row up to theirs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.optimizers.optimizer_steps_surfaces import SURFACES
from engine.parameters import number_text
from engine.trace import Step

READS = {
    "sgd": ("g",),
    "momentum": ("m",),
    "nesterov": ("m", "g"),
    "rmsprop": ("g", "root"),
    "adam": ("m", "root"),
    "adamw": ("m", "root", "w"),
}
FORGETS = {"momentum": "momentum", "nesterov": "momentum", "adam": "beta_1", "adamw": "beta_1"}


def steps_of(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """From weights to gradients, slots and the weights after."""
    names = [name for name in ("g", "delta", "after", "w", "m", "v", "root") if name in results]
    exact = all(np.isfinite(results[name]).all() for name in names)
    shape = results["w"].shape
    rate, optimizer, text = number_text(p["learning_rate"]), p["optimizer"], (f"[{shape[0]}, {shape[1]}]",)
    reads, each = READS[optimizer], partial(_each, shape)
    # Slots hold the same gradients, and gradients come from the weights: where an operation reads both,
    # what a cell is made of is less than what it depends on.
    alone = exact and optimizer in ("sgd", "momentum", "adam")
    moved, plain = each("delta", *reads, exact=alone), each("sgd", "g", exact=exact)
    added, by = each("after", "w", "delta", exact=False), f"learning rate {rate}"
    return [
        _gradient(p, shape, text),
        *(_slots(p, results, exact, text)),
        Step(optimizer, reads, "delta", by, text, moved, _delta_words(p, rate)),
        Step("add", ("w", "delta"), "after", "", text, added, "{w} + {delta}"),
        Step("gradient descent", ("g",), "sgd", f"· −{rate}", text, plain, f"−{rate} · {{g}}", aside=True),
    ]


def _each(shape: tuple[int, int], written: str, *reads: str, exact: bool) -> IndexMap:
    cells = {"t": shape[0], "i": shape[1]}
    return IndexMap(cells, dict.fromkeys((written, *reads), ("t", "i")), "each", exact)


def _gradient(p: Mapping[str, Any], shape: tuple[int, int], text: tuple[str, ...]) -> Step:
    """Every slope may depend on all weights of its step."""
    loops = {"t": shape[0], "i": shape[1], "j": shape[1]}
    found = IndexMap(loops, {"g": ("t", "i"), "w": ("t", "j")}, "share", exact=False)
    formula = SURFACES[p["surface"]].formula
    return Step("gradient", ("w",), "g", formula, text, found, "slope of the loss at ({w})")


def _slots(
    p: Mapping[str, Any], results: Mapping[str, Any], exact: bool, text: tuple[str, ...]
) -> list[Step]:
    optimizer, shape = p["optimizer"], results["w"].shape
    rms = optimizer == "rmsprop"
    found = []
    if "m" in results:
        found.append(_slot("m", FORGETS[optimizer], "(each of {g})", p, shape, exact, text))
    if "v" in results:
        found.append(_slot("v", "rho" if rms else "beta_2", "(each of {g})²", p, shape, exact, text))
        setting = f"ε {number_text(p['epsilon'])} {'inside' if rms else 'outside'}"
        words = "√({v} + ε)" if rms else "√{v} + ε"
        found.append(
            Step("root", ("v",), "root", setting, text, _each(shape, "root", "v", exact=exact), words)
        )
    return found


def _slot(
    slot: str,
    name: str,
    each: str,
    p: Mapping[str, Any],
    shape: tuple[int, int],
    exact: bool,
    text: tuple[str, ...],
) -> Step:
    """Row k + d of a slot holds something of row k of the gradients, d steps later."""
    keep = number_text(p[name])
    loops = {"k": shape[0], "d": shape[0] if p[name] else 1, "i": shape[1]}
    found = IndexMap(loops, {slot: ("k + d", "i"), "g": ("k", "i")}, exact=exact)
    words = f"{each} · its share, fading by {keep} a step"
    return Step(f"slot {slot}", ("g",), slot, f"{name} {keep}", text, found, words)


def _delta_words(p: Mapping[str, Any], rate: str) -> str:
    optimizer = p["optimizer"]
    if optimizer == "adamw":
        shrink = number_text(p["learning_rate"] * p["weight_decay"])
        return f"−(corrected rate) · {{m}} ÷ {{root}} − {shrink} · {{w}}"
    return {
        "sgd": f"−{rate} · {{g}}",
        "momentum": "{m}",
        "nesterov": f"{number_text(p['momentum'])} · {{m}} − {rate} · {{g}}",
        "rmsprop": f"−{rate} · {{g}} ÷ {{root}}",
        "adam": "−(corrected rate) · {m} ÷ {root}",
    }[str(optimizer)]
