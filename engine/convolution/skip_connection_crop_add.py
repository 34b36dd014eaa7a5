"""An encoder-decoder adds maps of equal level, and rounding makes them differ by a pixel: 47 against 46.

The encoder halves, the decoder doubles, skips join them at chosen levels. Where the sizes part is
found before anything runs; what TensorFlow says there, and what each repair does, is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.convolution import skip_connection_crop_add_story
from engine.convolution.receptive_field import photo
from engine.convolution.skip_connection_crop_add_sizes import (
    LARGEST,
    REPAIRS,
    Level,
    Plan,
    larger,
    plan,
    skip_levels,
    stages_of,
    wrong_crop,
)
from engine.convolution.skip_connection_crop_add_values import kernels, picture
from engine.errors import Rejected
from engine.parameter_lists import Cells, Rows
from engine.parameters import Choice, Integer, Pair
from engine.technique import Cost, Made, Story

MOST_STAGES = 6
STAGE = (
    Choice(
        "padding",
        "VALID",
        ("SAME", "VALID"),
        refusals={"causal": "causal padding exists for Conv1D only: choose SAME or VALID"},
    ),
    # 1 is left out: with a stride of 2 its filter gradient corrupts memory in oneDNN (TensorFlow 2.21).
    Integer("kernel", 2, 2, 7),
)
PARAMETERS = (
    Pair("size", (188, 188), 1, LARGEST, "height and width of the image, in pixels"),
    Integer("stages", 5, 1, MOST_STAGES, "halvings with stride 2, and as many doublings"),
    Rows("layers", STAGE, MOST_STAGES, "padding and kernel of each stage; the last row goes on",
         (("VALID", 2), ("VALID", 2), ("VALID", 2), ("VALID", 3))),
    Cells("skips", MOST_STAGES, "1 for each level with a skip, level 0 (the input) first", (0, 0, 1, 1, 1)),
    Choice("repair", "none", REPAIRS, "what is done where sizes differ"),
    Integer("channels", 64, 1, 128, "channels of the encoder's maps where they are added"),
    Integer("decoder_channels", None, 1, 128, "channels of the decoder's maps; left out: as many"),
    Integer("level", None, 0, MOST_STAGES - 1, "the level shown; left out: where the sizes part"),
    Choice("image", "photo", ("photo", "rings", "rows"), "the input"),
)  # fmt: skip


def check(**parameters: Any) -> None:
    """Every stage needs room, channels must agree, and one can only crop what is larger."""
    encoder, decoder = channels_of(**parameters)
    if encoder != decoder and 1 not in (encoder, decoder):
        expected = f"as many as the encoder's {encoder}: [.., {encoder}] + [.., {decoder}] cannot be added"
        fix = f"use {encoder}, or a 1×1 convolution from {decoder} to {encoder}; cropping mends heights and widths only"
        raise Rejected("decoder_channels", str(decoder), expected, fix, {"decoder_channels": None})
    wrong = wrong_crop(planned(**parameters), parameters["repair"])
    if wrong:
        raise _cannot_crop(wrong, parameters)


def _cannot_crop(level: Level, parameters: Mapping[str, Any]) -> Rejected:
    """tf.slice refuses to begin before 0; slice notation gives one row instead, which then broadcasts."""
    names = ("encoder", "decoder") if parameters["repair"] == "crop-encoder" else ("decoder", "encoder")
    cropped, kept = (getattr(level, name) for name in names)
    other = f"crop-{names[1]}"
    received = (
        f"{parameters['repair']}, but at level {level.level} (/{2**level.level}) the {names[0]} has "
        f"{cropped[0]}x{cropped[1]}"
    )
    expected = (
        f"the {names[0]}'s map to be at least as large as the {names[1]}'s, {kept[0]}x{kept[1]}: "
        "tf.slice would have to begin before 0"
    )
    mixed = "each is larger along one axis: crop both"
    fix = f"crop the {names[1]} there" if larger(level, other) else mixed
    elsewhere = wrong_crop(planned(**{**parameters, "repair": other}), other)
    better = "crop-both" if elsewhere else other
    return Rejected("repair", received, expected, fix, {"repair": better})


def channels_of(channels: int, decoder_channels: int | None, **_: Any) -> tuple[int, int]:
    """Channels of the encoder's and of the decoder's maps where they meet."""
    return channels, channels if decoder_channels is None else decoder_channels


def planned(
    size: tuple[int, int],
    stages: int,
    layers: Sequence[Any],
    skips: Sequence[int] | None,
    repair: str,
    **_: Any,
) -> Plan:
    """All sizes of these parameters."""
    return plan(size, stages_of(stages, layers), skip_levels(stages, skips or ()), repair)


def shown_level(found: Plan, level: int | None) -> int:
    """The level on the stage: the wished one if the decoder came there, else where the sizes part."""
    reached = [one.level for one in found.levels]
    if level is not None:
        return min(max(level, min(reached)), max(reached))
    skips = [one.level for one in found.levels if one.skip]
    return found.parted.level if found.parted else (min(skips) if skips else min(reached))


def cost(**parameters: Any) -> Cost:
    """The image and its gradients, each level four times, and each skip in all of its channels."""
    found, channels = planned(**parameters), max(channels_of(**parameters))
    cells = [
        level.encoder[0] * level.encoder[1] + level.decoder[0] * level.decoder[1] for level in found.levels
    ]
    wide = sum(number * channels for number, level in zip(cells, found.levels, strict=True) if level.skip)
    taps = max(kernel for _, kernel in parameters["layers"] or (("SAME", 3),)) ** 2
    return Cost(memory=4 * (8 * sum(cells) + 4 * wide), work=8 * taps * sum(cells) + 8 * wide)


def arguments(**parameters: Any) -> dict[str, Any]:
    """What the function is called with."""
    found, (height, width) = planned(**parameters), parameters["size"]
    stages = stages_of(parameters["stages"], parameters["layers"])
    encoder, decoder = channels_of(**parameters)
    made = Made(picture, {"pattern": parameters["image"], "height": height, "width": width})
    return {
        "image": photo(128, 128, 1) if parameters["image"] == "photo" else made,
        "size": (height, width),
        "network_size": found.input,
        "paddings": [stage.padding for stage in stages],
        "kernels": Made(kernels, {"sizes": [stage.kernel for stage in stages]}),
        "skips": list(skip_levels(parameters["stages"], parameters["skips"] or ())),
        "channels": encoder,
        "decoder_channels": decoder,
        "repair": parameters["repair"],
        "level": shown_level(found, parameters["level"]),
    }


def crop_centre(x, rows, columns):  # type: ignore[no-untyped-def]
    """The middle of x, as the question's crop_and_add cuts it: float32[batch, rows, columns, channel]."""
    import tensorflow as tf

    top, left = (x.shape[1] - rows) // 2, (x.shape[2] - columns) // 2
    return tf.slice(x, [0, top, left, 0], [-1, rows, columns, -1])


def pad_centre(x, rows, columns):  # type: ignore[no-untyped-def]
    """Zeros around x, an odd one after: float32[batch, rows, columns, channel]."""
    import tensorflow as tf

    more = [rows - x.shape[1], columns - x.shape[2]]
    return tf.pad(x, [[0, 0], *([n // 2, n - n // 2] for n in more), [0, 0]])


def make_equal(skip, decoder, repair):  # type: ignore[no-untyped-def]
    """Both maps after the repair that is made where they meet."""
    import tensorflow as tf

    sizes = [list(skip.shape[1:3]), list(decoder.shape[1:3])]
    if repair == "crop-encoder":
        return crop_centre(skip, *sizes[1]), decoder
    if repair == "crop-decoder":
        return skip, crop_centre(decoder, *sizes[0])
    if repair == "crop-both":
        least = [min(axis) for axis in zip(*sizes, strict=True)]
        return crop_centre(skip, *least), crop_centre(decoder, *least)
    if repair == "pad-smaller":
        most = [max(axis) for axis in zip(*sizes, strict=True)]
        return pad_centre(skip, *most), pad_centre(decoder, *most)
    if repair == "resize-decoder":
        return skip, tf.image.resize(decoder, sizes[0])
    return skip, decoder


def double(below, kernel, padding, wanted=None):  # type: ignore[no-untyped-def]
    """The mean of the channels, and its transposed convolution of stride 2: float32[1, rows, columns, 1].

    Without a wanted size it gives what Keras does: 2n, and kernel - 2 more with VALID.
    """
    import tensorflow as tf

    narrow = tf.reduce_mean(below, axis=-1, keepdims=True)
    more = max(kernel.shape[0] - 2, 0) if padding == "VALID" else 0
    rows, columns = wanted or [2 * n + more for n in narrow.shape[1:3]]
    return narrow, tf.nn.conv2d_transpose(narrow, kernel, [1, rows, columns, 1], 2, padding)


def prepare(image, size, network_size, repair):  # type: ignore[no-untyped-def]
    """The image at its size, and what the network is given: float32[1, height, width, 1] each."""
    import tensorflow as tf

    x = tf.image.resize(tf.image.convert_image_dtype(image, tf.float32), size)
    if repair == "another-size":
        return x, tf.image.resize(x, network_size)
    return x, pad_centre(x, *network_size) if repair == "pad-input" else tf.identity(x)


SHOWN = (picture, kernels, crop_centre, pad_centre, make_equal, double, prepare)


def skip_connection_crop_add(  # type: ignore[no-untyped-def]
    image, size, network_size, paddings, kernels, skips, channels, decoder_channels, repair, level
):
    """Run an encoder-decoder with skips and a repair, and look at one level.

    image: float32[1, height, width, 1] (or uint8), scaled to `size`; paddings: of each stage;
    kernels: two a stage, halving and doubling; skips: levels joined; level: the one looked at.
    The maps carry copies of one channel, so that they can be looked at as pictures.
    """
    import tensorflow as tf

    results = {}
    with tf.GradientTape() as tape:
        results["x"], results["input"] = prepare(image, size, network_size, repair)
        tape.watch(results["input"])
        encoder = [results["input"]]
        for number, padding in enumerate(paddings):
            encoder.append(tf.nn.conv2d(encoder[-1], kernels[2 * number], 2, padding))
            results[f"e{number + 1}"] = encoder[-1]
        y = encoder[-1]
        for number in reversed(range(len(paddings))):
            kept, kernel = encoder[number], kernels[2 * number + 1]
            wanted = list(kept.shape[1:3]) if repair == "output-shape" else None
            below, raised = double(y, kernel, paddings[number], wanted)
            y = tf.repeat(raised, decoder_channels, axis=-1) if number in skips else raised
            results[f"d{number}"] = y
            if number == level:
                results |= {"encoder": kept, "next": encoder[number + 1], "down": kernels[2 * number]}
                results |= {"below": below, "decoder": raised, "up": kernel}
            if number in skips:
                skip = results[f"s{number}"] = tf.repeat(kept, channels, axis=-1)
                one, other = make_equal(skip, y, repair)
                try:
                    y = results[f"a{number}"] = one + other
                except tf.errors.InvalidArgumentError as refusal:
                    results["message"] = refusal.message
                    break
                if number == level:
                    one, other = map(tf.identity, make_equal(kept, raised, repair))
                    results |= {"encoder_fitted": one, "decoder_fitted": other, "sum": one + other}
        else:
            y = tf.reduce_mean(y, axis=-1, keepdims=True)
            results["y"] = crop_centre(y, *size) if repair == "pad-input" else y
        last = results.get("y", raised)
    # Differentiate what there is: the output, or the decoder's map that could not be added.
    skip = results.get(f"s{level}", results["input"])
    gradients = tape.gradient(last, [results["encoder"], results["decoder"], skip])
    results |= {"encoder_gradient": gradients[0], "decoder_gradient": gradients[1]}
    return results | {"skip_has_path": gradients[2] is not None}


def describe(parameters: Mapping[str, Any], results: Mapping[str, Any]) -> Story:
    """Axes, steps with their maps, and facts; see skip_connection_crop_add_story.py."""
    found = planned(**parameters)
    return skip_connection_crop_add_story.tell(
        parameters, results, found, shown_level(found, parameters["level"])
    )
