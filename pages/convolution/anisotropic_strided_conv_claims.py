"""What people say about narrowing one axis, each with the measurement that decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run

EXACT = 1e-5  # float32 sums of a few dozen products agree to this


def shape(sizes: Sequence[int]) -> str:
    """A shape as TensorFlow prints it."""
    return f"[{', '.join(map(str, sizes))}]"


def _holds(right: bool, value: str) -> Measured:
    return Measured(value, "holds" if right else "wrong")


def _pool(run: Run) -> Measured:
    trace = run()
    before, after = trace["volume"].shape, trace["x"].shape
    right = (before, after) == ((1, 2, 16, 3), (1, 1, 8, 3))
    return _holds(right, f"{shape(before)} → {shape(after)}")


def _one_by_one(run: Run) -> Measured:
    trace = run(kernel=1, stride=1, filters=1)
    kernel, out = trace["w"].shape, trace["y"].shape
    read = trace.facts["cells_read_most"]
    value = f"kernel {shape(kernel)} gives {shape(out)}; one output cell reads {read} cells, the whole depth"
    return _holds(kernel == (1, 1, 3, 1) and out == (1, 1, 8, 1) and read == 3, value)


def _full_width(run: Run) -> Measured:
    trace = run(mode="full-width")
    conv, apart = trace["conv"].shape, trace.facts["difference"]
    value = f"{shape(conv)}; a dense layer on the flattened row differs by {apart:.2g}"
    return _holds(conv == (1, 1, 1, 12) and apart < EXACT, value)


def _reshaped(run: Run) -> Measured:
    trace = run(mode="full-width")
    out, weights, mixes = trace["y"].shape, trace["w"].size, trace.facts["mixes_channels"]
    value = f"{shape(out)} with {weights} weights; "
    value += "every channel reaches every other" if mixes else "channels stay apart"
    return _holds(out == (1, 1, 4, 3) and weights == 288 and mixes, value)


def _hard(run: Run) -> Measured:
    trace = run(mode="mix")
    weights, apart = trace["w"].size, trace.facts["difference"]
    value = f"one einsum with {weights} weights; a 1 × 1 convolution with channels as the batch differs by {apart:.2g}"
    easy = apart < EXACT and trace["y"].shape == (1, 1, 4, 3)
    return Measured(value, "outdated" if easy else "holds")


def _strided(run: Run) -> Measured:
    trace = run()
    before, after, apart = trace["x"].shape, trace["y"].shape, trace.facts["difference"]
    value = f"{shape(before)} → {shape(after)}; matrix products of column pairs differ by {apart:.2g}"
    return _holds(after == (1, 1, 4, 3) and apart < EXACT, value)


def _even(run: Run) -> Measured:
    known = {p: run(padding=p).facts["output_shape"][2] for p in ("VALID", "SAME")}
    nine = {p: run(width=9, padding=p, pattern="ones", weights="ones") for p in ("VALID", "SAME")}
    wide = {p: run(kernel=3, padding=p).facts["output_shape"][2] for p in ("VALID", "SAME")}
    last = nine["SAME"]["y"][0, 0, -2:, 0]
    value = (
        f"W = 8, kernel 2: {known['VALID']} columns with either padding. W = 9: VALID leaves "
        f"{nine['VALID'].facts['output_shape'][2]} and never reads column {nine['VALID'].facts['unread'][0]}, SAME leaves "
        f"{nine['SAME'].facts['output_shape'][2]}, on ones {last[0]:g} and at last {last[1]:g}. "
        f"And W = 8 with kernel 3: {wide['VALID']} or {wide['SAME']}"
    )
    even, matters = known["VALID"] == known["SAME"], wide["VALID"] != wide["SAME"]
    return Measured(value, "depends" if even and matters else "holds" if even else "wrong")


def _adjacent(run: Run) -> Measured:
    strided, mixed = run().facts, run(mode="mix").facts
    value = (
        f"output 0 depends on columns {strided['first_reads']}, output 3 on {strided['last_reads']}; "
        f"with width mixing on {len(mixed['first_reads'])} columns each"
    )
    right = strided["first_reads"] == [0, 1] and strided["last_reads"] == [6, 7]
    return _holds(right and len(mixed["first_reads"]) == 8, value)


def _unusual(run: Run) -> Measured:
    trace = run()
    weights = {way["way"]: way["weights"] for way in trace.facts["ways"]}
    read = int((np.abs(trace["gradient"]).sum(axis=-1) > 0).sum())
    seen = len(trace.facts["first_reads"])
    value = (
        f"an opinion: {weights['stride']} weights instead of {weights['full-width']} and all {read} columns are read, "
        f"but each output column sees {seen} of them; strided convolutions are ordinary down-sampling today"
    )
    return Measured(value, "depends" if read == 8 and seen < read else "holds")


def _keyword(_: Run) -> Measured:
    takes = engine.run("installed-names", names="tf.nn.conv2d").facts["arguments"]["tf.nn.conv2d"]
    gone = "filter" not in takes and "filters" in takes
    return Measured(f"it takes {', '.join(takes)}", "outdated" if gone else "holds")


CLAIMS = (
    Claim("2 × 2 pooling with stride 2 makes [2, 2W, C] into [1, W, C].",
          "the shapes before and after tf.nn.max_pool2d", "holds", _pool),
    Claim("A 1 × 1 convolution reduces the depth; its filters always span the whole depth.",
          "kernel 1, stride 1, one filter", "holds", _one_by_one),
    Claim("A filter as wide as the row gives width 1, and the information lands in the depth.",
          "VALID with filter width W, and a dense layer on the flattened row", "holds", _full_width),
    Claim("The full-width result can be reshaped back to a width.",
          "W2 · C filters, reshaped; weights counted, channels traced by gradient", "holds", _reshaped),
    Claim("What one really wants, a 1 × W × 1 filter over the width alone, is hard in TensorFlow.",
          "tf.einsum('nhwc,wv->nhvc', x, M) against a convolution", "outdated", _hard),
    Claim("strides=[1, 1, 2, 1] with a filter of width 2 and VALID halves the width.",
          "the shapes, and the same values by matrix products", "holds", _strided),
    Claim("The stride must divide the width evenly; then padding has no effect.",
          "both paddings: W = 8 and 9 with kernel 2, W = 8 with kernel 3, stride 2", "depends", _even),
    Claim("The strided filter mixes adjacent columns only.",
          "columns with a gradient that is not zero", "holds", _adjacent),
    Claim("Striding along one axis is unusual and not a good reduction.",
          "weights, and the columns that are read", "depends", _unusual),
    Claim("tf.nn.conv2d(x, filter=w, …) is how to pass the kernel.",
          "the arguments of the installed tf.nn.conv2d", "outdated", _keyword),
)  # fmt: skip
