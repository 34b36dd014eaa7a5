"""From an error message to the settings of a lab: targets, outputs and labels that do not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.kit.told import Told

Found = Mapping[str, Any] | None


def outputs(told: Told, loss: str, activation: str = "softmax") -> Found:
    """Target [a] and output [b] of a loss that do not fit together."""
    target, output = told.known("a", "b", unknown=4)
    if len(output) != 2 or len(target) not in (1, 2):
        return None
    ((classes, units),) = told.drawn([(target[-1] if len(target) == 2 else 1, output[1])], 10)
    labels = "integers" if len(target) == 1 else "integers-column" if classes == 1 else "one-hot"
    settings = _samples(told, output[0], target[0]) | {
        "labels": labels,
        "loss": loss,
        "activation": activation,
    }
    return settings | {"units": units, "classes": max(2, units if labels != "one-hot" else classes)}


def _samples(told: Told, count: int, labels: int) -> dict[str, Any]:
    ((samples, labels),) = told.drawn([(count, labels)], 64)
    settings = {"data": (max(1, samples), 6, 6), "batch_size": max(1, min(samples, 16))}
    return settings if samples == labels else settings | {"label_count": max(1, labels)}


def categorical(told: Told) -> Found:
    """Categorical cross-entropy of probabilities."""
    return outputs(told, "categorical")


def logits(told: Told) -> Found:
    """Categorical cross-entropy of logits: the message names the output first."""
    found = outputs(told, "categorical", "none")
    return {**found, "from_logits": True} if found else None


def binary(told: Told) -> Found:
    """Binary cross-entropy."""
    return outputs(told, "binary", "sigmoid")


def sparse(told: Told) -> Found:
    """Sparse cross-entropy that was given one-hot labels."""
    return outputs(told, "sparse")


def mean_square(told: Told) -> Found:
    """Mean squared error, if it was a loss that subtracted."""
    return outputs(told, "mse", "none") if "loss" in told.text.lower() else None


def cardinality(told: Told) -> Found:
    """More samples than labels, or fewer."""
    ((samples, labels),) = told.drawn([(told.numbers["n"], told.numbers["m"])], 64)
    return {"data": (samples, 6, 6), "label_count": labels, "way": "fit"}


def flat_labels(told: Told) -> Found:
    """Sparse cross-entropy flattened one-hot labels: [a] logits, as many labels as classes times samples."""
    output, labels = told.known("a", "b", unknown=4)
    if len(output) != 2 or len(labels) != 1 or not output[0] or labels[0] % output[0]:
        return None
    classes, units = labels[0] // output[0], output[1]
    ((classes, units),) = told.drawn([(classes, units)], 10)
    kind = {"labels": "one-hot"} if classes > 1 else {"labels": "integers"}
    return (
        _samples(told, output[0], output[0])
        | kind
        | {"classes": max(2, classes), "units": units, "loss": "sparse"}
    )


def label_range(told: Told) -> Found:
    """A label that names no class."""
    label, classes = told.numbers["label"], told.numbers["n"]
    drawn = told.at_most(classes, 10, "classes", least=1)
    shown = label if label < 0 or drawn == classes else label - classes + drawn
    if not -1000 <= shown <= 1000:
        shown = told.at_most(shown, 1000, "as the label", least=-1000)
    elif shown != label:
        told.cut.append(f"label {label} is drawn as {shown}")
    return {"logits": tuple(range(drawn)), "label": (shown,)}


def one_hot_labels(told: Told) -> Found:
    """One-hot labels where class numbers are wanted."""
    classes = told.known("b")[0][-1:] or (3,)
    return {"labels_as": "one-hot", "logits": tuple(range(told.at_most(classes[0], 10, "classes")))}


def from_one(told: Told) -> Found:
    """Labels that are counted from 1."""
    label, classes = told.numbers["label"], told.numbers["n"]
    if label != classes or classes < 2:
        return None
    classes = told.at_most(classes, 10, "classes")
    return {"labels": "from-one", "classes": classes, "units": classes, "loss": "sparse"}


def either(told: Told) -> Found:
    """Target and output of a loss in either order: older Keras names the target first, or second."""
    first, second = told.known("a", "b", unknown=4)
    if len(first) != 2 or len(second) != 2:
        return None
    return (
        categorical(told)
        if first[1] <= second[1]
        else categorical(
            Told({"a": told.shapes["b"], "b": told.shapes["a"]}, told.numbers, told.text, told.cut)
        )
    )
