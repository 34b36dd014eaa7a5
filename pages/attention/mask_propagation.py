"""**What you see.** A sentence of token ids (numbers that stand for words), filled up with 0, and the mask that
`Embedding(mask_zero=True)` hangs on its answer. Below, every layer's answer: steps that its mask hides are crossed, and
the title says what the layer did with the mask.

The bars compare the end of the stack with Keras' mask, without any mask, with the **padding really cut off**, which is
the truth, and with the mask put back by hand.

**What to try.**

- Type other tokens, paint the mask, and build a stack of up to five layers.
- Replace Conv1D by an LSTM and the mask arrives; put a Flatten, a Lambda or a plain `x * 2` in between and it is gone.
- Let Softmax follow the embedding: it fails.
- Fill the sentence with zeros only.

**What it means for your code.**

- A mask is an attribute, `_keras_mask`, that rides on a tensor. Keras layers hand it on if `supports_masking` is True;
  all others warn *once, in a log nobody reads*, and plain operations drop it without a word.
- It changes numbers only in layers that look at it: recurrent layers, attention, GlobalAveragePooling1D,
  BatchNormalization in training, losses and metrics. It never makes padding zero.
- So keep the way short: mask, recurrent layer or attention, pooling. Where a layer drops the mask, keep it yourself,
  `mask = embedding.compute_mask(ids)`, and hand it over: `pooling(x, mask=mask)`.
- Before Conv1D multiply by it, so that the padding is zero like a border.
- When you doubt it, do as this page does: feed the sequence with and without padding, and compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.attention.mask_propagation_claims import CLAIMS
from pages.attention.mask_propagation_predictions import PREDICTIONS
from pages.attention.mask_propagation_words import ENDS, TABLES, apart, steps_named
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset


def panels(trace: Trace) -> Sequence[Panel]:
    """Tokens and mask, the answers compared, then every layer."""
    shown: list[Panel] = [
        Grid("tokens", "tokens (type your own, 0 is padding)", types="tokens"),
        Grid("real", "mask (paint it)", "mask", paints="mask"),
    ]
    ends = tuple(name for name in ENDS if name in trace.tensors)
    if ends:
        shown.append(Bars(ends, "the answer: " + ", ".join(ENDS[name] for name in ends)))
    told = trace.facts
    names = ["Embedding", *told["names"]]
    first = "makes the mask" if "mask0" in trace.tensors else "makes no mask"
    for place, (name, verdict) in enumerate(zip(names, [first, *told["verdicts"]], strict=True)):
        if f"y{place}" in trace.tensors:
            crossed = f"kept{place}" if f"kept{place}" in trace.tensors else ""
            shown.append(Grid(f"y{place}", f"{place} {name}: {verdict}", crossed=crossed))
    return shown


def gradients(trace: Trace) -> Sequence[Panel]:
    """What a loss on the answer sends back to every step of the embedding."""
    crossed = "kept0" if "kept0" in trace.tensors else ""
    return [
        Grid("gradient", "d loss / d embedding, Keras' mask", crossed=crossed),
        Grid("gradient_repaired", "d loss / d embedding, mask put back", crossed=crossed),
    ]


def gradient_note(trace: Trace) -> str:
    """What reaches the padding, and what gets None."""
    told = trace.facts
    start = "The loss adds up the answer's features, 1, 2, … times, at real steps. "
    if told["error"]:
        start = f"Layer {told['failed_at']} fails, so the loss is on the answer before it. "
    if not told["padding"]:
        reach = "There is no padding here. "
    elif told["leak"] == 0:
        reach = (
            "Padded steps get exactly 0: the answer does not depend on what the embedding says for padding. "
        )
    else:
        reach = (
            f"Padded steps get up to {apart(told['leak'])}: the padding takes part in the answer and is trained. "
            f"With the mask put back it is {apart(told['leak_repaired'])}. "
        )
    return start + reach + "Token ids get **None**: they are whole numbers, and the embedding is looked up."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Where the mask ends, and how far the answers are from the truth."""
    told = trace.facts
    differences = told["differences"]
    truth = "padding cut off" if told["truth"] == "padding_cut" else "mask put back"
    return [
        ("padding", steps_named(told["padding"])),
        ("mask lost at", f"layer {told['lost_at']}" if told["lost_at"] else "nowhere"),
        ("fails at", f"layer {told['failed_at']}" if told["failed_at"] else "nowhere"),
        ("compared with", truth),
        ("off with Keras' mask", apart(differences.get("keras_mask"))),
        ("off without a mask", apart(differences.get("no_mask"))),
        ("off with the mask put back", apart(differences.get("mask_put_back"))),
        ("gradient at padding", apart(told["leak"])),
    ]


CONTROLS = (
    Control("tokens", "Tokens", help="Whole numbers from 0 to 9; 0 is padding"),
    Control("layers", "Layers after the embedding", help="Units count where the layer has units or filters"),
    Control("mask_zero", "Embedding(mask_zero=True)"),
    Control("mask", "Mask of your own", auto="token 0 is padding", help="1 keeps a step, 0 hides it"),
    Control(
        "unroll",
        "unroll=True in recurrent layers",
        help="The loop over steps is written out; no number should change",
    ),
    Control("features", "Features of the embedding"),
    Control("seed", "Seed", high=99),
)


def stack(*kinds: str) -> tuple[tuple[str, int], ...]:
    """Layers of three units."""
    return tuple((kind, 3) for kind in kinds)


PRESETS = (
    Preset("It arrives", {"layers": stack("lstm-sequence", "dense", "global-average")},
           "LSTM and Dense hand the mask on, the pooling averages real steps only: the answer is that of the cut sentence."),
    Preset("Flatten (the usual mistake)", {"layers": stack("lstm-sequence", "flatten", "dense")},
           "Flatten drops the mask, and Dense learns weights for steps that hold the LSTM's last state again and again."),
    Preset("Max instead of average", {"layers": stack("dense", "global-max")},
           "GlobalAveragePooling1D looks at the mask, GlobalMaxPooling1D does not: padding can be the maximum."),
    Preset("Softmax fails", {"layers": stack("softmax", "global-average")},
           "Softmax has a mask argument of another shape: it takes the sequence's mask for it, and raises."),
    Preset("One plain operation", {"layers": stack("lstm-sequence", "times-2", "global-average")},
           "x * 2 makes a new tensor without the attribute, and no warning is given."),
    Preset("Residual around attention", {"layers": stack("multi-head-residual", "global-average")},
           "MultiHeadAttention takes the mask off the tensor it was given, so the sum x + attention has none."),
    Preset("Masking after an embedding", {"layers": stack("masking", "global-average")},
           "Masking(0.0) replaces the mask by its own, which keeps everything: the embedding of token 0 is not zero."),
    Preset("unroll=True and Bidirectional", {"layers": stack("bidirectional"), "unroll": True},
           "With the mask intact the backward half is put at the wrong steps: unroll should change no number, and does."),
    Preset("Padding only", {"tokens": (0, 0, 0), "layers": stack("global-average", "dense")},
           "The mean over no step is 0 ÷ 0: one empty sentence in a batch makes the loss NaN."),
    Preset("Padding in front", {"tokens": (0, 0, 3, 1, 4), "layers": stack("lstm-last", "dense")},
           "The LSTM skips what is masked wherever it stands; without a mask it would start with two steps of padding."),
)  # fmt: skip

LAB = Lab(
    title="Where a mask gets lost",
    question="Which Keras layers pass a padding mask on, which drop it, and what does that do to the numbers?",
    technique="mask-propagation",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "mask_zero",
        "supports_masking",
        "does not support masking",
        "destroy the mask information",
        "was passed an input_mask",
        "_keras_mask",
        "compute_mask",
        "Embedding",
        "LSTM",
        "Flatten",
        "Conv1D",
        "GlobalAveragePooling1D",
        "GlobalMaxPooling1D",
        "Masking layer",
        "padding",
        "pad_sequences",
        "variable length",
    ),
    card=Grid("y0", "embedding", crossed="kept0"),
)
