"""**What you see.** A piece of the series **x**, one line for each channel, and the label **y** of every step. The staircase
under it says which window holds which step: side by side after a reshape, shifted by the stride when they slide. Then the
chosen window, its label, and what a small network (Conv1D, a head, Dense) makes of it.

Point at a value of a window to see the step it came from. Numbers of windows, memory and overlap are those of the whole
series.

**What to try.**

- Change *Cut by* from reshape to a sliding view: 300 windows become 29,901, and neighbours share 99 of 100 steps.
- Look at *test steps that training has seen*: a random split leaks nearly everything, a split by time with a gap nothing.
- Choose *the number of the step* as content and tf.data as builder, and hand y over as it is: the label is that of the
  wrong end.

**What it means for your code.**

- `reshape` never overlaps: use it only if the pieces are separate recordings.
- With `timeseries_dataset_from_array` pass `y[window-1:]` for the last step's label. Take labels with `y[end-1]`, not
  `y[end-1:end]`: that keeps an axis, and the loss then refuses ranks that differ.
- Split by time, and leave out the windows that overlap both sides.
- `sliding_window_view` copies nothing; a loop over windows copies hundreds of megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.sequences.sliding_window_labels_charts import BUILDERS, CHARTS, TABLES, size
from pages.sequences.sliding_window_labels_claims import CLAIMS
from pages.sequences.sliding_window_labels_predictions import PREDICTIONS

SLIDING, SMALL = ("builder", ("loop", "view", "tf.data")), {"steps": 30, "window": 10, "channels": 1}
NUMBERS = SMALL | {"pattern": "step numbers", "kernel": 3}


def panels(trace: Trace) -> Sequence[Panel]:
    """The series with its labels, the staircase of windows, the chosen window with its label, the network."""
    first, last = trace.facts["ranges"][0]
    every = trace["labels"].ndim == 2
    return [
        Grid("x", "the series, channel by channel", rows="channel", columns="step"),
        Grid("y", "label of every step", scale="sequential"),
        Grid("holds", "which window holds which step", scale="mask"),
        Grid("seen", "1: a training window holds this step", scale="mask"),
        Grid("windows", f"window by window; the first holds steps {first}–{last}", rows="channel", columns="step",
             line="The windows shown, and what goes with them"),
        Grid("labels", "their labels", scale="sequential"),
        Grid("part", "0 training, 1 test, −1 left out"),
        Grid("features", "after Conv1D", rows="filter", columns="step", line="A small network"),
        *(() if every else (Grid("pooled", "after the head"),)),
        Grid("logits", "outputs"),
    ]  # fmt: skip


def gradients(trace: Trace) -> Sequence[Panel]:
    """Where the first window's class-1 output looks."""
    shown = [Grid("windows_gradient", "d output / d window", rows="channel", columns="step")]
    if trace.facts["series_has_gradient"]:
        shown.insert(0, Grid("x_gradient", "d output / d series", rows="channel", columns="step"))
    return shown


def gradient_note(trace: Trace) -> str:
    """Which path the tape sees."""
    said = "The gradient of the first shown window's class-1 output"
    said += ", its mean over steps. " if trace["logits"].ndim == 3 else ". "
    if trace.facts["series_has_gradient"]:
        said += "It is zero at steps of other windows: they take no part. "
    else:
        said += (
            f"For the series itself the tape answers **None**: {BUILDERS[trace.parameters['builder']]} cuts outside "
            "TensorFlow's tape, so there is no path back from the windows. "
        )
    return (
        said
        + "The labels y are integers and take no part in the output: their gradient is **None**, not zero."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """Counts, memory, overlap and leakage."""
    known, window = trace.facts, trace.parameters["window"]
    shapes = [
        str(list(known[name])).replace("[", "").replace("]", "").replace(",", " ×")
        for name in ("label_shape", "output_shape")
    ]
    label = () if known["ones"] is None else (("windows labelled 1", f"{known['ones'] * 100:.1f} %"),)
    wrong = (
        (("windows with another step's label", f"{known['wrong_labels']:,}"),) if known["raw_targets"] else ()
    )
    return (
        ("windows", f"{known['count']:,}"),
        ("neighbours share", f"{known['overlap']} of {window} steps"),
        ("windows copied out (float64)", size(known["bytes"])),
        ("the series", size(known["source_bytes"])),
        ("train, left out, test", f"{known['train']:,}, {known['dropped']:,}, {known['test']:,}"),
        ("test steps that training has seen", f"{known['seen_share'] * 100:.1f} %"),
        ("labels", shapes[0]),
        ("outputs", shapes[1]),
        *label,
        *wrong,
    )


CONTROLS = (
    Control("builder", "Cut by", labels={"view": "sliding view", "loop": "loop"}),
    Control("steps", "Series length", "steps", low=10, log=True),
    Control("window", "Window", "steps", low=2),
    Control("stride", "Stride", "steps", help="From one window's start to the next one's", low=1, high=500, when=SLIDING),
    Control("chosen", "Place in the series", low=0, high=1, help="Of the windows shown: 0 is the beginning, 1 the end"),
    Control("channels", "Channels", low=1, high=28),
    Control("rule", "A window's label", labels={"last": "last step", "first": "first step"}),
    Control("raw_targets", "Hand y over as it is", help="targets=y instead of targets=y[window-1:]",
            when=("builder", ("tf.data",))),
    Control("slice_label", "Take it by y[end-1:end]", help="Instead of y[end-1]", when=("rule", ("last", "first", "majority"))),
    Control("split", "Split", labels={"chronological": "by time"}),
    Control("test_share", "Share for the test", low=0.05, high=0.5),
    Control("gap", "Windows left out between", low=0, high=500, auto="as many as overlap", when=("split", ("chronological",))),
    Control("head", "Head", help="What makes one row of the features of all steps", labels={"none": "no pooling", "Reshape": "Reshape((2,))"}),
    Control("padding", "Conv1D padding"),
    Control("kernel", "Conv1D kernel", "taps", low=1, high=32),
    Control("filters", "Filters", help="Kernels of the convolution; each makes one feature", low=1, high=16),
    Control("pattern", "The series holds", labels={"states": "waves of a machine", "step numbers": "the number of the step"}),
    Control("run", "A state lasts about", "steps", low=1, high=1000, when=("pattern", ("states",))),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Slide instead", {"builder": "view"},
           "29,901 windows instead of 300, and no byte copied: they are views of the same 2.4 MB. But neighbours share 99 of 100 steps."),
    Preset("The answer's loop", {"builder": "loop", "window": 300},
           "29,701 windows of 300 steps, though the model takes 100; copied out they weigh 712.8 MB."),
    Preset("The label of the wrong end (the usual mistake)", NUMBERS | {"builder": "tf.data", "raw_targets": "on"},
           "Steps 0 to 9 get label 0: targets[i] belongs to the window that starts at i. Switch it off and they get 9."),
    Preset("Thirty numbered steps", NUMBERS | {"builder": "view"},
           "Every value is its step's number: the staircase can be checked by eye, the label is the last number of each window."),
    Preset("Split by time", {"builder": "view", "split": "chronological"},
           "99 windows are left out between training and test, and not one step of the test was trained on."),
    Preset("By time, without the gap", {"builder": "view", "split": "chronological", "gap": 0, "steps": 1000, "chosen": 0.8},
           "The first test windows still reach back into training: a split by time needs a gap of window − 1."),
    Preset("550,000 steps, 28 channels", {"builder": "view", "steps": 550_000, "channels": 28, "window": 50},
           "549,951 windows would weigh 6.2 GB as float64. They are counted, labelled and split at their real size; the few shown are built."),
    Preset("A label for every step", {"builder": "view", "rule": "per step", "head": "none", "padding": "same"},
           "Without a pooling head the model answers [N, 100, 2]; same padding keeps an output for each label."),
)  # fmt: skip

LAB = Lab(
    title="Sliding windows and their labels",
    question="What do (300, 100, 10) slices of a (30000, 10) series contain, and which label belongs to each?",
    technique="sliding-window-labels",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    words=("sliding window", "rolling window", "time series", "reshape", "sequence_length", "timeseries_dataset_from_array",
           "sliding_window_view", "strided view", "labels", "targets", "leakage", "train test split", "GlobalMaxPooling1D",
           "GlobalAveragePooling1D", "Flatten", "LSTM", "must have the same rank", "cannot reshape array of size",
           "expected ndim=4, found ndim=3"),
    card=Grid("holds", scale="mask"),
)  # fmt: skip
