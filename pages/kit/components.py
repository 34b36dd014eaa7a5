"""Our browser components, registered once: stage, controls, tabs, sharing, a presentation's keys, light and dark.

Their code is served under /assets as ES modules, so that they share one live.js and the browser
keeps them; what Streamlit is given is the line that loads them.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.kit.base import base_path

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def _component(name: str, style: str) -> st.components.v2.types.ComponentRenderer:
    path = f"{base_path()}/assets/{name}.js"
    loader = (
        f'const module = import(new URL("{path}", window.location.origin));\n'
        "export default async (component) => (await module).default(component);\n"
    )
    css = (ASSETS / f"{style}.css").read_text(encoding="utf-8")
    return st.components.v2.component(f"tensorscope_{name}", js=loader, css=css)


stage = _component("stage", "stage")
number = _component("number", "controls")
choice = _component("choice", "controls")
rows = _component("rows", "controls")
tabs = _component("tabs", "controls")
share = _component("share", "share")
scroll = _component("scroll", "controls")
present = _component("present", "controls")
display = _component("display", "controls")
page = _component("page", "skip")
