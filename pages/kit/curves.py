"""The curves of a training run in one chart an axis, over those of the run before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

import engine
from engine import Trace
from pages.kit.declare import Curve
from pages.kit.labs import Listed
from pages.kit.marks import mark
from pages.kit.state import State

COLOURS = ("#0b6e99", "#c2410c", "#6d4aa3", "#3f7d20", "#a3195b", "#7a5c00")
MOST_POINTS = 1000  # of one curve; a longer one is sampled
HEIGHT = 280


def show(state: State, trace: Trace) -> None:
    """One chart for each axis that the lab's curves name."""
    now, before = runs(state, trace)
    axes = axes_of([*_curves(state.listed, now), *_curves(state.listed, before)])
    differs = difference(state.listed, before.parameters, state.values) if before else ""
    for place, (column, axis) in enumerate(zip(st.columns(len(axes) or 1), axes, strict=False)):
        drawn = [(curve, "") for curve in _curves(state.listed, now) if curve.axis == axis]
        under = [(curve, differs) for curve in _curves(state.listed, before) if curve.axis == axis]
        with column:
            st.markdown(f"**{axis}**")
            st.plotly_chart(
                figure(drawn, under),
                key=f"{state.listed.slug}.curve{place}",
                config={"displayModeBar": False},
                alt=alt(drawn, under),
            )


def runs(state: State, trace: Trace) -> tuple[Trace | None, Trace | None]:
    """The run of the current state as far as it is, and the one before; None where there is none."""
    now = trace if dict(trace.parameters) == state.values else None
    values = state.run_before()
    return now, kept(state.listed, values) if values else None


def kept(listed: Listed, values: Mapping[str, Any]) -> Trace | None:
    """What a run has: all of it once it is done, else as far as it came."""
    name = listed.lab.technique
    told = engine.so_far(name, **values)
    return engine.known(name, **values) or (told.so_far if told else None)


def _curves(listed: Listed, trace: Trace | None) -> Sequence[Curve]:
    return listed.lab.curves(trace) if listed.lab.curves and trace else ()


def axes_of(curves: Sequence[Curve]) -> list[str]:
    return list(dict.fromkeys(curve.axis for curve in curves))


def difference(listed: Listed, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What the run before had set otherwise, in words."""
    labels = {control.name: control.label for control in listed.lab.controls}
    changed = [p for p in listed.technique.parameters if before[p.name] != now[p.name]]
    said = [f"{labels.get(p.name, p.name)} {p.text(before[p.name]) or 'automatic'}" for p in changed]
    return f"before: {', '.join(said[:3])}{' …' if len(said) > 3 else ''}"[:80]


Named = Sequence[tuple[Curve, str]]


def figure(drawn: Named, under: Named) -> dict[str, Any]:
    """Plotly's figure: full lines now, dashed ones before; by name they have the same colour and marks."""
    names = list(dict.fromkeys(curve.name for curve, _ in (*drawn, *under)))
    every = [curve for curve, _ in (*drawn, *under)]
    first = every[0] if every else Curve("", ())
    axis = {"type": "log"} if any(curve.log for curve in every) else {}
    return {
        "data": [*_lines(under, names, "dash"), *_lines(drawn, names, "solid")],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 60, "r": 12, "t": 8, "b": 44},
            "xaxis": {"title": {"text": first.along}},
            "yaxis": {"title": {"text": first.axis}, **axis},
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "uirevision": "kept",
        },
    }


def _lines(named: Named, names: Sequence[str], dash: str) -> Iterator[dict[str, Any]]:
    for curve, run in named:
        place = names.index(curve.name)
        places, values = points(curve)
        yield {
            "type": "scatter",
            "mode": "lines+markers" if len(names) > 1 or len(values) < 3 else "lines",
            "name": f"{curve.name} ({run})" if run else curve.name,
            "x": places,
            "y": values,
            "marker": mark(place),
            "line": {
                "color": COLOURS[place % len(COLOURS)],
                "dash": dash,
                "width": 2.5 if dash == "solid" else 1.8,
            },
            "opacity": 1.0 if dash == "solid" else 0.7,
        }


def points(curve: Curve) -> tuple[list[float], list[float | None]]:
    """Where and what is drawn; a gap where a value is no number."""
    values = np.asarray(curve.values, dtype=float)
    chosen = np.unique(np.linspace(0, values.size - 1, min(values.size, MOST_POINTS)).round().astype(int))
    places = [float(curve.start + curve.every * place) for place in chosen]
    return places, [float(values[place]) if np.isfinite(values[place]) else None for place in chosen]


def alt(drawn: Named, under: Named) -> str:
    """The chart in words."""
    return "; ".join(_said(curve, run) for curve, run in (*drawn, *under)) or "No run yet."


def _said(curve: Curve, run: str) -> str:
    values = np.asarray(curve.values, dtype=float)
    finite = values[np.isfinite(values)]
    name = f"{curve.name} ({run})" if run else curve.name
    if not finite.size:
        return f"{name}: no number"
    said = f"{name}: from {finite[0]:.4g} to {finite[-1]:.4g} over {values.size} {curve.along}s"
    return said + ("" if finite.size == values.size else f", {values.size - finite.size} of them no number")
