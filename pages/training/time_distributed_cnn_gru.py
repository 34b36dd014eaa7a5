"""**What you see.** Four sequences of weather maps. A vortex drifts across each map; if the air turns anticlockwise the map's
label is 1, a **storm**. Every map is to get its own answer, from a CNN (convolutional network) that looks at it and a GRU
that remembers the maps before. Two models train on the same weather from the same seed: the **chosen** one, which starts as
the question's code was posted, and the **repaired** one.

The maps are made by a seeded generator: so it is known that the largest value of a channel says nothing, and that only the
pattern of the wind does. In a map of the wind to the north, a storm is orange on its left and blue on its right; calm is
the other way round.

**What to try.**

- Start with the posted code: it compiles, it trains, its loss is a number, and no convolution is in it.
- Take the repaired model and put one mistake back at a time. Watch the balanced accuracy, the mean of storms found and calm
  maps found: 50 % is guessing.
- Point at a state of the GRU: it has seen this map and those before it, never one after.
- Look at *change when pixels are shuffled*: it must not be 0.

**What it means for your code.**

- Call layers: `GlobalMaxPool2D()` is a layer, `GlobalMaxPool2D()(x)` its output. Read `model.summary()` before you train,
  and look for the weights that you expect.
- One label a map needs `return_sequences=True` and a sigmoid with binary cross-entropy: softmax shares one certainty among
  all frames, and categorical cross-entropy is silent about a sequence without positives.
- Keep time in order inside a sequence, and check it in the batches that arrive: class folders are read class by class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import engine
from engine import Trace
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.training.time_distributed_cnn_gru_charts import CHARTS, TABLES, curves
from pages.training.time_distributed_cnn_gru_claims import CLAIMS
from pages.training.time_distributed_cnn_gru_predictions import PREDICTIONS
from pages.training.time_distributed_cnn_gru_words import REPAIRED, is_repaired, number, percent

NORTH = {"channel": 1}


def panels(trace: Trace) -> Sequence[Panel]:
    """Maps, labels and both models' answers; then the way of a map through the chosen model."""
    place = _telling(trace)
    shown: list[Panel] = [
        Grid("x", "maps: wind to the north", at=NORTH | place),
        Grid("labels", "labels: 1 is a storm", "sequential"),
        Grid("probability", "answers of the chosen model", "sequential"),
    ]
    if not is_repaired(trace):
        shown.append(Grid("right_probability", "answers of the repaired model", "sequential"))
    line = "Inside the chosen model"
    for conv in ("conv1", "conv2"):
        if conv in trace.tensors:
            shown.append(
                Grid(conv, f"{conv}, after ReLU", "sequential", beside="filter", at=place, line=line)
            )
            line = ""
    shown.append(Grid("features", "features of each map", at=place, line=line))
    last = Grid("states", "states of the GRU", at=place)
    return [
        *shown,
        last,
        *([Grid("state", "last state")] if "state" in trace.tensors else []),
        Grid("logits", "logits"),
    ]


def _telling(trace: Trace) -> dict[str, int]:
    """The sequence whose weather changes most often, at its first storm."""
    labels = trace["labels"]
    sequence = int(np.abs(np.diff(labels, axis=1)).sum(axis=1).argmax())
    return {"sequence": sequence, "frame": int(labels[sequence].argmax())}


def gradients(trace: Trace) -> Sequence[Panel]:
    """What the mean loss of the four sequences sends back."""
    found: list[Panel] = [
        Grid("gradient_logits", "d mean loss / d logits"),
        Grid("gradient_features", "d mean loss / d features", at=_telling(trace)),
        Grid("gradient_x", "d mean loss / d maps", at=NORTH | _telling(trace)),
    ]
    if "gradient_kernel1" in trace.tensors:
        found.append(Grid("gradient_kernel1", "d mean loss / d kernel 1", beside="filter"))
    return found


def gradient_note(trace: Trace) -> str:
    """None for the CNN that is not there, zero for what has a path and no slope."""
    told = trace.facts
    kernel = (
        "The kernels of the CNN get **None**: TensorFlow finds no path from the loss to them, because the layer that "
        "was returned never met their output. None is no zero: an optimizer skips them, with a warning at most."
        if told["kernel_gradient_is_none"]
        else "No gradient is **None**: there is a path from the loss to every kernel."
    )
    zeros = told["zero_slopes"]
    cells = trace["gradient_logits"].size
    if zeros:
        kernel += f" {zeros} of {cells} logits get exactly 0: there is a path, but no slope."
    return f"{kernel} The largest slope at a logit is {number(told['largest_slope'])}."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """What is in the chosen model, what it saw, and how both do on weather held out."""
    told = trace.facts
    found = [
        ("CNN weights", f"{told['chosen_cnn_weights']:,}"),
        ("all weights", f"{told['chosen_weights']:,}"),
        ("sequences trained on", f"{told['sequences']} of {told['all_sequences']}"),
        ("of one class only", str(told["one_class"])),
        ("change when pixels are shuffled", number(told["chosen_moved"])),
        ("storms found", percent(told["chosen_storms"])),
        ("calm maps left alone", percent(told["chosen_calm"])),
        ("training loss", f"{number(told['chosen_first_loss'])} → {number(told['chosen_last_loss'])}"),
    ]
    if not is_repaired(trace):
        found.append(
            ("repaired: storms, calm", f"{percent(told['right_storms'])}, {percent(told['right_calm'])}")
        )
    return [*found, ("epochs", str(told["epochs"]))]


def asks(given: Mapping[str, Any]) -> str:
    """What Keras or NumPy says to the mistakes that they do refuse."""
    answers = engine.run("sequence-model-calls").facts["answers"]
    if given.get("cnn") == "called":
        return str(answers["GlobalMaxPool2D on (maps, 512)"])
    if given.get("batch") not in (None, ""):
        return str(answers["stack of unequal parts"])
    return ""


def _back(**mistake: Any) -> dict[str, Any]:
    """The repaired model with mistakes put back."""
    return REPAIRED | mistake


PRESETS = (
    Preset("Everything repaired", _back(),
           "CNN called, one sigmoid a map, binary cross-entropy, time in order: nearly every storm is found."),
    Preset("Only the call is missing", _back(cnn="posted"),
           "One missing call takes the CNN away, and nothing complains: the loss falls to that of always saying how common storms are."),
    Preset("One vector a sequence", _back(return_sequences=False),
           "Fifteen answers from the last state alone: the GRU must carry every map to the end, and learns later and less."),
    Preset("Softmax over frames", _back(head="softmax over frames", loss="CCE"),
           "Softmax shares one certainty among all frames: of three storms at most one can pass a half, and after training not one is found."),
    Preset("Softmax of one unit", _back(head="softmax of one unit"),
           "Dense(1, softmax) sums over an axis of one place: every answer is 1, and no gradient passes."),
    Preset("Read by class", _back(ordering="class"),
           "shuffle=False reads one class folder after the other: all but one sequence show a single class, and a GRU learns that nothing changes."),
    Preset("By class, without the empty", _back(ordering="class", skip_empty=True),
           "np.any(y) drops every sequence without a storm; read by class, storms are all that is left, and everything becomes one."),
    Preset("Half of every batch", _back(posted_range=True),
           "The wrong shape[0] reaches the first half of each batch only: it learns, from half of the data, and nobody sees it."),
)  # fmt: skip

CONTROLS = (
    Control("cnn", "The CNN's function returns", labels={"posted": "the pooling layer (posted)",
            "called": "pooling called on the vector", "features": "the features"}),
    Control("return_sequences", "return_sequences", help="One output for each map instead of one for the sequence"),
    Control("head", "Last activation", labels={"softmax over frames": "softmax, frames",
            "softmax of one unit": "softmax, one unit"}),
    Control("loss", "Loss", labels={"BCE": "binary CE", "CCE": "categorical CE"}),
    Control("ordering", "Maps are read", labels={"time": "in order of time", "class": "class by class"}),
    Control("skip_empty", "Skip sequences without a storm", help="if np.any(x) and np.any(y)"),
    Control("posted_range", "range over the number of batches", help="range(0, x_numpy.shape[0], 60) as posted"),
    Control("frames", "Maps in a sequence", low=2),
    Control("size", "Map size", "px", high=64),
    Control("features", "Features of a map", when=("cnn", ("features",))),
    Control("units", "GRU units"),
    Control("positive_rate", "Share of storms"),
    Control("batch", "Maps in a batch", auto="8 sequences"),
    Control("labels", "Labels a sequence", auto="one a map"),
    Control("rate", "Learning rate", low=0.0001, high=1, log=True),
    Control("epochs", "Epochs", help="How often every sequence is seen"),
    Control("seed", "Seed", high=99),
)  # fmt: skip

LAB = Lab(
    title="CNN and GRU over weather maps",
    question="Why does a TimeDistributed CNN with a GRU compile but learn nothing?",
    technique="time-distributed-cnn-gru",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=TABLES,
    curves=curves,
    gradients=gradients,
    gradient_note=gradient_note,
    asks=asks,
    words=(
        "TimeDistributed", "image sequence", "video", "ConvLSTM", "recurrent", "GlobalMaxPool2D", "DenseNet", "loss does not fall",
        "does not learn", "model.summary", "return_sequences", "per-step", "many to many", "multi-label", "weather", "shuffle=False",
        "image_dataset_from_directory", "expected ndim=4, found ndim=2", "all input arrays must have the same shape",
    ),
    card=Grid("x", "a map: wind to the north", at=NORTH),
)  # fmt: skip
