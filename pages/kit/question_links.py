"""Which cells does a cell read? Clicked on the stage where they can be, else counted; from the index maps."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from engine import Step, Trace
from pages.kit.declare import Grid, Panel
from pages.kit.question import Cell, Choice, Clicks, Question, asked, before

MOST_CLICKED = 16  # cells that one has to click
WIDEST = 24  # cells along a side of what can be clicked
MOST_CELLS = 20_000  # of a region that is counted


@dataclass(frozen=True)
class Link:
    """A cell, and the cells of one tensor that its step reads for it."""

    step: Step
    cell: Cell
    read: str
    inside: frozenset[Cell]
    padding: int

    @property
    def named(self) -> str:
        return f"{self.step.writes}{list(self.cell)}"


def links(trace: Trace, panels: Sequence[Panel], dice: random.Random) -> list[Question]:
    """One question, rather of cells that can be clicked."""
    steps = [step for step in trace.steps if step.map and step.map.combine != "each" and step.reads]
    dice.shuffle(steps)
    steps.sort(key=lambda step: (step.aside, not _on_stage(trace, panels, step.reads[0])))
    for step in steps:
        link = _link(trace, step, dice)
        if link and (question := _question(trace, panels, link)):
            return [replace(question, seen=before(trace, step))]
    return []


def _question(trace: Trace, panels: Sequence[Panel], link: Link) -> Question | None:
    few = len(link.inside) <= MOST_CLICKED and _on_stage(trace, panels, link.read)
    return _clicked(link) if few else _counted(trace, link)


def _link(trace: Trace, step: Step, dice: random.Random) -> Link | None:
    """A cell of what a step writes, and what it reads of its first tensor; None where each reads just its own."""
    names = [read for read in step.reads if step.map and read in step.map.access and read in trace.tensors]
    if not step.map or step.writes not in step.map.access or step.writes not in trace.tensors or not names:
        return None
    loops = {loop: step.map.values(loop) for loop in step.map.loops}
    if any(not len(values) for values in loops.values()):
        return None
    at = {loop: dice.choice(values) for loop, values in loops.items()}
    cell = tuple(base + sum(f * at[loop] for loop, f in terms) for terms, base in step.map.terms[step.writes])
    region = step.map.linked(step.writes, cell, names[0])
    if not _in(cell, trace.tensors[step.writes].shape) or not 1 < region.size <= MOST_CELLS:
        return None
    cells = region.cells()
    inside = frozenset(one for one in cells if _in(one, trace.tensors[names[0]].shape))
    return Link(step, cell, names[0], inside, len(cells) - len(inside)) if inside else None


def _in(cell: Cell, shape: Sequence[int]) -> bool:
    return all(0 <= at < size for at, size in zip(cell, shape, strict=True))


def _on_stage(trace: Trace, panels: Sequence[Panel], name: str) -> bool:
    """Whether all of a tensor's cells stand on the stage at once, large enough, and a click does nothing else."""
    panel = next((one for one in panels if isinstance(one, Grid) and one.tensor == name), None)
    if panel is None or name not in trace.tensors:
        return False
    tensor = trace.tensors[name]
    wide = [axis for axis, size in enumerate(tensor.shape) if size > 1]
    drawn = [axis for axis, axis_name in enumerate(tensor.axes) if axis_name in ("height", "width")]
    shown = drawn if len(drawn) == 2 else [*range(len(tensor.shape))][-2:]
    if panel.beside or panel.picks or panel.chooses or panel.paints or panel.rows or panel.columns:
        return False
    return set(wide) <= set(shown) and max(tensor.shape, default=0) <= WIDEST


def _clicked(link: Link) -> Question:
    count = len(link.inside)
    return Question(
        "links.clicked",
        f"Which cells of {link.read} does {link.named} read? Click them on the picture, then check.",
        (),
        f"{link.named} reads {_cells(count)} of {link.read}{_and_padding(link)}.",
        clicks=Clicks(link.read, link.inside),
    )


def _cells(count: int) -> str:
    return f"{count:,} cell" if count == 1 else f"{count:,} cells"


def _and_padding(link: Link) -> str:
    if not link.padding:
        return ""
    zeros = (
        "zeros of padding"
        if link.step.map and link.step.map.padding == "zeros"
        else "places outside, left out"
    )
    return f", and {link.padding} {zeros}"


def _counted(trace: Trace, link: Link) -> Question | None:
    """How many cells of a tensor a cell reads."""
    count = len(link.inside)
    return asked(
        "links.counted",
        f"How many cells of {link.read} does {link.named} read? ({link.step.operation})",
        Choice(f"{count:,}"),
        [choice for choice in _miscounted(trace, link) if choice.text != "0"],
        f"{link.named} reads {_cells(count)} of {link.read}{_and_padding(link)}{_along(trace, link)}.",
    )


def _sides(trace: Trace, link: Link) -> list[tuple[str, int]]:
    """The axes along which more than one place is read, and how many."""
    axes = trace.tensors[link.read].axes
    return [(name, len({cell[at] for cell in link.inside})) for at, name in enumerate(axes)]


def _along(trace: Trace, link: Link) -> str:
    sides = [(name, size) for name, size in _sides(trace, link) if size > 1]
    if len(sides) < 2 or prod(size for _, size in sides) != len(link.inside):
        return ""
    return f": {' · '.join(f'{size} ({name})' for name, size in sides)}"


def _miscounted(trace: Trace, link: Link) -> Iterator[Choice]:
    count, tensor = len(link.inside), trace.tensors[link.read]
    if link.padding:
        said = f"You counted {link.padding} cells outside {link.read}: those are padding."
        yield Choice(f"{count + link.padding:,}", said)
    for name, size in reversed(_sides(trace, link)):
        if size > 1 and size != count:
            yield Choice(
                f"{count // size:,}", f"You counted one {name} only: all {size} are read and added up."
            )
    if tensor.values.size != count:
        said = f"You counted all of {link.read}: {link.named} reads only {_cells(count)} of its {tensor.values.size:,}."
        yield Choice(f"{tensor.values.size:,}", said)
    yield Choice("1", f"You took one cell for one cell: {link.step.operation} makes each of {count:,}.")
    yield Choice(
        f"{2 * count:,}", f"You counted the factors too: each of the {count:,} cells meets one weight."
    )
    yield Choice(f"{count + 1:,}", f"One too many: the first and the last both count, {count:,} in all.")
