"""How much one client may ask, so that a flood from one leaves the others alone.

A client is a browser tab (the random id its live controls send), or the cookie of a session, or
else one connection. Never an address: a school is one address.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

ROUTE_RATE, ROUTE_BURST = 80.0, 80  # requests a second and at once: a drag paints at most 60
SOCKET_RATE, SOCKET_BURST = 20.0, 60  # reruns a second and at once on one WebSocket
MOST_CLIENTS = 5_000  # remembered at a time
MOST_QUERY = 32_768  # characters of one address


@dataclass
class Bucket:
    """A token bucket: `rate` tokens a second, at most `burst` saved up."""

    rate: float
    burst: float
    tokens: float = -1.0
    since: float = field(default_factory=time.monotonic)

    def wait(self) -> float:
        """Take a token: 0 when there was one, else the seconds until the next (none is taken)."""
        now = time.monotonic()
        saved = self.burst if self.tokens < 0 else self.tokens + (now - self.since) * self.rate
        self.tokens, self.since = min(self.burst, saved), now
        if self.tokens < 1:
            return (1 - self.tokens) / self.rate
        self.tokens -= 1
        return 0.0


class Clients:
    """One bucket a client; the longest unseen are forgotten."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, client: str) -> float:
        """Seconds this client must wait; 0 when the request may pass."""
        bucket = self._buckets.setdefault(client, Bucket(self.rate, self.burst))
        self._buckets.move_to_end(client)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return bucket.wait()


class PacedSockets:
    """Middleware: messages that come faster than a WebSocket's rate wait before they are read.

    A client that floods reruns then slows only itself: its own socket fills up.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        bucket = Bucket(SOCKET_RATE, SOCKET_BURST)

        async def paced() -> Message:
            message = await receive()
            while message["type"] == "websocket.receive" and (seconds := bucket.wait()):
                await asyncio.sleep(seconds)
            return message

        await self.app(scope, paced, send)
