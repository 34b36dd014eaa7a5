"""Questions of every lab from its Trace, their mistakes by hand, and the mode that asks them."""

from __future__ import annotations

import random
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import engine
from engine import Step, Tensor, Trace
from engine.links import IndexMap
from pages.kit.game import Game, Guess, Round
from pages.kit.labs import Listed, labs
from pages.kit.question import Choice, Clicks, Question, asked, before, inputs
from pages.kit.question_links import links
from pages.kit.question_shapes import mistakes, shape, windows
from pages.kit.question_values import SIGNS, short, value
from pages.kit.questions import questions
from tests.test_pages import opened

LABS = list(labs().values())
every_lab = pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)


def seen(listed: Listed, **settings: Any) -> tuple[Trace, list[Question]]:
    trace = engine.run(listed.lab.technique, **{**listed.technique.quick, **settings})
    return trace, questions(listed, trace)


def holds(trace: Trace, question: Question) -> None:
    """The right answer is what the Trace says."""
    kind, _, name = question.name.partition(".")
    if kind == "shape":
        assert question.right.text == str(list(trace.tensors[name].shape))
    elif kind in ("value", "sign"):
        assert f"{name}[" in question.text
        place = question.text.partition(f"{name}[")[2].partition("]")[0]
        found = trace[name][tuple(int(at) for at in place.split(","))]
        right = short(found) if kind == "value" else SIGNS[int(np.sign(found)) + 1]
        assert question.right.text == right
    elif question.clicks:
        shape = trace.tensors[question.clicks.tensor].shape
        assert question.clicks.cells
        assert all(len(cell) == len(shape) for cell in question.clicks.cells)
        assert all(
            0 <= at < size for cell in question.clicks.cells for at, size in zip(cell, shape, strict=True)
        )


def sound(trace: Trace, found: list[Question]) -> None:
    assert len(found) >= 2
    assert len({question.name for question in found}) == len(found)
    for question in found:
        texts = [choice.text for choice in question.choices]
        assert len(set(texts)) == len(texts)
        assert question.text and question.why
        assert len(texts) >= 2 or question.clicks
        holds(trace, question)
        if not question.markdown and not question.clicks:
            assert len(texts) >= 3
            assert all(choice.reason for choice in question.choices[1:])


@every_lab
@pytest.mark.usefixtures("warm_engine")
def test_every_lab_asks_in_its_first_state(listed: Listed) -> None:
    trace, found = seen(listed)
    sound(trace, found)
    assert any(not question.markdown for question in found)
    assert found == questions(listed, trace)
    hidden = {name for name in trace.tensors if any(name not in question.seen for question in found)}
    assert hidden, "nothing would be hidden"


@pytest.mark.parametrize(
    ("slug", "settings"),
    [
        ("convolution-arithmetic", {"size": (10, 10), "kernel": (3, 3), "stride": (2, 2)}),
        ("convolution-arithmetic", {"kind": "transposed", "stride": (2, 2)}),
        ("receptive-field", {"size": (12, 7), "kernel": (2, 3), "stride": (3, 2), "padding": "SAME"}),
        ("receptive-field", {"size": (9, 9), "kernel": (3, 3), "dilation": (2, 2), "padding": "VALID"}),
        ("masked-softmax-attention", {"scores": (1.0, -2.0, 0.5), "padding": 0}),
    ],
)
@pytest.mark.usefixtures("warm_engine")
def test_any_state_asks(slug: str, settings: dict[str, Any]) -> None:
    known = {p.name for p in labs()[slug].technique.parameters}
    trace, found = seen(labs()[slug], **{name: v for name, v in settings.items() if name in known})
    sound(trace, found)


def convolved(size: int, taps: int, stride: int, dilation: int = 1, padding: int = 0) -> Trace:
    """A convolution along one axis, by hand."""
    out = floor((size + padding - (dilation * (taps - 1) + 1)) / stride) + 1
    x = np.arange(1.0, size + 1)
    w = np.ones(taps)
    y = np.array(
        [
            sum(x[i] for u in range(taps) if 0 <= (i := stride * t + dilation * u - padding // 2) < size)
            for t in range(out)
        ]
    )
    loops = IndexMap(
        {"t": out, "u": taps},
        {"y": ("0", "t"), "x": ("0", f"{stride}*t + {dilation}*u - {padding // 2}"), "w": ("u",)},
    )
    tensors = {
        "x": Tensor(x[None], ("batch", "step")),
        "w": Tensor(w, ("tap",)),
        "y": Tensor(y[None], ("batch", "step")),
    }
    return Trace("made", {}, tensors, (Step("conv", ("x", "w"), "y", map=loops),), {})


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("size", [8, 10, 11])
def test_the_mistakes_with_a_window_are_those_of_the_formula(
    size: int, padding: int, dilation: int, stride: int
) -> None:
    trace = convolved(size, 3, stride, dilation, padding)
    (window,) = windows(trace, trace.steps[0])
    used = window.padding  # zeros that the last window does not reach are not known to the map
    assert window.out == trace.tensors["y"].shape[1]
    made = {mistake.__name__: mistake(window)[0] for mistake in mistakes(window)}
    span = 2 * dilation + 1
    assert made["_ceiling"] == ceil((size + used - span) / stride) + 1
    if dilation > 1:
        assert made["_no_dilation"] == floor((size + used - 3) / stride) + 1
    if used:
        assert made["_no_padding"] == floor((size - span) / stride) + 1
    if stride > 1:
        assert made["_no_stride"] == size + used - span + 1


def test_who_takes_the_ceiling_is_told_why_it_is_the_floor() -> None:
    trace = convolved(10, 3, 2)
    question = shape(trace, trace.steps[0])
    assert question
    assert question.right.text == "[1, 4]"
    reasons = {choice.text: choice.reason for choice in question.choices}
    assert "ceiling" in reasons["[1, 5]"]
    assert "⌊(10 − 3)/2⌋ + 1 = 4" in reasons["[1, 5]"]
    assert "stride" in reasons["[1, 8]"]
    assert "batch" in reasons["[4]"]
    assert question.shapes
    assert question.seen == {"x", "w"}


def test_a_transposed_convolution_goes_the_other_way() -> None:
    loops = IndexMap({"t": 4, "u": 3}, {"y": ("2*t + u - 0",), "x": ("t",), "w": ("u",)})
    tensors = {n: Tensor(np.ones(k), ("step",)) for n, k in (("x", 4), ("w", 3), ("y", 9))}
    step = Step("conv_transpose", ("x", "w"), "y", map=loops)
    (window,) = windows(Trace("made", {}, tensors, (step,), {}), step)
    assert window.spread
    assert {mistake.__name__: mistake(window)[0] for mistake in mistakes(window)}["_no_stride"] == 6


def test_a_value_is_worked_out_with_its_slips() -> None:
    trace = convolved(5, 3, 1)
    question = value(trace, trace.steps[0], (0, 1))
    assert question
    assert question.right.text == "9"
    assert "2·1 + 3·1 + 4·1 = 9" in question.why
    reasons = {choice.text: choice.reason for choice in question.choices}
    assert "mean" in reasons["3"]
    assert "last" in reasons["5"]
    assert "sign" in reasons["−9"]


def test_arithmetic_that_does_not_give_the_cell_is_not_written() -> None:
    loops = IndexMap({"i": 2}, {"c": ("i",), "a": ("i",), "b": ("i",)})
    numbers = {"a": [3.0, 5.0], "b": [2.0, 2.0], "c": [1.0, 3.0]}
    tensors = {name: Tensor(np.array(one), ("i",)) for name, one in numbers.items()}
    step = Step("minus", ("a", "b"), "c", map=loops)
    question = value(Trace("made", {}, tensors, (step,), {}), step, (0,))
    assert question
    assert question.why == "c[0] = 1."


def test_linked_cells_are_those_of_the_map() -> None:
    trace = convolved(6, 3, 2, padding=2)
    (question,) = links(trace, [], random.Random(1))
    assert question.right.text in ("2", "3")
    assert "padding" in " ".join(choice.reason for choice in question.choices) or question.right.text == "3"


def test_only_what_the_step_is_made_of_is_seen() -> None:
    steps = (Step("a", ("x",), "y"), Step("b", ("y", "w"), "z"), Step("look", ("z", "t"), "gap", aside=True))
    tensors = {name: Tensor(np.zeros(2), ("i",)) for name in ("x", "y", "w", "z", "t", "gap", "loose")}
    trace = Trace("made", {}, tensors, steps, {})
    assert before(trace, steps[1]) == {"x", "y", "w"}
    assert inputs(trace) == {"x", "w"}


def test_fewer_than_two_wrong_choices_are_no_question() -> None:
    assert asked("n", "?", Choice("1"), [Choice("1"), Choice("2")], "why") is None
    found = asked("n", "?", Choice("1"), [Choice("2", "first"), Choice("2", "again"), Choice("3")], "why")
    assert found
    assert [choice.text for choice in found.choices] == ["1", "2", "3"]
    assert found.choices[1].reason == "first"


def test_the_order_of_choices_is_the_states_own() -> None:
    question = Question("n", "?", tuple(Choice(str(n)) for n in range(5)), "why")
    assert question.shuffled("a?b=1") == question.shuffled("a?b=1")
    assert len({tuple(question.shuffled(f"a?b={n}")) for n in range(20)}) > 5


def a_game(*names: str) -> Game:
    every = [Question(name, "?", (Choice("1"), Choice("2"), Choice("3")), "why") for name in names]
    return Game(on=True, round=Round("lab?a=1", every, 0))


def test_the_first_guess_counts_and_no_other() -> None:
    game = a_game("q")
    assert game.round and game.veiled
    shown = game.round.question.shuffled(game.round.link)
    wrong = next(place for place, choice in enumerate(shown) if choice.text != "1")
    game.choose(wrong)
    game.choose(shown.index(Choice("1")))
    assert (game.right, game.asked, game.streak) == (0, 1, 0)
    assert not game.veiled
    assert game.guess and not game.guess.right


def test_a_row_of_right_guesses_ends_with_a_wrong_one_and_being_shown_counts_nothing() -> None:
    game = a_game("a", "b", "c", "d")
    for _ in range(2):
        assert game.round
        game.choose(game.round.question.shuffled(game.round.link).index(Choice("1")))
        game.go_on()
        game.round = Round(game.round.link, game.round.asked, game.at[game.round.link])
    assert game.score == "2 of 2 right · 2 in a row"
    game.take(Guess(False))
    assert (game.asked, game.streak) == (2, 0)


def test_clicked_cells_are_right_all_together() -> None:
    cells = frozenset({(0, 1), (0, 2)})
    for guess, right in ((cells, True), (cells | {(1, 1)}, False), (frozenset({(0, 1)}), False)):
        question = Question("links", "?", (), "why", clicks=Clicks("x", cells))
        game = Game(on=True, round=Round("lab?", [question], 0))
        game.click(frozenset(guess))
        assert game.guess and game.guess.right is right


@pytest.mark.usefixtures("warm_engine")
class TestMode:
    SLUG = "convolution-arithmetic"

    def page(self) -> AppTest:
        at = opened(labs()[self.SLUG], stride="2")
        at.toggle(key=f"{self.SLUG}.predicting").set_value(True).run()
        assert not at.exception
        return at

    def words(self, at: AppTest) -> str:
        return " ".join(block.value for block in (*at.markdown, *at.caption))

    def test_the_mode_hides_facts_and_points_until_the_guess(self) -> None:
        at = self.page()
        told = [value for _, value in labs()[self.SLUG].lab.facts(engine.run(self.SLUG, stride=2))]
        assert "What is the shape of y?" in at.radio[0].label
        assert told[0] not in self.words(at)
        assert "hidden until you have guessed" in self.words(at)
        at.radio[0].set_value(0).run()
        assert not at.radio
        assert told[0] in self.words(at)
        assert at.session_state["predictions"].asked == 1

    def test_a_guess_is_answered_once_and_the_score_goes_along(self) -> None:
        at = self.page()
        game = at.session_state["predictions"]
        right = game.round.question.shuffled(game.round.link).index(game.round.question.right)
        at.radio[0].set_value(right).run()
        assert at.success[0].value.startswith("Right")
        assert "1 of 1 right" in self.words(at)
        at.toggle(key=f"{self.SLUG}.predicting").set_value(False).run()
        at.toggle(key=f"{self.SLUG}.predicting").set_value(True).run()
        assert not at.radio, "the same question of the same state is not asked again"
        assert at.session_state["predictions"].score == "1 of 1 right"

    def test_a_wrong_guess_gets_its_own_reason(self) -> None:
        at = self.page()
        game = at.session_state["predictions"]
        shown = game.round.question.shuffled(game.round.link)
        place = next(at for at, choice in enumerate(shown) if "stride" in choice.reason)
        at.radio[0].set_value(place).run()
        assert "forgot the stride" in at.error[0].value
        assert "= 2" in at.error[0].value

    def test_show_me_reveals_and_counts_nothing(self) -> None:
        at = self.page()
        at.button(key=f"{self.SLUG}.showme").click().run()
        assert at.session_state["predictions"].asked == 0
        assert not at.session_state["predictions"].veiled
        at.button(key=f"{self.SLUG}.next").click().run()
        assert at.session_state["predictions"].veiled
        at.button(key=f"{self.SLUG}.leave").click().run()
        assert not at.session_state["predictions"].on
        assert not at.exception


def test_outside_the_mode_nothing_is_asked(warm_engine: None) -> None:
    at = opened(labs()["einsum"])
    assert at.session_state["predictions"].round is None


@pytest.mark.usefixtures("warm_engine")
def test_a_labs_own_wrong_answer_may_carry_its_reason() -> None:
    _, found = seen(labs()["receptive-field"], size="12", channels="1")
    own = next(question for question in found if "weights do all layers" in question.text)
    reasons = [choice.reason for choice in own.choices]
    assert reasons[0] == ""
    assert any("at every position" in reason for reason in reasons)
