"""Charts and tables below the stage. Those of a training run follow it, about once a second."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine import Trace
from pages.kit import curves
from pages.kit.declare import Chart, Table
from pages.kit.marks import apart
from pages.kit.state import State
from pages.kit.text import plain

LONG_TABLE = 440  # pixels of a table that scrolls
FOLLOW = 1.0  # seconds between two pictures of a run


def show(state: State, trace: Trace, waiting: bool) -> None:
    """All of them for a Trace, or for the run that is under way."""
    _follow(_draw, state, trace, waiting)


def show_curves(state: State, trace: Trace, waiting: bool) -> None:
    """What a presentation shows of a training run beside its stage."""
    if state.listed.lab.curves:
        _follow(curves.show, state, trace, waiting)


def _follow(draw: Callable[[State, Trace], None], state: State, trace: Trace, waiting: bool) -> None:
    """Draw, and again while a run is under way."""
    if not state.trains:
        draw(state, trace)
        return
    st.fragment(
        lambda: draw(state, curves.kept(state.listed, state.values) or trace),
        run_every=FOLLOW if waiting else None,
    )()


def _draw(state: State, trace: Trace) -> None:
    lab = state.listed.lab
    if lab.curves:
        curves.show(state, trace)
    if lab.charts:
        for place, (column, chart) in enumerate(zip(st.columns(len(lab.charts)), lab.charts, strict=True)):
            with column:
                _chart(state, trace, chart, place)
    if lab.tables:  # beside each other where there is room
        with st.container(horizontal=True, gap="large", key="tables"):
            for place, table in enumerate(lab.tables):
                with st.container(width="content"):
                    _table(table, trace, f"scrolls.{state.listed.slug}.{place}")


def _chart(state: State, trace: Trace, chart: Chart, place: int) -> None:
    st.markdown(f"**{chart.title}**")
    key, config = f"{state.listed.slug}.chart{place}", {"displayModeBar": False}
    st.plotly_chart(apart(chart.figure(trace)), key=key, config=config, alt=chart.alt(trace))


def _table(table: Table, trace: Trace, key: str) -> None:
    """As text: a data frame would load pandas, and a canvas cannot be read aloud."""
    rows = table.rows(trace)
    st.markdown(f"**{table.title}**")
    lines = [table.columns, ["---"] * len(table.columns), *([plain(cell) for cell in row] for row in rows)]
    with st.container(height=LONG_TABLE if len(rows) > 12 else "content", border=False, key=key):
        st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
    if table.note:
        st.caption(table.note(trace))
