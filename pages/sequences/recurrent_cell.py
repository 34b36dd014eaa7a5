"""**What you see.** A sequence walks through a cell from left to right. Each column is one timestep: the input **x**, the
**gates** (numbers between 0 and 1 that decide how much passes), the **candidate** g that could be added, the **states**
(what the cell remembers) and what is handed out. Every step uses the same **kernels** (weights). Point at any cell: what it
was made from lights up, the step before included.

The same weights run through Keras' own layer; the largest difference is among the numbers.

**What to try.**

- Let *Padding* put zeros at the end, and watch a state that goes on moving although nothing is said any more; then hand
  over a mask, which says which steps are real.
- Cut the sequence into calls: without *stateful* the state starts anew each time, with it the pieces give exactly what one
  long call gives.
- Compare how far the gradient reaches back in a SimpleRNN and in an LSTM with 24 timesteps (Gradients tab, and the chart).

**What it means for your code.**

- Input is `[batch, time, features]`, and neither time nor batch is in the number of parameters.
- `return_sequences=True` is needed before another recurrent layer, or for an answer at each step. `return_state=True` gives
  `output, h, c` for an LSTM but `output, h` for the others.
- A masked step copies the state and repeats the output before.
- A stateful layer carries values from batch to batch, never gradients.

**What it does not do.** No dropout, no `go_backwards`, one layer, no training.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Bars, Control, Grid, Lab, Panel, Preset
from pages.sequences.recurrent_cell_charts import CHARTS, TABLES
from pages.sequences.recurrent_cell_claims import CLAIMS
from pages.sequences.recurrent_cell_predictions import PREDICTIONS
from pages.sequences.recurrent_cell_words import columns, formula, short, sizes, times

TITLES = {
    "i": "i, input gate", "f": "f, forget gate", "g": "g, candidate", "o": "o, output gate",
    "z": "z, update gate", "r": "r, reset gate", "c": "c, cell state", "h": "h, state",
}  # fmt: skip


def _over_time(trace: Trace, tensor: str, title: str, rows: str = "unit", scale: str = "diverging") -> Grid:
    """One sequence, time from left to right."""
    at = {"batch": trace.facts["sample"]}
    crossed = "mask" if "mask" in trace.tensors else ""
    return Grid(tensor, title, scale, rows=rows, columns="time", at=at, crossed=crossed, fixed=("batch",))  # type: ignore[arg-type]


def panels(trace: Trace) -> Sequence[Panel]:
    """Input, gates and states over time, what is handed out, and the kernels."""
    sample, names = trace.facts["sample"], columns(trace)
    shown: list[Panel] = [_over_time(trace, "x", f"x, sequence {sample}", "feature")]
    if "mask" in trace.tensors:
        shown.append(Grid("mask", "mask (paint it)", "mask", rows="batch", columns="time", paints="painted"))
    for name in ("f", "i", "o", "z", "r", "g", "c", "h"):
        if name in trace.tensors:
            gate = name in "fiozr"
            shown.append(_over_time(trace, name, TITLES[name], scale="sequential" if gate else "diverging"))
    shown.append(_output(trace))
    kernels: list[Panel] = [
        Grid("kernel", "kernel: input to gates", labels=names),
        Grid("recurrent", "recurrent kernel: state to gates", labels=names),
    ]
    return [*shown, *kernels]


def _output(trace: Trace) -> Grid:
    axes = trace.tensors["output"].axes
    at = {"batch": trace.facts["sample"]}
    if "timestep" in axes:
        beside = "call" if "call" in axes else ""
        return Grid(
            "output", "output", rows="unit", columns="timestep", at=at, beside=beside, fixed=("batch",)
        )
    return Grid("output", "output", rows="unit", columns="call" if "call" in axes else "batch", at=at)


def gradients(trace: Trace) -> Sequence[Panel]:
    """How the loss depends on each step."""
    p, sample = trace.parameters, trace.facts["sample"]
    at = {"batch": sample}
    said = "last output" if p["loss"] == "last" else "outputs of the last call"
    none = "" if trace.facts["reached"] == trace.facts["steps"] else "reached"
    shown: list[Panel] = [Bars(("flow",), f"length of d Σ {said} / d h, by timestep", crossed=none, at=at)]
    for name, rows in (("c", "unit"), ("h", "unit"), ("x", "feature")):
        if f"gradient_{name}" in trace.tensors:
            title = f"d Σ {said} / d {name}"
            shown.append(
                Grid(
                    f"gradient_{name}",
                    title,
                    rows=rows,
                    columns="time",
                    at=at,
                    crossed=none,
                    fixed=("batch",),
                )
            )
    return shown


def gradient_note(trace: Trace) -> str:
    """How far the gradient comes, None told apart from zero, with this state's numbers."""
    told, p = trace.facts, trace.parameters
    none = told["steps"] - told["reached"]
    if told["flow_steps"]:
        first, last = told["flow_steps"]
        text = (
            f"From step {last} back to step {first} the gradient in h goes from {short(told['flow_last'])} to "
            f"{short(told['flow_first'])} in length. "
        )
    else:
        text = "No real timestep leads to the loss. "
    if p["cell"] == "LSTM":
        text += "In c each step back multiplies it by the forget gate, and adds what goes the long way through h. "
    if told["masked"]:
        text += "A masked step gets exactly 0: TensorFlow chose the copied state and computed it. "
    if none:
        why = (
            "a stateful layer hands on values, not a path"
            if p["stateful"]
            else "each call starts from the same first state"
        )
        return text + f"The {times(none, 'step')} of earlier calls get None (crossed out, drawn as 0): {why}."
    return (
        text
        + "No step's gradient is None. The mask's would be: it is cast to bool, and no slope passes through."
    )


def facts(trace: Trace) -> Sequence[tuple[str, str]]:
    """The numbers worth reading out."""
    told = trace.facts
    found = [
        ("parameters", formula(trace)),
        ("Keras counts", f"{told['keras_parameters']}"),
        ("output", sizes(trace.tensors["output"].shape)),
        ("Keras' output differs by", short(told["keras_output_off"])),
        ("Keras' final states differ by", short(told["keras_state_off"])),
        ("masked steps", f"{told['masked']} of {trace.parameters['batch'] * told['steps']}"),
        (
            "gradient in h, last and first real step",
            f"{short(told['flow_last'])} → {short(told['flow_first'])}",
        ),
        ("spectral radius of U, candidate's block", short(told["radius"])),
    ]
    if told["one_pass_off"] is not None:
        found.append(("one long call differs by", short(told["one_pass_off"])))
    return found


PADDED = ("padding", ("end", "start", "gap"))
CONTROLS = (
    Control("cell", "Cell"),
    Control("units", "Units", help="Numbers in a state, and in an output"),
    Control("features", "Features"),
    Control("timesteps", "Timesteps of a call"),
    Control("batch", "Batch"),
    Control("sample", "Sequence shown", help="Counted from 0"),
    Control("calls", "Calls", help="Consecutive pieces of the same sequences"),
    Control("stateful", "Stateful", help="Start from the states that the call before left"),
    Control("return_sequences", "return_sequences", help="The output of every step instead of the last"),
    Control("return_state", "return_state", help="The final states as well"),
    Control("padding", "Padding", labels={"none": "none", "end": "at the end", "start": "at the start", "gap": "in between"}),
    Control("masking", "Hand over a mask", help="Says which timesteps are padding", when=PADDED),
    Control("painted", "Mask, painted", help="1 is a real step, 0 padding", auto="made", when=PADDED),
    Control("zero_output_for_mask", "zero_output_for_mask", when=PADDED),
    Control("activation", "Activation"),
    Control("use_bias", "Bias"),
    Control("unit_forget_bias", "unit_forget_bias", when=("cell", ("LSTM",))),
    Control("reset_after", "reset_after", when=("cell", ("GRU",))),
    Control("gain", "Recurrent kernel ×", help="It starts with orthogonal rows; this scales it"),
    Control("input", "Input"),
    Control("initial", "First state"),
    Control("loss", "Differentiate", labels={"last": "the last output", "all": "all outputs"}),
    Control("seed", "Seed", low=0, high=99),
)  # fmt: skip

PRESETS = (
    Preset("Padding, no mask", {"padding": "end", "masking": False, "timesteps": 10},
           "The popular mistake: zeros are input like any other. The state goes on moving after the sequence has ended, and the last output is of padding."),
    Preset("Padding, masked", {"padding": "end", "timesteps": 10, "sample": 1},
           "Masked steps copy h and c and repeat the output before: the last output is that of the last real step."),
    Preset("Memory fades", {"cell": "SimpleRNN", "timesteps": 24, "gain": 0.7, "input": "impulse", "features": 1},
           "One push at the first step. Each step multiplies it by less than 1, and the gradient on its way back as well."),
    Preset("It explodes", {"cell": "SimpleRNN", "activation": "linear", "timesteps": 24, "gain": 1.3, "input": "impulse", "features": 1},
           "Without tanh an orthogonal kernel times 1.3 grows the state and the gradient by 1.3 in each step: 1.3²³ = 418."),
    Preset("Three calls, one state", {"calls": 3, "stateful": True, "timesteps": 5},
           "Stateful pieces give what one long call gives, to the last bit. Only the gradient stops at the cut."),
    Preset("Three calls, forgotten", {"calls": 3, "timesteps": 5},
           "The same pieces without stateful: each call begins from the first state again."),
    Preset("Masked at the cut", {"calls": 2, "stateful": True, "timesteps": 5, "padding": "gap", "painted": "1111001111" * 2},
           "The second call begins with a masked step: its state is carried over, yet its output there is 0."),
    Preset("The GRU of the paper", {"cell": "GRU", "reset_after": False},
           "Reset before the product, one bias less for each gate: 3 · 4 fewer parameters than Keras' own choice."),
)  # fmt: skip

LAB = Lab(
    title="Inside a recurrent cell",
    question="What happens in each timestep of a SimpleRNN, an LSTM and a GRU, and what does the layer hand out?",
    technique="recurrent-cell",
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
        "LSTM", "GRU", "SimpleRNN", "recurrent neural network", "gate", "forget gate", "hidden state", "cell state", "return_sequences",
        "return_state", "stateful", "reset_states", "masking", "mask_zero", "zero_output_for_mask", "unit_forget_bias", "reset_after",
        "vanishing gradient", "exploding gradient", "backpropagation through time", "BPTT", "unroll", "expected ndim=3, found ndim=2",
        "number of LSTM parameters", "timestep",
    ),
    card=Grid("h", rows="unit", columns="time"),
)  # fmt: skip
