"""A worker process: owns TensorFlow, computes one request after another, dies with its parent.

`main` takes a file descriptor from the command line; it is one end of a
`multiprocessing.Pipe`. It says ("ready", device, version) once, then answers each (function,
arguments) with ("done", value) or ("error", exception), and any ("progress", Progress) before. STOP
instead of a request asks to end what is being computed, at its next report.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from engine import device
from engine.errors import EngineError, Stopped, TechniqueFailed
from engine.progress import GivenUp, begin, say, tell
from engine.technique import Made, Technique, technique
from engine.trace import Trace

STOP = "stop"
where = cache(device.prepare)


def arguments_of(
    found: Technique, parameters: Mapping[str, Any], report: Callable[..., None] = say
) -> dict[str, Any]:
    """What a technique's function is called with, every `Made` made."""
    arguments = {
        key: value.value() if isinstance(value, Made) else value
        for key, value in found.arguments(parameters).items()
    }
    if "report" in inspect.signature(found.function).parameters:
        arguments["report"] = report
    return arguments


def compute(name: str, parameters: Mapping[str, Any]) -> Trace:
    """Run a technique here, in this process, and tell what happened."""
    found = technique(name)
    where()

    def story(answer: Mapping[str, Any]) -> Trace:
        return _trace(found, parameters, answer, time.perf_counter() - start)

    def report(text: str, share: float = 0.0, so_far: Mapping[str, Any] | None = None) -> None:
        say(text, share, (lambda: story(so_far)) if so_far is not None else None)

    arguments = arguments_of(found, parameters, report)
    start = time.perf_counter()
    try:
        answer = found.function(**arguments)
        answer = {key: np.asarray(value) for key, value in answer.items()}
    except Exception as e:
        if not of_tensorflow(e):
            raise
        raise TechniqueFailed(f"TensorFlow said: {first_line(e)}") from None
    return story(answer)


def _trace(
    found: Technique, parameters: Mapping[str, Any], answer: Mapping[str, Any], seconds: float
) -> Trace:
    results = {key: np.asarray(value) for key, value in answer.items()}
    place, version = where()
    story, stopped = found.describe(parameters, results), str(results.get("stopped", ""))
    return Trace(
        technique=found.name,
        parameters=parameters,
        tensors=story.tensors,
        steps=tuple(story.steps),
        facts=story.facts,
        notes=tuple(dict.fromkeys([*story.notes, *filter(None, [stopped])])),
        device=place,
        framework=f"TensorFlow {version}",
        seconds=seconds,
    )


USUAL = (ValueError, TypeError, ArithmeticError, RuntimeError, LookupError, NotImplementedError)


def of_tensorflow(error: Exception) -> bool:
    """Whether this is how TensorFlow refuses; tf.errors.OpError derives from Exception alone."""
    if isinstance(error, EngineError):
        return False
    return isinstance(error, USUAL) or type(error).__module__.startswith("tensorflow")


def first_line(error: Exception) -> str:
    """What an error says first, or its kind."""
    text = str(getattr(error, "message", "") or error).strip()
    return text.partition("\n")[0][:500] or type(error).__name__


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def _serve(connection: Connection) -> None:
    connection.send(("ready", *where()))
    tell(lambda report: connection.send(("progress", report)), lambda: _asked_to_stop(connection))
    while True:
        if (request := connection.recv()) != STOP:  # that came after its work was done
            connection.send(_answer(*request))


def _asked_to_stop(connection: Connection) -> bool:
    return connection.poll() and connection.recv() == STOP


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    begin()
    try:
        return "done", function(*arguments)
    except EngineError as e:
        return "error", e
    except GivenUp:
        return "error", Stopped("stopped")
    except Exception as e:
        return "error", TechniqueFailed(f"{type(e).__name__}: {first_line(e)}")


def main() -> None:
    """Serve the parent until its end of the pipe closes. The second argument is how much it gives way."""
    if len(sys.argv) > 2:
        os.nice(int(sys.argv[2]))  # before any thread begins: they inherit it
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")  # when memory runs out, a worker goes before the server
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _serve(Connection(int(sys.argv[1])))
    os._exit(0)  # TensorFlow's own teardown takes long and can hang
