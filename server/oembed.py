"""oEmbed: who writes a lab's address into a page that knows oEmbed gets the lab itself (https://oembed.com)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pages.kit.base import base_path
from pages.kit.embed import HEIGHT, NOT_EMBEDDED, RESERVED, Embed, read_embed, snippet
from pages.kit.labs import Listed, labs
from pages.kit.link import handed_out, read_lens, read_link
from pages.kit.scene import CARD
from server.answers import client_of, clients, refused, too_fast
from server.limits import MOST_QUERY
from server.origin import host_of, root_of

WIDTH = 960
MOST_SIDE = 10_000
MOST_FIELDS = 200
CACHED = 3_600  # seconds


@dataclass(frozen=True)
class Place:
    """A lab in a state: what an address of ours says."""

    listed: Listed
    query: str  # as it is handed out, with its version
    embed: Embed = NOT_EMBEDDED


def place_of(path: str, query: str) -> Place | None:
    """The lab and the state an address says, as well as it can be read; None where there is no lab."""
    slug = path.removeprefix(base_path()).strip("/")
    if slug not in labs() or len(query) > MOST_QUERY:
        return None
    try:
        said = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        said = {}
    listed = labs()[slug]
    ours = {name: text for name, text in said.items() if not name.startswith(RESERVED)}
    values, _ = read_link(listed, ours)
    lens, _ = read_lens(ours)
    return Place(listed, handed_out(listed, values, lens), read_embed(listed, said))


async def oembed(request: Request) -> Response:
    """The answer for an address of this server: 200; 400, 404 and 501 as oEmbed has them."""
    if seconds := clients.wait(client_of(request)):
        return too_fast(seconds)
    if len(request.url.query) > MOST_QUERY:
        return refused(414, "TooLong", f"expected an address of at most {MOST_QUERY} characters")
    asked, root = request.query_params, root_of(request.scope)
    if asked.get("format", "json") != "json":
        return refused(501, "NotImplemented", "expected format=json; there is no other")
    if root is None or not asked.get("url"):
        return refused(400, "NoAddress", "url: expected the address of a lab on this server")
    try:
        most = [_side(asked.get(name, ""), name) for name in ("maxwidth", "maxheight")]
    except ValueError as e:
        return refused(400, "BadSize", str(e))
    place = _ours(asked["url"], host_of(request.scope) or "")
    if place is None:
        return refused(404, "NoSuchLab", "url: expected the address of a lab on this server")
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": f"max-age={CACHED}"}
    return JSONResponse(_rich(place, root, *most), headers=headers)


def _side(text: str, name: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not int(text):
        raise ValueError(f"{name}: expected a whole number of pixels")
    return min(int(text), MOST_SIDE)


def _ours(address: str, host: str) -> Place | None:
    """The lab at an address, if it is one of this server."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    base = base_path()
    if (
        parts.scheme not in ("http", "https")
        or parts.netloc.lower() != host
        or not parts.path.startswith(f"{base}/")
    ):
        return None
    return place_of(parts.path, parts.query)


def _rich(place: Place, root: str, width: int | None, height: int | None) -> dict[str, Any]:
    listed = place.listed
    wide, high = min(WIDTH, width or WIDTH), min(HEIGHT, height or HEIGHT)
    address = f"{root}/{listed.slug}?{place.embed.query(listed, place.query)}"
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": listed.lab.title,
        "provider_name": "Tensorscope",
        "provider_url": f"{root}/",
        "cache_age": CACHED,
        "html": snippet(address, listed.lab.title, high, wide),
        "width": wide,
        "height": high,
    }
    if (width or CARD[0]) >= CARD[0] and (height or CARD[1]) >= CARD[1]:
        picture = {
            "thumbnail_url": picture_of(place, root),
            "thumbnail_width": CARD[0],
            "thumbnail_height": CARD[1],
        }
        answer |= picture
    return answer


def picture_of(place: Place, root: str) -> str:
    """The address of the picture of a state."""
    return f"{root}/api/labs/{place.listed.slug}/picture.png?{place.query}"


def discovery(place: Place, root: str) -> str:
    """Where the oEmbed answer for a lab is."""
    page = f"{root}/{place.listed.slug}?{place.query}"
    return f"{root}/oembed?url={quote(page, safe='')}&format=json"
