"""How every page looks: what the theme cannot say (assets/page.css), and the choice of colours (assets/display.js)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import streamlit as st

from pages.kit import components
from pages.kit.base import base_path

STYLE = (components.ASSETS / "page.css").read_text(encoding="utf-8")


def show(slugs: Iterable[str]) -> None:
    """The style and the choice; `slugs` are the pages it holds for. The style comes first, so that nothing jumps."""
    st.html(f"<style>{STYLE}</style>")
    if st.context.is_embedded:  # the page around it chooses
        return
    base = f"{base_path()}/"
    with st.container(key="display"):
        components.display(
            key="display.choice", data={"paths": json.dumps([base, *(base + slug for slug in slugs)])}
        )
