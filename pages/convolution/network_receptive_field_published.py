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
OTHER_SIZE = "published for 224 × 224: SAME pads other sizes otherwise, so the padding may differ"
DENSE = "its first dense layer has a weight for every position of the last map, so it grows with the image"
COLUMNS = (
    "network", "field / stride / padding published", "ours", "parameters published", "ours", "why they differ",
)  # fmt: skip
PICK = "pick this network to compare"


def measured_field(trace: Trace) -> tuple[int, int, int]:
    """Receptive field, effective stride and padding of rows at the last layer with positions."""
    row = trace["layers"][trace.facts["last"]]
    return int(row[5]), int(row[7]), int(row[9])


def why(trace: Trace) -> str:
    """What explains each difference of the current network, in a sentence each; or that there is none."""
    known = trace.facts
    network, reasons = known["network"], []
    if network in FIELDS and measured_field(trace) != FIELDS[network]:
        at_224 = tuple(known["size"]) == (224, 224)
        reasons.append((RESNET if network.startswith("ResNet") else "") if at_224 else OTHER_SIZE)
    if network in PARAMETERS and known["parameters"] != PARAMETERS[network]:
        reasons.append(DENSE)
    return "; ".join(reasons) or f"equal, at {known['names'][known['last']]}"


def rows(trace: Trace) -> Sequence[Sequence[str]]:
    """The current network first; a dash where ours is not computed on this page."""
    current, found = trace.facts["network"], []
    for network in dict.fromkeys((*FIELDS, *PARAMETERS)):
        here = network == current
        field = " / ".join(map(str, FIELDS[network])) if network in FIELDS else ""
        count = f"{PARAMETERS[network]:,}" if network in PARAMETERS else ""
        ours = " / ".join(map(str, measured_field(trace))) if here else "–"
        total = f"{trace.facts['parameters']:,}" if here else "–"
        reason = why(trace) if here else PICK
        found.append([network, field, ours if field else "", count, total if count else "", reason])
    return sorted(found, key=lambda row: row[0] != current)


def note(trace: Trace) -> str:
    """Where the figures come from."""
    return f"Fields: {SOURCE}. Parameters: {PARAMETER_SOURCE}. The claims below compute all of them."
