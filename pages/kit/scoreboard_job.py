"""Measuring many lines, one after the other, for everybody who waits for them.

One board a process: what one session measured, all see. It lets the pages go first: one line at a time
through the engine's quick lanes, with a pause after each, and beside it one training run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

from engine import LINGERS
from pages.kit.claims import NOT_MEASURED, Line, Outcome, measure, patient

log = logging.getLogger("tensorscope.scoreboard")
MOST_PAUSE = 0.25  # seconds after a line, and never more than the line took
ENOUGH = 3  # lines until their pace says how long the rest will take

Wanted = Callable[[], bool]
Tell = Callable[[str], None]


def waiting(line: Line, wanted: Wanted, tell: Tell) -> Outcome:
    """Measure a line, waiting for what takes long."""
    return measure(line, patient(line.listed.lab.technique, wanted, tell))


def lane(line: Line) -> str:
    """What trains must not hold up the rest."""
    return "training" if line.listed.technique.lane({}) == "training" else "quick"


@dataclass(frozen=True)
class Look:
    """How far the board is: `done` of `asked` since it began, and the lines under way, each with how far."""

    done: int
    asked: int
    left: float | None  # seconds, None while nobody can tell
    under_way: tuple[tuple[Line, str], ...]
    watchers: int

    @property
    def busy(self) -> bool:
        return self.done < self.asked


class Board:
    """Outcomes by key, of the declared lines and no other; those who watch; the lines that wait."""

    def __init__(
        self,
        measure: Callable[[Line, Wanted, Tell], Outcome] = waiting,
        pause: float = MOST_PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._measure, self._pause, self._clock = measure, pause, clock
        self._outcomes: dict[str, Outcome] = {}
        self._line: list[Line] = []  # that wait
        self._under_way: dict[str, tuple[Line, str]] = {}  # by lane
        self._working: set[str] = set()  # lanes that have a thread
        self._watchers: dict[str, float] = {}  # seen last
        self._began, self._done, self._asked = 0.0, 0, 0
        self._lock = threading.RLock()

    def ask(self, who: str, lines: Iterable[Line]) -> None:
        """Somebody wants these measured; what waits already does not wait twice."""
        with self._lock:
            if not self._busy:
                self._began, self._done, self._asked = self._clock(), 0, 0
            self._watchers[who] = self._clock()
            known = {line.key for line in self._line} | {line.key for line, _ in self._under_way.values()}
            new = [line for line in lines if line.key not in known]
            self._line += new
            self._asked += len(new)
            for name in {lane(line) for line in new} - self._working:
                self._working.add(name)
                threading.Thread(target=self._work, args=(name,), name=f"board-{name}", daemon=True).start()

    def watch(self, who: str) -> None:
        """Somebody looks on: so long it goes on."""
        with self._lock:
            self._watchers[who] = self._clock()

    def stop(self, who: str) -> None:
        """Somebody waits no more. It ends when nobody does."""
        with self._lock:
            self._watchers.pop(who, None)
            self._leave()

    def outcome(self, line: Line) -> Outcome | None:
        return self._outcomes.get(line.key)

    def keep(self, line: Line, outcome: Outcome) -> None:
        """What a line gave."""
        self._outcomes[line.key] = outcome

    def forget(self) -> None:
        """What every line gave."""
        self._outcomes.clear()

    def look(self) -> Look:
        """How far it is."""
        with self._lock:
            self._leave()
            return Look(
                self._done, self._asked, self._left(), tuple(self._under_way.values()), len(self._watchers)
            )

    @property
    def _busy(self) -> bool:
        return bool(self._line or self._under_way)

    def _left(self) -> float | None:
        if self._done < ENOUGH:
            return None
        return (self._clock() - self._began) / self._done * (self._asked - self._done)

    def _wanted(self) -> bool:
        with self._lock:
            self._leave()
            return bool(self._watchers)

    def _leave(self) -> None:
        """Those who went away; and, where nobody is left, what waits. What is under way ends by itself."""
        now = self._clock()
        self._watchers = {who: seen for who, seen in self._watchers.items() if now - seen <= LINGERS}
        if not self._watchers:
            self._asked -= len(self._line)
            self._line.clear()

    def _next(self, name: str) -> Line | None:
        """The next line of a lane, which is then under way; the lane's thread ends where there is none."""
        with self._lock:
            self._leave()
            found = next((line for line in self._line if lane(line) == name), None)
            if found:
                self._line.remove(found)
                self._under_way[name] = (found, "")
            else:
                self._working.discard(name)
            return found

    def _work(self, name: str) -> None:
        while line := self._next(name):
            began = time.perf_counter()
            self._finish(name, line, self._try(name, line))
            time.sleep(min(self._pause, time.perf_counter() - began))

    def _try(self, name: str, line: Line) -> Outcome:
        try:
            return self._measure(line, self._wanted, partial(self._tell, name, line))
        except Exception as e:
            log.exception("%s could not be measured", line.key)
            return Outcome(NOT_MEASURED, f"{type(e).__name__}: {e}", at=time.time())

    def _tell(self, name: str, line: Line, text: str) -> None:
        with self._lock:
            self._under_way[name] = (line, text)

    def _finish(self, name: str, line: Line, outcome: Outcome) -> None:
        """Keep it, unless it ended because nobody waited."""
        with self._lock:
            if outcome.measured or self._wanted():
                self.keep(line, outcome)
            self._under_way.pop(name, None)
            self._done += 1


@cache
def board() -> Board:
    """The board of this process."""
    return Board()
