"""How far a long computation is: said in the worker, heard by everybody who waits.

A technique that takes more than a moment has a keyword parameter `report=print` and calls
`report("epoch 3 of 10", 0.3)`. In a worker `say` stands there instead of `print`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from math import inf
from typing import Any

OFTEN = 0.1  # seconds between two reports that leave the worker; more would only fill the pipe


@dataclass(frozen=True)
class Progress:
    """A sentence and the share that is done, 0 to 1."""

    text: str = "waiting for its turn"
    share: float = 0.0


class Job(Future[Any]):
    """A future that knows how far it is, and until when somebody wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = Progress()
        self.wanted_until = inf  # time.monotonic(); work that nobody waits for is not begun

    def want(self, seconds: float, new: bool) -> None:
        """Somebody waits for so many seconds; only who asked first can make it shorter."""
        until = time.monotonic() + seconds
        self.wanted_until = until if new else max(self.wanted_until, until)


class _Teller:
    """Where reports go: nowhere until a worker connects its pipe."""

    def __init__(self) -> None:
        self.send: Callable[[Progress], None] = lambda progress: None
        self.last = 0.0


_teller = _Teller()


def tell(send: Callable[[Progress], None]) -> None:
    """Send the reports of this process here."""
    _teller.send = send


def say(text: str, share: float = 0.0) -> None:
    """Report from a technique; takes what `print` would take."""
    now = time.monotonic()
    if now - _teller.last >= OFTEN:
        _teller.last = now
        _teller.send(Progress(str(text)[:200], min(1.0, max(0.0, float(share)))))
