"""Dynamic filters: golden values, loops written out, all ways alike, gradients, errors and notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

import engine
from engine.convolution.dynamic_filter_convolution import MODES, WAYS, dynamic_filter_convolution
from tests.conftest import Server

GOLDEN = {
    one["name"]: one
    for one in json.loads((Path(__file__).parent / "golden/dynamic-filter-convolution.json").read_text())
}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run("dynamic-filter-convolution", **parameters)


def test_golden_shapes() -> None:
    batch, height, width, channels = GOLDEN["shapes"]["inputs"]["f"]
    base = {"batch": batch, "size": (height, width), "channels": channels, "taps": 5, "source": "random"}
    ways = ({"padding": "VALID"}, {"padding": "SAME"}, {"padding": "VALID", "mode": "sum"})
    assert [list(run(**base, **way).facts["output_shape"]) for way in ways] == GOLDEN["shapes"]["expected"]


def test_golden_sizes() -> None:
    known = run(channels=128, taps=5, source="random").facts
    assert [known["filter_values"], known["conv2d_kernel"]] == GOLDEN["sizes"]["expected"]


@pytest.mark.parametrize(
    ("name", "mode"), [("depthwise_values", "depthwise"), ("conv2d_is_channel_sum", "sum")]
)
def test_golden_values(name: str, mode: str) -> None:
    known = GOLDEN[name]
    g = np.array(known["inputs"]["g"], "float32")[None]
    f = np.arange(18, dtype="float32").reshape(1, 3, 3, 2)
    y = np.asarray(dynamic_filter_convolution(f, g, 2, mode, "VALID", False, False)["y"])[0]
    expected = np.array(known["expected"])
    np.testing.assert_allclose(y.reshape(expected.shape), expected, atol=known["tolerance"])


def by_hand(f: Any, g: Any, mode: str, padding: str) -> Any:
    """Every product written out, in float64."""
    batch, height, width, channels = f.shape
    taps = g.shape[1]
    before = (taps - 1) // 2 if padding == "SAME" else 0
    rows, columns = (side if padding == "SAME" else side - taps + 1 for side in (height, width))
    y = np.zeros((batch, rows, columns, channels))
    for n, i, j, u, v in np.ndindex(batch, rows, columns, taps, taps):
        row, column = i + u - before, j + v - before
        if 0 <= row < height and 0 <= column < width:
            own = 0 if mode == "sample-0" else n
            y[n, i, j] += f[n, row, column].astype("float64") * g[own, u, v]
    return y.sum(axis=-1, keepdims=True) if mode == "sum" else y


@settings(max_examples=25)
@given(
    size=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    taps=st.integers(1, 3),
    channels=st.integers(1, 3),
    batch=st.integers(1, 3),
    mode=st.sampled_from(MODES),
    padding=st.sampled_from(["SAME", "VALID"]),
    source=st.sampled_from(["pool", "drawn", "random"]),
    normalise=st.booleans(),
)
def test_responses_are_what_the_loops_say(mode: str, padding: str, normalise: bool, **sizes: Any) -> None:
    trace = run(mode=mode, padding=padding, normalise=normalise, features="noise", **sizes)
    used = trace["g_normalised" if normalise else "g"]
    np.testing.assert_allclose(trace["y"], by_hand(trace["f"], used, mode, padding), atol=1e-4)
    right = by_hand(trace["f"], used, "sum" if mode == "sum" else "depthwise", padding)
    wrong = by_hand(trace["f"], np.repeat(used[:1], used.shape[0], axis=0), "depthwise", padding)
    wrong = wrong.sum(axis=-1, keepdims=True) if mode == "sum" else wrong
    np.testing.assert_allclose(trace["error"], wrong - right, atol=2e-4)


@given(size=st.tuples(st.integers(3, 20), st.integers(3, 20)), taps=st.integers(1, 3))
@settings(max_examples=20)
def test_pooling_is_the_mean_of_each_bin(size: tuple[int, int], taps: int) -> None:
    """Bins as PyTorch's AdaptiveAvgPool2d and Keras 3 have them."""
    trace = run(size=size, taps=taps, channels=2, features="noise")
    for u, v in np.ndindex(taps, taps):
        rows, columns = (
            slice(u_ * side // taps, -(-(u_ + 1) * side // taps))
            for u_, side in zip((u, v), size, strict=True)
        )
        expected = trace["x"][:, rows, columns].mean(axis=(1, 2))
        np.testing.assert_allclose(trace["g"][:, u, v], expected, atol=1e-5)


def test_pooling_is_keras_own() -> None:
    import keras

    trace = run(size=(17, 12), taps=5)
    theirs = keras.layers.AdaptiveAveragePooling2D(5)(trace["x"])
    np.testing.assert_allclose(trace["g"], theirs, atol=1e-5)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("taps", [1, 4, 5])
def test_all_ways_give_the_same(padding: str, taps: int) -> None:
    known = run(compare=True, padding=padding, taps=taps, features="noise", batch=3).facts
    assert set(known["ways"]) == set(WAYS)
    assert max(known["ways"].values()) < 1e-4
    assert known["grouped"] < 1e-4


@pytest.mark.parametrize("mode", MODES)
def test_the_filters_gradient_is_a_finite_difference(mode: str) -> None:
    """Central differences of the loss for single taps, in float64 loops."""
    trace = run(size=5, taps=3, channels=2, mode=mode, source="random", features="noise")
    g, step = trace["g"].astype("float64"), 1e-4
    for place in [(0, 0, 0, 0), (0, 1, 2, 1), (1, 2, 1, 0)]:
        ends = []
        for sign in (1, -1):
            moved = g.copy()
            moved[place] += sign * step
            ends.append((by_hand(trace["f"], moved, mode, "SAME") ** 2).sum() / 2)
        slope = (ends[0] - ends[1]) / (2 * step)
        assert float(trace["filter_gradient"][place]) == pytest.approx(slope, rel=1e-3, abs=1e-3)


def test_unused_filters_get_zero_and_copies_none() -> None:
    known = run(mode="sample-0", batch=3).facts
    assert known["filter_gradient_norms"][0] > 0
    assert known["filter_gradient_norms"][1:] == (0, 0)
    assert all(run(mode=mode).facts["copied_gradient"] == "None" for mode in MODES)


def test_the_first_sample_is_always_right() -> None:
    for mode in MODES:
        known = run(mode=mode, batch=4).facts
        assert known["errors"][0] == 0
        assert min(known["errors"][1:]) > 0


def test_normalised_filters_sum_to_one() -> None:
    used = run(normalise=True, source="random")["g_normalised"]
    np.testing.assert_allclose(np.abs(used).sum(axis=(1, 2)), 1, rtol=1e-5)


def test_an_empty_drawing_is_zero_and_not_nan() -> None:
    trace = run(source="drawn", taps=3, cells="0" * 9 + "1" * 9, normalise=True)
    assert np.isfinite(trace["y"]).all()
    assert np.isfinite(trace["filter_gradient"]).all()
    assert trace.facts["zero_filters"] == (0,)
    assert "instead of dividing 0 by 0" in " ".join(trace.notes)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"mode": "sample-0"}, "Every sample is convolved with sample 0's filter: sample 1 is off by up to"),
        ({"taps": 4}, "SAME puts 1 zeros before and 2 after"),
        ({"taps": 7, "size": 16}, "have no links to the features"),
    ],
    ids=str,
)
def test_what_is_worth_a_warning_is_said(parameters: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**parameters).notes)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            {"filter_shape": "k,k,C"},
            "received [5, 5, 4], rank 3; expected rank 4, [height, width, channels, 1]",
        ),
        ({"filter_shape": "N,k,k,C"}, '"input depth must be evenly divisible by filter depth: 4 vs 5"'),
        ({"filter_shape": "N,k,k,C", "channels": 10}, "5 dividing 10, compute without a word"),
        ({"filter_channels": 3}, "received 3; expected 4: one 5 x 5 slice for each channel"),
        ({"size": 4, "source": "random", "padding": "VALID"}, "received 5 x 5; expected at most 4 x 4"),
        ({"size": (4, 9), "padding": "VALID"}, "no window fits into 4 x 9"),
        ({"size": 4}, "received 5 x 5 bins; expected at most 4: adaptive pooling cannot make 5 bins"),
        ({"source": "drawn", "cells": "1010"}, "received a filter of 4 cells; expected 50 cells: 2 samples"),
        ({"cells": "12"}, "'2' is neither"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"mode": "conv2d"}, "one of depthwise, sum, sample-0"),
        ({"taps": 0}, "nearest allowed value is 1"),
        ({"channels": 129}, "nearest allowed value is 128"),
        ({"batch": 10**9}, "nearest allowed value is 4"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("dynamic-filter-convolution", {**bad, **refusal.value.remedy})


@pytest.mark.parametrize("size", [1, 3, 6])
def test_the_largest_filter_fits_and_one_more_is_refused(size: int) -> None:
    for source in ("pool", "random", "drawn"):
        shape = run(size=size, taps=size, padding="VALID", source=source).facts["output_shape"]
        assert shape[1:3] == (1, 1)
        with pytest.raises(engine.Rejected):
            run(size=size, taps=size + 1, padding="VALID", source=source)


def test_what_the_batch_of_filters_gives_is_what_the_refusal_says() -> None:
    """TensorFlow's own words and its silence, both named in the refusal."""
    said = {
        channels: engine.run("filter-calls", channels=channels, taps=3).facts["answers"]
        for channels in (4, 6)
    }
    assert "input depth must be evenly divisible by filter depth: 4 vs 3" in said[4]["batch of filters"]
    assert said[6]["batch of filters"].startswith("accepted")


def test_tensorflow_still_answers_as_the_claims_quote_it() -> None:
    said = engine.run("filter-calls").facts["answers"]
    assert "filter must be 4-dimensional: [5,5,128]" in said["rank 3, eager"]
    assert "Shape must be rank 4 but is rank 3" in said["rank 3, graph"]
    assert "Could not interpret initializer identifier" in said["symbolic initializer"]
    assert "Expected `shape` to be (5, 5, 128)" in said["array initializer, rank 3"]
    for kind in ("array", "function", "string", "object"):
        assert said[f"{kind} initializer"] == "accepted [2, 8, 8, 128]"


def test_a_drawn_filter_is_painted_for_one_sample(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/dynamic-filter-convolution?source=drawn&taps=3&channels=1")
    page.wait_for_selector('.stage[data-ready="true"]')
    target = page.locator('canvas[aria-label^="pattern:"]').first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] / 2)  # row 1, column 0 of sample 1
    drawn = "010111010" + "101" + "110" + "101"
    page.wait_for_url(lambda url: f"cells={drawn}" in url)
