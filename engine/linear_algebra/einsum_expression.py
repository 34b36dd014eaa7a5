"""An einsum expression, read letter by letter and never evaluated: its operands, its output, what is wrong.

The rules are those of `tf.einsum` (TensorFlow 2.21): letters a-z and A-Z, "..." for any further axes,
spaces anywhere; without "->" the output is the letters that stand once, in alphabetical order.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from string import ascii_letters

from engine.errors import Rejected
from engine.parameters import shown

ELLIPSIS = "..."
MOST_OPERANDS = 4
MOST_AXES = 6  # of one tensor, letters and "..." together
NAMES = "ABCD"  # of the operands
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
ALIKE = ("il", "ij", "mn", "uv", "vw", "bd", "pq", "oq", "ce")
ARROWS = {"→": "->", "=>": "->", "−>": "->", "…": "...", ";": ","}

Labels = tuple[str, ...]  # letters and "...", one an axis


@dataclass(frozen=True)
class Expression:
    """`ij,jk->ik` as (("i", "j"), ("j", "k")) and ("i", "k"); `written` is False without "->"."""

    operands: tuple[Labels, ...]
    output: Labels
    written: bool = True

    @property
    def text(self) -> str:
        """The expression without spaces, its output always written."""
        return ",".join(map("".join, self.operands)) + "->" + "".join(self.output)

    @property
    def letters(self) -> Labels:
        """Every label of the operands once, in the order of reading."""
        return tuple(dict.fromkeys(label for labels in self.operands for label in labels))

    @property
    def summed(self) -> Labels:
        return tuple(label for label in self.letters if label not in self.output)

    def readers(self, letter: str) -> str:
        """The operands that have a letter, such as "AB"."""
        return "".join(name for name, labels in zip(NAMES, self.operands, strict=False) if letter in labels)


def read(text: str) -> Expression:
    """An expression from what somebody typed. Raises `Rejected` with what to write instead."""
    plain = text.replace(" ", "")
    _spelled(text, plain)
    inputs, arrow, output = plain.partition("->")
    operands = tuple(_labels(text, part) for part in inputs.split(","))
    if len(operands) > MOST_OPERANDS:
        fix = "multiply some of them first, in an expression of their own"
        raise Rejected("expression", f"{len(operands)} operands", f"at most {MOST_OPERANDS}", fix)
    implicit = _implicit(inputs.replace(ELLIPSIS, "0"))
    found = Expression(operands, _labels(text, output) if arrow else implicit, bool(arrow))
    _output_fits(text, found)
    return found


def _spelled(text: str, plain: str) -> None:
    """Only letters, commas, one arrow and ellipses."""
    for wrong, right in ARROWS.items():
        if wrong in plain:
            raise _refused(
                text, f"{right} where {wrong} stands", f"write {right}", plain.replace(wrong, right)
            )
    if plain.count("->") > 1:
        expected = "one ->, between the operands and the output"
        raise _refused(text, expected, "leave out the second ->", "->".join(plain.split("->")[:2]))
    rest = plain.replace(ELLIPSIS, "").replace("->", "", 1)
    strange = next((sign for sign in rest if sign not in ascii_letters + ","), "")
    if strange == ".":
        fix = "an ellipsis is three dots, and operands are separated by commas"
        once = re.sub(r"(?<!\.)\.(?!\.)", ",", plain)
        raise _refused(text, "letters a-z and A-Z, commas, -> and ...", fix, once if once != plain else "")
    if strange:
        raise _refused(text, "letters a-z and A-Z, commas, -> and ...", f"remove or replace {shown(strange)}")
    if "," in plain.partition("->")[2]:
        raise _refused(text, "one output after ->", "write the operands before the arrow")


def _labels(text: str, part: str) -> Labels:
    """The labels of one operand or of the output."""
    if part.count(ELLIPSIS) > 1:
        once = part.replace(ELLIPSIS, "", part.count(ELLIPSIS) - 1)
        raise _refused(text, f"one ... in {part}", f"write {once}")
    before, dots, after = part.partition(ELLIPSIS)
    labels = (*before, *([ELLIPSIS] if dots else []), *after)
    if len(labels) > MOST_AXES:
        raise _refused(text, f"at most {MOST_AXES} axes", f"shorten {shown(part)}, which has {len(labels)}")
    return labels


def _implicit(inputs: str) -> Labels:
    """TensorFlow's output where none is written: labels that stand once, sorted, "..." first."""
    counts = Counter(inputs.replace(",", ""))
    once = sorted(label for label, count in counts.items() if count == 1)
    return tuple(ELLIPSIS if label == "0" else label for label in once)


def _output_fits(text: str, found: Expression) -> None:
    twice = next((label for label, count in Counter(found.output).items() if count > 1), "")
    if twice:
        once = tuple(dict.fromkeys(found.output))
        remedy = Expression(found.operands, once).text
        fix = f"write {twice} once; a diagonal is laid with tf.linalg.diag afterwards"
        raise _refused(text, f"every letter once in the output; {twice} stands there twice", fix, remedy)
    strange = next((label for label in found.output if label not in (*found.letters, ELLIPSIS)), "")
    if strange:
        raise _absent(text, found, strange)
    if ELLIPSIS in found.output and ELLIPSIS not in found.letters and len(found.operands) > 2:
        rest = Expression(found.operands, tuple(label for label in found.output if label != ELLIPSIS)).text
        fix = "leave ... out of the output: with three operands or more TensorFlow refuses it there"
        raise _refused(text, "... in the output only if an operand has it", fix, rest)
    if len(found.output) > MOST_AXES:
        fix = "sum some letters: leave them out of the output"
        raise Rejected("expression", f"an output of {len(found.output)} axes", f"at most {MOST_AXES}", fix)


def _absent(text: str, found: Expression, strange: str) -> Rejected:
    meant = suggestion(strange, found)
    known = (
        ", ".join(letter for letter in found.letters if letter != ELLIPSIS) or "none: all are single numbers"
    )
    expected = f"output letters that an operand has: {known}"
    if not meant:
        rest = tuple(label for label in found.output if label != strange)
        return _refused(text, expected, f"remove {strange}", Expression(found.operands, rest).text)
    output = tuple(meant if label == strange else label for label in found.output)
    return _refused(text, expected, f"{strange} is in no operand: did you mean {meant}?",
                    Expression(found.operands, output).text)  # fmt: skip


def suggestion(strange: str, found: Expression) -> str:
    """The letter that was probably meant: in an operand, and not yet in the output."""
    free = [letter for letter in found.summed if letter != ELLIPSIS]
    implicit = set(_implicit(",".join("".join(one) for one in found.operands).replace(ELLIPSIS, "0")))

    def likely(letter: str) -> tuple[bool, bool, bool, int]:
        same = letter.lower() == strange.lower()
        alike = any({letter.lower(), strange.lower()} == set(pair) for pair in ALIKE)
        return same, _beside(letter, strange) or alike, letter in implicit, -free.index(letter)

    return max(free, key=likely, default="")


def _beside(one: str, other: str) -> bool:
    """Whether two letters are neighbours on a keyboard or in the alphabet."""
    rows = [row for row in KEYBOARD if one.lower() in row and other.lower() in row]
    near = any(abs(row.index(one.lower()) - row.index(other.lower())) == 1 for row in rows)
    return near or abs(ord(one) - ord(other)) == 1


def lonely(found: Expression) -> list[tuple[str, str]]:
    """Letters summed within one operand alone, with another such letter one of which may be a misspelling."""
    alone = [
        letter
        for letter in found.summed
        if letter != ELLIPSIS and sum(labels.count(letter) for labels in found.operands) == 1
    ]
    others = {
        letter: [other for other in alone if found.readers(other) != found.readers(letter)]
        for letter in alone
    }
    return [(letter, others[letter][0] if others[letter] else "") for letter in alone]


def _refused(text: str, expected: str, fix: str, remedy: str = "") -> Rejected:
    return Rejected("expression", shown(text), expected, fix, {"expression": remedy} if remedy else None)
