"""Serves floor.py with nothing but the assets that our number control is made of."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).resolve().parents[2] / "assets"


async def no_engine(_: Request) -> Response:
    """The number control asks for live values; here are none."""
    return JSONResponse({"error": {"message": "no engine"}}, 404)


app = st.App(
    "floor.py",
    routes=[Route("/api/labs/{slug}", no_engine), Mount("/assets", StaticFiles(directory=ASSETS))],
)
