"""What does not fit between head, labels and loss, as the arguments of a Fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

CROSS = ("categorical", "sparse", "binary")
NAMES = {
    "categorical": "CategoricalCrossentropy",
    "sparse": "SparseCategoricalCrossentropy",
    "binary": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "hand": "the mean of squares",
}
One = tuple[Any, ...]  # name, where, means, repair, edit, x, y


def head_faults(p: Mapping[str, Any]) -> Iterator[One]:
    """Faults of head, activation, loss and labels, in this order."""
    if p["labels"].startswith("values"):
        yield from _of_values(p)
    else:
        yield from _of_classes(p)


def _units(p: Mapping[str, Any], units: int, why: str) -> One:
    return "another number of units", "head", why, f"Dense({units})", {"units": units}


def _activation(name: str, why: str, activation: str) -> One:
    line = "no activation after the head" if activation == "none" else f'Activation("{activation}")'
    return name, "head", why, line, {"activation": activation}


def _of_values(p: Mapping[str, Any]) -> Iterator[One]:
    units, activation, loss = p["units"], p["activation"], p["loss"]
    if units != 1:
        yield _units(
            p,
            1,
            f"One value a sample is wanted; {units} units answer {units}, and the value is compared with each.",
        )
    if activation != "none":
        bounds = {"relu": "from 0 up", "tanh": "from −1 to 1", "sigmoid": "from 0 to 1"}.get(
            activation, "that share one whole"
        )
        yield _activation(
            "values out of reach",
            f"{activation.removesuffix('-batch')} gives numbers {bounds}; the values go below and above.",
            "none",
        )
    if loss in CROSS:
        why = f"{NAMES[loss]} is for classes. A real value is no class and no probability."
        yield "a loss for classes", "loss", why, "loss = keras.losses.MeanSquaredError()", {"loss": "mse"}
    if loss == "hand" and p["labels"] == "values":
        yield _column()


def _column() -> One:
    return (
        "(n,) against (n, 1)",
        "loss",
        "y is a row of n, the output a column of n: y − output is an n × n table of every label against every "
        "output, and its mean a plausible number. Keras' own losses take the axis away first; arithmetic does not.",
        "y = y[:, None]",
        {},
        (),
        (("expand_dims", -1),),
    )


def _of_classes(p: Mapping[str, Any]) -> Iterator[One]:
    loss, classes = p["loss"], p["classes"]
    units = _wanted_units(p)
    if units != p["units"]:
        yield _units(p, units, _why_units(p, units))
    yield from _activations({**p, "units": units})
    yield from _labels({**p, "units": units}, loss, classes)


def _wanted_units(p: Mapping[str, Any]) -> int:
    """As many as classes; one is enough for yes or no."""
    units, classes, loss = p["units"], p["classes"], p["loss"]
    if units == 1 and classes == 2 and loss not in ("categorical", "sparse"):
        return 1
    if loss == "sparse" and units > classes:
        return int(units)  # classes that never occur do no harm
    return int(classes)


def _why_units(p: Mapping[str, Any], units: int) -> str:
    classes = p["classes"]
    if p["units"] > 1:
        return f"{classes} classes, and {p['units']} units: each class needs one."
    if p["loss"] == "categorical":
        return "Over one class cross-entropy is 0 whatever comes out: a perfect loss that learns nothing."
    if p["loss"] == "sparse":
        return f"With one unit there is one class, number 0; labels go up to {classes - 1}."
    return (
        f"One unit holds one number; {classes} classes as one number would be an order that they do not have."
    )


def _activations(p: Mapping[str, Any]) -> Iterator[One]:
    """The activation that the loss expects, changed by the smaller end."""
    activation, units, loss = p["activation"], p["units"], p["loss"]
    if loss in CROSS and p["from_logits"]:
        yield from _for_logits(p)
        return
    right = "sigmoid" if units == 1 or loss == "binary" else "softmax"
    if activation == right or (loss not in CROSS and activation in ("none", "sigmoid")):
        return
    if activation == "softmax" and units == 1:
        why = "Softmax over one unit is 1 for every sample: nothing can be learned, every gradient is 0."
        yield _activation("softmax over one unit", why, "sigmoid")
    elif activation == "none":
        why = (
            f"{NAMES[loss]} takes what it gets for probabilities unless told otherwise: logits are cut to 0 … 1. "
            "The number is wrong, and where it was cut the gradient is 0."
        )
        yield "logits taken for probabilities", "loss", why, "from_logits=True", {"from_logits": True}
    elif activation == "softmax" and loss == "binary":
        why = (
            "Softmax makes one choice of all classes; BinaryCrossentropy asks yes or no of each. Called on Keras' own "
            "layer it takes the logits under the softmax through sigmoids: a loss of other probabilities than the "
            "model gives."
        )
        line = "loss = keras.losses.CategoricalCrossentropy()"
        yield "yes-or-no loss on one choice", "loss", why, line, {"loss": "categorical"}
    else:
        yield _activation(*_why_activation(activation, right), right)


def _why_activation(activation: str, right: str) -> tuple[str, str]:
    if activation == "softmax-batch":
        return "softmax over the batch", (
            "axis=0 divides each class by its sum over the samples: no row adds up to 1, and a sample's answer "
            "depends on its neighbours. Keras' loss does not show it, it takes the logits under the softmax."
        )
    if activation == "sigmoid":
        return "sigmoid for one choice", (
            "Sigmoids do not add up to 1. Keras' loss hides it: it takes the logits under the sigmoid, or divides "
            "by their sum; the model's answers stay no probabilities."
        )
    return f"{activation} is no probability", (
        f"After {activation} the outputs are not between 0 and 1, or do not add up to 1; what is outside is cut, "
        f"and a row of zeros is 0 ÷ 0. {right} is meant."
    )


def _for_logits(p: Mapping[str, Any]) -> Iterator[One]:
    """With from_logits=True the loss applies softmax or sigmoid itself."""
    activation, own = p["activation"], "sigmoid" if p["loss"] == "binary" else "softmax"
    if activation == "none":
        return
    if activation == own:
        why = (
            f"The loss applies {own} itself, and the model did before. On Keras' own layer the loss finds the logits "
            f"underneath and warns; on numbers (predict, NumPy) {own} is applied twice."
        )
        yield f"{own} twice", "loss", why, "from_logits=False", {"from_logits": False}
        return
    why = f"from_logits=True expects numbers of any size; {activation.removesuffix('-batch')} has bent them already."
    yield _activation(f"{activation.removesuffix('-batch')} before from_logits", why, "none")


def _labels(p: Mapping[str, Any], loss: str, classes: int) -> Iterator[One]:
    """The labels in the form that the loss expects."""
    kind, units = p["labels"], p["units"]
    if kind == "from-one" and not (loss == "sparse" and units > classes):
        why = f"Labels run from 1 to {classes}; classes are counted from 0 to {classes - 1}."
        yield "labels count from 1", "data", why, "y = y - 1", {}, (), (("subtract", 1),)
    if loss == "sparse" or units == 1:
        if kind == "one-hot":
            why = (
                "The labels are one-hot rows, the loss wants the number of the class."
                if loss == "sparse"
                else "The labels are one-hot rows of two, the head gives one number."
            )
            yield "one-hot for integers", "data", why, "y = tf.argmax(y, -1)", {}, (), (("argmax", -1),)
        if loss == "hand" and kind != "integers-column":
            yield _column()
    elif kind != "one-hot":
        yield _one_hot(p, loss)


def _one_hot(p: Mapping[str, Any], loss: str) -> One:
    units, column = p["units"], p["labels"] == "integers-column"
    steps = ((("squeeze", -1),) if column else ()) + (("one_hot", units),)
    line = f"y = tf.one_hot(y{'[:, 0]' if column else ''}, {units})"
    if loss == "categorical":
        line += "  # or SparseCategoricalCrossentropy"
    why = f"The labels are numbers of classes; {NAMES[loss]} compares with {units} outputs, one by one."
    return "integers for one-hot", "data", why, line, {}, (), steps
