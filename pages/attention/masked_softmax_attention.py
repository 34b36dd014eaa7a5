"""**What you see.** Five positions compete for attention: two real tokens with a **score** each, and three padded steps,
added only so that all sequences of a batch are equally long. Softmax turns scores into weights that add up to 1. A
padded step with score 0 is not silent: exp(0) is 1, so it takes a share like everybody else.

The bars show the weights without a mask beside those with it. **context** is what attention hands on: the values,
averaged by the weights.

**What to try.**

- Switch the mask off: the real tokens keep 44 % of the weight, and with 50 padded steps only 4 %.
- Compare the two real tokens: the ratio of their weights never changes, only the scale does.
- Paint cells of the mask, and type other scores into the grid.
- Mask everything, and go through the methods: the same empty row becomes NaN, a uniform average over padding, the
  unmasked weights, or zeros.

**What it means for your code.**

- Mask *before* the softmax, or renormalise after it: on ordinary scores all five ways of masking agree to seven digits.
  They part at the edges.
- Multiplying after the softmax divides 0 by 0 when the real scores are far below the padding's. Adding −1e9 in float16 is
  adding −∞, and `(1 - mask) * -inf` is NaN where the mask is 1.
- If a row can be fully masked, decide what it should mean, and use `tf.where` with `divide_no_nan` or
  `keras.layers.Softmax` with a mask: both answer zeros.

**Where the gradient goes.** Zero vectors at the padding do not stop it. Without a mask a padded score still scales all
the others, so the loss pulls on it, and what computes that score learns from padding. With a mask the pull is 0;
multiply and renormalise leaves rounding noise around 1e-8, the other ways exactly 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.attention.masked_softmax_claims import CLAIMS
from pages.attention.masked_softmax_predictions import PREDICTIONS
from pages.attention.masked_softmax_words import percent, row, short, vanishes
from pages.kit.declare import Bars, Chart, Control, Grid, Lab, Panel, Preset

METHODS = {
    "none": "no mask",
    "multiply": "multiply, renormalise",
    "add-1e4": "add −10000",
    "add-1e9": "add −1e9",
    "add-inf": "add −∞",
    "where": "exp only where kept",
}
BLUE, ORANGE = "#3b82c4", "#d9822b"  # readable on white and on near-black


def _applied(trace: Trace) -> bool:
    return bool(trace.facts["method"] != "none")


def _crossed(trace: Trace) -> str:
    return "mask" if _applied(trace) else ""


def panels(trace: Trace) -> Sequence[Panel]:
    """Bars of the weights, then the way from scores to context, then all methods at once."""
    crossed = _crossed(trace)
    paints = "" if trace.parameters["all_masked"] else "mask"
    shown: list[Panel] = [
        Bars(("unmasked", "weights"), "weights without and with the mask", crossed)
        if crossed
        else Bars(("weights",), "weights, nothing masked"),
        Grid("scores", "scores (type your own)", crossed=crossed, types="scores"),
        Grid("mask", "mask (paint it)" if crossed else "mask, not applied", "mask", paints=paints),
        Grid("masked_scores", "what exp is given", crossed=crossed),
    ]
    if "softmax" in trace.tensors:
        shown.append(Grid("softmax", "softmax, before renormalising", "sequential", crossed=crossed))
    return [
        *shown,
        Grid("weights", "weights", "sequential", crossed=crossed),
        Grid("values", "values"),
        Grid("context", "context"),
        Grid("methods", "all six ways: " + ", ".join(METHODS), "sequential", crossed="methods_mask"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """What a loss on the context sends back to scores and values."""
    crossed = _crossed(trace)
    return [
        Grid("direction", "direction = d loss / d context"),
        Grid("score_gradient", "d loss / d score", crossed=crossed),
        Grid("value_gradient", "d loss / d value"),
    ]


def gradient_note(trace: Trace) -> str:
    """What arrives at the padding, with this state's numbers."""
    padded, loss = trace.facts["padded_score_gradient"], trace.facts["loss"]
    start = f"The loss is direction · context = {short(loss)}. "
    if not padded:
        return (
            start + "There is no padding here: every score belongs to a real token, and no gradient is None."
        )
    if any(map(math.isnan, padded)):
        return (
            start
            + "NaN weights make every gradient NaN, not None: one training step spreads it to all weights."
        )
    largest = max(map(abs, padded))
    if largest == 0:
        return start + "The padded scores get exactly 0: TensorFlow computed a zero, it did not answer None."
    if all(vanishes(trace, place - len(padded)) for place in range(len(padded))):
        return start + f"The padded scores get at most {short(largest)}: zero but for rounding, and not None."
    return start + (
        f"The padded scores get up to {short(largest)} each: they take part in the softmax, so whatever "
        "computes them is trained by the padding. No gradient is None: all of them are connected."
    )


def _spread(trace: Trace) -> str:
    """The largest difference to multiply and renormalise, and the ways that give NaN."""
    ways = dict(zip(METHODS, trace.facts["sums"], strict=True))
    lost = [METHODS[way] for way, total in ways.items() if way != "none" and math.isnan(total)]
    apart = [value for value in trace.facts["difference_to_multiply"][1:] if not math.isnan(value)]
    if not lost:
        return short(max(apart))
    return "NaN from " + ", ".join(lost)


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    return [
        ("weight on real tokens", f"{percent(told['mass'])}, unmasked {percent(told['mass_unmasked'])}"),
        ("w₂ ÷ w₁", f"{short(told['ratio'])}, unmasked {short(told['ratio_unmasked'])}"),
        ("w₁ masked ÷ unmasked", short(told["scale_factor"])),
        ("sum of weights", short(told["sum"])),
        ("context", row(told["context"])),
        ("ways of masking differ by", _spread(trace)),
        ("largest gradient at a masked score", short(told["largest_masked_gradient"])),
    ]


def _curve(trace: Trace) -> dict[str, Any]:
    here, curves = trace.parameters["padding"], trace["mass"].astype(float)
    masked = trace.facts["method"] if _applied(trace) else "multiply"
    lines: list[dict[str, Any]] = []
    for place, (name, colour) in enumerate((("no mask", BLUE), (METHODS[masked], ORANGE))):
        heights = [None if math.isnan(value) else value for value in curves[place].tolist()]
        line: dict[str, Any] = {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "line": {"color": colour, "width": 2.5},
        }
        lines.append({**line, "x": list(range(len(heights))), "y": heights})
        dot: dict[str, Any] = {"type": "scatter", "mode": "markers", "showlegend": False, "hoverinfo": "skip"}
        mark = {"color": colour, "size": 11, "line": {"color": "rgba(128,128,128,0.9)", "width": 1}}
        lines.append({**dot, "x": [here], "y": [heights[here]], "marker": mark})
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    clear = "rgba(0,0,0,0)"
    return {
        "data": lines,
        "layout": {
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
            "height": 280,
            "margin": {"l": 56, "r": 16, "t": 24, "b": 48},
            "legend": {"orientation": "h", "y": 1.12, "x": 0},
            "xaxis": {"title": {"text": "padded steps"}, **grid},
            "yaxis": {"title": {"text": "weight on real tokens"}, "range": [-0.03, 1.06], **grid},
        },
    }


def _curve_alt(trace: Trace) -> str:
    here, curves = trace.parameters["padding"], trace["mass"].astype(float)
    return (
        "Weight on the real tokens for 0 to 50 padded steps. Without a mask it goes from "
        f"{percent(curves[0][0])} to {percent(curves[0][-1])}; at {here} padded steps it is "
        f"{percent(curves[0][here])}, and {percent(curves[1][here])} "
        "with a mask that keeps them."
    )


CONTROLS = (
    Control("scores", "Scores of the real tokens", help="Numbers, separated by commas"),
    Control("padding", "Padded steps", unit="steps"),
    Control("padding_score", "Score of a padded step", low=-10, high=10),
    Control("masked", "Apply the mask"),
    Control(
        "method",
        "How the mask meets the softmax",
        help="All but the first take padding out; they differ at the edges",
        labels=METHODS,
        when=("masked", (True,)),
    ),
    Control(
        "mask",
        "Mask, painted",
        help="1 keeps, 0 masks",
        auto="keeps the real tokens",
        when=("masked", (True,)),
    ),
    Control("all_masked", "Mask every position", when=("masked", (True,))),
    Control("dtype", "Number format"),
    Control("temperature", "Temperature", help="Scores are divided by it before the softmax"),
    Control("values", "Values, one row a token", help="Such as 1,0;0,1", auto="one-hot rows"),
    Control(
        "padded_value",
        "Value of a padded step",
        labels={"zero": "zeros", "last": "the last real value"},
        help="A masked RNN repeats its last state at padded steps",
    ),
    Control("direction", "Direction of the loss", help="loss = direction · context", auto="1, -2, 1, …"),
)

PRESETS = (
    Preset(
        "no mask (the usual mistake)",
        {"masked": False},
        "Padding has score 0, exp(0) = 1, and so three padded steps take 56 % of the attention.",
    ),
    Preset(
        "50 padded steps",
        {"masked": False, "padding": 50},
        "A short sequence in a long batch: the two real tokens keep 4 %, yet w₂ ÷ w₁ is what it was.",
    ),
    Preset(
        "empty row, −∞",
        {"method": "add-inf", "all_masked": True},
        "Softmax of nothing but −∞ is 0 ÷ 0: NaN in every weight and every gradient.",
    ),
    Preset(
        "empty row, −1e9",
        {"method": "add-1e9", "all_masked": True},
        "float32 rounds 0.1 − 1e9 to −1e9: all scores are equal, the weights uniform, and nothing warns you.",
    ),
    Preset(
        "float16 and −1e9",
        {"method": "add-1e9", "dtype": "float16"},
        "−1e9 is −∞ in float16 and (1 − mask) · −∞ is NaN where the mask is 1: the real tokens are lost.",
    ),
    Preset(
        "renormalising too late",
        {"scores": (-120.0, -121.0)},
        "The padding's 0 outweighs scores of −120 so far that they vanish before the mask comes: 0 ÷ 0. "
        "Every way that masks first gives 0.73 and 0.27.",
    ),
)

LAB = Lab(
    title="Attention over padded sequences",
    question="Should attention weights over zero-padded steps be masked and renormalised?",
    technique="masked-softmax-attention",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=(Chart("Weight on real tokens, if the mask keeps them", _curve, _curve_alt),),
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "attention mask",
        "padding mask",
        "masked softmax",
        "renormalise",
        "additive mask",
        "BERT -10000",
        "-1e9",
        "NaN",
        "fully masked row",
        "variable length sequences",
        "context vector",
        "incompatible shapes",
    ),
    card=Bars(("unmasked", "weights"), "weights without and with the mask"),
)
