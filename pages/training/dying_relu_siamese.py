"""**What you see.** A **Siamese** network, the same layers applied to two inputs, is asked whether the second of two documents
is a duplicate of the first. Each column of the tensors is one of 23 pairs held out: what the Embedding was handed, the
table row it looked up, the LSTM's last state, what the dense layer's activation got and gave, and the answer.

It was trained a moment ago on 97 other pairs, and beside it the repaired one, with word ids and tanh. The documents are
**generated** (seeded, 8 words of 4,117; a duplicate has 2 words replaced).

**What to try.**

- Start with the question's state: floats go into the Embedding, and the index strip is one colour. Whatever the activation,
  the rate or the number of units, the answer is one constant, and 14 of 23 are right by luck.
- Hand over ids instead, and two ReLUs (0 below zero, the sum itself above) do learn.
- Kill them: shift the biases, or raise the rate. A unit is **dead** when its sum is at or below zero for every training
  pair: its slope is 0, so nothing it could learn from comes back.
- Make the documents identical, and half of all units are dead before training begins.

**What it means for your code.**

- A frozen accuracy is a constant answer: print the predictions before you change the network.
- Check what the layers get, not only their shapes: an Embedding casts floats to integers without a word.
- Look at gradient norms and at the share of zeros behind a ReLU. Where there are only a handful of units, use tanh or a
  leaky ReLU, and smaller steps.
- Give a square root an epsilon: its slope at 0 is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset
from pages.training.dying_relu_siamese_charts import CHARTS, curves
from pages.training.dying_relu_siamese_claims import CLAIMS
from pages.training.dying_relu_siamese_predictions import PREDICTIONS
from pages.training.dying_relu_siamese_words import LAYERS, moved, number, percent, right

STRIP = Grid("index_a", "row looked up", "sequential", rows="token", columns="pair")


def panels(trace: Trace) -> Sequence[Panel]:
    """One column for each pair held out, from what is handed in to the answer."""
    name = trace.parameters["activation"]
    return [
        Grid("handed_a", "handed to the Embedding", rows="token", columns="pair"),
        STRIP,
        Grid("state", "LSTM state", rows="state", columns="pair"),
        Grid("pre", "pre-activation", rows="unit", columns="pair"),
        Grid("active", f"after {name}", rows="unit", columns="pair"),
        Bars(("p", "repaired_p", "label"), "probability of a duplicate, by the repaired network, and the label",
             line="The answer for each pair held out"),
        Grid("hidden_w", "weights of the dense layer", rows="unit", columns="state"),
        Grid("out_w", "output weights", rows="out", columns="unit"),
    ]  # fmt: skip


def gradients(trace: Trace) -> Sequence[Panel]:
    """The last step's gradients of everything behind the LSTM."""
    return [
        Grid("gradient_hidden_w", "d loss / d weights of the dense layer", rows="unit", columns="state"),
        Grid("gradient_hidden_b", "d loss / d its biases"),
        Grid("gradient_out_w", "d loss / d output weights", rows="out", columns="unit"),
        Grid("gradient_out_b", "d loss / d output bias"),
        Grid(
            "gradient_pre",
            "d loss / d pre-activation, 97 training pairs",
            rows="unit",
            columns="training pair",
        ),
    ]


def gradient_note(trace: Trace) -> str:
    """Norms of the last step, and why a zero is no None."""
    told = ", ".join(
        f"{layer} {number(norm)}" for layer, norm in zip(LAYERS, trace.facts["norms"], strict=True)
    )
    zero = int((trace["gradient_pre"] == 0).sum())
    return (
        f"Lengths of the gradient after {trace.facts['epochs_done']} steps: {told}. {zero} of "
        f"{trace['gradient_pre'].size} slopes at the pre-activation are exactly 0. None of them is **None**: a dead unit "
        "is connected, and its gradient is a true zero, which an optimizer follows by standing still. Gradients also "
        "vanish where nothing is dead: if all inputs are alike, the slopes of both labels cancel once the answer is "
        "their share."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Accuracy beside the constant answer's, dead units, and what the Embedding looked up."""
    told = trace.facts
    stopped = [("stopped", told["stopped"])] if told["stopped"] else []
    return [
        *stopped,
        ("right, of those held out", right(trace)),
        ("always the commoner answer", percent(told["constant_accuracy"])),
        ("accuracy over the epochs", moved(trace)),
        ("repaired network", percent(told["repaired_accuracy"])),
        ("largest − smallest probability", number(told["spread"])),
        (
            "dead units",
            f"{told['dead']} of {trace.parameters['units']}, {told['dead_at_first']} before training",
        ),
        ("pre-activations ≤ 0", percent(round(told["below_zero"], 4))),
        ("loss", f"{told['first_loss']:.4f} → {told['loss']:.4f}"),
        ("looked up as index 0", percent(round(told["index_zero"], 4))),
        ("documents", "generated, 97 pairs to train on, 23 held out"),
    ]


PRESETS = (
    Preset("tanh instead", {"activation": "tanh"},
           "The popular advice, and still 60.87 %: the Embedding made all documents one, and no activation can undo that."),
    Preset("Word ids instead of floats", {"handed": "ids"},
           "The repair: with integer ids the same two ReLUs tell duplicates apart."),
    Preset("A step too large", {"handed": "ids", "rate": 10},
           "One huge step throws both units below zero for every pair: they are dead, and no smaller step revives them."),
    Preset("Biases of −5", {"handed": "ids", "bias_shift": -5},
           "Every pre-activation is below zero: all gradients but the output bias' are exactly 0, from the first step on."),
    Preset("Leaky, with the same biases", {"handed": "ids", "bias_shift": -5, "activation": "leaky relu"},
           "A slope of 0.2 below zero keeps a gradient: no unit is dead, though learning is slow."),
    Preset("BatchNorm before ReLU", {"handed": "ids", "bias_shift": -5, "activation": "relu after BN"},
           "Normalised to mean 0 and then shifted by a beta of −5: BatchNorm guarantees nothing."),
    Preset("No epsilon", {"handed": "ids", "epsilon": False},
           "Two equal words have distance 0, where the root's slope is infinite: NaN after one step."),
    Preset("The same document everywhere", {"handed": "ids", "documents": "identical"},
           "Without any difference between inputs a ReLU unit is dead at the start with probability 1/2, two with 1/4."),
)  # fmt: skip

CONTROLS = (
    Control("handed", "The Embedding gets", labels={"ids": "word ids", "floats": "Doc2Vec floats"}),
    Control("activation", "Activation of the dense layer"),
    Control("units", "Units of the dense layer"),
    Control("bias_shift", "Bias shift", help="With BN: its beta"),
    Control("rate", "Learning rate", help="How far a step goes along the gradient", log=True),
    Control("epochs", "Steps", help="Each with all 97 training pairs"),
    Control("documents", "Documents"),
    Control("axis", "Distance summed over axis"),
    Control("epsilon", "Epsilon under the root", help="√max(·, 1e-7) instead of √·"),
    Control("duplicates", "Duplicates among 120 pairs"),
    Control("ids", "Your own first document", auto="the generated one", when=("handed", ("ids",)),
            help="8 word ids from 0 to 4116, for the first pair held out"),
    Control("seed", "Seed", high=99),
)  # fmt: skip


LAB = Lab(
    title="A Siamese network that never learns",
    question="Accuracy of a Siamese text model is frozen at 60.87 % whatever the epoch: why?",
    technique="dying-relu-siamese",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    curves=curves,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "dying ReLU", "dead ReLU", "dead units", "Siamese", "LSTM", "Embedding", "Doc2Vec", "frozen accuracy",
        "stuck accuracy", "does not learn", "constant prediction", "leaky ReLU", "tanh", "BatchNormalization",
        "learning rate too high", "distance layer", "NaN loss", "sqrt gradient", "duplicate questions", "training",
    ),
    card=STRIP,
)  # fmt: skip
