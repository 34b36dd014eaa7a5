"""Text on a page."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text from outside, with everything Markdown would read as markup made harmless."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|$:~-])", r"\\\1", text)


def prose(text: str) -> str:
    """A sentence in which `…` is code and everything else plain, such as super().__init__()."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:  # a backtick without its pair
        return plain(text)
    return "".join(f"`{part}`" if place % 2 else plain(part) for place, part in enumerate(parts))
