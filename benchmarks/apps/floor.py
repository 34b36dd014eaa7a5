"""An otherwise empty page: one control and a line of text that echoes its value."""

from __future__ import annotations

import streamlit as st

from pages.kit import components

asked = st.query_params


def number() -> str:
    """Our own number control, with the bounds the link asks for; a change reruns the page."""
    change = (st.session_state.get("floor") or {}).get("change") or {}
    value = str(st.session_state.setdefault("value", asked["value"]) if not change else change["value"])
    st.session_state["value"] = value
    bounds = {name: float(asked[name]) for name in ("low", "high", "step")}
    kind = {
        "whole": bounds["step"] == 1,
        "pair": asked["pair"] == "1",
        "optional": False,
        "auto": "",
        "unit": "",
    }
    words = {"lab": "floor", "name": "value", "label": "Value", "help": "", "default": asked["value"]}
    components.number(
        key="floor", data={**words, **bounds, **kind, "value": value}, on_change_change=lambda: None
    )
    return value


def choice() -> str:
    """Streamlit's segmented control."""
    options = asked["options"].split(",")
    return str(st.segmented_control("Value", options, default=options[0], required=True, key="floor"))


def toggle() -> str:
    """Streamlit's toggle."""
    return "on" if st.toggle("Value", key="floor") else "off"


def text() -> str:
    """Streamlit's text input."""
    return st.text_input("Value", key="floor")


st.title("Floor")
value = {"number": number, "choice": choice, "toggle": toggle, "text": text}[asked.get("control", "text")]()
st.text(f"value {value}")
