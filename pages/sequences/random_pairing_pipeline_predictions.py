"""What people can guess about a pipeline's draws before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction


def _few(*answers: object) -> Sequence[str]:
    return list(dict.fromkeys(map(str, answers)))[:4]


def _different(trace: Trace) -> Sequence[str]:
    epochs, right = trace.parameters["epochs"], trace.facts["different_epochs"]
    return _few(right, 1, epochs, min(epochs, trace.parameters["copies"]), epochs + 1)


def _different_why(trace: Trace) -> str:
    known, epochs = trace.facts, trace.parameters["epochs"]
    if known["frozen"]:
        return f"All {epochs} epochs are equal. " + " ".join(trace.notes[:1])
    return f"{known['different_epochs']} of {epochs} columns of the matrix differ from all before."


def percent(share: float) -> str:
    """A share with one decimal."""
    return f"{share * 100:.1f} %"


def _covered(trace: Trace) -> Sequence[str]:
    known = trace.facts
    share = 1 / max(1, max(map(len, known["lists"])))
    return _few(percent(known["coverage"]), percent(share), "100.0 %", percent(known["coverage"] / 2))


def _covered_why(trace: Trace) -> str:
    known = trace.facts
    return (
        f"{known['seen']} of {known['pairs']} pairs were met. Independent draws are expected to meet "
        f"{percent(known['expected'][-1])}: 1 − (1 − 1/n)^epochs of each list of n."
    )


def _wait(trace: Trace) -> Sequence[str]:
    right, one = trace.facts["expected_epochs"], len(trace.facts["lists"][trace.parameters["pair"][0]])
    return _few(f"{right:.1f}", f"{one:.1f}", f"{2 * one + 0.5:.1f}", f"{one * one:.1f}")


def _wait_why(trace: Trace) -> str:
    one = len(set(trace.facts["lists"][trace.parameters["pair"][0]]))
    return f"With equal chances n · (1 + 1/2 + … + 1/n) for n = {one}: the last candidates are the slow ones."


PREDICTIONS = (
    Prediction(lambda t: "How many of the epochs differ from each other?", _different, _different_why),
    Prediction(
        lambda t: "Which share of the admissible pairs has been met at the end?", _covered, _covered_why
    ),
    Prediction(
        lambda t: (
            "With independent draws, after how many epochs has the chosen x met all its candidates, on average?"
        ),
        _wait,
        _wait_why,
    ),
)
