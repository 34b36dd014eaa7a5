"""Where work runs: lanes of worker processes behind the standard library's Executor.

A lane is an `Executor`, so a cluster's can take its place. Ours differs from
ProcessPoolExecutor where that would hurt: a dying worker takes only its own request with it,
a computation has a time limit, and the program that starts it is never imported again (so a
script without a `__main__` guard can use the engine).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from engine.child import ROOT, Manners, Worker
from engine.errors import Busy, EngineError, Stopped, TookTooLong, TooMuchMemory, WorkerDied
from engine.progress import Job, Progress

__all__ = ["ROOT", "Lane", "Limits"]
log = logging.getLogger("tensorscope.engine")
ANEW = "its process ended and was replaced: beginning anew"
MOST_DEATHS = 2  # of workers, for one request
STOPPING = 3.0  # seconds a computation has to end by itself when nobody waits; then its worker is replaced


@dataclass(frozen=True)
class Limits:
    """What one computation may take, and how many may wait.

    `memory` is by how many bytes its process may grow, 0 for any. With `ends`, what has begun ends too
    when nobody waits for it any more.
    """

    seconds: float
    waiting: int
    memory: int = 0
    ends: bool = False


@dataclass(eq=False)
class Task:
    """A request in a lane."""

    job: Job
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    at_rest: int = 0  # bytes its worker held before it
    asked_to_stop: float = 0.0  # when, if it was
    spent: list[str] = field(default_factory=list)  # what was said when a worker died of it


class Lane(Executor):
    """A few workers that share one queue and its limits."""

    def __init__(self, name: str, workers: int, limits: Limits, manners: Manners | None = None) -> None:
        self.name, self.limits = name, limits
        self.line: deque[Task] = deque()
        self.turn = threading.Condition()
        self.workers = [Worker(manners) for _ in range(workers)]
        self.closed = False
        self.starting = threading.Lock()  # one at a time: the first must not share its core
        self.threads = [
            threading.Thread(target=self._work, args=(worker,), name=f"{name}-{place}", daemon=True)
            for place, worker in enumerate(self.workers)
        ]
        for thread in self.threads:
            thread.start()

    @property
    def place(self) -> str:
        """Device and framework of a warm worker; "" while none is warm."""
        return next((worker.place for worker in self.workers if worker.alive), "")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """Queue a call of an importable function. Raises Busy when too many wait."""
        if kwargs:
            raise TypeError("a lane passes positional arguments only")
        task = Task(Job(self.progress), fn, args)
        with self.turn:
            if len(self.line) >= self.limits.waiting:
                raise Busy("too many requests are waiting; fix: try again in a moment")
            self.line.append(task)
            self.turn.notify()
        return task.job

    def progress(self, job: Job) -> Progress:
        """How far a request is; its place in the queue while it waits."""
        with self.turn:
            waiting = [task.job for task in self.line if task.job is job or task.job.wanted]
        if job not in waiting:
            return job.progress
        if job is waiting[0] and not self.place:
            return replace(job.progress, text="its process is starting: TensorFlow loads")
        return replace(job.progress, place=waiting.index(job) + 1)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every worker now; what was running answers WorkerDied."""
        self.closed = True
        for worker in self.workers:
            worker.stop()
        with self.turn:
            self.turn.notify_all()

    def _work(self, worker: Worker) -> None:
        while not self.closed:
            if not worker.alive:
                self._replace(worker)
            self._drop()
            if task := self._next():
                self._answer(worker, task)

    def _next(self) -> Task | None:
        """The next request; None when there is none for a moment."""
        with self.turn:
            if not self.line:
                self.turn.wait(0.5)
            return self.line.popleft() if self.line and not self.closed else None

    def _drop(self) -> None:
        """Answer what nobody waits for any more, so that it holds no place in the queue."""
        with self.turn:
            dropped = [task for task in self.line if not task.job.wanted]
            for task in dropped:
                self.line.remove(task)
        for task in dropped:
            if task.job.set_running_or_notify_cancel():
                task.job.set_exception(Busy("nobody waited for this any more; fix: ask again"))

    def _answer(self, worker: Worker, task: Task) -> None:
        if not task.job.set_running_or_notify_cancel():
            return
        try:
            task.job.set_result(self._call(worker, task))
        except BaseException as e:
            if isinstance(e, EngineError):
                e.so_far = task.job.progress.so_far
            task.job.set_exception(e)

    def _call(self, worker: Worker, task: Task) -> Any:
        """One call; when the worker dies, once more on the one that replaces it.

        The retry stays with this thread, so a request that kills its worker can never take
        the lane's other workers with it.
        """
        while True:
            if not task.job.wanted:
                raise Busy("nobody waited for this any more; fix: ask again")
            try:
                return self._try(worker, task)
            except Stopped:
                if not task.job.wanted:  # nobody came back meanwhile
                    raise
            except (TookTooLong, TooMuchMemory):
                worker.stop()
                raise
            except WorkerDied:
                worker.stop()
                self._died(task)
                task.job.progress = replace(task.job.progress, text=ANEW, share=0.0, left=None)
            if not worker.alive:
                self._replace(worker)

    def _try(self, worker: Worker, task: Task) -> Any:
        job = task.job
        job.progress = replace(job.progress, text=ANEW if task.spent else "computing", share=0.0, left=None)
        task.at_rest, task.asked_to_stop = worker.memory(), 0.0

        def heard(progress: Progress) -> None:
            job.progress = replace(progress, so_far=progress.so_far or job.progress.so_far)

        try:
            return worker.call(
                task.function, task.arguments, self.limits.seconds, heard, lambda: self._watch(worker, task)
            )
        except Stopped:
            raise Stopped(f"stopped at {job.progress.text}") from None

    def _watch(self, worker: Worker, task: Task) -> None:
        """Several times a second while it runs: the queue moves, memory has a limit, somebody waits."""
        self._drop()
        grown = worker.memory() - task.at_rest if self.limits.memory else 0
        if grown > self.limits.memory:
            raise TooMuchMemory(
                f"this held {grown / 2**20:,.0f} MiB, more than {self.limits.memory / 2**20:,.0f} MiB, "
                f"and was stopped at {task.job.progress.text}; fix: choose smaller sizes"
            )
        if self.limits.ends and not task.job.wanted:
            now = time.monotonic()
            if not task.asked_to_stop:
                task.asked_to_stop = now
                worker.ask_to_stop()
            elif now - task.asked_to_stop > STOPPING:
                worker.stop()
                raise Stopped("stopped")

    def _died(self, task: Task) -> None:
        """A worker died of a request: not more often than twice."""
        task.spent.append(task.job.progress.text)
        if len(task.spent) < MOST_DEATHS and not self.closed:
            log.warning("worker of lane %s died: replaced, request retried", self.name)
            return
        where = (
            "while computing this" if self.limits.ends is False else f"at {', then at '.join(task.spent)},"
        )
        raise WorkerDied(
            f"the engine's process ended twice {where} and has been replaced; fix: try other values"
        )

    def _replace(self, worker: Worker) -> None:
        with self.starting:
            if self.closed or worker.alive:
                return
            worker.stop()
            start = time.perf_counter()
            try:
                worker.start()
            except (WorkerDied, TookTooLong) as e:
                if not self.closed:
                    log.error("a worker of lane %s did not start: %s", self.name, e)
                worker.stop()
                time.sleep(1)
                return
            log.info("lane %s warm on %s after %.1f s", self.name, worker.place, time.perf_counter() - start)
