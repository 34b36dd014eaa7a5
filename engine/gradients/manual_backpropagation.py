"""The backward pass of a small network, written by hand, beside GradientTape's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Rejected
from engine.gradients import manual_backpropagation_functions as parts
from engine.gradients import manual_backpropagation_story as story
from engine.gradients.manual_backpropagation_functions import (
    backward,
    finite_differences,
    forward,
    loss_of,
    train,
)
from engine.gradients.manual_backpropagation_layers import (
    MOST_TYPED,
    check_labels,
    check_mistake,
    check_typed,
    layers_of,
    probed_layers,
)
from engine.gradients.manual_backpropagation_numbers import first_numbers, typed_of
from engine.parameter_lists import Numbers, Rows
from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Made, Story

ACTIVATIONS = ("linear", "relu", "leaky-relu", "tanh", "sigmoid", "clip", "maximum-z-0", "maximum-0-z")
MISTAKES = (
    "none",
    "no-derivative",
    "derivative-at-output",
    "below-zero",
    "z-for-a",
    "no-transpose",
    "w-not-transposed",
    "elementwise",
    "sum-for-mean",
)
WRITTEN_OUT = 200  # numbers in all that the code tab shows as literals; more are drawn there
MUCH_WORK, MANY_STEPS = 2e9, 4000  # more takes more than a moment


def _typed(name: str, about: str) -> Numbers:
    return Numbers(name, None, 1, MOST_TYPED, -1e3, 1e3, about)


PARAMETERS = (
    Integer("batch", 1, 1, 256, "samples; an empty batch would have no mean"),
    Integer("inputs", 2, 1, 1024, "numbers a sample has"),
    Rows(
        "layers",
        (Integer("units", 2, 1, 256), Choice("activation", "relu", ACTIVATIONS)),
        5,
        "every layer: how many units, and what is applied to their sums",
        ((2, "relu"), (1, "linear")),
    ),
    Choice(
        "loss", "sum", ("sum", "mean", "cross-entropy"), "sum or mean of squares, or softmax cross-entropy"
    ),
    Toggle("bias", False, "add a bias, 0 at first, in every layer"),
    Choice("mistake", "none", MISTAKES, "what is written wrong in the pass by hand"),
    Integer("layer", None, 1, 5, "the layer shown; left out: the whole network where it is small"),
    Choice("numbers", "example", ("example", "normal", "scaled"), "what x, y and the weights hold"),
    Integer("seed", 0, 0, 9999, "seed of the numbers drawn"),
    Choice("dtype", "float32", ("float32", "float64"), "number format"),
    Real("rate", 0.01, 1e-8, 10.0, "learning rate of gradient descent"),
    Integer("steps", 20, 0, 1000, "steps of gradient descent, with the gradients by hand"),
    _typed("x", "the input, row by row; left out: as `numbers` says"),
    _typed("y", "what the output should be, row by row"),
    *(_typed(f"w{number}", f"weights of layer {number}, row by row") for number in range(1, 6)),
)
SHOWN = (first_numbers, *parts.SHOWN)


def check(**parameters: Any) -> None:
    """The network exists, what was typed fills its tensors, and a wrong product still fits."""
    if not parameters["layers"]:
        remedy = {"layers": ((2, "relu"), (1, "linear"))}
        raise Rejected("layers", "no layer", "1 to 5 layers", "add a row", remedy)
    layers, batch, number = layers_of(**parameters), parameters["batch"], parameters["layer"]
    if number is not None and number > len(layers):
        expected = f"1 to {len(layers)}: the network has {len(layers)}"
        raise Rejected("layer", str(number), expected, "choose one of them", {"layer": None})
    typed = typed_of(parameters)
    check_typed(typed, batch, layers)
    if parameters["loss"] == "cross-entropy" and "y" in typed:
        check_labels(typed["y"], layers[-1].units)
    check_mistake(parameters["mistake"], batch, layers)


def cost(**parameters: Any) -> Cost:
    """A forward pass is one product a layer, a backward pass two; then every step of descent.

    Held at once: weights with their gradients by hand and by the tape, cells of every layer, nudges.
    """
    layers, batch = layers_of(**parameters), parameters["batch"]
    weights = sum(layer.size for layer in layers)
    cells = batch * (layers[0].inputs + sum(layer.units for layer in layers))
    probed = [layers[number - 1] for number in probed_layers(batch, parameters["layer"], layers)]
    nudges = sum(
        2 * one.size * (one.size + 3 * batch * max(layer.units for layer in layers)) for one in probed
    )
    runs = parameters["steps"] * (1 if parameters["mistake"] == "none" else 2)
    products = 6 * weights + runs * (3 * weights - layers[0].size)  # nothing is passed back to x
    memory = 8 * (8 * weights + 12 * cells + nudges)
    return Cost(memory, work=2 * batch * products + 4 * nudges)


def LANE(**parameters: Any) -> str:  # noqa: N802
    """A long descent, or one of a large network, takes more than a second."""
    steps = parameters["steps"] * len(parameters["layers"]) * (1 if parameters["mistake"] == "none" else 2)
    return "long" if steps > MANY_STEPS or cost(**parameters).work > MUCH_WORK else "interactive"


def arguments(**parameters: Any) -> dict[str, Any]:
    """What the function is called with: few numbers as they are, many as what draws them."""
    layers = layers_of(**parameters)
    made = Made(
        first_numbers,
        {
            "batch": parameters["batch"],
            "sizes": [layers[0].inputs, *(layer.units for layer in layers)],
            "kind": parameters["numbers"],
            "classes": parameters["loss"] == "cross-entropy",
            "seed": parameters["seed"],
            "typed": typed_of(parameters),
            "dtype": parameters["dtype"],
        },
    )
    written = sum(layer.size + parameters["batch"] * (layer.inputs + layer.units) for layer in layers)
    return {
        "numbers": made.value() if written <= WRITTEN_OUT else made,
        "bias": parameters["bias"],
        "activations": [layer.activation for layer in layers],
        "loss": parameters["loss"],
        "mistake": parameters["mistake"],
        "rate": parameters["rate"],
        "steps": parameters["steps"],
        "probed": probed_layers(parameters["batch"], parameters["layer"], layers),
    }


def manual_backpropagation(  # type: ignore[no-untyped-def]
    numbers, bias, activations, loss, mistake, rate, steps, probed, report=print
):
    """Differentiate a network by hand, by GradientTape and by finite differences, and train it.

    numbers: x float[sample, input], y float[sample, output] and one W float[input, unit] a layer;
    probed: layers, counted from 1, whose weights are nudged one by one.
    """
    import tensorflow as tf

    x, y, *weights = (tf.convert_to_tensor(array) for array in numbers)
    biases = [tf.zeros([w.shape[1]], w.dtype) for w in weights] if bias else []
    unused = tf.ones_like(x)
    with tf.GradientTape() as tape:
        tape.watch([x, unused, *weights, *biases])
        layers = forward(x, weights, biases, activations)
        value = loss_of(layers[-1]["a"], y, loss)
    by_tape = tape.gradient(value, {"x": x, "unused": unused, "w": weights, "b": biases, "layers": layers})
    by_hand = backward(layers, y, weights, biases, activations, loss, mistake)

    results = {"x": x, "y": y, "loss": value, "dx": by_tape["x"], "unused": by_tape["unused"]}
    if loss == "cross-entropy":
        results["p"] = tf.nn.softmax(layers[-1]["a"])
    for number, kind in enumerate(activations, 1):
        layer, own, tapes = layers[number - 1], by_hand[number - 1], by_tape["layers"][number - 1]
        found = {"w": weights[number - 1], "a": layer["a"], "da": own["da"], "dw": own["dw"]}
        found |= {"tape_da": tapes["a"], "tape_dw": by_tape["w"][number - 1]}
        if kind != "linear":
            found |= {"z": layer["z"], "slope": own["slope"], "dz": own["dz"], "tape_dz": tapes["z"]}
        if bias:
            found |= {"aw": layer["aw"], "b": biases[number - 1], "db": own["db"]}
            found["tape_db"] = by_tape["b"][number - 1]
        results |= {f"{name}{number}": tensor for name, tensor in found.items()}
    for number in probed:
        nudged = finite_differences(x, y, weights, biases, activations, loss, number - 1)
        results[f"nudged_dw{number}"] = nudged
    results["losses"] = train(x, y, weights, biases, activations, loss, mistake, rate, steps, report)
    if mistake != "none":
        rest = (activations, loss, "none", rate, steps, report)
        results["right_losses"] = train(x, y, weights, biases, *rest)
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see manual_backpropagation_story.py."""
    return story.tell(parameters, results)
