"""The tour, docs/tour.md, as data: its stops, their pictures, and what its text says of a state.

A stop is a heading, then a picture that is a link, then text. A comment behind the picture says how it is
taken: `<!-- picture: dark; open Code -->`. In bold the text may say **y [1, 5, 5, 2]**, the shape of a tensor,
or **weights: 18**, a line of the page's own table "In this state"; a quotation is a notice of the page.
Each is meant of the nearest link before it. scripts/screenshots.py takes the pictures, a test proves the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

DOCS = Path(__file__).resolve().parent.parent / "docs"
HOME = "http://127.0.0.1:8501"  # where `make run` serves
VIEWS = {"laptop": (1280, 800, 1.5), "phone": (390, 844, 2), "projector": (1920, 1080, 1)}
PICTURE = re.compile(r"\[!\[([^\]]+)\]\(([^)\s]+)\)\]\(([^)\s]+)\)(?:\s*<!-- picture: ([^>]*) -->)?")
SAID = re.compile(
    rf"\]\((?P<link>{HOME}[^)\s]*)\)"
    r"|\*\*(?P<tensor>[^*\n]+?) \[(?P<shape>[\d, ]*)\]\*\*"
    r"|\*\*(?P<fact>[^*\n:]+): (?P<value>[^*\n]+)\*\*"
    r"|^> (?P<notice>.+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Link:
    """A place of the explorer: the lab's slug, "" for the gallery, and its state."""

    lab: str
    query: dict[str, str]

    @staticmethod
    def of(address: str) -> Link:
        parts = urlsplit(address)
        return Link(parts.path.strip("/"), dict(parse_qsl(parts.query, keep_blank_values=True)))


@dataclass(frozen=True)
class Stop:
    """One picture: its file below docs/, what it shows in words, the place, and how it is taken."""

    alt: str
    picture: str
    address: str  # below HOME
    steps: tuple[str, ...]

    @property
    def view(self) -> tuple[int, int, float]:
        """Width and height in CSS pixels, and how many pixels of the picture each becomes."""
        named = [step for step in self.steps if step in VIEWS]
        return VIEWS[named[0] if named else "laptop"]

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the picture."""
        width, height, scale = self.view
        return round(width * scale), round(height * scale)


@dataclass(frozen=True)
class Statement:
    """What the text says of a state: kind is "shape", "fact" or "notice"."""

    link: Link
    kind: str
    name: str
    value: str


def written() -> str:
    """The tour's Markdown."""
    return (DOCS / "tour.md").read_text(encoding="utf-8")


def links() -> list[Link]:
    """Every link of the tour to the explorer."""
    return [Link.of(found["link"]) for found in SAID.finditer(written()) if found["link"]]


def stops() -> list[Stop]:
    """Every picture of the tour, in order."""
    found = []
    for alt, picture, address, steps in PICTURE.findall(written()):
        taken = tuple(step.strip() for step in steps.split(";") if step.strip())
        found.append(Stop(" ".join(alt.split()), picture, address.removeprefix(HOME), taken))
    return found


def statements(text: str = "") -> list[Statement]:
    """Everything the tour, or this text, says that the engine can be asked."""
    said, link = [], Link("", {})
    for found in SAID.finditer(text or written()):
        if found["link"]:
            link = Link.of(found["link"])
        elif found["tensor"]:
            said.append(Statement(link, "shape", found["tensor"], found["shape"]))
        elif found["fact"]:
            said.append(Statement(link, "fact", found["fact"], found["value"]))
        else:
            said.append(Statement(link, "notice", "", found["notice"]))
    return said
