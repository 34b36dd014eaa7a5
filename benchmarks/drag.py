"""A drag over 60 values in 3 seconds: how many of them are drawn."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from playwright.sync_api import Browser

from benchmarks.change import READY
from benchmarks.harness import chromium, explorer, peer
from benchmarks.peers import CONTROLS, NAMES, START
from benchmarks.probe import Dragged, probed
from benchmarks.report import Section, verdict
from benchmarks.values import Numbers, address, quick_labs, widest

ROUNDS, VALUES, EVERY, AFTER = 2, 60, 50.0, 300.0
SIZES = tuple(str(size) for size in range(START + 1, START + 1 + VALUES))
Drags = dict[str, list[Dragged]]


def run(quick: bool) -> list[Section]:
    """One table: every lab, Dash and Gradio."""
    drags: Drags = defaultdict(list)
    with explorer() as ours, peer("dash") as dash, peer("gradio") as gradio, chromium() as browser:
        for turn in range(1 if quick else ROUNDS):
            for numbers in _dragged():
                _lab(browser, ours.url, numbers, turn, drags)
            for name, server in {"dash": dash, "gradio": gradio}.items():
                _peer(browser, server.url, name, drags)
    return [_table(drags)]


def _dragged() -> list[Numbers]:
    """The widest number of every lab that has one."""
    return [numbers for slug in quick_labs() if (numbers := widest(slug))]


def _lab(browser: Browser, url: str, numbers: Numbers, turn: int, drags: Drags) -> None:
    """A drag; the convolution lab over the same sizes as the peers."""
    listed, values = numbers.listed, _values(numbers)
    start = {numbers.name: START} if values is SIZES else {}
    with probed(
        browser,
        url + address(listed, seed=70 + turn, **start),
        READY,
        ours=True,
        charts=len(listed.lab.charts),
    ) as probe:
        probe.watch(numbers.name, numbers.default)
        drags[listed.slug].append(probe.drag(numbers.selector, values, EVERY, AFTER))


def _values(numbers: Numbers) -> tuple[str, ...]:
    """Up to 60 values; the convolution lab's are the peers' sizes."""
    return SIZES if numbers.listed.slug == "receptive-field" else numbers.values[:VALUES]


def _peer(browser: Browser, url: str, name: str, drags: Drags) -> None:
    with probed(browser, url, ".gtitle") as probe:
        probe.watch()
        drags[name].append(probe.drag(CONTROLS[name], SIZES, EVERY, AFTER))


def _table(drags: Drags) -> Section:
    dragged = {numbers.listed.slug: numbers for numbers in _dragged()}
    names = {**{slug: f"{slug}, {numbers.name}" for slug, numbers in dragged.items()}, **NAMES}
    drawn = {key: median(one.drawn for one in drags[key]) for key in names}
    sent = {key: len(_values(dragged[key])) if key in dragged else VALUES for key in names}
    rows = [
        (name, f"{sent[key]}", f"{drawn[key]:.0f}", f"{median(one.late for one in drags[key]):.0f}")
        for key, name in names.items()
    ]
    verdicts = [
        verdict(f"{slug}, drawn", drawn[slug], round(sent[slug] * 5 / 6), least=True) for slug in dragged
    ]
    ours = drawn["receptive-field"]
    verdicts += [
        verdict(f"receptive-field, more than {NAMES[key]}", ours, drawn[key] + 1, least=True) for key in NAMES
    ]
    return Section(
        f"A drag over up to {VALUES} values in {VALUES * EVERY / 1000:g} s",
        f"A value every {EVERY:.0f} ms on the range (by keys on Dash's slider, which has none). Counted are the "
        f"values drawn with what TensorFlow computed for them, until {AFTER:.0f} ms after the last. “Last” is how "
        "many ms after the drag the last value stood there. Median of the rounds; sizes 41 to 100 in the "
        "convolution lab, Dash and Gradio. States are new to our engine in every round.",
        ("page", "values", "drawn", "last"),
        rows,
        verdicts,
    )
