"""What the question and its answers say about CNN and GRU over weather maps, each with its measurement.

No claim trains: Keras, NumPy and TensorFlow are asked for counts, orders, losses and errors.
"""

from __future__ import annotations

from typing import Any

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.training.time_distributed_cnn_gru_words import number, percent


def _calls() -> dict[str, Any]:
    return dict(engine.run("sequence-model-calls").facts)


def _answer(call: str) -> str:
    return str(_calls()["answers"][call])


def _layer_returned(run: Run) -> Measured:
    total, features, gru, convolutions = (int(count) for count in _calls()["counts"])
    value = f"{convolutions} CNN weights of {total:,}: each map of 600 × 600 × 3 becomes {features} numbers, "
    value += f"and a GRU of {gru:,} weights reads them; all pixels shuffled, the answer moves by {number(_calls()['moved'])}"
    return Measured(value, "wrong" if convolutions == 0 and _calls()["moved"] == 0 else "holds")


def _called_twice(run: Run) -> Measured:
    said = _answer("GlobalMaxPool2D on (maps, 512)")
    return Measured(said, "wrong" if "expected ndim=4, found ndim=2" in said else "holds")


def _one_vector(run: Run) -> Measured:
    last, every = _calls()["last_state"], _calls()["all_states"]
    value = f"GRU(64) on 15 maps of 512: {tuple(last)}; with return_sequences=True {tuple(every)}"
    return Measured(value, "wrong" if last == [64] and every == [15, 64] else "holds")


def _losses(run: Run) -> Measured:
    told = _calls()["losses"]
    none, fit, every = (
        told[key] for key in (("CCE called", "none"), ("CCE in fit", "none"), ("CCE called", "all"))
    )
    value = f"all labels 0: loss {number(none[0])}, slope {number(none[1])} (inside fit {number(fit[1])}); "
    value += f"all 1: loss {number(every[0])} at equal outputs, slope {every[1]:.0e}"
    return Measured(value, "wrong" if abs(none[0]) < 1e-6 and every[1] < 1e-6 else "holds")


def _fit_slope(run: Run) -> Measured:
    told = _calls()["losses"]
    called, fit = told["CCE called", "all"], told["CCE in fit", "all"]
    value = f"all labels 1: the same loss, {number(called[0])}, with slope {called[1]:.0e} when called "
    value += f"and {number(fit[1])} inside fit"
    return Measured(value, "wrong" if abs(called[1] - fit[1]) > 0.1 else "holds")


def _binary(run: Run) -> Measured:
    slopes = [_calls()["losses"]["BCE in fit", kind][1] for kind in ("none", "a third", "all")]
    value = (
        "slope of each logit ± "
        + ", ".join(f"{slope:.4f}" for slope in slopes)
        + " whatever the labels are: 1 / 30"
    )
    return Measured(value, "holds" if max(abs(slope - 1 / 30) for slope in slopes) < 1e-6 else "wrong")


def _accuracy(run: Run) -> Measured:
    value = (
        f"all labels 0, the largest output at the first frame: CategoricalAccuracy {_calls()['accuracy']:.1f}"
    )
    return Measured(value, "wrong" if _calls()["accuracy"] == 1 else "holds")


def _folders(run: Run) -> Measured:
    read = _calls()["read"]
    value = "eight maps numbered in time are read as " + ", ".join(map(str, read))
    return Measured(value, "wrong" if read != sorted(read) else "holds")


def _range(run: Run) -> Measured:
    told = [(batches, *found) for batches, found in zip((1, 60, 139), _calls()["yields"], strict=True)]
    value = "; ".join(
        f"{batches} batches: {percent(reached)} reached, {int(empty)} empty yields"
        for batches, _, empty, reached in told
    )
    return Measured(value, "wrong" if told[0][-1] < 1 and told[-1][-1] < 0.7 else "holds")


def _none_compare(run: Run) -> Measured:
    said = _answer("x != 'none' or y != 'none'")
    return Measured(said, "outdated" if "ambiguous" in said else "holds")


def _objects(run: Run) -> Measured:
    said = _answer("object array from equal shapes")
    return Measured(said, "wrong" if said.startswith("ValueError") else "holds")


def _reshape(run: Run) -> Measured:
    whole, part = _answer("reshape (60, 1)"), _answer("reshape 59 labels")
    return Measured(f"{whole}; with 59: {part}", "holds" if whole == "order kept" else "wrong")


def _pretrained(run: Run) -> Measured:
    weights, trains, layers, of, *sizes = engine.run("sequence-model-calls", network=True).facts["dense_net"]
    value = f"{layers} of {of} layers train, {trains:,} of {weights:,} weights, all of them random; "
    value += "output " + " × ".join(str(size) for size in sizes) + " at 600 pixels"
    return Measured(value, "wrong" if layers == of else "holds")


def _metrics(run: Run) -> Measured:
    said = _answer("metrics='accuracy'")
    return Measured(said, "outdated" if said.startswith("ValueError") else "holds")


def _outputs(run: Run) -> Measured:
    outputs = _calls()["outputs"]
    return Measured(f"nbout=3 gives {outputs} outputs", "wrong" if outputs == 15 else "holds")


def _memory(run: Run) -> Measured:
    stack, batch = _calls()["bytes"]
    value = f"four sequences of 15 maps of 600 × 600 × 3 are {stack / 1e6:.1f} MB, a batch of 120 maps {batch / 1e6:.1f} MB"
    return Measured(value, "wrong" if stack > 2 * 10**8 else "holds")


def _folded(run: Run) -> Measured:
    apart = _calls()["folded_apart"]
    return Measured(f"largest difference {number(apart)}", "holds" if apart == 0 else "wrong")


CLAIMS = (
    Claim("`x = GlobalMaxPool2D()` and `return x`: the CNN ends in a pooling layer.",
          "the posted model, built: its weights, and its answers when pixels are shuffled", "wrong", _layer_returned),
    Claim("It only has to be called: `GlobalMaxPool2D()(x)` after the dense layer.",
          "the call on (None, 512)", "wrong", _called_twice),
    Claim("GRU(64) and Dense(15, softmax) answer for each of 15 maps.",
          "shapes that the GRU hands on", "wrong", _one_vector),
    Claim("Categorical cross-entropy suits 15 labels, each 0 or 1.",
          "loss and slope at equal outputs, by Keras", "wrong", _losses),
    Claim("A loss has one gradient, whether it is called or used by fit.",
          "categorical cross-entropy, eager and in a graph, all labels 1", "wrong", _fit_slope),
    Claim("Sigmoid and binary cross-entropy teach every map, storm or not.",
          "the slope of each logit at equal outputs", "holds", _binary),
    Claim("Accuracy would have shown it.",
          "CategoricalAccuracy on labels that are all 0", "wrong", _accuracy),
    Claim("shuffle=False keeps the maps in order of time.",
          "image_dataset_from_directory on two class folders", "wrong", _folders),
    Claim("range(0, x.shape[0], 60) halves batches of 120.",
          "shape[0] was the number of batches: which share of the maps an epoch reaches", "wrong", _range),
    Claim('`if x != "none" or y != "none"` skips what is missing.',
          "the comparison with NumPy 2", "outdated", _none_compare),
    Claim("np.asarray(..., dtype=object) can be handed to TensorFlow.",
          "two vectors of the same shape", "wrong", _objects),
    Claim("y_stack.reshape(4, 15) keeps the order of the labels.",
          "60 labels in order, and 59", "holds", _reshape),
    Claim("It is a pre-trained DenseNet of which conv4 and conv5 are fine-tuned.",
          "DenseNet121 with weights=None, as posted: which layers train", "wrong", _pretrained),
    Claim("compile(metrics='accuracy') is fine.", "Keras 3", "outdated", _metrics),
    Claim("nbout sets how many labels the model answers.", "the posted model with nbout=3", "wrong", _outputs),
    Claim("A batch of maps is small change for a GPU.", "float32 bytes", "wrong", _memory),
    Claim("TimeDistributed is the same as folding time into the batch.",
          "a Conv2D on (2, 3, 8, 8, 3), both ways", "holds", _folded),
)  # fmt: skip
