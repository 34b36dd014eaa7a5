"""How far a long computation is: said in the worker, heard by everybody who waits.

A technique that takes more than a moment has a keyword parameter `report=print` and calls
`report("epoch 3 of 10", 0.3)`. In a worker `say` stands there instead of `print`. One that trains may
add its results so far: the worker makes a Trace of them, a few times a second at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Any

from engine.trace import Trace

OFTEN = 0.1  # seconds between two reports that leave the worker; more would only fill the pipe
SO_FAR = 0.33  # seconds between two Traces that do
SHARE = 10  # the run gets so many times the time that telling takes


@dataclass(frozen=True)
class Progress:
    """A sentence, the share that is done from 0 to 1, and what there is to see so far.

    `left` is in seconds, None as long as nobody can tell; `place` in the queue is 0 once it has begun.
    """

    text: str = "waiting for its turn"
    share: float = 0.0
    left: float | None = None
    place: int = 0
    so_far: Trace | None = None


class Job(Future[Any]):
    """A future that knows how far it is, and until when somebody wants it."""

    progress: Progress

    def __init__(self, placed: Callable[[Job], Progress] = lambda job: job.progress) -> None:
        super().__init__()
        self.progress = Progress()
        self._placed = placed  # the lane knows where in the queue it is
        self._wanted: dict[str, float] = {}  # until when, by who waits; in time.monotonic()
        self._lock = Lock()

    @property
    def told(self) -> Progress:
        """How far it is, or its place in the queue."""
        return self._placed(self)

    @property
    def wanted_until(self) -> float:
        """The end of the longest wait. Until somebody says how long, there is none."""
        return max(self._wanted.values(), default=inf)

    @property
    def wanted(self) -> bool:
        return time.monotonic() <= self.wanted_until

    def want(self, seconds: float, who: str = "") -> None:
        """Somebody waits for so many seconds from now; who asks again waits longer."""
        now = time.monotonic()
        with self._lock:
            kept = {name: until for name, until in self._wanted.items() if until >= now or not until}
            self._wanted = kept | {who: max(kept.get(who, 0.0), now + seconds)}

    @property
    def waiters(self) -> frozenset[str]:
        """Who waits by name, or gave up."""
        return frozenset(self._wanted) - {""}

    def give_up(self, who: str) -> bool:
        """Somebody waits no more. False where they did not wait."""
        with self._lock:
            waited = self._wanted.get(who, 0.0) >= time.monotonic()
            if waited:
                self._wanted = self._wanted | {who: 0.0}
        return waited


class GivenUp(BaseException):
    """Raised inside a technique's report when nobody waits any more: no `except Exception` holds it."""


class _Teller:
    """Where reports go: nowhere until a worker connects its pipe."""

    def __init__(self) -> None:
        self.send: Callable[[Progress], None] = lambda progress: None
        self.stopping: Callable[[], bool] = lambda: False
        self.begin()

    def begin(self) -> None:
        self.last = self.next = 0.0
        self.first: tuple[float, float] | None = None  # when, and the share then

    def left(self, now: float, share: float) -> float | None:
        """Seconds until all is done, at the pace since the first report: what came before is no pace."""
        if self.first is None:
            self.first = (now, share)
        began, already = self.first
        return (now - began) * (1 - share) / (share - already) if share > already else None


_teller = _Teller()


def tell(send: Callable[[Progress], None], stopping: Callable[[], bool] = lambda: False) -> None:
    """Send the reports of this process here; `stopping` says whether its work is to end."""
    _teller.send, _teller.stopping = send, stopping


def begin() -> None:
    """A computation begins: the pace of the one before says nothing."""
    _teller.begin()


def say(text: str, share: float = 0.0, so_far: Callable[[], Trace] | None = None) -> None:
    """Report from a technique; takes what `print` would take. Raises `GivenUp` when nobody waits."""
    now = time.monotonic()
    share = min(1.0, max(0.0, float(share)))
    left = _teller.left(now, share)
    if now - _teller.last < OFTEN:
        return
    _teller.last = now
    if _teller.stopping():
        raise GivenUp
    trace = None
    if so_far and now >= _teller.next:
        trace = so_far()
        _teller.next = now + max(SO_FAR, SHARE * (time.monotonic() - now))
    _teller.send(Progress(str(text)[:200], share, left, so_far=trace))
