"""What people say about sparse softmax cross-entropy, each with a measurement made now."""

from __future__ import annotations

import math

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.losses.sparse_softmax_cross_entropy_words import row, short

FAR = {"logits": (-60.0, 60.0), "label": (0,), "way": "keras-probabilities"}


def _answers() -> dict[str, str]:
    found: dict[str, str] = engine.run("loss-calls").facts["answers"]
    return found


def _value(run: Run) -> Measured:
    trace = run()
    loss, shape = trace.facts["loss"], list(trace["loss"].shape)
    return Measured(f"{loss:.7f}, shape {shape}", "holds" if abs(loss - 1.41) < 0.005 else "wrong")


def _softmax(run: Run) -> Measured:
    p = run()["softmax"].ravel()
    apart = float(abs(p - [0.09003057, 0.24472847, 0.66524096]).max())
    return Measured(f"{row(p.tolist())}, {apart:.0e} away", "holds" if apart < 1e-6 else "wrong")


def _log(run: Run) -> Measured:
    trace = run()
    p = trace.facts["probability"]
    value = f"−log {p:.4f} = {-math.log(p):.5f}; the gradient is {row(trace.facts['gradient'])}"
    right = abs(-math.log(p) - trace.facts["loss"]) < 1e-6 and trace.facts["gradient_off"] < 1e-6
    return Measured(value + ", softmax − one-hot", "holds" if right else "wrong")


def _one_twenty_three(run: Run) -> Measured:
    softmax, sigmoid, twice = (run(way=way).facts["loss"] for way in ("binary", "binary-sigmoid", "double"))
    value = (
        f"yes-or-no terms sum to {softmax:.3f} on the softmax, {sigmoid:.3f} on sigmoids; softmax twice gives "
        f"{twice:.3f}, the nearest of the common mistakes"
    )
    near = any(abs(loss - 1.23) < 0.005 for loss in (softmax, sigmoid, twice))
    return Measured(value, "holds" if near else "wrong")


def _one_hot(run: Run) -> Measured:
    trace = run()
    by_hand = float((trace["one_hot"] * trace["every_loss"]).sum())
    value = f"−Σ p log q with p = {row(trace['one_hot'].ravel().tolist())} gives {by_hand:.5f}"
    return Measured(value, "holds" if abs(by_hand - trace.facts["loss"]) < 1e-6 else "wrong")


def _pack(_: Run) -> Measured:
    known = engine.run("installed-names", names="tf.pack,tf.stack").facts
    value = f"absent: {', '.join(known['absent'])}; present: {', '.join(known['present'])}"
    return Measured(value, "outdated" if "tf.pack" in known["absent"] else "holds")


def _positional(_: Run) -> Measured:
    said = _answers()["(logits, labels)"]
    names = "tf.nn.sparse_softmax_cross_entropy_with_logits"
    takes = engine.run("installed-names", names=names).facts["arguments"][names][:2]
    return Measured(f"takes {', '.join(takes)}; {said}", "outdated" if takes[0] == "labels" else "holds")


def _shift(run: Run) -> Measured:
    losses = [run(shift=by).facts["loss"] for by in (0, 100, 10_000)]
    value = "shifted by 0, 100 and 10,000: " + ", ".join(f"{loss:.6f}" for loss in losses)
    return Measured(value, "holds" if max(losses) - min(losses) < 1e-3 else "wrong")


def _naive(run: Run) -> Measured:
    first, second = (run(logits=(0, 1000), label=(at,), way="naive").facts["loss"] for at in (0, 1))
    stable = run(logits=(0, 1000), label=(0,)).facts["loss"]
    library = _answers()["extreme, -log softmax"]
    value = (
        f"logits 0, 1000: label 0 gives {short(first)}, label 1 {short(second)}; the operation {short(stable)} and "
        f"0; −log(tf.nn.softmax) {library}"
    )
    return Measured(value, "holds" if first == stable and second == 0 else "wrong")


def _outside(_: Run) -> Measured:
    said = _answers()
    names = ("eager", "graph", "xla", "keras", "one_hot")
    found = {name: said[f"label too large, {name}"] for name in names}
    raises = [name for name, text in found.items() if "Error" in text]
    value = (
        f"label 3 of 3 classes on this device: {found['eager']}; graph: {found['graph'].partition(':')[0]}; XLA: "
        f"{found['xla']}; tf.one_hot and the dense loss: {found['one_hot']}. GPUs answer NaN (TensorFlow's documentation)"
    )
    return Measured(value, "holds" if len(raises) == len(names) else "depends" if raises else "wrong")


def _modes(run: Run) -> Measured:
    told = [run(**FAR).facts[mode]["keras-probabilities"] for mode in ("ways", "in_graph")]
    slopes = [run(**FAR, execution=mode).facts["gradient"] for mode in ("eager", "graph")]
    value = f"eager {told[0]:.3f} with gradient {row(slopes[0])}, graph {told[1]:.3f} with {row(slopes[1])}"
    return Measured(value, "holds" if abs(told[0] - told[1]) < 1e-3 else "wrong")


def _default(run: Run) -> Measured:
    raw, right = run(way="keras-raw").facts, run(way="keras").facts["loss"]
    value = f"{raw['loss']:.4f} with gradient {row(raw['gradient'])}; with from_logits=True {right:.4f}"
    return Measured(value, "holds" if abs(raw["loss"] - right) < 1e-6 else "wrong")


def _column(_: Run) -> Measured:
    said = _answers()
    one, other = said["labels [n, 1], tf.nn"], said["labels [n, 1], keras"]
    refused = ["Error" in text for text in (one, other)]
    verdict = "depends" if refused == [True, False] else "wrong" if all(refused) else "holds"
    return Measured(f"tf.nn: {one.partition('. ')[0]}; Keras: {other}", verdict)  # type: ignore[arg-type]


def _fractions(_: Run) -> Measured:
    said = _answers()
    one, other = said["labels 1.7, tf.nn"], said["labels 1.7, keras"]
    refused = ["Error" in text for text in (one, other)]
    verdict = "depends" if refused == [True, False] else "holds" if all(refused) else "wrong"
    return Measured(f"tf.nn: {one}; Keras: {other}, the loss of class 1", verdict)  # type: ignore[arg-type]


def _ignored(run: Run) -> Measured:
    half = {"mode": "pixels", "rows": 1, "columns": 2, "pixel_logits": (0, 1, 2, 0, 1, 2), "labels": (1, 255)}
    means = [run(**half, ignore_class=255, reduction=way).facts["objective"] for way in ("keras", "mean")]
    none = {**half, "labels": (255, 255)}
    empty = [
        run(**none, ignore_class=255, reduction=way).facts["objective"] for way in ("keras", "mean of kept")
    ]
    value = (
        f"one of two ignored: {means[0]:.4f}, where reduce_mean gives {means[1]:.4f}; both ignored: "
        f"{short(empty[0])}, where Σ loss · mask ÷ Σ mask gives {short(empty[1])}"
    )
    return Measured(value, "holds" if abs(means[0] - 1.4076) < 1e-3 and empty[0] == 0 else "wrong")


def _smoothing(_: Run) -> Measured:
    names = ("keras.losses.SparseCategoricalCrossentropy", "keras.losses.CategoricalCrossentropy")
    takes = engine.run("installed-names", names=",".join(names)).facts["arguments"]
    sparse = "label_smoothing" in takes[names[0]]
    value = f"the sparse one takes {', '.join(takes[names[0]])}; the dense one also label_smoothing"
    return Measured(value, "holds" if sparse else "wrong")


def _hessian(_: Run) -> Measured:
    apart = engine.run("loss-calls").facts["hessian_off"]
    return Measured(f"largest difference {apart:.0e}", "holds" if apart < 1e-6 else "wrong")


CLAIMS = (
    Claim("TensorFlow returns about 1.41 for logits [0, 1, 2] and label 1.",
          "logits of shape [1, 1, 1, 3], label of shape [1, 1, 1]", "holds", _value),
    Claim("softmax([0, 1, 2]) is .09003057, .24472847, .66524096.", "tf.nn.softmax", "holds", _softmax),
    Claim("The loss is −log of the true class' probability, and its gradient softmax − one-hot.",
          "math.log of the softmax; GradientTape", "holds", _log),
    Claim("With q = σ or 1 − σ for every class the formula gives 1.23.",
          "that sum on softmax and on sigmoids; 1.23 comes from none of the usual formulas", "wrong", _one_twenty_three),
    Claim("To compare with −Σ p log q by hand, the label has to become a one-hot p.",
          "the sum over classes with tf.one_hot", "holds", _one_hot),
    Claim("tf.pack stacks the logits.", "names looked up in the installed TensorFlow", "outdated", _pack),
    Claim("sparse_softmax_cross_entropy_with_logits(logits, labels).",
          "the arguments' names; the old order, called", "outdated", _positional),
    Claim("Adding a number to all logits changes nothing.",
          "the question's logits in float32, shifted", "holds", _shift),
    Claim("−log(exp(z) / Σ exp(z)) is the same thing, so one may as well write it out.",
          "extreme logits by the textbook's formula and by the operation", "wrong", _naive),
    Claim("A label that is no class raises an error.",
          "label 3 of 3 classes, eagerly, in a graph, under XLA and as one-hot", "depends", _outside),
    Claim("Keras' loss of the same outputs is the same in fit as in eager mode.",
          "logits −60, 60 with label 0 through tf.nn.softmax, from_logits=False", "wrong", _modes),
    Claim("Keras' sparse loss expects logits.",
          "the question's logits with the default from_logits=False", "wrong", _default),
    Claim("Labels of shape [n, 1] do as well as [n].", "the same label with a last axis of 1", "depends", _column),
    Claim("Float labels are refused.", "label 1.7 for both", "depends", _fractions),
    Claim("ignore_class takes labels out of the mean, and a batch without labels costs 0.",
          "Keras' mean beside two others, on two pixels", "holds", _ignored),
    Claim("SparseCategoricalCrossentropy has label smoothing.",
          "the arguments of both classes", "wrong", _smoothing),
    Claim("Second derivatives through the sparse loss are right.",
          "jacobian of the gradient beside diag(p) − p pᵀ", "holds", _hessian),
)  # fmt: skip
