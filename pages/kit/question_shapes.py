"""What shape does a step write? The wrong choices are shapes that come out of a mistake in the arithmetic."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from engine import Step, Trace
from pages.kit.question import Choice, Question, asked, before, bracketed

MOST_ASKED = 2


@dataclass(frozen=True)
class Window:
    """One axis along which a window moves: `size` cells and `padding` zeros in, `out` windows.

    `taps` cells a window, `dilation` apart; it moves by `stride`. With `spread` it is the other way round:
    a transposed convolution, where each of `size` cells writes a window of which `cropped` cells are cut off.
    """

    axis: int
    size: int
    taps: int
    stride: int
    dilation: int
    padding: int
    out: int
    spread: bool = False
    cropped: int = 0

    @property
    def span(self) -> int:
        return self.dilation * (self.taps - 1) + 1

    @property
    def left(self) -> int:
        """Cells from the first window's end to the last cell: what the stride divides."""
        return self.size + self.padding - self.span

    @property
    def formula(self) -> str:
        """`⌊(10 + 2 − 3)/2⌋ + 1 = 5`."""
        padded = f"{self.size} + {self.padding}" if self.padding else f"{self.size}"
        return f"⌊({padded} − {self.span})/{self.stride}⌋ + 1 = {self.out}"


Mistake = Callable[[Window], tuple[int, str]]


def _ceiling(w: Window) -> tuple[int, str]:
    said = f"the last window does not fit, so it is dropped: {w.formula}"
    return -(-w.left // w.stride) + 1, f"You took the ceiling: {said}."


def _no_dilation(w: Window) -> tuple[int, str]:
    undilated = w.size + w.padding - w.taps
    said = f"{w.taps} taps, {w.dilation} apart, span ({w.taps} − 1)·{w.dilation} + 1 = {w.span} cells, not {w.taps}"
    return undilated // w.stride + 1, f"You ignored the dilation: {said}. {w.formula}."


def _no_padding(w: Window) -> tuple[int, str]:
    zeros = f"{w.padding} zero is" if w.padding == 1 else f"{w.padding} zeros are"
    return (w.size - w.span) // w.stride + 1, f"You ignored the padding: {zeros} added. {w.formula}."


def _no_stride(w: Window) -> tuple[int, str]:
    if w.spread:
        said = f"{w.size} cells, {w.stride} apart, write ({w.size} − 1)·{w.stride} + {w.span} cells"
        cut = f", of which {w.cropped} are cut off" if w.cropped else ""
        return w.size + w.span - 1 - w.cropped, f"You forgot the stride: {said}{cut}."
    return w.left + 1, f"You forgot the stride: the window moves by {w.stride}. {w.formula}."


def _no_last(w: Window) -> tuple[int, str]:
    return w.left // w.stride, f"You forgot the first window, which counts too: {w.formula}."


def _whole(w: Window) -> tuple[int, str]:
    said = f"without padding a window of {w.span} has no room at the end: {w.formula}"
    return -(-w.size // w.stride), f"You divided the whole length, ⌈{w.size}/{w.stride}⌉: {said}."


def _not_up(w: Window) -> tuple[int, str]:
    said = f"with SAME padding the begun window counts: ⌈{w.size}/{w.stride}⌉ = {w.out}"
    return w.size // w.stride, f"You rounded {w.size}/{w.stride} down; {said}."


def _not_cropped(w: Window) -> tuple[int, str]:
    full = (w.size - 1) * w.stride + w.span
    return full, f"You kept the whole {full}: the padding of a transposed convolution cuts {w.cropped} off."


def _like_forward(w: Window) -> tuple[int, str]:
    return max(0, w.size - w.span) // w.stride + 1, (
        f"You computed a convolution: a transposed one goes the other way, from {w.size} up to {w.out}."
    )


def mistakes(w: Window) -> Iterator[Mistake]:
    """Those that can be made with this window, the commonest first."""
    if w.spread:
        yield from (_no_stride, _not_cropped, _like_forward)
        return
    yield _ceiling
    if w.dilation > 1 and w.taps > 1:
        yield _no_dilation
    if w.padding:
        yield _no_padding
    if w.stride > 1:
        yield _no_stride
    if not w.padding:
        yield _whole
    elif -(-w.size // w.stride) == w.out:  # SAME
        yield _not_up
    yield _no_last


def windows(trace: Trace, step: Step) -> list[Window]:
    """The axes of what a step writes along which a window moves, from its index map."""
    if not step.map or step.writes not in step.map.terms or step.writes not in trace.tensors:
        return []
    out = trace.tensors[step.writes]
    found = []
    for axis in range(len(out.shape)):
        for read in step.reads:
            if (
                read in step.map.terms
                and read in trace.tensors
                and (window := _window(trace, step, read, axis))
            ):
                found.append(window)
                break
    return found


def _window(trace: Trace, step: Step, read: str, axis: int) -> Window | None:
    """A window of `read` that moves along an axis of the written tensor, if there is one."""
    assert step.map
    out = trace.tensors[step.writes].shape[axis]
    (mine, start) = step.map.terms[step.writes][axis]
    shape = trace.tensors[read].shape
    for place, (theirs, shift) in enumerate(step.map.terms[read]):
        moves, taps = dict(mine), dict(theirs)
        shared, spread = set(moves) & set(taps), len(moves) == 2 and len(taps) == 1
        if len(shared) != 1 or len(moves if spread else taps) != 2 or (not spread and len(moves) != 1):
            continue
        (along,) = shared
        (tap,) = (set(moves) | set(taps)) - shared
        count = len(step.map.values(tap))
        if spread:
            stride, dilation = moves[along], moves[tap]
            full = (shape[place] - 1) * stride + dilation * (count - 1) + 1
            window = Window(axis, shape[place], count, stride, dilation, 0, out, True, full - out)
            return window if stride > 0 and full >= out and taps[along] == 1 else None
        stride, dilation = taps[along], taps[tap]
        padding = sum(step.map.overhang(read, shape)[place])
        window = Window(axis, shape[place], count, stride, dilation, padding, out)
        if moves[along] == 1 and stride > 0 and dilation > 0 and not start and shift <= 0 and _fits(window):
            return window
    return None


def _fits(w: Window) -> bool:
    """Whether the usual formula gives what the step wrote; a stack's map or a bin's is another one."""
    moves = w.taps > 1 or w.stride > 1
    return moves and w.left >= 0 and w.left // w.stride + 1 == w.out


def shapes(trace: Trace, dice: random.Random) -> list[Question]:
    """One or two steps' shapes: windows first, their mistakes are the ones worth making."""
    steps = [step for step in trace.steps if step.writes in trace.tensors and not step.aside and step.reads]
    steps = steps or [step for step in trace.steps if step.writes in trace.tensors and step.reads]
    found = [(bool(windows(trace, step)), question) for step in steps if (question := shape(trace, step))]
    dice.shuffle(found)
    found.sort(key=lambda one: not one[0])
    unlike = {question.right.text: question for _, question in reversed(found)}  # no shape is asked twice
    return list(reversed(unlike.values()))[:MOST_ASKED]


def shape(trace: Trace, step: Step) -> Question | None:
    """What shape a step writes."""
    tensor = trace.tensors[step.writes]
    if not tensor.shape:
        return None
    wrong = [*_of_windows(trace, step), *_of_axes(trace, step)]
    read = ", ".join(
        f"{name} {bracketed(trace.tensors[name].shape)}" for name in step.reads if name in trace.tensors
    )
    settings = f" ({step.settings})" if step.settings and not _telling(step.settings) else ""
    why = "; ".join(step.formula) or f"its axes are {', '.join(tensor.axes)}"
    question = asked(
        f"shape.{step.writes}",
        f"{step.operation}{settings} reads {read}. What is the shape of {step.writes}?",
        Choice(bracketed(tensor.shape)),
        wrong,
        f"{step.writes} is {bracketed(tensor.shape)}: {why}.",
    )
    return replace(question, seen=before(trace, step), shapes=True) if question else None


def _telling(text: str) -> bool:
    """Whether a step's settings hold a shape or a result."""
    return any(sign in text for sign in "[→=")


def _of_windows(trace: Trace, step: Step) -> Iterator[Choice]:
    """Each mistake, made on every axis where it can be made."""
    every = windows(trace, step)
    shape = trace.tensors[step.writes].shape
    for mistake in dict.fromkeys(one for window in every for one in mistakes(window)):
        wrong, reasons = list(shape), []
        for window in every:
            size, reason = mistake(window)
            if mistake in mistakes(window) and size != window.out and size > 0:
                wrong[window.axis] = size
                reasons.append(reason)
        if reasons:
            yield Choice(bracketed(wrong), reasons[0])


def _of_axes(trace: Trace, step: Step) -> Iterator[Choice]:
    """Axes swapped, dropped, kept or made up."""
    tensor = trace.tensors[step.writes]
    shape, axes = list(tensor.shape), tensor.axes
    names = ", ".join(axes)
    if axes[0] in ("batch", "sample") and len(shape) > 1:
        said = "even one alone has it" if shape[0] == 1 else f"{shape[0]} stand along it"
        yield Choice(bracketed(shape[1:]), f"You dropped the {axes[0]} axis: {said}, and it comes first.")
    for name in step.reads:
        if name in trace.tensors and trace.tensors[name].shape:
            given = trace.tensors[name]
            said = f"You took the shape of {name}: {step.operation} changes it, {step.writes} has {names}."
            if given.shape != tensor.shape and len(given.shape) == len(shape):
                yield Choice(bracketed(given.shape), said)
            gone = [axis for axis in given.axes if axis not in axes]
            if len(given.axes) - len(gone) == len(axes) and len(gone) == 1:
                kept = [dict(zip(axes, shape, strict=True)).get(axis, 1) for axis in given.axes]
                yield Choice(
                    bracketed(kept), f"You kept {gone[0]} with size 1: {step.operation} takes it away."
                )
    for first, second in reversed([(a, b) for b in range(len(shape)) for a in range(b)]):
        if shape[first] != shape[second]:
            turned = [
                shape[second if at == first else first if at == second else at] for at in range(len(shape))
            ]
            said = f"You swapped {axes[first]} and {axes[second]}: the order is {names}."
            yield Choice(bracketed(turned), said)
            break
    cells = trace.tensors[step.writes].values.size
    if len(shape) > 1:
        yield Choice(
            bracketed([cells]),
            f"You counted the cells, {cells:,}: they stand along {len(shape)} axes, {names}.",
        )
        yield Choice(bracketed(shape[:-1]), f"You left {axes[-1]} out: every cell has a place along it.")
    yield Choice(
        bracketed([*shape, 1]), f"You added an axis of size 1 at the end: nothing adds one; {names} are all."
    )
    yield Choice(bracketed([1, *shape]), f"You added an axis of size 1 in front: {names} are all there are.")
