"""Where Back and Forward led: told by each message of the browser, asked by the page's next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

HISTORY = "history"  # its place in a session


@dataclass
class History:
    """The address somebody went to with Back or Forward, until a run of the page has followed."""

    went_to: dict[str, str] | None = None

    def arrived(self, query: Mapping[str, str], by_history: bool) -> None:
        """A message came from the page at this address; the browser says whether Back or Forward sent it."""
        if by_history:
            self.went_to = dict(query)
        elif self.went_to != query:
            self.went_to = None

    def leads_to(self, query: Mapping[str, str]) -> bool:
        """Whether Back or Forward led here; the next run is told no more of it."""
        here, self.went_to = self.went_to == query, None
        return here


def history() -> History:
    """This session's."""
    if HISTORY not in st.session_state:
        st.session_state[HISTORY] = History()
    found: History = st.session_state[HISTORY]
    return found
