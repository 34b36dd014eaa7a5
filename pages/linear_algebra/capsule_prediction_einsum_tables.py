"""What each letter does, and what every method costs at these sizes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import engine
from engine import EngineError, Trace
from pages.kit.declare import Table
from pages.linear_algebra.capsule_prediction_einsum_words import NAMES, mebibytes, sizes
from pages.linear_algebra.einsum_words import apart_words

MEANING = {"A": "W", "B": "u"}


def _letters(trace: Trace) -> Sequence[Sequence[str]]:
    return [
        (letter, size, ", ".join(MEANING[name] for name in readers.split(", ") if name in MEANING), role)
        for letter, size, readers, role in trace.facts["letters"]
    ]


def _methods(trace: Trace) -> Sequence[Sequence[str]]:
    """Each method: what it writes out between W, u and the result, its time now, its difference to einsum."""
    given, told = sizes(trace.parameters), trace.facts
    copies = given["batch"] * given["inputs"] * given["outputs"] * given["in_size"]
    written = {
        "tile": told["tiled"] + copies,
        "elementwise": told["tiled"],
        "matmul": prod(told["shapes"][1]),
    }
    try:
        timed = engine.run("capsule-timings", **given).facts
    except EngineError:
        timed = {}
    rows = []
    for method, name in NAMES.items():
        between = mebibytes(written[method]) if method in written else "—"
        took, apart = (
            (f"{timed[method][0]:.2g} ms", apart_words(timed[method][1]))
            if method in timed
            else ("not tried: too large", "")
        )
        rows.append((name, between, took, apart))
    return rows


TABLES = (
    Table("What each letter does", ("letter", "size", "stands in", "role"), _letters),
    Table(
        "Every way at these sizes",
        ("way", "written out in between", "time", "beside einsum"),
        _methods,
        lambda trace: (
            "Right letters, normal values; the faster of two calls after a first one, on this machine, measured for this page."
        ),
    ),
)
