"""Every page's words can be read by who has never met the term: short, in order, all in one manner.

What is true in them is tested elsewhere: claims, predictions and each lab's own file.
"""

from __future__ import annotations

import re

import pytest

from pages.kit.labs import Listed, labs

LABS = list(labs().values())
every_lab = pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)
PARTS = ("**What you see.**", "**What to try.**", "**What it means for your code.**")
MOST_WORDS = 330  # of an explanation
MOST_LETTERS = 490  # of a paragraph: five lines beside the table of numbers
CODE = re.compile(r"`[^`]*`")
ASCII_SIGNS = re.compile(r"\d x \d|<=|>=|!=|(?<=\w) - (?=\w)|\s--\s")
# Words of the field that are said in half a sentence, in bold or italics, where a lab first uses them.
TERMS = (
    "logit",
    "Siamese",
    "capsule",
    "glimpse",
    "autoencoder",
    "broadcasting",
    "kernel",
    "penalty",
    "quantised",
)


def texts(listed: Listed) -> list[str]:
    """Everything in words that a declaration says, without code."""
    lab = listed.lab
    helps = [control.help for control in lab.controls]
    points = [preset.point for preset in lab.presets]
    return [CODE.sub("", text) for text in (lab.title, lab.question, *helps, *points, listed.explanation)]


@every_lab
def test_an_explanation_has_its_three_parts_in_order_and_is_short(listed: Listed) -> None:
    text = listed.explanation
    places = [text.find(part) for part in PARTS]
    assert places == sorted(places), PARTS
    assert places[0] == 0
    assert all(text.count(part) == 1 for part in PARTS)
    assert len(text.split()) <= MOST_WORDS
    for paragraph in re.split(r"\n\s*\n|\n(?=- )", text):
        shown = " ".join(paragraph.split())
        assert len(shown) <= MOST_LETTERS, shown


@every_lab
def test_a_question_asks_and_a_point_is_made_in_sentences(listed: Listed) -> None:
    lab = listed.lab
    assert lab.question.endswith("?")
    assert lab.question[0].isupper()
    assert not lab.title.endswith(".")
    for preset in lab.presets:
        assert preset.point[-1] in ".:?", preset.point
        assert len(preset.point) <= 240, preset.point
    for claim in lab.claims:
        assert claim.says.strip() == claim.says
        assert claim.how, claim.says


@every_lab
def test_helps_are_written_in_one_manner(listed: Listed) -> None:
    """One sentence has no full stop at its end, several have."""
    for control in listed.lab.controls:
        assert not control.label.endswith((".", ":")), control.label
        if control.help:
            several = ". " in control.help
            assert control.help.endswith(".") == several, control.help
            assert control.help.strip() == control.help
            assert len(control.help) <= 200, control.help


@every_lab
def test_signs_are_signs(listed: Listed) -> None:
    for text in texts(listed):
        assert not ASCII_SIGNS.search(text), ASCII_SIGNS.search(text)


@every_lab
def test_a_term_stands_out_where_it_is_first_met(listed: Listed) -> None:
    text = CODE.sub("", listed.explanation)
    for term in TERMS:
        first = re.search(rf"\b{term}", text)
        if first:
            assert "*" in text[: first.start()][-16:], (term, text[: first.end()][-60:])
