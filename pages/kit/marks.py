"""Lines of one chart differ by their marks too, not by colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "cross")
MOST_MARKS = 8  # on one line that is drawn without


def mark(place: int) -> dict[str, Any]:
    """Plotly's marker of the line at a place."""
    return {"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8, "maxdisplayed": MOST_MARKS}


def apart(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The figure with marks on its lines, where several are named; dashes and marks of its own are kept."""
    names = list(dict.fromkeys(one["name"] for one in figure["data"] if _is_line(one)))
    if len(names) < 2:
        return dict(figure)
    marked = [_marked(one, names.index(one["name"])) if _is_line(one) else one for one in figure["data"]]
    return {**figure, "data": marked}


def _is_line(one: Mapping[str, Any]) -> bool:
    plain = one.get("line", {}).get("dash", "solid") == "solid"
    return one["type"] == "scatter" and "lines" in one.get("mode", "") and bool(one.get("name")) and plain


def _marked(one: Mapping[str, Any], place: int) -> dict[str, Any]:
    own = one.get("marker", {})
    if "markers" in one["mode"]:
        return {**one, "marker": {"symbol": SYMBOLS[place % len(SYMBOLS)], **own}}
    return {**one, "mode": one["mode"].replace("lines", "lines+markers"), "marker": {**mark(place), **own}}
