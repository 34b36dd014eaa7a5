"""What people say about convolution at one index, each with a measurement made now."""

from __future__ import annotations

import numpy as np

from engine import Rejected
from pages.convolution.single_location_convolution_words import amount, exact, place, size
from pages.kit.declare import Claim, Measured, Run

STATED = 2.45430578  # the answer's own number, seed 777 at (10, 37)


def _value(run: Run) -> Measured:
    trace = run()
    apart = abs(trace.facts["value"] - STATED)
    held = apart < 5e-9 and np.allclose(trace["products"], trace["window"] * trace["kernel"][::-1, ::-1])
    return Measured(f"{exact(trace.facts['value'])} at (10, 37), seed 777", "holds" if held else "wrong")


def _flip(run: Run) -> Measured:
    true, plain = run().facts["value"], run(flip=False, whole=True).facts
    value = (
        f"flipped {exact(true)}; tf.nn.conv2d on the kernel as given {exact(plain['from_the_map'])}: "
        "by definition yes, but deep learning's convolution leaves it out"
    )
    required = abs(true - plain["from_the_map"]) > 1e-6
    return Measured(value, "depends" if required else "holds")


def _midpoint(run: Run) -> Measured:
    told = run().facts["conventions"]
    named = ", ".join(f"{one['name']} {place(one['index'])}" for one in told)
    values = {one["name"]: one["reading"] for one in told}
    value = f"this window is {named}; read as a centre, (10, 37) gives {exact(values['centre'])}"
    return Measured(value, "wrong" if abs(values["centre"] - values["top-left"]) > 1e-6 else "holds")


def _three(run: Run) -> Measured:
    same = [
        run(index=index, convention=convention).facts["value"]
        for convention, index in (("top-left", "10x37"), ("centre", "11x38"), ("full", "12x39"))
    ]
    value = "(10, 37) top-left, (11, 38) centre and (12, 39) full give " + ", ".join(map(exact, same))
    return Measured(value, "holds" if len(set(same)) == 1 else "wrong")


def _turned(run: Run) -> Measured:
    flipped = run(size=7, index="2x2", kernel="3,0,-1;2,0,1;4,4,3")["flipped"].tolist()
    rows = "; ".join(", ".join(f"{value:g}" for value in row) for row in flipped).replace("-", "−")
    right = flipped == [[3, 4, 4], [1, 0, 2], [-1, 0, 3]]
    return Measured(rows, "holds" if right else "wrong")


def _error(run: Run) -> Measured:
    try:
        run(index="998x998", border="slice")
        two = "two rows left: a number"
    except Rejected as problem:
        two = "two rows left: refused as NumPy does" if "broadcast together" in problem.fix else str(problem)
    one, right = (run(index="999x37", border=border).facts["value"] for border in ("slice", "zero"))
    back = run(index="-4x37", border="slice").facts
    value = (
        f"{two}; one row left: {exact(one)} without an error (right: {exact(right)}); from row −4: "
        f"{exact(back['value'])}, read from rows {back['rows'][0]} to {back['rows'][1] - 1}"
    )
    return Measured(value, "wrong" if abs(one - right) > 1e-9 else "holds")


def _padded(run: Run) -> Measured:
    same_index = run(index="7x34").facts["value"]  # (10, 37) of a copy padded by 3 before
    told = run().facts
    large = told["costs_large"]["image_bytes"]
    copy = 8 * (10_000 + 2 * 10_000) ** 2
    value = (
        f"the padded copy's (10, 37) holds {exact(same_index)} instead of {exact(told['value'])}: every index moves "
        f"by M; at N = M = 10,000 the copy takes {size(copy)} instead of {size(large)}"
    )
    return Measured(value, "depends" if abs(same_index - told["value"]) > 1e-6 else "holds")


def _clip(run: Run) -> Measured:
    zero, clip = (run(index="999x999", border=border).facts for border in ("zero", "clip"))
    apart = abs(zero["value"] - clip["value"])
    value = (
        f"at the last corner {exact(clip['value'])} by {clip['multiply_adds']} of {zero['multiply_adds']} "
        f"multiply-adds, {exact(zero['value'])} with zeros: difference {apart:.0e}"
    )
    return Measured(value, "holds" if apart < 1e-12 else "wrong")


def _cheap(run: Run) -> Measured:
    one, whole = run(), run(whole=True)
    large = one.facts["costs_large"]
    value = (
        f"{amount(one.facts['multiply_adds'])} multiply-adds against {amount(large['valid'])} for N = 10,000; the same "
        f"value to {whole.facts['difference']:.0e} from TensorFlow's whole {one.facts['map_side']:,} × "
        f"{one.facts['map_side']:,} map here"
    )
    return Measured(value, "holds" if whole.facts["difference"] < 1e-12 else "wrong")


CLAIMS = (
    Claim("The value at (10, 37) is the sum of sub-matrix times flipped kernel: 2.45430578.",
          "np.random.seed(777), image rand(1000, 1000), then kernel rand(3, 3)", "holds", _value),
    Claim("The kernel must be flipped.",
          "the same window with and without the flip, and read from tf.nn.conv2d's map", "depends", _flip),
    Claim("The index may as well be taken as the window's midpoint.",
          "the same index read as top-left and as centre", "wrong", _midpoint),
    Claim("Top-left, same and full maps hold the same numbers at shifted places.",
          "one window, named by each convention", "holds", _three),
    Claim("Flipping [[3, 0, −1], [2, 0, 1], [4, 4, 3]] gives [[3, 4, 4], [1, 0, 2], [−1, 0, 3]].",
          "kernel[::-1, ::-1] in TensorFlow", "holds", _turned),
    Claim("Near the border a ValueError will warn you.",
          "plain slices with two rows left, one row left, and a negative start", "wrong", _error),
    Claim("Pad the image by M on every side, and borders are solved.",
          "the same index in an image padded by 3; bytes of the copy", "depends", _padded),
    Claim("Clipping window and kernel gives what zero padding gives.",
          "the last corner of the image, both ways", "holds", _clip),
    Claim("One value costs M² multiply-adds, whatever the image.",
          "products counted here; formulas for N = 10,000; the map really computed", "holds", _cheap),
)  # fmt: skip
