"""First paint on a cold server: an empty Streamlit page, the gallery, a lab."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median

from playwright.sync_api import Browser

from benchmarks.harness import Server, chromium, explorer, floor, opened
from benchmarks.report import Section, ms, verdict

ROUNDS = 5
LAB = "receptive-field"
NUMBER = "control=number&low=4&high=128&step=1&pair=1&value=64"
Open = Callable[[], AbstractContextManager[Server]]
# Page: its server, its path, its first control, and whether its first picture is there.
PAGES: dict[str, tuple[Open, str, str, str]] = {
    "empty page, text input": (floor, "/?control=text", "input[type=text]", "true"),
    "gallery": (
        lambda: explorer(warm=False),
        "/",
        "input[type=text]",
        "[...document.images].some((image) => image.naturalWidth > 0)",
    ),
    "empty page, our number control": (floor, f"/?{NUMBER}", "input[type=range]", "true"),
    LAB: (lambda: explorer(warm=False), f"/{LAB}", "input[type=range]", "bench.find('[data-ready=true]')"),
}


def run(quick: bool) -> list[Section]:
    """One table."""
    seen: dict[str, list[dict[str, float]]] = defaultdict(list)
    with chromium() as browser:
        for _ in range(1 if quick else ROUNDS):
            for name, (server, *page) in PAGES.items():
                with server() as running:
                    seen[name].append(_first(browser, running.url, *page))
    return [_table(seen)]


def _first(browser: Browser, url: str, path: str, control: str, picture: str) -> dict[str, float]:
    """Milliseconds from the navigation to the title with the first control, and to the first picture."""
    with opened(browser, url + path) as page:
        script = f"""async () => {{
            const shown = await bench.until(() => bench.seen("h1") && bench.seen({control!r}) && performance.now());
            await bench.until(() => {picture}, 60000);
            return {{ shown, picture: performance.now() }};
        }}"""
        times: dict[str, float] = page.evaluate(script)
        return times


def _table(seen: dict[str, list[dict[str, float]]]) -> Section:
    rows, verdicts, floors = [], [], 0.0
    for name, times in seen.items():
        shown = [one["shown"] for one in times]
        empty = name.startswith("empty")
        floors = median(shown) if empty else floors
        ratio = median(shown) / floors
        pictures = "–" if empty else ms([one["picture"] for one in times])
        rows.append((name, ms(shown), f"{ratio:.2f}", pictures))
        if not empty:
            verdicts.append(verdict(name, ratio, 1.3, " times the empty page"))
    return Section(
        "First paint on a cold server",
        "The server process has just started and answers; the browser has nothing of it yet. From the navigation to "
        "the first frame with the title and the first control, in times of an empty Streamlit page with the same "
        "control. The first picture needs TensorFlow, which is loading meanwhile, on the same processor.",
        ("page", "title and control", "times empty", "first picture"),
        rows,
        verdicts,
    )
