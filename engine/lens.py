"""The gradient lens: which output is asked about, and what asking costs. No TensorFlow here.

`engine.lens(technique, lens=…, lens_at=…, **parameters)` answers a Trace: the gradient of one number with
respect to every input of the technique, beside central finite differences, and where TensorFlow's
gradient is None, why. The number is one cell of a result, its sum, or its sum of squares.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from engine.errors import Rejected
from engine.parameters import shown
from engine.technique import Cost, Technique

OF, AT = "lens", "lens_at"  # the names a link uses; no technique may have parameters of these names
WHOLE = {"sum": "sum", "squares": "sum of squares"}  # what "at" may say besides an index, in words
MOST_NAME, MOST_INDEX = 60, 80  # characters
RUNS = 6  # whole runs: recorded, backward (twice a run), checked, and moved for two inputs without a path
MOST_CHECKED, FEWEST_CHECKED = 48, 4  # cells of each input that are moved for finite differences
DIFFERENCES = 5e8  # floating point operations that finite differences may take beyond the fewest
TYPICAL_INPUTS = 3
_INDEX = re.compile(r"\d{1,7}(,\d{1,7})*")


@dataclass(frozen=True)
class Asked:
    """What the lens is asked: a result ("" for the technique's own choice), and at what of it.

    `at` is "" for the middle cell, "sum", "squares", or an index such as "0,3,2,1".
    """

    of: str = ""
    at: str = ""

    def text(self, name: str) -> str:
        return self.of if name == OF else self.at


def read_of(value: object) -> str:
    """The name of a result; whether there is such a one is known once the technique has run."""
    text = "" if value is None else str(value).strip()
    if len(text) > MOST_NAME or not all(letter.isprintable() for letter in text):
        raise Rejected(OF, shown(value), "the name of a result", "leave it out", {OF: ""})
    return text


def read_at(value: object) -> str:
    """An index as "0,3,2", "sum", "squares", or "" for the middle cell. `(0, 3, 2)` and 4 are read too."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ",".join(str(part) for part in value[:16])
    text = "" if value is None else re.sub(r"[\s\[\]()]", "", str(value)[:MOST_INDEX]).strip(",")
    text = {"sumofsquares": "squares"}.get(text, text)
    if text and text not in WHOLE and not _INDEX.fullmatch(text):
        raise Rejected(
            AT, shown(value), "an index such as 0,3,2, or sum, or squares", "leave it out", {AT: ""}
        )
    return text


def asked(of: object = "", at: object = "") -> Asked:
    """What is asked, from values or link texts. Raises `Rejected`."""
    return Asked(read_of(of), read_at(at))


def refusal(technique: Technique) -> str:
    """Why a technique has no lens, in its own words; "" where it has one."""
    declared = getattr(technique.module, "NO_LENS", "")
    if not declared and getattr(technique.module, "LANE", "interactive") in ("long", "training"):
        return "Its work takes too long to be run again for every difference."
    return str(declared)


def checked(cost: Cost) -> int:
    """How many cells of each input are moved for finite differences."""
    affordable = DIFFERENCES / (2 * TYPICAL_INPUTS * max(cost.work, 1))
    return int(min(MOST_CHECKED, max(FEWEST_CHECKED, affordable)))


def lens_cost(cost: Cost, forward: float = 1.0) -> Cost:
    """The estimate for all runs and differences; a tape holds what a run makes, and gradients as much.

    `forward` is the share of a run's work between inputs and outputs: differences repeat only that.
    """
    evaluations = RUNS + 2 * TYPICAL_INPUTS * checked(cost) * forward
    return Cost(4 * cost.memory, int(evaluations * cost.work))


def index_of(at: str, shape: Sequence[int]) -> tuple[int, ...] | None:
    """The cell that is asked about: as written, or the middle one. None for all of them.

    Raises `Rejected` where the tensor has no such cell.
    """
    if at in WHOLE:
        return None
    if not prod(shape):
        raise Rejected(AT, "a cell of an empty tensor", "a tensor with cells", "ask for its sum", {AT: "sum"})
    if not at:
        return tuple(size // 2 for size in shape)
    index = tuple(int(part) for part in at.split(","))
    if len(index) == len(shape) and all(place < size for place, size in zip(index, shape, strict=True)):
        return index
    inside = ",".join(f"0–{size - 1}" for size in shape) or "no index: it is one number"
    raise Rejected(AT, at, inside, "choose a cell inside it", {AT: ""})
