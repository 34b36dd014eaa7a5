"""What one-hot-sequence-autoencoder tells about its results: axes, steps with index maps, facts, notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.links import IndexMap
from engine.technique import Story
from engine.trace import Step, Tensor
from engine.training.one_hot_sequence_autoencoder_notes import notes

ROW = ("sequence", "timestep", "event")
CURVE = ("pair", "epoch")
BESIDE = "the same for the pair beside it"
ABOUT = {
    "target": (ROW, "sequences, one-hot: what goes in and should come out"),
    "code": (("sequence", "latent"), "all that the decoder is told of a sequence"),
    "hidden": (("sequence", "timestep", "unit"), "what the last LSTM hands to the dense layer"),
    "weights": (("unit", "event"), "trained weights of the dense layer"),
    "bias": (("event",), "trained biases of the dense layer"),
    "pre": (ROW, "pre-activations: hidden · weights + bias"),
    "output": (ROW, "what the last activation makes of it"),
    "loss": (("sequence", "timestep"), "the loss of each row, as computed inside fit"),
    "gradient": (ROW, "d loss of the row / d pre-activation, by GradientTape"),
    "beside_pre": (ROW, BESIDE),
    "beside_output": (ROW, BESIDE),
    "beside_loss": (("sequence", "timestep"), BESIDE),
    "beside_gradient": (ROW, BESIDE),
    "every_pair": (("activation", "loss", "number"), "mean loss and largest slope of every pair here"),
    "eager_loss": (("pair",), "the loss of both pairs in eager mode"),
    "eager_gradient": (("pair", "event"), "the slopes of both pairs in eager mode"),
    "sweep": (("place",), "pre-activation of the true event, moved"),
    "sweep_loss": (("pair", "place"), "loss while it moves"),
    "sweep_slope": (("pair", "place"), "d loss / d pre-activation of the true event while it moves"),
    "abnormal": (("sequence",), "1 where a sequence held out is abnormal"),
    "anomaly_scores": (("pair", "sequence"), "mean loss of each sequence held out"),
    "row_sums": (("pair", "end"), "smallest and largest sum of a row of outputs held out"),
    "largest_state": (("pair",), "largest size of a state of the last LSTM"),
    "train_loss_by_epoch": (CURVE, "mean training loss, each pair in its own unit"),
    "token_accuracy_by_epoch": (CURVE, "share of events of normal sequences held out that come back right"),
    "auc_by_epoch": (CURVE, "how often an abnormal sequence scores higher than a normal one"),
    "zeros_by_epoch": (CURVE, "share of outputs that are exactly 0"),
}


def story(p: Mapping[str, Any], results: Mapping[str, Any], counts: Sequence[int]) -> Story:
    """The story of a training, so far or finished, or of one row."""
    told = facts(p, results, counts)
    tensors = {name: Tensor(value, *ABOUT[name]) for name, value in results.items() if name in ABOUT}
    trained = _network(p, results, counts) if "hidden" in results else []
    return Story(tensors, [*trained, *_head(told, results)], told, notes(p, told))


def _network(p: Mapping[str, Any], results: Mapping[str, Any], counts: Sequence[int]) -> list[Step]:
    """From the sequence to the pre-activations."""
    shown, steps, width = results["target"].shape
    units, latent = results["hidden"].shape[2], p["latent"]
    into = (
        f"4·({width} + {units} + 1)·{units} = {counts[1]:,} weights",
        f"4·({units} + {latent} + 1)·{latent} = {counts[2]:,} weights",
    )
    out = (
        f"4·({latent} + {latent} + 1)·{latent} = {counts[4]:,} weights",
        f"4·({latent} + {units} + 1)·{units} = {counts[5]:,} weights",
    )
    access = {"pre": ("s", "t", "e"), "hidden": ("s", "t", "u"), "weights": ("u", "e"), "bias": ("e",)}
    dense = IndexMap({"s": shown, "t": steps, "u": units, "e": width}, access)
    product = f"[{shown}, {steps}, {units}] · [{units}, {width}] → [{shown}, {steps}, {width}]"
    return [
        Step(f"LSTM {units}, LSTM {latent}", ("target",), "code", "the encoder", into),
        Step(f"RepeatVector {steps}, LSTM {latent}, LSTM {units}", ("code",), "hidden", "the decoder", out),
        Step(
            "dense",
            ("hidden", "weights", "bias"),
            "pre",
            "every timestep alike",
            (product,),
            dense,
            "Σ {hidden} · {weights} + {bias}",
        ),
    ]


def _head(told: Mapping[str, Any], results: Mapping[str, Any]) -> list[Step]:
    """From the pre-activations to the loss, and the slope that goes back."""
    shown, steps, width = results["pre"].shape
    activation, loss = told["pair"]
    each, loops = ("s", "t", "e"), {"s": shown, "t": steps, "e": width}
    if activation == "softmax":
        shared = {"output": each, "pre": ("s", "t", "other")}
        found = IndexMap({**loops, "other": width}, shared, "share", exact=False)
    else:
        found = IndexMap(loops, {"output": each, "pre": each}, "each", exact=activation == "linear")
    words = {"relu": "max(0, {pre})", "sigmoid": "1 ÷ (1 + exp(−{pre}))", "linear": "{pre}"}
    rows = IndexMap(loops, {"loss": ("s", "t"), "output": each, "target": each}, "sum", exact=False)
    readout = {
        "MSE": "mean of ({output} − {target})²",
        "BCE": "mean of −log of {output} where {target} is 1, of 1 − it elsewhere",
    }.get(loss, "−log of that of {output} where {target} is 1")
    size = f"[{shown}, {steps}, {width}] twice → [{shown}, {steps}]: the event axis goes"
    reads = ("output", "target")
    return [
        Step(activation, ("pre",), "output", map=found, readout=words.get(activation, "")),
        Step(loss, reads, "loss", "one number a row", (size,), rows, readout),
        _slope(told, loops),
    ]


def _slope(told: Mapping[str, Any], loops: Mapping[str, int]) -> Step:
    """For softmax with cross-entropy it is output − target; for others the tape says it."""
    reads, each = ("output", "target"), ("s", "t", "e")
    if tuple(told["pair"]) not in (("softmax", "CCE"), ("softmax", "sparse")):
        return Step("gradient", ("pre", "loss"), "gradient", "d loss / d pre", aside=True)
    found = IndexMap(loops, dict.fromkeys(("gradient", *reads), each), "each", exact=False)
    return Step("gradient", reads, "gradient", map=found, readout="{output} − {target}", aside=True)


def uniform(loss: str, width: int) -> float:
    """What a model loses that gives every event the probability 1 / width."""
    share = 1 / width
    if loss == "MSE":
        return share * (1 - share)
    if loss == "BCE":
        return -share * math.log(share) - (1 - share) * math.log(1 - share)
    return math.log(width)


def facts(p: Mapping[str, Any], results: Mapping[str, Any], counts: Sequence[int]) -> dict[str, Any]:
    """Counts, trivial losses, what is zero; after a training how both pairs do."""
    pair = (p["activation"], p["loss"])
    beside = ("relu", "MSE") if pair == ("softmax", "CCE") else ("softmax", "CCE")
    shown, steps, width = results["target"].shape
    slope, other = results["gradient"], results["beside_gradient"]
    told = {
        "pair": pair,
        "beside": beside,
        "width": width,
        "rows": shown * steps,
        "parameters": list(counts),
        "parameters_total": sum(counts),
        "uniform": [uniform(loss, width) for loss in (pair[1], beside[1])],
        "uniform_mse": uniform("MSE", width),
        "zero_mse": 1 / width,
        "loss": float(results["loss"].mean()),
        "beside_loss": float(results["beside_loss"].mean()),
        "entries": slope.size,
        "zero_slopes": int((slope == 0).sum()),
        "beside_zero_slopes": int((other == 0).sum()),
        "largest_slope": float(np.abs(slope).max()),
        "beside_largest_slope": float(np.abs(other).max()),
        "p_minus_y": _apart(results, pair),
        "empty_rows": int((results["target"] == 0).all(axis=2).sum()),
        "nan_slopes": int(np.isnan(slope).sum()),
    }
    return told | (_trained(results) if "auc_by_epoch" in results else _one(p, results))


def _apart(results: Mapping[str, Any], pair: tuple[str, str]) -> float:
    """How far softmax - target is from the tape's slope of softmax with CCE, whichever of the two has it."""
    name = "" if pair == ("softmax", "CCE") else "beside_"
    found = results[f"{name}output"] - results["target"] - results[f"{name}gradient"]
    return float(np.abs(found).max())


def _one(p: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    true = int(np.argmax(results["target"][0, 0]))
    return {
        "true": true,
        "true_slope": float(results["gradient"][0, 0, true]),
        "beside_true_slope": float(results["beside_gradient"][0, 0, true]),
        "eager_loss": [float(value) for value in results["eager_loss"]],
        "eager_largest_slope": [float(value) for value in np.abs(results["eager_gradient"]).max(axis=1)],
        "guess": int(np.argmax(results["output"][0, 0])),
    }


def _last(curves: np.ndarray[Any, Any]) -> list[float]:
    """The last number of each curve that is one."""
    return [
        float(curve[np.isfinite(curve)][-1]) if np.isfinite(curve).any() else math.nan for curve in curves
    ]


def _trained(results: Mapping[str, Any]) -> dict[str, Any]:
    loss = results["train_loss_by_epoch"]
    return {
        "epochs_done": loss.shape[1],
        "stopped": str(results["stopped"]) if "stopped" in results else "",
        "train_loss": _last(loss),
        "accuracy": _last(results["token_accuracy_by_epoch"]),
        "auc": _last(results["auc_by_epoch"]),
        "zeros": _last(results["zeros_by_epoch"]),
        "row_sums": [[float(end) for end in pair] for pair in results["row_sums"]],
        "largest_state": [float(value) for value in results["largest_state"]],
        "abnormal": int(results["abnormal"].sum()),
        "held_out": len(results["abnormal"]),
        "kinds": [("normal", "abnormal", "yours")[kind] for kind in results["kinds"]],
    }
