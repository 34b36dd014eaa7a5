"""Many sessions at once, each changing a control every two seconds, with and without the engine."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import psutil

from benchmarks.harness import APPS, STREAMLIT, Server, explorer, serving
from benchmarks.report import Section, percentile
from benchmarks.sessions import Session

LAB, CONTROL, VALUES = "receptive-field", "seed", 10_000
SESSIONS, SECONDS, EVERY, RAMP = (1, 16, 50, 100, 200), 10.0, 2.0, 8


@dataclass
class Level:
    """What so many sessions saw."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    memory: float = 0.0
    busy: float = 0.0  # share of one core that the load generator took

    def cells(self, lasted: float) -> tuple[str, ...]:
        times = [1e3 * one for one in self.seconds] or [float("nan")]
        rate, memory = len(self.seconds) / lasted, f"{self.memory:.0f}"
        return (
            f"{rate:.1f}",
            f"{median(times):.0f}",
            f"{percentile(times, 95):.0f}",
            memory,
            str(self.errors),
        )


def run(quick: bool) -> list[Section]:
    """One table; each number of sessions with the engine, then without."""
    prepared = serving(
        *STREAMLIT, f"{APPS}/prepared_server.py", "--server.port", "PORT", ready="/healthz", warm=True
    )
    rows, seconds = [], 3.0 if quick else SECONDS
    with explorer() as ours, prepared as without:
        for count in SESSIONS[:2] if quick else SESSIONS:
            both = [asyncio.run(_level(server, count, seconds)) for server in (ours, without)]
            cells = (both[0].cells(seconds), both[1].cells(seconds))
            generator = f"{100 * max(level.busy for level in both):.0f} %"
            rows.append((str(count), *cells[0], *cells[1], generator))
    names = ("reruns/s", "p50", "p95", "MiB", "errors")
    return [
        Section(
            "Many sessions",
            f"Sessions over the WebSocket, each on the {LAB} lab, each changing a control every {EVERY:g} s for "
            f"{seconds:g} s (so {EVERY:g} sessions ask for one rerun a second); every state is new to the engine. "
            "Milliseconds from the change to the end of its rerun. Beside it the same pages with answers prepared "
            "at start: no engine call, no workers. Memory is the server's with its workers'. The load generator runs "
            "on the same cores.",
            ("sessions", *names, *(f"no engine: {name}" for name in names), "generator"),
            rows,
        )
    ]


async def _level(server: Server, count: int, seconds: float) -> Level:
    level, sessions = Level(), [Session(server.url, LAB) for _ in range(count)]
    for start in range(0, count, RAMP):
        await asyncio.gather(*(session.open() for session in sessions[start : start + RAMP]))
    own, began = psutil.Process(), time.perf_counter()
    own.cpu_percent()
    await asyncio.gather(
        *(_visit(session, place, began, seconds, level) for place, session in enumerate(sessions))
    )
    level.busy = own.cpu_percent() / 100
    level.memory = server.memory()
    level.errors += sum(session.failures for session in sessions)
    await _leave(sessions)
    return level


async def _visit(session: Session, place: int, began: float, seconds: float, level: Level) -> None:
    """One session's changes, at a pace of its own; one that is late skips what it missed."""
    chance = random.Random(f"{place} {began}")
    at = began + chance.random() * EVERY
    while at < began + seconds:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        try:
            level.seconds.append(await session.change(CONTROL, str(chance.randrange(VALUES))))
        except (TimeoutError, OSError, KeyError):
            level.errors += 1
        at = max(at + EVERY, time.perf_counter())


async def _leave(sessions: Sequence[Session]) -> None:
    await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)
