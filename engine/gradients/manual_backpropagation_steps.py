"""The steps of a network forwards and by hand backwards: formulas and index maps.

The maps of the backward pass say what one step reads (`exact` is False): everything there also
depends on the forward pass, so that a Jacobian through all paths holds more. The tests prove each step alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.gradients.manual_backpropagation_layers import Layer
from engine.links import IndexMap
from engine.trace import Step

CELL = ("n", "j")  # sample, unit
SLOPES = {
    "relu": "1 where {z} > 0, else 0",
    "maximum-z-0": "1 where {z} ≥ 0, else 0",
    "maximum-0-z": "1 where {z} > 0, else 0",
    "clip": "1 where 0 ≤ {z} ≤ 1, else 0",
    "leaky-relu": "1 where {z} > 0, else 0.2",
    "tanh": "1 − ({a})²",
    "sigmoid": "{a} · (1 − {a})",
}


@dataclass(frozen=True)
class Network:
    """What the steps follow from."""

    batch: int
    layers: Sequence[Layer]
    loss: str
    bias: bool
    mistake: str
    shown: tuple[int, ...]

    @property
    def last(self) -> Layer:
        return self.layers[-1]


def steps_of(network: Network) -> list[Step]:
    """Everything that happened, in order. Only the shown layers have maps, so that only their tensors travel."""
    found = [step for layer in network.layers for step in _shown(network, layer, _forward(network, layer))]
    found += _shown(network, network.last, _loss(network))
    for layer in reversed(network.layers):
        found += _shown(network, layer, _backward(network, layer))
    return found


def _shown(network: Network, layer: Layer, steps: Sequence[Step]) -> list[Step]:
    if layer.number in network.shown:
        return list(steps)
    return [replace(step, map=None) for step in steps]


def each(rows: int, columns: int, *names: str, exact: bool = False) -> IndexMap:
    """Every tensor read at the written cell."""
    return IndexMap({"n": rows, "j": columns}, dict.fromkeys(names, CELL), "each", exact)


def _shape(*sizes: int) -> str:
    return f"[{', '.join(map(str, sizes))}]"


def _product(left: tuple[int, int], right: tuple[int, int]) -> str:
    return f"{_shape(*left)} · {_shape(*right)} = {_shape(left[0], right[1])}"


def _forward(network: Network, layer: Layer) -> list[Step]:
    batch, written = network.batch, f"aw{layer.number}" if network.bias else layer.z
    access = {written: CELL, layer.source: ("n", "i"), layer.w: ("i", "j")}
    product = IndexMap({"n": batch, "i": layer.inputs, "j": layer.units}, access)
    formula = (_product((batch, layer.inputs), (layer.inputs, layer.units)),)
    steps = [Step("matmul", (layer.source, layer.w), written, "", formula, product)]
    if network.bias:
        b = f"b{layer.number}"
        added = IndexMap({"n": batch, "j": layer.units}, {layer.z: CELL, written: CELL, b: ("j",)}, "each")
        steps.append(Step("add bias", (written, b), layer.z, "", (), added, f"{{{written}}} + {{{b}}}"))
    if not layer.linear:
        one = each(batch, layer.units, layer.a, layer.z)
        steps.append(
            Step(layer.activation, (layer.z,), layer.a, "", (), one, f"{layer.activation}({{{layer.z}}})")
        )
    return steps


def _loss(network: Network) -> list[Step]:
    batch, units, output = network.batch, network.last.units, network.last.a
    averaged = {"sum": 1, "mean": batch * units, "cross-entropy": batch}[network.loss]
    loops, divided = {"n": batch, "j": units}, f" ÷ {averaged}" if network.loss != "sum" else ""
    made, gradient = (output, "y"), f"2 · ({{{output}}} − {{y}})"
    steps = []
    if network.loss == "cross-entropy":
        share = IndexMap(loops | {"k": units}, {"p": CELL, output: ("n", "k")}, "share", False)
        readout = f"exp of its own ÷ Σ exp({{{output}}})"
        steps.append(Step("softmax", (output,), "p", "", (), share, readout))
        made, gradient = ("p", "y"), "({p} − {y})"
        told = f"−Σ y · log p{divided}"
    else:
        told = f"Σ ({output} − y)²{divided}"
    everything = IndexMap(loops, {"loss": ()} | dict.fromkeys(made, CELL), exact=False)
    name = {"sum": "sum of squares", "mean": "mean of squares"}.get(network.loss, network.loss)
    steps.append(Step(name, made, "loss", "", (told,), everything, told))
    if network.mistake == "sum-for-mean":
        divided = ""
    slope = each(batch, units, f"d{output}", *made)
    plain = gradient.replace("{", "").replace("}", "") + divided
    steps.append(Step("loss gradient", made, f"d{output}", "", (plain,), slope, gradient + divided))
    return steps


def _backward(network: Network, layer: Layer) -> list[Step]:
    batch, steps = network.batch, []
    if not layer.linear:
        steps += _through_activation(network, layer)
    steps += [_weights(network, layer), _tape(network, layer)]
    if network.bias:
        summed = IndexMap(
            {"n": batch, "j": layer.units}, {f"db{layer.number}": ("j",), layer.delta: CELL}, exact=False
        )
        steps.append(
            Step(
                "sum over samples",
                (layer.delta,),
                f"db{layer.number}",
                "",
                (f"{_shape(batch, layer.units)} → {_shape(layer.units)}",),
                summed,
            )
        )
    if layer.number > 1:
        steps.append(_passed_back(network, layer))
    return steps


def _through_activation(network: Network, layer: Layer) -> list[Step]:
    slope, da = f"slope{layer.number}", f"d{layer.a}"
    reads = (layer.a,) if layer.activation in ("tanh", "sigmoid") else (layer.z,)
    told = SLOPES[layer.activation].replace("{z}", f"{{{layer.z}}}").replace("{a}", f"{{{layer.a}}}")
    if network.mistake == "no-derivative":
        told = "1, the mistake: the activation is forgotten"
    if network.mistake == "derivative-at-output":
        reads = (layer.a,)
        told = f"the slope of {layer.activation} at {{{layer.a}}}, the mistake: its output"
    if network.mistake == "below-zero" and layer.activation == "relu":
        told = f"0 where {{{layer.z}}} < 0, else 1"
    size = (network.batch, layer.units)
    local = each(*size, slope, *reads)
    multiplied = each(*size, layer.delta, da, slope)
    return [
        Step(f"slope of {layer.activation}", reads, slope, "", (), local, told, aside=True),
        Step("× slope", (da, slope), layer.delta, "", (), multiplied, f"{{{da}}} · {{{slope}}}"),
    ]


def _weights(network: Network, layer: Layer) -> Step:
    batch, delta, dw = network.batch, layer.delta, f"d{layer.w}"
    source, access = layer.source, {dw: ("i", "j"), "given": ("n", "i"), delta: CELL}
    loops = {"n": batch, "i": layer.inputs, "j": layer.units}
    formula, name = _product((layer.inputs, batch), (batch, layer.units)), f"{source}ᵀ · {delta}"
    if network.mistake == "no-transpose":
        access = {dw: ("i", "j"), "given": ("i", "n"), delta: CELL}
        formula, name = _product((batch, layer.inputs), (batch, layer.units)), f"{source} · {delta}"
    if network.mistake == "elementwise":
        name = f"{source}ᵀ * {delta}"
        formula = f"{_shape(layer.inputs, batch)} * {_shape(batch, layer.units)} = {_shape(layer.inputs, layer.units)}"
        if batch > 1:
            loops, access = {"i": batch, "j": batch}, {dw: ("i", "j"), "given": ("j", "i"), delta: ("i", "j")}
    if network.mistake == "z-for-a" and layer.number > 1:
        source = network.layers[layer.number - 2].z
        name = f"{source}ᵀ · {delta}"
    access = {source if key == "given" else key: axes for key, axes in access.items()}
    return Step(name, (source, delta), dw, "", (formula,), IndexMap(loops, access, exact=False))


def _passed_back(network: Network, layer: Layer) -> Step:
    written, batch = f"d{layer.source}", network.batch
    w = ("j", "i") if network.mistake == "w-not-transposed" else ("i", "j")
    access = {written: ("n", "i"), layer.delta: CELL, layer.w: w}
    found = IndexMap({"n": batch, "i": layer.inputs, "j": layer.units}, access, exact=False)
    turned = "" if network.mistake == "w-not-transposed" else "ᵀ"
    formula = _product((batch, layer.units), (layer.units, layer.inputs))
    return Step(f"{layer.delta} · {layer.w}{turned}", (layer.delta, layer.w), written, "", (formula,), found)


def _tape(network: Network, layer: Layer) -> Step:
    """GradientTape's own, made of its own gradients: linked with the one by hand through their difference."""
    written = f"tape_d{layer.w}"
    found = each(layer.inputs, layer.units, f"gap_d{layer.w}", f"d{layer.w}", written)
    return Step(
        "by hand − tape",
        (f"d{layer.w}", written),
        f"gap_d{layer.w}",
        "",
        (),
        found,
        f"{{d{layer.w}}} − {{{written}}}",
        aside=True,
    )
