"""The pipelines that draw a candidate for every x, epoch after epoch: what the code tab shows."""

from __future__ import annotations

import numpy as np


def made_vectors(count: int, features: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    """Random vectors, float32[vector, feature]."""
    return np.random.default_rng(seed).normal(size=(count, features)).astype("float32")


def untuned(dataset):  # type: ignore[no-untyped-def]
    """Starting an iterator costs less when nothing is tuned: an epoch here is a few numbers."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return dataset.with_options(options)


def draw_in_map(base, counts, method, seed, parallel):  # type: ignore[no-untyped-def]
    """A dataset of places in the lists: one is drawn for each x of `base`, inside Dataset.map."""
    import tensorflow as tf

    int32, calls = tf.int32, parallel if parallel > 1 else None
    if method == "generator":  # its state is a variable that the function captures
        generator = tf.random.Generator.from_seed(seed)
        return base.map(
            lambda x: generator.uniform([], 0, counts[x], int32), calls, deterministic=calls and True
        )
    if method == "rerandomize":  # new seeds in every pass, and a draw without state
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        pairs = tf.data.Dataset.zip(base, seeds)
        return pairs.map(lambda x, s: tf.random.stateless_uniform([], [seed, s], 0, counts[x], int32), calls)
    if method == "numpy":  # runs once, while the function is traced: a constant
        numpy = np.random.default_rng(seed)
        return base.map(lambda x: tf.cast(numpy.random() * tf.cast(counts[x], tf.float64), int32), calls)
    own = seed if method == "op seed" else None
    drawn = base.map(
        lambda x: tf.random.uniform([], 0, counts[x], int32, seed=own), calls, deterministic=calls and True
    )
    return drawn.cache() if method == "cache" else drawn


def draw_by_epoch(counts, method, epochs, seed, parallel, copies):  # type: ignore[no-untyped-def]
    """A dataset of places, epoch after epoch, where the epoch's number takes part: nothing has a state."""
    import tensorflow as tf

    items, int32 = len(counts), tf.int32
    if method == "copies":  # drawn beforehand; the copies stand one after the other
        random = np.random.default_rng(seed)
        stored = [random.integers(0, counts) for _ in range(copies)]
        whole = tf.data.Dataset.from_tensor_slices(stored[0])
        for one in stored[1:]:
            whole = whole.concatenate(tf.data.Dataset.from_tensor_slices(one))
        return whole.repeat().take(epochs * items).map(lambda place: tf.cast(place, int32))

    def place(n):  # type: ignore[no-untyped-def]
        epoch, x = n // items, n % items
        if method == "cyclic":  # x starts at place x, and goes on by one
            return tf.cast((epoch + x) % tf.cast(counts[x], tf.int64), int32)
        return tf.random.stateless_uniform([], tf.stack([seed + epoch, x]), 0, counts[x], int32)

    return tf.data.Dataset.range(epochs * items).map(place, parallel if parallel > 1 else None)


def all_epochs(counts, method, epochs, passes, seed, parallel, copies):  # type: ignore[no-untyped-def]
    """Which place of its list every x draws in every epoch: int32[x, epoch]."""
    import tensorflow as tf

    items = len(counts)
    if method in ("stateless", "copies", "cyclic"):
        whole = draw_by_epoch(counts, method, epochs, seed, parallel, copies).batch(items)
        return tf.stack(list(untuned(whole)), axis=1)
    base = tf.data.Dataset.range(items)
    if passes == "repeat before":  # one long pass over x, x, x, …
        whole = draw_in_map(base.repeat(epochs), counts, method, seed, parallel)
    else:
        whole = draw_in_map(base, counts, method, seed, parallel)
    if passes == "repeat after":
        whole = whole.repeat(epochs)
    whole = untuned(whole.batch(items))
    rounds = epochs if passes == "loop" else 1  # a new iterator for every epoch, as fit and for loops do
    return tf.stack([places for _ in range(rounds) for places in whole], axis=1)


def seen_pairs(places, draws):  # type: ignore[no-untyped-def]
    """Where a pair is met for the first time, float32[x, epoch], and draws per place, int32[x, place]."""
    drawn = np.asarray(draws)
    new = [[y not in row[:epoch] for epoch, y in enumerate(row)] for row in drawn.tolist()]
    most = int(np.max(places)) + 1
    return np.array(new, "float32"), np.stack(
        [np.bincount(row, minlength=most) for row in np.asarray(places)]
    )
