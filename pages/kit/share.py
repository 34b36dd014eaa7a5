"""What one takes along from a state: its link, its numbers, and the program that computed it."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import streamlit as st

from engine import EngineError
from engine.code import code, notebook
from pages.kit.link import link_text, link_values
from pages.kit.state import State
from pages.kit.text import plain


def program(state: State) -> None:
    """The function that computed this page, with its current values."""
    try:
        program = code(state.listed.lab.technique, **state.values)
    except EngineError as e:
        st.warning(plain(str(e)))
        return
    slug = state.listed.slug
    needs = "NumPy, TensorFlow and scikit-learn" if "from sklearn" in program else "NumPy and TensorFlow"
    st.caption(f"The function that computed this page, with its current values. It needs {needs}.")
    with st.container(horizontal=True):
        name = slug.replace("-", "_")
        st.download_button(
            "Download .py", program, f"{name}.py", "text/x-python", key=f"{slug}.py", on_click="ignore"
        )
        st.download_button(
            "Download notebook",
            notebook(program),
            f"{name}.ipynb",
            "application/x-ipynb+json",
            key=f"{slug}.ipynb",
            on_click="ignore",
        )
    st.code(program, language="python", height=520)


def show(state: State) -> None:
    """The link of this state, and the same numbers for a script."""
    query = link_text(state.listed, state.values, state.lens)
    page = urlsplit(st.context.url or "")
    root = f"{page.scheme}://{page.netloc}{page.path.removesuffix('/' + state.listed.slug).rstrip('/')}"
    ending = f"{state.listed.slug}?{query}" if query else state.listed.slug
    st.markdown(
        "**This state as a link.** It holds what differs from the defaults, and opens the same page anywhere."
    )
    st.code(f"{root}/{ending}", language=None, wrap_lines=True)
    st.markdown("**The same numbers as JSON**, for a script or another site.")
    st.code(f"{root}/api/labs/{ending}", language=None, wrap_lines=True)
    st.markdown("**On the command line.**")
    pairs = link_values(state.listed, state.values).items()
    settings = "".join(f" --set {shlex.quote(f'{name}={text}')}" for name, text in pairs)
    st.code(f"python -m engine run {state.listed.lab.technique}{settings}", language="bash", wrap_lines=True)
