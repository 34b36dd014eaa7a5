"""What a masked softmax says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.attention.masked_softmax_notes import notes
from engine.links import IndexMap
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]

_ABOUT = {
    "scores": (("position",), "one score a position: the real tokens first, then the padding"),
    "mask": (("position",), "1 keeps a position, 0 masks it"),
    "masked_scores": (("position",), "what this method hands to the softmax"),
    "softmax": (("position",), "softmax over all positions, before masking"),
    "weights": (("position",), "attention weights"),
    "unmasked": (("position",), "attention weights if nothing were masked"),
    "values": (("position", "feature"), "what attention averages"),
    "context": (("feature",), "the weighted sum of the values"),
    "direction": (("feature",), "the loss is direction · context"),
    "loss": ((), "direction · context"),
    "score_gradient": (("position",), "d loss / d score of each position"),
    "value_gradient": (("position", "feature"), "d loss / d value: weight × direction"),
    "methods": (("method", "position"), ""),
    "methods_mask": (("method", "position"), "0 where the method masks"),
    "mass": (("masking", "padding length"), "weight on real tokens: row 0 unmasked, row 1 masked"),
}


@dataclass(frozen=True)
class Reach:
    """Which positions share the softmax, and whether links hold for values in general.

    `sharing` are the positions that take part in the weights: those kept, or all of them where
    nothing is masked or the mask leaks. `exact` is False where rounding or a lone position
    (its weight is 1 whatever its score) makes a linked derivative zero.
    """

    positions: int
    sharing: tuple[int, ...]
    undefined: bool
    leaks: bool
    exact: bool
    exact_softmax: bool  # over all positions, as before multiplying by a mask
    exact_sum: bool  # of every position's value
    exact_dot: bool

    @classmethod
    def of(cls, parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Reach:
        weights, mask = results["weights"], results["mask"].astype(bool)
        every = tuple(range(len(weights)))
        applied = method_of(parameters) != "none"
        leaks = applied and bool((weights[~mask] > 0).any())
        kept = tuple(place for place in every if mask[place])
        sharing = kept if applied and not leaks else every
        # float16 and low temperatures make small weights vanish: then values decide.
        general = parameters["dtype"] != "float16" and parameters["temperature"] >= 0.5
        exact = general and not (leaks and kept)
        return cls(
            positions=len(every),
            sharing=sharing,
            undefined=bool(np.isnan(weights).any()),
            leaks=leaks,
            exact=exact and len(sharing) > 1,
            exact_softmax=general and len(every) > 1,
            exact_sum=exact and sharing == every,
            exact_dot=general and bool(weights.any()),
        )


def method_of(parameters: Mapping[str, Any]) -> str:
    """The method that applies: none while the mask is off."""
    return str(parameters["method"]) if parameters["masked"] else "none"


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any], methods: Sequence[str]) -> Story:
    """The whole story of one result."""
    reach = Reach.of(parameters, results)
    told = facts(parameters, results, methods)
    tensors = {name: Tensor(value, *_ABOUT[name]) for name, value in results.items()}
    rows = "weights by every method; rows: " + ", ".join(methods)
    tensors["methods"] = Tensor(results["methods"], ("method", "position"), rows)
    method = method_of(parameters)
    steps = [
        _mask_step(parameters, reach),
        *_weight_steps(method, reach, told["kept"]),
        *_sum_steps(reach, results["values"].shape[1]),
    ]
    said = notes(method, parameters["dtype"], results, reach.leaks)
    return Story(tensors, steps, told, said)


def _mask_step(parameters: Mapping[str, Any], reach: Reach) -> Step:
    method, heat = method_of(parameters), number_text(parameters["temperature"])
    addends = {"add-1e4": "-10000", "add-1e9": "-1e9", "add-inf": "-∞"}
    tokens, padding = len(parameters["scores"]), parameters["padding"]
    formula = (f"{tokens} real + {padding} padding = {reach.positions} positions",)
    one = ("i",)
    if method in ("none", "multiply"):
        each = IndexMap({"i": reach.positions}, {"masked_scores": one, "scores": one}, "each")
        read, settings, readout = ("scores",), f"÷ temperature {heat}", f"{{scores}} ÷ {heat}"
        return Step("scale", read, "masked_scores", settings, formula, each, readout)
    kept = reach.sharing if method == "where" else reach.positions
    access = {"masked_scores": one, "scores": one, "mask": one}
    each = IndexMap({"i": kept}, access, "each")
    if method == "where":
        settings, readout = f"÷ {heat}, −∞ where masked", f"{{scores}} ÷ {heat} where kept"
    else:
        settings = f"÷ {heat}, {addends[method]} where masked"
        readout = f"{{scores}} ÷ {heat} + (1 − {{mask}}) · {addends[method]}"
    return Step("scale and mask", ("scores", "mask"), "masked_scores", settings, formula, each, readout)


def _weight_steps(method: str, reach: Reach, kept: int) -> list[Step]:
    n = reach.positions
    counted = (f"[{n}] scores → [{n}] weights, {len(reach.sharing)} of {n} positions share",)
    if method == "multiply":
        everywhere = _share("softmax", "masked_scores", range(n), reach.exact_softmax)
        softmax = "exp of its own score ÷ Σ exp({masked_scores})"
        left = _share("weights", "softmax", reach.sharing, reach.exact, mask=True)
        return [
            Step("softmax", ("masked_scores",), "softmax", "", (f"[{n}] → [{n}]",), everywhere, softmax),
            Step(
                "multiply by mask, divide by sum",
                ("softmax", "mask"),
                "weights",
                f"sum over {kept} kept",
                counted,
                None if reach.undefined else left,
                "its own share ÷ Σ({softmax})",
            ),
        ]
    share = _share("weights", "masked_scores", reach.sharing, reach.exact)
    readout = "exp of its own score ÷ Σ exp({masked_scores})"
    found = None if reach.undefined else share
    operation = "exp where kept, divide_no_nan" if method == "where" else "softmax"
    return [Step(operation, ("masked_scores",), "weights", "", counted, found, readout)]


def _share(written: str, read: str, places: Sequence[int], exact: bool, mask: bool = False) -> IndexMap:
    access = {written: ("i",), read: ("j",)} | ({"mask": ("j",)} if mask else {})
    return IndexMap({"i": tuple(places), "j": tuple(places)}, access, "share", exact)


def _sum_steps(reach: Reach, width: int) -> list[Step]:
    n, loops, exact = reach.positions, {"i": reach.positions, "f": width}, reach.exact_sum
    average: IndexMap | None = IndexMap(
        loops, {"context": ("f",), "weights": ("i",), "values": ("i", "f")}, exact=exact
    )
    product = {"loss": (), "direction": ("f",), "context": ("f",)}
    dot: IndexMap | None = IndexMap({"f": width}, product, exact=reach.exact_dot)
    access = {"value_gradient": ("i", "f"), "weights": ("i",), "direction": ("f",)}
    outer: IndexMap | None = IndexMap(loops, access, exact=exact)
    if reach.undefined:  # NaN · 0 is NaN: everything would seem to depend on everything
        average = dot = outer = None
    row = f"weights [{n}] · values [{n}, {width}] = context [{width}]"
    spread = f"weights [{n}] ⊗ direction [{width}] = [{n}, {width}]"
    slope = "weight · (direction · value − loss) ÷ temperature"
    return [
        Step("weighted sum", ("weights", "values"), "context", "", (row,), average),
        Step("dot product", ("direction", "context"), "loss", "", (f"[{width}] · [{width}] = []",), dot),
        Step("GradientTape", ("loss", "scores"), "score_gradient", "", (f"[{n}]: {slope}",), aside=True),
        Step("GradientTape", ("weights", "direction"), "value_gradient", "", (spread,), outer, aside=True),
    ]


def facts(
    parameters: Mapping[str, Any], results: Mapping[str, Any], methods: Sequence[str]
) -> dict[str, Any]:
    """Plain numbers: where the weight goes, what masking changes, what comes back."""
    tokens = len(parameters["scores"])
    weights, unmasked = (results[name].astype("float64") for name in ("weights", "unmasked"))
    every = results["methods"].astype("float64")
    gradient = results["score_gradient"].astype("float64")
    with np.errstate(all="ignore"):
        differences = np.abs(every - every[methods.index("multiply")]).max(axis=1)
        scale = float(weights[0] / unmasked[0]) if unmasked[0] else None
    return {
        "method": method_of(parameters),
        "positions": len(weights),
        "tokens": tokens,
        "padding": parameters["padding"],
        "kept": int(results["mask"].sum()) if method_of(parameters) != "none" else len(weights),
        "mass": float(weights[:tokens].sum()),
        "mass_unmasked": float(unmasked[:tokens].sum()),
        "ratio": _ratio(weights, tokens),
        "ratio_unmasked": _ratio(unmasked, tokens),
        "scale_factor": scale,
        "context": tuple(results["context"].astype("float64").tolist()),
        "loss": float(results["loss"]),
        "sum": float(weights.sum()),
        "sums": tuple(every.sum(axis=1).tolist()),
        "difference_to_multiply": tuple(differences.tolist()),
        "padded_score_gradient": tuple(gradient[tokens:].tolist()),
        "largest_masked_gradient": _largest(gradient[results["mask"] == 0]),
    }


def _ratio(weights: Array, tokens: int) -> float | None:
    """The second token's weight over the first's; None without two tokens or without weight."""
    return float(weights[1] / weights[0]) if tokens > 1 and weights[0] else None


def _largest(values: Array) -> float:
    return float(np.abs(values).max()) if values.size else 0.0
