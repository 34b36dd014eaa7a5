"""What people say about shapes between data and loss, each with a measurement made now."""

from __future__ import annotations

from typing import Any

from engine import Trace
from pages.kit.declare import Claim, Measured, Run, Verdict
from pages.losses.model_boundary_words import number, shape

CHANNEL = {"data": (12, 6, 6), "body": "conv2d", "input_shape": (6, 6, 1), "loss": "sparse"}
COLUMN = {"labels": "values", "units": 1, "activation": "none"}
STEPS = {"data": (12, 6, 2), "body": "lstm", "input_shape": (9, 2), "loss": "sparse"}


def _outcome(trace: Trace) -> str:
    told = trace.facts
    if told["error"]:
        return f"{told['headline']}"
    return f"{number(told['loss'])}, {told['verdict']}"


def _plain(text: str) -> str:
    """TensorFlow's own words inside Markdown."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+!|$~" else letter for letter in text)


def _both(trace: Trace) -> str:
    told = trace.facts
    return f"{number(told['loss'])}, and {number(told['repaired_loss'])} after the repair"


def _channel(run: Run) -> Measured:
    gray, colour = run(**CHANNEL), run(**{**CHANNEL, "input_shape": (6, 6, 3)})
    value = f"(4, 6, 6) into (None, 6, 6, 1): {_outcome(gray)}; into (None, 6, 6, 3): {_outcome(colour)}"
    failed = [bool(trace.facts["error"]) for trace in (gray, colour)]
    verdict: Verdict = "depends" if failed == [False, True] else "holds" if all(failed) else "wrong"
    return Measured(_plain(value), verdict)


def _batch_axis(run: Run) -> Measured:
    cases: list[dict[str, Any]] = [
        {"batch": "one", "body": "flatten"},
        {"batch": "one", "body": "conv2d", "data": (12, 6, 6, 1)},
        {"batch": "one", "body": "flatten", "data": (12, 5)},
    ]
    said = [run(**case).facts["headline"] for case in cases]
    named = [text for text in said if "batch" in text.lower()]
    value = "; ".join(said)
    return Measured(_plain(value), "wrong" if all(said) and not named else "holds")


def _integers(run: Run) -> Measured:
    trace = run()
    mended = run(loss="sparse").facts
    value = f"{_outcome(trace)}. One-hot: {number(trace.facts['repaired_loss'])}, sparse loss: {number(mended['loss'])}"
    same = abs(trace.facts["repaired_loss"] - mended["loss"]) < 1e-6
    return Measured(_plain(value), "holds" if trace.facts["error"] and same else "wrong")


def _column(run: Run) -> Measured:
    found = {
        "Keras": run(**COLUMN, loss="mse"),
        "by hand": run(**COLUMN, loss="hand"),
        "by hand, in fit": run(**COLUMN, loss="hand", way="fit"),
    }
    value = "; ".join(f"{name}: {_both(trace)}" for name, trace in found.items())
    off = [trace.facts["verdict"] == "wrong number" for trace in found.values()]
    return Measured(value, "depends" if any(off) and not all(off) else "holds" if all(off) else "wrong")


def _table(run: Run) -> Measured:
    trace = run(**COLUMN, loss="hand")
    made = shape(trace.facts["shapes"]["differences"])
    wrong = trace.facts["verdict"] == "wrong number"
    return Measured(f"y (4,) − output (4, 1) → {made}: {_both(trace)}", "holds" if wrong else "wrong")


def _logits(run: Run) -> Measured:
    told = run(loss="sparse", activation="none").facts
    value = f"{number(told['loss'])}; with from\\_logits=True {number(told['repaired_loss'])}"
    return Measured(value, "wrong" if told["verdict"] == "wrong number" else "holds")


def _twice(run: Run) -> Measured:
    case = {"loss": "sparse", "from_logits": True}
    called, bare = run(**case), run(**case, way="numpy")
    value = f"on the model's output: {_both(called)}; on its numbers: {_both(bare)}"
    verdicts = [trace.facts["verdict"] for trace in (called, bare)]
    return Measured(value, "depends" if verdicts == ["forgiven", "wrong number"] else "wrong")


def _one_unit(run: Run) -> Measured:
    case = {"labels": "integers", "classes": 2, "units": 1, "loss": "binary"}
    told = run(**case, way="numpy").facts
    called = run(**case).facts
    value = (
        f"gradient {number(told['largest_gradient'])} on numbers; called on the layer {number(called['largest_gradient'])}, "
        f"for Keras takes the logit underneath; the outputs are {number(min(called['row_sums']))} for every sample"
    )
    still = told["largest_gradient"] == 0 and set(called["row_sums"]) == {1.0}
    return Measured(value, "holds" if still else "wrong")


def _sigmoid(run: Run) -> Measured:
    case = {"loss": "sparse", "activation": "sigmoid"}
    called, bare = run(**case).facts, run(**case, way="numpy").facts
    sums = f"{number(min(called['row_sums']))} to {number(max(called['row_sums']))}"
    value = f"no error; outputs of a sample add up to {sums}; loss {number(called['loss'])}, on numbers {number(bare['loss'])}"
    refused = bool(called["error"])
    return Measured(value, "holds" if refused else "wrong")


def _axis(run: Run) -> Measured:
    told = run(loss="sparse", activation="softmax-batch").facts
    sums = f"{number(min(told['row_sums']))} to {number(max(told['row_sums']))}"
    value = (
        f"loss {_both(run(loss='sparse', activation='softmax-batch'))}; outputs of a sample add up to {sums}"
    )
    return Measured(value, "wrong" if told["verdict"] == "wrong answers" else "holds")


def _length(run: Run) -> Measured:
    free, strict = run(**STEPS), run(**STEPS, api="functional")
    value = f"Sequential: {_outcome(free)}; functional: {_outcome(strict)}"
    failed = [bool(trace.facts["error"]) for trace in (free, strict)]
    return Measured(
        _plain(value), "depends" if failed == [False, True] else "holds" if all(failed) else "wrong"
    )


def _one_label(run: Run) -> Measured:
    case = {**COLUMN, "labels": "values-column", "label_count": 1, "loss": "mse"}
    called, fitted = run(**case), run(**case, way="fit")
    value = f"called: {_outcome(called)}; fit: {_outcome(fitted)}"
    silent = not called.facts["error"] and bool(fitted.facts["error"])
    return Measured(_plain(value), "depends" if silent else "holds" if called.facts["error"] else "wrong")


def _sparse_sentence(run: Run) -> Measured:
    told = run(labels="one-hot", loss="sparse").facts
    inverted = "`output` must have rank (ndim) `target.ndim - 1`" in told["headline"]
    y, output = (len(told["shapes"][name]) for name in ("y", "output"))
    mended = len(told["repaired_shapes"]["y"])
    value = f"target has {y} axes, output {output}: refused. What works: target {mended}, output {output}"
    return Measured(value, "wrong" if inverted and mended == output - 1 else "holds")


CLAIMS = (
    Claim("Images without a channel axis make Conv2D fail.",
          "the same batch into models built for one channel and for three", "depends", _channel),
    Claim("If the batch axis is missing, the error says so.",
          "model(x[0]) on three models; whether the sentence has the word “batch”", "wrong", _batch_axis),
    Claim("Integer labels with CategoricalCrossentropy raise an error; one-hot labels or the sparse loss mend it equally.",
          "the default state, both repairs run", "holds", _integers),
    Claim("Labels (n,) against outputs (n, 1) give a wrong loss.",
          "MeanSquaredError, the same line by hand, and by hand inside fit", "depends", _column),
    Claim("(n,) − (n, 1) is an n × n table, and nothing warns.", "the loss by hand, its table", "holds", _table),
    Claim("A cross-entropy takes logits as they come.", "no activation, from_logits left at False", "wrong", _logits),
    Claim("Softmax in the model and from_logits=True apply softmax twice.",
          "the loss called on the model's output, and on the same numbers", "depends", _twice),
    Claim("Softmax over one unit learns nothing.", "one unit, BinaryCrossentropy", "holds", _one_unit),
    Claim("Sigmoids with a categorical cross-entropy are refused.", "three sigmoids, three classes", "wrong", _sigmoid),
    Claim("Softmax over the wrong axis shows in the loss.", "softmax(axis=0) beside softmax(axis=-1)", "wrong", _axis),
    Claim("A sequence of another length than the model was built for is refused.",
          "LSTM built for 9 steps, given 6", "depends", _length),
    Claim("Another number of labels than samples raises an error.",
          "4 samples and 1 label of shape (1, 1): called, and in fit", "depends", _one_label),
    Claim("“Argument `output` must have rank (ndim) `target.ndim - 1`” tells which rank is needed.",
          "one-hot labels and the sparse loss; the ranks of what works", "wrong", _sparse_sentence),
)  # fmt: skip
