"""What the dying-relu technique tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor
from engine.training.dying_relu_siamese_functions import FEATURES, PAIRS, STATE, TOKENS, TRAINING, UNITS

HELD_OUT = PAIRS - TRAINING
TOKEN, UNIT = ("pair", "token"), ("pair", "unit")
EMBEDDED = ("pair", "token", "feature")
CURVES = {
    "loss": "mean loss of the 97 training pairs after each step",
    "accuracy": "share of the 23 pairs held out that are answered rightly",
    "accuracy_trained": "the same for the 97 training pairs",
    "dead": "units whose slope is 0 for every training pair",
    "spread": "largest minus smallest probability of the 120 pairs",
    "repaired_loss": "loss of the repaired network",
    "repaired_accuracy": "accuracy of the repaired network on the pairs held out",
    "repaired_dead": "dead units of the repaired network",
}
NAMED = {
    "handed_a": (TOKEN, "what the Embedding is handed for the first documents held out"),
    "handed_b": (TOKEN, "the same for the second documents"),
    "index_a": (TOKEN, "the row of the table that it looks up"),
    "index_b": (TOKEN, "the same for the second documents"),
    "a": (EMBEDDED, "the first documents, embedded"),
    "b": (EMBEDDED, "the second documents, embedded"),
    "distance": (("pair", "token", "one"), "distance of the two at each token"),
    "state": (("pair", "state"), "last state of the LSTM"),
    "kernel": (("input", "gate"), "LSTM kernel, for what it reads"),
    "recurrent": (("state", "gate"), "LSTM kernel, for its own last state"),
    "gates": (("gate",), "LSTM biases"),
    "hidden_w": (("state", "unit"), "weights of the dense layer"),
    "hidden_b": (("unit",), "its biases; with BN beta"),
    "scores": (UNIT, "state · weights"),
    "pre": (UNIT, "what the activation gets"),
    "active": (UNIT, "what the activation gives"),
    "out_w": (("unit", "out"), "weights of the output"),
    "out_b": (("out",), "bias of the output"),
    "logit": (("pair",), "score of a duplicate"),
    "p": (("pair",), "probability of a duplicate"),
    "label": (("pair",), "1: a duplicate, 0: not"),
    "repaired_p": (("pair",), "probability by the repaired network"),
    "gradient_hidden_w": (("state", "unit"), "d loss / d weights of the dense layer"),
    "gradient_hidden_b": (("unit",), "d loss / d its biases"),
    "gradient_out_w": (("unit", "out"), "d loss / d weights of the output"),
    "gradient_out_b": (("out",), "d loss / d bias of the output"),
    "gradient_pre": (("training pair", "unit"), "d loss / d what the activation gets"),
    "pre_first": (("training pair", "unit"), "what the activation gets before training"),
    "pre_last": (("training pair", "unit"), "what the activation gets after training"),
    "state_first": (("training pair", "state"), "last state of the LSTM before training"),
    "norms": (("epoch", "layer"), "length of the gradient of embedding, LSTM, dense layer, output"),
    "chance": (("size",), "share of 1,000 first kernels that make a ReLU unit dead at once"),
    "moving": (("moment", "unit"), "moving mean and variance of batch normalisation"),
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of one run, or of a run so far."""
    named = NAMED | {name: (("epoch",), about) for name, about in CURVES.items()}
    tensors = {name: Tensor(results[name], *named[name]) for name in named if name in results}
    facts = _facts(parameters, results)
    return Story(tensors, _steps(parameters, results), facts, _notes(parameters, facts))


def _steps(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """From what is handed in to the probability, for the pairs held out."""
    p, u = {"p": HELD_OUT}, {"u": parameters["units"]}
    t, token = p | {"t": TOKENS}, ("p", "t")
    cast = IndexMap(t, {"index_a": token, "handed_a": token}, "each", exact=False)
    apart = IndexMap(
        t | {"f": FEATURES, "o": 1}, {"distance": ("p", "t", "o"), "a": (*token, "f"), "b": (*token, "f")}
    )
    read = t | {"f": FEATURES, "s": STATE, "o": 1}
    access = {"state": ("p", "s"), "a": (*token, "f"), "b": (*token, "f"), "distance": (*token, "o")}
    dense = IndexMap(
        p | u | {"s": STATE}, {"scores": ("p", "u"), "state": ("p", "s"), "hidden_w": ("s", "u")}
    )
    pair = ("p", "u")
    act = IndexMap(p | u, {"active": pair, "pre": pair}, "each", exact=False)
    out = IndexMap(p | u | {"o": 1}, {"logit": ("p",), "active": pair, "out_w": ("u", "o")}, exact=False)
    last = IndexMap(p, {"p": ("p",), "logit": ("p",)}, "each")
    joined = f"[{HELD_OUT}, {TOKENS}, {FEATURES} + {FEATURES} + 1 = {2 * FEATURES + 1}]"
    return [
        Step("cast to int", ("handed_a",), "index_a", parameters["handed"], map=cast, readout="int({handed_a})"),
        Step("embedding", ("index_a",), "a", f"{FEATURES} features a row"),
        Step("distance", ("a", "b"), "distance", "√Σ(a − b)², axis −1", map=apart, readout="√Σ({a} − {b})²"),
        Step("concat, LSTM", ("a", "b", "distance"), "state", f"last of {TOKENS} states", (joined,),
             IndexMap(read, access), "all that this pair's LSTM has read"),
        Step("dense", ("state", "hidden_w"), "scores", f"{parameters['units']} units", map=dense),
        _before(parameters, p | u),
        Step(parameters["activation"].split()[-3] if " after " in parameters["activation"] else parameters["activation"],
             ("pre",), "active", map=act),
        Step("dense, bias", ("active", "out_w"), "logit", "1 output", map=out, readout=_sum(parameters, results)),
        Step("sigmoid", ("logit",), "p", "1 / (1 + exp(−·))", map=last, readout="1 / (1 + exp(−{logit}))"),
    ]  # fmt: skip


def _sum(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    return f"Σ {{active}} · {{out_w}} + {float(results['out_b'][0]):.4g}"


def _before(parameters: Mapping[str, Any], loops: dict[str, int]) -> Step:
    """Bias, or batch normalisation by moving averages, as for all pairs that are not trained on."""
    pair = ("p", "u")
    found = IndexMap(loops, {"pre": pair, "scores": pair, "hidden_b": ("u",)}, "each")
    reads = ("scores", "hidden_b")
    if parameters["activation"] != "relu after BN":
        return Step("bias", reads, "pre", map=found, readout="{scores} + {hidden_b}")
    text = "({scores} − moving mean) / √(moving variance + 0.001) + {hidden_b}"
    return Step("batch norm", reads, "pre", "moving averages", map=found, readout=text)


def _facts(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    index, accuracy, label = results["index_a"], results["accuracy"], results["label"]
    zeros = int((label == 0).sum())
    chance, sizes = results["chance"], np.array(UNITS)
    norms = results["norms"]
    return {
        "epochs_done": len(results["loss"]) - 1,
        "accuracy": float(accuracy[-1]),
        "accuracy_trained": float(results["accuracy_trained"][-1]),
        "accuracies": sorted({float(value) for value in accuracy}),
        "frozen": len(set(accuracy.tolist())) == 1,
        "constant_accuracy": max(zeros, HELD_OUT - zeros) / HELD_OUT,
        "majority": max(zeros, HELD_OUT - zeros),
        "held_out": HELD_OUT,
        "constant": bool(results["spread"][-1] < 1e-9),
        "spread": float(results["spread"][-1]),
        "spread_held_out": float(np.ptp(results["p"])),
        "loss": float(results["loss"][-1]),
        "first_loss": float(results["loss"][0]),
        "dead": int(results["dead"][-1]),
        "dead_at_first": int(results["dead"][0]),
        "negative_states": float((results["state_first"] < 0).mean()),
        "states": (float(results["state_first"].min()), float(results["state_first"].max())),
        "below_zero": float((results["pre_last"] <= 0).mean()),
        "below_zero_at_first": float((results["pre_first"] <= 0).mean()),
        "index_zero": float((index == 0).mean()),
        "different_documents": len({tuple(row) for row in index.tolist()}),
        "norms": tuple(float(value) for value in norms[-1]),
        "chance": tuple(float(value) for value in chance),
        "chance_all": tuple(float(value) for value in chance**sizes),
        "repaired_accuracy": float(results["repaired_accuracy"][-1]),
        "repaired_loss": float(results["repaired_loss"][-1]),
        "stopped": str(results["stopped"]),
    }


def _notes(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    notes = [facts["stopped"]] if facts["stopped"] else []
    if facts["stopped"] and not parameters["epsilon"]:
        notes.append(
            "Without epsilon the slope of √ at distance 0 is infinite, times 0 is NaN: one equal token is enough."
        )
    if facts["index_zero"] == 1:
        notes.append(
            "Every number handed to the Embedding became index 0: all documents are the same to this network."
        )
    if parameters["ids"] is not None and parameters["handed"] == "floats":
        notes.append("Your document is not used: the Embedding is handed floats.")
    if facts["dead"] == parameters["units"]:
        notes.append("Every unit is dead: of all gradients only that of the output's bias can differ from 0.")
    return notes
