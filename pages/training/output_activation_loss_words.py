"""How the eyes lab writes numbers, and what it calls heads and fits."""

from __future__ import annotations

import math

HEADS, LOSSES = ("none", "sigmoid", "softmax"), ("CCE", "CCE from_logits", "BCE", "sparse")
FITS = {"fits": "✓ fits", "nearly": "≈ trains, but is not meant", "wrong": "✗ takes logits for probabilities"}
EYES = ("closed", "open")


def percent(share: float) -> str:
    """0.4917 as 49.2 %."""
    return f"{100 * share:.1f} %"


def number(value: float) -> str:
    """Three significant digits, with a real minus; NaN and infinity by name."""
    return f"{value:.3g}".replace("-", "−") if math.isfinite(value) else str(value)
