"""The explorer with the tests' own training lab: `streamlit run tests/tiny_app.py`, from the project's root."""

import streamlit as st
from starlette.middleware import Middleware

from app import EXPLORER, lifespan
from server.limits import PacedSockets
from server.routes import routes
from tests.tiny_training import register

register()
app = st.App(EXPLORER, lifespan=lifespan, routes=routes(), middleware=[Middleware(PacedSockets)])
