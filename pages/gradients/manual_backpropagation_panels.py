"""Which tensors of a network the stage shows, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine import Trace
from pages.kit.declare import Grid, Panel

FEW = 2  # layers of which every tensor is shown at once


def panels(trace: Trace) -> Sequence[Panel]:
    """Forwards, then backwards by hand, then GradientTape's: of the whole network, or of one layer."""
    shown, layers = trace.facts["shown"], len(trace.facts["shapes"])
    of = f" through layer {shown[0]}" if len(shown) < layers else ""
    lines = (
        (f"Forwards{of}", _forward(trace, shown)),
        (f"Backwards{of}, by hand, from the loss to the input", _backward(trace, shown)),
        ("GradientTape's, and the difference where there is one", _tape(trace, shown)),
    )
    return [panel for words, grids in lines for panel in _line(words, list(grids))]


def _line(words: str, grids: list[Grid]) -> list[Grid]:
    return [replace(grids[0], line=words), *grids[1:]]


def _forward(trace: Trace, shown: Sequence[int]) -> Iterator[Grid]:
    few, last = len(shown) <= FEW, len(trace.facts["shapes"])
    yield _given(trace, shown[0])
    for number in shown:
        yield Grid(f"w{number}", f"W{number}", types=f"w{number}")
        if trace.parameters["bias"]:
            yield Grid(f"b{number}", f"bias {number}")
        if few and f"z{number}" in trace.tensors:
            yield Grid(f"z{number}", f"sum z{number}")
        kind = trace.parameters["layers"][number - 1][1]
        yield Grid(f"a{number}", "output" if number == last else "" if kind == "linear" else kind)
    if last in shown:
        if "p" in trace.tensors:
            yield Grid("p", "softmax", "sequential")
        yield Grid("y", "wanted", types="" if "p" in trace.tensors else "y")


def _given(trace: Trace, number: int) -> Grid:
    """What the first shown layer is given."""
    if number == 1:
        return Grid("x", "input", types="x")
    return Grid(f"a{number - 1}", f"from layer {number - 1}")


def _backward(trace: Trace, shown: Sequence[int]) -> Iterator[Grid]:
    few = len(shown) <= FEW
    for number in reversed(shown):
        curved = f"dz{number}" in trace.tensors
        if few or not curved or _is_first(trace, f"da{number}"):
            yield _gradient(trace, f"da{number}")
        if few and curved:
            yield Grid(f"slope{number}", f"slope at z{number}")
        if curved:
            yield _gradient(trace, f"dz{number}")
        yield _gradient(trace, f"dw{number}")
        if trace.parameters["bias"]:
            yield _gradient(trace, f"db{number}")
    if shown[0] > 1:
        yield _gradient(trace, f"da{shown[0] - 1}")


def _is_first(trace: Trace, name: str) -> bool:
    return bool(trace.facts["first_difference"] == name)


def _gradient(trace: Trace, name: str) -> Grid:
    verdict = ", first wrong" if _is_first(trace, name) else ", wrong" if name in trace.facts["wrong"] else ""
    return Grid(name, f"{spelled(name)}{verdict}")


def spelled(name: str) -> str:
    """`dw2` as dL/dW2."""
    return f"dL/d{name[1:].replace('w', 'W')}"


def _tape(trace: Trace, shown: Sequence[int]) -> Iterator[Grid]:
    first = trace.facts["first_difference"]
    if first and first not in {f"dw{number}" for number in shown}:
        yield from (Grid(f"tape_{first}", f"tape's {spelled(first)}"), _gap(first))
    for number in reversed(shown):
        name = f"dw{number}"
        yield Grid(f"tape_{name}", f"tape's {spelled(name)}")
        if name in trace.facts["wrong"] or len(shown) == 1:
            yield _gap(name)


def _gap(name: str) -> Grid:
    return Grid(f"gap_{name}", "by hand − tape")


def gradients(trace: Trace) -> Sequence[Panel]:
    """The tape's gradients of the shown layers beside finite differences."""
    found = [Grid("dx", "dL/dx")] if 1 in trace.facts["shown"] else []
    for number in trace.facts["shown"]:
        found.append(Grid(f"tape_dw{number}", f"dL/dW{number}, tape"))
        if f"nudged_dw{number}" in trace.tensors:
            found.append(Grid(f"nudged_dw{number}", "finite differences"))
    return found
