"""The error of the VAE beside PCA's, and a pixel's spectrum before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Trace
from pages.kit.declare import Chart, Table
from pages.training.spectral_vae_words import number, size

CLEAR = "rgba(0,0,0,0)"
BLUE, ORANGE, GREY = "#2b8cbe", "#d95f0e", "#8c8c8c"


def _layout(across: str, down: str) -> dict[str, Any]:
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    return {
        "height": 300,
        "margin": {"l": 60, "r": 10, "t": 10, "b": 45},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "xaxis": {"title": {"text": across}, **grid},
        "yaxis": {"title": {"text": down}, **grid},
        "legend": {"orientation": "h", "y": 1.14},
    }


def _plain(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _spectra(trace: Trace) -> dict[str, Any]:
    places = list(range(trace["spectrum"].size))
    lines = (
        ("given", "spectrum", GREY, "solid"),
        ("VAE", "by_vae", ORANGE, "solid"),
        ("PCA", "by_pca", BLUE, "dash"),
    )
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": places,
            "y": _plain(trace[tensor]),
            "line": {"color": colour, "dash": dash},
        }
        for name, tensor, colour, dash in lines
    ]
    return {"data": data, "layout": _layout("band", "reflectance")}


def _spectra_alt(trace: Trace) -> str:
    apart = [float(np.mean((trace[name] - trace["spectrum"]) ** 2)) for name in ("by_vae", "by_pca")]
    row, column = trace.parameters["pixel"]
    return (
        f"Pixel {row}, {column}: the spectrum given, and rebuilt. Mean squared error {number(apart[0])} by the VAE, "
        f"{number(apart[1])} by PCA."
    )


def _errors(trace: Trace) -> dict[str, Any]:
    told = trace.facts
    data = [
        {
            "type": "bar",
            "name": name,
            "x": ["trained on", "held out"],
            "y": _plain(told[key]),
            "text": [number(value) for value in told[key]],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": colour},
        }
        for name, key, colour in (("VAE", "vae", ORANGE), ("PCA", "pca", BLUE))
    ]
    return {"data": data, "layout": _layout("pixels", "mean squared error")}


def _errors_alt(trace: Trace) -> str:
    told = trace.facts
    return (
        f"Mean squared error with {trace.parameters['latent']} numbers a pixel. VAE: {number(told['vae'][0])} on pixels "
        f"trained on, {number(told['vae'][1])} held out. PCA: {number(told['pca'][0])} and {number(told['pca'][1])}."
    )


CHARTS = (
    Chart("One pixel's spectrum", _spectra, _spectra_alt),
    Chart("Error, VAE and PCA", _errors, _errors_alt),
)


def _budget(trace: Trace) -> Sequence[Sequence[str]]:
    told, p = trace.facts, trace.parameters
    side, gap = p["full"], told["full_uncovered"]
    return [
        ("samples", f"{side:,} · {side:,}", f"{told['samples']:,}"),
        ("picture, float32", f"{told['samples']:,} · {p['bands']} · 4", size(told["bytes_in"])),
        ("code, float32", f"{told['samples']:,} · {p['latent']} · 4", size(told["bytes_code"])),
        (f"patches of {p['patch']}, stride {p['stride']}", "⌊(side − patch) / stride⌋ + 1, squared", f"{told['full_patches']:,}"),
        ("last rows in no patch", "", f"{side - gap:,} to {side - 1:,}" if gap else "none"),
        ("weights", "encoder + decoder", " + ".join(f"{count:,}" for count in told["parameters"])),
    ]  # fmt: skip


TABLES = (Table("The whole picture", ("what", "formula", "value"), _budget),)
