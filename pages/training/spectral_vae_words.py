"""How the spectral-vae lab writes numbers."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Three significant digits, with a real minus; NaN and infinity by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞"
    text = f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def size(count: int) -> str:
    """Bytes in words: 375,000,000 B (357.6 MiB)."""
    return f"{count:,} B ({count / 2**20:,.1f} MiB)"
