"""A training run as people meet it: on the route, and on a page in Chromium."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from pages.kit import curves
from pages.kit.declare import Curve
from pages.kit.labs import labs
from pages.kit.state import State
from tests import tiny_training
from tests.conftest import ROOT, Server, wait_until

LAB = tiny_training.NAME


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The explorer with the tests' own lab; runs at full priority, for this machine has other work."""
    (ROOT / ".pytest_cache").mkdir(exist_ok=True)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    running = Server(app="tests/tiny_app.py", PYTHONPATH=paths, TENSORSCOPE_RUN_NICE="0").start()
    yield running
    running.stop()


def client(server: Server, name: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"X-Tensorscope-Client": name}, timeout=60)


def until(ask: Callable[[], httpx.Response], ready: Callable[[httpx.Response], Any]) -> httpx.Response:
    """Ask on until the answer is ready."""
    answer = ask()
    end = time.monotonic() + 120
    while not ready(answer):
        assert time.monotonic() < end, answer.text[:500]
        time.sleep(0.2)
        answer = ask()
    return answer


def test_the_route_tells_the_run_so_far_and_only_who_waits_can_leave(server: Server) -> None:
    path = f"/api/labs/{LAB}?epochs=900&seed=1"
    with client(server, "me") as me, client(server, "you") as you, client(server, "stranger") as stranger:
        told = until(lambda: me.get(path), lambda answer: "so_far" in answer.json()).json()
        assert told["progress"]["text"].startswith("epoch ")
        assert 0 < told["progress"]["share"] < 1
        assert told["so_far"]["tensors"]["losses"]["data"]
        assert told["so_far"]["facts"][0][0] == "epochs done"
        assert you.get(path).status_code == 202
        stop = f"/api/labs/{LAB}/stop?epochs=900&seed=1"
        assert stranger.post(stop).json() == {"waited": False}
        assert me.post(stop).json() == {"waited": True}
        assert me.post(stop).json() == {"waited": False}
        time.sleep(0.5)
        assert you.get(path).status_code == 202
        assert you.post(stop).json() == {"waited": True}
        time.sleep(1.5)
        ended = you.get(path)
        assert ended.status_code == 410
        assert ended.json()["error"]["message"].startswith("stopped at epoch ")
        assert ended.json()["tensors"]["losses"]["data"]
        assert you.post(f"/api/labs/{LAB}/stop?epochs=x").status_code == 400
        fresh = stranger.get(path)  # who had no part in it begins anew
        assert fresh.status_code == 202
        assert stranger.post(stop).json() == {"waited": True}


def test_a_finished_run_is_there_at_once(server: Server) -> None:
    path = f"/api/labs/{LAB}?epochs=3&seed=2&pause=10"
    with client(server, "first") as first, client(server, "second") as second:
        done = until(lambda: first.get(path), lambda answer: answer.status_code == 200).json()
        again = second.get(path)
    assert again.status_code == 200
    assert again.json() == done


def open_lab(page: Page, server: Server, query: str) -> Locator:
    page.goto(f"{server.url}/{LAB}?{query}")
    stage = page.locator('.stage[data-group="stage"]')
    expect(stage).to_have_attribute("data-ready", "true", timeout=90_000)
    return stage


def test_a_run_is_watched_stopped_begun_again_and_compared(page: Page, server: Server) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    stage = open_lab(page, server, "epochs=400&seed=3")
    said = stage.locator(".progress .said")
    expect(said).to_contain_text("of 400: loss")
    expect(stage.locator(".progress .left")).to_contain_text("left")
    first = said.text_content()
    expect(said).not_to_have_text(first or "")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    page.reload()  # who comes back finds it
    stage = page.locator('.stage[data-group="stage"]')
    epoch = int((first or "").split()[1])
    expect(said).to_contain_text("of 400: loss", timeout=60_000)
    wait_until(lambda: int((said.text_content() or "epoch 0").split()[1]) > epoch, 60)
    stage.get_by_role("button", name="Stop").click()
    ended = stage.locator(".ended")
    expect(ended).to_contain_text("Stopped at epoch")
    expect(stage.locator(".progress")).to_be_hidden()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    time.sleep(2)
    expect(ended).to_be_visible()  # no rerun begins it unasked
    slider = page.get_by_role("slider", name="Epochs", exact=True)
    slider.evaluate(
        """input => {
            input.value = 4;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            input.dispatchEvent(new Event("change", {bubbles: true}));
        }"""
    )
    expect(stage).to_have_attribute("data-link", "epochs=4&seed=3", timeout=60_000)
    expect(ended).to_have_count(0)
    expect(page.locator(".js-plotly-plot .legendtext")).to_have_count(2, timeout=60_000)
    expect(page.locator(".js-plotly-plot")).to_contain_text("before: Epochs 400")
    page.get_by_role("button", name="Undo").click()
    expect(ended).to_contain_text("Stopped at epoch")
    stage.get_by_role("button", name="Train again").click()
    expect(said).to_contain_text("of 400: loss", timeout=60_000)
    assert problems == []


def test_curves_name_the_run_before_and_survive_what_is_no_number() -> None:
    now = [(Curve("training", [2.0, float("nan"), 0.5]), ""), (Curve("held out", [float("inf")]), "")]
    under = [(Curve("training", [3.0, 1.0]), "before: Rate 1")]
    figure = curves.figure(now, under)
    assert [line["name"] for line in figure["data"]] == ["training (before: Rate 1)", "training", "held out"]
    assert figure["data"][0]["line"]["color"] == figure["data"][1]["line"]["color"]
    assert figure["data"][1]["y"] == [2.0, None, 0.5]
    assert curves.alt(now, under) == (
        "training: from 2 to 0.5 over 3 epochs, 1 of them no number; held out: no number; "
        "training (before: Rate 1): from 3 to 1 over 2 epochs"
    )
    long = Curve("training", range(50_000))
    assert len(curves.points(long)[0]) == curves.MOST_POINTS
    assert curves.points(long)[0][-1] == 50_000


def test_what_the_run_before_had_otherwise_is_said_in_the_labs_words() -> None:
    tiny_training.register()
    try:
        listed = labs()[LAB]
        usual = {p.name: p.default for p in listed.technique.parameters}
        assert (
            curves.difference(listed, {**usual, "rate": 2.5, "seed": 7}, usual) == "before: Rate 2.5, seed 7"
        )
        state = State(listed, usual)
        state.saw()
        assert state.run_before() is None
        state.values = {**usual, "rate": 2.5}
        assert state.run_before() == usual
        state.saw()
        state.saw()
        assert state.run_before() == usual
    finally:
        tiny_training.unregister()
