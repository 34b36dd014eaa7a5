"""**What you see.** The way from data to loss: a batch is taken, the model answers, the loss compares the answers with the
labels. The **head** is the model's last layer. The strip shows each shape; a ✗ marks where TensorFlow stops, and its own
words stand below. Then the same way once more with the smallest repair, which was really run. Below are the tensors, and
tables of what does not fit.

**What to try.**

- Type your own data's shape, with the number of samples first, and choose model, head and loss as in your code.
- Break it: take `x[0]` instead of a batch, leave out the channel axis, swap the labels' form.
- Look for what ends in a number and is wrong all the same: the mean of squares by hand, no activation without
  `from_logits` (a **logit** is a score before softmax or sigmoid), softmax over one unit, softmax over axis 0.

**What it means for your code.**

- Print four shapes before you train: `x`, `model(x)`, `y` and the loss. The first axis is the batch in all but the loss.
- The labels' form belongs to the loss: **integers** to the sparse one, **one-hot** (a row with a single 1) to the
  categorical one, `(n, 1)` to one unit.
- An error is the good case. Keras mends some things silently (a missing last axis of 1, labels `(n,)` against outputs
  `(n, 1)`), and looks under a softmax or sigmoid layer for the logits. That help ends where the numbers leave the layer:
  in your own arithmetic, in NumPy, after `predict`.

**fit or a call.** `fit` counts the samples first and brings labels into shape for the loss, also for one of your own; a
call does neither. Here `fit` runs eagerly and with learning rate 0, so that both begin from the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset, Table
from pages.losses.model_boundary_claims import CLAIMS
from pages.losses.model_boundary_predictions import PREDICTIONS
from pages.losses.model_boundary_words import (
    ACTIVATIONS,
    BATCHES,
    BODIES,
    LABELS,
    LOSSES,
    VERDICTS,
    WAYS,
    number,
    told_way,
)

TITLES = {
    "x": "x: the model's input",
    "logits": "logits: the head's output",
    "output": "output: after the activation",
    "y": "y: the labels",
    "differences": "y − output",
    "losses": "loss of each",
}


def panels(trace: Trace) -> Sequence[Panel]:
    """What was reached as given, and the same after the repair."""
    given = [Grid(name, title) for name, title in TITLES.items() if name in trace.tensors]
    again = [
        Grid(f"repaired_{name}", title)
        for name, title in TITLES.items()
        if f"repaired_{name}" in trace.tensors and _differs(trace, name)
    ]
    if not trace.facts["faults"]:
        return given
    first = "as given" + (f", until it stops in the {_place(trace)}" if trace.facts["stopped"] else "")
    return [*_on_a_line(given, first), *_on_a_line(again, "after the repair, what has changed")]


def _place(trace: Trace) -> str:
    return str(trace.facts["stopped"])


def _differs(trace: Trace, name: str) -> bool:
    """What the repair left as it was is not drawn twice."""
    if name not in trace.tensors:
        return True
    one, other = trace[name], trace[f"repaired_{name}"]
    return bool(one.shape != other.shape or (one != other).any())


def _on_a_line(grids: Sequence[Grid], words: str) -> list[Panel]:
    if not grids:
        return []
    first = grids[0]
    return [Grid(first.tensor, first.title, line=words), *grids[1:]]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The slopes in the logits, of both runs."""
    given = {
        "gradient": "d loss / d logits, as given",
        "repaired_gradient": "d loss / d logits, after the repair",
    }
    return [Grid(name, title) for name, title in given.items() if name in trace.tensors]


def gradient_note(trace: Trace) -> str:
    """What arrives at the logits."""
    told = trace.facts
    labels = "The labels are no weights and get none."
    if told["error"]:
        return (
            "As given there is no loss, so every gradient would be **None**: nothing was computed. After the repair the "
            f"largest slope in the logits is **{number(told['repaired_gradient'])}**. {labels}"
        )
    largest = told["largest_gradient"]
    if told["no_path"]:
        return (
            f"The tape answers **None**: no path leads from the loss to the logits. Zeros are drawn. {labels}"
        )
    zero = (
        "exactly 0 everywhere, computed and not None: nothing can be learned"
        if largest == 0
        else number(largest)
    )
    after = ""
    if told["faults"]:
        after = f" After the repair the largest is **{number(told['repaired_gradient'])}**."
    return f"The largest slope in the logits is **{zero}**; None of them is missing.{after} {labels}"


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """How it ends, and the shapes on the way."""
    told = trace.facts
    found = [("this ends in", VERDICTS[told["verdict"]])]
    if told["faults"]:
        found.append(("does not fit", ", ".join(fault["name"] for fault in told["faults"])))
        found.append(("as given", told_way(told)))
        return [*found, ("after the repair", told_way(told, after=True))]
    return [*found, ("shapes", told_way(told))]


def _fault_rows(trace: Trace) -> Sequence[Sequence[str]]:
    found = trace.facts["faults"]
    if not found:
        return [("nothing", "–", "Every shape and form fits.", "–")]
    return [(one["name"], one["where"], one["means"], one["repair"]) for one in found]


def _fault_note(trace: Trace) -> str:
    told = trace.facts
    if not told["faults"]:
        return f"Loss {number(told['loss'])}."
    return f"All repairs together were run: loss {number(told['repaired_loss'])}."


def _message_rows(trace: Trace) -> Sequence[Sequence[str]]:
    lines = [line for line in trace.facts["error"].splitlines() if line.strip()]
    return [(line,) for line in lines] or [("no error",)]


def _message_note(trace: Trace) -> str:
    told = trace.facts
    if told["error"]:
        return "It means: " + str(told["meaning"]).replace("[", "\\[")
    return f"This combination ends in {VERDICTS[told['verdict']]}."


TABLES = (
    Table(
        "What does not fit, and the smallest repair",
        ("what", "where", "why", "repair"),
        _fault_rows,
        _fault_note,
    ),
    Table("What TensorFlow says", ("message (printed values left out)",), _message_rows, _message_note),
)

CROSS = ("loss", ("categorical", "sparse", "binary"))
CLASSES = ("labels", ("integers", "integers-column", "from-one", "one-hot"))
CONTROLS = (
    Control("data", "Data's shape", help="All samples: their number, then the shape of one; 12,28,28 for twelve pictures"),
    Control("labels", "Labels", labels=LABELS),
    Control("classes", "Classes", when=CLASSES),
    Control("batch", "The batch taken", labels=BATCHES),
    Control("body", "Model", labels=BODIES),
    Control("input_shape", "keras.Input", auto="one sample's shape", help="Without the batch axis, such as 28,28,1"),
    Control("units", "Units of the head"),
    Control("activation", "Activation", help="What follows the head", labels=ACTIVATIONS),
    Control("loss", "Loss", labels=LOSSES),
    Control("from_logits", "from_logits=True", help="Tells a cross-entropy that no softmax or sigmoid came before", when=CROSS),
    Control("way", "Run as", labels=WAYS, help="Numbers: what predict or NumPy hands on"),
    Control("api", "Made as", labels={"sequential": "Sequential", "functional": "functional"}),
    Control("batch_size", "Samples of a batch", low=1, high=8),
    Control("label_count", "Number of labels", low=1, high=24, auto="one each"),
    Control("seed", "Seed", low=0, high=50),
)  # fmt: skip

PRESETS = (
    Preset("Predict one picture", {"batch": "one", "body": "conv2d", "data": (12, 6, 6, 1), "loss": "sparse"},
           "The batch axis is missing, and the error names the head: six rows were taken for a batch of six, and only "
           "Dense noticed."),
    Preset("No channel axis, gray", {"body": "conv2d", "input_shape": (6, 6, 1), "loss": "sparse"},
           "The best known error of all is none any more: Keras 3 adds a last axis of 1 by itself."),
    Preset("No channel axis, Input as the data", {"body": "conv2d", "loss": "sparse"},
           "The same pictures, and the model built for (6, 6): now Conv2D refuses, before any data is there."),
    Preset("Channels first", {"data": (12, 3, 6, 6), "body": "conv2d", "input_shape": (6, 6, 3), "loss": "sparse"},
           "The axes must move; reshape would run as well and mix the colours into the rows."),
    Preset("One-hot for the sparse loss", {"labels": "one-hot", "loss": "sparse"},
           "Keras' sentence has the ranks the wrong way round: the labels need one axis less than the output."),
    Preset("(n,) against (n, 1), by hand", {"labels": "values", "units": 1, "activation": "none", "loss": "hand"},
           "Four labels minus four outputs are sixteen differences. It runs, and the number is wrong."),
    Preset("(n,) against (n, 1), in Keras", {"labels": "values", "units": 1, "activation": "none", "loss": "mse"},
           "The same shapes in Keras' own loss: it adds the axis first, and the number is right."),
    Preset("Logits as probabilities", {"loss": "sparse", "activation": "none"},
           "No error: logits are cut to 0 … 1 and divided by their sum. PyTorch's habit, Keras' trap."),
    Preset("Softmax twice, on numbers", {"loss": "sparse", "from_logits": True, "way": "numpy"},
           "Called on the model's output Keras finds the logits and mends it; on bare numbers softmax comes twice."),
    Preset("Softmax over one unit", {"classes": 2, "units": 1, "loss": "binary", "way": "numpy"},
           "One number shared by one unit is 1, always: the gradient is exactly 0."),
    Preset("Softmax over the batch", {"loss": "sparse", "activation": "softmax-batch"},
           "Loss and gradient are right, since Keras takes the logits; the answers depend on the neighbours in the batch."),
    Preset("Labels that count from 1", {"labels": "from-one", "loss": "sparse"},
           "Class 3 of three classes does not exist; a batch in which it does not occur would pass, with wrong classes."),
    Preset("Another sequence length", {"data": (12, 6, 2), "body": "lstm", "input_shape": (9, 2), "loss": "sparse"},
           "Built for 9 steps, given 6: a Sequential model does not mind. Made as functional it refuses."),
    Preset("One output a step", {"data": (12, 6, 2), "body": "lstm-sequences", "labels": "values-column", "units": 1,
                                 "activation": "none", "loss": "mse"},
           "return_sequences=True answers six times a sample, and one label is compared with all six."),
    Preset("One label for all, called", {"labels": "values-column", "label_count": 1, "units": 1, "activation": "none",
                                         "loss": "mse"},
           "A single label is stretched to the whole batch, silently; fit refuses it, as it counts first."),
)  # fmt: skip

LAB = Lab(
    title="From data to loss, shape by shape",
    question="Why do my shapes not match between data, model and loss, what does the error mean, and what mends it?",
    technique="model-boundary",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "shape mismatch", "incompatible shapes", "expected min_ndim=4, found ndim=3", "expected shape found shape",
        "target.shape output.shape must have the same rank", "Data cardinality is ambiguous", "missing batch axis",
        "channel axis", "expand_dims", "one-hot", "to_categorical", "integer labels", "from_logits", "logits",
        "probabilities", "sparse", "categorical crossentropy", "binary crossentropy", "input_shape", "Flatten",
        "Dense", "LSTM", "return_sequences", "broadcast", "softmax over one unit", "labels from 1", "fit", "predict",
        "expected axis -1 of input shape to have value", "Invalid input shape for input",
    ),
    card=Bars(("repaired_losses",), "loss of each sample"),
)  # fmt: skip
