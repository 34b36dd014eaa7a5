"""The script every session runs: the gallery, the scoreboard and one page for each lab."""

from functools import partial

import streamlit as st

from pages import home, lab, scoreboard
from pages.kit import components, display
from pages.kit.labs import labs

gallery = st.Page(home.render, title="Tensorscope", url_path="home", default=True)
pages = {
    slug: st.Page(partial(lab.render, listed, gallery), title=listed.lab.title, url_path=slug)
    for slug, listed in labs().items()
}
board = st.Page(partial(scoreboard.render, gallery), title="Scoreboard", url_path="scoreboard")
st.session_state["pages"], st.session_state["scoreboard"] = pages, board
chosen = st.navigation([gallery, board, *pages.values()], position="hidden")
named = getattr(chosen, "title", "")  # it has none where this file is only imported
title = named if chosen is gallery else f"{named} · Tensorscope"
st.set_page_config(page_title=title, page_icon="assets/icon.svg", layout="wide")
display.show(["home", "scoreboard", *pages])
components.page(key="page")
chosen.run()
