"""What counts as an input of a technique, for the gradient lens. Worker side only.

Inputs are the arrays a technique is called with, under the name that its results give the same
tensor; results made of no floating array (such as the float picture made from whole pixels), or of a
piece of one by rearranging alone (such as the part of it that is drawn); and variables among the
results (a Keras layer's weights).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.lens_record import Operation, Record

REARRANGING = (
    *("StridedSlice", "Slice", "GatherV2", "GatherNd", "Reshape", "Squeeze", "ExpandDims", "Transpose"),
    *("Cast", "Identity", "Pad", "PadV2", "MirrorPad", "Pack", "Unpack", "ConcatV2", "Split", "ReverseV2"),
)


@dataclass(frozen=True)
class Input:
    """One input: its name, its values, and the tensors that held them while the technique ran.

    `argument` is where it stands in the call, such as ("kernels", 0), for what can be called again.
    """

    name: str
    values: np.ndarray[Any, Any]
    tensors: tuple[Any, ...]
    source: Any  # what the tape is asked about: the tensor or the variable
    argument: tuple[Any, ...] = ()

    @property
    def floating(self) -> bool:
        return bool(self.source.dtype.is_floating) if hasattr(self.source.dtype, "is_floating") else False


def as_tensors(value: Any) -> Any:
    """Arguments with their arrays as tensors, which a tape can watch; all else as it is."""
    import tensorflow as tf

    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return tf.convert_to_tensor(value)
    if isinstance(value, Mapping):
        return {key: as_tensors(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(as_tensors(item) for item in value)
    return value


def arrays_in(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every tensor among the arguments, with where it stands."""
    import tensorflow as tf

    if isinstance(value, tf.Tensor):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from arrays_in(item, (*place, key))
    elif isinstance(value, (list, tuple)):
        for key, item in enumerate(value):
            yield from arrays_in(item, (*place, key))


def replaced(value: Any, place: Sequence[Any], new: Any) -> Any:
    """The arguments with what stands at a place replaced."""
    if not place:
        return new
    key, rest = place[0], place[1:]
    if isinstance(value, Mapping):
        return {**value, key: replaced(value[key], rest, new)}
    return type(value)(replaced(one, rest, new) if at == key else one for at, one in enumerate(value))


def written(place: Sequence[Any]) -> str:
    """Where an argument stands, as people would write it: kernels[0]."""
    return str(place[0]) + "".join(f"[{part}]" for part in place[1:])


def inputs_of(arguments: Mapping[str, Any], results: Mapping[str, Any], record: Record) -> list[Input]:
    """The inputs, in the order of the call; then those made inside, and variables."""
    names: dict[int, str] = {}
    for name, value in results.items():
        names.setdefault(id(value), name)
    given = list(arrays_in(arguments))
    floating = [tensor for _, tensor in given if tensor.dtype.is_floating]
    inside = [*_roots(results, record, floating), *_variables(results, record, {id(t) for _, t in given})]
    covered = record.made_from(*(tensor for one in inside for tensor in one.tensors))
    found = []
    for place, tensor in given:
        if tensor.dtype.is_floating and id(tensor) in covered:
            continue  # it is shown as what was made of it
        name = names.get(id(tensor)) or written(place)
        found.append(Input(name, np.asarray(tensor), (tensor,), tensor, place))
    return found + inside


def _roots(results: Mapping[str, Any], record: Record, floating: Sequence[Any]) -> list[Input]:
    """Results made inside the technique, of nothing else that is shown and of no floating array."""
    import tensorflow as tf

    shown = {id(value) for value in results.values() if isinstance(value, tf.Tensor)}
    made = {id(tensor) for one in record.operations for tensor in one.outputs}
    found, seen = [], set()
    for name, value in results.items():
        if not isinstance(value, tf.Tensor) or id(value) in seen or id(value) not in made:
            continue
        seen.add(id(value))
        if not value.dtype.is_floating or (record.made_from(value) - {id(value)}) & shown:
            continue
        if all(_rearranges(one) for one in record.between(floating, value)):
            found.append(Input(name, np.asarray(value), (value,), value))
    return found


def _rearranges(one: Operation) -> bool:
    """Whether an operation only moves numbers, which stay what they are."""
    return one.name in REARRANGING and all(tensor.dtype.is_floating for tensor in one.outputs)


def _variables(results: Mapping[str, Any], record: Record, given: set[int]) -> list[Input]:
    """Variables among the results; those of equal values cannot be told apart when they are read."""
    import tensorflow as tf

    found: list[Input] = []
    for name, value in results.items():
        variable = getattr(value, "value", None) if type(value).__module__.startswith("keras") else value
        if isinstance(variable, tf.Variable):
            reads = tuple(record.reads_of(variable, given))
            if reads and not any(set(map(id, reads)) & set(map(id, one.tensors)) for one in found):
                found.append(Input(name, np.asarray(variable), reads, variable))
    return found
