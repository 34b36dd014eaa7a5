"""What people can guess about heads and masks before they look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace
from engine.attention.multi_head_attention_masks import SCORES, rank_4
from pages.attention.multi_head_attention_words import axes, sizes
from pages.kit.declare import Prediction


def _aligned_question(trace: Trace) -> str:
    scores = sizes(trace.facts["shape"])
    if not trace.facts["mask_shape"]:
        return "No mask here. What shape do the scores have?"
    who = "Keras' layer" if trace.parameters["broadcast"] == "keras" else "TensorFlow, by hand,"
    mask = f"{axes(trace.facts['layout'])} = {sizes(trace.facts['mask_shape'])}"
    return f"{who} is handed a mask {mask} for scores {scores}. Which shape does it take to meet them?"


def _aligned_answers(trace: Trace) -> Sequence[str]:
    batch, heads, queries, keys = trace.facts["shape"]
    shape = trace.facts["mask_shape"]
    if not shape:
        return [
            sizes(s)
            for s in ((batch, heads, queries, keys), (batch, queries, keys), (batch, queries, heads * keys))
        ]
    rules = ("keras", "right") if trace.parameters["broadcast"] == "keras" else ("right", "keras")
    found = [sizes(rank_4(shape, rule)) for rule in rules]
    others = [(*shape, *[1] * (4 - len(shape))), (batch, 1, 1, keys + 1), (heads, batch, queries, keys)]
    return list(dict.fromkeys([*found, *map(sizes, others)]))[:4]


def _aligned_why(trace: Trace) -> str:
    if not trace.facts["mask_shape"]:
        return f"One number for each of {', '.join(SCORES)}."
    if len(trace.facts["mask_shape"]) == 4:
        return "A mask of rank 4 meets the scores axis by axis; only sizes of 1 are stretched."
    if trace.parameters["broadcast"] == "keras":
        return "Keras inserts an axis of 1 third from the end, where the heads are, until the rank is 4."
    return "Broadcasting aligns from the right: missing axes of 1 go in front, and the first axis of a rank 3 mask meets the heads."


def _sum_question(trace: Trace) -> str:
    query, sentence = trace.facts["query"], trace.facts["sentence"]
    return f"What do the weights of query {query} in sentence {sentence} add up to, in head 0?"


def _sum(trace: Trace) -> float:
    query, sentence = trace.facts["query"], trace.facts["sentence"]
    return float(trace["weights"][sentence, 0, query].astype("float64").sum())


def _sum_answers(trace: Trace) -> Sequence[str]:
    total = _sum(trace)
    right = "NaN" if math.isnan(total) else "0" if total == 0 else "1"
    return list(dict.fromkeys([right, "1", "0", "NaN", f"1 ÷ {trace.facts['shape'][1] + 1}"]))[:4]


def _sum_why(trace: Trace) -> str:
    query, sentence = trace.facts["query"], trace.facts["sentence"]
    seen = int(trace["kept"][sentence, 0, query].sum())
    if seen:
        return f"{seen} of {trace.facts['shape'][3]} keys are visible to it, and softmax shares out exactly 1 among them, whatever the heads are."
    ends = {"zeroed": "Keras' Softmax layer then writes 0 over the hidden ones",
            "large": "equal scores give equal weights, hidden keys included",
            "infinity": "0 ÷ 0 is NaN"}  # fmt: skip
    return f"Every key is hidden from it: {ends[trace.parameters['fill']]}."


def _count_answers(trace: Trace) -> Sequence[str]:
    right = trace.facts["parameters"]
    per_head = right // trace.facts["shape"][1]
    others = [right * 3 // 4, per_head, right * trace.facts["shape"][3], right + 1]
    return list(dict.fromkeys(f"{number:,}" for number in [right, *others]))[:4]


def _count_why(trace: Trace) -> str:
    size, heads, features = (trace.parameters[name] for name in ("head_size", "heads", "features"))
    return (
        f"4 kernels of {features} · {heads} · {size}: query, key, value, and the output that joins the heads. "
        "The length of the sentence is in none of them."
    )


PREDICTIONS = (
    Prediction(_aligned_question, _aligned_answers, _aligned_why),
    Prediction(_sum_question, _sum_answers, _sum_why),
    Prediction(
        lambda trace: "How many numbers does this layer learn, without biases?", _count_answers, _count_why
    ),
)
