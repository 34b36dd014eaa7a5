"""What stands below the stage: charts (charts.py), then Explain, Gradients, Claims, Predict, Code, Share.

Only the open tab is computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine import Trace
from pages.kit import charts, components, lens, predict, share, trail
from pages.kit.answer import Answer
from pages.kit.claims import COLOURS, UNDER_WAY, Line, glancing, lines, measure
from pages.kit.declare import Related
from pages.kit.labs import Listed, labs
from pages.kit.link import link_values, state_of
from pages.kit.related import related
from pages.kit.state import State
from pages.kit.text import plain, prose

ASK_AGAIN = 2.0  # seconds until claims that wait for what takes long are looked at again


def show(state: State, answer: Answer, stage: Callable[[str], None]) -> None:
    """Charts and tabs for an answer with a Trace; `stage` draws a further group of panels."""
    trace = answer.trace
    assert trace is not None
    if state.drawn and not predict.game().veiled:
        charts.show(state, trace, answer.waiting)
    if not state.embed.tabs:
        return
    contents: dict[str, Callable[[], None]] = {
        "Explain": lambda: _explain(state, trace),
        "Gradients": lambda: _gradients(state, trace, stage),
        "Claims": lambda: _claims(state),
        "Predict": lambda: predict.tab(state),
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
    if predict.game().veiled:
        numbers.caption(f"In this state: {predict.HIDDEN.lower()}")
    else:
        _facts(state, trace, numbers)
    with words:
        _related(state.listed, state.listed.lab.related(trace) if state.listed.lab.related else ())


def _facts(state: State, trace: Trace, numbers: DeltaGenerator) -> None:
    facts = "\n".join(
        f"| {plain(name)} | **{plain(value)}** |" for name, value in state.listed.lab.facts(trace)
    )
    numbers.markdown(f"| In this state | value |\n| --- | --- |\n{facts}")


def _related(listed: Listed, declared: Sequence[Related]) -> None:
    """Other labs: those the declaration names, each in its state, and those that have most in common."""
    known = [link for link in declared if link.lab in labs()]
    st.markdown("**Related labs**")
    for link in known:
        query = link_values(labs()[link.lab], state_of(labs()[link.lab], link.settings))
        trail.open_link(labs()[link.lab], link.label, query, ":material/arrow_forward:")
    for other in related(listed.slug):
        if other.slug not in [link.lab for link in known]:
            trail.open_link(
                other, f"**{other.lab.title}**: {other.lab.question}", icon=":material/arrow_forward:"
            )


def _gradients(state: State, trace: Trace, stage: Callable[[str], None]) -> None:
    if predict.game().veiled:
        st.caption(predict.HIDDEN)
        return
    if state.listed.lab.gradient_note:
        st.markdown(state.listed.lab.gradient_note(trace))
    if state.listed.lab.gradients:
        stage("gradients")
    lens.show(state)


def _claims(state: State) -> None:
    """Measured now; what takes long says how far it is, and is looked at again."""
    st.caption("What people say, and what the installed versions did a moment ago.")
    key = f"{state.listed.slug}.claims wait"
    waits = bool(st.session_state.get(key))

    def rows() -> None:
        measured = [_line(line) for line in lines(state.listed)]
        st.session_state[key] = not all(measured)
        if st.session_state[key] != waits:
            st.rerun()

    st.fragment(rows, run_every=ASK_AGAIN if waits else None)()


def _line(line: Line) -> bool:
    """One claim or published figure; whether it is measured."""
    said, measured, verdict = st.columns([5, 5, 1.4], vertical_alignment="center")
    found = measure(line, glancing(line.listed.lab.technique))
    said.markdown(f"“{prose(line.said)}”" if line.kind == "claim" else prose(line.said))
    value = " · ".join(filter(None, (found.value, found.difference, found.why)))
    begin = {"claim": "measured: ", "figure": "ours: "}[line.kind] if found.measured else ""
    measured.markdown(f"{begin}{prose(value)}  \n:gray[:small[{prose(line.source)}]]")
    verdict.badge(found.verdict, color=COLOURS[found.verdict])
    return found.verdict != UNDER_WAY
