"""The numbers of a lab as files, with the checks and the patience of the JSON route."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

import engine
from pages.kit.download import TENSOR, TooLarge, file_name, npz, table
from pages.kit.labs import Listed
from server.answers import answer, refused


async def lab_npz(request: Request) -> Response:
    """Every tensor of a state under its name, for `numpy.load`."""

    async def found(listed: Listed, trace: engine.Trace) -> Response:
        name = f"{file_name(listed.slug)}.npz"
        return await _file(lambda: npz(trace), name, "application/zip")

    return await answer(request, found)


async def lab_csv(request: Request) -> Response:
    """One tensor of a state, named by `tensor`, as a table with a row for each cell."""
    name = request.query_params.get(TENSOR, "")

    async def found(listed: Listed, trace: engine.Trace) -> Response:
        if name not in trace.tensors:
            return refused(400, "NoSuchTensor", f"{TENSOR}: expected one of " + ", ".join(trace.tensors))
        called = f"{file_name(listed.slug, name)}.csv"
        return await _file(lambda: table(trace.tensors[name]).encode(), called, "text/csv; charset=utf-8")

    return await answer(request, found, also=(TENSOR,))


async def _file(make: Callable[[], bytes], name: str, kind: str) -> Response:
    try:
        body = await asyncio.to_thread(make)
    except TooLarge as e:
        return refused(413, "TooLarge", str(e))
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kind, headers=headers)
