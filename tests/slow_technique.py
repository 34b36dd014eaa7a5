"""Functions the pool's tests send to a worker: slow, deadly, or telling."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from engine.progress import say


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def die(how: int = signal.SIGKILL) -> None:
    os.kill(os.getpid(), how)


def die_once(note: str) -> str:
    """Dies the first time, answers the second."""
    if Path(note).exists():
        return "second try"
    Path(note).write_text("died")
    os.kill(os.getpid(), signal.SIGFPE)
    return "unreachable"


def loaded() -> list[str]:
    return sorted(sys.modules)


def whoami() -> int:
    return os.getpid()


def count(note: str) -> int:
    """Leaves one mark a call."""
    with open(note, "a") as marks:
        marks.write("x")
    time.sleep(0.3)
    return len(Path(note).read_text())


def tells(times: int) -> str:
    """Report progress, slowly enough that each report leaves the worker."""
    for time_ in range(times):
        say(f"part {time_ + 1} of {times}", (time_ + 1) / times)
        time.sleep(0.15)
    return "told"
