"""The layers of both models with their sizes, and what is refused before TensorFlow is called."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.errors import Rejected

HEADS = ("sigmoid", "softmax over frames", "softmax of one unit")
SEQUENCES = 48  # trained on, about
STACK = 4  # sequences of a step: 60 maps of the question
CHANNELS = 3
FILTERS = 8  # of the first convolution
KINDS = ("none", "a third", "all")  # of the frames positive, when a loss is asked what it says


@dataclass(frozen=True)
class Layer:
    """A layer by its Keras name: shape of its output without the batch axis, weights, products of a map."""

    name: str
    output: tuple[int, ...]
    weights: int
    products: int = 0
    convolution: bool = False


def batch_of(frames: int, batch: int | None, **_: Any) -> int:
    """Maps in a batch of the data set: 120 in the question."""
    return batch or 2 * STACK * frames


def batches_of(frames: int, batch: int | None, **_: Any) -> int:
    """Batches of the data set, so many that there are about 48 sequences."""
    return max(1, SEQUENCES * frames // batch_of(frames, batch))


def layers_of(**parameters: Any) -> tuple[list[Layer], list[Layer]]:
    """The chosen model's layers, and the right one's."""
    right = _layers(**(parameters | {"cnn": "features", "return_sequences": True, "head": "sigmoid"}))
    return _layers(**parameters), right


def _layers(
    frames: int, size: int, cnn: str, features: int, units: int, return_sequences: bool, head: str, **_: Any
) -> list[Layer]:
    activation = "sigmoid" if head == "sigmoid" else "softmax"
    cnn_layers = _convolutions(frames, size, features) if cnn == "features" else []
    read = cnn_layers[-1].output[-1] if cnn_layers else CHANNELS
    if not cnn_layers:
        cnn_layers = [Layer("TimeDistributed(GlobalMaxPool2D())", (frames, CHANNELS), 0)]
    outputs = 1 if return_sequences else frames
    gru = Layer(
        "GRU",
        (frames, units) if return_sequences else (units,),
        3 * units * (read + units + 2),
        3 * units * (read + units),
    )
    shape = (frames, 1) if return_sequences else (frames,)
    dense = Layer(
        f"Dense({outputs}, {activation})",
        shape,
        (units + 1) * outputs,
        units * outputs // (frames // outputs),
    )
    return [*cnn_layers, gru, dense]


def _convolutions(frames: int, size: int, features: int) -> list[Layer]:
    """Two 3 × 3 convolutions with stride 2 and SAME padding: sides of ⌈n/2⌉, and the mean over each map."""
    found, channels = [], CHANNELS
    for filters in (FILTERS, features):
        size = -(-size // 2)
        weights = 9 * channels * filters
        found.append(
            Layer(
                f"Conv2D({filters}, 3, strides=2, relu)",
                (frames, size, size, filters),
                weights + filters,
                weights * size**2,
                True,
            )
        )
        channels = filters
    return [*found, Layer("GlobalAveragePooling2D", (frames, features), 0)]


def posted_weights(frames: int, units: int) -> dict[str, int]:
    """Weights of the model as it was posted, whatever the size of a map: a GRU on three numbers, five dense layers."""
    sizes, found = [units, 1024, 512, 128, 64, frames], {"GRU": 3 * units * (CHANNELS + units + 2)}
    for before, after in pairwise(sizes):
        found[f"Dense({after})" if after != frames else f"Dense({after}, softmax)"] = (before + 1) * after
    return found


def check(**parameters: Any) -> None:
    """Raises `Rejected` for what Keras or NumPy would refuse, and for a loss that its activation makes empty."""
    frames, batch, labels = parameters["frames"], parameters["batch"], parameters["labels"]
    if frames < 2:
        fix = "use two maps or more; for single maps train the CNN alone"
        raise Rejected("frames", "1 map", "at least 2: a sequence", fix, {"frames": 2})
    if parameters["cnn"] == "called":
        fix = 'return the features: with pooling="avg" nothing is left to pool or to flatten'
        raise Rejected("cnn", "a pooling layer called on a dense layer's (maps, 512)",
                       "four axes: GlobalMaxPool2D takes (maps, height, width, channels)", fix, {"cnn": "features"})  # fmt: skip
    if labels is not None and labels != frames:
        fix = "give every map its own 0 or 1, or leave it out"
        raise Rejected(
            "labels", f"{labels} for a sequence", f"{frames}, one for each map", fix, {"labels": None}
        )
    if batch is not None and batch % frames:
        whole = max(1, round(batch / frames)) * frames
        expected = (
            f"a multiple of {frames}: the last part has only {batch % frames} maps, and np.stack refuses: "
        )
        expected += "all input arrays must have the same shape"
        raise Rejected("batch", f"{batch} maps", expected, f"use {whole}, or another batch of whole sequences",
                       {"batch": whole if whole <= 960 else None})  # fmt: skip
    _check_loss(**parameters)


def _check_loss(head: str, loss: str, return_sequences: bool, **_: Any) -> None:
    if head == "softmax of one unit" and not return_sequences:
        expected = "return_sequences: without it the dense layer has a unit for each frame, not one"
        fix = "return the sequences, or use softmax over frames"
        raise Rejected("head", head, expected, fix, {"return_sequences": True})
    if head == "sigmoid" and loss == "CCE":
        expected = (
            "binary cross-entropy: a sigmoid answers each map by itself, and categorical cross-entropy "
        )
        expected += "divides the answers by their sum, so that only their shares count"
        raise Rejected("loss", "CCE on sigmoid", expected, "use BCE", {"loss": "BCE"})
