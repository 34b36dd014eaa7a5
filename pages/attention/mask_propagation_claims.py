"""What people say about masks in Keras, each with a measurement made now."""

from __future__ import annotations

import numpy as np

from pages.attention.mask_propagation_words import ROUNDING, apart
from pages.kit.declare import Claim, Measured, Run

TOKENS = (3, 1, 4, 0, 0)


def _stack(*kinds: str) -> dict[str, object]:
    return {"tokens": TOKENS, "layers": tuple((kind, 3) for kind in kinds)}


def _zero_rows(run: Run) -> Measured:
    size = run(**_stack("dense")).facts["padded_embedding"]
    return Measured(f"up to {apart(size)} at a padded step", "holds" if size == 0 else "wrong")


def _convolution(run: Run) -> Measured:
    told = run(**_stack("conv1d-same", "global-average")).facts
    value = f"it {told['verdicts'][0]}; the average is off by {apart(told['differences']['keras_mask'])}, as without a mask"
    return Measured(value, "wrong" if told["lost_at"] == 1 else "holds")


def _flatten(run: Run) -> Measured:
    told = run(**_stack("flatten", "dense")).facts
    value = f"it answers, and {told['verdicts'][0]}: …{told['warnings'][0][-47:]}"
    return Measured(
        value, "outdated" if not told["error"] and "does not support" in told["warnings"][0] else "holds"
    )


def _pooling(run: Run, kind: str) -> tuple[float, float]:
    told = run(**_stack(kind)).facts["differences"]
    return told["keras_mask"], told["no_mask"]


def _average(run: Run) -> Measured:
    off, bare = _pooling(run, "global-average")
    value = f"off by {apart(off)} with the mask, by {apart(bare)} without"
    return Measured(value, "wrong" if off < ROUNDING < bare else "holds")


def _maximum(run: Run) -> Measured:
    off, bare = _pooling(run, "global-max")
    return Measured(
        f"off by {apart(off)} with the mask, by {apart(bare)} without", "holds" if off < ROUNDING else "wrong"
    )


def _repeats(run: Run) -> Measured:
    states = run(**_stack("lstm-sequence"))["y1"][0]
    same = bool((states[3:] == states[2]).all())
    value = (
        f"at padded steps the last real state {'is repeated' if same else 'is not repeated'}, up to "
        f"{apart(float(np.abs(states[3:]).max()))}"
    )
    return Measured(value, "wrong" if states[3:].any() else "holds")


def _dense(run: Run) -> Measured:
    told = run(**_stack("dense")).facts
    value = f"supports_masking is {bool(told['supports'][0])}; it {told['verdicts'][0]}"
    return Measured(value, "holds" if told["lost_at"] else "wrong")


def _supports(run: Run) -> Measured:
    kinds = ("dense", "dropout", "layer-norm", "relu", "lstm-sequence", "attention", "global-average")
    found = {kind: run(**_stack(kind)).facts for kind in kinds}
    supporting = [kind for kind, told in found.items() if told["supports"][0] == 1]
    unused = [kind for kind in supporting if not found[kind]["uses"][0]]
    value = f"of {len(supporting)} that support it, {', '.join(unused)} give the same numbers without it"
    return Measured(value, "wrong" if unused else "holds")


def _cut(run: Run) -> Measured:
    told = [run(**_stack(kind, "dense")).facts["differences"] for kind in ("lstm-last", "gru-sequence")]
    off = max(one["keras_mask"] for one in told)
    value = f"off by {apart(off)} with the mask; the LSTM by {apart(told[0]['no_mask'])} without"
    return Measured(value, "holds" if off < ROUNDING else "wrong")


def _operation(run: Run) -> Measured:
    told = run(**_stack("lstm-sequence", "times-2", "global-average")).facts
    value = f"x * 2 {told['verdicts'][1]}; the average is off by {apart(told['differences']['keras_mask'])}"
    return Measured(value, "wrong" if told["lost_at"] == 2 else "holds")


def _softmax(run: Run) -> Measured:
    error = run(**_stack("softmax")).facts["error"]
    return Measured(error or "it answers", "wrong" if error else "holds")


def _residual(run: Run) -> Measured:
    told = run(**_stack("multi-head-residual", "global-average")).facts
    alone = run(**_stack("multi-head", "global-average")).facts
    value = (
        f"the sum {told['verdicts'][0]}, off by {apart(told['differences']['keras_mask'])}; the attention alone "
        f"{alone['verdicts'][0]}"
    )
    return Measured(value, "wrong" if told["lost_at"] == 1 else "holds")


def _attention(run: Run) -> Measured:
    told = [run(**_stack(kind)).facts for kind in ("attention", "multi-head")]
    off = max(one["differences"]["keras_mask"] for one in told)
    used = all(one["uses"][0] for one in told)
    value = f"both use it; off by {apart(off)} at real steps" if used else "the numbers do not change"
    return Measured(value, "holds" if used and off < ROUNDING else "wrong")


def _unroll(run: Run) -> Measured:
    off = {
        kind: run(**_stack(kind), unroll=True).facts["differences"]["keras_mask"]
        for kind in ("lstm-sequence", "gru-sequence", "bidirectional")
    }
    rolled = run(**_stack("bidirectional")).facts["differences"]["keras_mask"]
    value = ", ".join(f"{kind} off by {apart(size)}" for kind, size in off.items())
    return Measured(
        f"{value}; bidirectional without unroll {apart(rolled)}",
        "wrong" if max(off.values()) > ROUNDING else "holds",
    )


def _masking(run: Run) -> Measured:
    trace = run(**_stack("masking"))
    value = f"the mask {trace['mask0'][0].tolist()} becomes {trace['mask1'][0].tolist()}"
    return Measured(value, "wrong" if (trace["mask1"] != trace["mask0"]).any() else "holds")


def _empty(run: Run) -> Measured:
    answers = {
        kind: run(tokens=(0, 0, 0), layers=((kind, 3),))["keras_mask"]
        for kind in ("global-average", "lstm-last")
    }
    nan = bool(np.isnan(answers["global-average"]).all())
    zeros = not answers["lstm-last"].any()
    value = f"average {'NaN' if nan else 'finite'}, LSTM {'0' if zeros else 'not 0'}"
    return Measured(value, "wrong" if nan else "holds")


CLAIMS = (
    Claim("mask_zero=True makes the padding zero.",
          "the embedding's largest number at a padded step", "wrong", _zero_rows),
    Claim("Conv1D after a masked embedding ignores the padding.",
          "Conv1D, then the average over steps, beside the cut sequence", "wrong", _convolution),
    Claim("Flatten raises: it does not support masking.",
          "Flatten, then Dense; in Keras 2 it was an error, now it is a warning", "outdated", _flatten),
    Claim("GlobalAveragePooling1D averages over the padding too.",
          "the embedding, averaged, beside the cut sequence", "wrong", _average),
    Claim("GlobalMaxPooling1D honours the mask like the average.",
          "the embedding's maximum, beside the cut sequence", "wrong", _maximum),
    Claim("A masked LSTM answers zeros at padded steps.",
          "states of LSTM(return_sequences=True) at the padding", "wrong", _repeats),
    Claim("Dense destroys the mask.",
          "supports_masking and the mask of its answer", "wrong", _dense),
    Claim("A layer with supports_masking=True computes something else for padding.",
          "each called with the mask and without it", "wrong", _supports),
    Claim("With a mask a recurrent layer answers as to the sequence without padding.",
          "LSTM and GRU, beside the cut sequence", "holds", _cut),
    Claim("Attention and MultiHeadAttention use the mask without being told.",
          "self-attention on the embedding, beside the cut sequence", "holds", _attention),
    Claim("Arithmetic between two layers keeps the mask.",
          "LSTM, x * 2, average over steps", "wrong", _operation),
    Claim("Softmax can follow a masked layer: its mask argument is made for that.",
          "keras.layers.Softmax on the embedding's answer", "wrong", _softmax),
    Claim("x + MultiHeadAttention(x, x) keeps the mask of x, as Add merges masks.",
          "keras.layers.Add after the attention; it takes the mask off its inputs", "wrong", _residual),
    Claim("A Masking layer after the embedding makes sure of the mask.",
          "the mask before and after Masking(0.0)", "wrong", _masking),
    Claim("unroll=True changes the speed, not the numbers.",
          "three recurrent layers with a mask, beside the cut sequence", "wrong", _unroll),
    Claim("A sentence of padding only gives 0.",
          "three padded steps through the average and through an LSTM", "wrong", _empty),
)  # fmt: skip
