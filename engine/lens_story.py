"""The answer of the gradient lens as a Trace: linked tensors, and the facts its page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lens import AT, OF, WHOLE
from engine.lens_inputs import Input, arrays_in
from engine.links import IndexMap
from engine.technique import Story, Technique
from engine.trace import Step, Tensor, Trace, to_plain

if TYPE_CHECKING:
    from engine.lens_worker import Found, Run

MOST_LISTED = 24  # cells written out as numbers beside finite differences
AGREE = 1e-3  # of the largest slope: float32's gradient and float64's differences are closer than this


def offered(story: Story, results: Mapping[str, Any]) -> list[str]:
    """The results the lens can be asked about: floating numbers that the picture has as they are."""
    return [
        name
        for name, tensor in story.tensors.items()
        if name in results and tensor.values.dtype.kind == "f" and np.shape(results[name]) == tensor.shape
    ]


def default_of(found: Technique, story: Story, choices: Sequence[str]) -> str:
    """What is asked about at first: as the technique says, else what its last step writes."""
    declared = str(getattr(found.module, "LENS", ""))
    last = [step.writes for step in story.steps if not step.aside and step.writes in choices]
    return declared if declared in choices else (last or list(choices) or [""])[-1]


def spelled(of: str, index: tuple[int, ...] | None, at: str) -> str:
    """The number that is asked about, as people would write it."""
    if index is None:
        return f"{WHOLE[at]} of {of}"
    return f"{of}[{', '.join(map(str, index))}]" if index else of


def tell(
    parameters: Mapping[str, Any], run: Run, answers: Sequence[Found], place: tuple[str, str], seconds: float
) -> Trace:
    """The Trace of one answer."""
    number = spelled(run.of, run.index, run.asked.at)
    steps = _leading_to(run.of, run.story)
    names = {run.of, *(name for step in steps for name in (*step.reads, step.writes))}
    tensors = {name: run.story.tensors[name] for name in run.story.tensors if name in names}
    for answer in answers:
        one = answer.input
        tensors.setdefault(one.name, Tensor(one.values, _axes(run.story, one)))
        if answer.gradient is None:
            continue
        axes = tensors[one.name].axes
        if len(axes) != answer.gradient.ndim:  # the picture shows a piece of it under this name
            continue
        tensors[gradient_name(one)] = Tensor(answer.gradient, axes, f"slope of {number} in each cell")
        steps.append(_step(one, gradient_name(one), "gradient"))
        if answer.differences is not None and len(answer.differences.places) == one.values.size:
            slopes = answer.differences.slopes.reshape(one.values.shape)
            tensors[differences_name(one)] = Tensor(slopes, axes, f"slope of {number} by moving each cell")
            steps.append(_step(one, differences_name(one), "finite differences"))
    device, framework = place
    return Trace(
        run.technique,
        parameters,
        tensors,
        tuple(steps),
        _facts(run, answers, number),
        (),
        device,
        framework,
        seconds,
    )


def gradient_name(one: Input) -> str:
    return f"gradient of {one.name}"


def differences_name(one: Input) -> str:
    return f"differences of {one.name}"


def _axes(story: Story, one: Input) -> tuple[str, ...]:
    known = story.tensors.get(one.name)
    if known is not None and known.shape == one.values.shape:
        return known.axes
    return tuple(f"axis {axis}" for axis in range(one.values.ndim))


def _leading_to(of: str, story: Story) -> list[Step]:
    """The steps with index maps that lead to a result, in order."""
    needed, kept = {of}, []
    for step in reversed(story.steps):
        known = all(name in story.tensors for name in (*step.reads, step.writes))
        if step.map and known and step.writes in needed:
            kept.append(step)
            needed |= set(step.reads)
    return kept[::-1]


def _step(one: Input, writes: str, operation: str) -> Step:
    """Each cell of a gradient belongs to the same cell of its input."""
    loops = {f"i{axis}": size for axis, size in enumerate(one.values.shape)}
    cell = tuple(loops)
    each = IndexMap(dict(loops), {writes: cell, one.name: cell}, "each", exact=False)
    return Step(operation, (one.name,), writes, map=each, aside=True)


def _facts(run: Run, answers: Sequence[Found], number: str) -> dict[str, Any]:
    choices = {
        name: {"shape": list(run.story.tensors[name].shape), "axes": list(run.story.tensors[name].axes)}
        for name in run.choices
    }
    facts = {
        OF: run.of,
        AT: run.asked.at if run.index is None else ",".join(map(str, run.index)),
        "number": number,
        "value": float(run.target),
        "choices": choices,
        "inputs": [_row(answer) for answer in answers],
        "settings": sorted(run.arguments.keys() - {place[0] for place, _ in arrays_in(run.arguments)}),
    }
    plain: dict[str, Any] = to_plain(facts)
    return plain


def _row(answer: Found) -> dict[str, Any]:
    one, gradient, found = answer.input, answer.gradient, answer.differences
    row: dict[str, Any] = {
        "name": one.name,
        "shape": list(one.values.shape),
        "dtype": str(one.values.dtype),
        "status": answer.status,
        "why": answer.why,
    }
    if gradient is not None:
        row["largest"] = float(np.max(np.abs(gradient), initial=0))
        row["gradient"] = gradient_name(one)
    if found is not None and len(found.places):
        row |= _compared(answer, prod(one.values.shape))
    return row


def _compared(answer: Found, size: int) -> dict[str, Any]:
    """Gradient beside differences: the largest difference, whether they agree, and the cells."""
    found, gradient = answer.differences, answer.gradient
    assert found is not None
    slopes = found.slopes
    here = np.zeros(len(slopes)) if gradient is None else gradient.ravel()[found.places].astype("float64")
    both = np.isfinite(slopes) & np.isfinite(here)
    apart = np.abs(slopes - here)[both]
    scale = max(float(np.max(np.abs(slopes[both]), initial=0)), float(np.max(np.abs(here[both]), initial=0)))
    largest = float(np.max(apart, initial=0))
    shown = np.sort(np.argsort(-np.abs(slopes), kind="stable")[:MOST_LISTED])
    cells = [np.unravel_index(int(found.places[at]), answer.input.values.shape) for at in shown]
    agrees = bool(both.all()) and largest <= max(AGREE * scale, 1e-6)
    return {
        "moved": len(slopes),
        "cells": size,
        "in": found.dtype,
        "difference": largest,
        "relative": largest / scale if scale else 0.0,
        "agrees": agrees,
        "apart": "" if agrees else answer.apart,
        "listed": [
            [[int(part) for part in cell], float(here[at]), float(slopes[at])]
            for cell, at in zip(cells, shown, strict=True)
        ],
    }
