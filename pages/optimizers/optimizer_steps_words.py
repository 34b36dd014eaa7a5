"""The formula of the chosen step with its numbers, for every optimizer of the lab."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.optimizers.rmsprop_update_delta_words import held, short

NAMES = {
    "none": "nothing",
    "sgd": "gradient descent (SGD)",
    "momentum": "SGD with momentum",
    "nesterov": "SGD with Nesterov momentum",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}
SURFACES = {
    "bowl": "bowl",
    "rosenbrock": "Rosenbrock's valley",
    "saddle": "saddle",
    "beale": "Beale",
    "himmelblau": "Himmelblau, four minima",
    "parabola": "one weight: parabola",
    "absolute": "one weight: |w|",
    "double-well": "one weight: two valleys",
}
Line = tuple[str, str, str, str]


def place(point: Sequence[float]) -> str:
    """A point as people write it: `(−2.5, 1.5)`, or one number."""
    written = ", ".join(short(value) for value in point)
    return f"({written})" if len(point) > 1 else written


def _momentum(trace: Trace) -> list[Line]:
    p, at = trace.parameters, trace.facts["at"]
    rate, mu, g = short(p["learning_rate"]), short(p["momentum"]), held(at["g"])
    numbers = f"{mu} · {held(at['m_before'])} − {rate} · {g}"
    lines = [("slot m", "μ · m − η · g", numbers, short(at["m"]))]
    if p["optimizer"] == "momentum":
        return [*lines, ("delta", "m", short(at["m"]), short(at["delta"]))]
    ahead = f"{mu} · {held(at['m'])} − {rate} · {g}"
    return [*lines, ("delta", "μ · m − η · g, once more", ahead, short(at["delta"]))]


def _rmsprop(trace: Trace) -> list[Line]:
    p, at = trace.parameters, trace.facts["at"]
    rho, new, g = short(p["rho"]), short(1 - p["rho"]), held(at["g"])
    return [
        ("slot v", "ρ · v + (1 − ρ) · g²", f"{rho} · {short(at['v_before'])} + {new} · {g}²", short(at["v"])),
        ("root", "√(v + ε), ε inside", f"√({short(at['v'])} + {short(p['epsilon'])})", short(at["root"])),
        (
            "delta",
            "−η · g ÷ root",
            f"−{short(p['learning_rate'])} · {g} ÷ {short(at['root'])}",
            short(at["delta"]),
        ),
    ]


def _adam(trace: Trace) -> list[Line]:
    p, at, t = trace.parameters, trace.facts["at"], trace.parameters["chosen"][1] + 1
    one, two, g = p["beta_1"], p["beta_2"], held(at["g"])
    rate, corrected = short(p["learning_rate"]), short(trace.facts["corrected"])
    numbers = f"{rate} · √(1 − {short(two)}^{t}) ÷ (1 − {short(one)}^{t})"
    lines = [
        (
            "slot m",
            "β₁ · m + (1 − β₁) · g",
            f"{short(one)} · {held(at['m_before'])} + {short(1 - one)} · {g}",
            short(at["m"]),
        ),
        (
            "slot v",
            "β₂ · v + (1 − β₂) · g²",
            f"{short(two)} · {short(at['v_before'])} + {short(1 - two)} · {g}²",
            short(at["v"]),
        ),
        ("corrected rate", "η · √(1 − β₂ᵗ) ÷ (1 − β₁ᵗ)", numbers, corrected),
        ("root", "√v + ε, ε outside", f"√{short(at['v'])} + {short(p['epsilon'])}", short(at["root"])),
    ]
    words, numbers = "−corrected rate · m ÷ root", f"−{corrected} · {held(at['m'])} ÷ {short(at['root'])}"
    if p["optimizer"] == "adamw":
        words += " − η · decay · w"
        numbers += f" − {rate} · {short(p['weight_decay'])} · {held(at['w'])}"
    return [*lines, ("delta", words, numbers, short(at["delta"]))]


def formula(trace: Trace) -> Sequence[Line]:
    """Each line of the update: what, formula, numbers put in, value."""
    p, at = trace.parameters, trace.facts["at"]
    plain = ("−η · g" if p["optimizer"] == "sgd" else "beside it: −η · g", "gradient descent",
             f"−{short(p['learning_rate'])} · {held(at['g'])}", short(at["sgd"]))  # fmt: skip
    inner = {"sgd": lambda _: [], "momentum": _momentum, "nesterov": _momentum, "rmsprop": _rmsprop}
    lines = list(inner.get(p["optimizer"], _adam)(trace))
    if p["optimizer"] == "sgd":
        lines = [("delta", "−η · g", plain[2], short(at["delta"]))]
    after = ("weight after", "w + delta", f"{short(at['w'], 6)} + {held(at['delta'])}", short(at["after"], 6))
    by_keras = ("by Keras", "the same step, from the same state", "", short(at["keras_after"], 6))
    gradient = ("gradient g", f"slope of the loss at w = {short(at['w'])}", "", short(at["g"]))
    return [gradient, *lines, after, by_keras, *([plain] if p["optimizer"] != "sgd" else [])]


def slots(trace: Trace) -> Sequence[tuple[str, str, str]]:
    """What the optimizer remembers of the chosen weight, before and after the chosen step."""
    optimizer, at = trace.parameters["optimizer"], trace.facts["at"]
    means = {
        "momentum": {"m": "momentum: the step itself"},
        "nesterov": {"m": "momentum: the step before looking ahead"},
        "rmsprop": {"v": "velocity: running average of g²"},
        "adam": {"m": "momentum: running average of g", "v": "velocity: running average of g²"},
    }
    known = means.get("adam" if optimizer == "adamw" else optimizer, {})
    rows = [
        (f"{slot}, Keras' {words}", short(at[f"{slot}_before"]), short(at[slot]))
        for slot, words in known.items()
    ]
    return rows or [("none: gradient descent remembers nothing", "–", "–")]
