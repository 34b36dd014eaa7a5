"""Training one model of maps in sequence epoch by epoch, and looking at it; shown on the code tab."""

from __future__ import annotations

import numpy as np

from engine.training.time_distributed_cnn_gru_model import first_weights, forward, loss_of, step_of
from engine.training.time_distributed_cnn_gru_weather import ordered


def prepared(plan, labels, frames, batch, sizes, seed):  # type: ignore[no-untyped-def]
    """A model before its first step: plan, rows of maps in the order of training, state, curves.

    sizes: height of a map, features, units.
    """
    import tensorflow as tf

    rows = ordered(labels, frames, batch, plan["ordering"], plan["skips_empty"], plan["posted_range"])
    _, features, units = sizes
    read = 3 if plan["cnn"] == "posted" else features  # channels of the maps, or the CNN's features
    first = first_weights(read, features, units, 1 if plan["sequences"] else frames, seed)
    weights = {name: tf.constant(value) for name, value in first.items()}
    zeros = {name: tf.zeros_like(weight) for name, weight in weights.items()}
    state = (weights, zeros, dict(zeros))
    step = step_of(**network(plan), loss=plan["loss"], sizes=(frames, *sizes))
    model = {"plan": plan, "rows": rows, "state": state, "step": step, "done": 0}
    return model | {"losses": [], "norms": [], "scores": []}


def network(plan):  # type: ignore[no-untyped-def]
    """What `forward` needs to know of a plan."""
    return {name: plan[name] for name in ("cnn", "sequences", "head")}


def epoch(model, maps, labels, rate):  # type: ignore[no-untyped-def]
    """Train on every stack of four sequences once, in order; why it cannot go on, or "".

    A loss that is not finite ends training: the state before that step is kept.
    """
    import tensorflow as tf

    rows, losses, norms = model["rows"], [], []
    if not len(rows):
        model["losses"], model["norms"] = [*model["losses"], np.nan], [*model["norms"], [np.nan] * 3]
        return "there was no sequence to train on"
    stacks = np.resize(rows, (max(1, len(rows) // 4), 4, rows.shape[1]))  # fewer than four are repeated
    why = ""
    for stack in stacks:
        model["done"] += 1
        x, y = tf.constant(maps[stack], tf.float64), tf.constant(labels[stack], tf.float64)
        number, speed = tf.constant(model["done"], tf.float64), tf.constant(rate, tf.float64)
        state, value, sizes = model["step"](model["state"], x, y, number, speed)
        losses.append(float(value))
        norms.append(sizes.numpy())
        if not np.isfinite(losses[-1]):
            why = f"the loss became {losses[-1]:g} at step {model['done']}"
            break
        model["state"] = state
    model["losses"], model["norms"] = (
        [*model["losses"], np.mean(losses)],
        [*model["norms"], np.mean(norms, axis=0)],
    )
    return why


def scored(model, found, labels):  # type: ignore[no-untyped-def]
    """The shares of calm maps and of storms that are answered rightly, at a probability of 0.5."""
    said = found["probability"].numpy()[: len(labels)] > 0.5
    parts = [
        float(np.mean(said[labels == kind] == kind)) if (labels == kind).any() else 1.0 for kind in (0, 1)
    ]
    model["scores"] = [*model["scores"], parts]


def asked(model, x, labels):  # type: ignore[no-untyped-def]
    """Every tensor between maps and answers; of the first sequences, as many as labels, losses and gradients.

    Gradients are of the mean loss: of maps, features, logits, and of the first kernel, which may be None.
    """
    import tensorflow as tf

    weights, plan, many = model["state"][0], model["plan"], len(labels)
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch([x, weights["kernel1"]])
        found = forward(x, weights, **network(plan))
        first = {name: found[name][:many] for name in ("logits", "probability")}
        losses = loss_of(labels, first, plan["head"], plan["loss"])
        value = tf.reduce_mean(losses)
    wanted = {"x": x, "features": found["features"], "logits": found["logits"], "kernel1": weights["kernel1"]}
    slopes = tape.gradient(value, wanted)
    cut = {f"gradient_{name}": slopes[name][:many] for name in ("x", "features", "logits")}
    return found, losses, cut | {"gradient_kernel1": slopes["kernel1"]}


def shuffled(x, seed):  # type: ignore[no-untyped-def]
    """The pixels of every map in another order, the same for all: what a weather map means is gone."""
    size = x.shape[2]
    order = np.random.default_rng(seed).permutation(size * size)
    return x.reshape(*x.shape[:2], -1, x.shape[-1])[:, :, order].reshape(x.shape)


def probed(frames):  # type: ignore[no-untyped-def]
    """What a loss says at equal outputs, and its largest slope: float64[labels, loss] each.

    Labels: none, a third, all of the frames positive. Losses: categorical cross-entropy as Keras computes
    it when called, as it does inside fit, and binary cross-entropy.
    """
    import tensorflow as tf

    labels = tf.constant(
        [[float(t < many) for t in range(frames)] for many in (0, max(1, frames // 3), frames)]
    )
    labels = tf.cast(labels, tf.float64)

    def called(logits):  # type: ignore[no-untyped-def]
        p = tf.clip_by_value(tf.nn.softmax(logits), 1e-7, 1 - 1e-7)
        return -tf.reduce_sum(labels * tf.math.log(p), axis=1)

    def fitted(logits):  # type: ignore[no-untyped-def]
        return tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)

    def binary(logits):  # type: ignore[no-untyped-def]
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), axis=1)

    losses, slopes = [], []
    for loss in (called, fitted, binary):
        logits = tf.zeros_like(labels)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits)
        losses.append(value)
        slopes.append(tf.reduce_max(tf.abs(tape.gradient(value, logits)), axis=1))
    return tf.stack(losses, axis=1), tf.stack(slopes, axis=1)


SHOWN = (ordered, first_weights, prepared, network, epoch, scored, asked, shuffled, probed)
