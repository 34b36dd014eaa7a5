"""The routes beside the pages: health, a lab's values as JSON, stopping a run, the gallery's pictures, assets.

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
from engine.lens import AT, OF
from pages.kit.labs import Listed, labs
from pages.kit.lens_payload import lens_payload
from pages.kit.payload import error_payload, progress_payload, stage_payload
from pages.kit.picture import blank, picture
from pages.kit.scoreboard_export import as_json
from pages.kit.scoreboard_job import board
from server.limits import MOST_QUERY, ROUTE_BURST, ROUTE_RATE, Clients

ASSETS = Path(__file__).resolve().parent.parent / "assets"
MOST_WAITING = 64  # requests of this route that wait for the engine at a time
PATIENCE = 20.0  # seconds a request waits, warm-up included
A_MOMENT = 0.4  # seconds it waits for what takes long; then it answers how far that is
A_GLANCE = 0.1  # the same for a training run: its picture is wanted several times a second
ENDED = 410  # a training run that ended early: who asks again begins a new one
STATUS = {
    "TookTooLong": 503,
    "WorkerDied": 503,
    "Busy": 503,
    "TechniqueFailed": 422,
    "TooExpensive": 413,
    "Stopped": ENDED,
    "TooMuchMemory": ENDED,
}
clients = Clients(ROUTE_RATE, ROUTE_BURST)
BOARD_RATE, BOARD_BURST = 2.0, 10  # answers of the whole scoreboard: each is several hundred lines
board_clients = Clients(BOARD_RATE, BOARD_BURST)
_waiting = 0


def _client(request: Request) -> str:
    """Who asks: the tab's id, the session's cookie, or the connection."""
    tab = request.headers.get("x-tensorscope-client") or request.cookies.get("_streamlit_xsrf")
    if tab:
        return tab[:64]
    return f"{request.client.host}:{request.client.port}" if request.client else ""


def _refused(status: int, kind: str, message: str, wait: float = 0.0) -> JSONResponse:
    headers = {"Retry-After": str(max(1, round(wait)))} if status in (429, 503) else {}
    error = {"kind": kind, "message": message, "remedy": {}}
    return JSONResponse({"error": error}, status, headers)


def _too_fast(seconds: float, rate: float = ROUTE_RATE) -> JSONResponse:
    return _refused(429, "TooManyRequests", f"at most {rate:.0f} requests a second; wait", seconds)


def _early(request: Request) -> JSONResponse | None:
    """An answer that needs no engine: too fast, too long, or no such lab."""
    if seconds := clients.wait(_client(request)):
        return _too_fast(seconds)
    if len(request.url.query) > MOST_QUERY:
        expected = f"an address of at most {MOST_QUERY} characters"
        return _refused(
            414, "TooLong", f"received {len(request.url.query)}; expected {expected}; fix: shorten it"
        )
    if request.path_params["slug"] not in labs():
        return _refused(404, "NoSuchLab", "expected one of " + ", ".join(labs()))
    if _waiting >= MOST_WAITING:
        return _refused(503, "Busy", "many requests are waiting; try again in a moment", 1)
    return None


def _query(request: Request) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of a query, and what it asks the gradient lens."""
    query = dict(request.query_params)
    asked = {name: query.pop(name, "") for name in (OF, AT)}
    return query, asked


async def _trace(
    listed: Listed, values: dict[str, Any], asked: dict[str, str] | None = None, who: str = ""
) -> engine.Trace | engine.Progress:
    """The Trace, or how far it is where that takes more than a moment; of the lens if it is asked."""
    global _waiting
    _waiting += 1
    lane = listed.technique.lane(values)
    patience = {"training": A_GLANCE, "long": A_MOMENT}.get(lane, PATIENCE)
    wanted = patience + (engine.LINGERS if lane == "training" else engine.FORGOTTEN)
    try:
        if asked is None:
            submit = partial(engine.submit, listed.lab.technique, wanted, who)
        else:
            submit = partial(engine.submit_lens, listed.lab.technique, wanted, **asked)
        future = await asyncio.to_thread(submit, **values)
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), patience)
    except TimeoutError:
        if patience < PATIENCE:
            return engine.progress_of(future)
        raise engine.TookTooLong(f"no answer within {PATIENCE:g} s; try again") from None
    finally:
        _waiting -= 1


def _progress(listed: Listed, found: engine.Progress) -> JSONResponse:
    """202: it is being computed; ask again. A training run brings the picture so far."""
    body: dict[str, Any] = {"progress": progress_payload(found)}
    if found.so_far is not None:
        body["so_far"] = stage_payload(listed, found.so_far)
    return JSONResponse(body, 202, {"Retry-After": "1", "Cache-Control": "no-store"})


def _failed(listed: Listed, error: engine.EngineError, given: dict[str, str]) -> JSONResponse:
    """What went wrong; with the last picture of a training run that ended early."""
    kind, so_far = type(error).__name__, error.so_far
    ended = listed.technique.lane(given) == "training" and kind in ("WorkerDied", "TookTooLong")
    status = ENDED if ended else STATUS.get(kind, 400)
    body = stage_payload(listed, so_far) if so_far is not None else {}
    body["error"] = error_payload(listed, error, given)
    return JSONResponse(body, status, {"Retry-After": "1"} if status == 503 else {})


async def lab_stop(request: Request) -> Response:
    """This client waits no more for a training run: 200 and whether it did wait."""
    if early := _early(request):
        return early
    listed, values = labs()[request.path_params["slug"]], dict(request.query_params)
    try:
        waited = engine.give_up(listed.lab.technique, _client(request), **values)
    except engine.EngineError as e:
        return await asyncio.to_thread(_failed, listed, e, values)
    return JSONResponse({"waited": waited}, 200, {"Cache-Control": "no-store"})


async def lab_values(request: Request) -> Response:
    """A lab's payload for the parameters in the query: 200, 202 and how far it is, or {"error": …}."""
    return await _answer(request, stage_payload)


async def lab_lens(request: Request) -> Response:
    """The gradient lens of a lab, for the parameters, `lens` and `lens_at` in the query."""
    return await _answer(request, lens_payload, lens=True)


async def _answer(
    request: Request, payload: Callable[[Listed, engine.Trace], dict[str, Any]], lens: bool = False
) -> Response:
    if early := _early(request):
        return early
    listed = labs()[request.path_params["slug"]]
    values, asked = _query(request)
    try:
        trace = await _trace(listed, values, asked if lens else None, _client(request))
    except engine.EngineError as e:
        return await asyncio.to_thread(_failed, listed, e, dict(request.query_params))
    if isinstance(trace, engine.Progress):
        return await asyncio.to_thread(_progress, listed, trace)
    body = await asyncio.to_thread(lambda: json.dumps(payload(listed, trace)))
    # "identity" keeps Streamlit's gzip away: it took more time than TensorFlow and saved a quarter.
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(body, media_type="application/json", headers=headers)


async def lab_picture(request: Request) -> Response:
    """The gallery's picture of a lab as SVG: its default state, drawn from a Trace.

    A gallery does not start what takes long: until somebody has opened such a lab it is drawn blank.
    """
    if early := _early(request):
        return early
    listed = labs()[request.path_params["slug"]]
    try:
        trace = await _trace(listed, {}) if listed.technique.lane({}) == "interactive" else None
    except engine.EngineError as e:
        return _refused(503, type(e).__name__, str(e), 1)
    trace = trace or engine.known(listed.lab.technique)
    drawn = picture(listed, trace) if isinstance(trace, engine.Trace) else blank(listed)
    headers = {
        "Cache-Control": "max-age=300" if trace else "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return Response(drawn, media_type="image/svg+xml", headers=headers)


async def lab_list(request: Request) -> Response:
    """Every lab: slug, family, title, question."""
    found = [
        {"slug": one.slug, "family": one.family, "title": one.lab.title, "question": one.lab.question}
        for one in labs().values()
    ]
    return JSONResponse(found)


async def scoreboard(request: Request) -> Response:
    """The scoreboard as it stands, for scripts. It measures nothing: people ask for that on the page."""
    if seconds := board_clients.wait(_client(request)):
        return _too_fast(seconds, BOARD_RATE)
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
        Route("/api/labs/{slug}/picture.svg", lab_picture),
        Mount("/assets", Assets(directory=ASSETS)),
    ]
