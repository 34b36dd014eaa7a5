"""Channel attention (squeeze and excitation) and element-wise attention, put behind a feature map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.attention import channel_element_attention_story
from engine.attention.channel_element_attention_layers import (
    GATES,
    SOFTMAX,
    channel_attention,
    compare_layers,
    element_attention,
    element_attention_layer,
    made_features,
    made_weights,
    plug_in_layers,
    squeeze_excitation_layer,
)
from engine.errors import Rejected
from engine.parameters import Choice, Integer, Pair, Real, Toggle
from engine.technique import Cost, Made, Story

LENS = "logits"
FORWARD = 0.25  # backwards takes twice as much, and the Keras layers once more
COMPARED = 64  # locations up to which the Keras layers are run too
LEAST_IMAGE = 32  # what keras.applications.DenseNet121 takes

PARAMETERS = (
    Pair("size", (4, 4), 1, 16, "height and width of the features"),
    Integer("image", None, 1, 128, "side of a picture; sets the size as DenseNet121's tap has it"),
    Integer("channels", 128, 1, 256, "channels D of the features"),
    Integer("gate_channels", None, 1, 256, "channels the gate was made for; left out: D"),
    Integer("reduction", 16, 1, 64, "reduction ratio of the squeeze"),
    Integer("classes", 10, 1, 20, "classes C"),
    Toggle("channel_attention", True, "scale the channels by a gate"),
    Choice("gate", "sigmoid", GATES, "what makes a gate of its logits"),
    Toggle("element_attention", True, "multiply the class scores by an attention map"),
    Choice("softmax", "classes", SOFTMAX, "what the attention's softmax sums to 1 over"),
    Integer("hidden", 512, 1, 512, "channels of the attention's 1 x 1 and 3 x 3 convolutions"),
    Choice("pattern", "lesion", ("lesion", "noise", "constant"), "what the features hold"),
    Pair("spot", None, 0, 15, "row and column of the lesion; left out: near the middle"),
    Real("gain", 1.0, 0.1, 30.0, "the weights before gate and softmax are multiplied by it", step=0.1),
    Integer("label", 0, 0, 19, "the true class: the loss is its cross-entropy"),
    Integer("seed", 0, 0, 9999, "of features and weights"),
)


def tap_size(image: int) -> int:
    """Side of conv3_block1_0_bn in DenseNet121: 7 x 7 / 2, max pooling / 2, average pooling / 2."""
    convolved = (image + 6 - 7) // 2 + 1
    pooled = (convolved + 2 - 3) // 2 + 1
    return pooled // 2


def size_of(size: tuple[int, int], image: int | None) -> tuple[int, int]:
    """Height and width of the features."""
    return size if image is None else (tap_size(image), tap_size(image))


def check(channels: int, reduction: int, classes: int, **rest: Any) -> None:
    """A hidden unit must be left, the gate must fit, and softmax needs two classes."""
    _check_gate(channels, reduction, rest["gate_channels"])
    if classes < 2:
        expected = "at least 2: softmax over one class is 1 whatever its logit, and nothing is learned"
        fix = "use 2 classes, or one logit with a sigmoid"
        raise Rejected("classes", str(classes), expected, fix, {"classes": 2})
    if rest["label"] >= classes:
        expected = f"a class from 0 to {classes - 1}: there are {classes} classes"
        fix = f"choose at most {classes - 1}, or more classes"
        raise Rejected("label", str(rest["label"]), expected, fix, {"label": classes - 1})
    image = rest["image"]
    if image is not None and image < LEAST_IMAGE:
        expected = f'{LEAST_IMAGE} or more: "Input size must be at least 32x32", says DenseNet121'
        fix = "enlarge the pictures first, MNIST's 28 x 28 with keras.layers.Resizing(32, 32)"
        raise Rejected("image", f"{image} x {image}", expected, fix, {"image": LEAST_IMAGE})
    height, width = size_of(rest["size"], image)
    spot = rest["spot"]
    if spot is not None and (spot[0] >= height or spot[1] >= width):
        expected = f"a row below {height} and a column below {width}"
        fix = "move the lesion into the features, or leave it out"
        raise Rejected("spot", f"row {spot[0]}, column {spot[1]}", expected, fix, {"spot": None})


def _check_gate(channels: int, reduction: int, gate_channels: int | None) -> None:
    if channels // reduction == 0:
        expected = f"at most {channels}: int({channels} / {reduction}) = 0 hidden units"
        fix = 'use a smaller ratio; Keras would say "Received an invalid value for `units`, expected a positive integer"'
        raise Rejected("reduction", str(reduction), expected, fix, {"reduction": channels})
    if gate_channels in (None, channels):
        return
    expected = f"{channels}: one gate for each channel of the features"
    fix = "make the gate from the same features"
    if 1 in (channels, gate_channels):
        # The silent accident: TensorFlow repeats the single channel and goes on.
        fix += f"; TensorFlow would broadcast without a word and answer {max(channels, gate_channels or 0)} channels"
    else:
        fix += f'; TensorFlow would say "Incompatible shapes" for [1, 1, 1, {gate_channels}] and {channels} channels'
    raise Rejected("gate_channels", str(gate_channels), expected, fix, {"gate_channels": None})


def cost(size: tuple[int, int], channels: int, classes: int, hidden: int, **rest: Any) -> Cost:
    """Forwards once, backwards twice that; all weights with their gradients and Keras' copies."""
    height, width = size_of(size, rest["image"])
    places = height * width
    weights = hidden * (channels + 9 * hidden + classes) + channels * classes
    gate = 2 * channels * (channels // rest["reduction"])
    passes = 8 if places <= COMPARED else 6
    memory = 4 * (4 * (weights + gate) + 8 * places * (channels + 2 * hidden + 3 * classes))
    return Cost(memory, passes * places * weights + 6 * gate)


def arguments(size: tuple[int, int], channels: int, classes: int, **rest: Any) -> dict[str, Any]:
    """Features, seeded weights, and the two modules' settings."""
    height, width = size_of(size, rest["image"])
    row, column = rest["spot"] or (height // 3, width // 2)
    made = {"height": height, "width": width, "channels": channels, "pattern": rest["pattern"]}
    weights = {"channels": channels, "units": channels // rest["reduction"], "hidden": rest["hidden"]}
    return {
        "x": Made(made_features, made | {"row": row, "column": column, "seed": rest["seed"]}),
        "weights": Made(
            made_weights, weights | {"classes": classes, "gain": rest["gain"], "seed": rest["seed"]}
        ),
        "gate": rest["gate"] if rest["channel_attention"] else None,
        "softmax": rest["softmax"] if rest["element_attention"] else None,
        "label": rest["label"],
        "compare": height * width <= COMPARED,
    }


SHOWN = (
    made_features,
    made_weights,
    channel_attention,
    element_attention,
    squeeze_excitation_layer,
    element_attention_layer,
    plug_in_layers,
    compare_layers,
)


def channel_element_attention(x, weights, gate, softmax, label, compare):  # type: ignore[no-untyped-def]
    """Class scores of features, attended to twice; gradients of the cross-entropy.

    x: float32[batch, height, width, channel]; gate: "sigmoid", "hard-sigmoid" or None for no channel
    attention; softmax: "classes", "space" or None for no element-wise attention; label: int.
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    weights = {name: tf.convert_to_tensor(value) for name, value in weights.items()}
    with tf.GradientTape() as tape:
        tape.watch([x, *weights.values()])
        found = {"x": x} | channel_attention(x, weights, gate)
        found |= element_attention(found["scaled"], weights, softmax)
        logits = tf.reduce_mean(found["modulated"], axis=(1, 2))
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits([label], logits)[0]
    found |= {
        "logits": logits,
        "probabilities": tf.nn.softmax(logits),
        "plain_logits": tf.reduce_mean(found["scores"], axis=(1, 2)),
        "loss": loss,
        "w_reduce": weights["reduce"],
        "w_expand": weights["expand"],
    }
    asked = {name: found[name] for name in ("gate", "attention", "scores", "modulated") if name in found}
    slopes = tape.gradient(loss, {"x": x} | asked | {f"w {name}": value for name, value in weights.items()})
    found |= {f"gradient_{name}": slopes[name] for name in ("x", *asked)}
    pulled = [slopes[f"w {name}"] for name in weights]  # None where the loss has no path to a weight
    found["gradient_norms"] = tf.stack([tf.norm(g) if g is not None else tf.zeros([]) for g in pulled])
    found["connected"] = tf.constant([int(g is not None) for g in pulled])
    found |= compare_layers(found, weights, gate, softmax, compare)
    return found


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see channel_element_attention_story.py."""
    return channel_element_attention_story.tell(parameters, results)
