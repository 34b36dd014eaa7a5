"""The choice of light, dark or high contrast, at the head of every page (assets/display.js)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import streamlit as st

from pages.kit import components


def show(slugs: Iterable[str]) -> None:
    """The choice; `slugs` are the pages it holds for."""
    base = f"/{st.config.get_option('server.baseUrlPath').strip('/')}/".replace("//", "/")
    with st.container(key="display"):
        components.display(
            key="display.choice", data={"paths": json.dumps([base, *(base + slug for slug in slugs)])}
        )
