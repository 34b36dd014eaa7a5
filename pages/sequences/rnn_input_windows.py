"""**What you see.** A table of half a million rows, of which a few are drawn; every one of them can be reached with
*First window*. An **RNN**, a network that reads one row after the other, wants three axes, `[batch, time, features]`, and
there are three honest ways to get them: overlapping **windows**, **one long sequence**, or the long sequence in
**stateful chunks**, pieces between which the state is kept.

The picture shows which rows are input (1) and whose target is predicted (2), what the cell is given, and what it answers
before any training. Point at a cell to see the row it comes from. Counts and memory are those of the whole table.

**What to try.**

- Copy the windows out: 50 rows a window at a stride (rows from window to window) of 1 hold nearly every row 50 times, and
  59 MB become 3 GB. Look at the same rows through a *view*: nothing is copied.
- Walk the table in stateful chunks: the states are those of one pass, to the last bit, until you *reset* between chunks.

**What it means for your code.**

- Take `sliding_window_view`, or `keras.utils.timeseries_dataset_from_array`, instead of a list of copies. Its target number
  i belongs to the window that *starts* at row i, so hand over `y[49:]` for windows of 50.
- Stateful layers need `keras.Input(batch_shape=...)`, cut nothing on their own, and pass values on but no gradients.
- End with `Dense(1)`: an LSTM's own output cannot leave −1 … 1.

**What it is.** The table is generated, each row from its number: waves with noise; the target is a mix of three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine import Trace
from engine.sequences.rnn_input_windows_sizes import readable
from pages.kit.declare import Control, Grid, Lab, Panel, Preset
from pages.sequences.rnn_input_windows_charts import CHARTS, TABLES
from pages.sequences.rnn_input_windows_claims import CLAIMS
from pages.sequences.rnn_input_windows_predictions import PREDICTIONS
from pages.sequences.rnn_input_windows_words import WAYS, parameters, short, sizes, windowed


def _columns(trace: Trace) -> Mapping[str, Sequence[str]]:
    count = trace.parameters["features"]
    return {"column": [*(f"x{place}" for place in range(count)), "target"]}


def panels(trace: Trace) -> Sequence[Panel]:
    """The rows that are shown, how they are used, what the cell is given, and what it answers."""
    table = Grid("table", "rows of the table", labels=_columns(trace))
    answer = trace.tensors["prediction"].axes[-1]
    if windowed(trace):
        return [
            Grid("used", "1 input, 2 target’s row", "sequential", rows="window", columns="row"),
            table,
            Grid("windows", "a window: what the cell is given", rows="step", columns="feature"),
            Grid("last", f"state after {trace.parameters['window']} steps", rows="unit", columns="window"),
            Grid("labels", "target"),
            Grid("prediction", "prediction", rows=answer, columns="window"),
        ]
    return [
        table,
        Grid("pieces", "a piece: one call", rows="step", columns="feature"),
        Grid("states", "state after each step", rows="unit", columns="step", beside="chunk"),
        Grid("labels", "target"),
        Grid("prediction", "prediction", rows=answer, columns="step", beside="chunk"),
    ]


def gradients(trace: Trace) -> Sequence[Panel]:
    """How the prediction depends on each step of its input."""
    if windowed(trace):
        return [
            Grid("flow", "length of d prediction / d step", "sequential", rows="window", columns="step"),
            Grid("gradient", "d prediction / d window", rows="step", columns="feature"),
        ]
    crossed = "" if trace["reached"].all() else "reached"
    return [
        Grid("flow", "length of d last prediction / d step", "sequential", rows="chunk", columns="step", crossed=crossed),
        Grid("gradient", "d last prediction / d input", rows="step", columns="feature", crossed=crossed,
             at={"chunk": len(trace["reached"]) - 1}),
    ]  # fmt: skip


def gradient_note(trace: Trace) -> str:
    """How far back the prediction looks; None told apart from zero."""
    first, last = float(trace["flow"].ravel()[0]), float(trace["flow"].ravel()[-1])
    if windowed(trace):
        return (
            f"The gradient of the first window's prediction is {short(first)} at its oldest step, of the last window's "
            f"{short(last)} at its newest: an untrained cell looks at the recent past. Rows outside a window get nothing from it, "
            "and the target column would get None: it is not input."
        )
    none = int((trace["reached"] == 0).sum())
    if not none:
        return f"One path through all rows: {short(first)} at the first step, {short(last)} at the last. None of them is None."
    why = "the state was reset" if trace.parameters["reset"] else "a stateful layer hands on values, no path"
    return f"Only the last chunk gets a gradient, {short(last)} at its last step. The {none} before it get None (crossed out, drawn as 0): {why}."


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told, p = trace.facts, trace.parameters
    table = (
        "table",
        f"{sizes((p['rows'], p['features'] + 1))}, its input {readable(told['source'])} {p['dtype']}",
    )
    if windowed(trace):
        found = [
            table,
            ("windows", f"{told['windows']:,}"),
            ("target of window i", f"row i·{p['stride']} + {told['label_offset']}"),
            ("copied out", f"{readable(told['materialised'])}, {short(told['factor'])} times the table"),
            ("batches", f"{told['batches']:,} of {p['batch_size']:,}, {readable(told['one_batch'])} each"),
            (
                "view",
                f"{'shares' if told['shares'] else 'does not share'} memory, differs by {short(told['view_off'])}",
            ),
        ]
        if "piped_off" in told:
            found.append(
                (
                    "tf.data handed out",
                    f"batches of {', '.join(map(str, told['batch_sizes']))}; differs by {short(told['piped_off'])}, targets by {short(told['piped_labels_off'])}",
                )
            )
    elif p["mode"] == "stateful":
        found = [
            table,
            ("calls", f"{told['calls']:,} of {sizes((p['streams'], p['chunk'], p['features']))}"),
            ("rows left out", f"{told['dropped']:,}"),
            ("one pass differs by", short(told["one_pass_off"])),
        ]
    else:
        found = [table, ("steps for one update", f"{p['rows']:,}")]
    return [*found, ("parameters", parameters(trace)), ("Keras counts for the cell", f"{told['keras_parameters']:,}")]  # fmt: skip


WINDOWS = ("mode", ("view", "materialise", "tf.data"))
STATEFUL = ("mode", ("stateful",))
CONTROLS = (
    Control("mode", "Cut into", labels=WAYS),
    Control("handed", "Handed over with", labels={"rank 3": "3 axes", "rank 2": "2 axes, as the table is"}),
    Control("rows", "Rows of the table"),
    Control("features", "Features"),
    Control("window", "Window", unit="rows", when=WINDOWS),
    Control("stride", "Stride", help="From one window to the next", unit="rows", when=WINDOWS),
    Control("horizon", "Horizon", unit="rows", help="0 predicts the target of the window's own last row"),
    Control("batch_size", "Batch", when=WINDOWS),
    Control("first", "First window", when=WINDOWS),
    Control("shown", "Windows shown", when=WINDOWS),
    Control("memory", "Memory there is", unit="GB", when=("mode", ("materialise",))),
    Control("chunk", "Rows of a call", when=("mode", ("one sequence", "stateful")), help="Of one long sequence, as much as three calls is drawn"),
    Control("streams", "Batch: streams side by side", when=STATEFUL),
    Control("built_chunk", "Built for calls of", auto="the same", when=STATEFUL),
    Control("built_streams", "Built for a batch of", auto="the same", when=STATEFUL),
    Control("reset", "Reset between calls", help="Stateful only: forget the state between calls", when=STATEFUL),
    Control("cell", "Cell"),
    Control("units", "Units", help="Numbers in the cell's state", when=("head", ("dense",))),
    Control("head", "Last layer", labels={"dense": "Dense(1)", "cell": "the cell, 1 unit"}),
    Control("scale", "Target ×"),
    Control("dtype", "Type"),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Copied out", {"mode": "materialise"},
           "Nearly every row is in 50 windows: 59.4 MB become 2.97 GB, before the first step of training."),
    Preset("Handed out by tf.data", {"mode": "tf.data", "batch_size": 3, "horizon": 24},
           "timeseries_dataset_from_array makes one batch at a time. For a target 24 rows ahead it is given y[73:]."),
    Preset("Every 50th row", {"stride": 50},
           "Windows that do not overlap hold each row once: this is a reshape, and a fiftieth of the samples."),
    Preset("Half a million steps", {"mode": "one sequence"},
           "[1, 550000, 27] is accepted, and then every update walks 550,000 steps one after the other."),
    Preset("Stateful chunks", {"mode": "stateful"},
           "11,000 calls of 50 rows: the state carries on, so the numbers are those of one pass, to the last bit."),
    Preset("Reset in between", {"mode": "stateful", "reset": True},
           "The popular mistake: with a reset after each batch, stateful=True remembers nothing."),
    Preset("An LSTM as the last layer", {"head": "cell"},
           "One unit for one target fits the shape, but its output never leaves −1 … 1, whatever the target does."),
    Preset("The last window", {"first": 549_999},
           "Window 549,950 ends with the table's last row: there are 549,951, not 549,950."),
)  # fmt: skip

LAB = Lab(
    title="A long table for an RNN",
    question="How must a table of 550,000 rows and 28 columns be shaped for an LSTM that looks at 50 past rows?",
    technique="rnn-input-windows",
    controls=CONTROLS,
    panels=panels,
    facts=facts,
    presets=PRESETS,
    claims=CLAIMS,
    predictions=PREDICTIONS,
    charts=CHARTS,
    tables=TABLES,
    gradients=gradients,
    gradient_note=gradient_note,
    words=(
        "sliding window", "sliding_window_view", "timeseries_dataset_from_array", "time series", "lag", "lookback", "batch_input_shape",
        "batch_shape", "stateful", "reset_states", "samples time steps features", "input_shape", "LSTM input", "out of memory", "MemoryError",
        "expected ndim=3, found ndim=2", "reshape", "forecast horizon", "nowcast", "3D input", "batch size must be the same",
    ),
    card=Grid("used", scale="sequential", rows="window", columns="row"),
)  # fmt: skip
