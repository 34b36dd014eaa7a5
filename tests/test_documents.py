"""The documents are true: the recipe for a lab works to the letter, names and numbers exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from engine.pool import ROOT
from server.limits import MOST_QUERY, ROUTE_RATE


def blocks(document: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / document).read_text(), re.DOTALL)


def test_following_the_recipe_gives_a_lab_that_keeps_the_contract(tmp_path: Path) -> None:
    copy = tmp_path / "a copy"
    ignored = shutil.ignore_patterns("__pycache__", ".venv", ".git", "benchmarks", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    technique, lab = blocks("adding-a-lab.md")
    for room, text in (("engine", technique), ("pages", lab)):
        family = copy / room / "gradients"
        family.mkdir(exist_ok=True)
        (family / "__init__.py").write_text('"""Gradients: where they go."""\n')
        (family / "clip_gradient.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-p",
        "no:cacheprovider",
        "tests/test_labs.py",
        "-k",
        "clip-gradient",
    ]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\b1\d passed", done.stdout), done.stdout[-500:]
    made = ["engine/gradients/clip_gradient.py", "pages/gradients/clip_gradient.py"]
    lint = subprocess.run([sys.executable, "-m", "mypy", *made], cwd=copy, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def test_the_readmes_settings_exist() -> None:
    named = set(re.findall(r"TENSORSCOPE_[A-Z_]+", (ROOT / "README.md").read_text()))
    read = set(re.findall(r"TENSORSCOPE_[A-Z_]+", (ROOT / "engine" / "settings.py").read_text()))
    assert named
    assert named <= read
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / picture).exists()


def test_the_routes_numbers_are_the_codes() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    assert f"{MOST_QUERY:,} characters" in text
    assert f"more than {ROUTE_RATE:.0f} times a second" in text
