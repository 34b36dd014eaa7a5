"""Small measurements for the eyes lab: shifts through pooling, convolutions counted, shuffle given as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.convolution.network_receptive_field_graph import built_model
from engine.technique import Cost, Story

LANE = "long"  # building networks takes more than a second
PARAMETERS = ()
NETWORKS = ("VGG16", "VGG19", "ResNet50", "ResNet101")


def check() -> None:
    """Nothing can be chosen."""


def cost() -> Cost:
    """Networks are built without weights."""
    return Cost(memory=2**24, work=10**8)


def arguments() -> dict[str, Any]:
    return {"networks": list(NETWORKS)}


def eye_calls(networks):  # type: ignore[no-untyped-def]
    """How far pooled maps are from shifted ones, how many convolutions, parameters of the posted model, answers."""
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(0)
    image = tf.constant(generator.normal(size=(1, 40, 40, 1)), tf.float32)
    kernel = tf.constant(generator.normal(size=(3, 3, 1, 8)), tf.float32)

    def pooled(x):  # type: ignore[no-untyped-def]
        return tf.nn.max_pool2d(tf.nn.conv2d(x, kernel, 1, "VALID"), 2, 2, "VALID")

    def apart(shift):  # type: ignore[no-untyped-def]
        here, there = pooled(image[:, :36]), pooled(image[:, shift : 36 + shift])
        return tf.reduce_max(tf.abs(here[:, 1:] - there[:, :-1]))

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            return f"{call()}"
        except Exception as e:
            return f"{type(e).__name__}: {str(e).splitlines()[0][:120]}"

    conv, layers = keras.layers.Conv2D, keras.layers
    with keras.StatelessScope(initialize_variables=False):
        posted = keras.Sequential(
            [
                keras.Input((90, 90, 1)),
                conv(8, 3),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(16),
                layers.Dense(2),
            ]
        )
    data = tf.data.Dataset.range(4)
    return {
        "shift_two": apart(2),
        "shift_one": apart(1),
        "counts": [
            sum(isinstance(layer, conv) for layer in built_model(name, (224, 224)).layers)
            for name in networks
        ],
        "posted": [layer.count_params() for layer in posted.layers],
        "tf_data": tf.constant(answer(lambda: data.shuffle(4, reshuffle_each_iteration="False"))),
        "categorical": tf.constant(answer(lambda: keras.utils.to_categorical([2], 2))),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts only."""
    told = {name: np.asarray(value).tolist() for name, value in results.items()}
    texts = {name: bytes(value).decode() for name, value in told.items() if isinstance(value, bytes)}
    return Story({}, (), told | texts | {"counts": dict(zip(NETWORKS, told["counts"], strict=True))})
