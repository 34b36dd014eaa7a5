"""The scoreboard's command line: `python -m pages.kit.scoreboard [--json | --csv] [LAB …]` measures and prints.

Without labs it measures all of them, which takes minutes. It ends with 1 where a verdict is another than
the tests expect, or a line could not be measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import engine
from pages.kit.labs import labs
from pages.kit.scoreboard_export import as_csv, as_json, every_line, unexpected, verdict
from pages.kit.scoreboard_job import Board, waiting


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pages.kit.scoreboard", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the scoreboard as JSON")
    form.add_argument("--csv", action="store_true", help="print it as CSV")
    parser.add_argument("labs", nargs="*", metavar="LAB", help="measure these only; the others are listed")
    arguments = parser.parse_args(given)
    if unknown := [slug for slug in arguments.labs if slug not in labs()]:
        parser.error(f"received {', '.join(unknown)}; expected one of {', '.join(labs())}")
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    """Measure, saying each line on standard error, and print what was asked for."""
    arguments = _arguments(given)
    board, failed = Board(), 0
    wanted = [line for line in every_line() if not arguments.labs or line.listed.slug in arguments.labs]
    for place, line in enumerate(wanted, 1):
        outcome = waiting(line, lambda: True, lambda text: None)
        board.keep(line, outcome)
        apart = unexpected(line, outcome) or not outcome.measured
        failed += apart
        mark = f" (expected: {line.expected})" if apart else ""
        print(f"{place}/{len(wanted)} {line.key}: {verdict(outcome)}{mark}", file=sys.stderr)
    if arguments.json or arguments.csv:
        print(as_json(board) if arguments.json else as_csv(board))
    else:
        print(f"{len(wanted)} measured, {failed} not as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        engine.stop()
