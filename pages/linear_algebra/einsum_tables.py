"""What each letter does, the loops, other calls, and what TensorFlow says to a wrong letter."""

from __future__ import annotations

from collections.abc import Sequence

import engine
from engine import EngineError, Trace
from engine.linear_algebra.einsum_expression import read
from engine.linear_algebra.einsum_mistakes import mistakes, ours
from engine.linear_algebra.einsum_sizes import resolve
from pages.kit.declare import Table
from pages.linear_algebra.einsum_words import apart_words, call, gigaflops


def _letters(trace: Trace) -> Sequence[Sequence[str]]:
    return list(trace.facts["letters"])


def _loops(trace: Trace) -> Sequence[Sequence[str]]:
    return [(line,) for line in trace.facts["lines"]]


def _ways(trace: Trace) -> Sequence[Sequence[str]]:
    told = trace.facts
    rows = [(call(name), text, apart_words(apart)) for name, (text, apart) in told["ways"].items()]
    if told["loops_off"] is not None:
        rows.append(("as loops in Python", "as written out", apart_words(told["loops_off"])))
    rows += [
        (f"TensorFlow's pair {place}", text, f"{gigaflops(operations)} operations")
        for place, (text, operations) in enumerate(told["pairs"], 1)
    ]
    return rows or [("no other single call", "einsum is the one to use", "")]


def _mistakes(trace: Trace) -> Sequence[Sequence[str]]:
    """Each mistake, handed to TensorFlow just now."""
    given = trace.parameters
    found = read(given["expression"])
    sizes = resolve(found, given["sizes"], given["other"])
    return [
        (made.name, made.expression, made.sizes, ours(made), _answer(made.expression, made.sizes))
        for made in mistakes(found, sizes)
    ]


def _answer(expression: str, shapes: str) -> str:
    try:
        return str(engine.run("einsum-calls", expression=expression, shapes=shapes).facts["tensorflow"])
    except EngineError as problem:
        return f"not asked: {problem}"


TABLES = (
    Table("What each letter does", ("letter", "size", "stands in", "role"), _letters),
    Table("The same as loops", ("Python",), _loops),
    Table("The same by other calls", ("way", "call", "beside tf.einsum"), _ways),
    Table(
        "One mistake in it",
        ("mistake", "expression", "shapes", "what this page says", "what TensorFlow says"),
        _mistakes,
        lambda trace: (
            "Asked a moment ago. “accepted” is the dangerous answer: the result has another meaning."
        ),
    ),
)
