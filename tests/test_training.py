"""Training runs: told while they go on, shared, stopped, mourned, kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import engine
from engine import door
from engine.progress import Progress
from engine.settings import settings
from tests import tiny_training
from tests.conftest import wait_until

NAME = tiny_training.NAME


@pytest.fixture(scope="module", autouse=True)
def tiny() -> Iterator[None]:
    """The tests' own technique; few may wait, and none may grow by more than 300 MiB."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TENSORSCOPE_RUNS_WAITING", "3")
    patch.setenv("TENSORSCOPE_RUN_MEMORY_MB", "300")
    patch.setenv("TENSORSCOPE_RUN_NICE", "3")
    settings.cache_clear()
    engine.stop()
    tiny_training.register()
    yield
    engine.stop()
    tiny_training.unregister()
    patch.undo()
    settings.cache_clear()


seeds = iter(range(1000, 99_999))


def begin(seconds: float = 600, who: str = "me", **parameters: Any) -> tuple[Any, dict[str, Any]]:
    """A run nobody asked for before, and its parameters."""
    asked = {"seed": next(seeds), **parameters}
    return engine.submit(NAME, seconds, who, **asked), asked


def told(future: Any) -> Progress:
    return engine.progress_of(future)


def trained(future: Any, epochs: int = 1) -> None:
    """Wait until so many epochs are to be seen."""
    wait_until(lambda: (so_far := told(future).so_far) and so_far.facts["epochs done"] >= epochs, 180)


def test_a_run_tells_its_curve_so_far_and_the_time_left() -> None:
    future, asked = begin(epochs=12)
    seen: dict[int, Progress] = {}
    while not future.done():
        now = told(future)
        if now.so_far is not None:
            seen[len(now.so_far["losses"])] = now
        time.sleep(0.02)
    final = future.result()
    assert len(final["losses"]) == 12
    assert 2 <= len(seen) <= 6  # about three a second, of 1.2 seconds
    for count, progress in seen.items():
        assert progress.so_far is not None
        np.testing.assert_array_equal(progress.so_far["losses"], final["losses"][:count])
        assert progress.so_far.parameters == final.parameters
    lefts = [seen[count].left for count in sorted(seen)][1:]
    assert all(left is not None and 0 <= left < 3 for left in lefts)
    assert engine.known(NAME, **asked) is final
    assert engine.submit(NAME, **asked).result() is final


def test_a_run_that_blows_up_says_why_and_keeps_its_curve() -> None:
    trace = begin(rate=40, pause=1)[0].result()
    assert any("no number any more" in note for note in trace.notes)
    assert np.isnan(trace["losses"][-1])
    assert np.isfinite(trace["losses"][:-1]).all()


def test_a_run_ends_when_nobody_waits_and_keeps_what_it_had() -> None:
    future, asked = begin(epochs=1000)
    engine.submit(NAME, 600, "you", **asked)
    trained(future)
    assert not engine.give_up(NAME, "stranger", **asked)
    assert engine.give_up(NAME, "me", **asked)
    time.sleep(1)
    assert not future.done()  # you still wait
    assert engine.give_up(NAME, "you", **asked)
    with pytest.raises(engine.Stopped, match=r"^stopped at epoch \d+ of 1000: loss") as caught:
        future.result(60)
    assert caught.value.so_far is not None
    known = engine.so_far(NAME, **asked)
    assert known is not None
    assert known.so_far is caught.value.so_far
    assert isinstance(engine.ended(NAME, **asked), engine.Stopped)
    assert engine.known(NAME, **asked) is None
    with pytest.raises(engine.Stopped):  # who waited hears the news, and does not begin it again by asking on
        engine.submit(NAME, 60, "you", **asked)
    again = engine.submit(NAME, 60, "stranger", **asked)
    assert again is not future
    assert engine.ended(NAME, **asked) is None
    assert engine.submit(NAME, 60, "you", **asked) is again
    engine.give_up(NAME, "you", **asked)
    engine.give_up(NAME, "stranger", **asked)


def worker_pid() -> int:
    return int(door.lane("training").workers[0].process.pid)  # type: ignore[attr-defined]


def test_the_process_of_a_run_gives_way_to_pages() -> None:
    begin(epochs=1)[0].result()
    process = psutil.Process(worker_pid())
    assert process.nice() == min(19, psutil.Process().nice() + 3)
    assert process.environ()["TF_NUM_INTRAOP_THREADS"] == "1"
    threads = [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()]
    assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} <= {process.nice(), 10}


def test_stopping_keeps_the_process_and_a_deaf_run_is_killed() -> None:
    future, asked = begin(epochs=1000)
    trained(future)
    before = worker_pid()
    engine.give_up(NAME, "me", **asked)
    with pytest.raises(engine.Stopped):
        future.result(60)
    deaf, asked = begin(epochs=1000, fate="deaf")
    time.sleep(1)
    assert worker_pid() == before
    engine.give_up(NAME, "me", **asked)
    with pytest.raises(engine.Stopped, match="stopped at"):
        deaf.result(60)


def test_who_asks_for_another_state_waits_for_the_older_one_no_more() -> None:
    older, _ = begin(epochs=1000)
    trained(older)
    newer, _ = begin(epochs=2)
    with pytest.raises(engine.Stopped):
        older.result(60)
    assert len(newer.result(60)["losses"]) == 2


def test_a_run_nobody_looks_at_ends_by_itself_and_who_comes_back_in_time_finds_it() -> None:
    future, asked = begin(1.0, epochs=1000)
    wait_until(lambda: told(future).so_far or future.done(), 60)
    for _ in range(4):
        time.sleep(0.6)
        assert engine.submit(NAME, 1.0, "me", **asked) is future
    with pytest.raises(engine.Stopped):
        future.result(60)


def test_others_wait_with_their_place_and_too_many_are_refused() -> None:
    running, first = begin(who="a", epochs=1000)
    trained(running)
    waiting, asked = zip(*(begin(who=f"w{n}", epochs=1) for n in range(3)), strict=True)
    assert [told(one).place for one in (running, *waiting)] == [0, 1, 2, 3]
    with pytest.raises(engine.Busy, match="too many"):
        begin(who="late")
    engine.give_up(NAME, "w0", **asked[0])
    wait_until(lambda: told(waiting[1]).place == 1, 5)
    with pytest.raises(engine.Busy, match="nobody waited"):
        waiting[0].result(5)
    engine.give_up(NAME, "a", **first)
    assert all(len(one.result(30)["losses"]) == 1 for one in waiting[1:])


def test_a_worker_killed_while_training_begins_anew_once_and_then_says_so() -> None:
    once, _ = begin(fate="dies-once", epochs=4)
    texts = set()
    while not once.done():
        texts.add(told(once).text)
        time.sleep(0.02)
    assert len(once.result()["losses"]) == 4
    assert "its process ended and was replaced: beginning anew" in texts
    dead, asked = begin(fate="dies", epochs=9, pause=400)
    with pytest.raises(
        engine.WorkerDied, match=r"ended twice at epoch 2 of 9.*, then at epoch 2 of 9"
    ) as caught:
        dead.result(300)
    assert caught.value.so_far is not None
    assert len(caught.value.so_far["losses"]) >= 1
    assert isinstance(engine.ended(NAME, **asked), engine.WorkerDied)


def test_a_run_that_eats_memory_is_stopped_with_the_numbers() -> None:
    greedy, _ = begin(fate="eats", epochs=1000, pause=50)
    with pytest.raises(engine.TooMuchMemory, match=r"more than 300 MiB.*stopped at epoch \d+ of 1000"):
        greedy.result(300)
