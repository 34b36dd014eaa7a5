"""What the optimizer lab says about a path: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.optimizers.optimizer_steps_links import steps_of
from engine.optimizers.optimizer_steps_surfaces import SURFACES, start_of, top_of
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Tensor

Array = np.ndarray[Any, Any]
TABLE, ROW = ("step", "weight"), ("weight",)

_ABOUT = {
    "w": (TABLE, "the weights before each step"),
    "loss": (("step",), "the loss before each step"),
    "g": (TABLE, "the gradient of the loss"),
    "m": (TABLE, "slot m after the gradient"),
    "v": (TABLE, "slot v after the gradient: running average of its square"),
    "root": (TABLE, "what the step is divided by"),
    "delta": (TABLE, "what is added to the weights"),
    "after": (TABLE, "the weights after each step"),
    "sgd": (TABLE, "−learning rate · gradient"),
    "sgd_step": (ROW, "−learning rate · gradient at the chosen step"),
    "step": (ROW, "what is added at the chosen step"),
    "end": ((), "the loss after the last step"),
    "keras_after": (TABLE, "the weights after each step by Keras, from the same state"),
    "numeric": (TABLE, "the gradient by central differences in float64"),
    "curve": (("w",), "the loss of one weight across the picture"),
    "other_w": (TABLE, "the weights of the other optimizer, from the start"),
    "other_loss": (("step",), "the loss of the other optimizer, from the start"),
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one path."""
    picture = ("y", "x") if SURFACES[parameters["surface"]].weights > 1 else ("height", "w")
    about = _ABOUT | {
        "relief": (
            picture,
            "the surface from low (0.4) to high (1), logarithmic; the top row is the largest y",
        ),
        "trail": (picture, "1 at the first step to 2 at the last, 0.5 between two steps, 0 elsewhere"),
    }
    tensors = {name: Tensor(results[name], *about[name]) for name in results if name in about}
    told = facts(parameters, results)
    return Story(tensors, steps_of(parameters, results), told, notes(parameters, told))


def facts(p: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Plain numbers: start and end, when it left, the chosen step, agreement with Keras."""
    weight, step = p["chosen"]
    at = {
        name: float(results[name][step, weight])
        for name in ("w", "g", "m", "v", "root", "delta", "after", "sgd", "keras_after")
        if name in results
    }
    at |= {
        f"{name}_before": float(results[name][step - 1, weight]) if step else 0.0
        for name in ("m", "v")
        if name in results
    }
    known, after = SURFACES[p["surface"]], results["after"].astype(float)
    losses = np.append(results["loss"], results["end"]).astype(float)
    finite = np.isfinite(losses) & np.isfinite(np.vstack([results["w"][:1], after])).all(axis=1)
    return {
        "weights": known.weights,
        "start": tuple(results["w"][0].astype(float).tolist()),
        "end": tuple(after[-1].tolist()),
        "losses": (float(losses[0]), float(losses[-1])),
        "lost_at": int(np.argmin(finite)) if not finite.all() else None,
        "left_at": _first_outside(p, np.vstack([results["w"][:1], after])),
        "distance": min(
            (float(np.linalg.norm(after[-1] - np.array(spot))) for spot in known.minima), default=None
        ),
        "top": top_of(p["surface"], p["condition"])[1],
        "at": at,
        "corrected": _corrected(p, step + 1),
        "keras_difference": _relative(results["after"], results["keras_after"]),
        "gradient_difference": _relative(results["g"], results["numeric"]),
        "largest_rate": largest_rate(p),
        "assign_is_none": bool(results["assign_is_none"]),
        "typed_start": start_of(p["surface"], p["start"], p["cell"]),
    }


def _corrected(p: Mapping[str, Any], t: int) -> float | None:
    """Adam's learning rate with both bias corrections."""
    if p["optimizer"] not in ("adam", "adamw"):
        return None
    return float(p["learning_rate"] * np.sqrt(1 - p["beta_2"] ** t) / (1 - p["beta_1"] ** t))


def _first_outside(p: Mapping[str, Any], points: Array) -> int | None:
    """The number of steps after which the path left what is drawn."""
    known = SURFACES[p["surface"]]
    sides = (known.across, known.up)[: known.weights]
    with np.errstate(all="ignore"):
        inside = np.all(
            [(low <= points[:, axis]) & (points[:, axis] <= high) for axis, (low, high) in enumerate(sides)],
            axis=0,
        )
    return None if inside.all() else int(np.argmin(inside))


def _relative(one: Array, other: Array) -> float:
    """The largest difference, relative where values are above 1; 0 where both are lost alike."""
    one, other = one.astype(float), other.astype(float)
    with np.errstate(all="ignore"):
        apart = np.abs(one - other) / np.maximum(1, np.abs(other))
    unknown = ~np.isfinite(one) | ~np.isfinite(other)
    return float(np.where(unknown, 0, apart).max())


def largest_rate(p: Mapping[str, Any]) -> float | None:
    """Below this learning rate a quadratic is descended, above it the steps grow.

    2 ÷ λ for gradient descent, with momentum 2 (1 + μ) ÷ λ (Polyak 1964), with Nesterov's
    2 (1 + μ) ÷ (λ (1 + 2 μ)); λ is the largest curvature. None where there is no such bound.
    """
    if p["surface"] not in ("bowl", "parabola") or p["optimizer"] not in ("sgd", "momentum", "nesterov"):
        return None
    curvature = (max(1.0, p["condition"]) if p["surface"] == "bowl" else p["condition"]) + p["l2"]
    mu = {"sgd": 0.0}.get(p["optimizer"], p["momentum"])
    ahead = 1 + 2 * mu if p["optimizer"] == "nesterov" else 1.0
    return float(2 * (1 + mu) / (curvature * ahead))


def notes(p: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the path was lost, and what stands still."""
    found = []
    if told["lost_at"] is not None:
        found.append(
            f"Diverged: after step {told['lost_at']} the loss is no finite number any more"
            + (f" (it left the picture after step {told['left_at']})" if told["left_at"] is not None else "")
            + ". Take a smaller learning rate."
        )
    elif told["largest_rate"] is not None and p["learning_rate"] > told["largest_rate"]:
        found.append(
            f"Diverging: the learning rate {number_text(p['learning_rate'])} is above {told['largest_rate']:.4g}, the "
            "largest at which this optimizer descends this curvature: every swing is wider than the last."
        )
    elif told["left_at"] is not None:
        found.append(f"The path leaves the picture after step {told['left_at']}.")
    return tuple(found)
