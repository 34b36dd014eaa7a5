"""What people say about shaping a table for an RNN, each with a measurement made now."""

from __future__ import annotations

from typing import Any

import engine
from engine.sequences.rnn_input_windows_sizes import readable
from pages.kit.declare import Claim, Measured, Run
from pages.sequences.rnn_input_windows_words import short, sizes


def _asked() -> Any:
    return engine.run("rnn-calls").facts


def _axes(run: Run) -> Measured:
    trace, refused = run(), _asked()["rank_2"]
    value = f"given {sizes(trace['windows'].shape)} of {trace.facts['windows']:,}; two axes: {refused}"
    return Measured(value, "holds" if "expected ndim=3, found ndim=2" in refused else "wrong")


def _batch_size(run: Run) -> Measured:
    told, batches = run().facts, _asked()["batches"]
    value = f"{told['windows']:,} samples, walked in {batches} batches of 4,096"
    return Measured(value, "depends" if batches == told["batches"] > 1 else "holds")


def _reshaped(run: Run) -> Measured:
    trace, told = run(mode="one sequence"), _asked()
    value = (
        f"[1, {trace.parameters['rows']}, 27] and [1, {trace.parameters['rows']}] by shape; the loss of equal numbers is "
        f"{short(told['loss_fitting'])} for y (1, T) against (1, T, 1), but y (1, 1) is stretched as well: {short(told['loss_broadcast'])}, no error"
    )
    return Measured(value, "holds" if told["loss_fitting"] == 0 < told["loss_broadcast"] else "wrong")


def _long(_: Run) -> Measured:
    second = _asked()["seconds_a_step"]
    value = f"it runs: {second * 1e6:.0f} µs a step, so {550_000 * second:.0f} s forward for one update"
    return Measured(value, "depends" if 550_000 * second > 1 else "holds")


def _one_cell(run: Run) -> Measured:
    trace, largest = run(head="cell"), _asked()["largest_output"]
    wide = run(units=32).facts["cell_parameters"]
    value = (
        f"the shape fits; LSTM(1) has {trace.facts['cell_parameters']} parameters, LSTM(32) {wide:,}; the largest output of "
        f"LSTM(1) is {short(largest)}, the target reaches {short(trace.facts['target_most'])}"
    )
    return Measured(value, "depends" if largest <= 1 < trace.facts["target_most"] else "wrong")


def _batch_input_shape(_: Run) -> Measured:
    told = _asked()
    value = f"batch_input_shape: {told['batch_input_shape']}; without a fixed batch: {told['no_batch']}"
    return Measured(value, "outdated" if "ValueError" in told["batch_input_shape"] else "holds")


def _divides(run: Run) -> Measured:
    said = _asked()["undivided"]
    try:
        run(mode="stateful", chunk=60, built_chunk=50)
        here = "accepted"
    except engine.Rejected as problem:
        here = problem.received
    value = f"12 steps into a model built for 4: {said}; here {here} is refused"
    return Measured(value, "wrong" if "accepted" not in (said, here) else "holds")


def _loop(run: Run) -> Measured:
    counted, seen = run().facts["windows"], _asked()["view_windows"]
    value = (
        f"{counted:,} by formula, {seen:,} by sliding_window_view of the real size; 550,000 − 50 is one short"
    )
    return Measured(value, "holds" if counted == seen == 550_000 - 49 else "wrong")


def _first_49(run: Run) -> Measured:
    told, labels = run().facts, _asked()["labels"]
    value = f"a[49:, 27] has {labels:,} targets for {told['windows']:,} windows; window 0 predicts row {told['label_offset']}"
    return Measured(value, "holds" if labels == told["windows"] and told["label_offset"] == 49 else "wrong")


def _memory(run: Run) -> Measured:
    single, double = (run(dtype=dtype).facts for dtype in ("float32", "float64"))
    value = (
        f"{readable(single['materialised'])} in float32 ({single['materialised'] / 2**30:.3g} GiB), {readable(double['materialised'])} in float64; "
        f"the table {readable(single['source'])}: {short(single['factor'])} times"
    )
    return Measured(value, "wrong" if single["factor"] > 40 else "holds")


def _view(_: Run) -> Measured:
    told = _asked()
    value = f"{told['view_windows']:,} windows, {readable(told['view_bytes'])} as it looks, shares memory: {'yes' if told['shares'] else 'no'}"
    return Measured(value, "wrong" if told["shares"] else "holds")


def _approximate(run: Run) -> Measured:
    told, kept, reset = _asked(), run(mode="stateful").facts, run(mode="stateful", reset=True).facts
    value = (
        f"chunks − one pass: Keras {short(told['chunks_off'])}, here {short(kept['one_pass_off'])}; after a reset "
        f"{short(told['reset_off'])}, here {short(reset['one_pass_off'])}"
    )
    right = told["chunks_off"] == kept["one_pass_off"] == 0 < min(told["reset_off"], reset["one_pass_off"])
    return Measured(value, "wrong" if right else "holds")


def _back(run: Run) -> Measured:
    reached = run(mode="stateful")["reached"].tolist()
    value = f"of three chunks, {reached.count(0)} get None and {reached.count(1)} a gradient"
    return Measured(value, "wrong" if reached == [0, 0, 1] else "holds")


def _targets(run: Run) -> Measured:
    told = run(mode="tf.data", batch_size=3).facts
    value = f"given y[49:], its targets differ from the last rows' by {short(told['piped_labels_off'])}; batches of {', '.join(map(str, told['batch_sizes']))}"
    return Measured(value, "depends" if told["piped_labels_off"] == 0 else "wrong")


CLAIMS = (
    Claim("The input is (sequences, time steps, elements per step).", "Keras' LSTM on three axes and on two", "holds", _axes),
    Claim("The first axis is also called the batch size.", "samples by formula, batches of Keras' pipeline at real size", "depends", _batch_size),
    Claim("Reshape to (1, 550000, 28) and split it 27 / 1.", "shapes, and Keras' mean squared error of equal numbers", "holds", _reshaped),
    Claim("LSTM(…, return_sequences=True) with input_shape=(550000, 27) will do.", "LSTM(1) on 1000 steps in a graph, timed", "depends", _long),
    Claim("End with an LSTM of one cell, to match the target.", "LSTM(1) on inputs of 1000", "depends", _one_cell),
    Claim("Give batch_input_shape for a stateful model.", "Keras' answer", "outdated", _batch_input_shape),
    Claim("A stateful model divides a long sequence on its own.", "a longer sequence given to a model built for chunks", "wrong", _divides),
    Claim("The windows are x[i:i+50] for i in range(550000 − 49).", "counted by formula and by NumPy on a table of the real size", "holds", _loop),
    Claim("Y leaves out the first 49 rows.", "targets and windows at real size", "holds", _first_49),
    Claim("The windows take about as much memory as the table.", "by formula", "wrong", _memory),
    Claim("A sliding window copies the rows.", "np.shares_memory at real size", "wrong", _view),
    Claim("timeseries_dataset_from_array pairs a window with its last row's target.", "only if y is handed over from row 49 on", "depends", _targets),
    Claim("Stateful chunks only come near a full pass.", "largest difference, Keras' layer and by hand", "wrong", _approximate),
    Claim("A stateful layer learns from earlier chunks.", "gradient of the last prediction, chunk by chunk", "wrong", _back),
)  # fmt: skip
