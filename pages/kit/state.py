"""The state of a lab in one session: its parameters, the steps back, and the link it came by.

Every control is a view of this state; a change goes through `commit`, and the address follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from engine import Rejected
from engine.lens import AT, OF, WHOLE, Asked, asked
from pages.kit.embed import NOT_EMBEDDED, RESERVED, Embed, read_embed
from pages.kit.history import history
from pages.kit.labs import Listed
from pages.kit.link import PRESENT, defaults, link_values, read_lens, read_link
from pages.kit.versions import NAME, VERSION, version_of

MOST_STEPS_BACK = 50


@dataclass
class State:
    """What a session knows of one lab."""

    listed: Listed
    values: dict[str, Any]
    lens: Asked = field(default_factory=Asked)  # what the gradient lens is asked
    dropped: list[str] = field(default_factory=list)  # what the link held and we could not read
    refused: Rejected | None = None  # the last change, if it could not be read
    typed: dict[str, object] = field(default_factory=dict)  # refused entries, kept to be corrected
    back: list[tuple[dict[str, Any], Asked]] = field(default_factory=list)
    last_good: dict[str, Any] | None = None  # parameters, not their Trace: sessions hold no tensors
    drawn: bool = False  # whether the browser has shown a picture: charts, which load slowly, come after
    link: dict[str, str] | None = None  # the query as we last wrote or read it
    heard: str = ""  # the number of the last release in the browser that arrived here
    then: Callable[[], None] | None = None  # a button's doing, once all of the run's changes are taken
    awaited: dict[str, Any] | None = None  # of a training run this session waits for
    given_up: dict[str, Any] | None = None  # of one it waits for no more: Stop was pressed
    runs: list[dict[str, Any]] = field(default_factory=list)  # the last two that were drawn, for comparing
    present: bool = False  # the page fills a projector: pages/kit/present.py
    acted: bool = False  # a widget caused this run: its address may be older than the state
    embed: Embed = NOT_EMBEDDED  # what the page of somebody else leaves out of this one

    def act(self) -> None:
        """A widget spoke. Who is quick sends the address of a moment ago along: it is no step back."""
        self.acted = True

    def commit(self, changes: Mapping[str, object]) -> None:
        """Take changed parameters (values or link texts); a refused one leaves the state as it was."""
        self.act()
        try:
            self.move({**self.values, **self._read(changes)}, self._asked(changes))
        except Rejected as problem:
            self.refused, self.typed = problem, dict(changes)

    def _read(self, changes: Mapping[str, object]) -> dict[str, Any]:
        return {n: value for n, value in self._all(changes).items() if n not in self.embed.fixed}

    def _all(self, changes: Mapping[str, object]) -> dict[str, Any]:
        known = {p.name: p for p in self.listed.technique.parameters}
        return {name: known[name].read(value) for name, value in changes.items() if name in known}

    def suits(self, settings: Mapping[str, Any]) -> bool:
        """Whether a preset leaves alone what an embedded page keeps."""
        wanted = {**defaults(self.listed), **self._all(settings)}
        return all(wanted[name] == value for name, value in self._kept().items())

    def _kept(self) -> dict[str, Any]:
        """What no control, preset or stroke of an embedded page changes."""
        return {name: self.values[name] for name in self.embed.fixed}

    def fixed_texts(self) -> dict[str, str]:
        """The same as link texts."""
        known = {p.name: p for p in self.listed.technique.parameters}
        return {name: known[name].text(value) for name, value in self._kept().items()}

    def _asked(self, changes: Mapping[str, object]) -> Asked:
        """What the lens is asked now: of another result another cell, so the index goes with the old one."""
        of = changes.get(OF, self.lens.of)
        kept = self.lens.at if of == self.lens.of or self.lens.at in WHOLE else ""
        return asked(of, changes.get(AT, kept))

    def move(self, values: dict[str, Any], lens: Asked | None = None) -> None:
        """Go to a state, remembering the way back."""
        self.refused, self.dropped, self.typed = None, [], {}
        lens = self.lens if lens is None else lens
        if values != self.values or lens != self.lens:
            self.back = [*self.back[1 - MOST_STEPS_BACK :], (self.values, self.lens)]
            self.values, self.lens = values, lens

    def preset(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a preset: it starts from the defaults."""
        return {**defaults(self.listed), **self._read(settings), **self._kept()}

    def press(self, button: Callable[[], None]) -> None:
        """A button was pressed. Streamlit may bring a release of just before in the same run, in any order."""
        self.act()
        self.then = button

    def reset(self, settings: Mapping[str, Any] | None = None) -> None:
        """Back to the defaults, or to a preset; the lens then looks at the same result of it."""
        self.move(self.preset(settings or {}), Asked() if settings is None else None)

    def has_drawn(self) -> None:
        """The browser shows the first picture."""
        self.act()
        self.drawn = True

    @property
    def trains(self) -> bool:
        """Whether this state is the work of a training run."""
        return self.listed.technique.lane(self.values) == "training"

    def saw(self) -> None:
        """The run of this state was drawn, to its end or as far as it came."""
        self.runs = [*(run for run in self.runs if run != self.values), self.values][-2:]

    def run_before(self) -> dict[str, Any] | None:
        """The last other run that was drawn."""
        return next((run for run in reversed(self.runs) if run != self.values), None)

    def stop_run(self) -> None:
        """Stop was pressed: what the run has so far stays."""
        self.act()
        self.given_up = self.values

    def run_again(self) -> None:
        """Train this state anew."""
        self.act()
        self.awaited = self.given_up = None

    def presents(self, present: bool) -> None:
        """Begin or leave the presentation of this state."""
        self.act()
        self.present = present

    def undo(self) -> None:
        """Take the last change back."""
        if self.back:
            self.refused, self.dropped, self.typed = None, [], {}
            self.values, self.lens = self.back.pop()


def _query() -> dict[str, str]:
    """The address's parameters, without those of an embedded page."""
    return {name: st.query_params[name] for name in st.query_params if not name.startswith(RESERVED)}


def _embedding() -> dict[str, str]:
    """The rest of them."""
    return {name: st.query_params[name] for name in st.query_params if name.startswith(RESERVED)}


def open_state(listed: Listed) -> State:
    """This session's state of a lab; where a person or the browser changed the address, it follows."""
    key, query = f"state.{listed.slug}", _query()
    if key not in st.session_state:
        values, dropped = read_link(listed, query)
        lens, unread = read_lens(query)
        fresh = State(listed, values, lens, dropped + unread, link=query, present=_presents(query))
        st.session_state[key] = fresh
    state: State = st.session_state[key]
    state.embed = read_embed(listed, _embedding()) if st.context.is_embedded else NOT_EMBEDDED
    acted, state.acted = state.acted, False
    then, state.then = state.then, None
    if then:
        then()
    went_there = history().leads_to(query)
    if query != state.link and (went_there or not acted):
        values, dropped = read_link(listed, query)
        lens, unread = read_lens(query)
        state.move(values, lens)
        state.dropped, state.link, state.present = dropped + unread, query, _presents(query)
    return state


def _presents(query: Mapping[str, str]) -> bool:
    return query.get(PRESENT) == "1"


def write_link(state: State) -> None:
    """Put the state in the address: a step in the browser's history where it changed.

    What this run was told of the address may be older than what we wrote last: then it is said anew.
    It keeps the version it came with, if that is today's: an address that says none means the first.
    """
    query = _query()
    says = VERSION > 1 or (NAME in query and version_of(query) == VERSION)
    wanted = {NAME: str(VERSION)} if says else {}
    wanted |= {PRESENT: "1"} if state.present else {}
    wanted |= link_values(state.listed, state.values, state.lens)
    if wanted != query or wanted != state.link:
        st.query_params.from_dict({**_embedding(), **wanted})
    state.link = wanted
