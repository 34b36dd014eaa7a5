"""Narrowing one axis: golden values, TensorFlow's own operations, dependencies, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.convolution.anisotropic_strided_conv_sizes import WAYS
from tests.strategies import parameters_of

GOLDEN = {
    one["name"]: one
    for one in json.loads((Path(__file__).parent / "golden/anisotropic-strided-conv.json").read_text())
}
LAB = "anisotropic-strided-conv"
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


def test_golden_shapes() -> None:
    pool, strided, full = (GOLDEN[name] for name in ("pool_shape", "strided_shape", "full_width_shape"))
    trace = run()
    assert list(trace["volume"].shape) == pool["inputs"]["input"]
    assert list(trace["x"].shape) == pool["expected"] == strided["inputs"]["input"]
    assert list(trace["y"].shape) == strided["expected"]
    wide = run(mode="full-width")
    assert list(wide["conv"].shape) == full["expected"]["conv"]
    assert list(wide["y"].shape) == full["expected"]["reshaped"]
    assert wide["w"].size == wide.facts["weights"] == full["expected"]["weights"]


def test_golden_values() -> None:
    golden = GOLDEN["values_s2"]
    x, kernel = golden["inputs"]["x"], golden["inputs"]["kernel"]
    trace = run(
        width=len(x),
        channels=1,
        row=x,
        taps=kernel,
        kernel=len(kernel),
        stride=golden["inputs"]["stride"],
        padding=golden["inputs"]["padding"],
    )
    np.testing.assert_allclose(trace["x"].ravel(), x)
    np.testing.assert_allclose(trace["y"].ravel(), golden["expected"], atol=golden["tolerance"])


def test_the_three_ways_of_the_question_need_18_288_and_32_weights() -> None:
    weights = {way["way"]: way["weights"] for way in run().facts["ways"]}
    assert weights == {"stride": 18, "full-width": 288, "mix": 32, "depthwise": 6}


@given(data=st.data())
def test_it_is_tensorflows_own_convolution(data: st.DataObject) -> None:
    """Sizes, pads and values are those of tf.nn, and the other way round gives the same numbers."""
    import tensorflow as tf

    parameters = data.draw(parameters_of(engine.technique(LAB), most=7))
    trace = run(**parameters)
    mode, strides, x, w = parameters["mode"], trace.facts["strides"], trace["x"], trace["w"]
    np.testing.assert_array_equal(x, tf.nn.max_pool2d(trace["volume"], 2, 2, "VALID"))
    if mode == "stride":
        theirs = tf.nn.conv2d(x, w, strides, parameters["padding"])
    elif mode == "depthwise":
        equal = [1, strides[2], strides[2], 1]
        theirs = tf.nn.depthwise_conv2d(x, w, equal, parameters["padding"])
    elif mode == "mix":
        theirs = np.einsum("nhwc,wv->nhvc", x, w)
    else:
        theirs = np.reshape(x.ravel() @ w.reshape(x.size, -1), trace["y"].shape)
    assert trace["y"].shape == trace.facts["output_shape"] == tuple(theirs.shape)
    scale = max(1.0, float(np.abs(trace["y"]).max()))
    np.testing.assert_allclose(trace["y"], theirs, atol=1e-4 * scale)
    assert trace.facts["difference"] <= 1e-4 * scale


@given(data=st.data())
def test_dependencies_are_the_windows(data: st.DataObject) -> None:
    """By gradient and by index map, for the way on the stage; random weights hold no zero."""
    parameters = data.draw(parameters_of(engine.technique(LAB), most=5)) | {"taps": None, "weights": "random"}
    trace = run(**parameters)
    columns, depth = trace["y"].shape[2:]
    width, channels = trace["x"].shape[2:]
    matrix = trace["depends_" + parameters["mode"].replace("-", "_")]
    pairs = matrix.reshape(columns, depth, width, channels) != 0
    for step in trace.steps:
        if step.writes not in ("y", "conv") or "x" not in step.reads:
            continue
        for column, channel in np.ndindex(columns, depth):
            cell = (0, 0, 0, column * depth + channel) if step.writes == "conv" else (0, 0, column, channel)
            found = step.map.linked(step.writes, cell, "x", within={"x": trace["x"].shape}).cells()
            assert found == {(0, 0, int(i), int(c)) for i, c in np.argwhere(pairs[column, channel])}


def test_the_matrix_links_its_two_cells() -> None:
    trace = run(filters=2)
    by_name = {step.reads[0]: step.map for step in trace.steps if step.operation == "GradientTape"}
    assert by_name["y"].linked("depends_stride", (5, 7), "y").cells() == {(0, 0, 2, 1)}
    assert by_name["x"].linked("depends_stride", (5, 7), "x").cells() == {(0, 0, 2, 1)}
    assert by_name["x"].linked("depends_stride", (0, 23), "x").cells() == {(0, 0, 7, 2)}


def test_dependency_patterns_of_the_question() -> None:
    """Blocks on the diagonal; dense; dense over the width with channels apart; both restrictions."""
    trace = run()
    halves, apart = np.kron(np.eye(4), np.ones((1, 2))), np.eye(3)
    expected = {
        "stride": np.kron(halves, np.ones((3, 3))),
        "full_width": np.ones((12, 24)),
        "mix": np.kron(np.ones((4, 8)), apart),
        "depthwise": np.kron(halves, apart),
    }
    for way, pattern in expected.items():
        np.testing.assert_array_equal(trace["depends_" + way] != 0, pattern)
    assert [way["pairs"] for way in trace.facts["ways"]] == [72, 288, 96, 24]


def test_only_the_kernel_on_the_stage_has_a_gradient() -> None:
    for mode in WAYS:
        assert run(mode=mode).facts["without_gradient"] == [way for way in WAYS if way != mode]


def test_same_halves_the_mass_of_the_last_window() -> None:
    trace = run(width=9, padding="SAME", pattern="ones", weights="ones")
    assert trace["y"][0, 0, :, 0].tolist() == [6, 6, 6, 6, 3]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"width": 9}, "Column 8 of x is dropped: no further window of 2 fits"),
        ({"width": 9, "kernel": 1, "stride": 2}, "Columns 1, 3, 5, 7 of x are skipped"),
        ({"width": 9, "padding": "SAME"}, "zeros, 0 before and 1 after the row"),
        ({"mode": "mix", "out_width": 12}, "12 columns out of 8: this widens the row."),
        ({"strides": "1,1,4,1"}, "the width moves by 4, not by 2"),
    ],
    ids=str,
)
def test_notes(settings: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**settings).notes)


def test_even_columns_need_no_note() -> None:
    assert not run().notes


def test_a_typed_row_is_what_pooling_finds() -> None:
    row = [float(number) for number in range(24, 0, -1)]
    trace = run(row=row)
    assert trace["x"].ravel().tolist() == row
    assert trace["volume"].shape == (1, 2, 16, 3)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"kernel": 9}, "received 9 for a row of 8 columns; expected at most 8 with VALID"),
        ({"kernel": 9}, "uninitialised memory"),
        ({"kernel": 32, "stride": 32}, "at most 8 with VALID"),
        ({"width": 1}, "at most 1 with VALID"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"stride": -2}, "nearest allowed value is 1"),
        ({"kernel": 0}, "nearest allowed value is 1"),
        ({"width": 1e9}, "nearest allowed value is 32"),
        ({"strides": "1,1,0,1"}, "1 or more in every place"),
        ({"strides": "2,1,2,1"}, "strides over the batch"),
        ({"strides": "1,1,2,2"}, "does not yet support strides in the batch and depth dimensions"),
        ({"strides": "2,1,1,2"}, "strides over the batch and the depth"),
        ({"strides": "1,1,2"}, "strides should be of length 1, 2 or 4"),
        ({"strides": "1,1,2.5,1"}, "change entry 3"),
        ({"mode": "depthwise", "strides": "1,1,2,1"}, "only supports equal length strides"),
        ({"padding": "same"}, "write SAME: the spelling counts"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"padding": "full"}, "choose one of VALID, SAME"),
        ({"kernel_channels": 2}, "input depth must be evenly divisible by filter depth"),
        ({"kernel_channels": 1}, "run 3 groups of 1"),
        ({"row": "1,2,3"}, "received 3 numbers; expected 24, for 8 columns of 3"),
        ({"taps": "1,2,3"}, "received 3 numbers; expected 18, for a kernel of 1 x 2 x 3 x 3"),
        ({"row": "1,nan"}, "entry 2 is not a finite number"),
        ({"mode": "conv"}, "one of stride, full-width, mix, depthwise"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(LAB, {**bad, **refusal.value.remedy})


def test_strides_of_one_and_two_numbers_are_height_and_width() -> None:
    assert run(strides="2").facts["strides"] == (1, 2, 2, 1)
    assert run(strides="3,2").facts["strides"] == (1, 3, 2, 1)
    np.testing.assert_array_equal(run(strides="3,2")["y"], run()["y"])


def test_the_largest_row_is_within_the_budget() -> None:
    trace = run(width=32, channels=8, out_width=32, kernel=32, stride=1, padding="SAME", mode="full-width")
    assert trace["depends_full_width"].shape == (256, 256)


def test_a_strided_kernel_of_one_column_has_a_gradient() -> None:
    """tf.nn.conv2d's own gradient ends the process here, on CPUs with oneDNN."""
    for seed in range(4):
        trace = run(width=32, channels=8, kernel=1, stride=5, seed=seed)
        assert trace.facts["unread"] == [column for column in range(32) if column % 5]
