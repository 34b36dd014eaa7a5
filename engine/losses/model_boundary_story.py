"""What model-boundary tells about its results: axes, facts, notes; its steps are in model_boundary_steps.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.losses.model_boundary_faults import Fault, setup_of
from engine.losses.model_boundary_faults import repaired as with_repairs
from engine.losses.model_boundary_messages import full, headline, meaning
from engine.losses.model_boundary_steps import steps_of
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
SAMPLE = {
    0: (),
    1: ("feature",),
    2: ("step", "feature"),
    3: ("height", "width", "channel"),
    4: ("depth", "height", "width", "channel"),
}
PICTURE = ("height", "width")  # of a sample of two axes where no layer reads them as steps
SAME = 1e-6  # relative: what is closer is the same number
ABOUT = {
    "data": "all samples",
    "labels": "what is known of all samples",
    "x": "what the model is called with",
    "y": "the labels of this batch",
    "features": "what the body hands to the head",
    "kernel": "the weights of the head",
    "logits": "features · kernel + bias",
    "output": "what the model answers",
    "differences": "y − output, as TensorFlow lines the two up",
    "losses": "the loss before the mean",
    "loss": "the number that is minimised",
    "gradient": "d loss / d logits",
}


def tell(p: Mapping[str, Any], results: Mapping[str, Any], found: Sequence[Fault]) -> Story:
    """The story of both runs."""
    tensors, same = {}, _unchanged(results)
    for name, values in results.items():
        bare = name.removeprefix("repaired_")
        if bare in ABOUT and name not in same:
            after = ", after the repair" if bare != name else ""
            tensors[name] = Tensor(values, _axes(p, bare, values), ABOUT[bare] + after)
    facts = _facts(p, results, found)
    repaired = with_repairs(p, list(found)) if found else None
    steps = steps_of(setup_of(p), repaired, results, facts, same)
    return Story(tensors, steps, facts, _notes(facts))


def _unchanged(results: Mapping[str, Any]) -> frozenset[str]:
    """Tensors of the repaired run that are those of the first: they are told once."""
    pairs = ((f"repaired_{name}", name) for name in ABOUT)
    both = [(after, before) for after, before in pairs if after in results and before in results]
    return frozenset(
        after for after, before in both if np.array_equal(results[after], results[before], equal_nan=True)
    )


def _axes(p: Mapping[str, Any], name: str, values: Array) -> tuple[str, ...]:
    rank = values.ndim
    fixed = {"kernel": ("feature", "unit"), "loss": ()}
    if name in fixed:
        return fixed[name]
    if name == "differences" and rank == 2 and values.shape[0] == values.shape[1] and p["units"] == 1:
        return ("output of sample", "label of sample")
    if name in ("data", "x"):
        return _of_samples(p, rank, "sample" if name == "data" else "batch")
    last = {"features": "feature", "labels": "class", "y": "class"}.get(name, "unit")
    first = "sample" if name == "labels" else "batch"
    middle = tuple(f"axis {axis}" for axis in range(1, rank - 1))
    return (first, *middle, last)[:rank] if rank > 1 else (first,)[:rank]


def _of_samples(p: Mapping[str, Any], rank: int, first: str) -> tuple[str, ...]:
    """Names by the number of axes of one sample; what has one too few or too many says so."""
    usual = SAMPLE[min(max(rank - 1, 0), 4)]
    if rank == 3 and p["body"] in ("flatten", "dense", "conv2d"):
        usual = PICTURE
    names = (first, *usual)[:rank]
    return tuple(f"outer {number}" for number in range(rank - len(names))) + names


def _number(results: Mapping[str, Any], name: str) -> float | None:
    return float(results[name]) if name in results else None


def _facts(p: Mapping[str, Any], results: Mapping[str, Any], found: Sequence[Fault]) -> dict[str, Any]:
    error = str(results.get("error", ""))
    again = str(results.get("repaired_error", ""))
    value, honest = _number(results, "loss"), _number(results, "repaired_loss")
    told = {
        "faults": [
            {"name": one.name, "where": one.where, "means": one.means, "repair": one.repair} for one in found
        ],
        "error": full(error) if error else "",
        "headline": headline(error) if error else "",
        "meaning": meaning(error) if error else "",
        "stopped": str(results.get("stopped_at", "")),
        "loss": None if error else value,
        "repaired_loss": honest if found else value,
        "repaired_error": headline(again) if again else "",
        "shapes": {name: tuple(values.shape) for name, values in results.items() if name in ABOUT},
        "repaired_shapes": {
            name[9:]: tuple(values.shape)
            for name, values in results.items()
            if name.startswith("repaired_") and name[9:] in ABOUT
        },
        "row_sums": _row_sums(results),
        "largest_gradient": _largest(results, "gradient"),
        "repaired_gradient": _largest(results, "repaired_gradient") if found else None,
        "no_path": bool(results.get("no_path", False)),
        "apart": float(results.get("apart", 0.0)),
        "output_changed": _changed(results),
    }
    return told | {"verdict": _verdict(told)}


def _largest(results: Mapping[str, Any], name: str) -> float | None:
    return float(np.abs(results[name]).max()) if name in results else None


def _row_sums(results: Mapping[str, Any]) -> tuple[float, ...]:
    """What the outputs of each sample add up to, for a matrix of outputs."""
    output = results.get("output")
    if output is None or output.ndim != 2:
        return ()
    return tuple(float(total) for total in output.sum(axis=-1))


def _changed(results: Mapping[str, Any]) -> bool:
    """Whether the repaired model answers anything else."""
    if "output" not in results or "repaired_output" not in results:
        return False
    one, other = results["output"], results["repaired_output"]
    return one.shape != other.shape or not np.allclose(one, other, rtol=1e-5, atol=1e-6)


def _verdict(told: Mapping[str, Any]) -> str:
    """`error`, `right`, `forgiven` (Keras mended it), `wrong number` or `wrong answers` (the loss is none the wiser)."""
    if told["error"]:
        return "error"
    if not told["faults"]:
        return "right"
    value, honest = told["loss"], told["repaired_loss"]
    if honest is None or not np.isclose(value, honest, rtol=1e-5, atol=SAME):
        return "wrong number"
    return "wrong answers" if told["output_changed"] else "forgiven"


def number(value: float | None) -> str:
    """Four digits, or a dash for what there is not."""
    if value is None:
        return "–"
    return f"{value:.4g}".replace("-", "−")


def _notes(told: Mapping[str, Any]) -> list[str]:
    """What happened in one line, and the repair in another."""
    if told["verdict"] == "right":
        return []
    lines = {
        "error": f"{told['headline']}",
        "wrong number": f"No error, and a wrong number: {number(told['loss'])}, where the repair gives {number(told['repaired_loss'])}.",
        "wrong answers": f"No error, and the loss is right, {number(told['loss'])}; the model's answers are not.",
        "forgiven": f"Keras mends this without a word: the loss is {number(told['loss'])} with and without the repair.",
    }
    notes = [lines[told["verdict"]]]
    if told["verdict"] == "error":
        notes.append(f"It means: {told['meaning']}")
    repairs = "; ".join(fault["repair"] for fault in told["faults"])
    done = (
        f"loss {number(told['repaired_loss'])}"
        if told["repaired_loss"] is not None
        else told["repaired_error"]
    )
    return [*notes, f"Smallest repair: {repairs} → {done}."]
