"""Central finite differences, by running the recorded operations again on moved inputs.

Worker side only. Only the operations between the inputs and the output run again, in float64 where
TensorFlow has all of them in it, so that a difference is not lost in the rounding of float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.lens_record import Operation

Array = np.ndarray[Any, Any]
KINK = 1e-3  # one-sided slopes that differ by more than this share of the largest are a kink


@dataclass(frozen=True)
class Differences:
    """What moving single cells of one input gave: their flat places, and the slopes there."""

    places: Array
    slopes: Array
    kinks: int  # cells where the slope to the left is another one than to the right
    dtype: str  # that the operations ran in


class Replay:
    """The operations from some tensors to the target, ready to run again."""

    def __init__(self, operations: Sequence[Operation], target: Any, wide: bool) -> None:
        self.operations, self.target = operations, target
        self.wide = wide and target.dtype.name != "float64"
        self.casts: dict[int, Any] = {}
        self.settings = [self._settings(one) for one in operations]

    @property
    def dtype(self) -> str:
        return "float64" if self.wide else str(self.target.dtype.name)

    def value(self, replaced: Mapping[int, Any]) -> float:
        """The target with some tensors, by identity, replaced."""
        from tensorflow.python.eager import context, execute

        values = {key: self._widened(tensor) for key, tensor in replaced.items()}
        for one, settings in zip(self.operations, self.settings, strict=True):
            if all(id(tensor) in values for tensor in one.outputs):
                continue
            inputs = [self._input(tensor, values) for tensor in one.inputs]
            made = execute.quick_execute(one.name, len(one.outputs), inputs, settings, context.context())
            for tensor, new in zip(one.outputs, made or (), strict=True):
                values.setdefault(id(tensor), new)
        return float(values.get(id(self.target), self.target))

    def at(self, tensors: Sequence[Any], values: Array) -> float:
        """The target with an input moved; `tensors` are all reads of it."""
        import tensorflow as tf

        there = tf.convert_to_tensor(values)
        return self.value({id(tensor): there for tensor in tensors})

    def _input(self, tensor: Any, values: Mapping[int, Any]) -> Any:
        if id(tensor) in values:
            return values[id(tensor)]
        if id(tensor) not in self.casts:
            self.casts[id(tensor)] = self._widened(tensor)
        return self.casts[id(tensor)]

    def _widened(self, tensor: Any) -> Any:
        import tensorflow as tf

        return tf.cast(tensor, tf.float64) if self.wide and tensor.dtype.is_floating else tensor

    def _settings(self, one: Operation) -> tuple[Any, ...]:
        """The settings of an operation, its narrow floating types made float64."""
        given = zip(one.settings[::2], one.settings[1::2], strict=False)
        settings = [part for pair in given if pair[1] is not None for part in pair]  # None: its default
        if not self.wide:
            return tuple(settings)
        import tensorflow as tf
        from tensorflow.python.framework import op_def_registry

        known = op_def_registry.get(one.name)
        kinds = {attr.name for attr in known.attr if attr.type == "type"} if known else set()
        for place in range(0, len(settings) - 1, 2):
            if settings[place] in kinds and tf.as_dtype(settings[place + 1]).is_floating:
                settings[place + 1] = tf.float64.as_datatype_enum
        return tuple(settings)


def replay_of(operations: Sequence[Operation], target: Any) -> Replay | None:
    """A replay that gives the target's own value, in float64 if it can; None where there is none."""
    for wide in (True, False):
        replay = Replay(operations, target, wide)
        try:
            value = replay.value({})
        except Exception:  # no such kernel, a function that is gone, a resource: TensorFlow has many errors
            continue
        if np.isclose(value, float(target), rtol=1e-2, atol=1e-3, equal_nan=True):
            return replay
    return None


def chosen_cells(gradient: Array | None, size: int, most: int) -> Array:
    """The cells that are moved: all of few; else half where the gradient is largest, half by chance."""
    if size <= most:
        return np.arange(size)
    chance = np.random.default_rng(0).permutation(size)
    steep = (
        chance[:0] if gradient is None else np.argsort(-np.abs(gradient.ravel()), kind="stable")[: most // 2]
    )
    rest = chance[~np.isin(chance, steep)][: most - len(steep)]
    return np.sort(np.concatenate([steep, rest]))


def differences(value: Callable[[Array], float], values: Array, places: Array) -> Differences:
    """Central slopes at some cells of an input with these values; `value` gives the output for others."""
    relative = float(np.cbrt(np.finfo(values.dtype).eps))
    here = value(values)
    slopes, bends = [], []

    def moved(place: int, by: float) -> tuple[float, float]:
        copy = values.copy()
        copy.flat[place] += by
        went = float(copy.flat[place]) - float(values.flat[place])  # as far as its digits allow
        return value(copy), went

    for place in places:
        step = relative * max(1.0, abs(float(values.flat[place])))
        (after, up), (before, down) = moved(place, step), moved(place, -step)
        slopes.append((after - before) / (up - down))
        bends.append(abs((after - here) / up - (before - here) / down))
    found = np.array(slopes, "float64")
    limit = max(KINK * float(np.max(np.abs(found), initial=0, where=np.isfinite(found))), 100 * relative)
    return Differences(places, found, int(np.sum(np.array(bends) > limit)), str(values.dtype))
