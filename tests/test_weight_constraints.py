"""Constrained weights: golden values, Keras' own constraint, closed forms, graphs, every error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.optimizers.weight_constraints import CONSTRAINTS, METHODS

THETA = (0.5, -1.0, -3.0, 2.0)
QUESTION: dict[str, Any] = {"target": (-1, 1, 3), "start": (0.5, -0.5, 2), "steps": 3}
STEPS = [
    [0.199999988, 0.0, 2.20000005],
    [0.0, 0.200000003, 2.36000013],
    [0.0, 0.360000014, 2.48800015],
]
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run("weight-constraints", **parameters)


def path(trace: engine.Trace, method: str) -> np.ndarray[Any, Any]:
    found = trace["paths"][METHODS.index(method)]
    return np.asarray(found.reshape(len(found), -1))


def test_golden_projected_steps() -> None:
    np.testing.assert_allclose(path(run(**QUESTION), "projection")[1:], STEPS, atol=1e-6)


def test_keras_optimizer_does_the_same() -> None:
    """A tf.Variable with constraint=NonNeg() under Keras' SGD; not at its start, not by assign."""
    kept = engine.run("keras-constraints").facts["kept"]
    np.testing.assert_allclose(kept[3:], STEPS, atol=1e-6)
    assert min(kept[0]) == -0.5
    assert min(kept[1]) == -2
    assert min(kept[2]) == -3


@pytest.mark.parametrize(
    ("method", "value", "gradient"),
    [
        ("min-penalty", 3.0, [0, 0, -1, 0]),
        ("sum-penalty", 4.0, [0, -1, -1, 0]),
        ("squared-penalty", 10.0, [0, -2, -6, 0]),
        ("projection", 0.0, [0, 0, 0, 0]),
    ],
)
def test_golden_penalties(method: str, value: float, gradient: list[float]) -> None:
    trace = run(target=(0,) * 4, start=THETA, method=method, strength=1, at=0)
    assert trace.facts["penalty"] == pytest.approx(value, abs=1e-6)
    np.testing.assert_allclose(trace["penalty_gradient"].ravel(), gradient, atol=1e-6)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("NonNeg", [[3, 0], [4, 0]]),
        ("UnitNorm", [[0.600000024, 0], [0.800000012, -1]]),
        ("MaxNorm", [[1.20000005, 0], [1.60000002, -2]]),
        ("MinMaxNorm", [[1.20000005, 0], [1.60000002, -2]]),
        ("clip", [[2, 0.5], [2, 0.5]]),
    ],
)
def test_golden_catalogue(constraint: str, expected: list[list[float]]) -> None:
    trace = run(
        target=(0,) * 4,
        start=(3, 0, 4, -2),
        units=2,
        constraint=constraint,
        low=0.5 if constraint in ("clip", "MinMaxNorm") else 0,
        high=2,
    )
    np.testing.assert_allclose(trace["projected_start"], expected, atol=1e-5)


def test_golden_graph_growth() -> None:
    inside, once, function = run(iterations=10).facts["nodes"]
    assert [inside[-1] - inside[0], once[-1] - once[0]] == [70, 0]
    assert len(set(function)) == 1


def test_the_timed_loop_counts_the_same_and_is_slower() -> None:
    trace = run(iterations=10, timed=True)
    assert trace.facts["nodes"] == run(iterations=10).facts["nodes"]
    assert "seconds" not in trace.tensors
    inside, once, _ = trace.facts["milliseconds"]
    assert min(inside[1:]) > min(once[1:])


def test_closed_forms_of_the_question() -> None:
    """min |w − (−1, 2)|²: (0, 2) by projection, −1/(1 + λ) by a squared penalty."""
    trace = run(steps=300, strength=4)
    ends = {method: path(trace, method)[-1] for method in METHODS}
    np.testing.assert_allclose(ends["none"], [-1, 2], atol=1e-4)
    np.testing.assert_array_equal(ends["projection"][0], 0)
    np.testing.assert_allclose(ends["squared-penalty"], [-0.2, 2], atol=1e-4)
    assert 0 < ends["softplus"][0] < 0.05
    assert 0 <= ends["square"][0] < 1e-3
    assert ends["relu"][0] == 0
    weak = path(run(steps=300, strength=1), "min-penalty")[-1]
    np.testing.assert_allclose(weak, [-0.5, 2], atol=1e-4)  # −1 + λ/2


@settings(max_examples=12)
@given(
    target=st.lists(st.floats(-3, 3, width=16), min_size=2, max_size=6),
    rate=st.floats(0.0078125, 0.25, width=16),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    start=st.floats(-2, 2, width=16),
)
def test_projection_by_hand(target: list[float], rate: float, momentum: float, start: float) -> None:
    """SGD with momentum, then max(w, 0), in NumPy; and the projected weights are never negative."""
    count = len(target)
    trace = run(target=target, start=[start] * count, learning_rate=rate, momentum=momentum, steps=12)
    w, velocity = np.full(count, start, "float32"), np.zeros(count, "float32")
    for step in range(1, 13):
        velocity = momentum * velocity - rate * 2 * (w - np.array(target, "float32"))
        w = np.maximum(w + velocity, 0)
        np.testing.assert_allclose(path(trace, "projection")[step], w, atol=2e-4)
    assert trace.facts["smallest_ever"] >= 0
    assert trace.facts["largest_violation"] == 0


@settings(max_examples=12)
@given(
    method=st.sampled_from(METHODS),
    constraint=st.sampled_from(CONSTRAINTS),
    at=st.integers(0, 5),
    momentum=st.sampled_from([0.0, 0.7]),
)
def test_the_update_shown_is_that_of_the_path(method: str, constraint: str, at: int, momentum: float) -> None:
    trace = run(
        target=(-1, 2, 0.5, -0.3),
        start=(0.4, -0.2, 1, 0.3),
        units=2,
        method=method,
        constraint=constraint,
        at=at,
        steps=6,
        momentum=momentum,
        low=0.1,
    )
    walked = path(trace, method)
    np.testing.assert_allclose(trace["weights"].ravel(), walked[at], atol=1e-6)
    np.testing.assert_allclose(trace["after"].ravel(), walked[at + 1], atol=1e-6)


@pytest.mark.parametrize(("axis", "same"), [(0, -2), (1, -1)])
def test_axes_count_from_either_end(axis: int, same: int) -> None:
    ways = [run(target=(3, 0, 4, -2), units=2, constraint="UnitNorm", axis=a) for a in (axis, same)]
    np.testing.assert_array_equal(ways[0]["paths"], ways[1]["paths"])
    norms = np.linalg.norm(ways[0]["after"], axis=axis)
    np.testing.assert_allclose(norms, [1, 1], atol=1e-4)


def test_equal_smallest_weights_share() -> None:
    trace = run(target=(0,) * 4, start=(0.5, -3, -3, 2), method="min-penalty", strength=1, at=0)
    np.testing.assert_allclose(trace["penalty_gradient"].ravel(), [0, -0.5, -0.5, 0])


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"method": "none", "learning_rate": 2, "steps": 300}, "The weights run away"),
        ({"start": (-1, 1)}, "The start breaks the constraint"),
        ({"constraint": "UnitNorm", "start": (0, 0), "target": (0, 0)}, "UnitNorm leaves it at 0"),
        ({"method": "softplus", "start": (-1, 1)}, "softplus cannot express a negative start"),
        ({"method": "relu", "start": (-0.5, 1), "target": (1, 2)}, "it is dead"),
    ],
)
def test_notes_say_what_happened(parameters: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**parameters).notes)


def test_what_keras_does_with_broken_weights() -> None:
    told = engine.run("keras-constraints").facts
    assert np.isnan(told["nan"][0])
    assert told["nan"][1:] == (0, 1)
    assert told["zero"] == (0, 0)
    assert set(told["reversed_clip"]) == {5}
    assert "Could not interpret constraint identifier" in told["said"]
    assert told["by_where"] == (0, -2, -2, 0)
    assert told["kernel_before"] < 0 == told["kernel_smallest"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"constraint": "clip", "low": 2, "high": 1}, "clip_by_value would answer the lower bound"),
        ({"constraint": "MinMaxNorm", "low": 2, "high": 1}, "swap the two"),
        ({"constraint": "MinMaxNorm", "low": -1}, "a norm, at least 0"),
        ({"constraint": "MaxNorm", "high": -1}, "a norm, at least 0"),
        ({"strength": -1}, "the nearest allowed value is 0"),
        ({"start": "nan,1"}, "entry 1 is not a finite number"),
        ({"target": "1,inf"}, "entry 2 is not a finite number"),
        ({"constraint": "NonNegative"}, "Could not interpret constraint identifier"),
        ({"constraint": "non_neg"}, "write NonNeg"),
        ({"constraint": "nonsense"}, "one of NonNeg, MaxNorm, UnitNorm, MinMaxNorm, clip"),
        ({"axis": 2}, "the kernel [input, unit] has two axes"),
        ({"axis": -3}, "Invalid reduction dimension"),
        ({"start": (1, 2, 3)}, "2 weights, as many as the target has"),
        ({"target": (1, 2, 3), "units": 2}, "units that divide the 3 weights"),
        ({"target": (1,)}, "this has 1"),
        ({"learning_rate": 0}, "the nearest allowed value is 0.001"),
        ({"steps": 10**9}, "the nearest allowed value is 300"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("weight-constraints", {**bad, **refusal.value.remedy})
