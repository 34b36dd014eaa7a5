"""Other calls that compute what an einsum does: tf.matmul, tf.tensordot, a product that is summed.

Each is a recipe: what the technique runs (`another_way`), and from the same numbers the call as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from engine.linear_algebra.einsum_expression import NAMES
from engine.linear_algebra.einsum_loops import STRETCHED, Nest

MOST_PRODUCTS = 65_536  # of a product that is written out before it is summed


@dataclass(frozen=True)
class Way:
    """One call: its name, what `another_way` needs, and how people write it."""

    call: str
    text: str
    how: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"call": self.call, **self.how}


def ways(found: Nest) -> dict[str, Way]:
    """Every other call there is, by the name of the tensor it gives."""
    if found.repeats:
        listed = [_diagonal(found)]
    elif len(found.reads) == 1:
        listed = [_single(found)]
    else:
        direct = _matmul(found, "AB") or _matmul(found, "BA")
        listed = [direct, _tensordot(found), None if direct else _batched(found), _product(found)]
    return {f"by_{way.call}": way for way in listed if way}


def _diagonal(found: Nest) -> Way | None:
    """`ii->i` and `ii->`, with batches in front."""
    axes = found.reads[0]
    if len(found.reads) > 1 or found.stretches or len(axes) < 2 or axes[-1] != axes[-2]:
        return None
    lead = axes[:-2]
    if len(set(axes[:-1])) < len(axes) - 1:
        return None
    if found.writes == lead:
        return Way("trace", "tf.linalg.trace(A)")
    return Way("diag_part", "tf.linalg.diag_part(A)") if found.writes == (*lead, axes[-1]) else None


def _single(found: Nest) -> Way | None:
    """One operand: a transpose, a sum, or both."""
    axes = found.reads[0]
    axis = [place for place, loop in enumerate(axes) if loop not in found.writes]
    left = [loop for loop in axes if loop in found.writes]
    order = [left.index(loop) for loop in found.writes]
    text = f"tf.reduce_sum(A, axis={axis})" if axis else "A"
    call = "reduce_sum" if axis else "transpose"
    return Way(call, _ordered(text, order), {"axis": axis, "order": order})


def _ordered(text: str, order: list[int]) -> str:
    return text if order == sorted(order) else f"tf.transpose({text}, {order})"


def _matmul(found: Nest, names: str) -> Way | None:
    """A matrix product, or a matrix with a vector, with the batch in front; "BA" is the other way around."""
    if len(found.reads) != 2 or found.stretches:
        return None
    a, b = found.reads if names == "AB" else found.reads[::-1]
    batch = tuple(loop for loop in a if loop in b and loop in found.writes)
    lead = len(batch)
    if a[:lead] != batch or b[:lead] != batch or found.writes[:lead] != batch:
        return None
    inner = [loop for loop in a if loop in b and loop not in batch]
    if len(inner) != 1 or set(found.summed) != set(inner) or len(a) - lead != 2:
        return None
    turn_a, joint = a[lead] == inner[0], inner[0]
    if b[lead:] == (joint,) and found.writes[lead:] == tuple(loop for loop in a[lead:] if loop != joint):
        text = f"tf.linalg.matvec({', '.join(names)}{', transpose_a=True' if turn_a else ''})"
        return Way("matvec", text, {"names": names, "transpose_a": turn_a})
    turn_b = b[-1] == joint
    columns = tuple(loop for loop in b[lead:] if loop != joint)
    rows = tuple(loop for loop in a[lead:] if loop != joint)
    if len(b) - lead != 2 or found.writes[lead:] != (*rows, *columns):
        return None
    flags = [f"transpose_{name}=True" for name, turn in (("a", turn_a), ("b", turn_b)) if turn]
    text = f"tf.matmul({', '.join([*names, *flags])})"
    return Way("matmul", text, {"names": names, "transpose_a": turn_a, "transpose_b": turn_b})


def _tensordot(found: Nest) -> Way | None:
    """Two operands that share no kept letter, and no letter is summed within one of them."""
    if len(found.reads) != 2 or found.stretches:
        return None
    a, b = found.reads
    shared = [loop for loop in a if loop in b]
    if set(shared) != set(found.summed):
        return None
    axes = [[a.index(loop) for loop in shared], [b.index(loop) for loop in shared]]
    left = [loop for loop in (*a, *b) if loop not in shared]
    order = [left.index(loop) for loop in found.writes]
    return Way(
        "tensordot", _ordered(f"tf.tensordot(A, B, axes={axes})", order), {"axes": axes, "order": order}
    )


def _batched(found: Nest) -> Way | None:
    """Axes brought in order and folded to [batch, rows, joint] and [batch, joint, columns], then tf.matmul."""
    if len(found.reads) != 2 or found.stretches:
        return None
    a, b = found.reads
    batch = [loop for loop in a if loop in b and loop in found.writes]
    joint = [loop for loop in a if loop in b and loop not in batch]
    rows, columns = ([loop for loop in own if loop not in (*batch, *joint)] for own in (a, b))
    if not batch or set(joint) != set(found.summed):
        return None

    def folded(*groups: list[str]) -> list[int]:
        return [prod(found.loops[loop] for loop in group) for group in groups]

    left = [*batch, *rows, *columns]
    how: dict[str, Any] = {
        "orders": [[a.index(loop) for loop in (*batch, *rows, *joint)], [b.index(loop) for loop in (*batch, *joint, *columns)]],
        "shapes": [folded(batch, rows, joint), folded(batch, joint, columns)],
        "shape": [found.loops[loop] for loop in left],
        "order": [left.index(loop) for loop in found.writes],
    }  # fmt: skip
    sides = [
        f"tf.reshape({_ordered(name, order)}, {shape})"
        for name, order, shape in zip("AB", how["orders"], how["shapes"], strict=True)
    ]
    text = f"tf.reshape(tf.matmul({sides[0]}, {sides[1]}), {how['shape']})"
    return Way("batched", _ordered(text, [left.index(loop) for loop in found.writes]), how)


def _product(found: Nest) -> Way | None:
    """All operands multiplied by broadcasting, and what is left over summed: simple, and large."""
    if prod(found.loops.values()) > MOST_PRODUCTS:
        return None
    read = dict.fromkeys(loop for axes in found.reads for loop in axes if loop != STRETCHED)
    space = [*read, *(loop for loop in found.loops if loop not in read)]
    shapes, orders, factors = [], [], []
    for name, axes in zip(NAMES, found.reads, strict=False):
        flat = [axis for axis, loop in enumerate(axes) if loop == STRETCHED]
        kept = [axis for axis in range(len(axes)) if axis not in flat]
        order = sorted(kept, key=lambda axis: space.index(axes[axis]))
        orders.append(order + flat)
        shapes.append([found.loops[loop] if loop in axes else 1 for loop in space])
        factors.append(_factor(name, order + flat, flat, [loop in axes for loop in space]))
    axis = [place for place, loop in enumerate(space) if loop not in found.writes]
    left = [loop for loop in space if loop in found.writes]
    order = [left.index(loop) for loop in found.writes]
    text = " * ".join(factors)
    text = f"tf.reduce_sum({text}, axis={axis})" if axis else text
    how = {"orders": orders, "shapes": shapes, "axis": axis, "order": order}
    return Way("product", _ordered(text, order), how)


def _factor(name: str, order: list[int], flat: list[int], present: list[bool]) -> str:
    """An operand with its axes in the common order, and None where another letter stands."""
    text = _ordered(name, order)
    if flat:
        text = f"tf.squeeze({text}, {list(range(len(order) - len(flat), len(order)))})"
    return text if all(present) else f"{text}[{', '.join(':' if here else 'None' for here in present)}]"
