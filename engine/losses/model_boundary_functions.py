"""The parts of model-boundary in plain NumPy, TensorFlow and Keras; the code tab shows them too."""

from __future__ import annotations

import functools

import numpy as np


def make_data(shape, seed):  # type: ignore[no-untyped-def]
    """Normal numbers: float32[samples, ...]."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def make_labels(kind, count, classes, seed):  # type: ignore[no-untyped-def]
    """A label for each sample: a class, as number or one-hot, or a real value; each class in turn, shuffled."""
    generator = np.random.default_rng(seed + 1)
    if kind.startswith("values"):
        values = generator.normal(size=count).astype("float32")
        return values[:, None] if kind == "values-column" else values
    rounds = [generator.permutation(classes) for _ in range(-(-count // classes))]
    numbers = np.concatenate(rounds)[:count].astype("int32")
    if kind == "one-hot":
        return np.eye(classes, dtype="float32")[numbers]
    if kind == "integers-column":
        return numbers[:, None]
    return numbers + 1 if kind == "from-one" else numbers


def batched(values, batch, size):  # type: ignore[no-untyped-def]
    """What is taken of the data: a batch, one sample without its batch axis, or a batch of batches."""
    if batch == "one":
        return values[0]
    return values[:size] if batch == "rows" else values[:size][None]


def adapted(values, steps):  # type: ignore[no-untyped-def]
    """The repairs of a tensor's shape or form, one after another."""
    import tensorflow as tf

    ways = {
        "expand_dims": tf.expand_dims,
        "squeeze": tf.squeeze,
        "reshape": tf.reshape,
        "transpose": tf.transpose,
        "argmax": tf.argmax,
        "one_hot": tf.one_hot,
        "first": lambda tensor, count: tensor[:count],
        "subtract": lambda tensor, number: tensor - number,
    }
    for name, setting in steps:
        values = ways[name](values, setting)
    return values


def layers_of(body, units, activation, seed):  # type: ignore[no-untyped-def]
    """A small body, and a head of Dense(units) with its activation: a list of Keras layers."""
    import keras

    layers, seeded = keras.layers, {"kernel_initializer": keras.initializers.GlorotUniform(seed)}
    hidden = layers.Dense(8, activation="tanh", name="hidden", **seeded)
    flatten = layers.Flatten(name="flatten")
    steps = {"name": "lstm", "recurrent_initializer": keras.initializers.Orthogonal(seed=seed), **seeded}
    bodies = {
        "dense": lambda: [hidden],
        "flatten": lambda: [flatten, hidden],
        "conv1d": lambda: [layers.Conv1D(4, 3, padding="same", name="conv1d", **seeded), flatten],
        "conv2d": lambda: [layers.Conv2D(4, 3, padding="same", name="conv2d", **seeded), flatten],
        "lstm": lambda: [layers.LSTM(4, **steps)],
        "lstm-sequences": lambda: [layers.LSTM(4, return_sequences=True, **steps)],
    }
    if activation == "softmax-batch":
        last = layers.Softmax(axis=0, name="activation")
    else:
        last = layers.Activation(None if activation == "none" else activation, name="activation")
    head = keras.initializers.GlorotUniform(seed + 1)
    return [*bodies[body](), layers.Dense(units, kernel_initializer=head, name="head"), last]


@functools.lru_cache(maxsize=16)
def build(body, input_shape, api, units, activation, seed):  # type: ignore[no-untyped-def]
    """The model, and the part of it up to the head."""
    import keras

    x = keras.Input(input_shape, name="x")
    layers = layers_of(body, units, activation, seed)
    if api == "sequential":
        return keras.Sequential([x, *layers], name="model"), keras.Sequential([x, *layers[:-2]], name="body")
    y = x
    for layer in layers:
        y = layer(y)
    return keras.Model(x, y, name="model"), keras.Model(x, layers[-2].input, name="body")


def loss_of(name, from_logits, reduction):  # type: ignore[no-untyped-def]
    """A loss as Keras has it, or the line that people write by hand."""
    import keras
    import tensorflow as tf

    def by_hand(y, output):  # type: ignore[no-untyped-def]
        squares = tf.square(tf.cast(y, output.dtype) - output)
        return tf.reduce_mean(squares) if reduction else squares

    if name == "hand":
        return by_hand
    if name == "mse":
        return keras.losses.MeanSquaredError(reduction=reduction)
    kinds = {
        "categorical": keras.losses.CategoricalCrossentropy,
        "sparse": keras.losses.SparseCategoricalCrossentropy,
        "binary": keras.losses.BinaryCrossentropy,
    }
    return kinds[name](from_logits=from_logits, reduction=reduction)


def attempt(x, y, setup, seed):  # type: ignore[no-untyped-def]
    """Data, batch, model, loss: the tensors that were reached, and where and why it stopped.

    With way "fit" Keras trains for one step with learning rate 0, eagerly. With way "numpy" the loss gets bare
    numbers, as after predict: a Keras loss otherwise finds the logits under the model's last activation.
    """
    reached = {"stopped_at": "batch"}
    try:
        walk(reached, x, y, setup, seed)
        del reached["stopped_at"]
    except Exception as e:
        reached["error"] = f"{type(e).__name__}: {getattr(e, 'message', '') or e}"
    return reached


def walk(reached, x, y, setup, seed):  # type: ignore[no-untyped-def]
    """The way itself; "stopped_at" in `reached` names the boundary that is being crossed."""
    import keras
    import tensorflow as tf

    reached["x"] = x = adapted(batched(x, setup["batch"], setup["size"]), setup["x_steps"])
    reached["y"] = y = adapted(batched(y, setup["batch"], setup["size"]), setup["y_steps"])
    reached["stopped_at"] = "model"
    names = ("body", "input_shape", "api", "units", "activation")
    maker = build.__wrapped__ if setup["way"] == "fit" else build
    model, body = maker(*(setup[name] for name in names), seed)
    loss, each = (loss_of(setup["loss"], setup["from_logits"], way) for way in ("sum_over_batch_size", None))
    if setup["way"] == "fit":
        reached["stopped_at"] = "fit"
        model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
        history = model.fit(x, y, batch_size=setup["size"], shuffle=False, verbose=0)
        reached["loss"] = tf.constant(history.history["loss"][0])
        reached["stopped_at"] = "model"
    called = model(x)

    head, last = model.get_layer("head"), model.get_layer("activation")
    with tf.GradientTape() as tape:
        output = in_pieces(reached, body(x), head, last, tape)
        reached["apart"] = tf.reduce_max(tf.abs(called - output))
        output = tf.identity(output) if setup["way"] == "numpy" else output
        reached["stopped_at"] = "loss"
        value = loss(y, output)
    reached.setdefault("loss", value)
    reached["losses"] = each(y, output)
    if setup["loss"] == "hand" and setup["way"] != "fit":
        reached["differences"] = tf.cast(y, output.dtype) - output
    slope = tape.gradient(value, reached["logits"])
    reached["gradient"] = tf.zeros_like(reached["logits"]) if slope is None else slope
    reached["no_path"] = tf.constant(slope is None)


def in_pieces(reached, features, head, last, tape):  # type: ignore[no-untyped-def]
    """Head and activation once more, one by one, to be looked at and differentiated.

    tensordot, not @: tf.matmul of (6, 1, 4, 8) and (8, 3) gives wrong numbers and writes outside its memory
    (TensorFlow 2.21 with oneDNN).
    """
    import tensorflow as tf

    reached["features"] = features
    reached["kernel"] = kernel = tf.convert_to_tensor(head.kernel)
    reached["logits"] = logits = tf.tensordot(features, kernel, 1) + head.bias
    tape.watch(logits)
    reached["output"] = last(logits)
    return reached["output"]
