"""Training runs under way, and how the last ones ended that did not finish.

A run is shared by all who ask for the same; it ends when nobody waits for it. Somebody who asks for
another state of the same technique waits for the older one no more.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

from engine.errors import Busy, EngineError
from engine.progress import Job
from engine.trace import Trace

MOST_ENDED = 32  # remembered at a time
MOST_LOOKING = 5_000
NEWS = 10.0  # seconds for which who waited for a run is told how it ended, instead of beginning it again


@dataclass(frozen=True)
class End:
    """How a run ended that did not finish."""

    problem: EngineError
    waiters: frozenset[str]
    at: float


class Runs:
    """By the key of the cache."""

    def __init__(self) -> None:
        self._flying: dict[str, Future[Trace]] = {}
        self._ended: OrderedDict[str, End] = OrderedDict()
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
        """How it ended early, unless it was begun again."""
        end = self._ended.get(key)
        return end.problem if end else None

    def news(self, key: str, who: str) -> EngineError | None:
        """What somebody who waited for this run has to hear first."""
        end = self._ended.get(key)
        return end.problem if end and who in end.waiters and time.monotonic() < end.at + NEWS else None

    def give_up(self, key: str, who: str) -> bool:
        """Somebody waits no more. False where they did not wait."""
        future = self.under_way(key)
        return isinstance(future, Job) and future.give_up(who)

    def _landed(self, key: str, future: Future[Trace]) -> None:
        problem = None if future.cancelled() else future.exception()
        with self._lock:
            self._flying.pop(key, None)
            if isinstance(problem, EngineError) and not isinstance(problem, Busy):
                waiters = future.waiters if isinstance(future, Job) else frozenset()
                self._ended[key] = End(problem, waiters, time.monotonic())
                while len(self._ended) > MOST_ENDED:
                    self._ended.popitem(last=False)
