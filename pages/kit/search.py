"""Finds labs by the words of a question, misspelt or said in other words, and by a pasted message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import log

from pages.kit.labs import Listed, labs
from pages.kit.synonyms import SYNONYMS

STOP = frozenset("a an and are do does how i in is it my of on the to what why".split(" "))  # noqa: SIM905
MOST_WORDS = 20  # of a question; more is a text, such as an error message
LONGEST = 20_000  # characters that are read
MOST_VARIANTS = 16
TEXT_WORDS = 80  # of a text, from its end: there a traceback says what is wrong
FROM_TEXT = 6  # labs that a text finds


def words_of(text: str) -> list[str]:
    """The words of a text that say something, in small letters."""
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
        found |= dict.fromkeys(words_of(text), weight)
    return found


@cache
def _vocabulary() -> dict[str, int]:
    """Every word of all labs, and how many labs have it."""
    return dict(Counter(word for slug in labs() for word in _weights(slug)))


@lru_cache(4096)
def _fitting(word: str) -> dict[str, float]:
    """The known words that fit a searched one, and how well: itself, beginnings, else misspellings."""
    known = _vocabulary()
    found = {one: 0.7 for one in known if len(word) > 2 and one.startswith(word)}
    if not found:
        found = {one: 0.5 for one in known if misspelt(word, one)}
    found |= {one: 0.7 for one in known if len(one) > 3 and word.startswith(one)}
    return found | ({word: 1.0} if word in known else {})


def misspelt(word: str, known: str) -> bool:
    """Whether one letter is wrong, missing, doubled or swapped with its neighbour; two in a long word."""
    most = 2 if len(word) > 7 else 1
    if not 4 <= len(word) <= 30 or len(known) < 4 or abs(len(word) - len(known)) > most:
        return False
    if sum((Counter(word) - Counter(known)).values()) > most:
        return False
    return _edits(word, known) <= most


def _edits(word: str, known: str) -> int:
    """Letters to insert, delete, replace or swap with a neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(known, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == known[j - 2] and word[i - 2] == other:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def _variants(words: Sequence[str]) -> Iterator[list[str]]:
    """The query in other words: each phrase that has synonyms, replaced by each of them."""
    text = f" {' '.join(words)} "
    for group in SYNONYMS:
        spelled = [" ".join(words_of(phrase)) for phrase in group]
        for said in (phrase for phrase in spelled if f" {phrase} " in text):
            for other in spelled:
                if other != said:
                    yield text.replace(f" {said} ", f" {other} ").split()


def _coverage(words: Sequence[str], listed: Listed) -> float:
    """The share of a lab's own name that was searched: of two that fit alike, the plainer name."""
    name = words_of(listed.slug.replace("-", " "))
    return sum(word in words for word in name) / len(name)


@cache
def _phrases(slug: str) -> tuple[str, ...]:
    """The title, the name and the search words of a lab, as words."""
    lab = labs()[slug].lab
    return tuple(f" {' '.join(words_of(phrase))} " for phrase in (lab.title, slug, *lab.words))


def _score(words: Sequence[str], listed: Listed, needed: float = 0.5) -> float:
    """How well a lab fits, for each word: 0 unless the needed share of the words is found in it."""
    weights = _weights(listed.slug)
    scores = [
        max((fit * weights[w] for w, fit in _fitting(word).items() if w in weights), default=0)
        for word in words
    ]
    if sum(score > 0 for score in scores) < needed * len(words):
        return 0.0
    wanted = f" {' '.join(words)} "
    phrase = float(any(wanted in one for one in _phrases(listed.slug)))
    return (sum(scores) + phrase + _coverage(words, listed)) / len(words)


def find(query: str, listed: Sequence[Listed]) -> list[Listed]:
    """The labs that fit the query, best first; all of them for an empty one."""
    words = words_of(query[-LONGEST:])
    if not words:
        return list(listed)
    if len(words) > MOST_WORDS:
        return find_by_text(query, listed)
    others = list(_variants(words))[:MOST_VARIANTS]
    scored = []
    for one in listed:
        score = max([_score(words, one), *(0.8 * _score(other, one, 1) for other in others)])
        if score:
            scored.append((score, one))
    return [one for _, one in sorted(scored, key=lambda pair: -pair[0])]


def find_by_text(query: str, listed: Sequence[Listed]) -> list[Listed]:
    """The labs that share the rarest words and whole phrases with a long text, such as a traceback."""
    words = words_of(query[-LONGEST:])
    known = _vocabulary()
    heard = {word for word in words[-TEXT_WORDS:] if word in known}
    text = f" {' '.join(words)} "
    scored = []
    for one in listed:
        weights = _weights(one.slug)
        score = sum(weights[word] * log(len(labs()) / known[word]) for word in heard if word in weights)
        score += 10 * sum(phrase in text for phrase in _phrases(one.slug) if phrase.count(" ") > 2)
        scored.append((score, one))
    best = sorted(scored, key=lambda pair: -pair[0])[:FROM_TEXT]
    return [one for score, one in best if score]
