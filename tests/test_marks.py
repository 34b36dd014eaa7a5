"""Lines of one chart differ by more than colour: pages/kit/marks.py."""

from __future__ import annotations

from typing import Any

from pages.kit.curves import figure
from pages.kit.declare import Curve
from pages.kit.marks import SYMBOLS, apart


def line(name: str = "", mode: str = "lines", **rest: Any) -> dict[str, Any]:
    return {"type": "scatter", "mode": mode, "name": name, "x": [0, 1], "y": [0, 1], **rest}


def test_lines_get_marks_of_their_own() -> None:
    data = apart({"data": [line(name) for name in "abcdefgh"], "layout": {}})["data"]
    assert {one["mode"] for one in data} == {"lines+markers"}
    assert len({one["marker"]["symbol"] for one in data}) == len(SYMBOLS) == 8


def test_what_tells_itself_apart_is_left_alone() -> None:
    own = line("own", "lines+markers+text", marker={"symbol": "hexagon", "size": 3})
    dashed, bar, nameless = line("limit", line={"dash": "dash"}), {"type": "bar", "name": "n"}, line()
    data = apart({"data": [own, line("b"), dashed, bar, nameless]})["data"]
    assert data[0] == own
    assert data[1]["marker"]["symbol"] == SYMBOLS[1]
    assert data[2:] == [dashed, bar, nameless]


def test_a_single_line_needs_none() -> None:
    alone = {"data": [line("a"), line("a")]}
    assert apart(alone) == alone


def test_a_run_and_the_one_before_share_marks_by_name() -> None:
    now = [(Curve("loss", (1.0, 0.5, 0.2)), ""), (Curve("held out", (1.0, 0.6, 0.4)), "")]
    before = [(Curve("held out", (1.0, 0.9, 0.8)), "before: rate 0.1")]
    under, loss, held = figure(now, before)["data"]
    assert under["marker"] == held["marker"] != loss["marker"]
    assert under["line"]["dash"] != held["line"]["dash"]
