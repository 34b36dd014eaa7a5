"""The controls of a lab: one widget for each parameter, chosen by the parameter's kind.

They are our components, live while they move; a value that is typed as text has Streamlit's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.parameter_lists import Numbers, Rows
from engine.parameters import Choice, Integer, Pair, Parameter, Real, Text, Toggle
from pages.kit import components
from pages.kit.declare import Control, Preset
from pages.kit.state import State

TURN = "#"  # a release's number among what a component says, as in assets/live.js
MOST_BUTTONS = 8  # presets beside each other; more become a list
MOST_SEGMENTS = 26  # characters of all options together that fit on one line of buttons


def show(state: State) -> None:
    """Every control that matters now."""
    parameters = {p.name: p for p in state.listed.technique.parameters}
    for control in state.listed.lab.controls:
        if control.name in state.embed.hidden or not matters(
            control, state.values, state.listed.lab.controls
        ):
            continue
        if control.name in state.embed.locked:
            _locked(state, control, parameters[control.name])
        else:
            _widget(state, control, parameters[control.name])


def matters(control: Control, values: Mapping[str, Any], controls: Sequence[Control] = ()) -> bool:
    """Whether a control is shown while the parameters have these values.

    Among the lab's `controls`, one that depends on a hidden one is hidden with it.
    """
    if control.when is None:
        return True
    name, wanted = control.when
    above = [other for other in controls if other.name == name]
    return values[name] in wanted and all(matters(other, values, controls) for other in above)


def _locked(state: State, control: Control, parameter: Parameter) -> None:
    """What an embedded page shows and keeps: its value as text."""
    text = parameter.text(state.values[parameter.name])
    key = f"{_key(state, control.name)}.locked"
    st.session_state[key] = control.labels.get(text, text) or control.auto
    st.text_input(control.label, key=key, disabled=True, icon=":material/lock:", help=control.help or None)


def _widget(state: State, control: Control, parameter: Parameter) -> None:
    if isinstance(parameter, (Integer, Real, Pair)):
        _number(state, control, parameter)
    elif isinstance(parameter, Rows):
        _rows(state, control, parameter)
    elif isinstance(parameter, (Choice, Toggle)):
        _choice(state, control, parameter)
    elif isinstance(parameter, Numbers) and control.sliders:
        _sliders(state, control, parameter)
    else:
        _text(state, control, parameter)


def _key(state: State, name: str) -> str:
    """With a colon, because a parameter may be called as another part of the page, such as `gradients`."""
    return f"{state.listed.slug}:{name}"


def _written(state: State, parameter: Parameter) -> str:
    """What a control says: the state, or a refused entry that waits to be corrected."""
    refused = state.typed.get(parameter.name)
    return parameter.text(state.values[parameter.name]) if refused is None else str(refused)


def component_changed(state: State, key: str) -> None:
    """A component says which parameters it wants changed: {name: text}."""
    change = st.session_state[key].get("change")
    if isinstance(change, dict):
        state.heard = str(change.get(TURN, ""))[:40]
        state.commit({str(name): str(text) for name, text in list(change.items())[:32]})


def _choice(state: State, control: Control, parameter: Choice | Toggle) -> None:
    options = parameter.options if isinstance(parameter, Choice) else ()
    words = [(option, control.labels.get(option, option)) for option in options]
    few = sum(len(label) for _, label in words) <= MOST_SEGMENTS
    kind = "switch" if isinstance(parameter, Toggle) else "segments" if few else "list"
    _mount(components.choice, state, control, {"kind": kind, "options": json.dumps(words)}, parameter)


def _text(state: State, control: Control, parameter: Parameter) -> None:
    """Streamlit's own text input: for what is pasted or typed as a whole."""
    key = _key(state, control.name)
    st.session_state[key] = _written(state, parameter)

    def changed() -> None:
        state.commit({control.name: st.session_state[key]})

    st.text_input(
        control.label,
        key=key,
        on_change=changed,
        max_chars=parameter.most if isinstance(parameter, Text) else 2000,
        placeholder=control.auto if parameter.default is None else None,
        help=control.help or None,
    )


def _number(state: State, control: Control, parameter: Integer | Real | Pair) -> None:
    low = parameter.low if control.low is None else control.low
    high = parameter.high if control.high is None else control.high
    _mount(
        components.number,
        state,
        control,
        {
            "low": low,
            "high": high,
            "step": parameter.step if isinstance(parameter, Real) else 1,
            "log": control.log,
            "whole": not isinstance(parameter, Real),
            "pair": isinstance(parameter, Pair),
            "sides": "|".join(control.labels.get(side, side) for side in ("height", "width")),
            "optional": parameter.default is None,
            "auto": control.auto,
            "unit": control.unit,
        },
        parameter,
    )


def _sliders(state: State, control: Control, parameter: Numbers) -> None:
    """A list as text, where its length can vary, and a slider for each entry."""
    varies = parameter.fewest != parameter.most
    if varies:
        _text(state, control, parameter)
    written = parameter.text(state.values[parameter.name])
    for place, entry in enumerate(written.split(",") if written else ()):
        data = {
            "low": parameter.low if control.low is None else control.low,
            "high": parameter.high if control.high is None else control.high,
            "step": 1 if parameter.whole else 0.1,
            "whole": parameter.whole,
            "pair": False,
            "optional": False,
            "auto": "",
            "unit": control.unit,
            "list": written,
            "entry": place,
            "value": entry,
        }
        data["label"] = control.sliders.format(place)
        data["help"] = "" if varies else control.help
        _mount(components.number, state, control, data, parameter, f".{place}")


def _rows(state: State, control: Control, parameter: Rows) -> None:
    columns = [
        {
            "name": column.name,
            "label": column.name,
            "kind": type(column).__name__.lower(),
            "low": getattr(column, "low", 0),
            "high": getattr(column, "high", 0),
            "options": list(getattr(column, "options", ())),
            "default": column.text(column.default),
        }
        for column in parameter.columns
    ]
    # As text: a list in a component's data makes Streamlit import pandas to see whether it is a table.
    data = {"columns": json.dumps(columns), "most": parameter.most}
    _mount(components.rows, state, control, data, parameter)


def _mount(
    component: Any, state: State, control: Control, data: dict[str, Any], parameter: Parameter, part: str = ""
) -> None:
    key = _key(state, control.name) + part
    common = {
        "lab": state.listed.slug,
        "name": control.name,
        "label": control.label,
        "help": control.help,
        "value": _written(state, parameter),
        "default": parameter.text(parameter.default),
    }
    component(key=key, data=common | data, on_change_change=lambda: component_changed(state, key))


def tries(state: State, veiled: bool = False) -> None:
    """States worth a look, one click each; the way back; and the point of the one that is open, unless it would tell."""
    slug, open_now = state.listed.slug, _chosen(state)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="tries"):
        st.markdown("**Try**", width="content")
        if len(_presets(state)) > MOST_BUTTONS:
            _preset_list(state, open_now)
        else:
            _preset_buttons(state, open_now, veiled)
        st.button(
            "Reset",
            key=f"{slug}.reset",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=lambda: state.press(state.reset),
        )
        st.button(
            "Undo",
            key=f"{slug}.undo",
            icon=":material/undo:",
            type="tertiary",
            on_click=lambda: state.press(state.undo),
            disabled=not state.back,
        )
    if open_now and not veiled:
        st.markdown(point(state))


def point(state: State) -> str:
    """The point of the preset that is open, as Markdown; "" if none is."""
    open_now = _chosen(state)
    return f":material/lightbulb: {open_now.point}" if open_now else ""


def _presets(state: State) -> Sequence[Preset]:
    """The lab's presets; in an embedded page those that leave alone what it keeps."""
    presets = state.listed.lab.presets
    return [one for one in presets if state.suits(one.settings)] if state.embed.fixed else presets


def _preset_buttons(state: State, open_now: Preset | None, veiled: bool) -> None:
    for place, preset in enumerate(_presets(state)):
        st.button(
            preset.name,
            key=f"{state.listed.slug}.preset{place}",
            help=None if veiled else preset.point,
            type="primary" if preset is open_now else "secondary",
            on_click=lambda settings=preset.settings: state.press(lambda: state.reset(settings)),
        )


def _preset_list(state: State, open_now: Preset | None) -> None:
    """Many presets, as one list to choose from."""
    key = f"{state.listed.slug}.presets"
    named = {preset.name: preset for preset in _presets(state)}
    st.session_state[key] = open_now.name if open_now else None

    def chosen() -> None:
        if preset := named.get(st.session_state[key] or ""):
            state.press(lambda: state.reset(preset.settings))

    st.selectbox(
        "Try a known case",
        list(named),
        key=key,
        on_change=chosen,
        index=None,
        placeholder=f"one of {len(named)} known cases",
        label_visibility="collapsed",
        width=360,
    )


def _chosen(state: State) -> Preset | None:
    """The preset whose state is the current one, if any."""
    return next((p for p in _presets(state) if state.values == state.preset(p.settings)), None)
