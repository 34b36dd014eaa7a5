"""A mask through Keras layers: what each does with it, the numbers against NumPy, repairs, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

import engine
from engine.attention.mask_propagation_layers import KINDS, steps_after
from pages.attention.mask_propagation import gradient_note
from tests.conftest import Server

NAME = "mask-propagation"
LIGHT = tuple(kind for kind in KINDS if not kind.startswith(("lstm", "gru", "bi")))
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(*kinds: str, **parameters: Any) -> engine.Trace:
    layers = {"layers": tuple((kind, 3) for kind in kinds)} if kinds else {}
    return engine.run(NAME, **layers, **parameters)


# What each layer does, as the installed Keras does it


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("lstm-sequence", "uses it, passes it on"),
        ("lstm-last", "uses it up"),
        ("gru-sequence", "uses it, passes it on"),
        ("bidirectional", "uses it, passes it on"),
        ("dense", "passes it on unused"),
        ("time-distributed", "passes it on unused"),
        ("conv1d-same", "drops it, with a warning"),
        ("conv1d-valid", "drops it, with a warning"),
        ("max-pooling", "drops it, with a warning"),
        ("average-pooling", "drops it, with a warning"),
        ("flatten", "drops it, with a warning"),
        ("global-average", "uses it up"),
        ("global-max", "drops it, with a warning"),
        ("dropout", "passes it on unused"),
        ("layer-norm", "passes it on unused"),
        ("batch-norm", "passes it on unused"),
        ("relu", "passes it on unused"),
        ("softmax", "fails"),
        ("lambda", "drops it, with a warning"),
        ("times-2", "drops it without a word"),
        ("reshape", "drops it, with a warning"),
        ("masking", "replaces it by its own"),
        ("attention", "uses it, passes it on"),
        ("multi-head", "uses it, passes it on"),
        ("multi-head-residual", "drops it without a word"),
    ],
)
def test_what_a_layer_does_with_the_mask(kind: str, verdict: str) -> None:
    told = run(kind).facts
    assert told["verdicts"] == (verdict,)
    assert bool(told["warnings"] and told["warnings"][0]) == verdict.endswith("with a warning")
    assert told["lost_at"] == (1 if verdict.startswith("drops") else None)


def test_every_layer_is_in_the_table_above() -> None:
    marked = test_what_a_layer_does_with_the_mask.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert [kind for kind, _ in marked] == list(KINDS)


def test_keras_words_are_keras_own() -> None:
    assert "was passed an input with a mask attached to it" in run("conv1d-same").facts["warnings"][0]
    assert "The `mask` must be broadcastable to `inputs`" in run("softmax").facts["error"]


# The numbers, against NumPy


def test_the_default_is_a_convolution_that_loses_the_mask() -> None:
    trace = run()
    assert trace.facts["names"] == ("Conv1D, same", "GlobalAveragePooling1D", "Dense")
    assert trace.facts["lost_at"] == 1
    np.testing.assert_allclose(trace["y2"][0], trace["y1"][0].mean(0), atol=1e-6)  # all five steps
    assert trace.facts["differences"]["keras_mask"] > 0.01
    assert trace.facts["differences"]["mask_put_back"] < 1e-6


@settings(max_examples=12)
@given(
    tokens=st.lists(st.integers(0, 9), min_size=1, max_size=7).filter(any),
    features=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_averages_and_maxima_over_real_steps(tokens: list[int], features: int, seed: int) -> None:
    real = np.array(tokens) != 0
    state = {"tokens": tokens, "features": features, "seed": seed}
    average, largest = run("global-average", **state), run("global-max", **state)
    embedded = average["y0"][0]
    np.testing.assert_allclose(average["keras_mask"], embedded[real].mean(0), atol=1e-5)
    np.testing.assert_allclose(average["no_mask"], embedded.mean(0), atol=1e-5)
    np.testing.assert_allclose(average["padding_cut"], embedded[real].mean(0), atol=1e-5)
    np.testing.assert_allclose(largest["keras_mask"], embedded.max(0))
    np.testing.assert_allclose(largest["mask_put_back"], embedded[real].max(0))


def test_a_masked_lstm_repeats_its_last_state() -> None:
    states = run("lstm-sequence")["y1"][0]
    assert (states[3:] == states[2]).all()
    assert states[2].any()


@settings(max_examples=15)
@given(
    kinds=st.lists(st.sampled_from(LIGHT), min_size=1, max_size=3),
    words=st.lists(st.integers(1, 9), min_size=4, max_size=5),
    padding=st.integers(0, 3),
)
def test_the_mask_put_back_is_the_padding_cut_off(kinds: list[str], words: list[int], padding: int) -> None:
    """Padding at the end, any stack: where the short sequence has an answer, the repair gives it."""
    try:
        trace = run(*kinds, tokens=[*words, *[0] * padding])
    except engine.Rejected:
        return  # too few timesteps for a window
    if "padding_cut" in trace.tensors:
        np.testing.assert_allclose(trace["mask_put_back"], trace["padding_cut"], rtol=1e-4, atol=1e-4)
    if not trace.facts["error"] and "flatten" not in kinds:
        assert trace.facts["leak_repaired"] == 0


@pytest.mark.parametrize("kind", ["lstm-sequence", "lstm-last", "gru-sequence", "bidirectional"])
@pytest.mark.parametrize("tokens", [(3, 1, 4, 0, 0), (0, 0, 3, 1, 4)], ids=["after", "before"])
def test_recurrent_layers_answer_as_without_padding(kind: str, tokens: tuple[int, ...]) -> None:
    told = run(kind, tokens=tokens).facts
    assert told["differences"]["keras_mask"] < 1e-6
    assert told["leak"] == 0


def test_unroll_moves_the_backward_half_of_a_bidirectional_layer() -> None:
    """Keras 3.15.1 zeroes the outputs by the mask it forgot to reverse (backend/tensorflow/rnn.py)."""
    assert run("bidirectional", unroll=True).facts["differences"]["keras_mask"] > 0.01
    assert run("lstm-sequence", unroll=True).facts["differences"]["keras_mask"] < 1e-6


@pytest.mark.parametrize("mask_zero", [True, False])
def test_the_embedding_is_keras_own_answer_and_mask(mask_zero: bool) -> None:
    import keras

    trace = run(mask_zero=mask_zero)
    table = np.random.default_rng(0).normal(size=(10, 3)).round(2).astype("float32")
    embedding = keras.layers.Embedding(
        10, 3, mask_zero=mask_zero, embeddings_initializer=lambda *_, **__: table
    )
    y = embedding(trace["tokens"])
    np.testing.assert_array_equal(trace["y0"], y)
    mask = getattr(y, "_keras_mask", None)
    assert (mask is None) != mask_zero
    if mask is not None:
        np.testing.assert_array_equal(trace["mask0"], mask)


def test_a_painted_mask_replaces_that_of_token_0() -> None:
    trace = run("global-average", mask="10010", mask_zero=False)
    np.testing.assert_allclose(trace["keras_mask"], trace["y0"][0][[0, 3]].mean(0), atol=1e-6)
    assert trace["mask0"].tolist() == [[1, 0, 0, 1, 0]]


def test_a_hole_in_the_mask_makes_neighbours_and_the_page_says_so() -> None:
    holed = run("conv1d-same", "global-average", mask="11101")
    assert any("the cut answer is no truth" in note for note in holed.notes)
    for trace in (run("conv1d-same"), run("dense", "global-average", mask="11101")):
        assert not any("no truth" in note for note in trace.notes)


def test_without_mask_zero_there_is_no_mask_and_the_page_says_so() -> None:
    trace = run("lstm-sequence", mask_zero=False)
    assert "mask0" not in trace.tensors
    assert trace.facts["verdicts"] == ("never sees one",)
    assert any("mask_zero is off" in note for note in trace.notes)


def test_a_sequence_of_padding_only() -> None:
    trace = run("global-average", tokens=(0, 0, 0))
    assert np.isnan(trace["keras_mask"]).all()
    assert "padding_cut" not in trace.tensors
    assert trace.facts["cut_problem"] == "every token is padding"
    assert any("0 ÷ 0" in note for note in trace.notes)


def test_flatten_has_no_answer_for_another_length() -> None:
    trace = run("flatten", "dense")
    assert "padding_cut" not in trace.tensors
    assert "expected axis -1 of input shape to have value 15" in trace.facts["cut_problem"]
    assert any("No answer to the sequence without its padding" in note for note in trace.notes)


def test_a_layer_that_fails_ends_the_stack_and_the_rest_is_not_reached() -> None:
    trace = run("lstm-last", "global-average", "dense")
    assert trace.facts["verdicts"] == ("uses it up", "fails", "is not reached")
    assert "expected ndim=3, found ndim=2" in trace.notes[0]
    assert "y2" not in trace.tensors


# Gradients


def test_padding_gets_no_gradient_while_the_mask_is_used() -> None:
    kept, lost = run("lstm-sequence", "global-average"), run("conv1d-same", "global-average")
    assert (kept["gradient"][0, 3:] == 0).all()
    assert lost["gradient"][0, 3:].any()
    assert (lost["gradient_repaired"][0, 3:] == 0).all()
    assert "Padded steps get exactly 0" in gradient_note(kept)
    assert "is trained" in gradient_note(lost)
    assert all("None" in gradient_note(trace) for trace in (kept, lost))


def test_token_ids_get_none() -> None:
    import keras
    import tensorflow as tf

    ids, table = tf.constant([[1, 2]]), keras.layers.Embedding(3, 2)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(table(ids))
    assert tape.gradient(y, ids) is None


# Errors


def test_steps_are_counted_as_keras_has_them() -> None:
    kinds = ["conv1d-same", "max-pooling", "dense", "conv1d-valid"]
    trace = run(*kinds, tokens=[1] * 9)
    shapes = [trace.tensors[f"y{place}"].shape[1] for place in range(5)]
    assert steps_after(kinds, 9) == shapes == [9, 9, 4, 4, 2]


@pytest.mark.parametrize("kind", ["conv1d-valid", "max-pooling", "average-pooling"])
def test_a_window_one_larger_than_its_input_never_reaches_tensorflow(kind: str) -> None:
    width = 3 if kind == "conv1d-valid" else 2
    assert run(kind, tokens=[1] * width).tensors["y1"].shape[1] == 1
    with pytest.raises(engine.Rejected, match=f"at least {width} timesteps for {kind}"):
        run(kind, tokens=[1] * (width - 1))
    short = run(kind, tokens=[1] * (width - 1) + [0])  # only the cut sequence is too short
    assert short.facts["cut_problem"] == "the short sequence has no window left"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"mask": "110"}, "received a mask of 3 cells; expected 5 cells, one for each token"),
        ({"layers": ""}, "received no layers; expected 1 to 5 layers"),
        ({"layers": "_".join(["dense.2"] * 6)}, "remove rows until there are 5"),
        ({"layers": "LSTM.3"}, "write lstm-sequence or lstm-last"),
        ({"layers": "dense.9"}, "nearest allowed value is 4"),
        ({"layers": "max-pooling_max-pooling_max-pooling"}, "1 timesteps at layer 3, max-pooling"),
        ({"tokens": "1,2.5"}, "change entry 2"),
        ({"tokens": "3,10"}, "change entry 2"),
        ({"tokens": "3,-1"}, "change entry 2"),
        ({"tokens": ""}, "1 to 12 whole numbers"),
        ({"tokens": [1] * 13}, "this has 13"),
        ({"features": 0}, "nearest allowed value is 1"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        engine.run(NAME, **bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check(NAME, {**bad, **refusal.value.remedy})


def test_the_mask_is_painted_and_a_token_typed(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/mask-propagation")
    page.wait_for_selector('.stage[data-ready="true"]')
    for name, place in (("real", 0.9), ("tokens", 0.1)):
        target = page.locator(f'canvas[aria-label^="{name}:"]').first
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
        if name == "tokens":
            page.keyboard.type("7")
            page.keyboard.press("Enter")
        said = "mask=11101" if name == "real" else "tokens=7"
        page.wait_for_url(lambda url, said=said: said in url)
