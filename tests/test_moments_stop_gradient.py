"""Moments with and without stop_gradient: golden values, errors, edges, claims, maps, code."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import engine
from engine.code import code
from engine.technique import technique
from pages.kit.labs import labs
from pages.kit.payload import stage_payload

NAME = "moments-stop-gradient"
ROOT = Path(__file__).parent.parent
GOLDEN = {entry["name"]: entry for entry in json.loads((ROOT / f"tests/golden/{NAME}.json").read_text())}
TWELVE = (0.5, 1, -2, 3, 2.5, 6, -1, 4, 8, 1.5, -3, 7)
run = partial(engine.run, NAME)
listed = labs()[NAME]
lab = listed.lab


def close(name, found):
    entry = GOLDEN[name]
    np.testing.assert_allclose(found, entry["expected"], rtol=0, atol=entry["tolerance"])


# Golden values


def test_default_is_the_questions_own_example():
    assert list(listed.technique.read({})["values"]) == GOLDEN["mean_var"]["inputs"]["x"]


@pytest.mark.parametrize("formula", ["centred", "squares"])
@pytest.mark.parametrize("samples", [1, 2, 4])
def test_mean_and_variance(formula, samples):
    found = run(values=GOLDEN["mean_var"]["inputs"]["x"], samples=samples, formula=formula)
    close("mean_var", [*found.facts["mean"], *found.facts["variance"]])
    close("mean_var", [*found.facts["tf_mean"], *found.facts["tf_variance"]])


def test_gradient_is_the_same_with_and_without_stop_gradient():
    found = run(values=GOLDEN["grad_var"]["inputs"]["x"])
    for name in ("gradient_through", "gradient_stopped", "gradient_tf", "chain_rule", "direct"):
        close("grad_var", found[name])
    assert found.facts["first_same"]


def test_gradient_of_the_wrong_form():
    found = run(values=GOLDEN["grad_wrong_form"]["inputs"]["x"], formula="squares")
    close("grad_wrong_form", found["gradient_stopped"])
    close("grad_var", found["gradient_through"])
    assert not found.facts["first_same"]


def test_slope_in_a_mean_that_is_not_exact():
    found = [run(mean="moving", moving_mean=2.5), run()]
    close("dvar_dmean_wrong_mean", [value for one in found for value in one.facts["dvar_dmean"]])


# Second derivatives, in closed form


def test_hessian_of_the_variance():
    found, n = run(dtype="float64"), 4
    right = 2 / n * (np.eye(n) - 1 / n)
    np.testing.assert_allclose(found["hessian_through"], right, atol=1e-15)
    np.testing.assert_allclose(found["hessian_reference"], right, atol=1e-15)
    np.testing.assert_allclose(found["hessian_stopped"], 2 / n * np.eye(n), atol=1e-15)
    np.testing.assert_allclose(found["hessian_tf"], 2 / n * np.eye(n), atol=1e-15)
    assert found.facts["right"] == ("without stop_gradient",)


def test_hessian_of_a_normalised_output_by_finite_differences():
    state = {"objective": "normalised", "unit": 2, "dtype": "float64", "stop_gradient": False}
    found, step = run(**state), 1e-5
    for place in range(4):
        moved = np.array([1, 2, 3, 6.0])
        slopes = []
        for sign in (1, -1):
            moved[place] += sign * step
            slopes.append(run(**state, values=tuple(moved))["gradient_through"])
            moved[place] -= sign * step
        numeric = (slopes[0] - slopes[1]) / (2 * step)
        np.testing.assert_allclose(found["hessian_through"][:, place], numeric, atol=1e-8)


def test_chain_rule_adds_up_off_the_bottom_of_the_valley():
    found = run(mean="moving", dtype="float64")
    np.testing.assert_allclose(found["through_mean"], np.full(4, -1 / 4))
    np.testing.assert_allclose(found["direct"] + found["through_mean"], found["gradient_through"], atol=1e-15)
    np.testing.assert_allclose(found["direct"], found["gradient_stopped"], atol=1e-15)


def test_none_is_told_apart_from_zero():
    known = run().facts
    assert known["reached_through"]
    assert not known["reached_stopped"]
    assert "None" in lab.gradient_note(run())


# Groups


@pytest.mark.parametrize(
    ("state", "axes"),
    [
        ({"moments": "batch"}, (0, 1)),
        ({"moments": "instance"}, (1,)),
        ({"moments": "layer"}, (1, 2)),
        ({"moments": "custom", "axes": (0, -1)}, (0, 2)),
        ({"moments": "custom"}, (0, 1, 2)),
    ],
)
def test_groups_against_numpy(state, axes):
    found = run(values=TWELVE, channels=2, dtype="float64", **state)
    x = np.array(TWELVE).reshape(2, 3, 2)
    np.testing.assert_allclose(found["mean"], x.mean(axes, keepdims=True))
    np.testing.assert_allclose(found["variance"], x.var(axes, keepdims=True))
    normal = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    np.testing.assert_allclose(found["normalised"], normal)
    np.testing.assert_allclose(found["tf_variance"], found["variance"])


def test_instance_normalisation_equals_keras():
    found = run(values=TWELVE, channels=2, moments="instance")
    assert found.facts["keras_difference"] < 1e-6
    np.testing.assert_allclose(found["keras_normalised"], found["normalised"], atol=1e-6)


def test_weights_against_numpy():
    weights = np.array([1, 2, 1, 3.0])
    found = run(weights=tuple(weights), mean="weighted", dtype="float64")
    mean = np.average([1, 2, 3, 6], weights=weights)
    variance = np.average((np.array([1, 2, 3, 6]) - mean) ** 2, weights=weights)
    assert found.facts["mean"] == pytest.approx((mean,))
    assert found.facts["variance"] == pytest.approx((variance,)) == found.facts["tf_variance"]
    assert found.facts["first_same"]
    assert not run(weights=tuple(weights)).facts["first_same"]
    np.testing.assert_allclose(found["hessian_tf"], found["hessian_through"], atol=1e-15)


# Descent


def test_descent_ends_at_the_mean_or_at_zero():
    state = {"steps": 200, "learning_rate": 0.5}
    np.testing.assert_allclose(run(**state).facts["final"], [3, 3, 3, 3], atol=1e-5)
    held = run(**state, formula="squares").facts
    np.testing.assert_allclose(held["final"], [0, 0, 0, 0], atol=1e-5)
    np.testing.assert_allclose(held["other_final"], [3, 3, 3, 3], atol=1e-4)
    free = run(**state, formula="squares", stop_gradient=False).facts
    assert (free["final"], free["other_final"]) == (held["other_final"], held["final"])


def test_descent_that_diverges_says_so():
    found = run(dtype="float16", learning_rate=20, steps=200)
    assert not np.isfinite(found["trajectory"]).all()
    assert any("smaller learning rate" in note for note in found.notes)
    json.dumps(stage_payload(listed, found))


def test_no_steps():
    assert run(steps=0)["trajectory"].tolist() == [[1, 2, 3, 6]]


# Number formats


def test_half_precision_overflows_where_tensorflow_does_not():
    preset = next(p for p in lab.presets if p.settings.get("dtype") == "float16")
    found = run(**preset.settings)
    assert found.facts["variance"] == (np.inf,)
    assert np.isfinite(found.facts["tf_variance"]).all()
    assert any("float32" in note for note in found.notes)
    json.dumps(stage_payload(listed, found))


def test_values_beyond_half_precision():
    found = run(values=(1e6, 1, 2, 3), dtype="float16")
    assert np.isinf(found["x"]).any()
    assert np.isnan(found["normalised"]).any()
    assert any("65504" in note for note in found.notes)
    assert any("4097" in note for note in run(values=(4097, 1, 2, 3), dtype="float16").notes)


def test_a_negative_variance_is_noted():
    found = run(formula="squares", mean="moving", moving_mean=9)
    assert found.facts["variance"][0] < 0
    assert np.isnan(found["normalised"]).all()
    assert any("below 0" in note for note in found.notes)


def test_one_value_a_group_is_a_note_not_an_error():
    found = run(moments="instance", samples=4)
    assert found.facts["variance"] == (0, 0, 0, 0)
    assert any("nothing to normalise" in note for note in found.notes)
    assert not run().notes


# Errors


@pytest.mark.parametrize(
    ("state", "text", "remedy"),
    [
        ({"values": ""}, "values: received ''; expected 2 to 12 numbers .* this has 0", {"values": (1, 2, 3, 6)}),
        ({"values": []}, "this has 0", {"values": (1, 2, 3, 6)}),
        ({"values": "1,two,3"}, "entry 2 is not a finite number: correct or remove it", {"values": (1, 2, 3, 6)}),
        ({"values": "1,nan,3"}, "received 'nan'.*entry 2 is not a finite number", {"values": (1, 2, 3, 6)}),
        ({"values": range(13)}, "this has 13", {"values": (1, 2, 3, 6)}),
        ({"values": "1,2,1e9"}, "from -1000000 to 1000000.*change entry 3", {"values": (1, 2, 3, 6)}),
        ({"dtype": "int32"}, r"integers would be truncated.*mean 2 and variance 1 for \[1, 2, 4\]", {"dtype": "float32"}),
        ({"dtype": "Float32"}, "write float32: the spelling counts", {"dtype": "float32"}),
        ({"moments": "custom", "axes": "3"}, "axis 3 is out of range for a tensor of 3 axes", {"axes": (0, 1)}),
        ({"moments": "custom", "axes": "-4"}, "axis -4 is out of range", {"axes": (0, 1)}),
        ({"moments": "custom", "axes": "1,-2"}, "an axis can be averaged only once", {"axes": (0, 1)}),
        ({"weights": "0,0,0,0"}, "weights summing to 0; expected weights with a sum above 0", {"weights": None}),
        (
            {"weights": "1,1,0,0", "moments": "instance"},
            "the weights of group 1 summing to 0",
            {"weights": None},
        ),
        ({"weights": "1,2,3"}, "received 3 weights; expected 4 weights, one for each value", {"weights": None}),
        ({"weights": "1,2,3,-1"}, "change entry 4", {"weights": None}),
        ({"samples": 3}, "3 samples × 1 channels for 4 values; expected .* 1×1.*2×1.*4×1", {"samples": 2, "channels": 1}),
        ({"values": "1,2,3", "samples": 2}, "for 3 values", {"samples": 1, "channels": 1}),
        ({"objective": "normalised", "unit": 4}, "unit: received 4; expected 0 to 3 for 4 values", {"unit": 3}),
        ({"samples": -1}, "samples: received -1; expected a whole number from 1 to 12", {"samples": 1}),
        ({"steps": 1_000_000}, "the nearest allowed value is 200", {"steps": 200}),
        ({"learning_rate": "fast"}, "learning_rate: received 'fast'; expected a number", {"learning_rate": 1}),
        ({"moving_mean": "nan"}, "moving_mean: received 'nan'", {"moving_mean": 2.5}),
    ],
)  # fmt: skip
def test_refusals(state, text, remedy):
    with pytest.raises(engine.Rejected, match=text) as refused:
        run(**state)
    assert refused.value.remedy == remedy
    engine.check(NAME, {**state, **remedy})  # the remedy works


def test_truncation_in_the_refusal_is_what_tensorflow_does():
    import tensorflow as tf

    mean, variance = tf.nn.moments(tf.constant([1, 2, 4]), [0])
    assert (int(mean), int(variance)) == (2, 1)


# The page


@pytest.mark.parametrize("claim", lab.claims, ids=lambda claim: claim.says[:40])
def test_claims(claim):
    found = claim.measure(run)
    assert found.verdict == claim.verdict, found.value


@pytest.mark.parametrize("preset", lab.presets, ids=lambda preset: preset.name)
def test_presets_run_and_draw(preset):
    trace = run(**preset.settings)
    json.dumps(stage_payload(listed, trace))
    for chart in lab.charts:
        json.dumps(chart.figure(trace), allow_nan=False)
        assert chart.alt(trace)
    lab.gradient_note(trace)


def test_presets_make_their_point():
    found = {preset.name: run(**preset.settings) for preset in lab.presets}
    part = found["Second derivatives part"].facts
    assert part["first_same"]
    assert not part["second_same"]
    assert max(found["Run to zero"].facts["final"]) < 0.01
    assert found["Run to zero"].facts["other_final"] == pytest.approx((3,) * 4, abs=0.01)
    assert found["A moving mean"].facts["dvar_dmean"] == pytest.approx((-1,))
    assert not found["Weights on one side"].facts["first_same"]
    assert not found["Nothing to normalise"]["gradient_through"].any()


@st.composite
def states(draw):
    """Parameters that fit together, small."""
    samples, positions, channels = (draw(st.integers(1, most)) for most in (3, 2, 2))
    count = samples * positions * channels
    if count < 2:
        samples, count = 2, 2
    number = st.floats(-9, 9).map(lambda x: round(x, 2))
    weight = st.floats(0.1, 5).map(lambda x: round(x, 2))
    values = draw(st.lists(number, min_size=count, max_size=count))
    state = {
        "values": tuple(values),
        "samples": samples,
        "channels": channels,
        "moments": draw(st.sampled_from(["batch", "instance", "layer", "custom"])),
        "axes": draw(st.sampled_from([None, (0,), (2,), (0, -1), (0, 1, 2)])),
        "formula": draw(st.sampled_from(["centred", "squares"])),
        "stop_gradient": draw(st.booleans()),
        "mean": draw(st.sampled_from(["batch", "moving", "weighted"])),
        "weights": draw(st.none() | st.lists(weight, min_size=count, max_size=count).map(tuple)),
        "objective": draw(st.sampled_from(["variance", "normalised"])),
        "order": draw(st.sampled_from(["first", "second"])),
        "unit": draw(st.integers(0, count - 1)),
        "steps": 2,
    }
    return technique(NAME).read(state)


@settings(max_examples=25)
@given(states(), st.sampled_from(["float16", "float32", "float64"]))
def test_any_state_draws_and_can_be_predicted(state, dtype):
    trace = run(**{**state, "dtype": dtype})
    json.dumps(stage_payload(listed, trace), allow_nan=False)
    for prediction in lab.predictions:
        answers = list(prediction.answers(trace))
        assert prediction.question(trace)
        assert prediction.why(trace)
        assert len(answers) == len(set(answers)) >= 2
    assert lab.predictions[0].answers(trace)[0] == str(trace.facts["group_size"])


@settings(max_examples=25)
@given(states())
def test_chain_rule_and_toggle(state):
    """The two paths add up to the gradient, and the toggle only chooses between two known answers."""
    one, two = (run(**{**state, "dtype": "float64", "stop_gradient": way}) for way in (True, False))
    scale = 1 + float(np.nanmax(np.abs(one["gradient_through"]), initial=0.0))
    np.testing.assert_allclose(one["chain_rule"], one["gradient_through"], atol=1e-9 * scale)
    np.testing.assert_allclose(one["direct"], one["gradient_stopped"], atol=1e-9 * scale)
    np.testing.assert_array_equal(one["trajectory"], two["trajectory_other"])
    np.testing.assert_array_equal(one["trajectory_other"], two["trajectory"])
    np.testing.assert_array_equal(one["hessian_difference"], two["hessian_difference"])


# Index maps against the Jacobian


def jacobian_support(tape, row, source):
    """Where d row / d source is not zero, for one number `row`."""
    gradient = tape.gradient(row, source)
    return (
        set() if gradient is None else set(map(tuple, np.argwhere(np.abs(gradient.numpy()) > 1e-9).tolist()))
    )


@settings(max_examples=12)
@given(states(), st.integers(0, 2**32 - 1))
@example(technique(NAME).read({}), 0)
@example(technique(NAME).read({"stop_gradient": False}), 0)
@example(technique(NAME).read({"formula": "squares", "mean": "moving", "stop_gradient": False}), 0)
@example(technique(NAME).read({"moments": "instance", "samples": 4}), 0)
def test_links_are_the_jacobian(state, seed):
    import tensorflow as tf

    found, state = technique(NAME), {**state, "dtype": "float64", "steps": 1}
    steps = [step for step in run(**state).steps if step.map and step.map.exact]
    numbers, arguments = np.random.default_rng(seed), found.arguments(state)
    generic = {
        name: tf.constant(numbers.uniform(0.5, 2, value.shape))
        for name, value in arguments.items()
        if isinstance(value, np.ndarray)
    }
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(list(generic.values()))
        results = found.function(**{**arguments, **generic})
        rows = {step.writes: tf.unstack(tf.reshape(results[step.writes], [-1])) for step in steps}
    assert rows
    for step in steps:
        cells = np.ndindex(*results[step.writes].shape)
        for cell, row in zip(cells, rows[step.writes], strict=True):
            for read in step.reads:
                linked = step.map.linked(step.writes, cell, read).cells()
                assert jacobian_support(tape, row, results[read]) == linked, (step.operation, read, cell)


@pytest.mark.parametrize("formula", ["centred", "squares"])
def test_a_held_mean_is_linked_by_value(formula):
    """Maps that read held_mean are not exact: no tape reaches it. Its value still enters every linked cell."""
    steps = run(values=TWELVE, channels=2, formula=formula).steps
    step = next(step for step in steps if "held_mean" in step.reads)
    assert not step.map.exact
    shape = (2, 3, 2) if formula == "centred" else (1, 1, 2)
    for cell in np.ndindex(*shape):
        assert step.map.linked(step.writes, cell, "held_mean").cells() == {(0, 0, cell[2])}
        assert step.map.linked(step.writes, cell, step.reads[0]).cells() == {cell}


def test_maps_cover_the_way_from_x_to_the_answer():
    writes = [step.writes for step in run(objective="normalised", moments="instance").steps if step.map]
    way = ["mean", "held_mean", "deviation", "squared", "variance", "normalised", "keras_normalised"]
    assert writes == [*way, "difference"]
    slopes = ["gradient_through", "gradient_stopped", "difference"]
    assert [step.writes for step in run().steps if step.map][-3:] == slopes
    assert run(order="second").steps[-1].writes == "hessian_difference"


# The code tab


PROGRAMS = [
    {},
    *(preset.settings for preset in lab.presets),
    {"values": TWELVE, "channels": 2, "moments": "custom", "axes": "0,-1", "stop_gradient": False},
    {"weights": "1,2,1,3", "mean": "weighted", "objective": "normalised", "unit": 3, "dtype": "float64"},
    {"values": "1000000,1,2,3", "dtype": "float16", "mean": "moving", "formula": "squares"},
]

RUNNER = """
import contextlib, io, json, sys
import numpy as np
for program in json.load(sys.stdin):
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "program", "exec"), space)
    answer = {k: np.asarray(v, float).ravel().tolist() for k, v in space["results"].items()}
    print(json.dumps(answer))
"""


def test_the_code_people_copy_gives_the_pages_numbers():
    programs = [code(NAME, **state) for state in PROGRAMS]
    assert all("type: ignore" not in program and "engine" not in program for program in programs)
    told = subprocess.run(
        [sys.executable, "-c", RUNNER], input=json.dumps(programs), capture_output=True, text=True, cwd="/"
    )
    assert told.returncode == 0, told.stderr[-2000:]
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    for state, answer in zip(PROGRAMS, answers, strict=True):
        trace = run(**state)
        assert set(trace.tensors) <= set(answer)
        for name, tensor in trace.tensors.items():
            np.testing.assert_array_equal(answer[name], tensor.values.ravel().astype(float), err_msg=name)


@pytest.mark.parametrize("state", [{"values": "1,2,3,6", "samples": 1, "channels": 4}, {"values": "2,2,2,2"}])
def test_nothing_under_the_root_is_infinity_and_no_crash(state):
    trace = run(epsilon=0, objective="normalised", **state)
    assert set(trace.facts["variance"]) == {0}
    assert not np.isfinite(trace["normalised"]).any()
