"""What the peers' pages show: a convolution by TensorFlow in their own process, as a heatmap."""

from __future__ import annotations

from functools import cache

import numpy as np
import plotly.graph_objects as go
import tensorflow as tf


@cache
def _weights() -> tf.Tensor:
    """float32[4, 4, channels, filters]"""
    return tf.constant(np.random.default_rng(0).normal(size=(4, 4, 3, 8)), tf.float32)


def picture(size: int) -> go.Figure:
    """Filter 0 of float32[1, size, size, 8]; the title says which size is drawn."""
    image = np.random.default_rng(size).random((1, size, size, 3), np.float32)
    y = tf.nn.conv2d(image, _weights(), strides=1, padding="SAME")
    return go.Figure(go.Heatmap(z=y[0, :, :, 0].numpy()), {"title": {"text": f"size {size}"}, "height": 450})
