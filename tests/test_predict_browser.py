"""What is hidden before the guess is nowhere in the page, also while something is dragged or pointed at."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.conftest import Server, wait_until
from tests.test_browser import canvas, drag, let_go, open_lab, point_at

LAB = "receptive-field"
STATE = "size=10&channels=1&kernel=3&filters=2&image=noise&padding=VALID"
WATCH = """() => {
    const stage = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).find((root) => root?.querySelector(".stage"));
    const told = (node) => [node.textContent, ...[...node.querySelectorAll("*")].flatMap((one) =>
        ["aria-label", "title", "alt", "data-key"].map((name) => one.getAttribute(name) ?? ""))].join(" ");
    window.told = [told(stage)];
    window.watching = new MutationObserver(() => window.told.push(told(stage)));
    window.watching.observe(stage, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def told(page: Page) -> str:
    """All that the stage has said, written or labelled since it is watched; from now on anew."""
    found: str = page.evaluate(
        "() => window.told.splice(0, window.told.length - 1).concat(window.told).join('\\n')"
    )
    page.evaluate("() => { window.told = []; }")
    return found


def hides(text: str, size: int) -> None:
    assert "y" in text
    for shape in (f"{size}, {size}, 2", f"{size} × {size}", f"= {size}", f"height {size}"):
        assert shape not in text, shape


def test_what_is_asked_is_in_no_text_until_the_guess(page: Page, server: Server) -> None:
    stage = open_lab(page, server, LAB, STATE)
    point_at(page, canvas(stage, "y"), 0.5, 0.5)
    expect(stage.locator(".readout")).to_contain_text("y[0,")
    page.get_by_text("Predict", exact=True).first.click()
    card = page.locator(".st-key-predict")
    expect(card).to_contain_text("What is the shape of y?")
    expect(stage).to_contain_text("y [?]")
    page.evaluate(WATCH)
    point_at(page, canvas(stage, "y"), 0.5, 0.5)
    expect(stage.locator(".readout")).to_contain_text("y = ?")
    point_at(page, canvas(stage, "x"), 0.5, 0.5)
    expect(stage.locator(".readout")).to_contain_text("x[0,")
    assert "read by" not in stage.locator(".readout").inner_text()
    hides(told(page), 8)

    drag(page, "Kernel size, height", [4, 5])
    wait_until(lambda: "kernel=5" in (stage.get_attribute("data-link") or ""), 30)
    let_go(page, "Kernel size, height")
    page.wait_for_url("**kernel=5**")
    expect(card).to_contain_text("w [5, 5, 1, 2]")
    said = told(page)
    hides(said, 7)
    hides(said, 6)
    assert "In this state" not in page.locator(".st-key-tab table").all_inner_texts()

    choices = card.get_by_role("radio")
    right = card.locator("label").filter(has_text="[1, 6, 6, 2]")
    assert choices.count() >= 3
    page.locator("h1").click()
    page.keyboard.press(str(right.inner_text().split()[0]))
    expect(card.locator("[data-testid=stAlert]")).to_contain_text("Right")
    expect(card).to_contain_text("1 of 1 right")
    expect(stage).to_contain_text("y [1, 6, 6, 2]")

    drag(page, "Kernel size, height", [8])
    wait_until(lambda: "kernel=8" in (stage.get_attribute("data-link") or ""), 30)
    expect(stage).to_contain_text("y [?]")
    hides(told(page).rpartition("[1, 6, 6, 2]")[2], 3)
    let_go(page, "Kernel size, height")
    expect(card).to_contain_text("w [8, 8, 1, 2]")
    page.locator("h1").click()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(stage).to_contain_text("y [1, 3, 3, 2]")


def test_cells_are_clicked_and_compared_with_the_map(page: Page, server: Server) -> None:
    """By keyboard: nothing right, and all that is missed is shown by a sign of its own."""
    stage = open_lab(page, server, "convolution-arithmetic", "stride=2")
    page.get_by_text("Predict", exact=True).first.click()
    card = page.locator(".st-key-predict")
    card.get_by_role("button", name="Show me").click()
    card.get_by_role("button", name="Next question").click()
    expect(card).to_contain_text("Which cells of x")
    target = canvas(stage, "x")
    target.focus()
    page.keyboard.press("Space")
    expect(stage.locator(".guessing")).to_contain_text("1 of x chosen")
    assert "right" not in stage.locator(".guessing").inner_text()
    stage.get_by_role("button", name="Check").click()
    expect(card.locator("[data-testid=stAlert]")).to_contain_text("missed")
    expect(stage.locator(".guessing")).to_contain_text("✕ too many")
    expect(card).to_contain_text("0 of 1 right")
