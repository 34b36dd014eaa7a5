"""The only door: validate, estimate, look in the cache, compute in a worker, answer a Trace."""

from __future__ import annotations

import atexit
import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as NotYet
from functools import cache
from math import inf
from threading import Lock
from typing import Any

from engine.cache import TraceCache
from engine.child import Manners
from engine.errors import EngineError, Rejected, TooExpensive
from engine.lens import OF, Asked, asked, lens_cost, refusal
from engine.lens_worker import compute_lens
from engine.pool import Lane, Limits
from engine.progress import Job, Progress
from engine.runs import Runs
from engine.settings import settings
from engine.technique import Cost, Technique, technique
from engine.trace import Trace, to_plain
from engine.worker import compute

log = logging.getLogger("tensorscope.engine")
_lanes: dict[str, Executor] = {}
_lock = Lock()
FORGOTTEN = 5.0  # seconds after a glance until nobody is thought to wait any more
LINGERS = 30.0  # the same for who looks at a training run: time enough to look elsewhere and come back
runs = Runs()


@cache
def traces(lane: str = "") -> TraceCache:
    """The cache of this process; training runs have their own, or quick answers would push them out."""
    limits = settings()
    return TraceCache(limits.run_cache_bytes if lane == "training" else limits.cache_bytes)


def lane(name: str) -> Executor:
    """The executor of a lane, started when first needed."""
    with _lock:
        if name not in _lanes:
            _lanes[name] = _lane_of(name)
        return _lanes[name]


def _lane_of(name: str) -> Lane:
    have = settings()
    if name == "training":
        limits = Limits(have.run_time_limit, have.runs_waiting, have.run_memory, ends=True)
        return Lane(name, have.runs, limits, Manners(have.run_nice, have.run_threads))
    if name == "long":
        return Lane(name, 1, Limits(have.long_time_limit, have.waiting))
    return Lane(name, have.workers, Limits(have.time_limit, have.waiting))


def start() -> None:
    """Start the interactive workers now, so that they are warm when the first request comes."""
    lane("interactive")


@atexit.register
def stop() -> None:
    """End all workers. A later request starts new ones."""
    with _lock:
        for executor in _lanes.values():
            executor.shutdown(wait=False)
        _lanes.clear()


def warm() -> str:
    """Device and framework of the interactive lane; "" while TensorFlow is still loading."""
    return str(getattr(_lanes.get("interactive"), "place", ""))


def check(name: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Canonical parameters of a technique, or `Rejected`; runs no TensorFlow."""
    found = technique(name)
    read = found.read(parameters)
    _within_budget(found, read, found.cost(read))
    return read


def _within_budget(found: Technique, parameters: Mapping[str, Any], cost: Cost) -> None:
    limits = settings()
    budgets = {"long": limits.long_work_budget, "training": limits.run_work_budget}
    most_work = budgets.get(found.lane(parameters), limits.work_budget)
    over = [
        (f"about {cost.memory / 2**20:,.1f} MiB of tensors", f"{limits.memory_budget / 2**20:,.1f} MiB")
        if cost.memory > limits.memory_budget
        else None,
        (f"about {cost.work / 1e9:,.2f} GFLOP of work", f"{most_work / 1e9:,.2f} GFLOP")
        if cost.work > most_work
        else None,
    ]
    for excess in filter(None, over):
        raise TooExpensive(
            found.name, excess[0], f"at most {excess[1]}", "choose smaller sizes or fewer layers"
        )


def submit(name: str, seconds: float = inf, who: str = "", /, **parameters: object) -> Future[Trace]:
    """The future Trace of a technique; raises `Rejected` at once. Do not cancel it: it is shared.

    Who waits only so many `seconds` and asks again later keeps the work alive; what has not begun
    when nobody waits any more is dropped, and so is a training run that has. `who` is a name for who
    waits, by which `give_up` finds them.
    """
    began = time.perf_counter()
    try:
        read = check(name, parameters)
        key, lane_name = _key(name, read), technique(name).lane(read)
        if lane_name == "training":
            runs.turns_to(key, name, who)
            if problem := runs.news(key, who):
                raise problem
        future, known = traces(_shelf(lane_name)).get(
            key, lambda: lane(lane_name).submit(compute, name, read)
        )
    except Exception as e:
        _report(name, began, f"{type(e).__name__}: {e}")
        raise
    if lane_name == "training":
        runs.follow(key, future)
    return _followed(name, future, known, seconds, began, who)


def _shelf(lane_name: str) -> str:
    return "training" if lane_name == "training" else ""


def _followed(
    name: str, future: Future[Trace], known: bool, seconds: float, began: float, who: str = ""
) -> Future[Trace]:
    """The same future, with how long somebody waits for it, and what becomes of it, noted."""
    if isinstance(future, Job) and not future.done():
        future.want(seconds, who)
    if known and future.done():
        _report(name, began, "cached")
    else:
        future.add_done_callback(lambda done: _report(name, began, _outcome(done)))
    return future


def run(name: str, **parameters: object) -> Trace:
    """Run a technique and return its Trace.

    Parameters are Python values or their link texts; those left out take their defaults.
    Raises `Rejected` (with received, expected, fix), `TooExpensive`, `TechniqueFailed`,
    `TookTooLong`, `WorkerDied` or `Busy`, all of them `EngineError`.
    """
    return submit(name, **parameters).result()


def check_lens(
    name: str, parameters: Mapping[str, object], of: object, at: object
) -> tuple[Asked, dict[str, Any]]:
    """What the gradient lens is asked, and canonical parameters, or `Rejected`; runs no TensorFlow."""
    found, question = technique(name), asked(of, at)
    if reason := refusal(found):
        raise Rejected(OF, "the gradient lens", "a lab that has one", reason)
    read = found.read(parameters)
    if found.lane(read) != "interactive":
        raise Rejected(
            name, "work that takes long", "work of a moment, for it is run many times", "choose less"
        )
    _within_budget(found, read, lens_cost(found.cost(read), found.forward))
    return question, read


def submit_lens(
    name: str, seconds: float = inf, /, *, lens: object = "", lens_at: object = "", **parameters: object
) -> Future[Trace]:
    """The future answer of the gradient lens; raises `Rejected` at once. Shared, as those of `submit`."""
    began = time.perf_counter()
    question, read = check_lens(name, parameters, lens, lens_at)
    key = f"lens {question.of}|{question.at}|{_key(name, read)}"
    future, known = traces().get(key, lambda: lane("interactive").submit(compute_lens, name, read, question))
    return _followed(f"lens of {name}", future, known, seconds, began)


def lens(name: str, /, *, lens: object = "", lens_at: object = "", **parameters: object) -> Trace:
    """The gradient of one number of a technique with respect to each of its inputs, as a Trace.

    `lens` names a result ("" for the technique's own choice); `lens_at` is the index of a cell ("" for
    the middle one), "sum", or "squares" for the sum of squares. Both are named as in a link, so that no
    parameter of a technique can be taken for them. Each input has its `gradient of …` among
    the tensors; the fact `inputs` says for each whether TensorFlow gives a gradient, zeros or None, why,
    and how far central finite differences are from it. Raises as `run` does.
    """
    return submit_lens(name, lens=lens, lens_at=lens_at, **parameters).result()


def _key(name: str, read: Mapping[str, Any]) -> str:
    return name + json.dumps(to_plain(read))


def known(name: str, **parameters: object) -> Trace | None:
    """The Trace if it is in the cache; computes nothing."""
    key, lane_name = _place(name, parameters)
    return traces(_shelf(lane_name)).known(key)


def _place(name: str, parameters: Mapping[str, object]) -> tuple[str, str]:
    """Key and lane of a request."""
    found = technique(name)
    read = found.read(parameters)
    return _key(name, read), found.lane(read)


def glance(name: str, patience: float, /, **parameters: object) -> Trace | Progress:
    """The Trace if it comes within `patience` seconds, else how far it is. Raises as `run` does."""
    future = submit(name, patience + FORGOTTEN, **parameters)
    try:
        return future.result(patience)
    except NotYet:
        return progress_of(future)


def give_up(name: str, who: str, /, **parameters: object) -> bool:
    """Somebody waits no more for a training run; it ends when nobody does. False where they did not wait."""
    return runs.give_up(_place(name, parameters)[0], who)


def so_far(name: str, /, **parameters: object) -> Progress | None:
    """How far a training run is, or was when it ended early; starts nothing and waits for nothing."""
    future = runs.under_way(_place(name, parameters)[0])
    if future is not None:
        return progress_of(future)
    problem = ended(name, **parameters)
    return Progress(str(problem), so_far=problem.so_far) if problem else None


def ended(name: str, /, **parameters: object) -> EngineError | None:
    """How a training run ended early, if it did a while ago and was not begun again; with what it had."""
    return runs.ended(_place(name, parameters)[0])


def progress_of(future: Future[Trace]) -> Progress:
    """How far the work on a Trace is."""
    return future.told if isinstance(future, Job) else Progress("computing")


def _outcome(future: Future[Trace]) -> str:
    if future.cancelled():  # the server ended
        return "cancelled"
    error = future.exception()
    return "computed" if error is None else f"{type(error).__name__}: {error}"


def _report(name: str, began: float, outcome: str) -> None:
    line = outcome.replace("\n", " ").replace("\r", " ")[:300]
    log.info("%s %.1f ms %s", name[:80], (time.perf_counter() - began) * 1e3, line)
