"""Interactive labs while a training run is under way, against the same server idle."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from playwright.sync_api import Browser

from benchmarks.change import READY, Times, _painted
from benchmarks.harness import Server, chromium, explorer
from benchmarks.probe import probed
from benchmarks.report import Section, ms, verdict
from benchmarks.values import address, widest
from pages.kit.labs import Listed, labs

DRAGGED = ("receptive-field", "masked-softmax-attention")
ROUNDS, CHANGES, BAR = 4, 8, 1.3
CLIENT = {"X-Tensorscope-Client": "benchmark"}
seeds = count(500)


def run(quick: bool) -> list[Section]:
    """One table: a change until it is painted, idle and with a run under way, in turns."""
    trains = [listed for listed in labs().values() if listed.technique.lane({}) == "training"]
    if not trains:
        raise RuntimeError("no lab trains")
    times: Times = defaultdict(list)
    with explorer() as server, chromium() as browser:
        with training(server, trains[0]):
            pass  # its process has TensorFlow loaded from now on
        for turn in range(1 if quick else ROUNDS):
            for number, slug in enumerate(DRAGGED):
                _changes(browser, server, labs()[slug], 2 * turn, times[f"{slug} idle"])
                with training(server, trains[(turn + number) % len(trains)]):
                    _changes(browser, server, labs()[slug], 2 * turn + 1, times[f"{slug} busy"])
    return [_table(times)]


def _changes(browser: Browser, server: Server, listed: Listed, turn: int, times: list) -> None:  # type: ignore[type-arg]
    numbers = widest(listed.slug)
    assert numbers
    page = server.url + address(listed, seed=300 + next(seeds))
    with probed(browser, page, READY, ours=True, charts=len(listed.lab.charts)) as probe:
        probe.watch(numbers.name, numbers.default)
        times += [probe.change(numbers.selector, value) for value in numbers.at(turn, CHANGES)]


@contextmanager
def training(server: Server, listed: Listed) -> Iterator[None]:
    """Runs of a lab, one after another, watched as by a page, while the block runs."""
    begun, over = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, listed, begun, over))
    watcher.start()
    try:
        if not begun.wait(180):
            raise RuntimeError(f"no run of {listed.slug} began")
        yield
    finally:
        over.set()
        watcher.join()
        server.wait_until_idle()


def _watch(server: Server, listed: Listed, begun: threading.Event, over: threading.Event) -> None:
    query = f"seed={next(seeds)}"
    while not over.is_set():
        status, body = _ask(f"{server.url}/api/labs/{listed.slug}?{query}")
        if status == 202 and "so_far" in body:
            begun.set()
        if status == 200:
            query = f"seed={next(seeds)}"
        time.sleep(0.3)
    _ask(f"{server.url}/api/labs/{listed.slug}/stop?{query}", "POST")


def _ask(address: str, method: str = "GET") -> tuple[int, dict]:  # type: ignore[type-arg]
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method=method, headers=CLIENT)) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def _table(times: Times) -> Section:
    rows, verdicts = [], []
    for slug in DRAGGED:
        idle, busy = times[f"{slug} idle"], times[f"{slug} busy"]
        ratio = _painted(busy) / _painted(idle)
        rows.append(
            (
                slug,
                ms([one.painted for one in idle]),
                ms([one.painted for one in busy]),
                ms([one.settled for one in idle]),
                ms([one.settled for one in busy]),
                f"{ratio:.2f}",
            )
        )
        verdicts.append(verdict(f"{slug} with a run under way", ratio, BAR, " times idle"))
    return Section(
        "A change while a training run is under way",
        "A number is changed, until the new picture is painted, and until the whole page has followed: on an idle "
        "server, and while it trains for somebody else, in turns. The training process gives way (nice 10) and has one thread.",
        ("control", "painted, idle", "training", "whole page, idle", "training", "painted, times idle"),
        rows,
        verdicts,
    )
