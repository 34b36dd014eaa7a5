"""The parts of a backward pass by hand, in plain TensorFlow; the code tab shows them.

Each mistake is one that people make: the right line stands last.
"""

from __future__ import annotations


def activate(z, kind: str):  # type: ignore[no-untyped-def]
    """An activation, cell by cell."""
    import tensorflow as tf

    functions = {
        "relu": tf.nn.relu,
        "maximum-z-0": lambda z: tf.maximum(z, 0.0),
        "maximum-0-z": lambda z: tf.maximum(0.0, z),
        "clip": lambda z: tf.clip_by_value(z, 0.0, 1.0),
        "leaky-relu": lambda z: tf.nn.leaky_relu(z, 0.2),
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "linear": lambda z: z,
    }
    return functions[kind](z)


def slope_of(z, a, kind: str, mistake: str):  # type: ignore[no-untyped-def]
    """da/dz cell by cell, on the side that TensorFlow chooses where the activation has a kink."""
    import tensorflow as tf

    if mistake == "no-derivative":
        return tf.ones_like(z)
    if mistake == "derivative-at-output":  # f'(a) instead of f'(z)
        z, a = a, activate(a, kind)
    if mistake == "below-zero" and kind == "relu":  # gradient[z < 0] = 0: exactly 0 still passes
        return tf.cast(z >= 0, z.dtype)
    if kind in ("relu", "maximum-0-z"):
        return tf.cast(z > 0, z.dtype)
    if kind == "maximum-z-0":
        return tf.cast(z >= 0, z.dtype)
    if kind == "clip":
        return tf.cast((z >= 0) & (z <= 1), z.dtype)
    if kind == "leaky-relu":
        return tf.where(z > 0, tf.ones_like(z), tf.fill(tf.shape(z), tf.cast(0.2, z.dtype)))
    return 1 - a * a if kind == "tanh" else a * (1 - a)


def loss_of(output, y, loss: str):  # type: ignore[no-untyped-def]
    """The loss, one number: summed or averaged squares, or cross-entropy, averaged over samples."""
    import tensorflow as tf

    if loss == "cross-entropy":
        labels = tf.broadcast_to(y, tf.shape(output))
        each = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=output)
        return tf.reduce_mean(each, axis=-1)
    total = tf.reduce_sum if loss == "sum" else tf.reduce_mean
    return total(tf.math.squared_difference(output, y), axis=[-2, -1])


def loss_gradient(output, y, loss: str, mistake: str):  # type: ignore[no-untyped-def]
    """dL/d output: float[sample, output]."""
    import tensorflow as tf

    if loss == "cross-entropy":
        gradient, averaged = tf.nn.softmax(output) - y, output.shape[0]
    else:
        gradient, averaged = 2 * (output - y), output.shape[0] * output.shape[1]
    if loss == "sum" or mistake == "sum-for-mean":
        return gradient
    return gradient / averaged


def weight_gradient(given, z_before, delta, mistake: str):  # type: ignore[no-untyped-def]
    """dL/dW = givenᵀ · delta, float[input, unit]: what came in, and what the layer is blamed for."""
    import tensorflow as tf

    if mistake == "no-transpose":
        return given @ delta
    if mistake == "elementwise":
        return tf.transpose(given) * delta
    if mistake == "z-for-a":  # what came in, but from before its activation
        given = z_before
    return tf.matmul(given, delta, transpose_a=True)


def passed_back(delta, w, mistake: str):  # type: ignore[no-untyped-def]
    """dL/d input = delta · Wᵀ: float[sample, input]."""
    import tensorflow as tf

    if mistake == "w-not-transposed":
        return delta @ w
    return tf.matmul(delta, w, transpose_b=True)


def forward(x, weights, biases, activations):  # type: ignore[no-untyped-def]
    """Every layer's tensors by name: given, z and a = activation(z); with a bias also aw = given · W."""
    layers = []
    for number, kind in enumerate(activations):
        layer = {"given": x, "aw": x @ weights[number]}
        layer["z"] = layer["aw"] + biases[number] if biases else layer["aw"]
        x = layer["a"] = activate(layer["z"], kind)
        layers.append(layer)
    return layers


def backward(layers, y, weights, biases, activations, loss, mistake="none"):  # type: ignore[no-untyped-def]
    """By hand, from the loss to the first layer: da, slope, dz, dw (and db) of every layer."""
    import tensorflow as tf

    found = [{} for _ in layers]
    da = loss_gradient(layers[-1]["a"], y, loss, mistake)
    for number in reversed(range(len(layers))):
        layer, own = layers[number], found[number]
        own["da"] = dz = da
        if activations[number] != "linear":
            own["slope"] = slope_of(layer["z"], layer["a"], activations[number], mistake)
            own["dz"] = dz = da * own["slope"]
        before = layers[number - 1]["z"] if number else layer["given"]
        own["dw"] = weight_gradient(layer["given"], before, dz, mistake)
        if biases:
            own["db"] = tf.reduce_sum(dz, axis=0)
        if number:
            da = passed_back(dz, weights[number], mistake)
    return found


def train(x, y, weights, biases, activations, loss, mistake, rate, steps, report):  # type: ignore[no-untyped-def]
    """Gradient descent with the gradients by hand; the loss before every step and after the last."""
    import tensorflow as tf

    losses, rate = [], tf.constant(rate, x.dtype)
    for step in range(steps + 1):
        layers = forward(x, weights, biases, activations)
        losses.append(loss_of(layers[-1]["a"], y, loss))
        if step == steps:
            break
        if step and step % 50 == 0:
            report(f"step {step} of {steps}", step / steps)
        own = backward(layers, y, weights, biases, activations, loss, mistake)
        weights = [w - rate * layer["dw"] for w, layer in zip(weights, own, strict=True)]
        biases = [b - rate * layer["db"] for b, layer in zip(biases, own if biases else [], strict=True)]
    return tf.stack(losses)


def finite_differences(x, y, weights, biases, activations, loss, number, nudge=1e-5):  # type: ignore[no-untyped-def]
    """dL/dW of one layer, weight by weight: (L(w + nudge) - L(w - nudge)) / (2 nudge), in float64."""
    import tensorflow as tf

    x, y = tf.cast(x, tf.float64), tf.cast(y, tf.float64)
    weights = [tf.cast(w, tf.float64) for w in weights]
    biases = [tf.cast(b, tf.float64) for b in biases]
    w = weights[number]
    size = w.shape[0] * w.shape[1]
    each = nudge * tf.reshape(tf.eye(size, dtype=tf.float64), [size, *w.shape])  # one weight a slice
    weights[number] = w + tf.concat([each, -each], axis=0)
    up, down = tf.split(loss_of(forward(x, weights, biases, activations)[-1]["a"], y, loss), 2)
    return tf.reshape((up - down) / (2 * nudge), w.shape)


SHOWN = (
    activate,
    slope_of,
    loss_of,
    loss_gradient,
    weight_gradient,
    passed_back,
    forward,
    backward,
    train,
    finite_differences,
)
