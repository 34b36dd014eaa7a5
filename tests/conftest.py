"""What the tests share: a warm engine, a real server, a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.runtime.scriptrunner import script_runner
from xdist.scheduler import LoadScopeScheduling

import engine
from pages.kit.labs import labs
from tests.pasted import Pasted

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("TENSORSCOPE_RUN_NICE", "0")  # a test waits for its run: nobody is to be given way
settings.register_profile(
    "tensorscope",
    deadline=None,  # no test asserts a time
    derandomize=bool(os.environ.get("CI")),  # the same examples every time there; new ones on a desk
    max_examples=25,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("tensorscope")


SPREAD = (
    "test_labs",
    "test_lens",
    "test_links",
    "test_pages",
    "test_predict",
)  # files whose tests are shared out by lab


class ByLab(LoadScopeScheduling):  # type: ignore[misc]
    """All tests of a lab go to one process, where its Traces are cached; other files stay whole."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        file, slug = Path(path).stem, name.rpartition("[")[2].rstrip("]")
        return slug if file in SPREAD and slug in labs() else file.removeprefix("test_").replace("_", "-")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByLab:
    return ByLab(config, log)


@pytest.fixture(scope="session", autouse=True)
def _leave_keras_alone() -> None:
    """After every run of a page Streamlit clears a Keras it finds, which takes half a second.

    It finds none where pages are served; the process of the tests holds one beside them.
    """
    script_runner._clean_problem_modules = lambda: None


@pytest.fixture(scope="session", autouse=True)
def _end_workers() -> Iterator[None]:
    yield
    engine.stop()


@pytest.fixture(scope="session")
def warm_engine() -> None:
    """The engine of this process, with TensorFlow loaded in its workers."""
    engine.start()
    wait_until(engine.warm, 180)


@pytest.fixture(scope="session")
def pasted() -> Iterator[Pasted]:
    """One process for the programs of all labs: importing TensorFlow takes longer than most of them."""
    process = Pasted()
    yield process
    process.end()


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Return when the condition holds; fail when it does not within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still waiting after {seconds} s"
        time.sleep(0.05)


class Server:
    """The explorer as people start it, on a free port."""

    def __init__(self, port: int = 0, app: str = "app.py", **environment: str) -> None:
        self.environment, self.app = environment, app
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, warm: bool = True) -> Server:
        command = [sys.executable, "-m", "streamlit", "run", self.app, "--server.port", str(self.port)]
        self.log = open(ROOT / f".pytest_cache/server-{self.port}.log", "ab")  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        wait_until(lambda: self.health() is not None, 60)
        if warm:
            wait_until(lambda: (self.health() or {}).get("engine") == "warm", 180)
        return self

    def health(self) -> dict[str, str] | None:
        try:
            answer: dict[str, str] = httpx.get(f"{self.url}/healthz", timeout=5).json()
            return answer
        except httpx.HTTPError:
            return None

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.log.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One warm server for all tests that do not break it."""
    (ROOT / ".pytest_cache").mkdir(exist_ok=True)
    running = Server().start()
    yield running
    running.stop()


@pytest.fixture
def own_server() -> Iterator[Callable[..., Server]]:
    """Starts servers that a test may break, with one worker unless it wants more."""
    (ROOT / ".pytest_cache").mkdir(exist_ok=True)
    started: list[Server] = []

    def start(warm: bool = True, **environment: str) -> Server:
        started.append(Server(**{"TENSORSCOPE_WORKERS": "1", **environment}))
        return started[-1].start(warm)

    yield start
    for one in started:
        one.stop()


def chromium_path() -> str:
    """The browser the tests drive; fails with what to install when there is none."""
    noted = ROOT / ".venv" / "chromium"
    names = [os.environ.get("CHROMIUM"), noted.read_text().strip() if noted.exists() else None]
    for name in (*names, "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    pytest.fail("no Chromium found; run scripts/browser.sh, or apt-get install chromium, or set CHROMIUM")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; assertions wait long, because a busy machine is no failure."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"],
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of laptop size in a context of its own."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
