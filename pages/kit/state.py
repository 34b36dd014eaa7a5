"""The state of a lab in one session: its parameters, the steps back, and the link it came by.

Every control is a view of this state; a change goes through `commit`, and the address follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from engine import Rejected
from pages.kit.labs import Listed
from pages.kit.link import defaults, link_values, read_link

MOST_STEPS_BACK = 50


@dataclass
class State:
    """What a session knows of one lab."""

    listed: Listed
    values: dict[str, Any]
    dropped: list[str] = field(default_factory=list)
    refused: Rejected | None = None
    back: list[dict[str, Any]] = field(default_factory=list)
    last_good: str = ""  # the last payload that was drawn, as JSON
    link: dict[str, str] | None = None  # the query as we last wrote or read it

    def commit(self, changes: Mapping[str, object]) -> None:
        """Take changed parameters (values or link texts); a refused one leaves the state as it was."""
        known = {p.name: p for p in self.listed.technique.parameters}
        try:
            read = {name: known[name].read(value) for name, value in changes.items() if name in known}
        except Rejected as problem:
            self.refused = problem
            return
        self._move({**self.values, **read})

    def _move(self, values: dict[str, Any]) -> None:
        self.refused, self.dropped = None, []
        if values != self.values:
            self.back = [*self.back[-MOST_STEPS_BACK:], self.values]
            self.values = values

    def reset(self, settings: Mapping[str, Any] | None = None) -> None:
        """Back to the defaults, or to a preset, which starts from them."""
        self._move(defaults(self.listed))
        if settings:
            known = {p.name: p for p in self.listed.technique.parameters}
            self.values = {**self.values, **{name: known[name].read(v) for name, v in settings.items()}}

    def undo(self) -> None:
        """Take the last change back."""
        if self.back:
            self.refused, self.dropped = None, []
            self.values = self.back.pop()


def open_state(listed: Listed) -> State:
    """This session's state of a lab, following the address when a person or the browser changed it."""
    key = f"state.{listed.slug}"
    query = {name: st.query_params[name] for name in st.query_params if not name.startswith("embed")}
    if key not in st.session_state:
        values, dropped = read_link(listed, query)
        st.session_state[key] = State(listed, values, dropped, link=query)
    state: State = st.session_state[key]
    if query != state.link:
        values, dropped = read_link(listed, query)
        state._move(values)
        state.dropped, state.link = dropped, query
    return state


def write_link(state: State) -> None:
    """Put the state in the address; a step in the browser's history where it changed."""
    wanted = link_values(state.listed, state.values)
    if wanted != state.link:
        kept = {name: st.query_params[name] for name in st.query_params if name.startswith("embed")}
        st.query_params.from_dict({**kept, **wanted})
        state.link = wanted
