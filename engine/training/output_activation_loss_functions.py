"""Eyes, the small CNN and its losses in plain NumPy, TensorFlow and Keras; the code tab shows all of it."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from engine.training.keeping import keeping

SIDE, FILES, TESTS, BATCH, KERNELS, HIDDEN = 24, 240, 120, 24, 8, 16
HEADS, LOSSES = ("none", "sigmoid", "softmax"), ("CCE", "CCE from_logits", "BCE", "sparse")


def tell(text, share=0.0, so_far=None):  # type: ignore[no-untyped-def]
    """Where progress goes: a line for each epoch."""
    print(text)


def eyes(count, seed):  # type: ignore[no-untyped-def]
    """Drawn eyes in the order of their files: float64[file, 24, 24, 1] and int64[file], 1 for open.

    An open eye is a bright ellipse with a dark iris, a closed one a dark arc. Place, size, light from the
    side, contrast and noise differ from picture to picture; which are open is drawn anew for each file.
    """
    generator = np.random.default_rng([seed, count])
    labels = generator.permutation(np.arange(count) % 2)
    rows, columns = np.mgrid[:24, :24].astype(float)
    images = []
    for is_open in labels:
        y, x = generator.uniform(9, 15, 2)
        wide, high = generator.uniform(6, 8.5), generator.uniform(2.5, 4.5)
        down, right = rows - y, columns - x
        inside = (right / wide) ** 2 + (down / high) ** 2
        if is_open:
            drawn = 0.35 * (inside < 1) - 0.7 * ((right**2 + down**2) < (0.8 * high) ** 2)
        else:
            arc = np.abs(down - high * (0.5 - (right / wide) ** 2))
            drawn = -0.5 * ((arc < 1.2) & (np.abs(right) < wide))
        light = generator.uniform(0.4, 0.6) + generator.uniform(-0.015, 0.015, 2) @ [
            down.ravel(),
            right.ravel(),
        ]
        picture = light.reshape(24, 24) + generator.uniform(0.4, 1) * drawn
        images.append(picture + 0.12 * generator.normal(size=(24, 24)))
    return np.clip(np.stack(images), 0, 1)[..., None], labels


def flow(images, classes, shuffle, source, generator):  # type: ignore[no-untyped-def]
    """What a data pipeline hands out: pictures, the labels beside them, and the order of the files.

    shuffle is asked for its truth, as Keras' own pipelines do; bool('False') is True. source "folder":
    a label comes with its picture; "CSV": labels stay in the order of the files.
    """
    order = generator.permutation(len(images)) if bool(shuffle) else np.arange(len(images))
    return images[order], classes[order] if source == "folder" else classes, order


def loss_of(name, head, labels, z):  # type: ignore[no-untyped-def]
    """Keras' own loss of logits z behind a head: [row]. labels: int[row], the classes."""
    import keras
    import tensorflow as tf

    outputs = {"none": lambda x: x, "sigmoid": tf.sigmoid, "softmax": tf.nn.softmax}[head](z)
    one_hot = tf.one_hot(labels, z.shape[-1], dtype=z.dtype)
    if name == "BCE":
        truth = one_hot if z.shape[-1] == 2 else tf.cast(labels, z.dtype)[:, None]
        return keras.losses.binary_crossentropy(truth, outputs)
    if name == "sparse":
        return keras.losses.sparse_categorical_crossentropy(labels, outputs)
    return keras.losses.categorical_crossentropy(one_hot, outputs, from_logits=name == "CCE from_logits")


def first_weights(units, seed):  # type: ignore[no-untyped-def]
    """Seeded Glorot uniform kernels and zero biases, float64: convolution, dense layer, output."""
    generator = np.random.default_rng([seed, 1])
    found = {}
    for name, shape, fans in (
        ("conv_w", (3, 3, 1, 8), 9 + 72),
        ("dense_w", (968, 16), 984),
        ("out_w", (16, units), 16 + units),
    ):
        found[name] = generator.uniform(-1, 1, shape) * np.sqrt(6 / fans)
        found[name.replace("_w", "_b")] = np.zeros(shape[-1])
    return found


def network(x, weights):  # type: ignore[no-untyped-def]
    """The posted CNN, for pictures of 24 x 24: every tensor between them and the logits, by name."""
    import tensorflow as tf

    found = {"conv": tf.nn.conv2d(x, weights["conv_w"], 1, "VALID")}
    found["maps"] = found["conv"] + weights["conv_b"]
    found["pooled"] = tf.nn.max_pool2d(found["maps"], 2, 2, "VALID")
    found["flat"] = tf.reshape(found["pooled"], [-1, 968])
    found["hidden"] = tf.nn.relu(found["flat"] @ weights["dense_w"] + weights["dense_b"])
    found["z"] = found["hidden"] @ weights["out_w"] + weights["out_b"]
    return found


def answers(z, head):  # type: ignore[no-untyped-def]
    """The class of the largest output; of one output whether it is above one half."""
    if z.shape[-1] == 2:
        return np.argmax(z, 1)
    return (z[:, 0] > (0.5 if head == "none" else 0)).astype(int)


def epoch_of(images, labels, weights, loss, head, rate):  # type: ignore[no-untyped-def]
    """A function that goes through all pictures once, in a given order, by gradient descent with momentum.

    order: int64[step, picture]. Answers the mean loss and the mean length of the gradient by the logits.
    """
    import tensorflow as tf

    speed = {name: tf.Variable(tf.zeros_like(weight), trainable=False) for name, weight in weights.items()}

    @tf.function(autograph=False)
    def step(batch):  # type: ignore[no-untyped-def]
        now = {name: weight.value() for name, weight in weights.items()}
        with tf.GradientTape() as tape:
            tape.watch(now)
            z = network(tf.gather(images, batch), now)["z"]
            told = tf.reduce_mean(loss_of(loss, head, tf.gather(labels, batch), z))
        *slopes, at_logits = tape.gradient(told, [*now.values(), z])
        for name, slope in zip(weights, slopes, strict=True):
            speed[name].assign(0.9 * speed[name] - rate * slope)
            weights[name].assign_add(speed[name])
        return told, tf.norm(at_logits)

    def epoch(order):  # type: ignore[no-untyped-def]
        seen = np.array([[float(one) for one in step(tf.constant(batch))] for batch in order])
        return seen.mean(0)

    return epoch


def train(head, loss, shuffle, source, units, rate, epochs, seed, heard):  # type: ignore[no-untyped-def]
    """Train the CNN on 240 drawn eyes and try it on 120 others; curves and tensors by name.

    Accuracy is counted against the labels that the pipeline hands out, as its author would, and against
    the true classes. `heard` gets the results so far; a loss that is no number ends the training.
    """
    import tensorflow as tf

    generator = np.random.default_rng([seed, 2])
    images, given, order = flow(*eyes(240, seed), shuffle, source, generator)
    tests, expected, test_order = flow(*eyes(120, seed), shuffle, source, generator)
    true = eyes(120, seed)[1][test_order]
    weights = {
        name: tf.Variable(value, trainable=False) for name, value in first_weights(units, seed).items()
    }
    epoch = epoch_of(tf.constant(images), tf.constant(given), weights, loss, head, rate)
    history, results = [], {}
    for number in range(1, epochs + 1):
        told, length = epoch(generator.permutation(240).reshape(10, 24))
        if not np.isfinite(told) and results:
            return results | {"stopped": f"The loss is {told} in epoch {number}: training ended."}
        found = {name: value.numpy() for name, value in network(tf.constant(tests), weights).items()}
        said = answers(found["z"], head)
        history.append((told, np.mean(said == expected), np.mean(said == true), length))
        curves = zip(("losses", "accuracy", "true_accuracy", "slope"), np.array(history).T, strict=True)
        results = dict(curves) | {f"learned_{name}": weight.numpy() for name, weight in weights.items()}
        results |= {name: found[name][:1] for name in ("conv", "maps", "pooled", "flat", "hidden", "z")}
        results |= {
            "x": tests[:1],
            "files": tests[:12, :, :, 0],
            "said": said,
            "expected": expected,
            "true": true,
        }
        results |= {"order": order, "test_order": test_order, "z_all": found["z"], "stopped": ""}
        if not np.isfinite(told):
            return results | {"stopped": f"The loss is {told} in epoch {number}: training ended."}
        heard(number, results)
    return results


def every_loss(z, true):  # type: ignore[no-untyped-def]
    """Loss and gradient by the logits for every head and loss: [head, loss], [head, loss, logit].

    z: float32[1, 2]. Called plainly it is Keras in eager mode; as a tf.function Keras finds the softmax or
    sigmoid that made the probabilities, and takes its logits.
    """
    import tensorflow as tf

    losses, slopes = [], []
    for head in ("none", "sigmoid", "softmax"):
        for name in ("CCE", "CCE from_logits", "BCE", "sparse"):
            with tf.GradientTape() as tape:
                tape.watch(z)
                loss = tf.reduce_sum(loss_of(name, head, true, z))
            losses.append(loss)
            slopes.append(tape.gradient(loss, z)[0])
    return tf.reshape(losses, [3, 4]), tf.reshape(slopes, [3, 4, 2])


def traced():  # type: ignore[no-untyped-def]
    """The same as a graph, for any logits and class."""
    import tensorflow as tf

    return tf.function(every_loss, autograph=False)


eyes = lru_cache(maxsize=8)(eyes)
traced = cache(traced)  # traced once a process
train = keeping(train, 16)
SHOWN = (
    tell,
    eyes,
    flow,
    loss_of,
    first_weights,
    network,
    answers,
    epoch_of,
    train,
    every_loss,
    traced,
)
