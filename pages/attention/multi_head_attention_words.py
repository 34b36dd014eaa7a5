"""Numbers and words of the multi-head lab in text. Words are typed by people: tables and tabs escape them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine import Trace


def short(value: float | None) -> str:
    """Three digits, NaN as such, a dash for what does not exist."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    return f"{value:.3g}".replace("-", "−")


def weight(value: float) -> str:
    """A weight with two decimals; hidden and vanishing ones told apart."""
    if math.isnan(value):
        return "NaN"
    return "0" if value == 0 else "< 0.01" if value < 0.005 else f"{value:.2f}"


def axes(layout: str) -> str:
    """`[batch, 1, keys]`"""
    return f"[{layout.replace(',', ', ')}]"


def sizes(shape: Sequence[int]) -> str:
    """`[2, 1, 6]`"""
    return f"[{', '.join(map(str, shape))}]"


def words(trace: Trace) -> tuple[str, ...]:
    """The words of the sentence that is looked at, as labels."""
    found: tuple[str, ...] = trace.facts["words"][trace.facts["sentence"]]
    return found


def labels(trace: Trace, *named: str) -> Mapping[str, Sequence[str]]:
    """The words as names of the places of these axes."""
    return dict.fromkeys(named, words(trace))


def pair(trace: Trace) -> tuple[str, str]:
    """The words of the chosen query and key."""
    return words(trace)[trace.facts["query"]], words(trace)[trace.facts["key"]]
