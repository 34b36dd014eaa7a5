"""The script every session runs: the gallery and one page for each lab."""

from functools import partial

import streamlit as st

from pages import home, lab
from pages.kit import components
from pages.kit.labs import labs

gallery = st.Page(home.render, title="Tensorscope", url_path="home", default=True)
pages = {
    slug: st.Page(partial(lab.render, listed, gallery), title=listed.lab.title, url_path=slug)
    for slug, listed in labs().items()
}
st.session_state["pages"] = pages
chosen = st.navigation([gallery, *pages.values()], position="hidden")
title = chosen.title if chosen is gallery else f"{chosen.title} · Tensorscope"
st.set_page_config(page_title=title, page_icon="assets/icon.svg", layout="wide")
components.page(key="page")
chosen.run()
