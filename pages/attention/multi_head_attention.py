"""**What you see.** A batch of sentences, split into words. Every **head** looks at them in its own way: from each word it
makes a *query* (what it looks for), a *key* (what it can be found by) and a *value* (what it hands on). A row of
**weights** says where one word looks: head 0 at the word before it, head 1 at the same word.

They look learned; they are built by hand, from a seed, so that there is something to see. Crossed cells are hidden by
the mask. Click a weight to choose who looks at whom; point at any cell to see what it is made of.

**What to try.**

- Type your own sentences, with `/` between them.
- Choose *random* projections: that is what training starts from.
- Hand over the same mask in another shape. It fits when its sizes are 1 or equal those of the scores
  `[batch, heads, queries, keys]`, and nobody checks what an axis *means*.
- Where ranks differ, Keras' layer puts the missing axis where the heads are, adding a mask by hand puts it in front:
  `[batch, queries, keys]` is right for one and meets the heads for the other. With as many sentences as heads, or as
  words, the mistake is silent.

**What it means for your code.**

- Give every mask rank 4, `[batch, 1, queries or 1, keys]`, and both ways agree.
- In Keras pass booleans, never 0 and −1e9: they are cast to bool, which turns the mask around.
- Decide what a query without a single visible key should give. Keras' layer answers 0 when asked for its scores and the
  average of all values when not; −∞ by hand answers NaN.

**What it does not do.** No biases, no dropout, one layer, and words are cut at spaces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Trace
from engine.attention.multi_head_attention_masks import LAYOUTS
from pages.attention.multi_head_attention_claims import ACCIDENT, CLAIMS
from pages.attention.multi_head_attention_predictions import PREDICTIONS
from pages.attention.multi_head_attention_tables import TABLES
from pages.attention.multi_head_attention_words import axes, labels, pair, short, sizes, weight
from pages.kit.declare import Control, Grid, Lab, Panel, Preset

BATCH = ("batch",)


def panels(trace: Trace) -> Sequence[Panel]:
    """The weights of every head, the mask, then the way from words to output."""
    at = {"batch": trace.facts["sentence"]}
    pairs = labels(trace, "query", "key")
    masked = "mask" in trace.tensors
    crossed = "kept" if masked else ""
    shown: list[Panel] = [
        Grid("weights", "attention weights (click to choose)", "sequential", at=at, crossed=crossed, picks="chosen",
             mark=(trace.facts["query"], trace.facts["key"]), beside="head", labels=pairs, fixed=BATCH),
    ]  # fmt: skip
    if masked:
        shown.append(_mask(trace))
    if trace.facts["wrong"]:
        shown.append(
            Grid(
                "astray",
                "masked wrongly: 1 leaks, −1 is lost",
                at=at,
                beside="head",
                labels=pairs,
                fixed=BATCH,
            )
        )
    tokens, queries, keys = (labels(trace, axis) for axis in ("token", "query", "key"))
    return [
        *shown,
        Grid("x", "words: where, then what", at=at, labels=tokens, fixed=BATCH),
        Grid("q", "queries", rows="query", columns="feature", at=at, beside="head", labels=queries, fixed=BATCH),
        Grid("k", "keys", rows="key", columns="feature", at=at, beside="head", labels=keys, fixed=BATCH),
        Grid("scores", "scaled scores", at=at, crossed=crossed, beside="head", labels=pairs, fixed=BATCH),
        Grid("v", "values", rows="key", columns="feature", at=at, beside="head", labels=keys, fixed=BATCH),
        Grid("context", "averaged values", rows="query", columns="feature", at=at, beside="head", labels=queries, fixed=BATCH),
        Grid("output", "output", at=at, labels=queries, fixed=BATCH),
    ]  # fmt: skip


def _mask(trace: Trace) -> Grid:
    """The mask as it is handed over, by its own axes."""
    own = [axis for axis in trace.tensors["mask"].axes if not axis.startswith("one")]
    at = {"batch": trace.facts["sentence"]}
    title = f"mask {sizes(trace.facts['mask_shape'])} (paint it)"
    rows, columns = own[-2:]
    if rows == "batch":  # one row a sentence: the words differ from row to row
        names = {"batch": [f"sentence {place}" for place in range(len(trace.facts["words"]))]}
        return Grid("mask", title, "mask", rows=rows, columns=columns, paints="painted", labels=names)
    return Grid(
        "mask", title, "mask", rows=rows, columns=columns, paints="painted", at=at,
        beside="head" if "head" in own else "", labels=labels(trace, "query", "key"), fixed=BATCH,
    )  # fmt: skip


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the output of the chosen query depends on."""
    at = {"batch": trace.facts["sentence"]}
    query = trace.facts["query"]
    names = labels(trace, "token")
    return [
        Grid(
            "influence",
            f"how much the output of word {query} depends on each word",
            "sequential",
            labels=names,
        ),
        Grid("gradient", f"d Σ output of word {query} / d x", at=at, labels=names, fixed=BATCH),
    ]


def gradient_note(trace: Trace) -> str:
    """Who gets a gradient, with this state's numbers."""
    sentence, query = trace.facts["sentence"], trace.facts["query"]
    influence = trace["influence"]
    start = f"The loss is the sum of the output of word {query} of sentence {sentence}. "
    if np.isnan(influence).any():
        return (
            start
            + "NaN weights make its gradient NaN, not None: one training step would spread it to every kernel."
        )
    zero = int((influence == 0).sum())
    others = "The other sentences get exactly 0: a batch never mixes. " if trace.facts["shape"][0] > 1 else ""
    return (
        start
        + f"{len(influence) - zero} of {len(influence)} words get a gradient, {zero} exactly 0, which TensorFlow computed: no word's gradient is None. "
        + others
        + "The mask's gradient would be None: it is cast to bool, and no slope passes through that."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    query, key = pair(trace)
    seen = ", ".join(weight(value) for value in told["chosen_weights"])
    mask = f"{axes(told['layout'])} = {sizes(told['mask_shape'])}" if told["mask_shape"] else "none"
    return [
        (f"weight of “{key}” for “{query}”, by head", seen),
        ("mask", mask),
        ("hidden scores", f"{told['hidden']} of {told['cells']}"),
        ("masked otherwise than meant", f"{told['wrong']} of {told['cells']}"),
        ("Keras' weights differ by", _keras(told["keras_weights_off"])),
        ("Keras' output differs by", _keras(told["keras_output_off"])),
        ("Keras with − without scores", _keras(told["keras_paths_off"])),
        ("parameters", f"{told['parameters']:,}"),
    ]


def _keras(value: float | None) -> str:
    return "it refuses this mask" if value is None else short(value)


CONTROLS = (
    Control("sentences", "Sentences", help="Words are cut at spaces, sentences at /. Up to 4 of 8 words."),
    Control("sentence", "Sentence shown", help="Counted from 0"),
    Control("chosen", "Query × key looked at", help="Or click a weight", labels={"height": "query", "width": "key"}),
    Control("heads", "Heads", help="Each makes queries, keys and values of its own"),
    Control("head_size", "Features of a head", help="Keras' key_dim"),
    Control("features", "Features of a word"),
    Control("projections", "Projections", help="The matrices that make queries, keys and values of a word", labels={"patterned": "look learned"}),
    Control("positions", "Add positions", help="Off, the first half of a word's features is 0"),
    Control("scale", "Divide scores by", labels={"head": "√ head", "features": "√ word", "none": "1"}),
    Control("mask", "Mask", help="Causal: a word sees itself and what came before", labels={"both": "padding and causal"}),
    Control("layout", "Handed over as", help="The axes of the mask", labels={"fitting": "what fits", **{name: axes(name) for name in LAYOUTS}},
            when=("mask", ("padding", "causal", "both"))),
    Control("broadcast", "Missing axes go", labels={"keras": "to the heads (Keras)", "right": "in front (by hand)"},
            when=("mask", ("padding", "causal", "both"))),
    Control("fill", "Hidden scores become",
            labels={"zeroed": "−1e9, then 0 (Keras, with scores)", "large": "−2.4e38 (Keras, without)", "infinity": "−∞"},
            when=("mask", ("padding", "causal", "both"))),
    Control("painted", "Mask, painted", help="1 keeps, 0 hides", auto="made from the words", when=("mask", ("padding", "causal", "both"))),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Only look back", {"mask": "causal", "heads": 3},
           "A causal mask: each word sees itself and what came before. Head 2 looks for the next word, and finds itself."),
    Preset("Batch meets heads", {"layout": "batch,queries,keys", "broadcast": "right", "sentence": 1, "chosen": (1, 0)},
           "The popular mistake: [batch, queries, keys] added by hand lines up with the heads. Two sentences, two heads: "
           "it fits. Head 0 sees all padding, and head 1 of the first sentence only its first two words."),
    Preset("[batch, keys], by luck", {**ACCIDENT, "chosen": (2, 1)},
           "Three sentences of three words: a padding mask [3, 3] passes for [queries, keys]. A fourth word would have raised an error."),
    Preset("The axis at the wrong end", {"layout": "batch,keys,1", "sentence": 1, "chosen": (2, 0)},
           "mask[:, :, None] instead of mask[:, None, :] silences the padded queries; the real words still look at padding."),
    Preset("A query without keys", {"mask": "causal", "fill": "large", "chosen": (0, 5), "painted": "".join("1" if key < query else "0" for query in range(6) for key in range(6))},
           "tril one diagonal too low: word 0 sees nobody. Without returned scores Keras then averages everything, the future included."),
    Preset("A bag of words", {"sentences": "the cat saw a dog / a dog saw the cat", "positions": False, "mask": "none", "chosen": (1, 4)},
           "Without positions both sentences are the same words in another order: “cat” gets the same output in both, and head 0 looks everywhere."),
    Preset("Without the root", {"projections": "random", "head_size": 8, "features": 16, "scale": "none", "mask": "none"},
           "Not divided by √8 the softmax is sharper, but no row changes its winner."),
)  # fmt: skip

LAB = Lab(
    title="Multi-head attention and its masks",
    question="Which words does each head look at, and which axes of the scores does my mask really meet?",
    technique="multi-head-attention",
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
        "transformer", "self-attention", "MultiHeadAttention", "attention_mask", "use_causal_mask", "padding mask", "look-ahead mask",
        "query key value", "QKV", "scaled dot product", "attention head", "BertViz", "broadcast mask", "additive mask",
        "The `mask` must be broadcastable to `inputs`", "Incompatible shapes", "return_attention_scores", "flash attention", "NaN",
    ),
    card=Grid("weights", scale="sequential"),
)  # fmt: skip
