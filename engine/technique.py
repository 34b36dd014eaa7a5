"""What a technique file offers, and how all of them are found.

A technique is one file, `engine/<family>/<name>.py`. It imports TensorFlow inside its function,
because the process that serves pages reads the rest of the file and must never load TensorFlow.
The file offers:

- `PARAMETERS`: what it takes (engine/parameters.py), with defaults and bounds;
- `check(**parameters)`: what must hold between parameters, raising `Rejected`; no TensorFlow;
- `cost(**parameters) -> Cost`: an estimate before anything runs;
- `arguments(**parameters) -> dict`: what the function is called with, in literals and `Made`s;
- `<name>(**arguments) -> dict[str, tf.Tensor]`: the technique in plain TensorFlow, free of
  anything of ours: the code tab shows this function. Every tensor on a page is in its answer;
- `describe(parameters, results) -> Story`: axes, steps with index maps, facts, notes;
- `SHOWN` (optional): small functions that make arguments, shown above the technique;
- `LANE` (optional): "long" for work that takes more than a moment, "training" for a training run, or a
  function of the parameters that says so for some of them;
- `QUICK` (optional): parameters that make it quick, such as fewer epochs. The tests lay them over every
  state whose bounds they try, and the default state where only the page around it is looked at;
- `FORWARD` (optional): the share of `cost`'s work that is no gradient and no comparison of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.errors import Rejected
from engine.parameters import Parameter, read_all, shown
from engine.trace import Step, Tensor


@dataclass(frozen=True)
class Cost:
    """An estimate: bytes of all tensors held at once, floating point operations."""

    memory: int
    work: int


@dataclass(frozen=True)
class Made:
    """An argument made by a small function that the code tab shows too."""

    by: Callable[..., Any]
    given: Mapping[str, Any]

    def value(self) -> Any:
        return self.by(**self.given)


@dataclass(frozen=True)
class Story:
    """What a technique says about its results, ready to become a Trace."""

    tensors: Mapping[str, Tensor]
    steps: Sequence[Step]
    facts: Mapping[str, Any]
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Technique:
    """One technique file under its name; see the head of this module."""

    name: str
    family: str
    module: ModuleType

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(self.module.PARAMETERS)

    @property
    def function(self) -> Callable[..., Mapping[str, Any]]:
        found: Callable[..., Mapping[str, Any]] = getattr(self.module, self.name.replace("-", "_"))
        return found

    @property
    def shown(self) -> tuple[Callable[..., Any], ...]:
        return (*getattr(self.module, "SHOWN", ()), self.function)

    def lane(self, given: Mapping[str, object]) -> str:
        """The lane for these parameters, given as values or link texts."""
        lane = getattr(self.module, "LANE", "interactive")
        if not callable(lane):
            return str(lane)
        try:
            return str(lane(**read_all(self.parameters, given)))
        except Rejected:  # it will be refused before it gets there
            return "interactive"

    @property
    def forward(self) -> float:
        """The share of the work that finite differences repeat; see the head of this module."""
        return float(getattr(self.module, "FORWARD", 1.0))

    @property
    def quick(self) -> dict[str, Any]:
        """What the tests lay over a state; see the head of this module."""
        return dict(getattr(self.module, "QUICK", {}))

    @property
    def about(self) -> str:
        return (self.module.__doc__ or "").strip().partition("\n")[0]

    def read(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Canonical parameters, checked one by one and together. Raises `Rejected`."""
        parameters = read_all(self.parameters, given)
        self.module.check(**parameters)
        return parameters

    def cost(self, parameters: Mapping[str, Any]) -> Cost:
        cost: Cost = self.module.cost(**parameters)
        return cost

    def arguments(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        arguments: dict[str, Any] = self.module.arguments(**parameters)
        return arguments

    def describe(self, parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
        story: Story = self.module.describe(parameters, results)
        return story


def _files() -> Iterator[tuple[str, str, str]]:
    root = Path(__file__).parent
    for family in sorted(path for path in root.iterdir() if (path / "__init__.py").exists()):
        for found in pkgutil.iter_modules([str(family)]):
            yield found.name.replace("_", "-"), family.name, f"engine.{family.name}.{found.name}"


@cache
def _load(name: str, family: str, path: str) -> Technique | None:
    module = importlib.import_module(path)
    return Technique(name, family, module) if hasattr(module, "PARAMETERS") else None


def techniques() -> dict[str, Technique]:
    """Every technique by name. Files without PARAMETERS are helpers of one."""
    loaded = (_load(*file) for file in _files())
    return {found.name: found for found in loaded if found}


@cache
def technique(name: str) -> Technique:
    """The technique of this name; only its own file is read. Raises `Rejected` naming those there are."""
    for file in _files():
        if file[0] == name and (found := _load(*file)):
            return found
    known = ", ".join(techniques())
    raise Rejected("technique", shown(name), f"one of {known}", "choose one of these")
