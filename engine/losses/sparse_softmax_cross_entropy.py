"""Sparse softmax cross-entropy: the loss of integer labels, by TensorFlow, by Keras and by hand.

loss = log Σ exp(z) - z[label] = -log softmax(z)[label], and its gradient in z is softmax(z) - one_hot
(https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.losses import sparse_softmax_cross_entropy_story as story
from engine.losses.sparse_softmax_cross_entropy_checks import (
    BY_KERAS,
    INTEGER_LOGITS,
    NAN_LOGIT,
    NO_CLASSES,
    check_labels,
    check_picture,
    check_shapes,
)
from engine.losses.sparse_softmax_cross_entropy_functions import (
    by_hand,
    compiled,
    cross_entropy,
    masked,
    random_labels,
    random_logits,
)
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Pair, Real
from engine.technique import Cost, Made, Story

LIBRARY = ("tf", *BY_KERAS)
WAYS = ("tf", "steps", "naive", "double", "binary", "binary-sigmoid", *BY_KERAS)
MOST_SIDE, MOST_CLASSES = 8, 10
WORDS = {"not a number": NAN_LOGIT, "none": NO_CLASSES}
NOT_WHOLE = (
    "count classes with whole numbers: tf.nn takes int32 and int64 labels only, and Keras cuts "
    "fractions off without a word (1.7 becomes class 1)"
)

PARAMETERS = (
    Choice("mode", "one", ("one", "pixels"), "one example, or a label for every pixel of a picture"),
    Numbers(
        "logits",
        (0.0, 1.0, 2.0),
        1,
        MOST_CLASSES,
        -1e5,
        1e5,
        "one logit a class",
        minus_infinity=True,
        refusals=WORDS,
    ),
    Numbers(
        "label",
        (1,),
        1,
        1,
        -1000,
        1000,
        "the true class, counted from 0",
        whole=True,
        refusals={"not whole": NOT_WHOLE},
    ),
    Integer("rows", 4, 1, MOST_SIDE, "height of the picture"),
    Integer("columns", 5, 1, MOST_SIDE, "width of the picture"),
    Integer("classes", 3, 1, MOST_CLASSES, "classes of the picture"),
    Numbers(
        "pixel_logits",
        None,
        1,
        MOST_SIDE**2 * MOST_CLASSES,
        -1e5,
        1e5,
        "logits of the picture, pixel after pixel; left out: a seeded picture",
        minus_infinity=True,
        refusals=WORDS,
    ),
    Numbers(
        "labels",
        None,
        1,
        MOST_SIDE**2,
        -1000,
        1000,
        "labels of the picture, row after row; left out: a seeded picture",
        whole=True,
        refusals={"not whole": NOT_WHOLE},
    ),
    Integer("seed", 0, 0, 9999, "seed of the picture"),
    Integer("brush", 0, -1, 255, "the label that a stroke on the picture writes"),
    Pair("pixel", (0, 0), 0, MOST_SIDE - 1, "row and column of the pixel that is looked at"),
    Real("temperature", 1.0, 0.05, 20.0, "logits are divided by it", step=0.05),
    Real("shift", 0.0, -1e4, 1e4, "added to every logit", step=1.0),
    Choice("way", "tf", WAYS, "how the loss is computed"),
    Choice("execution", "eager", ("eager", "graph", "xla"), "eager, inside tf.function, or compiled by XLA"),
    Choice(
        "labels_as",
        "integers",
        ("integers", "extra axis", "fractions", "one-hot", "swapped"),
        "how the labels are handed over",
    ),
    Integer("ignore_class", None, -1, 255, "labels that do not count"),
    Choice("reduction", "sum", ("sum", "mean", "mean of kept", "keras"), "how the losses become one number"),
    Choice(
        "dtype",
        "float32",
        ("float32", "float64"),
        "number format of the logits",
        {"int32": INTEGER_LOGITS, "int64": INTEGER_LOGITS},
    ),
)


def shape_of(mode: str, logits: Any, rows: int, columns: int, classes: int, **_: Any) -> tuple[int, int, int]:
    """Height, width and classes of what is given to the loss."""
    return (1, 1, len(logits)) if mode == "one" else (rows, columns, classes)


def check(**p: Any) -> None:
    """Sizes, labels and the way they are handed over fit together. Raises `Rejected`."""
    shape = shape_of(**p)
    if p["mode"] == "pixels":
        check_picture(p, shape)
    check_shapes(p, shape)
    check_labels(p, shape[-1])


def cost(**p: Any) -> Cost:
    """Some twenty tensors of the logits' size, and every way twice for one pixel."""
    rows, columns, classes = shape_of(**p)
    cells = rows * columns * classes
    return Cost(memory=8 * (30 * cells + 60 * classes), work=400 * cells + 2000 * classes)


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    rows, columns, classes = shape_of(**p)
    made = {"rows": rows, "columns": columns, "classes": classes, "seed": p["seed"]}
    typed, labels = (p["logits"], p["label"]) if p["mode"] == "one" else (p["pixel_logits"], p["labels"])
    shape = (1, rows, columns, classes)
    same = ("temperature", "shift", "way", "execution", "labels_as", "ignore_class", "reduction", "dtype")
    return {
        "logits": Made(random_logits, made) if typed is None else np.array(typed, p["dtype"]).reshape(shape),
        "labels": Made(random_labels, made)
        if labels is None
        else np.array(labels, "int32").reshape(shape[:3]),
        **{name: p[name] for name in same},
        "pixel": p["pixel"] if p["mode"] == "pixels" else (0, 0),
        "ways": WAYS,
        "library": LIBRARY,
    }


SHOWN = (by_hand, cross_entropy, compiled, masked, random_logits, random_labels)


def sparse_softmax_cross_entropy(  # type: ignore[no-untyped-def]
    logits,
    labels,
    temperature,
    shift,
    way,
    execution,
    labels_as,
    ignore_class,
    reduction,
    dtype,
    pixel,
    ways,
    library,
):
    """The loss of every pixel's label, what it is made of, and its gradient.

    logits: float[batch, height, width, class]; labels: int32[batch, height, width], where those equal
    to ignore_class have no loss; pixel: (row, column) of the one that all ways are tried on, and those
    of the library in a graph too.
    """
    import tensorflow as tf

    logits = tf.cast(logits, dtype)
    labels = tf.constant(labels)
    classes = logits.shape[-1]
    kept = tf.ones(labels.shape, tf.bool) if ignore_class is None else labels != ignore_class
    counted = tf.where(kept, labels, 0)  # an ignored 255 must not reach an operation that counts classes

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        scaled = logits if (temperature, shift) == (1, 0) else logits / temperature + shift
        if execution == "eager":
            parts = dict(cross_entropy(scaled, counted, way, labels_as))
        else:
            parts = {"loss": compiled((way,), labels_as, execution, dtype)(scaled, counted)[0]}
        loss, objective = masked(parts.pop("loss"), kept, reduction)
    one_hot = tf.one_hot(tf.where(kept, labels, -1), classes, dtype=dtype)  # nothing where it is ignored
    log_softmax = tf.nn.log_softmax(scaled)
    results = {
        "logits": logits,
        "labels": labels,
        "kept": tf.cast(kept, tf.int32),
        **({} if scaled is logits else {"scaled": scaled}),
        **parts,
        "loss": loss,
        "objective": objective,
        "guess": tf.argmax(logits, axis=-1, output_type=tf.int32),
        "softmax": tf.nn.softmax(scaled),
        "one_hot": one_hot,
        "every_loss": -log_softmax,
        "own_loss": tf.where(one_hot > 0, -log_softmax, 0),
        "gradient": tape.gradient(objective, logits),
        "label_gradient_is_none": tf.constant(tape.gradient(objective, labels) is None),
    }
    results["difference"] = tf.where(kept[..., tf.newaxis], results["softmax"] - one_hot, 0)

    # Every way on the chosen pixel; a label that is no class would make most of them raise.
    row, column = pixel
    z, label = (values[:, row : row + 1, column : column + 1] for values in (scaled, counted))
    if not kept[0, row, column] or not 0 <= int(label[0, 0, 0]) < classes:
        return results
    losses = tf.stack([cross_entropy(z, label, one, "integers")["loss"] for one in ways])
    results["ways"] = losses[:, 0, 0, 0]
    results["in_graph"] = compiled(tuple(library), "integers", "graph", dtype)(z, label)[:, 0, 0, 0]
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see sparse_softmax_cross_entropy_story.py."""
    return story.tell(parameters, results)
