"""How every route of a lab answers: who asks, how often, how long it waits, and what went wrong.

The routes themselves are in routes.py, downloads.py and pictures.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import engine
from engine.lens import AT, OF
from pages.kit.embed import RESERVED
from pages.kit.labs import Listed, labs
from pages.kit.link import PRESENT
from pages.kit.payload import error_payload, progress_payload, stage_payload
from pages.kit.versions import NAME, VERSION, migrated
from server.limits import MOST_QUERY, ROUTE_BURST, ROUTE_RATE, Clients

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
_waiting = 0


def client_of(request: Request) -> str:
    """Who asks: the tab's id, the session's cookie, or the connection."""
    tab = request.headers.get("x-tensorscope-client") or request.cookies.get("_streamlit_xsrf")
    if tab:
        return tab[:64]
    return f"{request.client.host}:{request.client.port}" if request.client else ""


def refused(status: int, kind: str, message: str, wait: float = 0.0) -> JSONResponse:
    headers = {"Retry-After": str(max(1, round(wait)))} if status in (429, 503) else {}
    error = {"kind": kind, "message": message, "remedy": {}}
    return JSONResponse({"error": error}, status, headers)


def too_fast(seconds: float, rate: float = ROUTE_RATE) -> JSONResponse:
    return refused(429, "TooManyRequests", f"at most {rate:.0f} requests a second; wait", seconds)


def early(request: Request) -> JSONResponse | None:
    """An answer that needs no engine: too fast, too long, or no such lab."""
    if seconds := clients.wait(client_of(request)):
        return too_fast(seconds)
    if len(request.url.query) > MOST_QUERY:
        expected = f"an address of at most {MOST_QUERY} characters"
        return refused(
            414, "TooLong", f"received {len(request.url.query)}; expected {expected}; fix: shorten it"
        )
    if request.path_params["slug"] not in labs():
        return refused(404, "NoSuchLab", "expected one of " + ", ".join(labs()))
    if _waiting >= MOST_WAITING:
        return refused(503, "Busy", "many requests are waiting; try again in a moment", 1)
    return None


def parameters_of(request: Request) -> dict[str, str]:
    """The query of a request in today's names, without what an address says of its page alone.

    Raises `Rejected` for a version that cannot be read.
    """
    said = request.query_params.items()
    query = {name: text for name, text in said if name != PRESENT and not name.startswith(RESERVED)}
    found, unsure = migrated(request.path_params["slug"], query)
    if unsure:
        expected = f"a version from 1 to {VERSION}"
        raise engine.Rejected(
            NAME, f"'{query[NAME][:40]}'", expected, "leave it out to have it read as today's"
        )
    return found


def without_lens(query: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of a query, and what it asks the gradient lens."""
    asked = {name: query.pop(name, "") for name in (OF, AT)}
    return query, asked


async def trace_of(
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


def progress(listed: Listed, found: engine.Progress) -> JSONResponse:
    """202: it is being computed; ask again. A training run brings the picture so far."""
    body: dict[str, Any] = {"progress": progress_payload(found)}
    if found.so_far is not None:
        body["so_far"] = stage_payload(listed, found.so_far)
    return JSONResponse(body, 202, {"Retry-After": "1", "Cache-Control": "no-store"})


def failed(listed: Listed, error: engine.EngineError, given: dict[str, str]) -> JSONResponse:
    """What went wrong; with the last picture of a training run that ended early."""
    kind, so_far = type(error).__name__, error.so_far
    ended = listed.technique.lane(given) == "training" and kind in ("WorkerDied", "TookTooLong")
    status = ENDED if ended else STATUS.get(kind, 400)
    body = stage_payload(listed, so_far) if so_far is not None else {}
    body["error"] = error_payload(listed, error, given)
    return JSONResponse(body, status, {"Retry-After": "1"} if status == 503 else {})


async def answer(
    request: Request,
    found: Callable[[Listed, engine.Trace], Awaitable[Response]],
    lens: bool = False,
    also: tuple[str, ...] = (),
) -> Response:
    """What `found` makes of the Trace of a request; or 202 and how far it is, or {"error": …}.

    `also` names what a query may hold beside parameters; `found` reads it.
    """
    if refusal := early(request):
        return refusal
    listed, given = labs()[request.path_params["slug"]], dict(request.query_params)
    try:
        values, asked = without_lens(parameters_of(request))
        values = {name: text for name, text in values.items() if name not in also}
        trace = await trace_of(listed, values, asked if lens else None, client_of(request))
    except engine.EngineError as e:
        return await asyncio.to_thread(failed, listed, e, given)
    if isinstance(trace, engine.Progress):
        return await asyncio.to_thread(progress, listed, trace)
    return await found(listed, trace)
