"""What people say about padding, strides and transposed convolution, each with its measurement."""

from __future__ import annotations

import numpy as np

from engine import Rejected
from pages.kit.declare import Claim, Measured, Run

STRIDED = {"kernel": 3, "stride": 2}
LINE = {"dimensions": "1-D", "weights": "random", "image": "noise"}


def _symmetric(run: Run) -> Measured:
    before, after = run(size=6, padding="SAME", **STRIDED).facts["pads"][0]
    value = f"i = 6, k = 3, s = 2: {before} before and {after} after"
    return Measured(value, "holds" if before == after else "wrong")


def _torch(run: Run) -> Measured:
    told = {n: run(size=n, padding="SAME", compare="symmetric", **STRIDED).facts["differs"] for n in (6, 7)}
    value = "; ".join(f"{n} × {n}: {one['cells']} of {one['of']} cells differ" for n, one in told.items())
    apart = [one["cells"] > 0 for one in told.values()]
    return Measured(value, "wrong" if all(apart) else "depends" if any(apart) else "holds")


def _inverts(run: Run) -> Measured:
    there = run(size=4)
    back = run(operation="transposed", size=2, values=there["y"].ravel().tolist())
    gap = float(np.abs(back["y"] - there["x"]).max())
    same = back["y"].shape == there["x"].shape
    value = f"the size {'comes' if same else 'does not come'} back; the values are off by up to {gap:g}"
    return Measured(value, "holds" if gap < 1e-5 else "wrong")


def _gradient(run: Run) -> Measured:
    same = {**STRIDED, "padding": "symmetric", "weights": "random"}
    slopes = run(size=6, **same)["x_gradient"]
    back = run(operation="transposed", size=3, image="ones", output_padding=1, **same)["y"]
    gap = float(np.abs(slopes - back).max())
    value = f"GradientTape against a transposed convolution of ones: largest difference {gap:.1g}"
    return Measured(value, "holds" if gap < 1e-5 else "wrong")


def _average(run: Run) -> Measured:
    given = {"operation": "avg-pool", "padding": "SAME", "image": "ones"}
    ours, counted = run(**given)["y"].flat[0], run(**given, count_padding=True)["y"].flat[0]
    value = f"corner of an all-ones input: {ours:g} in TensorFlow; counting the zeros, as PyTorch does, {counted:.3g}"
    return Measured(value, "wrong" if ours == 1 else "holds")


def _maximum(run: Run) -> Measured:
    corner = run(operation="max-pool", padding="SAME", values=(-1,))["y"].flat[0]
    return Measured(
        f"an input of −1 everywhere: the corner is {corner:g}", "holds" if corner == 0 else "wrong"
    )


def _dilation(run: Run) -> Measured:
    one, two = (run(size=7, dilation=d).facts for d in (1, 2))
    value = f"{one['weights']} and {two['weights']} weights; the window spans {one['spans'][0]} and {two['spans'][0]}"
    return Measured(value, "wrong" if one["weights"] == two["weights"] else "holds")


def _checkerboard(run: Run) -> Measured:
    inside = {
        k: run(operation="transposed", size=8, kernel=k, stride=2)["overlap"][4:-4, 4:-4] for k in (3, 4)
    }
    sums = {k: sorted({int(n) for n in cells.ravel()}) for k, cells in inside.items()}
    value = "; ".join(f"kernel {k}: {', '.join(map(str, found))} products" for k, found in sums.items())
    return Measured(
        value + " a cell, away from the border",
        "holds" if [len(s) for s in sums.values()] == [3, 1] else "wrong",
    )


def _ambiguous(run: Run) -> Measured:
    sizes = {n: run(size=n, padding="symmetric", **STRIDED).facts for n in (5, 6)}
    value = "; ".join(
        f"{n} gives {told['space'][0]}, back needs output padding {told['back'][0]}"
        for n, told in sizes.items()
    )
    outputs = {told["space"] for told in sizes.values()}
    return Measured(value, "holds" if len(outputs) == 1 else "wrong")


def _fraction(run: Run) -> Measured:
    trace = run(size=8, kernel=3, stride=3)
    slope = np.abs(trace["x_gradient"][0, 6:]).max()
    value = f"(8 − 3)/3 is no whole number: output {trace.facts['space'][0]}, {trace.facts['unread_cells']} cells unread"
    return Measured(
        value + f", gradient {slope:g} there", "wrong" if trace.facts["unread_cells"] else "holds"
    )


def _both(run: Run) -> Measured:
    given = {"size": 9, "weights": "random", "dilation": 2}
    every, strided = run(**given)["y"], run(**given, stride=2)["y"]
    gap = float(np.abs(every[:, ::2, ::2] - strided).max())
    value = f"stride 2 with dilation 2 is every second cell of dilation 2: difference {gap:.1g}. Keras' layers refuse it"
    return Measured(value, "wrong" if gap < 1e-5 else "holds")


def _causal(run: Run) -> Measured:
    given = {**LINE, "size": 8, "padding": "causal"}
    x = run(**given)["x"].ravel()
    changed = [*x[:5].tolist(), *(x[5:] + 1).tolist()]
    before, after = run(**given)["y"], run(**given, values=changed)["y"]
    moved = np.nonzero(np.abs(after - before).ravel() > 1e-6)[0]
    value = f"inputs 6 to 8 changed: the first output that moves is {moved[0] + 1}"
    return Measured(value, "holds" if moved[0] == 5 else "wrong")


def _causal_2d(run: Run) -> Measured:
    try:
        run(padding="causal")
    except Rejected as problem:
        return Measured(f"refused: {problem.expected}", "wrong")
    return Measured("accepted", "holds")


def _depthwise(run: Run) -> Measured:
    taps = np.random.default_rng(3).normal(size=27).round(3).tolist()
    own = run(operation="depthwise", channels=3, taps=taps)
    # [taps, channel, 1] and [taps, 1, filter] hold the same numbers in the same order
    grouped = run(channels=3, filters=3, groups=3, taps=taps)
    gap = float(np.abs(own["y"] - grouped["y"]).max())
    value = f"difference {gap:.1g}; {own.facts['weights']} and {grouped.facts['weights']} weights"
    return Measured(value, "holds" if gap < 1e-5 else "wrong")


def _groups(run: Run) -> Measured:
    counts = [run(channels=4, filters=4, groups=g).facts["weights"] for g in (1, 2, 4)]
    value = ", ".join(map(str, counts)) + " weights with 1, 2 and 4 groups"
    return Measured(value, "holds" if counts == [counts[0], counts[0] // 2, counts[0] // 4] else "wrong")


def _ties(run: Run) -> Measured:
    slopes = run(operation="max-pool", size=3, image="ones")["x_gradient"].ravel()
    value = f"one window of nine equal cells: gradient {slopes[0]:g} for the first, {slopes[1:].sum():g} for the rest"
    return Measured(value, "wrong" if slopes[0] == 1 else "holds")


def _full(run: Run) -> Measured:
    taps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    back = run(operation="transposed", size=4, taps=taps)["y"]
    full = run(size=4, padding="symmetric", pad=2, taps=taps[::-1])["y"]
    gap = float(np.abs(back - full).max())
    return Measured(f"difference {gap:.1g}, kernel turned round", "holds" if gap < 1e-5 else "wrong")


def _keeps(run: Run) -> Measured:
    sizes = [run(size=7, padding="SAME", stride=s).facts["space"][0] for s in (1, 2)]
    value = f"7 cells stay {sizes[0]} with stride 1 and become ⌈7/2⌉ = {sizes[1]} with stride 2"
    return Measured(value, "holds" if sizes == [7, 7] else "depends")


CLAIMS = (
    Claim("SAME pads symmetrically.", "zeros before and after in TensorFlow", "wrong", _symmetric),
    Claim("PyTorch's padding=1 with kernel 3 and stride 2 is TensorFlow's SAME.",
          "the same input and kernel with both paddings", "depends", _torch),
    Claim("SAME keeps the size.", "outputs of a 7 × 7 input", "depends", _keeps),
    Claim("A transposed convolution inverts a convolution.",
          "4 × 4 through a convolution and its transpose", "wrong", _inverts),
    Claim("A transposed convolution is the gradient of a convolution.",
          "d loss / d x of figure 2.7 against the transpose of what comes back", "holds", _gradient),
    Claim("With unit stride it is a convolution with full padding.",
          "both, on the same 4 × 4 input", "holds", _full),
    Claim("Sizes 5 and 6 give the same output, so the way back needs output padding.",
          "kernel 3, stride 2, padding 1", "holds", _ambiguous),
    Claim("Checkerboard artefacts come from a kernel that is no multiple of the stride.",
          "products summed in each output cell, stride 2", "holds", _checkerboard),
    Claim("If the size formula gives a fraction, it is an error.",
          "an 8 × 8 input, kernel 3, stride 3", "wrong", _fraction),
    Claim("Average pooling counts the padding.", "SAME, every cell 1", "wrong", _average),
    Claim("Max pooling pads with zeros.", "SAME, every cell −1", "wrong", _maximum),
    Claim("When cells tie, max pooling shares the gradient among them.",
          "d loss / d x of one window of equal cells", "wrong", _ties),
    Claim("Dilation adds parameters.", "weights and span with dilation 1 and 2", "wrong", _dilation),
    Claim("Stride and dilation cannot both be above 1.",
          "computed with zeros between the taps", "wrong", _both),
    Claim("Causal padding never looks ahead.", "the last three inputs changed", "holds", _causal),
    Claim("Conv2D has causal padding too.", "asked for it in 2-D", "wrong", _causal_2d),
    Claim("Groups divide the number of weights.", "4 channels, 4 filters, 3 × 3", "holds", _groups),
    Claim("A depthwise convolution is a grouped one with as many groups as channels.",
          "the same 27 weights in both", "holds", _depthwise),
)  # fmt: skip
