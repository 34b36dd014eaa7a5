"""A one-dimensional convolution slides along the steps, and its kernels span all channels.

The sum for one filter is shown channel by channel before it is added up. Stopping before that
sum is a depthwise convolution; groups and separable layers lie in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from engine.convolution import conv1d_channels_story
from engine.convolution.conv1d_channels_sizes import (
    LAYOUTS,
    MODES,
    groups_of,
    layer_of,
    layout_of,
    mode_of,
)
from engine.errors import Rejected
from engine.parameter_lists import Numbers
from engine.parameters import Choice, Integer, Pair, Toggle
from engine.technique import Cost, Made, Story

MOST_STEPS = 1000
REFUSALS = {
    "full": "Keras has no full: pad span - 1 zeros on both sides by hand, then valid",
    "explicit": "for zeros of your own call tf.pad first, then valid",
}
PARAMETERS = (
    Choice("mode", "full", MODES, "which channels meet in a kernel"),
    Integer("kernel", 6, 1, 32, "taps of a kernel along the steps"),
    Integer("steps", 800, 1, MOST_STEPS, "length of the signal, T"),
    Integer("channels", 10, 1, 16, "channels of the signal, C"),
    Integer("filters", 16, 1, 32, "filters of the layer, F"),
    Integer("multiplier", 1, 1, 16, "depthwise kernels for each channel"),
    Integer("groups", 2, 1, 16, "groups of channels with filters of their own"),
    Integer("stride", 1, 1, 16, "steps that the window moves by"),
    Integer("dilation", 1, 1, 8, "steps between two taps"),
    Choice("padding", "valid", ("valid", "same", "causal"), "zeros around the signal", REFUSALS),
    Toggle("sum_channels", True, "add the sums of all channels up, as Conv1D does"),
    Toggle("bias", True, "add one number for each output channel"),
    Choice("layout", "conv1d", LAYOUTS, "how the same layer is written"),
    Pair("unit", (0, 0), 0, MOST_STEPS, "output channel and output step that are looked at"),
    Choice("pattern", "waves", ("waves", "ramp", "impulse", "ones", "random"), "what the signal holds"),
    Choice("weights", "random", ("random", "ones"), "what the kernels hold"),
    Numbers("signal", None, 1, 512, about="the signal, step by step, in place of the pattern"),
    Numbers("taps", None, 1, 512, about="the kernel, last axis fastest, in place of random numbers"),
    Integer("built_channels", None, 1, 64, "channels the layer was built for; left out: C"),
    Toggle("batch_axis", True, "the input has a batch axis"),
    Integer("seed", 0, 0, 9999, "seed of random weights and values"),
)


def check(**parameters: Any) -> None:
    """Everything Keras would refuse, and the empty output it would not always notice."""
    _input(**parameters)
    _combination(parameters)
    layer, steps, channels = layer_of(parameters), parameters["steps"], parameters["channels"]
    output, step = parameters["unit"]
    if output >= layer.outputs or step >= layer.length:
        expected = f"channel 0 to {layer.outputs - 1} and step 0 to {layer.length - 1}"
        raise Rejected("unit", f"{output}x{step}", expected, "choose a unit inside the output", {"unit": 0})
    _typed("signal", parameters["signal"], steps * channels, f"{steps} steps of {channels}")
    shape = layer.kernel_shape
    _typed("taps", parameters["taps"], prod(shape), "a kernel of " + " x ".join(map(str, shape)))


def _input(steps: int, channels: int, built_channels: int | None, batch_axis: bool, **_: Any) -> None:
    if not batch_axis:
        fix = (
            "add the batch axis: x[None]; Keras answers: expected min_ndim=3, found ndim=2. "
            f"Full shape received: ({steps}, {channels})"
        )
        received = f"an input of rank 2, [{steps}, {channels}]"
        raise Rejected("batch_axis", received, "rank 3, [batch, step, channel]", fix, {"batch_axis": True})
    if built_channels not in (None, channels):
        fix = (
            f"feed {built_channels} channels or build a new layer; Keras answers: expected axis -1 of input shape to "
            f"have value {built_channels}, but received input with shape (1, {steps}, {channels})"
        )
        received = f"a layer built for {built_channels} channels and a signal of {channels}"
        raise Rejected("built_channels", received, str(channels), fix, {"built_channels": None})


def _combination(parameters: Mapping[str, Any]) -> None:
    stride, dilation = parameters["stride"], parameters["dilation"]
    if stride > 1 and dilation > 1 and mode_of(parameters) in ("full", "grouped"):
        fix = (
            "set one of them to 1, or use a depthwise or separable layer; Keras answers: `strides > 1` not supported "
            "in conjunction with `dilation_rate > 1`"
        )
        received = f"stride {stride} with dilation {dilation}"
        raise Rejected("stride", received, "one of the two is 1 in Conv1D", fix, {"stride": 1})
    if parameters["padding"] == "causal" and layout_of(parameters) != "conv1d":
        fix = (
            "write it as Conv1D, or pad kernel - 1 zeros before by hand; Keras answers: The `padding` argument must be "
            "a list/tuple or one of {'valid', 'same'}"
        )
        raise Rejected("padding", "causal in a Conv2D", "valid or same", fix, {"layout": "conv1d"})


def _typed(name: str, values: Sequence[float] | None, count: int, what: str) -> None:
    if values is not None and len(values) != count:
        fix = f"write {count} numbers, or clear them"
        raise Rejected(name, f"{len(values)} numbers", f"{count}, for {what}", fix, {name: None})


def cost(**parameters: Any) -> Cost:
    """The signal, its windows and the outputs, a few times each; a dilated kernel with its gaps."""
    layer = layer_of(parameters)
    taps, inputs, last = layer.kernel_shape
    windows = layer.length * taps * parameters["channels"]
    outputs = layer.length * layer.outputs
    between = layer.length * parameters["channels"] * last if layer.pointwise_shape else 0
    spread = layer.along.span * inputs * last
    through = 2 * layer.length * spread + 2 * between * layer.outputs
    cells = 4 * parameters["steps"] * parameters["channels"] + 2 * windows + 8 * outputs + 4 * between
    return Cost(4 * (cells + 6 * spread), 8 * through + 4 * windows * last)


def made_signal(pattern: str, steps: int, channels: int, seed: int) -> np.ndarray[Any, Any]:
    """A signal, float32[1, step, channel]."""
    step, channel = np.mgrid[0:steps, 0:channels]
    signal = {
        "waves": np.sin(2 * np.pi * step * (channel + 1) / 80),
        "ramp": step + 1 + steps * channel,
        "impulse": (step == steps // 2) & (channel == 0),
        "ones": np.ones((steps, channels)),
        "random": np.random.default_rng(seed).normal(size=(steps, channels)),
    }[pattern]
    return np.asarray(signal, "float32")[None]


def made_weights(shape: tuple[int, ...], weights: str, seed: int) -> np.ndarray[Any, Any]:
    """Random numbers that keep the size of what they are multiplied by, or ones."""
    if weights == "ones":
        return np.ones(shape, "float32")
    inputs = np.prod(shape[:-1])
    return np.asarray(np.random.default_rng(seed).normal(size=shape) / np.sqrt(inputs), "float32")


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `conv1d_channels` is called with."""
    layer, seed, weights = layer_of(parameters), parameters["seed"], parameters["weights"]
    steps, channels = parameters["steps"], parameters["channels"]
    x: Any = Made(made_signal, {n: parameters[n] for n in ("pattern", "steps", "channels", "seed")})
    if parameters["signal"] is not None:
        x = np.reshape(np.array(parameters["signal"], "float32"), (1, steps, channels))
    w: Any = Made(made_weights, {"shape": layer.kernel_shape, "weights": weights, "seed": seed})
    if parameters["taps"] is not None:
        w = np.reshape(np.array(parameters["taps"], "float32"), layer.kernel_shape)
    point = {"shape": layer.pointwise_shape, "weights": weights, "seed": seed + 1}
    return {
        "x": x,
        "w": w,
        "p": Made(made_weights, point) if layer.pointwise_shape else None,
        "b": Made(made_weights, {"shape": (layer.outputs,), "weights": weights, "seed": seed + 2}),
        "mode": layer.mode,
        "layout": layout_of(parameters),
        "padding": parameters["padding"],
        "pads": [layer.along.before, layer.along.after],
        "stride": parameters["stride"],
        "dilation": parameters["dilation"],
        "bias": parameters["bias"],
        "unit": parameters["unit"],
        "chosen": layer.chosen(parameters["unit"][0], groups_of(parameters)),
    }


def spread_taps(w, dilation: int):  # type: ignore[no-untyped-def]
    """Zeros between the taps: TensorFlow has no gradient of a dilated convolution on every CPU."""
    import tensorflow as tf

    taps, *rest = w.shape
    gaps = [[0, 0], [0, dilation - 1], *[[0, 0]] * len(rest)]
    return tf.reshape(tf.pad(w[:, None], gaps), [taps * dilation, *rest])[: (taps - 1) * dilation + 1]


def convolve(x, w, mode, pads, stride, dilation):  # type: ignore[no-untyped-def]
    """x: float32[batch, step, channel], w: float32[tap, input channel, filter]; the layer's sums."""
    import tensorflow as tf

    x, w = tf.pad(x, [[0, 0], pads, [0, 0]]), spread_taps(w, dilation)
    if w.shape[0] == 1:  # TensorFlow 2.21's gradient of a strided 1-tap convolution ends the
        x, stride = x[:, ::stride], 1  # process on CPUs with oneDNN: take the steps first
    if mode in ("depthwise", "separable"):  # no sum over channels: output c * multiplier + m
        return tf.nn.depthwise_conv2d(x[:, None], w[None], [1, stride, stride, 1], "VALID")[:, 0]
    groups = x.shape[2] // w.shape[1]  # one by one: grouped gradients exist on some CPUs only
    pairs = zip(tf.split(x, groups, axis=2), tf.split(w, groups, axis=2), strict=True)
    return tf.concat([tf.nn.conv1d(part, kernel, stride, "VALID") for part, kernel in pairs], axis=2)


def convolve_2d(x, w, layout, pads, stride, dilation):  # type: ignore[no-untyped-def]
    """The same as Conv2D, on T x 1 pixels of C colours, or on a grey picture of T x C pixels."""
    import tensorflow as tf

    column = layout == "conv2d-column"
    image, kernel = (x[:, :, None], w[:, None]) if column else (x[..., None], w[:, :, None])
    padded = tf.pad(image, [[0, 0], pads, [0, 0], [0, 0]])
    if w.shape[0] == 1:  # as in convolve
        padded, stride = padded[:, ::stride], 1
    maps = tf.nn.conv2d(padded, spread_taps(kernel, dilation), [stride, 1], "VALID")
    return image, kernel, maps


def by_windows(x, w, mode, pads, stride, dilation):  # type: ignore[no-untyped-def]
    """The layer's sums by one einsum over windows cut out of the signal."""
    import tensorflow as tf

    padded = tf.pad(x, [[0, 0], pads, [0, 0]])
    first = np.arange(0, padded.shape[1] - (w.shape[0] - 1) * dilation, stride)
    windows = tf.gather(padded, first[:, None] + dilation * np.arange(w.shape[0]), axis=1)
    if mode in ("depthwise", "separable"):
        sums = tf.einsum("btkc,kcm->btcm", windows, w)
    else:
        groups = x.shape[2] // w.shape[1]
        windows = tf.reshape(windows, [*windows.shape[:3], groups, -1])
        sums = tf.einsum("btkgc,kcgf->btgf", windows, tf.reshape(w, [*w.shape[:2], groups, -1]))
    return tf.reshape(sums, [1, len(first), -1])


def keras_layer(x, w, p, b, mode, padding, pads, stride, dilation, bias):  # type: ignore[no-untyped-def]
    """What Keras' own layer with these weights answers, and how many parameters it counts."""
    import keras
    import tensorflow as tf

    taps, groups = w.shape[0], x.shape[2] // w.shape[1]
    padded = tf.pad(x, [[0, 0], pads, [0, 0]])
    if padding == "causal" and mode in ("depthwise", "separable"):
        x, padding = padded, "valid"  # Keras refuses causal here
    settings = {"strides": stride, "dilation_rate": dilation, "use_bias": bias, "padding": padding}
    if mode == "depthwise":
        layer = keras.layers.DepthwiseConv1D(taps, depth_multiplier=w.shape[2], **settings)
    elif mode == "separable":
        layer = keras.layers.SeparableConv1D(p.shape[2], taps, depth_multiplier=w.shape[2], **settings)
    else:
        layer = keras.layers.Conv1D(w.shape[2], taps, groups=groups, **settings)
    layer.build(x.shape)
    layer.set_weights([w, *([] if p is None else [p]), *([b] if bias else [])])
    if groups == 1 or mode != "grouped":
        return layer(x), layer.count_params()
    # Keras compiles a grouped layer anew for every shape; TensorFlow's operation is what it compiles.
    theirs = tf.nn.conv1d(padded, spread_taps(w, dilation), stride, "VALID")
    return (theirs + b if bias else theirs), layer.count_params()


def channel_sums(x, w, p, sums, mode, how, chosen):  # type: ignore[no-untyped-def]
    """The sums of one output channel before they are added up: float32[step, channel]."""
    first, count, place = chosen
    if p is not None:
        return sums[0] * p[0, :, place]
    own = w[:, first : first + 1] if mode == "depthwise" else w
    return convolve(x[:, :, first : first + count], own[:, :, place : place + 1], "depthwise", *how)[0]


def differences(x, w, p, sums, mode, how):  # type: ignore[no-untyped-def]
    """The largest difference to the same sums got in other ways."""
    import tensorflow as tf

    def apart(others):  # type: ignore[no-untyped-def]
        return tf.reduce_max(tf.abs(sums - others))

    again = by_windows(x, w, mode, *how)
    found = {"apart_windows": apart(again if p is None else tf.matmul(again, p[0]))}
    if mode == "full":
        for layout in ("conv2d-column", "conv2d-image"):
            maps = convolve_2d(x, w, layout, *how)[2]
            found["apart_" + layout.replace("-", "_")] = apart(maps[:, :, 0])
    if mode == "depthwise":  # added up over the channels it is a full convolution
        added = tf.reduce_sum(tf.reshape(sums, [*sums.shape[:2], x.shape[2], -1]), axis=2)
        found["apart_added_up"] = tf.reduce_max(tf.abs(added - convolve(x, w, "full", *how)))
    return found


SHOWN = (
    made_signal,
    made_weights,
    spread_taps,
    convolve,
    convolve_2d,
    by_windows,
    keras_layer,
    channel_sums,
    differences,
)


def conv1d_channels(  # type: ignore[no-untyped-def]
    x, w, p, b, mode, layout, padding, pads, stride, dilation, bias, unit, chosen
):
    """One layer, its sums channel by channel for one output channel, and that unit's gradient.

    x: float32[1, step, channel]; w: float32[tap, input channel, filter or multiplier]; p: the
    pointwise kernel of a separable layer; pads: the zeros that `padding` means; unit: output channel
    and step; chosen: first channel, how many, and place in the kernel behind that output channel.
    """
    import tensorflow as tf

    x, w, b = map(tf.convert_to_tensor, (x, w, b))
    given, how = {"x": x, "w": w, "b": b}, (pads, stride, dilation)
    if p is not None:
        given["p"] = p = tf.convert_to_tensor(p)
    results = dict(given)
    with tf.GradientTape() as tape:
        tape.watch(given)
        if layout == "conv1d":
            sums = convolve(x, w, mode, *how)
        else:
            results["image"], results["kernel"], results["maps"] = convolve_2d(x, w, layout, *how)
            sums = results["maps"][:, :, 0]
        if p is not None:
            results["depthwise"] = sums
            sums = tf.nn.conv1d(sums, p, 1, "VALID")
        y = sums + b if bias else sums
        looked_at = y[0, unit[1], unit[0]]
    gradients = tape.gradient(looked_at, given)  # None for what y was not computed from
    results |= {name + "_gradient": g for name, g in gradients.items() if g is not None}
    partial = channel_sums(x, w, p, results.get("depthwise"), mode, how, chosen)
    theirs, counted = keras_layer(x, w, p, b, mode, padding, *how, bias)
    return results | {
        "y": y,
        "partial": partial,
        "total": tf.reduce_sum(partial, axis=1),
        "keras_parameters": tf.constant(counted),
        "apart_keras": tf.reduce_max(tf.abs(y - theirs)),
        **differences(x, w, p, sums, mode, how),
    }


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see conv1d_channels_story.py."""
    return conv1d_channels_story.tell(parameters, results)
