"""What one takes along from a state: its link, its numbers, and the program that computed it.

The dialogue that the head opens is in share_dialog.py; the tabs Share and Code show the shorter parts of it.
"""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import streamlit as st

from engine import EngineError
from engine.code import code, notebook
from pages.kit.link import handed_out, link_values
from pages.kit.state import State
from pages.kit.text import plain


def root(state: State) -> str:
    """Where the pages are, as the browser sees it."""
    page = urlsplit(st.context.url or "")
    return f"{page.scheme}://{page.netloc}{page.path.removesuffix('/' + state.listed.slug).rstrip('/')}"


def ending(state: State) -> str:
    """The lab and its state, as the end of an address that people keep."""
    return f"{state.listed.slug}?{handed_out(state.listed, state.values, state.lens)}"


def address(state: State) -> str:
    """The link of a state."""
    return f"{root(state)}/{ending(state)}"


def program(state: State, place: str = "tab") -> None:
    """The function that computed this page, with its current values."""
    try:
        program = code(state.listed.lab.technique, **state.values)
    except EngineError as e:
        st.warning(plain(str(e)))
        return
    slug = state.listed.slug
    needs = "NumPy, TensorFlow and scikit-learn" if "from sklearn" in program else "NumPy and TensorFlow"
    st.caption(f"The function that computed this page, with its current values. It needs {needs}.")
    name, key = slug.replace("-", "_"), slug if place == "tab" else f"{slug}.{place}"
    with st.container(horizontal=True):
        st.download_button(
            "Download .py", program, f"{name}.py", "text/x-python", key=f"{key}.py", on_click="ignore"
        )
        st.download_button(
            "Download notebook",
            notebook(program),
            f"{name}.ipynb",
            "application/x-ipynb+json",
            key=f"{key}.ipynb",
            on_click="ignore",
        )
    st.code(program, language="python", height=520 if place == "tab" else 320)


def show(state: State) -> None:
    """The link of this state, and the same numbers for a script."""
    link(state)
    script(state)
    st.caption("**Share** at the top of the page has more: QR code, embedding, pictures and files.")


def link(state: State) -> None:
    """The address of a state."""
    st.markdown(
        "**This state as a link.** It holds what differs from the defaults, and opens the same page anywhere."
    )
    st.code(address(state), language=None, wrap_lines=True)


def script(state: State) -> None:
    """The same numbers for programs."""
    st.markdown("**The same numbers as JSON**, for a script or another site.")
    st.code(f"{root(state)}/api/labs/{ending(state)}", language=None, wrap_lines=True)
    st.markdown("**On the command line.**")
    pairs = link_values(state.listed, state.values).items()
    settings = "".join(f" --set {shlex.quote(f'{name}={text}')}" for name, text in pairs)
    st.code(f"python -m engine run {state.listed.lab.technique}{settings}", language="bash", wrap_lines=True)
