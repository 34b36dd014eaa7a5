"""**What you see.** The candidate lists, one line for each x, and below them which y was drawn in every **epoch**, one pass
over the data: a column is an epoch. If the pipeline draws anew the matrix is noise; if it repeats itself it is stripes.
Below, how many of the admissible pairs (those in the lists) have been met, beside what independent draws are expected to
meet; and the pairs of the chosen epoch.

**What to try.**

- Choose *tf.random.uniform in map* and switch the global seed on: the matrix turns into stripes, because every new iterator
  starts the operation from the same seed.
- Make the epochs by `.repeat()` instead of one pass each.
- Try `.cache()`, NumPy inside map, and a few stored copies; then a captured Generator (made outside, used inside map) with
  the seed still on.

**What it means for your code.**

- Keep the lists and draw inside `map`, from a captured `tf.random.Generator` or with `tf.random.stateless_uniform` and the
  epoch's number. Only the second is reproducible when map runs in parallel.
- Never put `.cache()` after the draw, and never call NumPy's or Python's random functions inside `map`: they run once.
- To be sure of every pair within n epochs, go round the list instead of drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Trace
from pages.kit.declare import Chart, Control, Grid, Lab, Panel, Preset, Table
from pages.sequences.random_pairing_pipeline_claims import CLAIMS
from pages.sequences.random_pairing_pipeline_predictions import PREDICTIONS, percent
from pages.sequences.sliding_window_labels_charts import size

METHODS = {
    "stateless": "stateless, with the epoch",
    "generator": "a captured Generator",
    "rerandomize": "Dataset.random, rerandomized",
    "uniform": "tf.random.uniform in map",
    "op seed": "the same with a seed of its own",
    "numpy": "NumPy in map",
    "cache": "cached after map",
    "copies": "static copies",
    "cyclic": "round the list",
}
IN_MAP = ("method", ("generator", "rerandomize", "uniform", "op seed", "numpy", "cache"))
STRIPES = {"method": "uniform", "global_seed": "on"}


def _name(trace: Trace, name: str) -> str:
    """Draws that no second run repeats have another name than in the program."""
    return name + str(trace.facts["suffix"])


def panels(trace: Trace) -> Sequence[Panel]:
    """The lists, how often each entry was drawn, the draws, and the pairs of one epoch."""
    place, epoch = trace.parameters["pair"]
    return [
        Grid("candidates", "the y that each x may have", rows="x", columns="place", scale="sequential", crossed="listed"),
        Grid(_name(trace, "times"), "times each was drawn", rows="x", columns="place", scale="sequential", crossed="listed"),
        Grid(_name(trace, "draws"), "y drawn, epoch by epoch", rows="x", columns="epoch", scale="sequential",
             picks="pair", mark=(place, epoch), line="A column is an epoch: noise if the draw varies, stripes if it is frozen"),
        Grid("x", "x", rows="x", columns="feature", line=f"The pairs of epoch {epoch}"),
        Grid(_name(trace, "drawn"), "their y", rows="x", columns="feature"),
        Grid(_name(trace, "difference"), "difference", rows="x", columns="feature"),
        Grid("y", "all y", rows="y", columns="feature"),
    ]  # fmt: skip


def gradients(trace: Trace) -> Sequence[Panel]:
    """The gradient of the chosen epoch's loss: only the y that were drawn get one."""
    return [
        Grid(_name(trace, "y_gradient"), "d loss / d y", rows="y", columns="feature"),
        Grid(_name(trace, "x_gradient"), "d loss / d x", rows="x", columns="feature"),
    ]


def gradient_note(trace: Trace) -> str:
    """Which y learn in this epoch."""
    known = trace.facts
    return (
        f"The gradient of the mean squared difference in epoch {trace.parameters['pair'][1]}. {known['untouched']} of "
        f"{trace['y'].shape[0]} y get zero: they were not drawn in this epoch, and if the draw is frozen they never will be. "
        "The draw itself is made of integers and was made by the data pipeline, where no tape looks: its gradient is **None**."
    )


def verdict(trace: Trace) -> str:
    """Frozen or varying, where this can be told."""
    known = trace.facts
    if not known["can_tell"]:
        return "one epoch or one candidate: cannot be told"
    return "frozen: every epoch the same" if known["frozen"] else "varies"


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Verdict, coverage beside its expectation, and the waiting time."""
    known, (place, _) = trace.facts, trace.parameters["pair"]
    after = known["all_seen_after"]
    return (
        ("the draw", verdict(trace)),
        ("different epochs", f"{known['different_epochs']} of {trace.parameters['epochs']}"),
        ("a second run draws", "the same" if known["repeatable"] else "other pairs"),
        ("pairs met", f"{known['seen']} of {known['pairs']}, {percent(known['coverage'])}"),
        ("independent draws would meet", percent(known["expected"][-1])),
        ("all pairs met after", f"{after} epochs" if after else "not yet"),
        (f"epochs until x {place} has met all, expected", f"{known['expected_epochs']:.2f}"),
        ("storage of the lists", f"{size(known['storage']['lists'])} for {trace.parameters['rows']:,} x"),
    )


def _curve(trace: Trace) -> dict[str, Any]:
    epochs = list(range(1, trace.parameters["epochs"] + 1))
    line = {"type": "scatter", "mode": "lines", "x": epochs}
    met = [round(float(share), 5) for share in trace[_name(trace, "coverage")]]
    expected = [round(share, 5) for share in trace.facts["expected"]]
    return {
        "data": [
            {**line, "y": met, "name": "this pipeline", "line": {"color": "#2b8cbe", "width": 3}},
            {**line, "y": expected, "name": "independent draws, expected", "line": {"color": "#d97706", "dash": "dot"}},
        ],
        "layout": {
            "height": 280, "margin": {"l": 55, "r": 10, "t": 20, "b": 40}, "legend": {"orientation": "h", "y": 1.15},
            "xaxis": {"title": {"text": "epochs"}}, "yaxis": {"range": [0, 1.03], "tickformat": ".0%"},
            "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        },
    }  # fmt: skip


def _said(trace: Trace) -> str:
    known = trace.facts
    return (
        f"Share of {known['pairs']} pairs met after {trace.parameters['epochs']} epochs: {percent(known['coverage'])}; expected of "
        f"independent draws: {percent(known['expected'][-1])}."
    )


def _storage(trace: Trace) -> Sequence[Sequence[str]]:
    stored, p = trace.facts["storage"], trace.parameters
    return [
        ("the lists, drawn from in map", size(stored["lists"]), "new ones in every epoch"),
        (
            f"{p['copies']} static copies",
            size(stored["copies"]),
            f"the same again from epoch {p['copies']} on",
        ),
        (
            f"all {p['epochs']} epochs drawn beforehand",
            size(stored["every_epoch"]),
            f"{p['epochs']} epochs, no more",
        ),
    ]


CONTROLS = (
    Control("method", "Drawn by", labels=METHODS),
    Control("global_seed", "tf.random.set_seed first"),
    Control("passes", "Epochs are", labels={"loop": "a pass each", "repeat after": "map, then repeat",
            "repeat before": "repeat, then map"}, when=IN_MAP),
    Control("items", "Number of x", low=2, high=50),
    Control("candidates", "Candidates of each x", low=1, high=20),
    Control("epochs", "Epochs", help="Passes over the data", low=1, high=100),
    Control("copies", "Static copies", low=1, high=20, help="Data sets drawn beforehand", when=("method", ("copies",))),
    Control("parallel", "Parallel calls of map", help="num_parallel_calls: draws that may happen at once", low=1, high=8, when=("method", (*IN_MAP[1], "stateless", "cyclic"))),
    Control("targets", "Number of y", low=1, high=50),
    Control("duplicates", "A y may be listed twice"),
    Control("lists", "Lists", help="y of x 0 / y of x 1 / …, counted from 0; or the word seeded"),
    Control("pair", "Chosen x and epoch", low=0, high=99, help="Or click the matrix", labels={"height": "x", "width": "epoch"}),
    Control("features", "Numbers in a vector", low=1, high=16),
    Control("rows", "x in the real data set", low=1000, high=1_000_000_000, log=True, help="For the estimate of storage"),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Set a global seed (the usual mistake)", STRIPES,
           "Stripes: with tf.random.set_seed every epoch draws the same pairs, and 90 % of the admissible ones are never met."),
    Preset("A captured Generator, seeded", {"method": "generator", "global_seed": "on"},
           "The state is a variable outside the iterator: new passes go on where the last one ended, seed or not."),
    Preset("The same, without the seed", {"method": "uniform"},
           "Without a seed it varies, but no second run gives the same numbers."),
    Preset("The seed, and .repeat()", STRIPES | {"passes": "repeat after"},
           "One long iterator never starts again: the same seeded draw varies now, although only the loop was moved."),
    Preset("NumPy inside map", {"method": "numpy"},
           "np.random ran once, while the function was traced: all x, in all epochs, draw the same place of their list."),
    Preset("Five stored copies", {"method": "copies"},
           "The answer's N static data sets: after five epochs nothing new comes, and the storage is five-fold."),
    Preset("Round the list", {"method": "cyclic"},
           "No luck needed: all 100 pairs are met after exactly 10 epochs, where drawing takes 29.29 for one x alone."),
    Preset("A y that is listed twice", {"method": "stateless", "items": 3, "targets": 6, "epochs": 100, "lists": "0 0 0 1 / 2 3 / 4 5"},
           "x 0 meets y 0 three times as often as y 1: duplicates in a list are weights."),
)  # fmt: skip

LAB = Lab(
    title="Random pairs, new in every epoch",
    question="Each x may be paired with several y: how does a pipeline draw a new admissible pair in every epoch?",
    technique="random-pairing-pipeline",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    charts=(Chart("Pairs met, epoch by epoch", _curve, _said),),
    tables=(Table("Storage for the real data set, beside the vectors", ("what is stored", "bytes", "epochs"), _storage),),
    gradients=gradients,
    gradient_note=gradient_note,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("tf.data", "Dataset.map", "random", "seed", "set_seed", "set_random_seed", "Generator", "stateless_uniform",
           "rerandomize_each_iteration", "cache", "shuffle", "repeat", "ragged", "pairs", "augmentation", "coupon collector",
           "num_parallel_calls", "Need minval < maxval", "is not in [0", "np.random in map"),
)  # fmt: skip
