"""Every lab, found by looking: `pages/<family>/<lab>.py` with a `LAB`. There is no list."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine import Technique, technique
from pages.kit.declare import Lab


@dataclass(frozen=True)
class Listed:
    """A lab with what its place says: slug for the address, family, explanation."""

    slug: str
    family: str
    lab: Lab
    explanation: str

    @property
    def technique(self) -> Technique:
        return technique(self.lab.technique)


@cache
def labs() -> dict[str, Listed]:
    """Every lab by slug, families in alphabetical order."""
    root, found = Path(__file__).parent.parent, {}
    families = (path for path in root.iterdir() if (path / "__init__.py").exists() and path.name != "kit")
    for folder in sorted(families):
        for file in pkgutil.iter_modules([str(folder)]):
            module = importlib.import_module(f"pages.{folder.name}.{file.name}")
            if hasattr(module, "LAB"):
                slug = file.name.replace("_", "-")
                family = folder.name.replace("_", " ").capitalize()
                found[slug] = Listed(slug, family, module.LAB, inspect.getdoc(module) or "")
    return found
