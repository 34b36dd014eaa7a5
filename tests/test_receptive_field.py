"""The receptive-field technique: golden and published values, TensorFlow's own convolution, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.convolution.receptive_field import PADDINGS, photo
from engine.convolution.windows import growth, seen, window

GOLDEN = {
    one["name"]: one
    for one in json.loads((Path(__file__).parent / "golden/receptive-field.json").read_text())
}
PUBLISHED = json.loads((Path(__file__).parent / "golden/published.json").read_text())
NETWORK = "max-pool.8.8.1.SAME.1_conv.2.1.1.SAME.16_max-pool.4.4.1.SAME.1"
pytestmark = pytest.mark.usefixtures("warm_engine")


def facts(**parameters: Any) -> dict[str, Any]:
    return dict(engine.run("receptive-field", **parameters).facts)


def test_golden_units_of_same_and_valid() -> None:
    expected, known = GOLDEN["same_units"]["expected"], GOLDEN["same_units"]["inputs"]
    base = {"size": known["n"], "kernel": known["k"], "stride": known["s"]}
    for padding, units in (("SAME", (0, 62, 63)), ("VALID", (0, 60))):
        seen_rows = [facts(**base, padding=padding, unit=(u, u))["pixels_seen_rows"] for u in units]
        assert seen_rows == expected[padding]


def test_golden_symmetric_padding() -> None:
    shape = facts(padding="explicit", pads=(1, 1, 1, 1))["output_shape"]
    assert shape[1] == GOLDEN["symmetric_pad_formula"]["expected"]


def test_golden_network() -> None:
    per_layer, total, units = GOLDEN["network_params"]["expected"]
    known = facts(stack=NETWORK, classes=6)
    assert [n for n in known["parameters"] if n] == [n for n in per_layer if n]
    assert known["parameters_total"] == total
    assert facts()["units"] == units
    assert [list(pair) for pair in known["growth"]] == GOLDEN["stack_receptive_field"]["expected"]


def test_published_same_padding() -> None:
    for case in PUBLISHED["same_padding"]["cases"]:
        along = window(case["i"], case["kernel"] if "kernel" in case else case["k"], case["s"], 1, "SAME")
        assert [along.before, along.after] == case["pad"]


def test_published_convolution_arithmetic() -> None:
    for case in PUBLISHED["convolution_arithmetic"]["cases"]:
        pads = (case["p"],) * 4
        shape = facts(size=case["i"], kernel=case["k"], stride=case["s"], padding="explicit", pads=pads)[
            "output_shape"
        ]
        assert shape[1:3] == (case["o"], case["o"])


SIDE = st.integers(1, 12)


@given(
    size=st.tuples(SIDE, SIDE),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(PADDINGS),
)
def test_it_is_tensorflows_own_convolution(
    size: Any, kernel: Any, stride: Any, dilation: Any, padding: str
) -> None:
    """The dilation by hand, the sizes and the pads are those of tf.nn.conv2d."""
    import tensorflow as tf

    parameters = {
        "size": size,
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "filters": 2,
    }
    try:
        trace = engine.run("receptive-field", **parameters, image="noise")
    except engine.Rejected:
        spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        assert padding == "VALID"
        assert any(span > n for span, n in zip(spans, size, strict=True))
        return
    theirs = tf.nn.conv2d(trace["x"], trace["w"], strides=stride, padding=padding, dilations=dilation)
    assert tuple(theirs.shape) == trace.facts["output_shape"]
    np.testing.assert_allclose(trace["y"], theirs, atol=1e-4)


@given(data=st.data(), size=st.integers(4, 10), layers=st.integers(1, 3))
def test_formula_gradient_and_links_agree(data: st.DataObject, size: int, layers: int) -> None:
    """Without max pooling every pixel of the taps has a gradient, and nothing else has."""
    row = st.tuples(st.sampled_from(["conv", "avg-pool"]), st.integers(1, 3), st.integers(1, 2), st.just(1))
    stack = "_".join(
        ".".join(map(str, (*data.draw(row), data.draw(st.sampled_from(PADDINGS)), 2)))
        for _ in range(layers - 1)
    )
    parameters = {
        "size": size,
        "kernel": data.draw(st.integers(1, 3)),
        "stack": stack,
        "image": "noise",
        "filters": 2,
    }
    try:
        trace = engine.run("receptive-field", **parameters)
    except engine.Rejected:
        return
    rows, columns = trace.facts["pixels_seen_rows"], trace.facts["pixels_seen_columns"]
    expected = np.zeros((size, size))
    expected[np.ix_([r - 1 for r in rows], [c - 1 for c in columns])] = 1
    np.testing.assert_array_equal(trace["reach"], expected)
    assert (trace["window"] >= trace["reach"]).all()


def test_the_effective_field_is_the_share_of_paths() -> None:
    """Two 3 x 3 layers: 81 paths, of which 9 end in the middle (3 by 3 along each axis)."""
    trace = engine.run("receptive-field", size=9, kernel=3, channels=1, stack="conv.3.1.1.SAME.1", filters=1)
    effective = trace["effective"]
    assert effective.sum() == pytest.approx(1)
    assert effective[4, 4] == pytest.approx(9 / 81)
    assert effective[2, 2] == pytest.approx(1 / 81)


def test_growth_and_windows_are_consistent() -> None:
    layers = [window(64, 4, 1, 1, "SAME"), window(64, 8, 8, 1, "SAME"), window(8, 2, 1, 1, "SAME")]
    first, last = seen(layers, 3)
    assert last - first + 1 == growth(layers)[-1][0]


def test_max_pooling_passes_the_gradient_to_winners_only() -> None:
    known = facts(size=16, kernel=3, stack="max-pool.4.4.1.VALID")
    assert known["gradient_pixels"] < known["formula_pixels"]


def test_a_unit_that_sees_only_padding_says_so() -> None:
    trace = engine.run(
        "receptive-field", size=4, kernel=1, padding="explicit", pads=(1, 1, 1, 1), unit=(0, 0)
    )
    assert trace.facts["gradient_pixels"] == 0
    assert any("sees only padding" in note for note in trace.notes)


@pytest.mark.parametrize("stack", ["", "conv.1.2.1.SAME.8"])
def test_a_strided_1_by_1_convolution_has_a_gradient(stack: str) -> None:
    """tf.nn.conv2d's own gradient ends the process here, on CPUs with oneDNN."""
    for seed in range(4):
        trace = engine.run("receptive-field", kernel=1, stride=2, padding="VALID", stack=stack, seed=seed)
        assert trace.facts["gradient_pixels"] == 1


def test_dropped_pixels_are_named() -> None:
    notes = engine.run("receptive-field", size=9, kernel=2, stride=2, padding="VALID").notes
    assert "Layer 1 never reads row 9 of its input (1 of 9)." in notes


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"kernel": "abc"}, "received 'abc'"),
        ({"kernel": 0}, "nearest allowed value is 1"),
        ({"kernel": -4}, "nearest allowed value is 1"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"filters": 0}, "nearest allowed value is 1"),
        ({"size": 1_000_000}, "nearest allowed value is 256"),
        ({"kernel": []}, "received []"),
        ({"kernel": float("nan")}, "received nan"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"padding": "same"}, "write SAME"),
        (
            {"size": 5, "kernel": 6, "padding": "VALID"},
            "received 6x6 (spanning 6x6 with its dilation); expected at most 5x5",
        ),
        ({"unit": "64x0"}, "row 0 to 63 and column 0 to 63"),
        ({"filter": 8}, "the last layer has 8 filters"),
        ({"pads": "1,2"}, "this has 2"),
        ({"stack": "max-pool.2.2.3"}, "1 for pooling"),
        ({"stack": "transformer.2"}, "stack, row 1, kind"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.run("receptive-field", **bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("receptive-field", {**bad, **refusal.value.remedy})


def test_the_photograph_is_averaged_to_any_size() -> None:
    for height, width in [(1, 1), (7, 13), (128, 128), (256, 200)]:
        image = photo(height, width, 3)
        assert image.shape == (1, height, width, 3)
        assert image.std() > 5 or height == 1
