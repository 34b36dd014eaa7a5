"""Dynamic filters in numbers: what a filter needs, how far off the first one is, where gradients go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Table


def short(value: float) -> str:
    """Four digits, with commas where it is long."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}".replace("-", "−")


def _counts(trace: Trace) -> Sequence[Sequence[str]]:
    taps, channels, batch = (trace.parameters[name] for name in ("taps", "channels", "batch"))
    known, k = trace.facts, f"{taps}·{taps}"
    return [
        ("g of one sample, [k, k, C]", f"{k}·{channels}", f"{known['filter_values']:,}"),
        (f"g of the batch of {batch}", f"{batch}·{k}·{channels}", f"{known['batch_values']:,}"),
        ("kernel of DepthwiseConv2D(k)", f"{k}·{channels}", f"{known['depthwise_kernel']:,}"),
        ("kernel of Conv2D(C, k)", f"{k}·{channels}·{channels}", f"{known['conv2d_kernel']:,}"),
    ]


def _ways(trace: Trace) -> Sequence[Sequence[str]]:
    ways = trace.facts["ways"]
    if ways is None:
        return [("not computed", "switch on “Compare the ways”")]
    rows = [(name, f"{apart:.3g}") for name, apart in ways.items()]
    return [*rows, ("conv2d in groups, [k, k, 1, C], sample 0's filter", f"{trace.facts['grouped']:.3g}")]


TABLES = (
    Table("How many values", ("what", "product", "values"), _counts),
    Table(
        "The same in other ways",
        ("way", "largest difference"),
        _ways,
        lambda _: "To folding the batch into channels and one depthwise_conv2d, channel by channel.",
    ),
)


def _bars(
    names: Sequence[str], series: Sequence[tuple[str, Sequence[float], str]], side: str
) -> dict[str, Any]:
    clear = "rgba(0,0,0,0)"
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    data = [
        {
            "type": "bar",
            "name": name,
            "x": list(names),
            "y": [float(value) for value in values],
            "text": [short(value) for value in values],
            "textposition": "auto",
            "marker": {"color": colour},
        }
        for name, values, colour in series
    ]
    return {
        "data": data,
        "layout": {
            "height": 280,
            "margin": {"l": 64, "r": 16, "t": 24, "b": 40},
            "yaxis": {"title": {"text": side}, "rangemode": "tozero", **grid},
            "legend": {"orientation": "h", "y": 1.15},
            "showlegend": len(series) > 1,
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
        },
    }


def _samples(trace: Trace) -> list[str]:
    return [f"sample {n}" for n in range(trace.parameters["batch"])]


def _errors(trace: Trace) -> dict[str, Any]:
    return _bars(_samples(trace), [("error", trace.facts["errors"], "#d97706")], "largest error")


def _gradients(trace: Trace) -> dict[str, Any]:
    series = [("into the filter g", trace.facts["filter_gradient_norms"], "#2b8cbe")]
    through = trace.facts["branch_gradient_norms"]
    if through is not None:
        series.append(("through the filter branch into x", through, "#3f9b6c"))
    return _bars(_samples(trace), series, "norm of the gradient")


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{short(value)} for sample {n}" for n, value in enumerate(values))


CHARTS = (
    Chart(
        "How wrong sample 0's filter is for the others",
        _errors,
        lambda t: f"Largest error when sample 0's filter is used for all: {_listed(t.facts['errors'])}.",
    ),
    Chart(
        "The gradient that reaches the filter",
        _gradients,
        lambda t: f"Norm of the gradient into g: {_listed(t.facts['filter_gradient_norms'])}.",
    ),
)
