"""Workers that are slow, die or are killed; nobody else notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import Busy, TookTooLong, WorkerDied
from engine.pool import ROOT, Lane, Limits
from engine.progress import Progress, say, tell
from tests.conftest import wait_until
from tests.slow_technique import die, die_once, loaded, sleep, tells, whoami


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    opened = Lane("test", 1, Limits(seconds=1.5, waiting=8))
    wait_until(lambda: opened.place, 180)
    yield opened
    opened.shutdown()


def test_a_worker_never_loads_the_view(lane: Lane) -> None:
    names = lane.submit(loaded).result()
    assert "tensorflow" in names
    assert not {"streamlit", "plotly"} & set(names)


def test_a_killing_request_is_answered_and_the_next_works(lane: Lane) -> None:
    with pytest.raises(WorkerDied, match="ended twice"):
        lane.submit(die, signal.SIGFPE).result()
    assert lane.submit(sleep, 0.0).result() == 0.0


def test_a_request_is_tried_again_once(lane: Lane, tmp_path: Path) -> None:
    assert lane.submit(die_once, str(tmp_path / "note")).result() == "second try"


def test_a_slow_request_is_stopped_and_others_go_on(lane: Lane) -> None:
    slow, quick = lane.submit(sleep, 30.0), lane.submit(sleep, 0.01)
    with pytest.raises(TookTooLong, match=r"longer than 1.5 s and was stopped; fix"):
        slow.result()
    assert quick.result() == 0.01


def test_a_worker_killed_while_idle_is_replaced_before_the_next_request(lane: Lane) -> None:
    first = lane.submit(whoami).result()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(first) or not lane.place, 10)
    assert lane.submit(whoami).result() != first


def test_one_workers_death_leaves_the_other_request_alone() -> None:
    pair = Lane("pair", 2, Limits(seconds=20, waiting=8))
    try:
        wait_until(lambda: all(worker.alive for worker in pair.workers), 180)
        steady, deadly = pair.submit(sleep, 1.0), pair.submit(die)
        assert steady.result() == 1.0
        with pytest.raises(WorkerDied):
            deadly.result()
    finally:
        pair.shutdown()


def test_too_many_waiting_requests_are_refused() -> None:
    small = Lane("small", 1, Limits(seconds=5, waiting=2))
    try:
        with pytest.raises(Busy, match="too many requests are waiting"):
            for _ in range(5):
                small.submit(sleep, 0.2)
    finally:
        small.shutdown()


def test_workers_end_with_their_parent() -> None:
    """Even when the parent is killed and can say nothing."""
    program = (
        "import time\nfrom engine.pool import Lane, Limits\nlane = Lane('orphan', 1, Limits(5, 4))\n"
        "while not lane.place: time.sleep(0.1)\n"
        "print(lane.workers[0].process.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert psutil.pid_exists(worker)
    parent.kill()
    parent.wait()
    wait_until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie", 20)


def test_who_waits_hears_how_far_it_is(lane: Lane) -> None:
    job = lane.submit(tells, 4)
    heard = set()
    wait_until(lambda: heard.add(job.progress) or job.done(), 10)  # type: ignore[func-returns-value]
    assert job.result() == "told"
    assert ("part 2 of 4", 0.5) in {(one.text, one.share) for one in heard}


def test_what_nobody_waits_for_is_not_begun(lane: Lane) -> None:
    busy, dropped, wanted = lane.submit(sleep, 0.6), lane.submit(sleep, 0.0), lane.submit(sleep, 0.0)
    dropped.want(0.1)
    wanted.want(0.1)
    wanted.want(20)
    assert busy.result() == 0.6
    assert wanted.result() == 0.0
    with pytest.raises(Busy, match="nobody waited"):
        dropped.result()


def test_a_report_is_bounded() -> None:
    told: list[Progress] = []
    tell(told.append)
    say("x" * 5000, 7.0)
    say("too soon", 0.5)
    tell(lambda progress: None)
    assert [(len(one.text), one.share) for one in told] == [(200, 1.0)]
