"""What people say about a Siamese network that never learns, each with the measurement that decides."""

from __future__ import annotations

from typing import Any

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.training.dying_relu_siamese_words import moved, number, percent

IDS: dict[str, Any] = {"handed": "ids"}
FEW: dict[str, Any] = {"epochs": 10}


def _calls() -> dict[str, Any]:
    return dict(engine.run("siamese-calls").facts)


def _cuts(run: Run) -> Measured:
    told = run(**IDS, **FEW).facts
    (low, high), share = told["states"], told["negative_states"]
    value = (
        f"states from {number(low)} to {number(high)}; {percent(share)} are negative, and a ReLU makes them 0"
    )
    return Measured(value, "holds" if -1 < low < 0 < high < 1 and 0.3 < share < 0.7 else "wrong")


def _stuck(_: Run) -> Measured:
    known = _calls()
    slopes = [known[f"relu_gradient_{name}"] for name in ("kernel", "bias", "out")]
    zero = str(slopes).count("0.0") == 8
    value = f"two dead units: p = {known['relu_p'][0]:g} for all, loss {known['relu_loss']:.4f}, all 8 gradients 0; "
    value += f"of 6 networks with two ReLUs {known['died'][1]} died at rate 10, {known['died'][0]} at 0.1"
    return Measured(value, "holds" if zero and known["died"][1] > known["died"][0] else "wrong")


def _relu_is_why(run: Run) -> Measured:
    told = [(name, run(activation=name)) for name in ("relu", "tanh")]
    value = "; ".join(f"{name}: {moved(trace)}" for name, trace in told)
    value += f"; tanh and ids: {percent(run(**IDS, activation='tanh').facts['accuracy'])}"
    constant = all(trace.facts["constant"] for _, trace in told)
    return Measured(value, "wrong" if constant else "holds")


def _floats(run: Run) -> Measured:
    known, told = _calls(), run(**FEW).facts
    value = f"{percent(known['index_zero'])} of 4,000 values become index 0; two documents differ by "
    value += f"{known['documents_apart']:g} once embedded, all answers by {told['spread']:g}"
    return Measured(value, "wrong" if known["documents_apart"] == 0 and told["constant"] else "holds")


def _learned(run: Run) -> Measured:
    trace = run()
    told = trace.facts
    value = f"14 of 23 = {percent(14 / 23)} by answering 0 always; the majority of all 120 pairs is {percent(64 / 120)}"
    value += f"; the largest difference between two answers is {told['spread']:g}"
    constant = told["constant"] and abs(told["accuracy"] - 14 / 23) < 1e-9
    return Measured(value, "wrong" if constant else "holds")


def _normalised(_: Run) -> Measured:
    usual, shifted, inference = _calls()["above"]
    value = f"{percent(round(usual, 3))} above zero for inputs of −50 ± 3; {percent(shifted)} with beta −10; "
    value += f"{percent(inference)} in inference mode before any training"
    return Measured(value, "depends" if abs(usual - 0.5) < 0.05 and shifted == inference == 0 else "wrong")


def _mitigation(run: Run) -> Measured:
    told = []
    for name, settings in (("2 ReLU", {}), ("2 tanh", {"activation": "tanh"}), ("16 ReLU", {"units": 16})):
        told.append((name, run(**IDS, **settings).facts))
    value = "with word ids: " + ", ".join(f"{name} {percent(facts['accuracy'])}" for name, facts in told)
    return Measured(
        value, "holds" if all(not f["frozen"] and f["accuracy"] > 0.85 for _, f in told) else "wrong"
    )


def _half(run: Run) -> Measured:
    shares = [
        run(**IDS, **FEW, documents=kind).facts["chance"][1]
        for kind in ("varied", "nearly identical", "identical")
    ]
    value = "varied, nearly identical, identical documents: " + ", ".join(percent(share) for share in shares)
    value += f"; both of two units {percent(shares[2] ** 2)}"
    return Measured(value, "depends" if shares[0] < 0.02 and shares[2] == 0.5 else "wrong")


def _axis(_: Run) -> Measured:
    known = _calls()
    value = f"(38, 200, 8) becomes {tuple(known['shapes'][0])} with axis 1, {tuple(known['shapes'][1])} with axis −1. "
    value += f"Keras: {known['answers']['concatenate axis 1']}"
    return Measured(value, "wrong" if "ValueError" in known["answers"]["concatenate axis 1"] else "holds")


def _root(run: Run) -> Measured:
    trace = run(**IDS, **FEW, epsilon=False)
    safe = run(**IDS, **FEW).facts["norms"][0]
    value = f"{trace.facts['stopped']} Gradient of the embedding: {trace['norms'][0, 0]:g}; with epsilon {number(safe)}"
    return Measured(value, "wrong" if trace.facts["stopped"] else "holds")


def _pooling(_: Run) -> Measured:
    answers = _calls()["answers"]
    value = f"MaxPooling1D(z): {answers['MaxPooling1D(z)']} MaxPooling1D()(z): {answers['MaxPooling1D()(z)']}"
    return Measured(value, "wrong" if "Error" in answers["MaxPooling1D(z)"] else "holds")


def _backend(_: Run) -> Measured:
    known = engine.run("installed-names", names="keras.backend.sum,keras.ops.sum").facts
    value = f"absent: {', '.join(known['absent'])}; present: {', '.join(known['present'])}"
    return Measured(value, "outdated" if "keras.backend.sum" in known["absent"] else "holds")


def _outside(_: Run) -> Measured:
    known = _calls()
    value = f"4117: {known['answers']['id too large']}; −1 gives row 4116, {known['wraps']:g} apart, without a word"
    return Measured(value, "depends" if known["wraps"] == 0 else "holds")


CLAIMS = (
    Claim("ReLU after an LSTM cuts off what is negative.",
          "last states of the LSTM for all pairs, before training", "holds", _cuts),
    Claim("A ReLU layer of few units can get stuck: no gradient, for ever.",
          "a dead layer of two units, and 6 networks trained with a large rate", "holds", _stuck),
    Claim("The ReLU is why accuracy is frozen here: take tanh.",
          "the posted network with both, trained", "wrong", _relu_is_why),
    Claim("A Doc2Vec vector can go into an Embedding.",
          "which row is looked up for each value, and how far two documents are apart after it", "wrong", _floats),
    Claim("60.87 % is better than the majority's 53.3 %, so something was learned.",
          "a constant answer on the 23 pairs held out", "wrong", _learned),
    Claim("BatchNorm before ReLU guarantees that many units are above zero.",
          "share above zero: training mode, with beta −10, inference mode", "depends", _normalised),
    Claim("tanh, or more units, would help.", "three networks on word ids, trained", "holds", _mitigation),
    Claim("A ReLU unit is dead from the start half of the time.",
          "1,000 first kernels on the states of these documents", "depends", _half),
    Claim("sum(axis=1) of the squared differences is the distance layer.",
          "the shapes, and what Concatenate says", "wrong", _axis),
    Claim("The square root of the summed squares is a safe distance.",
          "training without epsilon on pairs that share words", "wrong", _root),
    Claim("Write MaxPooling1D(z).", "the call, and the one that works", "wrong", _pooling),
    Claim("Write the distance with keras.backend.sum and sqrt.", "whether the names exist", "outdated", _backend),
    Claim("An Embedding refuses an id that is not in its table.", "an id too large, and −1", "depends", _outside),
)  # fmt: skip
