"""Which y each x may be paired with: lists made from a seed or typed, and how soon draws see all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np

from engine.errors import Rejected

SEEDED = "seeded"
MOST_LISTED = 20
Lists = tuple[tuple[int, ...], ...]


def lists_of(p: Mapping[str, Any]) -> Lists:
    """The candidate list of every x. Raises `Rejected` for what cannot be paired."""
    return _seeded(p) if p["lists"].strip().lower() == SEEDED else _typed(p)


def _seeded(p: Mapping[str, Any]) -> Lists:
    items, most, targets = p["items"], p["candidates"], p["targets"]
    if most > targets and not p["duplicates"]:
        fix = "list fewer, have more y, or let a y stand in a list twice"
        received = f"{most} different candidates of {targets} y"
        raise Rejected("candidates", received, f"at most {targets}", fix, {"candidates": targets})
    random = np.random.default_rng(p["seed"])
    drawn = [random.choice(targets, most, replace=p["duplicates"]) for _ in range(items)]
    return tuple(tuple(sorted(map(int, one))) for one in drawn)


def _typed(p: Mapping[str, Any]) -> Lists:
    lists = tuple(_numbers(part, place) for place, part in enumerate(p["lists"].split("/")))
    expected = f"one list for each of {p['items']} x, joined by /"
    if len(lists) != p["items"]:
        remedy = {"items": len(lists)} if 2 <= len(lists) <= 50 else {"lists": SEEDED}
        fix = "add or remove lists, or change the number of x"
        raise Rejected("lists", f"{len(lists)} lists for {p['items']} x", expected, fix, remedy)
    for place, one in enumerate(lists):
        _usable(one, place, p["targets"])
    return lists


def _numbers(part: str, place: int) -> tuple[int, ...]:
    words = [word for word in re.split(r"[\s,;]+", part.strip()) if word]
    wrong = [word for word in words if not re.fullmatch(r"[0-9]{1,6}", word)]
    if wrong:
        received = f"{wrong[0][:20]!r} in the list of x {place}"
        fix = "write indices separated by spaces, such as 0 3 5 / 1 2"
        raise Rejected("lists", received, "indices of y, counted from 0", fix, {"lists": SEEDED})
    if len(words) > MOST_LISTED:
        received = f"{len(words)} candidates of x {place}"
        raise Rejected("lists", received, f"at most {MOST_LISTED}", "shorten the list", {"lists": SEEDED})
    return tuple(map(int, words))


def _usable(one: Sequence[int], place: int, targets: int) -> None:
    if not one:
        fix = f"give it a candidate, or leave x {place} out; TensorFlow answers: Need minval < maxval, got 0 >= 0"
        received = f"an empty list for x {place}"
        raise Rejected("lists", received, "at least one candidate for every x", fix, {"lists": SEEDED})
    if max(one) >= targets:
        more = " (is the list counted from 1?)" if max(one) == targets and min(one) > 0 else ""
        fix = f"count from 0, or have more y{more}; TensorFlow answers: indices = {max(one)} is not in [0, {targets})"
        remedy = {"targets": max(one) + 1} if max(one) < 50 else {"lists": SEEDED}
        raise Rejected("lists", f"index {max(one)} for x {place}", f"0 to {targets - 1}", fix, remedy)


def chances(one: Sequence[int]) -> list[float]:
    """The chance of every different candidate of a list; one that stands there twice counts twice."""
    return [one.count(value) / len(one) for value in dict.fromkeys(one)]


def expected_coverage(lists: Lists, epochs: int) -> list[float]:
    """Share of the admissible pairs that independent draws are expected to have seen after each epoch.

    Σ 1 - (1 - p)^e over all pairs, divided by their number.
    """
    every = np.array([chance for one in lists for chance in chances(one)])
    return [float(np.mean(1 - (1 - every) ** epoch)) for epoch in range(1, epochs + 1)]


def epochs_to_see_all(one: Sequence[int]) -> float:
    """Epochs until one x has met all its candidates, expected: n (1 + 1/2 + … + 1/n) for equal chances.

    Else ∫ 1 - Π (1 - e^(-p t)) dt (Flajolet, Gardy, Thimonier, 1992, "Birthday paradox, coupon
    collectors, caching algorithms and self-organizing search", theorem 4.1), by Simpson's rule.
    """
    parts = chances(one)
    if len(set(parts)) == 1:
        return len(parts) * sum(1 / n for n in range(1, len(parts) + 1))
    end, count = 40 / min(parts), 4000
    values = [1 - float(np.prod([1 - exp(-p * end * k / count) for p in parts])) for k in range(count + 1)]
    inner = 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2])
    return (values[0] + inner + values[-1]) * end / count / 3
