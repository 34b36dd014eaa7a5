"""What is refused before TensorFlow is called, and the mask that is handed over."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.attention import multi_head_attention_masks as masks
from engine.errors import Rejected

Array = np.ndarray[Any, Any]
MOST_SENTENCES, MOST_WORDS, MOST_HEADS = 4, 8, 4
MOST_CELLS = MOST_SENTENCES * MOST_HEADS * MOST_WORDS**2


def words_of(sentences: str) -> list[list[str]]:
    """The sentences as lists of words."""
    return [sentence.split() for sentence in sentences.split("/")]


def sizes_of(sentences: str, heads: int) -> masks.Sizes:
    words = words_of(sentences)
    return masks.Sizes(len(words), heads, max(map(len, words)))


def layout_of(layout: str, mask: str) -> str:
    """The layout that applies: the smallest one that can say this mask where none is asked for."""
    return masks.FITTING.get(mask, "") if layout == "fitting" else layout


def looked_at(sentences: str, sentence: int, chosen: tuple[int, int], **_: Any) -> tuple[int, int, int]:
    """Sentence, query and key that are looked at: the last ones where a shorter text was typed since."""
    words = words_of(sentences)
    last = max(map(len, words)) - 1
    return min(sentence, len(words) - 1), min(chosen[0], last), min(chosen[1], last)


def check(sentences: str, heads: int, **rest: Any) -> None:
    """Sentences that can be counted, and a mask whose sizes fit the scores."""
    words = words_of(sentences)
    _countable(words)
    if rest["mask"] != "none":
        _fits(masks.Sizes(len(words), heads, max(map(len, words))), **rest)


def _countable(words: list[list[str]]) -> None:
    if len(words) > MOST_SENTENCES:
        expected = f"at most {MOST_SENTENCES} sentences"
        raise Rejected("sentences", f"{len(words)} sentences", expected, "remove some of them")
    for place, sentence in enumerate(words):
        if not sentence:
            fix = "write a word there, or remove the / beside it"
            raise Rejected("sentences", f"sentence {place} without a word", "a word in every sentence", fix)
        if len(sentence) > MOST_WORDS:
            received = f"sentence {place} of {len(sentence)} words"
            raise Rejected(
                "sentences", received, f"at most {MOST_WORDS} words each", "shorten it, or split it with /"
            )


def _fits(
    sizes: masks.Sizes, mask: str, layout: str, broadcast: str, painted: tuple[int, ...] | None, **_: Any
) -> None:
    used = layout_of(layout, mask)
    shape, remedy = list(sizes.shape(used)), {"layout": "fitting", "painted": None}
    if painted is None and not masks.sayable(mask, used):
        raise Rejected(
            "layout",
            f"a causal mask as [{used.replace(',', ', ')}]",
            "an axis of queries, since every query may see other keys",
            "hand it over as [queries, keys]",
            remedy,
        )
    wrong = masks.misfit(used, broadcast, sizes)
    if wrong:
        says = (
            "Keras puts a mask's missing axes where the heads are"
            if broadcast == "keras"
            else "missing axes go in front"
        )
        raise Rejected(
            "layout",
            f"a mask {shape} of [{used.replace(',', ', ')}]: {wrong}",
            f"sizes of 1 or of the scores {list(sizes.scores)}; {says}",
            f"hand it over as [{masks.FITTING[mask].replace(',', ', ')}]",
            remedy,
        )
    if painted is not None and len(painted) != int(np.prod(shape)):
        expected = f"{int(np.prod(shape))} cells, for a mask {shape} of [{used.replace(',', ', ')}]"
        fix = "clear it to have one made from the words, and paint that"
        raise Rejected("painted", _count(len(painted), "cell"), expected, fix, {"painted": None})


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def mask_of(
    sentences: str, heads: int, mask: str, layout: str, painted: tuple[int, ...] | None, **_: Any
) -> Array | None:
    """The mask as it is handed over: int32 in the shape of its layout; None where there is none."""
    if mask == "none":
        return None
    used, sizes = layout_of(layout, mask), sizes_of(sentences, heads)
    if painted is not None:
        return np.array(painted, "int32").reshape(sizes.shape(used))
    lengths = list(map(len, words_of(sentences)))
    return masks.handed_over(masks.wanted(mask, lengths, sizes), used).astype("int32")


def meant_by(
    sentences: str, heads: int, mask: str, layout: str, painted: tuple[int, ...] | None, **_: Any
) -> Array:
    """What the mask should do if every axis met its namesake: bool[batch, heads, queries, keys]."""
    sizes = sizes_of(sentences, heads)
    if painted is not None and mask != "none":
        return masks.by_name(np.array(painted, bool), layout_of(layout, mask), sizes)
    return masks.wanted(mask, list(map(len, words_of(sentences))), sizes)


def keras_accepts(sentences: str, heads: int, mask: str, layout: str, **_: Any) -> bool:
    """Whether Keras' layer can be given this mask: its own rule decides, whichever one is chosen here."""
    sizes = sizes_of(sentences, heads)
    return mask == "none" or masks.misfit(layout_of(layout, mask), "keras", sizes) is None
