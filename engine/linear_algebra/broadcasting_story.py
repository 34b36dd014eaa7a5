"""What broadcasting says about its results: the alignment, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.linear_algebra.broadcasting_shapes import REPAIRS, Axis, Shape, aligned, cells, repaired, together
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

SYMBOLS = {"add": " + ", "subtract": " − ", "multiply": " × "}
LETTERS = "ijkmn"


def tell(p: Mapping[str, Any], given: Sequence[Shape], results: Mapping[str, Any]) -> Story:
    """The whole story of one state, with a result or with a clash."""
    shapes = repaired(given, p["repair"])
    axes = aligned(shapes)
    tensors = _alignment(axes) if axes else {}
    tensors |= {name: _tensor(name, value) for name, value in results.items() if name != "message"}
    steps = [*_repair_steps(p["repair"], given, shapes)]
    clashes = sum(axis.clashes for axis in axes)
    if clashes:
        steps.append(_clash_step(p, axes, clashes))
    else:
        steps += [*_stretching(p, shapes, axes), _meeting(p, shapes, axes), _mean_step(results["out"].shape)]
    facts = _facts(p, given, shapes, axes, results)
    return Story(tensors, steps, facts, _notes(p, given, shapes, axes, facts))


def axis_names(rank: int) -> tuple[str, ...]:
    """Axes by their place from the right, as broadcasting counts them: axis -2, axis -1."""
    return tuple(f"axis {place - rank}" for place in range(rank))


def _tensor(name: str, value: Any) -> Tensor:
    about = {"out": "what comes out", "mean": "the mean of out, as a loss would take it"}.get(name, "")
    if not about:
        about = {
            "repaired": "after the repair",
            "stretched": "repeated to the shape of the result",
            "gradient": "d Σ out / d this tensor",
        }.get(next((word for word in name.split() if len(word) > 2), ""), "as given")
    value = np.asarray(value)
    return Tensor(value, axis_names(value.ndim), about)


def _alignment(axes: Sequence[Axis]) -> dict[str, Tensor]:
    """The sizes under each other: a missing axis counts as 1, a clash has no size; and where they fit."""
    columns = [[*(1 if size is None else size for size in axis.sizes), axis.size] for axis in axes]
    sizes = np.array(columns, "float32").T  # None becomes NaN: a clash has no size
    fits = np.array([[not axis.clashes for axis in axes]] * len(sizes), "int32")
    named = ("tensor", "axis")
    return {
        "aligned": Tensor(sizes, named, "sizes aligned from the right, and the result below"),
        "fits": Tensor(fits, named, "1 where the sizes of an axis fit together"),
    }


def _read(shape: Shape, rank: int, loops: Sequence[str]) -> tuple[str, ...]:
    """Where a tensor of this shape is read by the loops of a result: place 0 on a stretched axis."""
    last = loops[rank - len(shape) :]
    return tuple("0" if size == 1 else loop for size, loop in zip(shape, last, strict=True))


def _source(name: str, given: Shape, now: Shape) -> str:
    return name if given == now else f"{name} repaired"


def _repair_steps(repair: str, given: Sequence[Shape], shapes: Sequence[Shape]) -> list[Step]:
    steps = []
    for name, before, after in zip("abc", given, shapes, strict=False):
        if before == after:
            continue
        loops = dict(zip(LETTERS, after, strict=False))
        inside = list(loops)
        if repair == "squeeze":
            left = iter(inside)
            access = tuple("0" if size == 1 else next(left) for size in before)
        else:
            access = tuple(inside[: len(before)])
        new = f"{name} repaired"
        step = IndexMap(loops, {new: tuple(inside), name: access}, "each")
        how = {"squeeze": "tf.squeeze", "crop": "slice"}.get(repair, "tf.newaxis")
        steps.append(Step(how, (name,), new, f"{listed(before)} → {listed(after)}", map=step))
    return steps


def _stretching(p: Mapping[str, Any], shapes: Sequence[Shape], axes: Sequence[Axis]) -> list[Step]:
    if not p["explicit"]:
        return []
    out, given = together(shapes) or (), _names(p)
    loops = dict(zip(LETTERS, out, strict=False))
    steps = []
    for (name, source), shape in zip(given, shapes, strict=True):
        new = f"{name} stretched"
        access = {new: tuple(loops), source: _read(shape, len(axes), list(loops))}
        settings = f"{listed(shape)} → {listed(out)}"
        steps.append(Step("tf.broadcast_to", (source,), new, settings, map=IndexMap(loops, access, "each")))
    return steps


def _names(p: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each tensor's letter, and the tensor that meets the others: as given or repaired."""
    given = [tuple(p[name]) for name in "abc" if p[name] is not None]
    now = repaired(given, p["repair"])
    return [(name, _source(name, *pair)) for name, *pair in zip("abc", given, now, strict=False)]


def _meeting(p: Mapping[str, Any], shapes: Sequence[Shape], axes: Sequence[Axis]) -> Step:
    """The operation itself: every loop of the result reads place 0 of what is stretched."""
    loops = dict(zip(LETTERS, together(shapes) or (), strict=False))
    access, reads = {"out": tuple(loops)}, []
    for (name, source), shape in zip(_names(p), shapes, strict=True):
        read = f"{name} stretched" if p["explicit"] else source
        reads.append(read)
        access[read] = tuple(loops) if p["explicit"] else _read(shape, len(axes), list(loops))
    formula = tuple(_formula(axis) for axis in axes)
    found = IndexMap(loops, access, "each")
    return Step(p["operation"], tuple(reads), "out", written(p, reads), formula, found, _readout(p, reads))


def _clash_step(p: Mapping[str, Any], axes: Sequence[Axis], many: int) -> Step:
    """What the operation does before it gives up: nothing but the sizes."""
    reads = tuple(source for _, source in _names(p))
    settings = f"{many} {'axis clashes' if many == 1 else 'axes clash'}"
    return Step("align from the right", reads, "aligned", settings, tuple(map(_formula, axes)))


def _mean_step(shape: Shape) -> Step:
    loops = dict(zip(LETTERS, shape, strict=False))
    found = IndexMap(loops, {"mean": (), "out": tuple(loops)}, "mean")
    return Step("tf.reduce_mean", ("out",), "mean", f"of {cells(shape):,} numbers", map=found, aside=True)


def written(p: Mapping[str, Any], names: Sequence[str]) -> str:
    """The operation as a formula over these names."""
    if p["operation"] == "squared difference":
        return f"({names[0]} − {names[1]})²" + "".join(f" × {name}" for name in names[2:])
    return SYMBOLS[p["operation"]].join(names)


def _readout(p: Mapping[str, Any], reads: Sequence[str]) -> str:
    return written(p, [f"{{{name}}}" for name in reads])


def _formula(axis: Axis) -> str:
    sizes = " and ".join("none" if size is None else str(size) for size in axis.sizes)
    return f"axis −{-axis.place}: {sizes} → {'clash' if axis.size is None else axis.size}"


def listed(shape: Sequence[int]) -> str:
    """A shape as TensorFlow writes it: [47, 1]."""
    return f"[{', '.join(map(str, shape))}]"


def _facts(
    p: Mapping[str, Any],
    given: Sequence[Shape],
    shapes: Sequence[Shape],
    axes: Sequence[Axis],
    results: Mapping[str, Any],
) -> dict[str, Any]:
    out = together(shapes)
    told: dict[str, Any] = {
        "given": tuple(given),
        "shapes": tuple(shapes),
        "output_shape": out,
        "axes": [{"place": axis.place, "sizes": axis.sizes, "size": axis.size} for axis in axes],
        "clashes": [axis.place for axis in axes if axis.clashes],
        "stretched": {
            name: [axis.place for axis in axes if place in axis.stretched]
            for place, name in zip(range(len(shapes)), "abc", strict=False)
        },
        "repairs": {one: (repaired(given, one), together(repaired(given, one))) for one in REPAIRS},
        "message": _message(str(results.get("message", ""))),
        "formula": written(p, "abc"[: len(given)]),
    }
    if out is not None:
        told["cells"] = cells(out)
        told["largest_operand"] = max(map(cells, shapes))
        told["reads"] = {
            name: cells(out) // cells(shape) if cells(shape) else 0
            for name, shape in zip("abc", shapes, strict=False)
        }
        told["grown"] = cells(out) > told["largest_operand"]
        told["mean"] = float(results["mean"])
    return told


def _message(text: str) -> str:
    """TensorFlow's words without its addresses: Incompatible shapes: [2,3] vs. [2]."""
    return text.rpartition("}} ")[2].partition(" [Op:")[0].strip()


def _notes(
    p: Mapping[str, Any],
    given: Sequence[Shape],
    shapes: Sequence[Shape],
    axes: Sequence[Axis],
    told: Mapping[str, Any],
) -> list[str]:
    if told["clashes"]:
        return [_clash_note(axes, told), *_useless(p, given, shapes)]
    notes = []
    if told["grown"]:
        held = ", ".join(f"{name} {cells(shape):,}" for name, shape in zip("abc", shapes, strict=False))
        notes.append(
            f"No tensor had {told['cells']:,} numbers ({held}): more than one was repeated, each along the "
            "other's axis. If they hold one number an example, this is the silent accident."
        )
    if told["cells"] == 0:
        notes.append("An axis of size 0 repeats nothing: the result is empty, and its mean is 0 ÷ 0 = NaN.")
    return [*notes, *_useless(p, given, shapes)]


def _clash_note(axes: Sequence[Axis], told: Mapping[str, Any]) -> str:
    where = "; ".join(
        f"axis −{-axis.place}: {' and '.join(map(str, axis.different))}" for axis in axes if axis.clashes
    )
    return f"Clash on {where}: sizes differ and neither is 1. TensorFlow says: {told['message']}"


def _useless(p: Mapping[str, Any], given: Sequence[Shape], shapes: Sequence[Shape]) -> list[str]:
    if p["repair"] == "none" or list(given) != list(shapes):
        return []
    return [f"The repair “{p['repair']}” changes nothing here."]
