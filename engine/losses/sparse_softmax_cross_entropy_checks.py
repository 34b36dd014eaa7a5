"""What sparse-softmax-cross-entropy refuses, with TensorFlow's own reason, before TensorFlow is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected

BY_KERAS = ("keras", "keras-probabilities", "keras-raw")
NAN_LOGIT = (
    "a NaN logit makes the loss and every gradient of its row NaN, and the mean over the batch with it: find "
    "where it comes from (0/0, ∞ − ∞, log of a negative number), or write -inf to rule a class out"
)
NO_CLASSES = (
    "give at least one logit, one for each class; TensorFlow says: Must have at least one class, but got "
    "logits shape [1,0]"
)
INTEGER_LOGITS = (
    "cast the logits to float32; TensorFlow says: Value for attr 'T' of int32 is not in the list of "
    "allowed values: half, bfloat16, float, double"
)


def _listed(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def check_picture(p: Mapping[str, Any], shape: tuple[int, int, int]) -> None:
    """Typed logits and labels fill the picture, and the chosen pixel lies in it."""
    rows, columns, classes = shape
    for name, size, of in (
        ("pixel_logits", rows * columns * classes, f"{rows} x {columns} pixels x {classes} classes"),
        ("labels", rows * columns, f"{rows} x {columns} pixels"),
    ):
        given = p[name]
        if given is not None and len(given) != size:
            fix = f"write {size} numbers, or clear them for a seeded picture"
            raise Rejected(name, f"{len(given)} numbers", f"{size} for {of}", fix, {name: None})
    if not (p["pixel"][0] < rows and p["pixel"][1] < columns):
        expected = f"row 0 to {rows - 1} and column 0 to {columns - 1}"
        received = f"{p['pixel'][0]}x{p['pixel'][1]}"
        raise Rejected("pixel", received, expected, "choose a pixel inside the picture", {"pixel": (0, 0)})


def check_shapes(p: Mapping[str, Any], shape: tuple[int, int, int]) -> None:
    """Labels of the shape and type that the chosen function takes; the message is TensorFlow's own."""
    handed, right = p["labels_as"], (1, *shape[:2])
    logits, by_keras = (1, *shape), p["way"] in BY_KERAS
    wrong = {"extra axis": (*right, 1), "one-hot": logits}.get(handed)
    remedy = {"labels_as": "integers"}
    if handed == "swapped":
        received = f"logits {_listed(logits)} as labels and labels {_listed(right)} as logits"
        fix = (
            "TF1's order was (logits, labels); now write labels=…, logits=… by name. TensorFlow says: "
            "`labels.shape.rank` must equal `logits.shape.rank - 1`"
        )
        raise Rejected("labels_as", received, "labels first, then logits", fix, remedy)
    if handed == "fractions" and not by_keras:
        fix = (
            "cast the labels with tf.cast(labels, tf.int32); TensorFlow says: Value for attr 'Tlabels' of "
            "float is not in the list of allowed values: int32, int64. Keras takes them and cuts the "
            "fraction off"
        )
        raise Rejected("labels_as", "labels with fractions (float32)", "int32 or int64 labels", fix, remedy)
    if wrong and (handed == "one-hot" or not by_keras):
        fix = {
            "extra axis": "take the last axis away with tf.squeeze(labels, -1)",
            "one-hot": "take tf.argmax(labels, -1), or use softmax_cross_entropy_with_logits",
        }[handed]
        said = "TensorFlow says: `labels.shape.rank` must equal `logits.shape.rank - 1`"
        if by_keras:
            said = "Keras says: Argument `output` must have rank (ndim) `target.ndim - 1`"
        expected = f"{_listed(right)}: the shape of the logits {_listed(logits)} without the class axis"
        raise Rejected("labels_as", f"labels of shape {_listed(wrong)}", expected, f"{fix}. {said}", remedy)


def check_labels(p: Mapping[str, Any], classes: int) -> None:
    """Every label that counts is a class; under XLA others are let through, to be seen as NaN."""
    name = "label" if p["mode"] == "one" else "labels"
    typed = [label for label in p[name] or () if label != p["ignore_class"]]
    wrong = [label for label in typed if not 0 <= label < classes]
    if not wrong or _seen_as_nan(p):
        return
    expected = f"0 to {classes - 1}: {classes} classes are counted from 0"
    if p["ignore_class"] is not None:
        expected += f", or {p['ignore_class']}, which is ignored"
    fix = (
        f"{_advice(wrong[0], classes)}. On a CPU TensorFlow raises: Received a label value of {wrong[0]} which is "
        f"outside the valid range of [0, {classes}); XLA and GPUs answer NaN without a word"
    )
    nearest = tuple(min(max(label, 0), classes - 1) if label in wrong else label for label in p[name])
    raise Rejected(name, str(wrong[0]), expected, fix, {name: nearest})


def _seen_as_nan(p: Mapping[str, Any]) -> bool:
    """XLA's own operation has an answer to any label: not so what is made eagerly beside it."""
    return bool(p["execution"] == "xla" and p["way"] in ("tf", *BY_KERAS) and p["labels_as"] == "integers")


def _advice(wrong: int, classes: int) -> str:
    if wrong == classes:
        return "labels that count from 1 need 1 taken away; or add a class"
    return "choose a class that exists, or name this label as ignore_class"
