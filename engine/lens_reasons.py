"""Why a gradient is None, why it is zero, and why finite differences say something else.

Worker side only. The reasons are found on the operations that ran between an input and the output:
a gradient ends where an operation's output still has one and its input has none (or only zeros).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.lens_record import Operation

Gradients = Mapping[int, np.ndarray[Any, Any] | None]  # by identity of the tensor
STAIRCASES = ("Round", "Rint", "Floor", "Ceil", "Sign", "FloorDiv", "FloorMod", "BitwiseAnd")
FAKE = ("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
STOPS = ("StopGradient", "PreventGradient")
COMPARES = (
    *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "ApproximateEqual"),
    *("IsNan", "IsInf", "IsFinite", "LogicalNot", "LogicalAnd", "LogicalOr", "Any", "All"),
)
PLACES = ("ArgMax", "ArgMin", "TopKV2", "Where", "Unique", "UniqueV2", "Bincount", "SearchSorted")
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")
KINKED = (
    *("Relu", "Relu6", "LeakyRelu", "Abs", "Maximum", "Minimum", "Max", "Min", "ClipByValue", "SelectV2"),
    *("Select", "MaxPool", "MaxPoolV2", "MaxPool3D", "SegmentMax", "MaxPoolWithArgmax"),
)
FLAT = {
    "Relu": "its inputs are not above 0 there (a dead ReLU)",
    "Relu6": "its inputs lie outside 0 to 6",
    "Sigmoid": "it is saturated: its slope rounds to 0",
    "Tanh": "it is saturated: its slope rounds to 0",
    "Softmax": "its outputs always add up to 1, or one of them has it all",
    "Mul": "it multiplies by 0, as a mask does",
    "MatMul": "it multiplies by 0",
    "SelectV2": "it takes the other branch there",
    "Select": "it takes the other branch there",
    "Maximum": "the other side is larger there",
    "Minimum": "the other side is smaller there",
    "ClipByValue": "its inputs lie outside the range",
    "Sign": "its slope is 0 wherever it has one",
    "Max": "another cell is the largest",
    "Min": "another cell is the smallest",
    "Square": "its input is 0 there",
    "Abs": "its input is 0 there",
}


def integers(dtype: str) -> str:
    """Why what is not a floating number has none."""
    kind = "a yes or no" if dtype == "bool" else "text" if dtype == "string" else f"integers ({dtype})"
    return f"{kind}: a gradient needs numbers that can move a little"


def called(name: str) -> str:
    """An operation as people know it."""
    if name.startswith(("__forward", "__inference")) or name.endswith("PartitionedCall"):
        return "a tf.function"
    return "stop_gradient" if name == "StopGradient" else name


def _sentence(name: str) -> str:
    if name in STOPS:
        return "stop_gradient lets nothing back through"
    if name in COMPARES:
        return f"{name} answers yes or no, which has no gradient"
    if name in PLACES:
        return f"{name} answers places, which have no gradient"
    if name in SHAPES:
        return "only its shape is used, not its values"
    if name in STAIRCASES:
        return f"{name} is a staircase and has no gradient"
    if name == "Cast":
        return "Cast makes integers of it, which have no gradient"
    return f"{called(name)} has no gradient for it"


def cuts(operations: Sequence[Operation], sources: Iterable[Any], target: Any, found: Gradients) -> list[str]:
    """The types of the operations at which every or some way from the sources loses its gradient."""
    blame: dict[int, set[str]] = {id(tensor): set() for tensor in sources}  # of each tensor on a way
    names: set[str] = set()

    def alive(tensor: Any) -> bool:
        return tensor is target or found.get(id(tensor)) is not None

    for one in operations:
        lost = [tensor for tensor in one.inputs if id(tensor) in blame and not alive(tensor)]
        if any(map(alive, one.outputs)):
            names = names.union(*(blame[id(tensor)] or {one.name} for tensor in lost))
        before = [tensor for tensor in one.inputs if id(tensor) in blame]
        for tensor in one.outputs:
            blame[id(tensor)] = _blame(one, tensor, before, blame)
    return sorted(names)


def _blame(one: Operation, made: Any, before: Sequence[Any], blame: Mapping[int, set[str]]) -> set[str]:
    """Who is to blame if what an operation made has no gradient: itself, or who came before."""
    if one.name in STOPS or (not made.dtype.is_floating and any(t.dtype.is_floating for t in before)):
        return {one.name}
    return set().union(*(blame[id(tensor)] for tensor in before))


def without_gradient(operations: Sequence[Operation]) -> list[str]:
    """The types of operations that TensorFlow registers no gradient for: asking it is an error."""
    from tensorflow.python.framework import ops

    names = set()
    for one in operations:
        try:
            ops.gradient_registry.lookup(one.name)
        except LookupError:
            names.add(one.name)
    return sorted(name for name in names if called(name) == name)


def why_none(names: Sequence[str]) -> str:
    """The reason as a sentence, for the operations where every way ends."""
    return "every way ends: " + _sentences(names) if names else ""


def _sentences(names: Sequence[str]) -> str:
    """A reason each, those that compare in one."""
    compares = [name for name in names if name in COMPARES]
    if len(compares) > 1:
        together = f"{', '.join(compares[:-1])} and {compares[-1]} answer yes or no, which has no gradient"
        return "; ".join(
            [*dict.fromkeys(_sentence(name) for name in names if name not in COMPARES), together]
        )
    return "; ".join(dict.fromkeys(map(_sentence, names)))


def why_zero(operations: Sequence[Operation], target: Any, found: Gradients) -> str:
    """Where a gradient that still was something became all zeros; "" where it cannot be told."""

    def something(tensor: Any) -> bool:
        gradient = found.get(id(tensor))
        return tensor is target or (gradient is not None and bool(np.any(gradient != 0)))

    readers: dict[int, list[str]] = {}
    for one in operations:
        if any(map(something, one.outputs)):
            for tensor in one.inputs:
                gradient = found.get(id(tensor))
                if gradient is not None and not np.any(gradient != 0):
                    readers.setdefault(id(tensor), []).append(one.name)
    names = dict.fromkeys(name for read in readers.values() if len(read) == 1 for name in read)
    told = [f"{called(name)}: {FLAT.get(name, 'its slope is 0 there')}" for name in names]
    if any(len(read) > 1 for read in readers.values()):
        told.append("the ways to the output cancel each other")
    return "; ".join(told[:3])


def why_odd(operations: Sequence[Operation], target: Any, found: Gradients) -> str:
    """Where a finite gradient became NaN or infinite on its way back; "" where it did not."""

    def sound(tensor: Any) -> bool:
        gradient = found.get(id(tensor))
        return tensor is target or (gradient is not None and bool(np.isfinite(gradient).all()))

    names = []
    for one in operations:
        read = [gradient for tensor in one.inputs if (gradient := found.get(id(tensor))) is not None]
        if any(map(sound, one.outputs)) and any(not np.isfinite(gradient).all() for gradient in read):
            names.append(called(one.name))
    if not names:
        return ""
    kinds = ", ".join(list(dict.fromkeys(names))[:3])
    return f"it becomes NaN or infinite at {kinds}: an infinite slope, or 0 · ∞ on the way back"


def why_apart(
    operations: Sequence[Operation], lost: Sequence[str], kinks: int, checked: int, dtype: str
) -> str:
    """What is known to part finite differences from the gradient."""
    names = [one.name for one in operations]
    reasons = []
    lost = [name for name in lost if name not in SHAPES]
    steps = [name for name in (*STAIRCASES, *FAKE) if name in names and name not in lost]
    if lost:
        ends = _sentences(lost)
        reasons.append(f"differences move along every way, the gradient leaves some out: {ends}")
    if steps:
        reasons.append(f"{steps[0]} is a staircase: differences see its steps, the gradient is a stand-in")
    if kinks:
        kinds = [name for name in dict.fromkeys(names) if name in KINKED]
        at = f" of {', '.join(map(called, kinds[:3]))}" if kinds else ""
        reasons.append(f"{kinks} of {checked} cells sit on a kink{at}: left and right slopes differ")
    if dtype != "float64":
        reasons.append(f"the operations exist in {dtype} only, where a small difference is mostly rounding")
    return "; ".join(reasons)
