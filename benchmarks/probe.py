"""Drives one measured page through the functions that probe.js put into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from benchmarks.harness import opened


@dataclass(frozen=True)
class Time:
    """Milliseconds until the picture was painted, and until the whole page had followed."""

    painted: float
    settled: float


@dataclass(frozen=True)
class Dragged:
    """How many values were drawn in time, and the milliseconds the last one came after the drag."""

    drawn: int
    late: float


class Probe:
    """A page whose changes are timed; `ours` tells a lab from any other page."""

    def __init__(self, page: Page, ours: bool) -> None:
        self.page, self.ours = page, ours

    def watch(self, name: str = "", default: str = "") -> None:
        """Read what is drawn from our parameter `name`, or from what another page shows."""
        self.page.evaluate("a => bench.watch(...a)", [name if self.ours else None, default])

    def change(self, selector: str, value: str) -> Time:
        """Click a value on a range."""
        return Time(**self.page.evaluate("a => bench.change(...a)", [selector, value, self.ours]))

    def click(self, selector: str, value: str) -> Time:
        """Click a choice or a switch."""
        return Time(**self.page.evaluate("a => bench.click(...a)", [selector, value, self.ours]))

    def drag(self, selector: str, values: Sequence[str], every: float, after: float) -> Dragged:
        """One value every `every` ms; counts those drawn until `after` ms behind the last."""
        return Dragged(**self.page.evaluate("a => bench.drag(...a)", [selector, list(values), every, after]))


@contextmanager
def probed(browser: Browser, url: str, ready: str, ours: bool = False, charts: int = 0) -> Iterator[Probe]:
    """A page in a fresh context, once it shows `ready` and so many charts, and its script runs are over."""
    with opened(browser, url) as page:
        page.wait_for_selector(ready, state="attached")
        page.evaluate("n => bench.until(() => !bench.running() && bench.charts() >= n)", charts)
        yield Probe(page, ours)
