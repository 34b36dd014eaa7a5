"""What people say about whole networks, each with the measurement that decides."""

from __future__ import annotations

from pages.convolution.network_receptive_field_published import (
    FIELDS,
    FLOPS,
    MULTIPLY_ADDS,
    PARAMETERS,
    convolution_flops,
    measured_field,
    multiply_adds,
)
from pages.kit.declare import Claim, Measured, Run

OWN = "own stack"


def _figures(run: Run, networks: tuple[str, ...]) -> tuple[str, bool]:
    found = {name: measured_field(run(network=name, size=(224, 224))) for name in networks}
    text = "; ".join(f"{name} {' / '.join(map(str, figures))}" for name, figures in found.items())
    return text, all(FIELDS[name] == figures for name, figures in found.items())


def _equal(run: Run) -> Measured:
    text, same = _figures(run, ("VGG16", "MobileNet", "InceptionV3"))
    return Measured(text, "holds" if same else "wrong")


def _resnet(run: Run) -> Measured:
    text, same = _figures(run, ("ResNet50",))
    trace = run(network="ResNet50")
    pads = trace.facts["settings"][trace.facts["names"].index("pool1_pad")]
    return Measured(
        f"{text}: field and stride agree, Keras' pool1_pad adds {pads}", "holds" if same else "depends"
    )


def _strided(run: Run) -> Measured:
    trace = run(network="ResNet50")
    field = measured_field(trace)[0]
    place = trace.facts["names"].index("conv3_block1_1_conv")
    setting = trace.facts["settings"][place]
    return Measured(f"{field}; conv3_block1_1_conv is {setting}", "holds" if field == 427 else "wrong")


def _parameters(run: Run) -> Measured:
    found = {name: run(network=name).facts["parameters"] for name in PARAMETERS}
    text = ", ".join(f"{name} {count:,}" for name, count in found.items())
    return Measured(text, "holds" if found == PARAMETERS else "wrong")


def _part(run: Run) -> Measured:
    known = run(network="ResNet50", depth=100).facts
    all_of_them = known["units_that_see_all"] == known["units"]
    text = f"{known['units_that_see_all']} of {known['units']} units of the last layer see every pixel of 224 × 224"
    return Measured(text, "wrong" if all_of_them else "holds")


def _gates(run: Run) -> Measured:
    trace = run(network="EfficientNetB0")
    known, field = trace.facts, measured_field(trace)[0]
    first = known["names"][known["gated"]]
    text = f"{field} without gates; with them everything, from layer {known['gated']} ({first}) on"
    return Measured(text, "depends" if known["gated"] is not None else "holds")


def _padding(run: Run) -> Measured:
    found = {size: measured_field(run(network="MobileNet", size=(size, size)))[2] for size in (224, 225, 240)}
    text = ", ".join(f"{padding} at {size}" for size, padding in found.items())
    return Measured(f"MobileNet: {text}", "holds" if len(set(found.values())) == 1 else "wrong")


def _all_read(run: Run) -> Measured:
    trace = run(network="InceptionV3", size=(224, 224), depth=100)
    last = int(trace["bottom"].max())
    return Measured(
        f"InceptionV3 at 224: the last row any unit sees is {last} of 223",
        "holds" if last == 223 else "wrong",
    )


def _aligned(run: Run) -> Measured:
    found = {
        name: run(network=name, size=(224, 224)).facts for name in ("ResNet50", "Xception", "NASNetMobile")
    }
    text = ", ".join(f"{name}: {len(known['misaligned'])} misaligned" for name, known in found.items())
    reason = dict(found["Xception"]["misaligned"])
    worst = "; ".join(f"layer {place}: {what}" for place, what in reason.items())
    some = any(known["misaligned"] for known in found.values())
    return Measured(f"{text} (Xception {worst})", "depends" if some else "holds")


def _gradient(run: Run) -> Measured:
    runs = [
        run(network=OWN, depth=100, check=True, unit=(0, 15)),
        run(network="MobileNet", check=True, depth=50),
    ]
    agree = all(trace.facts["gradient_box"] == trace.facts["seen"] for trace in runs)
    tall = runs[1].facts["tall"]
    agree = agree and tall["gradient"] == tall["formula"]
    text = "; ".join(
        f"{t.facts['names'][t.facts['place']]}: gradient {t.facts['gradient_box']}, formula {t.facts['seen']}"
        for t in runs
    )
    return Measured(text, "holds" if agree else "wrong")


def _work(run: Run) -> Measured:
    trace = run(network="VGG16")
    convolutions = convolution_flops(trace)
    text = f"{convolutions:.2f} billion up to block5_pool, {trace.facts['flops'] / 1e9:.2f} with the dense layers"
    return Measured(text, "depends" if convolutions == FLOPS["VGG16"] else "wrong")


def _multiply_adds(run: Run) -> Measured:
    count = multiply_adds(run(network="MobileNet"))
    return Measured(
        f"{count:.1f} million", "holds" if round(count) == MULTIPLY_ADDS["MobileNet"] else "wrong"
    )


CLAIMS = (
    Claim("Receptive field, stride and padding are 212 / 32 / 90 for VGG16, 315 / 32 / 126 for MobileNet and 1311 / 32 / 618 for InceptionV3.",
          "the last layer with positions at 224 × 224, against the google-research/receptive_field README", "holds", _equal),
    Claim("ResNet50's are 483 / 32 / 239.",
          "the same layer of Keras' ResNet50: explicit zeros where the published network pads SAME", "depends", _resnet),
    Claim("ResNet50 sees 427 pixels.", "Keras strides on the 1 × 1 convolution of a block; on the 3 × 3 it would be 427", "wrong", _strided),
    Claim("VGG16 has 138,357,544 parameters, ResNet50 25,636,712, MobileNet 4,253,864, NASNetMobile 5,326,716.",
          "the sum of our formulas; each layer also equals Keras' own count", "holds", _parameters),
    Claim("VGG16 takes 30.71 billion FLOPs.", "convolutions alone, and with its three dense layers", "depends", _work),
    Claim("MobileNet takes 569 million multiplications with additions.", "half of our FLOPs (Howard et al., 2017, table 8)", "holds", _multiply_adds),
    Claim("A unit of the last layer sees only its part of the picture.", "units of ResNet50's last layer whose window covers the image", "wrong", _part),
    Claim("EfficientNetB0's receptive field is 851 pixels.", "with and without what squeeze-excite gates show", "depends", _gates),
    Claim("A network's effective padding is one number.", "MobileNet at three input sizes: SAME pads even and odd sizes differently", "wrong", _padding),
    Claim("Every pixel of the image reaches the last layer.", "rows that some unit of InceptionV3's last layer sees", "wrong", _all_read),
    Claim("Paths that are added look at the same place.", "additions and concatenations whose centres or strides differ, at 224 × 224", "depends", _aligned),
    Claim("The formula gives exactly the pixels a gradient reaches.", "first and last row and column, by GradientTape through Keras' layers", "holds", _gradient),
)  # fmt: skip
