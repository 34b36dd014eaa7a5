"""Surface and path as pictures, in plain TensorFlow and NumPy; the code tab shows them too."""

from __future__ import annotations

import numpy as np

from engine.optimizers.optimizer_steps_functions import height


def drawn(surface, across, up, rows, columns, condition, l2):  # type: ignore[no-untyped-def]
    """The surface as a picture from 0.4 (low) to 1 (high), on a logarithmic scale: float32[y, x].

    For one weight the rows are losses, and what lies above the curve is 1.
    """
    import tensorflow as tf

    x = tf.cast(tf.linspace(*across, columns), tf.float32)
    y = tf.cast(tf.linspace(*up[::-1], rows), tf.float32)
    if surface in ("parabola", "absolute", "double-well"):
        return tf.where(y[:, None] > height(surface, x[:, None], condition, l2), 1.0, 0.4)
    points = tf.stack(tf.meshgrid(x, y), axis=-1)
    loss = height(surface, points, condition, l2)
    share = (loss - tf.reduce_min(loss)) / (tf.reduce_max(loss) - tf.reduce_min(loss))
    return 0.4 + 0.6 * tf.math.log1p(999 * share) / np.log(1000)


def trail_of(points, levels, across, up, rows, columns):  # type: ignore[no-untyped-def]
    """Where the path passes: 1 at its first step to 2 at its last, 0.5 on the way between, 0 elsewhere."""
    trail = np.zeros((rows, columns), "float32")
    with np.errstate(all="ignore"):
        column = (points[:, 0] - across[0]) / (across[1] - across[0]) * (columns - 1)
        row = (up[1] - levels) / (up[1] - up[0]) * (rows - 1)
        places = np.stack([row, column], axis=-1).astype("float64")
        between = np.linspace(0, 1, 2 * columns)[:, None, None]
        ways = places[:-1] + between * (places[1:] - places[:-1])
    weights = points.shape[-1]
    drawn = (
        [(ways.reshape(-1, 2), 0.5)] if weights > 1 else []
    )  # one weight walks on the curve, not through it
    drawn.append((places, 1 + np.linspace(0, 1, len(places))))
    for cells, values in drawn:
        seen = np.all((cells > -0.5) & (cells < [rows - 0.5, columns - 0.5]), axis=-1)
        down, right = np.rint(cells[seen]).astype(int).T
        trail[down, right] = values if np.isscalar(values) else values[seen]
    return trail


def pictures(surface, w, loss, window, s):  # type: ignore[no-untyped-def]
    """The surface and the path on it; for one weight also its curve."""
    import tensorflow as tf

    across, up, (rows, columns) = window
    levels = w[:, -1] if w.shape[-1] > 1 else loss
    found = {
        "relief": drawn(surface, across, up, rows, columns, s["condition"], s["l2"]),
        "trail": trail_of(np.asarray(w), np.asarray(levels), across, up, rows, columns),
    }
    if w.shape[-1] == 1:
        line = tf.cast(tf.linspace(*across, columns), tf.float32)[:, None]
        found["curve"] = height(surface, line, s["condition"], s["l2"])
    return found
