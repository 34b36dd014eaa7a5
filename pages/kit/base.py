"""The path under which the pages are served."""

from __future__ import annotations

import streamlit as st


def base_path() -> str:
    """`server.baseUrlPath` as an address begins with it: "" or such as "/lessons"."""
    base = str(st.config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
