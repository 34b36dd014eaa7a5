"""What does not fit between data, batch, model and loss, and the smallest repair of each, from shapes alone.

Nothing is run here: the technique then runs the combination as it is, and once more with these repairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isqrt, prod
from typing import Any

from engine.losses.model_boundary_heads import head_faults

Shape = tuple[int, ...]
AXES = {"conv1d": 2, "conv2d": 3, "lstm": 2, "lstm-sequences": 2}  # of one sample, as the layer needs it
NAMES = {2: "steps and features", 3: "height, width and channels"}


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit: where, what it means, and the line that repairs it.

    `edit` changes settings of the run; the lists in `x` and `y` are further steps on the tensors.
    """

    name: str
    where: str
    means: str
    repair: str
    edit: Mapping[str, Any] = field(default_factory=dict)
    x: tuple[tuple[str, Any], ...] = ()
    y: tuple[tuple[str, Any], ...] = ()


def listed(shape: Shape) -> str:
    """`(4, 8, 8)`, `(4,)`, `()`"""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def setup_of(p: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the run as people chose them."""
    same = ("batch", "body", "api", "units", "activation", "loss", "from_logits", "way")
    sample = tuple(p["data"][1:])
    given = sample if p["input_shape"] is None else tuple(p["input_shape"])
    return {
        **{name: p[name] for name in same},
        "size": p["batch_size"],
        "input_shape": given,
        "x_steps": (),
        "y_steps": (),
    }


def faults(p: Mapping[str, Any]) -> list[Fault]:
    """Everything that does not fit, in the order in which the data meets it."""
    found = [*_count_faults(p), *_batch_faults(p)]
    body, want, more = _sample_faults(p)
    found += more
    if body in ("dense", "lstm-sequences") and (body != "dense" or len(want) > 1):
        found.append(_kept_axes(body, want))
    return [*found, *(Fault(*one) for one in head_faults(p))]


def repaired(p: Mapping[str, Any], found: list[Fault]) -> dict[str, Any]:
    """The settings with every repair applied."""
    setup = setup_of(p)
    for fault in found:
        setup |= fault.edit
        setup["x_steps"] += fault.x
        setup["y_steps"] += fault.y
    return setup


def labels_of(p: Mapping[str, Any]) -> int:
    """How many labels there are."""
    return int(p["data"][0] if p["label_count"] is None else p["label_count"])


def _count_faults(p: Mapping[str, Any]) -> Iterator[Fault]:
    samples, labels = p["data"][0], labels_of(p)
    if samples == labels:
        return
    least, size = min(samples, labels), min(samples, labels, p["batch_size"])
    steps = (("first", size),) if p["batch"] == "rows" else ()
    nested = (("squeeze", 0), ("first", size), ("expand_dims", 0)) if p["batch"] == "nested" else steps
    yield Fault(
        "another number of labels",
        "data",
        f"{samples} samples, but {labels} labels: which belongs to which is unknown. fit refuses it; a loss "
        "called by hand sees one batch only, and stretches a single label to all samples.",
        f"x, y = x[:{least}], y[:{least}]  # better: find where the others were lost",
        x=nested,
        y=nested,
    )


def _batch_faults(p: Mapping[str, Any]) -> Iterator[Fault]:
    sample = tuple(p["data"][1:])
    if p["batch"] == "one":
        yield Fault(
            "no batch axis",
            "batch",
            f"One sample has shape {listed(sample)}. Keras always takes the first axis for the batch, also for one.",
            "x, y = x[None], y[None]  # or x[:1], y[:1]",
            x=(("expand_dims", 0),),
            y=(("expand_dims", 0),),
        )
    if p["batch"] == "nested":
        yield Fault(
            "batched twice",
            "batch",
            "What was a batch already got another batch axis in front: Dataset.batch called twice, or [None] too many.",
            "x, y = x[0], y[0]  # or call Dataset.batch once",
            x=(("squeeze", 0),),
            y=(("squeeze", 0),),
        )


def _kept_axes(body: str, want: Shape) -> Fault:
    if body == "dense":
        return Fault(
            "Dense keeps the axes",
            "model",
            f"Dense works on the last axis only: of {listed(want)} it makes one output for each of the "
            f"{prod(want[:-1])} rows, where one a sample is wanted.",
            "model: Flatten() before the first Dense",
            {"body": "flatten"},
        )
    return Fault(
        "one output a step",
        "model",
        f"return_sequences=True gives an output for each of the {want[0]} steps; there is one label a sample.",
        "LSTM(4)  # return_sequences=False",
        {"body": "lstm"},
    )


def _sample_faults(p: Mapping[str, Any]) -> tuple[str, Shape, list[Fault]]:
    """The body and the shape of one sample that fit together, and what has to change for it."""
    sample, body = tuple(p["data"][1:]), p["body"]
    typed = None if p["input_shape"] is None else tuple(p["input_shape"])
    want = _reachable(sample, _for_body(typed, body)) if typed is not None else None
    if want is None:
        want = _for_body(sample, body, bend=True)
    found = []
    if want is None:
        body, want = "flatten", sample or (1,)
        found.append(_other_body(p["body"], sample))
    elif want != sample:
        found.append(_other_sample(sample, want, p))
    if body == "flatten" and p["body"] != "flatten" and not sample:
        found.append(_other_sample(sample, want, p))
    if typed is not None and typed != want:
        found.append(_other_input(typed, want))
    return body, want, [_follow(fault, want) for fault in found]


def _follow(fault: Fault, want: Shape) -> Fault:
    """The model is built for what it is given."""
    return Fault(
        fault.name,
        fault.where,
        fault.means,
        fault.repair,
        {**fault.edit, "input_shape": want},
        fault.x,
        fault.y,
    )


def _for_body(shape: Shape | None, body: str, bend: bool = False) -> Shape | None:
    """The nearest shape of one sample that the body takes; `bend` also folds axes. None if there is none."""
    axes = AXES.get(body)
    if shape is None:
        return None
    if axes is None:
        return shape or (1,)
    if len(shape) == axes:
        return shape
    if len(shape) == axes - 1 and shape:
        return (*shape, 1)
    if len(shape) == axes + 1 and shape[-1] == 1:
        return shape[:-1]
    if bend and len(shape) > axes:
        return (*shape[: axes - 1], prod(shape[axes - 1 :]))
    side = isqrt(shape[0]) if shape else 0
    if bend and len(shape) == 1 and side > 1 and side * side == shape[0]:
        return (side, side, 1)
    return None


def _reachable(sample: Shape, want: Shape | None) -> Shape | None:
    """`want`, if the sample can be brought to it without another number of values."""
    return want if want is not None and prod(want) == prod(sample) else None


def _order(sample: Shape, want: Shape) -> tuple[int, ...] | None:
    """How the axes move from channels first to channels last or back; None if that is not it."""
    axes = tuple(range(len(sample)))
    if len(sample) != len(want) or len(sample) < 2:
        return None
    for order in ((*axes[1:], 0), (axes[-1], *axes[:-1])):
        if tuple(sample[axis] for axis in order) == want:
            return order
    return None


def _other_sample(sample: Shape, want: Shape, p: Mapping[str, Any]) -> Fault:
    layer = {"conv1d": "Conv1D", "conv2d": "Conv2D", "lstm": "LSTM", "lstm-sequences": "LSTM"}.get(p["body"])
    needs = f"{layer} needs {NAMES[AXES[p['body']]]} of each sample" if layer else "the model is built"
    wants = f"{needs}: {listed(want)}" if layer else f"{needs} for {listed(want)}"
    order = _order(sample, want)
    if want == (*sample, 1):
        return Fault(
            "no channel axis" if len(want) > 1 else "no feature axis",
            "data",
            f"A sample is {listed(sample)}; {wants}. The last axis is missing, even where it is 1.",
            "x = x[..., None]",
            x=(("expand_dims", -1),),
        )
    if sample == (*want, 1):
        return Fault(
            "an axis of 1 too many",
            "data",
            f"A sample is {listed(sample)}; {wants}.",
            "x = tf.squeeze(x, -1)",
            x=(("squeeze", -1),),
        )
    if order:
        moved = (0, *(axis + 1 for axis in order))
        kind = "channels first" if sample[0] == want[-1] else "channels last"
        return Fault(
            kind,
            "data",
            f"A sample is {listed(sample)}, {kind}; {wants}. reshape would mix the values up: the axes must move.",
            f"x = tf.transpose(x, {list(moved)})",
            x=(("transpose", moved),),
        )
    return Fault(
        "folded differently",
        "data",
        f"A sample is {listed(sample)}; {wants}. Both hold {prod(want)} values.",
        f"x = tf.reshape(x, {[-1, *want]})",
        x=(("reshape", (-1, *want)),),
    )


def _other_body(body: str, sample: Shape) -> Fault:
    layer = {"conv2d": "Conv2D", "conv1d": "Conv1D"}.get(body, "LSTM")
    return Fault(
        "no neighbours in the data",
        "model",
        f"{layer} needs {NAMES[AXES[body]]}; a sample of shape {listed(sample)} has none of them.",
        "model: Flatten() and Dense(8) instead",
        {"body": "flatten"},
    )


def _other_input(typed: Shape, want: Shape) -> Fault:
    return Fault(
        "built for another shape",
        "model",
        f"The model was told input shape {listed(typed)}, its samples have {listed(want)}. The batch axis never counts.",
        f"keras.Input({listed(want)})",
    )
