"""A training technique and its lab for tests: gradient descent on one weight, slowly, with mishaps.

It is no file of engine/, so `register` makes it known: here, in the worker, and in tests/tiny_app.py.
"""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import engine.door
from engine import worker
from engine.parameters import Choice, Integer, Real
from engine.technique import Cost, Story
from engine.trace import Step, Tensor, Trace
from pages.kit.declare import Bars, Control, Curve, Grid, Lab
from pages.kit.labs import Listed, labs

known = importlib.import_module("engine.technique")  # the package has a function of that name
_files = known._files
NAME = "tiny-training"
LANE = "training"
QUICK = {"epochs": 2}
NO_LENS = "It sleeps."
PARAMETERS = (
    Integer("epochs", 10, 1, 2000, "how often"),
    Real("rate", 0.1, 0, 100, "learning rate"),
    Integer("pause", 100, 0, 5000, "milliseconds of an epoch"),
    Choice("fate", "well", ("well", "dies", "dies-once", "eats", "deaf"), "what becomes of it"),
    Integer("seed", 0, 0, 99_999, "start"),
)


def check(**parameters: Any) -> None:
    """Anything goes."""


def cost(epochs: int, **parameters: Any) -> Cost:
    """Small."""
    return Cost(1024, epochs)


def arguments(**parameters: Any) -> dict[str, Any]:
    return parameters


def tiny_training(epochs, rate, pause, fate, seed, report=print):  # type: ignore[no-untyped-def]
    weight, losses, eaten, stopped = 1.0 + seed / 100_000, [], [], ""
    for epoch in range(1, epochs + 1):
        time.sleep(pause / 1000)
        mishap(fate, epoch, seed, eaten)
        weight -= rate * 2 * weight
        losses.append(weight**2)
        if losses[-1] > 1e6:
            losses[-1], stopped = float("nan"), f"the loss was no number any more at epoch {epoch}"
        so_far = {"weight": np.array([weight]), "losses": np.array(losses), "stopped": stopped}
        if fate != "deaf":
            report(f"epoch {epoch} of {epochs}: loss {losses[-1]:.4f}", epoch / epochs, so_far)
        if stopped:
            break
    return so_far


def mishap(fate: str, epoch: int, seed: int, eaten: list[np.ndarray[Any, Any]]) -> None:
    """What befalls a run at its third epoch."""
    if epoch < 3:
        return
    note = Path(tempfile.gettempdir()) / f"tiny-training-{os.getppid()}-{seed}"
    if fate == "dies" or (fate == "dies-once" and not note.exists()):
        note.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "eats":
        eaten.append(np.ones(10_000_000))


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    tensors = {
        "weight": Tensor(results["weight"], ("weight",)),
        "losses": Tensor(results["losses"], ("epoch",)),
    }
    facts = {"epochs done": len(results["losses"])}
    return Story(tensors, [Step("descend", ("weight",), "losses")], facts)


def _curves(trace: Trace) -> tuple[Curve, ...]:
    return (Curve("loss", trace["losses"]),)


LAB = Lab(
    title="Tiny training",
    question="Does it run?",
    technique=NAME,
    controls=(
        Control("epochs", "Epochs"),
        Control("rate", "Rate", low=0, high=4),
        Control("pause", "Pause"),
        Control("fate", "Fate"),
    ),
    panels=lambda trace: (Grid("weight"), Bars(("losses",))),
    facts=lambda trace: (("epochs done", str(trace.facts["epochs done"])),),
    presets=(),
    claims=(),
    predictions=(),
    curves=_curves,
)


def register() -> None:
    """Make the technique and its lab known in this process, and to the workers it starts."""

    def more() -> Iterator[tuple[str, str, str]]:
        yield from _files()
        yield NAME, "training", "tests.tiny_training"

    known._files = more
    known.technique.cache_clear()
    engine.door.compute = compute
    labs()[NAME] = Listed(NAME, "Training", LAB, "**What you see.** A weight.\n\nIt falls.")


def unregister() -> None:
    """As if this file had never been read."""
    known._files = _files
    known.technique.cache_clear()
    engine.door.compute = worker.compute
    labs().pop(NAME, None)


def compute(name: str, parameters: Mapping[str, Any]) -> Trace:
    """In a worker, which knows of this technique only by this call."""
    if name not in known.techniques():
        register()
    return worker.compute(name, parameters)
