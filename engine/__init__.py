"""The engine: what is true. `run(technique, **parameters) -> Trace` is the only door."""

from engine.door import check, run, start, stop, submit, warm
from engine.errors import (
    Busy,
    EngineError,
    Rejected,
    TechniqueFailed,
    TooExpensive,
    TookTooLong,
    WorkerDied,
)
from engine.technique import Technique, technique, techniques
from engine.trace import Step, Tensor, Trace, to_plain

__all__ = [
    "Busy",
    "EngineError",
    "Rejected",
    "Step",
    "Technique",
    "TechniqueFailed",
    "Tensor",
    "TooExpensive",
    "TookTooLong",
    "Trace",
    "WorkerDied",
    "check",
    "run",
    "start",
    "stop",
    "submit",
    "technique",
    "techniques",
    "to_plain",
    "warm",
]
