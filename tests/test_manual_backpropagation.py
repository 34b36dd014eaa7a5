"""Backpropagation by hand: golden values, NumPy's own, every step's map alone, mistakes, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.gradients.manual_backpropagation import ACTIVATIONS, MISTAKES
from engine.gradients.manual_backpropagation_numbers import first_numbers
from engine.trace import Step
from pages.gradients.manual_backpropagation import LAB
from pages.gradients.manual_backpropagation_panels import panels
from tests.strategies import parameters_of

NAME = "manual-backpropagation"
TINY = {"x": [[1.0, 2.0]], "y": [[1.0]], "w1": [[1.0, -1.0], [0.5, 0.25]], "w2": [[2.0], [-3.0]]}
KINK = {"x": (1, 1), "y": (0,), "w1": (1, -1, -1, 2), "w2": (2, -3)}
TUTORIAL = {
    "batch": 64,
    "inputs": 1000,
    "layers": "100.relu_10.linear",
    "numbers": "normal",
    "dtype": "float64",
}
DEEP = "3.tanh_4.sigmoid_2.leaky-relu_3.clip_2.linear"
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(NAME, **parameters)


def test_golden_tiny() -> None:
    trace = run()
    for name, values in TINY.items():
        np.testing.assert_array_equal(trace[name], values)
    assert trace["loss"] == pytest.approx(9.0, abs=1e-9)
    for pass_ in ("", "tape_"):
        np.testing.assert_allclose(trace[f"{pass_}dw1"], [[12.0, 0.0], [24.0, 0.0]], atol=1e-9)
        np.testing.assert_allclose(trace[f"{pass_}dw2"], [[12.0], [0.0]], atol=1e-9)


def test_golden_kink() -> None:
    right, masked = run(**KINK), run(**KINK, mistake="below-zero")
    np.testing.assert_allclose(right["tape_dw1"], [[0.0, 18.0], [0.0, 18.0]], atol=1e-9)
    np.testing.assert_allclose(right["dw1"], right["tape_dw1"], atol=1e-9)
    np.testing.assert_allclose(masked["dw1"], [[-12.0, 18.0], [-12.0, 18.0]], atol=1e-9)
    np.testing.assert_allclose(right["nudged_dw1"], [[-6.0, 18.0], [-6.0, 18.0]], rtol=1e-3)  # the half


def test_golden_big_loss() -> None:
    trace = run(**TUTORIAL, steps=0)
    assert trace["loss"] == pytest.approx(31519525.1, rel=1e-3 / 31519525.1, abs=0.05)
    assert trace.facts["worst"] < 1e-12
    assert trace.facts["largest"][1] == pytest.approx(7e5, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "slope"),
    [("relu", 0.0), ("maximum-z-0", 1.0), ("maximum-0-z", 0.0), ("clip", 1.0), ("leaky-relu", 0.200000003)],
)
def test_golden_derivative_at_zero(kind: str, slope: float) -> None:
    trace = run(inputs=1, layers=f"1.{kind}", x=(0,), w1=(1,), y=(1,))
    assert trace["tape_dz1"][0, 0] / trace["tape_da1"][0, 0] == pytest.approx(slope, abs=1e-6)
    assert trace["slope1"][0, 0] == pytest.approx(slope, abs=1e-6)


def test_the_tutorials_own_code_in_numpy() -> None:
    """The lines of the question, run on the same numbers."""
    trace = run(**TUTORIAL, steps=0)
    x, y, w1, w2 = first_numbers(64, [1000, 100, 10], "normal", False, 0, {}, "float64")
    h = x.dot(w1)
    h_relu = np.maximum(h, 0)
    grad_y_pred = 2.0 * (h_relu.dot(w2) - y)
    grad_w2 = h_relu.T.dot(grad_y_pred)
    grad_h = grad_y_pred.dot(w2.T)
    grad_h[h < 0] = 0
    np.testing.assert_allclose(trace["dw2"], grad_w2, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(trace["dw1"], x.T.dot(grad_h), rtol=1e-9, atol=1e-7)


@settings(max_examples=15)
@given(
    layers=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(ACTIVATIONS)), min_size=1, max_size=5),
    batch=st.integers(1, 4),
    inputs=st.integers(1, 4),
    loss=st.sampled_from(["sum", "mean", "cross-entropy"]),
    bias=st.booleans(),
    numbers=st.sampled_from(["example", "normal", "scaled"]),
    seed=st.integers(0, 99),
)
def test_by_hand_it_is_the_tapes(layers: Any, batch: int, inputs: int, **rest: Any) -> None:
    trace = run(layers=layers, batch=batch, inputs=inputs, dtype="float64", steps=2, **rest)
    assert trace.facts["first_difference"] is None
    assert max(trace.facts["relative"]) < 1e-12
    for number in trace.facts["shown"]:
        assert trace[f"dw{number}"].shape == trace[f"w{number}"].shape


def test_a_sum_on_a_kink_is_named_where_differences_differ() -> None:
    trace = run(**KINK)
    assert trace.facts["at_a_kink"] == 1
    assert trace.facts["nudged"] == pytest.approx(1 / 3, rel=1e-3)
    assert LAB.gradient_note is not None
    assert "1 sum stands on an activation's kink" in LAB.gradient_note(trace)
    assert "kink" not in LAB.gradient_note(run())


def test_finite_differences_agree_away_from_kinks() -> None:
    trace = run(batch=3, inputs=3, layers=DEEP, loss="cross-entropy", dtype="float64", numbers="normal")
    assert trace.facts["nudged"] < 1e-6
    assert trace.facts["at_a_kink"] == 0


def local(step: Step, layers: Any, batch: int, loss: str, mistake: str) -> Callable[..., Any]:
    """What one step computes of exactly what it says it reads."""
    import tensorflow as tf

    from engine.gradients.manual_backpropagation_functions import activate, slope_of

    number = int(step.writes[-1]) if step.writes[-1].isdigit() else len(layers)
    kind = layers[number - 1][1]
    averaged = {"sum": 1, "mean": batch * layers[-1][0], "cross-entropy": batch}[loss]
    if step.writes.startswith("dw"):
        return lambda a, d: (
            a @ d
            if mistake == "no-transpose"
            else tf.transpose(a) * d
            if mistake == "elementwise"
            else tf.transpose(a) @ d
        )
    if "·" in step.operation:
        return lambda d, w: d @ (w if mistake == "w-not-transposed" else tf.transpose(w))
    if step.operation.startswith("slope"):
        return lambda read: (
            slope_of(read, read, kind, "none") if mistake != "no-derivative" else tf.ones_like(read)
        )
    return {
        "matmul": lambda a, w: a @ w,
        "add bias": lambda product, b: product + b,
        "softmax": tf.nn.softmax,
        "cross-entropy": lambda p, y: -tf.reduce_sum(y * tf.math.log(p)) / averaged,
        "sum of squares": lambda a, y: tf.reduce_sum((a - y) ** 2),
        "mean of squares": lambda a, y: tf.reduce_mean((a - y) ** 2),
        "loss gradient": lambda a, y: (
            (1 if loss == "cross-entropy" else 2) * (a - y) / (1 if mistake == "sum-for-mean" else averaged)
        ),
        "× slope": lambda da, slope: da * slope,
        "sum over samples": lambda d: tf.reduce_sum(d, axis=0),
        "by hand − tape": lambda hand, tape: hand - tape,
        "finite difference": None,
    }.get(step.operation, lambda z: activate(z, kind))


def prove_alone(step: Step, trace: engine.Trace, compute: Callable[..., Any]) -> int:
    """The step's values follow from what it reads, and its map holds every cell that matters."""
    import tensorflow as tf

    reads = [tf.constant(trace[name], tf.float64) for name in step.reads]
    np.testing.assert_allclose(
        compute(*reads), trace[step.writes], rtol=1e-6, atol=1e-9, err_msg=step.operation
    )
    generic = [
        tf.random.stateless_uniform(read.shape, (7, place), 0.2, 0.7, tf.float64)
        for place, read in enumerate(reads)
    ]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(generic)
        written = compute(*generic)
    if step.operation.startswith("slope"):
        return len(reads)  # a slope of 0 or 1 has no derivative: its map says where it is read
    for place, cell in enumerate(np.ndindex(*written.shape)):
        alone = tf.reshape(tf.one_hot(place, tf.size(written), dtype=tf.float64), written.shape)
        rows = tape.gradient(written, generic, alone)
        for name, row in zip(step.reads, rows, strict=True):
            linked = step.map.linked(step.writes, cell, name).cells() if step.map else set()
            matter = {tuple(map(int, at)) for at in np.argwhere(np.asarray(row) != 0)}
            assert linked == matter, f"{step.operation}: {step.writes}{cell} and {name}"
    return len(reads)


@settings(max_examples=10)
@given(
    layers=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(ACTIVATIONS)), min_size=1, max_size=2),
    batch=st.integers(1, 3),
    inputs=st.integers(1, 3),
    loss=st.sampled_from(["sum", "mean", "cross-entropy"]),
    bias=st.booleans(),
    mistake=st.sampled_from(MISTAKES),
)
def test_every_step_is_what_its_map_says(
    layers: Any, batch: int, inputs: int, loss: str, bias: bool, mistake: str
) -> None:
    if mistake in ("derivative-at-output", "below-zero"):
        mistake = "none"  # they change a slope, whose map is the same
    given_ = {
        "layers": layers,
        "batch": batch,
        "inputs": inputs,
        "loss": loss,
        "bias": bias,
        "mistake": mistake,
    }
    try:
        trace = run(**given_, numbers="normal", dtype="float64", steps=0)
    except engine.Rejected:
        return
    proven = 0
    for step in trace.steps:
        if step.operation == "softmax" and layers[-1][0] == 1:
            continue  # always 1, whatever it is made of
        compute = local(step, layers, batch, loss, mistake)
        if step.map is not None and compute is not None:
            proven += prove_alone(step, trace, compute)
    assert proven >= 6


@pytest.mark.parametrize("mistake", ["no-transpose", "elementwise", "w-not-transposed", "z-for-a", "none"])
def test_every_products_map_where_it_fits(mistake: str) -> None:
    layers = [(2, "tanh"), (2, "sigmoid"), (2, "linear")]
    trace = run(layers=layers, batch=2, inputs=2, mistake=mistake, numbers="normal", dtype="float64")
    for step in trace.steps:
        compute = local(step, layers, 2, "sum", mistake)
        if step.map is not None and compute is not None:
            prove_alone(step, trace, compute)


@pytest.mark.parametrize(
    ("mistake", "state", "first", "wrong"),
    [
        ("no-derivative", {}, "dz1", ("dz1", "dw1")),
        ("no-derivative", {"layers": "2.linear_1.linear"}, None, ()),
        ("derivative-at-output", {}, None, ()),
        ("derivative-at-output", {"layers": "2.tanh_1.linear"}, "dz1", ("dz1", "dw1")),
        ("below-zero", {}, None, ()),
        ("below-zero", {k: v for k, v in KINK.items() if k != "w2"}, "dz1", ("dz1", "dw1")),
        ("z-for-a", {}, "dw2", ("dw2",)),
        ("no-transpose", {"batch": 2}, "dw2", ("dw2", "dw1")),
        ("w-not-transposed", {"batch": 2, "layers": "2.relu_2.linear"}, "da1", ("da1", "dz1", "dw1")),
        ("elementwise", {}, None, ()),
        ("elementwise", {"batch": 2, "layers": "2.relu_2.linear"}, "dw2", ("dw2", "dw1")),
        ("sum-for-mean", {}, None, ()),
        ("sum-for-mean", {"batch": 2, "loss": "mean"}, "da2", ("da2", "dw2", "da1", "dz1", "dw1")),
        (
            "sum-for-mean",
            {"batch": 2, "layers": "2.relu_2.linear", "loss": "cross-entropy"},
            "da2",
            ("da2", "dw2", "da1", "dz1", "dw1"),
        ),
    ],
)
def test_a_mistake_departs_where_it_is_made(mistake: str, state: Any, first: str | None, wrong: Any) -> None:
    trace = run(mistake=mistake, **state)
    assert trace.facts["first_difference"] == first
    assert trace.facts["wrong"] == wrong
    assert any(
        ("does not show" if first is None else f"{first} is the first") in note for note in trace.notes
    )


def test_every_mistake_can_be_chosen_and_seen() -> None:
    labels = next(control for control in LAB.controls if control.name == "mistake").labels
    assert set(labels) | {"none"} == set(MISTAKES)
    for preset in LAB.presets:
        trace = run(**preset.settings)
        drawn = {panel.tensor for panel in panels(trace)}
        first = trace.facts["first_difference"]
        assert first is None or {first, f"gap_{first}"} <= drawn, preset.name


def test_a_layer_alone_and_the_whole_network() -> None:
    state = {"batch": 2, "inputs": 3, "layers": DEEP}
    assert run(**state).facts["shown"] == (1, 2, 3, 4, 5)
    assert run(**state, layer=3).facts["shown"] == (3,)
    assert run(**TUTORIAL, steps=0).facts["shown"] == (2,)
    drawn = {panel.tensor for panel in panels(run(**state, layer=3))}
    assert {"a2", "w3", "z3", "a3", "da3", "slope3", "dz3", "dw3", "tape_dw3", "gap_dw3", "da2"} == drawn


def test_descent_is_the_hands_and_diverging_is_said() -> None:
    trace = run(rate=0.01, steps=1)
    w1, w2 = trace["w1"] - 0.01 * trace["dw1"], trace["w2"] - 0.01 * trace["dw2"]
    after = float(((np.maximum(trace["x"] @ w1, 0) @ w2 - trace["y"]) ** 2).sum())
    assert trace["losses"][1] == pytest.approx(after, rel=1e-5)
    broken = run(**TUTORIAL, rate=5e-6, steps=50)
    assert broken.facts["broke_at"] is not None
    assert any(
        f"at step {broken.facts['broke_at']} with learning rate 5e-06" in note for note in broken.notes
    )


def test_golden_descent() -> None:
    """The tutorial prints the loss before each of its 500 steps; its last one is the measured one."""
    trace = run(**TUTORIAL, rate=1e-6, steps=500)
    assert trace["losses"][0] == pytest.approx(31519525.1)
    assert trace["losses"][499] == pytest.approx(4.85e-7, rel=0.01)


def test_long_descents_take_the_long_lane() -> None:
    found = engine.technique(NAME)
    assert found.lane({}) == "interactive"
    assert found.lane({**TUTORIAL, "steps": 500}) == "long"
    assert found.lane({**TUTORIAL, "steps": 50}) == "interactive"
    with pytest.raises(engine.Rejected, match="GFLOP"):
        run(batch=256, inputs=1024, layers="256.relu_256.relu_256.relu_256.relu_256.relu", steps=1000)


def test_softmax_over_one_unit_says_that_it_learns_nothing() -> None:
    trace = run(loss="cross-entropy")
    assert float(trace["loss"]) == 0
    assert any("one unit is always 1" in note for note in trace.notes)


def test_none_is_measured() -> None:
    assert run().facts["unused_gradient"] == "None"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"batch": 0}, "nearest allowed value is 1"),
        (
            {"layers": "0.relu_1.linear"},
            "layers, row 1, units: received '0'; expected a whole number from 1 to 256",
        ),
        ({"layers": ""}, "layers: received no layer"),
        ({"layers": "_".join(["2.relu"] * 6)}, "remove rows until there are 5"),
        ({"layers": "2.softmax"}, "one of linear, relu"),
        ({"layer": 3}, "1 to 2: the network has 2"),
        ({"w1": "1,2,3"}, "received 3 numbers; expected 4, for w1 [2, 2] row by row"),
        ({"x": "1,2", "inputs": 3}, "received 2 numbers; expected 3, for x [1, 3]"),
        ({"w3": "1"}, "w1 to w2: the network has 2 layers"),
        ({"x": "1,nan"}, "entry 2 is not a finite number"),
        ({"y": "0.5,0.2", "layers": "2.linear", "loss": "cross-entropy"}, "rows from 0 up that sum to 1"),
        ({"rate": 0}, "nearest allowed value is 1e-08"),
        (
            {"mistake": "no-transpose"},
            "received a1 [1, 2] · dL/da2 [1, 1]; expected as many columns on the left as rows on the right; 2 and 1 differ",
        ),
        ({"mistake": "no-transpose", **TUTORIAL}, "a1 [64, 100] · dL/da2 [64, 10]"),
        ({"mistake": "w-not-transposed"}, "dL/da2 [1, 1] · w2 [2, 1]"),
        ({"mistake": "elementwise", "batch": 2}, "a1ᵀ [2, 2] * dL/da2 [2, 1]"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


@settings(max_examples=12)
@given(data=st.data())
def test_any_state_is_told_and_drawn(data: st.DataObject) -> None:
    trace = run(**data.draw(parameters_of(engine.technique(NAME), most=3)))
    assert {panel.tensor for panel in panels(trace)} <= set(trace.tensors)
    assert len(trace.facts["gradients"]) == len(trace.facts["differences"])
