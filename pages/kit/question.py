"""A question about a state, and what of the page it must not show before the guess."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine import Step, Trace

MOST_CHOICES = 5
Cell = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """An answer to choose, and what made people choose it."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class Clicks:
    """An answer that is given by clicking cells of a tensor on the stage."""

    tensor: str
    cells: frozenset[Cell]


@dataclass(frozen=True)
class Question:
    """One question; the right choice comes first in `choices`, which the page shuffles.

    `seen` are the tensors that may be seen before the guess; of the others `shapes` says whether even their
    shape is hidden. `name` is the same for the same question of a state.
    """

    name: str
    text: str
    choices: tuple[Choice, ...]
    why: str
    seen: frozenset[str] = frozenset()
    shapes: bool = False
    clicks: Clicks | None = None
    markdown: bool = False  # the words are a lab's own, which may be Markdown

    @property
    def right(self) -> Choice:
        return self.choices[0]

    def shuffled(self, link: str) -> list[Choice]:
        """The choices in an order that is the same whenever this state is asked."""
        return random.Random(f"{link}.{self.name}").sample(self.choices, len(self.choices))


def asked(name: str, text: str, right: Choice, wrong: Sequence[Choice], why: str) -> Question | None:
    """A question with distinct choices; None where fewer than two wrong ones differ from the right one."""
    found = {right.text: right}
    for choice in wrong:
        found.setdefault(choice.text, choice)
    choices = tuple(found.values())[:MOST_CHOICES]
    return Question(name, text, choices, why) if len(choices) > 2 else None


def inputs(trace: Trace) -> frozenset[str]:
    """What the steps begin with: the rule of assets/veil.js for a state that is still moving."""
    made = {step.writes for step in trace.steps}
    return frozenset(read for step in trace.steps if not step.aside for read in step.reads) - made


def before(trace: Trace, step: Step) -> frozenset[str]:
    """The tensors a step is computed from, and those they are computed from."""
    found = set(step.reads) - {step.writes}
    place = next(place for place, one in enumerate(trace.steps) if one is step)
    for earlier in reversed(trace.steps[:place]):
        if earlier.writes in found and earlier.writes != step.writes and not earlier.aside:
            found |= set(earlier.reads) - {step.writes}
    return frozenset(found)


def bracketed(shape: Sequence[object]) -> str:
    """A shape as people write it."""
    return f"[{', '.join(map(str, shape))}]"
