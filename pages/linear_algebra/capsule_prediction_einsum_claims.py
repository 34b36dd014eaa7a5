"""What people say about capsule predictions, measured with the installed TensorFlow."""

from __future__ import annotations

import numpy as np

import engine
from engine import TooExpensive
from pages.kit.declare import Claim, Measured, Run
from pages.linear_algebra.capsule_prediction_einsum_words import mebibytes
from pages.linear_algebra.einsum_words import difference

FULL = {"batch": 50, "inputs": 1152, "outputs": 10, "out_size": 16, "in_size": 8}
ANSWER = "ijkl,bil->bilk"


def _shape(run: Run) -> Measured:
    told = run(**FULL).facts
    right = told["shape"] == (50, 1152, 8, 16)
    value = f"{list(told['shape'])}, as W_ij u_i one by one to {difference(told['off'])}"
    return Measured(value, "holds" if right else "wrong")


def _answer(run: Run) -> Measured:
    right, found = run(outputs=2, batch=2), run(outputs=2, batch=2, expression=ANSWER)
    apart = float(np.abs(found["u_hat"].sum(axis=2) - right["u_hat"].sum(axis=2)).max())
    off = found.facts["off"]
    value = f"off by up to {off:g}; its sum over l is the right one's sum over j, to {difference(apart)}"
    return Measured(value, "wrong" if off > 0 and apart < 1e-5 else "holds")


def _zeros(run: Run) -> Measured:
    states = ({"values": kind, "outputs": 2, "expression": ANSWER} for kind in ("zeros", "whole"))
    zeros, whole = (run(**state).facts["off"] for state in states)
    value = f"the wrong expression is off by {zeros:g} with zeros, by up to {whole:g} with numbers"
    return Measured(value, "wrong" if zeros == 0 < whole else "holds")


def _rows(run: Run) -> Measured:
    state = {"method": "elementwise", "meets": "rows"}
    columns, rows = run(**state), run(**state, total="rows")
    turned = run(expression="ijkl,bik->bijl")["u_hat"]
    transposed = float(np.abs(rows["u_hat"] - turned).max())
    value = f"summed over columns off by up to {columns.facts['off']:g}; summed over rows it is Wᵀu to {difference(transposed)}"
    return Measured(value, "wrong" if columns.facts["off"] > 0 and transposed < 1e-5 else "holds")


def _tiling(run: Run) -> Measured:
    told = run(**FULL).facts
    try:
        run(**FULL, method="tile")
        tiled = "accepted"
    except TooExpensive as refusal:
        tiled = refusal.received
    value = f"einsum is off by {difference(told['off'])} without a copy; tiled, W alone is {told['tiled']:,} numbers, {mebibytes(told['tiled'])} ({tiled})"
    return Measured(value, "holds" if told["off"] < 1e-4 and tiled != "accepted" else "wrong")


def _time(run: Run) -> Measured:
    timed = engine.run("capsule-timings", **FULL).facts
    slow, fast = max(taken for taken, _ in timed.values()), min(taken for taken, _ in timed.values())
    value = ", ".join(f"{method} {taken:.0f} ms" for method, (taken, _) in timed.items())
    return Measured(value, "wrong" if slow > 1.3 * fast else "holds")


CLAIMS = (
    Claim("The predictions have shape (batch, 1152, 8, 16).", "50 × 1152 capsules of 8 numbers, 10 of 16", "wrong", _shape),
    Claim("einsum('ijkl,bil->bilk') computes the predictions.", "2 output capsules, so that the shape fits", "wrong", _answer),
    Claim("Zeros and the printed shape are enough to check it.", "the wrong expression, with zeros and with numbers", "wrong", _zeros),
    Claim("W * expand_dims(u, -1) is W u.", "rows scaled, then summed over either axis", "wrong", _rows),
    Claim("W need not be tiled over the batch.", "the full CapsNet, by einsum and by tile", "holds", _tiling),
    Claim("Which of the calls is used makes no difference in time.", "the full CapsNet, a batch of 50", "wrong", _time),
)  # fmt: skip
