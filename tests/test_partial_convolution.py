"""Partial convolution: golden values, a loop written out, maps under a mask, errors and notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

import engine
from engine.convolution.partial_convolution import MODES
from tests.conftest import Server

GOLDEN = {
    one["name"]: one
    for one in json.loads((Path(__file__).parent / "golden/partial-convolution.json").read_text())
}
pytestmark = pytest.mark.usefixtures("warm_engine")


def run(**parameters: Any) -> engine.Trace:
    return engine.run("partial-convolution", **parameters)


def plane(trace: engine.Trace, name: str) -> np.ndarray[Any, Any]:
    return trace[name][0, ..., 0]


def test_golden_leak_count() -> None:
    known = GOLDEN["leak_count"]
    trace = run(size=known["inputs"]["n"], taps=known["inputs"]["k"])
    assert trace.facts["leaks"] == known["expected"]
    assert np.count_nonzero(trace["leak"]) == known["expected"]


def test_golden_constant_image_plain() -> None:
    known = GOLDEN["constant_image_plain"]
    y = plane(run(size=known["inputs"]["n"], value=known["inputs"]["value"]), "output")
    assert [y[0, 0], y[2, 2], y[1, 3]] == pytest.approx(known["expected"], abs=known["tolerance"])


def test_golden_constant_image_partial() -> None:
    known = GOLDEN["constant_image_partial"]
    inputs = {"size": known["inputs"]["n"], "value": known["inputs"]["value"], "taps": known["inputs"]["k"]}
    trace = run(mode="partial", **inputs)
    y, valid = plane(trace, "output"), plane(trace, "mask") != 0
    assert [y[valid].min(), y[valid].max(), y[5, 0]] == pytest.approx(
        known["expected"], abs=known["tolerance"]
    )


def by_hand(x: Any, mask: Any, w: Any, bias: float, mode: str, least: int) -> Any:
    """One layer with SAME padding, pixel by pixel, as the paper writes it."""
    size, taps = x.shape[0], w.shape[0]
    first, y = (taps - 1) // 2, np.zeros_like(x)
    for i, j in np.ndindex(size, size):
        total, count = 0.0, 0
        for u, v in np.ndindex(taps, taps):
            row, column = i + u - first, j + v - first
            if 0 <= row < size and 0 <= column < size:
                seen = mask[row, column] or mode in ("plain", "mask-end")
                total += float(x[row, column]) * float(w[u, v]) * bool(seen)
                count += int(mask[row, column])
        if mode == "partial":
            y[i, j] = total * taps**2 / count + bias if count >= least else 0
        else:
            y[i, j] = total + bias
            if mode != "plain" and not (mask[i, j] and count >= least):
                y[i, j] = 0
    return y


@settings(max_examples=25)
@given(
    size=st.integers(4, 9),
    taps=st.integers(1, 5),
    mode=st.sampled_from(MODES),
    black=st.sampled_from([0, -1, 2.5]),
    bias=st.sampled_from([0, 0.5]),
    least=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_one_layer_is_what_the_loops_say(
    size: int, taps: int, mode: str, black: float, bias: float, least: int, seed: int
) -> None:
    parameters = {"size": size, "taps": taps, "mode": mode, "black": black, "bias": bias, "seed": seed}
    least = min(least, taps**2)
    trace = run(**parameters, min_taps=least, mask="random", image="noise", kernel="random")
    expected = by_hand(plane(trace, "x"), plane(trace, "mask"), trace["w1"][..., 0, 0], bias, mode, least)
    np.testing.assert_allclose(plane(trace, "output"), expected, atol=1e-4)


@given(data=st.data(), mode=st.sampled_from(MODES), layers=st.integers(1, 3), taps=st.integers(1, 3))
@settings(max_examples=15)
def test_the_gradient_is_a_finite_difference(data: st.DataObject, mode: str, layers: int, taps: int) -> None:
    """A change of one black or valid pixel changes the loss by the gradient (all ways are linear in x)."""
    base = {"size": 5, "taps": taps, "mode": mode, "layers": layers, "kernel": "random", "value": 1}
    seed = data.draw(st.integers(0, 99))
    trace = run(**base, black=0, seed=seed)
    moved = run(**base, black=1, seed=seed)  # moves all black pixels at once
    black = plane(trace, "mask") == 0
    expected = float(moved["loss"]) - float(trace["loss"])
    assert float(plane(trace, "gradient")[black].sum()) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("apply", ["multiply", "where"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pixels_behind_the_links_are_those_with_a_gradient(mode: str, apply: str, padding: str) -> None:
    """From an output back through all steps, and of what is reached the pixels that are not hidden."""
    parameters = {"size": 7, "layers": 2, "padding": padding, "mode": mode, "apply": apply, "image": "noise"}
    trace = run(**parameters, update="keep")
    y = trace["output"].shape
    valid_cells = [cell for cell in np.ndindex(*y) if trace["error"].size and _valid(trace, cell)]
    reached = set()
    for cell in valid_cells:
        reached |= _upstream(trace, "output", {cell}, len(trace.steps))
    shown = plane(trace, "mask") != 0 if mode in ("mask-each", "partial") else np.ones((7, 7), bool)
    linked = {(row, column) for _, row, column, _ in reached if 0 <= row < 7 and 0 <= column < 7}
    expected = {(row, column) for row, column in linked if shown[row, column]}
    assert expected == set(map(tuple, np.argwhere(plane(trace, "gradient") != 0).tolist()))


def _valid(trace: engine.Trace, cell: tuple[int, ...]) -> bool:
    off = (7 - trace["output"].shape[1]) // 2
    return bool(trace["mask"][0, cell[1] + off, cell[2] + off, 0])


def _upstream(
    trace: engine.Trace, name: str, cells: set[tuple[int, ...]], before: int
) -> set[tuple[int, ...]]:
    """The cells of x that a set of cells was made from; hidden cells of a layer lead nowhere."""
    if name == "x":
        return cells
    place = next(n for n in range(before - 1, -1, -1) if trace.steps[n].writes == name)
    step = trace.steps[place]
    read = next(r for r in step.reads if r[0] in "xyms" and not r.startswith("mask1") and r != "mask")
    assert step.map is not None
    hides = name.startswith("masked") or (name == "output" and "mask" in step.operation)
    found: set[tuple[int, ...]] = set()
    for cell in cells:
        inside = all(0 <= at < size for at, size in zip(cell, trace[name].shape, strict=True))
        if inside and not (hides and name != "masked0" and trace[name][cell] == 0):
            found |= step.map.linked(name, cell, read).cells()
    return _upstream(trace, read, found, place)


def test_the_leak_grows_by_one_pixel_a_layer() -> None:
    known = run(size=16, layers=5).facts
    assert known["leak_reach"] == (1, 2, 3, 4, 5)
    assert list(known["leaks_by_layer"]) == sorted(known["leaks_by_layer"])


@pytest.mark.parametrize("image", ["constant", "ramp", "checker", "noise", "photo"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_the_ideal_is_reached_where_windows_see_only_valid_pixels(image: str, padding: str) -> None:
    """Deep inside the mask all four ways give the ideal exactly."""
    trace = run(size=12, image=image, padding=padding, taps=3, layers=2, kernel="random")
    off = (12 - trace["ideal"].shape[1]) // 2
    row, column = 4 - off, 8 - off
    np.testing.assert_allclose(trace["modes"][:, row, column], trace["ideal"][0, row, column, 0], atol=1e-4)


def test_an_empty_mask_gives_zeros_and_a_sentence() -> None:
    trace = run(mask="random", share=0, mode="partial", layers=2)
    assert not trace["output"].any()
    assert not trace["gradient"].any()
    assert "keeps no pixel at all: this mode answers 0 everywhere" in trace.notes[0]
    assert trace.facts["speedup_bound"] is None


def test_a_mask_of_rank_2_broadcasts_as_the_explanation_says() -> None:
    import tensorflow as tf

    trace = run()
    assert (tf.constant(trace["x"]) * plane(trace, "mask")).shape == (1, 6, 6, 6)


def test_nan_spreads_unless_it_is_chosen_away() -> None:
    for mode in MODES:
        trace = run(mode=mode, black_nan=True, apply="multiply")
        assert np.isnan(trace["output"]).any(), mode
    for mode in ("mask-each", "partial"):
        clean = run(mode=mode, black_nan=True, apply="where")
        assert np.isfinite(clean["output"]).all()
        assert np.isfinite(clean["gradient"]).all()


def test_a_guarded_division_has_a_finite_gradient() -> None:
    trace = run(mode="partial", layers=3, kernel="random")
    assert trace.facts["empty_windows"] == 6
    for name in ("gradient", "kernel_gradient", "mask_gradient"):
        assert np.isfinite(trace[name]).all()


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"taps": 4}, "has no middle: a window reaches 1 before its pixel and 2 after"),
        ({"mask_value": 255, "mode": "mask-each"}, "holds 255 where a pixel is valid"),
        ({"mask_value": 255, "mode": "partial"}, "which cancels"),
        ({"mask_value": 2, "apply": "where", "mode": "partial"}, "counts of valid taps"),
        ({"mode": "partial", "guard": False}, "divides 0 by 0"),
        ({"black_nan": True}, "one NaN in a window"),
        ({"black_nan": True, "mode": "partial"}, "NaN · 0 is NaN"),
        ({"mode": "partial"}, "The mask grew (21 → 30 pixels)"),
        ({"mode": "mask-each", "min_taps": 9}, "valid outputs were dropped"),
        ({"min_taps": 2}, "the plain mode ignores the mask"),
    ],
    ids=str,
)
def test_what_is_worth_a_warning_is_said(parameters: dict[str, Any], says: str) -> None:
    assert any(says in note for note in run(**parameters).notes)


def test_upper_and_lower_differ_with_an_even_kernel_only() -> None:
    for taps, same in ((3, True), (4, False)):
        upper, lower = (plane(run(mask=mask, taps=taps), "output") for mask in ("upper", "lower"))
        assert bool(np.allclose(upper, lower.T)) is True  # transposed, both are the same
        assert bool(np.allclose(upper, upper[::-1, ::-1].T)) is same


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"mask": "drawn", "cells": "1" * 25}, "received a mask of 25 cells (5 x 5); expected 36 cells"),
        ({"mask": "drawn", "cells": "10101"}, "received a mask of 5 cells; expected 36 cells"),
        ({"cells": "1012"}, "write only 0 and 1; '2' is neither"),
        ({"padding": "VALID", "taps": 5, "size": 4}, "received 5 x 5; expected at most 4 x 4"),
        ({"padding": "VALID", "taps": 7}, "received 7 x 7; expected at most 6 x 6"),
        ({"padding": "VALID", "taps": 3, "layers": 3}, "expected at most 2 x 2: what layer 3 gets"),
        ({"min_taps": 10}, "expected at most 9: the taps of a 3 x 3 kernel"),
        ({"padding": "causal"}, "Conv1D only"),
        ({"taps": 0}, "nearest allowed value is 1"),
        ({"size": 65}, "nearest allowed value is 64"),
        ({"mask": "triangle"}, "one of upper, lower, circle, random, drawn"),
        ({"mask_value": 0}, "nearest allowed value is 0.01"),
        ({"black": "nan"}, "received 'nan'"),
    ],
    ids=str,
)
def test_errors_say_what_to_do(bad: dict[str, Any], says: str) -> None:
    with pytest.raises(engine.Rejected) as refusal:
        run(**bad)
    assert says in str(refusal.value)
    if refusal.value.remedy:
        engine.check("partial-convolution", {**bad, **refusal.value.remedy})


def test_a_drawn_mask_is_cut_to_another_size() -> None:
    drawn = "".join("1" if row == column else "0" for row in range(6) for column in range(6))
    with pytest.raises(engine.Rejected) as refusal:
        run(mask="drawn", cells=drawn, size=5)
    again = run(size=5, mask="drawn", **refusal.value.remedy)
    np.testing.assert_array_equal(plane(again, "mask"), np.eye(5))


@pytest.mark.parametrize("size", [4, 32, 64])
def test_the_largest_window_fits_and_one_more_is_refused(size: int) -> None:
    for layers in (1, 2, 5):
        most = min(7, (size - 1) // layers + 1)
        shape = run(size=size, taps=most, layers=layers, padding="VALID").facts["output_shape"]
        assert shape[1] == size - layers * (most - 1) >= 1
        if most < 7:
            with pytest.raises(engine.Rejected, match="VALID padding"):
                run(size=size, taps=most + 1, layers=layers, padding="VALID")


def test_painting_a_cell_draws_a_mask_of_ones_own(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/partial-convolution")
    page.wait_for_selector('.stage[data-ready="true"]')
    target = page.locator('canvas[aria-label^="mask:"]').first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    side = box["width"] / 8  # six cells and the padding around them
    page.mouse.click(box["x"] + 1.5 * side, box["y"] + 6.5 * side)  # the black corner
    drawn = "111111" + "011111" + "001111" + "000111" + "000011" + "100001"
    page.wait_for_url(lambda url: "mask=drawn" in url and f"cells={drawn}" in url)
