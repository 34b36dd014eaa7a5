"""Sliding windows: golden values, every builder against the formula, leakage by sets, heads by Keras, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.sequences.sliding_window_labels_functions import made_labels
from tests.strategies import parameters_of

LAB = "sliding-window-labels"
GOLDEN = {one["name"]: one for one in json.loads((Path(__file__).parent / f"golden/{LAB}.json").read_text())}
NUMBERS: dict[str, Any] = {"steps": 30, "window": 10, "channels": 1, "pattern": "step numbers"}
SMALL: dict[str, Any] = {
    "steps": 24,
    "window": 6,
    "channels": 2,
    "filters": 2,
    "kernel": 2,
    "builder": "loop",
}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run(LAB, **parameters)


def small(data: st.DataObject, **fixed: Any) -> dict[str, Any]:
    drawn = data.draw(parameters_of(engine.technique(LAB), most=4, base=SMALL))
    kept = {**drawn, "steps": data.draw(st.integers(12, 40)), "window": data.draw(st.integers(2, 6)), **fixed}
    try:
        return engine.check(LAB, kept)
    except engine.Rejected:
        return engine.check(LAB, {**SMALL, **fixed})


def test_golden_reshape() -> None:
    golden = GOLDEN["reshape_ranges"]
    trace = run(steps=golden["inputs"]["n"], pattern="step numbers")
    assert trace.facts["count"] == golden["inputs"]["slices"]
    held = [[int(one.min()), int(one.max())] for one in trace["windows"][:2]]
    assert held == golden["expected"] == [list(ends) for ends in trace.facts["ranges"][:2]]


def test_golden_counts_and_memory() -> None:
    steps = GOLDEN["window_counts"]["inputs"]["n"]
    known = [run(steps=steps, builder="view", window=window).facts for window in (100, 300)]
    assert [one["count"] for one in known] == GOLDEN["window_counts"]["expected"]
    assert [known[1]["bytes"], known[1]["source_bytes"]] == GOLDEN["memory_bytes"]["expected"]
    assert known[0]["builders"]["view"]["count"] == known[0]["count"]


@pytest.mark.parametrize("name", ["raw", "shifted"])
def test_golden_label_alignment(name: str) -> None:
    raw = name == "raw"
    first = run(**NUMBERS, builder="tf.data", raw_targets=raw)
    last = run(**NUMBERS, builder="tf.data", raw_targets=raw, chosen=1)
    ends = [value for t in (first, last) for value in (t["windows"][0, -1, 0], t["labels"][0])]
    assert [first.facts["count"], *ends] == GOLDEN["label_alignment"]["expected"][name]


@settings(max_examples=12)
@given(data=st.data())
def test_every_builder_cuts_what_the_formula_says(data: st.DataObject) -> None:
    builder = data.draw(st.sampled_from(["reshape", "loop", "view", "tf.data"]))
    p = small(
        data,
        builder=builder,
        pattern="step numbers",
        raw_targets=False,
        chosen=data.draw(st.sampled_from([0, 0.5, 1])),
        stride=data.draw(st.integers(1, 9)),
        steps=24,
        window=data.draw(st.sampled_from([2, 3, 4, 6])),
    )
    trace = run(**p)
    for place, (first, last) in enumerate(trace.facts["ranges"]):
        assert trace["windows"][place, :, 0].tolist() == list(range(first, last + 1))
        np.testing.assert_array_equal(
            trace["holds"][place], np.isin(trace["x"][:, 0], np.arange(first, last + 1))
        )
    if p["rule"] in ("first", "last"):
        ends = [held[p["rule"] == "last"] for held in trace.facts["ranges"]]
        assert trace["labels"].tolist() == ends
    starts = range(0, p["steps"] - p["window"] + 1, trace.facts["stride"])
    assert trace.facts["count"] == len(starts)
    held = {step for start in starts for step in range(start, start + p["window"])}
    assert trace.facts["unread"] == p["steps"] - len(held)


@pytest.mark.parametrize("rule", ["last", "majority", "per step"])
def test_builders_agree(rule: str) -> None:
    more = {"head": "none", "padding": "same"} if rule == "per step" else {}
    traces = [run(steps=40, window=6, stride=3, chosen=0.4, run=4, rule=rule, builder=name, **more)
              for name in ("loop", "view", "tf.data")]  # fmt: skip
    for other in traces[1:]:
        for name in ("windows", "labels", "logits"):
            np.testing.assert_allclose(other[name], traces[0][name], atol=1e-5)


@settings(max_examples=10)
@given(data=st.data())
def test_labels_of_all_windows_are_those_built(data: st.DataObject) -> None:
    """The count by formula of another label than the first step's, held against every window, built."""
    p = small(data, builder="loop", run=3, head="GlobalMaxPooling1D", slice_label=False,
              rule=data.draw(st.sampled_from(["last", "first", "majority"])))  # fmt: skip
    trace = run(**p)
    y = made_labels(p["steps"], p["run"], p["pattern"], p["seed"]).tolist()
    wrong = 0
    for start in range(0, p["steps"] - p["window"] + 1, p["stride"]):
        held = y[start : start + p["window"]]
        label = {
            "first": held[0],
            "last": held[-1],
            "majority": max(held, key=lambda one: (held.count(one), -held.index(one))),
        }
        wrong += label[p["rule"]] != y[start]
        for place, (first, _) in enumerate(trace.facts["ranges"]):
            assert first != start or trace["labels"][place] == label[p["rule"]]
    assert trace.facts["wrong_labels"] == wrong


@settings(max_examples=12)
@given(data=st.data())
def test_leakage_is_what_sets_say(data: st.DataObject) -> None:
    p = small(data, builder="view", steps=40)
    trace = run(**p)
    known, stride, window = trace.facts, trace.facts["stride"], p["window"]
    order = np.arange(known["count"])
    if p["split"] == "random":
        order = np.random.default_rng(p["seed"]).permutation(known["count"])
    train, test = order[: known["train"]], order[known["count"] - known["test"] :]
    seen = {step for n in train for step in range(n * stride, n * stride + window)}
    shares = [np.mean([step in seen for step in range(n * stride, n * stride + window)]) for n in test]
    assert known["seen_share"] == pytest.approx(float(np.mean(shares)))
    assert known["touched"] == sum(share > 0 for share in shares)
    if p["split"] == "chronological" and known["dropped"] >= known["gap_needed"]:
        assert known["seen_share"] == 0
    assert known["train"] + known["dropped"] + known["test"] == known["count"]


@pytest.mark.parametrize("builder", ["reshape", "loop", "view", "tf.data"])
def test_a_large_table_is_counted_not_built(builder: str) -> None:
    """At the end of 550,000 steps, where one window is left, as long as its stride."""
    table = {"steps": 550_000, "channels": 28, "window": 50, "stride": 50, "pattern": "step numbers"}
    trace = run(**table, builder=builder, chosen=1)
    assert (trace.facts["count"], trace.facts["bytes"]) == (11_000, 11_000 * 50 * 28 * 8)
    assert trace["windows"][0, :, 27].tolist() == list(range(549_950, 550_000))
    assert trace["labels"].tolist() == [549_999]
    assert trace.nbytes < 200_000
    every = engine.technique(LAB).cost(engine.check(LAB, {**table, "builder": "loop", "stride": 1}))
    assert every.memory < 100_000_000 < 549_951 * 50 * 28 * 8


def test_a_random_split_leaks_and_a_gap_does_not() -> None:
    assert run(builder="view").facts["seen_share"] > 0.99
    apart = run(builder="view", split="chronological").facts
    assert (apart["seen_share"], apart["dropped"], apart["touched"]) == (0, 99, 0)
    near = run(builder="view", split="chronological", gap=0).facts
    assert near["touched"] == 99


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize("head", ["GlobalMaxPooling1D", "GlobalAveragePooling1D", "Flatten", "none"])
def test_the_network_is_keras_own(padding: str, head: str) -> None:
    import keras

    rule = {"rule": "per step"} if head == "none" and padding != "valid" else {}
    if head == "none" and padding == "valid":
        with pytest.raises(engine.Rejected):
            run(head="none", rule="per step")
        return
    trace = run(**{**SMALL, "builder": "view"}, padding=padding, head=head, **rule)
    conv = keras.layers.Conv1D(2, 2, padding=padding, use_bias=False)
    conv.build(trace["windows"].shape)
    conv.set_weights([trace["w"]])
    pooled = (
        conv(trace["windows"]) if head == "none" else getattr(keras.layers, head)()(conv(trace["windows"]))
    )
    np.testing.assert_allclose(trace["logits"], pooled @ trace["dense"], atol=1e-5)
    assert trace.facts["heads"][head] == trace["logits"].shape[1:]


@pytest.mark.parametrize("builder", ["reshape", "loop", "view", "tf.data"])
def test_numpy_and_tf_data_cut_the_tape(builder: str) -> None:
    trace = run(**{**SMALL, "builder": builder})
    taped = builder in ("reshape", "loop")
    assert trace.facts["series_has_gradient"] is taped is ("x_gradient" in trace.tensors)
    assert not trace["windows_gradient"][1:].any()
    if taped:
        first = trace.parameters["window"]
        assert not trace["x_gradient"][first:].any()
        np.testing.assert_allclose(trace["x_gradient"][:first], trace["windows_gradient"][0], atol=1e-6)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"steps": 50}, "received 100, for 50 steps; expected at most 50"),
        ({"steps": 50}, "empty data set"),
        ({"steps": 99, "builder": "view"}, "empty data set"),
        ({"steps": 100}, "fits once into 100 steps"),
        ({"steps": 30_000, "window": 7}, "30000, which is 4285 · 7 + 5"),
        ({"steps": 30_000, "window": 7}, "cannot reshape array of size 300000 into shape (7,10)"),
        ({"steps": 150}, "a multiple of the window, 100, to reshape"),
        ({"window": 0}, "nearest allowed value is 1"),
        ({"stride": 0}, "nearest allowed value is 1"),
        ({"window": 2}, "kernel: received 3, for windows of 2 steps; expected at most 2 with valid"),
        ({"window": 2}, "uninitialised memory"),
        ({"head": "GlobalMaxPooling2D"}, "expected ndim=4, found ndim=3. Full shape received: (N, 98, 8)"),
        ({"head": "Reshape"}, "Received: input_shape=(98, 8), target_shape=(2,)"),
        ({"head": "none"}, "one-hot labels [N, 2] for outputs [N, 98, 2]"),
        ({"rule": "per step"}, "one-hot labels [N, 100, 2] for outputs [N, 2]"),
        ({"rule": "per step", "head": "none"}, "expected 100 outputs for 100 labels"),
        ({"slice_label": True}, "one-hot labels [N, 1, 2] for outputs [N, 2]"),
        ({"slice_label": True}, "must have the same rank (ndim)"),
        ({"rule": "per step", "head": "none", "padding": "same", "builder": "tf.data", "raw_targets": True}, "one target is one entry"),
        ({"chosen": 1.5}, "nearest allowed value is 1"),
        ({"split": "chronological", "gap": 240}, "at most 239, so that one window is left to train on"),
        ({"steps": 10**9}, "nearest allowed value is 550000"),
        ({"builder": "tfdata"}, "one of reshape, loop, view, tf.data"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    assert accepted({**bad, **(refusal.value.remedy or {})})


def accepted(settings_: dict[str, Any], more: int = 2) -> bool:
    """Whether remedies lead to a state that runs; one may need another: a window of 1, a kernel of 1."""
    try:
        return bool(engine.check(LAB, settings_))
    except engine.Rejected as refusal:
        return bool(more and refusal.remedy) and accepted({**settings_, **refusal.remedy}, more - 1)


def test_keras_says_the_words_quoted() -> None:
    told = engine.run("window-calls").facts["answers"]
    assert "must have the same rank (ndim)" in told["slice target"]
    assert "expected ndim=4, found ndim=3" in told["GlobalMaxPooling2D"]
    assert "The total size of the tensor must be unchanged" in told["Reshape"]
    for name, found in (("raw targets", "raw"), ("shifted targets", "shifted")):
        assert [float(n) for n in told[name].split()] == GOLDEN["label_alignment"]["expected"][found]


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({**NUMBERS, "builder": "tf.data", "raw_targets": True}, "its label is 9 steps too early"),
        ({"steps": 1000, "builder": "view", "stride": 150, "split": "chronological"}, "between and after"),
        ({"builder": "view"}, "the test measures memory"),
        ({"builder": "view", "split": "chronological", "gap": 5}, "99 still share steps"),
        ({**NUMBERS, "builder": "view", "rule": "majority"}, "of equal ones the first met"),
    ],
    ids=str,
)
def test_notes(settings_: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**settings_).notes)
