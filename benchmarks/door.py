"""What the door costs beyond the technique itself, for a state that is new and for one that is known."""

from __future__ import annotations

import logging
import time
from statistics import median

import engine
from benchmarks.report import Section, percentile
from benchmarks.values import quick_labs, widest
from pages.kit.labs import Listed

STATES = 40
Row = tuple[float, float, float]  # ms of the technique, of the door when new, of the door when known


def run(quick: bool) -> list[Section]:
    """One table: every lab's technique."""
    logging.getLogger("tensorscope").setLevel(logging.ERROR)
    engine.start()
    try:
        rows = [
            _row(listed, 5 if quick else STATES) for listed in quick_labs().values() if widest(listed.slug)
        ]
    finally:
        engine.stop()
    return [
        Section(
            "The door: engine.run beyond the technique itself",
            "Milliseconds of `engine.run` less the technique's own (`Trace.seconds`): checks, cache, queue, the way "
            "to the worker and back, and the story told about the results. A state is new once and known after.",
            ("technique", "the technique", "door, new", "95 %", "door, known", "95 %"),
            rows,
        )
    ]


def _row(listed: Listed, count: int) -> tuple[str, ...]:
    numbers = widest(listed.slug)
    assert numbers
    states = [{numbers.name: value} for value in numbers.at(0, count)]
    engine.run(listed.lab.technique)
    engine.run(listed.lab.technique, **{numbers.name: numbers.values[0]})
    new = [_once(listed.lab.technique, state) for state in states]
    known = [_once(listed.lab.technique, state)[0] for state in states]
    beyond = [wall - own for wall, own in new]
    own = median(seconds for _, seconds in new)
    return (
        listed.lab.technique,
        f"{own:.1f}",
        f"{median(beyond):.1f}",
        f"{percentile(beyond, 95):.1f}",
        f"{median(known):.2f}",
        f"{percentile(known, 95):.2f}",
    )


def _once(technique: str, state: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of the call and of the technique."""
    began = time.perf_counter()
    trace = engine.run(technique, **state)
    return (time.perf_counter() - began) * 1e3, trace.seconds * 1e3
