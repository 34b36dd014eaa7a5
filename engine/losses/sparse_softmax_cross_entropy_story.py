"""What sparse-softmax-cross-entropy says about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.losses.sparse_softmax_cross_entropy_notes import notes
from engine.parameters import number_text
from engine.technique import Story
from engine.trace import Step, Tensor

Array = np.ndarray[Any, Any]
PIXEL = ("batch", "height", "width")
CELL = (*PIXEL, "class")
HERE, EACH, OTHER, ONE = ("b", "h", "w"), ("b", "h", "w", "c"), ("b", "h", "w", "d"), ("b", "h", "w", "0")
OPERATION = {
    "tf": "tf.nn.sparse_softmax_cross_entropy_with_logits",
    "keras": "Keras, from_logits=True",
    "keras-probabilities": "softmax, then Keras from_logits=False",
    "keras-raw": "Keras from_logits=False, given logits",
}
HAND_MADE = ("steps", "naive", "double", "binary", "binary-sigmoid")
ABOUT = {
    "logits": (CELL, "one number a class, of any size"),
    "labels": (PIXEL, "the true class of each pixel, counted from 0"),
    "kept": (PIXEL, "1 where the label counts, 0 where it is ignored"),
    "scaled": (CELL, "logits ÷ temperature + shift"),
    "loss": (PIXEL, "what this way answers for each label"),
    "objective": ((), "the losses as one number: what is differentiated"),
    "guess": (PIXEL, "the class of the largest logit; of equal ones the first"),
    "softmax": (CELL, "what the logits say as probabilities"),
    "one_hot": (CELL, "1 at the label, 0 elsewhere"),
    "difference": (CELL, "softmax − one-hot, 0 where the label is ignored"),
    "every_loss": (CELL, "−log softmax: the loss that each label would have"),
    "own_loss": (CELL, "−log softmax at the label, 0 elsewhere"),
    "gradient": (CELL, "d objective / d logits, by GradientTape"),
    "largest": (CELL, "the largest logit of the pixel"),
    "shifted": (CELL, "logits minus the largest: at most 0"),
    "exponentials": (CELL, "exp of each logit"),
    "total": (CELL, "sum of the exponentials"),
    "log_sum_exp": (CELL, "log of the sum of exp of the logits"),
    "probabilities": (CELL, "exponential ÷ sum"),
    "once": (CELL, "what the first softmax (or sigmoid) gives"),
    "twice": (CELL, "softmax of the softmax"),
    "terms": (CELL, "−log p at the label, −log (1 − p) at every other class"),
    "ways": (("way",), "the chosen pixel's loss by every way"),
    "in_graph": (("way",), "the same inside tf.function, by TensorFlow's and Keras' operations"),
    "label_gradient_is_none": ((), "whether the tape has an answer for the labels"),
}


class Maps:
    """Loops of one shape; `exact` unless values (saturation, overflow, a lone class) decide what is linked.

    `z` is what the loss is given: the logits themselves where nothing is scaled or shifted.
    """

    def __init__(self, shape: tuple[int, ...], exact: bool, z: str) -> None:
        self.z = z
        self.pixels = dict(zip("bhw", shape[:3], strict=True))
        self.cells = {**self.pixels, "c": shape[3]}
        self.pairs = {**self.cells, "d": shape[3]}
        self.exact = exact

    def each(self, written: str, *read: str, exact: bool = True) -> IndexMap:
        """One to one, class by class."""
        access = dict.fromkeys((written, *read), EACH)
        return IndexMap(self.cells, access, "each", exact and self.exact)

    def share(self, written: str, read: str, exact: bool = True) -> IndexMap:
        """Each class from all classes of its pixel."""
        return IndexMap(self.pairs, {written: EACH, read: OTHER}, "share", exact and self.exact)

    def one(self, written: str, read: str, combine: str = "sum", exact: bool = True) -> IndexMap:
        """All classes of a pixel into one."""
        return IndexMap(self.cells, {written: ONE, read: EACH}, combine, exact and self.exact)

    def loss(self, *read: str, exact: bool) -> IndexMap:
        """All classes of a pixel, and its label, into its loss."""
        access: dict[str, tuple[str, ...]] = {"loss": HERE, **dict.fromkeys(read, EACH)}
        return IndexMap(self.cells, {**access, "labels": HERE}, "sum", exact and self.exact)


def tell(p: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    shape, kept = results["logits"].shape, results["kept"].astype(bool)
    z = "scaled" if "scaled" in results else "logits"
    finite = bool(np.isfinite(results[z]).all() and np.isfinite(results["loss"]).all())
    general = p["temperature"] >= 0.5 and abs(p["shift"]) <= 50 and shape[3] > 1
    maps = Maps(shape, finite and general, z)
    every = bool(kept.all()) and p["execution"] == "eager"
    told = facts(p, results)
    scale = [_scale_step(p, maps, finite)] if z == "scaled" else []
    steps = [*scale, *_way_steps(p, maps, every), _reduce_step(p, results, kept)]
    steps += _views(maps, every)
    steps = [replace(step, readout=step.readout.replace("{z}", f"{{{z}}}")) for step in steps]
    tensors = {name: Tensor(value, *ABOUT[name]) for name, value in results.items()}
    return Story(tensors, steps, told, notes(p, results, told))


def _scale_step(p: Mapping[str, Any], maps: Maps, finite: bool) -> Step:
    heat, shift = number_text(p["temperature"]), number_text(p["shift"])
    rows, columns, classes = (maps.cells[loop] for loop in "hwc")
    formula = f"1 × {rows} × {columns} pixels × {classes} classes = {rows * columns * classes} logits"
    each = IndexMap(maps.cells, {"scaled": EACH, "logits": EACH}, "each", finite)
    settings = f"÷ {heat} + {shift}".replace("+ -", "− ")
    readout = f"{{logits}} {settings}"
    return Step("scale and shift", ("logits",), "scaled", settings, (formula,), each, readout)


def _way_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    if p["way"] in OPERATION:
        return _library_steps(p, maps, every)
    if p["execution"] != "eager":  # the steps stay inside the compiled function
        whole = maps.loss(maps.z, exact=False)
        operation = f"by hand: {p['way']}"
        return [Step(operation, (maps.z, "labels"), "loss", p["execution"], (_counted(maps),), whole)]
    by_way = {"steps": _stable_steps, "naive": _naive_steps, "double": _double_steps}
    return by_way.get(p["way"], _binary_steps)(p, maps, every)


def _counted(maps: Maps) -> str:
    b, h, w, c = (maps.cells[loop] for loop in "bhwc")
    return f"[{b}, {h}, {w}, {c}] and [{b}, {h}, {w}] → [{b}, {h}, {w}]: the class axis goes"


def _library_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    way = p["way"]
    whole = maps.loss(maps.z, exact=every and way in ("tf", "keras", "keras-probabilities"))
    readout = {
        "tf": "log Σ exp({z}) − the logit of class {labels}",
        "keras": "log Σ exp({z}) − the logit of class {labels}",
        "keras-probabilities": "−log of class {labels} of softmax({z}), by Keras",
        "keras-raw": "−log of class {labels} of {z} cut to 0 … 1 and divided by their sum",
    }[way]
    readout = readout if p["ignore_class"] is None else f"0 if ignored, else {readout}"
    settings = "" if p["execution"] == "eager" else f"inside {p['execution']}"
    reads, formula = (maps.z, "labels"), (_counted(maps),)
    return [Step(OPERATION[way], reads, "loss", settings, formula, whole, readout)]


def _stable_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    # The largest is held by stop_gradient: it moves every value and changes none.
    minus = IndexMap(maps.cells, {"shifted": EACH, maps.z: EACH, "largest": ONE}, "each", False)
    logarithm = IndexMap(maps.pixels, {"log_sum_exp": ONE, "total": ONE, "largest": ONE}, "each", False)
    difference = {"loss": HERE, "log_sum_exp": ONE, maps.z: EACH, "labels": HERE}
    loss = IndexMap(maps.cells, difference, "sum", False)  # of the classes only the label's is subtracted
    return [
        Step("reduce_max", (maps.z,), "largest", "", (), maps.one("largest", maps.z, "max", False)),
        Step("subtract", (maps.z, "largest"), "shifted", "", (), minus, "{z} − {largest}"),
        Step("exp", ("shifted",), "exponentials", "", (), maps.each("exponentials", "shifted"), "e^{shifted}"),
        Step("reduce_sum", ("exponentials",), "total", "", (), maps.one("total", "exponentials")),
        Step("log", ("total", "largest"), "log_sum_exp", "", (), logarithm, "log {total} + {largest}"),
        Step(
            "subtract the label's logit",
            ("log_sum_exp", maps.z, "labels"),
            "loss",
            "",
            (_counted(maps),),
            loss,
            "{log_sum_exp} − logit of class {labels}",
        ),
    ]  # fmt: skip


def _naive_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    access = {"probabilities": EACH, "exponentials": OTHER, "total": ONE}
    divide = IndexMap(maps.pairs, access, "share", maps.exact)
    loss = maps.loss("probabilities", exact=False)
    return [
        Step("exp", (maps.z,), "exponentials", "", (), maps.each("exponentials", maps.z), "e^{z}"),
        Step("reduce_sum", ("exponentials",), "total", "", (), maps.one("total", "exponentials")),
        Step(
            "divide",
            ("exponentials", "total"),
            "probabilities",
            "",
            (),
            divide,
            "its own exponential ÷ {total}",
        ),
        Step(
            "−log of the label's",
            ("probabilities", "labels"),
            "loss",
            "",
            (_counted(maps),),
            loss,
            "−log of class {labels} of {probabilities}",
        ),
    ]


def _double_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    again = "exp of its own ÷ Σ exp({once})"
    last = "−log of class {labels} of {twice}"
    first = "exp of its own ÷ Σ exp({z})"
    loss, reads = maps.loss("twice", exact=False), ("twice", "labels")
    return [
        Step("softmax", (maps.z,), "once", "", (), maps.share("once", maps.z), first),
        Step("softmax again", ("once",), "twice", "", (), maps.share("twice", "once"), again),
        Step("−log of the label's", reads, "loss", "", (_counted(maps),), loss, last),
    ]


def _binary_steps(p: Mapping[str, Any], maps: Maps, every: bool) -> list[Step]:
    sigmoid = p["way"] == "binary-sigmoid"
    squash = maps.each("once", maps.z) if sigmoid else maps.share("once", maps.z)
    access = {"terms": EACH, "once": EACH, "labels": HERE}
    terms = IndexMap(maps.cells, access, "each", maps.exact)
    total = IndexMap(maps.cells, {"loss": HERE, "terms": EACH}, exact=every and maps.exact)
    one = "1 ÷ (1 + e^−{z})" if sigmoid else "exp of its own ÷ Σ exp({z})"
    asked = "−log {once} if it is class {labels}, else −log (1 − {once})"
    return [
        Step("sigmoid" if sigmoid else "softmax", (maps.z,), "once", "", (), squash, one),
        Step("yes or no, class by class", ("once", "labels"), "terms", "", (), terms, asked),
        Step("reduce_sum", ("terms",), "loss", "", (_counted(maps),), total),
    ]


def _reduce_step(p: Mapping[str, Any], results: Mapping[str, Any], kept: Array) -> Step:
    pixels, count = kept.size, int(kept.sum())
    divisor = {"sum": 1, "mean": pixels}.get(p["reduction"], count)
    loops = dict(zip("bhw", kept.shape, strict=True))
    finite = bool(np.isfinite(results["objective"]))
    total = IndexMap(loops, {"objective": (), "loss": HERE}, "sum", finite and count == pixels)
    readout = "Σ {loss}" if p["reduction"] == "sum" else f"Σ {{loss}} ÷ {divisor}"
    names = {"sum": "reduce_sum", "mean": "reduce_mean", "mean of kept": "mean of the kept labels"}
    name = names.get(p["reduction"], "mean of the kept labels, 0 if none")
    formula = f"{count} of {pixels} label{'s' * (pixels > 1)} kept" + (
        f", divided by {divisor}" if p["reduction"] != "sum" else ""
    )
    alone = p["mode"] == "one"  # one loss is its own sum and mean
    return Step(name, ("loss",), "objective", "", (formula,), total, readout, aside=alone)


def _views(maps: Maps, every: bool) -> list[Step]:
    """What the tensors beside the way from logits to loss are made of."""
    spread = {"one_hot": EACH, "labels": HERE}
    hot = IndexMap(maps.cells, spread, "each", False)
    pairs = {"gradient": EACH, "softmax": EACH, "one_hot": EACH}
    slope = IndexMap(maps.cells, pairs, "each", False)  # a slope is linked by value, not by its own slope
    own = IndexMap(maps.cells, {"own_loss": EACH, "every_loss": EACH, "labels": HERE}, "each", False)
    share = "exp of its own ÷ Σ exp({z})"
    log = "log Σ exp({z}) − its own"
    largest = IndexMap(maps.cells, {"guess": HERE, "logits": EACH}, "max", False)
    steps = [
        Step("argmax", ("logits",), "guess", map=largest, readout="the class of the largest of {logits}"),
        Step("softmax", (maps.z,), "softmax", map=maps.share("softmax", maps.z), readout=share),
        Step("one_hot", ("labels",), "one_hot", map=hot, readout="1 if it is class {labels}, else 0"),
        Step("subtract", ("softmax", "one_hot"), "difference", map=maps.each("difference", "softmax", "one_hot", exact=every),
             readout="{softmax} − {one_hot}"),
        Step("−log softmax", (maps.z,), "every_loss", map=maps.share("every_loss", maps.z), readout=log),
        Step("the label's", ("every_loss", "labels"), "own_loss", map=own),
        Step("GradientTape", ("softmax", "one_hot"), "gradient", map=slope, readout=_SLOPE),
    ]  # fmt: skip
    return [replace(step, aside=True) for step in steps]


_SLOPE = "by the tape; softmax − one-hot is {softmax} − {one_hot}"


def facts(p: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """Plain numbers of the chosen pixel, of the picture, and of every way."""
    row, column = p["pixel"] if p["mode"] == "pixels" else (0, 0)
    label = int(results["labels"][0, row, column])
    kept = results["kept"].astype(bool)
    softmax = results["softmax"][0, row, column].astype("float64")
    classes = len(softmax)
    guesses = results["guess"]
    gradient = results["gradient"].astype("float64")
    at_pixel = results["gradient"][0, row, column].astype("float64")
    return {
        "loss": float(results["loss"][0, row, column]),
        "objective": float(results["objective"]),
        "label": label,
        "label_is_class": 0 <= label < classes,
        "label_kept": bool(kept[0, row, column]),
        "classes": classes,
        "pixels": kept.size,
        "kept": int(kept.sum()),
        "probability": float(softmax[label]) if 0 <= label < classes else None,
        "chance": float(np.log(classes)),
        "largest_class": int(guesses[0, row, column]),
        "right": int(((guesses == results["labels"]) & kept).sum()),
        "gradient": tuple(at_pixel.tolist()),
        "gradient_sum": float(at_pixel.sum()),
        "gradient_off": _gradient_off(p, results, gradient, kept),
        "label_gradient_is_none": bool(results["label_gradient_is_none"]),
        "ways": _by_way(results, "ways", ("tf", *HAND_MADE, *tuple(OPERATION)[1:])),
        "in_graph": _by_way(results, "in_graph", tuple(OPERATION)),
        "logits_shape": results["logits"].shape,
        "labels_shape": results["labels"].shape,
    }


def _by_way(results: Mapping[str, Any], tensor: str, names: Sequence[str]) -> dict[str, float]:
    """The chosen pixel's loss by each way; nothing where its label is ignored or no class."""
    if tensor not in results:
        return {}
    return {way: float(loss) for way, loss in zip(names, results[tensor], strict=True)}


def _gradient_off(p: Mapping[str, Any], results: Mapping[str, Any], gradient: Array, kept: Array) -> float:
    """The largest difference between the tape's gradient and (softmax − one-hot) × its share."""
    divisor = {"sum": 1, "mean": kept.size}.get(p["reduction"], int(kept.sum()))
    with np.errstate(all="ignore"):
        share = kept[..., None] / np.float64(divisor) / p["temperature"]
        away = np.abs(gradient - results["difference"].astype("float64") * share)
    return float(away.max())
