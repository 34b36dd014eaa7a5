"""The engine: what is true. `run(technique, **parameters) -> Trace` is the only door."""

from engine.door import (
    FORGOTTEN,
    check,
    check_lens,
    glance,
    known,
    lens,
    progress_of,
    run,
    start,
    stop,
    submit,
    submit_lens,
    warm,
)
from engine.errors import (
    Busy,
    EngineError,
    Rejected,
    TechniqueFailed,
    TooExpensive,
    TookTooLong,
    WorkerDied,
)
from engine.progress import Progress
from engine.technique import Technique, technique, techniques
from engine.trace import Step, Tensor, Trace, to_plain

__all__ = [
    "FORGOTTEN",
    "Busy",
    "EngineError",
    "Progress",
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
    "check_lens",
    "glance",
    "known",
    "lens",
    "progress_of",
    "run",
    "start",
    "stop",
    "submit",
    "submit_lens",
    "technique",
    "techniques",
    "to_plain",
    "warm",
]
