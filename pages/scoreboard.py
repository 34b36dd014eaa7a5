"""The scoreboard: every claim and every published figure, measured by the installed versions when asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import uuid4

import streamlit as st

import engine
from pages.kit.claims import NOT_MEASURED, Line, Outcome
from pages.kit.components import ASSETS
from pages.kit.labs import Listed
from pages.kit.scoreboard_export import NOT_YET, as_csv, as_json, counts, every_line, versions
from pages.kit.scoreboard_job import Look, board
from pages.kit.scoreboard_tables import ANY, MEANING, SHOW, VERDICTS, Row, chosen, tables
from pages.kit.text import plain, prose

STYLE = (ASSETS / "scoreboard.css").read_text(encoding="utf-8")
LOOK_AGAIN = 2.0  # seconds between two looks at what is being measured
FEW = 40  # rows that are shown without opening their families; so is a family that was chosen
PROMISE = (
    "People say things about tensors, and publish figures. TensorFlow and Keras, as they are installed here, "
    "say which of them are so."
)
TITLES = {"claim": "things people say", "figure": "published figures"}
NAMES = {"tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy", "python": "Python"}


def render(gallery: Any) -> None:
    """The page; what is being measured is looked at again and again, the rest is still."""
    st.html(f"<style>{STYLE}</style>")
    with st.container(horizontal=True, key="crumbs", vertical_alignment="center", gap="small"):
        st.page_link(gallery, label="**Tensorscope**", icon=":material/grid_view:")
        st.markdown(":gray[Scoreboard]")
    st.markdown(f"# What people say, measured\n{PROMISE}", anchors=False)
    busy = board().look().busy
    with st.container(key="scoreboard"):
        st.fragment(_board, run_every=LOOK_AGAIN if busy else None)(busy)


def _who() -> str:
    """Whose page this is: a browser keeps its cookie when the page is loaded anew, a session does not."""
    name = st.session_state.setdefault("scoreboard.who", uuid4().hex)
    return str(st.context.cookies.get("_streamlit_xsrf", name))[:64]


def _board(was_busy: bool) -> None:
    look = board().look()
    if not look.busy:
        st.session_state["scoreboard.stopped"] = False
    elif not st.session_state.get("scoreboard.stopped"):
        board().watch(_who())
    if look.busy != was_busy:
        st.rerun()
    rows = [(line, board().outcome(line)) for line in every_line()]
    _summary(rows)
    shown = _filtered(rows)
    _actions(rows, shown, look)
    if look.busy:
        _progress(look)
    _families(shown)


def _summary(rows: Sequence[Row]) -> None:
    """How many lines have each verdict, and what measures them."""
    with st.container(horizontal=True, gap="large"):
        for kind, meanings in MEANING.items():
            _counts(kind, meanings, [outcome for line, outcome in rows if line.kind == kind])
    installed = " · ".join(f"{NAMES[name]} {number}" for name, number in versions().items())
    place = plain(engine.warm().rpartition(", ")[0] or "not known yet")
    last = max((outcome.at for _, outcome in rows if outcome), default=0.0)
    when = f" Last measured {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} UTC." if last else ""
    st.markdown(f":small[Installed: {installed}. Device: {place}.{when}]")


def _counts(kind: str, meanings: Mapping[str, str], outcomes: Sequence[Outcome | None]) -> None:
    """The verdicts of the claims, or of the figures."""
    found = counts(outcomes)
    with st.container(key=f"scoreboard-counts-{kind}", width="content", gap="xsmall"):
        st.markdown(f"**{len(outcomes)} {TITLES[kind]}**")
        with st.container(horizontal=True):
            for name, meaning in meanings.items():
                st.metric(name, found[name], help=meaning, width="content")
            st.metric(NOT_YET, found[NOT_YET] + found[NOT_MEASURED], width="content")


def _actions(rows: Sequence[Row], shown: Sequence[Row], look: Look) -> None:
    """Measure, stop, take along."""
    left = [line for line, outcome in rows if not (outcome and outcome.measured)]
    label = "Measure all" if len(left) == len(rows) else "Measure the rest" if left else "Measure all again"
    with st.container(horizontal=True, vertical_alignment="center"):
        if look.busy and not st.session_state.get("scoreboard.stopped"):
            st.button("Stop", icon=":material/stop:", on_click=_stop, key="scoreboard.stop")
        else:
            _measure(label, left or [line for line, _ in rows], "scoreboard.all", "primary")
        if 0 < len(shown) < len(rows):
            _measure(f"Measure these {len(shown)}", [line for line, _ in shown], "scoreboard.shown")
        for name, made, kind in (("CSV", as_csv, "text/csv"), ("JSON", as_json, "application/json")):
            st.download_button(
                f"Download {name}",
                partial(made, board()),
                f"tensorscope-scoreboard.{name.lower()}",
                kind,
                icon=":material/download:",
                key=f"scoreboard.{name}",
                on_click="ignore",
            )


def _measure(label: str, wanted: Sequence[Line], key: str, kind: Any = "secondary") -> None:
    st.button(label, type=kind, key=key, on_click=_ask, args=(wanted,), icon=":material/science:")


def _ask(wanted: Iterable[Line]) -> None:
    st.session_state["scoreboard.stopped"] = False
    board().ask(_who(), wanted)


def _stop() -> None:
    st.session_state["scoreboard.stopped"] = True
    board().stop(_who())


def _progress(look: Look) -> None:
    """How far it is, what is under way, and for how many."""
    left = "" if look.left is None else f", about {_time(look.left)} left"
    st.progress(look.done / look.asked, f"Measuring: {look.done} of {look.asked}{left}")
    for line, told in look.under_way:
        st.markdown(f":small[{plain(line.listed.lab.title)}: “{prose(line.said)}” {plain(told)}]")
    if st.session_state.get("scoreboard.stopped"):
        st.markdown(":small[You stopped waiting; it goes on for others who look at this page.]")


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(1, seconds):.0f} s"


def _filtered(rows: Sequence[Row]) -> list[Row]:
    """The rows that the filters let through; the address keeps what they are set to."""
    families = list(dict.fromkeys(line.listed.family for line, _ in rows))
    options = (("show", list(SHOW)), ("verdict", list(VERDICTS)), ("family", [ANY, *families]))
    places = st.columns(len(options))
    found = [
        place.selectbox(name.capitalize(), choices, key=name, bind="query-params")
        for place, (name, choices) in zip(places, options, strict=True)
    ]
    return chosen(rows, *found)


def _families(rows: Sequence[Row]) -> None:
    if not rows:
        st.info("No line is so. What is not measured yet has no verdict: press **Measure all** first.")
    few = len(rows) <= FEW or len({line.listed.family for line, _ in rows}) == 1
    for family, found in groupby(rows, lambda row: row[0].listed.family):
        _family(family, list(found), few)


def _family(name: str, rows: Sequence[Row], few: bool) -> None:
    """A family's labs; their tables are made when it is opened."""
    key = f"scoreboard.{name}.{'few' if few else 'all'}"
    label = f"**{name}** · {len(rows)} line{'s' * (len(rows) != 1)}"
    with st.expander(label, key=key, expanded=few, on_change="rerun") as box:
        if not box.open:
            return
        if not few:
            _measure(f"Measure {name}", [line for line, _ in rows], f"{key}.measure")
        for listed, found in groupby(rows, lambda row: row[0].listed):
            _lab(listed, list(found))


def _lab(listed: Listed, rows: Sequence[Row]) -> None:
    pages = st.session_state.get("pages", {})  # there are none where the page is rendered alone
    with st.container(horizontal=True, vertical_alignment="center"):
        if listed.slug in pages:
            st.page_link(pages[listed.slug], label=f"**{listed.lab.title}**", icon=":material/arrow_forward:")
        else:
            st.markdown(f"**{listed.lab.title}**")
        _measure("Measure this lab", [line for line, _ in rows], f"scoreboard.{listed.slug}")
    st.markdown(tables(rows))
