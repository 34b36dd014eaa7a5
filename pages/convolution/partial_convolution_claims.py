"""What people say about convolution on masked images, each with the measurement that decides."""

from __future__ import annotations

import numpy as np

from pages.kit.declare import Claim, Measured, Run

NETWORK = {"layers": 3, "bias": 0.3, "relu": True, "value": 1, "size": 8}


def _nothing(run: Run) -> Measured:
    plain = run()
    y = plain["output"][0, ..., 0]
    leaks, black = plain.facts["leaks"], plain.facts["black_outputs"]
    value = f"the constant 7 reads {y[2, 2]:.3f} on the diagonal and {y[0, 0]:.3f} in the corner; "
    value += f"{leaks} of {black} black pixels become non-zero"
    # A zero adds nothing to a sum, and that part is true; the mean and the black are not left alone.
    harmless = leaks == 0 and abs(float(y[2, 2]) - 7) < 1e-3
    return Measured(value, "holds" if harmless else "depends")


def _first(run: Run) -> Measured:
    zero, minus = run(), run(black=-1)
    change = float(np.abs(minus["output"] - zero["output"])[zero["mask"] != 0].max())
    hidden = run(black=-1, mode="mask-each")["output"] - run(mode="mask-each")["output"]
    value = f"black −1 changes valid outputs by up to {change:.3f}; masked first, by {np.abs(hidden).max():g}"
    return Measured(value, "holds" if change > 0.1 and not hidden.any() else "wrong")


def _bias(run: Run) -> Measured:
    deep = float(run(bias=0.5)["output"][0, 5, 0, 0])
    return Measured(f"the pixel farthest from the diagonal is {deep:g}", "holds" if deep == 0.5 else "wrong")


def _output(run: Run) -> Measured:
    """Multiplying works for one layer; for a network it has to be done after each one."""
    one = run(mode="mask-end").facts["leaks"]
    end, each = (run(mode=mode, **NETWORK)["output"][0, ..., 0] for mode in ("mask-end", "mask-each"))
    apart = np.abs(end - each)
    value = (
        f"one layer: {one} black pixels left non-zero. Three layers, masked only at the end or after each: "
    )
    value += f"{apart[3, 3]:.3f} apart on the diagonal, still {apart[3, 6]:.4f} three pixels further in"
    return Measured(value, "depends" if one == 0 and apart[3, 3] > 0.1 else "holds")


def _drop(run: Run) -> Measured:
    plain = run()
    taps = plain["taps1"][0, ..., 0]
    strict = run(mode="mask-each", min_taps=9)
    left = strict["output"][0, ..., 0][strict["mask1"][0, ..., 0] != 0]
    value = f"the mask convolved with ones counts them: {taps[2, 2]:g} of 9 on the diagonal; "
    value += f"with all 9 asked for, {left.size} outputs are left and all are {left.min():.3g}"
    right = taps[2, 2] == 6 and bool(np.allclose(left, 7, atol=1e-4))
    return Measured(value, "holds" if right else "wrong")


def _twice(run: Run) -> Measured:
    bounds = [float(run(size=size).facts["speedup_bound"]) for size in (5, 64)]
    value = " and ".join(f"{bound:.3f} for N = {size}" for bound, size in zip(bounds, (5, 64), strict=True))
    expected = [size**2 / (size * (size + 1) / 2) for size in (5, 64)]
    right = np.allclose(bounds, expected) and max(bounds) < 2
    return Measured(f"N² ÷ (N(N + 1) ÷ 2) = {value}", "holds" if right else "wrong")


def _device(run: Run) -> Measured:
    masked, plain = run(mode="mask-each"), run()
    counts = [one.facts["multiplications"] for one in (masked, plain)]
    value = f"{counts[0]} multiplications masked, {counts[1]} plain: a dense convolution skips nothing. "
    value += f"How fast depends on the device; this page ran on {plain.device}"
    return Measured(value, "depends" if counts[0] == counts[1] else "holds")


def _partial(run: Run) -> Measured:
    trace = run(mode="partial")
    y, mask = trace["output"][0, ..., 0], trace["mask"][0, ..., 0] != 0
    naive = run(mode="partial", guard=False).facts["nan_outputs"]
    value = f"valid pixels read {y[mask].min():.6g} to {y[mask].max():.6g}, the empty corner {y[5, 0]:g}; "
    value += f"dividing without a guard gives {naive} NaNs"
    right = bool(np.allclose(y[mask], 7, atol=1e-5)) and y[5, 0] == 0 and naive > 0
    return Measured(value, "holds" if right else "wrong")


def _nan(run: Run) -> Measured:
    times, where = (run(mode="mask-each", black_nan=True, apply=way).facts for way in ("multiply", "where"))
    value = f"NaN outputs: {times['nan_outputs']} with x · mask, {where['nan_outputs']} with tf.where"
    return Measured(value, "wrong" if times["nan_outputs"] and not where["nan_outputs"] else "holds")


def _binary(run: Run) -> Measured:
    right, each, partial = (
        float(run(mode=mode, mask_value=value)["output"][0, 1, 3, 0])
        for mode, value in (("mask-each", 1), ("mask-each", 255), ("partial", 255))
    )
    value = f"a pixel that reads {right:.4g} with 1 reads {each:,.0f} with 255 masking input and output, "
    value += f"{partial:.4g} with partial convolution, which divides it away"
    return Measured(value, "wrong" if each > 1000 * right else "holds")


CLAIMS = (
    Claim("If black is 0, nothing needs to be done: zeros contribute nothing.",
          "3 × 3 mean of a constant 7 above the diagonal, 6 × 6", "depends", _nothing),
    Claim("Black that is not 0 must be masked before the convolution.",
          "black −1 against black 0, at valid pixels", "holds", _first),
    Claim("Black pixels still get the bias.", "bias 0.5, deep inside the black", "holds", _bias),
    Claim("Multiplying the output by the mask is enough.",
          "one layer, then three with bias 0.3 and ReLU, masked at the end or after each", "depends", _output),
    Claim("Results whose window holds too many black cells can be dropped.",
          "the mask convolved with ones; then only full windows kept", "holds", _drop),
    Claim("Leaving out the black half would at most double the speed.",
          "pixels over valid pixels of a triangle", "holds", _twice),
    Claim("It would be faster on a GPU.", "multiplications with and without a mask; no GPU was compared", "depends", _device),
    Claim("Dividing by the share of valid taps (partial convolution) brings the constant back.",
          "smallest and largest valid output, the empty corner, and the same without a guard", "holds", _partial),
    Claim("Multiplying by a 0/1 mask removes whatever was there.",
          "black pixels that are NaN", "wrong", _nan),
    Claim("A mask of 0 and 255 does as well as one of 0 and 1.",
          "one valid pixel, masked before and after the layer", "wrong", _binary),
)  # fmt: skip
