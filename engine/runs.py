"""Training runs under way, and how the last ones ended that did not finish.

A run is shared by all who ask for the same; it ends when nobody waits for it. Somebody who asks for
another state of the same technique waits for the older one no more.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock

from engine.errors import EngineError
from engine.progress import Job
from engine.trace import Trace

MOST_ENDED = 32  # remembered at a time
MOST_LOOKING = 5_000


class Runs:
    """By the key of the cache."""

    def __init__(self) -> None:
        self._flying: dict[str, Future[Trace]] = {}
        self._ended: OrderedDict[str, EngineError] = OrderedDict()
        self._looking: OrderedDict[tuple[str, str], str] = OrderedDict()  # who, at which technique: the key
        self._lock = Lock()

    def turns_to(self, key: str, name: str, who: str) -> None:
        """Somebody asks for a run of a technique: not for the one before any more."""
        if not who:
            return
        with self._lock:
            before = self._looking.pop((who, name), key)
            self._looking[who, name] = key
            if len(self._looking) > MOST_LOOKING:
                self._looking.popitem(last=False)
        if before != key:
            self.give_up(before, who)

    def follow(self, key: str, future: Future[Trace]) -> None:
        """A run that somebody asked for."""
        with self._lock:
            if future.done() or self._flying.get(key) is future:
                return
            self._flying[key] = future
            self._ended.pop(key, None)
        future.add_done_callback(lambda done: self._landed(key, done))

    def under_way(self, key: str) -> Future[Trace] | None:
        return self._flying.get(key)

    def ended(self, key: str) -> EngineError | None:
        return self._ended.get(key)

    def give_up(self, key: str, who: str) -> bool:
        """Somebody waits no more. False where they did not wait."""
        future = self.under_way(key)
        return isinstance(future, Job) and future.give_up(who)

    def _landed(self, key: str, future: Future[Trace]) -> None:
        problem = None if future.cancelled() else future.exception()
        with self._lock:
            self._flying.pop(key, None)
            if isinstance(problem, EngineError):
                self._ended[key] = problem
                while len(self._ended) > MOST_ENDED:
                    self._ended.popitem(last=False)
