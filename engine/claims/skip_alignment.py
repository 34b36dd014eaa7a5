"""What TensorFlow and Keras do where an encoder's map and a decoder's map of other size are to be added.

Old answers about skip connections are asked here, of the installed versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.parameters import Choice, Pair
from engine.technique import Cost, Story
from engine.trace import Tensor

ASKS = ("tf.slice", "slice notation", "unknown size", "unpool", "transposed convolution")
PARAMETERS = (
    Choice("asks", "tf.slice", ASKS, "what is tried"),
    Pair("encoder", (47, 47), 2, 64, "height and width of the encoder's map"),
    Pair("decoder", (46, 46), 2, 64, "height and width of the decoder's map"),
)


def check(asks: str, encoder: tuple[int, int], decoder: tuple[int, int]) -> None:
    """The bounds leave nothing that TensorFlow cannot take: SAME padding, and windows of 2 on at least 2."""


def cost(asks: str, encoder: tuple[int, int], decoder: tuple[int, int]) -> Cost:
    """A handful of small maps."""
    cells = encoder[0] * encoder[1] + decoder[0] * decoder[1]
    return Cost(memory=4096 + 200 * cells, work=1000 * cells)


def arguments(asks: str, encoder: tuple[int, int], decoder: tuple[int, int]) -> dict[str, Any]:
    return {"asks": asks, "encoder": encoder, "decoder": decoder}


def crop_and_add(x1, x2, notation):  # type: ignore[no-untyped-def]
    """The question's answer: cut x1 to the size of x2 and add. x1, x2: float32[1, height, width, 3]."""
    import tensorflow as tf

    top, left = (x1.shape[1] - x2.shape[1]) // 2, (x1.shape[2] - x2.shape[2]) // 2
    rows, columns = x2.shape[1:3]
    if notation:
        return x1[:, top : top + rows, left : left + columns] + x2
    return tf.slice(x1, [0, top, left, 0], [-1, rows, columns, -1]) + x2


def unknown_size(x):  # type: ignore[no-untyped-def]
    """A model for any height and width, run on x; and whether tf.shape takes a Keras input."""
    import keras
    import tensorflow as tf

    class CropLike(keras.layers.Layer):
        def call(self, larger, smaller):  # type: ignore[no-untyped-def]
            size = keras.ops.shape(smaller)
            return larger[:, : size[1], : size[2]] + smaller

    image = keras.Input((None, None, 3))
    halved = keras.layers.AveragePooling2D(2)(image)
    added = CropLike()(image, keras.layers.UpSampling2D(2)(halved))
    shape = keras.Model(image, added)(x).shape
    try:
        tf.shape(image)
        return shape, ""
    except ValueError as refusal:
        return shape, str(refusal).partition(".")[0]


def unpool(x):  # type: ignore[no-untyped-def]
    """Max-pool with the winners' places, and put each winner back: float32[1, height, width, 1]."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([1, None, None, 1])])
    def there_and_back(image):  # type: ignore[no-untyped-def]
        pooled, places = tf.nn.max_pool_with_argmax(image, 2, 2, "SAME")
        flat = tf.scatter_nd(
            tf.reshape(places, [-1, 1]), tf.reshape(pooled, [-1]), [tf.size(image, tf.int64)]
        )
        return tf.reshape(flat, tf.shape(image))

    return there_and_back(x)


def doubled(x, rows, columns):  # type: ignore[no-untyped-def]
    """Heights that doubling x gives: with output_shape, and by Keras with output_padding None, 0 and 1."""
    import keras
    import tensorflow as tf

    kernel = tf.ones([3, 3, 1, x.shape[-1]])
    told = tf.nn.conv2d_transpose(x, kernel, [1, rows, columns, 1], 2, "SAME")
    layer = keras.layers.Conv2DTranspose
    by_keras = [layer(1, 3, 2, "same", output_padding=more)(x).shape[1] for more in (None, 0, 1)]
    return [told.shape[1], *by_keras]


SHOWN = (crop_and_add, unknown_size, unpool, doubled)


def skip_alignment(asks, encoder, decoder):  # type: ignore[no-untyped-def]
    """The shape that came out, int32[axis], and the message where something was refused."""
    import tensorflow as tf

    x1, x2 = tf.random.stateless_uniform([1, *encoder, 3], [1, 2]), tf.ones([1, *decoder, 3])
    shape, message = [], ""
    try:
        if asks == "unknown size":
            shape, message = unknown_size(x1)
        elif asks == "unpool":
            shape = unpool(x1[..., :1]).shape
        elif asks == "transposed convolution":
            half = tf.ones([1, *(-(-n // 2) for n in encoder), 3])
            shape = doubled(half, *encoder)
        else:
            shape = crop_and_add(x1, x2, asks == "slice notation").shape
    except tf.errors.InvalidArgumentError as refusal:
        message = refusal.message
    return {"shape": tf.constant(list(shape), tf.int32), "message": message}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Facts: `shape` and TensorFlow's own `message`."""
    text = str(results["message"])
    message = text.partition("}} ")[2].removesuffix(" name: ").strip() or text
    facts = {"shape": tuple(int(n) for n in results["shape"]), "message": message}
    return Story({"shape": Tensor(results["shape"], ("axis",), "the shape that came out")}, (), facts)
