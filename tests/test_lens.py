"""The gradient lens: every lab under it, its reasons on small functions, its choices in link and page."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import engine
from engine.lens import AT, OF, Asked, asked, index_of, refusal
from engine.lens_worker import answers_of, record_run
from engine.technique import Cost, Story, Technique, techniques
from engine.trace import Tensor, Trace
from pages.kit.labs import Listed, labs
from pages.kit.lens_payload import lens_payload
from pages.kit.link import defaults, link_values, read_lens, read_link
from tests.test_pages import opened

LABS = list(labs().values())
every_lab = pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)
Results = Mapping[str, Any]
NOT_SMOOTH = ("is a staircase", "sit on a kink", "the gradient leaves some out")  # rounding is no excuse


@every_lab
def test_the_lens_looks_at_every_lab_or_says_why_not(listed: Listed, warm_engine: None) -> None:
    """In its default state every slope agrees with finite differences, or the difference is explained."""
    name = listed.lab.technique
    if reason := refusal(listed.technique):
        assert reason.endswith(".")
        with pytest.raises(engine.Rejected, match="has one"):
            engine.lens(name)
        return
    trace = engine.lens(name)
    assert trace.facts[OF] in trace.facts["choices"]
    assert np.isclose(trace.facts["value"], engine.run(name)[trace.facts[OF]][index(trace)], rtol=1e-5)
    rows = trace.facts["inputs"]
    assert any(row["status"] in ("gradient", "zero") for row in rows)
    for row in rows:
        assert row["status"] == "gradient" or row["why"], row
        assert "leave TensorFlow" not in row["why"], f"{row['name']}: use tf.convert_to_tensor"
        if row["status"] == "gradient":
            assert row["moved"] > 0
            assert row["agrees"] or any(reason in row["apart"] for reason in NOT_SMOOTH), row
    lens_payload(listed, trace)


def index(trace: Trace) -> tuple[int, ...]:
    return tuple(int(part) for part in trace.facts[AT].split(",") if part)


def test_the_lens_agrees_with_what_a_lab_computes_itself(warm_engine: None) -> None:
    state = {"size": 8, "kernel": 3, "filters": 2, "unit": "3x4", "filter": 1}
    trace = engine.lens("receptive-field", lens="y", lens_at=(0, 3, 4, 1), **state)
    np.testing.assert_allclose(trace["gradient of x"], engine.run("receptive-field", **state)["gradient"])


def test_the_second_derivative_that_tensorflow_gets_wrong_is_found(warm_engine: None) -> None:
    """Through a stop_gradient the tape of the tape leaves a term out; differences do not."""
    trace = engine.lens("moments-stop-gradient", lens="gradient_stopped", lens_at="0")
    (row,) = trace.facts["inputs"]
    assert not row["agrees"]
    assert "stop_gradient" in row["apart"]


# Small functions, each with one reason.


def look(
    function: Callable[..., Results], given: Results, of: str = "y", at: str = "", cells: int = 48
) -> dict[str, dict[str, Any]]:
    """What the lens says of each input of a function of `given`."""
    from engine.lens_story import tell

    def describe(parameters: Results, results: Results) -> Story:
        named = {
            name: Tensor(values, tuple(f"axis {axis}" for axis in range(np.ndim(values))))
            for name, values in results.items()
        }
        return Story(named, (), {})

    module = types.SimpleNamespace(
        PARAMETERS=(),
        arguments=lambda: dict(given),
        describe=describe,
        cost=lambda: Cost(1, 1),
        small=function,
    )
    technique = Technique("small", "tests", module)  # type: ignore[arg-type]
    run = record_run(technique, {}, asked(of, at))
    trace = tell({}, run, answers_of(run, cells), ("CPU", ""), 0.0)
    return {row["name"]: row for row in trace.facts["inputs"]}


X = np.array([0.5, -1.0, 2.0], "float32")


def call(text: str) -> Callable[..., Results]:
    """A function of x (and others) whose result y is one expression of TensorFlow."""
    import tensorflow as tf

    return lambda **inputs: {"y": eval(text, {"tf": tf, "np": np, **inputs})}


NONE = {
    "a yes or no": ("tf.cast(x > 0, tf.float32)", "Greater answers yes or no"),
    "a place": ("tf.cast(tf.argmax(x), tf.float32)", "ArgMax answers places"),
    "a staircase": ("tf.round(x)", "Round is a staircase"),
    "stop_gradient": ("tf.stop_gradient(x) * 2.0", "stop_gradient lets nothing back"),
    "integers on the way": ("tf.cast(tf.cast(x, tf.int32), tf.float32)", "Cast makes integers"),
    "its shape alone": ("tf.ones(tf.shape(x)) * 3.0", "only its shape"),
    "two ways, both ended": (
        "tf.stop_gradient(x) + tf.round(x)",
        "Round is a staircase and has no gradient; stop_gradient lets nothing back through",
    ),
    "stop_gradient far back": (
        "tf.function(tf.sin)(tf.stop_gradient(x))[:2]",
        "stop_gradient lets nothing back",
    ),
    "several comparisons": ("tf.cast((x > 0) & (x < 1), tf.float32)", "Greater and Less answer yes or no"),
    "no path": ("tf.constant([1.0, 2.0]) * 2.0", "no path"),
    "NumPy on the way": ("tf.constant(np.asarray(x) * 2)", "leave TensorFlow"),
}


@pytest.mark.parametrize("case", NONE)
def test_none_has_its_reason(case: str) -> None:
    text, reason = NONE[case]
    row = look(call(text), {"x": X}, at="sum")["x"]
    assert row["status"] == "none"
    assert reason in row["why"]
    assert "largest" not in row


def test_an_integer_input_says_so_and_another_keeps_its_gradient() -> None:
    rows = look(call("x * tf.cast(n, tf.float32)"), {"x": X, "n": np.array([1, 2, 3])}, at="sum")
    assert rows["n"]["status"] == "none"
    assert rows["n"]["why"].startswith("integers (int64)")
    assert rows["x"]["status"] == "gradient"
    assert rows["x"]["largest"] == 3


ZERO = {
    "a dead ReLU": ("tf.nn.relu(x - 5.0)", "dead ReLU"),
    "a slope of sign": ("tf.sign(x)", "Sign"),
    "a mask of zeros": ("x * 0.0", "multiplies by 0"),
    "the sum of a softmax": ("tf.nn.relu(x) * 0.0", "Mul"),
    "two ways that cancel": ("(x * 2.0 - x) - x", "cancel"),
    "clipped": ("tf.clip_by_value(x * 0.01, 3.0, 4.0)", ""),
}


@pytest.mark.parametrize("case", ZERO)
def test_zero_is_told_from_none(case: str) -> None:
    text, reason = ZERO[case]
    row = look(call(text), {"x": X}, at="sum")["x"]
    assert row["status"] == "zero"
    assert reason in row["why"]
    assert row["largest"] == 0
    assert row["agrees"]


def test_half_a_path_is_told_by_finite_differences() -> None:
    row = look(call("x * tf.stop_gradient(x)"), {"x": X}, at="sum")["x"]
    assert row["status"] == "gradient"
    assert not row["agrees"]
    assert row["difference"] == pytest.approx(2, rel=1e-6)  # 2x - x at x = 2
    assert "stop_gradient" in row["apart"]


def test_a_kink_is_named() -> None:
    row = look(call("tf.nn.relu(x)"), {"x": np.array([0.0, 1.0, -1.0], "float32")}, at="sum")["x"]
    assert not row["agrees"]
    assert "1 of 3 cells sit on a kink of Relu" in row["apart"]


def test_a_straight_through_gradient_is_told_from_its_staircase() -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def straight(x: Any) -> Any:
        return tf.round(x), lambda upstream: upstream

    row = look(lambda x: {"y": straight(x)}, {"x": X + 0.2}, at="sum")["x"]
    assert row["status"] == "gradient"
    assert not row["agrees"]
    assert "staircase" in row["apart"]


def test_a_tf_function_a_variable_and_a_gather_are_followed() -> None:
    import tensorflow as tf

    body = tf.function(lambda x: tf.tanh(x) * 2.0)

    def function(x: Any, table: Any) -> Results:
        weight = tf.Variable([3.0])
        return {"y": body(x) * weight + tf.gather(table, [0, 1, 1]), "weight": weight}

    rows = look(function, {"x": X, "table": np.ones(5, "float32")}, at="sum")
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys(
        ("x", "table", "weight"), "gradient"
    )
    assert rows["table"]["largest"] == 2
    assert all(row["agrees"] for row in rows.values())
    assert rows["table"]["in"] == "float64"


def test_a_float_copy_of_integers_is_an_input() -> None:
    import tensorflow as tf

    def function(picture: Any) -> Results:
        x = tf.cast(picture, tf.float32) / 255.0
        return {"x": x, "y": tf.square(x)}

    rows = look(function, {"picture": np.array([0, 51, 255], "uint8")}, at="sum")
    assert rows["picture"]["status"] == "none"
    assert rows["x"]["status"] == "gradient"
    assert rows["x"]["agrees"]


def test_float16_infinity_and_emptiness_are_survived() -> None:
    half = look(call("tf.exp(x)"), {"x": X.astype("float16")}, at="sum")["x"]
    assert half["in"] == "float64"  # moved in more digits than the gradient has
    assert half["agrees"] or half["relative"] < 2e-3
    odd = look(call("1.0 / x"), {"x": np.array([0.0, 1.0], "float32")}, at="sum")["x"]
    assert odd["status"] == "gradient"
    assert odd["largest"] == "Infinity"
    rooted = look(
        call("tf.where(x > 0.0, tf.math.log(x), 0.0)"), {"x": np.array([0.0, 1.0], "float32")}, at="sum"
    )
    assert "NaN or infinite at Log" in rooted["x"]["why"]  # the famous one: 0 · ∞ under a tf.where
    empty = look(call("x * 2.0"), {"x": np.zeros(0, "float32")}, at="sum")["x"]
    assert empty["status"] in ("zero", "gradient")


def test_a_strided_convolution_of_one_tap_is_refused_before_its_gradient() -> None:
    given = {"x": np.ones((1, 4, 4, 1), "float32"), "w": np.ones((1, 1, 1, 1), "float32")}
    with pytest.raises(engine.TechniqueFailed, match="corrupts memory"):
        look(call("tf.nn.conv2d(x, w, 2, 'VALID')"), given)


SMOOTH = ("tf.sin({})", "tf.tanh({})", "{} * {}", "tf.nn.softmax({})", "tf.exp(0.3 * {})", "({} + 2.0) * 0.5")


@given(
    layers=st.lists(st.sampled_from(SMOOTH), min_size=1, max_size=4),
    values=st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=6),
    at=st.sampled_from(("", "sum", "squares")),
)
@settings(max_examples=12)
def test_smooth_functions_agree_with_their_differences(
    layers: list[str], values: list[float], at: str
) -> None:
    text = "x"
    for layer in layers:
        text = layer.replace("{}", text)
    row = look(call(text), {"x": np.array(values, "float32")}, at=at)["x"]
    assert row["status"] in ("gradient", "zero")
    assert row["agrees"], row


@given(size=st.integers(49, 400), seed=st.integers(0, 99))
@settings(max_examples=5)
def test_of_many_cells_the_steepest_are_moved(size: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=size).astype("float32")
    row = look(call("x ** 3"), {"x": x}, at="sum", cells=20)["x"]
    assert (row["moved"], row["cells"]) == (20, size)
    assert [int(np.argmax(np.abs(x)))] in [cell for cell, _, _ in row["listed"]]


# Asking.


@pytest.mark.parametrize("value", ["1;2", "-1", "sum of", "x" * 500, "1e3", "²", "1,,2", "<b>"])
def test_what_is_no_place_is_refused(value: str) -> None:
    with pytest.raises(engine.Rejected, match="an index such as"):
        asked("y", value)


def test_places_are_read_in_every_spelling() -> None:
    assert asked("y", (0, 3)).at == asked(" y ", "[0, 3]").at == "0,3"
    assert asked("y", 4).at == "4"
    assert asked("y", "sum of squares").at == "squares"
    assert index_of("", (4, 5)) == (2, 2)
    assert index_of("sum", (4, 5)) is None
    with pytest.raises(engine.Rejected, match="0–3,0–4"):
        index_of("4,0", (4, 5))


def test_an_array_drawn_only_in_part_is_no_setting(warm_engine: None) -> None:
    facts = engine.lens("receptive-field", size=8, image="noise").facts
    assert "image" not in facts["settings"]  # x is made of it
    assert {"unit", "filter"} <= set(facts["settings"])


def test_an_unknown_result_names_those_there_are(warm_engine: None) -> None:
    with pytest.raises(engine.Rejected, match="expected one of .*loss"):
        engine.lens("masked-softmax-attention", lens="nonsense")


def test_the_estimate_counts_every_run(warm_engine: None) -> None:
    state = {"size": 256, "kernel": 16, "filters": 8}
    engine.check("receptive-field", {**state, "kernel": 4})
    with pytest.raises(engine.TooExpensive, match="GFLOP"):
        engine.lens("receptive-field", **state)


def test_equal_questions_are_answered_once(warm_engine: None) -> None:
    first = engine.lens("convolution-arithmetic", lens="y", lens_at="0,0,0,0")
    assert engine.lens("convolution-arithmetic", lens="y", lens_at=[0, 0, 0, 0]) is first
    assert engine.lens("convolution-arithmetic", lens="y", lens_at="sum") is not first


# Link, page, route.


def test_the_names_of_the_lens_are_nobodys_parameter() -> None:
    for technique in techniques().values():
        assert not {OF, AT} & {parameter.name for parameter in technique.parameters}


@given(of=st.text(max_size=70), at=st.text(max_size=90))
@settings(max_examples=40)
def test_hostile_links_are_read_or_dropped(of: str, at: str) -> None:
    lens, dropped = read_lens({OF: of, AT: at})
    assert len(lens.of) <= 60
    assert len(dropped) <= 2
    assert read_lens(link_values(LABS[0], defaults(LABS[0]), lens)) == (lens, [])


def test_the_lens_travels_in_the_link() -> None:
    listed = labs()["receptive-field"]
    query = link_values(listed, defaults(listed) | {"filters": 2}, Asked("y", "0,3,4,1"))
    assert query == {"filters": "2", OF: "y", AT: "0,3,4,1"}
    assert read_link(listed, query)[1] == []
    assert read_lens(query) == (Asked("y", "0,3,4,1"), [])


class TestPage:
    def page(self, slug: str, **query: str) -> Any:
        at = opened(labs()[slug], **query)
        at.session_state[f"{slug}.tab"] = "Gradients"
        return at.run()

    def test_a_result_and_a_place_are_chosen_and_taken_back(self, warm_engine: None) -> None:
        at = self.page("convolution-arithmetic")
        state = at.session_state["state.convolution-arithmetic"]
        at.selectbox(key="convolution-arithmetic.lens.of").set_value("x_gradient").run()
        assert state.lens == Asked("x_gradient", "")
        at.number_input(key="convolution-arithmetic.lens.1.5").set_value(0).run()
        assert state.lens == Asked("x_gradient", "0,0,2,0")
        shown = " ".join(block.value for block in at.markdown)
        assert "x\\_gradient\\[0, 0, 2, 0\\]" in shown
        at.button(key="convolution-arithmetic.undo").click().run()
        assert state.lens == Asked("x_gradient", "")
        assert not at.exception

    def test_a_link_opens_it(self, warm_engine: None) -> None:
        at = self.page("convolution-arithmetic", lens="y", lens_at="0,2,2,0")
        assert not at.warning
        assert "y\\[0, 2, 2, 0\\]" in " ".join(block.value for block in at.markdown)

    def test_what_does_not_fit_is_dropped_with_a_sentence(self, warm_engine: None) -> None:
        at = self.page("convolution-arithmetic", lens="y", lens_at="0,9,9,0")
        assert "was left out" in at.warning[-1].value
        assert at.session_state["state.convolution-arithmetic"].lens == Asked("y", "")
        at = self.page("convolution-arithmetic", lens="[x](http://evil)")
        assert "](http" not in at.warning[-1].value
        assert at.session_state["state.convolution-arithmetic"].lens == Asked()
        assert not at.exception

    def test_a_lab_without_a_lens_says_why(self) -> None:
        def script() -> None:
            from pages.kit import lens
            from pages.kit.labs import labs
            from pages.kit.state import State

            lens.show(State(labs()["learned-filters"], {}))

        at = AppTest.from_function(script, default_timeout=60).run()
        assert any("There is none for this lab" in block.value for block in at.markdown)
