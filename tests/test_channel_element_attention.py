"""Channel and element-wise attention: golden values, both modules in NumPy, gradients, errors and notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.attention.channel_element_attention import arguments, channel_element_attention, tap_size
from engine.attention.channel_element_attention_layers import channel_attention
from engine.technique import Made, technique
from pages.attention.channel_element_attention import gradient_note

NAME = "channel-element-attention"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
SMALL = {"size": (3, 4), "channels": 6, "reduction": 2, "classes": 3, "hidden": 5}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


# Golden values


def test_golden_tap() -> None:
    told = engine.run("attention-layer-calls", network=True).facts["network"]
    assert [list(told["tap"]), list(told["end"])] == GOLDEN["tap_shape"]["expected"]
    assert told["weights"] == 7_031_232
    assert list(run(image=32).facts["feature_shape"]) == [1, *told["tap"]]


def test_golden_counts() -> None:
    told = run(channels=128, reduction=16, hidden=512, classes=10).facts
    assert [told["units"], told["gate_weights"]] == GOLDEN["se_params"]["expected"]
    expected = GOLDEN["element_attention_params"]["expected"]
    assert [*told["keras_counts"][2:], told["element_weights"]] == expected


def test_golden_squeeze_and_excitation() -> None:
    import tensorflow as tf

    inputs, expected = GOLDEN["se_tiny"]["inputs"], GOLDEN["se_tiny"]["expected"]
    x = tf.constant([inputs["x"]], tf.float32)
    weights = {"reduce": tf.constant(inputs["W0"]), "expand": tf.constant(inputs["W1"], tf.float32)}
    found = channel_attention(x, weights, "sigmoid")
    np.testing.assert_allclose(found["squeezed"][0], expected["z"], atol=1e-5)
    np.testing.assert_allclose(found["gate"][0], expected["u"], atol=1e-5)
    np.testing.assert_allclose(found["scaled"][0, 0], expected["out"], atol=1e-5)


@pytest.mark.parametrize("image", [32, 33, 47, 63, 65, 100])
def test_the_taps_size_is_densenets(image: int) -> None:
    """Three layers of its geometry, really built: 7 x 7 / 2 on padding 3, max / 2 on padding 1, average / 2."""
    import keras

    layers = keras.layers
    parts = [
        layers.ZeroPadding2D(3),
        layers.Conv2D(1, 7, strides=2),
        layers.ZeroPadding2D(1),
        layers.MaxPooling2D(3, strides=2),
        layers.AveragePooling2D(2, strides=2),
    ]
    shape: Any = (None, image, image, 1)
    for part in parts:
        shape = part.compute_output_shape(shape)
    assert shape[1] == tap_size(image)


# Against NumPy


def values(parameters: dict[str, Any]) -> dict[str, Any]:
    """What the function is called with, as NumPy."""
    given_values = arguments(**technique(NAME).read(parameters))
    made = {key: one.value() if isinstance(one, Made) else one for key, one in given_values.items()}
    made["weights"] = {key: np.asarray(one, "float64") for key, one in made["weights"].items()}
    return made


def by_hand(x: Any, w: dict[str, Any], gate: str | None, softmax: str | None) -> dict[str, Any]:
    """Both modules in float64, the 3 x 3 convolution as nine shifted products."""
    x = x.astype("float64")
    scaled = x
    if gate:
        logits = np.maximum(x.mean((1, 2)) @ w["reduce"], 0) @ w["expand"]
        opened = 1 / (1 + np.exp(-logits)) if gate == "sigmoid" else np.clip(logits + 3, 0, 6) / 6
        scaled = x * opened[:, None, None]
    scores = scaled @ w["score"][0, 0] + w["score_bias"]
    if softmax is None:
        return {"scaled": scaled, "modulated": scores}
    _, height, width, _ = x.shape
    first = np.maximum(scaled @ w["conv1"][0, 0] + w["bias1"], 0)
    wide = np.pad(first, ((0, 0), (1, 1), (1, 1), (0, 0)))
    second = sum(
        wide[:, u : u + height, v : v + width] @ w["conv2"][u, v] for u in range(3) for v in range(3)
    )
    raised = np.exp(np.maximum(second + w["bias2"], 0) @ w["attend"][0, 0])
    attention = raised / raised.sum(axis=-1 if softmax == "classes" else (1, 2), keepdims=True)
    return {"scaled": scaled, "attention": attention, "modulated": scores * attention}


@settings(max_examples=12)
@given(
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    channels=st.integers(2, 7),
    hidden=st.integers(1, 6),
    classes=st.integers(2, 4),
    gate=st.sampled_from([None, "sigmoid", "hard-sigmoid"]),
    softmax=st.sampled_from([None, "classes", "space"]),
    gain=st.sampled_from([0.1, 1.0, 20.0]),
    seed=st.integers(0, 99),
)
def test_both_modules_are_what_numpy_says(gate: str | None, softmax: str | None, **sizes: Any) -> None:
    switches = {"channel_attention": gate is not None, "element_attention": softmax is not None}
    parameters = {**sizes, **switches, "reduction": 2, "pattern": "noise"}
    parameters |= {key: one for key, one in (("gate", gate), ("softmax", softmax)) if one}
    trace, made = run(**parameters), values(parameters)
    expected = by_hand(made["x"], made["weights"], gate, softmax)
    for name, one in expected.items():
        np.testing.assert_allclose(trace[name], one, rtol=1e-3, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(trace["logits"], expected["modulated"].mean((1, 2)), rtol=1e-3, atol=1e-4)
    assert trace.facts["layer_difference"] < 1e-4
    assert trace.facts["counts_agree"]


@pytest.mark.parametrize(("softmax", "one"), [("classes", "class_sums"), ("space", "space_sums")])
def test_the_softmax_axis_decides_what_adds_up_to_1(softmax: str, one: str) -> None:
    trace = run(**SMALL, softmax=softmax, gain=10, pattern="noise")
    other = "space_sums" if one == "class_sums" else "class_sums"
    np.testing.assert_allclose(trace[one], 1, atol=1e-5)
    assert np.abs(trace[other] - 1).max() > 0.05


# Gradients


def test_the_gradient_is_a_finite_difference() -> None:
    made = values({**SMALL, "pattern": "noise", "softmax": "space", "gain": 5})
    slope = run(**SMALL, pattern="noise", softmax="space", gain=5)["gradient_x"]
    for place in [(0, 0, 0, 0), (0, 1, 2, 3), (0, 2, 3, 5)]:
        ends = []
        for sign in (1, -1):
            moved = made["x"].astype("float64")
            moved[place] += sign * 1e-4
            logits = by_hand(moved, made["weights"], "sigmoid", "space")["modulated"].mean((1, 2))[0]
            ends.append(np.log(np.exp(logits).sum()) - logits[0])
        assert float(slope[place]) == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-2, abs=1e-5)


def test_a_module_that_is_off_gets_none_and_a_closed_relu_gets_zero() -> None:
    off = run(**SMALL, channel_attention=False)
    assert off.facts["gradients_none"] == ("reduce", "expand")
    assert "**None** for reduce, expand" in gradient_note(off)
    assert len(run(**SMALL, channel_attention=False, element_attention=False).facts["gradients_none"]) == 7
    closed = run(channels=8, reduction=8)
    assert closed.facts["dead_units"] == 1
    assert closed.facts["gradients_none"] == ()
    assert closed.facts["gradient_norms"][:2] == (0, 0)
    assert (closed["gate"] == 0.5).all()
    assert "which is not None, for reduce, expand" in gradient_note(closed)


# What is said


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"channels": 100}, "100 / 16 = 6.25: int() rounds down to 6 hidden units."),
        ({"channels": 8, "reduction": 8}, "The ReLU closed every hidden unit"),
        ({"size": 1, "softmax": "space"}, "attention over space is 1 everywhere"),
        ({"size": 1}, "there is no 'where' to attend to"),
    ],
    ids=str,
)
def test_what_is_worth_a_warning_is_said(parameters: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(hidden=8, **parameters).notes)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"channels": 8, "reduction": 16}, "received 16; expected at most 8: int(8 / 16) = 0 hidden units"),
        ({"channels": 8, "reduction": 16}, "Received an invalid value for `units`"),
        (
            {"channels": 64, "gate_channels": 128},
            '"Incompatible shapes" for [1, 1, 1, 128] and 64 channels',
        ),
        ({"channels": 1, "reduction": 1, "gate_channels": 128}, "broadcast without a word and answer 128"),
        ({"gate_channels": 1}, "broadcast without a word and answer 128"),
        ({"image": 28}, '32 or more: "Input size must be at least 32x32"'),
        ({"classes": 1}, "at least 2: softmax over one class is 1"),
        ({"label": 10}, "a class from 0 to 9"),
        ({"spot": (4, 0)}, "a row below 4 and a column below 4"),
        ({"gate": "relu"}, "one of sigmoid, hard-sigmoid"),
        ({"softmax": "channels"}, "one of classes, space"),
        ({"channels": 10**9}, "nearest allowed value is 256"),
        ({"gain": 0}, "nearest allowed value is 0.1"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_keras_still_says_what_the_refusals_quote() -> None:
    said = engine.run("attention-layer-calls").facts["answers"]
    assert "Received an invalid value for `units`" in said["Dense(int(8 / 16))"]
    assert "Input size must be at least 32x32" in said["small image"]
    assert "ncompatible shapes" in said["64 channels, gate of 128"]
    assert said["1 channel, gate of 128"] == "shape [1, 4, 4, 128]"


def test_large_hidden_layers_are_counted_and_not_drawn() -> None:
    trace = run(size=16, hidden=128)
    steps = {step.writes: step for step in trace.steps}
    assert steps["trunk2"].map is None
    assert steps["modulated"].map is not None
    assert trace.facts["layer_difference"] is None
    assert trace.facts["counts_agree"]


def test_the_function_stands_alone() -> None:
    found = channel_element_attention(**{**values(SMALL), "weights": _single(values(SMALL)["weights"])})
    assert set(found) == set(run(**SMALL).tensors)


def _single(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.astype("float32") for name, value in weights.items()}
