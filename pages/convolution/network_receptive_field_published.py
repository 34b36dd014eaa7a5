"""What others published about these networks, beside what we compute; and why it may differ."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace

SOURCE = (
    "google-research/receptive_field README (the code of the Distill article Computing Receptive Fields "
    "of Convolutional Neural Networks); receptive field, effective stride, effective padding at 224 input"
)
PARAMETER_SOURCE = "the keras.applications documentation"
FIELDS = {
    "VGG16": (212, 32, 90),
    "ResNet50": (483, 32, 239),
    "ResNet101": (1027, 32, 511),
    "ResNet152": (1507, 32, 751),
    "InceptionV3": (1311, 32, 618),
    "InceptionResNetV2": (3039, 32, 1482),
    "MobileNet": (315, 32, 126),
}
PARAMETERS = {"VGG16": 138357544, "ResNet50": 25636712, "MobileNet": 4253864, "NASNetMobile": 5326716}
RESNET = (
    "Keras adds a zero on each side before its first pooling (pool1_pad); the published network pads "
    "that pooling with SAME, which at 224 puts no zero before: 1 zero × stride 2 = 2 px"
)
COLUMNS = ("network", "figure", "published", "ours", "why they differ, or what is meant")


def measured_field(trace: Trace) -> tuple[int, int, int]:
    """Receptive field, effective stride and padding of rows at the last layer with positions."""
    row = trace["layers"][trace.facts["last"]]
    return int(row[5]), int(row[7]), int(row[9])


def why(network: str, size: Sequence[int]) -> str:
    """What explains a difference, in a sentence."""
    if tuple(size) != (224, 224):
        return "published for 224 × 224: SAME pads other sizes otherwise, so the padding may differ"
    return RESNET if network.startswith("ResNet") else "equal"


def rows(trace: Trace) -> Sequence[Sequence[str]]:
    """The current network first, the others with a dash until they are picked."""
    current = trace.facts["network"]
    found = []
    for network, figures in FIELDS.items():
        ours = measured_field(trace) if network == current else None
        reason = "pick this network to compare" if ours is None else why(network, trace.facts["size"])
        if ours == figures:
            reason = "equal, at " + trace.facts["names"][trace.facts["last"]]
        text = " / ".join(map(str, figures))
        mine = " / ".join(map(str, ours)) if ours else "–"
        found.append([network, "field / stride / padding", text, mine, reason])
    for network, count in PARAMETERS.items():
        mine = f"{trace.facts['parameters']:,}" if network == current else "–"
        found.append([network, "parameters", f"{count:,}", mine, _parameters(trace, network, count)])
    return sorted(found, key=lambda row: row[0] != current)


def _parameters(trace: Trace, network: str, count: int) -> str:
    if network != trace.facts["network"]:
        return "pick this network to compare"
    if trace.facts["parameters"] == count:
        return "equal"
    return "its dense layers have a weight for every position of the last map, so they grow with the image"


def note(trace: Trace) -> str:
    """Where the figures come from."""
    return f"Fields: {SOURCE}. Parameters: {PARAMETER_SOURCE}. A dash means: not computed on this page yet."
