"""The gallery in Chromium: it is as it was left, with the browser's back button too, and a message is pasted."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.conftest import Server, wait_until
from tests.test_browser import query_of

SCROLLED = 'document.querySelector("[data-testid=stMain]").scrollTop'
KEPT = 'Object.keys(sessionStorage).some((key) => key.startsWith("tensorscope:scroll") && sessionStorage[key] > 0)'
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 12, in <module>
\x1b[1mInput 0 of layer "conv2d" is incompatible with the layer: expected min_ndim=4, found ndim=3. Full shape received: (None, 28, 28)\x1b[0m
"""


def test_the_gallery_is_as_it_was_left_and_reads_a_message(page: Page, server: Server) -> None:
    page.goto(server.url)
    field = page.get_by_placeholder("What puzzles you")
    field.fill("padding")
    expect(page.get_by_role("heading", name="Best first")).to_be_visible()
    assert query_of(page) == {"search": "padding"}
    page.mouse.move(600, 600)
    wait_until(lambda: page.mouse.wheel(0, 40) or page.evaluate(KEPT), 60)  # its script may still be loading
    page.locator('[class*="st-key-card-"] a').nth(4).click()
    expect(page.locator('.stage[data-group="stage"]')).to_have_attribute("data-ready", "true", timeout=90_000)
    left = max(
        page.evaluate('Object.entries(sessionStorage).map(([key, at]) => key.includes("scroll") ? +at : 0)')
    )

    page.go_back()
    expect(field).to_have_value("padding")
    wait_until(lambda: query_of(page) == {"search": "padding"}, 30)
    wait_until(lambda: page.evaluate(SCROLLED) == left, 30)
    expect(page.get_by_text("Continue where you were")).to_be_attached()

    field.fill(TRACEBACK)
    page.get_by_role("link", name="Open “From data to loss, shape by shape” with these shapes").click()
    expect(page.locator('.stage[data-group="stage"]')).to_have_attribute("data-ready", "true", timeout=90_000)
    assert query_of(page) == {"data": "12,28,28", "body": "conv2d"}
