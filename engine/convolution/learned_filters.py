"""What the filters of a trained CNN do to a digit, layer by layer, and which pixels raised a class.

The network is trained when it is first asked for: seeded, in float64, and so the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from engine.convolution import learned_filters_story, learned_filters_training
from engine.convolution.learned_filters_layers import CLASSES, SIDE, Network, network_of
from engine.convolution.learned_filters_training import kept, picture
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

LANE = "long"
TEST, TRAINING, EPOCHS = 360, 1437, 15
REFUSALS = {
    "causal": "causal padding exists for Conv1D only: a picture has no past; choose SAME, VALID or explicit",
    "FULL": "TensorFlow has no FULL: choose explicit padding of kernel - 1 on every side",
}
PARAMETERS = (
    Choice("source", "digit", ("digit", "drawing"), "whether the picture is a scanned digit or your drawing"),
    Integer("digit", 1, 0, TEST - 1, "which of the digits held out from training"),
    Numbers("drawing", None, SIDE**2, SIDE**2, 0, 1, "your drawing, row by row: 0 is blank, 1 full ink"),
    Integer("down", 0, -SIDE, SIDE, "rows the picture is shifted down"),
    Integer("right", 0, -SIDE, SIDE, "columns the picture is shifted right"),
    Integer("asked", None, 0, CLASSES - 1, "the class asked about; left out: the one found most likely"),
    Pair("kernel", (3, 3), 1, SIDE, "height and width of every kernel, in taps"),
    Pair("stride", (1, 1), 1, SIDE, "how far the window moves, in cells"),
    Choice(
        "padding", "SAME", ("SAME", "VALID", "explicit"), "zeros around every convolution's input", REFUSALS
    ),
    Numbers("pads", (1, 1, 1, 1), 4, 4, 0, SIDE, "explicit zeros: top, bottom, left, right", whole=True),
    Integer("layers", 1, 1, 2, "convolutions, each with its ReLU"),
    Integer("filters", 4, 1, 8, "kernels of every convolution"),
    Choice("pooling", "max", ("max", "average"), "what a pooling window hands on"),
    Integer("pool", 2, 1, SIDE, "side of the pooling window, and its stride; 1 leaves pooling out"),
    Toggle("bias", True, "whether every layer has a trained bias; without, biases stay 0"),
    Choice("held_out", "end", ("end", "fifth"), "which 360 of the 1,797 digits are held out"),
    Integer("seed", 0, 0, 9999, "seed of the first weights and of the order of the pictures"),
)


def check(**parameters: Any) -> None:
    """Every convolution and the pooling must have room for one window."""
    network_of(**parameters)


def cost(**parameters: Any) -> Cost:
    """Training: forward and twice as much backward for each picture and epoch, in float64.

    Memory: the pictures, weights with Adam's two slots, and the activations of the 360 held out.
    """
    network = network_of(**parameters)
    work = 2 * network.multiplications * (3 * TRAINING * EPOCHS + 25 * TEST)
    spread = sum(
        prod(w.kernel for w in one.windows) * prod(one.output) * one.channels for one in network.convolutions
    )
    memory = 8 * ((TRAINING + TEST) * SIDE**2 + 5 * sum(network.counts) + TEST * (3 * network.units + spread))
    return Cost(memory, work)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `learned_filters` is called with."""
    network = network_of(**parameters)
    pads = [(along.before, along.after) for along in network.convolutions[0].windows]
    plan = {
        "stride": parameters["stride"],
        "padding": pads if parameters["padding"] == "explicit" else parameters["padding"],
        "pool": parameters["pool"],
        "pooling": parameters["pooling"],
    }
    training = {
        "shapes": _shapes(network),
        "network": plan,
        "biases": parameters["bias"],
        "held_out": parameters["held_out"],
        "seed": parameters["seed"],
        "epochs": EPOCHS,
    }
    return {
        "image": _image(**parameters),
        "trained": Made(kept, training),
        **plan,
        "asked": parameters["asked"],
    }


def _shapes(network: Network) -> list[tuple[int, ...]]:
    """Of kernel and bias of each layer, in order."""
    shapes: list[tuple[int, ...]] = []
    for layer in network.convolutions:
        rows, columns = layer.windows
        shapes += [(rows.kernel, columns.kernel, layer.channels, layer.filters), (layer.filters,)]
    return [*shapes, (network.flat, CLASSES), (CLASSES,)]


def _image(**parameters: Any) -> Any:
    """The digit asked for, or the drawing; blank when nothing was drawn yet."""
    shift = {"down": parameters["down"], "right": parameters["right"]}
    if parameters["source"] == "digit":
        return Made(picture, {"held_out": parameters["held_out"], "digit": parameters["digit"], **shift})
    drawn = np.array(parameters["drawing"] or (0,) * SIDE**2, "float32").reshape(1, SIDE, SIDE, 1)
    return learned_filters_training.moved(drawn, **shift)


SHOWN = learned_filters_training.SHOWN
forward = learned_filters_training.forward


def learned_filters(image, trained, stride, padding, pool, pooling, asked):  # type: ignore[no-untyped-def]
    """Follow one picture through a trained network, and one class back to the pixels.

    image: float32[1, height, width, channel]; trained: what `train` returned; asked: a class, or None
    for the likeliest. A network of convolutions, ReLUs and pooling is piecewise linear, and so
    logit = sum of pixels times their gradients + sum of biases times theirs (Euler's theorem).
    """
    import tensorflow as tf

    # float64: in float32 oneDNN's filter gradient of a strided 1 x 1 kernel corrupts memory (2.21).
    *weights, losses, accuracy, confusion, active = [tf.cast(value, tf.float64) for value in trained]
    x = tf.cast(image, tf.float64)
    biases = weights[1::2]
    with tf.GradientTape() as tape:
        tape.watch([x, *weights])
        found = forward(x, weights, stride, padding, pool, pooling)
        chosen = tf.argmax(found["logits"][0]) if asked is None else asked
        logit = found["logits"][0, chosen]
    results = {"x": x, **found, "probability": tf.nn.softmax(found["logits"])}
    asked_of = {"gradient": x, "gradient_w1": weights[0], "gradient_pooled": found["pooled"]}
    asked_of |= {f"gradient_{name}": value for name, value in found.items() if name.startswith("conv")}
    *slopes, bias_slopes = tape.gradient(logit, [*asked_of.values(), biases])
    results |= dict(zip(asked_of, slopes, strict=True))
    results["times_input"] = results["gradient"] * x
    shares = [tf.reduce_sum(bias * slope) for bias, slope in zip(biases, bias_slopes, strict=True)]
    results["bias_part"] = tf.add_n(shares)
    for number in range(1, len(weights) // 2):
        results[f"w{number}"], results[f"b{number}"] = weights[2 * number - 2], weights[2 * number - 1]
    results["w_dense"], results["b_dense"] = weights[-2], weights[-1]
    return results | {"losses": losses, "accuracy": accuracy, "confusion": confusion, "active": active}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see learned_filters_story.py."""
    return learned_filters_story.tell(parameters, results)
