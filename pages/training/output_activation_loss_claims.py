"""What people say about an eye classifier at 50 %, each with the measurement that decides."""

from __future__ import annotations

import math
from typing import Any

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.training.output_activation_loss_words import number, percent

ALIGNED: dict[str, Any] = {"shuffle": "False"}
EXAMPLE: dict[str, Any] = {"view": "example"}
RAW: dict[str, Any] = {"head": "none", "loss": "CCE"}
LOGITS: dict[str, Any] = {"head": "none", "loss": "CCE from_logits"}


def _calls() -> dict[str, Any]:
    return dict(engine.run("eye-calls").facts)


def _text(run: Run) -> Measured:
    wrong, right = run().facts, run(**ALIGNED).facts
    value = f"bool('False') is {bool('False')}: {wrong['moved']} of {wrong['files']} files change place and "
    value += (
        f"{percent(wrong['labels_right'])} of the labels are right; accuracy {percent(wrong['accuracy'])}, "
    )
    value += f"with False {percent(right['accuracy'])}"
    return Measured(
        value, "wrong" if wrong["shuffled"] and right["accuracy"] > wrong["accuracy"] + 0.2 else "holds"
    )


def _folder(run: Run) -> Measured:
    told = run(source="folder").facts
    value = f"shuffled, labels from folders: {percent(told['accuracy'])}"
    return Measured(value, "holds" if told["shuffled"] and told["accuracy"] > 0.85 else "wrong")


def _one_layer(run: Run) -> Measured:
    told = run(**ALIGNED).facts
    value = f"one convolution, without any activation: {percent(told['accuracy'])}, with softmax {percent(told['repaired_accuracy'])}"
    return Measured(value, "wrong" if min(told["accuracy"], told["repaired_accuracy"]) > 0.85 else "holds")


def _drop(run: Run) -> Measured:
    loss = run(**EXAMPLE, **RAW).facts["loss"]
    raw, logits = (run(**ALIGNED, **settings).facts["accuracy"] for settings in (RAW, LOGITS))
    value = (
        f"logits 2, −1 as they are: loss {loss:.3g} instead of {run(**EXAMPLE, **LOGITS).facts['loss']:.4f}; "
    )
    value += f"accuracy {percent(raw)}, with from_logits=True {percent(logits)}"
    return Measured(value, "wrong" if loss < 1e-6 and raw < 0.6 < logits else "holds")


def _flatten(run: Run) -> Measured:
    full = {"z0": 8, "z1": 8}
    sigmoid, softmax = (
        run(**EXAMPLE, **full, head=head).facts["gradient"][0] for head in ("sigmoid", "softmax")
    )
    told = run(**ALIGNED).facts
    value = f"trains to {percent(told['accuracy'])}; at logits 8, 8 the gradient is {number(sigmoid)}, of softmax {number(softmax)}"
    return Measured(
        value, "depends" if abs(sigmoid) < 1e-3 < abs(softmax) and told["accuracy"] > 0.85 else "wrong"
    )


def _renormalised(run: Run) -> Measured:
    trace = run(**EXAMPLE)
    first, second = trace["sigmoid"].tolist()
    loss = trace.facts["loss"]
    by_hand = -math.log(first / (first + second))
    value = f"CCE on sigmoids {loss:.5f} = −log({first:.4f} / ({first:.4f} + {second:.4f})); on softmax "
    value += f"{run(**EXAMPLE, head='softmax').facts['loss']:.5f}"
    return Measured(value, "wrong" if abs(by_hand - loss) < 1e-5 else "holds")


def _modes(run: Run) -> Measured:
    far = {"z0": -60, "z1": 60, "head": "softmax"}
    eager, graph = (run(**EXAMPLE, **far, mode=mode).facts["loss"] for mode in ("eager", "graph"))
    value = f"logits −60, 60, softmax and CCE: {eager:.3f} eager, {graph:.3f} in a graph, as fit makes one"
    return Measured(value, "wrong" if abs(eager - 16.118) < 1e-2 and abs(graph - 120) < 1e-2 else "holds")


def _vgg(_: Run) -> Measured:
    counts = _calls()["counts"]
    value = f"VGG16 {counts['VGG16']}, VGG19 {counts['VGG19']} convolutions"
    return Measured(value, "wrong" if counts["VGG16"] < 14 else "holds")


def _hundred(_: Run) -> Measured:
    counts = _calls()["counts"]
    value = f"ResNet101 {counts['ResNet101']}, but ResNet50 {counts['ResNet50']}"
    return Measured(value, "depends" if counts["ResNet50"] < 100 < counts["ResNet101"] else "wrong")


def _shift(_: Run) -> Measured:
    known = _calls()
    value = f"pooled maps shifted by one place differ by {known['shift_two']:g} after 2 pixels, by {number(known['shift_one'])} after 1"
    return Measured(value, "wrong" if known["shift_two"] == 0 < known["shift_one"] else "holds")


def _refused(_: Run) -> Measured:
    said = _calls()["tf_data"]
    value = f"tf.data, reshuffle_each_iteration='False': {said}; shuffle='False' of Keras' pipelines is asked for its truth"
    return Measured(value, "depends" if "Error" in said else "wrong")


CLAIMS = (
    Claim("shuffle='False' keeps the files in order.", "the posted pipeline, trained, and the same with False", "wrong", _text),
    Claim("Shuffling does no harm where a label comes with its picture.", "labels from folders, shuffled", "holds", _folder),
    Claim("One convolutional layer is too few: that is why it stays at 50 %.", "the same network on aligned labels", "wrong", _one_layer),
    Claim("Cross-entropy combines log and softmax, so drop the activation.",
          "Keras' categorical cross-entropy on raw logits: one example, and a training run", "wrong", _drop),
    Claim("sigmoid on two outputs flattens the gradients.", "a training run, and both outputs saturated", "depends", _flatten),
    Claim("CCE on two sigmoids is −log of the true one.", "the loss at logits 2, −1 by Keras and by hand", "wrong", _renormalised),
    Claim("The loss of a model is the same whether Keras runs eagerly or in a graph.", "saturated logits in both modes", "wrong", _modes),
    Claim("VGG has at least 14 convolutional layers.", "Keras' own networks, counted", "wrong", _vgg),
    Claim("Modern networks have over 100 convolutional layers.", "Keras' own networks, counted", "depends", _hundred),
    Claim("Two pixels of shift give completely different features.",
          "convolution and 2 × 2 pooling of a shifted picture", "wrong", _shift),
    Claim("A text as shuffle is refused.", "what tf.data says to it", "depends", _refused),
)  # fmt: skip
