"""server/clicks.py: what was clicked is told, though a newer message waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.state import SafeSessionState, SessionState

from server.clicks import keep_clicks


def newer() -> None:
    """What Streamlit calls at each look at the state while a newer message waits."""
    raise RerunException(RerunData())


class Session:
    """Stands in for Streamlit's own: its callback reads the state, as ours do."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_script_will_rerun(self, clicked: str, **_: Any) -> None:
        self.told.append(self.safe[clicked])

    def __getitem__(self, name: str) -> str:
        return f"said {name}"

    safe: SafeSessionState


def session() -> Session:
    made = Session()
    made.safe = SafeSessionState(made, newer)  # type: ignore[arg-type]
    return made


@pytest.fixture
def kept() -> Iterator[None]:
    before = SafeSessionState.on_script_will_rerun
    keep_clicks()
    keep_clicks()  # twice is once
    yield
    SafeSessionState.on_script_will_rerun = before  # type: ignore[method-assign]


def test_streamlit_drops_a_click_for_a_newer_message() -> None:
    """When this fails Streamlit has mended it: server/clicks.py can go."""
    lost = session()
    with pytest.raises(RerunException):
        lost.safe.on_script_will_rerun("button")  # type: ignore[arg-type]
    assert lost.told == []


@pytest.mark.usefixtures("kept")
def test_a_click_is_told_first() -> None:
    found = session()
    found.safe.on_script_will_rerun("button")  # type: ignore[arg-type]
    assert found.told == ["said button"]
    with pytest.raises(RerunException):
        found.safe["button"]


@pytest.mark.usefixtures("kept")
def test_streamlits_own_session_still_works() -> None:
    safe = SafeSessionState(SessionState(), lambda: None)
    safe["name"] = 1
    safe.on_script_will_rerun(None)
    assert safe["name"] == 1
