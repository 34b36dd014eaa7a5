"""Any einsum of up to four tensors: letters name axes, kept letters stay, all others are summed."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.linear_algebra import einsum_expression, einsum_story
from engine.linear_algebra.einsum_loops import nest, positions
from engine.linear_algebra.einsum_sizes import MOST_SIZE, resolve
from engine.linear_algebra.einsum_ways import MOST_PRODUCTS, ways
from engine.parameters import Choice, Integer, Text
from engine.technique import Cost, Made, Story

FEW_TERMS = 1024  # products that loops in Python get through in a moment
PARAMETERS = (
    Integer("other", None, 1, MOST_SIZE, "size of letters whose size is not given"),
    Text("expression", "ij,jk->ik", 60, "operands, ->, output; a letter for each axis"),
    Text("sizes", "i=3, j=4, k=2", 120, "of letters, i=3, j=4, or of operands, 3x4, 4x2; or auto"),
    Choice("values", "small", ("small", "counting", "normal"), "what the operands hold"),
    Integer("seed", 1, 0, 9999, "of the operands' values"),
)


def check(expression: str, sizes: str, other: int | None, **_: Any) -> None:
    """Letters that can be read and sizes that fit; TensorFlow's own words are asked for beside ours."""
    resolve(einsum_expression.read(expression), sizes, other)


def cost(expression: str, sizes: str, other: int | None, **_: Any) -> Cost:
    """Operands, output and gradients; the other calls; a product written out before it is summed."""
    found = resolve(einsum_expression.read(expression), sizes, other)
    cells = sum(map(prod, (*found.shapes, found.output)))
    written = found.terms if found.terms <= MOST_PRODUCTS else 0
    return Cost(memory=4 * (5 * cells + 2 * written), work=12 * len(found.shapes) * found.terms)


def arguments(expression: str, sizes: str, other: int | None, values: str, seed: int) -> dict[str, Any]:
    """The operands, the expression, and the numbers of other calls that give the same."""
    read = einsum_expression.read(expression)
    found = resolve(read, sizes, other)
    loops = nest(read, found)
    shapes = [list(shape) for shape in found.shapes]
    return {
        "expression": expression,
        "operands": Made(operands, {"shapes": shapes, "kind": values, "seed": seed}),
        "ways": {name: way.arguments for name, way in ways(loops).items()},
        "loops": positions(loops) if found.terms <= FEW_TERMS else None,
    }


def operands(shapes, kind, seed):  # type: ignore[no-untyped-def]
    """A list of float32 arrays: whole numbers from -3 to 3, or 1, 2, 3, …, or normally distributed."""
    generator = np.random.default_rng(seed)
    made = []
    for shape in shapes:
        if kind == "counting":
            array = np.arange(1, 1 + int(np.prod(shape))).reshape(shape)
        elif kind == "small":
            array = generator.integers(-3, 4, shape)
        else:
            array = generator.normal(size=shape)
        made.append(np.asarray(array, "float32"))
    return made


def another_way(operands, call, how):  # type: ignore[no-untyped-def]
    """The same by one of TensorFlow's other calls, brought into the same order of axes."""
    import tensorflow as tf

    first, second = operands[0], operands[-1]
    if how.get("names") == "BA":
        first, second = second, first
    if call == "matmul":
        return tf.matmul(first, second, transpose_a=how["transpose_a"], transpose_b=how["transpose_b"])
    if call == "matvec":
        return tf.linalg.matvec(first, second, transpose_a=how["transpose_a"])
    if call in ("trace", "diag_part"):
        return getattr(tf.linalg, call)(first)
    if call == "tensordot":
        result = tf.tensordot(first, second, how["axes"])
    elif call == "batched":
        folded = [
            tf.reshape(tf.transpose(operand, order), shape)
            for operand, order, shape in zip(operands, how["orders"], how["shapes"], strict=False)
        ]
        result = tf.reshape(tf.matmul(*folded), how["shape"])
    elif call == "product":
        result = tf.ones([])
        for operand, order, shape in zip(operands, how["orders"], how["shapes"], strict=False):
            result *= tf.reshape(tf.transpose(operand, order), shape)
        result = tf.reduce_sum(result, how["axis"])
    else:  # "reduce_sum", or a transpose alone
        result = tf.reduce_sum(first, how["axis"])
    return tf.transpose(result, how["order"])


def by_loops(operands, extents, reads, writes):  # type: ignore[no-untyped-def]
    """The loops themselves: every product is added to the cell it belongs to, in float64."""
    arrays = [np.asarray(operand, "float64") for operand in operands]
    result = np.zeros([extents[place] for place in writes])
    for at in np.ndindex(*extents):
        product = 1.0
        for array, places in zip(arrays, reads, strict=False):
            product *= array[tuple(0 if place is None else at[place] for place in places)]
        result[tuple(at[place] for place in writes)] += product
    return result.astype("float32")


SHOWN = (operands, another_way, by_loops)


def einsum(expression, operands, ways, loops):  # type: ignore[no-untyped-def]
    """tf.einsum, the gradient of the sum of its output, and the same by other calls and by loops."""
    import tensorflow as tf

    operands = [tf.convert_to_tensor(operand) for operand in operands]
    with tf.GradientTape() as tape:
        tape.watch(operands)
        y = tf.einsum(expression, *operands)
        loss = tf.reduce_sum(y)
    results = {"Y": y}
    for name, operand, gradient in zip("ABCD", operands, tape.gradient(loss, operands), strict=False):
        results[name], results[f"gradient_{name}"] = operand, gradient
    for name, way in ways.items():
        results[name] = another_way(operands, way["call"], way)
    if loops:
        results["by_loops"] = by_loops(operands, **loops)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, the step with its map, facts and notes; see einsum_story.py."""
    return einsum_story.tell(parameters, results)
