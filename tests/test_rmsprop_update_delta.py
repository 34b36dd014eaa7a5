"""RMSprop's deltas: golden values, Keras' and TF1's own optimizers, errors, links, gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from pages.kit.labs import labs
from pages.optimizers.rmsprop_update_delta_words import formula

NAME = "rmsprop-update-delta"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{NAME}.json").read_text())}
lab = labs()[NAME].lab
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def golden(name: str) -> dict[str, Any]:
    given = GOLDEN[name]["inputs"]
    return {
        "weights": given["w0"],
        "grads": [g for row in given["grads"] for g in row],
        "learning_rate": given["lr"],
        "rho": given["rho"],
        "epsilon": given["epsilon"],
        "momentum": given.get("momentum", 0),
    }


@pytest.mark.parametrize("name", ["keras_plain", "keras_momentum"])
def test_golden_deltas(name: str) -> None:
    trace, expected = run(**golden(name)), GOLDEN[name]["expected"]
    for found in ("delta", "keras_delta"):
        np.testing.assert_allclose(trace[found], expected, rtol=0, atol=GOLDEN[name]["tolerance"])


def test_golden_gradient_descent() -> None:
    np.testing.assert_allclose(run()["sgd"], GOLDEN["raw_sgd"]["expected"], rtol=0, atol=1e-7)
    by_keras = run(compare="sgd")["other_delta"]  # w - lr g - w: rounded at the size of the weights
    np.testing.assert_allclose(by_keras, GOLDEN["raw_sgd"]["expected"], rtol=0, atol=2.5e-7)


def test_golden_first_step() -> None:
    trace = run(weights=(0.0,), grads=(1e5,))
    size = abs(trace["delta"][0, 0]) / trace.parameters["learning_rate"]
    assert size == pytest.approx(GOLDEN["first_step_magnitude"]["expected"], rel=1e-6)


def test_the_default_is_the_questions_example() -> None:
    assert run().parameters["grads"] == pytest.approx(golden("keras_plain")["grads"])


SETTING = st.fixed_dictionaries(
    {
        "rho": st.sampled_from([0.0, 0.5, 0.9, 0.99]),
        "momentum": st.sampled_from([0.0, 0.5, 0.9]),
        "centered": st.booleans(),
        "v0": st.sampled_from(["0", "1"]),
        "weight_decay": st.sampled_from([0.0, 0.1]),
        "clipping": st.sampled_from(["none", "clipvalue", "clipnorm", "global_clipnorm"]),
        "loss_scale": st.sampled_from([1.0, 8.0]),
        "variables": st.sampled_from(["one", "each"]),
        "connected": st.sampled_from([None, "11", "10", "01"]),
        "epsilon": st.sampled_from([1e-7, 1e-3]),
        "grads": st.lists(st.floats(-20, 20).map(lambda g: round(g, 2)), min_size=6, max_size=6),
    }
)


@settings(max_examples=15)
@given(given_settings=SETTING)
def test_the_formula_is_keras_rule(given_settings: dict[str, Any]) -> None:
    trace = run(weights=(1.5, -0.5), **given_settings)
    moved = float(
        np.abs(trace["delta"]).sum()
    )  # Keras' delta is a difference of weights: rounded at their size
    assert trace.facts["keras_difference"] < 2e-6 + 2e-7 * moved
    slots = trace.facts["slots"]
    np.testing.assert_allclose(slots["keras_velocity"], trace["v"][-1], rtol=1e-5, atol=1e-9)
    assert ("keras_momentum" in slots) == (given_settings["momentum"] > 0)
    if "m" in trace.tensors:
        np.testing.assert_allclose(slots["keras_momentum"], trace["m"][-1], rtol=1e-4, atol=1e-6)


@settings(max_examples=10)
@given(given_settings=SETTING, step=st.integers(0, 2))
def test_the_tape_agrees_with_central_differences(given_settings: dict[str, Any], step: int) -> None:
    near = {
        **given_settings,
        "clipping": "none",
        "epsilon": 1e-3,
    }  # no kink, and no cancelling to the last digit
    near["grads"] = [g if abs(g) > 0.1 else 0.5 for g in near["grads"]]
    trace = run(weights=(1.5, -0.5), chosen=(step, 0), **near)
    largest = float(np.abs(trace["numeric"]).max())
    assert trace.facts["gradient_difference"] <= 5e-3 * largest + 1e-6


def test_begun_at_one_it_is_tensorflow_1() -> None:
    for momentum in (0.0, 0.9):
        trace = run(v0="1", epsilon=1e-10, momentum=momentum)
        np.testing.assert_allclose(trace["delta"], trace["other_delta"], atol=3e-7)
        np.testing.assert_allclose(trace.facts["slots"]["tf1_momentum"], -trace["other_delta"][-1], atol=3e-7)


def test_cells_are_made_of_the_linked_ones() -> None:
    """The steps that are no Jacobian row by row: what a link says is what the number needs."""
    trace = run(momentum=0.5, centered=True)
    rate = np.float32(0.01)
    np.testing.assert_allclose(trace["increment"], rate * trace["g"] / trace["root"], rtol=1e-6)
    by_name = {step.writes: step for step in trace.steps}
    for cell in np.ndindex(*trace["v"].shape):
        past = sorted(by_name["v"].map.linked("v", cell, "g", within={"g": (3, 3)}).cells())
        assert past == [(row, cell[1]) for row in range(cell[0] + 1)]
        squares = sum(0.1 * 0.9 ** (cell[0] - row) * trace["g"][row, i] ** 2 for row, i in past)
        assert trace["v"][cell] == pytest.approx(squares, rel=1e-5)


def test_a_gradient_of_none_leaves_everything_alone() -> None:
    trace = run(connected="101", momentum=0.9, weight_decay=0.5, v0="1")
    assert not trace["delta"][:, 1].any()
    assert (trace["v"][:, 1] == 1).all()
    assert not trace["keras_delta"][:, 1].any()
    assert any("None is no gradient of 0" in note for note in trace.notes)
    assert formula(run(connected="101", chosen="0x1"))[0][1] == "None"


def test_none_is_told_from_zero() -> None:
    assert run().facts["w0_is_none"]
    decaying = run(weight_decay=0.5)
    assert not decaying.facts["w0_is_none"]
    assert decaying["gradient_w0"][0] == pytest.approx(-0.005)
    for trace in (run(), decaying):
        assert "None" in lab.gradient_note(trace)


def test_zero_by_zero_is_said() -> None:
    trace = run(epsilon=0, grads=(0, 1, 1, 1, 1, 1))
    assert np.isnan(trace["delta"][0, 0])
    assert "Weight 0 is lost at step 0" in trace.notes[0]
    assert "first gradient that is exactly 0" in run(epsilon=0, grads=(1, 1, 1)).notes[0]


def test_the_formula_table_gives_the_cell() -> None:
    for state in (
        {},
        {"momentum": 0.9, "weight_decay": 0.1, "centered": True, "chosen": "2x1"},
        {"clipping": "clipvalue"},
    ):
        trace = run(**state)
        rows = {row[0]: row for row in formula(trace)}
        assert float(rows["delta"][3].replace("−", "-")) == pytest.approx(
            trace.facts["at"]["delta"], rel=1e-3
        )
        assert float(rows["v"][3]) == pytest.approx(trace.facts["at"]["v"], rel=1e-3)


@pytest.mark.parametrize(
    ("given_parameters", "text"),
    [
        ({"rho": 1.5}, "rho: received 1.5; expected at least 0 and below 1"),
        (
            {"rho": 1},
            "rho: received 1; expected at least 0 and below 1; fix: choose 0.9: at 1 nothing new is averaged",
        ),
        ({"rho": -0.1}, "rho: received -0.1; expected at least 0"),
        ({"momentum": 2}, "momentum: received 2; expected at least 0 and below 1"),
        ({"epsilon": -1e-3}, "epsilon: received -0.001; expected 0 or more; fix: choose 0 or more"),
        ({"learning_rate": 0}, "learning_rate: received 0; expected above 0; fix: choose a positive one"),
        ({"learning_rate": -1}, "Keras climbs uphill with a negative rate"),
        ({"grads": ()}, "grads: received an empty list; expected at least one row of 3"),
        ({"grads": (1, 2, 3, 4)}, "received 4 gradients for 3 weights; expected a multiple of 3"),
        ({"weights": (1,), "grads": (1,) * 13}, "for 1 to 12 steps; fix: write 12 gradients"),
        ({"connected": "000"}, "No gradients provided for any variable"),
        ({"connected": "01"}, "connected: received 2 cells; expected 3 cells, one a weight"),
        ({"variables": "new"}, "Unknown variable"),
        ({"chosen": (3, 0)}, "chosen: received step 3, weight 0; expected a step from 0 to 2"),
        ({"clipping": "clipnorm", "clip": 0}, "clip: received 0; expected above 0"),
        ({"loss_scale": 0}, "loss_scale: received 0; expected above 0"),
    ],
)
def test_every_refusal_says_what_to_do(given_parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(engine.Rejected) as refused:
        run(**given_parameters)
    assert text in str(refused.value)
    assert refused.value.remedy
    run(**{**given_parameters, **refused.value.remedy})


def test_what_keras_itself_says() -> None:
    answers = engine.run("optimizer-calls").facts["answers"]
    assert "Unknown variable" in answers["new variable"]
    assert "No gradients provided for any variable" in answers["only None"]
    assert "not enough values to unpack" in answers["empty list"]
    assert "get_slot" in answers["get_slot"]
    assert "must be a float between" in answers["SGD momentum 2"]


def test_hostile_gradients_stay_finite_or_are_said() -> None:
    trace = run(weights=(1e6,), grads=(1e6, -1e6), epsilon=0, learning_rate=10, momentum=0.99)
    assert np.isfinite(trace["delta"]).all()
