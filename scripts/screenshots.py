"""Takes the pictures of the tour from the running explorer: `make screenshots`, or only those named.

docs/tour.md is the list. The words of a step are those of `STEPS`, a view (scripts/tour.py) or a theme.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.harness import chromium, explorer
from scripts.tour import DOCS, VIEWS, Stop, stops

THEMES = ("light", "dark")
LARGEST = 250_000  # bytes of a picture
PATIENCE = 120_000  # ms: a lab may train first
COLOURS = 256
SEEN = "[...document.images].every((one) => one.complete || one.getBoundingClientRect().top > innerHeight)"


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)
    to_top(page, name)


def to_top(page: Page, name: str) -> None:
    """Scroll until the tab of this name, else the heading of a chart or table, is at the top."""
    tab = page.get_by_role("tab", name=name, exact=True)
    place = tab if tab.count() else page.get_by_test_id("stMarkdownContainer").get_by_text(name, exact=True)
    place.first.evaluate("e => { e.style.scrollMarginTop = '24px'; e.scrollIntoView({block: 'start'}); }")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    settle(page)


def choose(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).first.click()
    settle(page)


def search(page: Page, words: str) -> None:
    field = page.get_by_role("textbox", name="Search")
    field.fill(words)
    field.press("Enter")
    settle(page)


def point(page: Page, name: str) -> None:
    """Point at the middle of a tensor; "y 0.9 0.9" says where instead, as shares of width and height."""
    title, *place = name.rsplit(" ", 2) if name[-1].isdigit() else (name,)
    across, down = map(float, place or ("0.5", "0.5"))
    target = page.locator(f'canvas[aria-label^="{title}:"], canvas[aria-label^="{title},"]').first
    box = target.bounding_box()
    assert box, f"no tensor “{title}” on the page"
    target.hover(position={"x": box["width"] * across, "y": box["height"] * down})


STEPS: dict[str, Callable[[Page, str], None]] = {
    "open": open_tab,
    "press": press,
    "choose": choose,
    "search": search,
    "point at": point,
    "scroll to": to_top,
    "key": lambda page, name: page.keyboard.press(name),
}


def settle(page: Page) -> None:
    """Wait until the script is done, all stages and pictures are drawn, and nothing is under way."""
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator('.stage:not([data-ready="true"])')).to_have_count(0)
    expect(page.locator(".progress:visible, [data-testid=stSkeleton]:visible")).to_have_count(0)
    page.wait_for_function(SEEN)
    page.evaluate("document.fonts.ready")


def still(page: Page) -> bytes:
    """The page once it no longer moves: two pictures in a row are the same."""
    before = b""
    for _ in range(40):
        settle(page)
        now = page.screenshot(caret="hide")
        if now == before:
            return now
        before = now
        page.wait_for_timeout(250)  # what moves needs time between two pictures to be seen
    raise RuntimeError(f"{page.url} does not come to rest")


def shoot(browser: Browser, root: str, stop: Stop) -> bytes:
    """One stop, opened anew."""
    width, height, scale = stop.view
    theme = next((step for step in stop.steps if step in THEMES), "light")
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.goto(root + stop.address)
        first = ".stage" if stop.address.strip("/") else "[data-testid=stTextInput]"
        page.locator(first).first.wait_for()
        settle(page)
        for step in stop.steps:
            if step not in VIEWS and step not in THEMES:
                name = next(name for name in STEPS if step.startswith(name))
                STEPS[name](page, step.removeprefix(name).strip())
        return still(page)
    finally:
        context.close()


def saved(picture: bytes) -> bytes:
    """The same picture with a palette: a third of the size, and as crisp."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    small = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main(names: list[str]) -> None:
    expect.set_options(timeout=PATIENCE)
    wanted = [stop for stop in stops() if not names or any(name in stop.picture for name in names)]
    with explorer() as server, chromium() as browser:
        for stop in wanted:
            picture = saved(shoot(browser, server.url, stop))
            if len(picture) > LARGEST:
                raise SystemExit(f"{stop.picture} has {len(picture):,} bytes, more than {LARGEST:,}")
            (DOCS / stop.picture).write_bytes(picture)
            print(f"docs/{stop.picture}: {len(picture) // 1000} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
