"""A lab on a projector: its question, its stage as large as it fits, its controls and presets, nothing else.

It is a state of the link (`present=1`), so it can be bookmarked, and Back leaves it. The keys are
assets/present.js; the room each part gets is assets/page.css.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.kit import components, controls
from pages.kit.link import defaults
from pages.kit.state import State

ROOM = "present-stage"  # the container that the stage fits itself into


def button(state: State) -> None:
    """What begins it, in the head of a lab."""
    st.button(
        "Present",
        key=f"{state.listed.slug}.present",
        icon=":material/slideshow:",
        type="tertiary",
        help="Fill the screen with this lab, in large type. Escape leaves.",
        on_click=lambda: state.press(lambda: state.presents(True)),
    )


def show(state: State, stage: Callable[[], None], curves: Callable[[], None]) -> None:
    """The whole page of a lab that is presented; `stage` and `curves` draw what it shows."""
    with st.container(key="present"):
        st.markdown(f"# {state.listed.lab.question}", anchors=False)
        room = st.container(horizontal=True, key="present-room")
        left, right = room.container(key="controls"), room.container(key="present-picture")
        with right.container(key=ROOM):  # the picture first, as on the lab's page
            stage()
        with right.container(key="present-curves"):
            curves()
        with left:
            controls.show(state)
        with st.container(horizontal=True, key="present-foot", vertical_alignment="center"):
            with st.container(key="present-point"):
                st.markdown(controls.point(state))
            _keys(state)


def _keys(state: State) -> None:
    """The component that listens to keys; it goes to a preset as a control does, so that the picture is live."""
    key = f"{state.listed.slug}.keys"
    components.present(
        key=key,
        data=stops(state) | {"lab": state.listed.slug, "heard": state.heard},
        on_change_change=lambda: controls.component_changed(state, key),
        on_leave_change=lambda: state.presents(False),
    )


def stops(state: State) -> dict[str, Any]:
    """Where the keys go: the default state and every preset, as link texts; and which of them is open.

    `at` is the place of the open preset, -1 if the state is none of them.
    """
    start = defaults(state.listed)
    presets = [(preset.name, state.preset(preset.settings)) for preset in state.listed.lab.presets]
    texts = {p.name: p.text for p in state.listed.technique.parameters}
    written = [
        {"name": name, "values": {n: texts[n](v) for n, v in values.items() if v != start[n]}}
        for name, values in presets
    ]
    return {
        "start": json.dumps({name: texts[name](value) for name, value in start.items()}),
        "presets": json.dumps(written),
        "at": next((place for place, (_, values) in enumerate(presets) if values == state.values), -1),
        "fresh": state.values == start,
    }
