"""What people say about broadcasting, each with a measurement made now."""

from __future__ import annotations

import random

import numpy as np

import engine
from pages.kit.declare import Claim, Measured, Run
from pages.linear_algebra.broadcasting_tables import listed

PERFECT = {"operation": "squared difference", "values": "same"}


def _calls() -> dict[str, str]:
    answers: dict[str, str] = engine.run("broadcast-calls").facts["answers"]
    return answers


def _fortyseven(run: Run) -> Measured:
    shape = run().facts["output_shape"]
    return Measured(f"[47, 1] + [47] = {listed(shape)}", "holds" if shape == (47,) else "wrong")


def _warned(run: Run) -> Measured:
    raw, right = run(**PERFECT).facts, run(**PERFECT, repair="squeeze").facts
    value = f"no error; equal values, mean of squares {raw['mean']:g} over {raw['cells']:,} cells, {right['mean']:g} after squeeze"
    return Measured(value, "wrong" if raw["mean"] != right["mean"] else "holds")


def _repairs(run: Run) -> Measured:
    axis, squeezed = (run(values="random", repair=name) for name in ("new axis at the end", "squeeze"))
    apart = float(np.abs(axis["out"].ravel() - squeezed["out"].ravel()).max())
    one = [
        run(a="1,1", b="1", repair=name).facts["output_shape"] for name in ("new axis at the end", "squeeze")
    ]
    shapes = [listed(trace.facts["output_shape"]) for trace in (axis, squeezed)]
    value = (
        f"{shapes[0]} and {shapes[1]}: the same {axis.facts['cells']} numbers, difference {apart:g}. With a batch of one "
        f"{listed(one[0])} and {listed(one[1])}: squeeze without an axis takes the batch axis too"
    )
    return Measured(value, "depends" if apart == 0 and one == [(1, 1), ()] else "wrong")


def _left(run: Run) -> Measured:
    front, back = run(a="2,3", b="2").facts, run(a="2,3", b="3").facts
    value = f"[2, 3] + [2]: {front['message']}; [2, 3] + [3] = {listed(back['output_shape'])}"
    return Measured(value, "wrong" if front["clashes"] else "holds")


def _multiple(run: Run) -> Measured:
    told = run(a="4", b="2").facts
    return Measured(f"[4] + [2]: {told['message']}", "wrong" if told["clashes"] else "holds")


def _numpy(run: Run) -> Measured:
    draw, same = random.Random(5), 0
    pairs = [[tuple(draw.choices((1, 2, 3), k=draw.randint(0, 3))) for _ in "ab"] for _ in range(24)]
    for a, b in pairs:
        try:
            expected = np.broadcast_shapes(a, b)
        except ValueError:
            expected = None
        same += run(a=a, b=b).facts["output_shape"] == expected
    value = f"{same} of {len(pairs)} random pairs of shapes agree with np.broadcast_shapes, clashes included"
    return Measured(value, "holds" if same == len(pairs) else "wrong")


def _gradient(run: Run) -> Measured:
    trace = run()
    shape, first = trace["gradient of b"].shape, float(trace["gradient of b"][0])
    value = f"b {listed(trace['b'].shape)}: gradient {listed(shape)}, each cell {first:g} = the sum over the repeated axis"
    return Measured(value, "wrong" if shape == trace["b"].shape else "holds")


def _mask(run: Run) -> Measured:
    trace = run(a="2,5,5,5", b="5,5", operation="multiply", values="random")
    wanted = trace["a"] * trace["b"][:, :, None]
    landed = trace["a"] * trace["b"]
    off = float(np.abs(trace["out"] - wanted).max())
    said = np.array_equal(trace["out"], landed)
    value = (
        f"no error; mask[row, column] met [width, channel]: up to {off:.3g} off the mask on height × width"
    )
    return Measured(value, "wrong" if said and off > 0 else "holds")


def _crop(run: Run) -> Measured:
    shapes = {"a": "1,47,47,4", "b": "1,46,46,4"}
    known = {one: run(**shapes, repair=one).facts["output_shape"] for one in ("none", "squeeze", "crop")}
    value = "; ".join(f"{one}: {'clash' if shape is None else listed(shape)}" for one, shape in known.items())
    return Measured(value, "wrong" if known["none"] is None and known["squeeze"] is None else "holds")


def _keras_loss(_: Run) -> Measured:
    told = _calls()
    value = (
        f"tf.reduce_mean(tf.square(p − y)) {told['tf mean of squares']}; Keras' MeanSquaredError "
        f"{told['keras loss']}, since it squeezes the last axis; the own loss inside evaluate "
        f"{told['keras evaluate, own loss']}: Keras made the labels [47, 1] first"
    )
    right = (told["tf mean of squares"], told["keras loss"], told["keras evaluate, own loss"])
    return Measured(value, "depends" if right == ("368", "0", "0") else "wrong")


def _keras_hides(_: Run) -> Measured:
    told = _calls()["keras loss [1, 1] and [1, 6, 1]"]
    return Measured(f"answers {told}, without a word", "holds" if "Error" in told else "wrong")


def _keras_add(_: Run) -> Measured:
    told = _calls()["layers.Add"]
    value = f"keras.layers.Add()([[47, 1], [47]]) has shape {told}: it adds missing axes at the end"
    return Measured(value, "wrong" if told == "[47, 1]" else "holds")


def _bias(_: Run) -> Measured:
    told = _calls()
    value = f"bias_add: {told['bias_add']}; concat: {told['concat']}"
    return Measured(value, "wrong" if "Error" in told["bias_add"] and "Error" in told["concat"] else "holds")


def _types(_: Run) -> Measured:
    told = _calls()["int32 + float32"]
    return Measured(told, "wrong" if "Error" in told else "holds")


def _ensure(_: Run) -> Measured:
    told = _calls()
    value = f"ensure_shape: {told['ensure_shape']}; assert_shapes: {told['assert_shapes']}"
    caught = all("Error" in told[one] for one in ("ensure_shape", "assert_shapes"))
    return Measured(value, "holds" if caught else "wrong")


CLAIMS = (
    Claim("[47, 1] + [47] is 47 sums.", "the shape TensorFlow returned", "wrong", _fortyseven),
    Claim("If shapes do not match, TensorFlow says so.",
          "predictions [47, 1] equal to labels [47], mean of squared differences", "wrong", _warned),
    Claim("y[:, tf.newaxis] and tf.squeeze(p) repair it equally well.",
          "the same random numbers with either repair, and a batch of one", "depends", _repairs),
    Claim("Shapes are matched from the first axis.", "[2, 3] with [2], and with [3]", "wrong", _left),
    Claim("A size that divides the other is repeated.", "[4] + [2]", "wrong", _multiple),
    Claim("TensorFlow broadcasts as NumPy does.",
          "24 random pairs of shapes through TensorFlow and np.broadcast_shapes", "holds", _numpy),
    Claim("The gradient has the broadcast's shape.", "GradientTape on Σ (a + b), with [47, 1] and [47]", "wrong", _gradient),
    Claim("A mask [height, width] multiplies a batch where it should, or raises.",
          "[2, 5, 5, 5] × [5, 5], random numbers, against the mask with a channel axis", "wrong", _mask),
    Claim("Broadcasting can add [1, 47, 47, 4] and [1, 46, 46, 4].",
          "as given, squeezed, and cropped", "wrong", _crop),
    Claim("A loss of [n, 1] predictions and [n] labels is wrong.",
          "the same equal values by tf, by Keras' loss and inside model.evaluate", "depends", _keras_loss),
    Claim("Keras refuses labels [1, 1] for predictions [1, 6, 1].", "keras.losses.MeanSquaredError", "wrong", _keras_hides),
    Claim("keras.layers.Add follows the same rule as +.", "[47, 1] and [47] handed to the layer", "wrong", _keras_add),
    Claim("Every operation of TensorFlow broadcasts.", "tf.nn.bias_add [2, 3] + [1]; tf.concat [47, 1] with [47]", "wrong", _bias),
    Claim("Types are matched as shapes are.", "int32 + float32", "wrong", _types),
    Claim("tf.ensure_shape and tf.debugging.assert_shapes catch it.", "[47, 1] where [47] is expected", "holds", _ensure),
)  # fmt: skip
