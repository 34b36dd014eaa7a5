"""Where this server is, as who asks sees it: links in pages that unfold must be whole addresses."""

from __future__ import annotations

import re
from typing import Any

from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.kit.base import base_path

MOST_HOST = 260
HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII
)


def host_of(scope: Any) -> str | None:
    """The host a request names, if it is one: what a header says goes into a page only if it is checked."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    if len(named) != 1 or len(named[0]) > MOST_HOST:
        return None
    host = named[0].decode("latin-1")
    fits = HOST.fullmatch(host) and ".." not in host and is_host_allowed(host)  # server.allowedHosts
    return host.lower() if fits else None


def root_of(scope: Any) -> str | None:
    """Such as `https://lab.example`; None where the request does not say who it asks."""
    host = host_of(scope)
    scheme = "https" if scope.get("scheme") == "https" else "http"
    return f"{scheme}://{host}{base_path()}" if host else None
