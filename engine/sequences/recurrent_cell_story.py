"""What the recurrent cells say about their results: axes, steps with index maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.sequences.recurrent_cell_facts import facts, notes
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
Values = Mapping[str, Array]
Access = dict[str, tuple[str, ...]]
STATE, TIME = ("batch", "time", "unit"), ("batch", "time")
HERE = ("b", "t", "u")
NAMES = {"i": "input gate", "f": "forget gate", "o": "output gate", "g": "candidate", "z": "update gate", "r": "reset gate"}  # fmt: skip
_ABOUT = {
    "x": (("batch", "time", "feature"), "the input"),
    "mask": (TIME, "1 is a real timestep, 0 padding"),
    "kernel": (("feature", "gate"), "what the input is multiplied by, gate after gate"),
    "recurrent": (("unit", "gate"), "what the state before is multiplied by, gate after gate"),
    "from_input": (("batch", "time", "gate"), "x · kernel"),
    "from_state": (("batch", "time", "gate"), "state before · recurrent kernel"),
    "h_before": (STATE, "state that the step starts from"),
    "c_before": (STATE, "cell state that the step starts from"),
    "i": (STATE, "input gate: how much of the candidate comes in"),
    "f": (STATE, "forget gate: how much of the cell state stays"),
    "o": (STATE, "output gate: how much of the cell state is shown"),
    "g": (STATE, "candidate: what could be added"),
    "z": (STATE, "update gate: how much of the state before stays"),
    "r": (STATE, "reset gate: how much of the state before the candidate sees"),
    "remembered": (STATE, "reset gate · state before"),
    "from_remembered": (STATE, "remembered · recurrent kernel"),
    "c_new": (STATE, "cell state as computed, before the mask"),
    "h_new": (STATE, "state as computed, before the mask"),
    "c": (STATE, "cell state after the step"),
    "h": (STATE, "state after the step"),
    "y": (STATE, "output of each step"),
    "in_pieces": (STATE, "states as call after call left them"),
    "one_pass": (STATE, "states if all pieces were one long call"),
    "gradient_x": (("batch", "time", "feature"), "d Σ output / d x"),
    "gradient_h": (STATE, "d Σ output / d h, as each step computes it"),
    "gradient_c": (STATE, "d Σ output / d c, as each step computes it"),
    "flow": (TIME, "length of the gradient in h, step by step"),
    "reached": (("time",), "1 where a path leads to the loss, 0 where the gradient is None"),
    "keras_h": (("batch", "call", "unit"), "state that Keras' layer returns"),
    "keras_c": (("batch", "call", "unit"), "cell state that Keras' layer returns"),
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    told = facts(parameters, results)
    calls = ("call",) if parameters["calls"] > 1 else ()
    step = ("timestep",) if parameters["return_sequences"] else ()
    about = {
        **_ABOUT,
        "bias": (("side", "gate") if results.get("bias", np.zeros(1)).ndim == 2 else ("gate",), "added to each gate"),
        "output": (("batch", *calls, *step, "unit"), "what the layer answers"),
        "keras_output": (("batch", *calls, *step, "unit"), "what Keras' layer answers"),
        "state_h": (("batch", *calls, "unit"), "the state each call ends in"),
        "state_c": (("batch", *calls, "unit"), "the cell state each call ends in"),
    }  # fmt: skip
    tensors = {name: Tensor(v, *about[name]) for name, v in results.items() if name != "keras_parameters"}
    steps = (*_carried(parameters, results), *_products(results), *_cell(parameters, results), *_kept(parameters, results), *_answers(parameters, results))  # fmt: skip
    return Story(tensors, steps, told, notes(parameters, results, told))


def _loops(values: Values) -> dict[str, int | tuple[int, ...]]:
    return dict(zip(HERE, values["h"].shape, strict=True))


def _carried(p: Mapping[str, Any], values: Values) -> list[Step]:
    """h[t − 1] is where step t starts, except at the beginning of a call. The walk came before: no path on the tape, not exact."""
    steps = values["h"].shape[1]
    fed = tuple(t for t in range(1, steps) if p["stateful"] or t % p["timesteps"])
    found = []
    for name in ("h", "c"):
        if name in values and fed:
            access = {f"{name}_before": HERE, name: ("b", "t - 1", "u")}
            links = IndexMap({**_loops(values), "t": fed}, access, "each", exact=False)
            found.append(
                Step("carry over", (name,), f"{name}_before", "", (), links, f"{{{name}}}", aside=True)
            )
    return found


def _products(values: Values) -> list[Step]:
    """The state before was made with the recurrent kernel too, which a tape sees as well: that one is not exact."""
    batch, time, features = values["x"].shape
    units, gates = values["recurrent"].shape
    from_state = values["from_state"].shape[2]
    loops = {"b": batch, "t": time, "k": gates}
    into = {"from_input": ("b", "t", "k"), "x": ("b", "t", "i"), "kernel": ("i", "k")}
    onto = {"from_state": ("b", "t", "k"), "h_before": ("b", "t", "i"), "recurrent": ("i", "k")}
    shape = f"[{batch}, {time}, {{}}] · [{{}}, {{}}] = [{batch}, {time}, {{}}]"
    return [
        Step("· kernel", ("x", "kernel"), "from_input", f"{gates // units} × {units} columns" if gates > units else "",
             (shape.format(features, features, gates, gates),), IndexMap(loops | {"i": features}, into)),
        Step("· recurrent", ("h_before", "recurrent"), "from_state", "the state before",
             (shape.format(units, units, from_state, from_state),), IndexMap(loops | {"k": from_state, "i": units}, onto, exact=False)),
    ]  # fmt: skip


def _cell(p: Mapping[str, Any], values: Values) -> list[Step]:
    end = "_new" if "mask" in values else ""
    if p["cell"] == "LSTM":
        return _lstm(p, values, end)
    if p["cell"] == "GRU":
        return _gru(p, values, end)
    return [_gate(values, f"h{end}", 0, p["activation"], f"h = {p['activation']}(x·W + h·U + b)")]


def sloped(name: str, activated: Array) -> bool:
    """Whether the activation has a slope that is not 0 everywhere, by its own values."""
    if name == "linear":
        return True
    if name == "relu":
        return bool((activated > 0).all())
    slope = activated * (1 - activated) if name == "sigmoid" else 1 - activated * activated
    return bool((np.abs(slope) > 0).all())


def _gate(values: Values, name: str, place: int, activation: str, settings: str, aside: bool = False) -> Step:
    """activation(from_input + from_state + bias) at the columns of this gate.

    The bias has been in the states before as well, which a tape sees: with it the map is not exact.
    """
    column = f"u + {place * values['h'].shape[2]}"
    access: Access = {name: HERE, "from_input": ("b", "t", column), "from_state": ("b", "t", column)}
    text = f"{activation}({{from_input}} + {{from_state}}"
    if "bias" in values:
        both = values["bias"].ndim == 2  # GRU: one for the input, one for the state
        access["bias"] = ("s", column) if both else (column,)
        text += " + {bias}"
    loops = {**_loops(values), "s": 2}
    exact = "bias" not in values and sloped(activation, values[name])
    links = IndexMap(loops, access, "each", exact)
    return Step(
        activation, tuple(access)[1:], name, settings, ("for each unit",), links, f"{text})", aside=aside
    )


def _each(
    writes: str, reads: Sequence[str], values: Values, settings: str, readout: str, exact: bool = True
) -> Step:
    links = IndexMap(_loops(values), dict.fromkeys((writes, *reads), HERE), "each", exact)
    return Step("combine", tuple(reads), writes, settings, ("for each unit",), links, readout)


def _lstm(p: Mapping[str, Any], values: Values, end: str) -> list[Step]:
    activation, c, h = p["activation"], f"c{end}", f"h{end}"
    exact = sloped(activation, np.tanh(values[c]) if activation == "tanh" else values[c])
    return [
        _gate(values, "g", 2, activation, "candidate", aside=True),
        _gate(values, "f", 1, "sigmoid", "forget gate", aside=True),
        _gate(values, "o", 3, "sigmoid", "output gate", aside=True),
        _gate(values, "i", 0, "sigmoid", "input gate; f and o alike"),
        _each(c, ("f", "c_before", "i", "g"), values, "c = f · c before + i · g",
              "{f} · {c_before} + {i} · {g}"),
        _each(h, ("o", c), values, f"h = o · {activation}(c)", f"{{o}} · {activation}({{{c}}})", exact),
    ]  # fmt: skip


def _gru(p: Mapping[str, Any], values: Values, end: str) -> list[Step]:
    """What candidate and mix read has gone into a gate of theirs as well, so that a tape sees it twice: not exact."""
    return [
        _gate(values, "r", 1, "sigmoid", "reset gate", aside=True),
        *(_reset_after(p, values) if p["reset_after"] else _reset_before(p, values)),
        _gate(values, "z", 0, "sigmoid", "update gate; r alike"),
        _each(f"h{end}", ("z", "h_before", "g"), values, "h = z · h before + (1 − z) · g",
              "{z} · {h_before} + (1 − {z}) · {g}", False),
    ]  # fmt: skip


def _reset_after(p: Mapping[str, Any], values: Values) -> list[Step]:
    column = f"u + {2 * values['h'].shape[2]}"
    access: Access = {
        "g": HERE,
        "from_input": ("b", "t", column),
        "r": HERE,
        "from_state": ("b", "t", column),
    }
    text = "{from_input} + {r} · {from_state}"
    if "bias" in values:
        access["bias"] = ("s", column)
        text = "{from_input} + {r} · {from_state} + biases {bias}"
    links = IndexMap({**_loops(values), "s": 2}, access, "each", exact=False)
    settings = "candidate, reset after the product"
    return [Step(p["activation"], tuple(access)[1:], "g", settings, ("for each unit",), links, f"{p['activation']}({text})")]  # fmt: skip


def _reset_before(p: Mapping[str, Any], values: Values) -> list[Step]:
    units = values["h"].shape[2]
    access = {"from_remembered": HERE, "remembered": ("b", "t", "i"), "recurrent": ("i", f"u + {2 * units}")}
    product = IndexMap({**_loops(values), "i": units}, access, exact=False)
    column = f"u + {2 * units}"
    into: Access = {"g": HERE, "from_input": ("b", "t", column), "from_remembered": HERE}
    text = "{from_input} + {from_remembered}"
    if "bias" in values:
        into["bias"] = (column,)
        text += " + {bias}"
    links = IndexMap(_loops(values), into, "each", exact=False)
    return [
        _each("remembered", ("r", "h_before"), values, "r · h before", "{r} · {h_before}", False),
        Step("· recurrent", ("remembered", "recurrent"), "from_remembered", "columns of the candidate", (), product),
        Step(p["activation"], tuple(into)[1:], "g", "candidate, reset before the product", (), links, f"{p['activation']}({text})"),
    ]  # fmt: skip


def _kept(p: Mapping[str, Any], values: Values) -> list[Step]:
    """A masked step hands on the states it was given; which tensor a cell comes from is the mask's say: not exact."""
    if "mask" not in values:
        return []
    steps = []
    for name in ("c", "h"):
        if name in values:
            access = {name: HERE, "mask": ("b", "t"), f"{name}_new": HERE, f"{name}_before": HERE}
            links = IndexMap(_loops(values), access, "each", exact=False)
            text = f"mask {{mask}}: 1 takes the new {{{name}_new}}, 0 keeps {{{name}_before}}"
            steps.append(Step("where kept", tuple(access)[1:], name, "else the state before", ("for each step",), links, text, aside=name == "c"))  # fmt: skip
    otherwise = "0" if p["zero_output_for_mask"] else "the output before"
    access = {"y": HERE, "mask": ("b", "t"), "h_new": HERE}
    links = IndexMap(_loops(values), access, "each", exact=False)
    text = f"mask {{mask}}: 1 gives {{h_new}}, 0 gives {otherwise}"
    return [
        *steps,
        Step("where kept", ("mask", "h_new"), "y", f"else {otherwise}", ("for each step",), links, text),
    ]


def _answers(p: Mapping[str, Any], values: Values) -> list[Step]:
    calls, steps, units = p["calls"], p["timesteps"], p["units"]
    batch = values["h"].shape[0]
    by_call = ("k",) if calls > 1 else ()
    offset = f"{steps}*k + " if calls > 1 else ""
    found = []
    for name, source, all_steps in (
        ("state_c", "c", False),
        ("state_h", "h", False),
        ("output", "y" if "y" in values else "h", p["return_sequences"]),
    ):
        if name not in values:
            continue
        here = ("b", *by_call, "t", "u") if all_steps else ("b", *by_call, "u")
        access = {name: here, source: ("b", f"{offset}t" if all_steps else f"{offset}{steps - 1}", "u")}
        links = IndexMap({"b": batch, "k": calls, "t": steps if all_steps else 1, "u": units}, access, "each")
        says = "return_sequences" if all_steps else "the last step" + (" of each call" if calls > 1 else "")
        shape = ", ".join(map(str, values[name].shape))
        found.append(
            Step("hand out", (source,), name, says, (f"[{shape}]",), links, f"{{{source}}}", aside=name != "output")
        )  # fmt: skip
    return found
