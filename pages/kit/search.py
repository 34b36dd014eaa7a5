"""Finds labs by the words of a question."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache

from pages.kit.labs import Listed, labs

STOP = {
    "a",
    "an",
    "and",
    "are",
    "do",
    "does",
    "how",
    "i",
    "in",
    "is",
    "it",
    "my",
    "of",
    "on",
    "the",
    "to",
    "what",
    "why",
}


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in STOP]


@cache
def _weights(slug: str) -> dict[str, float]:
    """Every word of a lab with its weight: the title counts most, the explanation least."""
    listed = labs()[slug]
    lab = listed.lab
    claims = " ".join(claim.says for claim in lab.claims)
    controls = " ".join(control.label for control in lab.controls)
    found: dict[str, float] = {}
    for text, weight in (
        (f"{claims} {listed.explanation}", 1.0),
        (f"{lab.question} {controls} {listed.family}", 2.0),
        (f"{lab.title} {listed.slug} {' '.join(lab.words)}", 4.0),
    ):
        found |= dict.fromkeys(_words(text), weight)
    return found


def _alike(word: str, known: str) -> float:
    """How well a searched word fits a known one: the same, a beginning or ending, or a misspelling."""
    if known == word:
        return 1.0
    if len(word) > 2 and (known.startswith(word) or (word.startswith(known) and len(known) > 3)):
        return 0.7
    if len(word) > 4 and abs(len(word) - len(known)) < 3:
        matcher = difflib.SequenceMatcher(None, known, word)
        return 0.5 * (matcher.quick_ratio() > 0.84 and matcher.ratio() > 0.84)
    return 0.0


def _fitting(word: str, listed: Sequence[Listed]) -> dict[str, float]:
    """The words of all labs that fit a searched word, and how well."""
    known = {one for lab in listed for one in _weights(lab.slug)}
    return {one: fit for one in known if (fit := _alike(word, one))}


def _coverage(words: Sequence[str], listed: Listed) -> float:
    """The share of a lab's own name that was searched: of two that fit alike, the plainer name."""
    name = _words(listed.slug.replace("-", " "))
    return sum(word in words for word in name) / len(name)


def _phrase(words: Sequence[str], listed: Listed) -> float:
    """1 if the searched words stand side by side in the title, the name or a search word of a lab, else 0."""
    wanted = " ".join(words)
    phrases = [listed.lab.title, listed.slug, *listed.lab.words]
    return float(any(f" {wanted} " in f" {' '.join(_words(phrase))} " for phrase in phrases))


def find(query: str, listed: Sequence[Listed]) -> list[Listed]:
    """The labs that fit the query, best first; all of them for an empty one."""
    words = _words(query)[:20]
    if not words:
        return list(listed)
    fitting = [_fitting(word, listed) for word in words]
    scored = []
    for one in listed:
        weights = _weights(one.slug)
        scores = [
            max((fit * weights[w] for w, fit in fits.items() if w in weights), default=0) for fits in fitting
        ]
        if sum(score > 0 for score in scores) * 2 >= len(words):
            scored.append((sum(scores) + _phrase(words, one) + _coverage(words, one), one))
    return [one for _, one in sorted(scored, key=lambda pair: -pair[0])]
