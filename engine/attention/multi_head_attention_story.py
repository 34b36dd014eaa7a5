"""What multi-head attention says about its results: axes, steps with index maps, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.attention import multi_head_attention_masks as masks
from engine.attention.multi_head_attention_checks import layout_of, looked_at, meant_by, sizes_of, words_of
from engine.attention.multi_head_attention_notes import notes
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
PADDING = "(pad)"
LONGEST_NAME = 14  # letters of a word where it is only a label
LOOPS = ("b", "h", "q", "k")  # of the scores: batch, heads, queries, keys
_QUERY, _KEY = ("batch", "query", "head", "feature"), ("batch", "key", "head", "feature")
_SCORES, _KERNEL = ("batch", "head", "query", "key"), ("feature", "head", "size")
_TOKEN = ("batch", "token", "feature")
_ABOUT = {
    "x": (_TOKEN, "a vector a word: what it is and where it stands"),
    "wq": (_KERNEL, "kernel of the queries"),
    "wk": (_KERNEL, "kernel of the keys"),
    "wv": (_KERNEL, "kernel of the values"),
    "wo": (("head", "size", "feature"), "kernel of the output: puts the heads together"),
    "q": (_QUERY, "what each word asks for"),
    "k": (_KEY, "what each word is found by"),
    "v": (_KEY, "what each word hands on"),
    "dots": (_SCORES, "query · key"),
    "scores": (_SCORES, "query · key, scaled: what the softmax is given"),
    "kept": (_SCORES, "the mask as it meets the scores: 1 is kept"),
    "weights": (_SCORES, "attention weights: each row adds up to 1"),
    "context": (_QUERY, "values averaged by the weights"),
    "output": (("batch", "query", "feature"), "the heads put together"),
    "gradient": (_TOKEN, "d Σ output of the chosen query / d x"),
    "influence": (("token",), "length of that gradient, word by word of the sentence"),
    "astray": (_SCORES, "1: seen although meant to be hidden; -1: hidden although meant to be seen"),
    "keras_weights": (_SCORES, "attention scores that Keras' layer returns"),
    "keras_output": (("batch", "query", "feature"), "output of Keras' layer when asked for its scores"),
    "keras_fused": (("batch", "query", "feature"), "output of Keras' layer when not asked"),
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    meant = meant_by(**parameters)
    values = {**results, "astray": (results["kept"] - meant).astype("int32")}
    layout = layout_of(parameters["layout"], parameters["mask"])
    told = facts(parameters, values, layout)
    tensors = {name: Tensor(v, *_ABOUT[name]) for name, v in values.items() if name != "mask"}
    if "mask" in values:
        tensors["mask"] = Tensor(values["mask"], _mask_axes(layout), "the mask as it is handed over: 1 keeps")
    mask = [_broadcast(parameters["broadcast"], values, layout)] if "mask" in values else []
    steps = (*mask, *_projections(values), *_attention(parameters, values), *_output(values))
    return Story(tensors, steps, told, notes(parameters, values, told))


def _mask_axes(layout: str) -> tuple[str, ...]:
    found: list[str] = []
    for axis in layout.split(","):
        name = masks.NAMES[axis]
        found.append(f"{name} more" if name in found else name)
    return tuple(found)


def _projections(values: Mapping[str, Any]) -> list[Step]:
    batch, words, features = values["x"].shape
    _, heads, size = values["wq"].shape
    loops = {"b": batch, "t": words, "h": heads, "d": size, "f": features}
    text = f"[{batch}, {words}, {features}] · [{features}, {heads}, {size}] = [{batch}, {words}, {heads}, {size}]"
    steps = []
    for name in ("k", "v", "q"):
        access = {name: ("b", "t", "h", "d"), "x": ("b", "t", "f"), f"w{name}": ("f", "h", "d")}
        found = IndexMap(loops, access)
        # Three times the same arithmetic: the strip of shapes shows the last.
        aside, settings = name != "q", "k and v alike" if name == "q" else ""
        steps.append(Step("project", ("x", f"w{name}"), name, settings, (text,), found, aside=aside))
    return steps


def _attention(parameters: Mapping[str, Any], values: Mapping[str, Any]) -> list[Step]:
    batch, heads, words, _ = shape = values["scores"].shape
    size = values["wq"].shape[2]
    loops = dict(zip(LOOPS, shape, strict=True))
    dots = {"dots": LOOPS, "q": ("b", "q", "h", "d"), "k": ("b", "k", "h", "d")}
    divisor = {"head": f"√{size}", "features": f"√{values['x'].shape[2]}", "none": "1"}[parameters["scale"]]
    scaled = IndexMap(loops, {"scores": LOOPS, "dots": LOOPS}, "each")
    each = f"{batch} sentences × {heads} heads × {words} queries × {words} keys"
    steps = [
        Step(
            "q · k", ("q", "k"), "dots", f"over {size} features", (each,), IndexMap(loops | {"d": size}, dots)
        ),
        Step("scale", ("dots",), "scores", f"÷ {divisor}", (), scaled, f"{{dots}} ÷ {divisor}"),
    ]
    return [*steps, _softmax(parameters["fill"], values)]


def _broadcast(rule: str, values: Mapping[str, Any], layout: str) -> Step:
    mask, shape = values["mask"].shape, values["scores"].shape
    loops = dict(zip(LOOPS, shape, strict=True))
    met = masks.places(layout, rule)
    read = tuple(LOOPS[place] if size > 1 else "0" for place, size in zip(met, mask, strict=True))
    aligned = masks.rank_4(mask, rule)
    formula = " → ".join(map(str, [list(mask), *([list(aligned)] if aligned != mask else []), list(shape)]))
    where = "new axes where the heads are" if rule == "keras" else "new axes in front"
    found = IndexMap(loops, {"kept": LOOPS, "mask": read}, "each")
    settings = where if len(mask) < 4 else ""
    return Step("broadcast", ("mask",), "kept", settings, (formula,), found, "{mask}")


def _softmax(fill: str, values: Mapping[str, Any]) -> Step:
    batch, heads, words, _ = values["scores"].shape
    hidden = bool((values["kept"] == 0).any())
    filled = {"zeroed": "−1e9, then 0", "large": "−2.4e38", "infinity": "−∞"}[fill]
    reads = ("scores", "kept") if "mask" in values else ("scores",)
    row = ("b", "h", "q")
    access = {"weights": (*row, "i"), **dict.fromkeys(reads, (*row, "k"))}
    loops = {"b": batch, "h": heads, "q": words, "i": words, "k": words}
    # A weight that rounds to 0 or 1 has no slope; a hidden key has none, and rows hide different ones.
    exact = not hidden and words > 1 and bool(values["weights"].min() > 1e-6)
    readout = "exp of its own score ÷ Σ exp of " + ("the kept ones of {scores}" if hidden else "({scores})")
    found = None if np.isnan(values["weights"]).any() else IndexMap(loops, access, "share", exact)
    settings = f"over keys, hidden ones {filled}" if hidden else "over keys"
    return Step(
        "softmax", reads, "weights", settings, (f"{batch} · {heads} · {words} rows of sum 1",), found, readout
    )


def _output(values: Mapping[str, Any]) -> list[Step]:
    batch, words, heads, size = values["context"].shape
    features = values["output"].shape[2]
    loops = {"b": batch, "q": words, "h": heads, "d": size}
    average = {"context": ("b", "q", "h", "d"), "weights": LOOPS, "v": ("b", "k", "h", "d")}
    joined = {"output": ("b", "q", "f"), "context": ("b", "q", "h", "d"), "wo": ("h", "d", "f")}
    undefined = bool(np.isnan(values["weights"]).any())  # NaN · 0 is NaN: no link would be true
    maps = (
        None if undefined else IndexMap(loops | {"k": words}, average),
        None if undefined else IndexMap(loops | {"f": features}, joined),
    )
    return [
        Step("average", ("weights", "v"), "context", f"Σ over {words} keys", (f"[{batch}, {words}, {heads}, {size}]",), maps[0]),
        Step("join heads", ("context", "wo"), "output", "", (f"{heads} · {size} → {features} features",), maps[1]),
        Step("GradientTape", ("output", "x"), "gradient", "", ("d Σ output of the chosen query / d x",), aside=True),
        Step("length", ("gradient",), "influence", "", ("√ of Σ of squares over features",), aside=True),
    ]  # fmt: skip


def named(sentences: str) -> tuple[tuple[str, ...], ...]:
    """Every sentence's words as labels, padded to one length, long words cut."""
    words = words_of(sentences)
    longest = max(map(len, words))
    short = [[w if len(w) <= LONGEST_NAME else w[: LONGEST_NAME - 1] + "…" for w in row] for row in words]
    return tuple((*row, *[PADDING] * (longest - len(row))) for row in short)


def facts(parameters: Mapping[str, Any], values: Mapping[str, Any], layout: str) -> dict[str, Any]:
    """Plain numbers: what the mask met, what the heads look at, how Keras' layer compares."""
    sentence, query, key = looked_at(**parameters)
    lengths = [len(words) for words in words_of(parameters["sentences"])]
    weights = values["weights"].astype("float64")
    own = weights[sentence, :, query]
    hidden = values["kept"] == 0
    padded = np.arange(weights.shape[3]) >= np.array(lengths)[:, None]
    real = ~padded[:, None, :, None] & np.ones_like(weights, bool)
    mass = np.where(padded[:, None, None, :] & real, weights, 0).sum(axis=3)
    return {
        "words": named(parameters["sentences"]),
        "lengths": tuple(lengths),
        "sentence": sentence,
        "query": query,
        "key": key,
        "shape": tuple(weights.shape),
        "layout": layout,
        "mask_shape": tuple(values["mask"].shape) if "mask" in values else (),
        "strays": tuple(masks.strays(layout, parameters["broadcast"], sizes_of(parameters["sentences"], parameters["heads"]))) if "mask" in values else (),
        "wrong": int((values["astray"] != 0).sum()),
        "cells": int(hidden.size),
        "hidden": int(hidden.sum()),
        "empty_rows": int(hidden.all(axis=3).sum()),
        "chosen_weights": tuple(own[:, key].tolist()),
        "chosen_score": float(values["scores"][sentence, 0, query, key]),
        "winners": tuple(int(np.argmax(row)) if not np.isnan(row).any() and row.any() else -1 for row in own),
        "largest_weight": float(weights.max()),
        "padding_weight": float(mass.max()) if any(length < max(lengths) for length in lengths) else 0.0,
        "parameters": int(sum(values[name].size for name in ("wq", "wk", "wv", "wo"))),
        **_keras(values),
        "layouts": _layouts(parameters, lengths),
    }  # fmt: skip


def _keras(values: Mapping[str, Any]) -> dict[str, float | None]:
    """Largest differences to Keras' layer; None where it refuses the mask."""
    if "keras_output" not in values:
        return {"keras_weights_off": None, "keras_output_off": None, "keras_paths_off": None}

    def apart(left: str, right: str) -> float:
        return float(np.abs(values[left].astype("float64") - values[right].astype("float64")).max())

    return {
        "keras_weights_off": apart("weights", "keras_weights"),
        "keras_output_off": apart("output", "keras_output"),
        "keras_paths_off": apart("keras_output", "keras_fused"),
    }


def _layouts(parameters: Mapping[str, Any], lengths: Sequence[int]) -> tuple[tuple[Any, ...], ...]:
    """Every layout with its shape, the axes it meets and the verdict, by Keras' rule and from the right."""
    sizes = sizes_of(parameters["sentences"], parameters["heads"])
    kind = "padding" if parameters["mask"] == "none" else parameters["mask"]
    rows = []
    for layout in masks.LAYOUTS:
        ends = []
        for rule in ("keras", "right"):
            axes = [masks.SCORES[place] for place in masks.places(layout, rule)]
            ends.append((tuple(axes), *masks.verdict(kind, layout, rule, lengths, sizes)))
        rows.append((layout, sizes.shape(layout), *ends))
    return tuple(rows)
