"""From data to loss: each shape on the way, where it stops and what TensorFlow says there, and the repair.

Nothing that is merely wrong is refused: the combination runs as it is, and again with the smallest repair.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from engine.errors import Rejected
from engine.losses import model_boundary_story
from engine.losses.model_boundary_faults import faults, repaired, setup_of
from engine.losses.model_boundary_functions import (
    adapted,
    attempt,
    batched,
    build,
    in_pieces,
    layers_of,
    loss_of,
    make_data,
    make_labels,
    walk,
)
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Toggle
from engine.technique import Cost, Made, Story

MOST_CELLS = 16_384
LABELS = ("integers", "integers-column", "from-one", "one-hot", "values", "values-column")
BODIES = ("flatten", "dense", "conv1d", "conv2d", "lstm", "lstm-sequences")
ACTIVATIONS = ("none", "sigmoid", "softmax", "softmax-batch", "relu", "tanh")
LOSSES = ("categorical", "sparse", "binary", "mse", "hand")

PARAMETERS = (
    Numbers("data", (12, 6, 6), 1, 5, 1, 64, "shape of all data, the number of samples first", whole=True),
    Choice("labels", "integers", LABELS, "what is known of each sample"),
    Integer("classes", 3, 2, 10, "classes that the labels name"),
    Integer("label_count", None, 1, 64, "how many labels there are; left out: as many as samples"),
    Choice("batch", "rows", ("rows", "one", "nested"), "a batch x[:n], one sample x[0], or a batch of batches"),
    Integer("batch_size", 4, 1, 16, "samples of a batch"),
    Choice("body", "flatten", BODIES, "the layers before the head"),
    Numbers("input_shape", None, 1, 4, 1, 64, "what keras.Input is told, without the batch", whole=True),
    Choice("api", "sequential", ("sequential", "functional"), "how the model is made"),
    Integer("units", 3, 1, 10, "units of the head"),
    Choice("activation", "softmax", ACTIVATIONS, "what follows the head"),
    Choice("loss", "categorical", LOSSES, "what output and labels are handed to"),
    Toggle("from_logits", False, "what a cross-entropy is told about the output"),
    Choice("way", "call", ("call", "numpy", "fit"), "loss(y, model(x)), the same on bare numbers, or model.fit"),
    Integer("seed", 0, 0, 9999, "of data, labels and weights"),
)  # fmt: skip


def check(**p: Any) -> None:
    """Only what would be too large is refused; every window is SAME, so that none comes out empty."""
    for name in ("data", "input_shape"):
        shape = p[name]
        if shape is not None and prod(shape) > MOST_CELLS:
            fix = "make an axis smaller: what fits and what does not is the same"
            expected = f"at most {MOST_CELLS:,}"
            default = (12, 6, 6) if name == "data" else None
            raise Rejected(name, f"{prod(shape):,} values", expected, fix, {name: default})


def cost(**p: Any) -> Cost:
    """Two small models and one batch of the data; the head of a convolution has 4 units · cells weights."""
    sample = prod(p["input_shape"] or p["data"][1:])
    cells = prod(p["data"]) + sample
    overhead = {"fit": 4e8}.get(p["way"], 2e7)  # Keras' own time, as if it were arithmetic
    return Cost(memory=4 * 2 * (60 * cells + 4096), work=int(overhead + 1000 * cells * p["batch_size"]))


def arguments(**p: Any) -> dict[str, Any]:
    """What the function is called with."""
    found = faults(p)
    count = p["data"][0] if p["label_count"] is None else p["label_count"]
    labels = {"kind": p["labels"], "count": count, "classes": p["classes"], "seed": p["seed"]}
    return {
        "x": Made(make_data, {"shape": tuple(p["data"]), "seed": p["seed"]}),
        "y": Made(make_labels, labels),
        "given": setup_of(p),
        "repaired": repaired(p, found) if found else None,
        "seed": p["seed"],
    }


SHOWN = (make_data, make_labels, batched, adapted, layers_of, build, loss_of, attempt, walk, in_pieces)
LENS = "loss"


def model_boundary(x, y, given, repaired, seed):  # type: ignore[no-untyped-def]
    """Run data → batch → model → loss as given, and again as repaired where there is something to repair.

    x: float32[samples, ...]; y: the labels; given, repaired: the settings of either run. What was reached
    is returned by name, with the error where it stopped; the repaired run's names begin with "repaired_".
    """
    import tensorflow as tf

    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    results = {"data": x, "labels": y, **attempt(x, y, given, seed)}
    if repaired:
        again = attempt(x, y, repaired, seed)
        results |= {f"repaired_{name}": value for name, value in again.items()}
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, the error and its meaning, and the verdict; see model_boundary_story.py."""
    return model_boundary_story.tell(parameters, results, faults(parameters))
