"""The CNN-GRU lab: golden values, training that repeats, every mistake, maps, errors, the same as Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.links import Region
from engine.technique import technique
from engine.training.time_distributed_cnn_gru import describe, time_distributed_cnn_gru
from engine.training.time_distributed_cnn_gru_checks import layers_of, posted_weights
from engine.training.time_distributed_cnn_gru_model import first_weights, forward, gru, loss_of
from engine.training.time_distributed_cnn_gru_training import probed, shuffled
from engine.training.time_distributed_cnn_gru_weather import ordered, weather
from engine.worker import arguments_of
from pages.training.time_distributed_cnn_gru_words import REPAIRED

pytestmark = pytest.mark.usefixtures("warm_engine")
NAME = "time-distributed-cnn-gru"
TINY = {"frames": 3, "size": 8, "features": 2, "units": 3, "epochs": 2}
GOLDEN = {  # as_posted, cce_multi_hot, batch_bytes, gru_shapes
    "counts": [679503, 3, 13248, 0],
    "cce": [-0.0, 13.5402517, 40.6207504],
    "bytes": [259200000, 518400000],
    "states": [[64], [15, 64]],
}


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def here(**parameters: Any) -> dict[str, Any]:
    """The function's answer in this process, quietly, small."""
    read = technique(NAME).read({**TINY, **parameters})
    answer = time_distributed_cnn_gru(**arguments_of(technique(NAME), read) | {"report": lambda *_: None})
    return {name: np.asarray(value) for name, value in answer.items()}


def test_golden_values() -> None:
    known = engine.run("sequence-model-calls").facts
    assert known["counts"] == GOLDEN["counts"]
    assert known["bytes"] == GOLDEN["bytes"]
    assert [known["last_state"], known["all_states"]] == GOLDEN["states"]
    called = [known["losses"]["CCE called", kind][0] for kind in ("none", "a third", "all")]
    np.testing.assert_allclose(called, GOLDEN["cce"], atol=1e-4)
    loss, _ = probed(15)
    np.testing.assert_allclose(loss[:, 0], GOLDEN["cce"], atol=1e-4)
    assert sum(posted_weights(15, 64).values()) == GOLDEN["counts"][0]
    assert posted_weights(15, 64)["GRU"] == GOLDEN["counts"][2]


def test_the_probes_are_what_keras_says() -> None:
    """Called, Keras clips probabilities; inside a graph it hands their logits to TensorFlow."""
    known = engine.run("sequence-model-calls", frames=7).facts["losses"]
    found = np.stack([np.asarray(part) for part in probed(7)])
    for column, loss in enumerate(("CCE called", "CCE in fit", "BCE in fit")):
        for row, kind in enumerate(("none", "a third", "all")):
            np.testing.assert_allclose(found[:, row, column], known[loss, kind], atol=1e-5)


def test_the_posted_model_learns_nothing_and_the_repaired_one_does() -> None:
    """The default, as trained on the page; 50 % is guessing."""
    known = run().facts
    assert known["chosen_cnn_weights"] == 0
    assert known["chosen_moved"] == 0
    assert known["chosen_score"] == 0.5
    assert known["chosen_last_loss"] > known["chosen_first_loss"]  # fit's slope is not that of this loss
    assert known["kernel_gradient_is_none"]
    assert known["right_score"] > 0.9
    assert known["right_moved"] > 0.1
    assert known["right_cnn_weights"] == 3 * 3 * 3 * 8 + 8 + 3 * 3 * 8 * 8 + 8


def test_the_same_seed_trains_the_same_numbers() -> None:
    first, again, other = here(), here(), here(seed=1)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert np.abs(first["right_loss"] - other["right_loss"]).max() > 1e-4
    assert len(first["loss"]) == len(first["right_loss"]) == 2


def test_a_repaired_model_is_trained_once_and_is_its_own_right_one() -> None:
    found = here(**REPAIRED)
    for name in ("loss", "score", "order", "norms"):
        np.testing.assert_array_equal(found[name], found[f"right_{name}"])
    np.testing.assert_array_equal(found["probability"], found["right_probability"])


def test_what_is_reported_draws_as_the_end_does() -> None:
    """After each epoch: the same names, curves as long as the epochs so far."""
    heard: list[tuple[str, float, dict[str, Any]]] = []
    parameters = technique(NAME).read(TINY)
    given_ = arguments_of(technique(NAME), parameters)
    last = time_distributed_cnn_gru(**given_ | {"report": lambda *said: heard.append(said)})
    assert [len(so_far["loss"]) for _, _, so_far in heard] == [1, 2]
    assert heard[0][1] == 0.5
    assert heard[0][0].startswith("epoch 1 of 2: loss ")
    assert all(set(so_far) == set(last) for _, _, so_far in heard)
    story = describe(parameters, {name: np.asarray(value) for name, value in heard[0][2].items()})
    assert story.facts["epochs"] == 1


@pytest.mark.parametrize(("spoilt", "epochs"), [(slice(None), 1), (slice(40, 50), 1)], ids=str)
def test_a_loss_that_is_no_number_ends_training_and_says_where(spoilt: slice, epochs: int) -> None:
    parameters = technique(NAME).read({**TINY, **REPAIRED})
    given_ = arguments_of(technique(NAME), parameters) | {"report": lambda *_: None}
    maps, labels = given_["trained_on"]
    broken = maps.copy()
    broken[spoilt] = np.nan
    answer = time_distributed_cnn_gru(**given_ | {"trained_on": (broken, labels)})
    assert len(answer["loss"]) == epochs
    assert "the loss became nan at step" in answer["stopped"]
    assert np.isfinite(answer["probability"]).all()  # the state before that step
    story = describe(parameters, {name: np.asarray(value) for name, value in answer.items()})
    assert any("Training stopped" in note for note in story.notes)


def test_no_sequence_left_is_said() -> None:
    parameters = technique(NAME).read({**TINY, "ordering": "time"})
    given_ = arguments_of(technique(NAME), parameters) | {"report": lambda *_: None}
    maps, labels = given_["trained_on"]
    answer = time_distributed_cnn_gru(**given_ | {"trained_on": (maps, np.zeros_like(labels))})
    assert "there was no sequence to train on" in answer["stopped"]
    story = describe(parameters, {name: np.asarray(value) for name, value in answer.items()})
    assert story.facts["sequences"] == 0


def test_the_largest_values_of_a_map_do_not_tell_storms() -> None:
    """Why pooling over raw pixels cannot learn: both classes have the same largest values."""
    maps, labels = weather(4000, 12, 0.5, 3)
    largest = maps.max(axis=(1, 2))
    for channel in range(3):
        calm, storm = (np.sort(largest[labels == kind, channel]) for kind in (0, 1))
        apart = np.abs(
            np.quantile(calm, np.linspace(0.1, 0.9, 9)) - np.quantile(storm, np.linspace(0.1, 0.9, 9))
        )
        assert apart.max() < 0.12
    turning = (maps[:, :, 7:, 1].mean(axis=(1, 2)) - maps[:, :, :5, 1].mean(axis=(1, 2))) > 0
    assert np.mean(turning == labels) > 0.8  # where the wind blows which way does tell


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.95])
def test_the_weather_keeps_its_share_of_storms_and_its_memory(rate: float) -> None:
    _, labels = weather(6000, 8, rate, 0)
    assert labels.mean() == pytest.approx(rate, abs=0.05)
    assert np.mean(labels[1:] != labels[:-1]) == pytest.approx(2 * rate * (1 - rate) / 5, abs=0.02)


LABELS = st.lists(st.sampled_from([0.0, 1.0]), min_size=48, max_size=48).map(np.array)


@settings(max_examples=15)
@given(labels=LABELS, ordering=st.sampled_from(["time", "class"]), skips=st.booleans(), posted=st.booleans())
def test_sequences_are_cut_as_the_question_says(
    labels: Any, ordering: str, skips: bool, posted: bool
) -> None:
    """Against loops: 2 batches of 24 maps, stacks of four sequences of 3."""
    expected = []
    place = sorted(range(48), key=lambda at: (labels[at] if ordering == "class" else 0, at))
    for batch in (place[:24], place[24:]):
        for start in range(0, 2 if posted else 24, 12):
            stack = batch[start : start + 12]
            expected += [stack[at : at + 3] for at in range(0, len(stack), 3)]
    expected = [row for row in expected if not skips or any(labels[at] for at in row)]
    found = ordered(labels, 3, 24, ordering, skips, posted)
    assert found.tolist() == expected


def test_layers_are_keras_layers() -> None:
    """The GRU and the convolution written out, against Keras with the same weights; counts by formula."""
    import keras
    import tensorflow as tf

    weights = first_weights(4, 4, 5, 1, 0)
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8, 3))
    weights = {name: value + (0.1 if "bias" in name else 0) for name, value in weights.items()}
    found = forward(
        x, {name: tf.constant(value) for name, value in weights.items()}, "features", True, "sigmoid"
    )
    y = x
    for number in (1, 2):
        kernel = weights[f"kernel{number}"]
        layer = keras.layers.Conv2D(kernel.shape[-1], 3, 2, "same", activation="relu", dtype="float64")
        y = keras.layers.TimeDistributed(layer, dtype="float64")(y)
        layer.set_weights([kernel, weights[f"bias{number}"]])
        y = found[f"conv{number - 1}"] if number > 1 else x
        y = keras.layers.TimeDistributed(layer, dtype="float64")(y)
        np.testing.assert_allclose(y, found[f"conv{number}"], rtol=1e-9, atol=1e-9)
    layer = keras.layers.GRU(5, return_sequences=True, dtype="float64")
    layer.build((2, 3, 4))
    layer.set_weights([weights["gru_kernel"], weights["gru_recurrent"], weights["gru_bias"]])
    np.testing.assert_allclose(layer(found["features"]), found["states"], rtol=1e-9, atol=1e-9)
    named = {"frames": 3, "size": 8, "cnn": "features", "features": 4, "units": 5, "return_sequences": True}
    counted = sum(layer.weights for layer in layers_of(**named, head="sigmoid")[0])
    assert counted == sum(value.size for value in weights.values())


@pytest.mark.parametrize(
    ("head", "loss"),
    [("sigmoid", "BCE"), ("softmax over frames", "CCE"), ("softmax over frames", "BCE"), ("softmax of one unit", "BCE"),
     ("softmax of one unit", "CCE")],
)  # fmt: skip
def test_losses_are_those_of_keras_in_a_graph(head: str, loss: str) -> None:
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(2)
    logits, labels = generator.normal(size=(4, 5)), (generator.random((4, 5)) < 0.4).astype(float)
    by_keras = keras.losses.binary_crossentropy if loss == "BCE" else keras.losses.categorical_crossentropy

    def activated(values: Any) -> Any:
        if head == "sigmoid":
            return tf.sigmoid(values)
        return tf.nn.softmax(values) if head == "softmax over frames" else tf.ones_like(values)

    asked = tf.function(lambda values: by_keras(tf.constant(labels), activated(values)))
    given_ = tf.constant(logits)
    ours = loss_of(labels, {"logits": given_, "probability": activated(given_)}, head, loss)
    np.testing.assert_allclose(ours, asked(given_), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "state",
    [{**REPAIRED}, {}, {**REPAIRED, "return_sequences": False}, {**REPAIRED, "cnn": "posted", "frames": 4}],
    ids=["repaired", "posted", "last state", "pooling alone"],
)
def test_every_map_is_the_jacobians_support(state: dict[str, Any]) -> None:
    """Exact maps hold exactly; where values decide (ReLU, max), what differs is linked."""
    import tensorflow as tf

    results = here(**{"epochs": 1, **state})
    parameters = technique(NAME).read({**TINY, "epochs": 1, **state})
    story = describe(parameters, results)
    generator = np.random.default_rng(1)
    read = 3 if parameters["cnn"] == "posted" else parameters["features"]
    outputs = 1 if parameters["return_sequences"] else parameters["frames"]
    shapes = first_weights(read, parameters["features"], parameters["units"], outputs, 0)
    weights = {name: tf.constant(generator.uniform(0.01, 0.1, value.shape)) for name, value in shapes.items()}
    x = tf.constant(generator.uniform(0.1, 1, results["x"].shape))
    network = {
        "cnn": parameters["cnn"],
        "sequences": parameters["return_sequences"],
        "head": parameters["head"],
    }
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, weights])
        found = forward(x, weights, **network) | weights | {"x": x}
        found["losses"] = loss_of(results["labels"], found, parameters["head"], parameters["loss"])
        asked = {name: tf.reshape(value, [-1]) for name, value in found.items()}
        rows = {name: sorted({0, value.shape[0] // 2, value.shape[0] - 1}) for name, value in asked.items()}
        picked = {name: [asked[name][row] for row in rows[name]] for name in asked}
    compared = 0
    for step in story.steps:
        for source in step.reads if step.map else ():
            if source not in found:
                continue
            for row, value in zip(rows[step.writes], picked[step.writes], strict=True):
                cell = tuple(int(at) for at in np.unravel_index(row, found[step.writes].shape))
                slope = tape.gradient(value, found[source])
                differ = (
                    {tuple(map(int, at)) for at in np.argwhere(np.asarray(slope) != 0)}
                    if slope is not None
                    else set()
                )
                within = {source: tuple(found[source].shape)}
                linked = step.map.linked(step.writes, Region.cell(cell), source, within=within).cells()
                assert differ <= linked, (step.operation, source, cell)
                assert not step.map.exact or differ == linked, (step.operation, source, cell)
                compared += 1
    assert compared >= 20


def test_a_state_has_seen_no_later_map() -> None:
    import tensorflow as tf

    weights = {name: tf.constant(value) for name, value in first_weights(2, 2, 3, 1, 0).items()}
    x = np.random.default_rng(0).normal(size=(1, 5, 2))
    later = x.copy()
    later[0, 3:] += 1
    before, after = np.asarray(gru(tf.constant(x), weights)), np.asarray(gru(tf.constant(later), weights))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).all()


def test_shuffled_maps_hold_the_same_pixels() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 4, 3))
    moved = shuffled(x, 0)
    assert (moved != x).any()
    np.testing.assert_array_equal(
        np.sort(moved.reshape(2, 3, 16, 3), axis=2), np.sort(x.reshape(2, 3, 16, 3), axis=2)
    )


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"frames": 1}, "train the CNN alone"),
        ({"frames": 31}, "nearest allowed value is 30"),
        ({"cnn": "called"}, "four axes: GlobalMaxPool2D takes (maps, height, width, channels)"),
        ({"labels": 1}, "15, one for each map"),
        ({"batch": 59}, "all input arrays must have the same shape"),
        ({"head": "sigmoid"}, "a sigmoid answers each map by itself"),
        ({"head": "softmax of one unit"}, "a unit for each frame, not one"),
        ({"size": 600}, "MiB of tensors"),
        ({"size": 7}, "nearest allowed value is 8"),
        ({"rate": 0}, "nearest allowed value is 0.0001"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


@pytest.mark.parametrize(("frames", "batch"), [(30, 31), (7, 960), (29, 2), (2, 959)])
def test_a_remedy_for_a_batch_is_taken(frames: int, batch: int) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, {"frames": frames, "batch": batch})
    engine.check(NAME, {"frames": frames, "batch": batch} | (refusal.value.remedy or {}))


def test_a_batch_of_whole_sequences_is_cut_and_trained_on() -> None:
    found = here(batch=9, ordering="time", skip_empty=False, posted_range=False)
    assert found["order"].shape == (48, 3)
    np.testing.assert_array_equal(np.sort(found["order"].ravel()), np.arange(144))


def test_a_run_without_sequences_draws() -> None:
    """Curves of NaN, an empty order: nothing on the page needs more than one epoch of nothing."""
    from pages.kit.labs import labs

    lab = labs()[NAME].lab
    parameters = technique(NAME).read({**TINY, "ordering": "time"})
    given_ = arguments_of(technique(NAME), parameters) | {"report": lambda *_: None}
    maps, labels = given_["trained_on"]
    answer = time_distributed_cnn_gru(**given_ | {"trained_on": (maps, np.zeros_like(labels))})
    story = describe(parameters, {name: np.asarray(value) for name, value in answer.items()})
    trace = engine.Trace(NAME, parameters, story.tensors, tuple(story.steps), story.facts)
    assert lab.panels(trace)
    assert lab.facts(trace)
    assert lab.curves
    assert all(len(curve.values) == 1 for curve in lab.curves(trace))
    assert all(chart.figure(trace)["data"] and chart.alt(trace) for chart in lab.charts)
    assert all(len(set(one.answers(trace))) >= 2 and one.why(trace) for one in lab.predictions)
