"""What people can guess about a narrowed row before they look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from engine import Trace
from pages.kit.declare import Prediction

MOST = 4  # answers to choose from


def _few(answers: Iterable[object]) -> Sequence[str]:
    return list(dict.fromkeys(map(str, answers)))[:MOST]


def _columns(trace: Trace) -> Sequence[str]:
    columns, width = trace.facts["output_shape"][2], trace.parameters["width"]
    return _few((columns, columns + 1, max(1, columns - 1), width))


def _columns_why(trace: Trace) -> str:
    lines = [line for step in trace.steps if step.writes in ("conv", "y") for line in step.formula]
    return "; ".join([*lines, *trace.notes]) + ("" if trace.notes else ".")


def _weights(trace: Trace) -> Sequence[str]:
    right, others = trace.facts["weights"], [way["weights"] for way in trace.facts["ways"]]
    return _few((right, *others, right * trace.facts["output_shape"][2], right + 1))


def _weights_why(trace: Trace) -> str:
    sizes = trace.facts["kernel_shape"]
    return (
        f"The kernel holds {' · '.join(map(str, sizes))} = {prod(sizes)} numbers, shared by every position."
    )


def _reads(trace: Trace) -> Sequence[str]:
    right, cells = trace.facts["cells_read_most"], trace["x"].size
    others = (way["cells_read_most"] for way in trace.facts["ways"])
    return _few((right, *others, cells, right + 1))


def _reads_why(trace: Trace) -> str:
    known = trace.facts
    return (
        f"By gradient: {known['pairs']} of {known['all_pairs']} pairs of an output cell and an input cell are not "
        f"zero, at most {known['cells_read_most']} for one output cell."
    )


def _channels(trace: Trace) -> Sequence[str]:
    return ("yes", "no") if trace.facts["mixes_channels"] else ("no", "yes")


def _channels_why(trace: Trace) -> str:
    if trace["x"].shape[3] == 1 and trace["y"].shape[3] == 1:
        return "There is only one channel."
    if trace.parameters["mode"] in ("stride", "full-width"):
        return "A convolution's filter sums over the whole input depth, whatever its width."
    return "Every channel is treated by itself here; a 1 × 1 convolution could mix them afterwards."


PREDICTIONS = (
    Prediction(
        lambda t: f"How many of the {t.parameters['width']} columns are left?", _columns, _columns_why
    ),
    Prediction(lambda t: "How many weights does this way need?", _weights, _weights_why),
    Prediction(
        lambda t: f"On how many of x's {t['x'].size} cells does one output cell depend, at most?",
        _reads,
        _reads_why,
    ),
    Prediction(
        lambda t: "Does an input channel reach output channels other than its own?", _channels, _channels_why
    ),
)
