"""The spectral-vae technique: golden values, the scene, the model, training, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.technique import Made, technique
from engine.training.spectral_vae import counts
from engine.training.spectral_vae_model import decode, divergence, encode, first_weights, fit, reconstruction
from engine.training.spectral_vae_scene import patch_rows, pixels, principal, scene
from pages.kit.labs import labs
from pages.kit.payload import stage_payload

NAME = "spectral-vae"


def trained(**parameters: Any) -> tuple[dict[str, Any], Any, list[Any]]:
    """Results, story and reports of a short training, in this process."""
    found = technique(NAME)
    read = found.read({"epochs": 2, **parameters})
    arguments = {k: v.value() if isinstance(v, Made) else v for k, v in found.arguments(read).items()}
    told: list[Any] = []
    answer = found.function(
        **arguments, report=lambda text, share, so_far: told.append((text, share, so_far))
    )
    results = {name: np.asarray(value) for name, value in answer.items()}
    return results, found.describe(read, results), told


@pytest.fixture(scope="module")
def short() -> tuple[dict[str, Any], Any, list[Any]]:
    return trained(seed=5)


# Golden values.


def test_golden_dataset(short: Any) -> None:
    told = short[1].facts
    assert (told["samples"], told["bytes_in"], told["bytes_code"]) == (6_250_000, 375_000_000, 125_000_000)


def test_golden_divergence() -> None:
    import tensorflow as tf

    kl = divergence(tf.constant([[0.5, -1.0]], tf.float64), tf.constant([[-1.0, 0.5]], tf.float64))
    assert float(kl[0]) == pytest.approx(0.883300304, abs=1e-6)


def test_golden_weights() -> None:
    assert counts(bands=15, hidden=32, latent=5, encoder="dense") == (842, 687)
    assert counts(bands=15, hidden=32, latent=5, encoder="Conv1D")[0] == 1722


def test_golden_layout() -> None:
    cube = np.arange(8.0).reshape(2, 2, 2)
    np.testing.assert_array_equal(pixels(cube, "transpose"), [[0, 4], [1, 5], [2, 6], [3, 7]])
    np.testing.assert_array_equal(pixels(cube, "reshape"), [[0, 1], [2, 3], [4, 5], [6, 7]])


def test_patches_of_the_whole_picture() -> None:
    found = technique(NAME)
    read = found.read({"patch": 64, "stride": 32})
    results, _, _ = trained(patch=64, stride=32, seed=5)
    told = found.describe(read, results).facts
    assert told["full_patches"] == 77 * 77 == 5929
    assert told["full_uncovered"] == 4


# The scene.


@settings(max_examples=10)
@given(kind=st.sampled_from(["mixtures", "peaks"]), bands=st.integers(3, 20), seed=st.integers(0, 99))
def test_a_scene_is_what_it_says(kind: str, bands: int, seed: int) -> None:
    cube = scene(kind, bands, 12, 0.0, 1.0, 0, seed)
    assert cube.shape == (bands, 12, 12)
    assert cube.min() >= 0
    assert cube.max() <= 1
    np.testing.assert_array_equal(cube, scene(kind, bands, 12, 0.0, 1.0, 0, seed))
    table = pixels(cube, "transpose")
    for row, column in ((0, 0), (3, 7), (11, 11)):
        np.testing.assert_array_equal(table[row * 12 + column], cube[:, row, column])
    if kind == "mixtures":
        assert np.linalg.matrix_rank(table.astype("float64"), tol=1e-4) <= 5


def test_broken_pixels_are_nan_and_gain_scales() -> None:
    cube = scene("peaks", 6, 10, 0.1, 3.0, 7, 0)
    assert np.isnan(cube).all(axis=0).sum() == 7
    assert 1 < np.nanmax(cube) <= 3


@settings(max_examples=12)
@given(size=st.integers(4, 20), patch=st.integers(1, 20), stride=st.integers(1, 9))
def test_patches_hold_their_own_pixels(size: int, patch: int, stride: int) -> None:
    rows = patch_rows(size, min(patch, size), stride)
    picture = np.arange(size * size).reshape(size, size)
    patch = min(patch, size)
    starts = range(0, size - patch + 1, stride)
    expected = [picture[r : r + patch, c : c + patch].ravel() for r in starts for c in starts]
    np.testing.assert_array_equal(rows, expected)


def test_principal_components_are_exact_on_a_plane() -> None:
    generator = np.random.default_rng(0)
    table = generator.normal(size=(50, 2)) @ generator.normal(size=(2, 9)) + 3
    flat, share = principal(table, table, 2)
    np.testing.assert_allclose(flat, table, atol=1e-12)
    assert share == pytest.approx(1)


# The model.


@pytest.mark.parametrize("encoder", ["dense", "Conv1D"])
def test_keras_layers_say_the_same(encoder: str) -> None:
    import tensorflow as tf

    layers = tf.keras.layers
    w = first_weights(7, 6, 2, encoder, 0)
    generator = np.random.default_rng(1)
    w = {name: value + 0.1 * generator.normal(size=value.shape) for name, value in w.items()}
    x = generator.random((3, 7))
    hidden = [layers.Dense(6, "relu")] if encoder == "dense" else [
        layers.Reshape((7, 1)),
        layers.Conv1D(8, 3, padding="same", activation="relu"),
        layers.Conv1D(16, 3, 2, padding="same", activation="relu"),
        layers.Flatten(),
    ]  # fmt: skip
    model = tf.keras.Sequential([layers.Input((7,)), *hidden, layers.Dense(2)])
    names = ["in"] if encoder == "dense" else ["conv1", "conv2"]
    model.set_weights([w[f"{kind}_{name}"] for name in [*names, "mu"] for kind in "wb"])
    found = encode(tf.constant(x), w)
    np.testing.assert_allclose(model(x.astype("float32")), found["mu"], atol=1e-5)
    assert decode(found["mu"], w)[1].shape == (3, 7)
    total = sum(value.size for name, value in w.items())
    assert total == sum(counts(bands=7, hidden=6, latent=2, encoder=encoder))


def test_bernoulli_goes_below_zero_beyond_one() -> None:
    import tensorflow as tf

    loss = reconstruction(tf.constant([[2.0]]), tf.constant([[3.0]]), "bernoulli")
    assert float(loss[0]) < 0
    inside = reconstruction(tf.constant([[1.0, 0.0]]), tf.constant([[3.0, 1.0]]), "bernoulli")
    assert float(inside[0]) > 0


def test_log_variances_are_clipped() -> None:
    import tensorflow as tf

    w = first_weights(4, 4, 2, "dense", 0)
    w["b_logvar"] = np.array([1000.0, -1000.0])
    found = encode(tf.constant(np.zeros((1, 4))), w)
    np.testing.assert_array_equal(found["logvar"][0], [10, -10])
    assert np.isfinite(divergence(found["mu"], found["logvar"])).all()


def test_dense_maps_are_the_jacobians_support(short: Any) -> None:
    import tensorflow as tf

    results, story, _ = short
    compared = 0
    for step in story.steps:
        if step.map is None or not step.map.exact or len(step.reads) != 3:
            continue
        read, weight, bias = step.reads
        generator = np.random.default_rng(0)
        values = {name: tf.constant(generator.uniform(0.5, 1, results[name].shape)) for name in step.reads}
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(list(values.values()))
            out = tf.linalg.matvec(values[weight], values[read], transpose_a=True) + values[bias]
        for name, value in values.items():
            jacobian = np.asarray(tape.jacobian(out, value, experimental_use_pfor=False))
            linked = step.map.linked(step.writes, (1,), name).cells()
            assert linked == {tuple(map(int, at)) for at in np.argwhere(jacobian[1])}
            compared += 1
    assert compared == 6
    for step in story.steps[1:5]:
        read, weight, bias = step.reads
        sums = results[read] @ results[weight] + results[bias]
        sums = np.maximum(sums, 0) if "relu" in step.operation else sums
        np.testing.assert_allclose(sums, results[step.writes], rtol=1e-4, atol=1e-4)
    row, column = technique(NAME).read({})["pixel"]
    np.testing.assert_array_equal(results["cube"][:, row, column], results["spectrum"])


# Training.


def test_the_same_seed_gives_the_same_curve(short: Any) -> None:
    results, _, told = short
    fresh = technique(NAME).module
    kept, fresh.fit = fresh.fit, fit  # without the memory
    try:
        again, _, _ = trained(seed=5)
    finally:
        fresh.fit = kept
    for name, values in results.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert [share for _, share, _ in told] == [0.5, 1.0]


def test_another_pixel_needs_no_training(short: Any) -> None:
    results, _, told = trained(seed=5, pixel="3x4")
    assert not told
    np.testing.assert_array_equal(results["code"], short[0]["code"])
    np.testing.assert_array_equal(results["mu"].astype("float32"), results["code"][3, 4])


def test_the_code_is_rebuilt_and_the_parts_add_up(short: Any) -> None:
    results, _, _ = short
    np.testing.assert_allclose(results["by_vae"], results["output"], atol=1e-5)
    mu, sigma = results["mu"], results["sigma"]
    kl = 0.5 * (mu**2 + sigma**2 - 1 - 2 * np.log(sigma)).sum()
    assert results["elbo"][1] == pytest.approx(kl)


def test_peaks_are_for_the_vae_and_planes_for_pca() -> None:
    curved = trained(epochs=15)[1].facts
    plane = trained(kind="mixtures", noise=0)[1].facts
    assert curved["vae"][1] < curved["pca"][1] / 2
    assert plane["pca"][1] < 1e-12
    assert plane["vae"][1] > plane["pca"][1]


def test_a_wrong_reshape_trains_happily_on_nonsense() -> None:
    results, story, _ = trained(layout="reshape", epochs=5)
    assert story.facts["right_rows"] == 0
    assert results["losses"][0, -1] < results["losses"][0, 0]
    assert any("without a transpose" in note for note in story.notes)


def test_patches_miss_the_last_rows() -> None:
    results, story, _ = trained(mode="patch", patch=9, stride=4, epochs=1)
    assert story.facts["never_seen"] == 40 * 40 - 37 * 37
    assert results["seen"][39, 39] == 0
    assert results["seen"][8, 8] == 9


def test_a_loss_that_is_no_number_stops_the_run() -> None:
    table = np.full((10, 4), np.nan)
    plan = {"hidden": 4, "latent": 1, "encoder": "dense", "beta": 1.0, "likelihood": "gaussian"}
    plan |= {"fraction": 1.0, "epochs": 3, "rate": 0.01, "seed": 0}
    told: list[Any] = []
    weights, _, found = fit(
        table, np.ones(10, bool), None, plan, lambda *said: told.append(said), lambda w, t: {}
    )
    assert found["stopped"] == "The loss became nan in epoch 1, step 1: stopped there."
    assert np.isnan(found["losses"]).all()
    assert len(told) == 1
    assert all(np.isfinite(value).all() for value in weights.values())


def test_a_run_can_be_drawn_after_the_first_epoch(short: Any) -> None:
    listed, found = labs()[NAME], technique(NAME)
    read = found.read({"epochs": 2, "seed": 5})
    first = short[2][0][2]
    broken = {**first, "losses": np.full((2, 1), np.nan), "stopped": "it broke"}
    broken["errors"] = np.full(4, np.inf)
    for results in (first, broken):
        story = found.describe(read, {name: np.asarray(value) for name, value in results.items()})
        trace = engine.Trace(NAME, read, story.tensors, tuple(story.steps), story.facts, tuple(story.notes))
        stage_payload(listed, trace)
        assert all(chart.alt(trace) and chart.figure(trace)["data"] for chart in listed.lab.charts)
        assert all(len(curve.values) == 1 for curve in listed.lab.curves(trace))
        assert all(len(set(one.answers(trace))) >= 2 for one in listed.lab.predictions)
        assert dict(listed.lab.facts(trace))["epochs"] == "1"


# Errors.


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"latent": 0}, "nearest allowed value is 1"),
        ({"latent": 16}, "no compression"),
        ({"model_bands": 14}, "expected shape=(None, 14), found shape=(128, 15)"),
        ({"mode": "patch", "patch": 64}, "at most 40, the scene's side"),
        ({"mode": "patch", "patch": 41}, "not one would fit"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"likelihood": "bernoulli", "gain": 2}, "goes below 0"),
        ({"broken": 3, "masked": False}, "one NaN in a batch makes every weight NaN"),
        ({"pixel": "40x0"}, "pixel"),
        ({"rate": "nan"}, "rate"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_as_many_numbers_as_bands_is_said() -> None:
    assert "no compression" in " ".join(trained(latent=15, epochs=1)[1].notes)
