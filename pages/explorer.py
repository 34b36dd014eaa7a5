"""The script every session runs: the gallery, the scoreboard and one page for each lab."""

from functools import partial

import streamlit as st

from pages import home, lab, scoreboard
from pages.kit import display
from pages.kit.labs import labs

st.set_page_config(page_title="Tensorscope", page_icon="assets/icon.svg", layout="wide")
gallery = st.Page(home.render, title="Tensorscope", url_path="home", default=True)
pages = {
    slug: st.Page(partial(lab.render, listed, gallery), title=listed.lab.title, url_path=slug)
    for slug, listed in labs().items()
}
board = st.Page(partial(scoreboard.render, gallery), title="Scoreboard", url_path="scoreboard")
st.session_state["pages"], st.session_state["scoreboard"] = pages, board
display.show(["home", "scoreboard", *pages])
st.navigation([gallery, board, *pages.values()], position="hidden").run()
