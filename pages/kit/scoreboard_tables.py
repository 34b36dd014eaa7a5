"""The scoreboard's rows: which are shown, and a lab's as Markdown tables, which screen readers can walk through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from pages.kit.claims import COLOURS, Line, Outcome, written
from pages.kit.declare import Published
from pages.kit.scoreboard_export import NOT_YET, address, unexpected, verdict
from pages.kit.text import plain, prose

Row = tuple[Line, Outcome | None]
ANY = "any"
SHOW: Mapping[str, Callable[[Row], bool]] = {
    "everything": lambda row: True,
    "claims": lambda row: row[0].kind == "claim",
    "published figures": lambda row: row[0].kind == "figure",
    "where people are not simply right": lambda row: verdict(row[1]) in ("wrong", "outdated", "depends"),
    "figures that differ": lambda row: verdict(row[1]) == "differs",
    "not as the tests expect": lambda row: unexpected(*row),
}
VERDICTS = (ANY, *(name for name in COLOURS if name != "under way"), NOT_YET)
MEANING: Mapping[str, Mapping[str, str]] = {
    "claim": {
        "holds": "it is so",
        "wrong": "it is not so",
        "outdated": "it was so in older versions",
        "depends": "so in some cases only",
    },
    "figure": {"same": "ours is the published one", "differs": "it is another; the line says why"},
}
CLAIM_HEAD = ("What people say", "Verdict", "What the installed versions did", "See it")
FIGURE_HEAD = ("What was published", "Verdict", "Published", "Ours", "Difference", "See it")


def chosen(rows: Iterable[Row], show: str, wanted: str, family: str) -> list[Row]:
    """The rows that the filters let through."""
    return [
        row
        for row in rows
        if SHOW[show](row) and wanted in (ANY, verdict(row[1])) and family in (ANY, row[0].listed.family)
    ]


def tables(rows: Sequence[Row]) -> str:
    """A lab's claims, then its figures, as Markdown."""
    claims = [_claim(*row) for row in rows if row[0].kind == "claim"]
    figures = [_figure(*row) for row in rows if row[0].kind == "figure"]
    drawn = [_table(head, cells) for head, cells in ((CLAIM_HEAD, claims), (FIGURE_HEAD, figures)) if cells]
    return "\n\n".join(drawn)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(sentence: str) -> str:
    """Text of a declaration as a cell; in code, too, a bar would end it."""
    return re.sub(r"(?<!\\)\|", r"\\|", prose(sentence))


def _outside(text: str) -> str:
    """A measured value, such as a message of TensorFlow's, as a cell: nothing in it is markup."""
    return plain(" ".join(text.split()))


def _claim(line: Line, outcome: Outcome | None) -> list[str]:
    said = f"“{_cell(line.said)}” :small[{_cell(line.source)}]"
    return [said, _badge(line, outcome), _outside(outcome.value) if outcome else "–", _link(line, outcome)]


def _figure(line: Line, outcome: Outcome | None) -> list[str]:
    assert isinstance(line.of, Published)
    what = f"{_cell(line.of.what)} :small[{_cell(line.source)}]"
    ours, apart = (_outside(outcome.value), _outside(outcome.difference)) if outcome else ("–", "–")
    if outcome and outcome.why:
        apart += f" :small[{_cell(outcome.why)}]"
    return [what, _badge(line, outcome), written(line.of.value), ours, apart, _link(line, outcome)]


def _badge(line: Line, outcome: Outcome | None) -> str:
    """The verdict; before it is measured what the tests expect, and after where it is another."""
    if outcome is None:
        return f":gray-badge[{NOT_YET}] :small[expected: {line.expected}]"
    badge = f":{COLOURS[outcome.verdict]}-badge[{outcome.verdict}]"
    return badge if not unexpected(line, outcome) else f"{badge} :small[the tests expect: {line.expected}]"


def _link(line: Line, outcome: Outcome | None) -> str:
    """The state that was computed, or the lab. Relative, so that it works below any address."""
    target = address(line, outcome)
    return f"[{'this state' if '?' in target else 'the lab'}]({target})"
