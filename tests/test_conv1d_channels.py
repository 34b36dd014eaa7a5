"""Conv1D and channels: golden values, Keras' own layers, windows by gradient, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from tests.strategies import parameters_of

GOLDEN = {
    one["name"]: one
    for one in json.loads((Path(__file__).parent / "golden/conv1d-channels.json").read_text())
}
LAB = "conv1d-channels"
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_golden_kernel(padding: str) -> None:
    golden = GOLDEN["kernel_800x10"]
    trace = run(padding=padding)
    kernel, parameters, shape = golden["expected"][padding]
    assert list(trace["x"].shape[1:]) == golden["inputs"]["input"]
    assert list(trace["w"].shape) == kernel
    assert trace.facts["parameters"] == trace.facts["keras_parameters"] == parameters
    assert list(trace["y"].shape[1:]) == shape


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_golden_tiny(padding: str) -> None:
    golden = GOLDEN["tiny"]
    x, kernel = (np.array(golden["inputs"][name]) for name in ("x", "kernel"))
    trace = run(
        steps=x.shape[0],
        channels=x.shape[1],
        kernel=kernel.shape[0],
        filters=1,
        bias=False,
        padding=padding,
        signal=x.ravel(),
        taps=kernel.ravel(),
    )
    expected = golden["expected"][padding]
    np.testing.assert_allclose(trace["y"].ravel(), expected, atol=golden["tolerance"])
    np.testing.assert_allclose(trace["partial"].sum(axis=1), expected, atol=golden["tolerance"])


def test_golden_depthwise() -> None:
    for multiplier, (shape, parameters) in zip((1, 16), GOLDEN["depthwise"]["expected"], strict=True):
        trace = run(mode="depthwise", multiplier=multiplier, padding="same")
        assert list(trace["y"].shape[1:]) == shape
        assert trace.facts["parameters"] == trace.facts["keras_parameters"] == parameters


def test_golden_toy() -> None:
    kernel, parameters, shape = GOLDEN["toy3"]["expected"]
    trace = run(channels=3, filters=1)
    assert list(trace["w"].shape) == kernel
    assert trace.facts["keras_parameters"] == parameters
    assert list(trace["y"].shape[1:]) == shape


def test_same_pads_two_before_and_three_after() -> None:
    known = run(padding="same").facts
    assert known["pads"] == (2, 3)
    assert known["padded_outputs"] == 5
    assert run(padding="causal").facts["pads"] == (5, 0)


@given(data=st.data())
def test_it_is_keras_own_layer(data: st.DataObject) -> None:
    """Sizes, numbers and counts are those of the Keras layer, and of every other way to write it."""
    parameters = data.draw(parameters_of(engine.technique(LAB), most=7, small=True))
    trace = run(**parameters)
    known = trace.facts
    assert trace["y"].shape == known["output_shape"]
    assert trace["w"].shape == known["kernel_shape"]
    assert known["parameters"] == known["keras_parameters"]
    scale = max(1.0, float(np.abs(trace["y"]).max()), float(np.abs(trace["x"]).max()))
    assert max(known["apart"].values()) <= 1e-4 * scale, known["apart"]


@given(data=st.data())
def test_grouped_layers_are_keras_own(data: st.DataObject) -> None:
    """Not on the page, where Keras would compile every shape: so here."""
    import keras

    groups, per, filters = (data.draw(st.integers(1, 3)) for _ in range(3))
    padding = data.draw(st.sampled_from(["valid", "same", "causal"]))
    stride = data.draw(st.integers(1, 3))
    trace = run(
        mode="grouped",
        groups=groups,
        channels=groups * per,
        filters=groups * filters,
        steps=9,
        kernel=3,
        stride=stride,
        padding=padding,
    )
    layer = keras.layers.Conv1D(groups * filters, 3, strides=stride, padding=padding, groups=groups)
    layer.build(trace["x"].shape)
    layer.set_weights([trace["w"], trace["b"]])
    assert trace.facts["parameters"] == layer.count_params()
    np.testing.assert_allclose(trace["y"], layer(trace["x"]), atol=1e-5)


@given(data=st.data())
def test_channels_add_up_to_the_output(data: st.DataObject) -> None:
    parameters = data.draw(parameters_of(engine.technique(LAB), most=6, small=True))
    free = data.draw(st.integers(0, 10_000))
    known = run(**parameters).facts["output_shape"]
    trace = run(**{**parameters, "unit": (free % known[2], free % known[1])})
    output, _ = trace.facts["unit"]
    bias = trace["b"][output] if parameters["bias"] else 0
    scale = max(1.0, float(np.abs(trace["y"]).max()))
    np.testing.assert_allclose(trace["partial"].sum(axis=1), trace["total"], atol=1e-4 * scale)
    np.testing.assert_allclose(trace["total"] + bias, trace["y"][0, :, output], atol=1e-4 * scale)


@given(data=st.data())
def test_the_window_is_where_the_gradient_is(data: st.DataObject) -> None:
    """A unit's steps and channels by formula are the cells of x whose gradient is not zero."""
    changes: dict[str, Any] = {"weights": "ones", "pattern": "ones", "taps": None, "signal": None}
    parameters = data.draw(parameters_of(engine.technique(LAB), most=6, small=True)) | changes
    trace = run(**parameters)
    expected = np.zeros(trace["x"].shape[1:], bool)
    steps = [step for step in trace.facts["unit_steps"] if 0 <= step < parameters["steps"]]
    expected[np.ix_(steps, trace.facts["unit_channels"])] = True
    np.testing.assert_array_equal(trace["x_gradient"][0] != 0, expected)
    assert trace.facts["seen_by_gradient"] == expected.sum()


def test_stopping_before_the_sum_is_a_depthwise_convolution() -> None:
    full, stopped = run(), run(sum_channels=False)
    depthwise = run(mode="depthwise", multiplier=16)
    np.testing.assert_array_equal(stopped["y"], depthwise["y"])
    apart = (stopped["y"] - stopped["b"]).reshape(795, 10, 16).sum(axis=1)
    np.testing.assert_allclose(apart, full["y"][0] - full["b"], atol=2e-5)
    assert stopped.facts["keras_parameters"] == 1120


def test_one_filter_of_a_group_sees_its_channels_only() -> None:
    for output, channels in ((0, [0, 1, 2, 3, 4]), (7, [0, 1, 2, 3, 4]), (8, [5, 6, 7, 8, 9])):
        assert run(mode="grouped", steps=40, unit=(output, 3)).facts["unit_channels"] == channels


def test_written_as_conv2d_nothing_changes() -> None:
    plain = run(steps=40)
    for layout, image in (("conv2d-column", (1, 40, 1, 10)), ("conv2d-image", (1, 40, 10, 1))):
        trace = run(steps=40, layout=layout)
        assert trace["image"].shape == image
        assert trace["maps"].shape == (1, 35, 1, 16)
        np.testing.assert_allclose(trace["y"], plain["y"], atol=1e-5)


def test_without_a_bias_its_gradient_is_none() -> None:
    assert run(steps=40, bias=False).facts["without_gradient"] == ["b"]
    trace = run(steps=40, unit=(3, 0))
    assert trace.facts["without_gradient"] == []
    assert trace["b_gradient"].tolist() == [float(place == 3) for place in range(16)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"steps": 9, "kernel": 2, "stride": 2}, "Step 8 of the signal is read by no output (1 of 9)"),
        ({"steps": 9, "kernel": 1, "stride": 3}, "Step 1, 2, 4, 5, 7, 8 of the signal"),
        ({"mode": "separable", "padding": "causal", "steps": 9}, "Keras refuses causal"),
        ({"sum_channels": False, "steps": 9}, "160 output channels, number c · 16 + m comes from channel c"),
    ],
    ids=str,
)
def test_notes(settings: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**settings).notes)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"steps": 5}, "received 6, for a signal of 5 steps; expected a span of at most 5 with valid"),
        ({"steps": 5}, "uninitialised memory"),
        ({"steps": 4}, "Computed output size would be zero or negative"),
        ({"steps": 10, "dilation": 2}, "6, spanning 11 steps with dilation 2"),
        ({"mode": "depthwise", "steps": 5}, "for a signal of 5 steps"),
        ({"mode": "grouped", "groups": 3}, "3 does not divide 10 channels"),
        ({"mode": "grouped", "groups": 3}, "number of input channels must be evenly divisible"),
        ({"mode": "grouped", "groups": 5}, "The number of filters must be evenly divisible"),
        ({"stride": 2, "dilation": 2}, "`strides > 1` not supported in conjunction with `dilation_rate > 1`"),
        ({"mode": "grouped", "stride": 2, "dilation": 2}, "received stride 2 with dilation 2"),
        ({"built_channels": 4}, "expected axis -1 of input shape to have value 4"),
        ({"built_channels": 4}, "received input with shape (1, 800, 10)"),
        ({"batch_axis": "off"}, "expected min_ndim=3, found ndim=2. Full shape received: (800, 10)"),
        ({"layout": "conv2d-column", "padding": "causal"}, "causal in a Conv2D"),
        ({"layout": "conv2d-image", "padding": "causal"}, "or one of {'valid', 'same'}"),
        ({"padding": "SAME"}, "write same: the spelling counts"),
        ({"padding": "full"}, "Keras has no full"),
        ({"kernel": 0}, "nearest allowed value is 1"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"steps": 10**9}, "nearest allowed value is 1000"),
        ({"unit": "16x0"}, "channel 0 to 15 and step 0 to 794"),
        ({"unit": "0x795"}, "channel 0 to 15 and step 0 to 794"),
        ({"signal": "1,2,3"}, "received 3 numbers; expected 8000, for 800 steps of 10"),
        ({"taps": "1,2"}, "received 2 numbers; expected 960, for a kernel of 6 x 10 x 16"),
        ({"taps": "1,inf"}, "entry 2 is not a finite number"),
        ({"mode": "dilated"}, "one of full, depthwise, separable, grouped"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(LAB, {**bad, **refusal.value.remedy})


def test_stride_and_dilation_together_run_where_keras_runs_them() -> None:
    for mode in ("depthwise", "separable"):
        known = run(mode=mode, steps=40, stride=2, dilation=2, padding="same").facts
        assert known["apart"]["keras"] < 1e-5


@pytest.mark.parametrize("layout", ["conv1d", "conv2d-column", "conv2d-image"])
def test_a_strided_kernel_of_one_tap_has_a_gradient(layout: str) -> None:
    """tf.nn.conv1d's own gradient ends the process here, on CPUs with oneDNN."""
    for seed in range(4):
        known = run(kernel=1, stride=10, channels=seed + 1, layout=layout, seed=seed).facts
        assert known["seen_by_gradient"] == seed + 1
        assert known["apart"]["keras"] < 1e-5
