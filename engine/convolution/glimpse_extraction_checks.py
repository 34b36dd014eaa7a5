"""What glimpse-extraction refuses, with TensorFlow's own reason, before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected

NOISES = ("zero", "uniform", "gaussian")
NOT_NOISE = dict.fromkeys(
    ("none", "normal", "reflect"), "there is none of this name: zero (V2 only), uniform or gaussian"
)
RIGHT = "as it takes them"
HANDED = (RIGHT, "image of rank 3", "one offset too many", "three numbers an offset")
SAID = {  # tests hold these against what the installed TensorFlow says
    "image of rank 3": "input must be 4-dimensional",
    "one offset too many": "first dimension should be batch",
    "three numbers an offset": "second dimension should be of size 2",
}


def check_call(p: Mapping[str, Any]) -> None:
    """Shapes as the operation takes them, a noise the version has, and an intended pixel inside."""
    if p["handed"] != RIGHT:
        raise _wrong_shape(p["handed"], *p["size"])
    if p["version"] == "V1" and p["noise"] == "zero":
        expected = (
            "uniform or gaussian: TensorFlow 1's function has uniform_noise=True or False, and no zeros"
        )
        raise Rejected("noise", "zero with V1", expected, "choose uniform, or version V2", {"version": "V2"})
    (row, column), (height, width) = p["intended"], p["size"]
    if not (row < height and column < width):
        expected = f"row 0 to {height - 1} and column 0 to {width - 1}"
        inside = (min(row, height - 1), min(column, width - 1))
        raise Rejected("intended", f"{row}x{column}", expected, "choose a pixel inside", {"intended": inside})


def _wrong_shape(handed: str, height: int, width: int) -> Rejected:
    received, expected, fix = {
        "image of rank 3": (
            f"an image of shape [{height}, {width}, 1]",
            "[batch, height, width, channels]",
            "add the batch axis: image[tf.newaxis]",
        ),
        "one offset too many": (
            "3 offsets for a batch of 2",
            "[2, 2]: one offset for each image of the batch",
            "repeat the image as often as there are offsets: tf.repeat(image, 3, axis=0)",
        ),
        "three numbers an offset": (
            "offsets of shape [2, 3]",
            "[2, 2]: (y, x) for each image, rows first",
            "leave y and x; a glimpse has no scale of its own",
        ),
    }[handed]
    fix = f"{fix}. TensorFlow says: {SAID[handed]}"
    return Rejected("handed", received, expected, fix, {"handed": RIGHT})
