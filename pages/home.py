"""The gallery: every lab as a card with a picture, its family and its question, and a search."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.kit.labs import Listed, labs
from pages.kit.search import find

STYLE = (Path(__file__).resolve().parent.parent / "assets" / "page.css").read_text(encoding="utf-8")
COLUMNS = 3
PROMISE = "See what tensors do: every number here was computed by TensorFlow a moment ago."


def render() -> None:
    """The gallery, filtered by what is searched for."""
    st.html(f"<style>{STYLE}</style>")
    st.title("Tensorscope", anchor=False)
    st.markdown(PROMISE)
    st.page_link(
        st.session_state["scoreboard"], label="What people say, measured", icon=":material/fact_check:"
    )
    words = st.text_input(
        "Search",
        key="home.search",
        max_chars=200,
        live=True,
        placeholder="What puzzles you? “shape mismatch”, “stride”, “padding mask” …",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    found = find(words, list(labs().values()))
    if not found:
        st.info("No lab matches all of it. Try one word, such as **padding**, **gradient** or **softmax**.")
        found = list(labs().values())
    for start in range(0, len(found), COLUMNS):
        for column, listed in zip(st.columns(COLUMNS), found[start : start + COLUMNS], strict=False):
            with column:
                _card(listed)


def _card(listed: Listed) -> None:
    with st.container(border=True, height="stretch", key=f"card-{listed.slug}"):
        st.markdown(f"![{listed.lab.title}](/api/labs/{listed.slug}/picture.svg)")
        st.caption(listed.family)
        st.page_link(st.session_state["pages"][listed.slug], label=f"**{listed.lab.title}**")
        st.markdown(listed.lab.question)
