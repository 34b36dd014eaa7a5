"""The Siamese network of the dying-relu lab in plain NumPy and TensorFlow; the code tab shows all of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.training.keeping import keeping

PAIRS, TRAINING, TOKENS, VOCABULARY, FEATURES, STATE = 120, 97, 8, 4117, 8, 8
UNITS = (1, 2, 4, 8, 16, 32)  # of the layers whose chance to die is counted


def tell(text, share=0.0, so_far=None):  # type: ignore[no-untyped-def]
    """Where progress goes: a line for each epoch."""
    print(text)


def labels_of(duplicates, generator):  # type: ignore[no-untyped-def]
    """120 labels, 1 for a duplicate: 97 to train on, then 23 held out, 14 of them 0 where that fits."""
    held_out = min(max(14, 24 - duplicates), 119 - duplicates)  # zeros; both kinds are left to train on
    counts = [(120 - duplicates - held_out, duplicates - 23 + held_out), (held_out, 23 - held_out)]
    parts = [generator.permutation(np.repeat([0.0, 1.0], count)) for count in counts]
    return np.concatenate(parts)


def pairs(documents, handed, duplicates, seed):  # type: ignore[no-untyped-def]
    """120 generated pairs of documents, and whether they are duplicates.

    Two arrays [pair, token] and float64[pair]. Varied: a document is 8 words of 4,117 at random; its
    duplicate has 2 of them replaced, any other document is drawn anew. Nearly identical: all are one
    document with one word replaced. handed "ids": int64 words; "floats": a Doc2Vec-like vector of length
    1 for each document instead, those of duplicates close together.
    """
    generator = np.random.default_rng(seed)
    labels = labels_of(duplicates, generator)
    same, shape = labels[:, None] == 1, (120, 8)
    base = generator.integers(4117, size=8)
    drawn, other = generator.integers(4117, size=(2, *shape))
    places = generator.permuted(np.tile(np.arange(8), (2, 120, 1)), axis=2)
    if documents == "varied":
        first, second = drawn, np.where(same & (places[0] >= 2), drawn, other)
    elif documents == "nearly identical":
        first = np.where(places[0] < 1, drawn, base)
        second = np.where(same, first, np.where(places[1] < 1, other, base))
    else:
        first = second = np.tile(base, (120, 1))
    if handed == "ids":
        return first, second, labels
    vectors, noise = generator.normal(size=(2, 4117, 8))
    summed = [vectors[ids].sum(1) + 0.1 * noise[ids[:, 0]] for ids in (first, second)]
    return *(vector / np.linalg.norm(vector, axis=1, keepdims=True) for vector in summed), labels


def first_weights(units, bias_shift, seed):  # type: ignore[no-untyped-def]
    """Weights as Keras draws them (Glorot uniform, orthogonal, forget bias 1), seeded, float64.

    Only the embedding is wider, ±0.5 instead of ±0.05, so that plain gradient descent gets going.
    """
    generator = np.random.default_rng([seed, 1])

    def glorot(rows, columns):  # type: ignore[no-untyped-def]
        limit = np.sqrt(6 / (rows + columns))
        return generator.uniform(-limit, limit, (rows, columns))

    return {
        "embedding": generator.uniform(-0.5, 0.5, (4117, 8)),
        "kernel": glorot(17, 32),
        "recurrent": np.linalg.qr(generator.normal(size=(32, 8)))[0].T.copy(),
        "gates": np.repeat([0.0, 1.0, 0.0, 0.0], 8),
        "hidden_w": glorot(8, units),
        "hidden_b": np.full(units, float(bias_shift)),
        "out_w": glorot(units, 1),
        "out_b": np.zeros(1),
    }


def lstm(x, kernel, recurrent, gates):  # type: ignore[no-untyped-def]
    """The last state of an LSTM (Hochreiter and Schmidhuber, 1997) as Keras has it: [pair, state].

    x: [pair, token, feature]. The state is a sigmoid times a tanh, and so between -1 and 1.
    """
    import tensorflow as tf

    h = c = tf.zeros([x.shape[0], recurrent.shape[0]], x.dtype)
    driven = tf.unstack(tf.tensordot(x, kernel, 1) + gates, axis=1)
    for token in driven:
        gate = token + h @ recurrent
        i, f, _, o = tf.split(tf.sigmoid(gate), 4, axis=1)
        c = f * c + i * tf.tanh(tf.split(gate, 4, axis=1)[2])
        h = o * tf.tanh(c)
    return h


def normalised(scores, moving, rows):  # type: ignore[no-untyped-def]
    """Batch normalisation: the first `rows` by their own moments, the others by moving averages.

    Answers the values and the next moving averages (momentum 0.9, epsilon 0.001).
    """
    import tensorflow as tf

    mean, variance = tf.nn.moments(scores[:rows], 0)
    trained = (scores[:rows] - mean) / tf.sqrt(variance + 1e-3)
    asked = (scores[rows:] - moving[0]) / tf.sqrt(moving[1] + 1e-3)
    return tf.concat([trained, asked], 0), 0.9 * moving + 0.1 * tf.stack([mean, variance])


def forward(index_a, index_b, weights, moving, activation, axis, epsilon, rows):  # type: ignore[no-untyped-def]
    """Every tensor between two indices and the probability of a duplicate, by name.

    index: int[pair, token]; axis: what the distance is summed over, -1 for the features; the first `rows`
    pairs are trained on, which batch normalisation must know.
    """
    import tensorflow as tf

    act = {"relu": tf.nn.relu, "tanh": tf.tanh, "leaky relu": tf.nn.leaky_relu, "relu after BN": tf.nn.relu}
    found = {name: tf.gather(weights["embedding"], ids) for name, ids in (("a", index_a), ("b", index_b))}
    squares = tf.reduce_sum((found["a"] - found["b"]) ** 2, axis=axis, keepdims=True)
    found["distance"] = tf.sqrt(tf.maximum(squares, 1e-7 if epsilon else 0.0))
    joined = tf.concat([found["a"], found["b"], found["distance"]], axis=-1)
    found["state"] = lstm(joined, weights["kernel"], weights["recurrent"], weights["gates"])
    found["scores"] = found["state"] @ weights["hidden_w"]
    scaled, found["moving"] = found["scores"], moving
    if activation == "relu after BN":
        scaled, found["moving"] = normalised(scaled, moving, rows)
    found["pre"] = scaled + weights["hidden_b"]
    found["active"] = act[activation](found["pre"])
    found["logit"] = (found["active"] @ weights["out_w"])[:, 0] + weights["out_b"]
    return found | {"p": tf.sigmoid(found["logit"])}


def step_of(index_a, index_b, labels, weights, moving, rate, **settings):  # type: ignore[no-untyped-def]
    """A function that tells all tensors, loss and gradients, and then moves all weights by one step."""
    import tensorflow as tf

    rows = 97

    @tf.function(autograph=False)
    def step():  # type: ignore[no-untyped-def]
        now = {name: tf.identity(weight) for name, weight in weights.items()}
        used = tf.identity(moving)
        with tf.GradientTape() as tape:
            tape.watch(now)
            found = forward(index_a, index_b, now, used, rows=rows, **settings)
            tape.watch(found["pre"])
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, found["logit"])
            loss = tf.reduce_mean(losses[:rows])
        slopes = tape.gradient(loss, now | {"pre": found["pre"]})
        slopes = {name: tf.convert_to_tensor(slope) for name, slope in slopes.items()}
        for name, weight in weights.items():
            weight.assign_sub(rate * slopes[name])
        moving.assign(found["moving"])
        return {"loss": loss, "slopes": slopes, "now": now, **found, "moving": used}

    return step


def slope_is_zero(activation, pre):  # type: ignore[no-untyped-def]
    """Where an activation passes no gradient: ReLU at and below 0, a tanh that is ±1; a leaky ReLU nowhere."""
    if activation == "leaky relu":
        return np.zeros(pre.shape, bool)
    return np.abs(np.tanh(pre)) == 1 if activation == "tanh" else ~(pre > 0)


def norm(*gradients):  # type: ignore[no-untyped-def]
    """The length of several gradients as one vector."""
    return np.sqrt(sum((gradient**2).sum() for gradient in gradients))


def seen(activation, labels, values):  # type: ignore[no-untyped-def]
    """What one epoch adds to the curves: loss, accuracy, dead units, spread, norms by layer."""
    slopes, answer = values["slopes"], values["p"] > 0.5
    layers = ("embedding",), ("kernel", "recurrent", "gates"), ("hidden_w", "hidden_b"), ("out_w", "out_b")
    return {
        "loss": values["loss"],
        "accuracy": np.mean(answer[97:] == labels[97:]),
        "accuracy_trained": np.mean(answer[:97] == labels[:97]),
        "dead": slope_is_zero(activation, values["pre"][:97]).all(0).sum(),
        "spread": np.ptp(values["p"]),
        "norms": [norm(*(slopes[name] for name in layer)) for layer in layers],
    }


def chances(state, bias_shift, activation, seed):  # type: ignore[no-untyped-def]
    """How likely a ReLU unit is dead before training: share of 1,000 first kernels, for each layer size.

    Each kernel comes with its negative, for the initialiser is symmetric. float64[units].
    """
    half = np.random.default_rng([seed, 2]).uniform(-1, 1, (state.shape[1], 500))
    found = []
    for units in (1, 2, 4, 8, 16, 32):
        pre = state @ np.concatenate([half, -half], 1) * np.sqrt(6 / (state.shape[1] + units))
        if activation == "relu after BN":
            pre = (pre - pre.mean(0)) / np.sqrt(pre.var(0) + 1e-3)
        found.append(np.mean((pre + bias_shift <= 0).all(0)))
    return np.array(found)


def train(data, ids, units, activation, bias_shift, axis, epsilon, rate, epochs, heard):  # type: ignore[no-untyped-def]
    """Train by plain gradient descent on all 97 pairs at once, in float64, and answer curves and tensors.

    data: documents, handed, duplicates, seed for `pairs`; ids: a document of one's own, or None. `heard` is
    called with the results so far; point n of a curve is after n steps. Training stops when the loss is
    no number: the results are then those of the last good epoch.
    """
    import tensorflow as tf

    (first, second, labels), seed = pairs(**data), data["seed"]
    if ids is not None and data["handed"] == "ids":
        first = np.concatenate([first[:97], [ids], first[98:]])
    start = first_weights(units, bias_shift, seed)
    weights = {name: tf.Variable(value, trainable=False) for name, value in start.items()}
    moving = tf.Variable([[0.0] * units, [1.0] * units], dtype=tf.float64, trainable=False)
    index = [array.astype("int64") for array in (first, second)]  # what Embedding does to floats
    settings = {"activation": activation, "axis": axis, "epsilon": epsilon, "rate": rate}
    step = step_of(*index, tf.constant(labels), weights, moving, **settings)
    history, results, at_first = [], {}, {}
    for epoch in range(epochs + 1):
        values = tf.nest.map_structure(lambda value: value.numpy(), step())
        if not np.isfinite(values["loss"]) and epoch:
            return results | {"stopped": f"The loss is {values['loss']} after step {epoch}: training ended."}
        if not epoch:
            chance = chances(values["state"][:97], bias_shift, activation, seed)
            at_first = {
                "chance": chance,
                "pre_first": values["pre"][:97],
                "state_first": values["state"][:97],
            }
        history.append(seen(activation, labels, values))
        results = {name: np.array([one[name] for one in history]) for name in history[0]}
        results |= at_first | gathered(first, second, index, labels, values)
        heard(epoch, results)
    return results


def gathered(first, second, index, labels, values):  # type: ignore[no-untyped-def]
    """The tensors of the 23 pairs held out, and the gradients of the loss of the 97 others."""
    left_out = ("loss", "slopes", "now", "moving")
    shown = {name: value[97:] for name, value in values.items() if name not in left_out}
    names = ("kernel", "recurrent", "gates", "hidden_w", "hidden_b", "out_w", "out_b")
    shown |= {name: values["now"][name] for name in names}
    shown |= {f"gradient_{name}": values["slopes"][name] for name in names[3:]}
    return shown | {
        "handed_a": first[97:],
        "handed_b": second[97:],
        "index_a": index[0][97:],
        "index_b": index[1][97:],
        "label": labels[97:],
        "gradient_pre": values["slopes"]["pre"][:97],
        "pre_last": values["pre"][:97],
        "moving": values["moving"],
        "stopped": "",
    }


pairs = lru_cache(maxsize=8)(pairs)
train = keeping(train, 16)  # some 150 kB each: the repaired network is the same for most of what is asked
SHOWN = (
    tell,
    labels_of,
    pairs,
    first_weights,
    lstm,
    normalised,
    forward,
    step_of,
    slope_is_zero,
    norm,
    seen,
    chances,
    train,
    gathered,
)
