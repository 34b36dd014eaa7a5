"""Attention over padded sequences: golden values, errors, edges, claims, maps, code."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine
from engine.code import code
from engine.parameter_lists import Matrix
from engine.technique import Made
from pages.kit.labs import labs
from pages.kit.payload import stage_payload

NAME = "masked-softmax-attention"
ROOT = Path(__file__).parent.parent
GOLDEN = {
    entry["name"]: entry
    for entry in json.loads((ROOT / "tests/golden/masked-softmax-attention.json").read_text())
}
METHODS = ("none", "multiply", "add-1e4", "add-1e9", "add-inf", "where")
run = partial(engine.run, NAME)
listed = labs()[NAME]
lab = listed.lab


def close(name, found):
    entry = GOLDEN[name]
    np.testing.assert_allclose(found, entry["expected"], rtol=0, atol=entry["tolerance"])


# Golden values


def test_unmasked_weights_are_the_published_ones():
    scores = GOLDEN["unmasked"]["inputs"]["scores"]
    close("unmasked", run(scores=scores[:2], padding=3, masked=False)["weights"])
    close("unmasked", run(scores=scores, padding=0)["weights"])


@pytest.mark.parametrize("method", METHODS[1:])
def test_masked_weights_are_the_published_ones_by_every_method(method):
    close("masked", run(method=method)["weights"])


def test_mass_and_ratio():
    told = run().facts
    close("mass_and_ratio", [told["mass_unmasked"], told["ratio"], told["ratio_unmasked"]])
    assert told["scale_factor"] == pytest.approx(2.2894, abs=1e-4)


def test_score_gradient_without_a_mask_reaches_the_padding():
    entry = GOLDEN["score_gradient_unmasked"]["inputs"]
    given = {"values": entry["values"][:2], "direction": entry["direction"], "masked": False}
    close("score_gradient_unmasked", run(**given)["score_gradient"])
    close("score_gradient_unmasked", run(masked=False)["score_gradient"])  # the defaults are that case


@pytest.mark.parametrize("method", ["add-1e4", "add-1e9", "add-inf", "where"])
def test_with_a_mask_the_padded_scores_get_exactly_zero(method):
    assert run(method=method).facts["padded_score_gradient"] == (0.0, 0.0, 0.0)


# The fully masked row and other edges


@pytest.mark.parametrize(
    ("method", "weights", "note"),
    [
        ("multiply", [np.nan] * 5, "0 ÷ 0, so every weight is NaN"),
        ("add-inf", [np.nan] * 5, "nothing but −∞ is 0 ÷ 0"),
        ("add-1e9", [0.2] * 5, "rounds all scores to one number"),
        ("add-1e4", [0.20748, 0.22930, 0.18774, 0.18774, 0.18774], "as if unmasked"),
        ("where", [0.0] * 5, "every weight is 0 and the context is 0"),
    ],
)
@pytest.mark.parametrize("how", [{"all_masked": True}, {"mask": "00000"}])
def test_a_fully_masked_row_has_a_policy_and_says_so(method, weights, note, how):
    trace = run(method=method, **how)
    np.testing.assert_allclose(trace["weights"], weights, atol=1e-4)
    assert note in trace.notes[0] and trace.notes[0].startswith("Every position is masked.")


def test_half_precision_turns_minus_1e9_into_nan():
    trace = run(method="add-1e9", dtype="float16")
    assert np.isnan(trace["weights"][:2]).all()
    assert "0 · −∞ = NaN" in trace.notes[0]
    assert not np.isnan(run(method="add-1e4", dtype="float16")["weights"]).any()


def test_renormalising_after_the_softmax_can_come_too_late():
    scores = (-120.0, -121.0)
    trace = run(scores=scores)
    assert np.isnan(trace["weights"]).all() and "renormalising divides 0 by 0" in trace.notes[0]
    kept = np.exp(scores - np.max(scores))
    for method in METHODS[2:]:
        expected = [*(kept / kept.sum()), 0, 0, 0]
        np.testing.assert_allclose(run(scores=scores, method=method)["weights"], expected, atol=1e-6)


def test_a_mask_that_is_outweighed_leaks_and_says_so():
    trace = run(scores=(-20000.0, -20001.0), method="add-1e4")
    assert trace.facts["mass"] == 0 and "The mask leaks" in trace.notes[0]


@pytest.mark.parametrize("masked", [True, False])
def test_the_mass_curve_is_the_mass_of_that_padding_length(masked):
    curve = run(scores=(0.5, -1.0, 2.0), padding_score=0.3, masked=masked, temperature=2)["mass"]
    for padding in (0, 1, 7, 50):
        told = run(scores=(0.5, -1.0, 2.0), padding=padding, padding_score=0.3, temperature=2).facts
        assert curve[:, padding] == pytest.approx([told["mass_unmasked"], told["mass"]], abs=1e-6)


# Errors


@pytest.mark.parametrize(
    ("given", "parts", "remedy"),
    [
        ({"mask": "1100"}, ["a mask of 4 cells", "5 cells", "2 scores and 3 padded"], {"mask": None}),
        ({"mask": "110000"}, ["a mask of 6 cells", "5 cells"], {"mask": None}),
        ({"mask": "11a00"}, ["only 0 and 1", "'a'"], {"mask": None}),
        ({"scores": ""}, ["1 to 50 numbers", "this has 0"], {"scores": (0.1, 0.2)}),
        ({"scores": []}, ["1 to 50 numbers", "this has 0"], {"scores": (0.1, 0.2)}),
        ({"scores": [0] * 51}, ["this has 51"], {"scores": (0.1, 0.2)}),
        ({"scores": "0.1,nan"}, ["entry 2 is not a finite number"], {"scores": (0.1, 0.2)}),
        ({"scores": [0.1, float("inf")]}, ["entry 2 is not a finite number"], {"scores": (0.1, 0.2)}),
        ({"scores": "a,b"}, ["entry 1 is not a finite number"], {"scores": (0.1, 0.2)}),
        ({"padding": -1}, ["-1", "from 0 to 50", "nearest allowed value is 0"], {"padding": 0}),
        ({"padding": 1_000_000}, ["nearest allowed value is 50"], {"padding": 50}),
        ({"padding": "three"}, ["'three'", "whole number"], {"padding": 3}),
        ({"temperature": 0}, ["from 0.05 to 20"], {"temperature": 0.05}),
        ({"values": "1,0"}, ["1 row;", "2 rows"], {"values": None}),
        ({"values": "1,0;0"}, ["equally wide", "2, 1"], {"values": None}),
        ({"values": "1,0;0,x"}, ["values, row 2", "entry 2 is not a finite number"], {"values": None}),
        ({"direction": "1,2,3"}, ["3 numbers", "2 numbers"], {"direction": None}),
        ({"values": "1;2", "direction": "1,2"}, ["2 numbers", "1 number, one"], {"direction": None}),
        ({"scores": "70000", "dtype": "float16"}, ["70000", "65504 in float16"], {"dtype": "float32"}),
        (
            {"scores": "5000", "temperature": 0.05, "dtype": "float16"},
            ["100000", "temperature 0.05"],
            {"dtype": "float32"},
        ),
        ({"method": "ADD-INF"}, ["write add-inf"], {"method": "add-inf"}),
    ],
)
def test_errors_say_what_was_received_expected_and_how_to_fix_it(given, parts, remedy):
    with pytest.raises(engine.Rejected) as caught:
        run(**given)
    text = str(caught.value)
    for part in [*parts, "received", "expected", "fix:"]:
        assert part in text
    assert caught.value.remedy == remedy
    engine.check(NAME, {**given, **remedy})  # the remedy is one


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(-1e6, 1e6), min_size=width, max_size=width).map(tuple), min_size=1, max_size=5
        ).map(tuple)
    )
)
def test_a_matrix_reads_its_own_text(rows):
    matrix = Matrix("values", 5, 4)
    assert matrix.read(matrix.text(rows)) == rows
    assert matrix.read(matrix.text(None)) is None


# Index maps against the Jacobian


@st.composite
def small_states(draw):
    tokens, padding = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    width = draw(st.integers(1, 3))
    values = st.lists(st.floats(-3, 3), min_size=width, max_size=width)
    cells = st.lists(st.integers(0, 1), min_size=tokens + padding, max_size=tokens + padding)
    return {
        "scores": draw(st.lists(st.floats(-3, 3), min_size=tokens, max_size=tokens)),
        "padding": padding,
        "padding_score": draw(st.floats(-2, 2)),
        "method": draw(st.sampled_from(METHODS)),
        "masked": draw(st.booleans()),
        "mask": draw(st.none() | cells),
        "all_masked": draw(st.sampled_from([False, False, False, True])),
        "dtype": draw(st.sampled_from(["float32", "float64", "float16"])),
        "temperature": draw(st.sampled_from([0.05, 0.5, 1.0, 3.0])),
        "values": draw(st.none() | st.lists(values, min_size=tokens, max_size=tokens)),
        "padded_value": draw(st.sampled_from(["zero", "last"])),
    }


def generic(arguments, seed):
    """The technique's arguments with every float array replaced by a random watched tensor."""
    import tensorflow as tf

    random = np.random.default_rng(seed)
    made = {key: value.value() if isinstance(value, Made) else value for key, value in arguments.items()}
    return {
        key: tf.constant(random.normal(size=value.shape), value.dtype)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        else value
        for key, value in made.items()
    }


def hold_against_jacobian(name, parameters, seed=0):
    """For every written cell the linked cells are exactly the non-zero derivatives; or, where the
    map says that values decide, no derivative is non-zero outside the linked cells."""
    import tensorflow as tf

    found = engine.technique(name)
    read = found.read(parameters)
    arguments = generic(found.arguments(read), seed)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([value for value in arguments.values() if isinstance(value, tf.Tensor)])
        results = found.function(**arguments)
    story = found.describe(read, {key: value.numpy() for key, value in results.items()})
    checked = 0
    for step in (step for step in story.steps if step.map):
        target = results[step.writes]
        for source in (name for name in step.reads if results[name].dtype.is_floating):
            jacobian = tape.jacobian(target, results[source], experimental_use_pfor=False)
            for cell in np.ndindex(*target.shape):
                at = jacobian[cell].numpy()
                touched = {tuple(map(int, place)) for place in np.argwhere(at)}
                linked = step.map.linked(step.writes, cell, source).cells()
                exact = touched == linked if step.map.exact else touched <= linked
                assert exact, (step.operation, source, cell, touched, linked)
                checked += 1
    return checked, story


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small_states(), st.integers(0, 1000))
def test_links_are_the_jacobian(parameters, seed):
    """In float16 a slope that is small beside others is 0."""
    hold_against_jacobian(NAME, {**parameters, "dtype": "float64"}, seed)


@pytest.mark.parametrize("method", METHODS)
def test_links_of_each_method_are_exact_and_skip_masked_positions(method):
    checked, story = hold_against_jacobian(NAME, {"method": method})
    assert checked >= 20
    weights = next(step for step in story.steps if step.writes == "weights")
    assert weights.map.exact
    linked = weights.map.linked("weights", (0,), weights.reads[0]).cells()
    assert linked == {(place,) for place in range(5 if method == "none" else 2)}


def test_links_of_the_scores_made_of_lstm_states():
    checked, _ = hold_against_jacobian("padded-lstm-states", {})
    assert checked == 15


# The lab


def test_the_default_is_the_questions_own_example_and_all_tensors_are_there():
    trace = run()
    assert trace["scores"].tolist() == pytest.approx([0.1, 0.2, 0, 0, 0])
    assert trace["methods"].shape == (6, 5) and trace["mass"].shape == (2, 51)
    assert trace.steps[0].formula == ("2 real + 3 padding = 5 positions",)
    assert trace["context"].tolist() == pytest.approx([0.47502, 0.52498], abs=1e-5)


@pytest.mark.parametrize("claim", lab.claims, ids=lambda claim: claim.says[:40])
def test_claims_hold_their_verdict(claim):
    measured = claim.measure(run)
    assert measured.verdict == claim.verdict
    assert any(character.isdigit() or character == "N" for character in measured.value)


def drawn(trace):
    """Everything the page makes of a Trace, as JSON without NaN."""
    json.dumps(stage_payload(listed, trace), allow_nan=False)
    json.dumps([chart.figure(trace) for chart in lab.charts], allow_nan=False)
    assert all(chart.alt(trace) for chart in lab.charts)
    assert lab.gradient_note(trace)
    for prediction in lab.predictions:
        answers = prediction.answers(trace)
        assert prediction.question(trace) and prediction.why(trace)
        assert len(answers) == len(set(answers)) >= 3


@pytest.mark.parametrize("preset", lab.presets, ids=lambda preset: preset.name)
def test_presets_run_and_draw(preset):
    drawn(run(**preset.settings))


@settings(max_examples=25, deadline=None)
@given(small_states())
def test_any_state_draws(parameters):
    drawn(run(**parameters))


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ({}, ("1", "100 %", "zero (up to rounding)")),
        ({"masked": False}, ("1", "43.7 %", "a number other than zero")),
        ({"all_masked": True}, ("NaN", "NaN", "NaN")),
        ({"all_masked": True, "method": "where"}, ("0", "0 %", "zero (up to rounding)")),
        ({"scores": "3", "padding": 0}, ("1", "100 %", "zero (up to rounding)")),
    ],
)
def test_predictions_know_the_right_answer(given, answers):
    trace = run(**given)
    assert tuple(prediction.answers(trace)[0] for prediction in lab.predictions) == answers


# The code tab

STATES = [
    {},
    *(preset.settings for preset in lab.presets),
    {"scores": [1.5, -2, 0.25], "padding": 40, "method": "where", "mask": [1, 0, 1] + [0, 1] * 20},
    {
        "scores": [0.5] * 12,
        "method": "add-inf",
        "dtype": "float64",
        "temperature": 0.3,
        "padded_value": "last",
    },
    {"values": "1,2,3;4,5,6", "direction": "1,0,-1", "method": "add-1e4", "dtype": "float16"},
]


def test_programs_run_in_an_empty_process_and_agree_with_the_page(tmp_path):
    names = [*(NAME for _ in STATES), "padded-lstm-states", "installed-names"]
    states = [*STATES, {"handling": "masked"}, {}]
    for place, (name, state) in enumerate(zip(names, states, strict=True)):
        (tmp_path / f"{place}.py").write_text(code(name, **state))
    runner = (
        "import numpy, runpy, sys\n"
        f"for place in range({len(states)}):\n"
        "    made = runpy.run_path(f'{place}.py')['results']\n"
        "    numpy.savez(f'{place}.npz', **{name: numpy.asarray(value) for name, value in made.items()\n"
        "                                   if name != 'arguments'})\n"
        "assert 'engine' not in sys.modules and 'pages' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", runner], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for place, (name, state) in enumerate(zip(names, states, strict=True)):
        trace = engine.run(name, **state)
        with np.load(tmp_path / f"{place}.npz") as made:
            assert set(made) == set(trace.tensors)
            for tensor in made:
                np.testing.assert_allclose(made[tensor], trace[tensor], rtol=1e-5, atol=1e-7, err_msg=tensor)


# Techniques that claims share


def test_installed_names_tells_present_from_gone():
    names = "tf.nn.moments,tf.contrib.layers,np.infty,tf.get_variable,keras.layers.Softmax.call"
    told = engine.run("installed-names", names=names).facts
    assert told["present"] == ("tf.nn.moments", "keras.layers.Softmax.call")
    assert told["absent"] == ("tf.contrib.layers", "np.infty", "tf.get_variable")
    assert told["arguments"]["tf.nn.moments"] == ("x", "axes", "shift", "keepdims", "name")
    assert told["arguments"]["keras.layers.Softmax.call"] == ("self", "inputs", "mask")


@pytest.mark.parametrize(
    "names",
    [
        "",
        "os.system",
        "tf",
        "tf.__class__",
        "tf._api",
        "tf.a__b",
        "np.x_",
        "np.x;y",
        "tf." + "a" * 200,
        5,
        [3],
        None,
    ],
)
def test_installed_names_refuses_anything_but_public_dotted_names(names):
    with pytest.raises(engine.Rejected, match="such as tf.nn.softmax"):
        engine.run("installed-names", names=names)
    with pytest.raises(engine.Rejected):
        engine.run("installed-names", names=["np.nan"] * 33)


def test_lstm_states_need_one_bias_a_unit():
    with pytest.raises(engine.Rejected, match="bias: received 2 numbers; expected 3 numbers"):
        engine.run("padded-lstm-states", bias="1,2")
