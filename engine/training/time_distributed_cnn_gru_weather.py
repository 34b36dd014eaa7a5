"""A moving vortex on a weather map, and how maps become sequences: plain NumPy, shown on the code tab.

The data is made, not measured, so that its point is known: a map's label is the sense in which the air turns,
and the largest value of each channel says nothing about it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def weather(maps: int, size: int, rate: float, seed: int) -> tuple[Array, Array]:
    """A day is a map: a vortex drifts, turns clockwise (0, calm) or anticlockwise (1, storm), and there is noise.

    float32[map, height, width, channel] with channels wind to the east, wind to the north, cloud, and
    float32[map]. Storms come and go: the spin is a Markov chain whose share of storms is `rate` and whose
    memory is five maps. Turning a map's wind around keeps the distribution of its largest values, so that
    no pooling over raw pixels can tell the two apart.
    """
    generator = np.random.default_rng(seed)
    storm = generator.random() < rate
    place, drift = generator.uniform(0.3, 0.7, 2), generator.normal(0, 0.03, 2)
    axis = (np.arange(size) + 0.5) / size
    images, labels = np.empty((maps, size, size, 3), "float32"), np.empty(maps, "float32")
    for number in range(maps):
        if generator.random() < 0.2:  # the weather of five maps ago is forgotten
            storm = generator.random() < rate
        drift = 0.8 * drift + generator.normal(0, 0.02, 2)
        drift = np.where((place + drift < 0.25) | (place + drift > 0.75), -drift, drift)
        place = np.clip(place + drift, 0.2, 0.8)
        down, right = (axis[:, None] - place[0]) / 0.17, (axis[None] - place[1]) / 0.17
        near = generator.uniform(0.7, 1.3) * np.exp(-(down**2 + right**2) / 2)
        spin = 1 if storm else -1
        images[number] = np.stack([1.6 * spin * down * near, 1.6 * spin * right * near, near], axis=-1)
        labels[number] = storm
    return images + generator.normal(0, 0.4, images.shape).astype("float32"), labels


def ordered(labels, frames, batch, ordering, skips_empty, posted_range):  # type: ignore[no-untyped-def]
    """Which map stands where in the sequences trained on: int64[sequence, frame], indices into the maps.

    ordering: "time", or "class" as image_dataset_from_directory reads class folders with shuffle=False.
    batch: maps in a batch of the data set; each is cut into stacks of four sequences. With posted_range
    the cut is `range(0, number of batches, 4 * frames)`, not `range(0, maps in the batch, 4 * frames)`.
    With skips_empty a sequence without a positive is left out (`if np.any(y)`).
    """
    place = np.arange(len(labels)) if ordering == "time" else np.argsort(labels, kind="stable")
    batches = place.reshape(-1, batch)
    found = []
    for maps in batches:
        for start in range(0, len(batches) if posted_range else batch, 4 * frames):
            found.append(maps[start : start + 4 * frames].reshape(-1, frames))
    rows = np.concatenate(found)
    return rows[labels[rows].any(axis=1)] if skips_empty else rows
