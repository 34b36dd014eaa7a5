"""Traces kept for everybody, bounded in bytes; equal requests in flight are computed once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from engine.trace import Trace


class TraceCache:
    """Least recently used Traces by key, and the requests that are being computed now."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._kept: OrderedDict[str, Future[Trace]] = OrderedDict()
        self._flying: dict[str, Future[Trace]] = {}
        self._lock = Lock()

    def get(self, key: str, compute: Callable[[], Future[Trace]]) -> tuple[Future[Trace], bool]:
        """The future of this key and whether it was known; `compute` is called at most once.

        A future is shared: callers must not cancel it. A failure is given to all who wait
        and then forgotten, so that a later request tries again.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key], True
            if key in self._flying:
                return self._flying[key], True
            future = self._flying[key] = compute()
        future.add_done_callback(lambda done: self._landed(key, done))
        return future, False

    def known(self, key: str) -> Trace | None:
        """The Trace of this key if it is kept."""
        with self._lock:
            return self._kept[key].result() if key in self._kept else None

    def _landed(self, key: str, future: Future[Trace]) -> None:
        with self._lock:
            self._flying.pop(key, None)
            if future.cancelled() or future.exception() is not None:
                return
            size = future.result().nbytes
            if size > self.most_bytes:
                return
            self._kept[key] = future
            self.bytes += size
            while self.bytes > self.most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self.bytes -= oldest.result().nbytes
