"""Back is followed though a control speaks in the same moment: pages/kit/history.py, server/history.py."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from pages.kit import history, state
from pages.kit.history import HISTORY, History
from pages.kit.labs import labs
from server.history import keep_history

LAB = labs()["masked-softmax-attention"]
BEFORE, AFTER = {"padding": "4"}, {"padding": "5"}


def test_a_control_of_the_same_address_does_not_hide_that_somebody_went_there() -> None:
    told = History()
    told.arrived(BEFORE, by_history=True)
    told.arrived(BEFORE, by_history=False)
    assert told.leads_to(BEFORE)
    assert not told.leads_to(BEFORE)  # once is enough: what follows may be older than the page


def test_who_goes_on_is_not_sent_back() -> None:
    told = History()
    told.arrived(BEFORE, by_history=True)
    told.arrived(AFTER, by_history=False)
    assert not told.leads_to(BEFORE)


def test_a_control_alone_leads_nowhere() -> None:
    told = History()
    told.arrived(BEFORE, by_history=False)
    assert not told.leads_to(BEFORE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ClientState | None]]:
    """What Streamlit is asked for, with our notes taken before."""
    reached: list[ClientState | None] = []
    monkeypatch.setattr(AppSession, "request_rerun", lambda self, message: reached.append(message))
    keep_history()
    keep_history()  # twice is once
    yield reached


def session(**known: Any) -> Any:
    return SimpleNamespace(session_state=known)


def test_each_message_is_noted_and_handed_on(asked: list[ClientState | None]) -> None:
    told = History()
    here = {**BEFORE, "padding mask": "", "ü": "&"}
    text = urlencode({"embed": "true", **here})
    went = ClientState(query_string=text, is_history_navigation=True)
    control = ClientState(query_string=text)
    for message in (went, control, None):
        AppSession.request_rerun(session(**{HISTORY: told}), message)
    assert asked == [went, control, None]
    assert told.leads_to(here)


def test_a_session_without_a_lab_is_left_alone(asked: list[ClientState | None]) -> None:
    AppSession.request_rerun(session(), ClientState(is_history_navigation=True))
    assert len(asked) == 1


@pytest.mark.parametrize("went", [True, False])
def test_a_lab_follows_back_though_a_control_spoke(monkeypatch: pytest.MonkeyPatch, went: bool) -> None:
    known: dict[str, Any] = {}
    page = SimpleNamespace(
        query_params=dict(AFTER), session_state=known, context=SimpleNamespace(is_embedded=False)
    )
    monkeypatch.setattr(state, "st", page)
    monkeypatch.setattr(history, "st", page)
    opened = state.open_state(LAB)
    page.query_params = dict(BEFORE)
    opened.act()
    known[HISTORY].arrived(BEFORE, by_history=went)
    assert state.open_state(LAB).values["padding"] == (4 if went else 5)
