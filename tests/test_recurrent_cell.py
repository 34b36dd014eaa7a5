"""Recurrent cells: against Keras and plain loops, masks, calls, errors, gradients."""

from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import engine
from engine.sequences import recurrent_cell as technique
from engine.sequences.recurrent_cell_facts import parameters_by_formula
from pages.kit.labs import labs
from tests.strategies import parameters_of

NAME = "recurrent-cell"
run = partial(engine.run, NAME)
listed = labs()[NAME]
pytestmark = pytest.mark.usefixtures("warm_engine")
SETTINGS = settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
SMALL = {"timesteps": 3, "units": 2, "features": 2}


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def by_loops(trace):
    """Every output, by the equations written out unit by unit, float64."""
    p = trace.parameters
    units, cell = p["units"], p["cell"]
    x, w, u = (trace[name].astype("float64") for name in ("x", "kernel", "recurrent"))
    bias = trace["bias"].astype("float64") if "bias" in trace.tensors else np.zeros(w.shape[1])
    b_in, b_state = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
    act = {"tanh": np.tanh, "relu": lambda v: np.maximum(v, 0), "linear": lambda v: v}[p["activation"]]
    outputs = np.zeros(trace["h"].shape)
    for b in range(len(x)):
        for t in range(x.shape[1]):
            if t % p["timesteps"] == 0:
                if not (p["stateful"] and t):
                    h, c = (np.full(units, p["initial"]) for _ in range(2))
                y = np.zeros(units)
            kept = "mask" not in trace.tensors or trace["mask"][b, t]
            a, s = x[b, t] @ w + b_in, h @ u + b_state
            part = [slice(g * units, (g + 1) * units) for g in range(4)]
            if cell == "LSTM":
                i, f, o = (sigmoid(a[part[g]] + s[part[g]]) for g in (0, 1, 3))
                new_c = f * c + i * act(a[part[2]] + s[part[2]])
                new = o * act(new_c)
                c = new_c if kept else c
            elif cell == "GRU":
                z, r = (sigmoid(a[part[g]] + s[part[g]]) for g in (0, 1))
                seen = r * s[part[2]] if p["reset_after"] else (r * h) @ u[:, part[2]]
                new = z * h + (1 - z) * act(a[part[2]] + seen)
            else:
                new = act(a + s)
            h = new if kept else h
            y = new if kept else np.zeros(units) if p["zero_output_for_mask"] else y
            outputs[b, t] = y
    return outputs


# Values


@SETTINGS
@given(data=st.data())
def test_any_state_is_the_equations_and_keras_layer(data):
    trace = run(**data.draw(parameters_of(listed.technique, most=2)))
    y = trace["y"] if "y" in trace.tensors else trace["h"]
    np.testing.assert_allclose(y, by_loops(trace), rtol=1e-3, atol=1e-4)
    scale = max(1.0, trace.facts["largest_h"], trace.facts["largest_c"] or 0)
    assert trace.facts["keras_output_off"] <= 1e-4 * scale
    assert trace.facts["keras_state_off"] <= 1e-4 * scale
    assert trace.facts["formula"] == trace.facts["keras_parameters"]


@pytest.mark.parametrize(
    ("cell", "features", "units", "reset_after", "count"),
    [
        ("LSTM", 27, 1, True, 116),
        ("LSTM", 27, 32, True, 7680),
        ("GRU", 512, 64, True, 110976),
        ("GRU", 3, 64, True, 13248),
        ("GRU", 3, 4, False, 96),
        ("SimpleRNN", 3, 4, True, 32),
    ],
)
def test_parameters_by_formula_are_those_of_published_models(cell, features, units, reset_after, count):
    assert parameters_by_formula(cell, features, units, True, reset_after) == count


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_output_and_states_have_the_shapes_of_one_call(cell):
    for sequences, calls in [(True, 1), (False, 1), (True, 2), (False, 2)]:
        trace = run(**SMALL, cell=cell, calls=calls, return_sequences=sequences)
        assert trace["output"].shape == (
            2,
            *([2] if calls == 2 else []),
            *([3] if sequences else []),
            2,
        )
        assert ("state_c" in trace.tensors) == (cell == "LSTM")
    assert "state_h" not in run(**SMALL, cell=cell, return_state=False).tensors


def test_every_call_hands_out_its_own_piece():
    trace = run(**SMALL, calls=3)
    np.testing.assert_array_equal(trace["output"].reshape(trace["h"].shape), trace["h"])
    last = run(**SMALL, calls=3, return_sequences=False)
    np.testing.assert_array_equal(last["output"], trace["h"][:, 2::3])
    np.testing.assert_array_equal(last["state_c"], trace["c"][:, 2::3])


def test_where_the_state_comes_from():
    """The map "carry over" is no path on the tape, which has walked before: prove it by values."""
    for stateful in (True, False):
        trace = run(**SMALL, calls=2, stateful=stateful, cell="LSTM")
        steps = {step.writes: step for step in trace.steps if step.operation == "carry over"}
        for name in ("h", "c"):
            for cell in np.ndindex(trace["h"].shape):
                linked = steps[f"{name}_before"].map.linked(f"{name}_before", cell, name).cells()
                fresh = cell[1] % 3 == 0 and not (stateful and cell[1])
                assert linked == (set() if fresh else {(cell[0], cell[1] - 1, cell[2])})
                expected = 0 if fresh else trace[name][cell[0], cell[1] - 1, cell[2]]
                assert trace[f"{name}_before"][cell] == pytest.approx(expected, rel=1e-5)


def formulas(cell, units, reset_after):
    """What each number of a step is made of, from the tensors that its step says it reads."""
    import tensorflow as tf

    columns = {"LSTM": "ifgo", "GRU": "zrg", "SimpleRNN": "h"}[cell]
    part = {gate: slice(n * units, (n + 1) * units) for n, gate in enumerate(columns)}
    none = tf.zeros([2, len(columns) * units] if cell == "GRU" and reset_after else len(columns) * units)

    def gate(name, activation):
        def made(v):
            bias = v.get("bias", none)
            bias = tf.reduce_sum(bias, axis=0) if len(bias.shape) == 2 else bias
            return activation((v["from_input"] + bias)[..., part[name]] + v["from_state"][..., part[name]])

        return made

    def candidate(v):
        x, bias = v["from_input"][..., part["g"]], v.get("bias", none)[..., part["g"]]
        if not reset_after:
            return tf.tanh(x + bias + v["from_remembered"])
        return tf.tanh(x + bias[0] + v["r"] * (v["from_state"][..., part["g"]] + bias[1]))

    count = (2 if cell == "GRU" and not reset_after else len(columns)) * units
    found = {"from_state": lambda v: v["h_before"] @ v["recurrent"][:, :count]}
    if cell == "SimpleRNN":
        return found | {"h": gate("h", tf.tanh)}
    found |= {name: gate(name, tf.tanh if name == "g" else tf.sigmoid) for name in columns}
    if cell == "LSTM":
        return found
    found |= {"g": candidate, "h": lambda v: v["z"] * v["h_before"] + (1 - v["z"]) * v["g"]}
    if not reset_after:
        found["remembered"] = lambda v: v["r"] * v["h_before"]
        found["from_remembered"] = lambda v: v["remembered"] @ v["recurrent"][:, part["g"]]
    return found


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    ("cell", "reset_after"), [("SimpleRNN", True), ("LSTM", True), ("GRU", True), ("GRU", False)]
)
def test_links_are_the_slopes_of_each_formula(cell, reset_after, use_bias):
    """On the one tape of the contract's proof, what a step reads hangs together: here one formula at a time."""
    import tensorflow as tf

    state = {**SMALL, "batch": 1, "timesteps": 2, "initial": 0.5, "input": "random"}
    trace = run(**state, cell=cell, reset_after=reset_after, use_bias=use_bias)
    steps = {step.writes: step for step in trace.steps}
    for name, formula in formulas(cell, 2, reset_after).items():
        step = steps[name]
        values = {read: tf.constant(trace[read]) for read in step.reads}
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(values)
            written = formula(values)
        np.testing.assert_allclose(written, trace[name], rtol=1e-4, atol=1e-6)
        slopes = tape.jacobian(written, values, experimental_use_pfor=False)
        for read, slope in slopes.items():
            for place in np.ndindex(*written.shape):
                differ = {tuple(map(int, at)) for at in np.argwhere(np.asarray(slope)[place] != 0)}
                assert step.map.linked(name, place, read).cells() == differ, (name, read)


def test_the_lens_follows_the_walk_through_all_steps():
    """A result depends on the inputs through every step before it: no tape stops in between."""
    state = {**SMALL, "batch": 1, "initial": 0.5, "cell": "GRU", "return_sequences": False}
    rows = engine.lens(NAME, lens="state_h", lens_at="sum", **state).facts["inputs"]
    assert {row["name"] for row in rows} == {"x", "kernel", "recurrent", "bias", "start[0]"}
    assert all(row["status"] == "gradient" and row["agrees"] for row in rows)


# Calls and states


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_stateful_calls_are_one_long_call_and_others_are_not(cell):
    state = {"cell": cell, "calls": 3, "timesteps": 4, "initial": 0.5}
    kept, fresh = run(**state, stateful=True), run(**state)
    assert kept.facts["one_pass_off"] == 0 < fresh.facts["one_pass_off"]
    assert fresh["h_before"][0, 4].tolist() == [0.5] * 4 == fresh["h_before"][0, 0].tolist()


def test_stateful_gradients_stop_at_the_cut():
    trace = run(calls=3, timesteps=4, stateful=True)
    assert trace["reached"].tolist() == [0] * 8 + [1] * 4
    assert not trace["gradient_x"][:, :8].any() and trace["gradient_x"][:, 8:].all()
    assert "8 steps of earlier calls get None" in listed.lab.gradient_note(trace)


# Masks


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
def test_a_masked_step_copies_the_state_and_repeats_the_output(cell):
    trace = run(cell=cell, padding="end", timesteps=6, batch=1)
    assert trace["mask"].tolist() == [[1, 1, 1, 1, 0, 0]] and trace.facts["last_kept"] == 3
    for name in ("h", "y"):
        np.testing.assert_allclose(trace[name][0, 4:], trace[name][0, [3, 3]], rtol=1e-5)
    np.testing.assert_array_equal(trace["h"][0, 4:], trace["h_before"][0, 4:])
    assert not trace["gradient_x"][0, 4:].any() and trace["gradient_x"][0, :4].any()
    zero = run(cell=cell, padding="end", timesteps=6, batch=1, zero_output_for_mask=True)
    assert not zero["y"][0, 4:].any() and not zero["keras_output"][0, 4:].any()
    np.testing.assert_array_equal(zero["h"], trace["h"])


def test_padding_without_a_mask_goes_on():
    trace = run(padding="end", masking=False, timesteps=6, batch=1)
    assert not trace["x"][0, 4:].any() and "mask" not in trace.tensors
    assert np.abs(np.diff(trace["h"][0, 3:], axis=0)).min() > 0
    assert "goes on computing" in trace.notes[0]


def test_a_call_that_begins_masked_answers_zero_from_a_state_that_is_not():
    trace = run(calls=2, stateful=True, timesteps=3, batch=1, padding="gap", painted="111011")
    assert not trace["keras_output"][0, 1, 0].any() and trace["h"][0, 3].all()
    assert "begins with a masked step" in trace.notes[0]


def test_a_sequence_of_padding_alone_stays_where_it_started():
    trace = run(timesteps=3, batch=1, padding="end", painted="000", initial=0.25)
    assert (trace["h"] == 0.25).all() and not trace["output"].any()
    assert "no real timestep" in trace.notes[0] and trace.facts["keras_output_off"] == 0


# Gradients


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("loss", ["last", "all"])
def test_the_gradient_is_the_slope_of_keras_output(cell, loss):
    parameters = listed.technique.read({**SMALL, "cell": cell, "loss": loss, "batch": 1, "input": "random"})
    values = {
        k: v.value() if hasattr(v, "value") else v for k, v in technique.arguments(**parameters).items()
    }
    found = {k: np.asarray(v) for k, v in technique.recurrent_cell(**values).items()}

    def total(x):
        y = np.asarray(technique.recurrent_cell(**{**values, "x": x})["keras_output"]).astype("float64")
        return (y[:, -1] if loss == "last" else y).sum()

    for cell_ in [(0, 0, 1), (0, 1, 0), (0, 2, 1)]:
        step = np.zeros_like(values["x"])
        step[cell_] = 1e-2
        slope = (total(values["x"] + step) - total(values["x"] - step)) / 2e-2
        assert slope == pytest.approx(found["gradient_x"][cell_], abs=2e-3)


def test_an_orthogonal_kernel_scales_the_gradient_by_its_gain_in_each_step():
    """Linear SimpleRNN: h_t = U h_before + ..., so the gradient shrinks or grows by exactly the gain."""
    for gain in (0.7, 1.3):
        trace = run(cell="SimpleRNN", activation="linear", gain=gain, timesteps=12, batch=1)
        assert trace.facts["radius"] == pytest.approx(gain, rel=1e-5)
        assert trace.facts["flow_first"] / trace.facts["flow_last"] == pytest.approx(gain**11, rel=1e-3)


def test_the_cell_state_keeps_what_the_forget_gate_lets():
    """With a recurrent kernel of 0 the only way back in c is the product of the forget gates."""
    trace = run(gain=0, timesteps=5, batch=1, units=3)
    slopes, forget = trace["gradient_c"][0].astype("float64"), trace["f"][0].astype("float64")
    np.testing.assert_allclose(slopes[0], slopes[-1] * forget[1:].prod(axis=0), rtol=1e-4)


# Errors


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"padding": "end", "painted": "101"}, "received 3 cells; expected 12 cells: 2 × 6 timesteps"),
        ({"timesteps": 25}, "a whole number from 1 to 24"),
        ({"units": 0}, "a whole number from 1 to 8"),
        ({"cell": "CuDNNLSTM"}, "CuDNNLSTM is gone"),
        ({"cell": "RNN"}, "the wrapper that runs any cell"),
        ({"gain": "nan"}, "a number from 0 to 2"),
    ],
)
def test_errors_say_what_to_do(state, says):
    with pytest.raises(engine.Rejected, match=says) as refusal:
        run(**state)
    run(**{**state, **refusal.value.remedy})


def test_numbers_beyond_float32_are_said_and_drawn():
    trace = run(
        cell="LSTM",
        activation="relu",
        gain=2,
        timesteps=24,
        calls=3,
        stateful=True,
        input="random",
        units=8,
        seed=3,
        initial=1,
    )
    for chart in listed.lab.charts:
        assert chart.figure(trace)["data"] and chart.alt(trace)
    assert np.isfinite(trace["h"]).all() or "beyond float32" in trace.notes[0]


# Predictions


def test_predictions_follow_the_state():
    count, shape, moved, reach = listed.lab.predictions
    trace = run(cell="GRU", units=3, features=2, return_sequences=False)
    assert count.answers(trace)[0] == str(3 * 3 * (2 + 3 + 2))
    assert shape.answers(trace)[0] == "[2, 3]"
    assert moved.answers(trace)[0] == "It changes."
    assert moved.answers(run(padding="end"))[0].startswith("It is copied")
    assert reach.answers(run(calls=2, timesteps=5))[0] == "5"
