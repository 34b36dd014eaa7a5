"""One worker process as its parent sees it: start it, ask it, hear it, end it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import TookTooLong, WorkerDied
from engine.progress import Progress
from engine.worker import STOP

ROOT = Path(__file__).resolve().parent.parent
WARM_UP_LIMIT = 180.0  # seconds a worker may take to load TensorFlow on a slow machine
TICK = 0.25  # seconds between two looks at whether the work is still wanted

Heard = Callable[[Progress], None]
Ticked = Callable[[], None]


@dataclass(frozen=True)
class Manners:
    """How much a process gives way to others, and how many threads TensorFlow takes; 0 is its own choice."""

    nice: int = 0
    threads: int = 0

    def environment(self) -> dict[str, str]:
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        return dict.fromkeys(names, str(self.threads)) if self.threads else {}


class Worker:
    """One child process and our end of its pipe."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
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
        environment |= self.manners.environment()
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        program = "from engine.worker import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(theirs.fileno()), str(self.manners.nice)],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self.connection = ours
        _, device, version = self.receive(WARM_UP_LIMIT)
        self.place = f"{device}, TensorFlow {version}"

    def receive(
        self, limit: float, heard: Heard = lambda progress: None, ticked: Ticked = lambda: None
    ) -> Any:
        """The next answer. Raises TookTooLong after `limit` seconds, WorkerDied when it ends.

        `ticked` is called several times a second meanwhile, and may raise.
        """
        assert self.connection is not None
        end = time.monotonic() + limit
        try:
            while (left := end - time.monotonic()) > 0:
                if self.connection.poll(min(TICK, left)):
                    answer = self.connection.recv()
                    if answer[0] != "progress":
                        return answer
                    heard(answer[1])
                ticked()
            raise TookTooLong(f"this took longer than {limit:g} s and was stopped; fix: choose smaller sizes")
        except (EOFError, OSError):
            raise WorkerDied("the worker process ended while computing this") from None

    def call(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        limit: float,
        heard: Heard,
        ticked: Ticked = lambda: None,
    ) -> Any:
        """The function's value, or its exception raised here."""
        if not self.connection or not self.place:
            raise WorkerDied("the worker process could not be started")
        try:
            self.connection.send((function, arguments))
        except OSError:
            raise WorkerDied("the worker process had ended") from None
        kind, value = self.receive(limit, heard, ticked)
        if kind == "error":
            raise value
        return value

    def ask_to_stop(self) -> None:
        """Ask to end what is computed, at its next report; the process stays."""
        with suppress(OSError):
            if self.connection:
                self.connection.send(STOP)

    def memory(self) -> int:
        """Bytes the process holds in memory; 0 where the system does not tell."""
        with suppress(OSError, ValueError, IndexError):
            if self.process:
                pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
                return int(pages) * os.sysconf("SC_PAGE_SIZE")
        return 0

    def stop(self) -> None:
        """Kill the process if it still runs."""
        self.place = ""
        if self.connection:
            self.connection.close()
        if self.process:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
