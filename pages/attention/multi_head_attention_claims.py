"""What people say about multi-head attention, measured with the installed Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from engine import Rejected, Trace
from pages.attention.multi_head_attention_words import short
from pages.kit.declare import Claim, Measured, Run

RANDOM = {"projections": "random", "mask": "none"}
ACCIDENT = {"sentences": "we saw it / go on / yes", "layout": "batch,keys"}
EMPTY = {"mask": "causal", "painted": "0" * 6 + "1" * 30}  # the first query sees no key


def _asked(name: str) -> Any:
    return engine.run("attention-calls").facts[name]


def _winners(trace: Trace) -> Any:
    return trace["weights"].argmax(axis=3)


def _scale(run: Run) -> Measured:
    scaled, bare = run(**RANDOM, head_size=8), run(**RANDOM, head_size=8, scale="none")
    changed = int((_winners(scaled) != _winners(bare)).sum())
    largest = [short(float(trace["weights"].max())) for trace in (scaled, bare)]
    value = f"{changed} of {_winners(bare).size} rows change their winner; the largest weight goes from {largest[0]} to {largest[1]} without the scale"
    return Measured(value, "holds" if changed else "wrong")


def _learned(run: Run) -> Measured:
    winners = _winners(run(**RANDOM))
    differ = int((winners[:, 0] != winners[:, 1]).sum())
    value = f"with random kernels the two heads prefer different words for {differ} of {winners[:, 0].size} queries"
    return Measured(value, "wrong" if 2 * differ > winners[:, 0].size else "holds")


def _more_heads(run: Run) -> Measured:
    counts = [
        run(heads=heads, head_size=size).facts["parameters"] for heads, size in ((2, 4), (4, 2), (4, 4))
    ]
    value = f"2 heads of 4: {counts[0]}; 4 heads of 2: {counts[1]}; 4 heads of 4: {counts[2]}"
    return Measured(value, "depends" if counts[0] == counts[1] < counts[2] else "wrong")


def _nan(run: Run) -> Measured:
    keras = run(**EMPTY)
    seen, output = keras["keras_weights"][0, :, 0], keras["keras_output"]
    by_hand = run(**EMPTY, fill="infinity")["weights"][0, 0, 0]
    value = f"weights {short(float(seen.min()))} to {short(float(seen.max()))} from Keras' layer; by hand with −∞: {short(float(by_hand[0]))}"
    return Measured(value, "holds" if np.isnan(seen).any() or np.isnan(output).any() else "wrong")


def _asking(run: Run) -> Measured:
    usual, empty = (run(**state).facts["keras_paths_off"] for state in ({"mask": "causal"}, EMPTY))
    value = f"outputs differ by {short(usual)} under a causal mask, by {short(empty)} when a query has no key: 0 with, the average of all values without"
    return Measured(value, "depends" if usual < 1e-5 < empty else "holds" if empty < 1e-5 else "wrong")


def _causal(run: Run) -> Measured:
    apart = _asked("causal")
    ours = run(mask="causal").facts["keras_output_off"]
    value = f"Keras with tril − Keras with use_causal_mask: {short(apart)}; ours − Keras: {short(ours)}"
    return Measured(value, "holds" if max(apart, ours) < 1e-5 else "wrong")


def _equivariant(run: Run) -> Measured:
    def apart(positions: bool) -> float:
        state = {"mask": "none", "projections": "random", "positions": positions}
        there, back = (
            run(**state, sentences=text)["output"] for text in ("a quick brown fox", "fox brown quick a")
        )
        return float(np.abs(there - back[:, ::-1]).max())

    value = f"the words reversed: outputs reversed to {short(apart(False))}; with positions they differ by {short(apart(True))}"
    return Measured(value, "holds" if apart(False) < 1e-5 < apart(True) else "wrong")


def _batch_keys(run: Run) -> Measured:
    told = run(**ACCIDENT).facts
    try:
        run(layout="batch,keys")
        refused = "accepted"
    except Rejected as problem:
        refused = problem.received
    value = f"2 sentences of 6 words: refused ({refused}); 3 sentences of 3 words: accepted, {told['wrong']} of {told['cells']} scores masked wrongly"
    return Measured(value, "wrong" if told["wrong"] and refused != "accepted" else "holds")


def _rank_3(run: Run) -> Measured:
    wrong = [run(layout="batch,queries,keys", broadcast=rule).facts["wrong"] for rule in ("keras", "right")]
    value = f"masked wrongly with 2 sentences and 2 heads: {wrong[0]} scores by Keras' layer, {wrong[1]} if it is added to the scores by hand"
    return Measured(value, "depends" if not wrong[0] and wrong[1] else "wrong")


def _additive(run: Run) -> Measured:
    future, past = _asked("additive_future"), _asked("additive_past")
    value = f"0 becomes False and −1e9 True: the first word gives {short(future)} of its weight to the future, the last {short(past)} to its past"
    return Measured(value, "wrong" if future > 0.99 and past == 0 else "holds")


def _value_mask(run: Run) -> Measured:
    seen = _asked("value_mask")  # weight of the padded key: [batch][head]; batch 1 alone has one
    value = (
        f"weight on sentence 1's padding: {short(seen[1][0])} in head 0, {short(seen[1][1])} in head 1; with three heads "
        + _asked("three_heads").partition(":")[0]
    )
    return Measured(value, "holds" if max(seen[1]) == 0 else "wrong")


def _flash(run: Run) -> Measured:
    said = _asked("flash")
    return Measured(
        f"is_flash_attention_enabled() is {_asked('flash_default')}; asked for: {said}",
        "wrong" if said != "accepted" and _asked("flash_default") != "True" else "holds",
    )


def _all_scaled(run: Run) -> Measured:
    scaled, bare, ops = (_asked(name) for name in ("scaled_attention", "unscaled_attention", "scaled_ops"))
    value = f"layers.Attention differs from softmax(q·k ÷ √d) by {short(scaled)}, from softmax(q·k) by {short(bare)}; ops.dot_product_attention from the scaled one by {short(ops)}"
    return Measured(value, "holds" if scaled < 1e-5 else "wrong")


def _explains(run: Run) -> Measured:
    agree = 0
    for query in range(6):
        trace = run(chosen=(query, 0))
        agree += int(trace["weights"][0, :, query].mean(axis=0).argmax() == trace["influence"].argmax())
    value = f"for {agree} of 6 words the largest mean weight and the largest gradient fall on the same word"
    return Measured(value, "holds" if agree == 6 else "wrong" if agree == 0 else "depends")


def _hidden(run: Run) -> Measured:
    gradient = np.abs(run(sentence=1, chosen=(1, 0))["gradient"])
    padding, other = float(gradient[1, 2:].max()), float(gradient[0].max())
    value = f"largest gradient at sentence 1's padding {short(padding)}, in the other sentence {short(other)}"
    return Measured(value, "holds" if padding == other == 0 else "wrong")


CLAIMS = (
    Claim("Dividing by √d changes which word wins.", "strongest key of every row, random kernels, with and without the scale", "wrong", _scale),
    Claim("Heads look at different words because they have learned to.", "strongest key of both heads before any training", "wrong", _learned),
    Claim("More heads mean more parameters.", "numbers in the four kernels of 8 features", "depends", _more_heads),
    Claim("Keras' MultiHeadAttention gives NaN where every key is masked.", "a query without a visible key, attention scores returned", "wrong", _nan),
    Claim("return_attention_scores=True only hands out the weights as well.", "Keras' output with scores − without, same layer and mask", "depends", _asking),
    Claim("use_causal_mask=True is the same as attention_mask=tril.", "largest difference of the outputs", "holds", _causal),
    Claim("Attention without positions does not see the order of words.", "a sentence and its reverse, no mask", "holds", _equivariant),
    Claim("A padding mask [batch, keys] can be passed as attention_mask.", "Keras takes rank 2 for [queries, keys]", "wrong", _batch_keys),
    Claim("A mask of rank 3 is [batch, queries, keys].", "a padding mask of rank 3, both ways to broadcast", "depends", _rank_3),
    Claim("An additive mask of 0 and −1e9 works as attention_mask.", "Keras casts it to bool: weights under an additive causal mask", "wrong", _additive),
    Claim("A rank 4 attention_mask and a value_mask can be combined.", "Keras ands [batch, 1, 1, keys] with [batch, 1, keys], aligned from the right", "wrong", _value_mask),
    Claim("Keras uses flash attention on its own.", "the default, and what the TensorFlow backend says when asked for it", "wrong", _flash),
    Claim("All attention layers of Keras divide by √d.", "three of them against softmax by hand", "wrong", _all_scaled),
    Claim("The word with the largest weight is the one the output depends on most.", "mean weight over heads against the gradient of the output, each word of the example", "depends", _explains),
    Claim("A hidden word gets no gradient from the others.", "padding of sentence 1, loss on its second word", "holds", _hidden),
)  # fmt: skip
