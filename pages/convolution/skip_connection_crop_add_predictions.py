"""What people can guess about skips before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.convolution.skip_connection_crop_add_words import sizes
from pages.kit.declare import Prediction


def _where_answers(trace: Trace) -> Sequence[str]:
    known = trace.facts
    levels = [f"at /{2**level}" for level in reversed(known["skips"])]
    right = "nowhere" if known["parted"] is None else f"at /{2 ** known['parted']}"
    return list(dict.fromkeys([right, *levels, "nowhere", "at /1"]))


def _where_why(trace: Trace) -> str:
    ladder = " → ".join(str(height) for height, _ in trace.facts["encoder_sizes"])
    back = ", ".join(
        f"/{2 ** one['level']}: {one['decoder'][0]} for {one['encoder'][0]}" for one in trace.facts["levels"]
    )
    return f"Heights go down {ladder}. On the way up the decoder brings {back}."


def _size_answers(trace: Trace) -> Sequence[str]:
    known = trace.facts
    one = next(one for one in known["levels"] if one["level"] == known["shown"])
    height, kept = one["decoder"][0], one["encoder"][0]
    return [str(n) for n in dict.fromkeys([height, kept, height + 1, max(1, height - 1), kept + 1])][:4]


def _size_why(trace: Trace) -> str:
    writes = f"d{trace.facts['shown']}"
    step = next(step for step in trace.steps if step.writes == writes)
    return f"conv2d_transpose, {step.settings}: {'; '.join(step.formula)}."


def _fit_answers(trace: Trace) -> Sequence[str]:
    """The right remainders, and others that are not the same set in other words."""
    known = trace.facts
    right, period = set(known["residues"]), known["period"]
    guesses = {
        f"only 0: multiples of {period}": {0},
        "all even ones": set(range(0, period, 2)),
        sizes(sorted((n + period // 2) % period for n in right)): {(n + period // 2) % period for n in right},
        "none": set(),
    }
    return [sizes(sorted(right)), *(words for words, guess in guesses.items() if guess != right)]


def _fit_why(trace: Trace) -> str:
    known = trace.facts
    if not known["skips"]:
        return "Without a skip nothing has to fit."
    first = min(known["skips"])
    return (
        f"What is rounded on the way to the first skip, at /{2**first}, does no harm: {2**first} sizes in a row reach "
        f"the same map there. Below it nothing may be rounded. Of the sizes 33 to 256, {known['fitting']} fit."
    )


PREDICTIONS = (
    Prediction(
        lambda t: (
            f"An image {t.facts['network_size'][0]} × {t.facts['network_size'][1]} px goes through "
            f"{t.parameters['stages']} stages. Where do a skip and the decoder first differ in size?"
        ),
        _where_answers,
        _where_why,
    ),
    Prediction(
        lambda t: f"How high is the decoder's map when it arrives at /{2 ** t.facts['shown']}?",
        _size_answers,
        _size_why,
    ),
    Prediction(
        lambda t: f"Which remainders of the size after dividing by {t.facts['period']} let all skips fit?",
        _fit_answers,
        _fit_why,
    ),
)
