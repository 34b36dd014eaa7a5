"""What the output-activation technique tells about its results: axes, steps, maps, facts, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor
from engine.training.output_activation_loss_functions import (
    BATCH,
    FILES,
    HEADS,
    HIDDEN,
    KERNELS,
    LOSSES,
    SIDE,
    TESTS,
)

IMAGE = ("batch", "height", "width", "channel")
MAPS = ("batch", "height", "width", "filter")
EPOCH, FILE = ("epoch",), ("file",)
NAMED = {
    "logits": (("logit",), "the two logits"),
    "sigmoid": (("logit",), "each by itself: 1 / (1 + exp(−z))"),
    "softmax": (("logit",), "together: exp(z) / Σ exp(z)"),
    "loss": (("head", "loss"), "what Keras answers"),
    "gradient": (("head", "loss", "logit"), "d loss / d logit"),
    "x": (IMAGE, "the first picture tested"),
    "conv": (MAPS, "sums of the convolution"),
    "maps": (MAPS, "bias added; there is no activation"),
    "pooled": (MAPS, "the largest of each 2 × 2"),
    "flat": (("batch", "flat"), "one vector"),
    "hidden": (("batch", "unit"), "the dense layer behind its ReLU"),
    "z": (("batch", "output"), "the logits of this picture"),
    "learned_conv_w": (("kernel height", "kernel width", "channel", "filter"), "learned kernels"),
    "learned_conv_b": (("filter",), "learned biases"),
    "learned_dense_w": (("flat", "unit"), "learned weights of the dense layer"),
    "learned_dense_b": (("unit",), "its biases"),
    "learned_out_w": (("unit", "output"), "learned weights of the output"),
    "learned_out_b": (("output",), "its biases"),
    "files": (("file", "height", "width"), "the first 12 pictures tested, as the pipeline hands them out"),
    "said": (FILE, "the network's answer"),
    "expected": (FILE, "the label that stands beside the picture"),
    "true": (FILE, "what the picture shows"),
    "order": (FILE, "which file each picture trained on is"),
    "test_order": (FILE, "which file each picture tested is"),
    "z_all": (("file", "output"), "logits of all pictures tested"),
    "losses": (EPOCH, "mean loss"),
    "accuracy": (EPOCH, "share of the pictures tested where answer and label agree"),
    "true_accuracy": (EPOCH, "share where the answer is what the picture shows"),
    "slope": (EPOCH, "mean length of d loss / d logits of a step"),
    "repaired_losses": (EPOCH, "loss of the repaired network"),
    "repaired_accuracy": (EPOCH, "accuracy of the repaired network"),
    "repaired_true_accuracy": (EPOCH, "the same by what the pictures show"),
}
FITS = {("none", "CCE from_logits"), ("sigmoid", "BCE"), ("softmax", "CCE"), ("softmax", "sparse")}
NEARLY = {("sigmoid", "CCE"), ("sigmoid", "sparse"), ("softmax", "BCE"), ("softmax", "CCE from_logits"),
          ("sigmoid", "CCE from_logits")}  # fmt: skip


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The story of two logits, and of a training run where there was one."""
    tensors = {name: Tensor(results[name], *NAMED[name]) for name in NAMED if name in results}
    trained = "losses" in results
    facts = _example(parameters, results) | {"trained": trained, "stopped": ""}
    steps = _heads()
    if trained:
        facts |= _training(parameters, results)
        steps = _network(parameters) + steps
    return Story(tensors, steps, facts, _notes(parameters, facts))


def fit(head: str, loss: str) -> str:
    """Whether a loss expects what a head gives: fits, nearly, wrong."""
    return "fits" if (head, loss) in FITS else "nearly" if (head, loss) in NEARLY else "wrong"


def _heads() -> list[Step]:
    """The two heads of the example: each logit by itself, or all of them."""
    each = IndexMap({"o": 2}, {"sigmoid": ("o",), "logits": ("o",)}, "each")
    share = IndexMap({"o": 2, "other": 2}, {"softmax": ("o",), "logits": ("other",)}, "share")
    return [
        Step("sigmoid", ("logits",), "sigmoid", map=each, readout="1 / (1 + exp(−{logits}))"),
        Step("softmax", ("logits",), "softmax", "exp(·) / Σ exp", map=share),
    ]


def _network(parameters: Mapping[str, Any]) -> list[Step]:
    """The posted CNN for the first picture tested."""
    side = SIDE - 2
    half, units = side // 2, parameters["units"]
    loops = {"b": 1, "i": side, "j": side, "f": KERNELS}
    at, taps = ("b", "i", "j", "f"), {"u": 3, "v": 3, "c": 1}
    conv = IndexMap(
        loops | taps, {"conv": at, "x": ("b", "i + u", "j + v", "c"), "learned_conv_w": ("u", "v", "c", "f")}
    )
    bias = IndexMap(loops, {"maps": at, "conv": at, "learned_conv_b": ("f",)}, "each")
    small = {"b": 1, "i": half, "j": half, "f": KERNELS}
    window = ("b", "2*i + u", "2*j + v", "f")
    pool = IndexMap(small | {"u": 2, "v": 2}, {"pooled": at, "maps": window}, "max", exact=False)
    flat = IndexMap(small, {"flat": ("b", f"{half * KERNELS}*i + {KERNELS}*j + f"), "pooled": at}, "each")
    length = half * half * KERNELS
    dense = IndexMap(
        {"b": 1, "n": length, "h": HIDDEN},
        {"hidden": ("b", "h"), "flat": ("b", "n"), "learned_dense_w": ("n", "h")},
        exact=False,
    )
    out = IndexMap(
        {"b": 1, "h": HIDDEN, "o": units},
        {"z": ("b", "o"), "hidden": ("b", "h"), "learned_out_w": ("h", "o")},
        exact=False,
    )
    return [
        Step("conv2d", ("x", "learned_conv_w"), "conv", "3×3, VALID", (f"{SIDE} − 3 + 1 = {side}",), conv),
        Step("bias", ("conv", "learned_conv_b"), "maps", "no activation", map=bias, readout="{conv} + {learned_conv_b}"),
        Step("max_pool2d", ("maps",), "pooled", "2×2, stride 2", (f"{side} / 2 = {half}",), pool),
        Step("flatten", ("pooled",), "flat", formula=(f"{half} · {half} · {KERNELS} = {length}",), map=flat),
        Step("dense, relu", ("flat", "learned_dense_w"), "hidden", f"{HIDDEN} units", map=dense,
             readout="max(0, Σ {flat} · {learned_dense_w} + b)"),
        Step("dense", ("hidden", "learned_out_w"), "z", f"{units} outputs", map=out,
             readout="Σ {hidden} · {learned_out_w} + b"),
    ]  # fmt: skip


def _example(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    row, column = HEADS.index(parameters["head"]), LOSSES.index(parameters["loss"])
    gradient = results["gradient"][row, column]
    side, pooled = 90, 44
    return {
        "loss": float(results["loss"][row, column]),
        "gradient": tuple(float(value) for value in gradient),
        "losses_of": {head: tuple(map(float, results["loss"][at])) for at, head in enumerate(HEADS)},
        "chosen": (row, column),
        "fit": fit(parameters["head"], parameters["loss"]),
        "posted": (9 * KERNELS + KERNELS, 0, 0, pooled * pooled * KERNELS * HIDDEN + HIDDEN, 2 * HIDDEN + 2),
        "posted_side": side,
    }


def _training(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    order = results["order"]
    said, expected, true = results["said"], results["expected"], results["true"]
    moved = int((order != np.arange(len(order))).sum())
    sizes = {
        name: results[f"learned_{name}"].size
        for name in ("conv_w", "conv_b", "dense_w", "dense_b", "out_w", "out_b")
    }
    return {
        "epochs_done": len(results["losses"]),
        "first_loss": float(results["losses"][0]),
        "last_loss": float(results["losses"][-1]),
        "accuracy": float(np.mean(said == expected)),
        "true_accuracy": float(np.mean(said == true)),
        "repaired_accuracy": float(results["repaired_accuracy"][-1]),
        "labels_right": float(np.mean(expected == true)),
        "moved": moved,
        "shuffled": bool(moved),
        "files": FILES,
        "tested": TESTS,
        "steps_an_epoch": FILES // BATCH,
        "slope": float(results["slope"][-1]),
        "one_answer": bool(len(set(said.tolist())) == 1),
        "parameters": tuple(sizes.values()),
        "parameters_total": sum(sizes.values()),
        "stopped": str(results["stopped"]),
    }


def _notes(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    notes = [facts["stopped"]] if facts["stopped"] else []
    head, loss = parameters["head"], parameters["loss"]
    if head == "none" and loss != "CCE from_logits":
        notes.append(f"Raw outputs go into {loss}, which takes them for probabilities: add from_logits=True.")
    if facts["trained"] and parameters["shuffle"].startswith("'"):
        notes.append(
            f"shuffle={parameters['shuffle']} is text, and bool({parameters['shuffle']}) is True: it shuffles."
        )
    if facts["trained"] and facts["labels_right"] < 1:
        share = 100 * facts["labels_right"]
        notes.append(
            f"Only {share:.0f} % of the labels belong to the picture beside them: the order of files was changed."
        )
    return notes
