"""Text on a page."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text from outside, with everything Markdown would read as markup made harmless."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|$:~-])", r"\\\1", text)
