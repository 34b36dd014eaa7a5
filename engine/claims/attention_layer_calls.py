"""What Keras answers to the attention layers as they were posted: names, order of __init__, metrics, DenseNet121.

An answer is a sentence of what came back, or the first line of the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer, Toggle
from engine.technique import Cost, Story

PARAMETERS = (
    Toggle("network", False, "build DenseNet121 too, without weights"),
    Integer("image", 32, 16, 256, "height and width of its input"),
)
CALLS = (
    "super(Block, self)",
    "super last",
    "bare metric",
    "metric in a list",
    "64 channels, gate of 128",
    "1 channel, gate of 128",
    "Dense(int(8 / 16))",
    "small image",
)


def lane(network: bool, image: int) -> str:
    """DenseNet121 takes a second or two to build."""
    return "long" if network else "interactive"


LANE = lane


def check(network: bool, image: int) -> None:
    """Keras refuses small pictures itself: that is one of the answers."""


def cost(network: bool, image: int) -> Cost:
    """DenseNet121 holds 7 million weights."""
    return Cost(memory=4 * 8_000_000 * network + 4096, work=10**7 + 10**9 * network)


def arguments(network: bool, image: int) -> dict[str, Any]:
    return {"network": network, "image": image}


def posted_layers():  # type: ignore[no-untyped-def]
    """A layer that names a class that does not exist, and one that calls super().__init__ last."""
    import keras

    class FakeSE(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self):  # type: ignore[no-untyped-def]
            super(Block, self).__init__()  # type: ignore[name-defined]  # noqa: F821

    class SuperLast(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self):  # type: ignore[no-untyped-def]
            self.dense = keras.layers.Dense(3)
            super().__init__()

        def call(self, x):  # type: ignore[no-untyped-def]
            return self.dense(x)

    return FakeSE, SuperLast


def network_shapes(image):  # type: ignore[no-untyped-def]
    """DenseNet121 for grey pictures: name, tap, end, parameters, parameters up to the tap."""
    import keras

    model = keras.applications.DenseNet121(weights=None, include_top=False, input_shape=(image, image, 1))
    tap = model.get_layer("conv3_block1_0_bn").output
    used = keras.Model(model.input, tap).count_params()
    return [
        model.name,
        *(str(size) for size in (*tap.shape[1:], *model.output.shape[1:], model.count_params(), used)),
    ]


def tracked(layer):  # type: ignore[no-untyped-def]
    """How many weights Keras knows of, once the layer has run."""
    import tensorflow as tf

    layer(tf.zeros([1, 2]))
    return f"{len(layer.trainable_weights)} weights tracked"


def compiled(metrics):  # type: ignore[no-untyped-def]
    """A model of one layer, compiled with these metrics and run on a batch."""
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    model.compile(loss="categorical_crossentropy", metrics=metrics)
    model.test_on_batch(tf.ones([1, 2]), tf.constant([[1.0, 0.0]]))
    return "accepted"


def gated(channels):  # type: ignore[no-untyped-def]
    """Features of so many channels times a gate for 128."""
    import tensorflow as tf

    return f"shape {list((tf.zeros([1, 4, 4, channels]) * tf.zeros([1, 1, 1, 128])).shape)}"


def answer(call):  # type: ignore[no-untyped-def]
    """What a call came back with, or the first line of its error."""
    try:
        return str(call())
    except Exception as error:
        text = str(getattr(error, "message", "") or error).strip().splitlines()[0]
        return f"{type(error).__name__}: {text.partition(' [Op:')[0]}"


SHOWN = (posted_layers, network_shapes, tracked, compiled, gated, answer)


def attention_layer_calls(network, image):  # type: ignore[no-untyped-def]
    """Each call's answer: string[call]; and what DenseNet121 is: string[9], when asked for."""
    import keras
    import tensorflow as tf

    fake, last = posted_layers()
    metric = keras.metrics.CategoricalAccuracy()
    network_of = keras.applications.DenseNet121
    calls = (
        fake,
        lambda: tracked(last()),
        lambda: compiled(metric),
        lambda: compiled([metric]),
        lambda: gated(64),
        lambda: gated(1),
        lambda: keras.layers.Dense(int(8 / 16)),
        lambda: network_of(weights=None, include_top=False, input_shape=(28, 28, 1)),
    )
    told = network_shapes(image) if network else []
    return {
        "answers": tf.constant([answer(call) for call in calls]),
        "network": tf.constant(told, tf.string),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `answers`, each call with what came back; `network`, shapes and counts of DenseNet121."""
    answers = [bytes(text).decode() for text in results["answers"]]
    told = [bytes(text).decode() for text in results["network"]]
    facts: dict[str, Any] = {"answers": dict(zip(CALLS, answers, strict=True)), "network": {}}
    if told:
        numbers = [int(text) for text in told[1:]]
        facts["network"] = {
            "name": told[0],
            "tap": tuple(numbers[:3]),
            "end": tuple(numbers[3:6]),
            "weights": numbers[6],
            "weights_to_tap": numbers[7],
        }
    return Story({}, (), facts)
