"""What the gallery shows: labs by family, a course or a search, and the explanation of a pasted message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pages.kit.courses import COURSES, course
from pages.kit.labs import Listed, labs
from pages.kit.messages import Explained, explain
from pages.kit.related import related
from pages.kit.search import find, find_by_text

# Families in an order that teaches; one that is not named comes last.
ORDER = (
    "Convolution",
    "Linear algebra",
    "Attention",
    "Sequences",
    "Normalization",
    "Losses",
    "Gradients",
    "Optimizers",
    "Training",
)
MARKS = {"lens": "Gradients of any cell", "trains": "Trains a network"}
FURTHER = 6  # labs beside an explained message


@dataclass(frozen=True)
class Shown:
    """Labs under headings; `why` says of a course's lab why it comes now, `explained` what was pasted."""

    groups: tuple[tuple[str, tuple[Listed, ...]], ...]
    why: dict[str, str] = field(default_factory=dict)
    explained: Explained | None = None
    nothing: bool = False  # no lab fits: all are shown

    @property
    def count(self) -> int:
        return sum(len(group) for _, group in self.groups)


def families() -> list[str]:
    """Every family, in teaching order."""
    found = {listed.family for listed in labs().values()}
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def marked(listed: Listed, mark: str) -> bool:
    """Whether a lab has the gradient lens, or trains."""
    if mark == "trains":
        return listed.technique.lane({}) == "training"
    return not getattr(listed.technique.module, "NO_LENS", "")


def shown(
    search: str = "", family: str | None = None, marks: Iterable[str] = (), way: str | None = None
) -> Shown:
    """The gallery of this search and these filters."""
    explained = explain(search) if search else None
    if explained:
        return Shown((("Further labs", _further(explained, search)),), explained=explained)
    wanted = [one for one in labs().values() if family in (None, one.family)]
    wanted = [one for one in wanted if all(marked(one, mark) for mark in marks)]
    followed = course(way)
    if followed:
        wanted = [labs()[slug] for slug in followed.labs if labs()[slug] in wanted]
    why = dict(followed.steps) if followed else {}
    found = find(search, wanted)
    if not found:
        return Shown(_by_family(list(labs().values())), nothing=True)
    if search.strip() or followed:
        heading = followed.title if followed else "Best first"
        return Shown(((heading, tuple(found)),), why)
    return Shown(_by_family(found))


def _further(explained: Explained, search: str) -> tuple[Listed, ...]:
    """The labs that the message opens, as cards, those that are like the first, and those with its words."""
    opened = [opening.lab for opening in explained.openings]
    alike = [one.slug for one in related(opened[0])]
    worded = [one.slug for one in find_by_text(search, list(labs().values()))]
    return tuple(labs()[slug] for slug in dict.fromkeys((*opened, *alike, *worded)))[:FURTHER]


def _by_family(listed: Sequence[Listed]) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
    """Families in teaching order, and in each the labs in the order in which the courses have them."""
    steps = [slug for one in COURSES for slug in one.labs]
    ordered = sorted(listed, key=lambda one: steps.index(one.slug) if one.slug in steps else len(steps))
    groups = ((name, tuple(one for one in ordered if one.family == name)) for name in families())
    return tuple((name, group) for name, group in groups if group)
