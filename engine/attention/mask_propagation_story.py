"""What a mask's way through a stack says: axes, steps, what became of the mask at each layer, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.attention.mask_propagation_layers import WINDOWS
from engine.attention.mask_propagation_maps import layer_map
from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor

CALLED = {
    "lstm-sequence": "LSTM, all steps",
    "lstm-last": "LSTM, last step",
    "gru-sequence": "GRU, all steps",
    "bidirectional": "Bidirectional LSTM",
    "dense": "Dense",
    "time-distributed": "TimeDistributed(Dense)",
    "conv1d-same": "Conv1D, same",
    "conv1d-valid": "Conv1D, valid",
    "max-pooling": "MaxPooling1D",
    "average-pooling": "AveragePooling1D",
    "flatten": "Flatten",
    "global-average": "GlobalAveragePooling1D",
    "global-max": "GlobalMaxPooling1D",
    "dropout": "Dropout",
    "layer-norm": "LayerNormalization",
    "batch-norm": "BatchNormalization",
    "relu": "Activation(relu)",
    "softmax": "Softmax",
    "lambda": "Lambda",
    "times-2": "x * 2, plain TensorFlow",
    "reshape": "Reshape",
    "masking": "Masking",
    "attention": "Attention",
    "multi-head": "MultiHeadAttention",
    "multi-head-residual": "x + MultiHeadAttention",
}
READOUTS = {  # where the linked values are not simply added up; {x} is what the layer read
    "dense": "Σ of the linked values × their weights + bias",
    "time-distributed": "Σ of the linked values × their weights + bias",
    "conv1d-same": "Σ of the linked values × their taps + bias",
    "conv1d-valid": "Σ of the linked values × their taps + bias",
    "lstm-last": "the state after {x}",
    "relu": "max(0, {x})",
    "lambda": "2 × {x}",
    "times-2": "2 × {x}",
    "batch-norm": "({x} − mean) ÷ √(variance + ε)",
    "layer-norm": "its own value, normalised over {x}",
    "softmax": "exp of its own value ÷ Σ exp({x})",
    "attention": "weighted mean of {x}",
    "multi-head": "projections of {x}, weighted",
    "multi-head-residual": "its own value + attention over {x}",
}
ENDS = {
    "keras_mask": "the answer with Keras' mask",
    "no_mask": "the answer with no mask at all",
    "padding_cut": "the answer to the sequence with its padding cut off: the truth",
    "mask_put_back": "the answer with the mask put back by hand",
}


def tell(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """The whole story of one result."""
    kinds = [kind for kind, _ in parameters["layers"]]
    reached = sum(f"y{place}" in results for place in range(1, len(kinds) + 1))
    told = facts(parameters, results, kinds, reached)
    return Story(
        _tensors(results, kinds), _steps(results, kinds, reached, told), told, notes(told, parameters)
    )


def _axes(values: np.ndarray[Any, Any]) -> tuple[str, ...]:
    return ("batch", "timestep", "feature") if values.ndim == 3 else ("batch", "feature")


def _tensors(results: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Tensor]:
    row, steps = ("batch", "timestep"), ("batch", "timestep", "feature")
    found = {
        "tokens": Tensor(results["tokens"], row, "token ids; 0 is padding"),
        "real": Tensor(results["real"], row, "1 where the token is meant"),
        "gradient": Tensor(results["gradient"], steps, "d sum of the answer / d embedding"),
        "gradient_repaired": Tensor(results["gradient_repaired"], steps, "the same, with the mask put back"),
        "marks": Tensor(results["marks"], ("layer", "mark"), "supports, receives, passes on, uses"),
    }
    for place, name in enumerate(["embedding", *kinds]):
        if f"y{place}" in results:
            y = results[f"y{place}"]
            found[f"y{place}"] = Tensor(y, _axes(y), f"answer of {CALLED.get(name, name)}")
        if f"mask{place}" in results:
            mask, kept = results[f"mask{place}"], results[f"kept{place}"]
            found[f"mask{place}"] = Tensor(mask, row[: mask.ndim], f"_keras_mask after {name}")
            found[f"kept{place}"] = Tensor(kept, _axes(kept), "the same for each feature")
    return found | {
        name: Tensor(results[name], ("number",), about) for name, about in ENDS.items() if name in results
    }


def _shape(values: np.ndarray[Any, Any]) -> str:
    return str(list(values.shape))


def _steps(
    results: Mapping[str, Any], kinds: Sequence[str], reached: int, told: Mapping[str, Any]
) -> Sequence[Step]:
    _, steps, features = results["y0"].shape
    loops = {"n": 1, "t": steps, "f": features}
    looked_up = IndexMap(loops, {"y0": ("n", "t", "f"), "tokens": ("n", "t")}, "each")
    has = "makes a mask" if "mask0" in results else "makes no mask"
    shape = (f"[1, {steps}] → [1, {steps}, {features}]",)
    found = [Step("Embedding", ("tokens",), "y0", has, shape, looked_up, "row {tokens} of the table")]
    for place in range(1, reached + 1):
        kind, read, written = kinds[place - 1], f"y{place - 1}", f"y{place}"
        mask = results.get(f"mask{place - 1}")
        link = layer_map(kind, read, written, results[read].shape, results[written].shape, mask)
        formula = (f"{_shape(results[read])} → {_shape(results[written])}",)
        readout = READOUTS.get(kind, "").replace("{x}", "{" + read + "}")
        found.append(
            Step(CALLED[kind], (read,), written, told["verdicts"][place - 1], formula, link, readout)
        )
    return found


def facts(
    parameters: Mapping[str, Any], results: Mapping[str, Any], kinds: Sequence[str], reached: int
) -> dict[str, Any]:
    """For each layer what it did to the mask; where it was lost; how far the answers are apart."""
    said = [bytes(text).decode() for text in results["said"]]
    warned, error, problem = said[:-2], said[-2], said[-1]
    marks = results["marks"].tolist()
    marks += [[0, 0, 0, 0]] * (len(kinds) - len(marks))
    verdicts = _verdicts(results, marks, warned)
    lost = next((place + 1 for place, verdict in enumerate(verdicts) if verdict.startswith("drops")), None)
    ends = {name: results[name].astype(float) for name in ENDS if name in results}
    truth = "padding_cut" if "padding_cut" in ends else "mask_put_back"
    return {
        "names": tuple(CALLED[kind] for kind in kinds),
        "verdicts": tuple(verdicts),
        "supports": tuple(mark[0] for mark in marks),
        "receives": tuple(bool(mark[1]) for mark in marks),
        "passes": tuple(bool(mark[2]) for mark in marks),
        "uses": tuple(bool(mark[3]) for mark in marks),
        "warnings": tuple(warned),
        "error": error,
        "failed_at": reached + 1 if error else None,
        "lost_at": lost,
        "cut_problem": "" if "padding_cut" in ends else problem or "its answer has another length",
        "truth": truth,
        "gaps": _gaps(results["real"][0]) and any(kind in WINDOWS for kind in kinds),
        "mask_at_end": "mask" + str(reached) in results,
        "padding": int((results["real"] == 0).sum()),
        "differences": {name: _apart(ends, name, truth) for name in ENDS if name in ends},
        "leak": _leak(results["gradient"], results["real"]),
        "leak_repaired": _leak(results["gradient_repaired"], results["real"]),
        "padded_embedding": _leak(results["y0"], results["real"]),
    }


def _verdicts(
    results: Mapping[str, Any], marks: Sequence[Sequence[int]], warned: Sequence[str]
) -> Sequence[str]:
    """One for each layer; `warned` is as long as the layers that answered."""
    found = []
    for place, mark in enumerate(marks):
        if place >= len(warned):
            found.append("fails" if place == len(warned) else "is not reached")
            continue
        before, after = (results.get(f"mask{at}") for at in (place, place + 1))
        replaced = before is not None and after is not None and not np.array_equal(before, after)
        found.append(_verdict(mark, results[f"y{place + 1}"].ndim == 3, bool(warned[place]), replaced))
    return found


def _verdict(mark: Sequence[int], carries_time: bool, warned: bool, replaced: bool) -> str:
    """What a layer did with the mask, from what was measured; without timesteps there is none to carry."""
    _, receives, passes, uses = mark
    if not receives:
        return "makes a new one" if passes else "never sees one"
    if replaced:
        return "replaces it by its own"
    if passes:
        return "uses it, passes it on" if uses else "passes it on unused"
    if warned:
        return "drops it, with a warning"
    return "drops it without a word" if carries_time else "uses it up"


def _gaps(real: np.ndarray[Any, Any]) -> bool:
    """Whether padding stands before a real step."""
    return bool((np.diff(real) > 0).any())


def _apart(ends: Mapping[str, Any], one: str, other: str) -> float | None:
    if one not in ends or other not in ends or ends[one].shape != ends[other].shape:
        return None
    apart = np.abs(ends[one] - ends[other])
    return float(apart.max()) if apart.size else 0.0


def _leak(values: np.ndarray[Any, Any], real: np.ndarray[Any, Any]) -> float:
    """The largest size at a padded timestep; 0 where there is none."""
    padded = np.abs(values[real == 0].astype(float))
    return float(padded.max()) if padded.size else 0.0


def notes(told: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Where it went wrong, and in Keras' own words."""
    said = []
    if told["error"]:
        name = told["names"][told["failed_at"] - 1]
        said.append(f"Layer {told['failed_at']}, {name}, fails: {told['error']}")
    if told["lost_at"]:
        place = told["lost_at"]
        words = told["warnings"][place - 1]
        said.append(
            f"Layer {place}, {told['names'][place - 1]}, drops the mask. "
            + (f'Keras: "{words}"' if words else "Nothing warns you.")
        )
    if "replaces it by its own" in told["verdicts"]:
        place = told["verdicts"].index("replaces it by its own")
        said.append(
            f"Layer {place + 1}, {told['names'][place]}, replaces the mask by its own: it keeps every step whose "
            "features are not all 0, and the embedding of token 0 is no zero."
        )
    if any(value is not None and np.isnan(value) for value in told["differences"].values()):
        said.append("The mean over no timestep at all is 0 ÷ 0: a sequence of padding only gives NaN.")
    if told["cut_problem"] and told["padding"] and not told["error"]:
        said.append(
            f"No answer to the sequence without its padding: {told['cut_problem']}.".replace("..", ".")
        )
    if told["gaps"] and told["truth"] == "padding_cut":
        said.append(
            "Padding stands before or between real steps. Cutting it out makes neighbours of steps that were apart, "
            "so a layer that slides a window has another sequence to look at: here the cut answer is no truth."
        )
    if not parameters["mask_zero"] and parameters["mask"] is None and told["padding"]:
        said.append("mask_zero is off: there is no mask, and every layer takes the padding for a word.")
    return tuple(said)
