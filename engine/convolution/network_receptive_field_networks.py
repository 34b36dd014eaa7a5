"""The networks of keras.applications that can be picked, and what must be known before one is built."""

from __future__ import annotations

from dataclasses import dataclass

OWN = "own stack"
OWN_SIZE = 64


@dataclass(frozen=True)
class Known:
    """A network as keras.applications builds it; tests hold every number against Keras.

    size: its own input size; least: the smallest Keras accepts; layers: how many it has;
    positions: height × width of all its layers together for one pixel of the image, about;
    fixed: its layers are the same for every input size (else zeros are added to even sizes only).
    """

    size: int
    least: int
    layers: int
    positions: float
    fixed: bool = True


NETWORKS = {
    "VGG16": Known(224, 32, 23, 4.1),
    "VGG19": Known(224, 32, 26, 4.2),
    "ResNet50": Known(224, 32, 177, 6.1),
    "ResNet101": Known(224, 32, 347, 6.8),
    "ResNet152": Known(224, 32, 517, 7.9),
    "ResNet50V2": Known(224, 32, 192, 5.5),
    "InceptionV3": Known(299, 75, 313, 5.2),
    "InceptionResNetV2": Known(299, 75, 782, 8.3),
    "Xception": Known(299, 71, 134, 4.9),
    "MobileNet": Known(224, 32, 91, 4.7),
    "MobileNetV2": Known(224, 32, 156, 5.9, fixed=False),
    "DenseNet121": Known(224, 32, 429, 8.1),
    "DenseNet201": Known(224, 32, 709, 8.9),
    "EfficientNetB0": Known(224, 32, 240, 9.3, fixed=False),
    "EfficientNetV2B0": Known(224, 32, 273, 5.9),
    "NASNetMobile": Known(224, 32, 771, 13.8, fixed=False),
}


def input_size(network: str, size: tuple[int, int] | None) -> tuple[int, int]:
    """The size asked for, else the network's own."""
    own = NETWORKS[network].size if network in NETWORKS else OWN_SIZE
    return size or (own, own)


def built_size(network: str, size: tuple[int, int] | None) -> tuple[int, int]:
    """The size Keras builds the network for; shapes for others follow by formula where they can."""
    fixed = network in NETWORKS and NETWORKS[network].fixed
    return input_size(network, None if fixed else size)
