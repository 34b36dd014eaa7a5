"""Convolution at one location: golden values, NumPy's and TensorFlow's own maps, borders, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import technique
from engine.convolution.single_location_convolution import question_data
from engine.convolution.single_location_convolution_places import (
    BORDERS,
    CONVENTIONS,
    corner_of,
    costs,
    shift,
)
from tests.test_links import prove

NAME = "single-location-convolution"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


@pytest.mark.parametrize(("name", "flip"), [("top_left_10_37", True), ("cross_correlation_10_37", False)])
def test_golden_values(name: str, flip: bool) -> None:
    golden = GOLDEN[name]
    told = run(index=golden["inputs"]["index"], seed=golden["inputs"]["seed"], flip=flip).facts
    assert told["value"] == pytest.approx(golden["expected"], abs=max(golden["tolerance"], 5e-9))


def test_golden_flip() -> None:
    trace = run(size=7, index="2x2", kernel="3,0,-1;2,0,1;4,4,3")
    assert trace["flipped"].tolist() == GOLDEN["flip_matrix"]["expected"]


def test_golden_cost() -> None:
    one, whole = GOLDEN["cost"]["expected"]
    told = run().facts
    assert (told["multiply_adds"], told["costs_large"]["valid"]) == (one, whole)


@pytest.mark.parametrize(("size", "taps"), [(7, 3), (5, 15), (12, 4)])
def test_the_formulas_count_what_numpy_really_holds(size: int, taps: int) -> None:
    known = costs(size, taps)
    image = np.zeros((size, size))
    assert known["image_bytes"] == image.nbytes
    for name, pad in {"M": taps, "M - 1": taps - 1, "M // 2": taps // 2}.items():
        assert known["padded_bytes"][name] == np.pad(image, pad).nbytes
    windows = sum(1 for _ in np.ndindex(*(max(0, size - taps + 1),) * 2))
    assert known["valid"] == windows * taps * taps


def reference(image: Any, kernel: Any, corner: tuple[int, int], border: str) -> float:
    """The definition, cell by cell, in plain Python loops."""
    size, taps = len(image), len(kernel)
    total, count = 0.0, 0
    for u in range(taps):
        for v in range(taps):
            row, column = corner[0] + u, corner[1] + v
            if border == "reflect":
                row, column = (abs(at) if at < size else 2 * (size - 1) - at for at in (row, column))
            if 0 <= row < size and 0 <= column < size:
                total += image[row, column] * kernel[taps - 1 - u, taps - 1 - v]
                count += 1
    return total * taps**2 / count if border == "rescale" else total


@st.composite
def states(draw: st.DrawFn, borders: tuple[str, ...] = BORDERS) -> dict[str, Any]:
    """States the technique accepts, mostly near the border."""
    size, border = draw(st.integers(5, 9)), draw(st.sampled_from(borders))
    taps = draw(st.integers(1, 6 if border in ("zero", "clip", "rescale") else 5))
    names = [name for name in CONVENTIONS if name != "centre" or taps % 2]
    convention = draw(st.sampled_from(names))
    inside = border in ("error", "slice")
    first = st.integers(0 if inside else 1 - taps, size - taps if inside else size - 1)
    move = shift(convention, taps)
    return {
        "size": size,
        "taps": taps,
        "border": border,
        "convention": convention,
        "index": (draw(first) + move, draw(first) + move),
        "flip": draw(st.booleans()),
        "image": draw(st.sampled_from(["random", "ramp"])),
        "seed": draw(st.integers(0, 99)),
        "whole": True,
    }


@given(state=states())
def test_the_value_is_the_definition_and_what_the_whole_map_holds(state: dict[str, Any]) -> None:
    trace = run(**state)
    image, kernel = question_data(state["image"], state["size"], state["taps"], None, state["seed"])
    corner = corner_of(state["index"], state["convention"], state["taps"])
    turned = kernel if state["flip"] else kernel[::-1, ::-1]
    expected = reference(image, turned, corner, state["border"])
    assert trace.facts["value"] == pytest.approx(expected, rel=1e-12)
    assert trace.facts["from_the_map"] == pytest.approx(expected, rel=1e-12)
    assert trace.facts["map_shape"] == (trace.facts["map_side"],) * 2
    assert trace["values"][0] == pytest.approx(expected, rel=1e-12)
    named = CONVENTIONS.index(state["convention"])
    assert trace["readings"][named] == pytest.approx(expected, rel=1e-12)
    y = trace.tensors["y"]  # the map around the value, at the index's own place
    place = tuple(at - first for at, first in zip(state["index"], y.origin, strict=True))
    assert y.values[place] == pytest.approx(expected, rel=1e-12)


@given(state=states())
def test_what_is_drawn_is_the_part_of_the_image_it_says(state: dict[str, Any]) -> None:
    trace = run(**state)
    image, _ = question_data(state["image"], state["size"], state["taps"], None, state["seed"])
    x = trace.tensors["x"]
    for at in np.ndindex(*x.shape):
        row, column = (a + first for a, first in zip(at, x.origin, strict=True))
        if 0 <= row < state["size"] and 0 <= column < state["size"]:
            assert x.values[at] == image[row, column]
        else:
            assert state["border"] == "reflect"


@given(state=states())
def test_maps_hold_against_the_jacobian(state: dict[str, Any]) -> None:
    """The contract's random parameters rarely leave the middle of a large image; these are at its edge."""
    state = state | {"size": min(state["size"], 6), "image": "random", "whole": False}
    try:
        parameters = technique(NAME).read(state)
    except engine.Rejected:
        return
    assert prove(NAME, parameters) > 0


@pytest.mark.parametrize("index", ["6x2", "2x6", "6x6", "-4x2", "-4x-4"])
def test_maps_of_plain_slices_hold_against_the_jacobian(index: str) -> None:
    parameters = technique(NAME).read({"size": 7, "index": index, "border": "slice"})
    assert prove(NAME, parameters) > 0


def test_three_conventions_name_one_window() -> None:
    named = {one["name"]: one["index"] for one in run().facts["conventions"]}
    assert named == {"top-left": (10, 37), "centre": (11, 38), "full": (12, 39)}
    values = {run(index=index, convention=name).facts["value"] for name, index in named.items()}
    assert len(values) == 1
    even = run(taps=4).facts["conventions"]
    assert even[1] == {"name": "centre", "index": None, "reading": None}


@pytest.mark.parametrize(
    ("index", "says"), [("999x37", "broadcasting repeats"), ("-4x37", "negative places")]
)
def test_a_plain_slice_is_wrong_as_numpy_is(index: str, says: str) -> None:
    trace = run(index=index, border="slice")
    image, kernel = question_data("random", 1000, 3, None, 777)
    row, column = trace.parameters["index"]
    numpy = (image[row : row + 3, column : column + 3] * kernel[::-1, ::-1]).sum()
    assert trace.facts["value"] == pytest.approx(numpy, rel=1e-12)
    assert trace.facts["sliced_wrongly"]
    assert says in trace.notes[0]
    if row >= 0:
        assert abs(numpy - run(index=index).facts["value"]) > 0.1


@pytest.mark.parametrize("index", ["998x37", "998x998", "-2x0", "1000x5"])
def test_a_refused_slice_is_one_that_numpy_refuses(index: str) -> None:
    image, kernel = question_data("random", 1000, 3, None, 777)
    row, column = (int(at) for at in index.split("x"))
    with pytest.raises(ValueError, match="could not be broadcast together") as numpy:
        image[row : row + 3, column : column + 3] * kernel
    with pytest.raises(engine.Rejected) as refusal:
        run(index=index, border="slice")
    assert f"NumPy says: {str(numpy.value).strip()}" in refusal.value.fix


def test_padding_the_image_shifts_every_index() -> None:
    """The question's answer pads by M = 3: its (10, 37) is the image's (7, 34)."""
    image, kernel = question_data("random", 1000, 3, None, 777)
    padded = np.pad(image, 3)
    assert run(index="7x34").facts["value"] == pytest.approx(
        (padded[10:13, 37:40] * kernel[::-1, ::-1]).sum(), rel=1e-12
    )
    assert run(index="7x34").facts["value"] == pytest.approx(3.218, abs=5e-4)


def test_further_locations_are_each_their_own_value() -> None:
    trace = run(locations="0.0_999.999_-2.5", border="clip")
    for index, value in trace.facts["locations"]:
        assert value == pytest.approx(run(index=index).facts["value"], rel=1e-12)
    assert len(trace.facts["locations"]) == 4


def test_the_gradient_is_the_kernel_and_the_index_has_none() -> None:
    import tensorflow as tf

    trace = run(index="999x37", border="zero")
    nonzero = trace["image gradient"][trace["image gradient"] != 0]
    np.testing.assert_allclose(np.sort(nonzero), np.sort(trace["flipped"][0]))
    np.testing.assert_allclose(trace["kernel gradient"], trace["window"][::-1, ::-1])
    row = tf.constant(1)
    with tf.GradientTape() as tape:
        tape.watch(row)
        value = tf.reduce_sum(tf.gather(tf.constant([1.0, 2.0, 4.0]), row + tf.range(2)))
    assert tape.gradient(value, row) is None


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"index": "1000x5"}, "the 3 x 3 window must meet the 1000 x 1000 image"),
        ({"index": "-3x5"}, "row and column -2 to 999"),
        ({"index": "998x5", "border": "error"}, "row and column 0 to 997"),
        ({"size": 5, "taps": 6, "index": "0x0", "border": "error"}, "no window fits inside"),
        ({"size": 5, "taps": 6, "index": "0x0", "border": "reflect"}, "a mirror has only 4 cells"),
        ({"taps": 4, "convention": "centre"}, "an even kernel has two centres, taps 1 and 2"),
        ({"kernel": "1,2,3;4,5,6"}, "received 2 x 3; expected as many rows as columns"),
        ({"kernel": "1,2;3"}, "make all rows equally wide"),
        ({"index": "10.5x3"}, "a whole number"),
        ({"index": "5000x3"}, "nearest allowed value is 1020"),
        ({"index": "-20x-20", "border": "slice", "taps": 1, "size": 5}, "the sum of nothing is 0"),
        ({"size": 5, "taps": 6, "index": "4x4", "border": "slice", "whole": True}, "the map has no cell"),
        ({"locations": "0.0_1000.3"}, "locations, row 2: received 1000x3"),
        ({"convention": "valid"}, "write top-left"),
        ({"size": 10_000}, "nearest allowed value is 1000"),
        ({"taps": 0}, "nearest allowed value is 1"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    # A value out of bounds is moved to the bound first; what it then means is the next question.
    if refusal.value.remedy and "nearest allowed value" not in refusal.value.fix:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_a_window_one_larger_than_the_image_never_reaches_tensorflow() -> None:
    """VALID with kernel = size + 1 returns garbage of the input's size: such a map is not asked for."""
    for border in ("zero", "clip", "rescale"):
        trace = run(size=5, taps=6, index="0x0", border=border, whole=True)
        assert trace.facts["map_shape"] == (10, 10)
        assert trace.facts["difference"] < 1e-12
    assert "y" not in run(size=5, taps=6, index="4x4", border="slice").tensors


def test_the_largest_request_is_within_the_budget() -> None:
    engine.check(NAME, {"size": 1000, "taps": 15, "index": "0x0", "whole": True, "border": "rescale"})
