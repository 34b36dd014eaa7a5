"""What people say about dense layers as convolutions, each with the measurement that decides."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run

TOY = {"tile": 2, "tiles": 1, "extra": 1, "stride": 1, "channels": 1, "units": 1, "values": "arange"}
SMALL = {"tile": 4, "tiles": (3, 2), "channels": 3, "units": 5}


def _largest(values: Any) -> float:
    return float(np.abs(values).max())


def _equal(run: Run) -> Measured:
    known = run().facts
    value = f"output {list(known['output_shape'])}, largest difference {known['largest_difference']:.2g} on values up to "
    return Measured(f"{value}{known['scale']:.3g}", "holds" if known["same"] else "wrong")


def _parameters(run: Run) -> Measured:
    known = run().facts
    counts = known["dense_parameters"], known["conv_parameters"]
    value = f"{counts[0]:,} in the dense layer, {counts[1]:,} in the convolution"
    return Measured(value, "holds" if counts == (4000 * 64 + 64, 4000 * 64 + 64) else "wrong")


def _order(run: Run) -> Measured:
    trace = run()
    rows, units = trace["weights"].shape
    tile = trace["x"][0, :20, :20].reshape(-1)
    by_row = _largest(tile @ trace["weights"] + trace["bias"] - trace["dense"][0, 0, 0])
    value = f"weights are [{rows}, {units}]: the entry is w[k][i], and w[i][{rows - 1}] is outside its {units} columns. "
    value += f"Σₖ w[k][i]·x[k] is the layer's output up to {by_row:.1g}"
    return Measured(value, "depends" if by_row < 1e-3 and units < rows else "wrong")


def _flip(run: Run) -> Measured:
    known = run(flip=True).facts
    value = f"turned by 180° it differs by up to {known['largest_difference']:.3g} on values up to {known['scale']:.3g}"
    toy = [run(**TOY, flip=flip)["conv_unit"][0].tolist() for flip in (False, True)]
    return Measured(
        f"{value}; 3 × 3 by hand: {toy[0]} as it is, {toy[1]} turned", "holds" if known["same"] else "wrong"
    )


def _triple_sum(run: Run) -> Measured:
    trace, plain = run(**SMALL, flip=True), run(**SMALL)
    kernel = plain["kernel"].astype("float64")
    truth = np.zeros(trace["conv"].shape)
    for i, j in np.ndindex(truth.shape[1:3]):
        tile = trace["x"][0, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4, :, None].astype("float64")
        truth[0, i, j] = (tile * kernel[::-1, ::-1]).sum(axis=(0, 1, 2)) + trace["bias"]
    turned, straight = _largest(trace["conv"] - truth), _largest(plain["conv"] - truth)
    value = f"differs by {turned:.1g} from tf.nn.conv2d with a turned kernel, by {straight:.3g} with the kernel as it is"
    return Measured(value, "holds" if turned < 1e-4 < straight else "wrong")


def _amax(run: Run) -> Measured:
    difference = run(**TOY, flip=True)["difference"]
    signed, size = float(difference.max()), _largest(difference)
    value = f"3 × 3 with a turned kernel: amax(c2 − c1) = {signed:g}, below any tolerance; amax(|c2 − c1|) = {size:g}"
    return Measured(value, "depends" if signed < 1e-6 < size else "holds")


def _only_flip(run: Run) -> Measured:
    wrong, right = run(flatten="CHW").facts, run(flatten="CHW", reshape="CHW").facts
    value = f"channels-first weights read channels last: up to {wrong['largest_difference']:.3g} off; read channels first: "
    return Measured(
        f"{value}{right['largest_difference']:.2g}",
        "wrong" if right["same"] and not wrong["same"] else "holds",
    )


def _theano(_: Run) -> Measured:
    known = engine.run("installed-names", names="keras.backend.theano_backend,tf.nn.conv2d").facts
    gone = find_spec("theano") is None and "keras.backend.theano_backend" in known["absent"]
    value = f"Theano installed: {'no' if find_spec('theano') is None else 'yes'}; absent: {', '.join(known['absent'])}"
    return Measured(value, "outdated" if gone else "holds")


def _overlap(run: Run) -> Measured:
    settings: dict[str, Any] = {"tile": 6, "tiles": (5, 6), "channels": 3, "units": 30, "values": "template"}
    tiles, dense = run(**settings, unit=14).facts, run(**settings, unit=14, stride=1).facts
    value = f"{tiles['places']} places with stride 6, {dense['places']} with stride 1, {dense['conv_parameters']:,} parameters "
    value += f"in both; strongest at {dense['peak']}, largest difference {dense['largest_difference']:.1g}"
    right = dense["same"] and dense["peak"] == (12, 12)
    return Measured(value, "holds" if right else "wrong")


CLAIMS = (
    Claim("Reshaped into a kernel, the dense weights give the same outputs.",
          "64 units on 5 × 3 tiles of 20 × 20 × 10, both ways", "holds", _equal),
    Claim("Both layers have 4000 × 64 weights and 64 biases.", "sizes of the arrays that were used", "holds", _parameters),
    Claim("y[i] = w[i][0]·x[0] + … + w[i][3999]·x[3999], with w of shape 4000 × 64.",
          "the first tile times the weights", "depends", _order),
    Claim("The kernel must be flipped, since a convolution flips.", "the same weights turned by 180°", "wrong", _flip),
    Claim("A NumPy triple sum with [::-1, ::-1] is a true convolution.",
          "the sum in float64 against tf.nn.conv2d, turned and not", "holds", _triple_sum),
    Claim("print amax(c2 - c1) shows that both are almost identical.",
          "the signed and the absolute difference where they are not; print without brackets is Python 2",
          "depends", _amax),
    Claim("The flip is the only thing to take care of.", "weights of a channels-first model, read both ways",
          "wrong", _only_flip),
    Claim("Theano's code shows how it is done.", "whether Theano, or Keras on it, is here to run", "outdated", _theano),
    Claim("With a smaller stride the same layer answers everywhere, at no further weight.",
          "30 templates of 6 × 6 × 3 at strides 6 and 1", "holds", _overlap),
)  # fmt: skip
