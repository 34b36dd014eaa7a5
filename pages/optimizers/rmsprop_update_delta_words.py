"""How the RMSprop lab writes numbers, and the formula of the chosen step with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine import Trace

OTHERS = {
    "tf1-rmsprop": "TF1 RMSPropOptimizer",
    "pytorch-rmsprop": "RMSprop, ε outside (PyTorch)",
    "sgd": "Keras SGD",
    "adam": "Keras Adam",
    "mean-magnitude": "÷ mean magnitude",
}


def short(value: float, digits: int = 4) -> str:
    """A few significant digits, a real minus, NaN and infinity as such."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def held(value: float) -> str:
    """A number as a factor: brackets around what is negative."""
    return f"({short(value)})" if value < 0 else short(value)


def multiple(trace: Trace) -> str:
    """How large the chosen delta is, in learning rates."""
    return short(abs(trace.facts["at"]["delta"]) / trace.parameters["learning_rate"])


def formula(trace: Trace) -> Sequence[Sequence[str]]:
    """Each line of the update: what, formula, numbers put in, value."""
    p, at, told = trace.parameters, trace.facts["at"], trace.facts
    rate, rho, new = short(p["learning_rate"]), short(p["rho"]), short(1 - p["rho"])
    if p["connected"] is not None and not p["connected"][p["chosen"][1]]:
        return [("gradient", "None", "the loss does not depend on this weight: nothing happens to it", "–")]
    g, v, epsilon = at["used"], short(at["v"]), short(p["epsilon"])
    spread = f"{v} − {held(at['average'])}²" if p["centered"] else v
    inside = p["epsilon_place"] == "inside"
    lines = [("gradient g", "as given", short(at["g"]), short(at["g"]))]
    if "used" in trace.tensors:
        scaled = f"{short(at['g'])} ÷ {short(p['loss_scale'])}" if p["loss_scale"] != 1 else short(at["g"])
        how = f", {p['clipping']} {short(p['clip'])}" if p["clipping"] != "none" else ""
        lines.append(("gradient used", "g ÷ scale, then clipped", scaled + how, short(g)))
    lines.append(("v", "ρ · v + (1 − ρ) · g²", f"{rho} · {short(told['v_before'])} + {new} · {held(g)}²", v))
    if p["centered"]:
        numbers = f"{rho} · {held(told['average_before'])} + {new} · {held(g)}"
        lines.append(("average a", "ρ · a + (1 − ρ) · g", numbers, short(at["average"])))
    under = "v − a²" if p["centered"] else "v"
    words = f"√({under} + ε)" if inside else f"√({under}) + ε"
    numbers = f"√({spread} + {epsilon})" if inside else f"√({spread}) + {epsilon}"
    lines.append(("root", words, numbers, short(at["root"])))
    divided = f"{rate} · {held(g)} ÷ {short(at['root'])}"
    lines.append(("increment", "learning rate · g ÷ root", divided, short(at["increment"])))
    last = "increment"
    if "m" in at:
        numbers = f"{short(p['momentum'])} · {held(told['m_before'])} + {held(at['increment'])}"
        lines.append(("m", "momentum · m + increment", numbers, short(at["m"])))
        last = "m"
    words, numbers = f"−{last}", f"−{held(at[last])}"
    if p["weight_decay"]:
        words += " − learning rate · decay · w"
        numbers += f" − {rate} · {short(p['weight_decay'])} · {held(told['before'])}"
    lines.append(("delta", words, numbers, short(at["delta"])))
    lines.append(
        ("weight after", "w + delta", f"{short(told['before'], 6)} + {held(at['delta'])}", short(at["w"], 6))
    )
    return [*lines, ("beside it", "−learning rate · g", f"−{rate} · {held(at['g'])}", short(at["sgd"]))]
