"""The modules' steps with their index maps: which features each gate, score and logit is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.trace import Step

MOST_LINKED = 16_384  # cells of a hidden layer up to which it is sent to the page with its links


def steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Sequence[Step]:
    """From features to probabilities, through the modules that are switched on."""
    return (*_channel_steps(parameters, results), *_element_steps(parameters, results), *_head_steps(results))


def _each(written: str, reads: Sequence[str], shape: Sequence[int], exact: bool = True) -> IndexMap:
    """Cell by cell, of tensors of one shape."""
    loops = {f"i{axis}": size for axis, size in enumerate(shape)}
    return IndexMap(loops, {name: tuple(loops) for name in (written, *reads)}, "each", exact)


def _dense(written: str, read: str, weights: str, shape: Sequence[int]) -> IndexMap:
    """written[n, u] = Σ_c read[n, c] · weights[c, u]."""
    access = {written: ("n", "u"), read: ("n", "c"), weights: ("c", "u")}
    return IndexMap({"n": 1, "c": shape[0], "u": shape[1]}, access)


def _squeeze_map(shape: Sequence[int]) -> IndexMap:
    loops = {"n": 1, "i": shape[1], "j": shape[2], "c": shape[3]}
    return IndexMap(loops, {"squeezed": ("n", "c"), "x": ("n", "i", "j", "c")}, "mean")


def _channel_steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Sequence[Step]:
    shape = results["x"].shape
    _, height, width, channels = shape
    same = (f"[1, {height}, {width}, {channels}]",)
    if "gate" not in results:
        return (Step("no channel attention", ("x",), "scaled", "", same, _each("scaled", ("x",), shape)),)
    scaled = IndexMap(
        {"n": 1, "i": height, "j": width, "c": channels},
        {"scaled": ("n", "i", "j", "c"), "branch": ("n", "i", "j", "c"), "gate": ("n", "c")},
    )
    squeezed = (f"[1, {height}, {width}, {channels}] → [1, {channels}]",)
    over, wide = f"over {height} × {width}", f"gate as [1, 1, 1, {channels}]"
    product = (f"[1, {height}, {width}, {channels}] · [1, 1, 1, {channels}]",)
    return (
        Step("keep", ("x",), "branch", "", same, _each("branch", ("x",), shape), aside=True),
        Step("squeeze: mean", ("x",), "squeezed", over, squeezed, _squeeze_map(shape)),
        *_gate_steps(parameters, results),
        Step("scale", ("branch", "gate"), "scaled", wide, product, scaled),
    )


def _gate_steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Sequence[Step]:
    """From the squeezed channels through the bottleneck to one gate each."""
    channels, units = results["w_reduce"].shape
    weights = f"{channels} · {units} = {channels * units:,} weights"
    reduced = (f"⌊{channels} / {parameters['reduction']}⌋ = {units} units", weights)
    expanded = (f"{units} · {channels} = {units * channels:,} weights",)
    reduce_map = _dense("reduced", "squeezed", "w_reduce", (channels, units))
    expand_map = _dense("gate_logits", "units", "w_expand", (units, channels))
    # A closed ReLU, a gate that is shut or wide open: there the values decide.
    relu = _each("units", ("reduced",), (1, units), bool((results["reduced"] > 0).all()))
    inside = bool(((results["gate"] > 0) & (results["gate"] < 1)).all())
    opened = _each("gate", ("gate_logits",), (1, channels), inside)
    gate = parameters["gate"]
    formula = "1 ÷ (1 + exp(−{gate_logits}))" if gate == "sigmoid" else "relu6({gate_logits} + 3) ÷ 6"
    return (
        Step("reduce", ("squeezed", "w_reduce"), "reduced", "no bias", reduced, reduce_map),
        Step("ReLU", ("reduced",), "units", "", (f"[1, {units}]",), relu, "max(0, {reduced})"),
        Step("expand", ("units", "w_expand"), "gate_logits", "no bias", expanded, expand_map),
        Step(gate, ("gate_logits",), "gate", "", (f"[1, {channels}]",), opened, formula),
    )


def _convolution(written: str, read: str, shapes: Mapping[str, Sequence[int]], side: int) -> IndexMap | None:
    """A window of side × side, all channels; its weights are too many to draw. The ReLU decides (not exact)."""
    (_, height, width, made), taken = shapes[written], shapes[read][-1]
    if max(np.prod(shapes[written]), np.prod(shapes[read])) > MOST_LINKED:
        return None
    loops = {"n": 1, "i": height, "j": width, "k": made, "c": taken, "u": side, "v": side}
    pad = side // 2
    inside = ("n", f"i + u - {pad}", f"j + v - {pad}", "c")
    exact = written not in ("trunk1", "trunk2")
    return IndexMap(loops, {written: ("n", "i", "j", "k"), read: inside}, exact=exact)


def _element_steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Sequence[Step]:
    shapes = {name: value.shape for name, value in results.items()}
    _, height, width, classes = shapes["scores"]
    channels, hidden = shapes["scaled"][-1], parameters["hidden"]

    def convolve(name: str, read: str, written: str, side: int, bias: bool) -> Step:
        taken, made = shapes[read][-1], shapes[written][-1]
        count = side**2 * taken * made + made * bias
        formula = f"{side}·{side}·{taken}·{made}{f' + {made}' if bias else ''} = {count:,} weights"
        terms = f"Σ over {side**2 * taken:,} linked values × their weights{' + bias' if bias else ''}"
        readout = f"max(0, {terms})" if written.startswith("trunk") else terms
        settings = f"[1, {height}, {width}, {made}]"
        link = _convolution(written, read, shapes, side)
        return Step(name, (read,), written, settings, (formula,), link, readout)

    score = convolve("S: 1 × 1 conv", "scaled", "scores", 1, True)
    if "attention" not in results:
        kept = _each("modulated", ("scores",), shapes["scores"])
        return (score, Step("no element-wise attention", ("scores",), "modulated", "", (), kept))
    product = _each("modulated", ("scores", "attention"), shapes["scores"])
    by = f"[1, {height}, {width}, {classes}] · [1, {height}, {width}, {classes}]"
    return (
        convolve("1 × 1 conv, ReLU", "scaled", "trunk1", 1, True),
        convolve("3 × 3 conv, ReLU", "trunk1", "trunk2", 3, True),
        convolve("1 × 1 conv", "trunk2", "attention_logits", 1, False),
        _softmax_step(parameters["softmax"], results),
        score,
        Step(
            "M = S · A",
            ("scores", "attention"),
            "modulated",
            f"hidden {hidden}, D {channels}",
            (by,),
            product,
            "{scores} · {attention}",
        ),
        *_sum_steps(shapes["attention"]),
    )


def _softmax_step(over: str, results: Mapping[str, Any]) -> Step:
    attention = results["attention"]
    _, height, width, classes = attention.shape
    loops = {"n": 1, "i": height, "j": width, "c": classes}
    if over == "classes":
        loops["k"] = classes
        read, sharing = (
            ("n", "i", "j", "k"),
            f"{classes} classes share, at each of {height * width} locations",
        )
    else:
        loops |= {"u": height, "v": width}
        read, sharing = (
            ("n", "u", "v", "c"),
            f"{height * width} locations share, for each of {classes} classes",
        )
    # A weight of 1 cannot move, and one that vanished does not: then values decide.
    exact = bool(attention.max() < 0.999 and attention.min() > 1e-12)
    access = {"attention": ("n", "i", "j", "c"), "attention_logits": read}
    found = IndexMap(loops, access, "share", exact)
    readout = "exp of its own logit ÷ Σ exp({attention_logits})"
    settings = "over classes" if over == "classes" else "over space"
    return Step("A: softmax", ("attention_logits",), "attention", settings, (sharing,), found, readout)


def _sum_steps(shape: Sequence[int]) -> Sequence[Step]:
    """What the attention adds up to, both ways."""
    _, height, width, classes = shape
    loops = {"n": 1, "i": height, "j": width, "c": classes}
    cell = ("n", "i", "j", "c")
    classwise = IndexMap(loops, {"class_sums": ("n", "i", "j"), "attention": cell})
    spatial = IndexMap(loops, {"space_sums": ("n", "c"), "attention": cell})
    return (
        Step("sum over classes", ("attention",), "class_sums", map=classwise, aside=True),
        Step("sum over locations", ("attention",), "space_sums", map=spatial, aside=True),
    )


def _head_steps(results: Mapping[str, Any]) -> Sequence[Step]:
    _, height, width, classes = results["modulated"].shape
    loops = {"n": 1, "i": height, "j": width, "c": classes}
    cell = ("n", "i", "j", "c")

    def mean(written: str, read: str) -> IndexMap:
        return IndexMap(loops, {written: ("n", "c"), read: cell}, "mean")

    pooled = f"[1, {height}, {width}, {classes}] → [1, {classes}]"
    settled = results["probabilities"]
    exact = bool(settled.max() < 0.999 and settled.min() > 1e-12)
    share = IndexMap(
        {"n": 1, "c": classes, "k": classes},
        {"probabilities": ("n", "c"), "logits": ("n", "k")},
        "share",
        exact,
    )
    readout = "exp of its own logit ÷ Σ exp({logits})"
    return (
        Step("global average", ("modulated",), "logits", "", (pooled,), mean("logits", "modulated")),
        Step("average of S", ("scores",), "plain_logits", map=mean("plain_logits", "scores"), aside=True),
        Step("softmax", ("logits",), "probabilities", "", (f"[1, {classes}]",), share, readout),
    )
