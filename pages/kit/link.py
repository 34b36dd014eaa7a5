"""The link: a lab's state in the address, only what differs from the defaults.

Reading never fails: what cannot be read is named and dropped, and the rest is kept. A link that is
handed out says its version (versions.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from engine import Rejected
from engine.lens import AT, OF, Asked, read_at, read_of
from pages.kit.labs import Listed
from pages.kit.versions import migrated, versioned

NOTHING_ASKED = Asked()
PRESENT = "present"  # in an address: the lab fills a projector; no parameter may be called so
MOST_DROPPED = 5  # named one by one; a longer list is counted


def link_values(listed: Listed, values: Mapping[str, Any], lens: Asked = NOTHING_ASKED) -> dict[str, str]:
    """The query of a state: parameter name to text, defaults left out; what the lens is asked comes last."""
    changed = (p for p in listed.technique.parameters if values[p.name] != p.default)
    looked = {name: lens.text(name) for name in (OF, AT) if lens.text(name)}
    return {p.name: p.text(values[p.name]) for p in changed} | looked


def link_text(listed: Listed, values: Mapping[str, Any], lens: Asked = NOTHING_ASKED) -> str:
    """The query of a state as text, without "?"; "" for the defaults."""
    return query_text(link_values(listed, values, lens))


def handed_out(listed: Listed, values: Mapping[str, Any], lens: Asked = NOTHING_ASKED) -> str:
    """The query of a link that people keep: as `link_text`, and with its version."""
    return query_text(versioned(link_values(listed, values, lens)))


def query_text(query: Mapping[str, str]) -> str:
    """A query as text, as short as it may be."""
    return urlencode(query, quote_via=quote, safe=",")


def read_lens(query: Mapping[str, str]) -> tuple[Asked, list[str]]:
    """What a query asks the gradient lens, and a sentence for each part that could not be read."""
    read, dropped = {OF: "", AT: ""}, []
    for name, reader in ((OF, read_of), (AT, read_at)):
        try:
            read[name] = reader(query.get(name, ""))
        except Rejected as problem:
            dropped.append(str(problem))
    return Asked(read[OF], read[AT]), dropped


def defaults(listed: Listed) -> dict[str, Any]:
    """The state every lab starts in."""
    return {p.name: p.default for p in listed.technique.parameters}


def state_of(listed: Listed, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a lab with these settings, and defaults for the rest. Raises `Rejected`."""
    known = {p.name: p for p in listed.technique.parameters}
    return {**defaults(listed), **{name: known[name].read(value) for name, value in settings.items()}}


def read_link(listed: Listed, query: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The state a query asks for, and a sentence for each part that could not be read."""
    query, unsure = migrated(listed.slug, query)
    values, dropped = defaults(listed), [unsure] if unsure else []
    known = {p.name: p for p in listed.technique.parameters}
    for name, text in query.items():
        if name in (OF, AT, PRESENT):  # no parameters: the lens and the page read them
            continue
        if name not in known:
            dropped.append(f"“{name[:40]}” is no control of this lab")
            continue
        try:
            values[name] = known[name].read(text)
        except Rejected as problem:
            dropped.append(str(problem))
    if len(dropped) > MOST_DROPPED:
        dropped = [*dropped[:MOST_DROPPED], f"and {len(dropped) - MOST_DROPPED} more"]
    return values, dropped
