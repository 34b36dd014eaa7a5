"""What is in a cell, and which sign has a gradient? The wrong choices are the slips of this very arithmetic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from math import isclose, isfinite, prod
from typing import Any

import numpy as np

from engine import Step, Trace
from pages.kit.declare import Grid, Panel
from pages.kit.question import Cell, Choice, Question, asked, before

MOST_TERMS = 12  # of a sum that somebody would work out
MOST_SHOWN = 6  # terms written out in the reason
MOST_LOOKED = 4096  # combinations of loops looked at for one cell
NOISE = 1e-6  # what is nearer to 0 is a rounding error, and nobody can predict it
MOST_TRIED = 12  # cells looked at for one that can be asked about


def short(value: Any) -> str:
    """A number as the stage writes it."""
    if not isfinite(value):
        return "NaN" if value != value else "∞" if value > 0 else "−∞"
    return f"{float(value):.4g}".replace("e-0", "e-").replace("-", "−") if value else "0"


def values(trace: Trace, panels: Sequence[Panel], dice: random.Random) -> list[Question]:
    """One question, of a tensor on the stage, its arithmetic as short as it can be."""
    drawn = {name for one in panels for name in ((one.tensor,) if isinstance(one, Grid) else one.tensors)}
    steps = [step for step in trace.steps if step.writes in drawn and step.writes in trace.tensors]
    steps = [step for step in steps if trace[step.writes].size > 1 and step.map]
    dice.shuffle(steps)
    steps.sort(
        key=lambda step: (step.aside, _terms(step) > MOST_TERMS, step.map and step.map.combine == "each")
    )
    for step in steps:
        for cell in _some(trace[step.writes], dice):
            if question := value(trace, step, cell):
                return [question]
    return []


def _terms(step: Step) -> int:
    """How many terms one written cell has."""
    assert step.map
    written = {loop for terms, _ in step.map.terms.get(step.writes, ()) for loop, _ in terms}
    return prod(len(step.map.values(loop)) for loop in step.map.loops if loop not in written)


def _some(array: np.ndarray[Any, Any], dice: random.Random) -> Iterator[Cell]:
    """A few cells, those that are not 0 first."""
    places = [dice.randrange(array.size) for _ in range(MOST_TRIED)]
    places.sort(key=lambda place: not array.flat[place])
    for place in places:
        yield tuple(int(at) for at in np.unravel_index(place, array.shape))


def value(trace: Trace, step: Step, cell: Cell) -> Question | None:
    """What is in one cell of what a step writes."""
    right = trace[step.writes][cell]
    if right.dtype.kind not in "fiu" or not isfinite(right) or 0 < abs(right) < NOISE:
        return None
    terms = list(_terms_of(trace, step, cell))
    how = _how(step, float(right), terms)
    wrong = [*_slips(step, float(right), terms, how), *_neighbours(trace, step, cell)]
    named = f"{step.writes}{list(cell)}"
    question = asked(
        f"value.{step.writes}",
        f"What is in {named}, which {step.operation} makes of {', '.join(step.reads)}?",
        Choice(short(right)),
        [choice for choice in wrong if choice.text != "NaN"],
        f"{named} = {_written(terms, how)}{short(right)}.",
    )
    return replace(question, seen=before(trace, step)) if question else None


def _terms_of(trace: Trace, step: Step, cell: Cell) -> Iterator[tuple[float, ...]]:
    """The terms of a cell: the values that meet in each, 0 for padding. None where there are too many."""
    assert step.map
    free, at = [], {}
    for (moves, start), place in zip(step.map.terms.get(step.writes, ()), cell, strict=False):
        if len(moves) != 1 or moves[0][1] != 1:
            free += [loop for loop, _ in moves]
        else:
            at[moves[0][0]] = place - start
    free += [loop for loop in step.map.loops if loop not in at and loop not in free]
    names = [read for read in step.reads if read in step.map.terms and read in trace.tensors]
    if prod(len(step.map.values(loop)) for loop in free) > MOST_LOOKED or not names:
        return
    for chosen in product(*(step.map.values(loop) for loop in free)):
        loops = {**at, **dict(zip(free, chosen, strict=True))}
        if _place(step, step.writes, loops) == cell:
            yield tuple(_at(trace[name], _place(step, name, loops)) for name in names)


def _place(step: Step, name: str, loops: dict[str, int]) -> Cell:
    assert step.map
    return tuple(start + sum(f * loops[loop] for loop, f in moves) for moves, start in step.map.terms[name])


def _at(array: np.ndarray[Any, Any], cell: Cell) -> float:
    inside = all(0 <= at < size for at, size in zip(cell, array.shape, strict=True))
    return float(array[cell]) if inside else 0.0


def _how(step: Step, right: float, terms: Sequence[tuple[float, ...]]) -> str:
    """How the terms make the cell, where that is what it really is; "" where it is something else."""
    assert step.map
    if not terms:
        return ""
    products = [prod(term) for term in terms]
    ways = {"sum": sum(products), "mean": sum(products) / len(terms), "max": max(products)}
    if len(terms[0]) == 3:
        ways["bias"] = sum(term[0] * term[1] for term in terms) + terms[0][2]
    kinds = ("bias", "sum") if step.map.combine == "sum" else (step.map.combine,)
    return next((kind for kind in kinds if kind in ways and isclose(ways[kind], right, rel_tol=1e-3)), "")


def _written(terms: Sequence[tuple[float, ...]], how: str) -> str:
    """The terms, where they are few."""
    if not how or len(terms) > MOST_SHOWN:
        return ""
    written = ["·".join(map(short, term[:2] if how == "bias" else term)) for term in terms]
    added, listed = " + ".join(written), ", ".join(written)
    ways = {"sum": added, "mean": f"({added})/{len(terms)}", "max": f"max({listed})"}
    return f"{ways[how] if how in ways else f'{added} + {short(terms[0][2])}'} = "


def _slips(step: Step, right: float, terms: Sequence[tuple[float, ...]], how: str) -> Iterator[Choice]:
    """Mistakes in the arithmetic of the cell."""
    assert step.map
    count = len(terms)
    if step.map.combine == "share" and count > 1:
        yield Choice(short(1 / count), f"You shared evenly, 1/{count}: a larger value gets a larger share.")
    if how == "mean" and count > 1:
        yield Choice(short(right * count), f"You forgot to divide by {count}: it is a mean, not a sum.")
    if how == "max" and count > 1:
        mean = sum(prod(term) for term in terms) / count
        yield Choice(short(mean), f"You took the mean of the {count} cells: it is their largest.")
    if how == "bias":
        bias = terms[0][2]
        yield Choice(
            short(right - bias), f"You forgot {step.reads[2]}, here {short(bias)}: it is added last."
        )
    if how == "sum" and count > 1:
        last = prod(terms[-1])
        yield Choice(short(right - last), f"You left the last of the {count} terms out, {short(last)}.")
        yield Choice(
            short(right / count), f"You took the mean: the {count} terms are added up, not averaged."
        )
    if right:
        turned = "that is the right size with the wrong sign"
        yield Choice(short(-right), f"You turned the sign: {turned}; it is {short(right)}.")


def _neighbours(trace: Trace, step: Step, cell: Cell) -> Iterator[Choice]:
    """The cells beside it, by axis; then what a mask or an activation might have left of it."""
    array, axes = trace[step.writes], trace.tensors[step.writes].axes
    for axis in reversed(range(array.ndim)):
        for shift in (1, -1):
            beside = (*cell[:axis], cell[axis] + shift, *cell[axis + 1 :])
            if 0 <= beside[axis] < array.shape[axis]:
                way = "one further" if shift > 0 else "one back"
                said = f"You looked at {step.writes}{list(beside)}, {way} along {axes[axis]}."
                yield Choice(short(array[beside]), said)
                break
    right = float(array[cell])
    if right:
        yield Choice("0", "Nothing sets this cell to 0: no mask and no activation takes it away.")
        yield Choice(short(2 * right), "You counted it twice.")
    else:
        yield Choice("1", f"It is 0: {step.operation} leaves nothing here.")
        yield Choice("−1", f"It is 0: {step.operation} leaves nothing here.")


SIGNS = ("negative", "zero", "positive", "None")


def gradients(trace: Trace, dice: random.Random) -> list[Question]:
    """The sign of one gradient, where the Trace has gradients: the same three, and None for no way at all."""
    names = [name for name, one in trace.tensors.items() if _is_gradient(name, one.about) and one.values.size]
    dice.shuffle(names)
    for name in names:
        for cell in islice(_some(trace[name], dice), 3):
            if isfinite(trace[name][cell]):
                return [_sign(trace, name, cell)]
    return []


def _is_gradient(name: str, about: str) -> bool:
    return "gradient" in name.replace("_", " ").split() and about.startswith("d ")


def _sign(trace: Trace, name: str, cell: Cell) -> Question:
    slope = float(trace[name][cell])
    right = SIGNS[int(np.sign(slope)) + 1]
    reasons = {
        "negative": "You took it to fall: where this cell grows, the result does not get smaller.",
        "zero": "You took it to have no effect: a small change of this cell does change the result.",
        "positive": "You took it to rise: where this cell grows, the result does not get larger.",
        "None": "None is no number: it means that no way leads from the result back to this input. There is one.",
    }
    wrong = tuple(Choice(sign, reasons[sign]) for sign in SIGNS if sign != right)
    about = trace.tensors[name].about.removesuffix(".")
    text = f"{name}{list(cell)} ({about}): negative, zero, positive, or None?"
    maker = next((step for step in trace.steps if step.writes == name), None)
    shown = {one for step in trace.steps if not step.aside for one in (*step.reads, step.writes)} - {name}
    seen = before(trace, maker) if maker else frozenset(shown)
    why = f"{name}{list(cell)} is {short(slope)}."
    return Question(f"sign.{name}", text, (Choice(right), *wrong), why, seen)
