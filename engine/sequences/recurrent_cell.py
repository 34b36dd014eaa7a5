"""SimpleRNN, LSTM and GRU unrolled: gates and states of every timestep, beside Keras' own layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import Rejected
from engine.parameter_lists import Cells
from engine.parameters import Choice, Integer, Real, Toggle
from engine.sequences import recurrent_cell_story
from engine.sequences.recurrent_cell_functions import (
    activate,
    all_steps,
    gru_step,
    handed_out,
    keras_calls,
    keras_layer,
    lstm_step,
    series,
    simple_rnn_step,
    slopes,
    start_weights,
    states_before,
    step_of,
    walk,
)
from engine.technique import Cost, Made, Story

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
MOST_STEPS, MOST_CALLS, MOST_BATCH = 24, 3, 3
CELLS = {
    "RNN": "write SimpleRNN: keras.layers.RNN is the wrapper that runs any cell",
    "simple": "write SimpleRNN",
    "CuDNNLSTM": "write LSTM: CuDNNLSTM is gone, LSTM takes the fast kernel on its own",
    "CuDNNGRU": "write GRU: CuDNNGRU is gone, GRU takes the fast kernel on its own",
}
PARAMETERS = (
    Choice("cell", "LSTM", tuple(GATES), "what is computed in each step", CELLS),
    Integer("units", 4, 1, 8, "numbers in a state, and in an output"),
    Integer("features", 3, 1, 6, "numbers in one timestep of the input"),
    Integer("timesteps", 6, 1, MOST_STEPS, "of one call"),
    Integer("batch", 2, 1, MOST_BATCH, "sequences side by side"),
    Integer("calls", 1, 1, MOST_CALLS, "of the layer, one after the other, on consecutive pieces of the sequences"),
    Toggle("stateful", False, "start a call from the states that the call before left"),
    Toggle("return_sequences", True, "the output of every step instead of the last"),
    Toggle("return_state", True, "the final states as well"),
    Choice("padding", "none", ("none", "end", "start", "gap"), "which timesteps are padding: zeros"),
    Cells("painted", MOST_BATCH * MOST_CALLS * MOST_STEPS, "1 is a real timestep, 0 padding, for each sequence"),
    Toggle("masking", True, "hand over a mask that says which timesteps are padding"),
    Toggle("zero_output_for_mask", False, "0 as the output of a masked step, instead of the output before"),
    Choice("activation", "tanh", ("tanh", "relu", "linear"), "of candidate and state"),
    Toggle("use_bias", True, "add a bias"),
    Toggle("unit_forget_bias", True, "LSTM: the forget gate's bias starts at 1"),
    Toggle("reset_after", True, "GRU: reset after the product with the recurrent kernel, not before"),
    Real("gain", 1.0, 0, 2, "what the orthogonal recurrent kernel is multiplied by", step=0.05),
    Choice("input", "wave", ("wave", "random", "impulse"), "what the sequences hold"),
    Real("initial", 0.0, -1, 1, "every number of the first state"),
    Choice("loss", "last", ("last", "all"), "which outputs of the last call are summed and differentiated"),
    Integer("sample", 0, 0, MOST_BATCH - 1, "the sequence looked at, or the last one"),
    Integer("seed", 1, 0, 9999, "of the kernels and of random input"),
)  # fmt: skip


def check(batch: int, calls: int, timesteps: int, padding: str, painted: Any, **_: Any) -> None:
    """A painted mask has one cell for each timestep of each sequence."""
    steps = calls * timesteps
    if painted is not None and padding != "none" and len(painted) != batch * steps:
        expected = f"{batch * steps} cells: {batch} × {steps} timesteps"
        fix = "clear it to have one made, and paint that"
        raise Rejected("painted", f"{len(painted)} cells", expected, fix, {"painted": None})


def cost(**p: Any) -> Cost:
    """Every step thrice (ours, in one pass, and Keras'), forwards and backwards, all of them kept."""
    steps, size = p["batch"] * p["calls"] * p["timesteps"], GATES[p["cell"]] * p["units"]
    weights = size * (p["features"] + p["units"] + 2)
    eager = 300_000 * p["calls"] * p["timesteps"]  # a dozen small operations, whatever their size
    return Cost(memory=4 * (60 * steps * size + 8 * weights) + 2**20, work=12 * steps * weights + eager)


def kept(p: Mapping[str, Any]) -> tuple[int, ...]:
    """1 for a real timestep, 0 for padding, sequence after sequence; shorter ones further down."""
    batch, steps = int(p["batch"]), int(p["calls"] * p["timesteps"])
    if p["padding"] == "none":
        return (1,) * (batch * steps)
    if p["painted"] is not None:
        return tuple(map(int, p["painted"]))
    cells: list[int] = []
    for sample in range(batch):
        left_out = (sample + 1) * steps // (batch + 2)
        first = {"end": steps - left_out, "start": 0, "gap": (steps - left_out) // 2}[p["padding"]]
        cells += [int(not first <= time < first + left_out) for time in range(steps)]
    return tuple(cells)


def arguments(**p: Any) -> dict[str, Any]:
    """Input and kernels from a seed, the mask as it is handed over, the first states."""
    batch, steps, cells = p["batch"], p["calls"] * p["timesteps"], kept(p)
    masked = p["padding"] != "none" and p["masking"]
    states = 2 if p["cell"] == "LSTM" else 1
    made = {"kind": p["input"], "batch": batch, "steps": steps, "features": p["features"]}
    kernels = {"cell": p["cell"], "features": p["features"], "units": p["units"], "gain": p["gain"],
               "bias": p["use_bias"], "unit_forget_bias": p["unit_forget_bias"], "reset_after": p["reset_after"]}  # fmt: skip
    return {
        "x": Made(series, {**made, "kept": cells, "seed": p["seed"]}),
        "weights": Made(start_weights, {**kernels, "seed": p["seed"]}),
        "start": [np.full((batch, p["units"]), p["initial"], "float32") for _ in range(states)],
        "mask": np.array(cells, "int32").reshape(batch, steps) if masked else None,
        **{
            name: p[name]
            for name in ("cell", "calls", "stateful", "return_state", "activation", "reset_after", "loss")
        },
        "sequences": p["return_sequences"],
        "zero_output": p["zero_output_for_mask"],
    }


SHOWN = (
    series,
    start_weights,
    activate,
    simple_rnn_step,
    lstm_step,
    gru_step,
    step_of,
    walk,
    slopes,
    states_before,
    all_steps,
    handed_out,
    keras_layer,
    keras_calls,
)


def recurrent_cell(  # type: ignore[no-untyped-def]
    x,
    weights,
    start,
    mask,
    cell,
    calls,
    stateful,
    sequences,
    return_state,
    zero_output,
    activation,
    reset_after,
    loss,
):
    """Walk through the sequences step by step, differentiate, and hold Keras' layer against it.

    x: float32[batch, time, feature], `calls` pieces one after the other; weights: kernel, recurrent kernel
    and perhaps a bias; start: [h] or [h, c], float32[batch, unit]; mask: int32[batch, time] or None.
    """
    import tensorflow as tf

    x, start = tf.convert_to_tensor(x), [tf.convert_to_tensor(state) for state in start]
    weights = [tf.convert_to_tensor(weight) for weight in weights]
    kept = None if mask is None else tf.cast(mask, tf.bool)[..., tf.newaxis]
    step = step_of(cell, weights, activation, reset_after)
    walked = (calls, stateful, step, zero_output)

    found, results = slopes(x, weights[0], kept, start, *walked, loss)
    before = states_before(found["states"], start, calls, stateful)
    results |= all_steps(x, weights, before, mask, step)
    if mask is not None:
        results |= {"mask": tf.convert_to_tensor(mask), "y": tf.stack(found["y"], axis=1)}
    results |= handed_out(results, calls, sequences, return_state)
    if calls > 1:
        through = walk(tf.unstack(x @ weights[0], axis=1), kept, start, 1, False, *walked[2:])
        for name, states in (("in_pieces", found["states"]), ("one_pass", through["states"])):
            results[name] = tf.stack([state[0] for state in states], axis=1)

    shape, units = (x.shape[0] if stateful else None, x.shape[2]), start[0].shape[1]
    given = (activation, len(weights) > 2, reset_after, sequences, stateful, zero_output)
    built = keras_layer(cell, shape, units, *given)
    output, *states = keras_calls(built, x, kept, start, weights, calls)
    results["keras_output"] = tf.reshape(output, results["output"].shape)
    results |= {f"keras_{name}": state for name, state in zip("hc", states)}  # noqa: B905
    results["keras_parameters"] = tf.constant(built[0].count_params())
    return results


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, facts and notes; see recurrent_cell_story.py."""
    return recurrent_cell_story.tell(parameters, results)
