"""The routes beside the pages: health, a lab's values as JSON, stopping a run, pictures, downloads, assets.

Documented in docs/api.md. `/api/labs/<slug>?kernel=4` answers exactly what the page hands to its
stage, so a drag, a script and another site get the numbers a page shows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

import engine
from pages.kit.labs import Listed, labs
from pages.kit.lens_payload import lens_payload
from pages.kit.payload import stage_payload
from pages.kit.scoreboard_export import as_json
from pages.kit.scoreboard_job import board
from server.answers import answer, client_of, early, failed, parameters_of, too_fast
from server.downloads import lab_csv, lab_npz
from server.limits import Clients
from server.oembed import oembed
from server.pictures import lab_png, lab_svg

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BOARD_RATE, BOARD_BURST = 2.0, 10  # answers of the whole scoreboard: each is several hundred lines
board_clients = Clients(BOARD_RATE, BOARD_BURST)


async def lab_stop(request: Request) -> Response:
    """This client waits no more for a training run: 200 and whether it did wait."""
    if refusal := early(request):
        return refusal
    listed = labs()[request.path_params["slug"]]
    try:
        waited = engine.give_up(listed.lab.technique, client_of(request), **parameters_of(request))
    except engine.EngineError as e:
        return await asyncio.to_thread(failed, listed, e, dict(request.query_params))
    return JSONResponse({"waited": waited}, 200, {"Cache-Control": "no-store"})


async def lab_values(request: Request) -> Response:
    """A lab's payload for the parameters in the query: 200, 202 and how far it is, or {"error": …}."""
    return await answer(request, partial(_json, stage_payload))


async def lab_lens(request: Request) -> Response:
    """The gradient lens of a lab, for the parameters, `lens` and `lens_at` in the query."""
    return await answer(request, partial(_json, lens_payload), lens=True)


async def _json(
    payload: Callable[[Listed, engine.Trace], dict[str, Any]], listed: Listed, trace: engine.Trace
) -> Response:
    body = await asyncio.to_thread(lambda: json.dumps(payload(listed, trace)))
    # "identity" keeps Streamlit's gzip away: it took more time than TensorFlow and saved a quarter.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(body, media_type="application/json", headers=headers)


async def lab_list(request: Request) -> Response:
    """Every lab: slug, family, title, question."""
    found = [
        {"slug": one.slug, "family": one.family, "title": one.lab.title, "question": one.lab.question}
        for one in labs().values()
    ]
    return JSONResponse(found)


async def scoreboard(request: Request) -> Response:
    """The scoreboard as it stands, for scripts. It measures nothing: people ask for that on the page."""
    if seconds := board_clients.wait(client_of(request)):
        return too_fast(seconds, BOARD_RATE)
    body = await asyncio.to_thread(as_json, board())
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


async def health(request: Request) -> Response:
    """200 as soon as the server is up; `engine` says whether TensorFlow is loaded, and where."""
    place = engine.warm()
    return JSONResponse({"status": "ok", "engine": "warm" if place else "warming", "device": place})


class Assets(StaticFiles):
    """Static files that browsers ask about before they reuse them, so that an update is seen."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def routes() -> list[BaseRoute]:
    """All of them, for the server."""
    return [
        Route("/healthz", health),
        Route("/api/scoreboard", scoreboard),
        Route("/api/labs", lab_list),
        Route("/api/labs/{slug}", lab_values),
        Route("/api/labs/{slug}/lens", lab_lens),
        Route("/api/labs/{slug}/stop", lab_stop, methods=["POST"]),
        Route("/api/labs/{slug}/picture.svg", lab_svg),
        Route("/api/labs/{slug}/picture.png", lab_png),
        Route("/api/labs/{slug}/data.npz", lab_npz),
        Route("/api/labs/{slug}/data.csv", lab_csv),
        Route("/oembed", oembed),
        Mount("/assets", Assets(directory=ASSETS)),
    ]
