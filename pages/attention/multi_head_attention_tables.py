"""What one word looks at and depends on, and how every shape of mask ends."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.attention.multi_head_attention_words import axes, short, sizes, weight, words
from pages.kit.declare import Table

MOST_HEADS = 4


def _chosen_rows(trace: Trace) -> Sequence[Sequence[str]]:
    sentence, query = trace.facts["sentence"], trace.facts["query"]
    rows = []
    for place, word in enumerate(words(trace)):
        seen = [weight(float(value)) for value in trace["weights"][sentence, :, query, place]]
        seen += ["–"] * (MOST_HEADS - len(seen))
        rows.append((f"{place} {word}", *seen, short(float(trace["influence"][place]))))
    return rows


def _chosen_note(trace: Trace) -> str:
    place = trace.facts["query"]
    return (
        f"Query: word {place} of sentence {trace.facts['sentence']}. Click a row of the weights for another. "
        "The last column is the length of the gradient of its output: a word can matter with little weight, "
        "since the query's own vector also sets all its scores."
    )


def _layout_rows(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (axes(layout), sizes(shape), *(_ending(*end) for end in ends))
        for layout, shape, *ends in trace.facts["layouts"]
    ]


def _ending(met: Sequence[str], verdict: str, wrong: int) -> str:
    count = f" ({wrong} scores)" if wrong else ""
    return f"{verdict}{count}: meets {', '.join(met)}"


def _layout_note(trace: Trace) -> str:
    kind = {"none": "a padding mask", "padding": "a padding mask", "causal": "a causal mask"}
    said = kind.get(trace.parameters["mask"], "a padding and causal mask")
    return (
        f"For {said} on scores {sizes(trace.facts['shape'])}, made from the words. “Refused” is the lucky case: "
        "TensorFlow compares sizes, not meanings, so a mask whose sizes agree by chance is used as it is."
    )


TABLES = (
    Table(
        "What the chosen word looks at",
        ("word", "head 0", "head 1", "head 2", "head 3", "its output depends on it by"),
        _chosen_rows,
        _chosen_note,
    ),
    Table(
        "The same mask in every shape",
        ("handed over as", "sizes", "Keras' layer", "added to the scores by hand"),
        _layout_rows,
        _layout_note,
    ),
)
