"""Warnings about a convolution on a masked image: what is true of this state and worth saying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.parameters import number_text


def notes(p: Mapping[str, Any], results: Mapping[str, Any], told: Mapping[str, Any]) -> Sequence[str]:
    """Sentences for this state, the gravest first."""
    return [*_nan(p, told), *_mask(p, told), *_window(p, told), *_reach(p, told)]


def _nan(p: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    if not told["nan_outputs"]:
        return []
    count = f"{told['nan_outputs']} of {told['outputs']} outputs are NaN"
    if p["black_nan"] and p["mode"] in ("plain", "mask-end"):
        return [f"{count}: one NaN in a window makes the whole sum NaN. Hide the pixels before the layer."]
    if p["black_nan"] and p["apply"] == "multiply":
        return [f"{count}: NaN · 0 is NaN, so multiplying by the mask hides nothing. Use tf.where."]
    return [f"{count}: a window without a valid tap divides 0 by 0."]


def _mask(p: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    if not told["valid_pixels"]:
        answer = {"partial": "answers 0 everywhere" if p["guard"] else "divides 0 by 0 everywhere"}
        said = answer.get(p["mode"], "computes from black pixels only")
        return [f"The mask keeps no pixel at all: this mode {said}, and there is no valid output."]
    if p["mask_value"] == 1:
        return []
    value = number_text(p["mask_value"])
    return [
        f"The mask is not binary: it holds {value} where a pixel is valid. {_effect(p, value)} "
        "Make it 0 and 1 first: tf.cast(mask > 0, tf.float32)."
    ]


def _effect(p: Mapping[str, Any], value: str) -> str:
    if p["mode"] == "plain":
        return "This mode only looks where it is 0."
    if p["apply"] == "where":
        seen = "but the counts of valid taps are as many times too large"
        return f"tf.where only looks where it is 0, {seen if p['mode'] == 'partial' else 'which is right'}."
    if p["mode"] == "partial":
        return f"The first layer multiplies and divides by {value}, which cancels; the threshold does not."
    return f"Each multiplication scales the values by {value}."


def _window(p: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    found = []
    if p["taps"] % 2 == 0:
        before = (p["taps"] - 1) // 2
        found.append(
            f"A kernel of {p['taps']} has no middle: a window reaches {before} before its pixel and "
            f"{p['taps'] - 1 - before} after, so the same image turned by half a turn gives other numbers."
        )
    if told["dropped"] and p["mode"] != "plain":
        found.append(
            f"{told['dropped']} valid outputs were dropped: too few valid taps somewhere on the way."
        )
    if p["mode"] == "plain" and p["min_taps"] > 1:
        found.append("The least number of valid taps changes nothing here: the plain mode ignores the mask.")
    return found


def _reach(p: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    if p["mode"] == "partial" and p["update"] == "grow" and told["leaks"] and not told["nan_outputs"]:
        sizes = " → ".join(map(str, told["mask_sizes"]))
        return [f"The mask grew ({sizes} pixels): partial convolution fills holes in, from their edge."]
    return []
