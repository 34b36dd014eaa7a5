"""axe-core over an open page, as it stands: what somebody could not see, reach or be told."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page, expect

AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
# What is Streamlit's own and cannot be mended from outside: (rule, part of the selector), each with its reason.
KNOWN: tuple[tuple[str, str], ...] = ()

_RUN = """([within, only]) => axe.run(within, {runOnly: only, resultTypes: ["violations"], preload: false})
    .then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) => [
        rule.id, rule.impact, String(node.target.at(-1)).slice(-120), node.html.slice(0, 160), node.failureSummary])))"""
_THEMED = """(dark) => {
    const hosts = [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')];
    const ours = hosts.map((host) => host.shadowRoot?.querySelector(".stage, .control")).filter(Boolean);
    const light = (node) => getComputedStyle(node).color.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0) > 384;
    return [document.querySelector(".stApp"), ...ours].every((node) => light(node) === dark);
}"""

_STILL = """([within, quiet, most]) => new Promise((go) => {
    const done = () => { watching.disconnect(); clearTimeout(later); clearTimeout(end); go(); };
    const soon = () => { clearTimeout(later); later = setTimeout(done, quiet); };
    const watching = new MutationObserver(soon);
    let later = setTimeout(done, quiet);
    const end = setTimeout(done, most);
    watching.observe(document.querySelector(within), { childList: true, subtree: true });
})"""


def findings(page: Page, dark: bool = True, within: str = "html") -> list[str]:
    """All findings in light; in dark, where nothing but colours differs, those of contrast.

    Of the page once it is still: charts and programs come after the rest.
    """
    page.evaluate(_STILL, [within, 400, 5_000])
    found = _run(page, within, list(TAGS))
    if found:  # of a page that still changed: what is found twice stands
        expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")
        page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        found = _run(page, within, list(TAGS))
    if dark:
        _theme(page, "dark")
        found += _run(page, within, {"type": "rule", "values": ["color-contrast"]})
        _theme(page, "light")
    return found


def _theme(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.wait_for_function(_THEMED, arg=scheme == "dark")


def _run(page: Page, within: str, only: Any) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found = page.evaluate(_RUN, [within, only])
    return [
        f"{rule} ({impact}) at {place}: {html}\n{why}"
        for rule, impact, place, html, why in found
        if not any(rule == known and part in place for known, part in KNOWN)
    ]
