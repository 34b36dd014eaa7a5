"""Multi-head attention: against loops and Keras, masks of every rank, errors, gradients, hostile words."""

import ast
import shlex
from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import engine
from engine.attention import multi_head_attention as technique
from engine.attention import multi_head_attention_masks as masks
from engine.code import code
from pages.kit.labs import labs
from pages.kit.payload import stage_payload
from tests.strategies import parameters_of
from tests.test_pages import opened

NAME = "multi-head-attention"
run = partial(engine.run, NAME)
listed = labs()[NAME]
pytestmark = pytest.mark.usefixtures("warm_engine")
SETTINGS = settings(max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
KEPT = {"broadcast": "keras", "scale": "head"}  # what Keras' layer does


def by_loops(trace):
    """Weights and output written out, float64: the definition."""
    x, wq, wk, wv, wo = (trace[name].astype("float64") for name in ("x", "wq", "wk", "wv", "wo"))
    heads, size = wq.shape[1:]
    weights, output = np.zeros(trace["weights"].shape), np.zeros(x.shape)
    for b, h, q in np.ndindex(len(x), heads, x.shape[1]):
        query = x[b, q] @ wq[:, h]
        scores = np.array([query @ (x[b, k] @ wk[:, h]) / np.sqrt(size) for k in range(x.shape[1])])
        seen = trace["kept"][b, h, q] > 0
        if seen.any():
            exponentials = np.where(seen, np.exp(scores - scores[seen].max()), 0)
            weights[b, h, q] = exponentials / exponentials.sum()
        mixed = sum(weights[b, h, q, k] * (x[b, k] @ wv[:, h]) for k in range(x.shape[1]))
        output[b, q] += mixed @ wo[h]
    return weights, output


# Values


@SETTINGS
@given(data=st.data())
def test_any_state_is_the_loops_and_keras_layer(data):
    drawn = data.draw(parameters_of(listed.technique))
    try:
        trace = run(**{**drawn, **KEPT, "fill": "zeroed"})
    except engine.Rejected:  # drawn for masks broadcast by hand
        return
    weights, output = by_loops(trace)
    for name, expected in (("weights", weights), ("output", output)):
        np.testing.assert_allclose(trace[name], expected, rtol=1e-3, atol=2e-4)
        np.testing.assert_allclose(trace[f"keras_{name}"], trace[name], atol=1e-5)
    large = run(**{**drawn, **KEPT, "fill": "large"})
    np.testing.assert_allclose(large["keras_fused"], large["output"], atol=1e-5)


def test_heads_that_look_learned_look_where_they_say():
    weights = run(sentences="one two one three four", mask="none", heads=3)["weights"][0]
    assert weights[0, 1:].argmax(axis=1).tolist() == [0, 1, 2, 3]  # the word before
    assert weights[1, 2, [0, 2]] == pytest.approx(weights[1, 0, [2, 0]])  # equal words, equal weights
    assert weights[1, 2, [0, 2]].sum() > 0.8
    assert weights[2, :-1].argmax(axis=1).tolist() == [1, 2, 3, 4]  # the word after


def test_equal_words_have_equal_vectors_whatever_their_case():
    x = run(sentences="The cat the CAT / cat", positions=False)["x"]
    np.testing.assert_array_equal(x[0, 0], x[0, 2])
    np.testing.assert_array_equal(x[0, 1], x[1, 0])
    assert not (x[0, :, :4]).any() and np.abs(x[0, 0] - x[0, 1]).max() > 0.1


# Masks


@pytest.mark.parametrize("sizes", [(2, 2, 3), (3, 2, 3), (2, 3, 2), (1, 1, 4), (3, 3, 3)])
def test_keras_accepts_what_we_say_and_masks_what_we_say(sizes):
    import keras
    import tensorflow as tf

    found = masks.Sizes(*sizes)
    layer = keras.layers.MultiHeadAttention(found.heads, key_dim=2)
    x = tf.random.stateless_normal([found.batch, found.words, 4], [1, 2])
    for layout in masks.LAYOUTS:
        generator = np.random.default_rng(len(layout))
        mask = generator.integers(0, 2, found.shape(layout)).astype(bool)
        if masks.misfit(layout, "keras", found):
            with pytest.raises(Exception, match="(?s)broadcast|hapes"):
                layer(x, x, attention_mask=mask, return_attention_scores=True)
            continue
        weights = layer(x, x, attention_mask=mask, return_attention_scores=True)[1].numpy()
        np.testing.assert_array_equal(weights > 0, masks.met(mask, "keras", found), err_msg=layout)


@pytest.mark.parametrize("layout", masks.LAYOUTS)
def test_by_hand_a_mask_is_broadcast_from_the_right(layout):
    for sizes in (masks.Sizes(2, 2, 3), masks.Sizes(2, 3, 2), masks.Sizes(3, 1, 3)):
        mask = np.random.default_rng(0).integers(0, 2, sizes.shape(layout))
        if masks.misfit(layout, "right", sizes):
            with pytest.raises(ValueError, match="broadcast"):
                np.broadcast_to(mask, sizes.scores)
        else:
            expected = np.broadcast_to(mask, sizes.scores)
            np.testing.assert_array_equal(masks.met(mask, "right", sizes), expected)


@pytest.mark.parametrize("layout", masks.LAYOUTS)
@pytest.mark.parametrize("kind", ["padding", "causal", "both"])
def test_the_table_says_what_each_layout_does_when_chosen(kind, layout):
    table = {row[0]: row[2:] for row in run(mask=kind).facts["layouts"]}
    for rule, (_, verdict, wrong) in zip(("keras", "right"), table[layout], strict=True):
        state = {"mask": kind, "layout": layout, "broadcast": rule}
        if verdict in ("refused", "cannot say it"):
            with pytest.raises(engine.Rejected):
                run(**state)
        else:
            trace = run(**state)
            assert (verdict == "right") == (trace.facts["wrong"] == 0)
            assert trace.facts["wrong"] == wrong == np.count_nonzero(trace["astray"])


def test_what_fits_is_right_for_every_mask_and_rule():
    for kind in ("padding", "causal", "both"):
        for rule in ("keras", "right"):
            assert run(mask=kind, broadcast=rule, sentences="a b c / d / e f").facts["wrong"] == 0


def test_the_mask_of_the_question_hides_padding_and_the_future():
    kept = run(mask="both", sentences="a b c / d e")["kept"]
    np.testing.assert_array_equal(kept[0, 0], np.tril(np.ones((3, 3))))
    np.testing.assert_array_equal(kept[1, 1], [[1, 0, 0], [1, 1, 0], [1, 1, 0]])


def test_batch_keys_passes_for_queries_keys_when_sizes_agree():
    trace = run(sentences="we saw it / go on / yes", layout="batch,keys")
    assert trace["mask"].tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]
    np.testing.assert_array_equal(trace["kept"][0, 0], trace["mask"])  # every sentence is masked alike
    assert "its batch axis meets the queries: 16 of 54" in trace.notes[0]


def test_a_rank_3_mask_meets_batch_in_keras_and_heads_by_hand():
    keras, hand = (run(layout="batch,queries,keys", broadcast=rule) for rule in ("keras", "right"))
    assert keras.facts["wrong"] == 0 and not keras.notes
    assert hand.facts["wrong"] == 48 and "its batch axis meets the heads" in hand.notes[0]
    np.testing.assert_array_equal(hand["kept"][0], hand["mask"])


def test_hovering_the_mask_shows_the_axes_it_meets():
    trace = run(layout="batch,queries,keys", broadcast="right")
    step = next(step for step in trace.steps if step.writes == "kept")
    assert step.map.access["mask"] == ("h", "q", "k")
    for cell in [(0, 1, 2, 3), (1, 0, 5, 4)]:
        (read,) = step.map.linked("kept", cell, "mask").cells()
        assert trace["kept"][cell] == trace["mask"][read]


def test_a_painted_mask_is_used_as_painted():
    painted = "110000" * 6
    trace = run(mask="causal", painted=painted)
    assert trace["mask"].tolist() == [[1, 1, 0, 0, 0, 0]] * 6 and trace.facts["wrong"] == 0
    by_head = "1" * 36 + "0" * 36
    trace = run(layout="heads,queries,keys", broadcast="right", painted=by_head)
    assert trace["kept"][:, 0].all() and not trace["kept"][:, 1].any() and trace.facts["wrong"] == 0
    assert "Keras' layer refuses" not in " ".join(trace.notes)  # 2 heads pass for 2 sentences
    assert trace.facts["keras_weights_off"] > 0.1


@pytest.mark.parametrize(
    ("fill", "weights", "note"),
    [("zeroed", 0, "all 0"), ("large", 1 / 6, "hidden keys included"), ("infinity", np.nan, "0 ÷ 0: NaN")],
)
def test_a_query_without_keys(fill, weights, note):
    trace = run(mask="causal", painted="0" * 6 + "1" * 30, fill=fill)
    np.testing.assert_allclose(trace["weights"][:, :, 0], weights, atol=1e-6)
    assert trace.notes[0].startswith("4 rows of scores have every key hidden") and note in trace.notes[0]
    assert trace.facts["keras_paths_off"] > 0.1


def test_keras_refusal_is_told_beside_our_result():
    trace = run(sentences="a b c", heads=2, mask="causal", layout="heads,queries,keys", broadcast="right")
    assert "keras_output" not in trace.tensors
    assert "Keras' layer refuses this mask" in trace.notes[0] and "meets batch (1)" in trace.notes[0]


# Errors


@pytest.mark.parametrize(
    ("state", "says", "remedied"),
    [
        ({"layout": "batch,keys"}, r"a mask \[2, 6\] of \[batch, keys\]: its batch axis \(2\) meets queries \(6\)", True),
        ({"layout": "heads,queries,keys", "heads": 3}, r"its heads axis \(3\) meets batch \(2\).*where the heads are", True),
        ({"layout": "batch,queries,keys", "heads": 3, "broadcast": "right"}, r"meets heads \(3\).*in front", True),
        ({"mask": "causal", "layout": "batch,1,1,keys"}, r"an axis of queries.*hand it over as \[queries, keys\]", True),
        ({"painted": "101"}, r"received 3 cells; expected 12 cells, for a mask \[2, 1, 1, 6\]", True),
        ({"sentences": "a / b / c / d / e"}, "received 5 sentences; expected at most 4", False),
        ({"sentences": "a // b"}, "sentence 1 without a word", False),
        ({"sentences": "a b c d e f g h i"}, "sentence 0 of 9 words; expected at most 8", False),
        ({"sentences": "x" * 201}, "shorten it: this has 201 characters", True),
        ({"heads": 0}, "a whole number from 1 to 4", True),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(state, says, remedied):
    with pytest.raises(engine.Rejected, match=says) as refusal:
        run(**state)
    assert bool(refusal.value.remedy) == remedied
    if remedied:
        run(**{**state, **refusal.value.remedy})


def test_a_shorter_sentence_keeps_looking_at_words_there_are():
    told = run(sentences="hello world", sentence=3, chosen=(7, 7)).facts
    assert (told["sentence"], told["query"], told["key"]) == (0, 1, 1)


# Gradients


def test_gradient_is_the_slope_of_the_chosen_output():
    given_values = technique.arguments(**listed.technique.read({"chosen": (5, 4), "features": 4}))
    called = {key: getattr(value, "value", lambda v=value: v)() for key, value in given_values.items()}
    gradient = np.asarray(technique.multi_head_attention(**called)["gradient"])

    def loss(x):
        return float(np.asarray(technique.multi_head_attention(**{**called, "x": x})["output"])[0, 5].sum())

    for cell in [(0, 5, 1), (0, 4, 0), (0, 0, 3), (1, 0, 0)]:
        step = np.zeros_like(called["x"])
        step[cell] = 1e-2
        slope = (loss(called["x"] + step) - loss(called["x"] - step)) / 2e-2
        assert slope == pytest.approx(gradient[cell], abs=2e-2)


def test_hidden_words_and_other_sentences_get_exactly_zero_and_the_mask_none():
    import tensorflow as tf

    trace = run(sentence=1, chosen=(1, 0))
    assert not trace["gradient"][0].any() and not trace["influence"][2:].any()
    assert trace["influence"][:2].min() > 0
    np.testing.assert_allclose(trace["influence"], np.linalg.norm(trace["gradient"][1], axis=1), rtol=1e-5)
    mask = tf.Variable(tf.ones([1, 1, 1, 2]))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(
            technique.masked_softmax(tf.ones([1, 1, 1, 2]), tf.cast(mask, tf.bool), "zeroed")
        )
    assert tape.gradient(total, mask) is None
    assert "4 exactly 0" in listed.lab.gradient_note(trace)


# Words from outside

HOSTILE = ['"""+__import__("os").abort()+"""', "\\", "<img src=x onerror=alert(1)>", "![x](http://x.y/z)"]


@pytest.mark.parametrize("words", HOSTILE)
def test_typed_words_stay_words(words):
    typed = f"{words.replace('/', '|')} b"
    program = code(NAME, sentences=typed)
    tree = ast.parse(program)
    assert typed in ast.get_docstring(tree, clean=False)
    assert not any(isinstance(node, ast.Name) and node.id == "__import__" for node in ast.walk(tree))
    payload = stage_payload(listed, run(sentences=typed))
    names = next(
        panel["labels"]["key"] for panel in payload["panels"]["stage"] if panel["tensor"] == "weights"
    )
    assert names[-1] == "b" and len(names[0]) <= 14


# Predictions


def test_predictions_follow_the_state():
    aligned, added, counted = listed.lab.predictions
    for state, right in [
        ({"layout": "batch,queries,keys"}, "[2, 1, 6, 6]"),
        ({"layout": "batch,queries,keys", "broadcast": "right"}, "[1, 2, 6, 6]"),
        ({"mask": "causal"}, "[1, 1, 6, 6]"),
        ({"mask": "none"}, "[2, 2, 6, 6]"),
    ]:
        assert aligned.answers(run(**state))[0] == right
    empty = {"mask": "causal", "painted": "0" * 36}
    ends = [added.answers(run(**empty, fill=fill))[0] for fill in ("zeroed", "large", "infinity")]
    assert ends == ["0", "1", "NaN"]
    assert counted.answers(run(heads=3, head_size=5, features=7))[0] == str(4 * 3 * 5 * 7)


@pytest.mark.parametrize("tab", ["Explain", "Gradients", "Predict", "Share"])
def test_no_tab_reads_typed_words_as_markup_or_as_a_command(tab):
    at = opened(listed, sentences="![x](h.t) `$(rm` |<b>", chosen="1x0")
    at.session_state[f"{NAME}.tab"] = tab
    at.run()
    assert not at.exception
    written = [block.value for kind in (at.markdown, at.caption, at.radio) for block in kind]
    written += [radio.label for radio in at.radio]
    opens = {
        "Explain": "In this state",
        "Gradients": "The loss is",
        "Predict": "learn",
        "Share": "command line",
    }
    assert any(opens[tab] in str(text) for text in written)  # the tab is really open
    assert not any("![x](" in str(text) or "|<b>" in str(text) for text in written)
    if tab == "Share":
        command = next(block.value for block in at.code if block.value.startswith("python -m engine run"))
        assert shlex.split(command)[-3:] == ["sentences=![x](h.t) `$(rm` |<b>", "--set", "chosen=1x0"]
