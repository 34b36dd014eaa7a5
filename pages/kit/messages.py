"""Reads an error message of TensorFlow, Keras or NumPy and says which lab explains it, with its shapes.

The messages are declared in message_table.py. What is pasted is hostile: its length and the time that
reading takes are bounded, and its numbers become settings only through the technique's own parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pages.kit.labs import labs
from pages.kit.link import state_of
from pages.kit.told import Told, sizes_of, written

MOST_TEXT = 12_000  # characters; of a longer text the end is read, where a traceback says what is wrong
SHAPE = r"[\[(](?P<%s>[\d\s,?None]{0,90})[\])]"
SHORT, LONG = 700, 2000  # characters that are kept of a longer text
PARTS = re.compile(r"(\[[a-z]\]|\{\w+\}|…|\s+)")

Settings = Callable[[Told], Mapping[str, Any] | None]  # None: this lab cannot show it


@dataclass(frozen=True)
class Known:
    """A message: how it reads, what it means in one sentence, and the labs that show it, best first.

    In `says`, [a] is a shape, {n} a whole number, … up to 160 characters of anything; quotation marks
    do not count and spaces may be missing. `within` must stand somewhere in the text.
    """

    says: str
    means: str
    opens: tuple[tuple[str, Settings], ...]
    within: str = ""


@dataclass(frozen=True)
class Opening:
    """A lab with the parameters read from a message, and what is drawn otherwise than it says."""

    lab: str
    settings: Mapping[str, Any]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Explained:
    """What a message says, what that means, the shapes in it, and the labs that show it."""

    says: str
    means: str
    read: tuple[str, ...]
    openings: tuple[Opening, ...]


def cleaned(text: str) -> str:
    """One line without colours, quotation marks and doubled spaces; the end of what is too long."""
    text = re.sub(r"\x1b?\[\d{0,3}(?:;\d{1,3}){0,4}m", "", text[-MOST_TEXT:])
    return " ".join(re.sub(r"[`'\"“”‘’]", "", text).split())


@cache
def pattern(says: str) -> re.Pattern[str]:
    """The regular expression of `Known.says`; each part of it is bounded."""

    def part(piece: str) -> str:
        if piece == "…":
            return ".{0,160}?"
        if re.fullmatch(r"\[[a-z]\]", piece):
            return SHAPE % piece[1:-1]
        if re.fullmatch(r"\{\w+\}", piece):
            return rf"(?P<n_{piece[1:-1]}>-?\d{{1,9}})"
        return r"\s?" if piece.isspace() else re.escape(piece)

    return re.compile("".join(map(part, PARTS.split(says))), re.IGNORECASE)


def explain(text: str) -> Explained | None:
    """The explanation of the first known message in a text; None if there is none."""
    from pages.kit.message_table import KNOWN  # the table is written with this module's words

    line = cleaned(text)
    for known in KNOWN:
        if known.within.lower() not in line.lower():
            continue
        found = list(pattern(known.says).finditer(line))
        if found and (explained := _explained(known, found[-1], line)):
            return explained
    return None


def _explained(known: Known, found: re.Match[str], line: str) -> Explained | None:
    parts = {name: text for name, text in found.groupdict().items() if text is not None}
    numbers = {name[2:]: int(text) for name, text in parts.items() if name.startswith("n_")}
    shapes = {name: sizes_of(text) for name, text in parts.items() if not name.startswith("n_")}
    openings = _openings(known.opens, lambda: Told(shapes, numbers, line))
    read = tuple(dict.fromkeys(written(shape) for name, shape in shapes.items() if name in "abc"))
    return Explained(found.group(0)[:300], known.means, read, openings) if openings else None


def excerpt(text: str) -> str:
    """A long pasted text, cut to what says what is wrong: short enough for a search field and a link."""
    if len(text) <= SHORT:
        return text
    line, explained = cleaned(text), explain(text)
    middle = line.rfind(explained.says) + len(explained.says) // 2 if explained else len(line)
    start = max(0, min(middle - SHORT // 2, len(line) - SHORT))
    short = line[start : start + SHORT]
    if explained and (again := explain(short)) and again.openings != explained.openings:
        short = line[max(0, middle - LONG // 2) :][:LONG]
    return short.strip()


def _openings(opens: Sequence[tuple[str, Settings]], told: Callable[[], Told]) -> tuple[Opening, ...]:
    """The labs that can show it, each with its state, checked by the technique's own parameters."""
    found = []
    for lab, settings in opens:
        heard = told()
        state = _state(lab, settings, heard)
        if state is not None:
            found.append(Opening(lab, state, tuple(dict.fromkeys(heard.cut))))
    return tuple(found)


def _state(lab: str, settings: Settings, told: Told) -> Mapping[str, Any] | None:
    """What the lab is set to, where it can be: a message that was cut or made up may hold any shapes."""
    try:
        wanted = settings(told)
        return None if wanted is None else state_of(labs()[lab], wanted)
    except (LookupError, ValueError):  # Rejected is a ValueError
        return None
