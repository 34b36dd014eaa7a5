"""What every measurement uses: servers on free ports, one Chromium, pages with the probe."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
APPS = ROOT / "benchmarks" / "apps"
STREAMLIT = ("-m", "streamlit", "run")
WINDOW: ViewportSize = {"width": 1366, "height": 768}


class Server:
    """A server process; `ready` is the path that answers 200 when it serves."""

    def __init__(self, command: Sequence[str], ready: str) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        port = self.url.rpartition(":")[2]
        settings = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "GRADIO_ANALYTICS_ENABLED": "False"}
        self.command = command
        self.process = subprocess.Popen(
            [sys.executable, *(part.replace("PORT", port) for part in command)],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait_for(ready)

    def wait_for(self, path: str, text: str = "", patience: float = 180) -> None:
        """Return once the path answers with the text in it."""
        end = time.monotonic() + patience
        while (answer := self.answer(path)) is None or text not in answer:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{' '.join(self.command)} does not answer {path}")
            time.sleep(0.02)

    def answer(self, path: str) -> str | None:
        """What the path answers; None while it does not answer 200."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return None

    def wait_until_idle(self, patience: float = 60) -> None:
        """Return when server and children have left the processor alone for half a second."""
        end, before = time.monotonic() + patience, -1.0
        while (now := self._processor_seconds()) - before > 0.03 and time.monotonic() < end:
            before = now
            time.sleep(0.5)

    def _family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def _processor_seconds(self) -> float:
        return float(sum(sum(one.cpu_times()[:2]) for one in self._family()))

    def memory(self) -> float:
        """MiB of the server and all its children."""
        return float(sum(one.memory_info().rss for one in self._family())) / 2**20

    def stop(self) -> None:
        """End it and its children."""
        if self.process.poll() is None:
            family = self._family()
            self.process.terminate()
            for one in psutil.wait_procs(family, timeout=5)[1]:
                one.kill()
        self.process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(*command: str, ready: str = "/", warm: bool = False) -> Iterator[Server]:
    """A server while the block runs; `warm` waits until its engine is."""
    server = Server(command, ready)
    try:
        if warm:
            server.wait_for("/healthz", '"warm"')
            server.wait_until_idle()
        yield server
    finally:
        server.stop()


def explorer(warm: bool = True) -> AbstractContextManager[Server]:
    """Tensorscope as `make run` starts it."""
    return serving(*STREAMLIT, "app.py", "--server.port", "PORT", ready="/healthz", warm=warm)


def floor() -> AbstractContextManager[Server]:
    """The otherwise empty page, with the same settings."""
    return serving(*STREAMLIT, f"{APPS}/floor_server.py", "--server.port", "PORT", ready="/_stcore/health")


def peer(name: str) -> AbstractContextManager[Server]:
    """The page of peers/<name>_page.py."""
    return serving("-m", f"benchmarks.peers.{name}_page", "PORT")


def _chromium() -> str:
    noted = ROOT / ".venv" / "chromium"
    names = [os.environ.get("CHROMIUM"), noted.read_text().strip() if noted.exists() else None]
    for name in (*names, "chromium", "chromium-browser", "google-chrome"):
        if name and (path := shutil.which(name)):
            return path
    raise RuntimeError("no Chromium found; run scripts/browser.sh or set CHROMIUM=/path/to/chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=_chromium(), args=arguments)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """A page in a fresh context, with the probe in it, as soon as the server answers."""
    context = browser.new_context(viewport=WINDOW)
    context.add_init_script(PROBE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url, wait_until="commit")
    yield page
    context.close()
