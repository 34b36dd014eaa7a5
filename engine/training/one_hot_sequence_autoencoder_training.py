"""Training two autoencoders side by side, and what is measured after each epoch; the code tab shows it."""

from __future__ import annotations

import numpy as np

from engine.training.one_hot_sequence_autoencoder_model import (
    activate,
    autoencode,
    every_pair,
    first_weights,
    in_graph,
    row_losses,
)


def tell(text, share=0.0, so_far=None):  # type: ignore[no-untyped-def]
    """What is said after each epoch; `so_far` are the results until then."""
    print(text)


def training_step(weights, runs, lstm, rate, steps):  # type: ignore[no-untyped-def]
    """One step of Adam on a batch (Kingma and Ba, 2015), for both runs; the rate falls linearly to 0.

    Answers the loss of each run before the step: float64[run]. A run that is not `alive` keeps its weights.
    """
    import tensorflow as tf

    means = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]
    squares = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in weights]

    @tf.function(autograph=False)
    def step(x, number, alive):  # type: ignore[no-untyped-def]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            pre = autoencode(x, weights, lstm)["pre"]
            losses = [
                tf.reduce_mean(row_losses(x, activate(pre[place], activation), loss))
                for place, (activation, loss) in enumerate(runs)
            ]
            total = tf.add_n(losses)
        slopes = tape.gradient(total, weights)
        now = rate * (1 - (number - 1) / steps)
        for weight, mean, square, slope in zip(weights, means, squares, slopes, strict=True):
            mean.assign(0.9 * mean + 0.1 * slope)
            square.assign(0.999 * square + 0.001 * slope**2)
            right_mean, right_square = mean / (1 - 0.9**number), square / (1 - 0.999**number)
            update = now * right_mean / (tf.sqrt(right_square) + 1e-7)
            moves = tf.reshape(alive, [2] + [1] * (len(weight.shape) - 1))
            weight.assign_sub(tf.where(moves, update, tf.zeros_like(update)))
        return tf.stack(losses)

    return step


def ranked(scores, abnormal):  # type: ignore[no-untyped-def]
    """AUC: how often an abnormal sequence scores higher than a normal one; a tie counts half. NaN if one is NaN."""
    if not np.isfinite(scores).all():
        return np.nan
    bad, good = scores[abnormal == 1], scores[abnormal == 0]
    return np.mean((bad[:, None] > good) + 0.5 * (bad[:, None] == good))


def examine(found, held_out, abnormal, runs):  # type: ignore[no-untyped-def]
    """What both runs do with the sequences held out.

    scores float32[run, sequence], the mean loss of a sequence; token_accuracy float64[run], on events of
    normal sequences; auc float64[run]; zeros float64[run], the share of outputs that are exactly 0; row_sums
    float32[run, 2], the smallest and the largest sum of a row of outputs.
    """
    true = held_out.argmax(axis=-1)
    counts = (held_out.sum(axis=-1) > 0) & (abnormal == 0)[:, None]
    measured = {"scores": [], "token_accuracy": [], "auc": [], "zeros": [], "row_sums": []}
    for place, (activation, loss) in enumerate(runs):
        pre = found["pre"][place]
        rows = np.reshape(pre, (-1, held_out.shape[-1]))
        answer = in_graph(activation, loss)(rows, np.reshape(held_out, rows.shape))
        output = np.reshape(answer["output"], held_out.shape)
        scores = np.reshape(answer["loss"], true.shape).mean(axis=1)
        right = (output.argmax(axis=-1) == true)[counts]
        measured["scores"].append(scores)
        measured["token_accuracy"].append(right.mean() if right.size else np.nan)
        measured["auc"].append(ranked(scores, abnormal))
        measured["zeros"].append(np.mean(output == 0))
        measured["row_sums"].append([output.sum(axis=-1).min(), output.sum(axis=-1).max()])
    return {name: np.array(values) for name, values in measured.items()}


def look(pre, target, runs):  # type: ignore[no-untyped-def]
    """Rows of pre-activations under both pairs, and under every pair there is.

    pre: float32[run, sequence, timestep, event]; target: float32[sequence, timestep, event].
    """
    results, rows = {"target": target}, target.reshape(-1, target.shape[-1])
    for name, own, (activation, loss) in zip(("", "beside_"), pre, runs, strict=True):
        answer = in_graph(activation, loss)(own.reshape(rows.shape), rows)
        results[f"{name}pre"] = own
        for key, values in answer.items():
            shape = target.shape[:2] if key == "loss" else target.shape
            results[f"{name}{key}"] = values.numpy().reshape(shape)
    return results | {"every_pair": every_pair()(pre[0].reshape(rows.shape), rows)}


def sweep(pre, target, runs):  # type: ignore[no-untyped-def]
    """Loss and slope of both pairs while the pre-activation of the true event moves from -6 to 6.

    sweep_loss and sweep_slope: float32[run, place].
    """
    event = int(np.argmax(target[0]))
    moved = np.repeat(pre, 49, axis=0).astype("float32")
    moved[:, event] = np.linspace(-6, 6, 49)
    targets = np.repeat(target, 49, axis=0)
    answers = [in_graph(*pair)(moved, targets) for pair in runs]
    return {
        "sweep": moved[:, event],
        "sweep_loss": np.stack([answer["loss"] for answer in answers]),
        "sweep_slope": np.stack([answer["gradient"][:, event] for answer in answers]),
    }


def eagerly(pre, target, runs):  # type: ignore[no-untyped-def]
    """Loss and slope of one row under both pairs in eager mode: float32[run], float32[run, event]."""
    import tensorflow as tf

    losses, slopes = [], []
    for activation, loss in runs:
        x = tf.constant(pre)
        with tf.GradientTape() as tape:
            tape.watch(x)
            losses.append(row_losses(tf.constant(target), activate(x, activation), loss))
        slopes.append(tape.gradient(losses[-1], x))
    return {"eager_loss": tf.concat(losses, 0), "eager_gradient": tf.concat(slopes, 0)}


def train(data, typed, runs, model, epochs, rate, report):  # type: ignore[no-untyped-def]
    """Train both runs, and after each epoch say what they do. Returns the results after the last one.

    data: what `event_data` gives; typed: a sequence to look at besides six normal and six abnormal ones;
    model: hidden, latent, lstm, seed. A run whose loss is no number stops, with the weights of the last
    epoch that went well; the other goes on. It is computed in float64, so that the order in which a machine
    adds does not show in float32 results.
    """
    import tensorflow as tf

    sequences, held_out, abnormal = data
    picked = np.concatenate([np.flatnonzero(abnormal == kind)[:6] for kind in (0, 1)])
    shown = held_out[picked] if typed is None else np.concatenate([typed[np.newaxis], held_out[picked]])
    started = first_weights(sequences.shape[-1], model["hidden"], model["latent"], model["seed"])
    weights = [tf.Variable(value) for value in started]
    batches = len(sequences) // 64
    step = training_step(weights, runs, model["lstm"], rate, epochs * batches)
    forward = tf.function(lambda x: autoencode(x, weights, model["lstm"]), autograph=False)
    generator = np.random.default_rng(model["seed"])
    alive, stopped, history, results = np.array([True, True]), [], [], {}
    for epoch in range(epochs):
        good = [weight.numpy() for weight in weights]
        losses = []
        for place, batch in enumerate(generator.permutation(len(sequences)).reshape(batches, 64)):
            number = tf.constant(epoch * batches + place + 1, tf.float64)
            losses.append(step(tf.cast(sequences[batch], tf.float64), number, tf.constant(alive)).numpy())
            for run in np.flatnonzero(alive & ~np.isfinite(losses[-1])):
                alive[run] = False
                why = f"its loss became {losses[-1][run]}"
                stopped.append(
                    f"{' + '.join(runs[run])} stopped in epoch {epoch + 1}, step {place + 1}: {why}."
                )
                for weight, value in zip(weights, good, strict=True):
                    weight.assign(tf.stack([value[r] if r == run else weight[r] for r in (0, 1)]))
            if not alive.any():
                break
        history.append({"train_loss": np.where(alive, np.mean(losses, axis=0), np.nan)})
        results = measured(forward, weights, data, shown, runs, alive, history)
        results["kinds"] = np.append([2] * (len(shown) - len(picked)), abnormal[picked]).astype("int32")
        if stopped:
            results["stopped"] = " ".join(stopped)
        loss = history[-1]["train_loss"][0]
        report(f"epoch {epoch + 1} of {epochs}: loss {loss:.4f}", (epoch + 1) / epochs, results)
        if not alive.any():
            break
    return results


def measured(forward, weights, data, shown, runs, alive, history):  # type: ignore[no-untyped-def]
    """The results so far: curves float32[run, epoch], and what both runs do now with what is held out."""
    _, held_out, abnormal = data
    everything = forward(np.concatenate([held_out, shown]).astype("float64"))
    found = {name: value.numpy().astype("float32") for name, value in everything.items()}
    now = examine({"pre": found["pre"][:, : len(held_out)]}, held_out, abnormal, runs)
    for name in ("token_accuracy", "auc", "zeros"):
        history[-1][name] = np.where(alive, now[name], np.nan)
    curves = {name: np.stack([one[name] for one in history], axis=1).astype("float32") for name in history[0]}
    own = {name: found[name][0, len(held_out) :] for name in ("code", "hidden")}
    states = np.abs(found["hidden"]).max(axis=(1, 2, 3))
    return {
        "abnormal": abnormal,
        "anomaly_scores": now["scores"],
        "row_sums": now["row_sums"],
        "largest_state": states,
        **{f"{name}_by_epoch": curve for name, curve in curves.items()},
        **own,
        "weights": weights[12][0].numpy().astype("float32"),
        "bias": weights[13][0].numpy().astype("float32"),
        **look(found["pre"][:, len(held_out) :], shown, runs),
    }
