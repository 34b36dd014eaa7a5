"""The scoreboard as rows of plain values: JSON and CSV, with versions, device and date."""

from __future__ import annotations

import csv
import io
import json
import platform
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import engine
from pages.kit.claims import Line, Outcome, lines
from pages.kit.labs import labs
from pages.kit.scoreboard_job import Board

NOT_YET = "not measured yet"
NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # how a cell begins that a spreadsheet would compute


@cache
def every_line() -> tuple[Line, ...]:
    """Every claim and every published figure of every lab, once."""
    return tuple(line for listed in labs().values() for line in lines(listed))


@cache
def versions() -> dict[str, str]:
    """The installed versions as this process found them; none is imported for it."""
    found = {"python": platform.python_version()}
    for name in ("tensorflow", "keras", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # such as tensorflow-cpu: each line says what computed it
            continue
    return found


def verdict(outcome: Outcome | None) -> str:
    """The verdict of a line, "not measured yet" where nobody asked."""
    return outcome.verdict if outcome else NOT_YET


def unexpected(line: Line, outcome: Outcome | None) -> bool:
    """Whether the installed versions give another verdict than the tests hold them to."""
    return outcome is not None and outcome.measured and outcome.verdict != line.expected


def counts(found: Iterable[Outcome | None]) -> Counter[str]:
    """How many lines have each verdict."""
    return Counter(map(verdict, found))


def address(line: Line, outcome: Outcome | None) -> str:
    """The lab in the state that shows a line, relative to the scoreboard's own address."""
    query = (outcome.link if outcome else "") or line.link
    return f"{line.listed.slug}?{query}" if query else line.listed.slug


def row(line: Line, outcome: Outcome | None) -> dict[str, Any]:
    """A line in plain values; what is not known yet is empty."""
    found = outcome or Outcome("", "")
    when = datetime.fromtimestamp(found.at, UTC).isoformat(timespec="seconds") if found.at else ""
    return {
        "kind": line.kind,
        "family": line.listed.family,
        "lab": line.listed.slug,
        "said": line.said,
        "source": line.source,
        "verdict": verdict(outcome),
        "expected": line.expected,
        "value": found.value,
        "difference": found.difference,
        "why": found.why,
        "link": address(line, outcome),
        "measured_at": when,
        "seconds": round(found.seconds, 3),
        "framework": found.framework,
        "device": found.device,
    }


def document(board: Board) -> dict[str, Any]:
    """The whole scoreboard as it stands; measures nothing."""
    found = [(line, board.outcome(line)) for line in every_line()]
    look = board.look()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "device": engine.warm(),
        "measuring": {"done": look.done, "asked": look.asked} if look.busy else None,
        "counts": dict(counts(outcome for _, outcome in found)),
        "unexpected": [line.key for line, outcome in found if unexpected(line, outcome)],
        "lines": [row(line, outcome) for line, outcome in found],
    }


def as_json(board: Board) -> str:
    return json.dumps(document(board), ensure_ascii=False, indent=1)


def as_csv(board: Board) -> str:
    """One row a line; its last columns say with which versions, and when the file was made."""
    made = document(board)
    ending = {f"installed {name}": number for name, number in made["versions"].items()} | {
        "date": made["date"]
    }
    rows = [{**one, **ending} for one in made["lines"]]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows({name: harmless(value) for name, value in one.items()} for one in rows)
    return "\ufeff" + text.getvalue()  # without this mark spreadsheets read × and − as something else


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    if isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
