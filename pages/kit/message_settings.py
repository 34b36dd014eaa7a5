"""From the shapes of an error message to the settings of the lab that explains it, lab by lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from engine.attention.multi_head_attention_masks import LAYOUTS, Sizes, misfit, rank_4
from engine.convolution.skip_connection_crop_add_sizes import Stage, along
from pages.kit.told import Told

Found = Mapping[str, Any] | None
CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
BODIES = {
    "conv2d": "conv2d",
    "conv1d": "conv1d",
    "lstm": "lstm",
    "gru": "lstm",
    "rnn": "lstm",
    "dense": "dense",
}
SKIP_LAYERS = [(padding, kernel) for kernel in range(2, 8) for padding in ("VALID", "SAME")]


def as_it_is(told: Told) -> Found:
    """The lab's own example: the message holds no shape of it."""
    return {}


def broadcasting(told: Told) -> Found:
    """Two or three shapes that meet cell by cell."""
    operation = {
        "Sub": "subtract",
        "Mul": "multiply",
        "SquaredDifference": "squared difference",
    }.get(told.operation, "add")
    shapes = told.drawn(told.known("a", "b", "c", unknown=1, tell=True), 1024, 2**22, axes=5)
    return {**dict(zip("abc", shapes, strict=False)), "operation": operation} if len(shapes) > 1 else None


def skip(told: Told) -> Found:
    """Two maps [height, width, channels] that differ by what halving and doubling loses."""
    pair = [shape[-3:] for shape in told.known("a", "b") if len(shape) in (3, 4)]
    if len(pair) < 2 or max(pair[0][0], pair[0][1], pair[1][0], pair[1][1]) > 512:
        return None
    for first, second in (pair, pair[::-1]):
        found = _halvings(first[:2], second[:2])
        if found:
            channels = told.at_most(first[2], 128, "channels")
            other = None if first[2] == second[2] or "oncat" in told.text else min(second[2], 128)
            return {"size": first[:2], "channels": channels, "decoder_channels": other, **found}
    return None


def _halvings(encoder: tuple[int, ...], decoder: tuple[int, ...]) -> dict[str, Any] | None:
    """Stages after which the encoder's size comes back as the decoder's; the fewest there are."""
    for count in range(1, 7):
        for padding, kernel in SKIP_LAYERS:
            stages = [Stage(kernel, padding)] * count
            if all(_back(*sides, stages) for sides in zip(encoder, decoder, strict=True)):
                return {"stages": count, "layers": ((padding, kernel),), "skips": (1,) + (0,) * (count - 1)}
    return None


def _back(size: int, wanted: int, stages: Sequence[Stage]) -> bool:
    now = along(size, stages)[-1]
    for stage in stages:
        now = stage.up(now) if now else 0
    return now == wanted


def skip_near(told: Told) -> Found:
    """The same where no halving gives both sizes: the lab at the first one."""
    first = next((shape[-3:] for shape in told.known("a") if len(shape) in (3, 4)), None)
    if first is None or skip(Told(told.shapes, told.numbers, told.text)):
        return None
    told.cut.append("no halving and doubling of the lab gives both sizes: it shows the first one")
    return {"size": tuple(told.at_most(side, 512, "pixels") for side in first[:2])}


def products(told: Told) -> Found:
    """Two operands of a matrix product, as an einsum."""
    letters: dict[tuple[int, ...], str] = {
        (2, 2): "ij,jk->ik",
        (3, 2): "bij,jk->bik",
        (3, 3): "bij,bjk->bik",
        (4, 4): "bhij,bhjk->bhik",
    }
    shapes = told.drawn(told.known("a", "b", tell=True), 32, 16_384)
    expression = letters.get(tuple(map(len, shapes)))
    return _einsum(expression, shapes) if expression else None


def _einsum(expression: str, shapes: Sequence[Sequence[int]]) -> Found:
    return {"expression": expression, "sizes": ", ".join("x".join(map(str, shape)) for shape in shapes)}


def sizes_of_products(told: Told) -> Found:
    """Only the two sizes that should be one are known."""
    shapes = told.drawn([(2, told.numbers["n"]), (told.numbers["m"], 3)], 32)
    return _einsum("ij,jk->ik", shapes)


def one_operand(told: Told) -> Found:
    """An einsum that wants another size on one axis of the operand it names."""
    (shape,), axis = told.known("a"), told.numbers["axis"]
    if not shape or len(shape) > 5 or not 0 <= axis < len(shape):
        return None
    (expected, *_), shape = told.drawn([(told.numbers["n"],), shape], 32, 16_384)
    letters = "ijklm"[: len(shape)]
    output = letters.replace(letters[axis], "")
    return _einsum(f"{letters[axis]},{letters}->{output}", [(expected,), shape])


def operand_rank(told: Told) -> Found:
    """An einsum with more letters than the operand has axes."""
    letters, axes = (min(max(told.numbers[name], 1), 5) for name in ("n", "m"))
    named = "ijklm"[:letters]
    return _einsum(f"{named}->{named}", [(2, 3, 4, 2, 3)[:axes]])


def layer_input(told: Told) -> Found:
    """What a layer is given has too few axes, or other sizes than it was built for: data and keras.Input."""
    given = told.shapes.get("a", ())
    data, *built = told.known("a", "b", unknown=12 if given[:1] == (None,) else 4)
    wanted = [built[0][1:]] if built and len(built[0]) > 1 else []
    if "n" in told.numbers and len(data) > 1:
        wanted = [(*data[1:-1], told.numbers["n"])]
    if not data or len(data) > 5 or any(len(shape) > 4 for shape in wanted):
        return None
    sample, *wanted = told.drawn([data[1:], *wanted], 64, 16_384)
    samples = told.at_most(data[0], min(64, 16_384 // max(1, prod(sample))), "samples")
    settings = {"data": (samples, *sample), "body": _body(told, len(data))}
    return settings | ({"input_shape": wanted[0]} if wanted else {})


def _body(told: Told, rank: int) -> str:
    for name, body in BODIES.items():
        if name in told.layer:
            return body
    axes = told.numbers.get("ndim", rank)
    return {3: "lstm", 4: "conv2d"}.get(axes, "dense")


def conv1d_input(told: Told) -> Found:
    """A Conv1D layer's input, [step, channel] without a batch or with other channels than it was built for."""
    (shape,) = told.known("a")
    if "conv1d" not in told.layer or len(shape) not in (2, 3):
        return None
    steps, channels = shape[-2:]
    settings = {"steps": told.at_most(steps, 1000, "steps"), "kernel": min(6, steps), "mode": "full"}
    settings["batch_axis"] = len(shape) == 3
    if "n" in told.numbers:
        ((settings["channels"], settings["built_channels"]),) = told.drawn(
            [(channels, told.numbers["n"])], 16
        )
        return settings
    return settings | {"channels": told.at_most(channels, 16, "channels")}


def windows(told: Told) -> Found:
    """A table of two axes handed to a recurrent layer."""
    (shape,) = told.known("a")
    if not _cell(told):
        return None
    return {
        "handed": "rank 2",
        "features": told.at_most(shape[-1] if shape else 1, 64, "columns"),
        "cell": _cell(told),
    }


def recurrent(told: Told) -> Found:
    """The cell of the layer; its states where only the last output was handed on."""
    return {"cell": _cell(told) or "LSTM", "return_sequences": False, "return_state": False}


def _cell(told: Told) -> str:
    return next((cell for name, cell in CELLS.items() if name in told.layer), "")


def stateful(told: Told) -> Found:
    """A stateful layer that was built for another batch."""
    ((built, given),) = told.drawn([(told.numbers["n"], told.numbers["m"])], 64)
    return {"mode": "stateful", "built_streams": built, "streams": given}


def stateful_unknown(told: Told) -> Found:
    """A stateful layer whose batch is not known: the lab with one that is."""
    return {"mode": "stateful"}


def attention_mask(told: Told) -> Found:
    """Scores [a] = [batch, heads, queries, keys] and a mask [b] that does not fit them."""
    scores, mask = told.known("a", "b")
    if len(scores) != 4 or len(mask) != 4:
        return None
    sizes = Sizes(
        told.at_most(scores[0], 4, "sentences"),
        told.at_most(scores[1], 4, "heads"),
        told.at_most(max(scores[2:]), 8, "words"),
    )
    words = " / ".join(" ".join("abcdefgh"[: sizes.words]) for _ in range(sizes.batch))
    misfits = [layout for layout in LAYOUTS if misfit(layout, "keras", sizes)]
    same = [layout for layout in misfits if rank_4(sizes.shape(layout), "keras") == mask]
    if not same:
        told.cut.append("a mask that does not fit in another way is shown, words attend to themselves")
    layout = next(iter([*same, *misfits]), "fitting")
    return {"heads": sizes.heads, "sentences": words, "mask": "padding", "layout": layout}


def clash(told: Told) -> Found:
    """Two shapes that clash: the message names none."""
    told.cut.append("the message names no shapes: an example is shown")
    return {"a": (2, 3), "b": (2, 4)}


def unknown_letter(told: Told) -> Found:
    """A letter of the output that no operand has."""
    return {"expression": "ij,jk->iq"}


def recurrent_features(told: Told) -> Found:
    """A cell that was built for other features: what it reads in a timestep, [a]."""
    shape = told.known("a")[0]
    if not _cell(told) or len(shape) != 2:
        return None
    batch, features = told.at_most(shape[0], 3, "sequences"), told.at_most(shape[1], 6, "features")
    return {"cell": _cell(told), "batch": batch, "features": features}


def two_sizes(told: Told) -> Found:
    """Only the two sizes that should be equal are known."""
    sizes = told.drawn([(told.numbers["m"],), (told.numbers["o"],)], 1024)
    return dict(zip("ab", sizes, strict=True))
