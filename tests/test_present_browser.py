"""A presentation in Chromium: its keys, the way out; contrast and motion as the system asks for them."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, expect

from pages.kit.labs import Listed, labs
from pages.kit.link import link_text
from pages.kit.state import State
from tests.conftest import Server, wait_until
from tests.test_browser import canvas, open_lab, query_of, slider

LAB = labs()["masked-softmax-attention"]
FIELD = "receptive-field"


def link_of(listed: Listed, place: int) -> str:
    """The stage's link of a preset; of the start for -1."""
    settings = listed.lab.presets[place].settings if place >= 0 else {}
    return link_text(listed, State(listed, {}).preset(settings))


def test_keys_step_through_the_presets_and_leave_who_types_alone(page: Page, server: Server) -> None:
    stage = open_lab(page, server, LAB.slug, "present=1")
    last = len(LAB.lab.presets) - 1
    expect(page.get_by_role("heading", level=1)).to_have_text(LAB.lab.question)
    expect(page.get_by_role("tab")).to_have_count(0)
    page.keyboard.press("PageDown")
    expect(stage).to_have_attribute("data-link", link_of(LAB, 0))
    expect(page.get_by_text(LAB.lab.presets[0].point)).to_be_visible()
    for key in ("ArrowRight", "n", "PageDown"):  # quicker than the page answers: each counts
        page.keyboard.press(key)
    expect(stage).to_have_attribute("data-link", link_of(LAB, 3))
    for _ in range(12):  # past the end is the end
        page.keyboard.press("PageDown")
    page.keyboard.press("p")
    expect(stage).to_have_attribute("data-link", link_of(LAB, last - 1))
    expect(page.get_by_role("status").filter(has_text=LAB.lab.presets[last - 1].name)).to_be_visible()
    page.keyboard.press("Home")
    expect(stage).to_have_attribute("data-link", "")
    page.wait_for_url(re.compile(r"\?present=1$"))

    field = page.get_by_role("textbox", name="Scores of the real tokens")
    field.fill("0.5,0.1")
    for key in ("n", "p", "Home", "PageDown", "Escape"):
        field.press(key)
    expect(field).to_have_value("0.5,0.1np")
    assert query_of(page) == {"present": "1"}


def test_the_stage_and_sliders_keep_their_keys_and_escape_and_back_leave(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, "size=10&channels=1&kernel=3&filters=2&image=noise")
    page.get_by_role("button", name="Present").click()
    page.wait_for_url("**present=1**")
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(stage).to_have_attribute("data-ready", "true")
    start = stage.get_attribute("data-link")
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=2**")
    canvas(stage, "y").focus()
    page.keyboard.press("Home")
    expect(stage.locator(".readout")).to_contain_text(re.compile(r"y\[0, \d, 0, 0\] ="))
    page.keyboard.press("ArrowRight")
    expect(stage.locator(".readout")).to_contain_text(re.compile(r"y\[0, \d, 1, 0\] ="))
    assert query_of(page)["stride"] == "2"
    page.keyboard.press("Escape")  # lets go of the cell
    page.keyboard.press("Escape")
    expect(page.get_by_role("tab", name="Explain")).to_be_visible()
    wait_until(lambda: "present" not in query_of(page), 30)
    page.go_back()
    expect(page.get_by_role("tab")).to_have_count(0)
    page.go_back()
    expect(slider(page, "Stride, height")).to_have_value("1")
    page.go_back()
    expect(page.get_by_role("tab", name="Explain")).to_be_visible()
    expect(stage).to_have_attribute("data-link", start or "")


def test_where_no_motion_is_wanted_nothing_moves_and_contrast_is_high(
    browser: Browser, server: Server
) -> None:
    """One page that asks for both."""
    context = browser.new_context(
        viewport={"width": 1024, "height": 768}, reduced_motion="reduce", contrast="more"
    )
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    stage = open_lab(opened, server, LAB.slug, urlencode({"padding": "4"}))
    expect(opened.get_by_role("tab", name="Explain")).to_be_visible()
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    wait_until(lambda: opened.evaluate(moving) == 0, 30)
    assert opened.evaluate(TEXTS) == []
    drawn = stage.evaluate(LINES)
    assert min(drawn.values()) >= 3, drawn
    opened.get_by_label("Display").select_option("Light")
    expect(opened.locator("html")).to_have_attribute("data-contrast", "more")  # the system's wish stands
    context.close()


# Main text with a contrast below 7 to the page, as [text, colour].
TEXTS = """() => {
    const light = (text) => {
        const [r, g, b] = text.match(/[0-9.]+/g).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
    const roots = [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean)];
    const found = roots.flatMap((root) => [...root.querySelectorAll("h1, p, li, .label, .shape, .formula, .settings, .size, .fact dt, .tab, .hint")]);
    const bad = (one) => {
        const own = light(getComputedStyle(one).color);
        return one.checkVisibility() && !one.closest("button") && (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05) < 7;
    };
    return found.filter(bad).map((one) => [one.textContent.slice(0, 40), getComputedStyle(one).color]);
}"""

# The contrast of what the canvas draws with to its ground.
LINES = """async (stage) => {
    const { themeOf, rgb } = await import("/assets/colours.js");
    const theme = themeOf(stage);
    const light = (colour) => {
        const [r, g, b] = rgb(colour).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(theme.background);
    const against = (colour) => (Math.max(light(colour), ground) + 0.05) / (Math.min(light(colour), ground) + 0.05);
    return Object.fromEntries(["text", "linked", "cursor", "mark", "rule"].map((name) => [name, against(theme[name])]));
}"""
