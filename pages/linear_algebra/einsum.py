"""**What you see.** Every letter names an axis. Two axes with the same letter move together. A letter that stands after the
arrow is **kept**; every other letter is **summed**. Point at a cell of `Y`: its letters get numbers, and the cells of the
operands that lie there light up. The table *What each letter does* says it in words, and *The same as loops* is the whole
of einsum: one loop a letter, one product, one sum.

**What to try.**

- Move a letter: `ij,jk->ik` is a matrix product, `ij,jk->ki` its transpose, `ij,jk->ijk` sums nothing, `ij,jk->i` also sums
  the columns away.
- Write sizes by letter (`i=3, j=4`) or shapes by operand (`3x4, 4x2`): with shapes, sizes can disagree, and the error says
  where.
- Misspell a letter in the output: an error. Misspell it in an operand: no error, another result.

**What it means for your code.**

- TensorFlow checks that equal letters have equal sizes, and that output letters exist. It cannot know that two different
  letters should have been the same one: it then sums both alone.
- Write the arrow always: without it the output is in alphabetical order.
- Unlike NumPy, `tf.einsum` never stretches a named axis of size 1; only `...` is broadcast.
- Two operands become one batched `tf.matmul` underneath; three or more are multiplied in pairs, in an order that
  opt_einsum chooses.

**What it does not do.** Up to four operands, six axes each, sizes up to 32; letters a–z and A–Z as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import engine
from engine import EngineError, Trace
from engine.linear_algebra.einsum_mistakes import handed_over
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.linear_algebra.einsum_claims import CLAIMS
from pages.linear_algebra.einsum_predictions import PREDICTIONS
from pages.linear_algebra.einsum_tables import TABLES
from pages.linear_algebra.einsum_words import call, gigaflops, largest

WORDY = ("by_product", "by_batched")  # calls for the table, too long to read at a glance
FEW = 6  # matrices that stand side by side; more are chosen with a slider


def _grid(trace: Trace, name: str, title: str) -> Grid:
    """A tensor; of three axes or more the third from the end lies side by side where it is short."""
    tensor = trace.tensors[name]
    stacked = len(tensor.axes) > 2 and 1 < tensor.shape[-3] <= FEW
    return Grid(name, title, beside=tensor.axes[-3] if stacked else "")


def _title(trace: Trace, name: str) -> str:
    return "".join(trace.tensors[name].axes) or "one number"


def _names(trace: Trace) -> list[str]:
    return list("ABCD"[: len(trace.facts["shapes"])])


def panels(trace: Trace) -> Sequence[Panel]:
    """The operands, and what comes out."""
    return [_grid(trace, name, _title(trace, name)) for name in (*_names(trace), "Y")]


def gradients(trace: Trace) -> Sequence[Panel]:
    """How much the sum of the output changes with each cell of each operand."""
    return [_grid(trace, f"gradient_{name}", f"d ΣY / d{name}") for name in _names(trace)]


def gradient_note(trace: Trace) -> str:
    """The gradient of an einsum is an einsum."""
    said = []
    for name, text in zip(_names(trace), trace.facts["gradients"], strict=True):
        others = ", ".join(["ones like Y", *(other for other in _names(trace) if other != name)])
        said.append(f"d ΣY / d{name} = `tf.einsum('{text}', {others})`" if text
                    else f"d ΣY / d{name}: no single einsum writes it, since it is repeated along an axis or lies on a diagonal")  # fmt: skip
    return (
        "The gradient of an einsum is an einsum again: the letters of the operand become the output.\n\n"
        + "\n".join(f"- {line}" for line in said)
        + "\n\nEvery operand is read, so none gets None; a 0 was computed. Of whole numbers (int32) the gradient would be None."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    found = [
        ("expression", told["text"]),
        ("output", str(list(told["shape"])) if told["shape"] else "one number"),
        ("summed", ", ".join(told["summed"]) or "nothing"),
        ("products in a cell of Y", f"{told['products']:,}"),
        ("multiplications and additions", gigaflops(told["flops"])),
    ]
    if told["pairs"]:
        found.append(("the same in pairs", gigaflops(told["path_flops"])))
    short = [(call(name), text) for name, (text, _) in told["ways"].items() if name not in WORDY]
    found += short[:1] or [("a single other call", "none")]
    found.append(("largest difference to tf.einsum", largest(told)))
    return found


def asks(given: Mapping[str, Any]) -> str:
    """What TensorFlow says to parameters that we refused."""
    expression = str(given.get("expression", "ij,jk->ik"))
    try:
        other = int(given.get("other") or 0) or None
        shapes = handed_over(expression, str(given.get("sizes", "i=3, j=4, k=2")), other)
        return str(engine.run("einsum-calls", expression=expression, shapes=shapes).facts["tensorflow"])
    except (EngineError, ValueError):
        return ""


CONTROLS = (
    Control("expression", "Expression", help="Such as bij,bjk->bik. Up to four operands; ... stands for further axes."),
    Control("sizes", "Sizes", help="By letter, i=3, j=4, or by operand, 3x4, 4x2. Or auto."),
    Control("other", "Size of other letters", auto="3, 4, 2, 5 in turn", high=12),
    Control("values", "Values", labels={"small": "−3 to 3", "counting": "1, 2, 3 …", "normal": "normal"}),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Misspelt", {"expression": "ij,lk->ik", "sizes": "3x4, 4x2"},
           "The popular mistake: l instead of j. No error, since nothing says they are one axis. Both are summed alone: [3, 2] as before, other numbers."),
    Preset("Attention scores", {"expression": "bqd,bkd->bqk", "sizes": "b=2, q=3, k=4, d=2"},
           "b stands everywhere: a batch, cell by cell. d is contracted. This is tf.matmul(A, B, transpose_b=True)."),
    Preset("No arrow", {"expression": "ba", "sizes": "b=2, a=3"},
           "Without -> the output is in alphabetical order, “ab”: a transpose that nobody wrote."),
    Preset("A diagonal", {"expression": "bii->bi", "sizes": "b=2, i=4"},
           "A letter twice in one operand reads along the diagonal. Drop i from the output and it is the trace."),
    Preset("Four at once", {"expression": "ab,bc,cd,de->ae", "sizes": "a=2, b=6, c=6, d=6, e=2"},
           "Written as loops it is 864 products of four factors; in pairs, as TensorFlow does it, less than a tenth of the operations."),
    Preset("Broadcast", {"expression": "...ij,jk->...ik", "sizes": "2x3x4, 4x2"},
           "... stands for any axes in front. A batch of matrices meets one matrix, and nothing is tiled."),
    Preset("Kept and shared", {"expression": "ij,ij->ij", "sizes": "i=3, j=4"},
           "Nothing is left out, so nothing is summed: a product cell by cell. Leave out j and it is a dot product for each row."),
    Preset("Nothing shared", {"expression": "i,j->ij", "sizes": "i=6, j=8", "values": "counting"},
           "The multiplication table: with no letter in common every cell meets every cell."),
)  # fmt: skip

LAB = Lab(
    title="Einsum, letter by letter",
    question="Which axes does this einsum keep, which does it sum, and is there a matmul that does the same?",
    technique="einsum",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "einsum", "Einstein summation", "tensordot", "matmul", "contraction", "outer product", "trace", "batch matmul", "einops",
        "subscripts", "ellipsis", "Output subscripts contain the label not present in the input subscripts",
        "Expected dimension at axis of the input shaped but got dimension", "Expected input to have rank", "Einsum", "bmm", "transpose",
    ),
    card=Grid("Y"),
    asks=asks,
)  # fmt: skip
