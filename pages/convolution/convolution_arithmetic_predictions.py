"""What people can work out about a window before they look."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from engine import Trace
from pages.kit.declare import Prediction


def shape(sizes: Sequence[int]) -> str:
    """`3 × 3`."""
    return " × ".join(map(str, sizes))


def _last(trace: Trace) -> Sequence[int]:
    """Size, span, stride, pads and output of the last axis."""
    p, known = trace.parameters, trace.facts
    before, after = known["pads"][-1]
    return known["sizes"][-1], known["spans"][-1], p["stride"][-1], before, after, known["space"][-1]


def _size_answers(trace: Trace) -> Sequence[str]:
    size, span, stride, before, after, output = _last(trace)
    if trace.parameters["operation"] == "transposed":
        guesses = [output, size * stride, (size - 1) * stride + span, -(-size // stride)]
    else:
        room = size + before + after - span
        guesses = [output, -(-room // stride) + 1, (size - span) // stride + 1, -(-size // stride)]
    return [str(n) for n in dict.fromkeys([*guesses, output + 1, size]) if n > 0][:4]


def _size_why(trace: Trace) -> str:
    main = next(step for step in trace.steps if step.writes == "y" and step.formula)
    return f"{main.formula[-1]}."


def _weights_answers(trace: Trace) -> Sequence[str]:
    p, known = trace.parameters, trace.facts
    taps = prod(trace["w"].shape[:-2]) if "w" in trace.tensors else p["kernel"][0] * p["kernel"][1]
    spans, outputs = prod(known["spans"]), known["output_shape"][-1]
    guesses = [known["weights"], taps * p["channels"] * outputs, spans * p["channels"] * outputs]
    return [f"{n:,}" for n in dict.fromkeys([*guesses, known["weights"] + outputs, taps])][:4]


def _weights_why(trace: Trace) -> str:
    if "w" not in trace.tensors:
        return "Pooling has no weights: it has a rule."
    why = f"The kernel is {shape(trace['w'].shape)}"
    return why + ", whatever the sizes of input and output, the stride, the dilation and the padding are."


def _corner(trace: Trace) -> str:
    return "overlap" if trace.parameters["operation"] == "transposed" else "reads"


def _corner_question(trace: Trace) -> str:
    if _corner(trace) == "overlap":
        return "How many products does the first cell of the output sum, for each channel?"
    return "How many windows read the first cell of the input?"


def _corner_answers(trace: Trace) -> Sequence[str]:
    counts = trace[_corner(trace)]
    right, most = int(counts.flat[0]), int(counts.max())
    kernel = trace.parameters["kernel"]
    return [str(n) for n in dict.fromkeys([right, most, kernel[0] * kernel[1], 1, right + 1])][:4]


def _corner_why(trace: Trace) -> str:
    counts = trace[_corner(trace)]
    what = "products in a cell of the output" if _corner(trace) == "overlap" else "windows over a cell"
    return f"The number of {what} goes from {int(counts.min())} to {int(counts.max())} in this state."


def _unread_answers(trace: Trace) -> Sequence[str]:
    missing = trace.facts["unread_cells"]
    whole = prod(trace.facts["sizes"])
    every = [missing, 0, prod(trace.facts["left_over"]), trace.facts["left_over"][-1] * whole, 1]
    return [_cells(n) for n in dict.fromkeys(every)][:4]


def _cells(number: int) -> str:
    return "none" if number == 0 else f"{number} cell{'s' * (number != 1)}"


def _unread_why(trace: Trace) -> str:
    if trace.parameters["operation"] == "transposed":
        return "A transposed convolution starts from the input: each cell is multiplied by the whole kernel."
    told = " ".join(note for note in trace.notes if note.startswith(("Dropped", "No window")))
    return told or "The windows cover every row and column."


PREDICTIONS = (
    Prediction(lambda _: "How large is the output along its last axis, the width?", _size_answers, _size_why),
    Prediction(lambda _: "How many weights does the kernel hold (no bias)?", _weights_answers, _weights_why),
    Prediction(_corner_question, _corner_answers, _corner_why),
    Prediction(
        lambda _: "How many cells of the input, in each channel, does no window read?",
        _unread_answers,
        _unread_why,
    ),
)
