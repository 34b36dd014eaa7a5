"""Serves the explorer with answers prepared at start: the same pages with no engine call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

import engine
from pages.kit.labs import labs
from server.limits import PacedSockets
from server.routes import routes


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Compute every lab's default state, end the workers, and answer that from now on."""
    engine.start()
    prepared = {listed.lab.technique: engine.run(listed.lab.technique) for listed in labs().values()}
    engine.stop()
    engine.run = lambda name, **_: prepared[name]
    engine.warm = lambda: "prepared"
    yield


app = st.App(
    "../../pages/explorer.py", lifespan=lifespan, routes=routes(), middleware=[Middleware(PacedSockets)]
)
