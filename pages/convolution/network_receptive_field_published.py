"""What others published about these networks, beside what we compute; and why it may differ."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Figure, Published

SOURCE = (
    "google-research/receptive_field README (the code of the Distill article Computing Receptive Fields "
    "of Convolutional Neural Networks); receptive field, effective stride, effective padding at 224 input"
)
PARAMETER_SOURCE = "the keras.applications documentation"
FLOPS_SOURCE = "google-research/receptive_field README, without the dense layers"
MULTIPLY_ADDS_SOURCE = "Howard et al., 2017, MobileNets, arXiv:1704.04861, table 8"
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
FLOPS = {"VGG16": 30.71}  # billions
MULTIPLY_ADDS = {"MobileNet": 569}  # millions
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


def convolution_flops(trace: Trace) -> float:
    """Billions up to the last layer with positions, in two digits."""
    return round(float(trace["layers"][: trace.facts["last"] + 1, 4].sum()) / 1e9, 2)


def multiply_adds(trace: Trace) -> float:
    """Millions, of the whole network: a multiplication with its addition is one."""
    return float(trace.facts["flops"]) / 2e6


def _counted(trace: Trace) -> Figure:
    return int(trace.facts["parameters"])


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


PUBLISHED = (
    *(
        Published(f"Receptive field / effective stride / effective padding of {name} at 224 × 224, in pixels",
                  SOURCE.partition(" (")[0], figures, {"network": name, "size": (224, 224)}, measured_field,
                  RESNET if name.startswith("ResNet") else "")
        for name, figures in FIELDS.items()
    ),
    *(
        Published(f"Parameters of {name}", PARAMETER_SOURCE, count, {"network": name}, _counted)
        for name, count in PARAMETERS.items()
    ),
    *(
        Published(f"FLOPs of {name}, in billions", FLOPS_SOURCE, billions, {"network": name}, convolution_flops)
        for name, billions in FLOPS.items()
    ),
    *(
        Published(f"Multiplications with additions of {name}, in millions", MULTIPLY_ADDS_SOURCE, millions,
                  {"network": name}, lambda trace: round(multiply_adds(trace)))
        for name, millions in MULTIPLY_ADDS.items()
    ),
)  # fmt: skip
