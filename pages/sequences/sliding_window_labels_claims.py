"""What people say about windows and their labels, each with a measurement made now."""

from __future__ import annotations

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run

SMALL = {"steps": 30, "window": 10, "channels": 1, "pattern": "step numbers", "builder": "tf.data"}


def answers() -> dict[str, str]:
    """What the installed versions answer."""
    found: dict[str, str] = engine.run("window-calls").facts["answers"]
    return found


def _reshape(run: Run) -> Measured:
    trace = run(pattern="step numbers")
    held = [(int(one.min()), int(one.max())) for one in trace["windows"]]
    value = "; ".join(f"slice {n} holds steps {a} to {b}" for n, (a, b) in enumerate(held[:2], 1))
    return Measured(value, "holds" if held[0] == (0, 299) else "wrong")


def _loop(run: Run) -> Measured:
    long, model = (run(builder="loop", window=window).facts["count"] for window in (300, 100))
    value = f"{long:,} windows of 300 steps, where the model takes 100, of which there are {model:,}"
    return Measured(value, "depends" if (long, model) == (29_701, 29_901) else "wrong")


def _count(run: Run) -> Measured:
    count = run(builder="view").facts["count"]
    return Measured(f"{count:,}: 30000 − 100 + 1", "holds" if count == 30_000 - 100 else "wrong")


def _memory(run: Run) -> Measured:
    known, told = run(builder="loop", window=300).facts, answers()["view shares memory"]
    value = (
        f"copied out they are {known['bytes'] / 1e6:,.1f} MB of float64, the series {known['source_bytes'] / 1e6:.1f} MB; "
        f"sliding_window_view shares the series' memory: {told}"
    )
    return Measured(value, "wrong" if told == "True" else "holds")


def _slice(_: Run) -> Measured:
    told = answers()["slice target"]
    return Measured(f"the loss answers {told}", "wrong" if "same rank" in told else "holds")


def _padding(_: Run) -> Measured:
    told = answers()
    lengths = {name: told[name] for name in ("same", "causal", "valid")}
    value = "100 steps, kernel 3: " + ", ".join(f"{name} {length}" for name, length in lengths.items())
    return Measured(value, "holds" if list(lengths.values()) == ["100", "100", "98"] else "wrong")


def _lstm(_: Run) -> Measured:
    told = answers()
    value = f"{told['lstm']} without, {told['lstm, sequences']} with; a second LSTM on the first: {told['lstm on lstm']}"
    held = told["lstm, sequences"] == "(4, 4, 5)" and "expected ndim=3, found ndim=2" in told["lstm on lstm"]
    return Measured(value, "holds" if held else "wrong")


def _heads(_: Run) -> Measured:
    told = answers()
    good = ("GlobalMaxPooling1D", "GlobalAveragePooling1D", "Flatten")
    value = ", ".join(f"{name} {told[name]}" for name in good) + f"; Reshape((2,)): {told['Reshape']}"
    works = [told[name].startswith("(4,") for name in (*good, "Reshape")]
    return Measured(value, "depends" if works == [True] * 3 + [False] else "holds" if all(works) else "wrong")


def _two_dimensional(_: Run) -> Measured:
    told = answers()["GlobalMaxPooling2D"]
    return Measured(told, "wrong" if "expected ndim=4, found ndim=3" in told else "holds")


def _halves(_: Run) -> Measured:
    told = answers()["MaxPooling1D"]
    return Measured(f"after one and two halvings {told}", "holds" if told == "[50, 25]" else "wrong")


def _single_rows(_: Run) -> Measured:
    told = answers()
    one, other = told["one step, Functional"], told["one step, Sequential"]
    value = f"Functional: {one}; Sequential: {other}, each row classified alone"
    return Measured(value, "wrong" if "Error" in one and other == "(4, 2)" else "holds")


def _no_head(_: Run) -> Measured:
    told = answers()["no head"]
    return Measured(
        f"output {told}: one answer for every step", "wrong" if told == "(4, 100, 2)" else "holds"
    )


def _targets(run: Run) -> Measured:
    raw, shifted = run(**SMALL, raw_targets=True), run(**SMALL)
    last = int(raw["windows"][0, -1, 0])
    ends = [int(trace["labels"][0]) for trace in (raw, shifted)]
    value = f"the window of steps 0 to {last} gets label {ends[0]} with targets=y, label {ends[1]} with targets=y[9:]"
    return Measured(value, "wrong" if ends == [0, last] else "holds")


def _random_split(run: Run) -> Measured:
    known = run(builder="view").facts
    apart = run(builder="view", split="chronological").facts
    value = (
        f"split at random {known['seen_share'] * 100:.2f} % of the steps of test windows are trained on; split by time with "
        f"{apart['dropped']} windows left out, {apart['seen_share'] * 100:.0f} %"
    )
    return Measured(value, "wrong" if known["seen_share"] > 0.99 else "holds")


def _neighbours(run: Run) -> Measured:
    trace = run(builder="view", pattern="step numbers")
    shared = np.intersect1d(trace["windows"][0, :, 0], trace["windows"][1, :, 0]).size
    return Measured(f"{shared} of {trace['windows'].shape[1]} steps", "holds" if shared == 99 else "wrong")


def _too_long(_: Run) -> Measured:
    told = answers()
    value = (
        f"timeseries_dataset_from_array: {told['window too long']} batches; sliding_window_view: "
        f"{told['window too long, view']}; a window of 0 gives shape {told['window 0, view']}"
    )
    silent = told["window too long"] == "0"
    return Measured(value, "wrong" if silent else "holds")


CLAIMS = (
    Claim("After the reshape, sequence 1 goes from step 0 to 299 and sequence 2 starts at 300.",
          "reshape (30000, 10) to (300, 100, 10), every value being its step's number", "wrong", _reshape),
    Claim("Sliding windows are what you want: for i in range(30000 − 300 + 1).",
          "windows of the answer's loop, and of the length that the model takes", "depends", _loop),
    Claim("There are 30000 − 100 windows of 100 steps.", "windows counted by sliding_window_view", "wrong", _count),
    Claim("So many windows need a large memory.", "29,701 windows of 300 × 10, and what a view copies", "wrong", _memory),
    Claim("newYSlices = train_y[end-1:end] is the label of each window.",
          "one-hot labels [N, 1, 2] beside outputs [N, 2]", "wrong", _slice),
    Claim("padding='same' keeps the length, otherwise it shrinks by k − 1.", "a Conv1D that was built", "holds", _padding),
    Claim("An LSTM gives its last output only; return_sequences=True gives one for each step.",
          "shapes, and a second LSTM on top", "holds", _lstm),
    Claim("After the convolution choose GlobalMaxPooling1D, GlobalAveragePooling1D, Flatten or Reshape((2,)).",
          "each, called on 98 steps of 8 filters", "depends", _heads),
    Claim("I would go with GlobalMaxPooling2D.", "the layer, called on the same features", "wrong", _two_dimensional),
    Claim("MaxPooling1D turns 100 steps into 50 and then 25.", "two pooling layers", "holds", _halves),
    Claim("Reshaped to (N, 1, 10) the data fit a model with input (100, 10).",
          "one step handed to a Functional and to a Sequential model", "wrong", _single_rows),
    Claim("Conv1D and Dense(2) classify a window.", "the output's shape without a pooling head", "wrong", _no_head),
    Claim("timeseries_dataset_from_array(x, y, 10) gives each window the label of its last step.",
          "series and labels 0 … 29", "wrong", _targets),
    Claim("Windows can be split at random like any other samples.",
          "for each test window, the steps that training has seen", "wrong", _random_split),
    Claim("Neighbouring windows share 99 % of their steps.", "window 100, stride 1", "holds", _neighbours),
    Claim("A window longer than the series is an error.", "31 of 30 steps, by Keras and by NumPy", "wrong", _too_long),
)  # fmt: skip
