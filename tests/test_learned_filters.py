"""The learned-filters technique: the same training everywhere, exact parts, maps, errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

import engine
from engine.code import code
from engine.convolution.learned_filters_layers import network_of
from engine.convolution.learned_filters_training import MOST_KEPT, _keeping, digits, moved
from engine.links import Region
from pages.convolution.learned_filters_claims import noise
from tests.conftest import Server
from tests.test_browser import canvas, open_lab, query_of

pytestmark = pytest.mark.usefixtures("warm_engine")
SMALL = {"filters": 2, "stride": 2, "pool": 1}


def run(**parameters: Any) -> engine.Trace:
    return engine.run("learned-filters", **parameters)


def facts(**parameters: Any) -> dict[str, Any]:
    return dict(run(**parameters).facts)


def test_the_data_is_scikit_learns_and_nothing_is_in_both_parts() -> None:
    for way in ("end", "fifth"):
        (images, labels), (held, true) = digits(way)
        assert images.shape == (1437, 8, 8, 1)
        assert held.shape == (360, 8, 8, 1)
        assert {0.0, 1.0} <= set(np.unique(images))
        assert len(np.unique(images * 16)) == 17
        assert set(labels) == set(true) == set(range(10))
        assert len(np.concatenate([images, held])) == 1797


def test_the_trained_network_recognises_digits() -> None:
    """Accuracy is measured on pictures that were never trained on, and the table adds up to it."""
    trace = run()
    known = trace.facts
    assert known["held_out"] == 360
    assert 0.85 < known["accuracy"] < 0.91
    assert np.trace(trace["confusion"]) / 360 == pytest.approx(known["accuracy"])
    assert known["last_loss"] < known["first_loss"] / 5
    counts = np.bincount(digits("end")[1][1], minlength=10)
    np.testing.assert_array_equal(trace["confusion"].sum(axis=1), counts)


def test_the_page_answers_as_the_confusion_table_says() -> None:
    """Every digit held out, asked for one by one, gives the table that training measured."""
    table = np.zeros((10, 10))
    for digit in range(360):
        known = facts(digit=digit)
        table[known["label"], known["answer"]] += 1
    np.testing.assert_array_equal(table, run()["confusion"])


def test_a_shift_costs_half_of_the_answers() -> None:
    accuracy = run()["accuracy"]
    assert accuracy[2, 2] == run().facts["accuracy"]
    assert accuracy[2, 1] < 0.55
    assert facts(right=-1)["accuracy_here"] == accuracy[2, 1]
    assert facts(down=2)["accuracy_here"] == accuracy[4, 2]
    assert facts(down=3)["accuracy_here"] is None


def test_counts_by_formula_are_the_tensors() -> None:
    for parameters in ({}, {"layers": 2, "filters": 3}, SMALL, {"kernel": "5x3", "padding": "VALID"}):
        trace = run(**parameters)
        weights = [name for name in trace.tensors if name[0] in "wb" and name != "bias_part"]
        assert sum(trace[name].size for name in weights) == trace.facts["parameters_total"]
        assert trace["flat"].shape == (1, trace.facts["flat"])
        assert trace["pooled"].shape[1:] == trace.facts["output_shapes"][-1]
    assert facts()["parameters"] == (3 * 3 * 4 + 4, 64 * 10 + 10)


def test_keras_layers_say_the_same() -> None:
    """The step-by-step network against Conv2D, pooling and Dense with the trained weights."""
    import tensorflow as tf

    for parameters in ({"layers": 2, "stride": 2}, {"pooling": "average", "kernel": 4, "padding": "VALID"}):
        trace = run(**parameters)
        stride, padding = trace.parameters["stride"], trace.parameters["padding"].lower()
        y = trace["x"]
        for number in range(1, trace.parameters["layers"] + 1):
            weight = trace[f"w{number}"]
            layer = tf.keras.layers.Conv2D(
                weight.shape[3], weight.shape[:2], stride, padding, activation="relu"
            )
            layer.build(y.shape)
            layer.set_weights([weight, trace[f"b{number}"]])
            y = layer(y)
        pool = tf.keras.layers.AveragePooling2D if parameters.get("pooling") else tf.keras.layers.MaxPooling2D
        dense = tf.keras.layers.Dense(10)
        y = tf.keras.layers.Flatten()(pool(2)(y))
        dense.build(y.shape)
        dense.set_weights([trace["w_dense"], trace["b_dense"]])
        np.testing.assert_allclose(dense(y), trace["logits"], rtol=1e-4, atol=1e-4)


PROGRAM = """
import os, sys
os.environ["TF_ENABLE_ONEDNN_OPTS"] = sys.argv[1]
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[2]))
import contextlib, io
space = {"__name__": "pasted"}
with contextlib.redirect_stdout(io.StringIO()):
    exec(compile(open("program.py").read(), "program.py", "exec"), space)
import numpy as np
np.savez(sys.argv[3], **{name: np.asarray(value) for name, value in space["results"].items()})
"""


@pytest.mark.parametrize(("onednn", "threads"), [("1", "1"), ("0", "2")])
def test_another_process_trains_the_very_same_weights(onednn: str, threads: str, tmp_path: Path) -> None:
    """Other threads, other kernels of TensorFlow: training in float64 leaves the same float32 weights."""
    (tmp_path / "program.py").write_text(code("learned-filters"))
    (tmp_path / "start.py").write_text(PROGRAM)
    command = [sys.executable, "-I", "start.py", onednn, threads, "answers.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    trace = run()
    with np.load(tmp_path / "answers.npz") as answers:
        for name in ("w1", "b1", "w_dense", "b_dense"):
            np.testing.assert_allclose(answers[name], trace[name], rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(answers["confusion"], trace["confusion"])


def test_seeds_and_options_train_other_networks() -> None:
    first = run(**SMALL)["w1"]
    for change in ({"seed": 1}, {"pooling": "average", "pool": 2}, {"held_out": "fifth"}, {"bias": False}):
        assert np.abs(run(**{**SMALL, **change})["w1"] - first).max() > 1e-3
    assert not run(**SMALL, bias=False)["b1"].any()


def test_a_picked_digit_needs_no_training() -> None:
    run()
    assert run(digit=200).seconds < 0.5


def test_what_is_kept_is_bounded_and_the_oldest_goes_first() -> None:
    made: list[int] = []

    def make(number: int, report: Any) -> list[Any]:
        made.append(number)
        return [number]

    remembered = _keeping(make, 2)
    for number in (1, 2, 1, 3, 1, 2):
        assert remembered(number=number) == [number]
    assert made == [1, 2, 3, 2]
    assert MOST_KEPT * 8 * 4 * 8 * 8 * 8 * 10 < 2**24


PARTS = st.fixed_dictionaries(
    {
        "digit": st.integers(0, 359),
        "asked": st.one_of(st.none(), st.integers(0, 9)),
        "down": st.integers(-2, 2),
        "right": st.integers(-8, 8),
    }
)
NETWORKS = [
    {},
    {"bias": False},
    {"layers": 2},
    {"pooling": "average"},
    {"kernel": "2x5", "stride": "1x2"},
    {"kernel": 1, "stride": 2},
]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
@settings(max_examples=15)
@given(picture=PARTS)
def test_pixels_and_biases_add_up_to_the_logit(network: dict[str, Any], picture: dict[str, Any]) -> None:
    """Euler's theorem: the network is piecewise linear in pixels and biases together."""
    known = facts(**network, **picture)
    assert known["input_part"] + known["bias_part"] == pytest.approx(known["logit"], abs=1e-9)
    if network == {"bias": False}:
        assert known["bias_part"] == 0
    assert known["asked"] == (known["answer"] if picture["asked"] is None else picture["asked"])


def test_the_gradient_is_what_a_little_ink_changes() -> None:
    """Central differences on the page's own function, at pixels where no kink is near."""
    drawn = np.clip(run(digit=37)["x"].ravel().astype(float), 0.1, 0.9).round(3)
    base = {"source": "drawing", "asked": 3}
    gradient = run(**base, drawing=tuple(drawn))["gradient"].ravel()
    close = 0
    for pixel in range(64):
        ends = []
        for step in (0.01, -0.01):
            other = drawn.copy()
            other[pixel] += step
            ends.append(float(run(**base, drawing=tuple(other.round(4)))["logits"][0, 3]))
        close += abs((ends[0] - ends[1]) / 0.02 - gradient[pixel]) < 1e-2
    assert close >= 48


def through(trace: engine.Trace, tensor: str, cell: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The pixels that the maps, one after another, link with a cell: bool[height, width]."""
    regions = {tensor: {cell}}
    for step in reversed(trace.steps):
        if step.map is None or step.writes not in regions or step.aside:
            continue
        read = step.reads[0]
        shape = {read: trace[read].shape}
        for one in regions[step.writes]:
            regions.setdefault(read, set()).update(
                step.map.linked(step.writes, one, read, within=shape).cells()
            )
    pixels = np.zeros((8, 8), bool)
    for _, row, column, _ in regions["x"]:
        pixels[row, column] = True
    return pixels


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"layers": 2, "kernel": "2x3"},
        {"kernel": 3, "stride": "3x2", "pool": 1},
        {"padding": "VALID", "pool": 3},
    ],
    ids=str,
)
def test_every_hop_back_to_the_pixels_holds_the_gradient(parameters: dict[str, Any]) -> None:
    """Through ReLU and max pooling values decide; average pooling on open ReLUs leaves only the maps."""
    import tensorflow as tf

    from engine.convolution.learned_filters_training import forward

    trace = run(**parameters)
    given_ = trace.parameters
    generator = np.random.default_rng(5)
    names = [f"{kind}{number}" for number in range(1, given_["layers"] + 1) for kind in "wb"]
    weights = [
        generator.uniform(0.1, 1, trace[name].shape).astype("float32")
        for name in (*names, "w_dense", "b_dense")
    ]
    x = tf.constant(generator.uniform(0.1, 1, (1, 8, 8, 1)).astype("float32"))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = forward(x, weights, given_["stride"], given_["padding"], given_["pool"], "average")
    jacobian = np.asarray(tape.jacobian(found["flat"], x, experimental_use_pfor=False))
    for place in range(trace.facts["flat"]):
        seen = (jacobian[0, place] != 0).any(axis=(0, 3))
        np.testing.assert_array_equal(seen, through(trace, "flat", (0, place)))
    everything = (jacobian != 0).any(axis=(0, 1, 2, 5))
    np.testing.assert_array_equal(everything, through(trace, "probability", (0, 4)))


def test_values_decide_within_the_maps_of_relu_and_max_pooling() -> None:
    """A pooled unit equals one of its linked cells; a ReLU unit is its own sum and bias, or 0."""
    trace = run(digit=12)
    steps = {step.writes: step for step in trace.steps}
    for cell in np.ndindex(trace["pooled"].shape):
        linked = steps["pooled"].map.linked("pooled", Region.cell(cell), "relu1").cells()
        assert len(linked) == 4
        assert trace["pooled"][cell] == max(trace["relu1"][one] for one in linked)
    np.testing.assert_allclose(trace["relu1"], np.maximum(trace["conv1"] + trace["b1"], 0), atol=1e-6)
    np.testing.assert_array_equal(trace["flat"], trace["pooled"].reshape(1, -1))
    np.testing.assert_allclose(trace["probability"].sum(), 1, atol=1e-6)


@given(down=st.integers(-8, 8), right=st.integers(-8, 8))
def test_a_shift_moves_every_pixel_and_brings_blank(down: int, right: int) -> None:
    image = np.random.default_rng(1).random((2, 8, 8, 1)).astype("float32")
    shifted = moved(image, down, right)
    for row, column in np.ndindex(8, 8):
        inside = 0 <= row - down < 8 and 0 <= column - right < 8
        expected = image[:, row - down, column - right] if inside else 0
        np.testing.assert_array_equal(shifted[:, row, column], expected)


def test_a_drawing_is_what_the_network_sees() -> None:
    drawing = noise(3)
    np.testing.assert_allclose(run(source="drawing", drawing=drawing)["x"].ravel(), drawing, rtol=1e-6)
    assert facts(source="drawing", drawing=drawing)["label"] is None
    blank = run(source="drawing")
    assert not blank["x"].any()
    assert any("blank" in note for note in blank.notes)
    same = run(source="drawing", drawing=tuple(run(digit=9)["x"].ravel().tolist()))
    np.testing.assert_allclose(same["logits"], run(digit=9)["logits"], atol=1e-5)


def test_dead_filters_are_named() -> None:
    trace = run(layers=2, filters=8, stride=2)
    dead = trace.facts["dead_filters"]
    assert dead
    for name in dead:
        layer, place = map(int, name.split("."))
        assert trace["active"][layer - 1, place] == 0
    assert any("Dead ReLU" in note for note in trace.notes)


def test_what_no_window_reads_is_named() -> None:
    notes = facts_notes(kernel=2, stride=3, padding="VALID", pool=1)
    assert any("never reads" in note for note in notes)
    assert not any("never reads" in note for note in facts_notes())


def facts_notes(**parameters: Any) -> tuple[str, ...]:
    return run(**parameters).notes


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"digit": 360}, "nearest allowed value is 359"),
        ({"digit": -1}, "nearest allowed value is 0"),
        ({"asked": 10}, "nearest allowed value is 9"),
        ({"drawing": "0,1"}, "this has 2"),
        ({"drawing": ",".join(["2"] * 64)}, "change entry 1"),
        ({"drawing": ",".join(["nan"] * 64)}, "not a finite number"),
        ({"kernel": 9}, "nearest allowed value is 8"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"padding": "same"}, "write SAME"),
        ({"pads": "1,1"}, "this has 2"),
        ({"filters": 9}, "nearest allowed value is 8"),
        ({"source": "photo"}, "one of digit, drawing"),
        ({"stride": 8}, "at most 1: the last convolution leaves 1 x 1"),
        ({"kernel": 7, "padding": "VALID", "pool": 3}, "at most 2: the last convolution leaves 2 x 2"),
        ({"kernel": 5, "padding": "VALID", "layers": 2}, "at most 4x4: what convolution 2 gets"),
        ({"kernel": 8, "layers": 2, "filters": 8}, "GFLOP of work"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.run("learned-filters", **bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("learned-filters", {**bad, **refusal.value.remedy})


def test_a_window_one_larger_than_its_input_never_reaches_tensorflow() -> None:
    """Section by section: a convolution or a pooling window of size + 1 is refused in Python."""
    plain = {"stride": (1, 1), "pads": (0, 0, 0, 0), "filters": 2}
    for layers, kernel, pool in ((2, 5, 1), (1, 7, 3), (1, 8, 2)):
        with pytest.raises(engine.Rejected):
            network_of(kernel=(kernel, kernel), padding="VALID", layers=layers, pool=pool, **plain)


def test_a_stroke_draws_on_the_digit_and_becomes_the_drawing(page: Page, server: Server) -> None:
    """Down the second column, first to third row; the picture is 8 cells and one of padding each side."""
    stage = open_lab(page, server, "learned-filters")
    target = canvas(stage, "x")
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    cell = box["width"] / 10
    page.mouse.move(box["x"] + 2.5 * cell, box["y"] + 1.5 * cell)
    page.mouse.down()
    page.mouse.move(box["x"] + 2.5 * cell, box["y"] + 3.5 * cell, steps=8)
    page.mouse.up()
    page.wait_for_url("**source=drawing**")
    expected = run()["x"][0, :, :, 0].copy()
    expected[:3, 1] = 1
    asked = query_of(page)
    np.testing.assert_allclose(np.array(asked["drawing"].split(","), float), expected.ravel())
    assert "digit" not in asked
    expect(stage.locator('canvas[aria-label^="conv1, filter 3"]')).to_have_count(1)
