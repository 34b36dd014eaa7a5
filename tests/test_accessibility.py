"""The explorer for everybody: axe-core over pages and tabs, titles, and the keyboard alone.

Every lab is looked at by axe-core where it is opened anyway, in the tour of tests/test_browser.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

from engine.pool import ROOT
from pages.kit.labs import labs
from tests.audit import findings
from tests.conftest import Server
from tests.test_browser import FIELD, SMALL, open_lab, open_tab

# What has the focus, through shadow roots: its name, its role, and whether that can be seen.
FOCUS = """() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    if (!node || node === document.body) return null;
    const around = [node, node.nextElementSibling, node.closest("label")].filter(Boolean);
    const shown = (one, part) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one, part);
        return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow.includes("0px 0px 0px");
    };
    const label = node.labels?.[0]?.textContent;
    const thumb = node.type === "range"; // its ring is on a part that scripts cannot read
    return {
        name: (node.getAttribute("aria-label") ?? label ?? node.textContent ?? "").trim().slice(0, 80),
        role: node.getAttribute("role") ?? node.type ?? node.tagName,
        seen: thumb || around.some((one) => shown(one)),
    };
}"""

MOST_STOPS = 120  # of the longest way through a lab


@pytest.fixture(scope="module")
def tour(browser: Browser) -> Iterator[Page]:
    """One page that goes from place to place: its browser keeps the scripts it has compiled."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def other_pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of all pages that are no lab, from the explorer's own navigation."""
    known: list[str] = []
    navigation = st.navigation

    def told(pages: list[st.Page], **options: object) -> object:
        known.extend("" if page._default else page.url_path for page in pages)
        return navigation(pages, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(st, "navigation", told)
    AppTest.from_file(str(ROOT / "pages/explorer.py"), default_timeout=60).run()
    return [address for address in known if address not in labs()]


def test_no_page_beside_the_labs_has_a_finding(
    tour: Page, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in other_pages(monkeypatch):
        tour.goto(f"{server.url}/{address}")
        expect(tour.get_by_role("heading", level=1)).to_have_count(1)
        expect(tour.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
        assert findings(tour) == [], address or "the gallery"


def test_no_tab_has_a_finding(tour: Page, server: Server) -> None:
    open_lab(tour, server, FIELD, SMALL)
    expect(tour).to_have_title(f"{labs()[FIELD].lab.title} · Tensorscope")
    for tab in ("Gradients", "Claims", "Predict", "Code", "Share"):
        open_tab(tour, tab)
        assert findings(tour, within=".st-key-tab") == [], tab


def test_no_phone_and_no_zoomed_laptop_has_a_finding_or_scrolls_sideways(tour: Page, server: Server) -> None:
    """1366 by 768 at 200 %, and 320 pixels as at 400 %; a wide table scrolls alone, by keyboard too."""
    open_lab(tour, server, "mask-propagation")
    for width, height in ((683, 384), (320, 640)):
        tour.set_viewport_size({"width": width, "height": height})
        expect(tour.get_by_role("group", name="Table that scrolls").first).to_have_attribute("tabindex", "0")
        assert tour.evaluate("document.querySelector('.stMain').scrollWidth") <= width
        assert findings(tour, dark=False) == []
    tour.set_viewport_size({"width": 1366, "height": 768})


def test_the_keyboard_reaches_everything_and_shows_where_it_is(tour: Page, server: Server) -> None:
    """From the top of a lab through the tab's content and out again: no trap, no stop without name or ring."""
    open_lab(tour, server, FIELD, SMALL)
    open_tab(tour, "Predict")
    tour.get_by_role("link", name="Skip to main content").focus()
    stops: list[dict[str, str]] = []
    while len(stops) < MOST_STOPS:
        tour.keyboard.press("Tab")
        stop = tour.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    assert len(stops) < MOST_STOPS
    assert [stop for stop in stops if not stop["name"] or not stop["seen"]] == []
    names = " | ".join(stop["name"] for stop in stops)
    for control in labs()[FIELD].lab.controls[:4]:
        assert control.label in names
    assert [stop["role"] for stop in stops].count("application") >= 3
    assert {"tab", "tabpanel", "radio"} <= {stop["role"] for stop in stops}


def test_the_keyboard_goes_to_the_picture_at_once_and_is_told_what_is_there(
    tour: Page, server: Server
) -> None:
    stage = open_lab(tour, server, FIELD, SMALL)
    tour.get_by_role("button", name="Skip to the picture").focus()
    tour.keyboard.press("Enter")
    picture = stage.get_by_role("application", name="x: ").first
    expect(picture).to_be_focused()
    expect(stage.locator(".below [aria-live=polite]")).to_contain_text("x[0, 5, 5, 0] = ")
    tour.keyboard.press("ArrowRight")
    expect(stage.locator(".below [aria-live=polite]")).to_contain_text("x[0, 5, 6, 0] = ")
    assert "Shape 1 × 10 × 10 × 1" in (picture.get_attribute("aria-label") or "")
    tour.get_by_role("slider", name="Stride, height").press("ArrowRight")
    expect(stage.locator("> [role=status]")).to_have_text("y [1, 5, 5, 2]")
