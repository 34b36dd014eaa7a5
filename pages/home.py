"""The gallery: every lab as a card with a picture and its question, filters, courses and a search.

Search and filters stand in the address (`?search=…&family=…`), so that the state is a link; what such a
link holds that is no option is dropped. The widgets are bound to it, and keep their values while a lab is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.kit import components, trail
from pages.kit.courses import COURSES, course
from pages.kit.gallery import MARKS, Shown, families, shown
from pages.kit.labs import Listed, labs
from pages.kit.link import link_values
from pages.kit.messages import MOST_TEXT, Explained, excerpt
from pages.kit.text import plain

PROMISE = "See what tensors do: every number here was computed by TensorFlow a moment ago."
HINT = "What puzzles you? “stride”, “padding mask” … or paste an error message"
NOTHING = "No lab matches all of it. Try one word, such as **padding**, **gradient** or **softmax**."
STATE = ("search", "course", "family", "only")  # the widgets, and what the link calls them
LEFT = "gallery"  # in the session: their values when the gallery was seen last
RETURNING = "returning"  # in the session: the values of LEFT are to be set
CONTINUE = 3  # labs opened last


def render() -> None:
    """The gallery, filtered by what is searched for."""
    st.title("Tensorscope", anchor=False)
    st.markdown(PROMISE)
    if "scoreboard" in st.session_state:  # there is none where the gallery is rendered alone
        st.page_link(
            st.session_state["scoreboard"], label="What people say, measured", icon=":material/fact_check:"
        )
    _remember()
    search = _search()
    _continue()
    chosen = _filters()
    found = shown(search, *chosen)
    if found.explained:
        _explained(found.explained)
    if found.nothing:
        st.info(NOTHING)
    _introduction(chosen[-1])
    for heading, group in found.groups:
        _group(heading, group, found)
    st.session_state[LEFT] = {name: st.session_state[name] for name in STATE}
    components.scroll(key="scroll", data={"of": repr((search, *chosen))})


def _remember() -> None:
    """Who comes back from a lab finds the gallery as it was; a link that says something says it all.

    The browser's back button empties bound widgets whatever the session says, but only in the run it
    causes: so the state returns in the next one.
    """
    arrived, told = trail.arrive(""), any(name in st.query_params for name in STATE)
    if arrived and not told and any(st.session_state.get(LEFT, {}).values()):
        st.session_state[RETURNING] = True
        st.rerun()
    if st.session_state.pop(RETURNING, False):
        for name, value in st.session_state[LEFT].items():
            st.session_state[name] = value


def _search() -> str:
    """What is searched for; of a long text that was pasted, only what says what is wrong stays."""

    def shorten() -> None:
        st.session_state["search"] = excerpt(st.session_state["search"] or "")

    return (
        st.text_input(
            "Search",
            key="search",
            bind="query-params",
            max_chars=MOST_TEXT,
            live=True,
            placeholder=HINT,
            label_visibility="collapsed",
            icon=":material/search:",
            on_change=shorten,
        )
        or ""
    )


def _filters() -> tuple[str | None, list[str], str | None]:
    """The family, marks and course that were chosen."""
    titles = {one.slug: one.title for one in COURSES}
    with st.container(horizontal=True, key="filters", gap="medium"):
        followed = st.pills(
            "Courses", list(titles), format_func=lambda slug: titles[slug], key="course", bind="query-params"
        )
        family = st.pills("Families", families(), key="family", bind="query-params")
        marks = st.pills(
            "Only labs with",
            list(MARKS),
            format_func=lambda mark: MARKS[mark],
            selection_mode="multi",
            key="only",
            bind="query-params",
        )
    if followed:
        st.session_state[trail.FOLLOWED] = followed
    return family, list(marks), followed


def _continue() -> None:
    """The labs opened last in this session, each in its state."""
    visited = trail.visits()[:CONTINUE]
    if visited:
        with st.container(horizontal=True, key="continue", vertical_alignment="center", gap="medium"):
            st.markdown(":gray[Continue where you were]")
            for state in visited:
                trail.open_link(state.listed, state.listed.lab.title, icon=":material/history:")


def _introduction(chosen: str | None) -> None:
    if followed := course(chosen):
        st.markdown(f"{followed.promise} Each step says why it comes now.")


def _explained(explained: Explained) -> None:
    """What a pasted message means, and the lab that shows it with its shapes."""
    with st.container(border=True, key="message"):
        shapes = " and ".join(f"**{plain(shape)}**" for shape in explained.read)
        st.markdown(f":gray[This message:] {plain(explained.says)}")
        st.markdown(explained.means + (f" It speaks of {shapes}." if shapes else ""))
        for place, opening in enumerate(explained.openings):
            listed = labs()[opening.lab]
            query = link_values(listed, opening.settings)
            shaped = " with these shapes" if query and shapes else " with these numbers" if query else ""
            label = f"Open “{listed.lab.title}”{shaped}"
            trail.open_link(listed, f"**{label}**" if not place else label, query, ":material/arrow_forward:")
            if opening.cut:
                st.caption(plain("; ".join(opening.cut)) + ".")


def _group(heading: str, group: Sequence[Listed], found: Shown) -> None:
    if not group:
        return
    st.header(heading, anchor=False)
    with st.container(key=f"cards-{heading.lower().replace(' ', '-')}", horizontal=True):
        for place, listed in enumerate(group, 1):
            _card(listed, found.why.get(listed.slug, ""), place)


def _card(listed: Listed, why: str, place: int) -> None:
    """A lab: picture, title and question; in a course the number of the step and why it comes now."""
    with st.container(border=True, key=f"card-{listed.slug}", gap="small"):
        picture, name = f"api/labs/{listed.slug}/picture.svg", escape(listed.lab.title, quote=True)
        st.html(f'<img src="/{picture}" alt="{name}" loading="lazy" width="320" height="180">')
        trail.open_link(listed, f"**{place}. {listed.lab.title}**" if why else f"**{listed.lab.title}**", {})
        st.markdown(listed.lab.question + (f"\n\n:gray[{why}]" if why else ""))
