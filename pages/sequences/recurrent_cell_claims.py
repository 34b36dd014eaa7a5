"""What people say about recurrent layers, each with a measurement made now."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.kit.declare import Claim, Measured, Run
from pages.sequences.recurrent_cell_words import short, sizes

LONG = {"timesteps": 24, "batch": 1, "input": "random"}
PADDED = {"padding": "end", "batch": 1, "timesteps": 6}
CUT = {"calls": 3, "stateful": True, "timesteps": 4}
SHORT = {"timesteps": 1, "batch": 1}


def _counts(run: Run, **given: Any) -> list[int]:
    cells = ("SimpleRNN", "LSTM", "GRU")
    return [run(cell=cell, **SHORT, **given).facts["keras_parameters"] for cell in cells]


def _four_times(run: Run) -> Measured:
    simple, lstm, _ = _counts(run)
    return Measured(
        f"SimpleRNN {simple}, LSTM {lstm}: {short(lstm / simple)} times",
        "holds" if lstm == 4 * simple else "wrong",
    )


def _three_quarters(run: Run) -> Measured:
    _, lstm, gru = _counts(run)
    before = _counts(run, reset_after=False)[2]
    value = f"LSTM {lstm}; GRU {gru} ({short(gru / lstm)}), with reset_after=False {before} ({short(before / lstm)})"
    exact = before == 0.75 * lstm
    return Measured(value, "wrong" if not exact else "holds" if gru == before else "depends")


def _longer(run: Run) -> Measured:
    counts = [run(timesteps=steps, batch=1).facts["keras_parameters"] for steps in (1, 6, 24)]
    value = f"{counts[0]}, {counts[1]}, {counts[2]} parameters for 1, 6, 24 timesteps"
    return Measured(value, "wrong" if len(set(counts)) == 1 else "holds")


def _one_state(run: Run) -> Measured:
    traces = [run(cell=cell, return_sequences=False) for cell in ("LSTM", "GRU")]
    found = [[name for name in ("state_h", "state_c") if name in t.tensors] for t in traces]
    lstm = traces[0]
    same = float(np.abs(lstm["keras_output"] - lstm["keras_h"][:, 0]).max())
    value = (
        f"LSTM: output and {' and '.join(found[0])}, {sizes(lstm['state_c'].shape)} each; GRU: output and {found[1][0]}. "
        f"Without return_sequences output − state_h is {short(same)}"
    )
    return Measured(value, "wrong" if len(found[0]) == 2 and len(found[1]) == 1 and same == 0 else "holds")


def _zeros(run: Run) -> Measured:
    usual, zero = run(**PADDED), run(**PADDED, zero_output_for_mask=True)
    last = usual.facts["last_kept"]
    repeated = float(np.abs(usual["keras_output"][0, last + 1 :] - usual["keras_output"][0, last]).max())
    seen = float(np.abs(usual["keras_output"][0, -1]).max())
    zeros = float(np.abs(zero["keras_output"][0, last + 1 :]).max())
    value = f"at masked steps Keras' output reaches {short(seen)} and differs from the last real one by {short(repeated)}; with zero_output_for_mask {short(zeros)}"
    return Measured(value, "wrong" if seen > 0 and repeated == 0 and zeros == 0 else "holds")


def _harmless(run: Run) -> Measured:
    masked, plain = run(**PADDED), run(**PADDED, masking=False)
    apart = float(np.abs(masked["keras_output"][0, -1] - plain["keras_output"][0, -1]).max())
    value = f"the last output is {short(float(plain['keras_output'][0, -1, 0]))} without a mask, {short(float(masked['keras_output'][0, -1, 0]))} with one; they differ by up to {short(apart)}"
    return Measured(value, "wrong" if apart > 1e-3 else "holds")


def _carries(run: Run) -> Measured:
    kept, fresh = run(**CUT), run(**{**CUT, "stateful": False})
    value = f"three calls of 4 steps − one call of 12: {short(kept.facts['one_pass_off'])} stateful, {short(fresh.facts['one_pass_off'])} not"
    right = kept.facts["one_pass_off"] == 0 < fresh.facts["one_pass_off"]
    return Measured(value, "holds" if right and kept.facts["keras_output_off"] < 1e-5 else "wrong")


def _learns_across(run: Run) -> Measured:
    found = run(**CUT)
    steps, reached = found.facts["steps"], found.facts["reached"]
    value = f"of {steps} steps in three calls, {steps - reached} get None and {reached} a gradient"
    return Measured(value, "wrong" if reached == steps // 3 else "holds")


def _first_output(run: Run) -> Measured:
    found = run(calls=2, stateful=True, timesteps=3, batch=1, padding="gap", painted="111011")
    output, state = (float(np.abs(v).max()) for v in (found["keras_output"][0, 1, 0], found["h"][0, 3]))
    value = f"second call, first step masked: state {short(state)}, Keras' output {short(output)}"
    return Measured(value, "wrong" if output == 0 < state else "holds")


def _vanishing(run: Run) -> Measured:
    def share(**given: Any) -> float:
        told = run(**LONG, **given).facts
        return float(told["flow_first"] / told["flow_last"])

    simple, lstm = share(cell="SimpleRNN"), share()
    unforgetting = share(unit_forget_bias=False)
    value = (
        f"of the gradient in h, after 23 steps back: SimpleRNN {short(simple)} (orthogonal kernel), LSTM {short(lstm)}, "
        f"LSTM with forget bias 0 {short(unforgetting)}"
    )
    return Measured(value, "depends" if unforgetting < lstm < 1 else "wrong")


def _forgets_half(run: Run) -> Measured:
    usual, plain = (float(run(unit_forget_bias=flag)["f"].mean()) for flag in (True, False))
    value = f"mean of the forget gate {short(usual)}; with unit_forget_bias=False {short(plain)}"
    return Measured(value, "wrong" if usual > 0.65 > 0.55 > plain else "holds")


def _bounded(run: Run) -> Measured:
    told = run(**LONG, gain=2, initial=1).facts
    relu = run(**LONG, gain=2, initial=1, activation="relu").facts
    value = f"largest |h| {short(told['largest_h'])}, |c| {short(told['largest_c'])}; with relu |h| {short(relu['largest_h'])}"
    return Measured(value, "holds" if told["largest_h"] < 1 < told["largest_c"] else "wrong")


def _paper(run: Run) -> Measured:
    keras, paper = (run(cell="GRU", use_bias=False, reset_after=flag) for flag in (True, False))
    apart = float(np.abs(keras["keras_output"] - paper["keras_output"]).max())
    value = f"same kernels, no biases: outputs differ by {short(apart)} between reset_after=True, Keras' default, and False"
    return Measured(value, "wrong" if apart > 1e-4 else "holds")


CLAIMS = (
    Claim("An LSTM has four times the parameters of a SimpleRNN.", "count_params() of both, 4 units, 3 features", "holds", _four_times),
    Claim("A GRU has three quarters of an LSTM's parameters.", "count_params() of Keras' layers", "depends", _three_quarters),
    Claim("Longer sequences need more parameters.", "the same layer built for three lengths", "wrong", _longer),
    Claim("return_state gives the output and one state.", "Keras' layers called with it", "wrong", _one_state),
    Claim("Masked steps give zeros.", "Keras' LSTM, padding at the end, return_sequences", "wrong", _zeros),
    Claim("Padding with zeros is harmless, they add nothing.", "last output with and without a mask", "wrong", _harmless),
    Claim("stateful=True makes consecutive batches one long sequence.", "three calls against one call, same sequences", "holds", _carries),
    Claim("A stateful layer also learns across batches.", "gradient of the last output, step by step", "wrong", _learns_across),
    Claim("The output of an LSTM is its state h, at every step.", "a call that begins with a masked step", "wrong", _first_output),
    Claim("LSTMs do not have vanishing gradients.", "length of the gradient in h at the first of 24 steps ÷ at the last, before training", "depends", _vanishing),
    Claim("A fresh LSTM forgets about half of its state in each step.", "mean of the forget gate", "wrong", _forgets_half),
    Claim("An LSTM's output stays within −1 and 1, its cell state does not.", "recurrent kernel × 2, 24 steps", "holds", _bounded),
    Claim("Keras' GRU is the GRU of the paper.", "both forms with the same kernels", "wrong", _paper),
)  # fmt: skip
