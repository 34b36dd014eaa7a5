"""What people say about receptive fields, each with the measurement that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run

NETWORK = "max-pool.8.8.1.SAME.1_conv.2.1.1.SAME.16_max-pool.4.4.1.SAME.1"


def _numbers(values: Sequence[int]) -> str:
    return ", ".join(map(str, values)) if len(values) <= 5 else f"{values[0]} to {values[-1]}"


def _valid(run: Run) -> Measured:
    first, last = run(padding="VALID", unit=(0, 0)), run(padding="VALID", unit=(60, 60))
    sees = [first.facts["pixels_seen_rows"], last.facts["pixels_seen_rows"]]
    right = sees == [[1, 2, 3, 4], [61, 62, 63, 64]] and first.facts["output_shape"] == (1, 61, 61, 8)
    shape = list(first.facts["output_shape"])
    return Measured(f"{_numbers(sees[0])} and {_numbers(sees[1])}; {shape}", "holds" if right else "wrong")


def _same_shape(run: Run) -> Measured:
    shape = run().facts["output_shape"]
    return Measured(str(list(shape)), "holds" if shape == (1, 64, 64, 8) else "wrong")


def _same_first(run: Run) -> Measured:
    known = run(unit=(0, 0)).facts
    right = known["pixels_seen_rows"] == [1, 2, 3] and known["zeros_seen_rows"] == 1
    value = f"{known['zeros_seen_rows']} zero, then {_numbers(known['pixels_seen_rows'])}"
    return Measured(value, "holds" if right else "wrong")


def _same_last(run: Run) -> Measured:
    known = run(unit=(63, 63)).facts
    claimed = known["pixels_seen_rows"] == [62, 63, 64] and known["zeros_seen_rows"] == 1
    value = f"{_numbers(known['pixels_seen_rows'])} and **{known['zeros_seen_rows']}** zeros"
    return Measured(value, "holds" if claimed else "wrong")


def _shared(run: Run) -> Measured:
    known = [run(size=size).facts for size in (32, 64)]
    counts = [one["parameters_total"] for one in known]
    value = f"{counts[0]} weights at 32 × 32, {counts[1]} at 64 × 64 (+{known[1]['biases_if_used']} biases if used)"
    return Measured(value, "holds" if counts == [384, 384] else "wrong")


def _unrelated(run: Run) -> Measured:
    eight, sixteen = run(filters=8).facts["units"], run(filters=16).facts["units"]
    value = f"{eight:,} units with 8 filters, {sixteen:,} with 16: proportional"
    return Measured(value, "wrong" if sixteen == 2 * eight else "holds")


def _fewer(run: Run) -> Measured:
    known = run().facts
    value = f"{known['parameters_total']} against {known['dense_equivalent']:,} weights"
    return Measured(
        value, "holds" if known["parameters_total"] * 1000 < known["dense_equivalent"] else "wrong"
    )


def _depends(run: Run) -> Measured:
    changes: dict[str, dict[str, Any]] = {
        "input": {"size": 32},
        "kernel": {"kernel": 5, "padding": "VALID"},
        "padding": {"padding": "VALID"},
        "stride": {"stride": 2},
        "filters": {"filters": 9},
    }
    base = run().facts["units"]
    matter = [name for name, change in changes.items() if run(**change).facts["units"] != base]
    kernel_with_same = run(kernel=5).facts["units"] != base
    value = f"of {base:,} units the number changes with {', '.join(matter)}; "
    value += f"with SAME the kernel {'matters' if kernel_with_same else 'does not'}"
    complete = "filters" not in matter and kernel_with_same
    return Measured(value, "holds" if complete else "depends")


def _symmetric(run: Run) -> Measured:
    same, one = run(), run(padding="explicit", pads=(1, 1, 1, 1))
    exact = run(padding="explicit", pads=(1, 2, 1, 2))
    cut = float(np.abs(same["y"][:, :-1, :-1] - one["y"]).max())
    full = float(np.abs(same["y"] - exact["y"]).max())
    size = one.facts["output_shape"][1]
    value = f"pad 1 gives {size} × {size}: SAME without its last row and column (difference {cut:g}); "
    value += f"pads 1 and 2 give SAME (difference {full:g})"
    return Measured(value, "holds" if size == 64 else "wrong")


def _stride(run: Run) -> Measured:
    notes = run(stride=5, padding="VALID").notes
    missed = next((note for note in notes if "row" in note), "every pixel is read")
    return Measured(f"stride 5, kernel 4: {missed}", "wrong" if "never reads row 5" in missed else "holds")


def _old_names(_: Run) -> Measured:
    names = ("tf.get_variable", "tf.contrib", "tf.Session", "tf.nn.max_pool")
    known = engine.run("installed-names", names=",".join(names)).facts
    value = f"absent: {', '.join(known['absent'])}; present: {', '.join(known['present'])}"
    return Measured(value, "outdated" if set(names[:3]) <= set(known["absent"]) else "holds")


def _network(run: Run) -> Measured:
    known = run(stack=NETWORK, classes=6, padding="SAME").facts
    value = f"{' + '.join(str(n) for n in known['parameters'] if n)} = {known['parameters_total']}; "
    value += "field and jump " + ", ".join(f"{field}/{jump}" for field, jump in known["growth"])
    return Measured(value, "holds" if known["growth"][-1] == (43, 32) else "wrong")


CLAIMS = (
    Claim("With VALID the first unit sees pixels 1–4, the last 61–64, and the output is 61 × 61 × 8.",
          "64 × 64, kernel 4, stride 1: rows read by the first and last unit", "holds", _valid),
    Claim("SAME keeps 64 × 64 × 8.", "the shape TensorFlow returned", "holds", _same_shape),
    Claim("With SAME the first unit sees one zero and pixels 1, 2, 3.",
          "rows read by unit (0, 0)", "holds", _same_first),
    Claim("With SAME the last unit sees 62, 63, 64 and one zero.",
          "rows read by unit (63, 63): an even kernel pads 1 before and 2 after", "wrong", _same_last),
    Claim("There are 8 kernels in all, shared by every position.",
          "weights of the layer for two image sizes", "holds", _shared),
    Claim("Each neuron uses n kernels; the numbers of neurons and kernels are unrelated.",
          "units for 8 and 16 filters: a unit is one position of one filter", "wrong", _unrelated),
    Claim("A convolution needs far fewer parameters than a dense layer.",
          "weights of both between the same input and output", "holds", _fewer),
    Claim("The number of neurons depends on input, kernel, padding and stride.",
          "units after changing one thing at a time", "depends", _depends),
    Claim("Padding 1 on every side with kernel 4 is what SAME does.",
          "explicit padding against SAME on the same image and kernels", "wrong", _symmetric),
    Claim("A unit and its window have the same size, so a stride changes nothing that is seen.",
          "pixels that no unit reads", "wrong", _stride),
    Claim("tf.get_variable, tf.contrib and a Session are how this is written.",
          "names looked up in the installed TensorFlow", "outdated", _old_names),
    Claim("Four cheap layers see 43 pixels with 1,286 parameters.",
          "convolution 4, pooling 8/8, convolution 2, pooling 4/4 and a dense layer of 6", "holds", _network),
)  # fmt: skip
