"""Where tf.image.extract_glimpse cuts: the first row and column of the block, by version and convention.

The offset becomes a start in pixels, which is truncated towards zero. TensorFlow 1 took half a glimpse
away from it, TensorFlow 2 does so only where offsets are centred and normalised
(https://github.com/tensorflow/tensorflow/issues/2134, and the kernel: core/kernels/image/attention_ops.cc).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution import glimpse_extraction_story as story
from engine.convolution.glimpse_extraction_checks import HANDED, NOISES, NOT_NOISE, check_call
from engine.convolution.glimpse_extraction_starts import VERSIONS, start_of
from engine.parameters import Choice, Integer, Pair, Real, Toggle
from engine.technique import Cost, Made, Story

FAR = 20.0
PARAMETERS = (
    Pair("size", (5, 5), 3, 16, "height and width of the image, in pixels"),
    Pair("glimpse", (3, 3), 1, 9, "height and width of the block; TensorFlow answers 0 with an empty one"),
    Real("y", 1.0, -FAR, FAR, "first number of the offset: down"),
    Real("x", 1.0, -FAR, FAR, "second number of the offset: across"),
    Real("y2", 2.0, -FAR, FAR, "down, of another offset to compare with"),
    Real("x2", 1.0, -FAR, FAR, "across, of the other offset"),
    Choice(
        "version", "V1", VERSIONS, "V1 is tf.compat.v1.image.extract_glimpse, V2 tf.image.extract_glimpse"
    ),
    Toggle("centered", False, "offsets are counted from the middle of the image"),
    Toggle("normalized", False, "offsets are shares of the image's size"),
    Choice("noise", "uniform", NOISES, "what fills the cells outside the image", NOT_NOISE),
    Pair("intended", (1, 1), 0, 15, "the pixel that should be in the middle of the block"),
    Choice("image", "count", ("count", "random"), "0, 1, 2, … or random numbers"),
    Choice("handed", "as it takes them", HANDED, "the shapes that are handed over"),
    Integer("seed", 0, 0, 9999, "seed of a random image"),
)
LENS = "sliced"


def check(**p: Any) -> None:
    """Shapes as the operation takes them, noise it has, an intended pixel inside. Raises `Rejected`."""
    check_call(p)


def cost(size: tuple[int, int], glimpse: tuple[int, int], **_: Any) -> Cost:
    """The image twice, padded once, and some blocks."""
    pixels, cells = size[0] * size[1], glimpse[0] * glimpse[1]
    padded = (size[0] + 2 * glimpse[0]) * (size[1] + 2 * glimpse[1])
    return Cost(memory=4 * (6 * pixels + 2 * padded + 12 * cells), work=1000 + 40 * (pixels + padded))


def numbered(height: int, width: int, pattern: str, seed: int) -> np.ndarray[Any, Any]:
    """An image whose pixels are 0, 1, 2, … row by row, or random: float32[1, height, width, 1]."""
    values = np.arange(height * width, dtype="float32")
    if pattern == "random":
        values = np.random.default_rng(seed).random(height * width, dtype="float32")
    return values.reshape(1, height, width, 1)


SHOWN = (numbered, start_of)


def arguments(**p: Any) -> dict[str, Any]:
    """What `glimpse_extraction` is called with."""
    made = {"height": p["size"][0], "width": p["size"][1], "pattern": p["image"], "seed": p["seed"]}
    same = {name: p[name] for name in ("version", "centered", "normalized", "noise", "intended")}
    offsets = [[p["y"], p["x"]], [p["y2"], p["x2"]]]
    return {"image": Made(numbered, made), "glimpse": p["glimpse"], "offsets": offsets} | same


def glimpse_extraction(  # type: ignore[no-untyped-def]
    image, glimpse, offsets, version, centered, normalized, noise, intended
):
    """Blocks at two offsets by TensorFlow's operation; the first one by slicing and by interpolation too.

    image: float32[1, height, width, 1]; offsets: two of (y, x); intended: the pixel wanted in the middle.
    """
    import tensorflow as tf

    image = tf.convert_to_tensor(image)
    sizes = np.array(image.shape[1:3])
    places = tf.constant(offsets, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(image)
        batch = tf.repeat(image, len(offsets), axis=0)  # one image an offset
        if version == "V2":
            glimpses = tf.image.extract_glimpse(batch, glimpse, places, centered, normalized, noise)
        else:
            op = tf.compat.v1.image.extract_glimpse
            glimpses = op(batch, glimpse, places, centered, normalized, noise == "uniform")
    try:  # neither version has a gradient: one answers None, the other raises
        answer = str(tape.gradient(glimpses, image))
    except LookupError as e:
        answer = f"LookupError: {e}"

    how = (version, centered, normalized)
    starts = [
        [start_of(at, n, k, *how) for at, n, k in zip(pair, sizes, glimpse, strict=False)] for pair in offsets
    ]

    def cut(start):  # type: ignore[no-untyped-def]
        """Pad with zeros and slice: float32[height, width]. Farther out there is nothing either."""
        (height, width), around = glimpse, [[glimpse[0]] * 2, [glimpse[1]] * 2]
        row, column = (int(np.clip(at, -k, n)) + k for at, k, n in zip(start, glimpse, sizes, strict=False))
        return tf.pad(image[0, :, :, 0], around)[row : row + height, column : column + width]

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(image)
        begin = tf.constant(starts[:1])  # before truncation: interpolation can start between pixels
        tape.watch(begin)
        sliced = cut(np.trunc(starts[0]))
        ends = [begin, begin + np.array(glimpse, "float32") - 1]
        boxes = tf.concat(ends, axis=1) / np.tile(sizes - 1, 2).astype("float32")
        resized = tf.image.crop_and_resize(image, boxes, [0], glimpse)
        totals = [tf.reduce_sum(sliced), tf.reduce_sum(resized)]
    return {
        "x": image,
        "glimpses": glimpses,  # what lies outside the image is new noise in every call
        "tape": answer,
        "starts": tf.constant(starts),
        "sliced": sliced,
        "wanted": cut(np.array(intended) - np.array(glimpse) // 2),
        "resized": resized[0, :, :, 0],
        "slice gradient": tape.gradient(totals[0], image),
        "resize gradient": tape.gradient(totals[1], image),
        "start gradient": tape.gradient(totals[1], begin)[0],
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see glimpse_extraction_story.py."""
    return story.tell(parameters, results)
