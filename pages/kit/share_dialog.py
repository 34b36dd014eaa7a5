"""The dialogue Share: link, QR code, embedding, picture, data and code of a state. Only the open part is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from engine import Trace
from pages.kit import components, share
from pages.kit.answer import Answer
from pages.kit.download import TENSOR
from pages.kit.embed import HEIGHT, HIGHEST, LOWEST, Embed, names_of, snippet
from pages.kit.link import query_text
from pages.kit.qr import qr_svg
from pages.kit.state import State

WIDGETS = "share"  # the part of the dialogue that is open; it is gone when the page is left


def _key(state: State, name: str = WIDGETS) -> str:
    return f"{state.listed.slug}.{name}"


def button(state: State) -> None:
    """Opens the dialogue."""

    def opened() -> None:
        state.act()
        st.session_state[_key(state)] = "Link"

    st.button(
        "Share", key=_key(state, "share.open"), icon=":material/share:", type="tertiary", on_click=opened
    )


def dialog(state: State, answer: Answer) -> None:
    """The dialogue, as long as it is open: a run of the page does not close it."""
    if _key(state) not in st.session_state:
        return

    def closed() -> None:
        state.act()
        st.session_state.pop(_key(state), None)

    st.dialog("Share this state", width="large", on_dismiss=closed)(_parts)(state, answer.trace)


def _parts(state: State, trace: Trace | None) -> None:
    parts: dict[str, Callable[[], None]] = {
        "Link": lambda: _link(state),
        "QR code": lambda: _qr(state),
        "Embed": lambda: _embed(state),
        "Picture": lambda: _picture(state),
        "Data": lambda: _data(state, trace),
        "Code": lambda: share.program(state, "dialog"),
    }
    chosen = st.segmented_control(
        "What to share", list(parts), key=_key(state), label_visibility="collapsed", required=True
    )
    with st.container(key="share-part"):
        parts[chosen or "Link"]()


def _link(state: State) -> None:
    share.link(state)
    st.caption("The link says its version, `v=1`: later versions of Tensorscope open it in the same state.")
    st.link_button("Open in a new tab", share.address(state), icon=":material/open_in_new:")


def _qr(state: State) -> None:
    drawn = qr_svg(share.address(state))
    if drawn is None:
        st.info("This state is too long for a QR code. A preset, or fewer values, makes its link shorter.")
        return
    st.image(drawn, width="stretch", alt="QR code of the link below")
    st.code(share.address(state), language=None, wrap_lines=True)


def _embed(state: State) -> None:
    """Options, what the page will hold, and the lab as it will look, which measures its height."""
    chosen = _options(state)
    query = chosen.query(state.listed, share.ending(state).partition("?")[2])
    page = f"{state.listed.slug}?{query}"
    st.markdown("**Put this into your page.**")
    place = st.container()
    st.markdown("**This is what they will see.**")
    data = {"kind": "preview", "page": page, "title": state.listed.lab.title, "low": LOWEST, "high": HIGHEST}
    told = components.share(
        key=_key(state, "share.preview"), data=data, default={"height": 0}, on_height_change=lambda: None
    )
    height = _height(told.get("height"))
    address = f"{share.root(state)}/{page}"
    place.code(
        snippet(address, state.listed.lab.title, height, listens=True), language="html", wrap_lines=True
    )
    place.caption(
        f"{height} px is the height of this lab in the frame below. The script keeps it right where the page is"
        " narrower or wider; without it the frame scrolls."
    )


def _height(told: object) -> int:
    """What the browser measured, if it is a height."""
    known = isinstance(told, int | float) and LOWEST <= told <= HIGHEST
    return round(told) if known and isinstance(told, int | float) else HEIGHT


def _options(state: State) -> Embed:
    labels = [control.label for control in state.listed.lab.controls]
    left, right = st.columns(2)
    hidden = left.multiselect(
        "Hide these controls", labels, key=_key(state, "share.hide"), placeholder="none"
    )
    rest = [label for label in labels if label not in hidden]
    locked = right.multiselect("Show, but lock", rest, key=_key(state, "share.lock"), placeholder="none")
    shown = st.toggle(
        "With the tabs below: explanation, gradients, claims, code", key=_key(state, "share.tabs")
    )
    return Embed(names_of(state.listed, hidden), names_of(state.listed, locked), shown)


def _picture(state: State) -> None:
    st.markdown("**The stage as it is on the screen** as PNG, at twice its size; all of its panels as SVG.")
    data = {
        "kind": "picture",
        "lab": state.listed.slug,
        "title": state.listed.lab.title,
        "address": share.address(state),
        "svg": f"api/labs/{state.listed.slug}/picture.svg?{share.ending(state).partition('?')[2]}",
    }
    components.share(key=_key(state, "share.picture"), data=data)


def _data(state: State, trace: Trace | None) -> None:
    if trace is None:
        st.info("The numbers come when the computation is over.")
        return
    files = f"{share.root(state)}/api/labs/{state.listed.slug}"
    query = share.ending(state).partition("?")[2]
    name = st.selectbox(
        "One tensor, a row for each cell",
        list(trace.tensors),
        key=_key(state, "share.tensor"),
        format_func=partial(_called, trace),
    )
    table = f"{files}/data.csv?{query}&{query_text({TENSOR: name})}"
    archive = f"{files}/data.npz?{query}"
    with st.container(horizontal=True):
        st.link_button(f"Download {name} as CSV", table, icon=":material/download:")
        st.link_button("Download all tensors as NPZ", archive, icon=":material/download:")
    st.markdown("**In Python**")
    st.code(
        f"import io, urllib.request\nimport numpy as np\n\n"
        f"data = urllib.request.urlopen({archive!r}).read()\n"
        f"tensors = np.load(io.BytesIO(data))\nprint(tensors[{name!r}])",
        language="python",
        wrap_lines=True,
    )
    share.script(state)


def _called(trace: Trace, name: str) -> str:
    return f"{name} {list(trace.tensors[name].shape)}"


def opener(state: State) -> None:
    """The way from a page of somebody else to this one; it also tells that page how high this one is."""
    components.share(key=_key(state, "share.opener"), data={"kind": "opener", "page": share.ending(state)})
