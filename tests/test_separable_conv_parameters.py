"""Separable convolutions: golden counts, Keras' own layers and networks, the lane, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import technique
from engine.convolution.separable_conv_parameters_layers import Layer
from engine.convolution.separable_conv_parameters_nasnet import Network, ledger, trainable
from engine.settings import settings as engine_settings
from pages.convolution.separable_conv_parameters_claims import DOCUMENTED, LARGE, MOBILE
from tests.test_links import prove

NAME = "separable-conv-parameters"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
pytestmark = pytest.mark.usefixtures("warm_engine")


def facts(**parameters: Any) -> dict[str, Any]:
    return dict(engine.run(NAME, **parameters).facts)


def test_golden_arithmetic_of_the_question() -> None:
    depthwise, pointwise, both, alone = GOLDEN["question_arithmetic"]["expected"]
    asked = facts(channels_in=3840, channels_out=768)["chosen"]
    assert asked["keras"] == [(depthwise, pointwise, 0, 0)]
    assert asked["total"] == both
    assert facts()["chosen"]["total"] == alone


def test_golden_layer_of_the_last_cell() -> None:
    once, twice = GOLDEN["actual_final_cell"]["expected"]
    layers = facts(squeeze=True, repeats=2)["chosen"]["totals"]
    assert layers[1:] == [once, once]
    assert sum(layers[1:]) == twice


def test_golden_nasnet_of_the_question() -> None:
    """Built by Keras in the long lane, cell by cell what the ledger says."""
    total, filters = GOLDEN["nasnet_cifar_6_768"]["expected"]
    told = facts(network="built")["network"]
    assert told["keras_total"] == told["total"] == total
    assert told["filters"] == [filters, 2 * filters, 4 * filters]
    assert told["depths"] == [192, 384, 768]
    assert told["agrees"]
    assert sum(told["keras_cells"]) == total


def test_golden_and_published_totals() -> None:
    mobile, large = GOLDEN["nasnet_totals"]["expected"]
    assert facts(**MOBILE)["network"]["total"] == mobile
    assert facts(**LARGE)["network"]["total"] == large
    assert facts()["network"]["known"] == {"NASNetMobile": mobile, "NASNetLarge": large}
    assert (mobile, large) == DOCUMENTED


def test_the_public_nasnetmobile_is_what_we_count() -> None:
    import keras

    with keras.StatelessScope(initialize_variables=False):
        model = keras.applications.NASNetMobile(weights=None)
    cells = ledger(Network(1056, 4, 2, 32, 224, 1000, False))
    assert model.count_params() == sum(cell.parameters for cell in cells)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == trainable(cells)
    joined = [layer.output.shape[-1] for layer in model.layers if "concat_" in layer.name]
    assert joined == [cell.depth for cell in cells[1:-1]]
    assert joined[-1] == 1056
    keras.utils.clear_session(free_memory=False)


@settings(max_examples=4)
@given(
    multiplier=st.sampled_from([1, 2, 3]),
    times=st.integers(1, 3),
    blocks=st.integers(1, 2),
    stem=st.integers(1, 9),
    image=st.integers(32, 60),
    skip=st.booleans(),
)
def test_the_ledger_is_keras_network(
    multiplier: int, times: int, blocks: int, stem: int, image: int, skip: bool
) -> None:
    import keras
    from keras.src.applications.nasnet import NASNet

    even = 1 if multiplier == 2 else 2
    network = Network(24 * multiplier**2 * times * even, blocks, multiplier, stem, image, 3, skip)
    with keras.StatelessScope(initialize_variables=False):
        model = NASNet(weights=None, **network.settings())
    cells = ledger(network)
    assert model.count_params() == sum(cell.parameters for cell in cells)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == trainable(cells)
    joined = [layer.output.shape for layer in model.layers if "concat_" in layer.name]
    assert [(shape[1], shape[-1]) for shape in joined] == [(cell.side, cell.depth) for cell in cells[1:-1]]
    keras.utils.clear_session(free_memory=False)


@pytest.mark.parametrize(("penultimate", "multiplier"), [(100, 2), (24, 1), (72, 1), (216, 3), (768, 3)])
def test_what_the_ledger_refuses_keras_cannot_build(penultimate: int, multiplier: int) -> None:
    import keras
    from keras.src.applications.nasnet import NASNet

    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, {"penultimate": penultimate, "filter_multiplier": multiplier})
    assert refusal.value.parameter == "penultimate"
    engine.check(NAME, {"filter_multiplier": multiplier, **refusal.value.remedy})
    network = Network(penultimate, 1, multiplier, 8, 32, 2, True)
    with pytest.raises(ValueError, match=r"must be a multiple|strictly positive|incompatible shapes"):  # noqa: SIM117
        with keras.StatelessScope(initialize_variables=False):
            NASNet(weights=None, **network.settings())
    keras.utils.clear_session(free_memory=False)


@given(
    kernel=st.integers(1, 7),
    before=st.integers(1, 4032),
    after=st.integers(1, 4032),
    multiplier=st.integers(1, 4),
    bias=st.booleans(),
    repeats=st.integers(1, 4),
    squeeze=st.booleans(),
    stride=st.integers(1, 4),
    side=st.integers(1, 331),
)
def test_formulas_are_what_keras_built(
    kernel: int,
    before: int,
    after: int,
    multiplier: int,
    bias: bool,
    repeats: int,
    squeeze: bool,
    stride: int,
    side: int,
) -> None:
    told = facts(
        kernel=kernel,
        channels_in=before,
        channels_out=after,
        multiplier=multiplier,
        bias=bias,
        repeats=repeats,
        squeeze=squeeze,
        stride=stride,
        side=side,
    )
    assert told["formula_agrees"]
    for way in ("chosen", "other", "full"):
        assert told[way]["keras"] == told[way]["formula"]
        assert told[way]["multiplications"] == told[way]["multiplications_formula"]
    assert told["ratio"] == pytest.approx(told["ratio_formula"], rel=1e-12)
    assert told["difference"] <= 1e-5 * max(1.0, told["scale"])


@given(
    kernel=st.integers(1, 5),
    multiplier=st.integers(1, 3),
    stride=st.integers(1, 4),
    channels=st.integers(1, 4),
    filters=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_the_small_layer_is_keras_own(
    kernel: int, multiplier: int, stride: int, channels: int, filters: int, seed: int
) -> None:
    import keras

    trace = engine.run(
        NAME,
        kernel=kernel,
        multiplier=multiplier,
        stride=stride,
        drawn_in=channels,
        drawn_out=filters,
        seed=seed,
    )
    layer = keras.layers.SeparableConv2D(
        filters, kernel, strides=stride, padding="same", depth_multiplier=multiplier, use_bias=False
    )
    layer.build(trace["x"].shape)
    layer.set_weights([trace["depthwise"], trace["pointwise"]])
    np.testing.assert_allclose(np.asarray(layer(trace["x"])), trace["y"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "state",
    [
        {"kernel": 2, "multiplier": 2, "stride": 1, "drawn_in": 2, "drawn_out": 2},
        {"kernel": 3, "multiplier": 1, "stride": 2, "drawn_in": 3, "drawn_out": 1},
        {"kernel": 4, "multiplier": 3, "stride": 3, "drawn_in": 1, "drawn_out": 2},
        {"kernel": 7, "multiplier": 1, "stride": 4, "drawn_in": 2, "drawn_out": 2},
    ],
    ids=str,
)
def test_maps_hold_against_the_jacobian(state: dict[str, Any]) -> None:
    assert prove(NAME, technique(NAME).read(state)) > 0


def test_a_network_of_any_size_is_counted_without_its_weights() -> None:
    """Nothing of what is built here is allocated: 3 GB of kernel would not fit the budget."""
    full = facts(kernel=7, channels_in=4032, channels_out=4032)["full"]["total"]
    assert full == 7 * 7 * 4032 * 4032
    assert 4 * full > engine_settings().memory_budget


def test_filled_weights_are_refused_over_the_budget_before_anything_is_built() -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.check(NAME, {**LARGE, "network": "filled"})
    assert type(refusal.value).__name__ == "TooExpensive"
    assert "MiB" in refusal.value.received
    assert float(refusal.value.received.split()[1].replace(",", "")) > 4 * 88_949_818 / 2**20
    engine.check(NAME, {**LARGE, "network": "built"})


def test_filled_weights_are_as_large_as_the_count_says() -> None:
    small = {"penultimate": 96, "blocks": 1, "stem": 4, "classes": 2}
    told = facts(network="filled", **small)["network"]
    assert told["agrees"]
    assert told["weight_bytes"] == 4 * told["keras_total"]
    assert facts(network="built", **small)["network"]["weight_bytes"] == 0


def test_only_building_a_network_takes_the_long_lane() -> None:
    found = technique(NAME)
    assert found.lane({}) == "interactive"
    assert found.lane({"network": "built"}) == found.lane(found.read({"network": "filled"})) == "long"
    assert found.lane({"network": "nonsense"}) == "interactive"  # refused before it gets there
    assert technique("receptive-field").lane({}) == "interactive"


def test_no_variables_are_left_behind_to_be_filled_later() -> None:
    """What one request declares, the next one's scope must not allocate."""
    import keras
    from keras.src.backend.common import global_state

    found = technique(NAME)
    arguments = found.arguments(found.read({"channels_in": 4032, "channels_out": 4032, "kernel": 7}))
    arguments["small"] = arguments["small"].value()
    found.function(**arguments)
    assert not global_state.get_global_attribute("uninitialized_variables")
    with keras.StatelessScope():
        pass


def test_a_count_has_no_gradient() -> None:
    import tensorflow as tf

    channels = tf.constant(3)
    with tf.GradientTape() as tape:
        tape.watch(channels)
        y = tf.reduce_sum(tf.ones([4, 4])) * tf.cast(channels, tf.float32)
    assert tape.gradient(y, channels) is None
    slopes = engine.run(NAME)["pointwise gradient"]
    assert (slopes[..., 1:] == 0).all()
    assert (slopes[..., 0] != 0).any()


def test_one_output_channel_saves_nothing_and_says_so() -> None:
    trace = engine.run(NAME, channels_in=64, channels_out=1, kernel=3)
    assert trace.facts["chosen"]["total"] > trace.facts["full"]["total"]
    assert any("more parameters than full" in note for note in trace.notes)
    assert not engine.run(NAME).notes


def test_multiply_adds_are_every_weight_at_every_pixel() -> None:
    layer = Layer(True, 3, 5, 3, 2, 1, True, 7)
    pixels, count = 4 * 4, 0
    for _ in range(pixels):
        count += 3 * 3 * 3 + 3 * 5
    assert layer.multiplications == count
    assert sum(layer.parts) == 3 * 3 * 3 + 3 * 5 + 5


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"stride": "1x2"}, "only supports equal length strides"),
        ({"penultimate": 100}, "a multiple of 24 * (filter_multiplier ** 2) = 96"),
        ({"penultimate": 768, "filter_multiplier": 3}, "(filter_multiplier ** 2) = 216"),
        ({"penultimate": 72, "filter_multiplier": 1}, "1 + 1 cannot be added to 3"),
        ({"kernel": 0}, "nearest allowed value is 1"),
        ({"channels_in": -3}, "nearest allowed value is 1"),
        ({"channels_out": 0}, "nearest allowed value is 1"),
        ({"repeats": 0}, "nearest allowed value is 1"),
        ({"side": 0}, "nearest allowed value is 1"),
        ({"channels_in": 10**9}, "nearest allowed value is 4032"),
        ({"multiplier": 1.5}, "a whole number"),
        ({"network": "large"}, "one of formula, built, filled"),
        ({"image": 31}, "nearest allowed value is 32"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.run(NAME, **bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})
