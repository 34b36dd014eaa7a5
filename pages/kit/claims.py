"""Claims and published figures of the labs, each a line, and what measuring one gives.

A lab's Claims tab, the scoreboard and its command line share this; there is no second list.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import engine
from engine import LINGERS, EngineError, Stopped, Trace, UnderWay, technique
from engine.progress import Job
from pages.kit.declare import Claim, Figure, Published, Run
from pages.kit.labs import Listed
from pages.kit.link import link_text, state_of

log = logging.getLogger("tensorscope.claims")
UNDER_WAY, NOT_MEASURED = "under way", "not measured"
COLOURS: dict[str, Literal["blue", "orange", "gray", "violet", "red"]] = {
    "holds": "blue",
    "wrong": "orange",
    "outdated": "gray",
    "depends": "violet",
    "same": "blue",
    "differs": "orange",
    UNDER_WAY: "red",
    NOT_MEASURED: "red",
}
WHO = "scoreboard"  # by which training runs know who waits
A_GLANCE = 0.1  # seconds a page waits for what takes long
A_LOOK = 0.5  # seconds between two looks of somebody who waits to the end
MOST_TEXT = 1_000  # characters of a value that are kept


@dataclass(frozen=True)
class Line:
    """One claim or published figure of a lab; `key` names it among all."""

    key: str
    listed: Listed
    of: Claim | Published

    @property
    def kind(self) -> str:
        return "claim" if isinstance(self.of, Claim) else "figure"

    @property
    def said(self) -> str:
        """What people say, or what was published."""
        if isinstance(self.of, Claim):
            return self.of.says
        return f"{self.of.what}: {written(self.of.value)}"

    @property
    def source(self) -> str:
        """How a claim is measured, or where a figure was published."""
        return self.of.how if isinstance(self.of, Claim) else self.of.source

    @property
    def expected(self) -> str:
        """The verdict a test holds the measurement to."""
        if isinstance(self.of, Claim):
            return self.of.verdict
        return "differs" if self.of.why else "same"

    @property
    def link(self) -> str:
        """The query of the state that shows a figure; of a claim it is known once it is measured."""
        settings = {} if isinstance(self.of, Claim) else self.of.settings
        return link_text(self.listed, state_of(self.listed, settings))


@dataclass(frozen=True)
class Outcome:
    """What measuring a line gave, or why there is nothing; `at` is in seconds since 1970."""

    verdict: str
    value: str
    difference: str = ""  # ours less the published figure, signed
    why: str = ""  # a figure differs
    link: str = ""  # the query of the first state that was computed, other than the default
    device: str = ""
    framework: str = ""
    at: float = 0.0
    seconds: float = 0.0

    @property
    def measured(self) -> bool:
        return self.verdict not in (UNDER_WAY, NOT_MEASURED)


def lines(listed: Listed) -> Iterator[Line]:
    """Every claim of a lab, then every figure."""
    for place, claim in enumerate(listed.lab.claims, 1):
        yield Line(f"{listed.slug}.claim{place}", listed, claim)
    for place, figure in enumerate(listed.lab.published, 1):
        yield Line(f"{listed.slug}.figure{place}", listed, figure)


def written(figure: Figure) -> str:
    """A figure in words: 138,357,544 or 483 / 32 / 239."""
    numbers = figure if isinstance(figure, tuple) else (figure,)
    return " / ".join(f"{int(n) if n == int(n) else n:,}" for n in numbers)


def difference(ours: Figure, published: Figure) -> str:
    """Ours less the published one, signed, 0 being "the same": +2, or 0 / 0 / +2."""
    mine, theirs = (f if isinstance(f, tuple) else (f,) for f in (ours, published))
    if len(mine) != len(theirs):
        return f"{len(mine)} numbers instead of {len(theirs)}"
    apart = [round(a - b, 9) for a, b in zip(mine, theirs, strict=True)]
    return " / ".join(f"{d:+,}" if d else "0" for d in apart) if any(apart) else "the same"


def measure(line: Line, run: Run) -> Outcome:
    """Measure a line with `run`, whatever happens: what goes wrong is said instead of a value."""
    began, at, states = time.perf_counter(), time.time(), list[str]()

    def watched(**parameters: Any) -> Trace:
        trace = run(**parameters)
        states.append(link_text(line.listed, trace.parameters))
        return trace

    found = _found(line, watched)
    link = next(filter(None, states), "")
    device, _, framework = engine.warm().rpartition(", ")  # a GPU's name may hold a comma
    return Outcome(*found, link, device, framework, at, time.perf_counter() - began)


def _found(line: Line, run: Run) -> tuple[str, str, str, str]:
    """Verdict, value, difference and why."""
    try:
        if isinstance(line.of, Claim):
            claimed = line.of.measure(run)
            return claimed.verdict, claimed.value[:MOST_TEXT], "", ""
        return _compared(line.of, run)
    except UnderWay as e:
        return UNDER_WAY, str(e)[:MOST_TEXT], "", ""
    except EngineError as e:
        return NOT_MEASURED, str(e)[:MOST_TEXT], "", ""
    except Exception as e:  # a claim that another version breaks must not take the others along
        log.exception("%s could not be measured", line.key)
        return NOT_MEASURED, f"{type(e).__name__}: {e}"[:MOST_TEXT], "", ""


def _compared(figure: Published, run: Run) -> tuple[str, str, str, str]:
    ours = figure.ours(run(**figure.settings))
    apart = difference(ours, figure.value)
    if apart == "the same":
        return "same", written(ours), apart, ""
    return "differs", written(ours), apart, figure.why or "no reason is known"


def glancing(name: str) -> Run:
    """As `engine.run` for a page that must not wait: what takes long raises `UnderWay`."""
    return partial(_glance, name)


def _glance(name: str, /, **parameters: object) -> Trace:
    if technique(name).lane(parameters) == "interactive":
        return engine.run(name, **parameters)
    found = engine.glance(name, A_GLANCE, **parameters)
    if isinstance(found, Trace):
        return found
    raise UnderWay(f"{found.text}, place {found.place} in the queue" if found.place else found.text)


def patient(name: str, wanted: Callable[[], bool], tell: Callable[[str], None]) -> Run:
    """As `engine.run`, telling how far it is, for as long as it is wanted: then it raises `Stopped`."""
    return partial(_wait, name, wanted, tell)


def _wait(
    name: str, wanted: Callable[[], bool], tell: Callable[[str], None], /, **parameters: object
) -> Trace:
    future = engine.submit(name, LINGERS, WHO, **parameters)
    while True:
        try:
            return future.result(A_LOOK)
        except TimeoutError:
            if not wanted():
                engine.give_up(name, WHO, **parameters)
                raise Stopped("nobody waits for it any more") from None
        tell(engine.progress_of(future).text)
        if isinstance(future, Job):
            future.want(LINGERS, WHO)
