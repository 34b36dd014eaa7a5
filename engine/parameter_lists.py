"""Parameters that hold several values: numbers, a matrix, painted cells, rows of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Rejected
from engine.parameters import MOST_TEXT, Parameter, finite, left_out, number_text, refuse, shown


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


def _named(part: object) -> str:
    """What no finite number is called: `nan`, `-inf`, `none`."""
    return str(part).strip().lower() if isinstance(part, (str, float)) or part is None else ""


@dataclass(frozen=True)
class Numbers:
    """A list of finite numbers: `0.1, 0.2`; with `default=None` it may be left out.

    `minus_infinity` also takes `-inf`. `refusals` gives a better sentence for well-known wrong lists:
    "none" (no entry at all), "not a number" (NaN), "not whole", "entry none" (None among the entries).
    """

    name: str
    default: tuple[float, ...] | None
    fewest: int
    most: int
    low: float = -1e6
    high: float = 1e6
    about: str = ""
    whole: bool = False
    minus_infinity: bool = False
    refusals: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def expected(self) -> str:
        kind = "whole numbers" if self.whole else "numbers"
        between = f"from {number_text(self.low)} to {number_text(self.high)}"
        between += " or -inf" if self.minus_infinity else ""
        return f"{self.fewest} to {self.most} {kind} {between}, separated by commas"

    def read(self, value: object) -> tuple[float, ...] | None:
        if self.default is None and left_out(value):
            return None
        parts = _split(value, r"[\s,;]+")
        if parts is None:
            raise refuse(self, value)
        if not self.fewest <= len(parts) <= self.most:
            fix = f"give {self.expected}; this has {len(parts)}"
            raise refuse(self, value, self.refusals.get("none", fix) if not parts else fix)
        return tuple(self._one(part, place) for place, part in enumerate(parts, 1))

    def _one(self, part: object, place: int) -> float:
        number = finite(part)
        if number is None and self.minus_infinity and _named(part) in ("-inf", "-infinity"):
            return -math.inf
        if number is None:
            fix = f"entry {place} is not a finite number: correct or remove it"
            fix = self.refusals.get(f"entry {_named(part)}", fix)
            raise refuse(self, part, self.refusals.get("not a number", fix) if _named(part) == "nan" else fix)
        if self.whole and not number.is_integer():
            raise refuse(self, part, self.refusals.get("not whole", f"change entry {place}"))
        if not self.low <= number <= self.high:
            raise refuse(self, part, f"change entry {place}")
        return int(number) if self.whole else number

    def text(self, value: tuple[float, ...] | None) -> str:
        return "" if value is None else ",".join(number_text(number) for number in value)


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
            raise refuse(self, value)
        table = tuple(self._row(row, place) for place, row in enumerate(rows, 1))
        if len({len(row) for row in table}) > 1:
            widths = ", ".join(str(len(row)) for row in table[:8])
            raise refuse(self, value, f"make all rows equally wide; these have {widths} numbers")
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
        if left_out(value):
            return None
        parts = list(value) if isinstance(value, str) and "," not in value else _split(value, r"[\s,]+")
        if not parts or len(parts) > self.most:
            raise refuse(self, value)
        wrong = [part for part in parts if finite(part) not in (0.0, 1.0)]
        if wrong:
            raise refuse(self, value, f"write only 0 and 1; {shown(wrong[0])} is neither")
        return tuple(int(finite(part) or 0) for part in parts)

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
        if left_out(value):
            return ()
        rows = _split(value, "_")
        if rows is None:
            raise refuse(self, value)
        if len(rows) > self.most:
            raise refuse(self, value, f"remove rows until there are {self.most}; this has {len(rows)}")
        return tuple(self._row(row, place) for place, row in enumerate(rows, 1))

    def _row(self, row: object, place: int) -> tuple[Any, ...]:
        if isinstance(row, Mapping):
            row = [row.get(column.name, column.default) for column in self.columns]
        cells = row.split(".") if isinstance(row, str) else row
        if not isinstance(cells, Sequence) or len(cells) > len(self.columns) or not cells:
            raise refuse(self, row, f"row {place} needs {len(self.columns)} cells")
        missing = [column.default for column in self.columns[len(cells) :]]
        try:
            return tuple(c.read(v) for c, v in zip(self.columns, [*cells, *missing], strict=True))
        except Rejected as problem:
            name = f"{self.name}, row {place}, {problem.parameter}"
            raise Rejected(name, problem.received, problem.expected, problem.fix) from None

    def text(self, value: Sequence[Sequence[Any]]) -> str:
        return "_".join(".".join(c.text(v) for c, v in zip(self.columns, row, strict=True)) for row in value)
