"""What TensorFlow really ran: every operation heard, and the ways from one tensor to another.

Worker side only. Operations are heard through `op_callbacks`, TensorFlow's own hook for its debugger;
the body of a tf.function is one operation here. Tensors are told apart by identity: a record keeps
all of them alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_OPERATIONS = 20_000


@dataclass(frozen=True)
class Operation:
    """One operation that ran: its type, settings, and the very tensors it read and wrote."""

    name: str
    inputs: tuple[Any, ...]
    settings: tuple[Any, ...]
    outputs: tuple[Any, ...]


@dataclass
class Record:
    """Operations in the order they ran; `tape` watches each floating tensor they write."""

    tape: Any
    operations: list[Operation] = field(default_factory=list)

    def hear(self, name: Any, inputs: Any, settings: Any, outputs: Any) -> None:
        if len(self.operations) >= MOST_OPERATIONS:
            raise RuntimeError(f"more than {MOST_OPERATIONS} operations: too many for the lens")
        name = name.decode() if isinstance(name, bytes) else str(name)
        written = tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,)
        self.operations.append(Operation(name, tuple(inputs), tuple(settings or ()), written))
        for tensor in written:
            if tensor is not None and tensor.dtype.is_floating:
                self.tape.watch(tensor)

    def reached(self, sources: Iterable[Any]) -> set[int]:
        """The identities of all tensors that are computed from any of these, themselves included."""
        found = {id(tensor) for tensor in sources}
        for one in self.operations:
            if any(id(tensor) in found for tensor in one.inputs):
                found.update(id(tensor) for tensor in one.outputs)
        return found

    def made_from(self, *targets: Any) -> set[int]:
        """The identities of all tensors that these are computed from, themselves included."""
        found = {id(target) for target in targets}
        for one in reversed(self.operations):
            if any(id(tensor) in found for tensor in one.outputs):
                found.update(id(tensor) for tensor in one.inputs)
        return found

    def between(self, sources: Sequence[Any], target: Any) -> list[Operation]:
        """The operations on any way from the sources to the target, in order."""
        below, above = self.reached(sources), self.made_from(target)
        return [
            one
            for one in self.operations
            if any(id(tensor) in below for tensor in one.inputs)
            and any(id(tensor) in above for tensor in one.outputs)
        ]

    def reads_of(self, variable: Any, given: set[int]) -> list[Any]:
        """The tensors that reading a variable gave.

        TensorFlow reads a variable that an operation is called with without telling anybody: what nobody
        made or gave, with the variable's very values, is taken for such a read.
        """
        made = {id(tensor) for one in self.operations for tensor in one.outputs} | given
        values = variable.numpy()

        def read(tensor: Any) -> bool:
            alike = (
                id(tensor) not in made and tensor.dtype == variable.dtype and tensor.shape == variable.shape
            )
            return bool(alike) and bool((tensor.numpy() == values).all())

        heard = (one for one in self.operations if one.name == "ReadVariableOp")
        found = [t for one in heard if one.inputs[0] is variable.handle for t in one.outputs]
        quiet = {id(t): t for one in self.operations for t in one.inputs if t.dtype.is_floating and read(t)}
        return found + list(quiet.values())


_listening: list[Record] = []


def _heard(
    name: Any, inputs: Any, settings: Any, outputs: Any, op_name: Any = None, graph: Any = None
) -> None:
    """One function for all records: a new one each time would make every tf.function trace again."""
    if graph is None and _listening:  # inside a graph nothing runs yet
        _listening[-1].hear(name, inputs, settings, outputs)


class Listening:
    """`with Listening(tape) as record:` hears all operations of this thread."""

    def __init__(self, tape: Any) -> None:
        self.record = Record(tape)

    def __enter__(self) -> Record:
        from tensorflow.python.framework import op_callbacks

        _listening.append(self.record)
        op_callbacks.add_op_callback(_heard)
        return self.record

    def __exit__(self, *_: object) -> None:
        from tensorflow.python.framework import op_callbacks

        op_callbacks.remove_op_callback(_heard)
        _listening.pop()
