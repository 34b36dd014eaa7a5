"""Pictures of a lab: the gallery's, one of all panels of any state, and one for a link that unfolds.

None of them starts what takes long: until somebody has opened such a state they are drawn without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

import engine
from pages.kit import drawing, scene
from pages.kit.labs import Listed, labs
from pages.kit.link import handed_out
from pages.kit.picture import blank, picture
from server.answers import client_of, early, failed, parameters_of, trace_of, without_lens
from server.origin import root_of

SVG_ONLY = "default-src 'none'; style-src 'unsafe-inline'"


async def lab_svg(request: Request) -> Response:
    """The gallery's picture of a lab; with a query (`v=1` is enough) that state with all its panels."""
    if request.query_params:
        return await _drawn(request, _whole, "image/svg+xml")
    return await _drawn(request, _small, "image/svg+xml")


async def lab_png(request: Request) -> Response:
    """The picture of a state that a chat or a slide shows beside its link: 1200 by 630."""
    return await _drawn(request, _card, "image/png")


Draw = Callable[[Request, Listed, engine.Trace | None], bytes | str]


async def _drawn(request: Request, draw: Draw, kind: str) -> Response:
    if refusal := early(request):
        return refusal
    listed, given = labs()[request.path_params["slug"]], dict(request.query_params)
    try:
        values, _ = without_lens(parameters_of(request))
        trace = await _known(request, listed, values)
    except engine.EngineError as e:
        return await asyncio.to_thread(failed, listed, e, given)
    body = await asyncio.to_thread(draw, request, listed, trace)
    headers = {
        "Cache-Control": "max-age=300" if trace else "no-store",
        "Content-Security-Policy": SVG_ONLY,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kind, headers=headers)


async def _known(request: Request, listed: Listed, values: dict[str, str]) -> engine.Trace | None:
    """The Trace of a state; None for what takes long and is not known yet. Raises `EngineError`."""
    name = listed.lab.technique
    checked = engine.check(name, values)
    if listed.technique.lane(checked) == "interactive":
        found = await trace_of(listed, values, who=client_of(request))
        return found if isinstance(found, engine.Trace) else None
    return await asyncio.to_thread(lambda: engine.known(name, **checked))


def _small(request: Request, listed: Listed, trace: engine.Trace | None) -> str:
    return picture(listed, trace) if trace else blank(listed)


def _whole(request: Request, listed: Listed, trace: engine.Trace | None) -> str:
    if trace is None:
        return blank(listed)
    address = f"{root_of(request.scope) or ''}/{listed.slug}?{handed_out(listed, trace.parameters)}"
    shapes, width, height = scene.whole(listed, trace, address)
    return drawing.svg(shapes, width, height, listed.lab.title)


def _card(request: Request, listed: Listed, trace: engine.Trace | None) -> bytes:
    return drawing.png(scene.card(listed, trace), *scene.CARD)
