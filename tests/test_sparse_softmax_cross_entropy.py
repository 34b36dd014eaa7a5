"""Sparse softmax cross-entropy: golden values, TensorFlow's and Keras' own, edge cases, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.losses.sparse_softmax_cross_entropy import WAYS

LAB = "sparse-softmax-cross-entropy"
FAR = {"logits": (-60, 60), "label": (0,), "way": "keras-probabilities"}
BY_HAND = ("steps", "naive", "double", "binary", "binary-sigmoid")
pytestmark = pytest.mark.usefixtures("warm_engine")

GOLDEN = {  # logits [0, 1, 2], label 1, in the question's shapes
    "question": ([[[1.40760589]]], 1e-6),
    "softmax": ([0.0900305659, 0.244728476, 0.665240884], 1e-6),
    "gradient": ([0.0900305733, -0.755271554, 0.665240943], 1e-6),
    "shift_and_extreme": ([1.40760589, 1000.0], 1e-4),  # label 1 of [100, 101, 102]; label 0 of [0, 1000]
}


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


def loss(**parameters: Any) -> float:
    return float(run(**parameters).facts["loss"])


def golden(name: str, found: Any) -> None:
    expected, tolerance = GOLDEN[name]
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_golden_values() -> None:
    trace = run()
    assert trace["logits"].shape == (1, 1, 1, 3)
    assert trace["loss"].shape == (1, 1, 1)
    golden("question", trace["loss"])
    golden("softmax", trace["softmax"][0, 0, 0])
    golden("gradient", trace["gradient"][0, 0, 0])
    golden("gradient", trace["difference"][0, 0, 0])
    golden("shift_and_extreme", [loss(logits=(100, 101, 102)), loss(logits=(0, 1000), label=(0,))])


def test_no_usual_mistake_gives_the_askers_number() -> None:
    assert loss(way="binary") == pytest.approx(2.596, abs=5e-4)
    assert loss(way="binary-sigmoid") == pytest.approx(3.133, abs=5e-4)
    assert loss(way="double") == pytest.approx(1.2177, abs=5e-5)


@pytest.mark.parametrize("shift", [-10_000, -100, 0.5, 100, 10_000])
def test_a_shift_changes_nothing(shift: float) -> None:
    assert loss(shift=shift) == pytest.approx(1.4076059, abs=1e-3)


def _by_definition(z: np.ndarray[Any, Any], label: int) -> dict[str, float]:
    """Each way's loss in float64, by its formula."""
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    again = np.exp(p) / np.exp(p).sum()
    others = np.arange(len(z)) != label
    sigmoid = 1 / (1 + np.exp(-z))
    right = -np.log(p[label])
    cut = np.clip(z, 1e-7, 1 - 1e-7)
    return {
        "tf": right,
        "steps": right,
        "naive": right,
        "double": -np.log(again[label]),
        "binary": right - np.log(1 - p[others]).sum(),
        "binary-sigmoid": -np.log(sigmoid[label]) - np.log(1 - sigmoid[others]).sum(),
        "keras": right,
        "keras-probabilities": right,
        "keras-raw": -np.log(cut[label] / cut.sum()),
    }


@settings(max_examples=12)
@given(
    logits=st.lists(st.floats(-5, 5, width=16), min_size=2, max_size=6),
    label=st.integers(0, 5),
    temperature=st.sampled_from([0.5, 1.0, 4.0]),
)
def test_every_way_is_its_formula(logits: list[float], label: int, temperature: float) -> None:
    label %= len(logits)
    given_values = {"logits": logits, "label": (label,), "temperature": temperature, "dtype": "float64"}
    expected = _by_definition(np.array(logits) / temperature, label)
    told = run(**given_values).facts
    assert set(told["ways"]) == set(WAYS)
    assert set(told["in_graph"]) == set(WAYS) - set(BY_HAND)
    for way, found in told["in_graph"].items():  # there Keras finds the logits behind the probabilities
        assert found == pytest.approx(expected[way], rel=1e-5, abs=1e-6), way
    expected["keras-probabilities"] = min(expected["keras-probabilities"], -np.log(1e-7))  # it cuts them
    for way, found in told["ways"].items():
        assert found == pytest.approx(expected[way], rel=1e-5, abs=1e-6), way
    one = WAYS[len(logits) % len(WAYS)]
    assert loss(**given_values, way=one) == pytest.approx(expected[one], rel=1e-5, abs=1e-6)


@settings(max_examples=12)
@given(data=st.data(), rows=st.integers(1, 3), columns=st.integers(1, 3), classes=st.integers(2, 4))
def test_a_picture_is_the_mean_of_its_kept_pixels_and_so_is_its_gradient(
    data: st.DataObject, rows: int, columns: int, classes: int
) -> None:
    """Ignored labels, the mean, and softmax − one-hot, held against the formulas in float64."""
    kinds = st.one_of(st.integers(0, classes - 1), st.just(255))
    labels = data.draw(st.lists(kinds, min_size=rows * columns, max_size=rows * columns))
    trace = run(
        mode="pixels",
        rows=rows,
        columns=columns,
        classes=classes,
        seed=data.draw(st.integers(0, 99)),
        labels=labels,
        ignore_class=255,
        reduction="keras",
    )
    z = trace["logits"].reshape(-1, classes).astype("float64")
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    kept = [place for place, label in enumerate(labels) if label != 255]
    losses = [-math.log(p[place, labels[place]]) for place in kept]
    slopes = np.zeros_like(p)
    for place in kept:
        slopes[place] = (p[place] - np.eye(classes)[labels[place]]) / len(kept)
    assert trace.facts["objective"] == pytest.approx(sum(losses) / max(1, len(kept)), abs=1e-5)
    np.testing.assert_allclose(trace["gradient"].reshape(-1, classes), slopes, atol=1e-6)


def test_ignored_labels_are_treated_as_keras_does() -> None:
    said = engine.run("loss-calls").facts["answers"]
    pair = {"mode": "pixels", "rows": 1, "columns": 2, "pixel_logits": (0, 1, 2) * 2, "ignore_class": 9}
    for labels, call in (((1, 9), "one of two ignored"), ((9, 9), "all ignored")):
        trace = run(**pair, labels=labels, reduction="keras")
        assert trace.facts["objective"] == pytest.approx(float(said[f"{call}, keras mean"]), abs=1e-6)


@pytest.mark.parametrize("way", BY_HAND)
@pytest.mark.parametrize("execution", ["eager", "graph"])
def test_the_steps_end_in_the_loss(way: str, execution: str) -> None:
    trace = run(way=way, execution=execution, logits=(0.3, -1, 2, 0))
    assert trace.facts["loss"] == pytest.approx(trace.facts["ways"][way], abs=1e-6)
    if way == "steps" and execution == "eager":
        assert trace["log_sum_exp"].item() - 0.3 == pytest.approx(loss(logits=(0.3, -1, 2, 0), label=(0,)))


def test_saturated_probabilities_depend_on_the_mode() -> None:
    eager, graph = run(**FAR), run(**FAR, execution="graph")
    assert eager.facts["loss"] == pytest.approx(16.118095, abs=1e-4)
    assert eager.facts["gradient"] == (0, 0)
    assert graph.facts["loss"] == 120
    assert graph.facts["gradient"] == (-1, 1)
    assert run(**FAR, execution="xla").facts["loss"] == 120
    assert any("16.12 eagerly and 120 in a graph" in note for note in eager.notes)


def test_naive_overflows_and_the_operation_does_not() -> None:
    far = {"logits": (0, 1000)}
    assert loss(**far, label=(0,), way="naive") == math.inf
    assert math.isnan(loss(**far, label=(1,), way="naive"))
    for way in ("tf", "steps", "keras"):
        assert loss(**far, label=(0,), way=way) == 1000
        assert loss(**far, label=(1,), way=way) == 0
    assert any("overflows" in note for note in run(**far, label=(0,), way="naive").notes)


def test_infinite_logits() -> None:
    assert loss(logits="0,-inf,2") == math.inf
    assert loss(logits="0,-inf,2", label=(0,)) == pytest.approx(math.log(1 + math.e**2))
    trace = run(logits="-inf,-inf")
    assert math.isnan(trace.facts["loss"])
    assert any("Every class is ruled out" in note for note in trace.notes)


def test_a_label_that_is_no_class_is_nan_under_xla_and_an_error_elsewhere() -> None:
    trace = run(label=(3,), execution="xla")
    assert math.isnan(trace.facts["loss"])
    assert np.isnan(trace["gradient"]).all()
    assert any("Label 3 is none of the classes 0 to 2" in note for note in trace.notes)
    for execution in ("eager", "graph"):
        with pytest.raises(engine.Rejected, match=r"outside the valid range of \[0, 3\)"):
            run(label=(3,), execution=execution)


def test_a_tie_costs_the_logarithm_of_the_classes_and_the_first_wins() -> None:
    trace = run(logits=(1, 1, 1))
    assert trace.facts["loss"] == pytest.approx(math.log(3))
    assert trace.facts["largest_class"] == 0


def test_every_pixel_ignored() -> None:
    empty = {"mode": "pixels", "rows": 2, "columns": 2, "labels": (255,) * 4, "ignore_class": 255}
    lost = run(**empty, reduction="mean of kept")
    assert math.isnan(lost.facts["objective"])
    assert np.isnan(lost["gradient"]).all()
    for reduction in ("keras", "mean", "sum"):
        trace = run(**empty, reduction=reduction)
        assert trace.facts["objective"] == 0
        assert not trace["gradient"].any()
        assert not trace["one_hot"].any()


def test_one_class_has_nothing_to_learn() -> None:
    trace = run(logits="5", label=(0,))
    assert trace.facts["loss"] == 0
    assert trace.facts["gradient"] == (0,)
    assert any("one class" in note for note in trace.notes)


def test_keras_takes_what_tf_refuses() -> None:
    for handed in ("extra axis", "fractions"):
        trace = run(way="keras", labels_as=handed)
        assert trace.facts["loss"] == pytest.approx(1.4076059)
        assert trace.notes


def test_the_gradient_of_a_label_is_none() -> None:
    assert run().facts["label_gradient_is_none"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"label": (3,)}, "received 3; expected 0 to 2: 3 classes are counted from 0"),
        ({"label": (3,)}, "count from 1 need 1 taken away"),
        ({"label": (-1,)}, "name this label as ignore_class"),
        ({"label": "1.5"}, "1.7 becomes class 1"),
        ({"label": ""}, "this has 0"),
        ({"logits": ""}, "Must have at least one class"),
        ({"logits": "0,nan,1"}, "a NaN logit makes the loss and every gradient of its row NaN"),
        ({"logits": "0,inf"}, "entry 2 is not a finite number"),
        ({"logits": list(range(11))}, "this has 11"),
        ({"dtype": "int32"}, "Value for attr 'T' of int32"),
        ({"labels_as": "extra axis"}, "labels of shape [1, 1, 1, 1]; expected [1, 1, 1]"),
        ({"labels_as": "extra axis"}, "tf.squeeze(labels, -1)"),
        ({"labels_as": "one-hot"}, "labels of shape [1, 1, 1, 3]"),
        ({"labels_as": "one-hot", "way": "keras"}, "Argument `output` must have rank (ndim) `target.ndim - 1`"),
        ({"labels_as": "swapped"}, "`labels.shape.rank` must equal `logits.shape.rank - 1`"),
        ({"labels_as": "fractions"}, "Value for attr 'Tlabels' of float"),
        ({"mode": "pixels", "labels": "1,2"}, "2 numbers; expected 20 for 4 x 5 pixels"),
        ({"mode": "pixels", "pixel_logits": "1,2"}, "expected 60 for 4 x 5 pixels x 3 classes"),
        ({"mode": "pixels", "classes": 0}, "nearest allowed value is 1"),
        ({"mode": "pixels", "rows": 2, "pixel": "3x0"}, "row 0 to 1"),
        ({"mode": "pixels", "rows": 1, "columns": 1, "labels": "7", "ignore_class": 255}, "or 255, which is ignored"),
        ({"ignore_class": 999}, "nearest allowed value is 255"),
        ({"execution": "tpu"}, "one of eager, graph, xla"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(LAB, {**bad, **refusal.value.remedy})


def test_what_others_refuse_is_tensorflows_own_sentence() -> None:
    """The sentences quoted in refusals are what the installed version says."""
    said = engine.run("loss-calls").facts["answers"]
    assert "outside the valid range of [0, 3)" in said["label too large, eager"]
    assert said["label too large, xla"] == "nan"
    assert said["label too large, one_hot"] in ("0", "-0")
    rank = "`labels.shape.rank` must equal `logits.shape.rank - 1`"
    assert rank in said["(logits, labels)"]
    assert rank in said["labels [n, 1], tf.nn"]
    assert "Value for attr 'Tlabels' of float" in said["labels 1.7, tf.nn"]
    assert "Value for attr 'T' of int32" in said["integer logits"]
    assert "Must have at least one class, but got logits shape [1,0]" in said["no class"]
    assert said["empty batch"] == "[]"
    assert said["extreme, tf.nn"] == "1000"
