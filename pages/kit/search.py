"""Finds labs by the words of a question."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from pages.kit.labs import Listed

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


def _text(listed: Listed) -> list[tuple[str, float]]:
    """Every word of a lab with its weight: the title counts most, the explanation least."""
    lab = listed.lab
    claims = " ".join(claim.says for claim in lab.claims)
    controls = " ".join(control.label for control in lab.controls)
    parts = [
        (f"{lab.title} {listed.slug} {' '.join(lab.words)}", 4.0),
        (f"{lab.question} {controls} {listed.family}", 2.0),
        (f"{claims} {listed.explanation}", 1.0),
    ]
    return [(word, weight) for text, weight in parts for word in _words(text)]


def _score(word: str, text: Sequence[tuple[str, float]]) -> float:
    """How well one searched word fits: the same word, a beginning or ending, or a misspelling."""
    best = 0.0
    for known, weight in text:
        if known == word:
            best = max(best, weight)
        elif len(word) > 2 and (known.startswith(word) or (word.startswith(known) and len(known) > 3)):
            best = max(best, 0.7 * weight)
        elif len(word) > 4 and difflib.SequenceMatcher(None, known, word).ratio() > 0.84:
            best = max(best, 0.5 * weight)
    return best


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
    scored = []
    for one in listed:
        text = _text(one)
        scores = [_score(word, text) for word in words]
        if sum(score > 0 for score in scores) * 2 >= len(words):
            scored.append((sum(scores) + _phrase(words, one) + _coverage(words, one), one))
    return [one for _, one in sorted(scored, key=lambda pair: -pair[0])]
