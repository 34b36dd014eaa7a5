"""What people say about channel and element-wise attention, each with a measurement made now."""

from __future__ import annotations

from math import log

import numpy as np

import engine
from engine import Rejected
from pages.attention.channel_element_attention_words import between, count, shape, short
from pages.kit.declare import Claim, Measured, Run

NETWORK = {"network": True, "image": 32}
DRAWN = {"pattern": "noise", "gain": 4}  # random features, and weights that are not all alike


def _asked(call: str) -> str:
    return str(engine.run("attention-layer-calls").facts["answers"][call])


def _posted(run: Run) -> Measured:
    said = _asked("super(Block, self)")
    gate = run()["gate"]
    value = (
        f"{said}; a squeeze gives {shape(gate.shape)}, a sigmoid of the map {shape(run()['scaled'].shape)}"
    )
    return Measured(value, "wrong" if said.startswith("NameError") else "holds")


def _super_last(run: Run) -> Measured:
    said = _asked("super last")
    return Measured(f"{said} by Keras", "depends" if said == "2 weights tracked" else "wrong")


def _tap(run: Run) -> Measured:
    told = engine.run("attention-layer-calls", **NETWORK).facts["network"]
    sides = ", ".join(f"{run(image=image).facts['feature_shape'][1]} for {image}" for image in (64, 128))
    value = f"{shape(told['tap'])} for 32 × 32 (side {sides}); the end is {shape(told['end'])}"
    return Measured(value, "holds" if told["tap"] == (4, 4, 128) else "wrong")


def _squeeze(run: Run) -> Measured:
    told = run(channels=128, reduction=16).facts
    right = told["units"] == 8 and told["gate_weights"] == 2048
    return Measured(
        f"{told['units']} hidden units, {count(told['gate_weights'])} weights", "holds" if right else "wrong"
    )


def _half(run: Run) -> Measured:
    told = run().facts
    value = f"gates from {between(told['gate_least'], told['gate_most'])}, mean {short(told['gate_mean'])}"
    near = told["gate_least"] > 0.4 and told["gate_most"] < 0.6
    return Measured(value, "holds" if near else "wrong")


def _element(run: Run) -> Measured:
    told = run(channels=128, hidden=512, classes=10).facts
    value = " + ".join(count(number) for number in told["keras_counts"][2:])
    right = told["element_weights"] == 2_432_266 and told["score_shape"] == (1, 4, 4, 10)
    value += f" = {count(told['element_weights'])}; M is {shape(told['score_shape'])}"
    return Measured(value, "holds" if right else "wrong")


def _locations(run: Run) -> Measured:
    told = run(**DRAWN).facts
    each, space = told["class_sum_ends"], told["space_sum_ends"]
    value = f"over classes {between(*each)} at every place; over space {between(*space)}"
    return Measured(value, "wrong" if space[1] - space[0] > 0.1 else "holds")


def _space(run: Run) -> Measured:
    told = run(**DRAWN, softmax="space").facts
    each, space = told["class_sum_ends"], told["space_sum_ends"]
    value = f"over space {between(*space)} for every class; over classes {between(*each)}"
    return Measured(value, "holds" if max(abs(end - 1) for end in space) < 1e-5 else "wrong")


def _suppresses(run: Run) -> Measured:
    trace = run(**DRAWN)
    scores, modulated = np.abs(trace["scores"]), np.abs(trace["modulated"])
    kept = modulated / np.maximum(scores, 1e-12)
    grew = bool((modulated > scores + 1e-6).any())
    return Measured(
        f"|M| is {between(kept.min(), kept.max())} times |S|, never more", "wrong" if grew else "holds"
    )


def _learn(run: Run) -> Measured:
    told = run(**DRAWN).facts
    none, least = told["gradients_none"], min(told["gradient_norms"])
    value = (
        f"None for {len(none)} of {len(told['gradient_norms'])} weight tensors; smallest norm {short(least)}"
    )
    return Measured(value, "holds" if not none and least > 0 else "wrong")


def _shrink(run: Run) -> Measured:
    told = run(pattern="noise").facts
    times = told["plain_logits_std"] / told["logits_std"]
    value = (
        f"standard deviation {short(told['logits_std'])} with A, {short(told['plain_logits_std'])} without"
    )
    return Measured(f"{value}: {times:.1f} times", "holds" if 7 < times < 14 else "wrong")


def _weighted(run: Run) -> Measured:
    trace = run(label=3)
    plain = -log(float(trace["probabilities"][0, 3]))
    apart = abs(plain - trace.facts["loss"])
    value = f"the loss is −log p of the true class to {short(apart)}: no class has a weight"
    return Measured(value, "wrong" if apart < 1e-5 else "holds")


def _metric(run: Run) -> Measured:
    bare, listed = _asked("bare metric"), _asked("metric in a list")
    return Measured(
        f"{bare.partition('.')[0]}; in a list: {listed}", "outdated" if "Error" in bare else "holds"
    )


def _names(run: Run) -> Measured:
    told, mine = engine.run("attention-layer-calls", **NETWORK).facts["network"], run(**DRAWN).facts
    value = (
        f"Keras calls it {told['name']}, {count(told['weights'])} weights, {count(told['weights_to_tap'])} of them "
        f"before the tap; the largest of M is up to {short(mine['max_logits_apart'])} from the logit, which is the mean"
    )
    return Measured(value, "wrong" if told["name"] == "densenet121" else "holds")


def _any_channels(run: Run) -> Measured:
    try:
        run(channels=64, gate_channels=128)
        return Measured("64 channels take a gate of 128", "holds")
    except Rejected:
        value = f"64 channels: {_asked('64 channels, gate of 128')}; 1 channel: {_asked('1 channel, gate of 128')}"
        return Measured(value, "wrong")


CLAIMS = (
    Claim("The FakeSE layer as posted is a squeeze.",
          "made as posted, super(Block, self) included; and the shape of a sigmoid map", "wrong", _posted),
    Claim("super().__init__() may be called last.",
          "a layer that assigns its Dense first; it works in this Keras, and is not promised", "depends", _super_last),
    Claim("At conv3_block1_0_bn DenseNet121 has 128 channels, 4 × 4 of a 32 × 32 picture.",
          "DenseNet121 built for 32 × 32 × 1 without weights", "holds", _tap),
    Claim("The squeeze of 128 channels is 128 → 8 → 128 without biases: 2,048 weights.",
          "the plug-in layer, really built, ratio 16", "holds", _squeeze),
    Claim("An untrained gate is about 0.5.",
          "the default's gates: the logits are small, and sigmoid(0) is 0.5", "holds", _half),
    Claim("Element-wise attention takes 2,432,266 weights for 128 channels and 10 classes.",
          "1×1×512, 3×3×512, 1×1×10 and the scores' 1×1×10, built in Keras", "holds", _element),
    Claim("The softmax gives the relative importance of locations.",
          "sums of A as coded, over the classes and over space, on random features", "wrong", _locations),
    Claim("Softmax over height and width does give it.",
          "the same with axis=(1, 2)", "holds", _space),
    Claim("M = S · A suppresses locations.",
          "how much of |S| is left, cell by cell", "holds", _suppresses),
    Claim("Mean over M, softmax, and both modules train with the labels alone.",
          "GradientTape on all nine weight tensors, random features", "holds", _learn),
    Claim("With A the logits shrink about ten times.",
          "standard deviation of the logits with and without A, ten classes, untrained", "holds", _shrink),
    Claim("The model is trained with a weighted cross-entropy.",
          "the loss beside −log of the true class' probability", "wrong", _weighted),
    Claim("compile(metrics=keras.metrics.CategoricalAccuracy()) takes the bare metric.",
          "compiled and run on one batch in the installed Keras", "outdated", _metric),
    Claim("The backbone is an EfficientNet (`efnet`) with global max pooling (the comment).",
          "what Keras calls the network, and the largest of M beside the logits", "wrong", _names),
    Claim("A gate for 128 channels fits any features.",
          "TensorFlow on 64 channels and on 1; this page refuses both", "wrong", _any_channels),
)  # fmt: skip
