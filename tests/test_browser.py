"""The explorer as people meet it, in Chromium: drag, hover, keyboard, paint, link, themes, trouble."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from pages.kit.labs import labs
from tests.audit import findings
from tests.conftest import Server, wait_until

FIELD, ATTENTION = "receptive-field", "masked-softmax-attention"
SMALL = "size=10&channels=1&kernel=3&filters=2&image=noise"


def open_lab(page: Page, server: Server, slug: str, query: str = "") -> Locator:
    """Open a lab and wait for its picture, and for what comes after it and moves it down; the main stage."""
    page.goto(f"{server.url}/{slug}" + (f"?{query}" if query else ""))
    stage = page.locator('.stage[data-group="stage"]')
    expect(stage).to_have_attribute("data-ready", "true", timeout=90_000)
    at_rest(page)
    return stage


def at_rest(page: Page) -> None:
    """Wait until the page's script is done: the head comes after the picture and moves what stands below it."""
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def query_of(page: Page) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def drag(page: Page, name: str, values: list[int]) -> None:
    """Move a range input through values as a dragging hand does, without letting go."""
    slider(page, name).evaluate(
        """async (input, values) => {
            input.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
            for (const value of values) {
                input.value = value;
                input.dispatchEvent(new Event("input", {bubbles: true}));
                await new Promise((go) => setTimeout(go, 60));
            }
        }""",
        values,
    )


def let_go(page: Page, name: str) -> None:
    slider(page, name).evaluate(
        """(input) => {
            input.dispatchEvent(new PointerEvent("pointerup", {bubbles: true}));
            input.dispatchEvent(new Event("change", {bubbles: true}));
        }"""
    )


def painted(page: Page) -> list[dict[str, str]]:
    found: list[dict[str, str]] = page.evaluate(
        'performance.getEntriesByName("tensorscope:painted").map((mark) => mark.detail)'
    )
    return found


def canvas(stage: Locator, title: str) -> Locator:
    return stage.locator(f'canvas[aria-label^="{title}:"]').first


def point_at(page: Page, target: Locator, across: float, down: float) -> None:
    """Move the mouse to a share of an element's width and height, once it has stopped moving."""
    target.hover(position=place_in(target, across, down))


def place_in(target: Locator, across: float, down: float) -> Position:
    box = target.bounding_box()
    assert box
    return {"x": box["width"] * across, "y": box["height"] * down}


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """One page that goes from lab to lab: its browser keeps the scripts it has compiled."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def problems_of(page: Page) -> list[str]:
    """Errors of scripts, from now on."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


@pytest.mark.parametrize("slug", list(labs()))
def test_every_lab_opens_on_a_phone_and_on_a_laptop(phone: Page, server: Server, slug: str) -> None:
    """The picture comes first, nothing scrolls sideways, no script fails, TensorFlow stays in the workers,
    and axe-core finds nothing that somebody could not see, reach or be told, light or dark."""
    problems = problems_of(phone)
    phone.set_viewport_size({"width": 390, "height": 844})
    stage = open_lab(phone, server, slug, urlencode(labs()[slug].technique.quick))
    assert phone.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    picture, controls = stage.bounding_box(), phone.locator(".st-key-controls").bounding_box()
    assert picture
    assert controls
    assert picture["y"] < controls["y"]
    phone.set_viewport_size({"width": 1366, "height": 768})
    expect(phone.get_by_role("heading", name=labs()[slug].lab.title)).to_be_visible()
    assert stage.locator("canvas").count() >= 3
    assert findings(phone) == []
    open_tab(phone, "Gradients")
    assert problems == []
    assert server.process
    mapped = [one.path for one in psutil.Process(server.process.pid).memory_maps()]
    assert not [path for path in mapped if "tensorflow" in path]


def open_tab(page: Page, name: str) -> None:
    """Open a tab, and wait until its script has run without an exception."""
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
    app = page.locator(".stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=120_000)
    expect(page.locator(".stException, [data-testid=stException]")).to_have_count(0)


TOPS = """const tops = (window.tops = []);
const look = () => {
    const row = document.querySelector(".stColumn:has(.st-key-controls) ~ .stColumn")?.getBoundingClientRect();
    if (row?.height > 100) tops.push(row.top);
    requestAnimationFrame(look);
};
look();"""


def test_what_stands_is_not_moved_by_what_comes_later(page: Page, server: Server) -> None:
    """The head comes after the picture, the style and the chips when they come: there is room for them."""
    page.add_init_script(TOPS)
    open_lab(page, server, FIELD, SMALL)
    tops = page.evaluate("tops")
    assert len(tops) > 5
    assert max(tops) - min(tops) < 2


def test_every_tab_opens_without_an_error_in_the_console(page: Page, server: Server) -> None:
    problems = problems_of(page)
    open_lab(page, server, FIELD, SMALL)
    for tab in ("Gradients", "Claims", "Predict", "Code", "Share"):
        open_tab(page, tab)
    assert problems == []


def test_the_last_of_two_quick_clicks_on_tabs_stands(page: Page, server: Server) -> None:
    open_lab(page, server, FIELD, SMALL)
    for name in ("Code", "Predict", "Share"):
        page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("tabpanel", name="Share")).to_contain_text("On the command line.")
    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_role("tab", name="Share", exact=True)).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Share", exact=True).press("ArrowLeft")
    expect(page.get_by_role("tabpanel", name="Code")).to_contain_text("Download .py")


def test_while_dragging_tensorflow_answers_and_on_release_the_page_follows(
    page: Page, server: Server
) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    drag(page, "Kernel size, height", [3, 4, 5, 6, 7])
    wait_until(lambda: stage.get_attribute("data-link") == SMALL.replace("kernel=3", "kernel=7"), 30)
    live = [mark["link"] for mark in painted(page) if mark["source"] == "live"]
    assert len(set(live)) >= 3
    expect(stage).to_contain_text("w [7, 7, 1, 2]")
    assert query_of(page)["kernel"] == "3"  # not yet released
    let_go(page, "Kernel size, height")
    page.wait_for_url("**kernel=7**")
    expect(stage).to_contain_text("w [7, 7, 1, 2]")


def test_a_refused_value_is_explained_while_the_picture_stays_and_the_remedy_works(
    page: Page, server: Server
) -> None:
    stage = open_lab(page, server, FIELD, "size=5&kernel=3&padding=VALID")
    drag(page, "Kernel size, height", [6])
    alert = stage.get_by_role("alert")
    expect(alert).to_contain_text("at most 5x5")
    assert stage.locator("canvas").count() >= 3
    let_go(page, "Kernel size, height")
    page.wait_for_url("**kernel=6**")
    expect(alert).to_contain_text("at most 5x5")
    alert.get_by_role("button").click()
    page.wait_for_url("**kernel=5**")
    expect(alert).to_have_count(0)
    expect(stage).to_contain_text("y [1, 1, 1, 8]")


def test_letters_in_a_number_get_their_sentence(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    field = page.get_by_role("textbox", name="Kernel size")
    field.fill("large")
    field.press("Enter")
    expect(stage.get_by_role("alert").first).to_contain_text("'large'")
    assert stage.locator("canvas").count() >= 3
    field.fill("5")
    field.press("Enter")
    page.wait_for_url("**kernel=5**")
    expect(stage.get_by_role("alert")).to_have_count(0)


def test_hover_writes_the_arithmetic_and_lights_the_linked_cells(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    before = canvas(stage, "x").evaluate("(c) => c.parentElement.innerHTML.length")
    assert before
    point_at(page, canvas(stage, "y"), 0.05, 0.05)
    readout = stage.locator(".readout")
    expect(readout).to_contain_text("y[0, 0, 0, 0] =")
    expect(readout).to_contain_text("zeros of padding")
    assert page.evaluate('performance.getEntriesByName("tensorscope:hover").length') > 0


def test_the_read_out_is_the_sum_it_says(page: Page, server: Server) -> None:
    """The terms of a 2 x 2 window, as written, add up to the value TensorFlow computed."""
    stage = open_lab(page, server, FIELD, "size=6&kernel=2&padding=VALID&image=noise&channels=1&filters=1")
    point_at(page, canvas(stage, "y"), 0.5, 0.5)
    expect(stage.locator(".readout")).to_contain_text("y[0, 2, 2, 0] =")
    text = stage.locator(".readout").inner_text().replace("−", "-")
    terms, result = text.split("=")[1], text.split("=")[2].split()[0]
    total = sum(float(a) * float(b) for a, b in (term.strip().split("·") for term in terms.split(" + ")))
    assert total == pytest.approx(float(result), abs=0.01)


def test_arrow_keys_move_the_cursor_and_tell_a_screen_reader(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    target = canvas(stage, "y")
    target.focus()
    page.keyboard.press("Home")
    first = stage.locator(".readout").inner_text()
    page.keyboard.press("ArrowRight")
    expect(stage.locator(".readout")).not_to_have_text(first)
    expect(stage.locator('[aria-live="polite"]').first).to_contain_text("y")


def test_a_number_control_answers_to_the_keyboard(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=2**")
    expect(stage).to_contain_text("y [1, 5, 5, 2]")


def test_a_mask_is_painted_by_hand(page: Page, server: Server) -> None:
    stage = open_lab(page, server, ATTENTION)
    target = canvas(stage, "mask")
    target.click(position=place_in(target, 0.5, 0.5))
    page.wait_for_url("**mask=11100**")
    expect(stage).to_have_attribute("data-link", "mask=11100")


def test_a_mask_is_painted_by_keyboard(page: Page, server: Server) -> None:
    stage = open_lab(page, server, ATTENTION)
    canvas(stage, "mask").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_url("**mask=01000**")
    expect(stage).to_have_attribute("data-link", "mask=01000")


def test_a_unit_is_chosen_by_a_click(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    target = canvas(stage, "y")
    target.click(position=place_in(target, 0.95, 0.95))
    page.wait_for_url("**unit=9**")


def test_the_gradient_lens_follows_a_drag_and_a_click_chooses_a_cell(page: Page, server: Server) -> None:
    main = open_lab(page, server, FIELD, SMALL + "&lens=y&lens_at=0,2,2,0")
    page.get_by_role("tab", name="Gradients", exact=True).click()
    lens = page.locator('.stage[data-group="lens"]')
    expect(lens).to_have_attribute("data-ready", "true", timeout=30_000)
    expect(lens).to_contain_text("d y[0, 2, 2, 0] / d x")
    drag(page, "Kernel size, height", [4, 5])
    wait_until(lambda: "kernel=5" in (lens.get_attribute("data-link") or ""), 30)
    expect(lens).to_contain_text("5 × 5")
    assert "lens" not in (main.get_attribute("data-link") or "")
    let_go(page, "Kernel size, height")
    page.wait_for_url("**kernel=5**")
    target = canvas(lens, "y")
    target.click(position=place_in(target, 0.97, 0.97))
    page.wait_for_url("**lens_at=0%2C9%2C9%2C0**")
    expect(lens).to_contain_text("d y[0, 9, 9, 0] / d x")
    page.reload()
    page.get_by_role("tab", name="Gradients", exact=True).click()
    expect(lens).to_contain_text("d y[0, 9, 9, 0] / d x", timeout=30_000)


def test_a_link_opens_the_same_page_elsewhere(browser: Browser, server: Server) -> None:
    shown = []
    for _ in range(2):
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        elsewhere = context.new_page()
        stage = open_lab(elsewhere, server, FIELD, "size=12&kernel=5x3&stride=2&padding=VALID&image=ramp")
        shown.append((stage.get_attribute("data-link"), stage.locator(".strip").inner_text(), elsewhere.url))
        context.close()
    assert shown[0] == shown[1]
    assert "[5, 3, 3, 8]" in shown[0][1]


def test_reload_back_and_forward_give_the_same_states(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    for key, link in (("ArrowRight", "stride=2"), ("ArrowRight", "stride=3")):
        slider(page, "Stride, height").focus()
        page.keyboard.press(key)
        page.wait_for_url(f"**{link}**")
    page.reload()
    expect(stage).to_contain_text("y [1, 4, 4, 2]")
    page.go_back()
    expect(stage).to_contain_text("y [1, 5, 5, 2]")
    page.go_forward()
    expect(stage).to_contain_text("y [1, 4, 4, 2]")


def test_a_quick_hand_loses_nothing(page: Page, server: Server) -> None:
    """Clicks that leave before the address has followed the one before."""
    stage = open_lab(page, server, FIELD, SMALL)
    page.evaluate(
        """() => {
            const inside = [...document.querySelectorAll("*")].filter((one) => one.shadowRoot);
            const radios = inside.flatMap((one) => [...one.shadowRoot.querySelectorAll("input[type=radio]")]);
            for (const value of ["VALID", "mean"]) radios.find((one) => one.value === value).click();
        }"""
    )
    page.get_by_role("tab", name="Code", exact=True).click()
    page.wait_for_url("**weights=mean**")
    wait_until(lambda: query_of(page).get("padding") == "VALID", 30)
    expect(stage).to_contain_text("y [1, 8, 8, 2]")
    expect(page.get_by_role("tab", name="Code", exact=True)).to_have_attribute("aria-selected", "true")


def test_undo_and_reset(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=2**")
    page.get_by_role("button", name="Undo").click()
    expect(stage).to_contain_text("y [1, 10, 10, 2]")
    wait_until(lambda: "stride" not in query_of(page), 30)
    page.get_by_role("button", name="Reset").click()
    expect(stage).to_contain_text("y [1, 64, 64, 8]")
    wait_until(lambda: query_of(page) == {}, 30)


def test_an_undo_that_comes_before_the_page_answers_is_not_undone(page: Page, server: Server) -> None:
    """The page then never says the released value: it must not be taken for lost and told again."""
    stage = open_lab(page, server, FIELD, SMALL)
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=2**")
    page.keyboard.press("ArrowRight")
    expect(stage).to_have_attribute("data-link", SMALL.replace("&filters", "&stride=3&filters"))
    page.get_by_role("button", name="Undo").click()
    page.wait_for_timeout(5000)  # longer than a page is waited for
    expect(stage).to_contain_text("y [1, 5, 5, 2]")
    expect(slider(page, "Stride, height")).to_have_value("2")
    assert query_of(page)["stride"] == "2"


def test_a_bad_link_is_named_and_the_rest_is_shown(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, "kernel=<img src=x onerror=alert(1)>&size=9&evil=1")
    expect(page.get_by_text("cannot be read")).to_be_visible()
    expect(page.get_by_text("is no control of this lab")).to_be_visible()
    expect(stage).to_contain_text("x [1, 9, 9, 3]")
    assert page.locator("img[src=x]").count() == 0


def test_a_choice_changes_the_page(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    page.get_by_role("radio", name="VALID").click()
    page.wait_for_url("**padding=VALID**")
    expect(stage).to_contain_text("y [1, 8, 8, 2]")


def test_a_choice_and_a_switch_are_live_before_the_page_answers(page: Page, server: Server) -> None:
    for slug, query, link in ((FIELD, SMALL, "padding=VALID"), (ATTENTION, "padding=4", "masked=off")):
        stage = open_lab(page, server, slug, query)
        page.evaluate("performance.clearMarks()")
        if slug == FIELD:
            page.get_by_role("radio", name="VALID").click()
        else:
            page.get_by_role("switch", name="Apply the mask").click()
        page.wait_for_url(f"**{link}**")
        expect(stage).to_have_attribute("data-link", re.compile(link))
        live = re.compile(f"live .*{link}")
        wait_until(lambda: any(live.match(f"{mark['source']} {mark['link']}") for mark in painted(page)), 30)  # noqa: B023


def test_layers_are_added_in_the_table(page: Page, server: Server) -> None:
    stage = open_lab(page, server, FIELD, SMALL)
    page.get_by_role("button", name="Add a row").click()
    page.wait_for_url("**stack=**")
    expect(stage).to_contain_text("y2 [")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_readable(browser: Browser, server: Server, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1366, "height": 768})  # type: ignore[arg-type]
    themed = context.new_page()
    stage = open_lab(themed, server, ATTENTION)
    text, ground = (_luminance(themed, expression) for expression in (
        f"getComputedStyle({_element(stage)}).color",
        "getComputedStyle(document.querySelector('.stApp')).backgroundColor",
    ))  # fmt: skip
    contrast = (max(text, ground) + 0.05) / (min(text, ground) + 0.05)
    assert contrast >= 7
    assert (ground < 0.1) == (scheme == "dark")
    context.close()


def _element(stage: Locator) -> str:
    host = stage.evaluate_handle("(node) => { window.tested = node; return node; }")
    assert host
    return "window.tested"


def _luminance(page: Page, expression: str) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = page.evaluate(f"({expression}).match(/[0-9.]+/g).slice(0, 3).map(Number)")
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (v / 255 for v in (red, green, blue))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_home_finds_a_lab_and_opens_it(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect(page.locator('[class*="st-key-card-"]')).to_have_count(len(labs()))
    wait_until(
        lambda: page.evaluate(  # below the fold they wait until they are scrolled to
            '[...document.images].every((i) => (i.loading = "eager") && i.complete && i.naturalWidth > 0)'
        ),
        30,
    )
    page.get_by_placeholder("What puzzles you").fill("padding mask")
    page.keyboard.press("Enter")
    card = page.locator('[class*="st-key-card-"]').first
    expect(card).to_contain_text(labs()[ATTENTION].lab.title)
    card.get_by_role("link").click()
    expect(page.locator('.stage[data-group="stage"]')).to_have_attribute("data-ready", "true")
    assert urlsplit(page.url).path == f"/{ATTENTION}"


def test_the_code_tab_downloads_what_it_shows(page: Page, server: Server) -> None:
    open_lab(page, server, FIELD, SMALL)
    page.get_by_role("tab", name="Code").click()
    with page.expect_download() as program:
        page.get_by_role("button", name="Download .py").click()
    text = program.value.path().read_text()
    assert "def receptive_field(" in text
    with page.expect_download() as book:
        page.get_by_role("button", name="Download notebook").click()
    document = json.loads(book.value.path().read_text())
    assert "".join(document["cells"][0]["source"]) == text


def test_a_cold_server_paints_first_and_says_that_it_is_loading(
    page: Page, own_server: Callable[..., Server]
) -> None:
    cold = own_server(warm=False)
    page.goto(f"{cold.url}/{FIELD}?{SMALL}")
    expect(page.get_by_role("heading", name=labs()[FIELD].lab.title)).to_be_visible()
    expect(slider(page, "Kernel size, height")).to_be_visible()
    assert (cold.health() or {})["engine"] == "warming"
    expect(page.get_by_text("TensorFlow is loading").first).to_be_visible()
    stage = page.locator('.stage[data-group="stage"]')
    expect(stage).to_contain_text("y [1, 10, 10, 2]", timeout=90_000)
    expect(page.get_by_role("tab", name="Explain")).to_be_visible()


def test_a_server_restart_under_an_open_page_loses_nothing(
    page: Page, own_server: Callable[..., Server]
) -> None:
    first = own_server()
    stage = open_lab(page, first, FIELD, SMALL)
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=2**")
    first.stop()
    page.wait_for_timeout(1500)
    assert stage.locator("canvas").count() >= 3
    first.start()
    slider(page, "Stride, height").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**stride=3**", timeout=60_000)
    expect(stage).to_contain_text("y [1, 4, 4, 2]")
    assert query_of(page)["size"] == "10"


def test_a_worker_killed_under_an_open_page_is_not_noticed(
    page: Page, own_server: Callable[..., Server]
) -> None:
    running = own_server()
    stage = open_lab(page, running, FIELD, SMALL)
    assert running.process
    workers = [
        child.pid
        for child in psutil.Process(running.process.pid).children(recursive=True)
        if "engine.worker" in " ".join(child.cmdline())
    ]
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    drag(page, "Kernel size, height", [4, 5])
    let_go(page, "Kernel size, height")
    page.wait_for_url("**kernel=5**", timeout=60_000)
    expect(stage).to_contain_text("w [5, 5, 1, 2]", timeout=60_000)
    expect(stage.get_by_role("alert")).to_have_count(0)


def test_a_logarithmic_slider_moves_in_powers_of_ten(page: Page, server: Server) -> None:
    open_lab(page, server, "manual-backpropagation", "steps=3")
    drag(page, "Learning rate", [-5, -3.3, -3])
    let_go(page, "Learning rate")
    page.wait_for_url("**rate=0.001**")
    field = page.get_by_role("textbox", name="Learning rate")
    field.fill("3e-5")
    field.press("Enter")
    page.wait_for_url("**rate=3e-05**")
    expect(slider(page, "Learning rate")).to_have_value(re.compile(r"-4\.5"))
