"""A CNN and a GRU over weather maps, as posted and as repaired: both train, one learns nothing.

The code of the question compiles and runs, and yet no convolution is in its model. Every one of its mistakes
can be put back alone; the repaired model trains beside it on the same weather, from the same seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.parameters import Choice, Integer, Real, Toggle
from engine.technique import Cost, Made, Story
from engine.training import (
    time_distributed_cnn_gru_checks,
    time_distributed_cnn_gru_model,
    time_distributed_cnn_gru_story,
    time_distributed_cnn_gru_training,
)
from engine.training.time_distributed_cnn_gru_checks import HEADS, batch_of, batches_of, layers_of
from engine.training.time_distributed_cnn_gru_model import forward
from engine.training.time_distributed_cnn_gru_training import (
    asked,
    epoch,
    network,
    prepared,
    probed,
    scored,
    shuffled,
)
from engine.training.time_distributed_cnn_gru_weather import weather

LANE = "training"
NO_LENS = "Its work takes too long to be run again for every difference."
HELD_OUT = 16  # sequences; the first four of them are shown
PARAMETERS = (
    Integer("frames", 15, 1, 30, "maps of a sequence"),
    Integer("size", 12, 8, 600, "height and width of a map, in pixels"),
    Choice(
        "cnn", "posted", ("posted", "called", "features"), "what the function that builds the CNN returns"
    ),
    Integer("features", 8, 1, 32, "numbers that the CNN makes of each map"),
    Integer("units", 64, 1, 128, "units of the GRU"),
    Toggle("return_sequences", False, "one output for each map, or one for the sequence"),
    Choice("head", "softmax over frames", HEADS, "activation of the last layer"),
    Choice("loss", "CCE", ("BCE", "CCE"), "binary or categorical cross-entropy"),
    Choice("ordering", "class", ("time", "class"), "in which order the data set reads the maps"),
    Toggle("skip_empty", True, "leave out sequences without a positive: if np.any(x) and np.any(y)"),
    Toggle("posted_range", True, "range(0, number of batches, ·) in place of range(0, maps of the batch, ·)"),
    Real("positive_rate", 0.3, 0.05, 0.95, "share of maps that show a storm", 0.05),
    Integer("batch", None, 2, 960, "maps in a batch of the data set; left out: eight sequences"),
    Integer("labels", None, 1, 30, "labels for a sequence; left out: one for each map"),
    Real("rate", 0.01, 0.0001, 1, "learning rate of Adam", 0.001),
    Integer("epochs", 12, 1, 40, "how often every sequence is trained on"),
    Integer("seed", 0, 0, 9999, "seed of the weather and of the first weights"),
)
RIGHT = {
    "cnn": "features",
    "sequences": True,
    "head": "sigmoid",
    "loss": "BCE",
    "ordering": "time",
    "skips_empty": False,
    "posted_range": False,
}


def check(**parameters: Any) -> None:
    """What Keras or NumPy would refuse, and a loss that cannot mean what its activation says."""
    time_distributed_cnn_gru_checks.check(**parameters)


def plan_of(**parameters: Any) -> dict[str, Any]:
    """What is chosen, in the words of `RIGHT`."""
    renamed = {"sequences": "return_sequences", "skips_empty": "skip_empty"}
    return {name: parameters[renamed.get(name, name)] for name in RIGHT}


def cost(**parameters: Any) -> Cost:
    """Two models: forward and twice as much backward, for each map and epoch; all maps in float32."""
    size, frames = parameters["size"], parameters["frames"]
    maps = batches_of(**parameters) * batch_of(**parameters)
    each = sum(layer.products for model in layers_of(**parameters) for layer in model)
    work = 2 * each * (3 * maps * parameters["epochs"] + 8 * HELD_OUT * frames)
    cells = 3 * size**2 * (maps + 3 * HELD_OUT * frames) * 4 + 8 * 24 * frames * size**2 * 11 // 4
    return Cost(memory=cells + 8 * 9 * sum(layer.weights for layer in layers_of(**parameters)[1]), work=work)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What `time_distributed_cnn_gru` is called with."""
    frames, given = parameters["frames"], {"size": parameters["size"], "rate": parameters["positive_rate"]}
    maps, seed = batches_of(**parameters) * batch_of(**parameters), parameters["seed"]
    return {
        "trained_on": Made(weather, {"maps": maps, **given, "seed": seed}),
        "held_out": Made(weather, {"maps": HELD_OUT * frames, **given, "seed": seed + 10_000}),
        "chosen": plan_of(**parameters),
        "right": dict(RIGHT),
        "frames": frames,
        "batch": batch_of(**parameters),
        "features": parameters["features"],
        "units": parameters["units"],
        "rate": parameters["rate"],
        "epochs": parameters["epochs"],
        "seed": seed,
    }


def tell(text, share=0.0, so_far=None):  # type: ignore[no-untyped-def]
    """Print how far training is; `so_far` is what would be returned now."""
    print(text)


def looked_at(models, x, labels, seed):  # type: ignore[no-untyped-def]
    """What two models (the chosen one and the right one) know by now; x: the sequences held out, float64."""
    chosen, right = models
    both = np.concatenate([x, shuffled(x[:4], seed)])  # one pass for answers, and answers to shuffled maps
    found, losses, slopes = asked(chosen, both, labels[:4])
    other = found if right is chosen else forward(both, right["state"][0], **network(right["plan"]))
    results = {"x": x[:4], "labels": labels[:4], **{name: value[:4] for name, value in found.items()}}
    results |= {"losses": losses, **{name: slope for name, slope in slopes.items() if slope is not None}}
    results |= {"kernel_gradient_is_none": slopes["gradient_kernel1"] is None}
    shown = ("kernel1", "bias1", "kernel2", "bias2", "dense_kernel", "dense_bias")
    results |= {name: chosen["state"][0][name] for name in shown}
    results |= {"right_probability": other["probability"][:4]}
    large = [name for name in ("x", "gradient_x", "conv1", "conv2") if name in results]
    results |= {name: np.asarray(results[name], "float32") for name in large}  # to be drawn
    scored(chosen, found, labels)
    if right is not chosen:
        scored(right, other, labels)
    for name, model, answers in (("", chosen, found), ("right_", right, other)):
        first, moved = answers["probability"][:4], answers["probability"][-4:]
        results[f"{name}moved"] = np.max(np.abs(moved - first))
        results |= {f"{name}loss": np.array(model["losses"]), f"{name}norms": np.array(model["norms"])}
        results |= {f"{name}score": np.array(model["scores"]), f"{name}order": model["rows"]}
    return results


def time_distributed_cnn_gru(  # type: ignore[no-untyped-def]
    trained_on, held_out, chosen, right, frames, batch, features, units, rate, epochs, seed, report=tell
):
    """Train the chosen model and the right one side by side, and look at both after each epoch.

    trained_on, held_out: float32[map, height, width, channel] and float32[map], maps in order of time.
    Everything is computed in float64, so that the order in which a machine adds does not show.
    """
    (maps, labels), (x, truth) = trained_on, held_out
    x = x.reshape(-1, frames, *x.shape[1:]).astype("float64")
    truth = truth.reshape(-1, frames).astype("float64")
    plans = [chosen] if chosen == right else [chosen, right]
    models = [prepared(plan, labels, frames, batch, (x.shape[2], features, units), seed) for plan in plans]
    probe_loss, probe_slope = probed(frames)
    fixed = {"map_labels": labels, "probe_loss": probe_loss, "probe_slope": probe_slope, "stopped": ""}
    results = {}
    for number in range(1, epochs + 1):
        why = [epoch(model, maps, labels, rate) for model in models]
        results = looked_at((models[0], models[-1]), x, truth, seed) | fixed
        stopped = "; ".join(f"epoch {number}: {text}" for text in dict.fromkeys(why) if text)
        if stopped:
            return results | {"stopped": stopped}
        said = ", ".join(f"{model['losses'][-1]:.4f}" for model in models)
        report(f"epoch {number} of {epochs}: loss {said}", number / epochs, results)
    return results


SHOWN = (
    weather,
    *time_distributed_cnn_gru_model.SHOWN,
    *time_distributed_cnn_gru_training.SHOWN,
    tell,
    looked_at,
)
QUICK = {"epochs": 1}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see time_distributed_cnn_gru_story.py."""
    return time_distributed_cnn_gru_story.story(parameters, results)
