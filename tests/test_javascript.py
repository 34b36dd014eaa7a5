"""The browser's modules, run by the Node that Playwright brings along."""

from __future__ import annotations

import os
import subprocess
import sys

from playwright._impl._driver import compute_driver_executable

from engine.pool import ROOT


def test_modules_keep_their_promises() -> None:
    node, _ = compute_driver_executable()
    done = subprocess.run(
        [node, "--test", *map(str, sorted((ROOT / "tests" / "js").glob("*.test.mjs")))],
        cwd=ROOT,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "# fail 0" in done.stdout or "fail 0" in done.stdout
