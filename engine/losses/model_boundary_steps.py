"""The strip of model-boundary: every boundary with its shapes, where it stops, and the repaired run after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.trace import Step

Results = Mapping[str, Any]
BODY = {
    "dense": "Dense(8)",
    "flatten": "Flatten, Dense(8)",
    "conv1d": "Conv1D(4, 3), Flatten",
    "conv2d": "Conv2D(4, 3), Flatten",
    "lstm": "LSTM(4)",
    "lstm-sequences": "LSTM(4, return_sequences=True)",
}
LOSS = {
    "categorical": "CategoricalCrossentropy",
    "sparse": "SparseCategoricalCrossentropy",
    "binary": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "hand": "tf.square(y − output)",
}
MOST_DRAWN = 4096  # weights of the head: more would only make the page slow
SHARED = ("softmax", "softmax-batch")


def steps_of(
    given: Mapping[str, Any],
    repaired: Mapping[str, Any] | None,
    results: Results,
    told: Mapping[str, Any],
    same: frozenset[str],
) -> list[Step]:
    """Both runs, one after the other; of the repaired one what differs. `same` are its tensors that do not."""
    found = _run(given, results, "", told["stopped"], told["headline"])
    if repaired is not None:
        again = _run(repaired, results, "repaired_", "", "")
        found += [_renamed(step, same) for step in again if step.writes not in same]
    return found


def _renamed(step: Step, same: frozenset[str]) -> Step:
    """A step of the repaired run that reads what the first one made.

    The numbers are the same; a tape, which saw two runs, would find no path between them.
    """
    names = {name: name.removeprefix("repaired_") for name in same}
    access = {names.get(name, name): axes for name, axes in step.map.access.items()} if step.map else {}
    readout = step.readout
    for name, bare in names.items():
        readout = readout.replace(f"{{{name}}}", f"{{{bare}}}")
    return replace(
        step,
        reads=tuple(names.get(name, name) for name in step.reads),
        map=replace(step.map, access=access, exact=step.map.exact and names.keys().isdisjoint(step.reads))
        if step.map
        else None,
        readout=readout,
    )


def _run(setup: Mapping[str, Any], results: Results, prefix: str, stopped: str, said: str) -> list[Step]:
    found = [
        _taken(setup, results, name, f"{prefix}{short}", short)
        for name, short in (("labels", "y"), ("data", "x"))
        if f"{prefix}{short}" in results
    ]
    body, input_shape = BODY[setup["body"]], _listed((None, *setup["input_shape"]))
    settings = f"built for {input_shape}"
    if f"{prefix}features" in results:
        found.append(_body_step(setup, results, prefix, body, settings))
        found += [_head_step(results, prefix), _activation_step(setup, results, prefix)]
    if stopped:
        return [*found, _stop(setup, results, stopped, said, body, settings)]
    return [*found, *_loss_steps(setup, results, prefix)]


def _listed(shape: tuple[Any, ...]) -> str:
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def _taken(setup: Mapping[str, Any], results: Results, name: str, written: str, short: str) -> Step:
    """The batch taken of the data, with the repairs of its shape; y as it is stands beside the loss anyway."""
    steps = setup[f"{short}_steps"]
    taken = {"rows": f"[:{setup['size']}]", "one": "[0]", "nested": f"[:{setup['size']}][None]"}[
        setup["batch"]
    ]
    said = ", ".join(f"{step}({_setting(value)})" for step, value in steps)
    whole, part = results[name].shape, results[written].shape
    formula = (f"{_listed(whole)} → {_listed(part)}",)
    found = None if steps else _same(setup, part, name, written)
    return Step(taken, (name,), written, said, formula, found, aside=short == "y" and not steps)


def _setting(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _same(setup: Mapping[str, Any], part: tuple[int, ...], name: str, written: str) -> IndexMap:
    """One to one: the batch's cells are the data's own."""
    loops = tuple(f"a{axis}" for axis in range(len(part)))
    read = {"rows": loops, "one": ("0", *loops), "nested": loops[1:]}[setup["batch"]]
    floating = name == "data"  # class numbers have no slopes
    return IndexMap(dict(zip(loops, part, strict=True)), {written: loops, name: read}, "each", exact=floating)


def _body_step(setup: Mapping[str, Any], results: Results, prefix: str, body: str, settings: str) -> Step:
    x, features = results[f"{prefix}x"].shape, results[f"{prefix}features"].shape
    formula = (f"{_listed(x)} → {_listed(features)}",)
    return Step(body, (f"{prefix}x",), f"{prefix}features", settings, formula)


def _head_step(results: Results, prefix: str) -> Step:
    features, kernel = results[f"{prefix}features"], results[f"{prefix}kernel"]
    rows = tuple(f"r{axis}" for axis in range(features.ndim - 1))
    loops = {**dict(zip(rows, features.shape, strict=False)), "f": kernel.shape[0], "u": kernel.shape[1]}
    names = {"logits": (*rows, "u"), "features": (*rows, "f"), "kernel": ("f", "u")}
    drawn = kernel.size <= MOST_DRAWN
    found = IndexMap(loops, {f"{prefix}{name}": axes for name, axes in names.items()}) if drawn else None
    formula = (
        f"{_listed(features.shape)} · {_listed(kernel.shape)} → {_listed((*features.shape[:-1], kernel.shape[1]))}",
    )
    reads = (f"{prefix}features", f"{prefix}kernel")
    return Step(f"Dense({kernel.shape[1]})", reads, f"{prefix}logits", "+ bias, 0 here", formula, found)


def _activation_step(setup: Mapping[str, Any], results: Results, prefix: str) -> Step:
    kind, shape = setup["activation"], results[f"{prefix}logits"].shape
    loops = {f"r{axis}": size for axis, size in enumerate(shape)}
    cell, combine = tuple(loops), "each"
    read = cell
    if kind in SHARED:
        axis = 0 if kind == "softmax-batch" else len(shape) - 1
        loops["other"], combine = shape[axis], "share"
        read = tuple("other" if place == axis else loop for place, loop in enumerate(cell))
    names = {f"{prefix}output": cell, f"{prefix}logits": read}
    # softmax over one is constant, ReLU is flat below 0, far sigmoids are flat in float32
    exact = kind == "none"
    operation = {"none": "no activation", "softmax-batch": "softmax(axis=0)"}.get(kind, kind)
    along = {"softmax": "each row adds up to 1", "softmax-batch": "each column adds up to 1"}.get(kind, "")
    formula = (along,) if along else ()
    return Step(
        operation,
        (f"{prefix}logits",),
        f"{prefix}output",
        "",
        formula,
        IndexMap(loops, names, combine, exact),
    )


def _stop(
    setup: Mapping[str, Any], results: Results, stopped: str, said: str, body: str, settings: str
) -> Step:
    """Where it ends: the kind of error stands in the formula's place."""
    shapes = {"model": ("x",), "loss": ("y", "output"), "fit": ("x", "y"), "batch": ("data",)}[stopped]
    reads = tuple(name for name in shapes if name in results)
    operation = {"model": f"{body}, Dense({setup['units']})", "loss": LOSS[setup["loss"]]}.get(
        stopped, stopped
    )
    settings = settings if stopped == "model" else _told(setup)
    return Step(f"{operation} ✗", reads, "stops here", settings, (said.partition(":")[0],))


def _told(setup: Mapping[str, Any]) -> str:
    crossed = setup["loss"] in ("categorical", "sparse", "binary")
    told = f"from_logits={setup['from_logits']}" if crossed else ""
    way = {"fit": "in fit, which may change y's shape first", "numpy": "on bare numbers"}.get(
        setup["way"], ""
    )
    return ", ".join(part for part in (told, way) if part)


def _loss_steps(setup: Mapping[str, Any], results: Results, prefix: str) -> list[Step]:
    """The loss of each cell, of its differences where the page has them, and their mean."""
    losses = results[f"{prefix}losses"].shape
    found = (
        _squares(results, prefix) if f"{prefix}differences" in results else [_cost(setup, results, prefix)]
    )
    count = int(np.prod(losses))
    loops = {f"r{axis}": size for axis, size in enumerate(losses)}
    access = {f"{prefix}loss": (), f"{prefix}losses": tuple(loops)}
    mean = IndexMap(loops, access, "mean", exact=False)
    formula = (f"sum of {count} ÷ {count}",)
    return [*found, Step("mean", (f"{prefix}losses",), f"{prefix}loss", "", formula, mean)]


def _cost(setup: Mapping[str, Any], results: Results, prefix: str) -> Step:
    names = [f"{prefix}{name}" for name in ("losses", "output", "y")]
    losses, output, y = (results[name].shape for name in names)
    formula = (f"y {_listed(y)}, output {_listed(output)} → {_listed(losses)}",)
    kind, found = LOSS[setup["loss"]], _loss_map(names, y, output, losses)
    reads = (names[1], names[2])
    return Step(kind, reads, names[0], _told(setup), formula, found, f"{kind} of the cells marked")


def _squares(results: Results, prefix: str) -> list[Step]:
    """The line by hand in its two operations."""
    names = [f"{prefix}{name}" for name in ("y", "output", "differences", "losses")]
    y, output, table, losses = (results[name].shape for name in names)
    each = tuple(f"r{axis}" for axis in range(len(table)))
    loops = dict(zip(each, table, strict=True))
    squares = IndexMap(loops, {names[3]: each, names[2]: each}, "each", exact=False)
    formula = (f"{_listed(table)} → {_listed(losses)}",)
    step = Step("square", (names[2],), names[3], "", formula, squares, f"{{{names[2]}}}²")
    return [_difference_step(prefix, y, output, table), step]


def _difference_step(
    prefix: str, y: tuple[int, ...], output: tuple[int, ...], table: tuple[int, ...]
) -> Step:
    """Broadcasting: axes are aligned from the right, an axis of 1 is read again and again."""
    loops = {f"r{axis}": size for axis, size in enumerate(table)}

    def read(shape: tuple[int, ...]) -> tuple[str, ...]:
        names = list(loops)[len(table) - len(shape) :]
        return tuple("0" if size == 1 else name for name, size in zip(names, shape, strict=True))

    access = {f"{prefix}differences": tuple(loops), f"{prefix}output": read(output), f"{prefix}y": read(y)}
    found = IndexMap(loops, access, "each")
    formula = f"y {_listed(y)} − output {_listed(output)} → {_listed(table)}"
    reads = (f"{prefix}output", f"{prefix}y")
    return Step(
        "y − output",
        reads,
        f"{prefix}differences",
        "",
        (formula,),
        found,
        f"{{{prefix}y}} − {{{prefix}output}}",
    )


def _loss_map(
    names: list[str], y: tuple[int, ...], output: tuple[int, ...], losses: tuple[int, ...]
) -> IndexMap | None:
    """The output's row and the label of it; None where the loss lines them up in a way of its own."""
    if output[:-1] != losses:
        return None
    loops = {f"r{axis}": size for axis, size in enumerate(output)}
    row = tuple(loops)[:-1]
    forms = {output: tuple(loops), output[:-1]: row, (*output[:-1], 1): (*row, "0")}
    if y not in forms:
        return None
    return IndexMap(loops, {names[0]: row, names[1]: tuple(loops), names[2]: forms[y]}, "sum", exact=False)
