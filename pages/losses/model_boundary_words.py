"""Names of the model-boundary lab in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LABELS = {
    "integers": "class numbers (n,)",
    "integers-column": "class numbers (n, 1)",
    "from-one": "class numbers from 1",
    "one-hot": "one-hot (n, classes)",
    "values": "real values (n,)",
    "values-column": "real values (n, 1)",
}
BODIES = {
    "flatten": "Flatten, Dense",
    "dense": "Dense",
    "conv1d": "Conv1D",
    "conv2d": "Conv2D",
    "lstm": "LSTM",
    "lstm-sequences": "LSTM, every step",
}
ACTIVATIONS = {"softmax-batch": "softmax, axis 0"}
LOSSES = {
    "categorical": "CategoricalCrossentropy",
    "sparse": "SparseCategoricalCrossentropy",
    "binary": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "hand": "mean of (y − output)² by hand",
}
WAYS = {"call": "loss(y, model(x))", "numpy": "loss(y, numbers)", "fit": "model.fit"}
BATCHES = {"rows": "x[:n]", "one": "x[0]", "nested": "batched twice"}
VERDICTS = {
    "error": "an error",
    "right": "right",
    "forgiven": "mended by Keras",
    "wrong number": "a wrong number, no error",
    "wrong answers": "right loss, wrong answers",
}


def number(value: float | None) -> str:
    """Four digits, or a dash for what there is not."""
    return "–" if value is None else f"{value:.4g}".replace("-", "−")


def shape(sizes: tuple[int, ...] | None) -> str:
    """`(4, 3)`, `(4,)`; a dash for what was not reached."""
    if sizes is None:
        return "–"
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(map(str, sizes))})"


def first_word(text: str) -> str:
    """The kind of an error, such as ValueError."""
    return text.partition(":")[0]


def told_way(told: Mapping[str, Any], after: bool = False) -> str:
    """`data (12, 6, 6) → x (4, 6, 6) → output (4, 3), y (4,) → ✗ loss`: the boundaries that were reached."""
    shapes = told["repaired_shapes" if after else "shapes"]
    error = told["repaired_error"] if after else told["error"]
    found = ["data " + shape(told["shapes"]["data"])]
    found += [f"x {shape(shapes['x'])}"] if "x" in shapes else []
    names = ("output", "y") if "output" in shapes or told["stopped"] == "fit" else ()
    last = [f"{name} {shape(shapes[name])}" for name in names if name in shapes]
    end = f"✗ {told['stopped']}" if error else f"loss {number(told['repaired_loss' if after else 'loss'])}"
    return " → ".join([*found, *([", ".join(last)] if last else []), end])
