"""The one-hot-sequence-autoencoder technique: golden values, Keras' own model, training, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.technique import Made, technique
from engine.training.one_hot_sequence_autoencoder import counts
from engine.training.one_hot_sequence_autoencoder_data import event_sequences, one_hot, with_anomalies
from engine.training.one_hot_sequence_autoencoder_model import autoencode, first_weights, in_graph
from engine.training.one_hot_sequence_autoencoder_story import uniform
from engine.training.one_hot_sequence_autoencoder_training import ranked
from pages.kit.labs import labs
from pages.kit.payload import stage_payload
from pages.training.one_hot_sequence_autoencoder_claims import BELOW, WRONG_AND_SURE

NAME = "one-hot-sequence-autoencoder"
SMALL = {"timesteps": 3, "events": 4, "epochs": 2, "latent": 2}
ONE = {"part": "one event"}


def one(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **ONE, **parameters)


def trained(**parameters: Any) -> tuple[dict[str, Any], Any, list[Any]]:
    """Results, story and reports of a training, in this process."""
    found = technique(NAME)
    read = found.read({**SMALL, **parameters})
    arguments = {k: v.value() if isinstance(v, Made) else v for k, v in found.arguments(read).items()}
    told: list[Any] = []
    answer = found.function(
        **arguments, report=lambda text, share, so_far: told.append((text, share, so_far))
    )
    results = {name: np.asarray(value) for name, value in answer.items()}
    return results, found.describe(read, results), told


@pytest.fixture(scope="module")
def small() -> tuple[dict[str, Any], Any, list[Any]]:
    return trained()


# Golden values.


def test_golden_parameters() -> None:
    layers = counts(events=8, none_class=False, latent=4)
    assert layers == (0, 5248, 592, 0, 144, 4736, 264)
    assert sum(layers) == 10984


def test_golden_trivial_losses() -> None:
    told = one().facts
    assert uniform("CCE", 8) == pytest.approx(2.07944155, abs=1e-6)
    assert told["uniform_mse"] == pytest.approx(0.109375, abs=1e-6)
    assert told["zero_mse"] == pytest.approx(0.125, abs=1e-6)
    zero = one(activation="relu", loss="MSE", pre=BELOW).facts["loss"]
    assert zero == pytest.approx(0.125, abs=1e-6)


@pytest.mark.parametrize("loss", ["CCE", "sparse", "MSE", "BCE"])
def test_the_uniform_guess_costs_what_keras_says(loss: str) -> None:
    flat = one(activation="softmax", loss=loss, pre=(0,) * 8)
    assert flat.facts["loss"] == pytest.approx(uniform(loss, 8), abs=1e-6)


def test_golden_gradient_of_negative_preactivations() -> None:
    dead = one(pre=BELOW, label=2)
    np.testing.assert_array_equal(dead["gradient"], np.zeros((1, 1, 8)))
    expected = [0.124999985, 0.124999985, -0.87499994, *[0.124999985] * 5]
    np.testing.assert_allclose(dead["beside_gradient"][0, 0], expected, atol=1e-6)


def test_golden_sparse_equals_dense() -> None:
    for loss in ("sparse", "CCE"):
        found = one(activation="softmax", loss=loss, pre=(0,) * 8, label=2).facts["loss"]
        assert found == pytest.approx(2.07944155, abs=1e-6)


# One row.


@settings(max_examples=12)
@given(pre=st.lists(st.floats(-8, 8).map(lambda x: round(x, 2)), min_size=2, max_size=9), data=st.data())
def test_the_slope_of_softmax_is_p_minus_y(pre: list[float], data: st.DataObject) -> None:
    label = data.draw(st.integers(0, len(pre) - 1))
    trace = one(activation="softmax", loss="CCE", pre=tuple(pre), events=len(pre), label=label)
    p = np.exp(pre - np.max(pre)) / np.exp(pre - np.max(pre)).sum()
    np.testing.assert_allclose(trace["gradient"][0, 0], p - np.eye(len(pre))[label], atol=1e-5)
    np.testing.assert_allclose(trace["loss"][0, 0], -np.log(p[label]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "relu", "sigmoid", "linear"])
@pytest.mark.parametrize("loss", ["CCE", "sparse", "MSE", "BCE"])
def test_slopes_are_what_small_changes_do(activation: str, loss: str) -> None:
    pre = np.array([[0.4, 0.3, 0.6, 0.2]], "float32")
    target = np.eye(4, dtype="float32")[[2]]
    answer = in_graph(activation, loss)(pre, target)
    for place in range(4):
        step = np.eye(4, dtype="float32")[[place]] * 0.01
        ends = [float(in_graph(activation, loss)(pre + way * step, target)["loss"][0]) for way in (1, -1)]
        assert float(answer["gradient"][0, place]) == pytest.approx((ends[0] - ends[1]) / 0.02, abs=3e-3)


def test_relu_and_mse_say_nothing_to_the_true_event() -> None:
    told = one(pre=WRONG_AND_SURE).facts
    assert told["true_slope"] == 0
    assert told["beside_true_slope"] < -0.99
    assert told["zero_slopes"] == 7


def test_one_line_has_two_losses() -> None:
    trace = one(activation="softmax", loss="CCE", pre=(60, *(-60,) * 7))
    assert trace.facts["loss"] == pytest.approx(120, abs=1e-3)
    assert trace.facts["eager_loss"][0] == pytest.approx(16.118, abs=1e-3)
    assert any("eager mode" in note for note in trace.notes)


def test_an_empty_row_costs_nothing_and_is_pulled_level_inside_fit() -> None:
    trace = one(activation="softmax", loss="CCE", rows="0,0,0,0,0,0,0,0")
    assert trace["loss"][0, 0] == 0
    assert not trace["eager_gradient"][0].any()
    np.testing.assert_allclose(trace["gradient"], trace["output"], atol=1e-6)
    assert any("no event" in note for note in trace.notes)


def test_pairs_that_do_not_fit_say_so() -> None:
    trace = one(activation="relu", loss="CCE", pre=BELOW)
    assert math.isnan(trace.facts["loss"])
    assert any("0 ÷ 0" in note for note in trace.notes)
    for activation, loss in (("linear", "CCE"), ("sigmoid", "sparse"), ("linear", "BCE"), ("relu", "sparse")):
        assert one(activation=activation, loss=loss).notes


def test_missing_preactivations_are_filled() -> None:
    trace = one(pre=(2.0,), events=3)
    np.testing.assert_array_equal(trace["pre"][0, 0], [2, -1, -1])
    assert any("missing" in note for note in trace.notes)


# Data.


@settings(max_examples=12)
@given(
    events=st.integers(2, 6),
    steps=st.integers(2, 8),
    kind=st.sampled_from(["random", "reversed", "stuck", "swapped"]),
    rate=st.floats(0.01, 0.9),
)
def test_sequences_go_round_and_some_are_abnormal(events: int, steps: int, kind: str, rate: float) -> None:
    normal = event_sequences(50, steps, events, 0.0, 0.0, (0, 1))
    np.testing.assert_array_equal(normal[:, 1:], (normal[:, :-1] + 1) % events)
    changed, abnormal = with_anomalies(normal, events, kind, rate, (0, 2))
    np.testing.assert_array_equal(changed[abnormal == 0], normal[abnormal == 0])
    assert abnormal.sum() == min(max(1, round(rate * 50)), 49)
    rows = one_hot(changed, events, False)
    np.testing.assert_array_equal(rows.argmax(axis=-1), changed)
    np.testing.assert_array_equal(rows.sum(axis=-1), 1)


def test_nothing_happens_as_often_as_asked() -> None:
    found = event_sequences(500, 10, 4, 0.1, 0.3, (0, 1))
    assert np.mean(found < 0) == pytest.approx(0.3, abs=0.03)
    empty, classed = one_hot(found, 4, False), one_hot(found, 5, True)
    assert np.mean(empty.sum(axis=-1) == 0) == np.mean(found < 0)
    np.testing.assert_array_equal(classed[..., 4], found < 0)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    assert ranked(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1])) == 1
    assert ranked(np.array([1.0, 1.0]), np.array([0, 1])) == 0.5
    assert math.isnan(ranked(np.array([1.0, np.nan]), np.array([0, 1])))


# The model.


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_keras_own_model_says_the_same(activation: str) -> None:
    import tensorflow as tf

    keras = tf.keras
    steps, width, latent = 3, 4, 2
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((steps, width)),
            layers.LSTM(5, activation=activation, return_sequences=True),
            layers.LSTM(latent, activation=activation),
            layers.RepeatVector(steps),
            layers.LSTM(latent, activation=activation, return_sequences=True),
            layers.LSTM(5, activation=activation, return_sequences=True),
            layers.TimeDistributed(layers.Dense(width)),
        ]
    )
    weights = first_weights(width, 5, latent, 3)
    model.set_weights([weight[0] for weight in weights])
    x = np.random.default_rng(1).random((2, steps, width))
    ours = autoencode(tf.constant(x), [tf.constant(weight) for weight in weights], activation)["pre"]
    np.testing.assert_allclose(model(x.astype("float32")), ours[0], atol=1e-5)
    np.testing.assert_array_equal(ours[0], ours[1])


def test_keras_counts_the_same_weights() -> None:
    weights = first_weights(8, 32, 4, 0)
    sizes = [weight[0].size for weight in weights]
    layers = (sum(sizes[0:3]), sum(sizes[3:6]), sum(sizes[6:9]), sum(sizes[9:12]), sum(sizes[12:]))
    assert layers == (5248, 592, 144, 4736, 264)


def test_the_dense_map_is_the_jacobians_support(small: Any) -> None:
    import tensorflow as tf

    results, story, _ = small
    dense = next(step for step in story.steps if step.operation == "dense")
    generator = np.random.default_rng(2)
    reads = {name: tf.constant(generator.uniform(0.5, 1, results[name].shape)) for name in dense.reads}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(list(reads.values()))
        pre = tf.einsum("stu,ue->ste", reads["hidden"], reads["weights"]) + reads["bias"]
    for name, value in reads.items():
        jacobian = np.asarray(tape.jacobian(pre, value, experimental_use_pfor=False))
        for cell in ((0, 0, 0), (1, 2, 3)):
            linked = dense.map.linked("pre", cell, name).cells()
            assert linked == {tuple(map(int, at)) for at in np.argwhere(jacobian[cell])}
    given_ = np.einsum("stu,ue->ste", results["hidden"], results["weights"]) + results["bias"]
    np.testing.assert_allclose(given_, results["pre"], atol=1e-5)


# Training.


def test_the_same_seed_gives_the_same_curve(small: Any) -> None:
    results, _, told = small
    again, _, _ = trained()
    for name, values in results.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    other, _, _ = trained(seed=1)
    assert np.abs(other["train_loss_by_epoch"] - results["train_loss_by_epoch"]).max() > 1e-4
    assert [share for _, share, _ in told] == [0.5, 1.0]
    assert "epoch 2 of 2" in told[-1][0]


def test_a_run_can_be_drawn_after_each_epoch(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels, charts, curves and predictions of the results so far; NaN and infinity among them."""
    listed, found = labs()[NAME], technique(NAME)
    read = found.read(SMALL)
    (_, _, first), _ = small[2]
    broken = {**first, "train_loss_by_epoch": np.full((2, 1), np.nan), "stopped": "it broke"}
    broken["anomaly_scores"] = np.full_like(first["anomaly_scores"], np.inf)
    for results in (first, broken):
        story = found.describe(read, {name: np.asarray(value) for name, value in results.items()})
        trace = engine.Trace(NAME, read, story.tensors, tuple(story.steps), story.facts, tuple(story.notes))
        payload = stage_payload(listed, trace)
        assert payload["tensors"]["output"]["shape"] == [12, 3, 4]
        for chart in listed.lab.charts:
            assert chart.alt(trace)
            assert chart.figure(trace)["data"]
        assert all(len(curve.values) == 1 for curve in listed.lab.curves(trace))
        assert all(len(set(one.answers(trace))) >= 2 for one in listed.lab.predictions)
        assert "None" in listed.lab.gradient_note(trace)
        assert dict(listed.lab.facts(trace))["epochs"] == "1"
    assert any("it broke" in note for note in story.notes)


def test_a_run_that_blows_up_stops_and_the_other_goes_on() -> None:
    """relu + CCE from a start where one row is all 0: 0 ÷ 0 in the first step."""
    results, story, _ = trained(activation="relu", loss="CCE", seed=3)
    stopped = str(results["stopped"])
    assert stopped == "relu + CCE stopped in epoch 1, step 1: its loss became nan."
    assert stopped in story.notes
    curve = results["train_loss_by_epoch"]
    assert np.isnan(curve[0]).all()
    assert curve[1, 1] < curve[1, 0]
    assert np.isfinite(results["weights"]).all()


def test_where_relu_dies_softmax_learns() -> None:
    """The popular mistake beside the right pair: every output 0, loss ln 8."""
    _, story, _ = trained(timesteps=10, events=8, latent=4, loss="sparse", epochs=4)
    told = story.facts
    assert told["zeros"][0] > 0.99
    assert told["train_loss"][0] == pytest.approx(math.log(8), abs=0.02)
    assert told["train_loss"][1] < told["train_loss"][0]


def test_a_typed_sequence_comes_first() -> None:
    rows = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0))
    results, story, _ = trained(rows=rows, epochs=1)
    np.testing.assert_array_equal(results["target"][0], rows)
    assert story.facts["kinds"][0] == "yours"
    assert len(results["target"]) == 13


# Errors.


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"events": 1, "label": 0}, "softmax over one class is always 1.0"),
        ({"label": 8}, "Received a label value of 8 which is outside the valid range of [0, 8)"),
        ({"loss": "sparse", "labels_as": "one-hot"}, "must have rank (ndim) `target.ndim - 1`"),
        ({"loss": "sparse", "no_event": 0.3}, "np.argmax of a row of zeros would say 0"),
        ({"rows": "1,0;0,1"}, "expected shape=(None, 10, 8), found shape=(1, 2, 2)"),
        ({"timesteps": 2, "events": 2, "label": 0, "rows": "1,1;0,1"}, "rows that are not one-hot: 0"),
        ({"timesteps": 2, "events": 2, "label": 0, "rows": "0.5,0.5;2,0"}, "rows that are not one-hot: 0, 1"),
        ({**ONE, "loss": "sparse", "rows": "0,0,0,0,0,0,0,0"}, "exactly one 1"),
        ({**ONE, "height": 3, "loss": "CCE"}, "use MSE for numbers"),
        ({"activation": "gelu"}, "one of softmax, relu, sigmoid, linear"),
        ({"timesteps": 51}, "nearest allowed value is 50"),
        ({"rate": 0}, "nearest allowed value"),
        ({"events": 50, "timesteps": 50, "latent": 32, "epochs": 200}, "GFLOP of work"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})
