"""Warnings about a masked softmax: the fully masked row, leaks, and NaN where none was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_EMPTY = {
    "multiply": "multiplying leaves 0 everywhere and dividing by their sum is 0 ÷ 0, so every weight is NaN",
    "add-inf": "softmax over nothing but −∞ is 0 ÷ 0, so every weight is NaN",
    "where": "dividing by divide_no_nan gives 0 for 0 ÷ 0, so every weight is 0 and the context is 0",
}


def notes(method: str, dtype: str, results: Mapping[str, Any], leaks: bool) -> tuple[str, ...]:
    """What is true of these weights and worth saying."""
    if method == "none":
        return ()
    weights, mask = results["weights"], results["mask"]
    if not mask.any():
        return (f"Every position is masked. {_empty(method, dtype, results)}.",)
    if np.isnan(weights).any():
        return (_lost(method),)
    if leaks:
        share = float(weights[mask == 0].astype("float64").sum())
        return (
            f"The mask leaks: masked positions hold {share:.3g} of the weight, because their scores "
            "are so far above the kept ones that the addend does not outweigh them.",
        )
    return ()


def _empty(method: str, dtype: str, results: Mapping[str, Any]) -> str:
    weights = results["weights"].astype("float64")
    if method in _EMPTY:
        said = _EMPTY[method]
    elif np.isnan(weights).any():
        said = f"in {dtype} −1e9 is −∞, and softmax over nothing but −∞ is 0 ÷ 0: every weight is NaN"
    elif np.allclose(weights, results["unmasked"], atol=1e-3) and np.ptp(weights) > 0:
        said = (
            "all scores move down by the same amount, which softmax ignores: the weights are as if unmasked"
        )
    elif np.ptp(weights) == 0:
        said = (
            f"the addend is so large that {dtype} rounds all scores to one number: "
            "the weights are uniform, padding included"
        )
    else:
        said = f"the addend rounds the scores in {dtype}: the weights are near the unmasked ones"
    return said[0].upper() + said[1:]


def _lost(method: str) -> str:
    if method == "multiply":
        return (
            "Every kept score is so far below the masked ones that its softmax is exactly 0: "
            "renormalising divides 0 by 0 and every weight is NaN. Masking before the softmax has no "
            "such trouble."
        )
    return (
        "In float16 the addend −1e9 is −∞, and (1 − mask) · −∞ is 0 · −∞ = NaN at every kept position: "
        "the weights of the tokens you wanted are NaN."
    )
