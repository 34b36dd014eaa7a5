"""The way through the labs: those opened last in this session, and the step of a course a lab is."""

from __future__ import annotations

import streamlit as st

from pages.kit.courses import course_of
from pages.kit.labs import Listed, labs
from pages.kit.link import link_values
from pages.kit.state import State

VISITS, FOLLOWED, PLACE = "visits", "followed", "place"  # in the session
MOST_VISITS = 4


def arrive(place: str) -> bool:
    """Whether this page ("" for the gallery) was come to from another one of this session."""
    before, st.session_state[PLACE] = st.session_state.get(PLACE, place), place
    return bool(before != place)


def visit(slug: str) -> None:
    """This lab is the one opened last."""
    arrive(slug)
    earlier = [one for one in st.session_state.get(VISITS, []) if one != slug]
    st.session_state[VISITS] = [slug, *earlier][:MOST_VISITS]


def visits() -> list[State]:
    """The states of the labs opened last, the latest first."""
    states = (st.session_state.get(f"state.{slug}") for slug in st.session_state.get(VISITS, []))
    return [state for state in states if state is not None]


def open_link(listed: Listed, label: str, query: dict[str, str] | None = None, icon: str = "") -> None:
    """A link to a lab; without a query to the state it has in this session."""
    state = st.session_state.get(f"state.{listed.slug}")
    if query is None:
        query = link_values(listed, state.values, state.lens) if state else {}
    pages = st.session_state.get("pages", {})  # there are none where a page is rendered alone
    if listed.slug in pages:
        st.page_link(pages[listed.slug], label=label, query_params=query, icon=icon or None)


def show_step(listed: Listed) -> None:
    """Which step of a course this lab is, the step before and the next: the course one came by, else the first."""
    visit(listed.slug)
    course = course_of(listed.slug, st.session_state.get(FOLLOWED))
    if course is None:
        return
    place = course.labs.index(listed.slug)
    with st.container(horizontal=True, key="course", vertical_alignment="center", gap="medium"):
        st.markdown(f":gray[Step {place + 1} of {len(course.steps)} of **{course.title}**]")
        if place > 0:
            before = labs()[course.labs[place - 1]]
            open_link(before, f"Previous: {before.lab.title}", icon=":material/arrow_back:")
        if place + 1 < len(course.steps):
            after = labs()[course.labs[place + 1]]
            open_link(after, f"Next: {after.lab.title}", icon=":material/arrow_forward:")
