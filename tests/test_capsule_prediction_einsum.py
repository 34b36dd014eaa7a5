"""Capsule predictions: golden values, every method, the popular answer, errors, links, what a piece shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Rejected, TooExpensive, technique
from engine.linear_algebra.capsule_prediction_einsum import METHODS, predict
from engine.linear_algebra.capsule_prediction_einsum_sizes import RIGHT
from pages.kit.labs import labs
from pages.kit.link import link_values, read_link, state_of
from pages.linear_algebra.capsule_prediction_einsum import asks
from pages.linear_algebra.capsule_prediction_einsum_claims import ANSWER, FULL
from tests.test_links import prove

NAME = "capsule-prediction-einsum"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def predicted(w: Any, u: Any, method: str = "einsum", meets: str = "columns", total: str = "columns") -> Any:
    """The technique's own function on given values."""
    tensors = (np.array(values, "float32") for values in (w, u))
    return np.asarray(predict(*tensors, method, RIGHT, meets, total))


def test_golden_shapes_and_counts() -> None:
    expected = GOLDEN["shapes"]["expected"]
    right, answer = run(**FULL).facts, run(**FULL, expression=ANSWER).facts
    assert list(right["shape"]) == expected["correct"]
    assert list(answer["shape"]) == expected["answer"]
    assert [right["weights"], right["matvecs"], right["tiled"]] == GOLDEN["counts"]["expected"]


def test_golden_matvec_and_elementwise() -> None:
    """W u, and rows scaled by u, summed over either axis; one input and one output capsule."""
    given_values, expected = (GOLDEN["matvec_vs_elementwise"][part] for part in ("inputs", "expected"))
    w, u = [[given_values["W"]]], [[given_values["u"]]]
    for method in METHODS:
        np.testing.assert_allclose(predicted(w, u, method)[0, 0, 0], expected["matvec"])
    rows = predicted(w, u, "elementwise", "rows", "rows")
    np.testing.assert_allclose(rows[0, 0, 0], expected["sum_axis0"])
    np.testing.assert_allclose(predicted(w, u, "elementwise", "rows")[0, 0, 0], expected["sum_axis1"])
    np.testing.assert_allclose(rows[0, 0, 0], np.transpose(given_values["W"]) @ given_values["u"])


@pytest.mark.parametrize("method", METHODS)
def test_golden_small_predictions(method: str) -> None:
    golden = GOLDEN["small_predictions"]
    found = predicted(golden["inputs"]["W"], golden["inputs"]["u"], method)
    np.testing.assert_allclose(found, golden["expected"], atol=golden["tolerance"])


sizes = st.fixed_dictionaries(
    {name: st.integers(1, 4) for name in ("batch", "inputs", "outputs", "out_size", "in_size")}
)


@given(given_sizes=sizes, method=st.sampled_from(METHODS))
@settings(max_examples=12)
def test_every_method_gives_each_product(given_sizes: dict[str, int], method: str) -> None:
    trace = run(**given_sizes, method=method, values="normal")
    assert trace.facts["shape"] == trace.facts["right_shape"] == trace["reference"].shape
    assert trace.facts["off"] < 1e-5
    np.testing.assert_allclose(
        trace["reference"], np.einsum(RIGHT, trace["W"], trace["u"]), rtol=1e-5, atol=1e-5
    )


@given(given_sizes=sizes)
@settings(max_examples=8)
def test_the_popular_answer_sums_over_output_capsules(given_sizes: dict[str, int]) -> None:
    right, answer = run(**given_sizes), run(**given_sizes, expression=ANSWER)
    w, u = answer["W"], answer["u"]
    np.testing.assert_allclose(answer["u_hat"], (w.sum(axis=1) * u[:, :, None, :]).swapaxes(2, 3))
    np.testing.assert_allclose(answer["u_hat"].sum(axis=2), right["u_hat"].sum(axis=2))
    assert answer.facts["summed"] == ("j",)


@pytest.mark.parametrize("meets", ["columns", "rows"])
@pytest.mark.parametrize("total", ["columns", "rows"])
def test_an_elementwise_product_is_the_einsum_that_is_named(meets: str, total: str) -> None:
    product = run(method="elementwise", meets=meets, total=total, in_size=3, out_size=3)
    named = run(expression=product.facts["expression"], in_size=3, out_size=3)
    np.testing.assert_array_equal(product["u_hat"], named["u_hat"])
    parameters = technique(NAME).read({"method": "elementwise", "meets": meets, "total": total})
    assert prove(NAME, parameters) > 0


@pytest.mark.parametrize(
    "expression", [ANSWER, "ijkl,bil->bijkl", "ijkl,bil", "...l,b...l->b...", "abcd,xad->cbax"]
)
def test_any_expression_has_its_map(expression: str) -> None:
    assert prove(NAME, technique(NAME).read({"expression": expression})) > 0


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("ijkl,bil->bijz", "z is in no operand"),
        ("ijkl,bil->bijj", "write j once"),
        ("ijk,bil->bijk", "A of shape [2, 3, 2, 2], 4 axes, where A is W [2, 3, 2, 2] and B is u [1, 2, 2]"),
        ("ijkl,bjl->bijk", "j of size 3 in A, axis 1 and 2 in B, axis 1"),
        ("ijkl->ijk", "received 2 shapes"),
        ("ijkl,bil=>bijk", "write ->"),
    ],
)  # fmt: skip
def test_a_wrong_expression_says_what_to_do(expression: str, says: str) -> None:
    with pytest.raises(Rejected) as caught:
        run(expression=expression)
    assert caught.value.parameter == "expression"
    assert says in str(caught.value)
    assert run(**caught.value.remedy)


def test_tensorflows_own_words_stand_beside_ours() -> None:
    assert "label z not present" in asks({"expression": "ijkl,bil->bijz"})
    assert "a label appearing more than once" in asks({"expression": "ijkl,bil->bijj"})
    disagrees = asks({"expression": "ijkl,bjl->bijk"})
    assert "Expected dimension 3 at axis 1" in disagrees
    assert asks({"expression": RIGHT, "batch": "64"}) == ""  # it accepts this


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Rejected, match=r"as many rows as numbers, for W \* u\[\.\.\., None\]") as caught:
        run(method="elementwise", meets="rows", in_size=3)
    assert run(method="elementwise", in_size=3, **caught.value.remedy).facts["off"] == 0


@pytest.mark.parametrize(
    "state", [{"method": "tile"}, {"expression": "ijkl,bil->bijkl"}, {"method": "elementwise"}]
)
def test_what_would_be_written_out_is_refused_before_it_runs(state: dict[str, str]) -> None:
    with pytest.raises(TooExpensive, match="MiB of tensors; expected at most 256.0 MiB"):
        run(**FULL, **state)


def test_a_large_state_is_computed_whole_and_shown_in_part() -> None:
    trace = run(**FULL)
    assert trace["u_hat"].shape == (2, 6, 10, 16)
    assert trace.facts["off"] == 0
    assert "first 2 samples and 6 input capsules" in trace.notes[0]
    found = trace.steps[0].map
    assert found is not None
    assert found.linked("u_hat", (1, 5, 9, 15), "W").cells() == {(5, 9, 15, at) for at in range(8)}
    summed = run(**FULL, expression="ijkl,bil->bjk")  # the sum reaches outside the piece
    assert summed.steps[0].map is None
    assert summed["u_hat"].shape == (2, 10, 16)


def test_zeros_hide_every_mistake() -> None:
    assert run(values="zeros", outputs=2, expression=ANSWER).facts["off"] == 0
    assert run(outputs=2, expression=ANSWER).facts["off"] > 0
    assert "0" in run(values="zeros").notes[0]


def test_the_gradient_is_the_input_capsule_in_every_row() -> None:
    trace = run(batch=3)
    rows = trace["u"].sum(axis=0)[:, None, None, :]
    np.testing.assert_allclose(trace["gradient_W"], np.broadcast_to(rows, trace["W"].shape))
    matrices = np.broadcast_to(trace["W"].sum(axis=(1, 2)), trace["u"].shape)
    np.testing.assert_allclose(trace["gradient_u"], matrices)


@pytest.mark.parametrize(
    "state", [{}, {"expression": ANSWER}, FULL, {"method": "elementwise", "meets": "rows"}]
)
def test_the_expression_opens_in_the_einsum_lab(state: dict[str, Any]) -> None:
    trace, lab = run(**state), labs()[NAME].lab
    assert lab.related
    (link,) = lab.related(trace)
    other = labs()[link.lab]
    query = link_values(other, state_of(other, link.settings))
    values, dropped = read_link(other, query)
    assert not dropped
    opened = engine.run(other.lab.technique, **values)
    assert opened.facts["text"] == trace.facts["expression"]
    if trace.facts["whole"]:
        assert opened.facts["shape"] == trace.facts["shape"]
