"""Memory of every way to cut, the state row by row, and what a model is handed at real size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import Trace
from engine.sequences.rnn_input_windows_sizes import BYTES, readable
from pages.kit.declare import Chart, Table
from pages.sequences.rnn_input_windows_words import WAYS, handed, short, windowed

BLUE, ORANGE, QUIET = "#2b8cbe", "#d97706", "#8a94a6"
GREEN = "#2f9e6e"


def _layout(across: str, up: str) -> dict[str, Any]:
    grid = "rgba(138,148,166,0.25)"
    return {
        "height": 320,
        "margin": {"l": 60, "r": 20, "t": 20, "b": 45},
        "xaxis": {"title": {"text": across}, "gridcolor": grid},
        "yaxis": {"title": {"text": up}, "gridcolor": grid},
        "legend": {"orientation": "h", "y": 1.15},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def held(trace: Trace) -> dict[str, int]:
    """Bytes of input in memory at a time, by mode: the table, and what is copied from it."""
    told = trace.facts
    return {
        "view": told["source"],
        "one sequence": told["source"],
        "stateful": told["source"] + told["chunk_bytes"],
        "tf.data": told["source"] + told["one_batch"],
        "materialise": told["source"] + told["materialised"],
    }


def _memory(trace: Trace) -> dict[str, Any]:
    sizes = held(trace)
    mine = trace.parameters["mode"]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [size / 1e6 for size in sizes.values()],
        "y": [WAYS[mode] for mode in sizes],
        "text": [readable(size) for size in sizes.values()],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [BLUE if mode == mine else QUIET for mode in sizes]},
    }
    layout = _layout("MB held at a time, the table included (logarithmic)", "")
    low, high = (f(sizes.values()) / 1e6 for f in (min, max))
    layout["xaxis"] |= {"type": "log", "dtick": 1, "range": [math.log10(low) - 0.7, math.log10(high) + 0.8]}
    layout["yaxis"] |= {"autorange": "reversed", "automargin": True}
    return {"data": [bars], "layout": layout}


def _memory_alt(trace: Trace) -> str:
    said = "; ".join(f"{WAYS[mode]} {readable(size)}" for mode, size in held(trace).items())
    return f"Input held in memory at a time, the table included: {said}."


def _line(name: str, x: Any, y: Any, colour: str, **more: Any) -> dict[str, Any]:
    line = {"color": colour, "width": 2, **({"dash": more.pop("dash")} if "dash" in more else {})}
    values = [float(value) if math.isfinite(value) else None for value in y]
    return {"type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": values, "line": line, **more}


def _states(trace: Trace) -> dict[str, Any]:
    lines, told = [], trace.facts
    colours = (BLUE, ORANGE, GREEN, "#a855c7", "#c2410c", "#0f766e", "#be185d", "#64748b")
    if windowed(trace):
        for place, states in enumerate(trace["states"]):
            start = told["first_row"] + place * trace.parameters["stride"]
            name = f"window {told['first_window'] + place}"
            rows = range(start, start + len(states))
            lines.append(_line(name, rows, states[:, 0], colours[place % len(colours)]))
        return {"data": lines, "layout": _layout("row", "first unit of h")}
    chunk = trace["states"].shape[1]
    for place, states in enumerate(trace["states"]):
        rows = range(place * chunk, (place + 1) * chunk)
        lines.append(_line(f"call {place}", rows, states[:, 0], colours[place]))
    if "one_pass" in trace.tensors:
        path = trace["one_pass"][..., 0].ravel()
        lines.append(_line("one pass", range(len(path)), path, QUIET, dash="dot"))
    layout = _layout("row", "first unit of h")
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": QUIET, "width": 1}}
    cuts = [{**line, "x0": n * chunk - 0.5, "x1": n * chunk - 0.5} for n in range(1, told["count"])]
    return {"data": lines, "layout": layout | {"shapes": cuts}}


def _states_alt(trace: Trace) -> str:
    if windowed(trace):
        return (
            "The first number of the state along the rows, one line a window: each starts from 0 at its own "
            f"first row, and they end at {', '.join(short(float(h[-1, 0])) for h in trace['states'])}."
        )
    text = "The first number of the state along the rows, call after call."
    if "one_pass" in trace.tensors:
        text += f" It differs from one pass by at most {short(trace.facts['one_pass_off'])}."
    return text


CHARTS = (
    Chart("Memory at real size", _memory, _memory_alt),
    Chart("The state, row by row", _states, _states_alt),
)


def _ways(trace: Trace) -> Sequence[Sequence[str]]:
    sizes = held(trace)
    return [
        (way, *handed(trace, mode), readable(sizes[mode]), "●" if trace.parameters["mode"] == mode else "")
        for mode, way in WAYS.items()
    ]


def _ways_note(trace: Trace) -> str:
    told = trace.facts
    return (
        f"One call is one step of training; so many calls see every row once. Each chunk may carry its state to the next; windows "
        f"start from zero, {told['windows']:,} of them."
    )


def _copies(trace: Trace) -> Sequence[Sequence[str]]:
    told, own = trace.facts, BYTES[trace.parameters["dtype"]]
    return [
        (
            dtype,
            readable(told["source"] * size / own),
            readable(told["materialised"] * size / own),
            f"{told['materialised'] * size / own / 2**30:.3g} GiB",
        )
        for dtype, size in sorted(BYTES.items(), key=lambda pair: pair[1])
    ]


TABLES = (
    Table("What the model is handed", ("cut into", "x of a call", "y", "calls", "in memory", "here"), _ways, _ways_note),
    Table("All windows, copied out", ("type", "table", "windows", "in binary units"), _copies),
)  # fmt: skip
