"""What a measurement says, the machine it ran on, and the page that is written from both."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil

PACKAGES = ("streamlit", "tensorflow", "numpy", "plotly", "dash", "gradio")


@dataclass(frozen=True)
class Section:
    """One table: its title, what was done in a sentence or two, and what came of the target."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    verdicts: Sequence[str] = field(default=())

    def markdown(self) -> str:
        lines = ["| " + " | ".join(cells) + " |" for cells in (self.columns, *self.rows)]
        lines.insert(1, "| --- |" + " ---: |" * (len(self.columns) - 1))
        verdicts = [f"- {verdict}" for verdict in self.verdicts]
        return "\n".join([f"## {self.title}", "", self.about, "", *lines, "", *verdicts]).rstrip() + "\n"


def verdict(what: str, value: float, target: float, unit: str = "", least: bool = False) -> str:
    """The target, what was measured, and whether that is met."""
    met = value >= target if least else value <= target
    bound = "at least" if least else "at most"
    return f"{what}: target {bound} {target:g}{unit}, measured {value:.3g}{unit}: **{'met' if met else 'missed'}**"


def ms(values: Sequence[float]) -> str:
    """Median and 95th percentile of milliseconds."""
    return f"{median(values):.0f} ({percentile(values, 95):.0f})" if values else "–"


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def machine() -> str:
    """Processor, cores, memory, system, load and versions."""
    memory, others = psutil.virtual_memory().total / 2**30, psutil.getloadavg()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}.\n"
        f"Load average at the end: {others:.1f} (the run's own work included).\n"
        f"Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def page(sections: Sequence[Section], seconds: float, browser: str) -> str:
    """docs/performance.md."""
    head = f"""# Performance

Written by `make benchmark` on {date.today().isoformat()}; the run took {seconds / 60:.0f} minutes.
{machine()} {browser}.

Server, browser and load generator share this machine, so the ratios side by side matter more than any
single number. What is compared was measured in turns (A B A B) in the same run. Milliseconds are
medians, with the 95th percentile in brackets. A picture counts as painted at the first frame whose
start finds it in the page, here and on the pages compared with.
"""
    return "\n".join([head, *(section.markdown() for section in sections)])
