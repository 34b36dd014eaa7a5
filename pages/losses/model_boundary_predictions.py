"""What people can guess about a combination before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.losses.model_boundary_words import VERDICTS, number, shape


def _ends(trace: Trace) -> Sequence[str]:
    right = VERDICTS[trace.facts["verdict"]]
    return [right, *(words for words in VERDICTS.values() if words != right)]


def _ends_why(trace: Trace) -> str:
    told = trace.facts
    if not told["faults"]:
        return f"Every shape and form fits, and the loss is {number(told['loss'])}."
    return " ".join(fault["means"] for fault in told["faults"])


PLACES = {
    "batch": "where the batch is taken",
    "model": "in the model",
    "loss": "in the loss",
    "fit": "in fit",
    "": "nowhere: a loss comes out",
}


def _where(trace: Trace) -> Sequence[str]:
    right = PLACES[trace.facts["stopped"]]
    return [right, *(words for words in PLACES.values() if words != right)]


def _where_why(trace: Trace) -> str:
    told = trace.facts
    if not told["stopped"]:
        return f"The loss is {number(told['loss'])}, {VERDICTS[told['verdict']]}."
    return str(told["meaning"])


def _output(trace: Trace) -> Sequence[str]:
    right = tuple(trace.facts["repaired_shapes"].get("output") or trace.facts["shapes"]["output"])
    rows, units = right[0], right[-1]
    others = [(units, rows), (rows,), (rows, 1), (rows, units, 1), (1, rows, units)]
    return list(dict.fromkeys(shape(one) for one in (right, *others)))[:4]


def _output_why(trace: Trace) -> str:
    shapes = trace.facts["repaired_shapes"] or trace.facts["shapes"]
    return f"One row for each of the {shapes['output'][0]} samples of x {shape(shapes['x'])}, one column a unit of the head."


PREDICTIONS = (
    Prediction(lambda trace: "How does this combination end?", _ends, _ends_why),
    Prediction(lambda trace: "Where does it stop?", _where, _where_why),
    Prediction(
        lambda trace: "When all is repaired, what shape has the model's output?", _output, _output_why
    ),
)
