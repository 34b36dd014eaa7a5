"""Questions about capsule predictions, in any state."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.linear_algebra.capsule_prediction_einsum_words import mebibytes


def _shape(trace: Trace) -> Sequence[str]:
    told, given = trace.facts, trace.parameters
    b, i, j, k = told["right_shape"]
    shapes = [told["shape"], (b, i, j, k), (b, i, given["in_size"], k), (i, j, k), (b, i, k, j), (b, j, k)]
    return list(dict.fromkeys(str(list(shape)) for shape in shapes))[:4]


def _why_shape(trace: Trace) -> str:
    return f"{trace.facts['expression']}: the letters after the arrow, each with its size."


def _summed(trace: Trace) -> Sequence[str]:
    summed = ", ".join(trace.facts["summed"]) or "none"
    return list(dict.fromkeys([summed, "l", "j", "i, l", "none"]))[:4]


def _why_summed(trace: Trace) -> str:
    return f"In {trace.facts['expression']} every letter that is not after the arrow is summed."


def _tiled(trace: Trace) -> Sequence[str]:
    told = trace.facts
    batch, _, outputs, _ = told["right_shape"]
    counts = [
        told["tiled"],
        told["weights"] + told["matvecs"],
        told["tiled"] * outputs + 1,
        told["tiled"] + batch,
    ]
    return list(dict.fromkeys(f"{count:,} numbers" for count in counts))


def _why_tiled(trace: Trace) -> str:
    told = trace.facts
    return f"{told['right_shape'][0]} copies of {told['weights']:,} weights, {mebibytes(told['tiled'])}; broadcasting needs one."


PREDICTIONS = (
    Prediction(lambda trace: "Which shape comes out?", _shape, _why_shape),
    Prediction(lambda trace: "Which letters are summed?", _summed, _why_summed),
    Prediction(
        lambda trace: "How many numbers does W have, tiled over the batch?",
        _tiled,
        _why_tiled,
    ),
)
