"""The one renderer: turns any lab's declaration into its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

import engine
from engine import EngineError, Trace
from pages.kit import components, controls, tabs
from pages.kit.labs import Listed
from pages.kit.link import link_text
from pages.kit.payload import error_payload, stage_payload
from pages.kit.state import State, open_state, write_link
from pages.kit.text import plain

A_MOMENT = 0.3  # seconds a page waits for what takes long before it shows how far that is
STYLE = (Path(__file__).resolve().parent.parent / "assets" / "page.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """What the engine said to the current state: a picture to draw, and an error over it."""

    trace: Trace | None
    error: EngineError | None = None
    waiting: bool = False  # the engine loads, or computes what takes long: the stage asks on


def render(listed: Listed, gallery: Any) -> None:
    """One lab's page for this session's state."""
    st.html(f"<style>{STYLE}</style>")
    state = open_state(listed)
    write_link(state)  # before the picture: who acts on what they see sends the address that goes with it
    answer = ask(state)
    head = st.container()
    left, right = st.columns([1, 3.3], gap="large")
    with right:  # the picture first: a browser draws what has come while the rest is on its way
        _dropped(state)
        show_stage(state, answer)
    with head:
        _head(state, gallery)
    with left, st.container(key="controls"):
        controls.show(state)
    if answer.trace is not None:
        tabs.show(state, answer.trace, lambda group: show_stage(state, answer, group))


def ask(state: State) -> Answer:
    """The engine's answer; on an error the last good picture stays."""
    if not engine.warm():
        return Answer(None, waiting=True)
    if state.refused:
        return Answer(_last_good(state), state.refused)
    try:
        trace = _glance(state, state.values)
    except EngineError as e:
        return Answer(_last_good(state), e)
    if trace is None:
        return Answer(_last_good(state) if state.last_good else None, waiting=True)
    state.last_good = state.values
    return Answer(trace)


def _glance(state: State, values: Mapping[str, Any]) -> Trace | None:
    """The Trace; None while it is computed, where that takes more than a moment."""
    listed = state.listed
    if listed.technique.lane(values) == "interactive":
        return engine.run(listed.lab.technique, **values)
    found = engine.glance(listed.lab.technique, A_MOMENT, **values)
    return found if isinstance(found, Trace) else None


def _last_good(state: State) -> Trace | None:
    """What was drawn last, mostly from the cache; the defaults before anything was."""
    try:
        return _glance(state, state.last_good or {})
    except EngineError:
        return None


def _head(state: State, gallery: Any) -> None:
    lab = state.listed.lab
    with st.container(horizontal=True, key="crumbs", vertical_alignment="center", gap="small"):
        st.page_link(gallery, label="**Tensorscope**", icon=":material/grid_view:")
        st.markdown(f":gray[{state.listed.family}]")
    st.markdown(f"# {lab.title}\n{lab.question}", anchors=False)
    controls.tries(state)


def _dropped(state: State) -> None:
    if state.dropped:
        listing = "\n".join(f"- {sentence}" for sentence in map(plain, state.dropped))
        st.warning(f"The link held something that cannot be read; it was left out:\n\n{listing}")


def show_stage(state: State, answer: Answer, group: str = "stage") -> None:
    """The stage with the strip of shapes, or a further group of panels in a tab."""
    key = f"{state.listed.slug}.{group}"
    drawable = answer.trace is not None and not answer.waiting  # while it waits, the stage keeps its picture
    payload = stage_payload(state.listed, answer.trace) if drawable and answer.trace else {}
    if answer.error:
        payload["error"] = error_payload(state.listed, answer.error, {**state.values, **state.typed})
    components.stage(
        key=key,
        data={
            "lab": state.listed.slug,
            "group": group,
            "link": link_text(state.listed, state.values),
            "live": group == "stage",
            "heard": state.heard,
            "waiting": answer.waiting,
            "drawn": state.drawn,
            "payload": json.dumps(payload) if payload else None,
        },
        on_change_change=lambda: controls.component_changed(state, key),
        on_warm_change=state.act,
        on_drawn_change=state.has_drawn,
    )
