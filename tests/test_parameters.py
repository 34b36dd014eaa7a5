"""Reading parameters: whatever comes in, a canonical value or a sentence comes out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Rejected, techniques
from engine.parameter_lists import Cells, Numbers, Rows
from engine.parameters import Choice, Integer, Pair, Real, Text, Toggle, read_all
from tests.strategies import values_of

KERNEL = Pair("kernel", (4, 4), 1, 11)
SIZE = Integer("size", 8, 1, 64)
SCORES = Numbers("scores", (0.1, 0.2), 1, 50)
PADDING = Choice("padding", "SAME", ("SAME", "VALID"), refusals={"causal": "Conv1D only"})
LOGITS = Numbers("logits", (0.0, 1.0), 1, 4, minus_infinity=True, refusals={"not a number": "NaN spreads"})
LABELS = Numbers("labels", (1,), 1, 4, whole=True, refusals={"not whole": "count them", "none": "give one"})
SIZES = Numbers("sizes", (9, 3), 1, 4, whole=True, refusals={"entry none": "a size must be known"})
AXIS = Integer("axis", -1, -4, 3, refusals={"several": "one at a time"})
MASK = Cells("mask", 100)
WORDS = Text("words", "the cat", 24)
STACK = Rows("stack", (PADDING, SIZE), 3)
EVERY = [p for found in techniques().values() for p in found.parameters]


@pytest.mark.parametrize(
    ("parameter", "given_value", "read"),
    [
        (SIZE, "8", 8),
        (SIZE, 8.0, 8),
        (KERNEL, 4, (4, 4)),
        (KERNEL, "3x5", (3, 5)),
        (KERNEL, "3×5", (3, 5)),
        (KERNEL, [3, 5], (3, 5)),
        (SCORES, "0.1, 0.2", (0.1, 0.2)),
        (SCORES, "[1 2;3]", (1.0, 2.0, 3.0)),
        (LOGITS, "0,-inf,-Infinity", (0.0, -math.inf, -math.inf)),
        (LOGITS, [0, float("-inf")], (0.0, -math.inf)),
        (MASK, "11000", (1, 1, 0, 0, 0)),
        (MASK, [True, False], None),
        (MASK, "", None),
        (WORDS, "  the \t cat\n", "the cat"),
        (WORDS, "<b>\u202ecat\x00</b>", "<b>cat</b>"),
        (WORDS, "Größe 猫 😀", "Größe 猫 😀"),
        (Toggle("on", True), "off", False),
        (STACK, "VALID.3_SAME", (("VALID", 3), ("SAME", 8))),
        (Real("rate", 0.5, 0, 1), "0.25", 0.25),
    ],
)
def test_values_and_texts_read_alike(parameter: Any, given_value: Any, read: Any) -> None:
    if given_value == [True, False]:
        with pytest.raises(Rejected):
            parameter.read(given_value)
    else:
        assert parameter.read(given_value) == read


@pytest.mark.parametrize(
    ("parameter", "bad", "says"),
    [
        (SIZE, "eight", "received 'eight'; expected a whole number from 1 to 64"),
        (SIZE, 2.5, "received 2.5; expected a whole number"),
        (SIZE, True, "received True"),
        (SIZE, "1e400", "received '1e400'"),
        (SIZE, float("nan"), "received nan"),
        (SIZE, 1_000_000, "the nearest allowed value is 64"),
        (KERNEL, -3, "the nearest allowed value is 1"),
        (KERNEL, "3x4x5", "received '3x4x5'"),
        (SCORES, "", "this has 0"),
        (SCORES, "1,two", "entry 2 is not a finite number"),
        (SCORES, [1, float("inf")], "entry 2 is not a finite number"),
        (SCORES, "0,-inf", "entry 2 is not a finite number"),
        (SCORES, "nan", "entry 1 is not a finite number"),
        (LOGITS, "0,inf", "entry 2 is not a finite number"),
        (LOGITS, "0,nan", "NaN spreads"),
        (LOGITS, "0,abc", "entry 2 is not a finite number"),
        (LOGITS, "0,5e6", "from -1000000 to 1000000 or -inf"),
        (LABELS, "1,1.5", "count them"),
        (LABELS, "1,-inf", "entry 2 is not a finite number"),
        (LABELS, "", "give one"),
        (SIZES, [9, None], "a size must be known"),
        (SIZES, "9,None", "a size must be known"),
        (LABELS, [1, None], "entry 2 is not a finite number"),
        (AXIS, [1, 2], "one at a time"),
        (AXIS, "1,2", "one at a time"),
        (AXIS, "(1)", "one at a time"),
        (AXIS, "one", "choose a whole number"),
        (AXIS, 1.5, "choose a whole number"),
        (SIZE, [1, 2], "choose a whole number"),
        (SCORES, list(range(51)), "this has 51"),
        (SCORES, {"a": 1}, "separated by commas"),
        (PADDING, "same", "write SAME: the spelling counts"),
        (PADDING, "causal", "Conv1D only"),
        (MASK, "1020", "'2' is neither"),
        (WORDS, "", "write at least one word"),
        (WORDS, " \u200b\x07 ", "write at least one word"),
        (WORDS, "x" * 25, "shorten it: this has 25 characters"),
        (WORDS, 7, "expected 1 to 24 characters of text"),
        (STACK, "VALID.x", "stack, row 1, size"),
        (STACK, "VALID.1.2", "row 1 needs 2 cells"),
        (STACK, "SAME_SAME_SAME_SAME", "remove rows until there are 3"),
    ],
)
def test_a_refusal_says_received_expected_and_fix(parameter: Any, bad: Any, says: str) -> None:
    with pytest.raises(Rejected) as refusal:
        parameter.read(bad)
    text = str(refusal.value)
    assert says in text
    assert all(word in text for word in ("received", "expected", "fix"))


def test_arrays_are_read_where_a_value_may_be_left_out() -> None:
    assert Numbers("row", None, 1, 4).read(np.array([1.0, 2.0])) == (1.0, 2.0)
    assert MASK.read(np.array([1, 0])) == (1, 0)
    assert Pair("unit", None, 0, 9).read((3, 4)) == (3, 4)
    assert Numbers("row", None, 1, 4).read("") is None


def test_a_long_text_is_cut_in_the_sentence() -> None:
    with pytest.raises(Rejected) as refusal:
        SIZE.read("9" * 100_000)
    assert len(str(refusal.value)) < 300


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(Rejected, match="'sise': received an unknown parameter; expected one of size"):
        read_all([SIZE], {"sise": 3})


@pytest.mark.parametrize("parameter", EVERY, ids=lambda p: p.name)
@given(data=st.data())
def test_every_value_survives_a_link(parameter: Any, data: st.DataObject) -> None:
    try:
        value = parameter.read(data.draw(values_of(parameter, 6)))
    except Rejected:
        return
    assert parameter.read(parameter.text(value)) == value


@pytest.mark.parametrize("parameter", EVERY, ids=lambda p: p.name)
@given(
    junk=st.one_of(
        st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text(max_size=3)), st.binary()
    )
)
def test_junk_is_read_or_refused_and_never_breaks(parameter: Any, junk: object) -> None:
    try:
        parameter.read(parameter.read(junk))
    except Rejected as refusal:
        assert refusal.received
