"""The layers of a network that is differentiated by hand: sizes, names of tensors, what fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Rejected

MOST_TYPED = 256  # numbers of one tensor
FEW = 12  # of samples and units: a whole network of no more of them can be looked at
PROBED = 256  # weights nudged one by one for finite differences
PROBE_CELLS = 400_000  # numbers of the widest layer, all nudges at once


@dataclass(frozen=True)
class Layer:
    """One layer, a = activation(source · W + b); `number` counts from 1.

    A linear layer has no z: its product is its output.
    """

    number: int
    inputs: int
    units: int
    activation: str

    @property
    def linear(self) -> bool:
        return self.activation == "linear"

    @property
    def source(self) -> str:
        return f"a{self.number - 1}" if self.number > 1 else "x"

    @property
    def w(self) -> str:
        return f"w{self.number}"

    @property
    def a(self) -> str:
        return f"a{self.number}"

    @property
    def z(self) -> str:
        return self.a if self.linear else f"z{self.number}"

    @property
    def delta(self) -> str:
        """dL/dz, what the layer's gradients are made of."""
        return f"d{self.z}"

    @property
    def size(self) -> int:
        return self.inputs * self.units


def layers_of(inputs: int, layers: Sequence[tuple[int, str]], **_: Any) -> list[Layer]:
    """Every layer with its sizes, first to last."""
    found: list[Layer] = []
    for number, (units, activation) in enumerate(layers, 1):
        found.append(Layer(number, found[-1].units if found else inputs, units, activation))
    return found


def shown_layers(batch: int, layer: int | None, layers: Sequence[Layer]) -> tuple[int, ...]:
    """The layers the stage shows: the chosen one; else all of a small network, or the last."""
    if layer is not None:
        return (layer,)
    largest = max(batch, layers[0].inputs, *(one.units for one in layers))
    return tuple(one.number for one in layers) if largest <= FEW else (layers[-1].number,)


def probed_layers(batch: int, layer: int | None, layers: Sequence[Layer]) -> list[int]:
    """The layers whose weights are nudged one by one: those shown, as far as it stays small."""
    widest = max(one.units for one in layers)
    shown = [layers[number - 1] for number in shown_layers(batch, layer, layers)]
    return [
        one.number for one in shown if one.size <= PROBED and one.size * batch * widest * 2 <= PROBE_CELLS
    ]


def shapes(batch: int, layers: Sequence[Layer]) -> dict[str, tuple[int, int]]:
    """The shape of everything that can be typed: x, y and the weights, by name."""
    ends = {"x": (batch, layers[0].inputs), "y": (batch, layers[-1].units)}
    return ends | {layer.w: (layer.inputs, layer.units) for layer in layers}


def check_mistake(mistake: str, batch: int, layers: Sequence[Layer]) -> None:
    """A wrong product must still fit, as TensorFlow would say: the first from the loss back is named."""
    for layer in reversed(layers):
        given, delta = f"{layer.source} [{batch}, {layer.inputs}]", f"dL/d{layer.z} [{batch}, {layer.units}]"
        if mistake == "no-transpose" and layer.inputs != batch:
            raise _mismatch(f"{given} · {delta}", layer.inputs, batch, f"{layer.source}ᵀ · dL/d{layer.z}")
        if mistake == "elementwise" and not _multiplies(batch, layer):
            raise _elementwise(layer, batch)
        if mistake == "w-not-transposed" and layer.number > 1 and layer.units != layer.inputs:
            product = f"{delta} · w{layer.number} [{layer.inputs}, {layer.units}]"
            raise _mismatch(product, layer.units, layer.inputs, f"dL/d{layer.z} · w{layer.number}ᵀ")


def _multiplies(batch: int, layer: Layer) -> bool:
    return batch == 1 or batch == layer.inputs == layer.units


def _mismatch(product: str, columns: int, rows: int, right: str) -> Rejected:
    expected = f"as many columns on the left as rows on the right; {columns} and {rows} differ"
    return Rejected("mistake", product, expected, f"the shapes force it: {right}", {"mistake": "none"})


def _elementwise(layer: Layer, batch: int) -> Rejected:
    received = f"{layer.source}ᵀ [{layer.inputs}, {batch}] * dL/d{layer.z} [{batch}, {layer.units}]"
    expected = f"shapes that broadcast to w{layer.number}'s [{layer.inputs}, {layer.units}]"
    fix = "multiply as matrices, @, or keep a batch of 1: there * gives the same numbers"
    return Rejected("mistake", received, expected, fix, {"mistake": "none"})


def check_typed(typed: Mapping[str, Sequence[float]], batch: int, layers: Sequence[Layer]) -> None:
    """What was typed must fill its tensor, row by row."""
    sizes = shapes(batch, layers)
    for name, numbers in typed.items():
        if name not in sizes:
            expected = f"w1 to w{len(layers)}: the network has {len(layers)} layers"
            raise Rejected(name, f"{len(numbers)} numbers", expected, "clear it", {name: None})
        rows, columns = sizes[name]
        if len(numbers) != rows * columns:
            expected = f"{rows * columns}, for {name} [{rows}, {columns}] row by row"
            fix = f"type {rows * columns}, or clear {name}"
            raise Rejected(name, _count(len(numbers), "number"), expected, fix, {name: None})


def check_labels(labels: Sequence[float], units: int) -> None:
    """Cross-entropy compares distributions; TensorFlow answers a wrong gradient for anything else."""
    for place in range(0, len(labels), units):
        row = labels[place : place + units]
        if min(row) < 0 or abs(sum(row) - 1) > 1e-5:
            received = f"{', '.join(f'{number:g}' for number in row[:6])} in row {place // units + 1}"
            fix = "give one 1 and zeros, or clear y"
            raise Rejected("y", received, "rows from 0 up that sum to 1", fix, {"y": None})


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
