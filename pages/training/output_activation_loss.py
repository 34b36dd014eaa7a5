"""**What you see.** Two things that must fit each other. First two **logits** of one picture, the scores that a network's last
layer adds up, what sigmoid and softmax make of them, and what each of Keras' losses answers, with its gradient.

Then a training run: the posted CNN, a small convolutional network, on **drawn eyes** (generated and seeded: place, size,
light and noise vary), beside the repaired one. Below the eyes stand the labels that the pipeline handed out with them.

**What to try.**

- Start with the question's state, which stays at 50 %. Its head and loss are unusual, but not why: set shuffle to False,
  without quotes, and it learns. `bool('False')` is True, so the files were shuffled while the labels stayed in the order
  of the CSV.
- Take the head away, as is often advised: Keras' cross-entropy takes raw logits for probabilities, and the loss of this
  example looks perfect, 1e-7, with no gradient at all.
- Look at *two logits alone* and drag them: where two sigmoids saturate, the gradient vanishes, while softmax still has one.

**What it means for your code.**

- Check the labels before the network: show ten pictures with theirs. Give booleans as booleans.
- Take one of these pairs: softmax with categorical or sparse cross-entropy, no activation with `from_logits=True`, sigmoid
  with binary cross-entropy.
- An accuracy of exactly the share of one class is a network that always answers the same, or labels that belong to other
  pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Curve, Grid, Lab, Panel, Preset, Table
from pages.training.output_activation_loss_claims import CLAIMS
from pages.training.output_activation_loss_predictions import PREDICTIONS
from pages.training.output_activation_loss_words import EYES, FITS, HEADS, LOSSES, number, percent

PAIRS = {"head": HEADS, "loss": ("CCE", "from_logits", "BCE", "sparse")}
MOST_FILES = 12


def panels(trace: Trace) -> Sequence[Panel]:
    """The pictures with their labels and the network; then the two logits under every head and loss."""
    line = "One example: two logits" if trace.facts["trained"] else ""
    example: list[Panel] = [
        Bars(("logits", "sigmoid", "softmax"), "two logits, and what the heads make of them", line=line),
        Grid("loss", "loss of each head and loss", "sequential", mark=trace.facts["chosen"], labels=PAIRS),
        Grid("gradient", "d loss / d logit", rows="head", columns="loss", beside="logit", labels=PAIRS),
    ]
    if not trace.facts["trained"]:
        return example
    return [
        Grid("files", "the first 12 eyes tested, and the label beside each", "image", beside="file",
             labels={"file": _labelled(trace)}, line="What the pipeline hands out"),
        Grid("learned_conv_w", "kernels, learned", beside="filter", line="The network, for the first of them"),
        Grid("maps", "convolution and bias", beside="filter"),
        Grid("hidden", "dense layer", "sequential"),
        Grid("z", "logits of this eye"),
        *example,
    ]  # fmt: skip


def _labelled(trace: Trace) -> list[str]:
    """What stands beside each picture, and whether it is right."""
    pairs = zip(trace["expected"][:MOST_FILES], trace["true"][:MOST_FILES], strict=True)
    return [f"“{EYES[given]}” {'✓' if given == true else '✗'}" for given, true in pairs]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The gradient of every pair by both logits."""
    return [Grid("gradient", "d loss / d logit", rows="head", columns="loss", beside="logit", labels=PAIRS)]


def gradient_note(trace: Trace) -> str:
    """Where the gradient is 0 although the loss is not at its minimum."""
    first, second = trace.facts["gradient"]
    return (
        f"With {trace.parameters['head']} and {trace.parameters['loss']} the logits get {number(first)} and "
        f"{number(second)}. A zero here is a true zero, never **None**: raw outputs outside of 0 to 1 are clipped to "
        "probabilities, and a clipped value passes nothing back, so that the network cannot learn from its mistake."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Loss and fit of the pair; of a training run its accuracies and where the labels came from."""
    told = trace.facts
    pair = f"{trace.parameters['head']}, {trace.parameters['loss']}"
    found = [("loss of the example", number(told["loss"])), (pair, FITS[told["fit"]])]
    if not told["trained"]:
        return found
    stopped = [("stopped", told["stopped"])] if told["stopped"] else []
    return [
        *stopped,
        ("accuracy by its labels", percent(told["accuracy"])),
        ("by what the eyes show", percent(told["true_accuracy"])),
        ("repaired network", percent(told["repaired_accuracy"])),
        ("files that changed place", f"{told['moved']} of {told['files']}"),
        ("labels of the right picture", percent(told["labels_right"])),
        *found,
        ("training loss", f"{number(told['first_loss'])} → {number(told['last_loss'])}"),
        ("parameters", f"{told['parameters_total']:,}"),
        (
            "posted, 90 × 90",
            f"{sum(told['posted']):,}, {100 * told['posted'][3] / sum(told['posted']):.2f} % in one layer",
        ),
        ("eyes", f"drawn: {told['files']} to train on, {told['tested']} to test"),
    ]


def curves(trace: Trace) -> Sequence[Curve]:
    """Accuracy and loss of both networks, and the gradient at the logits."""
    if not trace.facts["trained"]:
        return ()
    return (
        Curve("by its labels", trace["accuracy"], "accuracy on 120 eyes"),
        Curve("by what they show", trace["true_accuracy"], "accuracy on 120 eyes"),
        Curve("repaired network", trace["repaired_accuracy"], "accuracy on 120 eyes"),
        Curve("loss", trace["losses"], "loss"),
        Curve("repaired network", trace["repaired_losses"], "loss"),
        Curve("at the logits", trace["slope"], "gradient norm"),
    )


def _pairs(trace: Trace) -> Sequence[Sequence[str]]:
    from engine.training.output_activation_loss_story import fit

    return [
        (
            head,
            *(f"{number(loss)} {FITS[fit(head, name)][0]}" for name, loss in zip(LOSSES, told, strict=True)),
        )
        for head, told in trace.facts["losses_of"].items()
    ]


def _files(trace: Trace) -> Sequence[Sequence[str]]:
    if not trace.facts["trained"]:
        return [("—", "—", "—", "train the CNN to see its files", "—")]
    rows = zip(
        *(trace[name][:MOST_FILES] for name in ("test_order", "true", "expected", "said")), strict=True
    )
    return [
        (str(place), f"eye_{file:03}.png", EYES[true], EYES[given], EYES[said])
        for place, (file, true, given, said) in enumerate(rows)
    ]


PRESETS = (
    Preset("False without quotes", {"shuffle": "False"},
           "The repair, two characters less: nothing else changed, and the same CNN learns."),
    Preset("Labels from folders", {"source": "folder"},
           "Shuffled as before, but each label travels with its picture: no harm done."),
    Preset("Drop the activation", {"shuffle": "False", "head": "none"},
           "Often advised, and right in PyTorch: in Keras raw logits count as probabilities, and it answers one class for ever."),
    Preset("Drop it and say so", {"shuffle": "False", "head": "none", "loss": "CCE from_logits"},
           "With from_logits=True the same outputs train: the loss now makes the softmax itself."),
    Preset("One output", {"shuffle": "False", "units": 1, "loss": "BCE", "labels": "class number"},
           "Two classes need one number: sigmoid with binary cross-entropy and labels of shape [n, 1]."),
    Preset("A perfect loss of nothing", {"view": "example", "head": "none"},
           "Logits 2 and −1 without a head: loss 1.2e-7, gradient 0. Make the true class 1, and the gradient is still 0."),
    Preset("Both saturated", {"view": "example", "z0": 8, "z1": 8},
           "Two sigmoids near 1 pass almost nothing back, though the answer is a coin toss; softmax still gives one half."),
    Preset("Neither", {"view": "example", "head": "none", "z0": 0, "z1": 0},
           "Logits 0, 0 as probabilities are 0 / 0: Keras divides by their sum, and the gradient is NaN."),
)  # fmt: skip

CONTROLS = (
    Control("view", "Show", labels={"training": "training run", "example": "two logits alone"}),
    Control("shuffle", "shuffle =", when=("view", ("training",))),
    Control("source", "Labels come from", labels={"folder": "folders", "CSV": "a CSV in file order"}, when=("view", ("training",))),
    Control("head", "Head (output activation)"),
    Control("loss", "Loss", help="CCE: categorical, BCE: binary cross-entropy; sparse takes class numbers"),
    Control("units", "Outputs"),
    Control("labels", "Labels given as"),
    Control("z0", "Logit of class 0", low=-8, high=8),
    Control("z1", "Logit of class 1", low=-8, high=8),
    Control("true", "True class", high=1),
    Control("mode", "Keras runs", labels={"eager": "eagerly", "graph": "as a graph"}),
    Control("rate", "Learning rate", log=True, when=("view", ("training",))),
    Control("epochs", "Epochs", help="How often all pictures are seen", when=("view", ("training",))),
    Control("given", "Labels in the CSV", low=238, high=242, when=("view", ("training",))),
    Control("seed", "Seed", high=99, when=("view", ("training",))),
)  # fmt: skip

LAB = Lab(
    title="Head, loss and labels that fit",
    question="A small CNN on eye images stays at 50 %: what is wrong?",
    technique="output-activation-loss",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    curves=curves,
    tables=(
        Table("What Keras answers to the two logits (✓ fits, ≈ trains, ✗ takes logits for probabilities)",
              ("head", *LOSSES), _pairs),
        Table("The first files tested", ("place", "file", "the eye is", "label beside it", "answer"), _files),
    ),
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "from_logits", "softmax", "sigmoid", "categorical crossentropy", "binary crossentropy", "stuck at 50 %",
        "accuracy 0.5", "shuffle='False'", "flow_from_directory", "image_dataset_from_directory", "labels shuffled",
        "open closed eyes", "to_categorical", "output activation", "logits", "training", "does not learn",
    ),
    card=Grid("loss", "loss of each head and loss", "sequential", labels=PAIRS),
)  # fmt: skip
