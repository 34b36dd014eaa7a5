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
from benchmarks.values import Clicked, Numbers, address, clicked, quick_labs, widest
from pages.kit.labs import Listed, labs

ROUNDS, CHANGES = 2, 6
SWITCH, SEGMENT = "input[role=switch]", "input[type=radio][value={}]"
FLOORS = {  # query of the floor, and what is clicked there
    "switch": ("control=choice&options=on,off&value=on", [(SWITCH, "off"), (SWITCH, "on")]),
    "segments": (
        "control=choice&options=SAME,VALID&value=SAME",
        [(SEGMENT.format("VALID"), "VALID"), (SEGMENT.format("SAME"), "SAME")],
    ),
}
READY = "[data-ready=true]"
Times = dict[str, list[Time]]


def run(quick: bool) -> list[Section]:
    """Two tables: ours against the floor, and ours against Dash and Gradio."""
    rounds = 1 if quick else ROUNDS
    times: Times = defaultdict(list)
    with explorer() as ours, floor() as empty, chromium() as browser:
        for turn in range(rounds):
            for place, listed in enumerate(quick_labs().values()):
                if place % 4 == 0:  # the floor again and again, because machines are noisy
                    _floors(browser, empty.url, turn, times)
                _lab(browser, ours.url, listed, turn, times)
    beside: Times = defaultdict(list)
    with explorer() as ours, peer("dash") as dash, peer("gradio") as gradio, chromium() as browser:
        for turn in range(rounds):
            _lab_beside(browser, ours.url, turn, beside)
            _peer(browser, dash.url, "dash", turn, beside)
            _peer(browser, gradio.url, "gradio", turn, beside)
    return [_against_floor(times), _against_peers(beside)]


def _floors(browser: Browser, url: str, turn: int, times: Times) -> None:
    """Our number control, our choice and our switch, each on an otherwise empty page."""
    numbers = widest("receptive-field")
    assert numbers
    with probed(browser, f"{url}/?{numbers.floor}", "input[type=range]") as probe:
        probe.watch()
        for value in numbers.at(turn, CHANGES):
            times["number floor"].append(probe.change("input[type=range]", value))
    for kind, (query, places) in FLOORS.items():
        with probed(browser, f"{url}/?{query}", places[0][0]) as probe:
            probe.watch()
            for selector, value in islice(cycle(places), CHANGES):
                times[f"{kind} floor"].append(probe.click(selector, value))


def _lab(browser: Browser, url: str, listed: Listed, turn: int, times: Times) -> None:
    """A few numbers, then clicks."""
    numbers, choice = widest(listed.slug), clicked(listed)
    with probed(
        browser, url + address(listed, seed=1 + turn), READY, ours=True, charts=len(listed.lab.charts)
    ) as probe:
        if numbers:
            probe.watch(numbers.name, numbers.default)
            for value in numbers.at(turn, CHANGES):
                times[f"{listed.slug} number"].append(probe.change(numbers.selector, value))
        if choice:
            _clicks(probe, choice, numbers, turn, times[f"{listed.slug} {choice.kind}"])


def _clicks(probe: Probe, choice: Clicked, numbers: Numbers | None, turn: int, times: list[Time]) -> None:
    """Clicks on a choice; an untimed number before each, where there is one, makes the state a new one."""
    new = numbers.at(turn + ROUNDS, CHANGES) if numbers else [""] * CHANGES
    for number, (selector, value) in zip(new, cycle(choice.clicks), strict=False):
        if numbers:
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
    for listed in quick_labs().values():
        for kind, name in _controls(listed):
            ours, theirs = times[f"{listed.slug} {kind}"], times[f"{kind} floor"]
            ratio = _painted(ours) / _painted(theirs)
            what = f"{listed.slug}, {name}"
            rows.append((what, kind, *_cells(theirs), *_cells(ours), f"{ratio:.2f}"))
            verdicts.append(verdict(what, ratio, 1.5, " times the floor"))
    return Section(
        "A change, until the new picture is painted",
        "Floor: an otherwise empty Streamlit page with a control of ours of the same kind and a line of text, with the same "
        "settings. The lab is painted from the direct route while the rerun is under way; “whole page” is when the rerun has ended and the page's "
        "own answer is painted. Every state is new to the engine.",
        (
            "control",
            "kind",
            "floor painted",
            "whole page",
            "lab painted",
            "whole page",
            "painted, times floor",
        ),
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


def _controls(listed: Listed) -> list[tuple[str, str]]:
    """Kind and name of what is changed in a lab."""
    numbers, choice = widest(listed.slug), clicked(listed)
    return [
        *([("number", numbers.name)] if numbers else []),
        *([(choice.kind, choice.name)] if choice else []),
    ]


def _painted(times: list[Time]) -> float:
    return median(time.painted for time in times)


def _cells(times: list[Time]) -> tuple[str, str]:
    return ms([time.painted for time in times]), ms([time.settled for time in times])
