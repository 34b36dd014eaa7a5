"""What RMSprop's settings must be. Keras 3 accepts every one of these without a word."""

from __future__ import annotations

from typing import Any

from engine.errors import Rejected
from engine.parameters import number_text


def check_settings(**p: Any) -> None:
    """Rates within their ranges, limits above 0, and no variable that the optimizer has not met."""
    _share("rho", p["rho"], "at 1 nothing new is averaged, above it the average grows without end", 0.9)
    _share("momentum", p["momentum"], "at 1 no step ever fades, above it each is larger than the last", 0.0)
    if p["learning_rate"] <= 0:
        fix = "choose a positive one: Keras climbs uphill with a negative rate, and says nothing"
        raise Rejected(
            "learning_rate", number_text(p["learning_rate"]), "above 0", fix, {"learning_rate": 0.01}
        )
    if p["epsilon"] < 0:
        fix = "choose 0 or more: Keras takes the root of a negative number and answers NaN"
        raise Rejected("epsilon", number_text(p["epsilon"]), "0 or more", fix, {"epsilon": 1e-7})
    if p["clipping"] != "none" and p["clip"] <= 0:
        fix = "choose a positive limit: Keras takes 0 for no clipping at all"
        raise Rejected("clip", number_text(p["clip"]), "above 0", fix, {"clip": 1.0})
    if p["loss_scale"] <= 0:
        fix = "choose 1 for no scaling"
        raise Rejected("loss_scale", number_text(p["loss_scale"]), "above 0", fix, {"loss_scale": 1.0})
    if p["variables"] == "new":
        expected = "the variables it was built with"
        fix = "make a new optimizer, or build it with all variables first: optimizer.build([w, new])"
        received = "a variable that the optimizer does not know (Keras: “Unknown variable”)"
        raise Rejected("variables", received, expected, fix, {"variables": "one"})


def _share(name: str, value: float, why: str, usual: float) -> None:
    if not 0 <= value < 1:
        fix = f"choose {number_text(usual)}: {why}; Keras accepts it silently"
        raise Rejected(name, number_text(value), "at least 0 and below 1", fix, {name: usual})
