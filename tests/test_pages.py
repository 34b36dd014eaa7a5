"""Every page as a script, without a browser: home, each lab, each tab, bad links, refused entries."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

import engine
from engine.pool import ROOT
from pages.kit.claims import lines, measure
from pages.kit.controls import MOST_BUTTONS
from pages.kit.labs import Listed, labs
from pages.kit.search import find

LABS = list(labs().values())
TABS = ("Explain", "Gradients", "Claims", "Predict", "Code", "Share")
every_lab = pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)


def lab_script(slug: str) -> None:
    """What pages/explorer.py runs for one lab."""
    import streamlit as st

    from pages import home, lab
    from pages.kit.labs import labs

    lab.render(labs()[slug], st.Page(home.render, title="home"))


def opened(listed: Listed, **query: str) -> AppTest:
    """The page of a lab; what takes long is known by then, so that there is more than its progress to see."""
    if listed.technique.lane({}) != "interactive":
        engine.run(listed.lab.technique, **listed.technique.quick)
    at = AppTest.from_function(lab_script, args=(listed.slug,), default_timeout=60)
    for name, value in {**listed.technique.quick, **query}.items():
        at.query_params[name] = value
    return at.run()


@pytest.mark.usefixtures("warm_engine")
class TestPages:
    def test_home_shows_every_lab(self) -> None:
        at = AppTest.from_file(str(ROOT / "pages/explorer.py"), default_timeout=60).run()
        assert not at.exception
        shown = " ".join(block.value for block in at.markdown)
        assert all(listed.lab.question in shown for listed in LABS)

    @every_lab
    def test_a_lab_renders_with_every_tab(self, listed: Listed) -> None:
        at = opened(listed)
        for tab in TABS:
            at.session_state[f"{listed.slug}.tab"] = tab
            at.run()
            assert not at.exception, tab
        assert any(block.value.startswith(f"# {listed.lab.title}") for block in at.markdown)

    @pytest.mark.parametrize(
        "listed", [one for one in LABS if one.lab.curves], ids=lambda listed: listed.slug
    )
    def test_a_presented_training_run_keeps_its_curves(self, listed: Listed) -> None:
        at = opened(listed, present="1")
        assert not at.get("plotly_chart")  # they load slowly: after the picture
        at.session_state[f"state.{listed.slug}"].has_drawn()
        at.run()
        assert not at.exception
        axes = {
            curve.axis
            for curve in listed.lab.curves(engine.run(listed.lab.technique, **listed.technique.quick))
        }
        assert len(at.get("plotly_chart")) == len(axes)

    @every_lab
    def test_claims_are_measured_on_the_page(self, listed: Listed) -> None:
        for line in lines(listed):  # else the page says how far is what takes long
            measure(line, partial(engine.run, listed.lab.technique))
        at = opened(listed)
        at.session_state[f"{listed.slug}.tab"] = "Claims"
        at.run()
        for begin, lot in (("measured: ", listed.lab.claims), ("ours: ", listed.lab.published)):
            assert sum(block.value.startswith(begin) for block in at.markdown) == len(lot)

    @every_lab
    def test_a_bad_link_is_named_and_the_rest_shown(self, listed: Listed) -> None:
        name = listed.technique.parameters[0].name
        at = opened(listed, **{name: "[click](http://evil)", "nonsense": "1"})
        assert not at.exception
        assert "cannot be read" in at.warning[0].value
        assert "](http" not in at.warning[0].value

    @every_lab
    def test_a_preset_reset_and_undo(self, listed: Listed) -> None:
        at = opened(listed)
        first = listed.lab.presets[0]
        if len(listed.lab.presets) > MOST_BUTTONS:
            at.selectbox(key=f"{listed.slug}.presets").set_value(first.name).run()
        else:
            at.button(key=f"{listed.slug}.preset0").click().run()
        state = at.session_state[f"state.{listed.slug}"]
        chosen = dict(state.values)
        assert chosen == engine.check(listed.lab.technique, first.settings)
        at.button(key=f"{listed.slug}.reset").click().run()
        at.button(key=f"{listed.slug}.undo").click().run()
        assert at.session_state[f"state.{listed.slug}"].values in (
            chosen,
            engine.check(listed.lab.technique, {}),
        )
        assert not at.exception

    def test_a_refused_entry_keeps_the_picture_and_the_text(self) -> None:
        listed = labs()["masked-softmax-attention"]
        at = opened(listed)
        before = at.session_state[f"state.{listed.slug}"].last_good
        key = f"{listed.slug}:scores"
        at.text_input(key=key).set_value("0.1, two").run()
        state = at.session_state[f"state.{listed.slug}"]
        assert "entry 2 is not a finite number" in str(state.refused)
        assert state.last_good == before
        assert at.text_input(key=key).value == "0.1, two"
        at.text_input(key=key).set_value("0.1, 2").run()
        assert at.session_state[f"state.{listed.slug}"].refused is None
        assert not at.exception


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("shape mismatch", "receptive-field"),
        ("receptive stride", "receptive-field"),
        ("transposed convolution output padding", "convolution-arithmetic"),
        ("what does a neuron see", "receptive-field"),
        ("padding mask", "masked-softmax-attention"),
        ("attension", "masked-softmax-attention"),
        ("where did my gradient go stop_gradient", "moments-stop-gradient"),
        ("instance norm", "moments-stop-gradient"),
    ],
)
def test_search_finds_a_lab_by_the_words_of_a_question(words: str, slug: str) -> None:
    assert slug in [listed.slug for listed in find(words, LABS)[:3]]


def test_of_two_labs_the_one_that_says_the_phrase_comes_first() -> None:
    assert find("padding mask", LABS)[0].slug == "masked-softmax-attention"


@pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)
def test_search_finds_a_lab_by_its_name_and_by_its_question(listed: Listed) -> None:
    assert find(listed.slug, LABS)[0] == listed
    assert find(listed.lab.title, LABS)[0] == listed
    assert listed in find(listed.lab.question, LABS)[:3]


def test_search_shows_everything_for_nothing_and_nothing_for_nonsense() -> None:
    assert find("  ", LABS) == LABS
    assert find("zzzzqqq", LABS) == []


def test_what_the_page_process_can_import_never_loads_tensorflow() -> None:
    """The opened pages of a real server are looked at in test_browser.py."""
    program = """
import importlib, pkgutil, sys
import app, engine, pages, server
for package in (engine, pages, server):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(len(sys.modules), sorted(n for n in sys.modules if n.partition(".")[0] in ("tensorflow", "keras")))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip().endswith(" []"), done.stdout + done.stderr[-2000:]
