"""What people can guess about two shapes before they look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from engine import Trace
from pages.kit.declare import Prediction
from pages.linear_algebra.broadcasting_tables import listed, what_happens

CLASH = "an error: they do not fit"


def _shapes(trace: Trace) -> str:
    return " and ".join(map(listed, trace.facts["shapes"]))


def _result_answers(trace: Trace) -> Sequence[str]:
    """The shape; then aligned from the left, the largest operand, and an error."""
    shapes, out = trace.facts["shapes"], trace.facts["output_shape"]
    left = [max(sizes) for sizes in zip_longest(*shapes, fillvalue=1)]
    right = CLASH if out is None else listed(out)
    answers = [right, listed(left), listed(max(shapes, key=len)), listed(min(shapes, key=len)), CLASH]
    return list(dict.fromkeys(answers))[:4]


def _result_why(trace: Trace) -> str:
    said = [f"axis −{-axis['place']}: {what_happens(axis)}" for axis in trace.facts["axes"]]
    return f"{'; '.join(said) or 'Two single numbers make one'}. A common slip is to align from the left."


def _reads_answers(trace: Trace) -> Sequence[str]:
    if trace.facts["clashes"]:
        places = [f"axis −{-place}" for place in trace.facts["clashes"]]
        others = [f"axis −{-axis['place']}" for axis in trace.facts["axes"] if axis["size"] is not None]
        return [places[0], *others[:2], "axis 0 of both, the first one written", "none: the sizes fit"]
    reads, cells = trace.facts["reads"]["b"], trace.facts["cells"]
    return list(dict.fromkeys(f"{n:,}" for n in (reads, 1, cells, reads + 1, 0)))[:4]


PREDICTIONS = (
    Prediction(
        lambda t: f"What shape does {t.facts['formula']} have, for {_shapes(t)}?",
        _result_answers,
        _result_why,
    ),
    Prediction(
        lambda t: (
            "On which axis do the sizes clash first, seen from the front?"
            if t.facts["clashes"]
            else "Into how many cells of the result does the first cell of b go?"
        ),
        _reads_answers,
        lambda t: (
            "; ".join(f"axis −{-a['place']}: {what_happens(a)}" for a in t.facts["axes"])
            if t.facts["clashes"]
            else f"b is repeated along {len(t.facts['stretched']['b'])} of {len(t.facts['axes'])} axes: "
            f"{t.facts['cells']:,} cells of the result share its {_size(t):,}."
        ),
    ),
)


def _size(trace: Trace) -> int:
    size = 1
    for n in trace.facts["shapes"][1]:
        size *= n
    return size
