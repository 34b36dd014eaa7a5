"""What people say about the last layer of a one-hot autoencoder, each with the measurement that decides."""

from __future__ import annotations

import math

from pages.kit.declare import Claim, Measured, Run
from pages.training.one_hot_sequence_autoencoder_words import number, percent

BELOW = (-1.0,) * 8
WRONG_AND_SURE = (6.0, *(-4.0,) * 7)


def _suits(run: Run) -> Measured:
    """p - y from the tape; relu + MSE dead below 0, and silent about the true event when another is on."""
    dead = run(part="one event", pre=BELOW)
    sure = run(part="one event", pre=WRONG_AND_SURE)
    apart = max(dead.facts["p_minus_y"], sure.facts["p_minus_y"])
    value = f"softmax + CCE: slope − (p − y) at most {number(apart)}; all pre-activations −1: largest slope "
    value += f"{number(dead.facts['beside_largest_slope'])}, with relu + MSE {number(dead.facts['largest_slope'])}; "
    value += f"one wrong unit on: slope at the true event {number(sure.facts['beside_true_slope'])}, with relu + MSE "
    value += number(sure.facts["true_slope"])
    holds = apart < 1e-6 and dead.facts["largest_slope"] == 0 == sure.facts["true_slope"]
    return Measured(value, "holds" if holds and sure.facts["beside_true_slope"] < -0.9 else "wrong")


def _mse(run: Run) -> Measured:
    """MSE on a softmax teaches too, with small slopes; relu + MSE after the default training."""
    here = {"part": "one event", "activation": "softmax", "pre": WRONG_AND_SURE}
    small, large = run(**here, loss="MSE"), run(**here, loss="CCE")
    told = run().facts
    value = f"confidently wrong, slope at the true event: {number(small.facts['true_slope'])} with softmax + MSE, "
    value += f"{number(large.facts['true_slope'])} with CCE. Trained: relu + MSE {percent(told['accuracy'][0])} of events "
    value += f"right, AUC {number(told['auc'][0])}, {percent(told['zeros'][0])} of outputs 0; softmax + CCE "
    value += f"{percent(told['accuracy'][1])}, AUC {number(told['auc'][1])}"
    learns = small.facts["true_slope"] < 0 and told["accuracy"][0] > 0.5
    small_slope = abs(small.facts["true_slope"]) < abs(large.facts["true_slope"]) / 10
    return Measured(value, "depends" if learns and small_slope else "holds")


def _sparse(run: Run) -> Measured:
    pair = [run(part="one event", activation="softmax", loss=loss) for loss in ("CCE", "sparse")]
    gap = abs(pair[0].facts["loss"] - pair[1].facts["loss"])
    value = f"{pair[0].facts['loss']:.7f} and {pair[1].facts['loss']:.7f}"
    return Measured(value, "holds" if gap < 1e-6 else "wrong")


def _four(run: Run) -> Measured:
    told, gaps = [], []
    for events in (3, 50):
        losses = [
            run(part="one event", activation="softmax", loss=loss, events=events).facts["loss"]
            for loss in ("CCE", "sparse")
        ]
        gaps.append(abs(losses[0] - losses[1]))
        told.append(f"{events} classes: {losses[0]:.5f} and {losses[1]:.5f}, {4 * events} bytes a row and 4")
    return Measured("; ".join(told), "depends" if max(gaps) < 1e-5 else "holds")


def _sigmoid(run: Run) -> Measured:
    """Regression to 3: what the slope says at a pre-activation of 5, which is far too low an output for sigmoid."""
    here = {"part": "one event", "height": 3.0, "pre": (0.0, 0.0, 5.0, *(0.0,) * 5)}
    bent, straight = (run(**here, activation=name) for name in ("sigmoid", "linear"))
    value = f"a target of 3: sigmoid's output is {number(bent['output'][0, 0, 2])} and its slope there "
    value += f"{number(bent.facts['true_slope'])}; linear gives {number(straight['output'][0, 0, 2])} and is pulled back "
    value += f"with {number(straight.facts['true_slope'])}"
    stuck = bent["output"][0, 0, 2] < 1 and abs(bent.facts["true_slope"]) < straight.facts["true_slope"] / 50
    return Measured(value, "wrong" if stuck else "holds")


def _no_relu(run: Run) -> Measured:
    trace = run(part="one event", activation="relu", loss="CCE", pre=BELOW)
    value = f"relu + CCE, all pre-activations −1: loss {number(trace.facts['loss'])}, "
    value += f"{trace.facts['nan_slopes']} of {trace.facts['entries']} slopes NaN"
    return Measured(value, "holds" if math.isnan(trace.facts["loss"]) else "wrong")


def _relu_lstm(run: Run) -> Measured:
    small = {"timesteps": 6, "events": 4, "epochs": 3, "rate": 0.05}
    tanh, relu = (run(**small, lstm=name).facts["largest_state"][1] for name in ("tanh", "relu"))
    value = f"largest state after 3 epochs at a rate of 0.05: {number(relu)} with relu, {number(tanh)} with tanh, which never "
    value += "passes 1; cuDNN takes tanh only (TensorFlow's documentation)"
    return Measured(value, "depends" if tanh <= 1 < relu else "holds")


def _low(run: Run) -> Measured:
    told = run(part="one event", pre=BELOW).facts
    value = f"all outputs 0: {number(told['zero_mse'])}; every event alike: {number(told['uniform_mse'])}"
    return Measured(value, "wrong" if told["zero_mse"] < 0.2 else "holds")


def _empty(run: Run) -> Measured:
    told = run(part="one event", activation="softmax", loss="CCE", rows=((0,) * 8,)).facts
    value = (
        f"loss {number(told['loss'])}; largest slope {number(told['eager_largest_slope'][0])} in eager mode, "
    )
    value += f"{number(told['largest_slope'])} inside fit, where it is softmax − target"
    silent = told["loss"] == 0 == told["eager_largest_slope"][0]
    return Measured(value, "depends" if silent and told["largest_slope"] > 0.1 else "holds")


CLAIMS = (
    Claim("Softmax with categorical cross-entropy suits one-hot targets.",
          "slopes of both pairs: below zero everywhere, and with one wrong unit on", "holds", _suits),
    Claim("Mean squared error is for regression.",
          "softmax + MSE beside softmax + CCE, and what relu + MSE reaches in the default training", "depends", _mse),
    Claim("Sparse categorical cross-entropy turns integers into one-hot rows.",
          "the same row with integers and one-hot", "holds", _sparse),
    Claim("Use integer labels when there are more than 4 classes.",
          "both losses and the bytes of a label, for 3 and for 50 classes", "depends", _four),
    Claim("For regression you generally prefer sigmoid.",
          "a target of 3 under sigmoid and without an activation", "wrong", _sigmoid),
    Claim("There is normally no relu in the last layer.",
          "relu + CCE when all outputs are 0", "holds", _no_relu),
    Claim("LSTM(activation='relu') is as good as the default.",
          "the largest state of an LSTM with either", "depends", _relu_lstm),
    Claim("An MSE near 0.1 shows that the model has learned something.",
          "the MSE of outputs that are all 0, and all alike, for 8 events", "wrong", _low),
    Claim("A row without an event costs nothing and teaches nothing.",
          "softmax + CCE with a target of zeros, in eager mode and inside fit", "depends", _empty),
)  # fmt: skip
