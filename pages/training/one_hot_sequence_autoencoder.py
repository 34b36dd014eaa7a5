"""**What you see.** A machine goes through its events in order: event 3 follows event 2, and one event in ten is something else
(a seeded generator: no real data). An **autoencoder** packs and unpacks: one LSTM makes a small **code** of each sequence
of one-hot rows (a single 1 in each), another rebuilds the sequence from it.

Two models start from the same weights and see the same batches: the last activation and loss that you choose, and softmax
with categorical cross-entropy (CCE) beside it. Below, what each gives back for one sequence, how both learned, and how
well the loss tells abnormal sequences from normal ones.

**What to try.**

- Go to **one event** and drag every pre-activation (what the activation is given) below 0: with relu + MSE, the mean
  squared error, all slope bars vanish, with softmax they stay.
- Train the pairs that should not work: relu with cross-entropy, no activation at all, relu inside the LSTM.
- Let a third of the steps have no event, with and without a class for it.

**What it means for your code.**

- One event out of N is a class: end in softmax and (sparse) categorical cross-entropy. Its slope is output − target: never 0
  while the model is wrong.
- relu + MSE often learns too, as the default training shows, but its outputs are no probabilities, most are exactly 0, and a
  row whose outputs all are has stopped learning.
- Judge a loss beside trivial guesses: with N events, outputs of nothing but 0 have an MSE of only 1 ÷ N.

**Eager or not.** Inside `fit` Keras finds your softmax and takes its **logits**, what it is given; called eagerly it cuts
probabilities at 1e-7.
Saturated rows therefore have two losses. The numbers here are those of `fit`, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Curve, Grid, Lab, Panel, Preset, Related
from pages.training.one_hot_sequence_autoencoder_charts import CHARTS, TABLES
from pages.training.one_hot_sequence_autoencoder_claims import BELOW, CLAIMS, WRONG_AND_SURE
from pages.training.one_hot_sequence_autoencoder_predictions import PREDICTIONS
from pages.training.one_hot_sequence_autoencoder_words import number, pairs, percent, trained

AT = {"sequence": 0, "timestep": 0}


def _rows(tensor: str, title: str) -> Grid:
    """Timesteps down, events across; the sequences are chosen above the grid."""
    return Grid(tensor, title, "diverging", rows="timestep", columns="event")


def _kinds(trace: Trace) -> str:
    """Which of the sequences shown are abnormal: 6 to 11 abnormal."""
    kinds = trace.facts["kinds"]
    places = [place for place, kind in enumerate(kinds) if kind == "abnormal"]
    return ("0 yours, " if kinds[0] == "yours" else "") + f"{places[0]} to {places[-1]} abnormal"


def panels(trace: Trace) -> Sequence[Panel]:
    """The sequence and what comes back; or one row from pre-activation to slope."""
    chosen, beside = pairs(trace)
    if not trained(trace):
        return [
            Bars(("pre",), "pre-activations", at=AT),
            Bars(("output", "target"), f"{trace.facts['pair'][0]}, beside the target", at=AT),
            Bars(("gradient", "beside_gradient"), f"slope of {chosen}, beside {beside}", at=AT),
            Grid("pre", "pre-activations", types="pre"),
            Grid("output", "output"),
            Grid("target", "target"),
        ]
    return [
        _rows("target", f"sequences: {_kinds(trace)}"),
        _rows("output", f"what {chosen} gives back"),
        _rows("beside_output", f"what {beside} gives back"),
        Grid("code", "code of each sequence", line=f"Inside {chosen}"),
        Grid("hidden", "last LSTM", rows="timestep", columns="unit"),
        Grid("weights", "dense weights"),
        _rows("pre", "pre-activations"),
        Grid("loss", "loss of each row"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """The slope of each row's loss at its pre-activations."""
    chosen, beside = pairs(trace)
    if not trained(trace):
        return [
            Bars(("gradient", "beside_gradient"), f"d loss / d pre-activation: {chosen}, {beside}", at=AT)
        ]
    return [
        _rows("gradient", f"d loss / d pre-activation, {chosen}"),
        _rows("beside_gradient", f"d loss / d pre-activation, {beside}"),
    ]


def gradient_note(trace: Trace) -> str:
    """How many slopes are zero, and why that is not None."""
    told, (chosen, beside) = trace.facts, pairs(trace)
    return (
        f"With {chosen} **{told['zero_slopes']} of {told['entries']}** slopes are exactly 0, with {beside} "
        f"{told['beside_zero_slopes']}. They are computed zeros, not **None**: every pre-activation reaches the loss, but "
        "a closed relu, or a clip, passes nothing on. The largest are "
        f"{number(told['largest_slope'])} and {number(told['beside_largest_slope'])}. For softmax + CCE the slope is "
        f"output − target, here to within {number(told['p_minus_y'])}."
    )


def curves(trace: Trace) -> Sequence[Curve]:
    """How both pairs learn, on one scale each."""
    if not trained(trace):
        return ()
    told = trace.facts
    right, losses = trace["token_accuracy_by_epoch"], trace["train_loss_by_epoch"]
    shares = [losses[place] / told["uniform"][place] for place in (0, 1)]
    names = pairs(trace)
    return [
        *(Curve(names[place], right[place], "events that come back right") for place in (0, 1)),
        *(Curve(names[place], shares[place], "loss ÷ that of the uniform guess") for place in (0, 1)),
    ]


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Losses beside trivial ones; after a training, how both pairs do."""
    told, (chosen, beside) = trace.facts, pairs(trace)
    return [
        (
            "loss of what is shown",
            f"{number(told['loss'])} ({chosen}), {number(told['beside_loss'])} ({beside})",
        ),
        ("slopes that are 0", f"{told['zero_slopes']} and {told['beside_zero_slopes']} of {told['entries']}"),
        *(_trained(trace) if trained(trace) else _row(trace)),
        ("uniform guess", f"{number(told['uniform'][0])} and {number(told['uniform'][1])}"),
        ("MSE of outputs all 0", number(told["zero_mse"])),
        ("weights learned", f"{told['parameters_total']:,}"),
    ]


def _row(trace: Trace) -> list[tuple[str, str]]:
    told = trace.facts
    eager = " and ".join(number(loss) for loss in told["eager_loss"])
    slopes = f"{number(told['true_slope'])} and {number(told['beside_true_slope'])}"
    return [("slope at the true event", slopes), ("loss in eager mode", eager)]


def _trained(trace: Trace) -> list[tuple[str, str]]:
    told = trace.facts
    sums = (f"{number(low)} to {number(high)}" for low, high in told["row_sums"])
    return [
        ("events that come back right", " and ".join(percent(share) for share in told["accuracy"])),
        ("AUC of the anomaly score", " and ".join(number(auc) for auc in told["auc"])),
        ("outputs that are exactly 0", " and ".join(percent(share) for share in told["zeros"])),
        ("sums of a row of outputs", "; ".join(sums)),
        ("largest LSTM state", " and ".join(number(state) for state in told["largest_state"])),
        ("epochs", str(told["epochs_done"])),
        *([("stopped", told["stopped"])] if told["stopped"] else []),
    ]


def related(trace: Trace) -> Sequence[Related]:
    """The loss alone, with the same logits."""
    settings = (
        {"logits": tuple(trace["pre"][0, 0].tolist())[:10], "label": (2,)} if not trained(trace) else {}
    )
    if trace.facts["width"] > 10:
        settings = {}
    return [Related("The formula of sparse softmax cross-entropy", "sparse-softmax-cross-entropy", settings)]


ONE = {"part": "one event"}
PRESETS = (
    Preset("Below zero", {**ONE, "pre": BELOW},
           "Every pre-activation is −1: relu + MSE has slope 0 everywhere, forever. Softmax + CCE pulls the true event up with 0.875."),
    Preset("Sure and wrong", {**ONE, "pre": WRONG_AND_SURE},
           "One wrong unit is on. relu + MSE pushes it down and says nothing to the true event: its slope there is 0."),
    Preset("A row without an event", {**ONE, "activation": "softmax", "loss": "CCE", "rows": ((0,) * 8,)},
           "The loss is 0, and eagerly nothing comes back. Inside fit all outputs are pulled level: TensorFlow trusts that targets sum to 1."),
    Preset("relu + cross-entropy", {**ONE, "activation": "relu", "loss": "CCE", "pre": BELOW},
           "Keras divides the row by its sum: 0 ÷ 0, and the loss and all slopes are NaN."),
    Preset("Saturated softmax", {**ONE, "activation": "softmax", "loss": "CCE", "pre": (60, *(-60,) * 7)},
           "One line of code, two losses: eager mode cuts at 16.1 with no slope, fit sees the logits and says 120."),
    Preset("Softmax + MSE", {**ONE, "activation": "softmax", "loss": "MSE", "pre": WRONG_AND_SURE},
           "A proper score too, but the surer the mistake, the smaller the slope."),
    Preset("Train relu + sparse cross-entropy", {"loss": "sparse", "epochs": 4},
           "The popular mistake, trained: every output ends at 0, the loss at ln 8, and no slope is left. Softmax, from the same weights, learns."),
    Preset("Train relu + cross-entropy", {"activation": "relu", "loss": "CCE", "no_event": 0.3, "none_class": True, "epochs": 4, "seed": 3},
           "A row whose outputs are all 0 is divided by its sum: NaN in the first step, and the run is over. Softmax goes on."),
    Preset("Train without an activation", {"activation": "linear", "loss": "CCE", "epochs": 4},
           "Raw scores taken for probabilities: the loss falls, and the events that come back are wrong."),
    Preset("relu in the LSTM too", {"lstm": "relu", "epochs": 6},
           "The question's code to the letter: with LSTM(activation='relu') states have no bound, and neither pair gets far."),
)  # fmt: skip

CONTROLS = (
    Control("part", "Look at", labels={"training": "a training", "one event": "one event"}),
    Control("activation", "Last activation"),
    Control("loss", "Loss", labels={"sparse": "sparse CCE"}),
    Control("labels_as", "Labels given as", when=("loss", ("sparse",))),
    Control("label", "True event", when=("part", ("one event",)), high=9),
    Control("pre", "Pre-activations", sliders="Pre-activation {}", low=-6, high=6, auto="made for you",
            when=("part", ("one event",))),
    Control("height", "Value of the true entry", help="1 is one-hot; others make it a regression", low=0, high=5,
            when=("part", ("one event",))),
    Control("lstm", "LSTM activation", when=("part", ("training",))),
    Control("epochs", "Epochs", help="How often every sequence is seen", low=1, high=60, when=("part", ("training",))),
    Control("rate", "Learning rate", help="Of Adam, at the start; it falls to 0", low=0.001, high=1, log=True, when=("part", ("training",))),
    Control("events", "Kinds of event", low=2),
    Control("timesteps", "Timesteps", high=20, when=("part", ("training",))),
    Control("latent", "Code", "numbers", when=("part", ("training",))),
    Control("no_event", "Steps without an event", when=("part", ("training",))),
    Control("none_class", "“None” is a class"),
    Control("anomaly", "Anomalies", when=("part", ("training",))),
    Control("anomaly_rate", "Abnormal share", when=("part", ("training",))),
    Control("rows", "Rows of your own", help="One-hot rows: 1,0,0;0,1,0", auto="none"),
    Control("seed", "Seed", high=99, when=("part", ("training",))),
)  # fmt: skip

LAB = Lab(
    title="One-hot events: the last activation and the loss",
    question="Is softmax with cross-entropy better than relu with MSE in an LSTM autoencoder of one-hot events?",
    technique="one-hot-sequence-autoencoder",
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
    words=(
        "LSTM autoencoder", "RepeatVector", "TimeDistributed", "categorical_crossentropy", "one-hot", "softmax", "relu",
        "MSE", "binary_crossentropy", "anomaly detection", "event sequence", "log", "proper scoring rule", "Brier score",
        "reconstruction error", "dead relu", "AUC", "training",
    ),
    card=Grid("output", "what comes back", rows="timestep", columns="event"),
    related=related,
)  # fmt: skip
