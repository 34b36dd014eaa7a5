"""The door: refuses before TensorFlow is called, computes equal requests once, keeps within bounds."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

import engine
from engine.cache import TraceCache
from engine.links import IndexMap
from engine.pool import ROOT
from engine.trace import Step, Tensor, Trace, to_plain

WINDOW_ONE_TOO_LARGE = [
    {"size": 8, "kernel": 9, "padding": "VALID"},
    {"size": (8, 4), "kernel": (8, 5), "padding": "VALID"},
    {"size": 8, "kernel": 3, "dilation": 4, "padding": "VALID"},
    {"size": 8, "stack": "max-pool.9.1.1.VALID"},
    {"size": 1, "stack": "max-pool.2.2.1.VALID"},
    {"size": 1, "stack": "avg-pool.2.2.1.VALID"},
    {"size": 8, "kernel": 8, "padding": "VALID", "stack": "conv.2.1.1.VALID.4"},
]


@pytest.mark.parametrize("parameters", WINDOW_ONE_TOO_LARGE, ids=str)
def test_a_window_larger_than_its_input_never_reaches_tensorflow(parameters: dict[str, object]) -> None:
    """TensorFlow answers garbage or kills its process (SIGFPE) for a window one cell too large."""
    with pytest.raises(engine.Rejected, match=r"kernel: received .* expected at most .* fix: use"):
        engine.check("receptive-field", parameters)


def test_too_much_work_is_refused_with_the_numbers() -> None:
    with pytest.raises(engine.TooExpensive, match=r"GFLOP.*at most 4.00 GFLOP"):
        engine.run("receptive-field", size=256, kernel=32, filters=64)


def test_an_unknown_technique_names_those_there_are() -> None:
    with pytest.raises(engine.Rejected, match=r"'resnet'.*receptive-field"):
        engine.run("resnet")


def test_a_script_without_main_guard_can_use_the_engine() -> None:
    program = "import engine\nprint(engine.run('receptive-field', size=6, kernel=3).facts['output_shape'])"
    done = subprocess.run([sys.executable, "-"], input=program, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "(1, 6, 6, 8)"


def test_equal_requests_are_one_request(warm_engine: None) -> None:
    settings = {"size": 21, "kernel": 5, "seed": 1234}
    with ThreadPoolExecutor(16) as pool:
        traces = list(pool.map(lambda _: engine.run("receptive-field", **settings), range(16)))
    assert all(trace is traces[0] for trace in traces)
    assert engine.run("receptive-field", size="21", kernel="5x5", seed=1234.0) is traces[0]


def test_what_crosses_the_door_is_read_only_numpy(warm_engine: None) -> None:
    trace = engine.run("receptive-field", size=6, kernel=3)
    for tensor in trace.tensors.values():
        assert type(tensor.values) is np.ndarray
        with pytest.raises(ValueError, match="read-only"):
            tensor.values[...] = 0
    assert trace.device
    assert trace.framework.startswith("TensorFlow 2.")
    assert trace.seconds > 0


def _trace(size: int) -> Trace:
    return Trace("t", {}, {"x": Tensor(np.zeros(size), ("i",))}, (), {})


def _done(size: int) -> Future[Trace]:
    future: Future[Trace] = Future()
    future.set_result(_trace(size))
    return future


def test_the_cache_is_bounded_in_bytes() -> None:
    cache = TraceCache(100_000)
    for number in range(50):
        cache.get(str(number), lambda: _done(1000))
    assert cache.bytes <= 100_000
    known = [number for number in range(49, 40, -1) if cache.get(str(number), lambda: _done(1000))[1]]
    assert known
    assert cache.bytes <= 100_000


def test_a_failure_is_not_kept() -> None:
    cache = TraceCache(100_000)
    failed: Future[Trace] = Future()
    failed.set_exception(engine.WorkerDied("gone"))
    cache.get("key", lambda: failed)
    assert cache.get("key", lambda: _done(10))[0].result().technique == "t"


def test_a_trace_survives_pickling_and_stays_read_only() -> None:
    mapped = Step("conv", ("x",), "y", map=IndexMap({"i": 2}, {"x": ("i",), "y": ("i",)}))
    trace = Trace("t", {}, {"x": Tensor(np.ones(2), ("i",))}, (mapped,), {})
    again = pickle.loads(pickle.dumps(trace))
    assert not again.tensors["x"].values.flags.writeable
    assert again.steps[0].map.linked("y", (1,), "x").cells() == {(1,)}


def test_everything_becomes_plain_json() -> None:
    strange = {"a": np.float32(1.5), "b": (np.int64(2), {3}), "c": float("nan"), "d": np.array([np.inf, 1.0])}
    assert to_plain(strange) == {"a": 1.5, "b": [2, [3]], "c": "NaN", "d": ["Infinity", 1.0]}
    with pytest.raises(TypeError, match="object has no plain JSON form"):
        to_plain(object())


def test_a_hit_needs_no_worker(warm_engine: None) -> None:
    engine.run("receptive-field", size=7, kernel=3)
    engine.stop()
    assert engine.run("receptive-field", size=7, kernel=3).facts["units"] == 7 * 7 * 8
    assert engine.warm() == ""
    engine.start()
