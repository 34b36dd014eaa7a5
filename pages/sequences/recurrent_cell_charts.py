"""States over time, the gradient on its way back, parameters counted, what a layer returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Table
from pages.sequences.recurrent_cell_words import answer, formula, short, sizes, times

COLOURS = ("#2b8cbe", "#d97706", "#2f9e6e", "#a855c7", "#c2410c", "#64748b", "#0f766e", "#be185d")
QUIET = "#8a94a6"


def _finite(values: Any) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _layout(up: str) -> dict[str, Any]:
    grid = "rgba(138,148,166,0.25)"
    return {
        "height": 300,
        "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
        "xaxis": {"title": {"text": "timestep"}, "gridcolor": grid},
        "yaxis": {"title": {"text": up}, "gridcolor": grid},
        "legend": {"orientation": "h", "y": 1.18},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _cuts(trace: Trace) -> list[dict[str, Any]]:
    """Where a call ends and the next begins."""
    p = trace.parameters
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": QUIET, "width": 1}}
    return [
        {**line, "x0": n * p["timesteps"] - 0.5, "x1": n * p["timesteps"] - 0.5} for n in range(1, p["calls"])
    ]


def _states(trace: Trace) -> dict[str, Any]:
    sample, lines = trace.facts["sample"], []
    drawn = [("h", "solid")] + ([("one_pass", "dot")] if "one_pass" in trace.tensors else [])
    for tensor, dash in drawn:
        for unit, path in enumerate(trace[tensor][sample].T):
            name = f"h{unit}" if tensor == "h" else "one long call"
            lines.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers" if tensor == "h" else "lines",
                    "x": list(range(len(path))),
                    "y": _finite(path),
                    "name": name,
                    "showlegend": tensor == "h" or unit == 0,
                    "line": {"color": COLOURS[unit % len(COLOURS)], "dash": dash, "width": 2},
                    "marker": {"size": 5},
                }
            )
    return {"data": lines, "layout": _layout("h") | {"shapes": _cuts(trace)}}


def _states_alt(trace: Trace) -> str:
    ends = ", ".join(short(float(value)) for value in trace["h"][trace.facts["sample"], -1])
    text = f"The state h of sequence {trace.facts['sample']} over {times(trace.facts['steps'], 'step')}; it ends at {ends}."
    if trace.facts["one_pass_off"] is not None:
        text += f" One long call differs by at most {short(trace.facts['one_pass_off'])}."
    return text


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Powers of ten where there are several, else 1, 2 and 5 as well: few enough to be read."""
    if not values:
        return {}
    low, high = (math.floor(math.log10(f(values))) for f in (min, max))
    every = max(1, (high - low) // 5)
    digits = (1, 2, 5) if high - low < 2 else (1,)
    places = [digit * 10.0**power for power in range(low, high + 2, every) for digit in digits]
    return {"tickvals": places, "ticktext": [f"{place:g}" for place in places]}


def _flow(trace: Trace) -> dict[str, Any]:
    sample, none = trace.facts["sample"], trace["reached"] == 0
    lines, seen = [], []
    for name, label, colour in (("c", "in c", COLOURS[1]), ("h", "in h", COLOURS[0])):
        if f"gradient_{name}" in trace.tensors:
            slopes = trace[f"gradient_{name}"][sample].astype("float64")
            lengths = [math.hypot(*map(float, row)) for row in slopes]
            drawn = [
                None if gone or not value > 0 or not math.isfinite(value) else value
                for gone, value in zip(none, lengths, strict=True)
            ]
            seen += [value for value in drawn if value]
            lines.append(
                {"type": "scatter", "mode": "lines+markers", "x": list(range(len(drawn))), "y": drawn,
                 "name": label, "line": {"color": colour, "width": 2}, "marker": {"size": 5}}
            )  # fmt: skip
    layout = _layout("length of the gradient")
    layout["yaxis"] |= {"type": "log", **_ticks(seen)}
    return {"data": lines, "layout": layout | {"shapes": _cuts(trace)}}


def _flow_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"Length of the gradient of the output in h, step by step, on a logarithmic scale: {short(told['flow_last'])} at "
        f"the last step, {short(told['flow_first'])} at the first one it reaches. Gaps are exactly 0 or None."
    )


CHARTS = (
    Chart("The state over time", _states, _states_alt),
    Chart("How much of the gradient comes back", _flow, _flow_alt),
)


def _counted(trace: Trace) -> Sequence[Sequence[str]]:
    names = ("kernel", "recurrent", "bias")
    rows = [
        (name, sizes(trace.tensors[name].shape), f"{trace[name].size}")
        for name in names
        if name in trace.tensors
    ]
    return [*rows, ("by formula", formula(trace).partition(" = ")[0], str(trace.facts["formula"])),
            ("by Keras", "layer.count_params()", str(trace.facts["keras_parameters"]))]  # fmt: skip


def _counted_note(trace: Trace) -> str:
    p, sizes_ = trace.parameters, trace.parameters["features"] + trace.parameters["units"]
    bias = int(p["use_bias"])
    others = {
        "SimpleRNN": p["units"] * (sizes_ + bias),
        "LSTM": 4 * p["units"] * (sizes_ + bias),
        "GRU": 3 * p["units"] * (sizes_ + (2 if p["reset_after"] else 1) * bias),
    }
    said = ", ".join(f"{cell} {count}" for cell, count in others.items())
    return f"gates · units · (features + units + biases). For these sizes: {said}. Timesteps and batch are in none of them."


def _returned(trace: Trace) -> Sequence[Sequence[str]]:
    p = trace.parameters
    state = sizes((p["batch"], p["units"]))
    states = f"h {state}" + (f", c {state}" if p["cell"] == "LSTM" else "")
    rows = []
    for sequences in (False, True):
        for also in (False, True):
            mine = "●" if (sequences, also) == (p["return_sequences"], p["return_state"]) else ""
            rows.append(
                (
                    "yes" if sequences else "no",
                    "yes" if also else "no",
                    sizes(answer(trace, sequences)),
                    states if also else "–",
                    mine,
                )
            )
    return rows


TABLES = (
    Table("Parameters", ("of", "shape", "numbers"), _counted, _counted_note),
    Table(
        "What one call returns", ("return_sequences", "return_state", "output", "states", "here"), _returned
    ),
)
