"""The kinds of parameter a technique takes: how each is read, checked and written.

One reader serves the door, the command line, the JSON route and the link: `read` takes a
Python value or the text of a link and gives the canonical value, or raises `Rejected`.
`text` is its inverse, short enough for a link. Nothing is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.errors import Rejected

MOST_TEXT = 20_000  # characters of one value in a link: more is refused unread


class Parameter(Protocol):
    """What every kind offers; `default` None means "worked out from the other parameters"."""

    @property
    def name(self) -> str: ...
    @property
    def default(self) -> Any: ...
    @property
    def about(self) -> str: ...
    @property
    def expected(self) -> str: ...
    def read(self, value: object) -> Any: ...
    def text(self, value: Any) -> str: ...


def shown(value: object) -> str:
    """The received value as an error names it: quoted if text, and never long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}… ({len(text)} characters)"


def refuse(parameter: Parameter, value: object, fix: str = "") -> Rejected:
    fix = fix or f"choose {parameter.expected}"
    remedy = {parameter.name: parameter.default}
    return Rejected(parameter.name, shown(value), parameter.expected, fix, remedy)


def left_out(value: object) -> bool:
    """Whether nothing was given; a NumPy array has no truth value, so it is not compared."""
    return value is None or (isinstance(value, str) and not value)


def finite(value: object) -> float | None:
    """A finite number from a number or its text; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > 40):
        return None
    try:
        number = float(value.strip() if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _several(value: object) -> bool:
    """Whether this is a list where one number is wanted, or the text of one."""
    if isinstance(value, str):
        return "," in value or value.strip()[:1] in ("[", "(")
    return isinstance(value, Sequence)


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`; with `default=None` it may be left out.

    `refusals` gives a better sentence for a well-known wrong value: "several" (a list of numbers).
    """

    name: str
    default: int | None
    low: int
    high: int
    about: str = ""
    refusals: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def expected(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: object) -> int | None:
        if self.default is None and left_out(value):
            return None
        number = finite(value)
        if number is None or not number.is_integer():
            raise refuse(self, value, self.refusals.get("several", "") if _several(value) else "")
        if not self.low <= number <= self.high:
            nearest = self.low if number < self.low else self.high
            fix = f"the nearest allowed value is {nearest}"
            raise Rejected(self.name, shown(value), self.expected, fix, {self.name: nearest})
        return int(number)

    def text(self, value: int | None) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Real:
    """A finite number from `low` to `high`; `step` is what a control moves by."""

    name: str
    default: float
    low: float
    high: float
    about: str = ""
    step: float = 0.1

    @property
    def expected(self) -> str:
        return f"a number from {number_text(self.low)} to {number_text(self.high)}"

    def read(self, value: object) -> float:
        number = finite(value)
        if number is None:
            raise refuse(self, value)
        if not self.low <= number <= self.high:
            nearest = self.low if number < self.low else self.high
            fix = f"the nearest allowed value is {number_text(nearest)}"
            raise Rejected(self.name, shown(value), self.expected, fix, {self.name: nearest})
        return number

    def text(self, value: float) -> str:
        return number_text(value)


@dataclass(frozen=True)
class Choice:
    """One of a few names. `refusals` gives a better sentence for well-known wrong ones."""

    name: str
    default: str
    options: tuple[str, ...]
    about: str = ""
    refusals: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(self.options)

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        if isinstance(value, str):
            if value in self.refusals:
                raise refuse(self, value, self.refusals[value])
            same = [option for option in self.options if option.lower() == value.lower()]
            if same:
                fix = f"write {same[0]}: the spelling counts"
                raise Rejected(self.name, shown(value), self.expected, fix, {self.name: same[0]})
        raise refuse(self, value)

    def text(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Toggle:
    """On or off."""

    name: str
    default: bool
    about: str = ""

    expected = "on or off"

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        known = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
        if isinstance(value, (str, int)) and str(value).lower() in known:
            return known[str(value).lower()]
        raise refuse(self, value)

    def text(self, value: bool) -> str:
        return "on" if value else "off"


@dataclass(frozen=True)
class Text:
    """Words typed by people: at most `most` characters on one line.

    What cannot be seen goes (control characters, direction marks, halves of a pair) and white space
    becomes single spaces, so that two texts that look alike are one. What is left is still from
    outside: pages draw it as text, never as markup.
    """

    name: str
    default: str
    most: int
    about: str = ""

    @property
    def expected(self) -> str:
        return f"1 to {self.most} characters of text"

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise refuse(self, value)
        if len(value) > self.most:
            fix = f"shorten it: this has {len(value)} characters"
            raise refuse(self, value, fix)
        seen = "".join(letter for letter in " ".join(value.split()) if letter.isprintable())
        words = " ".join(seen.split())
        if not words:
            raise refuse(self, value, "write at least one word")
        return words

    def text(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Pair:
    """Two whole numbers, height and width: `4` means 4×4, `4x3` is four high and three wide."""

    name: str
    default: tuple[int, int] | None
    low: int
    high: int
    about: str = ""

    @property
    def expected(self) -> str:
        return f"one whole number or two (height x width) from {self.low} to {self.high}"

    def read(self, value: object) -> tuple[int, int] | None:
        if self.default is None and left_out(value):
            return None
        parts: Sequence[object]
        if isinstance(value, str):
            parts = re.split(r"[x×,]", value[:80])
        elif isinstance(value, Sequence):
            parts = value
        else:
            parts = [value]
        if len(parts) not in (1, 2):
            raise refuse(self, value)
        one = Integer(self.name, self.low, self.low, self.high)
        try:
            numbers = [one.read(part) for part in parts]
        except Rejected as problem:
            remedy = problem.remedy if problem.fix.startswith("the nearest") else {self.name: self.default}
            raise Rejected(self.name, shown(value), self.expected, problem.fix, remedy) from None
        return (numbers[0] or 0, numbers[-1] or 0)

    def text(self, value: tuple[int, int] | None) -> str:
        if value is None:
            return ""
        return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"


def read_all(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """Every parameter's value, canonical, in declared order: what was given, else the default."""
    names = [parameter.name for parameter in parameters]
    unknown = [name for name in given if name not in names]
    if unknown:
        known = ", ".join(names)
        raise Rejected(shown(unknown[0]), "an unknown parameter", f"one of {known}", "remove or rename it")
    return {p.name: p.read(given[p.name]) if p.name in given else p.default for p in parameters}
