"""From a control's change to the new picture painted, against the floor and against the peers."""

from __future__ import annotations

from collections import defaultdict
from itertools import cycle, islice
from statistics import median

from playwright.sync_api import Browser

from benchmarks.harness import chromium, explorer, floor, peer
from benchmarks.peers import CONTROLS, NAMES, START
from benchmarks.probe import Probe, Time, probed
from benchmarks.report import Section, ms, verdict
from benchmarks.values import Clicked, Numbers, address, clicked, widest
from pages.kit.labs import Listed, labs

ROUNDS, CHANGES = 4, 6
READY = "[data-ready=true]"
Times = dict[str, list[Time]]


def run(quick: bool) -> list[Section]:
    """Two tables: ours against the floor, and ours against Dash and Gradio."""
    rounds = 1 if quick else ROUNDS
    times: Times = defaultdict(list)
    with explorer() as ours, floor() as empty, chromium() as browser:
        for turn in range(rounds):
            for listed in labs().values():
                _floor(browser, empty.url, listed, turn, times)
                _lab(browser, ours.url, listed, turn, times)
    beside: Times = defaultdict(list)
    with explorer() as ours, peer("dash") as dash, peer("gradio") as gradio, chromium() as browser:
        for turn in range(rounds):
            _lab_beside(browser, ours.url, turn, beside)
            _peer(browser, dash.url, "dash", turn, beside)
            _peer(browser, gradio.url, "gradio", turn, beside)
    return [_against_floor(times), _against_peers(beside)]


def _floor(browser: Browser, url: str, listed: Listed, turn: int, times: Times) -> None:
    numbers, choice = widest(listed), clicked(listed)
    with probed(browser, f"{url}/?{numbers.floor}", "input[type=range]") as probe:
        probe.watch()
        for value in numbers.at(turn, CHANGES):
            times[f"{listed.slug} number floor"].append(probe.change("input[type=range]", value))
    if choice:
        with probed(browser, f"{url}/?{choice.floor}", choice.floor_selectors[0]) as probe:
            probe.watch()
            for selector, value in islice(cycle(choice.floor_clicks), CHANGES):
                times[f"{listed.slug} choice floor"].append(probe.click(selector, value))


def _lab(browser: Browser, url: str, listed: Listed, turn: int, times: Times) -> None:
    """A few numbers, then clicks."""
    numbers, choice = widest(listed), clicked(listed)
    with probed(
        browser, url + address(listed, seed=1 + turn), READY, ours=True, charts=len(listed.lab.charts)
    ) as probe:
        probe.watch(numbers.name, numbers.default)
        for value in numbers.at(turn, CHANGES):
            times[f"{listed.slug} number"].append(probe.change(numbers.selector, value))
        if choice:
            _clicks(probe, choice, numbers, turn, times[f"{listed.slug} choice"])


def _clicks(probe: Probe, choice: Clicked, numbers: Numbers, turn: int, times: list[Time]) -> None:
    """Clicks on a choice; an untimed number before each makes the state a new one."""
    for number, (selector, value) in zip(
        numbers.at(turn + ROUNDS, CHANGES), cycle(choice.clicks), strict=False
    ):
        probe.watch(numbers.name, numbers.default)
        probe.change(numbers.selector, number)
        probe.watch(choice.name, choice.default)
        times.append(probe.click(selector, value))


def _lab_beside(browser: Browser, url: str, turn: int, times: Times) -> None:
    """The convolution lab at the peers' sizes, one pixel more each time."""
    listed = labs()["receptive-field"]
    with probed(
        browser,
        url + address(listed, seed=50 + turn, size=START),
        READY,
        ours=True,
        charts=len(listed.lab.charts),
    ) as probe:
        probe.watch("size", "64")
        for size in range(START + 1, START + 1 + CHANGES):
            times["ours"].append(probe.change('input[aria-label^="Input size"]', str(size)))


def _peer(browser: Browser, url: str, name: str, turn: int, times: Times) -> None:
    with probed(browser, url, ".gtitle") as probe:
        probe.watch()
        for size in range(START + 1, START + 1 + CHANGES):
            times[name].append(probe.change(CONTROLS[name], str(size)))


def _against_floor(times: Times) -> Section:
    rows, verdicts = [], []
    for listed in labs().values():
        for kind, control in (("number", widest(listed)), ("choice", clicked(listed))):
            ours, theirs = times[f"{listed.slug} {kind}"], times[f"{listed.slug} {kind} floor"]
            if control is None or not ours:
                continue
            what = f"{listed.slug}, {control.name}"
            ratio = _painted(ours) / _painted(theirs)
            rows.append((what, *_cells(theirs), *_cells(ours), f"{ratio:.2f}"))
            verdicts.append(verdict(what, ratio, 1.5, " times the floor"))
    return Section(
        "A change, until the new picture is painted",
        "Floor: an otherwise empty Streamlit page with the same control of ours and a line of text, with the same "
        "settings. The lab is painted from the direct route while the rerun is under way; “whole page” is when the rerun has ended and the page's "
        "own answer is painted. Every state is new to the engine.",
        ("control", "floor painted", "whole page", "lab painted", "whole page", "painted, times floor"),
        rows,
        verdicts,
    )


def _against_peers(times: Times) -> Section:
    ours = _painted(times["ours"])
    rows = [
        (name, _cells(times[key])[0], f"{_painted(times[key]) / ours:.2f}")
        for key, name in {"ours": "Tensorscope, receptive-field", **NAMES}.items()
    ]
    verdicts = [
        verdict(f"Tensorscope against {name}", ours / _painted(times[key]), 1, " times")
        for key, name in NAMES.items()
    ]
    return Section(
        "The same page in Dash and in Gradio: a change, until it is painted",
        "One integer, a convolution computed by TensorFlow, its first filter drawn as a heatmap; TensorFlow runs in "
        "the server's own process there. The lab computes and draws more: kernels, every filter, and the receptive "
        "field by formula, by gradient and effective.",
        ("page", "painted", "times ours"),
        rows,
        verdicts,
    )


def _painted(times: list[Time]) -> float:
    return median(time.painted for time in times)


def _cells(times: list[Time]) -> tuple[str, str]:
    return ms([time.painted for time in times]), ms([time.settled for time in times])
