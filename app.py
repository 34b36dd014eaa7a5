"""The server: starts the engine, serves the pages and the routes beside them.

Run it with `streamlit run app.py` (or `make run`). What people see starts in pages/explorer.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

import engine
from pages.kit.labs import labs
from server.clicks import keep_clicks
from server.history import keep_history
from server.limits import PacedSockets
from server.routes import routes
from server.sockets import send_at_once
from server.unfold import Unfold

HEAD_START = 2.0  # seconds in which a first page finds the processor free


def _log_to_stderr() -> None:
    log = logging.getLogger("tensorscope")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


async def _warm_up() -> None:
    """Load TensorFlow, then compute each lab's first state: the first visitor finds it done.

    A page that is opened at once is shown first: loading takes all the processor. Its stage, or the
    gallery's pictures, start the engine earlier by asking for something. What takes long waits for
    somebody who wants it: a worker of the long lane holds 0.7 GB.
    """
    await asyncio.sleep(HEAD_START)
    await asyncio.to_thread(engine.start)
    while not engine.warm():
        await asyncio.sleep(0.2)
    for listed in labs().values():
        if listed.technique.lane({}) == "interactive":
            with suppress(engine.EngineError):
                await asyncio.wrap_future(engine.submit(listed.lab.technique))


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Warm the engine before the first visitor; end its workers with the server."""
    _log_to_stderr()
    send_at_once()
    keep_clicks()
    keep_history()
    labs()  # read now, not while the first visitor waits
    warming = asyncio.create_task(_warm_up())
    try:
        yield
    finally:
        warming.cancel()
        await asyncio.to_thread(engine.stop)


EXPLORER = Path(__file__).resolve().parent / "pages" / "explorer.py"
around = [Middleware(PacedSockets), Middleware(Unfold)]
app = st.App(EXPLORER, lifespan=lifespan, routes=routes(), middleware=around)
