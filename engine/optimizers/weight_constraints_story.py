"""What constrained training tells about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

KERNEL, OWN = ("input", "unit"), ("i", "u")
BY_STEP = ("method", "step")
ABOUT = {
    "target": (KERNEL, "where the loss is smallest"),
    "start": (KERNEL, "the first weights"),
    "raw": (KERNEL, "the variable that is trained; the weights are a function of it"),
    "weights": (KERNEL, "before this update"),
    "gradient": (KERNEL, "d (loss + penalty) / d variable"),
    "velocity": (KERNEL, "what is added: momentum × the last one − learning rate × gradient"),
    "updated": (KERNEL, "after the optimizer, before the constraint"),
    "after": (KERNEL, "the weights after this update"),
    "projected_start": (KERNEL, "what the constraint makes of the first weights"),
    "penalty": ((), "what the penalty adds to the loss before this update"),
    "penalty_gradient": (KERNEL, "the penalty's part of the gradient"),
    "paths": (("method", "step", *KERNEL), "every method's weights, the start first"),
    "final": (("method", "weight"), "the weights after the last update"),
    "smallest": (BY_STEP, "the smallest weight"),
    "unconstrained": (("step",), "the smallest weight, nothing held"),
    "chosen": (("step",), "the smallest weight by the chosen method"),
    "violation": (BY_STEP, "how far the constraint would still move a weight"),
    "loss": (BY_STEP, "|w − target|², without the penalty"),
    "first": (("place",), "places along the first weight"),
    "second": (("place",), "places along the second weight"),
    "surface": (("second", "first"), "the loss there, the other weights at their target"),
    "nodes": (("loop", "iteration"), "nodes: clip made in the loop, made once, tf.function"),
}
NORMS = ("MaxNorm", "UnitNorm", "MinMaxNorm")
REPARAMETERISED = {"softplus": "log(1 + e^{raw})", "square": "{raw}²", "relu": "max({raw}, 0)"}
BIG = 1e6  # weights beyond it have left the picture


def tell(p: Mapping[str, Any], results: Mapping[str, Any], methods: Sequence[str]) -> Story:
    """The story of one run. Times are facts, never tensors: they differ from run to run."""
    tensors = {name: Tensor(value, *ABOUT[name]) for name, value in results.items() if name in ABOUT}
    told = _facts(p, results, methods)
    return Story(tensors, _steps(p, results), told, _notes(p, results, told))


def _steps(p: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    rows, units = results["weights"].shape
    cells = {"i": rows, "u": units}
    method, trained = p["method"], "raw" if "raw" in results else "weights"

    def each(*names: str, exact: bool = True) -> IndexMap:
        return IndexMap(cells, dict.fromkeys(names, OWN), "each", exact)

    rate, momentum = (number_text(p[name]) for name in ("learning_rate", "momentum"))
    said = {"min-penalty": " + penalty", "sum-penalty": " + penalty", "squared-penalty": " + penalty"}
    slope = "2 · ({weights} − {target})" + said.get(method, "")
    slope += {"softplus": " · σ(raw)", "square": " · 2 raw", "relu": " where raw > 0"}.get(method, "")
    found = []
    if trained == "raw":
        shown = each("weights", "raw", exact=method != "relu")
        found.append(Step(method, ("raw",), "weights", "", (), shown, REPARAMETERISED[method]))
    moves = abs(1 - 2 * p["learning_rate"]) > 1e-6 and method in ("none", "projection")
    return [
        *found,
        Step(
            "d loss",
            ("weights", "target"),
            "gradient",
            _penalty_settings(p),
            ("|w − target|²" + said.get(method, ""),),
            each("gradient", "weights", "target", exact=method != "relu"),
            slope,
        ),
        Step(
            "SGD",
            ("gradient",),
            "velocity",
            f"learning rate {rate}, momentum {momentum}",
            (),
            each("velocity", "gradient"),
            f"−{rate} · {{gradient}} + {momentum} · the last velocity",
        ),
        Step(
            "add",
            (trained, "velocity"),
            "updated",
            map=each("updated", trained, "velocity", exact=moves),  # a rate of 0.5 forgets the weights
            readout=f"{{{trained}}} + {{velocity}}",
        ),
        _after_step(p, cells),
    ]


def _penalty_settings(p: Mapping[str, Any]) -> str:
    strength = number_text(p["strength"])
    return {
        "min-penalty": f"{strength} · −min(min(w), 0)",
        "sum-penalty": f"{strength} · Σ relu(−w)",
        "squared-penalty": f"{strength} · Σ relu(−w)²",
    }.get(p["method"], "")


def _after_step(p: Mapping[str, Any], cells: Mapping[str, int]) -> Step:
    method, constraint = p["method"], p["constraint"]
    own = IndexMap(cells, {"after": OWN, "updated": OWN}, "each", exact=False)
    if method != "projection":
        words = REPARAMETERISED.get(method, "{raw}").replace("{raw}", "{updated}")
        operation = method if method in REPARAMETERISED else "no constraint"
        return Step(operation, ("updated",), "after", "", (), own, words)
    if constraint in NORMS:
        along = p["axis"] % 2
        other = tuple("k" if axis == along else name for axis, name in enumerate(OWN))
        loops = {**cells, "k": cells[OWN[along]]}
        exact = constraint == "UnitNorm" and loops["k"] > 1
        settings = f"norm over each {'unit' if along == 0 else 'input'}"
        whole = IndexMap(loops, {"after": OWN, "updated": other}, "share", exact)
        return Step(constraint, ("updated",), "after", settings, (), whole, "its own ÷ norm of ({updated})")
    low, high = number_text(p["low"]), number_text(p["high"])
    words = f"clip({{updated}}, {low}, {high})" if constraint == "clip" else "max({updated}, 0)"
    return Step(constraint, ("updated",), "after", "after the update", (), own, words)


def _facts(p: Mapping[str, Any], results: Mapping[str, Any], methods: Sequence[str]) -> dict[str, Any]:
    place = list(methods).index(p["method"])
    path, smallest = results["paths"][place], results["smallest"][place]
    away = ~np.isfinite(path).all(axis=(1, 2)) | (np.abs(path) > BIG).any(axis=(1, 2))
    seconds = 1e3 * results["seconds"] if p["timed"] else np.zeros((3, 0))
    return {
        "weights": int(results["target"].size),
        "shown": min(p["at"], p["steps"] - 1),
        "method": place,
        "final": tuple(path[-1].ravel().tolist()),
        "smallest": float(smallest[-1]),
        "smallest_ever": float(smallest[1:].min()),
        "starts_below": bool(smallest[0] < 0),
        "violation": float(results["violation"][place, -1]),
        "largest_violation": float(results["violation"][place, 1:].max()),
        "zeros": int((path[-1] == 0).sum()),
        "loss": float(results["loss"][place, -1]),
        "best_loss": float(np.square(np.minimum(results["target"], 0)).sum(dtype="float64")),
        "penalty": float(results["penalty"]),
        "diverged": int(np.argmax(away)) if away.any() else None,
        "nodes": tuple(map(tuple, results["nodes"].tolist())),
        "milliseconds": tuple(map(tuple, seconds.tolist())),
    }


def _notes(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    said, method = [], p["method"]
    if told["diverged"] is not None:
        said.append(
            f"The weights run away: step {told['diverged']} is beyond {BIG:.0e}. Choose a smaller learning "
            "rate. No constraint repairs a NaN: NonNeg multiplies it by 0 and keeps it."
        )
    if method == "projection" and results["violation"][1, 0] > 0:
        said.append(
            "The start breaks the constraint: it is applied after each update, not when a variable is made."
        )
    if method == "projection" and p["constraint"] == "UnitNorm":
        norms = np.linalg.norm(results["start"], axis=p["axis"])
        if (norms == 0).any():
            said.append("A column of zeros has no direction: UnitNorm leaves it at 0, not at norm 1.")
    if method in REPARAMETERISED and (results["start"] < 0).any():
        said.append(f"{method} cannot express a negative start; it begins at the nearest weight that it can.")
    stuck = method in ("square", "relu") and (results["raw"] <= 0) & (results["gradient"] == 0)
    if np.any(stuck) and np.any(stuck & (results["target"] > 0)):
        said.append("A weight is 0 and its gradient is 0 although its target is positive: it is dead.")
    return said
