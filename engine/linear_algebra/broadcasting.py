"""Two or three shapes aligned from the right: which axes stretch, which clash, and what comes out.

Sizes meet axis by axis from the last one; equal sizes stay, a 1 (or a missing axis) is repeated, anything
else is refused (https://numpy.org/doc/stable/user/basics.broadcasting.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.linear_algebra import broadcasting_story as story
from engine.linear_algebra.broadcasting_shapes import REPAIRS, aligned, cells, repaired
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Toggle
from engine.technique import Cost, Made, Story

MOST_AXES, MOST_SIZE = 5, 1024
OPERATIONS = ("add", "subtract", "multiply", "squared difference")
WORDS = {
    "not whole": "sizes are whole numbers: round it",
    "not a number": "every size must be known here: choose one",
}
LENS = "out"


def _shape(name: str, default: tuple[int, ...] | None, about: str) -> Numbers:
    fewest = (
        0 if default else 1
    )  # an empty text leaves out what may be left out; for the others it is a number
    return Numbers(name, default, fewest, MOST_AXES, 0, MOST_SIZE, about, whole=True, refusals=WORDS)


PARAMETERS = (
    _shape("a", (47, 1), "sizes of the first tensor, such as 47,1; none for a single number"),
    _shape("b", (47,), "sizes of the second tensor"),
    _shape("c", None, "sizes of a third tensor; left out: there are two"),
    Choice("operation", "add", OPERATIONS, "what meets cell by cell"),
    Choice("repair", "none", REPAIRS, "what is done to the shapes first"),
    Choice("values", "counted", ("counted", "same", "random"), "what the tensors hold"),
    Toggle("explicit", False, "repeat the cells with tf.broadcast_to first"),
    Integer("seed", 0, 0, 9999, "seed of random values"),
)


def shapes_of(a: Any, b: Any, c: Any = None, **_: Any) -> list[tuple[int, ...]]:
    """The shapes that are given, two or three."""
    return [tuple(int(size) for size in shape) for shape in (a, b, c) if shape is not None]


def check(**p: Any) -> None:
    """Every tensor must be small enough to be made; a clash is shown, not refused."""
    for name, shape in zip("abc", shapes_of(**p), strict=False):
        if cells(shape) > 2**22:
            received = f"{' x '.join(map(str, shape))} = {cells(shape):,} numbers"
            fix = "take smaller axes: the rules are the same"
            raise Rejected(name, received, f"at most {2**22:,} numbers", fix, {name: (2,) * len(shape)})


def cost(**p: Any) -> Cost:
    """Operands, repaired, repeated and their gradients; the result and its gradients on the way."""
    shapes = repaired(shapes_of(**p), p["repair"])
    given = sum(map(cells, shapes_of(**p)))
    out = cells(tuple(axis.size or 0 for axis in aligned(shapes)))
    return Cost(memory=4 * (4 * given + (8 + 4 * len(shapes)) * out), work=20 * given + 20 * out)


def filled(shape: tuple[int, ...], values: str, step: int, seed: int) -> np.ndarray[Any, Any]:
    """float32 numbers in a shape: 0, 1, 2, … times a step ("counted"), times 1 ("same"), or random."""
    if values == "random":
        return np.random.default_rng(seed).normal(size=shape).astype("float32")
    count = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return (count * (step if values == "counted" else 1)).astype("float32")


SHOWN = (filled,)


def arguments(**p: Any) -> dict[str, Any]:
    """What `broadcasting` is called with."""
    steps = (10, 1, 100)
    made = [
        Made(filled, {"shape": shape, "values": p["values"], "step": step, "seed": p["seed"] + place})
        for place, (shape, step) in enumerate(zip(shapes_of(**p), steps, strict=False))
    ]
    same = {name: p[name] for name in ("operation", "repair", "explicit")}
    return {"a": made[0], "b": made[1], "c": made[2] if len(made) > 2 else None} | same


def broadcasting(a, b, c, operation, repair, explicit):  # type: ignore[no-untyped-def]
    """Combine tensors of any shapes as TensorFlow does, and differentiate the sum of the result.

    a, b, c: float32[…], c may be None; repair: "none", "new axis at the end", "squeeze" or "crop".
    Where two sizes clash, "message" holds TensorFlow's own words instead of a result.
    """
    import tensorflow as tf

    def repaired(given):  # type: ignore[no-untyped-def]
        rank = max(len(x.shape) for x in given)
        if repair == "new axis at the end":
            return [tf.reshape(x, [*x.shape, *[1] * (rank - len(x.shape))]) for x in given]
        if repair == "squeeze":
            return [tf.squeeze(x) for x in given]
        if repair == "crop":  # each axis to the smallest size that is not 1
            sizes = [[1] * (rank - len(x.shape)) + list(x.shape) for x in given]
            least = [min([n for n in axis if n != 1], default=1) for axis in zip(*sizes, strict=False)]
            return [
                x[
                    tuple(
                        slice(n if size > 1 else 1)
                        for size, n in zip(x.shape, least[rank - len(x.shape) :], strict=False)
                    )
                ]
                for x in given
            ]
        return given

    def combine(x, y, *rest):  # type: ignore[no-untyped-def]
        if operation == "add":
            out = x + y
        elif operation == "subtract":
            out = x - y
        else:
            out = x * y if operation == "multiply" else tf.square(x - y)
        for z in rest:  # a third tensor weighs squared differences
            out = out + z if operation == "add" else out - z if operation == "subtract" else out * z
        return out

    given = {
        name: tf.convert_to_tensor(x) for name, x in zip("abc", (a, b, c), strict=False) if x is not None
    }
    results = dict(given)
    with tf.GradientTape() as tape:
        tape.watch(list(given.values()))
        operands = repaired(list(given.values()))
        for name, x in zip(given, operands, strict=False):
            if x.shape != given[name].shape:
                results[f"{name} repaired"] = x
        try:
            out = combine(*operands)
        except tf.errors.InvalidArgumentError as clash:
            return {**results, "message": clash.message}
        if explicit:  # the same by hand: every tensor repeated to the shape of the result
            operands = [tf.broadcast_to(x, out.shape) for x in operands]
            results |= {f"{name} stretched": x for name, x in zip(given, operands, strict=False)}
            out = combine(*operands)
        total = tf.reduce_sum(out)
    gradients = tape.gradient(total, list(given.values()))
    results |= {f"gradient of {name}": gradient for name, gradient in zip(given, gradients, strict=False)}
    return {**results, "out": out, "mean": tf.reduce_mean(out)}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see broadcasting_story.py."""
    return story.tell(parameters, shapes_of(**parameters), results)
