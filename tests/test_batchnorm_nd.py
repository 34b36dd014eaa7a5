"""Batch normalisation of any rank: golden values, Keras' own layer, links, and the text of every error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import engine
from engine import technique
from tests.test_links import prove

NAME = "batchnorm-nd"
GOLDEN = {
    one["name"]: one for one in json.loads((Path(__file__).parent / "golden/batchnorm-nd.json").read_text())
}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def calls() -> dict[str, Any]:
    return dict(engine.run("batch-normalization-calls").facts)


def test_golden_shapes_and_counts_of_layers_keras_built() -> None:
    expected = GOLDEN["gamma_shapes"]["expected"]
    assert calls()["layers"] == [[gamma[0], trainable, total] for gamma, trainable, total in expected]
    for case, (gamma, _, _) in zip(("fc", "conv2d", "conv3d"), expected, strict=True):
        assert run(case=case).facts["question_gamma"] == gamma[0]


def test_golden_five_axes() -> None:
    trace = run(case="custom", sizes=(2, 2, 1, 2), batch=2, data="counting", order="bn", epsilon=1e-3)
    mean, variance, first, last = GOLDEN["tiny_5d"]["expected"]
    tolerance = GOLDEN["tiny_5d"]["tolerance"]
    np.testing.assert_allclose(trace["mean"], mean, atol=tolerance)
    np.testing.assert_allclose(trace["variance"], variance, atol=tolerance)
    np.testing.assert_allclose(trace["y"][0, 0, 0, 0], first, atol=tolerance)
    np.testing.assert_allclose(trace["y"][1, 1, 1, 0], last, atol=tolerance)


def test_golden_kernels_and_group() -> None:
    small, large, group = GOLDEN["conv3d_kernel"]["expected"]
    assert calls()["kernels"] == [small, large]
    assert run(batch=2).facts["question_group"] == group


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    sizes = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=5)))
    batch = draw(st.integers(1, 3))
    rank = len(sizes) + 1
    state = {
        "case": "custom",
        "sizes": sizes,
        "batch": batch,
        "axis": draw(st.integers(-rank, rank - 1)),
        "epsilon": draw(st.sampled_from([1e-3, 0.1, 2.0])),
        "momentum": draw(st.sampled_from([0.0, 0.5, 0.99])),
        "mode": draw(st.sampled_from(["training", "inference"])),
        "trainable": draw(st.booleans()),
        "order": draw(st.sampled_from(["bn", "bn-relu", "relu-bn"])),
        "steps": draw(st.integers(0, 5)),
        "shift": draw(st.sampled_from([0.0, 0.25])),
        "gamma": tuple(draw(st.lists(st.sampled_from([-1.0, 0.5, 2.0]), min_size=1, max_size=3))),
        "beta": tuple(draw(st.lists(st.sampled_from([-1.0, 0.5, 2.0]), min_size=1, max_size=3))),
    }
    length = sizes[0] if rank > 2 else batch
    mask = tuple(draw(st.lists(st.integers(0, 1), min_size=length, max_size=length)))
    try:
        engine.check(NAME, state | {"mask": mask})
    except engine.Rejected:
        return state
    return state | {"mask": mask}


@settings(max_examples=10)
@given(state=states())
def test_it_is_keras_own_layer_and_what_numpy_says(state: dict[str, Any]) -> None:
    """The output is Keras', the statistics NumPy's, the moving ones those of a loop over batches."""
    trace = run(**state)
    told, rank = trace.facts, len(state["sizes"]) + 1
    axis, source = state["axis"] % rank, "rectified" if state["order"] == "relu-bn" else "x"
    small = max(1e-6, float(trace["variance"].min()))
    assert told["keras_difference"] < 1e-4 * max(1, np.abs(trace["y"]).max()) / min(1, small) ** 0.5
    x = np.moveaxis(trace["x"].astype("float64"), axis, -1)
    kept = np.ones(trace["x"].shape, bool)
    if "mask" in state:
        along = 1 if rank > 2 else 0
        kept &= np.array(state["mask"], bool).reshape([-1 if at == along else 1 for at in range(rank)])
    kept = np.moveaxis(kept, axis, -1)

    def moments(moved: float) -> tuple[Any, Any]:
        values = np.maximum(x + moved, 0) if source == "rectified" else x + moved
        groups = [values[..., at][kept[..., at]] for at in range(x.shape[-1])]
        return np.array([g.mean() for g in groups]), np.array([g.var() for g in groups])

    np.testing.assert_allclose(trace["mean"], moments(0)[0], atol=1e-4)
    np.testing.assert_allclose(trace["variance"], moments(0)[1], atol=1e-3)
    mean, variance = np.zeros(x.shape[-1]), np.ones(x.shape[-1])
    for ago in range(state["steps"], 0, -1):
        seen = moments(-state["shift"] * ago)
        mean = state["momentum"] * mean + (1 - state["momentum"]) * seen[0]
        variance = state["momentum"] * variance + (1 - state["momentum"]) * seen[1]
    np.testing.assert_allclose(trace["moving_mean"], mean, atol=1e-4)
    np.testing.assert_allclose(trace["moving_variance"], variance, atol=1e-3)


@settings(max_examples=3, phases=[Phase.generate])
@given(state=states(), mask=st.sampled_from([None, (1, 0), (1, 1)]))
def test_maps_hold_against_the_jacobian(state: dict[str, Any], mask: tuple[int, ...] | None) -> None:
    """Any rank and mode; with a mask the kept places alone count."""
    small = {"sizes": (2, *state["sizes"][:2]), "batch": 2, "axis": -1, "steps": min(state["steps"], 2)}
    assert prove(NAME, technique(NAME).read(state | small | {"mask": mask})) > 0


def test_keras_moves_its_statistics_as_the_weighted_sum_does() -> None:
    import keras

    trace = run(steps=3, shift=0.5, momentum=0.9)
    layer = keras.layers.BatchNormalization(momentum=0.9)
    for ago in (3, 2, 1):
        layer(trace["x"] - 0.5 * ago, training=True)
    np.testing.assert_allclose(trace["moving_mean"], layer.moving_mean, atol=1e-5)
    np.testing.assert_allclose(trace["moving_variance"], layer.moving_variance, atol=1e-4)


def test_the_wrong_axis_has_one_gamma_for_each_frame() -> None:
    trace = run(axis=1)
    assert trace.facts["gamma_shape"] == (9,)
    assert trace.facts["question_gamma"] == 9
    assert "one for each frame" in trace.notes[0]
    np.testing.assert_allclose(trace["mean"], trace["x"].mean(axis=(0, 2, 3, 4)), atol=1e-5)


def test_none_is_told_from_zero() -> None:
    training, inference = run(), run(mode="inference")
    assert not training.facts["moving_is_read"]
    assert inference.facts["moving_is_read"]
    assert training.facts["bias_slope"] < 1e-6
    assert inference.facts["bias_slope"] > 0.01
    assert (training["x_gradient"] != 0).sum() > (inference["x_gradient"] != 0).sum() == 1


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"case": "fc", "batch": 1}, "Training needs a batch of 2 or more"),
        ({"case": "custom", "sizes": "1,3", "batch": 1}, "more values to share them"),
        ({"data": "constant"}, "3 channels are constant"),
        ({"data": "constant", "case": "custom", "sizes": "4,1"}, "Channel 0 is constant"),
        ({"trainable": False}, "frozen"),
        ({"mode": "inference", "steps": 0}, "Nothing was trained"),
        ({"mode": "inference", "steps": 20}, "come 18% of the way"),
        ({"axis": 0}, "Axis 0 is the batch"),
        ({"gamma": "1,1,1,2"}, "the rest is not used"),
    ],
    ids=str,
)
def test_notes_say_what_is_worth_knowing(state: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**state).notes), run(**state).notes


def test_axis_zero_really_fails_with_another_batch() -> None:
    assert "Error" in calls()["axis 0, other batch"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"axis": 5}, "axis: received 5; expected an axis of a tensor of rank 5: -5 to 4"),
        ({"case": "fc", "axis": -3}, "IndexError: tuple index out of range"),
        ({"axis": [1, 2]}, "Keras answers a list with TypeError"),
        ({"axis": "1,2"}, "keeps one axis"),
        ({"axis": 1.5}, "a whole number"),
        ({"case": "custom", "sizes": [9, 3, None]}, "must be fully-defined"),
        ({"case": "custom", "sizes": "9,3,None"}, "Keras must know how many there are"),
        ({"case": "custom", "sizes": "4,0"}, "change entry 2"),
        ({"case": "custom", "sizes": "64,64,64"}, "at most 20,000 values"),
        ({"momentum": 2}, "Keras itself would take this one without a word"),
        ({"momentum": 1}, "below 1"),
        ({"momentum": -0.5}, "0 or more"),
        ({"epsilon": 0}, "becomes 0/0 = NaN"),
        ({"epsilon": -1}, "a number above 0"),
        ({"epsilon": "nan"}, "a number from"),
        ({"batch": 0}, "nearest allowed value is 1"),
        ({"mask": "110"}, "mask: received 3 entries; expected 9, one for each frame"),
        ({"mask": "000000000"}, "divides x by √ε"),
        ({"mask": "111111000", "axis": 1}, "statistics of its own"),
        (
            {"batch": 64, "steps": 400, "shift": 0.1, "case": "custom", "sizes": "10,5,6"},
            "while every batch is another",
        ),
        (
            {"mask": "110", "case": "custom", "sizes": "3,1", "axis": 2},
            "mask: received a mask, and one channel along axis 2; expected two or more channels",
        ),
        ({"gamma": "a"}, "not a finite number"),
        ({"fused": True, "case": "fc"}, "reshape to [2, 1, 1, 6] first"),
        ({"fused": True, "case": "custom", "sizes": "2,3,4,5,6"}, "reshape to [4, 3, 4, 5, 6] first"),
        ({"fused": True, "axis": 1}, "axis -1: it keeps the last axis, 3 channels"),
        ({"fused": True, "mask": "111111000"}, "it knows no mask"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy and "nearest allowed value" not in refusal.value.fix:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_the_errors_are_keras_and_tensorflows_own() -> None:
    said = calls()
    assert said["axis 7"] == "IndexError: tuple index out of range"
    assert said["axis list"].startswith("TypeError")
    assert "must be fully-defined" in said["channels None"]
    assert said["momentum 2"] == said["epsilon 0"] == "accepted"
    assert "4-dimensional" in said["fused, rank 2"]
    assert "4-dimensional" in said["fused, rank 6"]
    assert said["masked, one place"] == "IndexError: tuple index out of range"
    assert said["masked, one channel"] == "accepted"
    for fine in ({"axis": -1}, {"axis": 2, "mode": "inference"}, {"axis": 2, "trainable": False}):
        run(mask="110", case="custom", sizes="3,1", **fine)


def test_the_largest_requests_are_within_the_budget() -> None:
    run(batch=64, steps=400, shift=0.01)
    engine.check(NAME, {"case": "custom", "sizes": (64, 4), "batch": 64, "steps": 400})
