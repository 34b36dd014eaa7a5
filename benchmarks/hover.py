"""From a mouse move on a unit to everything linked with it lit: 32 × 32 input, 7 × 7 kernel."""

from __future__ import annotations

from playwright.sync_api import Page

from benchmarks.change import READY
from benchmarks.harness import chromium, explorer
from benchmarks.probe import probed
from benchmarks.report import Section, percentile, verdict

LINK = "/receptive-field?size=32&kernel=7"
OUTPUT = 'canvas.top[aria-label^="y:"]'
MOVES = 400


def run(quick: bool) -> list[Section]:
    """One row."""
    with (
        explorer() as ours,
        chromium() as browser,
        probed(browser, ours.url + LINK, READY, ours=True) as probe,
    ):
        times = _moved(probe.page, 50 if quick else MOVES)
    row = (f"{len(times)}", *(f"{percentile(times, at):.2f}" for at in (50, 95, 99)), f"{max(times):.2f}")
    return [
        Section(
            "Hover to highlight",
            "Real mouse moves over the output of the receptive-field lab, 32 × 32 input and 7 × 7 kernel: "
            "milliseconds from the event to all linked cells of all tensors lit "
            "(`performance.measure` of the stage), one entry for each cell that the cursor came to.",
            ("cells", "median", "95 %", "99 %", "longest"),
            [row],
            [verdict("95th percentile", percentile(times, 95), 4, " ms")],
        )
    ]


def _moved(page: Page, moves: int) -> list[float]:
    """Milliseconds of each highlight while the mouse wanders over the output."""
    output = page.locator(OUTPUT).first
    output.scroll_into_view_if_needed()
    box = output.bounding_box()
    assert box
    page.evaluate("() => performance.clearMeasures('tensorscope:hover')")
    for step in range(moves):
        x, y = (step * 0.37) % 1, (step * 0.61803) % 1  # spread evenly over the picture
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    entries = "() => performance.getEntriesByName('tensorscope:hover').map((entry) => entry.duration)"
    times: list[float] = page.evaluate(entries)
    if len(times) < moves / 2:
        raise RuntimeError(f"only {len(times)} of {moves} moves lit anything")
    return times
