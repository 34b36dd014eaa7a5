"""What random-pairing-pipeline says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.sequences.random_pairing_pipeline_lists import (
    Lists,
    epochs_to_see_all,
    expected_coverage,
    lists_of,
)
from engine.technique import Story
from engine.trace import Step, Tensor

INDEX, FLOAT = 4, 4  # bytes of an int32, of a float32
STATEFUL = ("generator", "uniform", "op seed", "cache")
MADE_BY = {
    "generator": "map: Generator.uniform",
    "stateless": "map: stateless_uniform(seed, epoch)",
    "rerandomize": "map: stateless_uniform, Dataset.random",
    "uniform": "map: tf.random.uniform",
    "op seed": "map: tf.random.uniform(seed=…)",
    "numpy": "map: NumPy's random()",
    "cache": "map: tf.random.uniform, .cache()",
    "copies": "concatenated copies",
    "cyclic": "map: (epoch + x) mod count",
}
DRAWN = (
    "places",
    "draws",
    "new",
    "times",
    "coverage",
    "drawn",
    "difference",
    "loss",
    "x_gradient",
    "y_gradient",
)


def repeatable(p: Mapping[str, Any]) -> bool:
    """Whether a second run of the program draws the same: seeded, and no state shared by parallel calls."""
    seeded = p["global_seed"] or p["method"] not in ("uniform", "cache")
    return bool(seeded and not (p["parallel"] > 1 and p["method"] in STATEFUL))


def tell(p: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story. What no second run would draw again carries another name than in the program."""
    known, suffix = facts(p, results), "" if repeatable(p) else "_this_run"
    named = {name: f"{name}{suffix}" if name in DRAWN else name for name in results}
    tensors = {named[name]: Tensor(value, *ABOUT[name]) for name, value in results.items()}
    lists = np.array(known["expected"], "float32")
    tensors["expected"] = Tensor(lists, ("epoch",), "what independent draws are expected to have seen")
    return Story(tensors, _steps(p, results, named), known, notes(p, known))


ABOUT: dict[str, tuple[tuple[str, ...], str]] = {
    "candidates": (("x", "place"), "the y that each x may be paired with; −1 behind the end of a list"),
    "listed": (("x", "place"), "1 where the list has an entry"),
    "places": (("x", "epoch"), "which place of its list was drawn"),
    "draws": (("x", "epoch"), "the y that was drawn"),
    "new": (("x", "epoch"), "1 where a pair is met for the first time"),
    "times": (("x", "place"), "how often each candidate was drawn"),
    "coverage": (("epoch",), "share of all admissible pairs seen so far"),
    "x": (("x", "feature"), "the vectors x"),
    "y": (("y", "feature"), "the vectors y"),
    "drawn": (("x", "feature"), "the y of the chosen epoch, in the order of x"),
    "difference": (("x", "feature"), "drawn y − x"),
    "loss": ((), "mean squared difference of the chosen epoch"),
    "x_gradient": (("x", "feature"), "d loss / d x"),
    "y_gradient": (("y", "feature"), "d loss / d y: 0 for every y that was not drawn"),
}


def _steps(p: Mapping[str, Any], results: Mapping[str, Any], named: Mapping[str, str]) -> list[Step]:
    items, epochs = results["draws"].shape
    width, (targets, features) = results["candidates"].shape[1], results["y"].shape
    pairs = IndexMap({"x": items, "e": epochs, "p": width},
                     {named["draws"]: ("x", "e"), "candidates": ("x", "p")}, "share", False)  # fmt: skip
    new = IndexMap(
        {"x": items, "e": epochs}, dict.fromkeys((named["new"], named["draws"]), ("x", "e")), "each", False
    )
    rows = IndexMap({"x": items, "f": features, "y": targets},
                    {named["drawn"]: ("x", "f"), "y": ("y", "f")}, "share", False)  # fmt: skip
    every = dict.fromkeys((named["difference"], named["drawn"], "x"), ("x", "f"))
    proven = repeatable(p)  # else the names are not the program's, and a second run has other values
    apart = IndexMap({"x": items, "f": features}, every, "each", proven)
    squares = {named["loss"]: (), named["difference"]: ("x", "f")}
    mean = IndexMap({"x": items, "f": features}, squares, "mean", proven)
    drawn = f"{items} x · {epochs} epochs = {items * epochs} draws"
    return [
        Step(MADE_BY[p["method"]], ("candidates",), named["draws"], _settings(p), (drawn,), pairs, "one entry of the list of this x"),
        Step("first time?", (named["draws"],), named["new"], map=new, readout="y {" + named["draws"] + "}, met before or not",
             aside=True),
        Step("gather", ("y", named["draws"]), named["drawn"], f"epoch {p['pair'][1]}", (), rows, "a row of y"),
        Step("subtract", (named["drawn"], "x"), named["difference"], "", (), apart, f"{{{named['drawn']}}} − {{x}}"),
        Step("mean of squares", (named["difference"],), named["loss"], "", (f"÷ {items * features}",), mean,
             f"the mean of {items * features} squares"),
    ]  # fmt: skip


def _settings(p: Mapping[str, Any]) -> str:
    said = "tf.random.set_seed · " if p["global_seed"] else ""
    passes = {
        "loop": "a pass for each epoch",
        "repeat after": "map, then repeat",
        "repeat before": "repeat, then map",
    }
    alone = p["method"] in ("stateless", "copies", "cyclic")
    return said + ("one pipeline" if alone else passes[p["passes"]])


def facts(p: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Plain numbers: frozen or not, coverage beside its expectation, storage at the real size."""
    lists, draws = lists_of(p), results["draws"]
    place = p["pair"][0]
    counts = results["times"][place][: len(lists[place])]
    return {
        "frozen": bool((draws == draws[:, :1]).all()),
        "can_tell": p["epochs"] > 1 and any(len(set(one)) > 1 for one in lists),
        "different_epochs": len({tuple(column) for column in draws.T.tolist()}),
        "repeatable": repeatable(p),
        "coverage": float(results["coverage"][-1]),
        "expected": expected_coverage(lists, p["epochs"]),
        "pairs": sum(len(set(one)) for one in lists),
        "seen": int(results["new"].sum()),
        "all_seen_after": _all_seen(results["coverage"]),
        "expected_epochs": epochs_to_see_all(lists[place]),
        "lists": lists,
        "drawn": int(draws[place, p["pair"][1]]),
        "times": tuple(map(int, counts)),
        "duplicated": sum(len(set(one)) < len(one) for one in lists),
        "loss": float(results["loss"]),
        "untouched": int((results["y_gradient"] == 0).all(axis=1).sum()),
        "storage": storage(p, lists),
        "suffix": "" if repeatable(p) else "_this_run",
    }


def _all_seen(coverage: np.ndarray[Any, Any]) -> int | None:
    """The epoch, counted from 1, after which every pair has been seen."""
    done = np.flatnonzero(coverage > 1 - 1e-6)
    return int(done[0]) + 1 if done.size else None


def storage(p: Mapping[str, Any], lists: Lists) -> dict[str, int]:
    """Bytes beside the vectors themselves at the real size: the lists; pairs of vectors drawn beforehand."""
    mean = sum(map(len, lists)) / len(lists)
    return {
        "lists": round(p["rows"] * (mean * INDEX + 8)),
        "copies": p["copies"] * p["rows"] * 2 * p["features"] * FLOAT,
        "every_epoch": p["epochs"] * p["rows"] * 2 * p["features"] * FLOAT,
    }


def notes(p: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """What happens without a word."""
    said, method = [], p["method"]
    if known["frozen"] and known["can_tell"]:
        said.append(f"Every epoch draws the same pairs: {FROZEN.get(method, 'by chance')}.")
    if not known["repeatable"]:
        why = (
            "calls that run in parallel take turns by chance"
            if p["parallel"] > 1 and method in STATEFUL
            else "nothing is seeded"
        )
        said.append(f"These draws happened once, for this page: {why}, so the program draws others.")
    if known["duplicated"]:
        said.append(
            f"{known['duplicated']} lists hold a y more than once: it is drawn that much more often, as a weight would."
        )
    if method == "copies" and p["copies"] < p["epochs"]:
        said.append(
            f"Only {p['copies']} data sets are stored: from epoch {p['copies']} on everything repeats."
        )
    return said


FROZEN = {
    "uniform": "with a global seed the operation gets a seed of its own, and every new iterator starts it again",
    "op seed": "a seed in the operation starts again with every new iterator",
    "numpy": "NumPy ran once, while map traced the function, and left a constant",
    "cache": ".cache() after map keeps the first epoch's draws",
    "copies": "one stored data set is all there is",
}
