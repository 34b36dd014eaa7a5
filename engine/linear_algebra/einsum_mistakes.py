"""One wrong letter or size: each common mistake made in an expression that is right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase

from engine.errors import Rejected
from engine.linear_algebra.einsum_expression import ELLIPSIS, Expression, Labels, lonely, read
from engine.linear_algebra.einsum_sizes import MOST_SIZE, Shape, Sizes, by_letters, read_sizes, resolve


@dataclass(frozen=True)
class Mistake:
    """What was done wrong, and what is handed to einsum then."""

    name: str
    expression: str
    shapes: tuple[Shape, ...]

    @property
    def sizes(self) -> str:
        return written(self.shapes)


def written(shapes: tuple[Shape, ...]) -> str:
    """Shapes as the engine's parameters take them: `3x4, ()`."""
    return ", ".join("x".join(map(str, shape)) or "()" for shape in shapes)


def handed_over(expression: str, sizes: str, other: int | None) -> str:
    """The shapes for an expression that may be wrong: its letters, whatever else stands there; "" if the sizes cannot be read."""
    try:
        given = read_sizes(sizes)
    except Rejected:
        return ""
    if not isinstance(given, dict):
        return written(given)
    inputs = re.split("->|=>|→", expression.replace(" ", ""))[0].split(",")
    parts = tuple(tuple(re.findall(r"\.\.\.|[A-Za-z]", part)) for part in inputs)
    return written(by_letters(Expression(parts, ()), given, other))


def mistakes(found: Expression, sizes: Sizes) -> list[Mistake]:
    """The mistakes that can be made here."""
    free = next(x for x in reversed(ascii_lowercase) if x not in (*found.letters, *found.output))
    made = [*_in_output(found, sizes.shapes, free), *_in_operands(found, sizes, free)]
    if sizes.shapes[0]:
        longer = ((1, *sizes.shapes[0]), *sizes.shapes[1:])
        made.append(_made("a batch axis without a letter", found.operands, found.output, longer))
    if len(found.operands) > 1:
        joined = (sum(found.operands[:2], ()), *found.operands[2:])
        made.append(_made("a comma forgotten", joined, found.output, sizes.shapes))
    return made


def _made(name: str, operands: tuple[Labels, ...], output: Labels, shapes: tuple[Shape, ...]) -> Mistake:
    return Mistake(name, Expression(operands, output).text, shapes)


def _in_output(found: Expression, shapes: tuple[Shape, ...], free: str) -> list[Mistake]:
    named = [letter for letter in found.output if letter != ELLIPSIS]
    if not named:
        return []
    wrong = tuple(free if letter == named[-1] else letter for letter in found.output)
    return [
        _made("a letter of the output misspelt", found.operands, wrong, shapes),
        _made("a letter twice in the output", found.operands, (*found.output, named[0]), shapes),
    ]


def _in_operands(found: Expression, sizes: Sizes, free: str) -> list[Mistake]:
    """The last operand that shares a letter has it misspelt, or of another size."""
    joint = next((x for x in found.letters if len(found.readers(x)) > 1 and x != ELLIPSIS), "")
    if not joint:
        return []
    last = max(at for at, labels in enumerate(found.operands) if joint in labels)
    labels, shape, size = found.operands[last], sizes.shapes[last], sizes.letters[joint]
    misspelt = tuple(free if letter == joint else letter for letter in labels)
    operands = (*found.operands[:last], misspelt, *found.operands[last + 1 :])
    made = [_made("a letter of an operand misspelt", operands, found.output, sizes.shapes)]
    at = labels.index(joint)
    if ELLIPSIS in labels[:at]:
        at -= len(labels)  # counted from the end, where the letters behind ... are
    for name, other in (("a size that disagrees", size % MOST_SIZE + 1), ("a size of 1", 1)):
        changed = list(shape)
        changed[at] = other
        shapes = (*sizes.shapes[:last], tuple(changed), *sizes.shapes[last + 1 :])
        if other != size:
            made.append(_made(name, found.operands, found.output, shapes))
    return made


def ours(made: Mistake) -> str:
    """What this lab says to a mistake: the fix, or what was computed without an error."""
    try:
        found = read(made.expression)
        sizes = resolve(found, made.sizes, None)
    except Rejected as refusal:
        return refusal.fix
    alone = [letter for letter, _ in lonely(found)]
    quietly = f"; {' and '.join(alone)} summed alone" if alone else ""
    return f"no error: {list(sizes.output)}{quietly}"
