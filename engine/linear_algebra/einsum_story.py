"""What an einsum says about its results: axes, its index map, what every letter does, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.linear_algebra.einsum_expression import ELLIPSIS, NAMES, Expression, Labels, lonely, read
from engine.linear_algebra.einsum_loops import Nest, flops, index_map, lines, nest, pairs
from engine.linear_algebra.einsum_sizes import Sizes, resolve
from engine.linear_algebra.einsum_ways import ways
from engine.technique import Story
from engine.trace import Step, Tensor


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Everything a page shows besides the values."""
    expression = read(parameters["expression"])
    sizes = resolve(expression, parameters["sizes"], parameters["other"])
    loops = nest(expression, sizes)
    step = Step(
        "einsum", tuple(NAMES[: len(loops.reads)]), "Y", expression.text, _formula(loops), index_map(loops)
    )
    return Story(
        _tensors(expression, sizes, results),
        [step],
        _facts(expression, sizes, loops, results),
        _notes(expression, sizes),
    )


def _formula(found: Nest) -> tuple[str, ...]:
    kept = [f"{loop} = {found.loops[loop]}" for loop in found.writes]
    summed = [f"{loop} = {found.loops[loop]}" for loop in found.summed]
    shape = f"[{', '.join(str(found.loops[loop]) for loop in found.writes)}]"
    return (
        f"{' , '.join(kept)} → {shape}".replace(" , ", ", ") if kept else "no letter kept → one number",
        f"Σ over {', '.join(summed)}" if summed else "nothing summed",
    )


def _tensors(expression: Expression, sizes: Sizes, results: Mapping[str, Any]) -> dict[str, Tensor]:
    axes = {
        name: axis_names(labels, len(sizes.shapes[place]) - len(labels) + 1)
        for place, (name, labels) in enumerate(zip(NAMES, expression.operands, strict=False))
    }
    output = axis_names(expression.output, len(sizes.dots))
    found = {
        name: Tensor(results[name], names, "".join(expression.operands[NAMES.index(name)]))
        for name, names in axes.items()
    }
    found |= {
        f"gradient_{name}": Tensor(results[f"gradient_{name}"], names, f"dΣY/d{name}")
        for name, names in axes.items()
    }
    same = {
        name: Tensor(values, output)
        for name, values in results.items()
        if name == "Y" or name.startswith("by_")
    }
    return found | same


def axis_names(labels: Labels, dots: int) -> tuple[str, ...]:
    """A name for each axis: its letter, i′ where a letter stands a second time, …0 for those of "..."."""
    found: list[str] = []
    for label in labels:
        for name in [f"…{place}" for place in range(dots)] if label == ELLIPSIS else [label]:
            while name in found:
                name += "′"
            found.append(name)
    return tuple(found)


def role(expression: Expression, label: str) -> str:
    """What happens along a letter."""
    readers, kept = expression.readers(label), label in expression.output
    diagonal = any(labels.count(label) > 1 for labels in expression.operands)
    if diagonal:
        return "diagonal, kept" if kept else "diagonal, summed"
    if kept:
        return "kept: free" if len(readers) == 1 else "kept: batch, cell by cell"
    return "summed: contracted" if len(readers) > 1 else "summed: within one operand"


def letter_table(expression: Expression, sizes: Sizes) -> tuple[tuple[str, str, str, str], ...]:
    """Letter, size, operands, role."""
    labels = dict.fromkeys((*expression.letters, *expression.output))
    return tuple(
        (
            label,
            "×".join(map(str, sizes.dots)) or "no axis" if label == ELLIPSIS else str(sizes.letters[label]),
            ", ".join(expression.readers(label)) or "none",
            role(expression, label),
        )
        for label in labels
    )


def _facts(expression: Expression, sizes: Sizes, loops: Nest, results: Mapping[str, Any]) -> dict[str, Any]:
    cells = prod(sizes.output)
    at_once = flops(len(sizes.shapes), sizes.terms, cells)
    path = _path(expression, sizes)
    others = {name: (way.text, _apart(results[name], results["Y"])) for name, way in ways(loops).items()}
    return {
        "text": expression.text,
        "written": expression.written,
        "shape": sizes.output,
        "shapes": sizes.shapes,
        "letters": letter_table(expression, sizes),
        "summed": expression.summed,
        "lonely": tuple(letter for letter, _ in lonely(expression)),
        "terms": sizes.terms,
        "products": sizes.terms // cells,
        "flops": at_once,
        "pairs": tuple(path),
        "path_flops": sum(operations for _, operations in path) if path else at_once,
        "lines": tuple(lines(loops)),
        "ways": others,
        "loops_off": _apart(results["by_loops"], results["Y"]) if "by_loops" in results else None,
        "gradients": tuple(gradient_of(expression, place) for place in range(len(expression.operands))),
    }


def _path(expression: Expression, sizes: Sizes) -> list[tuple[str, int]]:
    """How TensorFlow pairs three operands or more; not told where "..." hides the axes."""
    if len(expression.operands) < 3 or ELLIPSIS in expression.text:
        return []
    return pairs(expression.text, sizes.shapes)


def _apart(left: Any, right: Any) -> float:
    """The largest difference, relative to the largest value."""
    scale = max(1.0, float(np.abs(right).max(initial=0)))
    return float(np.abs(np.asarray(left, "float64") - right).max(initial=0)) / scale


def gradient_of(expression: Expression, place: int) -> str:
    """The einsum that gives dΣY/d(operand), where there is one: ones in the shape of Y, and the others."""
    own = expression.operands[place]
    others = [labels for at, labels in enumerate(expression.operands) if at != place]
    known = {label for labels in (expression.output, *others) for label in labels}
    if len(set(own)) < len(own) or not set(own) <= known or ELLIPSIS in expression.text:
        return ""
    return f"{','.join(map(''.join, (expression.output, *others)))}->{''.join(own)}"


def _notes(expression: Expression, sizes: Sizes) -> list[str]:
    """What works without an error and may not be meant."""
    notes = []
    for letter, other in lonely(expression):
        reader = expression.readers(letter)
        doubt = f" If {letter} and {other} are the same axis, one is misspelt." if other else ""
        notes.append(
            f"{letter} stands in {reader} only and is not kept: it is summed within {reader} alone.{doubt}"
        )
    if not expression.written:
        notes.append(
            f"No -> is written: the output is “{''.join(expression.output)}”, the letters that stand once, in alphabetical order."
        )
    for letter in sizes.unused:
        notes.append(f"A size is given for {letter}, which is not in the expression.")
    return notes[:4]
