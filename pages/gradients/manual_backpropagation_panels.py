"""Which tensors of a network the stage shows, forwards and backwards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine import Trace
from engine.gradients.manual_backpropagation_layers import MOST_TYPED
from pages.kit.declare import Grid, Panel

FORWARDS = "forwards"
FEW = 2  # layers of which every tensor is shown at once


def panels(trace: Trace) -> Sequence[Panel]:
    """Forwards, then backwards by hand beside GradientTape's: layer by layer, or all of a deep network."""
    shown = trace.facts["shown"]
    if len(shown) > FEW:
        deep = "Backwards, by hand, from the loss: only dL/dz and dL/dW; choose a layer to see all of it"
        return [*_line("Forwards", _deep_forward(trace)), *_line(deep, _deep_backward(trace))]
    forward = [_line(_heading(trace, number, FORWARDS), _forward(trace, number)) for number in shown]
    backward = [
        _line(_heading(trace, number, "backwards, by hand"), _backward(trace, number))
        for number in reversed(shown)
    ]
    return [panel for line in (*forward, *backward) for panel in line]


def _line(words: str, grids: Iterator[Grid]) -> list[Grid]:
    first, *rest = grids
    return [replace(first, line=words), *rest]


def _heading(trace: Trace, number: int, way: str) -> str:
    """The layer's formulas, as its steps were really done."""
    names = [
        f"{kind}{number}" for kind in (("aw", "z", "a") if way == FORWARDS else ("da", "dz", "dw", "db"))
    ]
    if way == FORWARDS and number == len(trace.facts["shapes"]):
        names += ["p", "loss"]
    if way != FORWARDS and number == trace.facts["shown"][0]:
        names.append(f"da{number - 1}")
    told = (_formula(trace, name) for name in names if name in trace.tensors)
    return f"Layer {number} {way}: {',  '.join(told)}"


def _formula(trace: Trace, name: str) -> str:
    """`dL/dw2 = a1ᵀ · dL/da2`, from the step that wrote the tensor."""
    step = next(step for step in trace.steps if step.writes == name)
    joined = {"matmul": " · ", "add bias": " + ", "× slope": " · "}.get(step.operation)
    how = step.operation
    if joined:
        how = joined.join(step.reads)
    elif how == "sum over samples":
        how = f"Σ {step.reads[0]} over samples"
    elif name == "loss" or how == "loss gradient":
        how = step.formula[0]
    elif name.startswith(("a", "p")):
        how = f"{how}({step.reads[0]})"
    how = re.sub(r"d[awz]\d", lambda found: spelled(found[0]), how)
    return f"{spelled(name)} = {how}"


def spelled(name: str) -> str:
    """`dw2` as dL/dw2; other tensors as they are."""
    is_gradient = re.fullmatch(r"d[abwz]\d", name)
    return f"dL/d{name[1:]}" if is_gradient else name


def _weights(trace: Trace, number: int) -> Iterator[Grid]:
    yield _typed(trace, f"w{number}")
    if trace.parameters["bias"]:
        yield Grid(f"b{number}")


def _typed(trace: Trace, name: str) -> Grid:
    """A tensor whose cells can be typed over, while they are few."""
    return Grid(name, types=name if trace[name].size <= MOST_TYPED else "")


def _given(trace: Trace, number: int) -> Grid:
    """What a layer is given."""
    return _typed(trace, "x") if number == 1 else Grid(f"a{number - 1}")


def _ends(trace: Trace) -> Iterator[Grid]:
    """What the output is compared with."""
    if "p" in trace.tensors:
        yield Grid("p", "softmax", "sequential")
    typed = _typed(trace, "y").types if "p" not in trace.tensors else ""  # one cell alone is no distribution
    yield Grid("y", "y, wanted", types=typed)


def _forward(trace: Trace, number: int) -> Iterator[Grid]:
    shown, last = trace.facts["shown"], len(trace.facts["shapes"])
    if number == shown[0]:
        yield _given(trace, number)
    yield from _weights(trace, number)
    if f"z{number}" in trace.tensors:
        yield Grid(f"z{number}")
    yield Grid(f"a{number}", f"a{number}, output" if number == last else "")
    if number == last:
        yield from _ends(trace)


def _backward(trace: Trace, number: int) -> Iterator[Grid]:
    yield from _gradient(trace, f"da{number}")
    if f"dz{number}" in trace.tensors:
        yield Grid(f"slope{number}", f"slope at z{number}")
        yield from _gradient(trace, f"dz{number}")
    yield from _gradient(trace, f"dw{number}", beside=True)
    if trace.parameters["bias"]:
        yield from _gradient(trace, f"db{number}")
    if number == trace.facts["shown"][0] and number > 1:
        yield from _gradient(trace, f"da{number - 1}")


def _deep_forward(trace: Trace) -> Iterator[Grid]:
    shown = trace.facts["shown"]
    yield _given(trace, shown[0])
    for number in shown:
        yield from _weights(trace, number)
        kind = trace.parameters["layers"][number - 1][1]
        yield Grid(f"a{number}", "" if kind == "linear" else kind)
    yield from _ends(trace)


def _deep_backward(trace: Trace) -> Iterator[Grid]:
    for number in reversed(trace.facts["shown"]):
        curved = f"dz{number}" in trace.tensors
        if not curved or trace.facts["first_difference"] == f"da{number}":
            yield from _gradient(trace, f"da{number}")
        if curved:
            yield from _gradient(trace, f"dz{number}")
        yield from _gradient(trace, f"dw{number}")
        if trace.parameters["bias"]:
            yield from _gradient(trace, f"db{number}")


def _gradient(trace: Trace, name: str, beside: bool = False) -> Iterator[Grid]:
    """A gradient by hand; the tape's `beside` it, and their difference where it is wrong."""
    first, wrong = trace.facts["first_difference"] == name, name in trace.facts["wrong"]
    verdict = ": first wrong" if first else ": wrong" if wrong else ""
    yield Grid(name, f"{spelled(name)}{verdict}")
    if beside:
        yield Grid(f"tape_{name}", "GradientTape's")
    if first or (beside and len(trace.facts["shown"]) == 1):
        yield Grid(f"gap_{name}", "by hand − tape")


def gradients(trace: Trace) -> Sequence[Panel]:
    """The tape's gradients of the shown layers beside finite differences."""
    found = [Grid("dx", "dL/dx")] if 1 in trace.facts["shown"] else []
    for number in trace.facts["shown"]:
        found.append(Grid(f"tape_dw{number}", f"dL/dw{number}, tape"))
        if f"nudged_dw{number}" in trace.tensors:
            found.append(Grid(f"nudged_dw{number}", "finite differences"))
    return found
