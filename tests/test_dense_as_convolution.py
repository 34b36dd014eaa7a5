"""The dense-as-convolution technique: golden values, Keras' own layers, maps, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from tests.test_links import prove

NAME = "dense-as-convolution"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
TOY = {"tile": 2, "tiles": 1, "extra": 1, "stride": 1, "channels": 1, "units": 1, "values": "arange"}
pytestmark = pytest.mark.usefixtures("warm_engine")
ORDER = st.sampled_from(["HWC", "CHW"])


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def test_golden_parameters() -> None:
    known = run().facts
    assert [known["dense_parameters"], known["conv_parameters"]] == GOLDEN["params"]["expected"]


def test_golden_output_shape() -> None:
    batch, height, width, channels = GOLDEN["output_shape"]["inputs"]["input"]
    trace = run(batch=batch)
    assert trace["x"].shape == (batch, height, width, channels)
    assert list(trace.facts["output_shape"]) == GOLDEN["output_shape"]["expected"]
    assert trace.facts["same"]


def test_golden_flip() -> None:
    for name, flip in (("no_flip", False), ("flipped", True)):
        golden = GOLDEN[name]
        trace = run(**TOY, flip=flip)
        np.testing.assert_allclose(trace["conv_unit"][0], golden["expected"], atol=golden["tolerance"])
        np.testing.assert_array_equal(trace["x"][0, :, :, 0].ravel(), range(1, 10))


def test_it_is_what_keras_layers_do() -> None:
    """Both layers really built, with these weights: same parameters, same outputs."""
    import keras

    trace = run(tile=(4, 3), tiles=(3, 2), channels=2, units=5)
    dense, conv = keras.layers.Dense(5), keras.layers.Conv2D(5, (4, 3), strides=(4, 3))
    dense.build((None, 24))
    conv.build(trace["x"].shape)
    assert dense.count_params() == trace.facts["dense_parameters"]
    assert conv.count_params() == trace.facts["conv_parameters"]
    dense.set_weights([trace["weights"], trace["bias"]])
    conv.set_weights([trace["kernel"], trace["bias"]])
    np.testing.assert_allclose(conv(trace["x"]), trace["conv"], atol=1e-5)
    for i, j in np.ndindex(3, 2):
        tile = trace["x"][:, 4 * i : 4 * i + 4, 3 * j : 3 * j + 3].reshape(1, -1)
        np.testing.assert_allclose(dense(tile), trace["dense"][:, i, j], atol=1e-5)


@given(
    tile=st.tuples(st.integers(2, 5), st.integers(2, 5)),
    tiles=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    extra=st.tuples(st.integers(-1, 4), st.integers(-1, 4)),
    stride=st.one_of(st.none(), st.tuples(st.integers(1, 6), st.integers(1, 6))),
    padding=st.sampled_from(["VALID", "SAME"]),
    orders=st.tuples(ORDER, ORDER),
    flip=st.booleans(),
    channels=st.integers(1, 3),
    values=st.sampled_from(["random", "template"]),
)
def test_equal_exactly_where_it_should_be(
    tile: Any,
    tiles: Any,
    extra: Any,
    stride: Any,
    padding: str,
    orders: Any,
    flip: bool,
    channels: int,
    values: str,
) -> None:
    """Same order and no flip: equal. Otherwise: what TensorFlow computes from that very kernel."""
    import tensorflow as tf

    parameters = {"tile": tile, "tiles": tiles, "extra": extra, "stride": stride, "padding": padding}
    parameters |= {"flatten": orders[0], "reshape": orders[1], "flip": flip, "channels": channels}
    try:
        trace = run(**parameters, units=3, unit=1, values=values)
    except engine.Rejected as refusal:
        assert padding == "VALID" or min(t * n + e for t, n, e in zip(tile, tiles, extra, strict=True)) < 1
        engine.check(NAME, {**parameters, **refusal.remedy})
        return
    known = trace.facts
    if orders[0] == orders[1] and not flip:
        assert known["same"]
    theirs = tf.nn.conv2d(trace["x"], trace["kernel"], stride or tile, padding) + trace["bias"]
    np.testing.assert_allclose(trace["conv"], theirs, atol=1e-4)
    np.testing.assert_allclose(trace["conv"][..., 1], trace["conv_unit"], atol=1e-4)
    np.testing.assert_allclose(trace["dense"][..., 1], trace["dense_unit"], atol=1e-4)
    np.testing.assert_array_equal(trace["kernel"][..., 1], trace["kernel_unit"])
    seen = np.zeros(trace["coverage"].shape)
    (top, _), (left, _) = known["padded"]
    for i, j in np.ndindex(*known["output_shape"][1:3]):
        first, start = (i * (stride or tile)[0] - top, j * (stride or tile)[1] - left)
        seen[max(0, first) : max(0, first + tile[0]), max(0, start) : max(0, start + tile[1])] += 1
    np.testing.assert_array_equal(trace["coverage"], seen)
    assert known["unread_pixels"] == int((seen == 0).sum())
    assert known["unread"] == (int((seen.max(axis=1) == 0).sum()), int((seen.max(axis=0) == 0).sum()))


@given(orders=st.tuples(ORDER, ORDER), flip=st.booleans(), padding=st.sampled_from(["VALID", "SAME"]))
@settings(max_examples=6)
def test_the_maps_hold_in_every_order(orders: Any, flip: bool, padding: str) -> None:
    parameters = {
        "tile": (2, 3),
        "tiles": (2, 1),
        "extra": (1, 1),
        "channels": 2,
        "units": 2,
        "stride": (1, 2),
    }
    parameters |= {"flatten": orders[0], "reshape": orders[1], "flip": flip, "padding": padding}
    assert prove(NAME, engine.check(NAME, parameters)) > 0


def test_gradients_by_both_ways() -> None:
    """The kernel stamped on every tile; 0, not None, where no tile reads; the weights' sum of tiles."""
    trace = run(tile=3, tiles=2, channels=1, units=2, extra=(2, 0), unit=1)
    kernel = trace["kernel_unit"][:, :, 0]
    np.testing.assert_allclose(trace["image_gradient"][:6], np.tile(kernel, (2, 2)), atol=1e-6)
    assert not trace["image_gradient"][6:].any()
    tiles = trace["x"][0, :6, :, 0].reshape(2, 3, 2, 3).sum(axis=(0, 2))
    np.testing.assert_allclose(trace["kernel_gradient"][:, :, 0], tiles, atol=1e-5)
    assert trace.facts["gradient_difference"] < 1e-5
    first = run(tile=3, tiles=2, channels=2, units=2, flatten="CHW", reshape="CHW")
    tiles = first["x"][0].reshape(2, 3, 2, 3, 2).sum(axis=(0, 2))
    np.testing.assert_allclose(first["kernel_gradient"], tiles, atol=1e-5)


def test_a_template_answers_where_it_is_from() -> None:
    settings = {"tile": 6, "tiles": (5, 6), "channels": 3, "units": 30, "values": "template"}
    for unit in (0, 14, 29):
        peak = run(**settings, unit=unit, stride=1).facts["peak"]
        assert peak == (unit // 6 * 6, unit % 6 * 6)


def test_the_result_of_a_flip_and_of_another_order_differs() -> None:
    for change in ({"flip": True}, {"flatten": "CHW"}, {"reshape": "CHW"}):
        trace = run(**change)
        assert not trace.facts["same"]
        assert trace.facts["largest_difference"] > 1
        assert trace.notes
    assert run(flatten="CHW", reshape="CHW").facts["same"]
    assert run(channels=1, flatten="CHW", tile=4).facts["same"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"extra": "7x0"}, "VALID drops 7 of 107 rows and 0 of 60 columns: 420 pixels are read by no tile."),
        ({"extra": "19x0", "padding": "SAME"}, "SAME adds zeros, 0 + 1 rows and 0 + 0 columns (before + after). The tiles stay"),
        ({"extra": "3x0", "padding": "SAME"}, "SAME adds zeros, 8 + 9 rows and 0 + 0 columns (before + after). Zeros before the image move"),
        ({"tile": 2, "stride": 3, "tiles": 3}, "A stride beyond the tile skips 2 of 6 rows and 2 of 6 columns: 20 pixels"),
    ],
    ids=str,
)  # fmt: skip
def test_pixels_that_fill_no_tile_are_counted(settings: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**settings).notes), run(**settings).notes


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"tiles": 1, "extra": -1}, "an image of 19x19 (1x1 tiles, -1 and -1 pixels beyond); expected at least one tile, 20x20"),
        ({"tiles": "1x3", "extra": "-1x0"}, "an image of 19x60"),
        ({"tile": 3, "tiles": 1, "extra": -5, "padding": "SAME"}, "at least one pixel along each side"),
        ({"features": 1200}, "weights with 1,200 rows; expected 4,000, one for each value of a tile: 20 · 20 · 10"),
        ({"unit": 5, "units": 5}, "the layer has 5 units"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"padding": "valid"}, "write VALID"),
        ({"flatten": "NCHW"}, "expected one of HWC, CHW"),
        ({"tile": 1}, "the nearest allowed value is 2"),
        ({"tile": "20x21"}, "the nearest allowed value is 20"),
        ({"stride": 0}, "the nearest allowed value is 1"),
        ({"channels": 10**9}, "the nearest allowed value is 16"),
        ({"extra": "ax1"}, "received 'ax1'"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_one_row_too_few_never_reaches_tensorflow() -> None:
    """Window = size + 1: TensorFlow would answer uninitialised memory."""
    for tile in (2, 5, 20):
        with pytest.raises(engine.Rejected, match="no tile fits inside"):
            run(tile=tile, tiles=1, extra=(-1, 0))
        assert run(tile=tile, tiles=1, extra=(-1, 0), padding="SAME").facts["output_shape"][1:3] == (1, 1)


def test_too_much_is_refused_with_its_numbers() -> None:
    with pytest.raises(engine.TooExpensive, match="MiB of tensors|GFLOP"):
        run(tiles=16, stride=1, channels=16)
