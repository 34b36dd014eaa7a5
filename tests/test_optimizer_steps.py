"""Optimizers on surfaces: NumPy's own loops, Keras run freely, divergence, pictures, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.optimizers.optimizer_steps_surfaces import COLUMNS, ROWS, SURFACES
from pages.kit.labs import labs
from pages.optimizers.optimizer_steps_words import formula

NAME = "optimizer-steps"
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
lab = labs()[NAME].lab
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def walked(optimizer: str, start: Any, slope: Any, steps: int, rate: float = 0.02) -> np.ndarray[Any, Any]:
    """The update rules as their papers write them, in float64: float[step, weight] after each step.

    Momentum: Polyak 1964, in Sutskever's form (2013), as is Nesterov's; Adam: Kingma and Ba 2015,
    algorithm 1, with m and v corrected one by one; AdamW: Loshchilov and Hutter 2019.
    """
    w = np.array(start, float)
    velocity = m = v = np.zeros_like(w)
    found = []
    for t in range(1, steps + 1):
        g = slope(w)
        if optimizer == "sgd":
            w = w - rate * g
        elif optimizer in ("momentum", "nesterov"):
            velocity = 0.9 * velocity - rate * g
            w = w + (velocity if optimizer == "momentum" else 0.9 * velocity - rate * g)
        elif optimizer == "rmsprop":
            v = 0.9 * v + 0.1 * g**2
            w = w - rate * g / np.sqrt(v + 1e-7)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            decay = rate * 0.1 * w if optimizer == "adamw" else 0
            w = w - decay - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        found.append(w)
    return np.array(found)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_path_is_the_papers_rule(optimizer: str) -> None:
    trace = run(optimizer=optimizer, steps=30)
    expected = walked(optimizer, (-2.5, 1.5), lambda w: np.array([1, 10]) * w, 30)
    np.testing.assert_allclose(trace["after"], expected, atol=2e-4)
    np.testing.assert_allclose(trace["w"][1:], expected[:-1], atol=2e-4)
    np.testing.assert_allclose(trace["loss"], (trace["w"] ** 2 @ [1, 10]) / 2, rtol=1e-5)


SLOPES = {
    "rosenbrock": lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
    "saddle": lambda x, y: (x, -y),
    "himmelblau": lambda x, y: (
        4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7),
        2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7),
    ),
}


@pytest.mark.parametrize("surface", SLOPES)
def test_gradients_are_the_closed_forms(surface: str) -> None:
    trace = run(surface=surface, optimizer="adam", learning_rate=0.1, steps=12)
    x, y = trace["w"].astype(float).T
    np.testing.assert_allclose(trace["g"], np.stack(SLOPES[surface](x, y), axis=1), rtol=2e-4, atol=2e-3)


@pytest.mark.parametrize("surface", SURFACES)
def test_minima_are_minima_and_starts_are_drawn(surface: str) -> None:
    known = SURFACES[surface]
    for spot in known.minima:
        trace = run(surface=surface, start=spot, steps=1, optimizer="sgd", learning_rate=1e-6)
        assert trace["loss"][0] < 1e-9
        assert np.abs(trace["g"]).max() < 1e-3
    trace = run(surface=surface, steps=1)
    assert trace["trail"].max() == 1
    assert trace["relief"].shape == (ROWS, COLUMNS)
    assert trace.facts["gradient_difference"] < 1e-5


@settings(max_examples=12)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    surface=st.sampled_from(["bowl", "double-well"]),
    rate=st.sampled_from([0.001, 0.05, 0.3]),
    mu=st.sampled_from([0.0, 0.5, 0.9]),
    beta=st.sampled_from([0.0, 0.5, 0.99]),
    decay=st.sampled_from([0.0, 0.5]),
)
def test_every_step_is_keras_step(
    optimizer: str, surface: str, rate: float, mu: float, beta: float, decay: float
) -> None:
    same = {"learning_rate": rate, "momentum": mu, "rho": beta, "beta_1": mu, "beta_2": beta}
    trace = run(optimizer=optimizer, surface=surface, weight_decay=decay, epsilon=1e-5, steps=9, **same)
    assert trace.facts["keras_difference"] < 1e-5


def test_a_click_starts_there() -> None:
    assert run(cell=(0, 0)).facts["start"] == (-3, 2.25)
    assert run(cell=(ROWS - 1, COLUMNS - 1)).facts["start"] == (3, -2.25)
    assert run(cell=(0, 0), start=(1, 1)).facts["start"] == (1, 1)
    trace = run(cell=(30, 40), surface="absolute")
    assert trace.facts["start"] == pytest.approx((2.0,))
    for cell in [(3, 5), (20, 44)]:  # the path begins in the clicked cell
        assert run(cell=cell, steps=1)["trail"][cell] == 1


def test_where_it_diverges_is_said() -> None:
    trace = run(optimizer="sgd", surface="rosenbrock", learning_rate=0.01)
    lost = trace.facts["lost_at"]
    assert np.isfinite(trace["loss"][: lost - 1]).all()
    assert not np.isfinite([*trace["loss"], trace["end"]][lost])
    assert f"after step {lost}" in trace.notes[0]
    assert "Diverging: the learning rate 0.3 is above 0.2" in run(optimizer="sgd", learning_rate=0.3).notes[0]
    assert run().notes == ()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize(("condition", "l2"), [(10, 0), (0.5, 0.5), (40, 1)])
def test_the_largest_rate_is_the_edge(optimizer: str, condition: float, l2: float) -> None:
    state = {"optimizer": optimizer, "condition": condition, "l2": l2, "momentum": 0.5, "steps": 200}
    edge = run(**state).facts["largest_rate"]
    below, above = (run(**state, learning_rate=share * edge).facts["losses"] for share in (0.97, 1.03))
    assert below[1] < below[0]
    assert above[1] > above[0]


def test_ties_and_zeros() -> None:
    still = run(surface="absolute", start=(0.0,), optimizer="adam")
    assert not still["delta"].any()
    lost = run(surface="absolute", start=(0.0,), optimizer="rmsprop", epsilon=0)
    assert lost.facts["lost_at"] == 1
    ridge = run(surface="saddle", start=(-2.5, 0.0), optimizer="adam", learning_rate=0.1)
    assert ridge.facts["end"][1] == 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_formula_table_gives_the_step(optimizer: str) -> None:
    trace = run(optimizer=optimizer, steps=10, chosen="1x4")
    rows = {row[0]: row for row in formula(trace)}
    for name, value in (("delta", trace.facts["at"]["delta"]), ("weight after", trace.facts["at"]["after"])):
        assert float(rows[name][3].replace("−", "-")) == pytest.approx(value, rel=1e-3)


def test_none_is_where_a_variable_is_assigned() -> None:
    trace = run()
    assert trace.facts["assign_is_none"]
    assert "None" in lab.gradient_note(trace)


@pytest.mark.parametrize(
    ("given_parameters", "text"),
    [
        ({"start": (1,)}, "start: received 1 numbers; expected 2 numbers: bowl has 2"),
        ({"surface": "absolute", "start": (1, 2)}, "expected 1 number: absolute has 1"),
        ({"cell": (40, 3)}, "cell: received 40, 3; expected a row below 37"),
        (
            {"chosen": (0, 40)},
            "chosen: received weight 0, step 40; expected a weight below 2 and a step below 40",
        ),
        ({"chosen": (1, 0), "surface": "parabola"}, "expected a weight below 1"),
        ({"learning_rate": -0.1}, "learning_rate: received -0.1; expected above 0"),
        ({"momentum": 1}, "momentum: received 1; expected at least 0 and below 1"),
        ({"beta_2": 1.5}, "beta_2: received 1.5; expected at least 0 and below 1"),
        ({"rho": -0.1}, "rho: received -0.1"),
        ({"epsilon": -1e-7}, "epsilon: received -1e-07; expected 0 or more"),
    ],
)
def test_every_refusal_says_what_to_do(given_parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(engine.Rejected) as refused:
        run(**given_parameters)
    assert text in str(refused.value)
    run(**{**given_parameters, **refused.value.remedy})
