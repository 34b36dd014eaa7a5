"""Random index maps with the links engine/links.py finds, as JSON for links.test.mjs."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.links import IndexMap, Region

CASES = 240
random.seed(20)


def _index(loops: list[str]) -> str:
    """An affine index such as `2*i - 1 + u`; sometimes a constant."""
    chosen = random.sample(loops, k=min(len(loops), random.choice([0, 1, 1, 1, 2, 2, 3])))
    terms = [f"{random.choice(['', '2*', '3*'])}{loop}" for loop in chosen]
    text = terms[0] if terms else str(random.randint(0, 2))
    for term in terms[1:]:
        text += f" {random.choice('+-')} {term}"
    return text + random.choice(["", "", " - 1", " + 2"])


def _map() -> IndexMap:
    names = ["i", "j", "u", "v", "c"][: random.randint(2, 5)]
    loops: dict[str, int | tuple[int, ...]] = {
        name: random.choice([0, *[1, 2, 3, 4] * 9])
        if random.random() < 0.8
        else tuple(sorted(random.sample(range(6), 2)))
        for name in names
    }
    access = {tensor: tuple(_index(names) for _ in range(random.randint(1, 4))) for tensor in "yxw"}
    return IndexMap(loops, access)


def _told(region: Region) -> list[list[int]]:
    return [list(cell) for cell in sorted(region.cells())]


def _case() -> dict[str, Any]:
    """A map, a cell of one tensor, and the cells of two others: linked at once, and after two hops."""
    found = _map()
    cell = [random.randint(-1, 5) for _ in found.access["y"]]
    if random.random() < 0.8 and all(len(found.values(loop)) for loop in found.loops):
        at = {loop: random.choice(list(found.values(loop))) for loop in found.loops}
        cell = [terms[1] + sum(f * at[loop] for loop, f in terms[0]) for terms in found.terms["y"]]
    first = found.linked("y", cell, "x")
    second = found.linked("x", first, "w")
    return {"map": found.to_json(), "cell": cell, "first": _told(first), "second": _told(second)}


if __name__ == "__main__":
    json.dump([_case() for _ in range(CASES)], sys.stdout)
