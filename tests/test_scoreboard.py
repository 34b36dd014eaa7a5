"""The scoreboard: every line once, figures against golden ones, measuring with progress, stop and failure, files."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

import engine
from pages.kit import claims, scoreboard
from pages.kit.claims import Line, Outcome, difference, lines, measure, written
from pages.kit.declare import Claim, Measured, Published, Run
from pages.kit.labs import labs
from pages.kit.scoreboard_export import NOT_YET, as_csv, as_json, every_line, harmless
from pages.kit.scoreboard_job import Board, Tell, Wanted, board, waiting
from pages.kit.scoreboard_tables import chosen, tables
from pages.kit.text import prose
from server import routes
from server.limits import Clients
from tests.conftest import wait_until

GOLDEN = Path(__file__).parent / "golden"
LAB = labs()["receptive-field"]
TRAINS = labs()["spectral-vae"]
ONE = Measured("1", "holds")


def claim(says: str, found: Measured | Exception, verdict: Any = "holds") -> Claim:
    """A claim that measures nothing."""

    def answer(run: Run) -> Measured:
        if isinstance(found, Exception):
            raise found
        return found

    return Claim(says, "not at all", verdict, answer)


def line(name: str = "one", found: Measured | Exception = ONE, listed: Any = LAB) -> Line:
    return Line(name, listed, claim(name, found))


@dataclass
class Measuring:
    """Measures nothing; each line waits until the test lets it go, or nobody wants it any more."""

    free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    began: list[str] = field(default_factory=list)

    def __call__(self, one: Line, wanted: Wanted, tell: Tell) -> Outcome:
        self.began.append(one.key)
        tell("half of it")
        while not self.free.acquire(timeout=0.01):
            if not wanted():
                return Outcome("not measured", "nobody waits")
        return measure(one, lambda **_: pytest.fail("nothing is run"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slow() -> Iterator[tuple[Board, Measuring, Clock]]:
    """A board whose lines the test lets go one by one, and its clock."""
    measuring, clock = Measuring(), Clock()
    yield Board(measuring, 0, clock), measuring, clock
    measuring.free.release(1_000)


def test_every_claim_and_figure_is_listed_once() -> None:
    found = every_line()
    declared = [one for listed in labs().values() for one in (*listed.lab.claims, *listed.lab.published)]
    assert [one.of for one in found] == declared
    assert len({one.key for one in found}) == len({one.said for one in found}) == len(declared)
    assert all(one.source and one.listed.slug in one.key for one in found)


def golden(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / name).read_text())
    return read


def figures(slug: str, what: str) -> dict[str, Published]:
    declared = {one.what: one for one in labs()[slug].lab.published if one.what.startswith(what)}
    assert declared
    return declared


def test_networks_figures_are_the_golden_ones_and_their_deviations_are_named() -> None:
    known = golden("network-receptive-field.json")
    fields = known["receptive_field"]["networks"] | known["receptive_field_further"]["networks"]
    declared = figures("network-receptive-field", "Receptive field")
    assert [list(one.value) for one in declared.values() if isinstance(one.value, tuple)] == [
        fields[str(one.settings["network"])] for one in declared.values()
    ]
    assert len(declared) == len(fields)
    deviate = {one.settings["network"] for one in declared.values() if one.why}
    assert deviate == {"ResNet50", "ResNet101", "ResNet152"}
    assert all("pool1_pad" in one.why for one in declared.values() if one.why)
    counted = figures("network-receptive-field", "Parameters")
    counts = {str(one.settings["network"]): one.value for one in counted.values()}
    assert counts == known["parameter_counts"]["models"]


def test_the_guides_figures_and_same_padding_are_the_golden_ones() -> None:
    known = golden("published.json")
    values = [one.value for one in labs()["convolution-arithmetic"].lab.published]
    texts = " ".join(one.what for one in labs()["convolution-arithmetic"].lab.published)
    for case in known["convolution_arithmetic"]["cases"]:
        what = "Output size of a convolution with i = {i}, k = {k}, s = {s}, p = {p}".format(**case)
        assert figures("convolution-arithmetic", what)[what].value == case["o"]
        assert f"{case['o']} back with k = {case['k']}, s = {case['s']}, p = {case['p']}" in texts
    assert len(values) == 7 + 7 + 1 + 4
    [case] = known["same_padding"]["cases"]
    [padded] = figures("receptive-field", "Zeros that SAME").values()
    assert padded.value == tuple(case["pad"])
    assert (padded.settings["size"], padded.settings["kernel"], padded.settings["stride"]) == (
        case["i"], case["k"], case["s"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "published", "text"),
    [
        (212, 212, "the same"),
        ((483, 32, 241), (483, 32, 239), "0 / 0 / +2"),
        (0.1 + 0.2, 0.3, "the same"),
        (1_000, 2_500, "-1,500"),
        ((1, 2), (1, 2, 3), "2 numbers instead of 3"),
    ],
)
def test_a_difference_is_signed_and_none_is_the_same(ours: Any, published: Any, text: str) -> None:
    assert difference(ours, published) == text


def test_a_figure_is_written_as_people_write_it() -> None:
    assert [written(n) for n in (138357544, (12.0, 1.7), 30.71)] == ["138,357,544", "12 / 1.7", "30.71"]


def test_a_figure_that_differs_has_its_reason_and_one_without_is_unexpected(warm_engine: None) -> None:
    known = labs()["receptive-field"].lab.published[0]
    other = replace(known, value=(3, 3))
    run = lambda **given: engine.run("receptive-field", **given)  # noqa: E731
    same = measure(Line("a", LAB, known), run)
    assert (same.verdict, same.value, same.difference, same.why) == ("same", "2 / 3", "the same", "")
    assert same.link == Line("a", LAB, known).link == "size=224&kernel=7&stride=2"
    assert same.framework.startswith("TensorFlow")
    apart = measure(Line("b", LAB, other), run)
    assert (apart.verdict, apart.difference, apart.why) == ("differs", "-1 / 0", "no reason is known")
    assert Line("b", LAB, other).expected == "same"
    named = measure(Line("c", LAB, replace(other, why="another library")), run)
    assert (named.why, Line("c", LAB, replace(other, why="x")).expected) == ("another library", "differs")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (engine.WorkerDied("the engine's process ended twice; fix: try other values"), "ended twice"),
        (engine.TookTooLong("the time limit passed"), "time limit"),
        (KeyError("ghost"), "KeyError: 'ghost'"),
    ],
)
def test_what_goes_wrong_is_said_instead_of_a_value(problem: Exception, text: str) -> None:
    found = measure(line(found=problem), lambda **_: pytest.fail("nothing is run"))
    assert found.verdict == "not measured"
    assert not found.measured
    assert text in found.value


def test_lines_are_measured_one_after_the_other_and_shown_as_they_come(
    slow: tuple[Board, Measuring, Clock],
) -> None:
    shared, measuring, clock = slow
    wanted = [line(f"line {n}") for n in range(5)]
    assert not shared.look().busy
    shared.ask("me", wanted)
    shared.ask("you", wanted)  # a class opens the page: measured once
    wait_until(lambda: shared.look().under_way and shared.look().under_way[0][1] == "half of it", 10)
    assert (shared.look().done, shared.look().asked, shared.look().left) == (0, 5, None)
    for done in range(1, 5):
        clock.now += 2
        measuring.free.release()
        wait_until(lambda done=done: shared.look().done == done, 10)
        assert shared.outcome(wanted[done - 1]) is not None
        assert shared.outcome(wanted[4]) is None
    assert shared.look().left == pytest.approx(2)
    assert measuring.began == [one.key for one in wanted]
    measuring.free.release()
    wait_until(lambda: not shared.look().busy, 10)
    shared.ask("me", wanted[:1])  # and again
    assert (shared.look().done, shared.look().asked) == (0, 1)


def test_a_training_run_does_not_hold_up_the_rest(slow: tuple[Board, Measuring, Clock]) -> None:
    shared, measuring, _ = slow
    shared.ask("me", [line("long", listed=TRAINS), line("longer", listed=TRAINS), line("quick")])
    wait_until(lambda: len(shared.look().under_way) == 2, 10)
    assert sorted(measuring.began) == ["long", "quick"]


def test_it_stops_when_nobody_waits(slow: tuple[Board, Measuring, Clock]) -> None:
    shared, measuring, _ = slow
    wanted = [line(f"line {n}") for n in range(3)]
    shared.ask("me", wanted)
    shared.watch("you")
    wait_until(lambda: measuring.began, 10)
    shared.stop("me")
    assert shared.look().busy
    assert shared.look().watchers == 1
    shared.stop("you")
    wait_until(lambda: not shared.look().busy, 10)
    assert measuring.began == ["line 0"]
    assert shared.outcome(wanted[0]) is None  # given up, so neither measured nor failed
    shared.ask("me", wanted)
    wait_until(lambda: len(measuring.began) == 2, 10)
    measuring.free.release(3)
    wait_until(lambda: not shared.look().busy, 10)
    assert all(shared.outcome(one) for one in wanted)


def test_a_page_that_was_closed_waits_no_more(slow: tuple[Board, Measuring, Clock]) -> None:
    shared, measuring, clock = slow
    shared.ask("me", [line("a"), line("b")])
    wait_until(lambda: measuring.began, 10)
    clock.now += engine.LINGERS - 1
    shared.watch("me")
    clock.now += engine.LINGERS - 1
    assert shared.look().busy
    clock.now += 2
    wait_until(lambda: not shared.look().busy, 10)
    assert measuring.began == ["a"]


def test_a_line_that_breaks_takes_no_other_along() -> None:
    def breaks(one: Line, wanted: Wanted, tell: Tell) -> Outcome:
        if one.key == "bad":
            raise MemoryError("no room")
        return Outcome("holds", "1")

    shared = Board(breaks, 0)
    bad, good = line("bad"), line("good")
    shared.ask("me", [bad, good])
    wait_until(lambda: shared.outcome(good), 10)
    found = shared.outcome(bad)
    assert found
    assert (found.verdict, found.value) == ("not measured", "MemoryError: no room")


def test_waiting_tells_how_far_it_is_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door is watched here; that runs end when nobody waits is tested in test_training.py."""
    told, given_up = list[str](), list[tuple[str, str]]()
    job = engine.progress.Job()
    job.progress = replace(job.progress, text="epoch 3 of 10")
    monkeypatch.setattr(claims, "A_LOOK", 0.01)
    monkeypatch.setattr(engine, "submit", lambda name, seconds, who, **given: job)
    monkeypatch.setattr(engine, "give_up", lambda name, who, **given: given_up.append((name, who)))
    asks = claim("trains", Measured("", "holds"))
    asks = replace(asks, measure=lambda run: Measured(str(run(epochs=3)), "holds"))
    found = waiting(Line("trains", TRAINS, asks), lambda: len(told) < 2, told.append)
    assert told == ["epoch 3 of 10"] * 2
    assert given_up == [(TRAINS.lab.technique, "scoreboard")]
    assert (found.verdict, found.value) == ("not measured", "nobody waits for it any more")


@pytest.fixture
def filled() -> Iterator[Board]:
    """The board of this process with a few outcomes; empty again after the test."""
    shared = board()
    first = next(one for one in every_line() if one.expected == "wrong")
    shared.keep(
        first, Outcome("holds", "=HYPERLINK(1)|`<b>`", device="CPU", framework="TensorFlow 9", at=1e9)
    )
    figure = next(one for one in every_line() if one.expected == "differs")
    shared.keep(figure, Outcome("differs", "483 / 32 / 241", "+2", "explicit zeros", "network=VGG16"))
    yield shared
    shared.forget()


def test_json_says_what_was_measured_with_what_and_when(filled: Board) -> None:
    told = json.loads(as_json(filled))
    assert len(told["lines"]) == len(every_line())
    assert told["counts"][NOT_YET] == len(every_line()) - 2
    assert {"tensorflow", "keras", "numpy", "python"} <= set(told["versions"])
    [surprise] = told["unexpected"]
    by_value = {one["value"]: one for one in told["lines"]}
    one = by_value["=HYPERLINK(1)|`<b>`"]
    assert (one["verdict"], one["expected"], one["framework"], one["device"]) == (
        "holds", "wrong", "TensorFlow 9", "CPU",
    )  # fmt: skip
    assert one["measured_at"] == "2001-09-09T01:46:40+00:00"
    assert surprise.startswith(one["lab"])
    assert by_value["483 / 32 / 241"]["link"] == "network-receptive-field?network=VGG16"
    assert by_value[""]["verdict"] == NOT_YET  # never an expected verdict as a measured one


def test_csv_is_the_same_and_harmless_in_a_spreadsheet(filled: Board) -> None:
    text = as_csv(filled)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == len(every_line())
    assert "'=HYPERLINK(1)|`<b>`" in [one["value"] for one in rows]
    assert "+2" in [one["difference"] for one in rows]
    assert rows[0]["installed keras"]
    assert rows[0]["date"]
    cells = [cell for one in rows for cell in one.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "\t", "\r"))]


def test_only_numbers_may_begin_with_a_sign() -> None:
    assert [harmless(cell) for cell in ("+2", "-1,500", "+2.5", 7, "plain")] == [
        "+2",
        "-1,500",
        "+2.5",
        7,
        "plain",
    ]
    for cell in ("+1+cmd|' /C calc'!A0", "=1", "-x", "@SUM(1)", "\tx", "+0 / +2"):
        assert harmless(cell) == f"'{cell}"


def test_tables_escape_what_was_measured(filled: Board) -> None:
    rows = [(one, filled.outcome(one)) for one in every_line()]
    measured = [row for row in rows if row[1]]
    text = tables(measured)
    assert "\\|\\`\\<b\\>\\`" in text
    assert "the tests expect: wrong" in text
    assert "[this state](network-receptive-field?network=VGG16)" in text
    for one in tables(rows).split("\n\n"):
        bars = {row.replace("\\|", "").count("|") for row in one.splitlines()}
        assert len(bars) == 1  # no cell breaks its table


@pytest.mark.parametrize(
    ("sentence", "markdown"),
    [
        ("super().__init__() first", r"super\(\)\.\_\_init\_\_\(\) first".replace(r"\.", ".")),
        ("Write `a * b | c`, not 2 * 3.", r"Write `a * b | c`, not 2 \* 3."),
        ("one ` alone *here*", r"one \` alone \*here\*"),
    ],
)
def test_what_looks_like_markup_in_a_sentence_is_shown(sentence: str, markdown: str) -> None:
    assert prose(sentence) == markdown


def test_filters_let_through_what_they_say(filled: Board) -> None:
    rows = [(one, filled.outcome(one)) for one in every_line()]
    assert chosen(rows, "everything", "any", "any") == rows
    assert {row[0].kind for row in chosen(rows, "published figures", "any", "any")} == {"figure"}
    assert len(chosen(rows, "figures that differ", "any", "Convolution")) == 1
    assert not chosen(rows, "figures that differ", "any", "Attention")
    assert len(chosen(rows, "not as the tests expect", "holds", "any")) == 1
    assert not chosen(rows, "where people are not simply right", "any", "any")
    assert len(chosen(rows, "everything", NOT_YET, "any")) == len(rows) - 2


def page(**query: str) -> AppTest:
    def script() -> None:
        import streamlit as st

        from pages import home, scoreboard

        scoreboard.render(st.Page(home.render, title="home"))

    at = AppTest.from_function(script, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def shown(at: AppTest) -> str:
    assert not at.exception
    return "\n".join(block.value for block in at.markdown)


def test_the_page_says_not_measured_yet_and_then_what_was_measured(warm_engine: None) -> None:
    board().forget()
    at = page(show="published figures", family="Convolution")
    assert {one.value for one in at.metric if one.label != NOT_YET} == {"0"}
    assert "not measured yet" in shown(at)
    assert "2 / 3 | the same" not in shown(at)
    [figure] = [one for one in lines(LAB) if one.kind == "figure"]
    at.button(key="scoreboard.receptive-field").click().run()
    wait_until(lambda: not board().look().busy, 60)
    text = shown(at.run())
    assert f"| :blue-badge[same] | {written(figure.of.value)} | 2 / 3 | the same |" in text  # type: ignore[union-attr]
    assert {one.label: one.value for one in at.metric}["same"] == "1"
    board().forget()


def test_a_bad_filter_in_the_address_shows_everything() -> None:
    at = page(show="<script>", verdict="nonsense")
    assert at.selectbox(key="show").value == "everything"
    assert "| What people say |" not in shown(at)  # families are closed: the first paint is quick


def test_a_chosen_family_is_open() -> None:
    assert shown(page(family="Convolution")).count("| What people say |") == sum(
        one.family == "Convolution" for one in labs().values()
    )


def test_stop_is_offered_while_it_measures(slow: tuple[Board, Measuring, Clock], monkeypatch: Any) -> None:
    from pages import scoreboard as page_module

    shared, measuring, _ = slow
    monkeypatch.setattr(page_module, "board", lambda: shared)
    at = page()
    at.button(key="scoreboard.all").click().run()
    wait_until(lambda: measuring.began, 10)
    at.run()
    assert not at.exception
    assert any("Measuring: 0 of" in str(one.proto) for one in at.get("progress"))
    at.button(key="scoreboard.stop").click().run()
    wait_until(lambda: not shared.look().busy, 10)
    assert at.run().button(key="scoreboard.all").label == "Measure all"


def test_the_command_line_measures_a_lab(capsys: pytest.CaptureFixture[str], warm_engine: None) -> None:
    assert scoreboard.main(["--json", "dense-as-convolution"]) == 0
    told = capsys.readouterr()
    measured = [one for one in json.loads(told.out)["lines"] if one["verdict"] != NOT_YET]
    assert {one["lab"] for one in measured} == {"dense-as-convolution"}
    assert f"{len(measured)}/{len(measured)} " in told.err
    with pytest.raises(SystemExit):
        scoreboard.main(["no-such-lab"])
    assert "no-such-lab" in capsys.readouterr().err


def answer(method: str, query: str = "") -> httpx.Response:
    """What the route answers, without a server around it; in a thread, as another test's browser has a loop in this."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=routes.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, f"/api/scoreboard{query}")

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


def test_the_route_answers_what_is_known_and_measures_nothing(
    filled: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "board_clients", Clients(0.001, 3))
    told = answer("GET")
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    assert told.json()["lines"] == json.loads(as_json(filled))["lines"]
    assert answer("GET", "?measure=all").json()["measuring"] is None
    assert answer("POST").status_code == 405
    answer("GET")
    refused = answer("GET")
    assert refused.status_code == 429
    assert "at most 2 requests a second" in refused.json()["error"]["message"]
    assert refused.headers["retry-after"]


def test_the_documents_numbers_are_the_codes() -> None:
    text = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
    assert f"{routes.BOARD_RATE:.0f} such answers a second, {routes.BOARD_BURST} at once" in text
    told = json.loads(as_json(Board()))
    assert all(f"`{name}`" in text for name in (*told, *told["lines"][0]))
