"""What people say about skips that do not fit, each with the measurement that decides."""

from __future__ import annotations

from typing import Any

import engine
from pages.convolution.skip_connection_crop_add_words import sizes, two
from pages.kit.declare import Claim, Measured, Run

CEIL, FLOOR = {"layers": "SAME.3"}, {"layers": "VALID.2"}
LIGHT = {"channels": 1, "image": "rows"}  # sizes do not depend on them


def _asked(asks: str, **settings: Any) -> engine.Trace:
    return engine.run("skip-alignment", asks=asks, **settings)


def _ladder(known: Any) -> str:
    return " → ".join(str(height) for height, _ in known["encoder_sizes"])


def _rounding(run: Run) -> Measured:
    odd, even = run(size=188, **FLOOR, **LIGHT).facts, run(size=192, **FLOOR, **LIGHT).facts
    value = f"{_ladder(odd)} parts at /{2 ** odd['parted']}; {_ladder(even)} parts nowhere"
    return Measured(value, "holds" if odd["parted"] is not None and even["parted"] is None else "wrong")


def _image(run: Run) -> Measured:
    at = {n: run(size=n, **CEIL, **LIGHT).facts["encoder_sizes"][2] for n in ("406x256", 185, 188)}
    floor = {n: run(size=n, **FLOOR, **LIGHT).facts["encoder_sizes"][2][0] for n in (188, 191)}
    ends = run(size="184x189", **CEIL, **LIGHT).facts["encoder_sizes"][2]
    ceil_range = at[185][0] == at[188][0] == 47 and ends[0] == 46 and ends[1] == 48
    back = run(size=188, stages=3, skips="001", **CEIL, **LIGHT).facts["parted_shapes"]
    value = f"406 × 256 is {two(at['406x256'])} at /4. 47 there needs 185 to 188 px with SAME, {min(floor)} to {max(floor)} "
    value += f"with VALID; SAME then brings back {back[1][1]}, not 46"
    right = at["406x256"] == (47, 47)
    sound = ceil_range and set(floor.values()) == {47} and back[1][1] == 48
    return Measured(value, "holds" if right else "wrong" if sound else "depends")


def _works_224(run: Run) -> Measured:
    both = [run(size=224, **layers, **LIGHT).facts for layers in (CEIL, FLOOR)]
    fits = all(known["parted"] is None and not known["stopped"] for known in both)
    return Measured(f"{_ladder(both[0])}, and back without a difference", "holds" if fits else "wrong")


def _any_size(run: Run) -> Measured:
    larger = run(repair="crop-encoder", **LIGHT).facts["output_shape"]
    refused = _asked("tf.slice", encoder=47, decoder=48).facts["message"]
    mixed = _asked("tf.slice", encoder=47, decoder="46x48").facts["message"]
    silent = _asked("slice notation", encoder=46, decoder=47).facts["shape"]
    value = f"encoder larger: output {two(larger[1:3])}. Encoder smaller: “{refused}”. Larger and smaller: “{mixed}”. "
    value += f"With x[:, -1:46] one row is taken and broadcast: {list(silent)}, no error"
    return Measured(value, "depends" if refused and mixed and silent else "holds")


def _shift(run: Run) -> Measured:
    known = run(repair="crop-encoder", **LIGHT).facts
    one = next(one for one in known["levels"] if one["parts"])
    lost = one["encoder"][0] - one["met"][0]
    value = f"({one['encoder'][0]} − {one['decoder'][0]})//2 = {one['offsets'][0][0]}: {lost} row goes at the end, none at the "
    value += f"start; the middles are {lost / 2 - one['offsets'][0][0]:g} pixels apart"
    return Measured(value, "wrong" if lost / 2 != one["offsets"][0][0] else "holds")


def _placeholder(_: Run) -> Measured:
    names = engine.run("installed-names", names="tf.placeholder,keras.Input").facts
    told = _asked("unknown size", encoder="7x5").facts
    value = f"absent: {', '.join(names['absent'])}. keras.Input((None, None, 3)) with a layer that crops by "
    value += f"keras.ops.shape ran on 7 × 5: {list(told['shape'])}. tf.shape of it: “{told['message']}”"
    gone = "tf.placeholder" in names["absent"] and told["message"]
    return Measured(value, "outdated" if gone else "holds")


def _unpool(_: Run) -> Measured:
    shape = _asked("unpool", encoder="7x5").facts["shape"]
    value = (
        f"max_pool_with_argmax and scatter_nd in a graph of unknown size: 7 × 5 came back as {list(shape)}"
    )
    return Measured(value, "outdated" if shape == (1, 7, 5, 1) else "holds")


def _safe(run: Run) -> Measured:
    ceil, floor = run(size=192, **CEIL, **LIGHT).facts, run(size=192, **FLOOR, **LIGHT).facts
    value = f"SAME: n mod 32 in {sizes(ceil['residues'])}, VALID 2: {sizes(floor['residues'])}; "
    value += f"{ceil['fitting']} and {floor['fitting']} of the sizes 33 to 256"
    only = ceil["residues"] == [0] and floor["residues"] == [0]
    return Measured(value, "holds" if only else "wrong")


def _every_level(run: Run) -> Measured:
    found = [run(size=192, skips="11111", **way, **LIGHT).facts["residues"] for way in (CEIL, FLOOR)]
    three = run(size=194, **FLOOR, **LIGHT).facts["output_shape"]
    value = f"n mod 32 in {sizes(found[0])} with SAME and {sizes(found[1])} with VALID 2. With fewer skips 194 px runs, "
    value += f"but gives {three[1]}"
    return Measured(value, "holds" if found == [[0], [0]] else "wrong")


def _output_shape(run: Run) -> Measured:
    told, plain, none, one = _asked("transposed convolution", encoder=47).facts["shape"]
    value = f"24 → {told} with output_shape; Keras Conv2DTranspose(3, strides 2, same): {plain} by itself, "
    value += f"{none} with output_padding 0, {one} with 1"
    return Measured(value, "holds" if (told, plain, none, one) == (47, 48, 47, 48) else "wrong")


def _pad(run: Run) -> Measured:
    known = run(size="406x256", repair="pad-input", **CEIL, **LIGHT).facts
    value = f"padded to {two(known['network_size'])}, nothing parts, cropped back to {two(known['output_shape'][1:3])}"
    return Measured(value, "holds" if known["network_size"] == (416, 256) else "wrong")


def _speed(run: Run) -> Measured:
    trace = run(size=224, repair="output-shape", **FLOOR, **LIGHT)
    value = f"this page's small network with its gradients: {trace.seconds * 1e3:.0f} ms on {trace.device}. "
    return Measured(value + "ENet on a K80 cannot be measured here", "depends")


CLAIMS = (
    Claim("The mismatch comes from rounding in convolutions and pooling.",
          "five halvings of 188 and of 192 pixels, VALID windows of 2", "holds", _rounding),
    Claim("An image of 406 × 256 gave 47 × 47 against 46 × 46.",
          "sizes at /4 with both roundings, and what comes back", "wrong", _image),
    Claim("224 × 224 works.", "both roundings, skips at /4, /8 and /16", "holds", _works_224),
    Claim("crop_and_add fixes it for any size.",
          "the answer's function with tf.slice and with slice notation", "depends", _any_size),
    Claim("A centre crop keeps the maps aligned.", "offset of the crop of 47 to 46", "wrong", _shift),
    Claim("Feed any size through a placeholder [1, None, None, 3].",
          "names looked up, and a Keras model of unknown size run", "outdated", _placeholder),
    Claim("Unpooling needs static sizes.", "max-unpooling inside tf.function with unknown height and width",
          "outdated", _unpool),
    Claim("Only multiples of 32 are safe with five stages.",
          "every size tried, skips at /4, /8 and /16", "wrong", _safe),
    Claim("With a skip at every level, the image itself included, only multiples of 2^stages fit.",
          "every size tried, skips at levels 0 to 4", "holds", _every_level),
    Claim("A transposed convolution can be told the odd size.",
          "24 rows doubled by tf.nn.conv2d_transpose and by Keras", "holds", _output_shape),
    Claim("Padding 406 × 256 to 416 × 256 is enough.", "five SAME stages, the image padded and cropped back",
          "holds", _pad),
    Claim("It runs at 40 frames a second, ENet is slower because of PReLU.",
          "a matter of hardware: only our own time can be given", "depends", _speed),
)  # fmt: skip
