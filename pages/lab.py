"""The one renderer: turns any lab's declaration into its page."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from pages.kit import charts, components, controls, predict, present, share_dialog, tabs, trail
from pages.kit.answer import Answer, ask
from pages.kit.labs import Listed
from pages.kit.link import link_text
from pages.kit.payload import error_payload, stage_payload
from pages.kit.state import State, open_state, write_link
from pages.kit.text import plain


def render(listed: Listed, gallery: Any) -> None:
    """One lab's page for this session's state."""
    state = open_state(listed)
    write_link(state)  # before the picture: who acts on what they see sends the address that goes with it
    answer = ask(state)
    predict.begin(state, answer)
    if state.present:
        present.show(state, lambda: _picture(state, answer), lambda: _curves(state, answer))
        return
    head = st.container(key="head")
    left, right = st.columns([1, 3.3], gap="large")
    with right:  # the picture first: a browser draws what has come while the rest is on its way
        _dropped(state)
        _picture(state, answer)
    with head:
        _head(state, gallery)
    with left, st.container(key="controls"):
        controls.show(state)
    if answer.trace is not None:
        tabs.show(state, answer, lambda group: show_stage(state, answer, group))
    if not st.context.is_embedded:
        trail.show_step(listed)
    share_dialog.dialog(state, answer)


def _head(state: State, gallery: Any) -> None:
    lab = state.listed.lab
    with st.container(horizontal=True, key="crumbs", vertical_alignment="center", gap="small"):
        if st.context.is_embedded:
            share_dialog.opener(state)
        else:
            st.page_link(gallery, label="**Tensorscope**", icon=":material/grid_view:")
            st.markdown(f":gray[{state.listed.family}]")
            predict.toggle(state)
            share_dialog.button(state)
            present.button(state)
    st.markdown(f"# {lab.title}\n{lab.question}", anchors=False)
    controls.tries(state, predict.game().veiled)


def _dropped(state: State) -> None:
    if state.dropped:
        listing = "\n".join(f"- {sentence}" for sentence in map(plain, state.dropped))
        st.warning(f"The link held something that cannot be read; it was left out:\n\n{listing}")


def _picture(state: State, answer: Answer) -> None:
    """The stage, with the question above it where people predict."""
    predict.card(state)
    show_stage(state, answer)


def _curves(state: State, answer: Answer) -> None:
    """A training run's, once the picture stands: they load slowly."""
    if answer.trace is not None and state.drawn and not predict.game().veiled:
        charts.show_curves(state, answer.trace, answer.waiting)


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
            "fits": present.ROOM if state.present else "",
            "heard": state.heard,
            "waiting": answer.waiting,
            "trains": state.trains,
            "drawn": state.drawn,
            "fixed": json.dumps(state.fixed_texts()),
            "predict": predict.stage_data(),
            "payload": json.dumps(payload) if payload else None,
        },
        on_change_change=lambda: controls.component_changed(state, key),
        on_warm_change=state.act,
        on_stopped_change=state.stop_run,
        on_again_change=state.run_again,
        on_drawn_change=state.has_drawn,
        on_guess_change=lambda: predict.heard(state, key),
    )
