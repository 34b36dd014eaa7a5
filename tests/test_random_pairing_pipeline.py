"""Random pairs: golden values, frozen or varying, coverage by counting, typed lists, errors."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.sequences.random_pairing_pipeline_lists import epochs_to_see_all, expected_coverage

LAB = "random-pairing-pipeline"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{LAB}.json").read_text())}
FEW: dict[str, Any] = {"items": 6, "epochs": 4}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


def test_golden_coupon() -> None:
    golden = GOLDEN["coupon"]
    many = golden["inputs"]["candidates"]
    found = run(candidates=many, method="stateless").facts["expected_epochs"]
    assert found == pytest.approx(29.289682539682538, abs=golden["tolerance"])
    assert found == pytest.approx(golden["expected"], abs=1e-7)  # written with seven decimals


def test_golden_coverage() -> None:
    golden = GOLDEN["coverage_30"]
    known = run(method="stateless", **golden["inputs"]).facts
    assert known["expected"][-1] == pytest.approx(golden["expected"], abs=golden["tolerance"])


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("uniform_globalseed", "uniform"),
        ("generator", "generator"),
        ("rerandomize", "rerandomize"),
        ("cache_after_map", "cache"),
    ],
)
def test_golden_frozen_or_varying(name: str, method: str) -> None:
    golden = GOLDEN["frozen_or_varying"]
    trace = run(method=method, global_seed=True, seed=golden["inputs"]["global_seed"], **FEW)
    assert trace.facts["frozen"] is golden["expected"][name]


@pytest.mark.parametrize(
    ("method", "global_seed", "passes", "frozen"),
    [
        ("uniform", False, "loop", False),
        ("uniform", True, "repeat after", False),
        ("uniform", True, "repeat before", False),
        ("op seed", False, "loop", True),
        ("op seed", False, "repeat after", False),
        ("numpy", False, "loop", True),
        ("numpy", False, "repeat before", True),
        ("cache", False, "loop", True),
        ("cache", False, "repeat after", True),
        ("stateless", True, "loop", False),
        ("cyclic", True, "loop", False),
    ],
)
def test_frozen_or_varying(method: str, global_seed: bool, passes: str, frozen: bool) -> None:
    known = run(method=method, global_seed=global_seed, passes=passes, **FEW).facts
    assert known["frozen"] is frozen
    assert (known["different_epochs"] == 1) is frozen


@settings(max_examples=12)
@given(data=st.data())
def test_what_is_drawn_is_listed_and_counted(data: st.DataObject) -> None:
    """Every draw is in its list; coverage, counts and first times are what sets say."""
    method = data.draw(st.sampled_from(["generator", "stateless", "copies", "cyclic", "op seed", "numpy"]))
    lists = data.draw(st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=5), min_size=2, max_size=4))
    epochs = data.draw(st.integers(1, 5))
    typed = " / ".join(" ".join(map(str, one)) for one in lists)
    trace = run(method=method, lists=typed, items=len(lists), targets=8, epochs=epochs)
    assert trace.facts["lists"] == tuple(map(tuple, lists))
    met: set[tuple[int, int]] = set()
    pairs = {(x, y) for x, one in enumerate(lists) for y in one}
    for epoch, x in product(range(epochs), range(len(lists))):
        drawn = int(trace["draws"][x, epoch])
        assert lists[x][trace["places"][x, epoch]] == drawn
        assert bool(trace["new"][x, epoch]) is ((x, drawn) not in met)
        met.add((x, drawn))
        if x == len(lists) - 1:
            assert trace["coverage"][epoch] == pytest.approx(len(met) / len(pairs), abs=1e-6)
    assert trace.facts["seen"] == len(met)
    for x, one in enumerate(lists):
        expected = np.bincount(trace["places"][x], minlength=len(one))
        np.testing.assert_array_equal(trace["times"][x][: len(one)], expected)


def test_cyclic_covers_everything_in_as_many_epochs_as_candidates() -> None:
    known = run(method="cyclic").facts
    assert (known["all_seen_after"], known["coverage"]) == (10, 1.0)
    assert run(method="cyclic", epochs=9).facts["all_seen_after"] is None


def test_copies_repeat_after_themselves() -> None:
    trace = run(method="copies", copies=3, epochs=8)
    np.testing.assert_array_equal(trace["draws"][:, 3:6], trace["draws"][:, :3])
    assert trace.facts["different_epochs"] == 3


def test_numpy_in_map_draws_one_place_for_all() -> None:
    assert np.unique(run(method="numpy", **FEW)["places"]).size == 1


def test_without_a_seed_names_differ_from_the_programs() -> None:
    trace = run(method="uniform", **FEW)
    assert not trace.facts["repeatable"]
    assert "draws" not in trace.tensors
    assert trace["draws_this_run"].shape == (6, 4)
    assert any("happened once" in note for note in trace.notes)


def test_stateless_draws_do_not_depend_on_parallel_calls() -> None:
    alone, together = (run(method="rerandomize", parallel=calls, **FEW) for calls in (1, 4))
    assert together.facts["repeatable"]
    np.testing.assert_array_equal(alone["draws"], together["draws"])
    assert not run(method="generator", parallel=4, **FEW).facts["repeatable"]


def test_a_seed_set_here_stays_here() -> None:
    """The global seed of one request must not freeze the next one's."""
    run(method="uniform", global_seed=True, epochs=3)
    assert not run(method="uniform", epochs=5, items=7).facts["frozen"]


def test_expectations_against_all_outcomes() -> None:
    """Coverage by writing out every sequence of draws; waiting times by a Markov chain."""
    for one in ([0, 1, 2], [0, 0, 1], [4], [1, 1, 1, 2, 3]):
        for epochs in (1, 2, 4):
            outcomes = list(product(one, repeat=epochs))
            share = np.mean([len(set(drawn)) / len(set(one)) for drawn in outcomes])
            assert expected_coverage((tuple(one),), epochs)[-1] == pytest.approx(share)
        assert epochs_to_see_all(one) == pytest.approx(_waiting(one), rel=1e-6)


def _waiting(one: list[int], met: frozenset[int] = frozenset()) -> float:
    missing = [value for value in one if value not in met]
    if not missing:
        return 0
    return (len(one) + sum(_waiting(one, met | {value}) for value in missing)) / len(missing)


def test_only_drawn_vectors_get_a_gradient() -> None:
    trace = run(method="stateless", pair=(0, 3))
    drawn = set(trace["draws"][:, 3].tolist())
    touched = {int(row) for row in np.flatnonzero((trace["y_gradient"] != 0).any(axis=1))}
    assert touched == drawn
    assert trace.facts["untouched"] == 20 - len(drawn)
    np.testing.assert_allclose(trace["drawn"], trace["y"][trace["draws"][:, 3]])
    assert trace.facts["loss"] == pytest.approx(float(np.mean((trace["drawn"] - trace["x"]) ** 2)), rel=1e-5)


def test_storage_at_the_real_size() -> None:
    stored = run(method="copies", copies=3, features=8, rows=2_000_000, epochs=30).facts["storage"]
    assert stored["copies"] == 3 * 2_000_000 * 2 * 8 * 4
    assert stored["every_epoch"] == 10 * stored["copies"]
    assert stored["lists"] == 2_000_000 * (10 * 4 + 8)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"items": 2, "lists": "1 2 /"}, "an empty list for x 1"),
        ({"items": 2, "lists": "1 2 /"}, "Need minval < maxval, got 0 >= 0"),
        ({"items": 2, "lists": "0 12 / 1", "targets": 10}, "indices = 12 is not in [0, 10)"),
        ({"items": 2, "lists": "1 2 / 10", "targets": 10}, "counted from 1?"),
        ({"items": 3, "lists": "1 2 / 3"}, "2 lists for 3 x"),
        ({"items": 2, "lists": "1 b / 3"}, "'b' in the list of x 0"),
        ({"items": 2, "lists": "-1 / 3"}, "'-1' in the list of x 0"),
        ({"items": 2, "lists": "² / 3"}, "counted from 0"),
        ({"items": 2, "lists": "/" * 2000}, "2001 lists for 2 x"),
        ({"items": 2, "lists": " ".join("1" * 21) + " / 3"}, "21 candidates of x 0"),
        ({"candidates": 20, "targets": 7}, "20 different candidates of 7 y"),
        ({"epochs": 0}, "nearest allowed value is 1"),
        ({"candidates": 0}, "nearest allowed value is 1"),
        ({"epochs": 10**7}, "nearest allowed value is 100"),
        ({"pair": "10x0"}, "x 0 to 9 and epoch 0 to 29"),
        ({"pair": "0x30"}, "x 0 to 9 and epoch 0 to 29"),
        ({"method": "shuffle"}, "one of stateless, generator"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(LAB, {**bad, **refusal.value.remedy})


def test_tensorflow_says_the_words_quoted() -> None:
    told = engine.run("pairing-calls").facts
    assert "Need minval < maxval, got 0 >= 0" in told["empty"]
    assert "is not in [0, 10)" in told["outside"]
    assert told["read"] == [60, 600]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"method": "uniform", "global_seed": True}, "every new iterator starts it again"),
        ({"method": "cache"}, "keeps the first epoch's draws"),
        ({"method": "numpy"}, "left a constant"),
        ({"method": "generator", "parallel": 3}, "take turns by chance"),
        ({"method": "copies", "copies": 2}, "from epoch 2 on everything repeats"),
        ({"items": 2, "lists": "1 1 2 / 3"}, "1 lists hold a y more than once"),
    ],
    ids=str,
)
def test_notes(changes: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**{**FEW, **changes}).notes)
