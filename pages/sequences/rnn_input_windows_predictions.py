"""What people can guess about the shapes of a long table before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from engine.sequences.rnn_input_windows_sizes import readable
from pages.kit.declare import Prediction
from pages.sequences.rnn_input_windows_words import handed, parameters, windowed


def _count_question(trace: Trace) -> str:
    p = trace.parameters
    return (
        f"How many windows of {p['window']} rows, stride {p['stride']}, horizon {p['horizon']}, has a table of "
        f"{p['rows']:,} rows?"
    )


def _count_answers(trace: Trace) -> Sequence[str]:
    p, right = trace.parameters, trace.facts["windows"]
    others = (p["rows"] - p["window"], right - 1, right + 1, p["rows"] // p["window"], p["rows"])
    return list(dict.fromkeys(f"{count:,}" for count in (right, *others) if count >= 0))[:4]


def _count_why(trace: Trace) -> str:
    p, right = trace.parameters, trace.facts["windows"]
    if not right:
        return "The window and its horizon are longer than the table: none fits, and Keras would say nothing."
    return (
        f"⌊({p['rows']:,} − {p['window']} − {p['horizon']}) / {p['stride']}⌋ + 1 = {right:,}: the first window "
        "takes no step, hence the + 1 that is easily forgotten."
    )


def _handed_answers(trace: Trace) -> Sequence[str]:
    p = trace.parameters
    right = handed(trace, p["mode"])[0]
    time, batch = (p["window"], p["batch_size"]) if windowed(trace) else (p["chunk"], p["streams"])
    others = (f"[{p['rows']}, {p['features']}]", f"[{time}, {batch}, {p['features']}]", f"[{batch}, {p['features']}, {time}]",
              f"[{p['features']}, {time}]")  # fmt: skip
    return list(dict.fromkeys((right, *others)))[:4]


def _size_answers(trace: Trace) -> Sequence[str]:
    right, told = trace.facts["materialised"], trace.facts
    others = (told["source"], right * 2, told["source"] * 10, right + told["source"] * 3)
    return list(dict.fromkeys(readable(size) for size in (right, *others)))[:4]


def _size_why(trace: Trace) -> str:
    p, told = trace.parameters, trace.facts
    return (
        f"{told['windows']:,} windows · {p['window']} rows · {p['features']} features, in {p['dtype']}: "
        f"{told['factor']:.3g} times the table's {readable(told['source'])}."
    )


def _count_parameters(trace: Trace) -> Sequence[str]:
    told, p = trace.facts, trace.parameters
    right = told["cell_parameters"] + told["dense_parameters"]
    others = (right * p["window"], right // 4, right + p["features"], right + 1)
    return list(dict.fromkeys(f"{count:,}" for count in (right, *others)))[:4]


PREDICTIONS = (
    Prediction(_count_question, _count_answers, _count_why),
    Prediction(
        lambda t: "What shape does x have in one call of the model?",
        _handed_answers,
        lambda t: "Batch first, then time, then features; the table itself has no time axis of its own.",
    ),
    Prediction(
        lambda t: "How much memory do all windows take when they are copied out?", _size_answers, _size_why
    ),
    Prediction(
        lambda t: "How many numbers does this model learn?",
        _count_parameters,
        lambda t: f"{parameters(t)}. Neither the window nor the number of rows is in it.",
    ),
)
