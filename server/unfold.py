"""Pages that unfold where their link is pasted: Open Graph tags, and where oEmbed finds the lab.

Streamlit serves one index.html for every page. This fills it for the gallery and the labs, from their
declarations; everything else passes untouched. The page's style goes along: where it came with the first
run of the page, what stood already jumped.
"""

from __future__ import annotations

import gzip
import hashlib
from html import escape
from typing import Any

from pages.home import PROMISE
from pages.kit.base import base_path
from pages.kit.display import STYLE
from pages.kit.scene import CARD
from server.limits import Application, Message, Receive, Send
from server.oembed import Place, discovery, picture_of, place_of
from server.origin import root_of

MOST_HTML = 2**20  # a larger page is no index.html
CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
REPLACED = (b"content-length", b"content-encoding", b"etag", b"last-modified", b"accept-ranges", b"vary")
TITLE = b"<title>Streamlit</title>"
STYLED = f"<style>{STYLE}</style></body>".encode()  # after Streamlit's own styles, which come into the head


class Unfold:
    """Middleware: the head of a lab's HTML says what the lab is."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        tags = _tags(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if tags is None:
            await self.app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        plain = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]
        page = _Page(asked, scope["method"] == "HEAD", tags, send)
        await self.app({**scope, "method": "GET", "headers": plain, "extensions": {}}, receive, page.take)


class _Page:
    """Collects an answer; an HTML page is sent on with its head filled, anything else as it comes."""

    def __init__(
        self, asked: dict[bytes, bytes], head_only: bool, tags: tuple[bytes, bytes], send: Send
    ) -> None:
        self.asked, self.head_only, self.tags, self.send = asked, head_only, tags, send
        self.start: Message | None = None
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self.start = message
        elif self.start is None:
            await self.send(self._alone(message))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_on(self.start)

    def _alone(self, message: Message) -> Message:
        """What is no page: to a HEAD without its body."""
        bare = self.head_only and message["type"] == "http.response.body"
        return {**message, "body": b""} if bare else message

    async def _send_on(self, start: Message) -> None:
        body = _filled(self.body, *self.tags)
        zipped = _accepts_gzip(self.asked.get(b"accept-encoding", b""))
        tag = (
            b'"'
            + hashlib.blake2b(body, digest_size=16).hexdigest().encode()
            + (b'-gzip"' if zipped else b'"')
        )
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in REPLACED]
        headers += [(b"etag", tag), (b"vary", b"Accept-Encoding, Host")]
        if _matches(self.asked.get(b"if-none-match", b""), tag):
            await self._answer(304, headers, b"")
            return
        if zipped:
            body = gzip.compress(body, 6, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        await self._answer(start["status"], headers, b"" if self.head_only else body)

    async def _answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        if status == 304:
            headers = [(name, value) for name, value in headers if name.lower() != b"content-type"]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    small = int(headers.get(b"content-length", b"0") or 0) <= MOST_HTML
    html = headers.get(b"content-type", b"").startswith(b"text/html")
    return bool(start["status"] == 200 and html and small and b"content-encoding" not in headers)


def _filled(page: bytes, title: bytes, tags: bytes) -> bytes:
    if b"</head>" not in page:
        return page
    filled = page.replace(TITLE, title, 1).replace(b"</head>", tags + b"</head>", 1)
    return filled.replace(b"</body>", STYLED, 1)


def _accepts_gzip(header: bytes) -> bool:
    offers = [one.strip().split(b";") for one in header.lower().split(b",")[:20]]
    refused = (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return any(offer[0] == b"gzip" and not any(q.strip() in refused for q in offer[1:]) for offer in offers)


def _matches(header: bytes, tag: bytes) -> bool:
    return any(one.strip().removeprefix(b"W/") in (tag, b"*") for one in header[:4_000].split(b","))


def _tags(scope: Message) -> tuple[bytes, bytes] | None:
    """The title and the tags of a page of ours; None for any other, and where Host is no host."""
    path = scope["path"]
    if path in ("/", f"{base_path()}/", base_path()):
        return _gallery(root_of(scope))
    place = place_of(path, scope["query_string"].decode("latin-1")) if _one_name(path) else None
    root = root_of(scope) if place else None
    return _lab(place, root) if place and root else None


def _one_name(path: str) -> bool:
    """Whether a path may be a lab's: one name below the base path, without a slash at its end."""
    rest = path.removeprefix(f"{base_path()}/")
    return rest != path and "/" not in rest and len(rest) < 80


def _gallery(root: str | None) -> tuple[bytes, bytes] | None:
    if root is None:
        return None
    pairs = {"og:title": "Tensorscope", "og:description": PROMISE, "og:url": f"{root}/"}
    return _html("Tensorscope", PROMISE, {"og:type": "website", "og:site_name": "Tensorscope", **pairs})


def _lab(place: Place, root: str) -> tuple[bytes, bytes]:
    lab = place.listed.lab
    width, height = CARD
    pairs = {
        "og:type": "website",
        "og:site_name": "Tensorscope",
        "og:title": lab.title,
        "og:description": lab.question,
        "og:url": f"{root}/{place.listed.slug}?{place.query}",
        "og:image": picture_of(place, root),
        "og:image:type": "image/png",
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": f"{lab.title}: the tensors of this state, as grids of coloured cells",
    }
    link = f'<link rel="alternate" type="application/json+oembed" href="{escape(discovery(place, root))}" title="{escape(lab.title)}"/>'
    return _html(f"{lab.title} · Tensorscope", lab.question, pairs, link)


def _html(title: str, about: str, pairs: dict[str, str], link: str = "") -> tuple[bytes, bytes]:
    """The title element, and the rest."""
    named: dict[str, Any] = {"description": about}
    named["twitter:card"] = "summary_large_image" if "og:image" in pairs else "summary"
    metas = [f'<meta name="{name}" content="{escape(text)}"/>' for name, text in named.items()]
    metas += [f'<meta property="{name}" content="{escape(text)}"/>' for name, text in pairs.items()]
    return f"<title>{escape(title)}</title>".encode(), "\n".join(["", *metas, link, ""]).encode()
