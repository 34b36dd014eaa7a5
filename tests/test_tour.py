"""The tour is true: its links open labs, its pictures are there, and its numbers are the engine's."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from PIL import Image

import engine
from engine import Trace
from pages.kit.labs import labs
from pages.kit.link import read_lens, read_link
from scripts import tour
from scripts.screenshots import LARGEST, STEPS, THEMES


def test_every_link_opens_a_lab_as_it_says() -> None:
    assert len(tour.links()) >= len(tour.stops()) >= 8
    for link in tour.links():
        if link.lab in ("", "scoreboard"):
            assert link.query == {}
            continue
        assert link.lab in labs()
        assert read_link(labs()[link.lab], link.query)[1] == []
        assert read_lens(link.query)[1] == []


def test_every_picture_is_there_and_belongs_to_a_stop() -> None:
    shown = [stop.picture for stop in tour.stops()]
    assert len(set(shown)) == len(shown)
    kept = {f"pictures/{file.name}" for file in (tour.DOCS / "pictures").iterdir()}
    assert kept | {"lab.png"} == set(shown)
    for stop in tour.stops():
        file = tour.DOCS / stop.picture
        with Image.open(file) as picture:
            assert (picture.format, picture.size) == ("PNG", stop.pixels), stop.picture
        assert file.stat().st_size <= LARGEST
        assert len(stop.alt) >= 20


def test_every_picture_says_how_it_is_taken() -> None:
    for stop in tour.stops():
        assert urlsplit(stop.address).netloc == ""
        for step in stop.steps:
            assert step in (*tour.VIEWS, *THEMES) or step.startswith(tuple(STEPS)), step


def of(statement: tour.Statement) -> Trace:
    lab = labs()[statement.link.lab]
    return engine.run(lab.lab.technique, **read_link(lab, statement.link.query)[0])


@pytest.mark.parametrize("kind", ["shape", "fact", "notice"])
def test_what_the_tour_says_is_what_the_engine_says(kind: str) -> None:
    said = [statement for statement in tour.statements() if statement.kind == kind]
    assert said
    for statement in said:
        trace = of(statement)
        if kind == "shape":
            shape = trace.tensors[statement.name].shape
            assert ", ".join(map(str, shape)) == statement.value, statement
        elif kind == "fact":
            facts = dict(labs()[statement.link.lab].lab.facts(trace))
            assert facts[statement.name] == statement.value, statement
        else:
            assert any(statement.value in note for note in trace.notes), statement


def test_the_notation_is_read() -> None:
    """A statement belongs to the nearest link before it; bold words that are no statement are none."""
    text = (
        f"**y** [a]({tour.HOME}/one?k=2) **y [1, 2]** **x** [b]({tour.HOME}/two) **units: 5**\n> SAME pads.\n"
    )
    found = [(one.link.lab, one.link.query, one.kind, one.value) for one in tour.statements(text)]
    assert found == [
        ("one", {"k": "2"}, "shape", "1, 2"),
        ("two", {}, "fact", "5"),
        ("two", {}, "notice", "SAME pads."),
    ]
