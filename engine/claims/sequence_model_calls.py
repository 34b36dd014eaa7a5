"""What Keras, TensorFlow and NumPy answer to the code that was posted for sequences of weather maps.

An answer is a sentence of what came back, or the first line of the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Integer, Toggle
from engine.technique import Cost, Story

PARAMETERS = (
    Integer("frames", 15, 2, 30, "maps of a sequence, and labels"),
    Toggle("network", False, "build the DenseNet121 of the question instead, for maps of 600 pixels"),
)
CALLS = (
    "GlobalMaxPool2D on (maps, 512)",
    "x != 'none' or y != 'none'",
    "object array as a tensor",
    "object array from equal shapes",
    "stack of unequal parts",
    "reshape (60, 1)",
    "reshape 59 labels",
    "metrics='accuracy'",
)
LOSSES = ("CCE called", "CCE in fit", "BCE in fit")
LABELS = ("none", "a third", "all")


def lane(frames: int, network: bool) -> str:
    """DenseNet121 takes a second or two to build."""
    return "long" if network else "interactive"


LANE = lane


def check(frames: int, network: bool) -> None:
    """Nothing to hold beyond the bounds."""


def cost(frames: int, network: bool) -> Cost:
    """A model of 680,000 weights that is built and runs on small maps, or one of 7 million that is built."""
    return Cost(memory=4 * 8_000_000 if network else 8 * 10**6, work=10**8 + 10**9 * network)


def arguments(frames: int, network: bool) -> dict[str, Any]:
    return {"frames": frames, "network": network}


def posted_model(shape, nbout):  # type: ignore[no-untyped-def]
    """The model of the question, as its lines are, without the DenseNet that it builds and drops."""
    from keras import Input, Sequential, layers

    def build_convnet():  # type: ignore[no-untyped-def]
        x = layers.GlobalMaxPool2D()  # the layer; it was never called on the network's output
        return x

    dense = (layers.Dense(size, activation="relu") for size in (1024, 512, 128, 64))
    parts = [Input(shape), layers.TimeDistributed(build_convnet()), layers.GRU(64), *dense]
    return Sequential([*parts, layers.Dense(15, activation="softmax")])


def built():  # type: ignore[no-untyped-def]
    """What the posted model counts, and by how much its answer changes when each map's pixels are shuffled."""
    import numpy as np
    import tensorflow as tf

    large = posted_model((15, 600, 600, 3), 15)
    small = posted_model((15, 8, 8, 3), 3)
    convolutions = [layer for layer in large.layers[:1] if layer.weights]
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(2, 15, 64, 3)).astype("float32")
    moved = maps[:, :, generator.permutation(64)].reshape(2, 15, 8, 8, 3)
    apart = tf.reduce_max(tf.abs(small(maps.reshape(moved.shape)) - small(moved)))
    counts = [large.count_params(), large.layers[0].output.shape[-1], large.layers[1].count_params()]
    return (
        [*counts, sum(layer.count_params() for layer in convolutions)],
        float(apart),
        small.output_shape[-1],
    )


def losses_of(frames):  # type: ignore[no-untyped-def]
    """Keras losses at equal outputs for no, a third and all labels positive, and their largest slopes."""
    import keras
    import tensorflow as tf

    labels = tf.constant(
        [[float(t < many) for t in range(frames)] for many in (0, max(1, frames // 3), frames)]
    )

    def categorical(logits):  # type: ignore[no-untyped-def]
        return keras.losses.categorical_crossentropy(labels, tf.nn.softmax(logits))

    def binary(logits):  # type: ignore[no-untyped-def]
        return keras.losses.binary_crossentropy(labels, tf.sigmoid(logits))

    def both(loss):  # type: ignore[no-untyped-def]
        logits = tf.zeros_like(labels)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        return value, tf.reduce_max(tf.abs(tape.gradient(value, logits)), axis=1)

    in_fit = tf.function(both)
    return tf.stack([tf.stack(part) for part in (both(categorical), in_fit(categorical), in_fit(binary))])


def read_from_folders():  # type: ignore[no-untyped-def]
    """Eight maps, numbered in order of time, in folders of their classes: the order in which they are read."""
    import tempfile
    from pathlib import Path

    import keras
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        for number in range(8):
            kind = Path(folder) / ("1_storm" if number in (2, 3, 6) else "0_calm")
            kind.mkdir(exist_ok=True)
            picture = np.full((4, 4, 3), 30 * number, "uint8")
            keras.utils.save_img(str(kind / f"map_{number:02}.png"), picture, scale=False)
        found = keras.utils.image_dataset_from_directory(
            folder, shuffle=False, image_size=(4, 4), verbose=False
        )
        maps = np.concatenate([images.numpy()[:, 0, 0, 0] for images, _ in found])
    return [round(float(value) / 30) for value in maps]


def yields(batches):  # type: ignore[no-untyped-def]
    """Stacks with maps, and empty ones, from `for i in range(0, x_numpy.shape[0], 60)` on batches of 120."""
    sizes = [len(range(120)[start : start + 60]) for _ in range(batches) for start in range(0, batches, 60)]
    full = [number for number, size in enumerate(sizes) if size]
    steps = 2 * batches  # of an epoch, if each batch gave its two halves
    reached = len([number for number in full if number < steps])
    return len(full), len(sizes) - len(full), reached / (2 * batches)


def dense_net():  # type: ignore[no-untyped-def]
    """DenseNet121 without pre-trained weights: its weights, those that train, layers that train, its output."""
    import keras
    import numpy as np

    model = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(600, 600, 3))
    trains = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    layers = sum(layer.trainable for layer in model.layers)
    return {"dense_net": [model.count_params(), trains, layers, len(model.layers), *model.output.shape[1:]]}


def sequence_model_calls(frames, network):  # type: ignore[no-untyped-def]
    """Each call's answer, the posted model's counts, losses, orders and counts: see the names."""
    if network:
        return dense_net()
    return {
        "answers": answers(frames),
        "losses": losses_of(frames),
        "read": read_from_folders(),
        "yields": [yields(batches) for batches in (1, 60, 139)],
        **layers_of(frames),
    }


def answers(frames):  # type: ignore[no-untyped-def]
    """What comes back from each call, or the first line of its error: string[call]."""
    import keras
    import numpy as np
    import tensorflow as tf

    layers = keras.layers

    def compiled():  # type: ignore[no-untyped-def]
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1, "sigmoid")])
        model.compile(loss="binary_crossentropy", metrics="accuracy")
        model.test_on_batch(tf.ones([1, 2]), tf.ones([1, 1]))
        return "accepted"

    def answer(call):  # type: ignore[no-untyped-def]
        try:
            return str(call())
        except Exception as e:
            return f"{type(e).__name__}: {str(e).splitlines()[0]}"

    x, hourly = np.ones((60, 4, 4, 3)), np.arange(60).reshape(60, 1)
    parts = [np.ones((frames, 2)), np.ones((frames - 1, 2))]
    stacked = hourly.reshape(4, 15, 1).reshape(4, 15)
    calls = (
        lambda: layers.GlobalMaxPool2D()(keras.Input((512,))).shape,
        lambda: "kept" if (x != "none" or hourly != "none") else "dropped",
        lambda: tf.convert_to_tensor(np.asarray([np.ones(2), np.ones(3)], dtype=object)).shape,
        lambda: tf.convert_to_tensor(np.asarray([np.ones(2), np.ones(2)], dtype=object)).shape,
        lambda: np.stack(parts).shape,
        lambda: "order kept" if (stacked.ravel() == hourly.ravel()).all() else "order lost",
        lambda: np.arange(59).reshape(4, 15).shape,
        compiled,
    )
    return tf.constant([answer(call) for call in calls])


def layers_of(frames):  # type: ignore[no-untyped-def]
    """The posted model's counts, TimeDistributed beside time in the batch, states, accuracy, bytes."""
    import keras
    import numpy as np
    import tensorflow as tf

    layers = keras.layers
    counts, apart, outputs = built()
    maps = np.random.default_rng(1).normal(size=(2, 3, 8, 8, 3)).astype("float32")
    shared = layers.Conv2D(4, 3, 2)
    over_time = layers.TimeDistributed(shared)(maps)
    folded = tf.reshape(shared(maps.reshape(6, 8, 8, 3)), over_time.shape)
    states = [
        layers.GRU(64, return_sequences=every)(tf.ones([1, 15, 512])).shape[1:] for every in (False, True)
    ]
    accuracy = keras.metrics.CategoricalAccuracy()
    accuracy.update_state(tf.zeros([1, frames]), tf.eye(frames)[:1])
    return {
        "counts": counts,
        "moved": apart,
        "outputs": outputs,
        "folded_apart": tf.reduce_max(tf.abs(over_time - folded)),
        "last_state": states[0],
        "all_states": states[1],
        "accuracy": accuracy.result(),
        "bytes": [np.broadcast_to(np.float32(0), (maps, 600, 600, 3)).nbytes for maps in (60, 120)],
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts by name: `answers`, `counts`, `losses` by loss and labels as (loss, largest slope), and so on."""
    if "dense_net" in results:
        return Story({}, (), {"dense_net": results["dense_net"].tolist()})
    answers = [bytes(text).decode() for text in results["answers"]]
    facts = {name: value.tolist() for name, value in results.items() if name not in ("answers", "losses")}
    losses = {
        (loss, labels): tuple(results["losses"][at, :, row].tolist())
        for at, loss in enumerate(LOSSES)
        for row, labels in enumerate(LABELS)
    }
    return Story({}, (), facts | {"answers": dict(zip(CALLS, answers, strict=True)), "losses": losses})
