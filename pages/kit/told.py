"""What an error message told: its shapes and numbers, made small enough for a lab to draw.

Sizes are made smaller so that what clashes goes on clashing: unequal sizes stay unequal, a 1 stays a 1.
Whatever is drawn otherwise than the message says is written down in `cut`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

Sizes = tuple[int | None, ...]  # None: the message leaves this size open
UNKNOWN = 2  # what an open size is drawn as


def sizes_of(text: str) -> Sizes:
    """The sizes in "(None, 28, 28)", "[?,28,28]" or "[1 1]"."""
    found = re.findall(r"\d{1,9}|none|\?", text.lower())
    return tuple(int(one) if one.isdigit() else None for one in found)


def written(sizes: Sequence[int | None]) -> str:
    """A shape as TensorFlow writes it."""
    return "[" + ", ".join(map(str, sizes)) + "]"


def smaller(sizes: Sequence[int], most: int) -> dict[int, int]:
    """Each size with what it is drawn as: at most `most`, and the larger one stays the larger one."""
    drawn: dict[int, int] = {}
    room = most
    for size in sorted(set(sizes), reverse=True):
        drawn[size] = max(min(size, room), min(size, 2))
        room = min(room, drawn[size]) - 1
    return drawn


@dataclass
class Told:
    """The named parts of one message: `shapes` as [a], `numbers` as {n}, and all of its text."""

    shapes: Mapping[str, Sizes]
    numbers: Mapping[str, int]
    text: str
    cut: list[str] = field(default_factory=list)

    @property
    def operation(self) -> str:
        """TensorFlow's name of the operation, such as AddV2; "" where the message has none."""
        found = re.search(r"\[Op:(\w{1,60})|= (\w{1,60})\[|\(op: (\w{1,60})", self.text)
        return next((group for group in found.groups() if group), "") if found else ""

    @property
    def layer(self) -> str:
        """Keras' name of the layer, such as conv2d_1; "" where the message has none."""
        found = re.search(r"(?:of layer|with layer|when calling) (\w{1,60})", self.text, re.IGNORECASE)
        return found.group(1).lower() if found else ""

    def known(self, *names: str, unknown: int = UNKNOWN, tell: bool = False) -> list[tuple[int, ...]]:
        """Shapes by name, sizes that the message leaves open filled in; `tell` where they will be seen."""
        wanted = [self.shapes[name] for name in names if name in self.shapes]
        if tell and any(None in shape for shape in wanted):
            self.cut.append(f"None, a size that the message leaves open, is drawn as {unknown}")
        return [tuple(unknown if size is None else size for size in shape) for shape in wanted]

    def drawn(
        self, shapes: Sequence[tuple[int, ...]], most: int, cells: int | None = None, axes: int = 9
    ) -> list[tuple[int, ...]]:
        """The shapes with at most so many axes, sizes and cells, all made smaller alike."""
        kept = [shape[-axes:] for shape in shapes]
        if any(len(shape) > axes for shape in shapes):
            self.cut.append(f"only the last {axes} axes are drawn")
        for limit in range(most, 1, -1):
            changed = smaller([size for shape in kept for size in shape], limit)
            found = [tuple(changed[size] for size in shape) for shape in kept]
            if cells is None or all(prod(shape) <= cells for shape in found):
                break
        self.cut += [f"{size} is drawn as {less}" for size, less in sorted(changed.items()) if less != size]
        return found

    def at_most(self, number: int, most: int, what: str, least: int = 1) -> int:
        """A number that a lab can draw."""
        less = max(least, min(number, most))
        if less != number:
            self.cut.append(f"{number} {what}: drawn with {less}")
        return less
