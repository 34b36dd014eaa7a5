"""Convolution arithmetic: the guide's cases and numbers, TensorFlow's and Keras' own layers, errors."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine.convolution.convolution_arithmetic_axes import axes_of
from engine.convolution.convolution_arithmetic_calls import keras_layers, keras_refuses
from tests.test_links import prove

PUBLISHED = json.loads((Path(__file__).parent / "golden/published.json").read_text())
NAME = "convolution-arithmetic"
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def side(**parameters: Any) -> int:
    height, width = run(**parameters).facts["space"]
    assert height == width
    return int(height)


# Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", chapters 2, 4 and 5:
# i, k, s, p -> o, and back by the transposed convolution with output padding a.
GUIDE = [
    ("no padding, unit strides", 4, 3, 1, 0, 2, 0),
    ("arbitrary padding", 5, 4, 1, 2, 6, 0),
    ("half padding", 5, 3, 1, 1, 5, 0),
    ("full padding", 5, 3, 1, 2, 7, 0),
    ("strided, no padding", 5, 3, 2, 0, 2, 0),
    ("strided, padded", 5, 3, 2, 1, 3, 0),
    ("strided, padded, odd", 6, 3, 2, 1, 3, 1),
]


@pytest.mark.parametrize(
    ("i", "k", "s", "p", "o", "a"), [case[1:] for case in GUIDE], ids=[c[0] for c in GUIDE]
)
def test_the_guides_cases_and_back(i: int, k: int, s: int, p: int, o: int, a: int) -> None:
    same = {"kernel": k, "stride": s, "padding": "symmetric", "pad": p}
    there = run(size=i, **same)
    assert there.facts["space"] == (o, o)
    assert there.facts["back"] == (a, a)
    assert side(operation="transposed", size=o, output_padding=a, **same) == i


@pytest.mark.parametrize("case", PUBLISHED["convolution_arithmetic"]["cases"], ids=str)
def test_published_cases(case: dict[str, int]) -> None:
    same = {"kernel": case["k"], "stride": case["s"], "padding": "symmetric", "pad": case["p"]}
    assert side(size=case["i"], **same) == case["o"]
    added = case.get("transposed_output_padding", 0)
    assert side(operation="transposed", size=case["o"], output_padding=added, **same) == case["i"]


def test_the_guides_dilated_case() -> None:
    assert side(size=7, kernel=3, dilation=2) == 3


def test_the_guides_numbers() -> None:
    """Figures 1.1 and 1.2 (the same numbers with stride 2 and padding 1), 1.5 and 1.6 (pooling)."""
    assert run()["y"][0, :, :, 0].tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    strided = run(stride=2, padding="symmetric")["y"][0, :, :, 0]
    assert strided.tolist() == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]
    means = run(operation="avg-pool")["y"][0, :, :, 0]
    assert (
        means.round(1).tolist()
        == np.array([[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]], "float32").tolist()
    )
    largest = run(operation="max-pool")["y"][0, :, :, 0]
    assert largest.tolist() == [[3, 3, 3], [3, 3, 3], [3, 2, 3]]


def test_published_same_padding() -> None:
    for case in PUBLISHED["same_padding"]["cases"]:
        given = {
            "dimensions": "1-D",
            "padding": "SAME",
            "kernel": case["k"],
            "stride": case["s"],
            "size": 128,
        }
        assert 224 % case["s"] == 128 % case["s"] == 0  # pads depend on the rest alone
        assert run(**given).facts["pads"] == (tuple(case["pad"]),)


@st.composite
def anything(draw: st.DrawFn, most: int = 9) -> dict[str, Any]:
    """Parameters of every kind that the technique accepts."""
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    found = {
        "dimensions": draw(st.sampled_from(["1-D", "2-D", "3-D"])),
        "operation": draw(
            st.sampled_from(["convolution", "transposed", "depthwise", "max-pool", "avg-pool"])
        ),
        "size": draw(pair(1, most)),
        "kernel": draw(pair(1, 4)),
        "stride": draw(pair(1, 3)),
        "dilation": draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 3), (2, 1)])),
        "padding": draw(st.sampled_from(["VALID", "SAME", "causal", "symmetric", "explicit"])),
        "pad": draw(pair(0, 2)),
        "pads": draw(st.tuples(*[st.integers(0, 2)] * 4)),
        "output_padding": draw(st.none() | pair(0, 2)),
        "depth": draw(
            st.just(())
            | st.tuples(st.tuples(st.integers(1, 5), *[st.integers(1, 2)] * 3, *[st.integers(0, 1)] * 3))
        ),
        "channels": draw(st.sampled_from([1, 2, 4])),
        "filters": draw(st.sampled_from([1, 2, 4])),
        "groups": draw(st.sampled_from([1, 1, 2])),
        "multiplier": draw(st.integers(1, 2)),
        "count_padding": draw(st.booleans()),
        "image": "noise",
        "weights": "random",
    }
    try:
        engine.check(NAME, found)
    except engine.Rejected:
        assume(False)
    return found


@settings(max_examples=150)
@given(found=anything())
def test_it_is_what_keras_layers_compute(found: dict[str, Any]) -> None:
    """The layers the page names, really built, give the page's numbers."""
    import keras

    p = engine.check(NAME, found)
    layers = keras_layers(p, axes_of(**p))
    assert bool(layers) != bool(keras_refuses(p, axes_of(**p)))
    assume(layers)
    trace = run(**found)
    x = trace["x"]
    for name, given_ in layers:
        more = {} if name.startswith(("Max", "Average", "Zero", "Crop")) else {"use_bias": False}
        layer = getattr(keras.layers, name)(**given_, **more)
        layer.build(x.shape)
        if layer.weights:
            layer.set_weights([trace["w"]])
        x = np.asarray(layer(x))
    assert x.shape == trace.facts["output_shape"]
    np.testing.assert_allclose(trace["y"], x, atol=1e-4)


@settings(max_examples=100)
@given(found=anything())
def test_sizes_are_the_values_sizes_and_transposing_undoes_them(found: dict[str, Any]) -> None:
    trace = run(**found)
    assert trace["y"].shape[1:-1] == trace.facts["space"]
    if found["operation"] == "transposed":
        contributions = prod(trace.facts["sizes"]) * prod(trace["w"].shape[:-2])
        assert trace["overlap"].sum() <= contributions
    else:
        assert trace.facts["unread_cells"] == (trace["reads"] == 0).sum()


@settings(max_examples=25)
@given(found=anything(most=6))
def test_maps_are_the_jacobians_support(found: dict[str, Any]) -> None:
    """Any number of axes, groups, depthwise, transposed, gradients too: links are non-zero slopes."""
    assume(max(found["size"]) <= 4 or found["dimensions"] != "3-D")
    p = engine.check(
        NAME, {**found, "channels": min(2, found["channels"]), "filters": min(2, found["filters"])}
    )
    assume(prod(axis.output for axis in axes_of(**p)) <= 16)
    prove(NAME, p)
