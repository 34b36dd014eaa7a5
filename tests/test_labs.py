"""The contract every lab keeps: runs at every bound, draws, links, claims hold, code runs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.code import code, notebook
from pages.kit.claims import lines, measure
from pages.kit.declare import Bars
from pages.kit.labs import Listed, labs
from pages.kit.link import defaults, link_values, read_link
from pages.kit.payload import MOST_CELLS, sampling, stage_payload
from pages.kit.picture import picture
from tests.pasted import Pasted
from tests.strategies import extremes, parameters_of

LABS = list(labs().values())
pytestmark = pytest.mark.usefixtures("warm_engine")
every_lab = pytest.mark.parametrize("listed", LABS, ids=lambda listed: listed.slug)


def states(listed: Listed) -> Iterator[dict[str, Any]]:
    """Bounds, options and presets; quick ones of what trains, each state once."""
    controls = {control.name: control for control in listed.lab.controls}
    presets = (dict(preset.settings) for preset in listed.lab.presets)
    seen = []
    for state in chain(extremes(listed.technique, controls), presets):
        quick = {**state, **listed.technique.quick}
        if not listed.technique.quick or quick not in seen:
            seen.append(quick)
            yield quick


def accepted(listed: Listed) -> Iterator[engine.Trace]:
    for state in states(listed):
        try:
            yield engine.run(listed.lab.technique, **state)
        except engine.Rejected as refusal:
            assert refusal.received, state
            assert refusal.expected, state
            assert refusal.fix, state


@every_lab
def test_every_bound_and_option_runs_and_draws(listed: Listed) -> None:
    drawn = 0
    for trace in accepted(listed):
        payload = stage_payload(listed, trace)
        json.dumps(payload, allow_nan=False)
        for panels in payload["panels"].values():
            for panel in panels:
                names = panel["tensors"] if panel["kind"] == "bars" else [panel["tensor"]]
                assert all("data" in payload["tensors"][name] for name in names)
        for chart in listed.lab.charts:
            assert chart.alt(trace)
            assert chart.figure(trace)["data"]
        for curve in listed.lab.curves(trace) if listed.lab.curves else ():
            assert np.asarray(curve.values).ndim == 1, curve.name
        for table in listed.lab.tables:
            assert all(len(row) == len(table.columns) for row in table.rows(trace))
        assert all(isinstance(text, str) for fact in listed.lab.facts(trace) for text in fact)
        assert all(" " in note for note in trace.notes)  # sentences, not names of ours
        drawn += 1
    assert drawn > len(listed.lab.controls)


@every_lab
def test_what_a_page_shows_is_the_trace(listed: Listed) -> None:
    for trace in accepted(listed):
        payload = stage_payload(listed, trace)
        for name, tensor in trace.tensors.items():
            plain = payload["tensors"][name]
            assert tuple(plain["shape"]) == tensor.values.shape
            if "data" in plain:
                kept = tensor.values[tuple(slice(None, None, step) for step in plain["every"])]
                with np.errstate(over="ignore"):
                    np.testing.assert_array_equal(unpacked(plain, kept.shape), kept.astype("float32"))


def unpacked(plain: dict[str, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The values of a payload's tensor, as docs/api.md says."""
    box = plain.get("box", [[0, size] for size in shape])
    values = np.zeros(shape, "float32")
    sent = np.frombuffer(base64.b64decode(plain["data"]), "<f4")
    values[tuple(slice(*side) for side in box)] = sent.reshape([stop - start for start, stop in box])
    return values


def test_a_mostly_empty_tensor_is_sent_as_its_box() -> None:
    listed = labs()["receptive-field"]
    payload = stage_payload(listed, engine.run("receptive-field", size=64, kernel=5, unit="0x9"))
    assert len(payload["tensors"]["gradient"]["data"]) < len(payload["tensors"]["x"]["data"]) / 20


@every_lab
@given(data=st.data())
def test_every_state_survives_its_link(listed: Listed, data: st.DataObject) -> None:
    values = data.draw(parameters_of(listed.technique))
    again, dropped = read_link(listed, link_values(listed, values))
    assert not dropped
    assert again == values


@every_lab
def test_a_link_holds_only_what_differs(listed: Listed) -> None:
    assert link_values(listed, defaults(listed)) == {}


@every_lab
def test_what_a_link_cannot_say_is_named_and_dropped(listed: Listed) -> None:
    name = listed.technique.parameters[0].name
    values, dropped = read_link(listed, {name: "<script>", "nonsense": "1"})
    assert values == defaults(listed)
    assert len(dropped) == 2
    assert name in dropped[0]
    assert "nonsense" in dropped[1]


@every_lab
def test_claims_hold(listed: Listed) -> None:
    """A wrong claim is a tested counter-example: the measurement must give the declared verdict."""
    assert listed.lab.claims
    for claim in listed.lab.claims:
        measured = claim.measure(partial(engine.run, listed.lab.technique))
        assert measured.verdict == claim.verdict, (claim.says, measured)
        assert measured.value


@pytest.mark.parametrize("listed", [one for one in LABS if one.lab.published], ids=lambda one: one.slug)
def test_published_figures_are_ours_or_the_reason_is_named(listed: Listed) -> None:
    for line in lines(listed):
        if line.kind == "figure":
            found = measure(line, partial(engine.run, listed.lab.technique))
            assert found.verdict == line.expected, (line.said, found)


@every_lab
def test_presets_make_points_of_their_own(listed: Listed) -> None:
    presets = listed.lab.presets
    assert 3 <= len(presets) <= 40
    states = {json.dumps(engine.to_plain(engine.check(listed.lab.technique, p.settings))) for p in presets}
    assert len(states) == len(presets)
    assert all(preset.point.endswith((".", "!", "?")) for preset in presets)


@every_lab
def test_predictions_can_be_asked_in_every_state(listed: Listed) -> None:
    assert len(listed.lab.predictions) >= 2
    for trace in accepted(listed):
        for prediction in listed.lab.predictions:
            answers = prediction.answers(trace)
            assert prediction.question(trace)
            assert prediction.why(trace)
            assert len(set(answers)) >= 2, (prediction.question(trace), answers)


@every_lab
def test_controls_name_parameters_and_the_card_draws(listed: Listed) -> None:
    names = {p.name for p in listed.technique.parameters}
    assert {control.name for control in listed.lab.controls} <= names
    assert listed.explanation.count("\n\n") >= 1
    trace = engine.run(listed.lab.technique, **listed.technique.quick)
    drawn = picture(listed, trace)
    assert drawn.startswith("<svg")
    assert drawn.count("<rect") >= 2


@every_lab
def test_gradients_are_finite_or_said_to_be_none(listed: Listed) -> None:
    if listed.lab.gradients is None:
        return
    trace = engine.run(listed.lab.technique, **listed.technique.quick)
    for panel in listed.lab.gradients(trace):
        for name in panel.tensors if isinstance(panel, Bars) else (panel.tensor,):
            assert np.isfinite(trace[name]).all()
    assert listed.lab.gradient_note is not None
    assert "None" in listed.lab.gradient_note(trace)


def test_large_tensors_are_sampled_below_the_bound() -> None:
    for shape in [(1, 256, 256, 64), (70_000,), (3, 3), (0, 5)]:
        every = sampling(shape)
        assert np.prod([-(-size // step) for size, step in zip(shape, every, strict=True)]) <= MOST_CELLS


MOST_PROGRAMS = 6  # of one lab
MOST_TRAINED = 4  # of one that trains: each program compiles its own training, which no cache keeps


@every_lab
def test_the_code_shown_gives_the_pages_numbers(listed: Listed, pasted: Pasted, tmp_path: Path) -> None:
    """A spread of all states: every program traces anew, which takes up to a second."""
    traces = list(accepted(listed))
    most = MOST_TRAINED if listed.technique.lane({}) == "training" else MOST_PROGRAMS
    traces = traces[:: -(-len(traces) // most)]
    programs = [code(listed.lab.technique, **trace.parameters) for trace in traces]
    for trace, answer in zip(traces, pasted.run(programs, tmp_path), strict=True):
        compared = set(answer) & set(trace.tensors)
        assert compared
        for name in compared:
            np.testing.assert_allclose(answer[name], trace[name], rtol=1e-4, atol=1e-5, err_msg=name)


@every_lab
def test_the_notebook_holds_the_program(listed: Listed) -> None:
    program = code(listed.lab.technique)
    document = json.loads(notebook(program))
    assert document["nbformat"] == 4
    assert "".join(document["cells"][0]["source"]) == program
