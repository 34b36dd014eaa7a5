"""Glimpses: golden blocks, starts of all conventions, links against values, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.convolution.glimpse_extraction_checks import SAID
from engine.convolution.glimpse_extraction_starts import CONVENTIONS, formula, offset_for, start_of
from pages.kit.labs import labs

pytestmark = pytest.mark.usefixtures("warm_engine")
V2 = {"version": "V2", "noise": "zero"}
UP = [[0, 1, 2], [5, 6, 7], [10, 11, 12]]
ONE = [[6, 7, 8], [11, 12, 13], [16, 17, 18]]
LOWER = [[11, 12, 13], [16, 17, 18], [21, 22, 23]]
GOLDEN = [  # 5 x 5 image of 0 to 24, blocks of 3 x 3 at (1, 1) and (2, 1)
    ("V2", "zero", [ONE, LOWER]),
    ("V1", "uniform", [UP, UP]),
]
offsets = st.floats(-9, 9).map(lambda x: round(x, 2))


def run(**parameters: Any) -> engine.Trace:
    return engine.run("glimpse-extraction", **parameters)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    version, centered, normalized = draw(st.sampled_from(CONVENTIONS))
    size = draw(st.tuples(st.integers(3, 9), st.integers(3, 9)))
    noises = ("uniform", "gaussian") if version == "V1" else ("zero", "uniform", "gaussian")
    return {
        "version": version,
        "centered": centered,
        "normalized": normalized,
        "size": size,
        "glimpse": draw(st.tuples(st.integers(1, 5), st.integers(1, 5))),
        "intended": draw(st.tuples(st.integers(0, size[0] - 1), st.integers(0, size[1] - 1))),
        "noise": draw(st.sampled_from(noises)),
        "image": draw(st.sampled_from(("count", "random"))),
        **{name: draw(offsets) / (9 if normalized else 1) for name in ("y", "x", "y2", "x2")},
    }


@pytest.mark.parametrize(("version", "noise", "blocks"), GOLDEN)
def test_the_question(version: str, noise: str, blocks: Any) -> None:
    trace = run(version=version, noise=noise)
    assert trace["blocks"][..., 0].tolist() == blocks
    assert trace.facts["same"] == (version == "V1")


def test_the_middle_is_0_0_where_centred_and_normalised() -> None:
    trace = run(**V2, y=0, x=0, centered=True, normalized=True)
    assert trace["blocks"][0, :, :, 0].tolist() == ONE


def test_a_window_stays_from_half_a_pixel_to_two_and_a_half() -> None:
    """Truncation makes one step of the staircase twice as wide."""
    starts = {y: run(y=y).facts["starts"][0][0] for y in (0.4, 0.6, 1.5, 2.4, 2.6)}
    assert starts == {0.4: -1, 0.6: 0, 1.5: 0, 2.4: 0, 2.6: 1}


@settings(max_examples=15)
@given(state=states())
def test_blocks_are_cut_where_the_formula_says(state: dict[str, Any]) -> None:
    """Every cell of both blocks is the linked pixel of the image, or lies outside and has no link."""
    trace = run(**state)
    found = trace.steps[0].map
    x, blocks = trace["x"], trace["blocks"]
    outside = [0, 0]
    for cell in np.ndindex(*blocks.shape):
        linked = found.linked("blocks", cell, "x", within={"x": x.shape}).cells() if found else set()
        outside[cell[0]] += not linked
        assert all(blocks[cell] == x[at] for at in linked)
        assert len(linked) <= 1
    assert outside[0] == trace.facts["cells_outside"]
    if state["noise"] == "zero":
        assert (trace["blocks"][0, :, :, 0] == trace["sliced"]).all()
    assert trace.facts["op_and_slice_apart"] == 0
    assert (trace["window"].sum(), outside[0]) == (
        trace.facts["cells_inside"],
        blocks[0].size - trace["window"].sum(),
    )


@settings(max_examples=12)
@given(state=states())
def test_the_conversion_gives_the_wanted_block(state: dict[str, Any]) -> None:
    how = (state["version"], state["centered"], state["normalized"])
    (row,) = [
        one
        for one in run(**state).facts["conversions"]
        if (one["version"], one["centered"], one["normalized"]) == how
    ]
    y, x = row["offset"]
    right = run(**{**state, "y": y, "x": x})
    assert right.facts["right"]
    assert right.facts["starts"][0] == right.facts["wanted_start"]
    kept = right["window"].astype(bool)
    assert kept[state["intended"]]
    assert row["formula"] == formula(*how)


@settings(max_examples=200)
@given(
    start=st.integers(-9, 16),
    size=st.integers(3, 16),
    side=st.integers(1, 9),
    how=st.sampled_from(CONVENTIONS),
)
def test_offsets_and_starts_are_inverse(
    start: int, size: int, side: int, how: tuple[str, bool, bool]
) -> None:
    assert int(start_of(offset_for(start, size, side, *how), size, side, *how)) == start


@settings(max_examples=12)
@given(state=states())
def test_the_first_answers_are_right(state: dict[str, Any]) -> None:
    first, second = labs()["glimpse-extraction"].lab.predictions
    trace = run(**state)
    assert first.answers(trace)[0] == str(trace.facts["starts"][0][0]).replace("-", "−")
    y, x = (float(part.replace("−", "-")) for part in second.answers(trace)[0].strip("()").split(", "))
    for given_text in second.answers(trace)[1:]:
        at = [float(part.replace("−", "-")) for part in given_text.strip("()").split(", ")]
        assert not run(**{**state, "y": at[0], "x": at[1]}).facts["right"]
    assert run(**{**state, "y": y, "x": x}).facts["right"]


def test_neither_version_has_a_gradient() -> None:
    note = labs()["glimpse-extraction"].lab.gradient_note
    assert note is not None
    old, new = run(), run(**V2)
    assert old.facts["tape"] == "None"
    assert new.facts["tape"].startswith("LookupError: gradient registry has no entry")
    assert "answers **None**" in note(old)
    assert "LookupError" in note(new)


def test_slicing_and_resizing_have_gradients() -> None:
    trace = run(y=1.9, x=2.2)
    np.testing.assert_array_equal(trace["slice gradient"][0, :, :, 0], trace["window"])
    assert trace["resize gradient"].sum() == pytest.approx(9, abs=1e-4)
    np.testing.assert_allclose(trace.facts["start_gradient"], (45, 9), rtol=1e-4)  # 9 cells, 5 and 1 a pixel


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_noise_looks_like_the_image(noise: str) -> None:
    """It lies in the image's range and is one draw for the whole batch; a further call draws anew."""
    trace = run(y=5, x=5, y2=5, x2=5, intended="4x4", noise=noise)
    assert (trace.facts["same"], trace.facts["right"], trace.facts["cells_outside"]) == (True, True, 5)
    assert not np.isin(trace["blocks"][0], trace["x"]).all()
    assert (trace["blocks"][0] == trace["blocks"][1]).all()
    assert trace["blocks"].min() >= 0
    assert trace["blocks"].max() <= 24
    assert any("random" in note for note in trace.notes)
    assert engine.run("glimpse-calls").facts["answers"]["default noise, twice"] == "differ"


@pytest.mark.parametrize("y", [-20, 20])
def test_a_block_far_from_the_image_is_empty_of_it(y: float) -> None:
    trace = run(**V2, y=y, normalized=True, y2=y, glimpse="9x2")
    assert trace.facts["cells_inside"] == trace["sliced"].sum() == 0
    assert trace.steps[0].map is None


def test_every_start_of_random_trials_is_the_formulas() -> None:
    told = engine.run("glimpse-calls", trials=20, seed=3).facts
    assert told["mismatches"] == 0
    assert told["trials"] == 160


def test_shapes_are_refused_in_tensorflows_words() -> None:
    answers = engine.run("glimpse-calls").facts["answers"]
    for handed, said in SAID.items():
        assert said in answers[handed]
        with pytest.raises(engine.Rejected, match=said):
            run(handed=handed)
    assert answers["size 0"] == "[1, 0, 0, 1]"
    assert "Error" in answers["size -1"]
    assert "Error" in answers["unknown noise"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            {"handed": "image of rank 3"},
            "an image of shape [5, 5, 1]; expected [batch, height, width, channels]",
        ),
        ({"handed": "one offset too many"}, "3 offsets for a batch of 2"),
        ({"handed": "three numbers an offset"}, "offsets of shape [2, 3]"),
        ({"glimpse": 0}, "nearest allowed value is 1"),
        ({"glimpse": "-1x3"}, "nearest allowed value is 1"),
        ({"size": 2}, "nearest allowed value is 3"),
        ({"y": "nan"}, "received 'nan'"),
        ({"x": float("inf")}, "received inf"),
        ({"y": 1e9}, "nearest allowed value is 20"),
        ({"noise": "none"}, "there is none of this name"),
        ({"noise": "zero"}, "uniform or gaussian: TensorFlow 1"),
        ({"intended": "5x0"}, "row 0 to 4 and column 0 to 4"),
        ({"version": "v2"}, "write V2"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("glimpse-extraction", {**bad, **refusal.value.remedy})
