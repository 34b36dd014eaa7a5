"""Where work runs: lanes of worker processes behind the standard library's Executor.

A lane is an `Executor`, so a cluster's can take its place. Ours differs from
ProcessPoolExecutor where that would hurt: a dying worker takes only its own request with it,
a computation has a time limit, and the program that starts it is never imported again (so a
script without a `__main__` guard can use the engine).
"""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import Busy, TookTooLong, WorkerDied
from engine.progress import Job, Progress

log = logging.getLogger("tensorscope.engine")
ROOT = Path(__file__).resolve().parent.parent
WARM_UP_LIMIT = 180.0  # seconds a worker may take to load TensorFlow on a slow machine

Heard = Callable[[Progress], None]


class Worker:
    """One child process and our end of its pipe."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.connection: Connection | None = None
        self.place = ""  # device and version, once warm

    @property
    def alive(self) -> bool:
        return bool(self.place) and self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process and wait until TensorFlow is loaded. Raises WorkerDied."""
        ours, theirs = Pipe()
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from engine.worker import main; main()", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self.connection = ours
        _, device, version = self.receive(WARM_UP_LIMIT)
        self.place = f"{device}, TensorFlow {version}"

    def receive(self, limit: float, heard: Heard = lambda progress: None) -> Any:
        """The next answer. Raises TookTooLong after `limit` seconds, WorkerDied when it ends."""
        assert self.connection is not None
        end = time.monotonic() + limit
        try:
            while self.connection.poll(max(0.0, end - time.monotonic())):
                answer = self.connection.recv()
                if answer[0] != "progress":
                    return answer
                heard(answer[1])
            raise TookTooLong(f"this took longer than {limit:g} s and was stopped; fix: choose smaller sizes")
        except (EOFError, OSError):
            raise WorkerDied("the worker process ended while computing this") from None

    def call(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], limit: float, heard: Heard
    ) -> Any:
        """The function's value, or its exception raised here."""
        if not self.connection or not self.place:
            raise WorkerDied("the worker process could not be started")
        try:
            self.connection.send((function, arguments))
        except OSError:
            raise WorkerDied("the worker process had ended") from None
        kind, value = self.receive(limit, heard)
        if kind == "error":
            raise value
        return value

    def stop(self) -> None:
        """Kill the process if it still runs."""
        self.place = ""
        if self.connection:
            self.connection.close()
        if self.process:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)


class Lane(Executor):
    """A few workers that share one queue; each request has the lane's time limit."""

    def __init__(self, name: str, workers: int, time_limit: float, waiting: int) -> None:
        self.name, self.time_limit = name, time_limit
        self.jobs: queue.Queue[tuple[Job, Callable[..., Any], tuple[Any, ...]] | None] = queue.Queue(waiting)
        self.workers = [Worker() for _ in range(workers)]
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
        future = Job()
        try:
            self.jobs.put_nowait((future, fn, args))
        except queue.Full:
            raise Busy("too many requests are waiting; fix: try again in a moment") from None
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End every worker now; what was running answers WorkerDied."""
        self.closed = True
        for worker in self.workers:
            worker.stop()
        for _ in self.threads:
            with suppress(queue.Full):
                self.jobs.put_nowait(None)

    def _work(self, worker: Worker) -> None:
        while not self.closed:
            if not worker.alive:
                self._replace(worker)
            try:
                job = self.jobs.get(timeout=0.5)
            except queue.Empty:
                continue
            if job is None:
                return
            future, function, arguments = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._call(worker, future, function, arguments))
                except BaseException as e:
                    future.set_exception(e)

    def _call(
        self, worker: Worker, job: Job, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        """One call; when the worker dies, once more on the one that replaces it.

        The retry stays with this thread, so a request that kills its worker can never take
        the lane's other workers with it.
        """
        if time.monotonic() > job.wanted_until:
            raise Busy("nobody waited for this any more; fix: ask again")

        def heard(progress: Progress) -> None:
            job.progress = progress

        heard(Progress("computing"))
        try:
            return worker.call(function, arguments, self.time_limit, heard)
        except WorkerDied:
            log.warning("worker of lane %s died: replaced, request retried", self.name)
            worker.stop()
            self._replace(worker)
        except TookTooLong:
            worker.stop()
            raise
        try:
            return worker.call(function, arguments, self.time_limit, heard)
        except WorkerDied:
            worker.stop()
            raise WorkerDied(
                "the engine's process ended twice while computing this and has been replaced; "
                "fix: try other values"
            ) from None

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
