"""Related labs, from what their declarations share: search words, words of the question, parameters, family, courses."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log, sqrt

from pages.kit.courses import COURSES
from pages.kit.labs import Listed, labs
from pages.kit.search import words_of

FEW = 3  # labs named on a page
ORDINARY = 0.35  # what a word of a question or a parameter counts, against a search word


@cache
def _features(slug: str) -> dict[str, float]:
    """What a lab shares with others, and how much it counts before its rarity does."""
    listed = labs()[slug]
    lab = listed.lab
    names = (parameter.name for parameter in listed.technique.parameters if parameter.name != "seed")
    found = {f"parameter {name}": ORDINARY for name in names}
    found |= dict.fromkeys(words_of(f"{lab.title} {lab.question}"), ORDINARY)
    found |= {word: 0.6 for phrase in lab.words for word in words_of(phrase)}
    found |= {" ".join(words_of(phrase)): 1.0 for phrase in lab.words}
    return found


@cache
def _rarity() -> dict[str, float]:
    """How much it says that two labs share a feature: the fewer have it, the more."""
    counts = Counter(feature for slug in labs() for feature in _features(slug))
    return {feature: log(len(labs()) / count) for feature, count in counts.items()}


def alike(one: str, other: str) -> float:
    """How much two labs have in common; the same both ways round."""
    first, second, rarity = _features(one), _features(other), _rarity()
    shared = sum(min(first[name], second[name]) * rarity[name] for name in first.keys() & second.keys())
    sizes = sqrt(sqrt(len(first) * len(second)))  # who says much has something in common with everybody
    together = sum(one in course.labs and other in course.labs for course in COURSES)
    return shared / sizes + 0.5 * (labs()[one].family == labs()[other].family) + 0.3 * together


@cache
def related(slug: str) -> tuple[Listed, ...]:
    """The labs most like this one, best first."""
    others = (other for other in labs() if other != slug)
    ranked = sorted(others, key=lambda other: (-alike(slug, other), other))
    return tuple(labs()[other] for other in ranked[:FEW])
