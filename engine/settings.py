"""What can be configured, each from one environment variable; read once, when first asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Settings:
    """Limits of the engine. Sizes are in bytes, times in seconds."""

    device: str  # "", "cpu", "gpu" or "gpu:1"; "" takes a GPU when TensorFlow sees one
    workers: int  # processes of the interactive lane
    time_limit: float  # of one interactive computation
    long_time_limit: float  # of one computation in the long lane
    memory_budget: int  # estimated tensors of one computation
    work_budget: int  # estimated floating point operations of one computation
    long_work_budget: int  # of one computation in the long lane, which nobody's next number waits for
    cache_bytes: int  # Traces kept for everybody
    waiting: int  # requests one lane lets wait
    runs: int  # trainings at once
    run_time_limit: float  # of one training
    run_memory: int  # by which a training may let its process grow
    run_work_budget: int  # estimated floating point operations of one training
    run_cache_bytes: int  # finished trainings kept for everybody
    runs_waiting: int  # trainings that wait for their turn
    run_threads: int  # threads TensorFlow gives a training
    run_nice: int  # by how much a training's process gives way to others


def _number(name: str, default: float, low: float) -> float:
    text = os.environ.get(name, "")
    try:
        return max(low, float(text)) if text else default
    except ValueError:
        raise ValueError(f"{name}: received {text!r}; expected a number; fix: unset or correct it") from None


@cache
def settings() -> Settings:
    """The settings of this process, from TENSORSCOPE_… variables."""
    return Settings(
        device=os.environ.get("TENSORSCOPE_DEVICE", "").strip().lower(),
        workers=int(_number("TENSORSCOPE_WORKERS", 2, 1)),
        time_limit=_number("TENSORSCOPE_TIME_LIMIT_S", 10, 0.05),
        long_time_limit=_number("TENSORSCOPE_LONG_TIME_LIMIT_S", 600, 0.05),
        memory_budget=int(_number("TENSORSCOPE_MEMORY_MB", 256, 0.001) * 2**20),
        work_budget=int(_number("TENSORSCOPE_GFLOP", 4, 0.000001) * 1e9),
        long_work_budget=int(_number("TENSORSCOPE_LONG_GFLOP", 20, 0.000001) * 1e9),
        cache_bytes=int(_number("TENSORSCOPE_CACHE_MB", 256, 0) * 2**20),
        waiting=int(_number("TENSORSCOPE_WAITING", 256, 1)),
        runs=int(_number("TENSORSCOPE_RUNS", 1, 1)),
        run_time_limit=_number("TENSORSCOPE_RUN_TIME_LIMIT_S", 600, 0.05),
        run_memory=int(_number("TENSORSCOPE_RUN_MEMORY_MB", 2048, 1) * 2**20),
        run_work_budget=int(_number("TENSORSCOPE_RUN_GFLOP", 200, 0.000001) * 1e9),
        run_cache_bytes=int(_number("TENSORSCOPE_RUN_CACHE_MB", 64, 0) * 2**20),
        runs_waiting=int(_number("TENSORSCOPE_RUNS_WAITING", 16, 1)),
        run_threads=int(_number("TENSORSCOPE_RUN_THREADS", 1, 1)),
        run_nice=int(_number("TENSORSCOPE_RUN_NICE", 10, 0)),
    )
