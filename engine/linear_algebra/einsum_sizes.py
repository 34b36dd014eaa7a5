"""The sizes of an einsum's axes: read from letters or from shapes, and what does not fit together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from engine.errors import Rejected
from engine.linear_algebra.einsum_expression import ELLIPSIS, NAMES, Expression, Labels
from engine.parameters import shown

Shape = tuple[int, ...]
MOST_SIZE = 32  # of one axis
MOST_CELLS = 16_384  # of one tensor
MOST_TERMS = 1_048_576  # products, over every letter
USUAL = (3, 4, 2, 5)  # of letters whose size nobody gave, in turn
EXPECTED = "a size for each letter, such as i=3, j=4, or a shape for each operand, such as 3x4, 4x2"


@dataclass(frozen=True)
class Sizes:
    """Shapes of the operands and the output, the size of every letter, the axes that "..." stands for.

    `unused` are letters that were given a size and stand nowhere.
    """

    shapes: tuple[Shape, ...]
    letters: Mapping[str, int]
    dots: Shape
    output: Shape
    unused: tuple[str, ...] = ()

    @property
    def terms(self) -> int:
        """Products if all operands are multiplied at once."""
        return prod(self.letters.values()) * prod(self.dots)


def resolve(expression: Expression, text: str, other: int | None) -> Sizes:
    """Every size. Raises `Rejected` where sizes disagree, ranks differ or the whole is too large."""
    given = read_sizes(text)
    unused: tuple[str, ...] = ()
    if isinstance(given, dict):
        unused = tuple(name for name in given if name not in (*expression.letters, *expression.output))
        shapes = by_letters(expression, given, other)
    else:
        shapes = given
    found = fit(expression, shapes, unused)
    _bounded(found)
    return found


def fit(expression: Expression, shapes: tuple[Shape, ...], unused: tuple[str, ...] = ()) -> Sizes:
    """Every size, from shapes of any extent. Raises `Rejected` where they do not fit the letters."""
    letters = _agree(expression, shapes)
    dots = _dots(expression, shapes)
    output = tuple(
        size for label in expression.output for size in (dots if label == ELLIPSIS else (letters[label],))
    )
    return Sizes(shapes, letters, dots, output, unused)


def read_sizes(text: str) -> dict[str, Shape] | tuple[Shape, ...]:
    """`i=3, j=4` as sizes by letter, `3x4, 4x2` as shapes by operand."""
    if text.strip().lower() == "auto":
        return {}
    if "=" not in text:
        return tuple(_shape(part) for part in re.split(r"[,;](?![^\[(]*[\])])", text))
    found: dict[str, Shape] = {}
    for part in re.split(r"[,;\s]+(?=[A-Za-z.]|$)", text.replace(" =", "=").replace("= ", "=")):
        if not part:
            continue
        name, sign, size = part.partition("=")
        if not sign or not (re.fullmatch("[a-zA-Z]", name) or name == ELLIPSIS):
            raise _unreadable(part)
        found[name] = _shape(size)
        if name != ELLIPSIS and len(found[name]) != 1:
            raise _unreadable(part)
    return found


def _shape(text: str) -> Shape:
    """`3x4`, `[3, 4]`, `3` or nothing (a single number, also `()` and `scalar`) as a shape."""
    plain = text.strip().strip("[]()").strip()
    if plain in ("", "scalar"):
        return ()
    parts = [part.strip() for part in re.split("[x×,]", plain)]
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise _unreadable(text)
    shape = tuple(map(int, parts))
    if not all(1 <= size <= MOST_SIZE for size in shape):
        raise Rejected("sizes", shown(text.strip()), f"sizes from 1 to {MOST_SIZE}", "change this size", None)
    return shape


def _unreadable(part: str) -> Rejected:
    return Rejected("sizes", shown(part.strip()), EXPECTED, "correct it, or write auto", {"sizes": "auto"})


def by_letters(expression: Expression, given: Mapping[str, Shape], other: int | None) -> tuple[Shape, ...]:
    """Shapes from sizes by letter; letters without one have the usual sizes in turn."""
    missing = [letter for letter in expression.letters if letter not in given]
    usual = {letter: (other or USUAL[place % len(USUAL)],) for place, letter in enumerate(missing)}
    sizes = {**usual, **given}
    return tuple(tuple(size for label in labels for size in sizes[label]) for labels in expression.operands)


def _named(labels: Labels, shape: Shape) -> list[tuple[str, int, int]]:
    """(letter, axis, size) of the axes that letters name."""
    at = labels.index(ELLIPSIS) if ELLIPSIS in labels else len(labels)
    after = len(labels) - at - 1
    last = [(label, len(shape) - after + place) for place, label in enumerate(labels[at + 1 :])]
    return [(label, axis, shape[axis]) for label, axis in [*zip(labels[:at], range(at), strict=True), *last]]


def _agree(expression: Expression, shapes: Sequence[Shape]) -> dict[str, int]:
    """The size of each letter."""
    if len(shapes) != len(expression.operands):
        count = len(expression.operands)
        received = f"{len(shapes)} shape{'s' if len(shapes) > 1 else ''}"
        expected = f"{count}, one for each operand of {expression.text}"
        raise _misfit(received, expected, "add or remove a shape, or a comma in the expression")
    found: dict[str, tuple[int, str]] = {}
    for name, labels, shape in zip(NAMES, expression.operands, shapes, strict=False):
        _rank(name, labels, shape)
        for letter, axis, size in _named(labels, shape):
            here = f"in {name}, axis {axis}"
            if letter in found and found[letter][0] != size:
                raise _disagree(letter, found[letter], (size, here), _first(expression, shapes))
            found.setdefault(letter, (size, here))
    return {letter: size for letter, (size, _) in found.items()}


def _rank(name: str, labels: Labels, shape: Shape) -> None:
    named = len(labels) - (ELLIPSIS in labels)
    if len(shape) == named or (ELLIPSIS in labels and len(shape) > named):
        return
    expected = (
        f"{'at least ' if ELLIPSIS in labels else ''}{named} axes, one for each letter of “{''.join(labels)}”"
    )
    fix = "give it a letter for each axis, or ... for the rest"
    raise _misfit(f"{name} of shape {list(shape)}, {len(shape)} axes", expected, fix)


def _disagree(letter: str, first: tuple[int, str], second: tuple[int, str], remedy: str) -> Rejected:
    received = f"{letter} of size {first[0]} {first[1]} and {second[0]} {second[1]}"
    fix = f"make them equal; if they are different axes, use two letters instead of {letter}"
    if 1 in (first[0], second[0]):
        fix = f"drop that axis and its {letter}: NumPy and ... stretch a size of 1, tf.einsum never stretches a letter"
    expected = f"one size for {letter}, wherever it stands"
    return Rejected("sizes", received, expected, fix, {"sizes": remedy})


def _first(expression: Expression, shapes: Sequence[Shape]) -> str:
    """Sizes by letter, each as it stands first: what would agree."""
    found: dict[str, int] = {}
    for labels, shape in zip(expression.operands, shapes, strict=True):
        if ELLIPSIS in labels or len(labels) != len(shape):
            return "auto"
        for letter, size in zip(labels, shape, strict=True):
            found.setdefault(letter, size)
    return ", ".join(f"{letter}={size}" for letter, size in found.items())


def _dots(expression: Expression, shapes: Sequence[Shape]) -> Shape:
    """The axes that "..." stands for, stretched as in broadcasting."""
    pieces = [dots_of(labels, shape) for labels, shape in zip(expression.operands, shapes, strict=True)]
    wide = max(map(len, pieces))
    rows = [(1,) * (wide - len(piece)) + piece for piece in pieces]
    for column in zip(*rows, strict=True):
        if len(set(column) - {1}) > 1:
            received = f"... of {' and '.join(map(str, [list(p) for p in pieces if p]))}"
            raise _misfit(
                received, "axes that are equal or 1, counted from the right", "make them equal, or 1"
            )
    dots = tuple(max(column) for column in zip(*rows, strict=True))
    if dots and ELLIPSIS not in expression.output:
        said = "" if expression.written else "; two or more ... cancel where no output is written"
        output = (ELLIPSIS, *expression.output)
        raise Rejected(
            "expression", f"{expression.text}, where ... stands for {list(dots)}{said}",
            "... in the output too: tf.einsum never sums it", "write ... after the arrow",
            {"expression": Expression(expression.operands, output).text},
        )  # fmt: skip
    return dots


def dots_of(labels: Labels, shape: Shape) -> Shape:
    """What "..." stands for in one operand."""
    if ELLIPSIS not in labels:
        return ()
    start = labels.index(ELLIPSIS)
    return shape[start : len(shape) - (len(labels) - start - 1)]


def _bounded(found: Sizes) -> None:
    for name, shape in zip((*NAMES[: len(found.shapes)], "Y"), (*found.shapes, found.output), strict=True):
        if len(shape) > 8:
            raise _misfit(f"{name} of {len(shape)} axes", "at most 8", "let ... stand for fewer axes")
        if prod(shape) > MOST_CELLS:
            raise _misfit(
                f"{name} of {prod(shape):,} cells", f"at most {MOST_CELLS:,}", "choose smaller sizes"
            )
    if found.terms > MOST_TERMS:
        raise _misfit(
            f"{found.terms:,} products", f"at most {MOST_TERMS:,}", "choose smaller sizes or fewer letters"
        )


def _misfit(received: str, expected: str, fix: str) -> Rejected:
    return Rejected("sizes", received, expected, fix, {"sizes": "auto"})
