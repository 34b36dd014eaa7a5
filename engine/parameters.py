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


def _refuse(parameter: Parameter, value: object, fix: str = "") -> Rejected:
    fix = fix or f"choose {parameter.expected}"
    remedy = {parameter.name: parameter.default}
    return Rejected(parameter.name, shown(value), parameter.expected, fix, remedy)


def _number(value: object) -> float | None:
    """A finite number from a number or its text; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > 40):
        return None
    try:
        number = float(value.strip() if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`; with `default=None` it may be left out."""

    name: str
    default: int | None
    low: int
    high: int
    about: str = ""

    @property
    def expected(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: object) -> int | None:
        if self.default is None and value in (None, ""):
            return None
        number = _number(value)
        if number is None or not number.is_integer():
            raise _refuse(self, value)
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
        number = _number(value)
        if number is None:
            raise _refuse(self, value)
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
                raise _refuse(self, value, self.refusals[value])
            same = [option for option in self.options if option.lower() == value.lower()]
            if same:
                fix = f"write {same[0]}: the spelling counts"
                raise Rejected(self.name, shown(value), self.expected, fix, {self.name: same[0]})
        raise _refuse(self, value)

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
        raise _refuse(self, value)

    def text(self, value: bool) -> str:
        return "on" if value else "off"


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
        if self.default is None and value in (None, ""):
            return None
        parts: Sequence[object]
        if isinstance(value, str):
            parts = re.split(r"[x×,]", value[:80])
        elif isinstance(value, Sequence):
            parts = value
        else:
            parts = [value]
        if len(parts) not in (1, 2):
            raise _refuse(self, value)
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


def _split(value: object, separators: str) -> list[object] | None:
    """The parts of a list or of its text; None when it is neither."""
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            return None
        stripped = value.strip().strip("[]()").strip()
        return list(re.split(separators, stripped)) if stripped else []
    if hasattr(value, "tolist"):
        value = value.tolist()  # a NumPy array
    return list(value) if isinstance(value, Sequence) else None


@dataclass(frozen=True)
class Numbers:
    """A list of finite numbers: `0.1, 0.2`; with `default=None` it may be left out."""

    name: str
    default: tuple[float, ...] | None
    fewest: int
    most: int
    low: float = -1e6
    high: float = 1e6
    about: str = ""
    whole: bool = False

    @property
    def expected(self) -> str:
        kind = "whole numbers" if self.whole else "numbers"
        between = f"from {number_text(self.low)} to {number_text(self.high)}"
        return f"{self.fewest} to {self.most} {kind} {between}, separated by commas"

    def read(self, value: object) -> tuple[float, ...] | None:
        if self.default is None and value in (None, ""):
            return None
        parts = _split(value, r"[\s,;]+")
        if parts is None:
            raise _refuse(self, value)
        if not self.fewest <= len(parts) <= self.most:
            fix = f"give {self.expected}; this has {len(parts)}"
            raise _refuse(self, value, fix)
        return tuple(self._one(part, place) for place, part in enumerate(parts, 1))

    def _one(self, part: object, place: int) -> float:
        number = _number(part)
        if number is None:
            raise _refuse(self, part, f"entry {place} is not a finite number: correct or remove it")
        if not self.low <= number <= self.high or (self.whole and not number.is_integer()):
            raise _refuse(self, part, f"change entry {place}")
        return int(number) if self.whole else number

    def text(self, value: tuple[float, ...] | None) -> str:
        return "" if value is None else ",".join(number_text(number) for number in value)


@dataclass(frozen=True)
class Cells:
    """A row of painted cells, each 1 (kept) or 0 (masked): `11000`; may be left out."""

    name: str
    most: int
    about: str = ""
    default: tuple[int, ...] | None = None

    @property
    def expected(self) -> str:
        return f"up to {self.most} cells, each 0 or 1, such as 11000"

    def read(self, value: object) -> tuple[int, ...] | None:
        if value in (None, ""):
            return None
        parts = list(value) if isinstance(value, str) and "," not in value else _split(value, r"[\s,]+")
        if not parts or len(parts) > self.most:
            raise _refuse(self, value)
        wrong = [part for part in parts if _number(part) not in (0.0, 1.0)]
        if wrong:
            raise _refuse(self, value, f"write only 0 and 1; {shown(wrong[0])} is neither")
        return tuple(int(_number(part) or 0) for part in parts)

    def text(self, value: tuple[int, ...] | None) -> str:
        return "" if value is None else "".join(str(cell) for cell in value)


@dataclass(frozen=True)
class Rows:
    """A small table: each row has the same columns, each column is a parameter of its own.

    In a link the cells of a row are joined by dots and rows by underscores.
    """

    name: str
    columns: tuple[Parameter, ...]
    most: int
    about: str = ""
    default: tuple[tuple[Any, ...], ...] = ()

    @property
    def expected(self) -> str:
        names = ".".join(column.name for column in self.columns)
        return f"up to {self.most} rows of {names}, rows joined by _"

    def read(self, value: object) -> tuple[tuple[Any, ...], ...]:
        if value in (None, ""):
            return ()
        rows = _split(value, "_")
        if rows is None:
            raise _refuse(self, value)
        if len(rows) > self.most:
            raise _refuse(self, value, f"remove rows until there are {self.most}; this has {len(rows)}")
        return tuple(self._row(row, place) for place, row in enumerate(rows, 1))

    def _row(self, row: object, place: int) -> tuple[Any, ...]:
        if isinstance(row, Mapping):
            row = [row.get(column.name, column.default) for column in self.columns]
        cells = row.split(".") if isinstance(row, str) else row
        if not isinstance(cells, Sequence) or len(cells) > len(self.columns) or not cells:
            raise _refuse(self, row, f"row {place} needs {len(self.columns)} cells")
        missing = [column.default for column in self.columns[len(cells) :]]
        try:
            return tuple(c.read(v) for c, v in zip(self.columns, [*cells, *missing], strict=True))
        except Rejected as problem:
            name = f"{self.name}, row {place}, {problem.parameter}"
            raise Rejected(name, problem.received, problem.expected, problem.fix) from None

    def text(self, value: Sequence[Sequence[Any]]) -> str:
        return "_".join(".".join(c.text(v) for c, v in zip(self.columns, row, strict=True)) for row in value)


@dataclass(frozen=True)
class Matrix:
    """Rows of finite numbers, all of one width: `1,0;0,1`; may be left out."""

    name: str
    most_rows: int
    most_columns: int
    low: float = -1e6
    high: float = 1e6
    about: str = ""
    default: tuple[tuple[float, ...], ...] | None = None

    @property
    def expected(self) -> str:
        return (
            f"up to {self.most_rows} rows of equal width, up to {self.most_columns} numbers each, "
            "such as 1,0;0,1"
        )

    def read(self, value: object) -> tuple[tuple[float, ...], ...] | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        rows = _split(value, ";")
        if not rows or len(rows) > self.most_rows:
            raise _refuse(self, value)
        table = tuple(self._row(row, place) for place, row in enumerate(rows, 1))
        if len({len(row) for row in table}) > 1:
            widths = ", ".join(str(len(row)) for row in table[:8])
            raise _refuse(self, value, f"make all rows equally wide; these have {widths} numbers")
        return table

    def _row(self, row: object, place: int) -> tuple[float, ...]:
        one = Numbers(f"{self.name}, row {place}", (), 1, self.most_columns, self.low, self.high)
        try:
            return one.read(row) or ()
        except Rejected as problem:
            remedy = {self.name: self.default}
            raise Rejected(
                problem.parameter, problem.received, problem.expected, problem.fix, remedy
            ) from None

    def text(self, value: tuple[tuple[float, ...], ...] | None) -> str:
        return ";".join(",".join(number_text(number) for number in row) for row in value or ())


def read_all(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """Every parameter's value, canonical, in declared order: what was given, else the default."""
    names = [parameter.name for parameter in parameters]
    unknown = [name for name in given if name not in names]
    if unknown:
        known = ", ".join(names)
        raise Rejected(shown(unknown[0]), "an unknown parameter", f"one of {known}", "remove or rename it")
    return {p.name: p.read(given[p.name]) if p.name in given else p.default for p in parameters}
