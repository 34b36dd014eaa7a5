"""What people say about einsum, measured with the installed versions."""

from __future__ import annotations

import numpy as np

import engine
from engine import Rejected
from pages.kit.declare import Claim, Measured, Run
from pages.linear_algebra.einsum_words import difference


def _asked(expression: str, shapes: str) -> tuple[str, str]:
    """What TensorFlow and NumPy answer."""
    told = engine.run("einsum-calls", expression=expression, shapes=shapes).facts
    return told["tensorflow"], told["numpy"]


def _accepted(answer: str) -> bool:
    return answer.startswith("accepted")


def _matmul(run: Run) -> Measured:
    text, apart = run(values="normal", sizes="i=8, j=32, k=8").facts["ways"]["by_matmul"]
    value = f"{text} differs by {difference(apart)} of the largest value"
    return Measured(value, "holds" if apart < 1e-5 else "wrong")


def _misspelt(run: Run) -> Measured:
    output, operand = (_asked(text, "3x4, 4x2")[0] for text in ("ij,jk->iz", "ij,lk->ik"))
    right, wrong = run()["Y"], run(expression="ij,lk->ik", sizes="3x4, 4x2")["Y"]
    value = f"in the output: {output}; in an operand: {operand}, off by up to {np.abs(right - wrong).max():g}"
    if _accepted(output):
        return Measured(value, "wrong")
    return Measured(value, "depends" if _accepted(operand) and (right != wrong).any() else "holds")


def _order(run: Run) -> Measured:
    found = run(expression="ba", sizes="b=2, a=3", values="counting")
    turned = np.array_equal(found["Y"], found["A"].T)
    return Measured(
        f"“ba” of shape {list(found['A'].shape)} gives {list(found['Y'].shape)}"
        + (", the transpose" if turned else ""),
        "wrong" if turned else "holds",
    )


def _stretch(run: Run) -> Measured:
    named, numpy = _asked("ij,jk->ik", "3x1, 4x2")
    dots = _asked("...i,...i->...", "1x4, 3x4")[0]
    value = f"a named axis of 1: {named}; NumPy: {numpy}; an axis of “...”: {dots}"
    return Measured(value, "depends" if not _accepted(named) and _accepted(dots) else "holds")


def _dots(run: Run) -> Measured:
    ours, numpy = _asked("...ij,...jk", "2x3x4, 2x4x5")
    value = f"TensorFlow: {ours}; NumPy: {numpy}"
    return Measured(value, "wrong" if _accepted(numpy) and not _accepted(ours) else "holds")


def _alone(run: Run) -> Measured:
    found = run(expression="ij->i", sizes="3x4")
    same = np.allclose(found["Y"], found["A"].sum(axis=1))
    return Measured(
        f"ij->i sums j: {list(found['A'].shape)} to {list(found['Y'].shape)}", "wrong" if same else "holds"
    )


def _diagonal(run: Run) -> Measured:
    reads, writes = _asked("ii->i", "3x3")[0], _asked("i->ii", "3")[0]
    value = f"ii->i: {reads}; i->ii: {writes}"
    return Measured(value, "depends" if _accepted(reads) and not _accepted(writes) else "holds")


def _pairs(run: Run) -> Measured:
    told = run(expression="ab,bc,cd,de->ae", sizes="a=2, b=6, c=6, d=6, e=2").facts
    order = ", then ".join(text for text, _ in told["pairs"])
    value = f"{order}: {told['path_flops']:,} operations instead of {told['flops']:,}"
    return Measured(
        value, "wrong" if len(told["pairs"]) == 3 and told["path_flops"] < told["flops"] else "holds"
    )


def _case(run: Run) -> Measured:
    answer = _asked("ij,jk->iK", "3x4, 4x2")[0]
    try:
        run(expression="ij,jk->iK")
        ours = "accepted"
    except Rejected as refusal:
        ours = refusal.fix
    return Measured(f"{answer}; this page: {ours}", "wrong" if not _accepted(answer) else "holds")


CLAIMS = (
    Claim("einsum of two matrices is tf.matmul.", "both, of normal values, 8 × 32 and 32 × 8", "holds", _matmul),
    Claim("A misspelt letter is an error.", "a letter that exists nowhere else, in the output and in an operand", "depends", _misspelt),
    Claim("Without an arrow the output keeps the order in which the letters are written.", "“ba” without an arrow", "wrong", _order),
    Claim("Like NumPy, tf.einsum stretches an axis of size 1.", "size 1 against 4, named and under “...”", "depends", _stretch),
    Claim("“...ij,...jk” needs no arrow: the ellipsis goes in front.", "the same text to both libraries", "wrong", _dots),
    Claim("A letter must stand in two operands to be summed.", "one operand, one letter left out", "wrong", _alone),
    Claim("einsum reads and writes diagonals.", "the letter i twice, before and after the arrow", "depends", _diagonal),
    Claim("Four operands are multiplied all at once.", "the pairs that opt_einsum gives TensorFlow", "wrong", _pairs),
    Claim("Upper and lower case are the same letter.", "K in the output for k", "wrong", _case),
)  # fmt: skip
