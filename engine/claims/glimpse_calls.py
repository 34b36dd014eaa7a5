"""What extract_glimpse really does: its starts over random trials, and its answers to odd calls.

An answer is the shape or numbers that came back, or the error with its first line. A claim asks here
instead of remembering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution.glimpse_extraction_starts import CONVENTIONS, offset_for, start_of
from engine.parameters import Integer
from engine.technique import Cost, Story
from engine.trace import Tensor

PARAMETERS = (
    Integer("trials", 200, 1, 400, "random offsets for each of the eight conventions"),
    Integer("seed", 0, 0, 9999, "seed of the trials"),
)
CALLS = (
    "image of rank 3",
    "one offset too many",
    "three numbers an offset",
    "size 0",
    "size -1",
    "NaN offset",
    "offset 1e9",
    "unknown noise",
    "integer offsets",
    "default noise, twice",
)
MOST_SIDE, MOST_BLOCK = 16, 9


def check(trials: int, seed: int) -> None:
    """Nothing to hold beyond the bounds."""


def cost(trials: int, seed: int) -> Cost:
    """One batch of images for each convention."""
    return Cost(memory=4 * 8 * trials * (MOST_SIDE**2 + 2 * MOST_BLOCK**2), work=20_000 * trials)


def arguments(trials: int, seed: int) -> dict[str, Any]:
    return {"trials": trials, "seed": seed, "conventions": CONVENTIONS}


def glimpses(image, size, offsets, version, centered, normalized):  # type: ignore[no-untyped-def]
    """Either version's operation, with zeros outside: TensorFlow 1's function offers no such thing."""
    import tensorflow as tf

    operation = tf.raw_ops.ExtractGlimpse if version == "V1" else tf.raw_ops.ExtractGlimpseV2
    settings = {"centered": centered, "normalized": normalized, "uniform_noise": False, "noise": "zero"}
    return operation(input=image, size=size, offsets=offsets, **settings)


def mismatches(generator, trials, how):  # type: ignore[no-untyped-def]
    """How many of these random offsets start elsewhere than the formula says."""
    side, block = generator.integers(3, MOST_SIDE, 2), generator.integers(1, MOST_BLOCK, 2)
    rows, columns = np.mgrid[1 : side[0] + 1, 1 : side[1] + 1]
    image = np.stack([rows, columns], axis=-1).astype("float32")  # every pixel says where it is, from 1
    ends = [[offset_for(at, n, k, *how) for at in (-k, n)] for n, k in zip(side, block, strict=True)]
    offsets = np.stack([generator.uniform(*end, trials) for end in ends], axis=-1).astype("float32")
    found = np.asarray(glimpses(np.repeat(image[None], trials, axis=0), block.astype("int32"), offsets, *how))
    wrong = 0
    for offset, answer in zip(offsets, found, strict=True):
        start = [int(start_of(at, n, k, *how)) for at, n, k in zip(offset, side, block, strict=True)]
        at = np.stack(np.mgrid[tuple(slice(a + 1, a + 1 + k) for a, k in zip(start, block, strict=True))], -1)
        inside = ((at > 0) & (at <= side)).all(axis=-1, keepdims=True)
        wrong += not np.array_equal(answer, np.where(inside, at, 0))
    return wrong


def glimpse_calls(trials, seed, conventions):  # type: ignore[no-untyped-def]
    """Mismatches of each convention, int32[convention]; each call's answer, string[call]."""
    import tensorflow as tf

    generator = np.random.default_rng(seed)
    wrong = [mismatches(generator, trials, how) for how in conventions]
    image, extract = tf.reshape(tf.range(25.0), [1, 5, 5, 1]), tf.image.extract_glimpse
    here = tf.zeros([1, 2])

    def call(image=image, size=(3, 3), offsets=here, noise="zero"):  # type: ignore[no-untyped-def]
        return extract(image, size, offsets, centered=False, normalized=False, noise=noise)

    def twice():  # type: ignore[no-untyped-def]
        one, other = (extract(image, (3, 3), tf.constant([[1.0, 1.0]])) for _ in "ab")
        return "differ" if np.any(one != other) else "the same"

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            value = call()
        except Exception as e:
            said = str(getattr(e, "message", "") or e).partition("\n")[0]
            return f"{type(e).__name__}: {said.rpartition('}} ')[2].partition(' [Op:')[0]}"
        return value if isinstance(value, str) else str(list(value.shape))

    calls = (
        lambda: call(image=image[0]),
        lambda: call(offsets=tf.zeros([2, 2])),
        lambda: call(offsets=tf.zeros([1, 3])),
        lambda: call(size=(0, 0)),
        lambda: call(size=(-1, 3)),
        lambda: call(offsets=tf.constant([[float("nan"), 0.0]])),
        lambda: call(offsets=tf.constant([[1e9, 0.0]])),
        lambda: call(noise="none"),
        lambda: call(offsets=np.array([[1, 1]])),
        twice,
    )
    return {"mismatches": tf.constant(wrong), "answers": tf.constant([answer(one) for one in calls])}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back; `mismatches` of all trials."""
    answers = [bytes(text).decode() for text in results["answers"]]
    shown = {"mismatches": Tensor(results["mismatches"], ("convention",), "starts unlike the formula's")}
    facts = {
        "answers": dict(zip(CALLS, answers, strict=True)),
        "mismatches": int(results["mismatches"].sum()),
        "trials": len(CONVENTIONS) * parameters["trials"],
    }
    return Story(shown, (), facts)
