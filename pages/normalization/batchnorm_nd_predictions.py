"""What people can guess about a batch normalisation before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.normalization.batchnorm_nd_words import plural, shape, short


def _distinct(right: str, others: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([right, *others]))[:4]


def _gamma_answers(trace: Trace) -> Sequence[str]:
    sizes, length = trace.facts["shape"], trace.facts["gamma_shape"][0]
    guesses = [*reversed(sizes), trace["x"].size, 2 * length]
    return _distinct(str(length), [str(guess) for guess in guesses])


def _gamma_why(trace: Trace) -> str:
    told = trace.facts
    return (
        f"axis {trace.parameters['axis']} of {shape(told['shape'])} is the {told['axis_name']}: one γ for each of its "
        f"{told['gamma_shape'][0]} places, whatever the other axes are. {' '.join(trace.notes)}"
    )


def _group_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    sample = max(1, told["group"] // told["shape"][0])
    return _distinct(str(told["group"]), [str(sample), str(told["shape"][0]), str(trace["x"].size), "1", "2"])


def _group_why(trace: Trace) -> str:
    told = trace.facts
    masked = ", without the masked ones" if trace.parameters["mask"] else ""
    return (
        f"All values along {', '.join(told['axes_averaged'])} share one mean and one variance{masked}: "
        f"{plural(told['group'], 'value')} for each {told['axis_name']}."
    )


def _mode_answers(trace: Trace) -> Sequence[str]:
    yes, no = "yes", "no, not even in the last digit"
    return [no, yes] if _alone(trace) else [yes, no]


def _alone(trace: Trace) -> bool:
    """Whether sample 0 is normalised without looking at other samples."""
    told = trace.facts
    by_itself = told["axis"] == 0 or told["shape"][0] == 1 or _only_first_counts(trace)
    return bool(told["uses"] == "moving" or by_itself)


def _only_first_counts(trace: Trace) -> bool:
    """A dense layer's mask leaves out samples: all but the first."""
    mask = trace.parameters["mask"]
    return len(trace.facts["shape"]) == 2 and mask is not None and mask[0] == 1 and sum(mask) == 1


def _mode_why(trace: Trace) -> str:
    told = trace.facts
    if told["uses"] == "moving":
        return "The moving mean and variance are used, fixed numbers by now: every sample is by itself."
    if told["shape"][0] == 1:
        return "There is no other sample in this batch."
    if told["axis"] == 0:
        return "The axis kept is the batch: each sample has a mean and a variance of its own."
    if _only_first_counts(trace):
        return "All other samples are masked: sample 0 is compared with itself."
    return (
        "The mean and the variance are over all samples together, so each output depends on the whole batch: "
        f"with these moving values inference differs by up to {short(told['gap'])}."
    )


def _reached_answers(trace: Trace) -> Sequence[str]:
    told = trace.facts
    guesses = [told["reached"], 1.0, 1 - trace.parameters["momentum"], 0.5, 0.0]
    return _distinct(f"{told['reached'] * 100:.1f} %", [f"{guess * 100:.1f} %" for guess in guesses])


def _reached_why(trace: Trace) -> str:
    momentum, steps = trace.parameters["momentum"], trace.parameters["steps"]
    return (
        f"Each step keeps {momentum:g} of the distance to the data, so {plural(steps, 'step')} keep {momentum:g}^{steps} of it: "
        f"{(1 - trace.facts['reached']) * 100:.1f} % are left. Drifting data runs away meanwhile."
    )


PREDICTIONS = (
    Prediction(lambda trace: "How many entries has γ?", _gamma_answers, _gamma_why),
    Prediction(
        lambda trace: f"How many values share one mean, for each {trace.facts['axis_name']}?",
        _group_answers,
        _group_why,
    ),
    Prediction(
        lambda trace: "Change another sample of the batch. Can the normalised values of sample 0 change?",
        _mode_answers,
        _mode_why,
    ),
    Prediction(
        lambda trace: (
            f"After {plural(trace.parameters['steps'], 'step')}, how far has the moving mean come from 0 to the data's mean?"
        ),
        _reached_answers,
        _reached_why,
    ),
)
