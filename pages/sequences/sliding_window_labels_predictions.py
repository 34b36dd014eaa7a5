"""What people can guess about windows before they look."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction


def _few(*answers: object) -> Sequence[str]:
    return list(dict.fromkeys(map(str, answers)))[:4]


def _count(trace: Trace) -> Sequence[str]:
    count, p = trace.facts["count"], trace.parameters
    return _few(count, p["steps"] - p["window"], p["steps"] // p["window"], count + 1)


def _count_why(trace: Trace) -> str:
    both = "" if trace.parameters["builder"] == "reshape" else ": both ends count, hence the 1."
    return f"{trace.steps[0].formula[0]}{both}"


def _second(trace: Trace) -> Sequence[str]:
    window, stride = trace.parameters["window"], trace.facts["stride"]
    right = f"{stride} to {stride + window - 1}"
    return _few(right, f"{window} to {2 * window - 1}", f"1 to {window}", f"{3 * window} to {4 * window - 1}")


def _second_why(trace: Trace) -> str:
    return f"Windows begin every {trace.facts['stride']} steps and hold {trace.parameters['window']}."


def _label(trace: Trace) -> Sequence[str]:
    p, (first, last) = trace.parameters, trace.facts["ranges"][0]
    by_rule = {"last": f"step {last}", "first": f"step {first}", "majority": "the most frequent of its steps",
               "per step": "each step its own"}  # fmt: skip
    right = f"step {first}" if trace.facts["raw_targets"] else by_rule[p["rule"]]
    return _few(right, *(f"step {at}" for at in (last, first, last + 1)))


def _label_why(trace: Trace) -> str:
    if trace.facts["raw_targets"]:
        return "targets[i] belongs to the window that starts at i, so without a shift it is the first step's label."
    first, last = trace.facts["ranges"][0]
    return (
        f"The rule is “{trace.parameters['rule']}”, and the first window shown holds steps {first} to {last}."
    )


def _leak(trace: Trace) -> Sequence[str]:
    share = trace.facts["seen_share"]
    near = "all of them" if share > 0.995 else "none" if share == 0 else f"{share * 100:.0f} %"
    return _few(near, "none", "all of them", f"{trace.parameters['test_share'] * 100:.0f} %", "50 %")


def _leak_why(trace: Trace) -> str:
    known = trace.facts
    return (
        f"Neighbours share {known['overlap']} of {trace.parameters['window']} steps, and {known['touched']:,} of "
        f"{known['test']:,} test windows meet a training window: {known['seen_share'] * 100:.2f} % of their steps were trained on."
    )


PREDICTIONS = (
    Prediction(lambda t: "How many windows does the whole series have?", _count, _count_why),
    Prediction(lambda t: "Which steps does the second window hold (windows and steps counted from 0)?", _second, _second_why),
    Prediction(lambda t: "Whose label goes with the chosen window?", _label, _label_why),
    Prediction(lambda t: "How many of the steps in test windows has training seen?", _leak, _leak_why),
)  # fmt: skip
