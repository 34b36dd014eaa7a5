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
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
APPS = ROOT / "benchmarks" / "apps"
STREAMLIT = ("-m", "streamlit", "run")
WINDOW = {"width": 1366, "height": 768}


class Server:
    """A server process; `ready` is the path that answers 200 when it serves."""

    def __init__(self, command: Sequence[str], ready: str) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        port = self.url.rpartition(":")[2]
        settings = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "GRADIO_ANALYTICS_ENABLED": "False"}
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
        while text not in self._answer(path):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args} does not answer {path}")
            time.sleep(0.02)

    def _answer(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return f"{answer.read().decode()}{answer.status}"
        except OSError:
            return "\0"

    def memory(self) -> float:
        """MiB of the server and all its children."""
        own = psutil.Process(self.process.pid)
        return sum(one.memory_info().rss for one in (own, *own.children(recursive=True))) / 2**20

    def stop(self) -> None:
        """End it and its children."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        _, alive = psutil.wait_procs([*children, psutil.Process(self.process.pid)], timeout=5)
        for one in alive:
            one.kill()
        self.process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
