"""The RMSprop lab's tables and chart: the formula with numbers, every step, slots, step sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart, Table
from pages.optimizers.rmsprop_update_delta_words import formula, short

COLOURS = ("#2b8cbe", "#d97706", "#3f9b6c", "#a855a8", "#b45309", "#64748b", "#be123c", "#4d7c0f")
COLUMNS = ("g", "v", "root", "increment", "delta", "w", "sgd")


def _every_step(trace: Trace) -> Sequence[Sequence[str]]:
    weight = trace.parameters["chosen"][1]
    shown = [[short(float(v), 5) for v in trace[name][:, weight]] for name in COLUMNS]
    moment = (
        [short(float(v), 5) for v in trace["m"][:, weight]] if "m" in trace.tensors else ["–"] * len(shown[0])
    )
    g, v, root, increment, delta, w, sgd = shown
    return [
        list(map(str, row))
        for row in zip(range(len(g)), g, v, root, increment, moment, delta, w, sgd, strict=True)
    ]


def _slots(trace: Trace) -> Sequence[Sequence[str]]:
    told, weight = trace.facts["slots"], trace.parameters["chosen"][1]
    last = float(trace["delta"][-1, weight])

    def value(name: str, absent: str) -> str:
        return short(told[name][weight], 5) if name in told else absent

    rows = [
        ("Keras velocity", value("keras_velocity", "–"), "v, the running average of g²"),
        (
            "Keras momentum",
            value("keras_momentum", "does not exist: momentum is 0"),
            "−delta, without the decay",
        ),
    ]
    if trace.parameters["centered"]:
        rows.append(
            ("Keras average_gradient", value("keras_average_gradient", "–"), "a, the running average of g")
        )
    rows.append(("the last delta itself", short(last, 5), "stored nowhere"))
    if "tf1_momentum" in told:
        rows += [
            ("TF1 rms", value("tf1_rms", "–"), "the same average, begun at 1"),
            (
                "TF1 momentum",
                value("tf1_momentum", "–"),
                f"−delta of TF1, {short(float(trace['other_delta'][-1, weight]), 5)}",
            ),
        ]
    return rows


def _chosen(trace: Trace) -> str:
    step, weight = trace.parameters["chosen"]
    return f"Step {step}, weight {weight}. Click another cell of the deltas."


TABLES = (
    Table("The update with its numbers", ("what", "formula", "with numbers", "value"), formula, _chosen),
    Table(
        "Every step of this weight",
        ("step", "g", "v", "root", "increment", "m", "delta", "w after", "−lr · g"),
        _every_step,
        lambda t: (
            f"Weight {t.parameters['chosen'][1]}, which begins at {short(float(t['w0'][t.parameters['chosen'][1]]))}."
        ),
    ),
    Table(
        "What the slots hold after the last step",
        ("slot", "value", "what it is"),
        _slots,
        lambda t: (
            f"Of weight {t.parameters['chosen'][1]}. To read the delta, subtract the weights before from those after."
        ),
    ),
)


def _sizes(trace: Trace) -> np.ndarray[Any, Any]:
    """|delta| in learning rates: float[step, weight]."""
    return np.asarray(np.abs(trace["delta"].astype(float)) / trace.parameters["learning_rate"])


def _constant(trace: Trace) -> list[float]:
    """|delta| of a gradient that never changes, ε and momentum aside: 1 / sqrt(1 − ρ^t)."""
    rho = trace.parameters["rho"]
    return [1 / math.sqrt(1 - rho**t) for t in range(1, trace.facts["steps"] + 1)]


def _chart(trace: Trace) -> dict[str, Any]:
    steps = list(range(trace.facts["steps"]))
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": f"weight {place}",
            "x": steps,
            "y": [float(v) if math.isfinite(v) else None for v in sizes],
            "line": {"color": COLOURS[place]},
        }
        for place, sizes in enumerate(_sizes(trace).T)
    ]
    dotted = {"color": "#8a94a6", "dash": "dot"}
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "a constant gradient",
            "x": steps,
            "y": _constant(trace),
            "line": dotted,
        }
    )
    grid = {"gridcolor": "rgba(138,148,166,0.25)"}
    return {
        "data": data,
        "layout": {
            "height": 300,
            "margin": {"l": 60, "r": 10, "t": 20, "b": 45},
            "xaxis": {"title": {"text": "step"}, "dtick": 1, **grid},
            "yaxis": {"title": {"text": "|delta| ÷ learning rate"}, "rangemode": "tozero", **grid},
            "legend": {"orientation": "h", "y": 1.18},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }


def _alt(trace: Trace) -> str:
    first = ", ".join(short(v) for v in _sizes(trace)[0])
    return (
        f"Size of each delta in learning rates over {trace.facts['steps']} steps: {first} at the first; a gradient that "
        f"never changed would go from {short(_constant(trace)[0])} towards 1."
    )


CHARTS = (Chart("How many learning rates each step is long", _chart, _alt),)
