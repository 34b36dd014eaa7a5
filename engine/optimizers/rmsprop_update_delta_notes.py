"""Warnings about RMSprop's settings: true, but worth saying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def notes(
    parameters: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[str, ...]:
    """What is true of these deltas and surprises."""
    found = []
    if not np.isfinite(results["delta"]).all():
        step, weight = (int(at) for at in np.argwhere(~np.isfinite(results["delta"]))[0])
        found.append(
            f"Weight {weight} is lost at step {step}: its delta is {_odd(results['delta'][step, weight])}. With ε = 0 "
            "a root of 0 divides, and 0 ÷ 0 is NaN, for this weight and for ever."
        )
    elif parameters["epsilon"] == 0:
        found.append("With ε = 0 the first gradient that is exactly 0 makes its weight NaN: 0 ÷ √0.")
    if parameters["epsilon_place"] == "outside":
        found.append(
            "Keras has no such option: its ε is inside the root. The largest difference to Keras' deltas is "
            f"{told['keras_difference']:.3g}."
        )
    if parameters["connected"] is not None and not all(parameters["connected"]):
        found.append(
            "A gradient of None is no gradient of 0: Keras leaves that weight, its slots and its decay alone "
            "(and warns once)."
        )
    return tuple(found)


def _odd(value: float) -> str:
    return "NaN" if np.isnan(value) else "infinite"
