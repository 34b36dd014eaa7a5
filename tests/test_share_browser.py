"""Sharing as a browser has it: the dialogue, the picture, and a lab in a page from elsewhere."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pages.kit.embed import Embed, snippet
from pages.kit.labs import labs
from tests.conftest import Server
from tests.test_browser import FIELD, SMALL, open_lab

LAB = "masked-softmax-attention"


def part(page: Page, name: str) -> None:
    page.get_by_role("dialog").get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("dialog").get_by_role("button", name=name, exact=True)
    ).first.click()


def test_the_dialogue_shows_the_link_and_saves_the_stage(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{server.url}/{FIELD}?v=1&{SMALL}")
    part(page, "QR code")
    expect(dialog.get_by_role("img", name="QR code of the link below")).to_be_visible()
    part(page, "Picture")
    with page.expect_download() as saved:
        dialog.get_by_role("link", name="Download PNG").click()
    with Image.open(saved.value.path()) as image:
        wide = stage.evaluate("(stage) => stage.clientWidth")
        assert image.format == "PNG"
        assert image.width >= 2 * wide
        assert len(image.convert("RGB").getcolors(5_000_000) or []) > 50
    with page.expect_download() as saved:
        dialog.get_by_role("link", name="Download SVG").click()
    assert saved.value.path().read_text().startswith("<svg")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Reset").click()
    expect(stage).to_have_attribute("data-link", "")
    expect(dialog).to_have_count(0)


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Serves a page at another origin, and another site: `localhost`, where the lab is at `127.0.0.1`."""
    held: list[bytes] = []

    class Lesson(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(held[0])

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Lesson)
    threading.Thread(target=site.serve_forever, daemon=True).start()

    def serve(html: str) -> str:
        held[:] = [html.encode()]
        return f"http://localhost:{site.server_port}/"

    yield serve
    site.shutdown()
    site.server_close()


def test_a_page_from_elsewhere_shows_the_lab_alone_and_keeps_what_it_locks(
    page: Page, server: Server, elsewhere: Callable[[str], str]
) -> None:
    options = Embed(frozenset({"scores"}), frozenset({"padding", "mask"}), tabs=False)
    address = f"{server.url}/{LAB}?{options.query(labs()[LAB], 'v=1&padding=2')}"
    page.goto(elsewhere(f"<!doctype html><h1>Lesson</h1>{snippet(address, 'A lab', 400, listens=True)}"))
    frame = page.frame_locator("iframe")
    stage = frame.locator('.stage[data-group="stage"]')
    expect(stage).to_have_attribute("data-ready", "true", timeout=90_000)
    expect(frame.get_by_role("link", name="Open in Tensorscope")).to_have_attribute(
        "href", f"{server.url}/{LAB}?v=1&padding=2"
    )
    expect(frame.get_by_role("tab")).to_have_count(0)
    expect(frame.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    expect(frame.get_by_label("Scores of the real tokens")).to_have_count(0)
    locked = frame.get_by_role("textbox", name="Padded steps")
    expect(locked).to_be_disabled()
    expect(locked).to_have_value("2")
    expect(page.locator("iframe")).not_to_have_attribute("height", "400")  # the script heard the real one

    mask = frame.locator('canvas[aria-label^="mask:"]').first
    mask.click(position={"x": 10, "y": 10})
    temperature = frame.get_by_role("slider", name="Temperature")
    temperature.press("ArrowRight")
    expect(stage).to_have_attribute("data-link", "padding=2&temperature=1.05")
    frame.get_by_role("button", name="Undo").click()
    expect(stage).to_have_attribute("data-link", "padding=2")
    frame.get_by_role("button", name="Reset").click()
    expect(locked).to_have_value("2")
    address = urlsplit(page.frames[1].url)
    said = parse_qs(address.query)
    assert (said["embed_hide"], said["embed_lock"], said["padding"]) == (["scores"], ["padding,mask"], ["2"])
    assert "mask" not in said


def test_png_is_a_picture_of_what_unfolds(page: Page, server: Server) -> None:
    """Streamlit's own page, filled: its script still starts, and its picture is there."""
    answer = page.goto(f"{server.url}/{FIELD}?{SMALL}")
    assert answer
    shown = page.locator('meta[property="og:image"]').get_attribute("content")
    assert shown
    with Image.open(io.BytesIO(page.request.get(shown).body())) as image:
        assert image.size == (1200, 630)
    expect(page.locator(".stApp")).to_be_visible()
