"""What stands below the stage: charts (charts.py), then Explain, Gradients, Claims, Predict, Code, Share.

Only the open tab is computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import streamlit as st

import engine
from engine import EngineError, Trace, UnderWay, technique
from pages.kit import charts, components, lens, predict, share
from pages.kit.answer import Answer
from pages.kit.declare import Claim, Related
from pages.kit.labs import labs
from pages.kit.link import link_values, state_of
from pages.kit.state import State
from pages.kit.text import plain

COLOURS: dict[str, Literal["blue", "orange", "gray", "violet"]] = {
    "holds": "blue",
    "wrong": "orange",
    "outdated": "gray",
    "depends": "violet",
}


UNDER_WAY = "under way"
ASK_AGAIN = 2.0  # seconds until claims that wait for training runs are looked at again


def show(state: State, answer: Answer, stage: Callable[[str], None]) -> None:
    """Charts and tabs for an answer with a Trace; `stage` draws a further group of panels."""
    trace = answer.trace
    assert trace is not None
    if state.drawn:
        charts.show(state, trace, answer.waiting)
    contents: dict[str, Callable[[], None]] = {
        "Explain": lambda: _explain(state, trace),
        "Gradients": lambda: _gradients(state, trace, stage),
        "Claims": lambda: _claims(state),
        "Predict": lambda: predict.show(state, answer),
        "Code": lambda: share.program(state),
        "Share": lambda: share.show(state),
    }
    opened = _strip(state, list(contents))
    with st.container(key="tab"):
        contents[opened]()


def _strip(state: State, names: list[str]) -> str:
    """The tabs' names, and which of them is open; the browser remembers it over a server's restart."""
    key = f"{state.listed.slug}.tab"
    told = f"{state.listed.slug}.tabs"

    def opened() -> None:
        state.act()
        st.session_state[key] = st.session_state[told].get("open")

    if key not in st.session_state:
        st.session_state[key] = st.session_state.get(told, {}).get("open")
    name: str = st.session_state[key] if st.session_state[key] in names else names[0]
    data = {"names": json.dumps(names), "open": name, "panel": "tab"}
    components.tabs(key=told, data=data, default={"open": name}, on_open_change=opened)
    return name


def _explain(state: State, trace: Trace) -> None:
    words, numbers = st.columns([3, 2], gap="large")
    words.markdown(state.listed.explanation)
    facts = "\n".join(
        f"| {plain(name)} | **{plain(value)}** |" for name, value in state.listed.lab.facts(trace)
    )
    numbers.markdown(f"| In this state | value |\n| --- | --- |\n{facts}")
    if state.listed.lab.related:
        with words:
            _related(state.listed.lab.related(trace))


def _related(links: Sequence[Related]) -> None:
    """Other labs, each in its state."""
    pages = st.session_state.get("pages", {})  # there are none where a lab is rendered alone
    for link in (link for link in links if link.lab in pages):
        query = link_values(labs()[link.lab], state_of(labs()[link.lab], link.settings))
        st.page_link(pages[link.lab], label=link.label, icon=":material/arrow_forward:", query_params=query)


def _gradients(state: State, trace: Trace, stage: Callable[[str], None]) -> None:
    if state.listed.lab.gradient_note:
        st.markdown(state.listed.lab.gradient_note(trace))
    if state.listed.lab.gradients:
        stage("gradients")
    lens.show(state)


def _claims(state: State) -> None:
    """Measured now; what needs training runs says how far they are, and is looked at again."""
    st.caption("What people say, and what the installed versions did a moment ago.")
    done = f"{state.listed.slug}.measured"
    again = ASK_AGAIN if state.trains and not st.session_state.get(done) else None

    def rows() -> None:
        measured = [_claim(state, claim) for claim in state.listed.lab.claims]
        st.session_state[done] = all(measured)
        if again and all(measured):
            st.rerun()

    if state.trains:
        st.fragment(rows, run_every=again)()
    else:
        rows()


def _claim(state: State, claim: Claim) -> bool:
    """One line; whether it is measured."""
    says, measured, verdict = st.columns([5, 5, 1.4], vertical_alignment="center")
    says.markdown(f"“{claim.says}”")
    value, badge = _measured(state, claim)
    measured.markdown(f"{value}  \n:gray[:small[{claim.how}]]")
    verdict.badge(badge, color=COLOURS.get(badge, "red"))
    return badge != UNDER_WAY


def _measured(state: State, claim: Claim) -> tuple[str, str]:
    try:
        found = claim.measure(partial(_run, state.listed.lab.technique))
    except UnderWay as e:
        return plain(str(e)), UNDER_WAY
    except EngineError as e:
        return plain(str(e)), "not measured"
    return f"measured: {found.value}", found.verdict


def _run(name: str, /, **parameters: object) -> Trace:
    """As `engine.run`; but nobody looks at a page that waits for a training run: raises `UnderWay`."""
    if technique(name).lane(parameters) != "training":
        return engine.run(name, **parameters)
    found = engine.glance(name, 0.1, **parameters)
    if isinstance(found, Trace):
        return found
    raise UnderWay(f"{found.text}, place {found.place} in the queue" if found.place else found.text)
