"""A presentation as a state of the link, and where its keys go."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.kit import history, state
from pages.kit.labs import Listed, labs
from pages.kit.link import PRESENT, read_link
from pages.kit.present import stops
from pages.kit.state import State
from tests.test_pages import lab_script

LAB = labs()["masked-softmax-attention"]


def page(**query: str) -> AppTest:
    at = AppTest.from_function(lab_script, args=(LAB.slug,), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def state_of(at: AppTest) -> State:
    found: State = at.session_state[f"state.{LAB.slug}"]
    return found


def open_at(listed: Listed, place: int) -> State:
    """The state of a preset."""
    return State(listed, State(listed, {}).preset(listed.lab.presets[place].settings))


def test_no_parameter_takes_the_name_of_the_mode() -> None:
    taken = [p.name for listed in labs().values() for p in listed.technique.parameters if p.name == PRESENT]
    assert taken == []


def test_a_link_is_read_alike_with_and_without_the_mode() -> None:
    assert read_link(LAB, {PRESENT: "1", "padding": "4"}) == read_link(LAB, {"padding": "4"})


def test_the_page_of_a_presentation_holds_the_question_and_nothing_that_leads_away() -> None:
    at = page(present="1", padding="4")
    assert not at.exception
    assert list(at.query_params[PRESENT]) == ["1"]
    assert f"# {LAB.lab.question}" in [block.value for block in at.markdown]
    assert not at.button
    assert state_of(at).values["padding"] == 4


def test_the_button_begins_it() -> None:
    at = page(padding="4")
    assert PRESENT not in at.query_params
    at.button(key=f"{LAB.slug}.present").click().run()
    assert list(at.query_params[PRESENT]) == ["1"]
    assert not at.button


@pytest.mark.parametrize(("acted", "presents"), [(False, False), (True, True)])
def test_back_leaves_it_and_a_quick_key_with_the_address_of_before_does_not(
    monkeypatch: pytest.MonkeyPatch, acted: bool, presents: bool
) -> None:
    session: dict[str, State] = {}
    address = {PRESENT: "1", "padding": "4"}
    page = SimpleNamespace(
        query_params=address, session_state=session, context=SimpleNamespace(is_embedded=False)
    )
    monkeypatch.setattr(state, "st", page)
    monkeypatch.setattr(history, "st", page)
    assert state.open_state(LAB).present
    del address[PRESENT]
    session[f"state.{LAB.slug}"].acted = acted
    assert state.open_state(LAB).present == presents


@pytest.mark.parametrize("value", ["", "0", "true", "<b>1</b>"])
def test_only_1_presents_and_the_rest_leaves_the_address(value: str) -> None:
    at = page(present=value)
    assert not at.exception
    assert not state_of(at).present
    assert PRESENT not in at.query_params


def test_the_point_of_the_open_preset_stands_on_the_page() -> None:
    preset = LAB.lab.presets[0]
    texts = {p.name: p.text for p in LAB.technique.parameters}
    at = page(present="1", **{name: texts[name](value) for name, value in preset.settings.items()})
    assert any(preset.point in block.value for block in at.markdown)


@pytest.mark.parametrize("listed", list(labs().values()), ids=lambda listed: listed.slug)
def test_what_the_keys_send_is_the_preset(listed: Listed) -> None:
    """Texts of the start under those of the preset give the preset's state, for a page and within its bounds."""
    known = {p.name: p for p in listed.technique.parameters}
    for place, preset in enumerate(listed.lab.presets):
        found = stops(open_at(listed, place))
        sent = json.loads(found["start"]) | json.loads(found["presets"])[place]["values"]
        read = {name: known[name].read(text) for name, text in sent.items()}
        assert read == State(listed, {}).preset(preset.settings)
        assert (
            json.loads(found["presets"])[found["at"]]["values"]
            == json.loads(found["presets"])[place]["values"]
        )
        assert len(sent) < 32  # as much as a component may say at once
