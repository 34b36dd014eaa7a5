"""Warnings about multi-head attention: masks on the wrong axes, queries without a key, Keras' refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.attention import multi_head_attention_masks as masks
from engine.attention.multi_head_attention_checks import sizes_of

_EMPTY = {
    "zeroed": "their weights are all 0, so what they hand on is 0",
    "large": "all their scores become the same −2.4e38, so they attend to everything alike, hidden keys included",
    "infinity": "softmax of nothing but −∞ is 0 ÷ 0: NaN, which reaches every gradient of their sentence",
}


def notes(
    parameters: Mapping[str, Any], values: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[str, ...]:
    """What is true of this state and worth saying."""
    found = []
    if told["wrong"]:
        found.append(_wrong(told))
    if told["empty_rows"]:
        rows = told["empty_rows"]
        start = "1 row of scores has" if rows == 1 else f"{rows} rows of scores have"
        found.append(f"{start} every key hidden: {_EMPTY[parameters['fill']]}.")
    elif np.isnan(values["weights"]).any():
        found.append("Some weights are NaN.")
    if "mask" in values and "keras_output" not in values:
        sizes = sizes_of(parameters["sentences"], parameters["heads"])
        why = masks.misfit(told["layout"], "keras", sizes)
        found.append(f"Keras' layer refuses this mask: it puts a missing axis where the heads are, so {why}.")
    return tuple(found)


def _wrong(told: Mapping[str, Any]) -> str:
    """How a mask that fits went wrong: an axis that met another one, or one it does not have."""
    count = f"{told['wrong']} of {told['cells']} scores are masked differently from what is meant."
    if told["strays"]:
        met = " and ".join(f"its {axis} axis meets the {other}" for axis, other in told["strays"])
        return f"The mask {list(told['mask_shape'])} fits without a word, but {met}: {count}"
    return f"The mask has no batch axis, so sentence 0's holds for every sentence: {count}"
