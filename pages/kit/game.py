"""A session's predictions: one guess a question of a state, and the score of them all."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.kit.question import Cell, Choice, Question

MOST_KEPT = 2000  # guesses of one session; who makes more may be asked the first ones again


@dataclass(frozen=True)
class Guess:
    """What was guessed: a choice, or cells; neither where people asked to be shown."""

    right: bool
    choice: Choice | None = None
    cells: frozenset[Cell] | None = None

    @property
    def counts(self) -> bool:
        return self.choice is not None or self.cells is not None


@dataclass(frozen=True)
class Round:
    """The questions of the state on the page, in their order, and which of them is asked."""

    link: str
    asked: list[Question]
    at: int

    @property
    def question(self) -> Question:
        return self.asked[self.at]

    def key(self, place: int | None = None) -> str:
        return f"{self.link}#{self.asked[self.at if place is None else place].name}"


@dataclass
class Game:
    """A session's predictions."""

    on: bool = False
    guesses: dict[str, Guess] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)  # the question each state is at
    right: int = 0
    asked: int = 0
    streak: int = 0
    round: Round | None = None  # of the page as it is

    @property
    def guess(self) -> Guess | None:
        return self.guesses.get(self.round.key()) if self.round else None

    @property
    def veiled(self) -> bool:
        """Whether the page hides: also while there is no question yet, because a run is under way."""
        return self.on and (self.round is None or self.guess is None)

    @property
    def left(self) -> list[int]:
        """The questions of this state that nobody has answered."""
        every = self.round.asked if self.round else []
        return [at for at in range(len(every)) if self.round and self.round.key(at) not in self.guesses]

    def take(self, guess: Guess) -> None:
        """The first guess at a question counts, and no other."""
        if not self.round or self.round.key() in self.guesses:
            return
        self.guesses = dict([*self.guesses.items()][-MOST_KEPT:]) | {self.round.key(): guess}
        self.asked += guess.counts
        self.right += guess.right
        self.streak = self.streak + 1 if guess.right else 0

    def choose(self, place: int) -> None:
        """A choice as it stands on the page, from 0."""
        shown = self.round.question.shuffled(self.round.link) if self.round else []
        if self.round and 0 <= place < len(shown):
            self.take(Guess(shown[place] == self.round.question.right, choice=shown[place]))

    def click(self, cells: frozenset[Cell]) -> None:
        """Cells that were clicked on the stage."""
        clicks = self.round.question.clicks if self.round else None
        if clicks:
            self.take(Guess(cells == clicks.cells, cells=cells))

    def go_on(self) -> None:
        """To the next question of this state."""
        if self.round and self.left:
            later = [at for at in self.left if at > self.round.at]
            self.at[self.round.link] = (later or self.left)[0]

    @property
    def score(self) -> str:
        """`3 of 4 right · 2 in a row`."""
        row = f" · {self.streak} in a row" if self.streak > 1 else ""
        return f"{self.right} of {self.asked} right{row}" if self.asked else ""
