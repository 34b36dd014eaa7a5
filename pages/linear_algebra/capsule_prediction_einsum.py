"""**What you see.** A **capsule** is a small group of units that speak together, as one vector. Every input capsule `u_i`
predicts every output capsule: `û_ij = W_ij u_i`, a small matrix for each pair. One input capsule `i` is on the stage: its
matrices side by side, and its predictions as rows `j`. Point at a cell of `û` to see the row of `W_ij` and the capsule it
is made of. *reference* computes each product alone.

**What to try.**

- Change one letter of the output. In `ijkl,bil->bilk` the letter `j` is gone, so einsum **sums over the output capsules**,
  and `l` is kept, so it is not summed: no error, another tensor. With as many numbers in a capsule as there are output
  capsules even the shape is the expected one.
- Choose *multiply, add* and let the capsule meet the rows: `W * u[..., None]` scales rows, which is not `W u`.

**What it means for your code.**

- No tiling (copying W for every sample): `tf.einsum('ijkl,bil->bijk', W, u)` or `tf.linalg.matvec(W, u[:, :, None, :])`
  need neither copies of `W` nor of `u`.
- Test with numbers, never with zeros: zeros times anything is right.
- If it must be fast, one `tf.matmul` for each input capsule over the whole batch does the least.

**What it does not do.** Only the predictions: no routing, no squashing, which a capsule network does with them next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import engine
from engine import EngineError, Rejected, Trace
from engine.linear_algebra.capsule_prediction_einsum_sizes import RIGHT, shapes
from engine.linear_algebra.einsum_expression import read
from engine.linear_algebra.einsum_mistakes import written
from engine.linear_algebra.einsum_sizes import resolve
from pages.kit.declare import Control, Grid, Lab, Panel, Preset, Related
from pages.linear_algebra.capsule_prediction_einsum_claims import CLAIMS, FULL
from pages.linear_algebra.capsule_prediction_einsum_predictions import PREDICTIONS
from pages.linear_algebra.capsule_prediction_einsum_tables import TABLES
from pages.linear_algebra.capsule_prediction_einsum_words import call, mebibytes
from pages.linear_algebra.einsum_words import difference

SIDE_BY_SIDE = 4  # matrices; more are chosen with a slider


def _grid(trace: Trace, name: str, title: str) -> Grid:
    """A tensor at the input capsule looked at, wherever that axis is."""
    axes, shape = trace.tensors[name].axes, trace.tensors[name].shape
    chosen = trace.tensors["W"].axes[0]
    at, fixed = ({chosen: trace.facts["shown"]}, (chosen,)) if chosen in axes[:-2] else ({}, ())
    stacked = len(axes) > 2 and axes[-3] not in fixed and 1 < shape[-3] <= SIDE_BY_SIDE
    return Grid(name, title, at=at, fixed=fixed, beside=axes[-3] if stacked else "")


def panels(trace: Trace) -> Sequence[Panel]:
    """Matrices, input capsules, what was computed, and what each pair gives alone."""
    shown = trace.facts["shown"]
    return [
        _grid(trace, "W", f"matrices W_{shown}j"),
        Grid("u", "input capsules"),
        _grid(trace, "u_hat", call(trace)),
        Grid("reference", f"W_{shown}j @ u_{shown}, one by one", at={"i": shown}, fixed=("i",)),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """How the sum of all predictions changes with W and u."""
    if "gradient_W" not in trace.tensors:
        return []
    return [_grid(trace, "gradient_W", "d Σû / dW"), Grid("gradient_u", "d Σû / du")]


def gradient_note(trace: Trace) -> str:
    """Where the gradient goes, and where it is not asked for."""
    if "gradient_W" not in trace.tensors:
        return "Not computed at this size; at smaller ones neither gradient is None."
    return (
        "W and u are both read, so neither gradient is None; a 0 was computed. The gradient of W_ij is u_i in every row, summed over "
        "the batch, and the same for every output capsule; that of u_i is the sum of all its matrices' rows. A wrong letter changes both without a word."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    off = told["off"]
    return [
        ("amounts to", told["expression"]),
        ("computed shape", str(list(told["shape"]))),
        ("shape of û", str(list(told["right_shape"]))),
        ("largest difference to W_ij u_i", "another shape" if off is None else difference(off) if off < 1e-3 else f"{off:g}"),
        ("weights", f"{told['weights']:,}"),
        ("products W_ij u_i in a batch", f"{told['matvecs']:,}"),
        ("W tiled over the batch", f"{told['tiled']:,} numbers, {mebibytes(told['tiled'])}"),
    ]  # fmt: skip


def related(trace: Trace) -> Sequence[Related]:
    """The expression in the lab of all einsums; sizes that are too large there are made smaller."""
    text = trace.facts["expression"]
    given = trace.facts["shapes"]
    for most in (32, 4, 3, 2):
        small = written(tuple(tuple(min(size, most) for size in shape) for shape in given))
        try:
            resolve(read(text), small, None)
        except Rejected:
            continue
        return [Related(f"Open {text} in the einsum lab", "einsum", {"expression": text, "sizes": small})]
    return []


def asks(given: Mapping[str, Any]) -> str:
    """What TensorFlow says to an expression that we refused."""
    try:
        read_sizes = {name: int(given.get(name, size)) for name, size in SMALL.items()}
        both = written(shapes(**read_sizes))
        text = str(given.get("expression", RIGHT))
        answer = str(engine.run("einsum-calls", expression=text, shapes=both).facts["tensorflow"])
    except (EngineError, ValueError):
        return ""
    return "" if answer.startswith("accepted") else answer


SMALL = {"batch": 1, "inputs": 2, "outputs": 3, "out_size": 2, "in_size": 2}
CONTROLS = (
    Control("method", "Method", help="All compute the same products, if they are right", labels={"tile": "tile, matmul", "elementwise": "multiply, add"}),
    Control("expression", "einsum of W[i,j,k,l] and u[b,i,l]", help="Change one letter of the output", when=("method", ("einsum",))),
    Control("meets", "u_i is multiplied with", labels={"columns": "columns of W_ij", "rows": "rows of W_ij"}, when=("method", ("elementwise",))),
    Control("total", "Then added up", labels={"columns": "over columns", "rows": "over rows"}, when=("method", ("elementwise",))),
    Control("batch", "Samples", unit="b", high=50),
    Control("inputs", "Input capsules", unit="i"),
    Control("outputs", "Output capsules", unit="j", high=10),
    Control("out_size", "Numbers of an output capsule", unit="k"),
    Control("in_size", "Numbers of an input capsule", unit="l"),
    Control("shown", "Input capsule shown", help="Counted from 0"),
    Control("values", "W and u hold", labels={"whole": "−3 to 3"}),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("The popular answer", {"expression": "ijkl,bil->bilk"},
           "No error: j is missing from the output and is summed, l is kept and nothing is contracted. The result is (Σ_j W_ij) scaled by u_i."),
    Preset("The shape fits by chance", {"expression": "ijkl,bil->bilk", "outputs": 2},
           "With j = l = 2 even the shape is the right one, [1, 2, 2, 2]. Only the numbers tell."),
    Preset("Tested with zeros", {"expression": "ijkl,bil->bilk", "outputs": 2, "values": "zeros"},
           "The same mistake with W and u all 0, as in the question: the difference is 0 and the test passes."),
    Preset("Rows are scaled", {"method": "elementwise", "meets": "rows"},
           "W * u[..., None] multiplies row k of W_ij by u_k. Summed over the columns it has the right shape and is not W u."),
    Preset("The transpose", {"method": "elementwise", "meets": "rows", "total": "rows"},
           "Rows scaled and then summed over the rows: that is Wᵀu."),
    Preset("Nothing summed", {"expression": "ijkl,bil->bijkl"},
           "With l kept too, each product stays apart: what a product by broadcasting writes out before it is summed."),
    Preset("CapsNet", dict(FULL),
           "1,474,560 weights and 576,000 products in a batch. Tiled, W alone would take 281 MiB; choose tile to see it refused."),
)  # fmt: skip

LAB = Lab(
    title="Capsule predictions in one einsum",
    question="How do I compute all the small products W_ij u_i at once, without tiling W?",
    technique="capsule-prediction-einsum",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    related=related,
    words=(
        "capsule network", "CapsNet", "dynamic routing", "prediction vectors", "u_hat", "einsum", "batched matvec", "tf.tile", "matmul broadcast",
        "caps2_predicted", "batch matrix vector", "expand_dims", "many small matrices", "Hinton", "tile memory",
    ),
    card=Grid("u_hat"),
    asks=asks,
)  # fmt: skip
