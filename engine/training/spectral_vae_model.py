"""The variational autoencoder of one spectrum in plain TensorFlow, and its training; the code tab shows it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np


def tell(text, share=0.0, so_far=None):  # type: ignore[no-untyped-def]
    """What is said after some epochs; `so_far` are the results until then."""
    print(text)


def first_weights(bands, hidden, latent, encoder, seed):  # type: ignore[no-untyped-def]
    """Seeded normal weights of variance 1 / inputs and zero biases, float64, by name."""
    generator = np.random.default_rng(seed)
    if encoder == "dense":
        shapes, width = {"w_in": (bands, hidden)}, hidden
    else:
        shapes, width = {"w_conv1": (3, 1, 8), "w_conv2": (3, 8, 16)}, -(-bands // 2) * 16
    shapes |= {"w_mu": (width, latent), "w_logvar": (width, latent)}
    shapes |= {"w_unpack": (latent, hidden), "w_out": (hidden, bands)}
    weights = {}
    for name, shape in shapes.items():
        weights[name] = generator.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
        weights[name.replace("w_", "b_")] = np.zeros(shape[-1])
    return weights


def encode(x, w):  # type: ignore[no-untyped-def]
    """Mean and log variance of each spectrum's code, and what leads to them. x: float64[pixel, band]."""
    import tensorflow as tf

    if "w_in" in w:
        found = {"packed": tf.nn.relu(tf.matmul(x, w["w_in"]) + w["b_in"])}
    else:
        first = tf.nn.conv1d(x[..., tf.newaxis], w["w_conv1"], 1, "SAME") + w["b_conv1"]
        second = tf.nn.conv1d(tf.nn.relu(first), w["w_conv2"], 2, "SAME") + w["b_conv2"]
        found = {"packed": tf.reshape(tf.nn.relu(second), [-1, w["w_mu"].shape[0]])}
    found["mu"] = tf.matmul(found["packed"], w["w_mu"]) + w["b_mu"]
    found["raw_logvar"] = tf.matmul(found["packed"], w["w_logvar"]) + w["b_logvar"]
    return found | {"logvar": tf.clip_by_value(found["raw_logvar"], -10.0, 10.0)}


def decode(z, w):  # type: ignore[no-untyped-def]
    """A code unpacked: float64[pixel, hidden] and float64[pixel, band]."""
    import tensorflow as tf

    unpacked = tf.nn.relu(tf.matmul(z, w["w_unpack"]) + w["b_unpack"])
    return unpacked, tf.matmul(unpacked, w["w_out"]) + w["b_out"]


def divergence(mu, logvar):  # type: ignore[no-untyped-def]
    """KL(N(mu, exp(logvar)) || N(0, I)) of each row (Kingma and Welling, 2014, appendix B)."""
    import tensorflow as tf

    return 0.5 * tf.reduce_sum(mu**2 + tf.exp(logvar) - 1 - logvar, axis=-1)


def reconstruction(x, output, likelihood):  # type: ignore[no-untyped-def]
    """-log p(x | z) of each row without constants: Gaussian of standard deviation 0.05, or Bernoulli of logits."""
    import tensorflow as tf

    if likelihood == "gaussian":
        return tf.reduce_sum((x - output) ** 2, axis=-1) / (2 * 0.05**2)
    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(x, output), axis=-1)


def vae_step(w, likelihood, beta, rate, seed):  # type: ignore[no-untyped-def]
    """One step of Adam on a batch of spectra; answers reconstruction and KL before it: float64[2]."""
    import tensorflow as tf

    weights = list(w.values())
    means = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]
    squares = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]

    @tf.function(autograph=False, reduce_retracing=True)
    def step(x, number):  # type: ignore[no-untyped-def]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            found = encode(x, w)
            noise_seed = tf.stack([seed, tf.cast(number, tf.int32)])
            noise = tf.random.stateless_normal(tf.shape(found["mu"]), noise_seed, dtype=tf.float64)
            z = found["mu"] + tf.exp(found["logvar"] / 2) * noise  # the reparameterisation
            rebuilt = tf.reduce_mean(reconstruction(x, decode(z, w)[1], likelihood))
            kl = tf.reduce_mean(divergence(found["mu"], found["logvar"]))
            loss = rebuilt + beta * kl
        for weight, mean, square, slope in zip(
            weights, means, squares, tape.gradient(loss, weights), strict=True
        ):
            mean.assign(0.9 * mean + 0.1 * slope)
            square.assign(0.999 * square + 0.001 * slope**2)
            right_mean, right_square = mean / (1 - 0.9**number), square / (1 - 0.999**number)
            weight.assign_sub(rate * right_mean / (tf.sqrt(right_square) + 1e-8))
        return tf.stack([rebuilt, kl])

    return step


def batches_of(rows, usable, train, generator):  # type: ignore[no-untyped-def]
    """The order of one epoch: batches of 128 training pixels, or whole patches of them."""
    if rows is None:
        order = generator.permutation(train)
        return np.array_split(order, max(1, len(order) // 128))
    chosen = np.zeros(len(usable), bool)
    chosen[train] = True
    patches = [rows[place][chosen[rows[place]]] for place in generator.permutation(len(rows))]
    return [patch for patch in patches if len(patch)]


def fit(table, usable, rows, plan, report, results_of):  # type: ignore[no-untyped-def]
    """Train on some of the pixels. Returns weights, the pixels trained on, and the losses.

    When a loss is no number the weights are those of the last epoch that went well.

    table: float64[pixel, band]; usable: bool[pixel]; rows: pixels of each patch, or None. In float64, so that the
    order in which a machine adds does not show in float32 results.
    """
    import tensorflow as tf

    generator = np.random.default_rng([plan["seed"], 1])
    free = generator.permutation(np.flatnonzero(usable))
    train = free[: max(1, round(plan["fraction"] * len(free)))]
    started = first_weights(table.shape[1], plan["hidden"], plan["latent"], plan["encoder"], plan["seed"])
    w = {name: tf.Variable(value) for name, value in started.items()}
    step = vae_step(w, plan["likelihood"], plan["beta"], plan["rate"], plan["seed"])
    history, number, good, stopped = [], 0, started, ""
    for epoch in range(1, plan["epochs"] + 1):
        losses = []
        for batch in batches_of(rows, usable, train, generator):
            number += 1
            losses.append(step(tf.constant(table[batch]), tf.constant(number, tf.float64)).numpy())
            if not np.isfinite(losses[-1]).all():
                stopped = (
                    f"The loss became {losses[-1].sum()} in epoch {epoch}, step {len(losses)}: stopped there."
                )
                break
        history.append(np.full(2, np.nan) if stopped else np.mean(losses, axis=0))
        if not stopped:
            good = {name: weight.numpy() for name, weight in w.items()}
        told = {"losses": np.array(history).T.astype("float32"), "stopped": stopped}
        said = (
            f"epoch {epoch} of {plan['epochs']}: reconstruction {history[-1][0]:.2f}, KL {history[-1][1]:.2f}"
        )
        if epoch % 5 == 0 or epoch in (1, plan["epochs"]) or stopped:
            report(said, epoch / plan["epochs"], {**results_of(good, train), **told})
        if stopped:
            break
    return good, train, told


def kept(train, most=8):  # type: ignore[no-untyped-def]
    """The function with a memory of its last answers, so that another pixel needs no other training."""
    memory = OrderedDict()

    def remembered(table, usable, rows, plan, report, results_of):  # type: ignore[no-untyped-def]
        size = None if rows is None else rows.shape
        digest = hashlib.sha256(table.tobytes() + usable.tobytes()).hexdigest()
        key = f"{digest} {size} {sorted(plan.items())}"
        if key not in memory:
            memory[key] = train(table, usable, rows, plan, report, results_of)
        memory.move_to_end(key)
        while len(memory) > most:
            memory.popitem(last=False)
        return memory[key]

    return remembered
