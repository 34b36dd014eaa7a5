"""`python -m benchmarks [measurement ...] [--quick]`, from the root of the project.

All of them take about ten minutes on two cores and are written to docs/performance.md; some of them, or
quick ones, are only printed.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from importlib import import_module

from benchmarks.harness import ROOT, chromium
from benchmarks.report import page

MEASUREMENTS = ("change", "drag", "paint", "hover", "door", "load", "networks", "training")


def main() -> int:
    """Run what was asked for; 1 when a measurement broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="measurement", help=", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="one round of each, to see that they work")
    asked = parser.parse_args()
    unknown = set(asked.measurements) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"received {', '.join(sorted(unknown))}; expected some of {', '.join(MEASUREMENTS)}")
    began, sections, broken = time.monotonic(), [], False
    for name in asked.measurements or MEASUREMENTS:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            found = import_module(f"benchmarks.{name}").run(asked.quick)
            sections += found
            print("\n".join(section.markdown() for section in found), flush=True)
        except Exception:
            traceback.print_exc()
            broken = True
    if not (asked.measurements or asked.quick or broken):
        _write(page(sections, time.monotonic() - began, _browser()))
    return int(broken)


def _browser() -> str:
    with chromium() as browser:
        return f"Chromium {browser.version}"


def _write(text: str) -> None:
    file = ROOT / "docs" / "performance.md"
    file.write_text(text, encoding="utf-8")
    print(f"written to {file.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
