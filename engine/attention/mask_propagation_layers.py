"""Stacks of Keras layers, called with their mask, without it, and with the mask put back by hand.

All of these functions are shown on the code tab; TensorFlow is imported inside them.
"""

from __future__ import annotations

import functools

import numpy as np

WINDOWS = {"conv1d-same": 1, "conv1d-valid": 3, "max-pooling": 2, "average-pooling": 2}  # timesteps needed
KINDS = (
    "lstm-sequence",
    "lstm-last",
    "gru-sequence",
    "bidirectional",
    "dense",
    "time-distributed",
    *WINDOWS,
    "flatten",
    "global-average",
    "global-max",
    "dropout",
    "layer-norm",
    "batch-norm",
    "relu",
    "softmax",
    "lambda",
    "times-2",
    "reshape",
    "masking",
    "attention",
    "multi-head",
    "multi-head-residual",
)


def steps_after(kinds, steps):  # type: ignore[no-untyped-def]
    """Timesteps before each layer; shorter where one has no window left: TensorFlow must not see that."""
    windows = {"conv1d-valid": 3, "max-pooling": 2, "average-pooling": 2}
    found = [steps]
    for kind in kinds:
        width = windows.get(kind, 1)
        if kind in ("lstm-last", "flatten", "global-average", "global-max") or steps < width:
            break  # no timesteps are left, or no window
        steps = steps // 2 if width == 2 else steps - width + 1
        found.append(steps)
    return found


def made_layer(kind, units, features, name, unroll):  # type: ignore[no-untyped-def]
    """One layer: what to call on a tensor, and the Keras layers inside."""
    import keras

    layers = keras.layers
    if kind == "times-2":  # plain TensorFlow, as people write between two layers
        return lambda x: x * 2.0, []
    if kind == "multi-head-residual":
        attend, add = layers.MultiHeadAttention(1, units), layers.Add(name=name)
        return lambda x: add([x, attend(x, x)]), [attend, add]
    recurrent = {"return_sequences": True, "unroll": unroll}
    makers = {
        "lstm-sequence": lambda: layers.LSTM(units, name=name, **recurrent),
        "lstm-last": lambda: layers.LSTM(units, name=name, unroll=unroll),
        "gru-sequence": lambda: layers.GRU(units, name=name, **recurrent),
        "bidirectional": lambda: layers.Bidirectional(layers.LSTM(units, **recurrent), name=name),
        "dense": lambda: layers.Dense(units, name=name),
        "time-distributed": lambda: layers.TimeDistributed(layers.Dense(units), name=name),
        "conv1d-same": lambda: layers.Conv1D(units, 3, padding="same", name=name),
        "conv1d-valid": lambda: layers.Conv1D(units, 3, name=name),
        "max-pooling": lambda: layers.MaxPooling1D(2, name=name),
        "average-pooling": lambda: layers.AveragePooling1D(2, name=name),
        "flatten": lambda: layers.Flatten(name=name),
        "global-average": lambda: layers.GlobalAveragePooling1D(name=name),
        "global-max": lambda: layers.GlobalMaxPooling1D(name=name),
        "dropout": lambda: layers.Dropout(0.5, name=name),
        "layer-norm": lambda: layers.LayerNormalization(name=name),
        "batch-norm": lambda: layers.BatchNormalization(name=name),
        "relu": lambda: layers.Activation("relu", name=name),
        "softmax": lambda: layers.Softmax(name=name),
        "lambda": lambda: layers.Lambda(lambda x: x * 2.0, name=name),
        "reshape": lambda: layers.Reshape((-1, features), name=name),
        "masking": lambda: layers.Masking(0.0, name=name),
        "attention": lambda: layers.Attention(name=name),
        "multi-head": lambda: layers.MultiHeadAttention(1, units, name=name),
    }
    layer = makers[kind]()
    calls = {"multi-head": lambda x: layer(x, x), "attention": lambda x: layer([x, x])}
    return calls.get(kind, layer), [layer]


@functools.lru_cache(maxsize=32)
def made_stack(kinds, units, features, steps, seed, unroll):  # type: ignore[no-untyped-def]
    """All layers built, up to the first that refuses its input's shape; kernels are seeded."""
    import tensorflow as tf

    x, stack = tf.zeros([1, steps, features]), []
    for place, (kind, size) in enumerate(zip(kinds, units, strict=True), 1):
        name = f"{kind.replace('-', '_')}_{place}"
        stack.append(made_layer(kind, size, x.shape[-1], name, unroll))
        call, parts = stack[-1]
        try:
            x = call(tf.identity(x))
        except Exception:  # the same call is made again with real values, and its error kept
            break
        random = np.random.default_rng([seed, place])
        for variable in [one for part in parts for one in part.trainable_weights]:
            if len(variable.shape) > 1:
                shape = tuple(variable.shape)
                variable.assign(random.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape))
    return stack


def heard_call(call, x, mask):  # type: ignore[no-untyped-def]
    """Call a layer on x with a mask attached, as Keras attaches it: output, its mask, and what was warned."""
    import warnings

    import tensorflow as tf

    x = tf.identity(x)  # a tensor of its own: an operation's answer carries no mask
    if mask is not None:
        x._keras_mask = mask
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        y = call(x)
    said = " ".join(str(one.message) for one in heard if "mask" in str(one.message))
    return y, getattr(y, "_keras_mask", None), said


def repaired_call(call, kind, x, mask):  # type: ignore[no-untyped-def]
    """The same layer with its mask put back by hand: output and mask."""
    import tensorflow as tf

    if mask is None or len(x.shape) != 3:
        return heard_call(call, x, mask)[:2]
    kept = mask[..., None]
    if kind == "conv1d-same":  # zeros are what the end of a shorter sequence would be padded with
        return call(tf.where(kept, x, 0.0)), mask
    if kind in ("conv1d-valid", "max-pooling", "average-pooling"):  # keep windows of real steps only
        width, stride = (3, 1) if kind == "conv1d-valid" else (2, 2)
        last = (mask.shape[1] - width) // stride * stride
        windows = [mask[:, tap : tap + last + 1 : stride] for tap in range(width)]
        return call(tf.where(kept, x, 0.0)), tf.reduce_all(tf.stack(windows), axis=0)
    if kind == "flatten":  # the width stays, but what the padding holds no longer matters
        return call(tf.where(kept, x, 0.0)), None
    if kind == "global-max":
        return call(tf.where(kept, x, x.dtype.min)), None
    if kind in ("softmax", "lambda", "times-2", "reshape"):  # each timestep by itself
        return call(tf.identity(x)), mask
    y, carried, _ = heard_call(call, x, mask)
    return y, mask if kind in ("multi-head-residual", "masking") else carried
