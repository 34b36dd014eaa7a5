"""An otherwise empty page: one control and a line of text that echoes its value."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from pages.kit import components

asked = st.query_params


def ours(component: Any, data: dict[str, Any]) -> str:
    """One of our controls; a change reruns the page."""
    change = (st.session_state.get("floor") or {}).get("change") or {}
    value = str(change.get("value", st.session_state.setdefault("value", asked["value"])))
    st.session_state["value"] = value
    words = {"lab": "floor", "name": "value", "label": "Value", "help": "", "default": asked["value"]}
    component(key="floor", data={**words, **data, "value": value}, on_change_change=lambda: None)
    return value


def number() -> str:
    """Our number control, with the bounds the link asks for."""
    bounds = {name: float(asked[name]) for name in ("low", "high", "step")}
    kind = {"whole": bounds["step"] == 1, "pair": asked["pair"] == "1", "optional": False}
    return ours(components.number, {**bounds, **kind, "auto": "", "unit": ""})


def choice() -> str:
    """Our choice with these options; on and off are a switch."""
    options = asked["options"].split(",")
    kind = "switch" if options == ["on", "off"] else "segments"
    return ours(components.choice, {"kind": kind, "options": json.dumps([[one, one] for one in options])})


def text() -> str:
    """Streamlit's text input."""
    return st.text_input("Value", key="floor")


st.title("Floor")
value = {"number": number, "choice": choice, "text": text}[asked.get("control", "text")]()
st.text(f"value {value}")
