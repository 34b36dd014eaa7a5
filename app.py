"""The server: starts the engine, serves the pages and the routes beside them.

Run it with `streamlit run app.py` (or `make run`). What people see starts in pages/explorer.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

import engine
from server.limits import PacedSockets
from server.routes import routes


def _log_to_stderr() -> None:
    log = logging.getLogger("tensorscope")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Warm the engine before the first visitor; end its workers with the server."""
    _log_to_stderr()
    await asyncio.to_thread(engine.start)
    try:
        yield
    finally:
        await asyncio.to_thread(engine.stop)


app = st.App("pages/explorer.py", lifespan=lifespan, routes=routes(), middleware=[Middleware(PacedSockets)])
