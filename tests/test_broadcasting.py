"""Broadcasting: the accident and its repairs, shapes and values against NumPy, clashes, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.linear_algebra.broadcasting_shapes import REPAIRS, aligned, repaired, together
from pages.kit.labs import labs

pytestmark = pytest.mark.usefixtures("warm_engine")
PERFECT = {"operation": "squared difference", "values": "same"}
shape = st.lists(st.sampled_from((0, 1, 1, 2, 3)), max_size=4).map(tuple)


def run(**parameters: Any) -> engine.Trace:
    return engine.run("broadcasting", **parameters)


def numpys(shapes: Any) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def test_the_question() -> None:
    trace = run()
    assert (trace["a"].shape, trace["b"].shape) == ((47, 1), (47,))
    assert trace.facts["output_shape"] == trace["out"].shape == (47, 47)
    assert trace.facts["stretched"] == {"a": [-1], "b": [-2]}
    assert trace.facts["grown"]
    assert trace["aligned"].tolist() == [[47, 1], [1, 47], [47, 47]]
    assert any("silent accident" in note for note in trace.notes)


@settings(max_examples=8)
@given(n=st.integers(1, 64))
def test_a_perfect_model_has_loss_n_squared_minus_1_over_6(n: int) -> None:
    """The mean of (i − j)² over all pairs; with 47 examples 368."""
    wrong = run(a=(n, 1), b=(n,), **PERFECT)
    assert wrong.facts["mean"] == pytest.approx((n * n - 1) / 6, rel=1e-5)
    for repair in ("new axis at the end", "squeeze"):
        right = run(a=(n, 1), b=(n,), repair=repair, **PERFECT)
        assert right.facts["mean"] == 0
        assert right.facts["cells"] == n


@settings(max_examples=100)
@given(shapes=st.lists(shape, min_size=1, max_size=3))
def test_alignment_is_numpys(shapes: list[tuple[int, ...]]) -> None:
    assert together(shapes) == numpys(shapes)
    for axis in aligned(shapes):
        assert axis.clashes == (numpys([(size,) for size in axis.sizes if size is not None]) is None)


@settings(max_examples=15)
@given(
    a=shape,
    b=shape,
    c=st.one_of(st.none(), shape.filter(bool)),
    operation=st.sampled_from(("add", "subtract", "multiply", "squared difference")),
    repair=st.sampled_from(REPAIRS),
    explicit=st.booleans(),
)
def test_values_are_numpys_with_every_repair(
    a: Any, b: Any, c: Any, operation: str, repair: str, explicit: bool
) -> None:
    chosen = {"operation": operation, "repair": repair, "explicit": explicit, "values": "random"}
    trace = run(a=a, b=b, c=c, **chosen)
    letters = "ab" if c is None else "abc"
    operands = [trace.tensors.get(f"{name} repaired", trace.tensors[name]).values for name in letters]
    assert [x.shape for x in operands] == repaired([trace[name].shape for name in letters], repair)
    out = numpys([x.shape for x in operands])
    assert trace.facts["output_shape"] == out
    if out is None:
        assert "out" not in trace.tensors
        assert trace.facts["message"]
        assert np.isnan(trace["aligned"][-1]).sum() == len(trace.facts["clashes"])
        return
    x, y, *rest = operands
    expected = {"add": x + y, "subtract": x - y, "multiply": x * y, "squared difference": (x - y) ** 2}
    for z in rest:
        expected["add"] = expected["add"] + z
        expected["subtract"] = expected["subtract"] - z
        expected["multiply"] = expected["multiply"] * z
        expected["squared difference"] = expected["squared difference"] * z
    np.testing.assert_allclose(trace["out"], expected[operation], rtol=1e-5, atol=1e-6)
    for name in letters:
        assert trace[f"gradient of {name}"].shape == trace[name].shape


@pytest.mark.parametrize("explicit", [False, True])
def test_a_gradient_is_summed_over_what_was_repeated(explicit: bool) -> None:
    trace = run(a="4,1,1", b="3,1", c="2", explicit=explicit)
    assert trace["out"].shape == (4, 3, 2)
    for name, reads in (("a", 6), ("b", 8), ("c", 12)):
        assert (trace[f"gradient of {name}"] == reads).all()
        assert trace.facts["reads"][name] == reads


def test_a_cell_that_crop_cuts_off_has_slope_0() -> None:
    trace = run(a="5", b="3", repair="crop")
    assert trace["gradient of a"].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("shapes", "said", "where"),
    [
        ({"a": "2,3", "b": "2"}, "Incompatible shapes: [2,3] vs. [2]", "axis −1: 3 and 2"),
        ({"a": "4", "b": "2"}, "Incompatible shapes: [4] vs. [2]", "axis −1: 4 and 2"),
        ({"a": "5", "b": "0"}, "Incompatible shapes: [5] vs. [0]", "axis −1: 5 and 0"),
        (
            {"a": "1,47,47,4", "b": "1,46,46,4"},
            "Incompatible shapes: [1,47,47,4] vs. [1,46,46,4]",
            "axis −3: 47 and 46; axis −2: 47 and 46",
        ),
    ],
    ids=str,
)
def test_a_clash_is_told_in_tensorflows_words(shapes: dict[str, str], said: str, where: str) -> None:
    trace = run(**shapes)
    assert trace.facts["message"] == said
    assert where in trace.notes[0]
    assert "clash" in trace.steps[-1].settings
    note = labs()["broadcasting"].lab.gradient_note
    assert note is not None
    assert "no result" in note(trace)


def test_an_empty_axis_is_said_to_give_nan() -> None:
    trace = run(a="3,1", b="0")
    assert trace["out"].shape == (3, 0)
    assert np.isnan(trace.facts["mean"])
    assert any("0 ÷ 0" in note for note in trace.notes)


def test_a_repair_that_changes_nothing_says_so() -> None:
    assert any("changes nothing" in note for note in run(a="3", b="3", repair="crop").notes)


def test_single_numbers_have_no_axes_to_align() -> None:
    trace = run(a="", b="")
    assert trace.facts["output_shape"] == ()
    assert "aligned" not in trace.tensors


@settings(max_examples=15)
@given(a=shape, b=shape)
def test_the_first_answer_is_right(a: Any, b: Any) -> None:
    asked = labs()["broadcasting"].lab.predictions[0]
    trace, out = run(a=a, b=b), numpys((a, b))
    right = "an error: they do not fit" if out is None else f"[{', '.join(map(str, out))}]"
    assert asked.answers(trace)[0] == right


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"a": "47,1.5"}, "sizes are whole numbers"),
        ({"a": "nan"}, "every size must be known here"),
        ({"b": "-1"}, "change entry 1"),
        ({"b": "None,3"}, "entry 1 is not a finite number"),
        ({"a": "1,1,1,1,1,1"}, "this has 6"),
        ({"a": "2000"}, "change entry 1"),
        ({"a": "1024,1024,5"}, "1024 x 1024 x 5 = 5,242,880 numbers"),
        ({"a": "1024,1024,1", "b": "1024"}, "MiB of tensors; expected at most"),
        ({"repair": "tile"}, "one of none, new axis at the end, squeeze, crop"),
        ({"operation": "matmul"}, "one of add"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("broadcasting", {**bad, **refusal.value.remedy})
