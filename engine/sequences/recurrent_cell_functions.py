"""The parts of recurrent-cell in plain TensorFlow; the code tab shows them too.

Equations and the order of gates inside a kernel are Keras' own (keras/src/layers/rnn/lstm.py, gru.py,
simple_rnn.py): LSTM i, f, g, o (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000);
GRU z, r, g (Cho et al. 2014), where reset_after is the form of cuDNN.
"""

from __future__ import annotations

import functools

import numpy as np


def series(kind, batch, steps, features, kept, seed):  # type: ignore[no-untyped-def]
    """The input, float32[batch, time, feature]; padding is 0. kept: 1 or 0 for each batch × time."""
    x = np.random.default_rng(seed).normal(size=(batch, steps, features))
    if kind != "random":
        sample, time, feature = np.meshgrid(*map(np.arange, x.shape), indexing="ij")
        x = np.sin(2 * np.pi * (time / 8 + sample / 5 + feature / features))
    if kind == "impulse":
        x = np.where(time == 0, 1.0 + feature / 2, 0.0)
    return (x * np.reshape(kept, (batch, steps, 1))).astype("float32")


def start_weights(cell, features, units, gain, bias, unit_forget_bias, reset_after, seed):  # type: ignore[no-untyped-def]
    """Kernels as Keras starts them: glorot uniform, orthogonal rows (times `gain`), bias 0 (forget gate 1)."""
    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[cell]
    generator = np.random.default_rng(seed + 1)
    limit = (6 / (features + gates * units)) ** 0.5
    kernel = generator.uniform(-limit, limit, (features, gates * units))
    q, r = np.linalg.qr(generator.normal(size=(gates * units, units)))
    weights = [kernel, gain * (q * np.sign(np.diag(r))).T]
    if bias:
        double = cell == "GRU" and reset_after
        start = np.zeros((2, gates * units) if double else gates * units)
        if cell == "LSTM" and unit_forget_bias:
            start[units : 2 * units] = 1
        weights.append(start)
    return [weight.astype("float32") for weight in weights]


def activate(name, x):  # type: ignore[no-untyped-def]
    """What `activation` names."""
    import tensorflow as tf

    return {"tanh": tf.tanh, "relu": tf.nn.relu, "linear": tf.identity}[name](x)


def simple_rnn_step(from_input, h_before, weights, activation):  # type: ignore[no-untyped-def]
    """One step. from_input: x · kernel, float32[batch, unit]; h_before: float32[batch, unit]."""
    _, recurrent, bias = [*weights, 0.0][:3]
    from_state = h_before @ recurrent
    return {"from_state": from_state, "h_new": activate(activation, from_input + from_state + bias)}


def lstm_step(from_input, h_before, c_before, weights, activation):  # type: ignore[no-untyped-def]
    """One step: gates in (0, 1) decide what is kept of c, what is added to it, what of it is shown."""
    import tensorflow as tf

    _, recurrent, bias = [*weights, 0.0][:3]
    from_state = h_before @ recurrent
    i, f, g, o = tf.split(from_input + from_state + bias, 4, axis=-1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), activate(activation, g), tf.sigmoid(o)
    c = f * c_before + i * g
    found = {"from_state": from_state, "i": i, "f": f, "g": g, "o": o}
    return {**found, "c_new": c, "h_new": o * activate(activation, c)}


def gru_step(from_input, h_before, weights, activation, reset_after):  # type: ignore[no-untyped-def]
    """One step: z mixes the state before with a candidate; r says how much of it the candidate sees."""
    import tensorflow as tf

    _, recurrent, bias = [*weights, None][:3]
    units = recurrent.shape[0]
    inputs, states = (0.0, 0.0) if bias is None else tf.unstack(bias) if reset_after else (bias, 0.0)
    from_state = h_before @ (recurrent if reset_after else recurrent[:, : 2 * units])
    xz, xr, xg = tf.split(from_input + inputs, 3, axis=-1)
    by_state = tf.split(from_state + states, 3 if reset_after else 2, axis=-1)
    z, r = tf.sigmoid(xz + by_state[0]), tf.sigmoid(xr + by_state[1])
    found = {"from_state": from_state, "z": z, "r": r}
    if reset_after:
        g = activate(activation, xg + r * by_state[2])
    else:
        found["remembered"] = r * h_before
        found["from_remembered"] = found["remembered"] @ recurrent[:, 2 * units :]
        g = activate(activation, xg + found["from_remembered"])
    return {**found, "g": g, "h_new": z * h_before + (1 - z) * g}


def step_of(cell, weights, activation, reset_after):  # type: ignore[no-untyped-def]
    """The step of this cell as a function of x · kernel and the states before; `weights` are in it already."""
    if cell == "LSTM":
        return lambda from_input, h, c: lstm_step(from_input, h, c, weights, activation)
    if cell == "GRU":
        return lambda from_input, h: gru_step(from_input, h, weights, activation, reset_after)
    return lambda from_input, h: simple_rnn_step(from_input, h, weights, activation)


def walk(inputs, kept, start, calls, stateful, step, zero_output):  # type: ignore[no-untyped-def]
    """Step by step through several calls of a layer: states and outputs of each step, as lists.

    inputs: x · kernel, a list of float32[batch, gate]; kept: bool[batch, time, 1] or None; start: [h] or [h, c].
    A call starts from `start`, or (stateful) from the values that the call before left: no gradient comes back.
    """
    import tensorflow as tf

    found = {"new": [], "states": [], "y": []}
    states, zeros = start, tf.zeros_like(start[0])
    real = None if kept is None else tf.unstack(kept, axis=1)
    for time, from_input in enumerate(inputs):
        if time % (len(inputs) // calls) == 0:
            states = [tf.stop_gradient(state) for state in states] if stateful and time else start
            y = zeros
        made = step(from_input, *states)
        new = [made[name] for name in ("h_new", "c_new") if name in made]
        if real is None:
            states, y = new, new[0]
        else:
            states = [tf.where(real[time], one, before) for one, before in zip(new, states)]  # noqa: B905
            y = tf.where(real[time], new[0], zeros if zero_output else y)
        for name, value in (("new", new), ("states", states), ("y", y)):
            found[name].append(value)
    return found


def slopes(x, kernel, kept, start, calls, stateful, step, zero_output, loss):  # type: ignore[no-untyped-def]
    """The walk, and the gradient of Σ of its last output (or all of the last call) at every step.

    gradient_x: float32[batch, time, feature]; gradient_h, gradient_c: float32[batch, time, unit], in the
    states as they are computed; flow: float32[batch, time], the length of gradient_h; reached: int32[time],
    0 where the gradient is None because no path leads from there to the loss.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        from_input = x @ kernel
        found = walk(tf.unstack(from_input, axis=1), kept, start, calls, stateful, step, zero_output)
        counted = 1 if loss == "last" else x.shape[1] // calls
        total = tf.add_n([tf.reduce_sum(y) for y in found["y"][-counted:]])
    computed = {name: list(new) for name, new in zip("hc", zip(*found["new"]))}  # noqa: B905
    answers = tape.gradient(total, {"x": x, **computed})
    results = {"gradient_x": answers.pop("x")}
    for name, values in answers.items():
        filled = [tf.zeros_like(s) if v is None else v for s, v in zip(computed[name], values)]  # noqa: B905
        results[f"gradient_{name}"] = tf.stack(filled, axis=1)
    results["reached"] = tf.constant([int(slope is not None) for slope in answers["h"]])
    results["flow"] = tf.norm(results["gradient_h"], axis=-1)
    return found, results


def states_before(states, start, calls, stateful):  # type: ignore[no-untyped-def]
    """What every step of the walk started from, h and c: [float32[batch, time, unit], ...]."""
    import tensorflow as tf

    steps, before = len(states), []
    for place, first in enumerate(start):
        walked = [first, *(state[place] for state in states[:-1])]
        for time in range(steps // calls, steps, steps // calls):  # where a call begins
            walked[time] = tf.stop_gradient(walked[time]) if stateful else first
        before.append(tf.stack(walked, axis=1))
    return before


def all_steps(x, weights, before, mask, step):  # type: ignore[no-untyped-def]
    """All steps at once, from the states the walk found before them: every number of a step by its name."""
    import tensorflow as tf

    results = {"x": x, **dict(zip(("kernel", "recurrent", "bias"), weights))}  # noqa: B905
    results |= dict(zip(("h_before", "c_before"), before))  # noqa: B905
    results["from_input"] = x @ weights[0]
    results |= step(results["from_input"], *before)
    for name, state in zip("hc", before):  # noqa: B905
        if mask is None:
            results[name] = results.pop(f"{name}_new")
        else:
            results[name] = tf.where(mask[..., tf.newaxis] != 0, results[f"{name}_new"], state)
    return results


def handed_out(results, calls, sequences, return_state):  # type: ignore[no-untyped-def]
    """What the layer answers: all outputs or each call's last, and perhaps the states it ends in."""
    import tensorflow as tf

    y = results.get("y", results["h"])
    batch, time, units = y.shape
    steps, by_call = time // calls, [calls] if calls > 1 else []
    shape = [batch, *by_call, *([steps] if sequences else []), units]
    answer = {"output": tf.reshape(y if sequences else y[:, steps - 1 :: steps], shape)}
    for name in ("h", "c"):
        if return_state and name in results:
            ends = results[name][:, steps - 1 :: steps]
            answer[f"state_{name}"] = tf.reshape(ends, [batch, *by_call, units])
    return answer


@functools.lru_cache(maxsize=64)
def keras_layer(cell, shape, units, activation, bias, reset_after, sequences, stateful, zero_output):  # type: ignore[no-untyped-def]
    """Keras' own layer for sequences of any length, and how it is called: compiled once. shape: [batch, feature]."""
    import keras
    import tensorflow as tf

    given = {"reset_after": reset_after} if cell == "GRU" else {}
    layer = getattr(keras.layers, cell)(
        units,
        activation=activation,
        use_bias=bias,
        return_sequences=sequences,
        return_state=True,
        stateful=stateful,
        zero_output_for_mask=zero_output,
        **given,
    )
    batch, features = shape
    layer.build((batch, None, features))
    length = tf.TensorSpec([batch, None, features])
    state = [tf.TensorSpec([batch, units])] * (2 if cell == "LSTM" else 1)
    masks = tf.TensorSpec([batch, None], tf.bool)
    plain = tf.function(lambda x, start: layer(x, initial_state=start), input_signature=[length, state])
    masked = tf.function(
        lambda x, start, mask: layer(x, mask=mask, initial_state=start),
        input_signature=[length, state, masks],
    )
    return layer, plain, masked


def keras_calls(built, x, mask, start, weights, calls):  # type: ignore[no-untyped-def]
    """What the layer answers to call after call: [output, states ...], stacked over the calls (axis 1).

    Only its numbers are compared, so any tape is paused (init_scope): following the layer takes it a second.
    """
    import tensorflow as tf

    layer, plain, masked = built
    layer.set_weights(weights)
    steps, answers = x.shape[1] // calls, []
    for place in range(calls):
        piece = slice(place * steps, (place + 1) * steps)
        first = layer.states if layer.stateful and place else start
        with tf.init_scope():
            given = (x[:, piece], [tf.convert_to_tensor(state) for state in first])
            answers.append(plain(*given) if mask is None else masked(*given, mask[:, piece, 0]))
    return [tf.stack(part, axis=1) for part in zip(*answers)]  # noqa: B905
