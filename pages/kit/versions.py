"""The version of a link, and how an older one is read: a link opens the same state for ever.

Every link that is handed out says `v=1`; one that says nothing is of version 1 as well. Who changes a
default, a name or an option of a technique raises `VERSION` and adds to `CHANGES` what makes an older
query say the same as before (`was`, `renamed`, or a function of their own).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

NAME = "v"
VERSION = 1

Query = Mapping[str, str]
Change = Callable[[Query], dict[str, str]]

CHANGES: Mapping[int, Mapping[str, Change]] = {}
"""By the version they lead to: by lab, what makes the query of the version before one of this version."""


def was(**defaults: str) -> Change:
    """These parameters had other defaults: a link that left them out meant these."""
    return lambda query: {**defaults, **query}


def renamed(**names: str) -> Change:
    """Parameters were renamed, old name to new one."""
    return lambda query: {names.get(name, name): text for name, text in query.items()}


def versioned(query: Query) -> dict[str, str]:
    """A query of today as it is handed out: with its version."""
    return {NAME: str(VERSION), **query}


def version_of(query: Query) -> int | None:
    """The version a query says; 1 where it says none, None where that cannot be read."""
    text = query.get(NAME, "1")
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text, re.ASCII) else None


def migrated(
    slug: str, query: Query, version: int = VERSION, changes: Mapping[int, Mapping[str, Change]] = CHANGES
) -> tuple[dict[str, str], str]:
    """A lab's query as `version` writes it, without its version; and a sentence where that is not sure."""
    told = version_of(query)
    rest = {name: text for name, text in query.items() if name != NAME}
    if told is None:
        return rest, f"{NAME}: “{query[NAME][:40]}” is no version of a link; it was read as one of today"
    if told > version:
        return rest, f"{NAME}: the link is of version {told}, and this Tensorscope reads up to {version}"
    for step in range(told + 1, version + 1):
        rest = changes.get(step, {}).get(slug, dict)(rest)
    return rest, ""
