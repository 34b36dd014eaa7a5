"""The skip-connection lab's tables: every level of this state, and what every repair comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.convolution.skip_connection_crop_add_words import REPAIRS, two
from pages.kit.declare import Table

WHAT = {
    "none": "adds the maps as they are",
    "crop-encoder": "the question's crop_and_add: offset (encoder − decoder)//2",
    "crop-decoder": "the same, the other way round",
    "crop-both": "each axis to the smaller of the two",
    "pad-smaller": "zeros around, an odd one after",
    "resize-decoder": "tf.image.resize to the skip's size, bilinear",
    "output-shape": "conv2d_transpose is told the encoder's size at every level",
    "pad-input": "zeros around the image until nothing is rounded; the output is cropped back",
    "another-size": "the image is scaled to the nearest size whose skips all fit",
}


def _levels(trace: Trace) -> Sequence[Sequence[str]]:
    known, repair = trace.facts, trace.parameters["repair"]
    return [
        (
            f"{one['level']} (/{2 ** one['level']})",
            two(one["encoder"]),
            two(one["decoder"]),
            _difference(one),
            _done(one, repair),
            two(one["met"]) if one["met"] else "nothing",
            _unread(one),
        )
        for one in known["levels"]
    ]


def _difference(one: dict[str, Any]) -> str:
    if not one["skip"]:
        return "no skip"
    apart = [e - d for e, d in zip(one["encoder"], one["decoder"], strict=True)]
    return two([f"{n:+d}" if n else "0" for n in apart]) if any(apart) else "none"


def _done(one: dict[str, Any], repair: str) -> str:
    if not one["parts"]:
        return "added" if one["skip"] else ""
    if one["met"] is None:
        return "refused"
    if not repair.startswith(("crop", "pad")):
        return REPAIRS[repair]
    places = zip(("encoder", "decoder"), one["offsets"], strict=True)
    moved = [f"{name} from {two(at)}" for name, at in places if any(at)]
    return f"{REPAIRS[repair]}, {', '.join(moved) or 'at its end only'}"


def _unread(one: dict[str, Any]) -> str:
    return two(one["unread"]) if any(one["unread"]) else "none"


def _repairs(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (REPAIRS[one["repair"]], WHAT[one["repair"]], two(one["input"]), _result(trace, one))
        for one in trace.facts["repairs"]
    ]


def _result(trace: Trace, one: dict[str, Any]) -> str:
    if one["level"] is not None:
        return f"refused at /{2 ** one['level']}"
    if one["output"] is None:
        return "refused: too small"
    same = " (the image's size)" if one["output"] == trace.parameters["size"] else ""
    return two(one["output"]) + same


TABLES = (
    Table(
        "Level by level, on the way up",
        ("level", "encoder kept", "decoder arrives with", "encoder − decoder", "what is done", "goes on with",
         "rows × columns the halving never read"),
        _levels,
    ),
    Table(
        "Every repair on this image",
        ("repair", "what it does", "network's input", "output"),
        _repairs,
        lambda t: f"Sizes before anything is run; choose a repair to run it. Image {two(t.parameters['size'])}.",
    ),
)  # fmt: skip
