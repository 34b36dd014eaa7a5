"""Which pixels one unit really depends on: TensorFlow's gradient through Keras' own layers.

The network is cloned layer by layer with the settings Keras holds, but thin and linear: one filter a
convolution, every tap weighs 1/taps, no bias, activations and normalization leave their input as it
is, max pooling takes the mean, and a product of two paths becomes their sum (its derivative where
both are 1). All weights are positive, so nothing cancels: a pixel has a gradient exactly when a path
leads to it. Computed in float64, since a corner can weigh 3^-100.

These functions are shown in the code tab, so they are free of anything of ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.convolution.network_receptive_field_graph import built_model


def thin_layer(layer: Any, gates: bool) -> Any:
    """A Keras layer with the same window, stride and padding, but linear, positive and one filter wide."""
    import keras

    kind, config = type(layer).__name__, layer.get_config()

    def even(shape: Any, dtype: Any = None) -> Any:  # zeros between the taps of a dilated kernel
        taps = np.zeros(shape)
        taps[:: dilation[0], :: dilation[1]] = 1 / (kernel[0] * kernel[1])
        return taps

    kernel, dilation = config.get("kernel_size", (1, 1)), config.get("dilation_rate", (1, 1))
    span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    same: dict[str, Any] = {
        "name": layer.name,
        "strides": config.get("strides"),
        "padding": config.get("padding"),
        "dtype": "float64",
    }
    conv = {**same, "kernel_size": span, "use_bias": False}
    if kind == "Conv2D":
        return keras.layers.Conv2D(1, kernel_initializer=even, **conv)
    if kind == "DepthwiseConv2D":
        return keras.layers.DepthwiseConv2D(depthwise_initializer=even, **conv)
    if kind == "SeparableConv2D":
        ones = {"depthwise_initializer": even, "pointwise_initializer": "ones"}
        return keras.layers.SeparableConv2D(1, **ones, **conv)
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return keras.layers.AveragePooling2D(config["pool_size"], **same)
    if kind in ("Add", "Multiply", "CustomScaleLayer"):
        return keras.layers.Add(name=layer.name, dtype="float64")
    if kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D") and not gates:
        return keras.layers.Lambda(
            lambda x: 0 * keras.ops.mean(x, (1, 2), config["keepdims"]), name=layer.name, dtype="float64"
        )
    if kind == "Dense":
        return keras.layers.Dense(
            1, use_bias=False, kernel_initializer="ones", name=layer.name, dtype="float64"
        )
    if kind == "Reshape":
        single = [1] * (len(config["target_shape"]) - 1)
        return keras.layers.Reshape((*single, -1), name=layer.name, dtype="float64")
    if kind in ("ZeroPadding2D", "Cropping2D", "Concatenate", "Flatten", "GlobalAveragePooling2D"):
        return type(layer).from_config({**config, "dtype": "float64"})
    # Lambda, since Identity takes none of the arguments that other layers were called with.
    return keras.layers.Lambda(lambda x: x, name=layer.name, dtype="float64")


def thin_model(network: str, size: tuple[int, int], rows: tuple[Any, ...] = (), gates: bool = True) -> Any:
    """The network with every layer thin and linear, for images float64[1, height, width, 1]."""
    import keras

    model = built_model(network, size, rows)
    image = keras.Input((*size, 1), dtype="float64")
    return keras.models.clone_model(model, image, clone_function=lambda layer: thin_layer(layer, gates))


def unit_gradient(model: Any, place: int, unit: tuple[int, int]) -> Any:
    """The gradient of one unit of a thin network's layer by every pixel: float64[height, width]."""
    import keras
    import tensorflow as tf

    output = model.operations[place].output
    x = tf.ones((1, *model.inputs[0].shape[1:]), tf.float64)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = keras.Model(model.inputs, output)(x)
        y = tf.reshape(y, (*y.shape[1:3], -1)) if len(y.shape) == 4 else tf.reshape(y, (1, 1, -1))
        chosen = tf.reduce_sum(y[unit[0], unit[1]])
    return tape.gradient(chosen, x)[0, :, :, 0]


def nonzero_box(gradient: Any) -> tuple[int, ...]:
    """First and last row, first and last column of what is not zero; (0, -1, 0, -1) when nothing is."""
    rows, columns = np.nonzero(np.asarray(gradient))
    if not rows.size:
        return 0, -1, 0, -1
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
