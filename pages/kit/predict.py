"""Questions to answer before the reveal, in any state."""

from __future__ import annotations

import random

import streamlit as st

from engine import Trace
from pages.kit.answer import Answer
from pages.kit.declare import Prediction
from pages.kit.link import link_text
from pages.kit.state import State


def show(state: State, answer: Answer) -> None:
    """The questions of this state, each with its answer once somebody has decided."""
    if answer.trace is None or (answer.waiting and state.trains):
        st.caption("The questions come when the run is over.")
        return
    st.caption("Decide first, then look. The questions follow the state you are in.")
    for place, prediction in enumerate(state.listed.lab.predictions):
        _question(state, answer.trace, place, prediction)


def _question(state: State, trace: Trace, place: int, prediction: Prediction) -> None:
    answers = list(dict.fromkeys(prediction.answers(trace)))
    link = link_text(state.listed, state.values)
    shuffled = random.Random(f"{link}.{place}").sample(answers, len(answers))
    key = f"{state.listed.slug}.predict{place}.{link}"
    guess = st.radio(prediction.question(trace), shuffled, index=None, key=key, on_change=state.act)
    if guess is None:
        return
    if guess == answers[0]:
        st.success(f"Right: **{answers[0]}**. {prediction.why(trace)}", icon=":material/check:")
    else:
        st.error(f"It is **{answers[0]}**. {prediction.why(trace)}", icon=":material/close:")
