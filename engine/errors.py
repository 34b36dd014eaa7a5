"""What the door answers when it cannot compute: every error says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.trace import Trace


class EngineError(Exception):
    """Something the engine refuses or could not do; its text is meant for people.

    `so_far` is what a training run had when it ended early.
    """

    so_far: Trace | None = None


class Rejected(EngineError, ValueError):
    """A parameter, or several together, that cannot be computed.

    `remedy` holds parameters that would make the request valid, where one is known:
    a page offers it as a button, a script can merge it and try again.
    """

    def __init__(
        self,
        parameter: str,
        received: str,
        expected: str,
        fix: str,
        remedy: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(parameter, received, expected, fix, remedy)
        self.parameter, self.received, self.expected = parameter, received, expected
        self.fix, self.remedy = fix, dict(remedy or {})

    def __str__(self) -> str:
        return f"{self.parameter}: received {self.received}; expected {self.expected}; fix: {self.fix}"


class TooExpensive(Rejected):
    """The estimate is over the budget; nothing was run."""


class TechniqueFailed(EngineError):
    """TensorFlow refused the computation; the message is TensorFlow's own."""


class TookTooLong(EngineError):
    """The time limit passed and the worker was replaced."""


class WorkerDied(EngineError):
    """The worker process ended twice while computing this request."""


class TooMuchMemory(EngineError):
    """The process grew beyond its limit and was replaced."""


class Stopped(EngineError):
    """A training run ended because nobody waited for it any more."""


class UnderWay(EngineError):
    """It is being computed; the text says how far it is."""


class Busy(EngineError):
    """More requests are waiting than the engine accepts."""
