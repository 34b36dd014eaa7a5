"""From data to loss: what TensorFlow says today, that every repair works, and that nothing stays unexplained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.code import code
from engine.losses.model_boundary import ACTIVATIONS, BODIES, LABELS, LOSSES
from engine.losses.model_boundary_messages import full, headline, meaning

LAB = "model-boundary"
VALUES = {"labels": "values", "units": 1, "activation": "none"}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


def softmax(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    shifted = np.exp(z.astype("float64") - z.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def cross_entropy(trace: engine.Trace, labels: np.ndarray[Any, Any]) -> float:
    p = softmax(trace["logits"])
    return float(-np.log(p[np.arange(len(p)), labels]).mean())


ERRORS = [
    ({}, "loss", "ValueError: Arguments `target` and `output` must have the same rank (ndim). Received: target.shape=(4,), output.shape=(4, 3)"),
    ({"labels": "integers-column"}, "loss", "must have the same shape. Received: target.shape=(4, 1), output.shape=(4, 3)"),
    ({"labels": "one-hot", "loss": "sparse"}, "loss", "Argument `output` must have rank (ndim) `target.ndim - 1`. Received: target.shape=(4, 3)"),
    ({"labels": "from-one", "loss": "sparse"}, "loss", "Received a label value of 3 which is outside the valid range of [0, 3)."),
    ({"loss": "mse"}, "loss", "Incompatible shapes: [4] vs. [4,3]"),
    ({"loss": "sparse", "label_count": 2}, "loss", "must have the same shape up until the last dimension: target.shape=(2,), output.shape=(4, 3)"),
    ({"loss": "sparse", "label_count": 2, "way": "fit"}, "fit", "Data cardinality is ambiguous."),
    ({"batch": "one"}, "model", "Expected shape (None, 6, 6), but input has incompatible shape (6, 6)"),
    ({"batch": "nested"}, "model", "Expected shape (None, 6, 6), but input has incompatible shape (1, 4, 6, 6)"),
    ({"body": "conv2d"}, "model", "expected min_ndim=4, found ndim=3. Full shape received: (None, 6, 6)"),
    ({"body": "conv2d", "input_shape": (6, 6, 3)}, "model", "Expected shape (None, 6, 6, 3), but input has incompatible shape (4, 6, 6)"),
    ({"data": (12, 6, 7), "input_shape": (6, 6)}, "model", "expected axis -1 of input shape to have value 36, but received input with shape (4, 42)"),
    ({"data": (12, 6, 7), "input_shape": (6, 6), "api": "functional"}, "model", "expected shape=(None, 6, 6), found shape=(4, 6, 7)"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "stopped", "says"), ERRORS, ids=str)
def test_the_errors_are_keras_own_and_explained_and_repaired(
    parameters: dict[str, Any], stopped: str, says: str
) -> None:
    told = run(**parameters).facts
    assert told["verdict"] == "error"
    assert told["stopped"] == stopped
    assert says in told["headline"]
    assert told["meaning"]
    assert told["faults"]
    assert told["repaired_error"] == ""
    assert np.isfinite(told["repaired_loss"])


SILENT = [
    ({"loss": "sparse"}, "right"),
    ({"labels": "one-hot"}, "right"),
    ({**VALUES, "loss": "mse"}, "right"),
    ({**VALUES, "loss": "hand"}, "wrong number"),
    ({**VALUES, "loss": "hand", "way": "fit"}, "forgiven"),
    ({**VALUES, "labels": "values-column", "loss": "hand"}, "right"),
    ({**VALUES, "labels": "values-column", "label_count": 1, "loss": "mse"}, "wrong number"),
    ({"loss": "sparse", "activation": "none"}, "wrong number"),
    ({"loss": "sparse", "activation": "none", "from_logits": True}, "right"),
    ({"loss": "sparse", "from_logits": True}, "forgiven"),
    ({"loss": "sparse", "from_logits": True, "way": "numpy"}, "wrong number"),
    ({"loss": "sparse", "activation": "softmax-batch"}, "wrong answers"),
    ({"loss": "sparse", "activation": "softmax-batch", "way": "numpy"}, "wrong number"),
    ({"loss": "sparse", "activation": "sigmoid"}, "wrong answers"),
    ({"classes": 2, "units": 1, "activation": "sigmoid", "loss": "binary"}, "right"),
    ({"classes": 2, "units": 1, "loss": "binary", "way": "numpy"}, "wrong number"),
    ({"body": "conv2d", "input_shape": (6, 6, 1), "loss": "sparse"}, "forgiven"),
    ({"data": (12, 6, 2), "body": "lstm", "input_shape": (9, 2), "loss": "sparse"}, "forgiven"),
]


@pytest.mark.parametrize(("parameters", "verdict"), SILENT, ids=str)
def test_what_ends_in_a_number_is_right_forgiven_or_wrong(parameters: dict[str, Any], verdict: str) -> None:
    told = run(**parameters).facts
    assert told["verdict"] == verdict
    assert not told["error"]
    assert bool(told["faults"]) == (verdict != "right")


def test_the_repairs_number_is_the_loss_by_definition() -> None:
    trace = run()
    numbers = trace["repaired_y"].argmax(axis=-1)
    assert trace.facts["repaired_loss"] == pytest.approx(cross_entropy(trace, numbers), rel=1e-5)
    np.testing.assert_array_equal(numbers, trace["y"])
    again = run(loss="sparse", activation="none")
    assert again.facts["repaired_loss"] == pytest.approx(cross_entropy(again, again["y"]), rel=1e-5)


def test_a_row_against_a_column_is_a_table() -> None:
    trace = run(**VALUES, loss="hand")
    y, output = trace["y"].astype("float64"), trace["output"].astype("float64")
    np.testing.assert_allclose(trace["differences"], y[None, :] - output, rtol=1e-5)
    assert trace["differences"].shape == (4, 4)
    assert trace.facts["loss"] == pytest.approx(((y[None, :] - output) ** 2).mean(), rel=1e-5)
    assert trace.facts["repaired_loss"] == pytest.approx(((y[:, None] - output) ** 2).mean(), rel=1e-5)


def test_logits_taken_for_probabilities_are_cut_and_shared_out() -> None:
    trace = run(loss="sparse", activation="none", way="numpy")
    cut = np.clip(trace["logits"].astype("float64"), 1e-7, 1 - 1e-7)
    shares = cut[np.arange(4), trace["y"]] / cut.sum(axis=-1)
    by_hand = -np.log(cut[np.arange(4), trace["y"]]).mean(), -np.log(shares).mean()
    assert min(abs(trace.facts["loss"] - value) for value in by_hand) < 1e-3


def test_softmax_over_the_batch_gives_answers_that_are_no_probabilities() -> None:
    trace = run(loss="sparse", activation="softmax-batch")
    np.testing.assert_allclose(trace["output"].sum(axis=0), np.ones(3), rtol=1e-5)
    np.testing.assert_allclose(trace["output"], softmax(trace["logits"].T).T, rtol=1e-4)
    assert trace.facts["loss"] == pytest.approx(cross_entropy(trace, trace["y"]), rel=1e-5)


def test_softmax_over_one_unit_has_no_gradient_on_numbers() -> None:
    trace = run(classes=2, units=1, loss="binary", way="numpy")
    assert (trace["output"] == 1).all()
    assert trace.facts["largest_gradient"] == 0
    assert trace.facts["repaired_gradient"] > 0


def test_the_pieces_are_the_models_own() -> None:
    for body in BODIES:
        shape = {"conv2d": (6, 4, 4, 2)}.get(body, (6, 5, 2))
        trace = run(data=shape, body=body, loss="sparse")
        assert trace.facts["apart"] < 1e-6
        losses = trace["repaired_losses" if "repaired_losses" in trace.tensors else "losses"]
        assert trace.facts["repaired_loss"] == pytest.approx(float(losses.mean()), rel=1e-5)


def test_a_head_on_four_axes_is_computed_right() -> None:
    """tf.matmul of (6, 1, 4, 8) and (8, 3) gives wrong numbers and corrupts memory; tensordot does not."""
    trace = run(data=(6, 1, 4, 4), body="dense", loss="mse", labels="values", units=3, batch_size=6)
    expected = trace["features"].astype("float64") @ trace["kernel"].astype("float64")
    np.testing.assert_allclose(trace["logits"], expected, atol=1e-5)
    assert trace.facts["apart"] < 1e-6


def test_channels_move_and_are_not_mixed() -> None:
    trace = run(data=(4, 3, 6, 6), body="conv2d", input_shape=(6, 6, 3), loss="sparse")
    assert trace.facts["stopped"] == "model"
    np.testing.assert_array_equal(trace["repaired_x"], np.moveaxis(trace["x"], 1, -1))


SHAPES = [(6,), (5, 4), (5, 16), (6, 4, 4), (6, 4, 4, 1), (6, 1, 4, 4), (3, 4, 4, 3), (2, 2, 2, 2, 2)]
INPUTS = [None, None, None, (4,), (16,), (4, 4), (4, 4, 1), (1, 4, 4), (1,), (3, 5), (2, 3, 4)]


@settings(max_examples=15)
@given(data=st.data())
def test_every_combination_ends_in_a_value_or_an_explained_error(data: st.DataObject) -> None:
    """Whatever is chosen: TensorFlow never refuses what was thought to fit, and the repair always works."""
    chosen = {
        "data": data.draw(st.sampled_from(SHAPES)),
        "input_shape": data.draw(st.sampled_from(INPUTS)),
        "labels": data.draw(st.sampled_from(LABELS)),
        "classes": data.draw(st.integers(2, 3)),
        "label_count": data.draw(st.sampled_from([None, None, None, 1, 3, 9])),
        "batch": data.draw(st.sampled_from(["rows", "rows", "one", "nested"])),
        "batch_size": data.draw(st.sampled_from([1, 3, 4])),
        "body": data.draw(st.sampled_from(BODIES)),
        "api": data.draw(st.sampled_from(["sequential", "functional"])),
        "units": data.draw(st.integers(1, 4)),
        "activation": data.draw(st.sampled_from(ACTIVATIONS)),
        "loss": data.draw(st.sampled_from(LOSSES)),
        "from_logits": data.draw(st.booleans()),
        "way": data.draw(st.sampled_from(["call", "numpy"])),
    }
    told = run(**chosen).facts
    assert told["repaired_error"] == ""
    assert np.isfinite(told["repaired_loss"])
    assert (told["verdict"] == "right") == (not told["faults"])
    if told["error"]:
        assert told["meaning"], told["headline"]


@pytest.mark.parametrize("state", [{}, {"batch": "one", "body": "conv2d", "data": (5, 4, 4, 1)}], ids=str)
def test_the_pasted_program_stops_with_the_same_words(state: dict[str, Any]) -> None:
    space: dict[str, Any] = {"__name__": "pasted"}
    exec(compile(code(LAB, **state), "pasted", "exec"), space)
    assert full(str(space["results"]["error"])) == run(**state).facts["error"]


def test_messages_are_cleaned_and_kept_whole() -> None:
    said = "ValueError: Exception encountered when calling Sequential.call().\n\n\x1b[1mInvalid input shape for input [[1. 2.]\n [3. 4.]] with name 'x' and path ''. Expected shape (None, 8), but input has incompatible shape (8,)\x1b[0m\n\nArguments"  # fmt: skip
    assert "\x1b" not in full(said)
    assert "3. 4." not in full(said)
    assert headline(said).startswith("ValueError: Invalid input shape for input […] with name 'x'")
    assert "(None, 8)" in meaning(said)
    assert meaning("OSError: no space left") == ""


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"data": (64, 64, 64)}, "262,144 values; expected at most 16,384"),
        ({"input_shape": (64, 64, 64)}, "262,144 values; expected at most 16,384"),
        ({"data": ()}, "this has 0"),
        ({"data": (4, 0)}, "change entry 2"),
        ({"data": "4,2.5"}, "change entry 2"),
        ({"data": (2, 2, 2, 2, 2, 2)}, "this has 6"),
        ({"units": 0}, "nearest allowed value is 1"),
        ({"loss": "hinge"}, "one of categorical, sparse, binary, mse, hand"),
    ],
    ids=str,
)
def test_only_what_is_too_large_is_refused(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(LAB, {**bad, **refusal.value.remedy})
