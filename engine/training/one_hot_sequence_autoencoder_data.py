"""The sequences that the autoencoder learns: a machine that goes through its events in order, seeded."""

from __future__ import annotations

import numpy as np


def event_sequences(count, timesteps, events, noise, no_event, seed):  # type: ignore[no-untyped-def]
    """Normal sequences: event e is followed by e + 1, and after the last comes the first again.

    A share `noise` of the events is something else, and at a share `no_event` of the steps nothing
    happens: int32[sequence, timestep], -1 where there is no event.
    """
    generator = np.random.default_rng(seed)
    start = generator.integers(0, events, (count, 1))
    found = (start + np.arange(timesteps)) % events
    other = generator.integers(0, events, found.shape)
    found = np.where(generator.random(found.shape) < noise, other, found)
    return np.where(generator.random(found.shape) < no_event, -1, found).astype("int32")


def with_anomalies(sequences, events, kind, rate, seed):  # type: ignore[no-untyped-def]
    """A share of the sequences made abnormal: the sequences, and int32[sequence], 1 where one is.

    kind: "random" events, the usual ones "reversed", the first one "stuck", or two neighbours "swapped".
    """
    generator = np.random.default_rng(seed)
    count, timesteps = sequences.shape
    abnormal = np.zeros(count, "int32")
    many = min(max(1, round(rate * count)), count - 1)
    abnormal[generator.permutation(count)[:many]] = 1
    changed = sequences.copy()
    if kind == "random":
        changed = generator.integers(0, events, sequences.shape)
    elif kind == "reversed":
        changed = sequences[:, ::-1]
    elif kind == "stuck":
        changed = np.repeat(sequences[:, :1], timesteps, axis=1)
    else:
        place = int(generator.integers(0, timesteps - 1))
        changed[:, [place, place + 1]] = changed[:, [place + 1, place]]
    return np.where(abnormal[:, None] == 1, changed, sequences).astype("int32"), abnormal


def one_hot(sequences, width, none_class):  # type: ignore[no-untyped-def]
    """float32[…, event]: a 1 at each event; a row without one is all 0, or the last class is called none."""
    classes = np.where(sequences < 0, width - 1 if none_class else width, sequences)
    return np.eye(width + 1, dtype="float32")[classes][..., :width]


def event_data(timesteps, events, noise, no_event, none_class, kind, rate, seed):  # type: ignore[no-untyped-def]
    """512 normal sequences to train on, 200 held out with anomalies among them, and which those are."""
    width = events + none_class
    train = event_sequences(512, timesteps, events, noise, no_event, (seed, 1))
    held_out = event_sequences(200, timesteps, events, noise, no_event, (seed, 2))
    held_out, abnormal = with_anomalies(held_out, events, kind, rate, (seed, 3))
    return [one_hot(train, width, none_class), one_hot(held_out, width, none_class), abnormal]
