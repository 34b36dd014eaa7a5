"""The dying-relu technique: golden values, Keras' own layers, maps, determinism, errors, what it reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine.technique import technique
from engine.training.dying_relu_siamese import dying_relu_siamese
from engine.training.dying_relu_siamese_functions import forward, lstm, pairs, train

pytestmark = pytest.mark.usefixtures("warm_engine")
NAME = "dying-relu-siamese"
IDS = {"handed": "ids"}


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def test_golden_values() -> None:
    """Written down from TensorFlow 2.21; see the claims for what they mean."""
    calls, told = engine.run("siamese-calls").facts, run().facts
    assert calls["relu_loss"] == pytest.approx(0.693147182, abs=1e-6)
    assert calls["relu_gradient_kernel"] == [[0.0, 0.0], [0.0, 0.0]]
    assert calls["relu_gradient_bias"] == [0.0, 0.0]
    assert calls["relu_gradient_out"] == [[0.0], [0.0]]
    assert np.abs(calls["tanh_gradient_kernel"]).min() > 0
    assert np.abs(calls["leaky_gradient_kernel"]).min() > 0
    assert calls["shapes"] == [[1, 200, 8], [38, 200, 1]]
    assert told["accuracy"] == pytest.approx(0.608695652, abs=1e-9)
    assert told["frozen"]
    labels = pairs("varied", "ids", 56, 0)[2]
    assert 1 - labels.mean() == pytest.approx(0.533333333, abs=1e-9)
    told = run(**IDS, documents="identical", epochs=3).facts
    assert (told["chance"][1], told["chance_all"][1]) == (0.5, 0.25)


def test_what_the_lab_is_about() -> None:
    """Floats freeze it whatever the activation; ids repair it; the repaired network learns."""
    assert run().facts["constant"]
    assert run(activation="tanh").facts["constant"]
    repaired = run(**IDS, activation="tanh")
    assert repaired.facts["accuracy"] > 0.9
    np.testing.assert_array_equal(repaired["loss"], run()["repaired_loss"])
    dead = run(**IDS, bias_shift=-5, epochs=3)
    assert dead.facts["dead"] == 2
    assert not dead["norms"][:, :3].any()
    assert dead["norms"][0, 3] > 0


@pytest.mark.parametrize("documents", ["varied", "nearly identical", "identical"])
@pytest.mark.parametrize("duplicates", [1, 56, 119])
def test_the_documents_are_what_is_said(documents: str, duplicates: int) -> None:
    first, second, labels = pairs(documents, "ids", duplicates, 3)
    assert labels.sum() == duplicates
    assert 0 < labels[:97].sum() < 97
    apart = (first != second).sum(1)
    assert apart[labels == 1].max() <= 2
    if documents == "varied":
        assert apart[labels == 0].min() >= 5
        assert (labels[97:] == 0).sum() == (14 if duplicates == 56 else 23 if duplicates == 1 else 0)
    floats = pairs(documents, "floats", duplicates, 3)[0]
    np.testing.assert_allclose((floats**2).sum(1), 1)


def test_the_lstm_is_keras_own() -> None:
    import tensorflow as tf

    trace = run(**IDS)
    layer = tf.keras.layers.LSTM(8, dtype="float64")
    joined = np.concatenate([trace["a"], trace["b"], trace["distance"]], axis=-1)
    layer.build(joined.shape)
    layer.set_weights([trace["kernel"], trace["recurrent"], trace["gates"]])
    np.testing.assert_allclose(layer(joined), trace["state"], atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky relu", "relu after BN"])
def test_the_stage_is_the_network(activation: str) -> None:
    """Each tensor follows from the one before; batch normalisation by its moving averages."""
    trace = run(**IDS, activation=activation, epochs=3)
    scores = trace["state"] @ trace["hidden_w"]
    np.testing.assert_allclose(trace["scores"], scores, atol=1e-12)
    if activation == "relu after BN":
        scores = (scores - trace["moving"][0]) / np.sqrt(trace["moving"][1] + 1e-3)
    np.testing.assert_allclose(trace["pre"], scores + trace["hidden_b"], atol=1e-12)
    logit = (trace["active"] @ trace["out_w"])[:, 0] + trace["out_b"]
    np.testing.assert_allclose(trace["p"], 1 / (1 + np.exp(-logit)), atol=1e-12)
    assert trace["accuracy"][-1] == np.mean((trace["p"] > 0.5) == (trace["label"] > 0.5))


def test_every_exact_map_is_the_jacobians_support() -> None:
    import tensorflow as tf

    trace, generator = run(**IDS, units=3, epochs=3), np.random.default_rng(5)
    made = {name: tf.constant(generator.uniform(0.5, 1.5, trace[name].shape)) for name in trace.tensors}
    made["b"] = made["b"] + 2
    act: dict[str, Callable[[], Any]] = {
        "distance": lambda: tf.sqrt(tf.reduce_sum((made["a"] - made["b"]) ** 2, -1, keepdims=True)),
        "state": lambda: lstm(
            tf.concat([made["a"], made["b"], made["distance"]], -1),
            0.1 * made["kernel"],
            made["recurrent"],
            0.0,
        ),
        "scores": lambda: made["state"] @ made["hidden_w"],
        "pre": lambda: made["scores"] + made["hidden_b"],
        "p": lambda: tf.sigmoid(made["logit"]),
    }
    steps = {step.writes: step for step in trace.steps if step.map and step.map.exact}
    assert set(steps) == set(act)
    for name, step in steps.items():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([made[read] for read in step.reads])
            written = act[name]()
            cell = tuple(int(generator.integers(size)) for size in written.shape)
            asked = written[cell]
        for read in step.reads:
            slopes = np.asarray(tf.convert_to_tensor(tape.gradient(asked, made[read])))
            linked = step.map.linked(name, cell, read).cells()
            assert linked == {tuple(map(int, at)) for at in np.argwhere(slopes)}, (name, read)


def test_the_same_seed_gives_the_same_curve_bit_for_bit() -> None:
    asked = technique(NAME).arguments(technique(NAME).read({**IDS, "rate": 10, "epochs": 20}))
    settings = {name: value for name, value in asked["network"].items() if name != "handed"}
    data = {"documents": "varied", "handed": "ids", "duplicates": 56, "seed": 4}
    again = [
        train.__wrapped__(data=data, ids=None, **settings, epochs=20, heard=lambda *told: None)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(again[0]["loss"], again[1]["loss"])
    other = train(data=data | {"seed": 5}, ids=None, **settings, epochs=1, heard=lambda *told: None)
    assert other["loss"][0] != again[0]["loss"][0]


def test_what_it_reports_tells_the_same_story_as_its_end() -> None:
    """After each epoch of the network asked about, everything a page draws is there."""
    found, told = technique(NAME), []
    read = found.read({"handed": "ids", "epochs": 3, "seed": 77, "units": 3})
    results = dying_relu_siamese(
        **found.arguments(read),
        report=lambda text, share=0.0, so_far=None: told.append((text, share, so_far)),
    )
    shares = [share for _, share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    stories = [found.describe(read, so_far) for _, _, so_far in told if so_far is not None]
    assert [len(story.tensors["loss"].values) for story in stories] == [1, 2, 3, 4]
    end = found.describe(read, {name: np.asarray(value) for name, value in results.items()})
    assert all(story.tensors.keys() == end.tensors.keys() for story in stories)
    assert all(story.facts.keys() == end.facts.keys() for story in stories)


def test_the_repaired_network_itself_is_trained_once_and_told_as_it_trains() -> None:
    found, told = technique(NAME), []
    read = found.read({"handed": "ids", "activation": "tanh", "epochs": 2, "seed": 78})
    results = dying_relu_siamese(
        **found.arguments(read), report=lambda text, share=0.0, so_far=None: told.append((share, so_far))
    )
    assert [share for share, _ in told] == [0, 0.5, 1]
    assert all(len(so_far["loss"]) == len(so_far["repaired_loss"]) for _, so_far in told)
    np.testing.assert_array_equal(results["loss"], results["repaired_loss"])


def test_without_epsilon_it_stops_at_the_last_good_step() -> None:
    trace = run(**IDS, epsilon=False)
    assert trace.facts["stopped"] == "The loss is nan after step 1: training ended."
    assert trace.facts["stopped"] in trace.notes
    assert len(trace["loss"]) == 1
    assert np.isfinite(trace["p"]).all()
    assert np.isnan(trace["norms"][0, 0])
    assert len(trace["repaired_loss"]) == 61


def test_a_dead_unit_is_one_without_a_slope() -> None:
    trace = run(**IDS, bias_shift=-1.5, units=8, epochs=3)
    slopes = (trace["gradient_pre"] != 0).any(0)
    assert trace.facts["dead"] == (trace["pre_last"] <= 0).all(0).sum()
    assert not slopes[(trace["pre_last"] <= 0).all(0)].any()
    assert run(**IDS, bias_shift=-5, activation="leaky relu", epochs=3).facts["dead"] == 0


def test_a_document_of_ones_own_is_looked_up_and_never_trained_on() -> None:
    own = tuple(range(8))
    trace, plain = run(**IDS, ids=own, epochs=3), run(**IDS, epochs=3)
    assert tuple(trace["index_a"][0]) == own
    np.testing.assert_array_equal(trace["loss"], plain["loss"])
    assert trace["p"][0] != plain["p"][0]
    np.testing.assert_array_equal(trace["p"][1:], plain["p"][1:])


def test_one_axis_makes_a_distance_that_cannot_be_joined() -> None:
    """What check refuses, TensorFlow refuses too."""
    import tensorflow as tf

    weights = {"embedding": tf.ones([5, 8])}
    index = np.zeros((2, 4), int)
    with pytest.raises(tf.errors.InvalidArgumentError):
        forward(index, index, weights, None, "relu", 1, True, 1)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"axis": "1"}, "[batch, 1, 8]"),
        ({"axis": "0"}, "one of -1, 1"),
        ({"duplicates": 0}, "every label is 0"),
        ({"duplicates": 120}, "every label is 1"),
        ({"units": 0}, "nearest allowed value is 1"),
        ({"units": 33}, "nearest allowed value is 32"),
        ({"ids": "1,2,3,4,5,6,7,4117"}, "4117 is not in [0, 4117)"),
        ({"ids": "-1,2,3,4,5,6,7,8"}, "row 4116, counted from the end"),
        ({"ids": "0.7,2,3,4,5,6,7,8"}, "casts ids to integers without a word"),
        ({"ids": "1,2"}, "this has 2"),
        ({"rate": 0}, "nearest allowed value is 0.001"),
        ({"rate": "nan"}, "a number from 0.001 to 50"),
        ({"handed": "words"}, "one of ids, floats"),
        ({"epochs": 10**6}, "nearest allowed value is 300"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_the_largest_run_is_within_its_limits() -> None:
    engine.check(NAME, {"units": 32, "epochs": 300})
