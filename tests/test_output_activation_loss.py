"""The output-activation technique: golden values, pipeline, maps, determinism, errors, what it reports."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import engine
from engine.technique import technique
from engine.training.output_activation_loss import output_activation_loss
from engine.training.output_activation_loss_functions import eyes, flow, network, train

pytestmark = pytest.mark.usefixtures("warm_engine")
NAME = "output-activation-loss"
EXAMPLE = {"view": "example"}
SHORT = {"shuffle": "False", "epochs": 2}


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def test_golden_values() -> None:
    """Logits 2, -1 and true class 0, as TensorFlow 2.21 and Keras 3 answered."""
    losses = run(**EXAMPLE)["loss"]
    assert losses[1, 0] == pytest.approx(0.266462564, abs=1e-5)
    assert losses[2, 0] == pytest.approx(0.0485873446, abs=1e-5)
    assert losses[1, 2] == pytest.approx(0.22009483, abs=1e-5)
    assert losses[0, 0] == pytest.approx(1.1920929e-07, abs=1e-6)
    assert losses[0, 1] == pytest.approx(0.0485873297, abs=1e-6)
    calls = engine.run("eye-calls").facts
    assert (calls["counts"]["VGG16"], calls["counts"]["VGG19"]) == (13, 16)
    assert calls["posted"] == [80, 0, 0, 247824, 34]
    assert run(**EXAMPLE).facts["posted"] == (80, 0, 0, 247824, 34)
    assert "IndexError" in calls["categorical"]
    order = flow(np.zeros(240), np.zeros(240), "False", "CSV", np.random.default_rng(0))[2]
    assert (order != np.arange(240)).any()


def test_what_the_lab_is_about() -> None:
    """The text shuffles and freezes it, the boolean does not; folders do no harm; raw logits never learn."""
    told = run().facts
    assert told["shuffled"]
    assert told["accuracy"] < 0.65
    assert told["repaired_accuracy"] > 0.85
    assert run(shuffle="False").facts["accuracy"] > 0.85
    assert run(source="folder").facts["accuracy"] > 0.85
    raw = run(shuffle="False", head="none").facts
    assert raw["one_answer"]
    assert raw["slope"] == 0


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize(("z0", "z1", "true"), [(2, -1, 1), (0.3, 0.9, 0), (8, 8, 1)])
def test_losses_by_formula(mode: str, z0: float, z1: float, true: int) -> None:
    trace = run(**EXAMPLE, mode=mode, z0=z0, z1=z1, true=true)
    z = np.array([z0, z1])
    p, s = np.exp(z) / np.exp(z).sum(), 1 / (1 + np.exp(-z))
    y = np.eye(2)[true]
    losses = trace["loss"]
    assert losses[2, 0] == pytest.approx(-math.log(p[true]), rel=1e-4)
    assert losses[2, 3] == pytest.approx(-math.log(p[true]), rel=1e-4)
    assert losses[0, 1] == pytest.approx(-math.log(p[true]), rel=1e-4)
    assert losses[1, 0] == pytest.approx(-math.log(s[true] / s.sum()), rel=1e-4)
    assert losses[1, 2] == pytest.approx(-(y * np.log(s) + (1 - y) * np.log(1 - s)).mean(), rel=1e-3)
    np.testing.assert_allclose(trace["gradient"][2, 0], p - y, atol=1e-5)
    np.testing.assert_allclose(trace["gradient"][1, 2], (s - y) / 2, atol=1e-4)


def test_clipped_and_undefined() -> None:
    """The clip at 1e-7 in eager mode only; 0 / 0 for raw logits 0, 0; no way out of a wrong sign."""
    far = {**EXAMPLE, "z0": -60, "z1": 60, "head": "softmax"}
    assert run(**far).facts["loss"] == pytest.approx(16.118, abs=1e-3)
    assert run(**far, mode="graph").facts["loss"] == pytest.approx(120)
    assert np.isnan(run(**EXAMPLE, z0=0, z1=0, head="none")["gradient"][0, 0]).all()
    wrong = run(**EXAMPLE, head="none", true=1).facts
    assert wrong["loss"] == pytest.approx(16.118, abs=1e-3)
    assert wrong["gradient"] == (0, 0)


def test_the_eyes_are_drawn_by_their_seed() -> None:
    images, labels = eyes(240, 3)
    assert images.shape == (240, 24, 24, 1)
    assert 0 <= images.min() < images.max() <= 1
    assert labels.sum() == 120
    np.testing.assert_array_equal(images, eyes.__wrapped__(240, 3)[0])
    assert np.abs(images - eyes(240, 4)[0]).max() > 0.1


@pytest.mark.parametrize(
    ("shuffle", "moves"), [(True, True), (False, False), ("False", True), ("no", True), (0, False)]
)
@pytest.mark.parametrize("source", ["folder", "CSV"])
def test_the_pipeline_asks_for_truth(shuffle: Any, moves: bool, source: str) -> None:
    files, classes = np.arange(50), np.arange(50) % 2
    images, labels, order = flow(files, classes, shuffle, source, np.random.default_rng(1))
    assert (order != files).any() == moves
    np.testing.assert_array_equal(images, order)
    np.testing.assert_array_equal(labels, classes[order] if source == "folder" else classes)


def test_every_exact_map_is_the_jacobians_support() -> None:
    import tensorflow as tf

    trace, generator = run(**SHORT), np.random.default_rng(5)
    names = ("conv_w", "conv_b", "dense_w", "dense_b", "out_w", "out_b")
    weights = {
        name: tf.constant(generator.uniform(0.5, 1.5, trace[f"learned_{name}"].shape)) for name in names
    }
    x = tf.constant(generator.uniform(0.5, 1.5, (1, 24, 24, 1)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, *weights.values()])
        found = network(x, weights)
        cell = {name: tuple(int(generator.integers(size)) for size in found[name].shape) for name in found}
        asked = {name: found[name][cell[name]] for name in found}
    made = {"x": x, **found, **{f"learned_{name}": weight for name, weight in weights.items()}}
    compared = 0
    for step in trace.steps:
        if step.map is None or step.writes not in asked:
            continue
        for read in step.reads:
            slopes = np.asarray(tf.convert_to_tensor(tape.gradient(asked[step.writes], made[read])))
            linked = step.map.linked(step.writes, cell[step.writes], read).cells()
            differ = {tuple(map(int, at)) for at in np.argwhere(slopes)}
            assert differ <= linked, (step.operation, read)
            assert differ == linked or step.operation == "max_pool2d", (step.operation, read)
            compared += 1
    assert compared >= 9


def test_the_same_seed_gives_the_same_curve_bit_for_bit() -> None:
    asked = technique(NAME).arguments(technique(NAME).read(SHORT))["asked"]
    again = [train.__wrapped__(**asked, epochs=2, seed=3, heard=lambda *told: None) for _ in range(2)]
    np.testing.assert_array_equal(again[0]["losses"], again[1]["losses"])
    np.testing.assert_array_equal(again[0]["z_all"], again[1]["z_all"])
    other = train(**asked, epochs=2, seed=4, heard=lambda *told: None)
    assert other["losses"][0] != again[0]["losses"][0]


def test_what_it_reports_tells_the_same_story_as_its_end() -> None:
    found, told = technique(NAME), []
    read = found.read({"epochs": 2, "seed": 77})
    results = output_activation_loss(
        **found.arguments(read), report=lambda text, share=0.0, so_far=None: told.append((share, so_far))
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    stories = [found.describe(read, _plain(so_far)) for _, so_far in told if so_far is not None]
    assert [len(story.tensors["losses"].values) for story in stories] == [1, 2]
    end = found.describe(read, _plain(results))
    assert all(story.tensors.keys() == end.tensors.keys() for story in stories)
    assert all(story.facts.keys() == end.facts.keys() for story in stories)


def _plain(results: Any) -> dict[str, Any]:
    return {name: np.asarray(value) for name, value in results.items()}


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    found = train.__wrapped__(
        head="none", loss="CCE from_logits", shuffle=False, source="CSV", units=2, rate=1e200, epochs=4,
        seed=0, heard=lambda *told: None,
    )  # fmt: skip
    assert "training ended" in found["stopped"]
    assert len(found["losses"]) < 4


def test_two_logits_alone_are_a_matter_of_a_moment() -> None:
    found = technique(NAME)
    assert found.lane(EXAMPLE) == "interactive"
    assert found.lane({}) == "training"
    assert "losses" not in run(**EXAMPLE).tensors


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"shuffle": "'false'"}, "bool('false') is True"),
        ({"shuffle": "maybe"}, "one of True, False"),
        ({"true": 2}, "to_categorical(2, 2) raises IndexError"),
        ({"labels": "class number"}, "CCE with 2 outputs takes [n, 2]"),
        ({"loss": "sparse"}, "sparse with 2 outputs takes [n, 1]"),
        ({"units": 1}, "CCE compares classes"),
        ({"units": 1, "head": "softmax", "loss": "BCE"}, "is 1 for every picture"),
        ({"units": 1, "loss": "BCE"}, "BCE with 1 output takes [n, 1]"),
        ({"given": 239}, "one label for each picture: 240"),
        ({"rate": 2}, "nearest allowed value is 1"),
        ({"head": "relu"}, "one of none, sigmoid, softmax"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})
